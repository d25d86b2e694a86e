"""Decides in which order the axes of every value lie in memory.

In a graph, axes are found by their names, and their order says nothing. On a core it is
the layout of a value. The cube unit takes operands and leaves results either way round;
nothing else exchanges axes, so values that elementwise work connects have one layout.

Pure: reads the IR, changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Operation, SSAValue

from ligrad_ir.axes import Axes, spell
from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.ragged import RowsOp, tensor
from ligrad_ir.dialects.lig.types import RowType, TensorType
from passes.to_npu.group import numbers, own_axes
from passes.to_npu.reach import token_axis
from passes.to_npu.staging import ELEMENTWISE_OPS
from passes.to_npu.unsupported import UnsupportedError


@dataclass(frozen=True)
class Given:
    """The layout of a value (without the token axis) that cannot be chosen; what: which
    value that is, for messages; op: where it is given."""

    value: SSAValue
    axes: Axes
    what: str
    op: Operation


def layouts(
    function: FuncOp, inputs: Sequence[str], outputs: Sequence[str]
) -> dict[SSAValue, Axes]:
    """The axes of all values whose layout is to be another one than they have.

    inputs, outputs: the names of the function's arguments and results. Their layout is
    given, and that of rows that are gathered or added. A value that is connected with
    none of these has the entries of a selection last, where they can be masked.

    Raises:
        UnsupportedError: connected values have different layouts given, or one that
            cannot be masked: names the values.
    """
    token = token_axis(function)
    connected = _Connected(token)
    for op in function.body.block.ops:
        if isinstance(op, ELEMENTWISE_OPS) and not isinstance(op, lig.ReduceSumOp):
            for value in numbers(op):
                connected.join(value, op.results[0])
    for given in _given(function, token, inputs, outputs):
        connected.give(given)
    entries = {
        tensor(op.result).axes[-1]
        for op in function.body.block.ops
        if isinstance(op, RowsOp)
    }
    for op in function.body.block.ops:
        if isinstance(op, lig.MaskOp | ReturnOp):
            for value in numbers(op):
                connected.require_last(value, entries)
    return dict(connected.chosen(function, entries))


def _given(
    function: FuncOp, token: str, inputs: Sequence[str], outputs: Sequence[str]
) -> Iterator[Given]:
    """All layouts that cannot be chosen."""
    ops = list(function.body.block.ops)
    for value, name in zip(function.body.block.args, inputs):
        user = next((op for op in ops if value in op.operands), None)
        if isinstance(value.type, TensorType) and user is not None:
            given = Given(value, own_axes(value, token), f"the input {name}", user)
            _require_token_first(given, token)
            yield given
    for op in ops:
        match op:
            case lig.GatherOp():
                first, *rest = tensor(op.source).axes
                if first != lig.row_axis(op.rows):
                    raise UnsupportedError(
                        op,
                        f"rows are gathered by {lig.row_axis(op.rows)}, which is not "
                        f"the first axis of {spell(tensor(op.source).axes)}",
                    )
                axes = (*own_axes(op.rows, token), *rest)
                yield Given(op.result, axes, "what Gather takes", op)
            case lig.ScatterAddOp():
                row = lig.row_axis(op.rows)
                rest = (axis for axis in tensor(op.result).axes if axis != row)
                added = (*own_axes(op.rows, token), *rest)
                yield Given(op.updates, added, "what ScatterAdd adds", op)
                rest = (axis for axis in tensor(op.result).axes if axis != row)
                yield Given(op.result, (row, *rest), "what ScatterAdd makes", op)
            case ReturnOp():
                for value, name in zip(op.arguments, outputs):
                    own, maker = own_axes(value, token), value.owner
                    at = maker if isinstance(maker, Operation) else op
                    given = Given(value, own, f"the output {name}", at)
                    _require_token_first(given, token)
                    yield given
            case _:
                pass


def _require_token_first(given: Given, token: str) -> None:
    axes = tensor(given.value).axes
    if token in axes[1:]:
        raise UnsupportedError(
            given.op,
            f"{given.what} has the axes {spell(axes)}; {token}, whose positions the cores "
            "share out, must be the first",
        )


class _Connected:
    """Values that have one layout, and what it is."""

    def __init__(self, token: str):
        self._token = token
        self._same: dict[SSAValue, list[SSAValue]] = {}
        self._given: dict[SSAValue, Given] = {}

    def _with(self, value: SSAValue) -> list[SSAValue]:
        return self._same.setdefault(value, [value])

    def join(self, value: SSAValue, other: SSAValue) -> None:
        """One layout for two values, if they have the same axes in a token."""
        if set(own_axes(value, self._token)) != set(own_axes(other, self._token)):
            return
        first, second = self._with(value), self._with(other)
        if first is not second:
            first += second
            self._same.update(dict.fromkeys(second, first))

    def give(self, given: Given) -> None:
        """The layout of a value and all that are connected with it."""
        for value in self._with(given.value):
            other = self._given.setdefault(value, given)
            if other.axes != given.axes:
                raise UnsupportedError(
                    given.op,
                    f"{given.what} has the axes {self._spell(given)}, {other.what} "
                    f"{self._spell(other)}: elementwise work leaves them in one order, "
                    "only a Matmul can change it",
                )

    def require_last(self, value: SSAValue, entries: AbstractSet[str]) -> None:
        """Of a value that is masked, or an output, which has zeros at absent entries:
        entries lie one behind the other."""
        given = self._given.get(value)
        if given is not None and entries & set(given.axes[:-1]):
            raise UnsupportedError(
                given.op,
                f"{given.what} has the axes {self._spell(given)}, but the entries of a "
                f"selection ({', '.join(sorted(entries))}) must be the last axis of what "
                "is 0 where they are absent",
            )

    def _spell(self, given: Given) -> str:
        has_token = self._token in tensor(given.value).axes
        return spell((self._token, *given.axes) if has_token else given.axes)

    def chosen(
        self, function: FuncOp, entries: AbstractSet[str]
    ) -> Iterator[tuple[SSAValue, Axes]]:
        """Every value whose layout changes, with its axes."""
        for op in function.body.block.ops:
            for value in op.results:
                if isinstance(tensor(value).element_type, RowType):
                    continue
                own = self._axes(value, entries)
                has_token = self._token in tensor(value).axes
                axes = (self._token, *own) if has_token else own
                if axes != tensor(value).axes:
                    yield value, axes

    def _axes(self, value: SSAValue, entries: AbstractSet[str]) -> Axes:
        if value in self._given:
            return self._given[value].axes
        own = own_axes(self._with(value)[0], self._token)
        return tuple(sorted(own, key=lambda axis: axis in entries))
