"""Scores of which only the sign is asked cross memory as half numbers."""

from __future__ import annotations

from collections.abc import Iterator
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
from xdsl.rewriter import InsertPoint

from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.ragged import tensor


@dataclass(frozen=True)
class NarrowSignsPass(ModulePass):
    """
    Where nothing but relu_grads looks at a float32 matmul, or at relus of it, they look at
    its relu rounded to bfloat16: half the bytes, and both are done on the way out of the
    accumulator.

    A relu_grad only asks whether a number is positive. What is not is 0 or NaN behind the
    relu, and stays so. bfloat16 has the exponents of float32, its smallest number is
    2^-133, and rounding to nearest even is monotone: every float32 above 2^-134 becomes
    2^-133 at least (the largest ones infinity), which is positive. So no result changes,
    except that positive numbers up to 2^-134, subnormal in float32, become 0.
    float16 would not do whatever the type of the inputs: all up to 2^-25 would become 0.

    Assumes machine types; exact reals are left alone. Relus that were there before are
    left without use; `dce` removes them. Idempotent.
    """

    name = "narrow-signs"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        PatternRewriteWalker(_NarrowSigns()).rewrite_module(op)


def askers(value: SSAValue) -> Iterator[lig.ReluGradOp | None]:
    """The relu_grads that look at a value, or at a relu of it, for its sign; and None for
    each other use."""
    for use in value.uses:
        match use.operation:
            case lig.ReluGradOp() as op if use.index == 1:
                yield op
            case lig.ReluOp() as op:
                yield from askers(op.result)
            case _:
                yield None


def only_askers(op: lig.MatmulOp) -> list[lig.ReluGradOp]:
    """The relu_grads that look at a float32 matmul, if nothing else does."""
    if not isinstance(tensor(op.result).element_type, Float32Type):
        return []
    found = list(askers(op.result))
    known = [each for each in found if each is not None]
    return known if len(known) == len(found) else []


class _NarrowSigns(RewritePattern):
    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: lig.MatmulOp, rewriter: PatternRewriter) -> None:
        if not (found := only_askers(op)):
            return
        relu = lig.ReluOp(op.result)
        narrow = lig.CastOp(relu.result, BFloat16Type())
        relu.location = narrow.location = op.location
        rewriter.insert([relu, narrow], InsertPoint.after(op))
        for grad in found:
            grad.operands[1] = narrow.result
            rewriter.notify_op_modified(grad)
