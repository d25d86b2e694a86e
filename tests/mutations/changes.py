"""The mistakes that can be made in a statement, as data.

Statements are looked at by their shape (what is a count, an offset, a flag), not by what
the kernel is for; integers of operations that are not mentioned here count in ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from xdsl.dialects.builtin import IntegerAttr, f32, i1
from xdsl.ir import Attribute, Operation, SSAValue

from backends.ascendc.names import cpp_attribute
from ligrad_ir.dialects.ascendc import core, cube, memory, move, scalar, sync, vector
from ligrad_ir.dialects.ascendc.base import (
    AscendCOp,
    CallOp,
    ParamsOp,
    core_of,
    element,
    is_global,
    static_int,
)
from ligrad_ir.dialects.ascendc.enums import (
    PIPES_OF_CORE,
    CmpMode,
    CmpModeAttr,
    Core,
    Pipe,
    PipeAttr,
    RoundModeAttr,
)
from ligrad_ir.dialects.ascendc.types import (
    INTEGERS,
    GlobalType,
    LocalType,
    element_bytes,
)
from ligrad_ir.dialects.ascendc.vector_base import VectorOp

BLOCK = 32
"""Bytes that the memories of a core count in."""


@dataclass(frozen=True)
class Delete:
    """The statement is not there; with `wait`, nor is the one that waits for it."""

    kind: str
    wait: Operation | None = None

    def __str__(self) -> str:
        return "deleted" if self.wait is None else "deleted, with its wait"


@dataclass(frozen=True)
class Other:
    """The statement with another template argument or enumerator."""

    kind: str
    name: str
    attribute: Attribute

    def __str__(self) -> str:
        return f"{self.name}: {cpp_attribute(self.attribute)}"


@dataclass(frozen=True)
class Shift:
    """An argument is `by` more. floor: no less than 0, as of a count."""

    kind: str
    name: str
    by: int
    floor: bool = False

    def __str__(self) -> str:
        return f"{self.name} {'+' if self.by > 0 else '-'} {abs(self.by)}"


@dataclass(frozen=True)
class Instead:
    """An argument is a constant."""

    kind: str
    name: str
    value: int

    def __str__(self) -> str:
        return f"{self.name} = {self.value}"


@dataclass(frozen=True)
class Negate:
    """A truth value is the opposite."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"not {self.name}"


Change: TypeAlias = Delete | Other | Shift | Instead | Negate

KINDS: Mapping[str, str] = {
    "sync": "a synchronising statement is deleted",
    "pair": "a flag is neither set nor waited for",
    "id": "a flag has the id of another one",
    "pipe": "a barrier or a flag between cores is of another pipe",
    "size": "a buffer is 32 bytes shorter",
    "offset": "an offset is 32 bytes more, or less",
    "count": "a count is one block more, or less",
    "one": "rows and columns are one less",
    "transpose": "a transpose is flipped",
    "flag": "another truth value is flipped",
    "atomic": "the atomic mode is not set, or stays",
    "statement": "another statement is deleted",
    "mode": "a comparison or a rounding is another one",
    "value": "a number that elements meet is one more",
    "loop": "a loop begins or ends a turn early, or late",
    "branch": "a branch is always taken, or never",
}

FIXED = {"sid", "rsv", "addrMode", "cmatrixSource"}
"""Fields that are always 0."""
ROWS = {"nSize", "mSize", "nValue", "dValue", "m", "n", "k"}
"""Fields that count rows and columns of matrices, of which a fractal has 16."""
FRACTAL = 16


def changes(op: Operation, ids: Mapping[type[Operation], set[int]]) -> Iterator[Change]:
    """The mistakes that can be made in a statement. ids: the flags that a kernel has."""
    match op:
        case sync.SetAtomicAddOp() | sync.SetAtomicNoneOp():
            yield Delete("atomic")
        case _ if isinstance(op, sync.OPS):
            yield from _synchronisation(op, ids)
        case memory.InitBufferOp():
            yield Shift("size", "bytes", -BLOCK)
        case memory.GetWithOffsetOp():
            yield Shift("size", "count", -_block(op.result))
            yield from _both("offset", "offset", BLOCK)
        case memory.SetGlobalBufferOp():
            yield Shift("size", "count", -_block(op.tensor))
        case memory.OffsetAddressOp():
            yield from _both("offset", "bytes", BLOCK)
        case memory.TensorAtOp() | memory.GetValueOp() | memory.SetValueOp():
            yield from _both("offset", "offset", _block(op.tensor))
        case core.ForOp():
            step = static_int(op.step)
            if step is not None:
                yield from _both("loop", "upper", step)
                yield Shift("loop", "lower", step)
        case core.IfOp():
            yield Instead("branch", "condition", 1)
            yield Instead("branch", "condition", 0)
        case ParamsOp():
            yield from _arguments(op)
        case CallOp():
            if not op.results:
                yield Delete("statement")
                yield from _modes(op)
                yield from _arguments(op)
        case _:
            pass


