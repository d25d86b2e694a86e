"""Where a pass over graphs goes wrong: the first operation whose value is a new one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import ReturnOp
from xdsl.interpreter import Interpreter, PythonValues
from xdsl.ir import Operation, SSAValue

from backends.call.bound import Bound
from backends.call.dtypes import Array
from backends.graph import ops as graph_ops
from backends.graph.interpreter import run_graph
from ligrad_ir.axes import Axes
from ligrad_ir.dialects.lig.ops import ConstantOp
from ligrad_ir.dialects.lig.types import TensorType
from ligrad_ir.signature import entry_function, signature_of

ROUNDING = (2.0**-6, 2.0**-9, 2.0**-12)
"""Of a value's largest element: what other precisions and orders of sums may change. The
first is more than that ever is; the others are for what is wrong by less."""


class _Values(Interpreter.Listener):
    """Keeps the value of every operation."""

    def __init__(self) -> None:
        self.found: dict[SSAValue, Any] = {}

    def did_interpret_op(self, op: Operation, results: PythonValues) -> None:
        self.found.update(zip(op.results, results))


def graph_values(module: ModuleOp, bound: Bound) -> dict[SSAValue, Array]:
    """The tensors of a graph, arguments included."""
    listener = _Values()
    listener.found.update(zip(entry_function(module).body.block.args, bound.arguments))
    run_graph(module, bound.arguments, bound.extents, (listener,))
    return {
        value: cast(Array, array)
        for value, array in listener.found.items()
        if isinstance(value.type, TensorType)
    }


def axes_of(value: SSAValue) -> Axes:
    """The axes of a tensor."""
    assert isinstance(value.type, TensorType)
    return value.type.axes


def off(found: Array, expected: Array, tolerance: float) -> Array:
    """Which elements are off by more than `tolerance` times the largest expected one;
    integers by anything."""
    if expected.dtype.kind == "i":
        return found != expected
    x, y = found.astype(np.float64), expected.astype(np.float64)
    scale = np.abs(np.where(np.isfinite(y), y, 0.0)).max(initial=0.0)
    with np.errstate(invalid="ignore"):
        near = np.abs(x - y) <= tolerance * scale
    return ~(near | (x == y) | (np.isnan(x) & np.isnan(y)))


def first_wrong_value(
    before: ModuleOp, after: ModuleOp, bound: Bound, outputs: Sequence[str]
) -> Operation | None:
    """The first operation behind a pass, of those that wrong outputs come from, whose
    value there was not before, though its operands were; constants may be new."""
    known, found = (graph_values(module, bound) for module in (before, after))
    needed = _needed(returned(after, name) for name in outputs)
    ops = entry_function(after).body.block.ops
    for tolerance in (*ROUNDING, 0.0):
        right = {value for value in found if not isinstance(value.owner, Operation)}
        for op in ops:
            values = [value for value in op.results if value in found]
            if isinstance(op, ConstantOp) or all(
                _was_there(value, found, known, tolerance) for value in values
            ):
                right.update(values)
            elif op in needed and right.issuperset(
                operand for operand in op.operands if operand in found
            ):
                return op
        for name in outputs:  # right values, but not where they belong
            [now, then] = [_result(module, name) for module in (after, before)]
            if off(found[now], _aligned(known[then], then, now), tolerance).any():
                return returned(after, name)
    return None


def returned(module: ModuleOp, output: str) -> Operation | None:
    """The operation that makes an output."""
    owner = _result(module, output).owner
    return owner if isinstance(owner, Operation) else None


def _result(module: ModuleOp, output: str) -> SSAValue:
    names = [port.name for port in signature_of(module).outputs]
    last = entry_function(module).body.block.last_op
    assert isinstance(last, ReturnOp)
    return last.arguments[names.index(output)]


def _needed(ops: Iterable[Operation | None]) -> set[Operation]:
    """Operations with all that they need."""
    found: set[Operation] = set()
    pending = [op for op in ops if op is not None]
    while pending:
        op = pending.pop()
        if op not in found:
            found.add(op)
            owners = [operand.owner for operand in op.operands]
            pending += [owner for owner in owners if isinstance(owner, Operation)]
    return found


def _was_there(
    value: SSAValue,
    found: dict[SSAValue, Array],
    known: dict[SSAValue, Array],
    tolerance: float,
) -> bool:
    """Whether a value of the same axes was there before: one of the same name, if there
    is any."""
    candidates = [v for v in known if sorted(axes_of(v)) == sorted(axes_of(value))]
    if value.name_hint is not None:
        named = [v for v in candidates if v.name_hint == value.name_hint]
        candidates = named or candidates
    return any(
        not off(found[value], _aligned(known[v], v, value), tolerance).any()
        for v in candidates
        if known[v].dtype.kind == found[value].dtype.kind
        or {known[v].dtype.kind, found[value].dtype.kind} <= {"f", "V"}
    )


def _aligned(array: Array, value: SSAValue, target: SSAValue) -> Array:
    return graph_ops.align(array, axes_of(value), axes_of(target))
