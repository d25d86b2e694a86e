"""What all blocks of a loop share: values without its axis, inputs, and results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np
from xdsl.interpreter import PythonValues
from xdsl.ir import Operation, SSAValue

from backends.call.dtypes import Array, dtype_of
from backends.graph import ops as graph_ops
from backends.graph.blocks.plan import Plan, held_dtype
from ligrad_ir.axes import Axes
from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.dialects.lig.types import RowType

Evaluate = Callable[[Operation, PythonValues], PythonValues]
"""Interprets one operation."""


@dataclass
class Shared:
    """values: of what the body takes from outside, and of its operations without the
    loop's axis; inputs: whole arrays, by the argument of the body that is a slice of
    them; outputs: by yielded value with the axis, arrays of its type to be filled.
    offset: where position 0 of these arrays is on the whole axis."""

    plan: Plan
    values: dict[SSAValue, Array | int]
    inputs: dict[SSAValue, Array]
    outputs: dict[SSAValue, Array]
    offset: int = 0
    _held: dict[tuple[SSAValue, str | None], Array] = field(
        default_factory=dict[tuple[SSAValue, str | None], Array]
    )
    _finite: dict[SSAValue, bool] = field(default_factory=dict[SSAValue, bool])
    _clean: dict[SSAValue, bool] = field(default_factory=dict[SSAValue, bool])

    def array(self, value: SSAValue) -> Array:
        """A static value in the dtype and with the row numbers that blocks want."""
        return self._cached(value, None, held_dtype(value) != self._raw(value).dtype)

    def rows_of(self, value: SSAValue, target: str) -> Array:
        """A static source of rows, C-contiguous with the axis of rows in front; as it is
        held, if it is to be widened as a whole."""
        return self._cached(value, target, value in self.plan.wide)

    def row_axes(self, value: SSAValue, target: str) -> Axes:
        """The axes of `rows_of` behind the first."""
        return tuple(axis for axis in tensor(value).axes if axis != target)

    def is_clean(self, rows: SSAValue) -> bool:
        """Whether static row numbers name a row everywhere."""
        if rows not in self._clean:
            absent = np.equal(self._raw(rows), graph_ops.ABSENT)
            self._clean[rows] = not absent.any()
        return self._clean[rows]

    def is_finite(self, value: SSAValue, target: str) -> bool:
        """Whether a static source of rows has neither NaN nor infinities."""
        if value not in self._finite:
            rows = self.rows_of(value, target)
            # The minimum and the maximum of a NaN are NaN.
            found = [bool(np.isfinite(f(rows))) for f in (np.min, np.max)]
            self._finite[value] = all(found)
        return self._finite[value]

    def _raw(self, value: SSAValue) -> Array:
        found = self.values[value]
        assert isinstance(found, np.ndarray)
        return found

    def _cached(self, value: SSAValue, target: str | None, widen: bool) -> Array:
        key = (value, target)
        if key not in self._held:
            array, axes = self._raw(value), tensor(value).axes
            if target is not None:
                at = axes.index(target)
                array = np.moveaxis(array, at, 0)
            if widen:
                array = array.astype(held_dtype(value))
                hold_rows(array, value, self.plan.extents)
            self._held[key] = array if target is None else np.ascontiguousarray(array)
        return self._held[key]


def hold_rows(array: Array, value: SSAValue, extents: Mapping[str, int]) -> None:
    """In place: absent rows are those behind the last one, as blocks want it."""
    element = tensor(value).element_type
    if isinstance(element, RowType):
        array[array < 0] = extents[element.axis.data]


def share(
    plan: Plan,
    values: Mapping[SSAValue, Array | int],
    outputs: Sequence[Array | None],
    evaluate: Evaluate,
    offset: int = 0,
) -> Shared:
    """Compute what has not the loop's axis.

    values: of everything outside the loop that it uses; outputs: one an output of the
    loop, None for sums; offset: see `Shared`.
    """
    op = plan.op
    inputs: dict[SSAValue, Array] = {
        argument: np.asarray(values[value])
        for argument, value in zip(op.body.block.args, op.inputs, strict=True)
    }
    known = dict(values)
    for inner in (*plan.ahead, *plan.static):
        if not any(plan.has_axis(value) for value in (*inner.operands, *inner.results)):
            arguments = tuple(known[operand] for operand in inner.operands)
            known.update(zip(inner.results, evaluate(inner, arguments), strict=True))
    filled = {
        value: array
        for value, array in zip(op.yielded, outputs, strict=True)
        if array is not None
    }
    return Shared(plan, known, inputs, filled, offset)


# ---- sums over the loop's axis


def accumulator(plan: Plan, op: Operation) -> Array:
    """Zeros for what an operation sums up; a sum by rows has one more row, for entries
    that have none."""
    [result] = op.results
    axes = accumulator_axes(plan, op)
    shape = [plan.extents[axis] for axis in axes]
    if isinstance(op, lig.ScatterAddOp):
        shape[0] += 1
    return np.zeros(shape, dtype_of(tensor(result).element_type))


def accumulator_axes(plan: Plan, op: Operation) -> Axes:
    """The dimensions of an accumulator."""
    [result] = op.results
    axes = tensor(result).axes
    if not isinstance(op, lig.ScatterAddOp):
        return axes
    target = lig.row_axis(op.rows)
    return (target, *(axis for axis in axes if axis != target))


def finished(plan: Plan, op: Operation, total: Array) -> Array:
    """What an accumulator holds, with the axes of the result's type."""
    [result] = op.results
    if isinstance(op, lig.ScatterAddOp):
        total = total[:-1]
    return graph_ops.align(total, accumulator_axes(plan, op), tensor(result).axes)


def accumulator_bytes(plan: Plan) -> int:
    """The size of one set of accumulators."""
    return sum(
        prod(plan.extents[axis] for axis in tensor(op.results[0]).axes)
        * held_dtype(op.results[0]).itemsize
        for op in plan.sums
    )
