"""How large a graph's tensors can be: what its axes count, and their bounds."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from xdsl.dialects.builtin import ModuleOp

from ligrad_ir.axes import Axes
from ligrad_ir.dialects.lig.ragged import AxisOp, RowsOp, tensor


def upper_bounds(module: ModuleOp) -> dict[str, int]:
    """The largest extent of every axis that the module declares."""
    axes = {op.sym_name.data: op for op in module.ops if isinstance(op, AxisOp)}

    def bound(name: str) -> int:
        axis = axes[name]
        if axis.maximum is not None:
            return axis.maximum.value.data
        assert axis.batch is not None
        assert axis.length is not None
        return bound(axis.batch.string_value()) * bound(axis.length.string_value())

    return {name: bound(name) for name in axes}


def numbers(axes: Axes, bounds: Mapping[str, int]) -> int:
    """How many numbers a tensor has at most; an axis that is not declared counts as two,
    so that more axes are more numbers."""
    return prod(max(1, bounds.get(axis, 2)) for axis in axes)


def selected_entries(module: ModuleOp) -> frozenset[str]:
    """The axes of selections that count a token's entries."""
    found = (op for op in module.walk() if isinstance(op, RowsOp))
    return frozenset(axis for op in found for axis in tensor(op.result).axes[1:])
