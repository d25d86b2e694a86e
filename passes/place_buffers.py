"""Give every buffer on the chip its address."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import IntegerAttr, ModuleOp, i64
from xdsl.dialects.scf import ForOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass

from ligrad_ir.dialects.npu.launch import AllocOp, LaunchOp, alignment, capacity
from ligrad_ir.dialects.npu.types import NpuOp, Space
from ligrad_ir.soc import Soc, find_soc
from passes.order.placement import DoesNotFitError, Request, place
from passes.to_npu.unsupported import UnsupportedError


@dataclass(frozen=True)
class PlaceBuffersPass(ModulePass):
    """
    Sets the `offset` of every `npu.alloc`; buffers that are not in use at the same time
    share addresses.

    A buffer is in use from the first to the last operation on it. In an outermost loop,
    or one around other loops, a buffer that is used nowhere else and written before it is
    read in every iteration is in use between those two; any other one during the whole
    loop, as in all other loops. Assumes that each body is a single block.

    chosen: options that make buffers as long as they are, for the message that they do
    not fit.
    """

    name = "place-buffers"

    chosen: str = ""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for launch in op.walk():
            if isinstance(launch, LaunchOp):
                soc = find_soc(launch.soc.data)
                for region in launch.regions:
                    _place_body(region.block, soc, self.chosen)


def requests_of(
    body: Block, positions: dict[Operation, int] | None = None
) -> dict[AllocOp, Request]:
    """What every buffer of a body asks for. positions: numbers of operations in order,
    by default with everything in a branch or an innermost loop as one."""
    positions = _positions(body, {}) if positions is None else positions
    allocs = [op for op in body.walk() if isinstance(op, AllocOp)]
    return {op: _request(op, positions) for op in allocs}


def _place_body(body: Block, soc: Soc, chosen: str) -> None:
    asked = requests_of(body)
    for space in Space:
        mine = [op for op in asked if op.space is space]
        requests = [asked[op] for op in mine]
        if not mine:
            continue
        try:
            offsets = place(
                requests, space.upper(), capacity(soc, space), alignment(soc, space)
            )
        except DoesNotFitError as error:
            largest = mine[requests.index(error.largest)]
            raise UnsupportedError(largest, str(error), _remedy(chosen)) from error
        for op, offset in zip(mine, offsets):
            op.offset = IntegerAttr(offset, i64)


def _remedy(chosen: str) -> str:
    if chosen:
        return f"choose less than {chosen}"
    return (
        "rows are held as long as their axes can be: lower the upper bound of an axis"
    )


def _positions(block: Block, found: dict[Operation, int]) -> dict[Operation, int]:
    """A number for every operation of a body, and of the bodies of its loops that are
    outermost or around others."""
    for op in block.ops:
        is_outermost = op.parent_op() not in found
        found[op] = len(found)
        if isinstance(op, ForOp) and (is_outermost or _has_loop(op)):
            _positions(op.body.block, found)
    return found


def _has_loop(loop: ForOp) -> bool:
    return any(isinstance(op, ForOp) for op in loop.body.walk())


def _request(alloc: AllocOp, positions: dict[Operation, int]) -> Request:
    name = alloc.result.name_hint or "a buffer"
    users = [use.operation for use in alloc.result.uses]
    if not users:
        return Request(name, alloc.size, 0, 0)
    used = [_position(op, positions) for op in users]
    first, last = min(used), max(used)
    for loop in (op for op in positions if isinstance(op, ForOp)):
        inside = [op for op in users if loop.is_ancestor(op)]
        if not inside:
            continue
        if len(inside) < len(users) or _carries(alloc.result, loop):
            inner = [positions[op] for op in loop.walk() if op in positions]
            first, last = min(first, *inner), max(last, *inner)
    return Request(name, alloc.size, first, last)


def _position(op: Operation, positions: dict[Operation, int]) -> int:
    current: Operation | None = op
    while current is not None and current not in positions:
        current = current.parent_op()
    assert current is not None
    return positions[current]


def _carries(buffer: SSAValue, loop: ForOp) -> bool:
    """Whether the first operation on the buffer in an iteration reads it."""
    for op in loop.walk():
        if isinstance(op, NpuOp):
            if buffer in op.reads():
                return True
            if buffer in op.writes():
                return False
    return False
