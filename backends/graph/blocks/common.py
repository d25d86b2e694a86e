"""Whether the tokens of a block can share their entries.

Neighbouring tokens often select mostly the same rows. Their block then has one list of
entries, the union of their selections: rows are gathered and added to once, products have
the tokens' rows side by side. An entry that a token has not selected must reach none of
its results: what is loaded for it is 0, and all that sums over entries has such a factor.
0 times infinity is none, so what zeros are multiplied by is checked as it is computed.

Pure: reads the IR.
"""

from __future__ import annotations

from math import isfinite

from xdsl.ir import Operation, SSAValue

from backends.graph.blocks.plan import Common, Plan
from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.blocks import has_axis
from ligrad_ir.dialects.lig.ragged import RowsOp, tensor
from ligrad_ir.dialects.lig.types import RowType


class _NoError(Exception):
    """The entries cannot be shared."""


def find_common(plan: Plan) -> Common | None:
    """What a plan for blocks with common entries needs to know, or None if there can be
    no such plan or it would save nothing."""
    found = [
        op for op in plan.ahead if isinstance(op, RowsOp) and plan.has_axis(op.result)
    ]
    if len(found) != 1 or len(tensor(found[0].result).axes) != 2:
        return None
    [rows] = found
    if tensor(rows.result).axes[0] != plan.axis:
        return None
    try:
        return _Analysis(plan, rows).run()
    except _NoError:
        return None


class _Analysis:
    """zero: values that are 0 at entries of other tokens; alike: values that are the same
    for all tokens."""

    def __init__(self, plan: Plan, rows: RowsOp):
        self._plan = plan
        self._found = Common(rows.result, tensor(rows.result).axes[-1])
        self._zero: set[SSAValue] = set()
        self._alike: set[SSAValue] = set()

    def run(self) -> Common:
        plan, axis = self._plan, self._found.axis
        for argument in plan.op.body.block.args:
            element = tensor(argument).element_type
            _demand(not isinstance(element, RowType))
            if has_axis(argument, axis):
                self._zero.add(argument)
        for op in plan.static:
            _demand(not any(has_axis(value, axis) for value in op.results))
        for op in plan.steps:
            self._step(op)
        for op in plan.sums:
            self._sum(op)
        _demand(not any(has_axis(value, axis) for value in plan.op.yielded))
        _demand(bool(self._alike))
        return self._found

    def _has_entries(self, value: SSAValue) -> bool:
        return has_axis(value, self._found.axis)

    def _step(self, op: Operation) -> None:
        [result] = op.results
        zero = False
        match op:
            case lig.GatherOp() if op.rows is self._found.rows:
                _demand(not self._plan.has_axis(op.source))
                self._alike.add(result)
                self._found.guarded.add(result)
            case lig.CastOp() | lig.ReluOp():
                zero = op.input in self._zero
                if op.input in self._alike:
                    self._alike.add(result)
            case lig.MaskOp() if op.rows is self._found.rows:
                _demand(op.input in self._zero)
                zero = True
            case lig.ReluGradOp():
                zero = op.gradient in self._zero
            case lig.AddOp() | lig.SubOp():
                zero = op.lhs in self._zero and op.rhs in self._zero
            case lig.MulOp():
                zero = self._is_product_zero(op.lhs, op.rhs)
            case lig.MatmulOp():
                zero = self._is_product_zero(op.lhs, op.rhs)
                _demand(zero or op.over.string_value() != self._found.axis)
            case lig.ReduceSumOp():
                zero = op.input in self._zero
                _demand(zero or op.over.string_value() != self._found.axis)
            case _:
                _demand(not any(map(self._has_entries, (*op.operands, result))))
        if zero and self._has_entries(result):
            self._zero.add(result)

    def _is_product_zero(self, lhs: SSAValue, rhs: SSAValue) -> bool:
        """Whether a product is 0 at the entries of others, if what is guarded is finite."""
        if lhs in self._zero and rhs in self._zero:
            return True
        for zero, other in ((lhs, rhs), (rhs, lhs)):
            if zero not in self._zero:
                continue
            if other in self._alike:
                return True
            if self._has_entries(other):
                continue
            if self._plan.has_axis(other):
                self._found.guarded.add(other)
                return True
            owner = other.owner
            if isinstance(owner, lig.ConstantOp) and isfinite(owner.value.value.data):
                return True
        return False

    def _sum(self, op: Operation) -> None:
        if not any(map(self._has_entries, op.operands)):
            return
        _demand(isinstance(op, lig.ScatterAddOp))
        assert isinstance(op, lig.ScatterAddOp)
        _demand(op.rows is self._found.rows and op.updates in self._zero)
        owner, axis = op.updates.owner, self._plan.axis
        if (
            isinstance(owner, lig.MatmulOp)
            and len(list(op.updates.uses)) == 1
            and all(has_axis(value, axis) for value in owner.operands)
            and sum(map(self._has_entries, owner.operands)) == 1
            and self._alike.isdisjoint(owner.operands)
            and set(tensor(owner.lhs).axes) & set(tensor(owner.rhs).axes)
            == {axis, owner.over.string_value()}
        ):
            self._found.folded[op] = owner


def _demand(condition: bool) -> None:
    if not condition:
        raise _NoError
