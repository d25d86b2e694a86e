"""Numbers are rounded before they are selected, not behind."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
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
from ligrad_ir.dialects.lig.types import HalfElement


@dataclass(frozen=True)
class RoundBeforeSelectionPass(ModulePass):
    """
    Where a relu_grad is used for nothing but its rounding to half, its gradient is rounded
    instead, and half numbers are selected: what makes the gradient can round it on the way
    out of the accumulator, and half as many bytes cross memory.

    A selection gives its gradient or 0, and 0 is rounded to 0: no result changes, not even
    its sign. Assumes machine types; exact reals are left alone. Idempotent.
    """

    name = "round-before-selection"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        PatternRewriteWalker(_RoundBeforeSelection()).rewrite_module(op)


class _RoundBeforeSelection(RewritePattern):
    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: lig.CastOp, rewriter: PatternRewriter) -> None:
        selection = op.input.owner
        to = tensor(op.result)
        if (
            not isinstance(selection, lig.ReluGradOp)
            or not isinstance(to.element_type, HalfElement)
            or to.axes != tensor(selection.result).axes
            or sum(1 for _ in selection.result.uses) > 1
        ):
            return
        narrow = lig.CastOp(selection.gradient, to.element_type)
        narrow.location = op.location
        selected = lig.ReluGradOp(narrow.result, selection.output, to.axes)
        selected.location = selection.location
        name_parts([narrow, selected])
        rewriter.replace(op, [narrow, selected])
        rewriter.erase(selection)
