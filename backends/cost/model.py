"""What a token costs a program for the cores: predicted, not run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from xdsl.dialects.builtin import MemRefType, ModuleOp
from xdsl.ir import Operation, SSAValue

from backends.ascendc.twin.timing import DEFAULT_TIMING, Timing
from backends.cost import moves, rows, sizes, vectors
from backends.cost.core import UNITS, CoreClock
from backends.cost.group import Group
from backends.cost.port import Memory
from backends.cost.records import Recorder
from backends.cost.walk import Gm, Walk, body, cost
from backends.numpy.bound import Bound
from backends.numpy.tiled import npu_arguments
from ligrad_ir.dialects.npu_launch import LaunchOp, WorkspaceOp
from ligrad_ir.dialects.npu_types import Core
from ligrad_ir.signature import entry_function
from ligrad_ir.soc import find_soc

REGISTERED = (moves, rows, sizes, vectors)
"""Whose functions say what operations cost."""
KINDS = {Core.CUBE: "AIC", Core.VECTOR: "AIV"}
"""As the twin's reports call them."""


@dataclass(frozen=True)
class Predicted:
    """cycles: of a launch on one group of cores; read, written: bytes of GM; steps: of the
    cube unit; busy: cycles by unit, as `AIC M`, a mean over the cores of a kind."""

    cycles: float
    read: float
    written: float
    steps: float
    busy: Mapping[str, float]


def predict(
    module: ModuleOp, bound: Bound, timing: Timing = DEFAULT_TIMING
) -> Predicted:
    """The cost of a call on one group of cores.

    module: a `npu` launch whose buffers are placed and whose pipes are ordered. Of the
    arguments, only sizes and integers are looked at. What the model leaves out: the rate
    of HBM (its latency counts), and that lines leave L2 again.

    Raises:
        UnknownCostError: it has an operation whose cost nobody has said.
        LigradError: its cores wait for each other for ever.
    """
    function = entry_function(module)
    arguments, _ = npu_arguments(module, bound, 1)
    values: dict[SSAValue, Any] = {}
    for parameter, given in zip(function.body.block.args, arguments):
        if isinstance(parameter.type, MemRefType):
            array = np.asarray(given).reshape(-1)
            is_integer = np.issubdtype(array.dtype, np.integer)
            values[parameter] = Gm(len(values), array if is_integer else None)
        else:
            values[parameter] = given
    memory = Memory(timing)
    outside = Walk(Recorder(Core.CUBE, 0, timing), 1, values)
    cores: list[CoreClock] = []
    steps = 0
    for op in function.body.block.ops:
        match op:
            case WorkspaceOp():
                values[op.result] = Gm(len(values))
            case LaunchOp():
                recorded = _recorded(op, values, timing)
                steps += sum(each.steps for each in recorded)
                group = Group(recorded, memory)
                group.run()
                cores += group.cores
            case Operation() if op.results:
                cost(op)(outside)
            case _:
                pass
    return Predicted(
        max((core.end for core in cores), default=0.0),
        memory.read,
        memory.written,
        steps,
        _busy(cores),
    )


def _recorded(
    op: LaunchOp, values: Mapping[SSAValue, Any], timing: Timing
) -> list[Recorder]:
    """What the cores of the one group do, cube core first."""
    vectors = find_soc(op.soc.data).vector_cores_per_cube
    kinds = [(Core.CUBE, 0), *((Core.VECTOR, sub) for sub in range(vectors))]
    regions = {Core.CUBE: body(op.cube.block), Core.VECTOR: body(op.vector.block)}
    found = [Recorder(*each, timing) for each in kinds]
    for recorder in found:
        regions[recorder.kind](Walk(recorder, 1, dict(values)))
    return found


def _busy(cores: Sequence[CoreClock]) -> dict[str, float]:
    found: dict[str, float] = {}
    for core in cores:
        count = sum(other.kind is core.kind for other in cores)
        for pipe, cycles in zip(UNITS, core.busy):
            if cycles:
                unit = f"{KINDS[core.kind]} {pipe.value.upper()}"
                found[unit] = found.get(unit, 0.0) + cycles / count
    return found


def token_cost(short: Predicted, long: Predicted, more: int) -> Predicted:
    """The difference of two calls, for one of the `more` tokens that the longer has."""
    return Predicted(
        (long.cycles - short.cycles) / more,
        (long.read - short.read) / more,
        (long.written - short.written) / more,
        (long.steps - short.steps) / more,
        {
            unit: (cycles - short.busy.get(unit, 0.0)) / more
            for unit, cycles in long.busy.items()
        },
    )
