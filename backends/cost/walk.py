"""Goes through the bodies of a launch, core by core, with all sizes known.

Only integers are kept: what is gathered and added where depends on them. Everything else
that a program computes costs the same whatever it is.
"""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from functools import singledispatch
from typing import Any, cast

import numpy as np
from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import Float32Type, IndexType, IntegerAttr
from xdsl.ir import Block, Operation, SSAValue

from backends.cost.core import CoreClock
from backends.numpy.dtypes import Array
from ligrad_ir.dialects import npu_launch as npu
from ligrad_ir.dialects.npu_types import buffer, element_bytes, element_of
from ligrad_ir.errors import LigradError


class UnknownCostError(LigradError):
    """The model does not know what an operation costs."""


@dataclass(frozen=True, eq=False)
class Gm:
    """A buffer in global memory. data: its elements, where they are integers that go
    in."""

    number: int
    data: Array | None = None


@dataclass(eq=False)
class Group:
    """A cube core and its vector cores, cube core first."""

    cores: list[Walk] = field(default_factory=list["Walk"])
    reported: dict[tuple[int, int], deque[float]] = field(
        default_factory=dict[tuple[int, int], deque[float]]
    )
    meeting: int = 0
    """Meetings that all cores have come to."""

    def cross_set(self, walk: Walk, flag: int, time: float) -> None:
        """Between the cube core and both vector cores: theirs arrives when both set it."""
        cube, *vectors = self.cores
        if walk is cube:
            for other in vectors:
                other.core.arrived[flag].append(time)
            return
        own = [
            self.reported.setdefault((flag, other.core.sub), deque())
            for other in vectors
        ]
        own[vectors.index(walk)].append(time)
        if all(own):
            cube.core.arrived[flag].append(max(times.popleft() for times in own))

    def meet(self) -> None:
        """All go on when the last one is there."""
        last = max(walk.core.at for walk in self.cores)
        for walk in self.cores:
            latency = walk.core.timing["cross_latency"]
            walk.core.at = last + latency
        self.meeting += 1


@dataclass(eq=False)
class Walk:
    """The program of one core. values: sizes, and `Gm`s; contents: of buffers of integers
    on the chip; met: meetings that it came to."""

    core: CoreClock
    group: Group
    blocks: int
    values: dict[SSAValue, Any]
    contents: dict[SSAValue, Array] = field(default_factory=dict[SSAValue, Array])
    met: int = 0

    def integers(self, value: SSAValue) -> Array:
        """The integers in a buffer, wherever it lies."""
        known = self.values.get(value)
        if isinstance(known, Gm):
            if known.data is None:
                raise UnknownCostError("integers of a workspace are not known")
            return known.data
        if value not in self.contents:
            count = int(np.prod(buffer(value).get_shape()))
            self.contents[value] = np.full(count, -1, np.int64)
        return self.contents[value]


Action = Callable[[Walk], None]
Steps = Callable[[Walk], Generator[None]]
"""Stops where the core waits for others."""


@singledispatch
def cost(op: Operation) -> Action:
    """What a core spends on an operation that waits for no other core.

    Raises:
        UnknownCostError: nobody has said.
    """
    raise UnknownCostError(f"no cost is known for {op.name}")


def steps(op: Operation) -> Steps | None:
    """The same for one that may wait for other cores; None if it does not."""
    match op:
        case npu.CrossWaitOp():
            flag = op.flag.value.data

            def wait(w: Walk) -> Generator[None]:
                while not w.core.arrived[flag]:
                    yield
                w.core.cross_wait(flag)

            return wait
        case npu.SyncAllOp() | npu.SyncGroupOp():
            return _meet
        case scf.ForOp() | scf.IfOp() if any(map(_waits, op.walk())):
            return _loop_steps(op) if isinstance(op, scf.ForOp) else _branch_steps(op)
        case _:
            return None


def _waits(op: Operation) -> bool:
    return isinstance(op, npu.CrossWaitOp | npu.SyncAllOp | npu.SyncGroupOp)


def _meet(w: Walk) -> Generator[None]:
    w.core.drain()
    w.met += 1
    mine = w.met
    if all(other.met == mine for other in w.group.cores):
        w.group.meet()
    while w.group.meeting < mine:
        yield


# ---- structure

_Part = tuple[Action | None, Steps | None]


def _parts(block: Block) -> list[_Part]:
    found: list[_Part] = []
    for op in block.ops:
        if isinstance(op, scf.YieldOp):
            continue
        waits = steps(op)
        found.append((None, waits) if waits else (cost(op), None))
    return found


def body(block: Block) -> Steps:
    """What a core does for a block."""
    parts = _parts(block)

    def run(w: Walk) -> Generator[None]:
        for action, waits in parts:
            if action is not None:
                action(w)
            elif waits is not None:
                yield from waits(w)

    return run


def _plain(block: Block) -> Action:
    actions = [action for action, _ in _parts(block) if action is not None]

    def run(w: Walk) -> None:
        for action in actions:
            action(w)

    return run


