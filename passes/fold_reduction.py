"""A sum over products that a matmul has summed already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import (
    PatternRewriter,
    PatternRewriteWalker,
    RewritePattern,
    op_type_rewrite_pattern,
)

from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.canonicalize import vanishes
from ligrad_ir.dialects.lig.names import name_parts
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.dialects.lig.types import RealType
from passes.facts.extents import numbers, upper_bounds


@dataclass(frozen=True)
class FoldReductionPass(ModulePass):
    """
    Replaces a sum over the result of a matmul by one over its inner axis, where another
    matmul has done the rest: with P = matmul(a, b) over d, and u = matmul(g, b) over c,

        sum over c of P * g               is   sum over d of a * u,
        sum over c of relu(P) * g         is   sum over d of a * u
                                          if u has relu_grad(g, P) in the place of g,

    with g under the same masks in both. Then c need not be summed, and only the sign of
    P is needed, or nothing of it. Operands may stand in any order. Done where a * u has
    fewer numbers than P, by the upper bounds of the axes.

    Exact over `!lig.real`, and applied to no other type: it changes the rounding. The
    matmul that it refers to is built anew; `cse` makes one of the two. Idempotent.
    """

    name = "fold-reduction"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        PatternRewriteWalker(_FoldReduction(upper_bounds(op))).rewrite_module(op)


def unmasked(value: SSAValue) -> tuple[SSAValue, tuple[SSAValue, ...]]:
    """A value without its masks, and the rows of those."""
    rows: list[SSAValue] = []
    while isinstance(op := value.owner, lig.MaskOp):
        rows.append(op.rows)
        value = op.input
    return value, tuple(rows)


def without_relu(value: SSAValue) -> SSAValue:
    """What a relu is taken of, or the value itself."""
    return value.owner.input if isinstance(value.owner, lig.ReluOp) else value


@dataclass(frozen=True)
class Match:
    """matmul: P; outer: its operand without the summed axis (a); inner: the other one
    (b); done: the matmul that has done the rest; gradient: its operand beside b."""

    matmul: lig.MatmulOp
    outer: SSAValue
    inner: SSAValue
    done: lig.MatmulOp
    gradient: SSAValue


def find(op: lig.ReduceSumOp) -> Match | None:
    """What makes the rewrite possible, if anything does."""
    over = op.over.string_value()
    product, masks = unmasked(op.input)
    if not isinstance(times := product.owner, lig.MulOp):
        return None
    for scores, gradient in ((times.lhs, times.rhs), (times.rhs, times.lhs)):
        matmul = without_relu(scores).owner
        if not isinstance(matmul, lig.MatmulOp):
            continue
        inner_axis = matmul.over.string_value()
        for outer, inner in ((matmul.lhs, matmul.rhs), (matmul.rhs, matmul.lhs)):
            if over in tensor(outer).axes or over not in tensor(inner).axes:
                continue
            if inner_axis in tensor(gradient).axes:
                continue
            for done, other in _matmuls_of(inner, over, op.parent):
                if _serves(other, gradient, scores, masks):
                    return Match(matmul, outer, inner, done, other)
    return None


def _matmuls_of(
    inner: SSAValue, over: str, block: Block | None
) -> Iterator[tuple[lig.MatmulOp, SSAValue]]:
    for use in tuple(inner.uses):
        op = use.operation
        if (
            isinstance(op, lig.MatmulOp)
            and op.over.string_value() == over
            and op.parent is block
        ):
            yield op, op.operands[1 - use.index]


def _serves(
    other: SSAValue,
    gradient: SSAValue,
    scores: SSAValue,
    masks: tuple[SSAValue, ...],
) -> bool:
    """Whether `other` is the gradient, or the relu's gradient where the scores are one,
    and 0 where and only where the masks make it so."""
    bare, hidden = unmasked(other)
    if isinstance(scores.owner, lig.ReluOp):
        grad = bare.owner
        if not isinstance(grad, lig.ReluGradOp) or grad.gradient is not gradient:
            return False
        if without_relu(grad.output) is not without_relu(scores):
            return False
        is_zero = all(r in hidden or vanishes(grad.output, r) for r in masks)
        return is_zero and all(r in masks or vanishes(scores, r) for r in hidden)
    if bare is not gradient:
        return False
    return set(hidden) == set(masks) or all(
        vanishes(scores, rows) for rows in {*hidden} ^ {*masks}
    )


@dataclass
class _FoldReduction(RewritePattern):
    bounds: Mapping[str, int]

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: lig.ReduceSumOp, rewriter: PatternRewriter) -> None:
        if not isinstance(op.accumulate, RealType) or (found := find(op)) is None:
            return
        fewer = (*tensor(op.result).axes, found.matmul.over.string_value())
        if numbers(fewer, self.bounds) >= numbers(
            tensor(found.matmul.result).axes, self.bounds
        ):
            return
        made: list[Operation] = []

        def copied(value: SSAValue) -> SSAValue:
            """A value that may be made further down, made here."""
            match maker := value.owner:
                case lig.ReluGradOp():
                    new: Operation = lig.ReluGradOp(
                        maker.gradient, maker.output, tensor(value).axes
                    )
                case lig.MaskOp():
                    new = lig.MaskOp(copied(maker.input), maker.rows)
                case _:
                    return value
            new.location = maker.location
            made.append(new)
            return new.results[0]

        gradient = copied(found.gradient)
        is_left = found.done.lhs is found.gradient
        pair = (gradient, found.inner) if is_left else (found.inner, gradient)
        over = op.over.string_value()
        partial = lig.MatmulOp(*pair, over, op.accumulate)
        partial.location = found.done.location
        product = lig.MulOp(found.outer, partial.result)
        product.location = op.location
        inner_axis = found.matmul.over.string_value()
        total = lig.ReduceSumOp(product.result, inner_axis, op.accumulate)
        total.location = op.location
        made += [partial, product, total]
        axes = tensor(op.result).axes
        if tensor(total.result).axes != axes:
            made.append(lig.CastOp(total.result, op.accumulate, axes))
            made[-1].location = op.location
        name_parts(made)
        rewriter.replace(op, made)
