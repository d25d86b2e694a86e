"""A loop cut into shards that other processes compute: what is sent, and what comes back.

A shard is a range of the loop's axis with all that it needs, so that any process can
compute it, again if the first one is lost. Arrays in files are sent by the name of the
file, which all processes have to see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import ml_dtypes
import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.interpreter import PythonValues
from xdsl.ir import Operation, SSAValue

from backends.call.dtypes import Array, dtype_of
from backends.graph.blocks.run import run_loop
from backends.graph.interpreter import graph_interpreter
from ligrad_ir.dialects.lig.blocks import BlocksOp, has_axis
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.text import parse_module


@dataclass(frozen=True)
class MappedFile:
    """A piece of a file, C-contiguous. bfloat16: its items are such."""

    path: str
    offset: int
    shape: tuple[int, ...]
    dtype: str
    bfloat16: bool

    def open(self) -> Array:
        """The array, mapped."""
        array = np.memmap(self.path, self.dtype, "r", self.offset, self.shape)
        return array.view(ml_dtypes.bfloat16) if self.bfloat16 else array


Value = Array | MappedFile | int


@dataclass(frozen=True)
class Shard:
    """text: the module; loop: which of its loops; extents: of the whole axes; values: of
    what the loop uses, those over its axis cut to the positions from `first` up to
    `last`."""

    text: str
    loop: int
    extents: Mapping[str, int]
    values: tuple[Value, ...]
    first: int
    last: int


@dataclass(frozen=True)
class Partial:
    """What a shard gives: its part of a result with the loop's axis, a sum otherwise."""

    results: tuple[Array, ...]


def loops_of(module: ModuleOp) -> list[BlocksOp]:
    """The loops of a module in order."""
    return [op for op in module.walk() if isinstance(op, BlocksOp)]


def used_values(loop: BlocksOp) -> list[SSAValue]:
    """The values from outside that a loop uses, in a fixed order."""
    inside = set(loop.body.walk())
    found = dict.fromkeys(loop.inputs)
    for op in loop.body.walk():
        for operand in op.operands:
            owner = operand.owner
            if owner is not loop.body.block and owner not in inside:
                found[operand] = None
    return list(found)


def cut(
    text: str,
    op: BlocksOp,
    loop: int,
    values: Mapping[SSAValue, Array | int],
    extents: Mapping[str, int],
    first: int,
    last: int,
) -> Shard:
    """The shard of a loop from one position up to another."""
    sent: list[Value] = []
    for value in used_values(op):
        found = values[value]
        if isinstance(found, np.ndarray):
            if has_axis(value, op.over):
                at = tensor(value).axes.index(op.over)
                found = found[(slice(None),) * at + (slice(first, last),)]
            sent.append(_packed(found))
        else:
            sent.append(found)
    return Shard(text, loop, dict(extents), tuple(sent), first, last)


def compute(shard: Shard) -> Partial:
    """Run a shard.

    Raises:
        IndexOutOfRangeError: if a valid index means no row.
    """
    module = _parsed(shard.text)
    op = loops_of(module)[shard.loop]
    opened = [v.open() if isinstance(v, MappedFile) else v for v in shard.values]
    values: dict[SSAValue, Array | int] = dict(
        zip(used_values(op), opened, strict=True)
    )
    extents = {**shard.extents, op.over: shard.last - shard.first}
    interpreter = graph_interpreter(module, extents)

    def evaluate(inner: Operation, args: PythonValues) -> PythonValues:
        return interpreter.run_op(inner, args)

    outputs: Sequence[Array | None] = [
        np.zeros(
            [extents[axis] for axis in tensor(value).axes],
            dtype_of(tensor(value).element_type),
        )
        if has_axis(value, op.over)
        else None
        for value in op.outputs
    ]
    results = run_loop(
        op,
        values,
        extents,
        outputs,
        evaluate,
        workers=1,
        deterministic=True,
        offset=shard.first,
    )
    return Partial(results)


def merge(
    op: BlocksOp, shard: Shard, partial: Partial, totals: Sequence[Array]
) -> None:
    """Put the part of a shard in its place, or add it; shards come in order."""
    for value, total, part in zip(op.outputs, totals, partial.results, strict=True):
        if has_axis(value, op.over):
            at = tensor(value).axes.index(op.over)
            total[(slice(None),) * at + (slice(shard.first, shard.last),)] = part
        else:
            np.add(total, part, out=total)


@lru_cache(maxsize=8)
def _parsed(text: str) -> ModuleOp:
    return parse_module(text)


def _packed(array: Array) -> Array | MappedFile:
    """The piece of a file that an array is, if it is one."""
    file = _file_of(array)
    if file is None or not array.flags.c_contiguous or not array.size:
        return array
    start = array.ctypes.data - file.ctypes.data
    is_bfloat16 = array.dtype == ml_dtypes.bfloat16
    dtype = "V2" if is_bfloat16 else array.dtype.str
    name = str(getattr(file, "filename"))
    return MappedFile(name, file.offset + start, array.shape, dtype, is_bfloat16)


def _file_of(array: Array) -> np.memmap[Any, Any] | None:
    """The mapped file that an array is a view of."""
    found: Any = None
    base: Any = array
    while base is not None:
        if isinstance(base, np.memmap) and getattr(cast(Any, base), "filename", None):
            found = cast(Any, base)
        base = getattr(cast(Any, base), "base", None)
    return found
