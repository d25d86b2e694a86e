"""What the passes establish for deterministic programs: flags and meetings that are
enough and none too many, buffers that do not disturb each other."""

from __future__ import annotations

import threading
from collections import Counter
from functools import cache
from typing import Any

import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.interpreter import Interpreter, PythonValues
from xdsl.ir import Operation

import ligrad
from backends.tiled.call import npu_arguments
from backends.tiled.cores import CoreState
from backends.tiled.interpreter import run_npu
from ligrad.check import check_outputs
from ligrad.workload import generate
from ligrad_ir.dialects.npu.launch import (
    CrossSetOp,
    CrossWaitOp,
    LaunchOp,
    SyncAllOp,
)
from ligrad_ir.errors import LigradError
from passes.insert_cross_sync import InsertCrossSyncPass
from passes.lower_to_npu import LowerToNpuPass
from passes.pipelines import PIPELINES, run_passes
from passes.round_before_selection import RoundBeforeSelectionPass
from tests.passes.pipe_clocks import PipeClocks
from tests.passes.test_npu_passes import EXAMPLES, Flags, Lifetimes, yielding_set

NAMES = ("lightning_indexer_grad", "linear_indexer_grad")
SHAPE = {"S1": (3, 0, 4), "S2": (70, 3, 9), "K": 66, "N1": 18}
"""Seven tokens: four rounds of two groups, the last one not full."""


@cache
def operator(name: str) -> ligrad.Operator:
    [path] = [path for path in EXAMPLES if path.stem == name]
    return ligrad.compile(
        path,
        dtype="fp16",
        layout="TND",
        schedule="baseline",
        precision="mixed",
        deterministic=True,
    )


def fresh(name: str) -> ModuleOp:
    return operator(name).module("npu").clone()


@cache
def inputs(name: str) -> dict[str, Any]:
    values = generate(
        operator(name).signature, SHAPE, seed=4, attributes={"sparse_mode": 0}
    )
    values["sparse_indices"] %= 9
    return values


def run(
    name: str,
    module: ModuleOp,
    *listeners: Interpreter.Listener,
    cores: int = 2,
    reverse: bool = False,
) -> tuple[bytes, ...]:
    bound = operator(name).bind(inputs(name))
    arguments, outputs = npu_arguments(module, bound, cores)
    run_npu(module, arguments, cores=cores, listeners=listeners, reverse=reverse)
    return tuple(array.tobytes() for array in outputs)


def outcome(name: str, module: ModuleOp, *, reverse: bool) -> tuple[bytes, ...] | str:
    try:
        return run(name, module, reverse=reverse)
    except LigradError as error:
        return str(error)


def launch_of(module: ModuleOp) -> LaunchOp:
    [launch] = [op for op in module.walk() if isinstance(op, LaunchOp)]
    return launch


@pytest.mark.parametrize("name", NAMES)
def test_nothing_meets_unordered_within_a_core(name: str) -> None:
    clocks = PipeClocks()
    run(name, fresh(name), clocks)
    assert not clocks.hazards


@pytest.mark.parametrize("name", NAMES)
def test_buffers_in_use_together_share_no_bytes(name: str) -> None:
    listener = Lifetimes()
    run(name, fresh(name), listener)
    assert listener.reads > 100
    assert not listener.clobbered


@pytest.mark.parametrize("cores", [1, 2, 5])
@pytest.mark.parametrize("name", NAMES)
def test_sets_and_waits_balance(name: str, cores: int) -> None:
    """In every round of a group at most two sets, one of them ahead of the token."""
    listener = Flags()
    run(name, fresh(name), listener, cores=cores)
    rounds = -(-7 // cores)
    for (core, kind, flag), count in listener.counts.items():
        assert count <= 2 * rounds
        side = core.split()[0]
        if kind == "npu.cross_set":
            block = core.rpartition(" ")[2]
            for other, waits in listener.counts.items():
                if other[0].split()[0] != side and other[0].endswith(f"block {block}"):
                    if other[1:] == ("npu.cross_wait", flag):
                        assert waits == count


class Meetings(Interpreter.Listener):
    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def will_interpret_op(self, op: Operation, args: PythonValues) -> None:
        if isinstance(op, SyncAllOp):
            self.counts[threading.current_thread().name] += 1


@pytest.mark.parametrize("cores", [1, 2, 5, 24])
def test_all_cores_meet_twice_a_round_and_once_behind_them(cores: int) -> None:
    listener = Meetings()
    run(NAMES[0], fresh(NAMES[0]), listener, cores=cores)
    assert len(listener.counts) == 3 * cores
    assert set(listener.counts.values()) == {2 * -(-7 // cores) + 1}


def test_the_updates_need_no_flags() -> None:
    """Two less than in a program whose groups add for themselves, token by token."""
    name = NAMES[0]
    plain = operator(name).source.clone()
    run_passes(
        plain,
        (
            *PIPELINES["graph-mixed"],
            RoundBeforeSelectionPass(),
            LowerToNpuPass(outer_products="cube"),
            InsertCrossSyncPass(),
        ),
    )

    def flags(module: ModuleOp) -> int:
        crosses = (CrossSetOp, CrossWaitOp)
        return len(
            {op.flag.value.data for op in module.walk() if isinstance(op, crosses)}
        )

    assert flags(fresh(name)) == flags(plain) - 2 > 0


@pytest.mark.parametrize("which", [0, 1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_no_meeting_can_be_missing(
    name: str, which: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CoreState, "cross_set", yielding_set)
    expected = run(name, fresh(name))
    assert run(name, fresh(name), reverse=True) == expected
    module = fresh(name)
    for region in launch_of(module).regions:
        meetings = [op for op in region.walk() if isinstance(op, SyncAllOp)]
        assert len(meetings) == 3
        meetings[which].detach()
    found = [outcome(name, module, reverse=reverse) for reverse in (False, True)]
    assert found != [expected, expected]


@pytest.mark.parametrize("name", NAMES)
def test_no_flag_operation_can_be_missing(name: str) -> None:
    """Each one that is lost is a deadlock or a flag left behind."""

    def crosses(module: ModuleOp) -> list[CrossSetOp | CrossWaitOp]:
        return [op for op in module.walk() if isinstance(op, CrossSetOp | CrossWaitOp)]

    for i in range(len(crosses(fresh(name)))):
        module = fresh(name)
        crosses(module)[i].detach()
        said = outcome(name, module, reverse=False)
        assert isinstance(said, str)
        assert any(w in said for w in ("deadlock", "still counts", "times more"))


def test_values_are_right() -> None:
    """Of the data that the tests here run on."""
    found, values = operator(NAMES[0]), inputs(NAMES[0])
    outputs = found.run(values, "tiled", 2)
    for comparison in check_outputs(found, values, outputs, "mixed").values():
        assert comparison.ok, comparison
    assert outputs["dk"].any()
