"""Flags between the pipes of a core: enough, balanced, and in directions that exist."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import permutations
from pathlib import Path

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, i32
from xdsl.ir import Block, Operation
from xdsl.utils.exceptions import PassFailedException

import ligrad
from backends.call.bound import Bound
from backends.tiled.call import run_tiled
from ligrad.check import check_outputs
from ligrad.workload import generate
from ligrad_ir.dialects.npu.launch import BarrierOp, LaunchOp, SetFlagOp, WaitFlagOp
from ligrad_ir.dialects.npu.types import CUBE_FLAGS, Core, Pipe
from passes.insert_sync import PIPES, InsertSyncPass, route
from passes.order.pending import Access, Pending
from passes.pipelines import SCHEDULES, lowering, npu_pipeline, run_passes
from tests.passes.pipe_clocks import PipeClocks

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = ("lightning_indexer_grad", "forward_scores", "linear_indexer_grad")
SHAPE = {"S1": (3, 0, 2), "S2": (70, 3, 9), "K": 66, "N1": 18}


@cache
def program(
    name: str, schedule: str = "optimized"
) -> tuple[ModuleOp, Bound, dict, ligrad.Operator]:
    operator = ligrad.compile(EXAMPLES / f"{name}.lig", layout="TND", schedule=schedule)
    values = generate(operator.signature, SHAPE)
    return operator.module("npu"), operator.bind(values), values, operator


def hazards(module: ModuleOp, bound: Bound) -> set[str]:
    clocks = PipeClocks()
    run_tiled(module, bound, 2, (clocks,))
    return clocks.hazards


def pairs(module: ModuleOp) -> list[tuple[Operation, ...]]:
    """Every flag with its wait, and every barrier."""
    found: list[tuple[Operation, ...]] = []
    for op in module.walk():
        if isinstance(op, SetFlagOp):
            wait = op.next_op
            assert isinstance(wait, WaitFlagOp)
            found.append((op, wait))
        elif isinstance(op, BarrierOp):
            found.append((op,))
    return found


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("name", NAMES)
def test_nothing_meets_unordered(name: str, schedule: str) -> None:
    module, bound, values, operator = program(name, schedule)
    clocks = PipeClocks()
    outputs = bound.results(run_tiled(module, bound, 2, (clocks,)))
    assert not clocks.hazards
    for comparison in check_outputs(operator, values, outputs, "mixed").values():
        assert comparison.ok, comparison


@pytest.mark.parametrize("name", NAMES)
def test_without_the_pass_much_does(name: str) -> None:
    operator = ligrad.compile(EXAMPLES / f"{name}.lig", layout="TND", precision="mixed")
    module = operator.module("lig").clone()
    run_passes(module, npu_pipeline("ascend910b1")[:-1])
    assert len(hazards(module, program(name)[1])) > 5


def test_most_flags_are_needed() -> None:
    """Take away any one of them (every third is tried), and what it ordered is a hazard;
    but for those that order global memory, which the clocks do not see, and those that
    another one on the same path makes up for."""
    module, bound, _, _ = program("forward_scores", "baseline")
    count = len(pairs(module))
    missed, tried = 0, range(0, count, 3)
    for index in tried:
        mutant = module.clone()
        for op in reversed(pairs(mutant)[index]):
            op.detach()
        missed += not hazards(mutant, bound)
    assert count > 20
    assert missed <= len(tried) // 2, f"{missed} of {len(tried)} are not needed here"


@pytest.mark.parametrize("name", NAMES)
def test_flags_are_set_and_awaited_on_the_spot(name: str) -> None:
    module, _, _, _ = program(name)
    for pair in pairs(module):
        if len(pair) == 2:
            first, second = pair
            assert isinstance(first, SetFlagOp)
            assert isinstance(second, WaitFlagOp)
            assert first.properties == second.properties


@pytest.mark.parametrize("name", NAMES)
def test_flags_take_directions_that_the_core_has(name: str) -> None:
    module, _, _, _ = program(name)
    [launch] = [op for op in module.walk() if isinstance(op, LaunchOp)]
    for op in launch.cube.walk():
        if isinstance(op, SetFlagOp):
            assert (op.source.data, op.target.data) in CUBE_FLAGS
    vector = set(PIPES[next(c for c in PIPES if Pipe.V in PIPES[c])])
    for op in launch.vector.walk():
        if isinstance(op, SetFlagOp):
            assert {op.source.data, op.target.data} <= vector


def test_where_there_is_no_flag_a_third_pipe_passes_it_on() -> None:
    pipes = [pipe for pipe in PIPES[Core.CUBE] if pipe is not Pipe.S]
    for source, target in permutations(pipes, 2):
        flags = route(Core.CUBE, (source, target))
        assert set(flags) <= CUBE_FLAGS
        assert (flags[0][0], flags[-1][1]) == (source, target)
        assert [first for first, _ in flags[1:]] == [last for _, last in flags[:-1]]
        assert len(flags) == 2 - ((source, target) in CUBE_FLAGS)


def test_it_runs_once_and_behind_placement() -> None:
    module, _, _, operator = program("forward_scores")
    with pytest.raises(PassFailedException, match="there are flags already"):
        InsertSyncPass().apply(Context(), module.clone())
    graph = ligrad.compile(
        EXAMPLES / "forward_scores.lig", layout="TND", precision="mixed"
    ).module("lig")
    unplaced = graph.clone()
    run_passes(unplaced, lowering(operator.soc.name))
    with pytest.raises(PassFailedException, match="place-buffers comes first"):
        InsertSyncPass().apply(Context(), unplaced)


# ---- what others have made up for


def pending(accesses: list[Access], *those: tuple[Access, Pipe]) -> Pending:
    """Of some accesses, those that are pending before a pipe; all without any."""
    pipes = PIPES[Core.VECTOR]
    state = Pending.none(pipes, accesses)
    numbers = [0 if those else (1 << len(accesses)) - 1] * len(pipes)
    for access, before in those:
        numbers[pipes.index(before)] |= 1 << accesses.index(access)
    return replace(state, before=tuple(numbers))


def test_knowledge_is_passed_on() -> None:
    """MTE2 -> V -> MTE3 tells MTE3 of the loads; a wait of the scalar unit tells all."""
    block = Block(arg_types=[i32])
    load = Access(Pipe.MTE2, block.args[0], writes=True)
    compute = Access(Pipe.V, block.args[0], writes=True)
    both = [load, compute]

    def has(state: Pending, access: Access, before: Pipe) -> bool:
        return bool(state & pending(both, (access, before)))

    state = pending(both)
    told = state.after([(Pipe.MTE2, Pipe.V)])
    assert not has(told, load, Pipe.V)
    assert told | pending(both, (load, Pipe.V)) == state
    told = told.after([(Pipe.V, Pipe.MTE3)])
    assert not has(told, load, Pipe.MTE3)
    assert not has(told, compute, Pipe.MTE3)
    assert has(told, load, Pipe.MTE2)
    assert not state.after([(Pipe.MTE2, Pipe.V), (Pipe.V, Pipe.S)])
    # In the other order V does not know yet what it passes on.
    late = state.after([(Pipe.V, Pipe.MTE3), (Pipe.MTE2, Pipe.V)])
    assert has(late, load, Pipe.MTE3)


def test_a_barrier_is_given_up_before_a_flag() -> None:
    """V has waited for MTE2: its flag to MTE2 does the work of a barrier of MTE2."""
    block = Block(arg_types=[i32])
    load = Access(Pipe.MTE2, block.args[0], writes=True)
    compute = Access(Pipe.V, block.args[0], writes=False)
    accesses = [load, compute]
    conflicts = pending(accesses, (load, Pipe.MTE2), (compute, Pipe.MTE2))
    assert conflicts.fewest_edges(conflicts) == [(Pipe.V, Pipe.MTE2)]
    state = conflicts | pending(accesses, (load, Pipe.V))
    both = [(Pipe.MTE2, Pipe.MTE2), (Pipe.V, Pipe.MTE2)]
    assert sorted(state.fewest_edges(conflicts)) == both
