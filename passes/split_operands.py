"""A small operand of a matmul as two halves, instead of rounded to one."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import BFloat16Type, Float32Type, ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import (
    PatternRewriter,
    PatternRewriteWalker,
    RewritePattern,
    op_type_rewrite_pattern,
)

from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.names import name_of, name_parts
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.dialects.lig.types import HalfElement
from passes.facts.extents import selected_entries
from passes.facts.halves import is_half

F32 = Float32Type()


@dataclass(frozen=True)
class SplitOperandsPass(ModulePass):
    """
    Where an operand of a matmul is float32 numbers x rounded to bfloat16, the product is
    summed up from two, with hi, the operand, and lo, the rounding of what is missing:

        matmul(a, hi)  becomes  matmul(a, hi) + matmul(a, lo),  lo = cast(x - cast(hi)).

    x - hi is exact in float32, so hi + lo is x but for 2^-17 of it at most, in place of
    2^-9; where lo is no normal number, for 2^-134. What is left is what float32 rounds
    in the sums.

    Done where it pays: the operand has no axis of a selection's entries (such a one is
    large, and twice as many numbers would cross memory), and the other operand is exact,
    half numbers that are only moved or selected; else the rounding of that one would be
    left. float16 operands stay: lo would be 0 where hi is below 2^-13, and where hi is
    infinite, as it is from 65520 on, the sum would be NaN. So it is here, but only from
    2^128 (1 - 2^-9) on, where float32 itself ends.

    Assumes machine types. Changes the rounding, of results that float32 accumulates.
    Idempotent.
    """

    name = "split-operands"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        pattern = _SplitOperands(selected_entries(op))
        PatternRewriteWalker(pattern).rewrite_module(op)


def rounding(value: SSAValue) -> lig.CastOp | None:
    """The cast that has rounded to half what a value moves or selects, if any has."""
    match value.owner:
        case lig.CastOp() as op:
            if isinstance(tensor(op.input).element_type, HalfElement):
                return rounding(op.input)
            return None if is_half(op.input) else op
        case lig.GatherOp() | lig.MaskOp() | lig.ReluOp() | lig.ReluGradOp() as op:
            return rounding(op.operands[0])
        case _:
            return None


def is_rest(value: SSAValue, of: SSAValue | None = None) -> bool:
    """Whether a value is what a rounding (of a certain result) leaves, rounded too."""
    match value.owner:
        case lig.CastOp(input=SSAValue(owner=lig.SubOp() as rest)):
            match rest.rhs.owner:
                case lig.CastOp(input=SSAValue(owner=lig.CastOp() as first)):
                    is_known = of is None or first.result is of
                    return is_known and first.input is rest.lhs
                case _:
                    return False
        case _:
            return False


def is_split(op: lig.MatmulOp, side: int) -> bool:
    """Whether the product with the rest of an operand is added already."""
    operand, other = op.operands[side], op.operands[1 - side]
    for use in op.result.uses:
        if isinstance(use.operation, lig.AddOp):
            added = use.operation.operands[1 - use.index].owner
            if isinstance(added, lig.MatmulOp) and added.over == op.over:
                if added.operands[1 - side] is other:
                    if is_rest(added.operands[side], operand):
                        return True
    return False


def side_to_split(op: lig.MatmulOp, entries: AbstractSet[str]) -> int | None:
    """The operand to split, if there is one. entries: the axes of selections' entries."""
    if not isinstance(op.accumulate, Float32Type):
        return None
    found = [rounding(operand) for operand in op.operands]
    for side, operand in enumerate(op.operands):
        type = tensor(operand)
        if (
            found[side] is operand.owner
            and found[1 - side] is None
            and isinstance(type.element_type, BFloat16Type)
            and not entries & set(type.axes)
            and not is_rest(operand)
            and not is_split(op, side)
        ):
            return side
    return None


@dataclass
class _SplitOperands(RewritePattern):
    entries: frozenset[str]

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: lig.MatmulOp, rewriter: PatternRewriter) -> None:
        if (side := side_to_split(op, self.entries)) is None:
            return
        hi = op.operands[side]
        cast = hi.owner
        assert isinstance(cast, lig.CastOp)
        type = tensor(hi)
        wide = lig.CastOp(hi, F32)
        rest = lig.SubOp(cast.input, wide.result)
        lo = lig.CastOp(rest.result, type.element_type, type.axes)
        products: list[lig.MatmulOp] = []
        for half in (hi, lo.result):
            pair = (half, op.rhs) if side == 0 else (op.lhs, half)
            products.append(lig.MatmulOp(*pair, op.over.string_value(), op.accumulate))
        total = lig.AddOp(
            products[0].result, products[1].result, tensor(op.result).axes
        )
        made = (wide, rest, lo, *products, total)
        for each in made:
            each.location = op.location
        rest.result.name_hint = f"{name_of(cast.input)}.rest"
        name_parts(made)
        rewriter.replace(op, made)
