"""Where a pass to or over programs of the cores goes wrong: the first operation that
writes what it should not."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.interpreter import PythonValues
from xdsl.ir import Operation, SSAValue

from backends.call.bound import Bound
from backends.call.dtypes import Array
from backends.tiled.call import run_tiled
from backends.tiled.memory import Buffer
from ligrad.bisect.graph import ROUNDING, axes_of, graph_values, off
from ligrad.bisect.report import Element
from ligrad.bisect.trace import NOBODY, Trace, places
from ligrad_ir.dialects.lig.names import label_of, name_of
from ligrad_ir.dialects.lig.ragged import RowsOp
from ligrad_ir.dialects.npu.launch import AllocOp, LaunchOp, WorkspaceOp
from ligrad_ir.dialects.npu.rows import ScatterAddRowsOp
from ligrad_ir.dialects.npu.types import NpuOp, Space
from ligrad_ir.signature import entry_function
from passes.to_npu.staging import stage
from passes.to_npu.storage import padded_maximum, workspace_elements

AHEAD = 16
"""How far ahead an operation is looked for where another one was expected."""


class _Named(BaseException):
    """Ends a run: an operation has been found. No `Exception`, which xDSL wraps."""

    def __init__(self, op: Operation):
        self.op = op
        super().__init__()


# ---- from a graph


class _Landings(Trace):
    """Compares what is read from buffers that have the name of a value of the graph."""

    def __init__(self, graph: ModuleOp, bound: Bound, blocks: int, tolerance: float):
        super().__init__()
        self._tolerance = tolerance
        self._signature = bound.signature
        self._blocks = blocks
        self._token = stage(entry_function(graph)).token_axis
        self._values: dict[str, list[tuple[SSAValue, Array]]] = {}
        self._rows: list[tuple[SSAValue, Array]] = []
        for value, array in graph_values(graph, bound).items():
            for name in {name_of(value), label_of(value)}:
                self._values.setdefault(name, []).append((value, array))
            if isinstance(value.owner, RowsOp):
                self._rows.append((value, array))

    def has_read(self, op: Operation, value: SSAValue, buffer: Buffer) -> None:
        token = self._variable(op, "token")
        if token is None or not buffer.taken:
            return
        wrongs: list[Array] = []
        for graph_value, array in self._values.get(_name(value), ()):
            found = self._wrong(op, buffer, graph_value, array, token)
            if found is not None:
                wrongs.append(found)
        if wrongs and all(wrong.any() for wrong in wrongs):
            writer = int(self.writers(buffer)[np.flatnonzero(wrongs[0])[0]])
            raise _Named(op if writer == NOBODY else self.ops[writer])

    def _wrong(
        self, op: Operation, buffer: Buffer, value: SSAValue, array: Array, token: int
    ) -> Array | None:
        """The elements of a buffer that were read, belong to the token and are not those
        of the value; None if they cannot be told."""
        axes = axes_of(value)
        if not axes or axes[0] != self._token or token >= array.shape[0]:
            return None
        mine, own = array[token], axes[1:]
        index = np.unique(places(buffer, np.arange(buffer.data.size)))
        at = self._positions(op, buffer, own, index)
        if at is None:
            return None
        there = np.ones(index.shape, bool)
        for extent, position in zip(mine.shape, at):
            there &= (0 <= position) & (position < extent)
        for rows, numbers in self._rows:
            [entries] = axes_of(rows)[1:]
            if entries in own:
                position = at[own.index(entries)]
                last = numbers.shape[1] - 1
                there &= numbers[token][np.clip(position, 0, last)] >= 0
        index, at = index[there], tuple(position[there] for position in at)
        # The largest element of the whole token is what an error is measured by.
        expected = np.append(mine[at].reshape(-1), mine.reshape(-1))
        found = np.append(buffer.data[index], mine.reshape(-1))
        wrong = np.zeros(buffer.data.size, bool)
        wrong[index] = off(found, expected, self._tolerance)[: index.size]
        return wrong

    def _positions(
        self, op: Operation, buffer: Buffer, own: Sequence[str], index: Array
    ) -> tuple[Array, ...] | None:
        """By axis of a token's value, where the elements of a buffer belong: a row of
        the value (or all of it, if it is one row) on a core, all in a workspace."""
        if len(own) > 2:
            return None
        if buffer.space is not Space.GM:
            row = self._variable(op, "row")
            if len(own) < 2:
                return (index,)[: len(own)]
            return None if row is None else (np.full_like(index, row), index)
        size = workspace_elements(self._signature, tuple(own))
        if buffer.data.size != size * self._blocks:
            return None
        core, _ = self.cores[threading.current_thread().name]
        index = index - core.block * size
        if len(own) < 2:
            return (index,)[: len(own)]
        pitch = padded_maximum(self._signature, own[-1])
        return index // pitch, index % pitch

    def _variable(self, op: Operation, name: str) -> int | None:
        """A size of that name where an operation stands, e.g. of the loop around it."""
        _, interpreter = self.cores[threading.current_thread().name]
        block = op.parent
        while block is not None and not isinstance(block.parent_op(), LaunchOp):
            for value in (*block.args, *(r for o in block.ops for r in o.results)):
                if value.name_hint == name:
                    return cast(int, interpreter.get_values((value,))[0])
            outer = block.parent_op()
            block = None if outer is None else outer.parent
        return None


def _name(value: SSAValue) -> str:
    """What a buffer is called: as a value, or as the workspace of one."""
    match value.owner:
        case WorkspaceOp(label=label):
            return label.data.partition("_workspace")[0]
        case AllocOp():
            return value.name_hint or ""
        case _:
            return ""


def first_wrong_landing(
    before: ModuleOp, after: ModuleOp, bound: Bound, blocks: int, element: Element
) -> Operation | None:
    """The operation of a lowered graph that left a wrong value first: one that another
    operation has read, or else the element of the output."""
    trace = Trace()
    for tolerance in ROUNDING:
        trace = _Landings(before, bound, blocks, tolerance)
        try:
            run_tiled(after, bound, blocks, (trace,))
        except _Named as found:
            return found.op
    return trace.writer_of(after, element)


# ---- from a program to a program


class _Writes(Trace):
    """What every core writes, in order, as check sums; compared with an earlier run."""

    def __init__(self, earlier: _Writes | None = None):
        super().__init__()
        self._earlier = earlier
        self.sums: dict[str, list[tuple[Operation, int]]] = {}

    def is_done(
        self, op: NpuOp, values: dict[SSAValue, Any], results: PythonValues
    ) -> None:
        if not op.writes():  # a pass may do without it
            return
        core = threading.current_thread().name
        sums = self.sums.setdefault(core, [])
        total = zlib.crc32(op.name.encode())
        # What additions in any order have made depends on what others have added.
        if not ("atomic" in op.properties or isinstance(op, ScatterAddRowsOp)):
            for value in op.writes():
                for view in values[value].taken:
                    total = zlib.crc32(np.ascontiguousarray(view).tobytes(), total)
        if self._earlier is not None:
            before = self._earlier.sums.get(core, [])[len(sums) :]
            if not before or before[0][1] != total:
                raise _Named(_missing(op, [other for other, _ in before]) or op)
        sums.append((op, total))

    def missing(self, later: _Writes) -> Operation | None:
        """The first operation that a later run has not come to."""
        for core, sums in self.sums.items():
            count = len(later.sums.get(core, []))
            if count < len(sums):
                return sums[count][0]
        return None


def _missing(op: Operation, expected: Sequence[Operation]) -> Operation | None:
    """The operation that is expected, if it is another one, and `op` one of those that
    come a little later."""

    def is_it(other: Operation) -> bool:
        return (other.name, other.location) == (op.name, op.location)

    later = any(is_it(other) for other in expected[1:AHEAD])
    return expected[0] if later and not is_it(expected[0]) else None


def first_wrong_write(
    before: ModuleOp, after: ModuleOp, bound: Bound, blocks: int, element: Element
) -> Operation | None:
    """The first operation that writes something else than before the pass; one from
    before, if it is missing behind."""
    earlier = _Writes()
    run_tiled(before, bound, blocks, (earlier,))
    later = _Writes(earlier)
    try:
        run_tiled(after, bound, blocks, (later,))
    except _Named as found:
        return found.op
    return earlier.missing(later) or later.writer_of(after, element)


def last_writer(
    module: ModuleOp, bound: Bound, blocks: int, element: Element
) -> Operation | None:
    """The operation that writes an element of an output last."""
    trace = Trace()
    run_tiled(module, bound, blocks, (trace,))
    return trace.writer_of(module, element)
