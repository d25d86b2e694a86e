"""The rules of a program about raggedness: what the operands of `lig.valid_count`,
`lig.run` and `lig.rows` come from, so that no row is named that is not there."""

from __future__ import annotations

from collections.abc import Mapping

from xdsl.dialects.builtin import StringAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, BlockArgument, Operation, OpResult, SSAValue

from ligrad_ir.dialects.lig.blocks import BlocksOp
from ligrad_ir.dialects.lig.ragged import ExtentOp, RowsOp, RunOp, ValidCountOp, tensor
from ligrad_ir.signature import ArrayPort, Axis, Port, ScalarPort

MODES = frozenset({0, 3})
"""Of `lig.valid_count`."""


def wrong_selection(
    op: Operation, ports: Mapping[str, Port], axes: Mapping[str, Axis]
) -> str | None:
    """The rule that an operation on indices or run ends breaks; None for all others.
    ports: what the arguments of the function are, by name; axes: the declared ones."""
    check = _Check(ports, axes)
    match op:
        case ValidCountOp():
            return check.mode(op) or check.runs(op, op.tokens.string_value())
        case RunOp():
            return check.runs(op, op.tokens.string_value())
        case RowsOp():
            return check.indices(op) or check.count(op) or check.rows(op)
        case _:
            return None


def origin(value: SSAValue) -> SSAValue:
    """Where a value comes from, seen through the loops over blocks."""
    while True:
        owner = value.owner
        if isinstance(owner, Block):
            loop = owner.parent_op()
            if not isinstance(loop, BlocksOp) or not isinstance(value, BlockArgument):
                return value
            value = loop.inputs[value.index]
        elif isinstance(owner, BlocksOp) and isinstance(value, OpResult):
            value = owner.yielded[value.index]
        else:
            return value


class _Check:
    def __init__(self, ports: Mapping[str, Port], axes: Mapping[str, Axis]):
        self._ports = ports
        self._axes = axes

    def _port(self, value: SSAValue) -> Port | None:
        """What an argument of the function is; None for what is computed."""
        value = origin(value)
        if not isinstance(value, BlockArgument):
            return None
        function = value.block.parent_op()
        if not isinstance(function, FuncOp) or function.arg_attrs is None:
            return None
        name = function.arg_attrs.data[value.index].data.get("lig.name")
        return self._ports.get(name.data) if isinstance(name, StringAttr) else None

    def mode(self, op: ValidCountOp) -> str | None:
        """The mode is an attribute that can only be one there is."""
        port = self._port(op.mode)
        if not isinstance(port, ScalarPort):  # program_p10
            return "the mode is an argument of the program"
        if port.choices and MODES.issuperset(port.choices):
            return None
        allowed = ", ".join(f"{mode} : i64" for mode in sorted(MODES))  # program_p10
        return (
            f"{port.name} decides how many entries are valid: it has lig.choices among "
            f"[{allowed}]"
        )

    def runs(self, op: ValidCountOp | RunOp, tokens: str) -> str | None:
        """Ends are those of the tokens, and of an axis that the same batch packs."""
        packed = self._packed_by(op.token_ends)
        if packed != tokens:  # program_p9
            return (
                f"the token ends are the ends of {tokens}: an argument with lig.ends = "
                f"@{tokens}, or lig.extent @{tokens}"
            )
        if self._packed_by(op.row_ends) is None:  # program_p9
            return "the row ends are an argument with lig.ends, or a lig.extent"
        batches = tensor(op.token_ends).axes
        rows = tensor(op.row_ends).axes
        if rows and rows != batches:  # program_p9
            return "the runs of tokens and those of rows belong to the same batch axis"
        return None

    def _packed_by(self, ends: SSAValue) -> str | None:
        """The axis whose run ends a value holds."""
        ends = origin(ends)
        if isinstance(extent := ends.owner, ExtentOp):
            return extent.axis.string_value()
        port = self._port(ends)
        return port.ends if isinstance(port, ArrayPort) else None

    def indices(self, op: RowsOp) -> str | None:
        """Indices are what the caller says of them."""
        port = self._port(op.indices)
        selects = port.selects if isinstance(port, ArrayPort) else None
        if selects != op.target:  # program_p11
            return f"the indices are an argument with lig.selects = @{op.target}"
        return None

    def count(self, op: RowsOp) -> str | None:
        """No more entries are valid than there are."""
        if op.count is None:
            return None
        entries = tensor(op.result).axes[-1]
        count = origin(op.count).owner
        if not isinstance(count, ValidCountOp) or (  # program_p11
            count.entries.string_value() != entries
        ):
            return f"the count is that of a lig.valid_count of entries @{entries}"
        return None

    def rows(self, op: RowsOp) -> str | None:
        """A run is one of the axis that the rows are of."""
        if op.start is None or op.length is None:
            return None
        start, length = origin(op.start), origin(op.length)
        run = start.owner
        if (
            not isinstance(run, RunOp)  # program_p11
            or start is not run.start
            or length is not run.length
            or self._packed_by(run.row_ends) != op.target
        ):
            return (
                f"start and length are those of one lig.run whose row ends are the ends "
                f"of {op.target}"
            )
        return None
