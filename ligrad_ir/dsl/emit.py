"""Emits `lig` operations over exact reals, in the meaning that formulas give them.

A sum over the entries of a selection runs over the entries that are present. Hence
operands of such sums, and outputs that carry the entries, are masked; what stands at an
absent entry never reaches a result.
"""

from __future__ import annotations

from collections.abc import Mapping

from xdsl.builder import Builder
from xdsl.dialects.builtin import FileLineColLoc, IntAttr, LocationAttr, StringAttr
from xdsl.ir import Operation, SSAValue
from xdsl.irdl import IRDLOperation

from ligrad_ir import axes
from ligrad_ir.axes import Axes
from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.names import part_name
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.dialects.lig.types import RealType
from ligrad_ir.dsl.diagnostics import Place

REAL = RealType()


def location_of(place: Place, filename: str) -> FileLineColLoc:
    """A place of a text as a location."""
    line, column = place.line or 0, place.column or 0
    return FileLineColLoc(StringAttr(filename), IntAttr(line), IntAttr(column))


class Emitter:
    """Appends operations; `at` says for which place of the text.

    selections: the row numbers by entry axis; declared: all axes in declared order.
    Methods raise `AxesError` where the operands' axes do not fit.
    """

    def __init__(
        self,
        builder: Builder,
        filename: str,
        selections: Mapping[str, SSAValue],
        declared: Axes,
    ):
        self._builder = builder
        self._filename = filename
        self._selections = selections
        self._declared = declared
        self._location: LocationAttr | None = None
        self.formula = ""
        """The name of the formula that the next operations are in."""

    def at(self, place: Place) -> None:
        """The place in the text that the next operations come from."""
        self._location = location_of(place, self._filename)

    def at_value(self, value: SSAValue) -> None:
        """The next operations come from where a value does."""
        if isinstance(value.owner, Operation):
            self._location = value.owner.location

    def _insert(self, op: IRDLOperation) -> SSAValue:
        if self._location is not None:
            op.location = self._location
        value = self._builder.insert(op).results[0]
        value.name_hint = part_name(value, self.formula)
        return value

    def constant(self, value: float) -> SSAValue:
        """A number."""
        return self._insert(lig.ConstantOp(value, REAL))

    def add(self, lhs: SSAValue, rhs: SSAValue) -> SSAValue:
        """lhs + rhs"""
        return self._insert(lig.AddOp(lhs, rhs, self._union(lhs, rhs)))

    def sub(self, lhs: SSAValue, rhs: SSAValue) -> SSAValue:
        """lhs - rhs"""
        return self._insert(lig.SubOp(lhs, rhs, self._union(lhs, rhs)))

    def mul(self, lhs: SSAValue, rhs: SSAValue) -> SSAValue:
        """lhs * rhs"""
        return self._insert(lig.MulOp(lhs, rhs, self._union(lhs, rhs)))

    def relu(self, operand: SSAValue) -> SSAValue:
        """max(operand, 0)"""
        return self._insert(lig.ReluOp(operand))

    def relu_grad(self, gradient: SSAValue, output: SSAValue) -> SSAValue:
        """gradient where output > 0, else 0"""
        union = self._union(gradient, output)
        return self._insert(lig.ReluGradOp(gradient, output, union))

    def gather(self, source: SSAValue, rows: SSAValue) -> SSAValue:
        """The rows of source"""
        return self._insert(lig.GatherOp(source, rows))

    def scatter_add(self, updates: SSAValue, rows: SSAValue) -> SSAValue:
        """The sums of the updates by row, absent entries left out. The operation passes
        those of `rows` over; other selections lose axes in the sum too."""
        updates = self.masked(updates, tensor(rows).axes, done=rows)
        return self._insert(lig.ScatterAddOp(updates, rows, REAL))

    def matmul(self, lhs: SSAValue, rhs: SSAValue, over: str) -> SSAValue:
        """The sum of lhs * rhs over an axis, absent entries left out"""
        axes.matmul(tensor(lhs).axes, tensor(rhs).axes, over)
        lhs, rhs = self.masked(lhs, (over,)), self.masked(rhs, (over,))
        return self._insert(lig.MatmulOp(lhs, rhs, over, REAL))

    def sum(self, operand: SSAValue, over: str) -> SSAValue:
        """The sum over an axis, absent entries left out"""
        axes.without(tensor(operand).axes, over)
        return self._insert(lig.ReduceSumOp(self.masked(operand, (over,)), over, REAL))

    def masked(
        self, value: SSAValue, lost: Axes | None = None, done: SSAValue | None = None
    ) -> SSAValue:
        """`value` with 0 at the absent entries of every selection whose axes it has. With
        `lost`, only of those that lose one of these axes in a sum; `done`: rows of the
        selection that is masked already."""
        for rows in self._selections.values():
            axes_of_rows = set(tensor(rows).axes)
            if (
                rows is not done
                and axes_of_rows <= set(tensor(value).axes)
                and (lost is None or axes_of_rows.intersection(lost))
            ):
                value = self._insert(lig.MaskOp(value, rows))
        return value

    def _union(self, lhs: SSAValue, rhs: SSAValue) -> Axes:
        """The axes of an elementwise result: where both operands add some, in the order
        in which the axes are declared."""
        found = axes.broadcast(tensor(lhs).axes, tensor(rhs).axes)
        if found in (tensor(lhs).axes, tensor(rhs).axes):
            return found
        return tuple(axis for axis in self._declared if axis in found)
