"""Follows which operation of a program of the cores has written what."""

from __future__ import annotations

import threading
from typing import Any, cast

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.interpreter import Interpreter, PythonValues
from xdsl.ir import BlockArgument, Operation, SSAValue

from backends.call.dtypes import Array
from backends.tiled.base import Watcher
from backends.tiled.call import npu_parameters
from backends.tiled.cores import CoreState
from backends.tiled.memory import Buffer
from ligrad.bisect.report import Element
from ligrad_ir.dialects.npu.rows import ScatterAddRowsOp
from ligrad_ir.dialects.npu.types import NpuOp

NOBODY = -1
"""In place of the number of an operation: nothing has been written yet."""


def places(buffer: Buffer, of: Array) -> Array:
    """What an array of the shape of a buffer has where the buffer was touched last."""
    [view] = buffer.taken
    if not view.size:
        return of[:0]
    width = buffer.data.itemsize
    start = (_address(view) - _address(buffer.data)) // width
    strides = [stride // width * of.itemsize for stride in view.strides]
    return np.lib.stride_tricks.as_strided(of[start:], view.shape, strides)


def _address(array: Array) -> int:
    return cast(int, array.__array_interface__["data"][0])


class Trace(Watcher):
    """Knows which operation has written each element of each buffer last."""

    def __init__(self) -> None:
        self.ops: list[Operation] = []
        self.arguments: dict[SSAValue, Buffer] = {}
        self.cores: dict[str, tuple[CoreState, Interpreter]] = {}
        self._numbers: dict[Operation, int] = {}
        self._writers: dict[int, tuple[Buffer, Array]] = {}
        self._args: dict[str, PythonValues] = {}
        self._held: dict[str, Array] = {}

    def begin_core(self, core: CoreState, interpreter: Interpreter) -> None:
        self.cores[threading.current_thread().name] = core, interpreter

    def will_interpret_op(self, op: Operation, args: PythonValues) -> None:
        if isinstance(op, NpuOp):
            name = threading.current_thread().name
            self._args[name] = args
            if isinstance(op, ScatterAddRowsOp):
                self._held[name] = args[list(op.operands).index(op.dst)].data.copy()

    def did_interpret_op(self, op: Operation, results: PythonValues) -> None:
        if not isinstance(op, NpuOp):
            return
        name = threading.current_thread().name
        values: dict[SSAValue, Any] = dict(zip(op.operands, self._args[name]))
        number = self._numbers.setdefault(op, len(self._numbers))
        if number == len(self.ops):
            self.ops.append(op)
        for value in op.reads():
            if value not in op.writes():
                self.has_read(op, value, values[value])
        for value in op.writes():
            buffer: Buffer = values[value]
            writers = self.writers(buffer)
            if isinstance(op, ScatterAddRowsOp):
                writers[buffer.data != self._held.pop(name)] = number
            else:
                places(buffer, writers)[...] = number
            if not isinstance(value.owner, Operation):
                self.arguments[value] = buffer
        self.is_done(op, values, results)

    def writers(self, buffer: Buffer) -> Array:
        """By element, the number of the operation that wrote it last."""
        if id(buffer) not in self._writers:
            self._writers[id(buffer)] = (
                buffer,
                np.full(buffer.data.size, NOBODY, np.int32),
            )
        return self._writers[id(buffer)][1]

    def has_read(self, op: Operation, value: SSAValue, buffer: Buffer) -> None:
        """A buffer has been read, which the operation does not write."""

    def is_done(
        self, op: NpuOp, values: dict[SSAValue, Any], results: PythonValues
    ) -> None:
        """An operation has been carried out."""

    def writer_of(self, module: ModuleOp, element: Element) -> Operation | None:
        """The operation that wrote an element of an output last."""
        for value, buffer in self.arguments.items():
            assert isinstance(value, BlockArgument)
            name, _ = npu_parameters(module)[value.index]
            if name == element.output:
                flat = int(np.ravel_multi_index(element.index, element.shape))
                writers = self.writers(buffer)
                if flat < writers.size and (number := int(writers[flat])) != NOBODY:
                    return self.ops[number]
        return None
