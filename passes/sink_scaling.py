"""Factors move to where they multiply the fewest numbers."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import BFloat16Type, ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import (
    GreedyRewritePatternApplier,
    PatternRewriter,
    PatternRewriteWalker,
    RewritePattern,
    op_type_rewrite_pattern,
)

from ligrad_ir.axes import Axes, broadcast
from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.names import name_parts
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.dialects.lig.types import RealType
from passes.facts.extents import numbers, selected_entries, upper_bounds
from passes.facts.halves import HalfType, check_matmul_operands, half_types, is_half


@dataclass(frozen=True)
class SinkScalingPass(ModulePass):
    """
    Moves factors of a matmul's operand, or of what a reduce_sum sums, out of the sum or to
    the other operand, wherever they multiply fewer numbers there: `matmul(w * x, y)` is
    `w * matmul(x, y)` if w lacks the contracted axis, and `matmul(x, w * y)` if y has the
    axes of w. A factor of a relu's gradient or under a mask is one of the whole; so
    `matmul(relu_grad(w * g, s), y)` comes to need no product at all where g is selected.

    No factor goes to an operand of half numbers if it leaves one that is not: two operands
    would be rounded to half then, where one was.

    `matmul-operands` is what assign-precision will be told. With `half`, in a function of
    half arguments, nothing comes to be rounded that loses more than what was rounded for
    it: a factor leaves an operand only if half numbers are left, which lose nothing. It
    goes to the other operand only if that is half too and has no axis of a selection's
    entries, so that split-operands makes two halves of the product, and only in bfloat16:
    it has the range of float32, in which products below 2^-116 begin to lose bits of the
    two. Products of two float16 numbers may be too small or too large for float16.

    How many numbers there are is judged by the upper bounds of the axes. Exact over
    `!lig.real`, and applied to no other type: it changes the rounding. Idempotent.
    """

    name = "sink-scaling"

    matmul_operands: str = "f32"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        check_matmul_operands(self, self.matmul_operands)
        bounds, entries = upper_bounds(op), selected_entries(op)
        for function in op.ops:
            if isinstance(function, FuncOp):
                halves = half_types(function)
                if self.matmul_operands != "half":
                    halves = frozenset[HalfType]()
                patterns = GreedyRewritePatternApplier(
                    [_Matmul(bounds, entries, halves), _ReduceSum(bounds, entries)]
                )
                PatternRewriteWalker(patterns).rewrite_region(function.body)


@dataclass(frozen=True)
class Factor:
    """A factor of a value: path leads from the operation that makes the value to the
    product that has the factor, each with the number of the operand to follow."""

    value: SSAValue
    path: tuple[tuple[Operation, int], ...]

    @property
    def product(self) -> Operation:
        """What multiplies by it."""
        return self.path[-1][0]

    def rest(self) -> list[Operation]:
        """What makes the value without the factor: the last operation's result, or, if
        there are none, what the factor was multiplied with."""
        product, index = self.path[-1]
        value, made = product.operands[1 - index], list[Operation]()
        for op, followed in reversed(self.path[:-1]):
            match op:
                case lig.MulOp():
                    other = op.operands[1 - followed]
                    pair = (value, other) if followed == 0 else (other, value)
                    new: Operation = lig.MulOp(*pair)
                case lig.ReluGradOp():
                    new = lig.ReluGradOp(value, op.output)
                case _:
                    assert isinstance(op, lig.MaskOp)
                    new = lig.MaskOp(value, op.rows)
            new.location = op.location
            made.append(new)
            value = new.results[0]
        return made

    def rest_axes(self) -> Axes | None:
        """The axes of what is left; None if a mask would lack those of its rows."""
        product, index = self.path[-1]
        axes = tensor(product.operands[1 - index]).axes
        for op, followed in reversed(self.path[:-1]):
            match op:
                case lig.MulOp():
                    axes = broadcast(axes, tensor(op.operands[1 - followed]).axes)
                case lig.ReluGradOp():
                    axes = broadcast(axes, tensor(op.output).axes)
                case _:
                    assert isinstance(op, lig.MaskOp)
                    if not set(tensor(op.rows).axes) <= set(axes):
                        return None
        return axes

    @property
    def leaves_half(self) -> bool:
        """Whether what is left is only moved or selected, so that no rounding to half
        changes it."""
        product, index = self.path[-1]
        moved = all(not isinstance(op, lig.MulOp) for op, _ in self.path[:-1])
        return moved and is_half(product.operands[1 - index])


def factors(
    value: SSAValue,
    entries: AbstractSet[str],
    path: tuple[tuple[Operation, int], ...] = (),
) -> Iterator[Factor]:
    """
    Every factor that can be taken out of a value: of products, of the gradients of relus
    and of what is masked.

    entries: axes of selections. What is behind a token's valid entries may be no number
    at all; a relu's gradient and a mask make 0 of it, so a factor with such an axis stays
    under them.
    """
    match value.owner:
        case lig.MulOp() as op:
            is_hidden = any(not isinstance(each, lig.MulOp) for each, _ in path)
            for index, operand in enumerate(op.operands):
                here = (*path, (op, index))
                if not (is_hidden and entries & set(tensor(operand).axes)):
                    yield Factor(operand, here)
                yield from factors(operand, entries, here)
        case lig.ReluGradOp() | lig.MaskOp() as op:
            yield from factors(op.operands[0], entries, (*path, (op, 0)))
        case _:
            return


@dataclass
class _SinkScaling(RewritePattern, ABC):
    bounds: Mapping[str, int]
    entries: frozenset[str]

    def gain(self, factor: Factor, axes: Axes) -> int:
        """How many fewer numbers it multiplies among such with those axes."""
        [product] = factor.product.results
        return numbers(tensor(product).axes, self.bounds) - numbers(axes, self.bounds)

    @staticmethod
    def scaled(factor: Factor, value: SSAValue, axes: Axes) -> Operation:
        """value * factor"""
        product = lig.MulOp(value, factor.value, axes)
        product.location = factor.product.location
        return product

    @staticmethod
    def inserted(factor: Factor, rewriter: PatternRewriter) -> SSAValue:
        """The value without the factor."""
        if not (made := factor.rest()):
            product, index = factor.path[-1]
            return product.operands[1 - index]
        rewriter.insert(made)
        return made[-1].results[0]


@dataclass
class _Matmul(_SinkScaling):
    """halves: what its operands are rounded to; none if they are not."""

    halves: frozenset[HalfType]

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: lig.MatmulOp, rewriter: PatternRewriter) -> None:
        if not isinstance(op.accumulate, RealType):
            return
        best = max(self._moves(op), key=lambda move: move[0], default=(0,))
        if len(best) == 1:
            return
        _, factor, side, to_result = best
        over, axes = op.over.string_value(), tensor(op.result).axes
        operands = [op.lhs, op.rhs]
        operands[side] = self.inserted(factor, rewriter)
        if not to_result:
            other = operands[1 - side]
            product = self.scaled(factor, other, tensor(other).axes)
            rewriter.insert(product)
            operands[1 - side] = product.results[0]
        matmul = lig.MatmulOp(operands[0], operands[1], over, op.accumulate)
        matmul.location = op.location
        if to_result:
            product = self.scaled(factor, matmul.result, axes)
            name_parts([matmul, product])
            rewriter.replace(op, [matmul, product])
        elif tensor(matmul.result).axes == axes:
            rewriter.replace(op, matmul)
        else:
            turned = lig.CastOp(matmul.result, op.accumulate, axes)
            name_parts([matmul, turned])
            rewriter.replace(op, [matmul, turned])

    def _moves(self, op: lig.MatmulOp) -> Iterator[tuple[int, Factor, int, bool]]:
        """What each move gains that gains anything."""
        over = op.over.string_value()
        result = tensor(op.result).axes
        for side, operand in enumerate((op.lhs, op.rhs)):
            other = tensor(op.operands[1 - side]).axes
            for factor in factors(operand, self.entries):
                rest, own = factor.rest_axes(), set(tensor(factor.value).axes)
                if rest is None or over not in rest:
                    continue
                if self.halves and not factor.leaves_half:
                    continue
                if over not in own and (gain := self.gain(factor, result)) > 0:
                    yield gain, factor, side, True
                is_whole = set(rest) | set(other) >= {*result, over}
                if own <= set(other) and is_whole and self._may_scale(op, side, factor):
                    if (gain := self.gain(factor, other)) > 0:
                        yield gain, factor, side, False

    def _may_scale(self, op: lig.MatmulOp, side: int, factor: Factor) -> bool:
        """Whether the operand that is not on a side may take a factor from there."""
        other = op.operands[1 - side]
        if not self.halves:
            return factor.leaves_half or not is_half(other)
        has_range = all(isinstance(half, BFloat16Type) for half in self.halves)
        is_small = not self.entries & set(tensor(other).axes)
        return has_range and is_small and is_half(other)


class _ReduceSum(_SinkScaling):
    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: lig.ReduceSumOp, rewriter: PatternRewriter) -> None:
        if not isinstance(op.accumulate, RealType):
            return
        over, axes = op.over.string_value(), tensor(op.result).axes
        for factor in factors(op.input, self.entries):
            rest = factor.rest_axes()
            if rest is None or over not in rest:
                continue
            if over in tensor(factor.value).axes or self.gain(factor, axes) <= 0:
                continue
            value = self.inserted(factor, rewriter)
            total = lig.ReduceSumOp(value, over, op.accumulate)
            total.location = op.location
            product = self.scaled(factor, total.result, axes)
            name_parts([total, product])
            rewriter.replace(op, [total, product])
            return
