"""Sums over the tokens come last, and the vector unit does those that are small."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import Float32Type, ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import (
    PatternRewriter,
    PatternRewriteWalker,
    RewritePattern,
    op_type_rewrite_pattern,
)

from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.names import name_parts
from ligrad_ir.dialects.lig.ragged import tensor
from passes.to_npu.reach import sums_tokens, token_axis
from passes.to_npu.unsupported import UnsupportedError

F32 = Float32Type()


@dataclass(frozen=True)
class SumTokensLastPass(ModulePass):
    """
    Prepares sums over the tokens for a kernel, which has a token at a time and adds up what
    they give.

    A sum over another axis of a sum over the tokens trades places with it. A matrix
    product that sums over the tokens and gives one number, or one axis of numbers, becomes
    a multiplication and a sum, which need no cube unit.

    Assumes machine types; changes the rounding of sums only. Idempotent.
    """

    name = "sum-tokens-last"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in op.ops:
            if isinstance(function, FuncOp) and function.body.blocks:
                try:
                    token = token_axis(function)
                except UnsupportedError:  # no kernel, as its lowering will say
                    continue
                for pattern in (_SpellProduct(token), _SwapSums(token)):
                    PatternRewriteWalker(pattern).rewrite_region(function.body)


@dataclass
class _SpellProduct(RewritePattern):
    token: str

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: lig.MatmulOp, rewriter: PatternRewriter) -> None:
        if not sums_tokens(op, self.token) or len(tensor(op.result).axes) > 1:
            return
        made: list[Operation] = []
        lhs, rhs = (_as_float32(operand, made) for operand in (op.lhs, op.rhs))
        product = lig.MulOp(lhs, rhs)
        total = lig.ReduceSumOp(product.result, self.token, F32)
        _replace(rewriter, op, [*made, product, total])


@dataclass
class _SwapSums(RewritePattern):
    token: str

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: lig.ReduceSumOp, rewriter: PatternRewriter) -> None:
        inner, over = op.input.owner, op.over.string_value()
        if not isinstance(inner, lig.ReduceSumOp) or sums_tokens(op, self.token):
            return
        if not sums_tokens(inner, self.token):
            return
        first = lig.ReduceSumOp(inner.input, over, F32)
        last = lig.ReduceSumOp(first.result, self.token, F32)
        if last.result.type != op.result.type:
            return
        _replace(rewriter, op, [first, last])
        if not any(True for _ in inner.result.uses):
            rewriter.erase(inner)


def _as_float32(value: SSAValue, made: list[Operation]) -> SSAValue:
    """A factor that is not rounded for the cube unit, which will not see it."""
    if isinstance(cast := value.owner, lig.CastOp):
        value = cast.input
    if tensor(value).element_type == F32:
        return value
    made.append(lig.CastOp(value, F32))
    return made[-1].results[0]


def _replace(rewriter: PatternRewriter, op: Operation, made: list[Operation]) -> None:
    """The last of the operations takes the place, and the name, of an operation."""
    for each in made:
        each.location = op.location
    name_parts(made)
    rewriter.replace(op, made)
