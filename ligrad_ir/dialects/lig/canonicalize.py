"""Canonicalisation of `lig`: rewrites that never change a value, bit for bit."""

from __future__ import annotations

from xdsl.dialects.builtin import BFloat16Type, Float16Type, Float32Type
from xdsl.ir import Attribute, SSAValue
from xdsl.pattern_rewriter import (
    PatternRewriter,
    RewritePattern,
    op_type_rewrite_pattern,
)

from ligrad_ir.dialects.lig.ops import (
    CastOp,
    ConstantOp,
    GatherOp,
    MaskOp,
    MatmulOp,
    MulOp,
    ReluGradOp,
    ReluOp,
)
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.dialects.lig.types import RealType


def holds_exactly(wide: Attribute, narrow: Attribute) -> bool:
    """Whether every number of the type `narrow` is a number of the type `wide`."""
    if wide == narrow or isinstance(wide, RealType):
        return True
    return isinstance(wide, Float32Type) and isinstance(
        narrow, BFloat16Type | Float16Type
    )


class DropCast(RewritePattern):
    """cast(x) to the type it has is x; a cast behind an exact one skips it."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: CastOp, rewriter: PatternRewriter) -> None:
        if op.input.type == op.result.type:
            rewriter.replace(op, (), (op.input,))
        elif isinstance(inner := op.input.owner, CastOp) and holds_exactly(
            tensor(inner.result).element_type, tensor(inner.input).element_type
        ):
            result = tensor(op.result)
            cast = CastOp(inner.input, result.element_type, result.axes)
            cast.location = op.location
            rewriter.replace(op, cast)


def vanishes(value: SSAValue, rows: SSAValue) -> bool:
    """Whether a value is 0 or NaN wherever `rows` holds no row: what is gathered by them
    or masked, and products with it (0 times what is not finite is NaN)."""
    if not set(tensor(rows).axes) <= set(tensor(value).axes):
        return False  # summed over the entries, or the same for all of them
    match value.owner:
        case MaskOp() | GatherOp() as op:
            return op.rows is rows
        case CastOp() | ReluOp() as op:
            return vanishes(op.input, rows)
        case MulOp() | MatmulOp() as op:
            return vanishes(op.lhs, rows) or vanishes(op.rhs, rows)
        case _:
            return False


class DropMask(RewritePattern):
    """What is 0 at the absent rows already needs no mask: gathered rows, masked values,
    the gradient of a relu whose output is 0 (or NaN) there."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: MaskOp, rewriter: PatternRewriter) -> None:
        inner = op.input.owner
        is_zero = (isinstance(inner, MaskOp | GatherOp) and inner.rows is op.rows) or (
            isinstance(inner, ReluGradOp) and vanishes(inner.output, op.rows)
        )
        if is_zero:
            rewriter.replace(op, (), (op.input,))


class DropRelu(RewritePattern):
    """relu(relu(x)) is relu(x)."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: ReluOp, rewriter: PatternRewriter) -> None:
        if isinstance(op.input.owner, ReluOp):
            rewriter.replace(op, (), (op.input,))


class DropReluGrad(RewritePattern):
    """relu_grad(relu_grad(g, s), s) is relu_grad(g, s)."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: ReluGradOp, rewriter: PatternRewriter) -> None:
        inner = op.gradient.owner
        if (
            isinstance(inner, ReluGradOp)
            and inner.output is op.output
            and inner.result.type == op.result.type
        ):
            rewriter.replace(op, (), (op.gradient,))


class DropReluOfSign(RewritePattern):
    """relu_grad(g, relu(x)) is relu_grad(g, x), where nothing else needs the relu."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: ReluGradOp, rewriter: PatternRewriter) -> None:
        relu = op.output.owner
        if isinstance(relu, ReluOp) and all(
            isinstance(use.operation, ReluGradOp) and use.index == 1
            for use in relu.result.uses
        ):
            result = tensor(op.result)
            grad = ReluGradOp(op.gradient, relu.input, result.axes)
            grad.location = op.location
            rewriter.replace(op, grad)


class DropUnitFactor(RewritePattern):
    """1 * x and x * 1 are x."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: MulOp, rewriter: PatternRewriter) -> None:
        for factor, other in ((op.lhs, op.rhs), (op.rhs, op.lhs)):
            constant = factor.owner
            if (
                isinstance(constant, ConstantOp)
                and constant.value.value.data == 1.0
                and other.type == op.result.type
            ):
                rewriter.replace(op, (), (other,))
                return


PATTERNS: tuple[RewritePattern, ...] = (
    DropCast(),
    DropMask(),
    DropRelu(),
    DropReluGrad(),
    DropReluOfSign(),
    DropUnitFactor(),
)