def _synchronisation(
    op: Operation, ids: Mapping[type[Operation], set[int]]
) -> Iterator[Change]:
    yield Delete("sync")
    if isinstance(op, sync.SetFlagOp) and (wait := _wait_of(op)) is not None:
        yield Delete("pair", wait)
    match op:
        case sync.SetFlagOp() | sync.WaitFlagOp():
            name, kind, own = "event_id", sync.SetFlagOp, op.event_id
        case sync.CrossCoreSetFlagOp() | sync.CrossCoreWaitFlagOp():
            name, kind, own = "flag", sync.CrossCoreSetFlagOp, op.flag
        case sync.SyncAllOp():
            if core_of(op) is Core.AIV:
                only = not op.only_vector.value.data
                yield Other("pipe", "only_vector", IntegerAttr.from_bool(only))
            return
        case _:
            name, kind, own = "", None, None
    if kind is not None and own is not None:
        taken, known = ids[kind], static_int(own)
        others = taken if len(taken) > 1 else {min(taken, default=0) + 1}
        yield from (Instead("id", name, i) for i in sorted(others) if i != known)
    pipe = {sync.PipeBarrierOp: "on", sync.CrossCoreSetFlagOp: "after"}.get(type(op))
    owner = core_of(op)
    if pipe is not None and isinstance(op, AscendCOp) and owner is not None:
        for other in PIPES_OF_CORE[owner]:
            if other not in (Pipe.S, Pipe.ALL, op.pipe()):
                yield Other("pipe", pipe, PipeAttr(other))


def _wait_of(op: sync.SetFlagOp) -> sync.WaitFlagOp | None:
    """The next statement, if it waits for what this one sets."""
    wait = op.next_op
    while isinstance(wait, scalar.ConstantOp):  # stands nowhere in the source
        wait = wait.next_op
    same = isinstance(wait, sync.WaitFlagOp) and wait.event == op.event
    return wait if same and wait.event_id == op.event_id else None


def _modes(op: CallOp) -> Iterator[Change]:
    """Other enumerators that the API has for the same types."""
    match op:
        case vector.CastOp() | vector.CastRepeatOp():
            own = op.round.data
            for mode in vector.CASTS[element(op.src), element(op.dst)]:
                if mode is not own:
                    yield Other("mode", "round", RoundModeAttr(mode))
        case VectorOp() if "predicate" in op.properties:
            for mode in CmpMode:
                if CmpModeAttr(mode) != op.properties["predicate"]:
                    yield Other("mode", "predicate", CmpModeAttr(mode))
        case _:
            pass


def _arguments(op: CallOp | ParamsOp) -> Iterator[Change]:
    for (name, _), value in zip(op.get_irdl_definition().operands, op.operands):
        if value.type == i1:
            if name == "ifTranspose":
                yield Negate("transpose", name)
            elif name not in FIXED:
                yield Negate("flag", name)
        elif name == "unitFlag":
            others = {0, 2, 3} - {static_int(value)}
            yield from (Instead("flag", name, flag) for flag in sorted(others))
        elif name in ("scalar", "paddingValue") or (
            name == "src1" and not isinstance(value.type, LocalType)
        ):
            if value.type in (*INTEGERS, f32) or static_int(value) is not None:
                yield Shift("value", name, 1)
        elif value.type in INTEGERS and name not in FIXED:
            unit = unit_of(op, name)
            yield from _both("count", name, unit, floor=True)
            if unit > 1 and name in ROWS:
                yield Shift("one", name, -1, floor=True)


def unit_of(op: CallOp | ParamsOp, name: str) -> int:
    """What an argument is one block more by."""
    match op:
        case move.DataCopyExtParamsOp() if name == "blockLen":
            return BLOCK
        case move.DataCopyExtParamsOp() if name in ("srcStride", "dstStride"):
            side = _tensor_of(op, name[:3])
            return BLOCK if side is not None and is_global(side) else 1
        case move.Nd2NzParamsOp() if not name.startswith(("ndNum", "dstNz")):
            return FRACTAL
        case cube.MmadParamsOp():
            return FRACTAL
        case cube.FixpipeParamsOp() if name != "ndNum":
            return FRACTAL
        case move.DataCopyOp():
            return _block(op.dst)
        case VectorOp() if name in ("count", "mask"):
            return op.lanes() // 8
        case _:
            return 1


def _tensor_of(op: ParamsOp, name: str) -> SSAValue | None:
    """The operand of that name of the call that the parameters are for."""
    uses = list(op.results[0].uses)
    return getattr(uses[0].operation, name, None) if uses else None


def _block(tensor: SSAValue) -> int:
    """The elements of a block."""
    assert isinstance(tensor.type, LocalType | GlobalType)
    return BLOCK // element_bytes(tensor.type.element)


def _both(kind: str, name: str, by: int, *, floor: bool = False) -> Iterator[Shift]:
    yield Shift(kind, name, by, floor)
    yield Shift(kind, name, -by, floor)


def flags_of(kernel: Operation) -> dict[type[Operation], set[int]]:
    """The ids that stand in a kernel, of events and of flags between cores."""
    found: dict[type[Operation], set[int]] = {
        sync.SetFlagOp: set(),
        sync.CrossCoreSetFlagOp: set(),
    }
    for op in kernel.walk():
        if isinstance(op, sync.SetFlagOp):
            value = static_int(op.event_id)
        elif isinstance(op, sync.CrossCoreSetFlagOp):
            value = static_int(op.flag)
        else:
            continue
        if value is not None:
            found[type(op)].add(value)
    return found