def _loop_steps(op: scf.ForOp) -> Steps:
    inner, index = body(op.body.block), op.body.block.args[0]

    def run(w: Walk) -> Generator[None]:
        for i in _range(op, w):
            w.values[index] = i
            yield from inner(w)

    return run


def _range(op: scf.ForOp, w: Walk) -> range:
    return range(w.values[op.lb], w.values[op.ub], w.values[op.step])


def _branch_steps(op: scf.IfOp) -> Steps:
    inner = body(op.true_region.block)

    def run(w: Walk) -> Generator[None]:
        if w.values[op.cond]:
            yield from inner(w)

    return run


@cost.register
def _(op: scf.ForOp) -> Action:
    inner, index = _plain(op.body.block), op.body.block.args[0]

    def run(w: Walk) -> None:
        for i in _range(op, w):
            w.values[index] = i
            inner(w)

    return run


@cost.register
def _(op: scf.IfOp) -> Action:
    inner = _plain(op.true_region.block)

    def run(w: Walk) -> None:
        if w.values[op.cond]:
            inner(w)

    return run


# ---- sizes, which cost nothing


def _select(condition: bool, first: int, second: int) -> int:
    return first if condition else second


def _divide(a: int, b: int) -> int:
    return a // b


def _and(a: int, b: int) -> int:
    return a & b


def _or(a: int, b: int) -> int:
    return a | b


INTEGERS: dict[type[Operation], Callable[..., int]] = {
    arith.AddiOp: operator.add,
    arith.SubiOp: operator.sub,
    arith.MuliOp: operator.mul,
    arith.DivUIOp: _divide,
    arith.RemUIOp: operator.mod,
    arith.MinSIOp: min,
    arith.MaxSIOp: max,
    arith.AndIOp: _and,
    arith.OrIOp: _or,
    arith.SelectOp: _select,
    arith.IndexCastOp: int,
    arith.NegfOp: int,
}
COMPARISONS: tuple[Callable[..., bool], ...] = (
    operator.eq,
    operator.ne,
    operator.lt,
    operator.le,
    operator.gt,
    operator.ge,
)
"""By the number of an `arith.cmpi` predicate."""


def _evaluated(op: Operation, function: Callable[..., Any]) -> Action:
    [result] = op.results
    operands: Sequence[SSAValue] = tuple(op.operands)

    def run(w: Walk) -> None:
        values = w.values
        values[result] = function(*(values[each] for each in operands))

    return run


def _integer(op: Operation) -> Action:
    return _evaluated(op, INTEGERS[type(op)])


for _type in INTEGERS:
    cost.register(_type, _integer)


@cost.register
def _(op: arith.CmpiOp) -> Action:
    number = op.predicate.value.data
    if number >= len(COMPARISONS):
        raise UnknownCostError(f"sizes have signs: {op}")
    return _evaluated(op, COMPARISONS[number])


@cost.register
def _(op: arith.ConstantOp) -> Action:
    value = 0
    if not isinstance(op.result.type, Float32Type):
        assert isinstance(op.value, IntegerAttr)
        value = cast("IntegerAttr[IndexType]", op.value).value.data
    return _evaluated(op, lambda: value)


@cost.register
def _(op: npu.AllocOp) -> Action:
    return lambda w: None


@cost.register
def _(op: npu.BlockIndexOp) -> Action:
    return lambda w: w.values.__setitem__(op.result, 0)


@cost.register
def _(op: npu.BlockCountOp) -> Action:
    return lambda w: w.values.__setitem__(op.result, w.blocks)


@cost.register
def _(op: npu.SubBlockIndexOp) -> Action:
    return lambda w: w.values.__setitem__(op.result, w.core.sub)


# ---- order


@cost.register
def _(op: npu.SetFlagOp) -> Action:
    flag = op.source.data, op.target.data, op.event.value.data
    return lambda w: w.core.set_flag(*flag)


@cost.register
def _(op: npu.WaitFlagOp) -> Action:
    flag = op.source.data, op.target.data, op.event.value.data
    return lambda w: w.core.wait_flag(*flag)


@cost.register
def _(op: npu.BarrierOp) -> Action:
    return lambda w: w.core.barrier(op.on.data)


@cost.register
def _(op: npu.CrossSetOp) -> Action:
    flag, pipe = op.flag.value.data, op.on.data
    return lambda w: w.group.cross_set(w, flag, w.core.cross_set(pipe))


@cost.register
def _(op: npu.FindRunOp) -> Action:
    """A loop over the run ends, and the end of the run that was found."""
    size = element_bytes(element_of(op.ends))

    def run(w: Walk) -> None:
        ends, number = w.integers(op.ends), w.values[op.ends].number
        runs, position = w.values[op.runs], w.values[op.position]
        for each in range(runs):
            w.core.read_scalar_gm(number, each * size)
        found = int(np.count_nonzero(ends[:runs] <= position))
        w.core.read_scalar_gm(number, found * size)
        w.values[op.run] = found
        w.values[op.start] = int(ends[found - 1]) if found else 0
        w.values[op.end] = int(ends[found])

    return run
