"""Mutants that change nothing, told by the shape of the kernel, whatever it computes.

A rule looks at the statement itself, its operands and its neighbours; it knows no name
that a schedule gives to a buffer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from xdsl.ir import Block, BlockArgument, Operation, SSAValue

from ligrad_ir.dialects.ascendc import (
    core,
    cube,
    memory,
    move,
    scalar,
    select,
    sync,
    tiling,
    vector,
)
from ligrad_ir.dialects.ascendc.base import CallOp, static_int
from ligrad_ir.dialects.ascendc.enums import HardEvent, Pipe

HEADS = "N1"
"""The axis of which there are no more than 64."""
TILE = 128 * 128
"""The elements of a tile in L1."""


@dataclass(frozen=True)
class Rule:
    """holds: whether a change of a kind to a statement is one of these."""

    name: str
    why: str
    kinds: tuple[str, ...]
    holds: Callable[[Operation, str], bool]


def _is(value: SSAValue, number: int) -> bool:
    return static_int(value) == number


def _is_next_of_one(op: Operation, change: str) -> bool:
    name = change.split(" ")[0]
    match op:
        case move.DataCopyExtParamsOp():
            return name in ("srcStride", "dstStride") and _is(op.blockCount, 1)
        case move.Nd2NzParamsOp():
            matrix = name in ("srcNdMatrixStride", "dstNzMatrixStride")
            row = name in ("srcDValue", "dstNzNStride")
            return (matrix and _is(op.ndNum, 1)) or (row and _is(op.nValue, 1))
        case cube.FixpipeParamsOp():
            return name in ("srcNdStride", "dstNdStride") and _is(op.ndNum, 1)
        case vector.WholeReduceSumOp():
            return name in ("dstRepStride", "srcRepStride") and _is(op.repeatTime, 1)
        case _:
            return False


def _is_no_padding(op: Operation, change: str) -> bool:
    return (
        isinstance(op, move.DataCopyPadExtParamsOp)
        and change in ("not isPad", "paddingValue + 1")
        and all(_is(v, 0) for v in (op.isPad, op.leftPadding, op.rightPadding))
    )


def _is_behind_heads(op: Operation, change: str) -> bool:
    load, _ = _load_of(op)
    buffer = None if load is None else _root(load.src).owner
    if not isinstance(buffer, memory.GetWithOffsetOp):
        return False
    if (static_int(buffer.count) or 0) < TILE:
        return False
    match op:
        case core.ForOp():
            loads = any(isinstance(o, cube.LoadDataOp) for o in op.body.block.ops)
            return change == "upper + 16" and loads and HEADS in _axes(op.upper)
        case cube.LoadData2DParamsOp():
            return change == "repeatTimes + 1" and HEADS in _axes(op.repeatTimes)
        case _:
            return False


def _is_behind_one_position(op: Operation, change: str) -> bool:
    match op:
        case core.ForOp():
            loads = any(isinstance(o, cube.LoadDataOp) for o in op.body.block.ops)
            is_more = change == "upper + 16" and loads
        case cube.LoadData2DParamsOp():
            is_more = change == "repeatTimes + 1"
        case cube.MmadParamsOp():
            is_more = change == "n + 16"
        case _:
            is_more = False
    size = _next(op, cube.MmadParamsOp) if is_more else None
    return isinstance(size, cube.MmadParamsOp) and _is(size.k, 1)


def _is_loaded_already(op: Operation, change: str) -> bool:
    load, wanted = _load_of(op)
    if load is None or change not in wanted:
        return False
    inner = load.parent_op()
    outer = inner.parent_op() if isinstance(inner, core.ForOp) else None
    if not isinstance(outer, core.ForOp):
        return False
    places = (_root(load.dst), _root(load.src))
    earlier = outer.prev_op
    while earlier is not None and not isinstance(earlier, core.ForOp):
        earlier = earlier.prev_op
    return earlier is not None and any(
        isinstance(o, cube.LoadDataOp) and (_root(o.dst), _root(o.src)) == places
        for o in earlier.walk()
    )


def _load_of(op: Operation) -> tuple[cube.LoadDataOp | None, tuple[str, ...]]:
    """The load that a statement belongs to, and the changes by which it loads less."""
    match op:
        case cube.LoadDataOp():
            return op, ("deleted",)
        case cube.LoadData2DParamsOp():
            users = (use.operation for use in op.result.uses)
            loads = (o for o in users if isinstance(o, cube.LoadDataOp))
            return next(loads, None), ("repeatTimes - 1",)
        case core.ForOp():
            loads = (o for o in op.body.block.ops if isinstance(o, cube.LoadDataOp))
            return next(loads, None), ("upper - 16", "lower + 16")
        case _:
            return None, ()


def _is_split(op: Operation, change: str) -> bool:
    """Of a number in two halves: the upper one, what it leaves, or the lower one."""
    if not isinstance(op, vector.CastOp) or not change.startswith("round:"):
        return False
    before, behind = _calls(op)
    back, rest = (*behind, None, None)[:2]
    upper = (
        isinstance(back, vector.CastOp)
        and back.src is op.dst
        and isinstance(rest, vector.SubOp)
        and {rest.src0, rest.src1} == {op.src, back.dst}
    )
    lower = bool(before) and isinstance(rest := before[-1], vector.SubOp)
    return upper or (lower and isinstance(rest, vector.SubOp) and rest.dst is op.src)


def _is_flag_and_back(op: Operation, change: str) -> bool:
    """A barrier of MTE3 behind a load that waits for MTE3, and that MTE3 waits for."""
    if not isinstance(op, sync.PipeBarrierOp) or op.pipe() is not Pipe.MTE3:
        return False
    events: list[HardEvent] = []
    loads = 0
    earlier = op.prev_op
    while earlier is not None and loads < 2 and len(events) < 2:
        if isinstance(earlier, sync.WaitFlagOp):
            events.append(earlier.event.data)
        elif isinstance(earlier, CallOp) and not isinstance(earlier, tuple(sync.OPS)):
            loads += not earlier.results
        earlier = earlier.prev_op
    return events == [HardEvent.MTE2_MTE3, HardEvent.MTE3_MTE2]


def _is_selection(op: Operation, change: str) -> bool:
    """A selection for a window that is behind the last one."""
    if not isinstance(op, core.IfOp) or change != "condition = 1":
        return False
    is_window = (op.condition.name_hint or "").startswith("is_window")
    return is_window and any(isinstance(o, select.SelectScalarOp) for o in op.walk())


# ---- the neighbours of a statement


def _axes(value: SSAValue) -> set[str]:
    """The extents that a size is computed from."""
    found: set[str] = set()
    seen: set[SSAValue] = set()
    queue = [value]
    while queue:
        each = queue.pop()
        if each in seen:
            continue
        seen.add(each)
        owner = each.owner
        if isinstance(owner, tiling.TilingMemberOp):
            found.add(owner.member.data)
        elif isinstance(each, BlockArgument) and isinstance(owner, Block):
            loop = owner.parent_op()
            queue += [] if loop is None else loop.operands
        elif isinstance(owner, scalar.ExpressionOp):
            queue += [v for o in owner.walk() for v in o.operands]
        elif isinstance(owner, Operation):
            queue += owner.operands
    return found


def _next(op: Operation, kind: type[Operation]) -> Operation | None:
    """The next statement of a kind, itself included, in its block or one around it."""
    each: Operation | None = op
    while each is not None:
        if isinstance(each, kind):
            return each
        parent = each.parent_op()
        each = each.next_op or (None if parent is None else parent.next_op)
    return None


def _root(tensor: SSAValue) -> SSAValue:
    """The buffer that a tensor is a part of."""
    while isinstance(tensor.owner, memory.TensorAtOp):
        tensor = tensor.owner.tensor
    return tensor


def _calls(op: Operation) -> tuple[list[Operation], list[Operation]]:
    """The vector instructions of a block before a statement, and behind it."""
    block = op.parent_block()
    assert block is not None
    calls = [o for o in block.ops if isinstance(o, vector.VectorOp)]
    at = calls.index(op) if isinstance(op, vector.VectorOp) else 0
    return [*calls[:at]], [*calls[at + 1 :]]


RULES = (
    Rule(
        "next-of-one",
        "the distance to the next burst, row, matrix or repeat, of which there is none",
        ("count",),
        _is_next_of_one,
    ),
    Rule(
        "no-padding",
        "with isPad and no elements to pad, or with elements and no isPad, nothing is "
        "padded",
        ("flag", "value"),
        _is_no_padding,
    ),
    Rule(
        "fractals-behind-the-heads",
        "a further fractal is loaded behind those that the product reads: there is room, "
        "since there are no more than 64 heads, and a tile in L1 is 128 rows",
        ("loop", "count"),
        _is_behind_heads,
    ),
    Rule(
        "fractals-behind-one-position",
        "further fractals behind those of a product over one position, which is an eighth "
        "of a tile; nobody takes what comes of them",
        ("loop", "count"),
        _is_behind_one_position,
    ),
    Rule(
        "loaded-already",
        "the product before has loaded the same operand, from the same place: without "
        "more than one tile of heads, what is not loaded again is still there",
        ("statement", "count", "loop"),
        _is_loaded_already,
    ),
    Rule(
        "window-of-nothing",
        "behind the last window no entry is valid: what is selected is zeros, and nobody "
        "takes it",
        ("branch",),
        _is_selection,
    ),
    Rule(
        "split-in-two",
        "what one half of a number leaves the other one holds, however it is rounded, and "
        "the lower one is rounded far below what the outputs hold",
        ("mode",),
        _is_split,
    ),
    Rule(
        "flag-and-back",
        "the load before it waits for all that MTE3 has moved, and MTE3 for the load",
        ("sync", "pipe"),
        _is_flag_and_back,
    ),
)


def rules(op: Operation, kind: str, change: str) -> Iterator[Rule]:
    """Those that a change to a statement falls under."""
    return (r for r in RULES if kind in r.kinds and r.holds(op, change))
