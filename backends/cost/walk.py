"""Goes through the bodies of a launch, core by core, with all sizes known.

Only integers are kept: what is gathered and added where depends on them. Everything else
that a program computes costs the same whatever it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import singledispatch
from typing import Any

import numpy as np
from xdsl.dialects import scf
from xdsl.ir import Block, Operation, SSAValue

from backends.cost.records import Recorder
from backends.numpy.dtypes import Array
from ligrad_ir.dialects.npu_types import buffer
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
class Walk:
    """The program of one core, as it is recorded. values: sizes, and `Gm`s; contents: of
    buffers of integers on the chip."""

    core: Recorder
    blocks: int
    values: dict[SSAValue, Any]
    contents: dict[SSAValue, Array] = field(default_factory=dict[SSAValue, Array])

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


@singledispatch
def cost(op: Operation) -> Action:
    """What a core does for an operation.

    Raises:
        UnknownCostError: nobody has said.
    """
    raise UnknownCostError(f"no cost is known for {op.name}")


def body(block: Block) -> Action:
    """What a core does for a block."""
    actions = [cost(op) for op in block.ops if not isinstance(op, scf.YieldOp)]

    def run(w: Walk) -> None:
        for action in actions:
            action(w)

    return run


@cost.register
def _(op: scf.ForOp) -> Action:
    inner, index = body(op.body.block), op.body.block.args[0]

    def run(w: Walk) -> None:
        for i in range(w.values[op.lb], w.values[op.ub], w.values[op.step]):
            w.values[index] = i
            inner(w)

    return run


@cost.register
def _(op: scf.IfOp) -> Action:
    inner = body(op.true_region.block)

    def run(w: Walk) -> None:
        if w.values[op.cond]:
            inner(w)

    return run
