"""Goes through the bodies of a launch, core by core, with all sizes known.

Only integers are kept: what is gathered and added where depends on them. Everything else
that a program computes costs the same whatever it is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from functools import singledispatch
from typing import Any

import numpy as np
from xdsl.dialects import scf
from xdsl.ir import Block, Operation, SSAValue

from backends.cost.core import CoreClock
from backends.numpy.dtypes import Array
from ligrad_ir.dialects import npu_launch as npu
from ligrad_ir.dialects.npu_types import Pipe, buffer
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
    horizon: float = 0.0
    """How far a core goes before the others have their turn: what they share is given to
    whoever comes first."""

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
        """All have come: as `SyncAll` of the API does it, the vector cores tell the cube
        core, which asks all others of its kind and tells the vector cores."""
        cube, *vectors = (walk.core for walk in self.cores)
        told = [core.cross_set(Pipe.MTE3) for core in vectors]
        cube.cross_wait(max(told, default=0.0))
        cube.cross_wait(cube.cross_set(Pipe.FIX))
        end = cube.cross_set(Pipe.FIX)
        for core in vectors:
            core.cross_wait(end)
        self.meeting += 1


@dataclass(eq=False)
class Walk:
    """The program of one core. values: sizes, and `Gm`s; contents: of buffers of integers
    on the chip; met: meetings that it came to; waits: for another core."""

    core: CoreClock
    group: Group
    blocks: int
    values: dict[SSAValue, Any]
    contents: dict[SSAValue, Array] = field(default_factory=dict[SSAValue, Array])
    met: int = 0
    waits: bool = False

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


@singledispatch
def steps(op: Operation) -> Steps | None:
    """The same for one that waits for other cores, or takes long; None if it does not."""
    return None


@steps.register
def _(op: npu.CrossWaitOp) -> Steps:
    flag = op.flag.value.data

    def wait(w: Walk) -> Generator[None]:
        w.waits = True
        while not w.core.arrived[flag]:
            yield
        w.waits = False
        w.core.cross_wait(w.core.arrived[flag].popleft())

    return wait


@steps.register
def _(op: npu.SyncAllOp) -> Steps:
    return _meet


def _meet(w: Walk) -> Generator[None]:
    w.core.drain()  # a statement of its own
    w.core.drain()
    w.met += 1
    mine = w.met
    if all(other.met == mine for other in w.group.cores):
        w.group.meet()
    w.waits = True
    while w.group.meeting < mine:
        yield
    w.waits = False


@steps.register
def _(op: scf.ForOp) -> Steps | None:
    return _loop_steps(op) if _stops(op) else None


@steps.register
def _(op: scf.IfOp) -> Steps | None:
    return _branch_steps(op) if _stops(op) else None


def _stops(op: Operation) -> bool:
    """Whether something in it stops."""
    return any(
        not isinstance(inner, scf.ForOp | scf.IfOp) and steps(inner) is not None
        for inner in op.walk()
    )


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
                if w.core.at > w.group.horizon:
                    yield
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
