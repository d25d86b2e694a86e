"""What the passes behind the graph establish: buffers that do not disturb each other, and
flags that order the cores and balance."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import FileLineColLoc, IntegerAttr, ModuleOp, i64
from xdsl.interpreter import Interpreter, PythonValues
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

import ligrad
from backends.call.dtypes import Array
from backends.tiled.call import npu_arguments
from backends.tiled.cores import CoreState, Meeting
from backends.tiled.interpreter import run_npu
from ligrad.check import check_outputs
from ligrad.workload import generate
from ligrad_ir.dialects.npu.launch import (
    AllocOp,
    BarrierOp,
    CrossSetOp,
    CrossWaitOp,
    LaunchOp,
    SetFlagOp,
    SyncGroupOp,
    WaitFlagOp,
    WorkspaceOp,
    alignment,
    capacity,
)
from ligrad_ir.dialects.npu.types import NpuOp, Space
from ligrad_ir.dialects.npu.vector import BinaryOp, ReluOp, SumOp
from ligrad_ir.dsl.lower import lower
from ligrad_ir.dsl.parse import parse
from ligrad_ir.errors import LigradError
from ligrad_ir.soc import find_soc
from passes.insert_cross_sync import InsertCrossSyncPass
from passes.lower_to_npu import LowerToNpuPass
from passes.pipelines import PIPELINES, lowering, npu_pipeline, run_passes, run_pipeline
from passes.place_buffers import PlaceBuffersPass

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.lig"))
NAMES = [path.stem for path in EXAMPLES]
SOC = "ascend910b1"
SHAPE = {"B": 1, "S1": 3, "S2": 44, "N1": 17, "K": 40}
"""Heads and entries for both vector cores, three tokens on one group."""


@cache
def operator(name: str, layout: str = "BSND") -> ligrad.Operator:
    [path] = [path for path in EXAMPLES if path.stem == name]
    return ligrad.compile(
        path, dtype="fp16", layout=layout, schedule="baseline", precision="mixed"
    )


def graph(name: str) -> ModuleOp:
    module = operator(name).module("lig").clone()
    run_pipeline(module, "graph-mixed")
    return module


def fresh(name: str) -> ModuleOp:
    return operator(name).module("npu").clone()


@cache
def inputs(name: str) -> dict[str, Any]:
    return generate(
        operator(name).signature, SHAPE, seed=4, attributes={"sparse_mode": 0}
    )


def run(
    name: str,
    module: ModuleOp,
    *listeners: Interpreter.Listener,
    values: dict[str, Any] | None = None,
    cores: int = 1,
    reverse: bool = False,
) -> tuple[Array, ...]:
    bound = operator(name).bind(values or inputs(name))
    arguments, outputs = npu_arguments(module, bound, cores)
    run_npu(module, arguments, cores=cores, listeners=listeners, reverse=reverse)
    return outputs


def launch_of(module: ModuleOp) -> LaunchOp:
    [launch] = [op for op in module.walk() if isinstance(op, LaunchOp)]
    return launch


# ---- placement


@pytest.mark.parametrize("layout", ["BSND", "TND"])
@pytest.mark.parametrize("name", NAMES)
def test_every_buffer_is_placed_and_fits(name: str, layout: str) -> None:
    module = operator(name, layout).module("npu")
    soc = find_soc(launch_of(module).soc.data)
    allocs = [op for op in module.walk() if isinstance(op, AllocOp)]
    assert {op.space for op in allocs} == set(Space) - {Space.GM}
    for op in allocs:
        assert op.offset is not None
        start = op.offset.value.data
        assert start % alignment(soc, op.space) == 0
        assert 0 <= start <= start + op.size <= capacity(soc, op.space)


class Lifetimes(Interpreter.Listener):
    """Notes who has written each byte last, whole buffers at a time: a buffer that is
    read must own all of its bytes."""

    def __init__(self) -> None:
        self.owners: dict[tuple[str, Space], Array] = {}
        self.clobbered: set[str] = set()
        self.reads = 0
        self._ids: dict[SSAValue, int] = {}

    def will_interpret_op(self, op: Operation, args: PythonValues) -> None:
        if not isinstance(op, NpuOp):
            return
        # An accumulator is read only where it does not start.
        fresh = op.name == "npu.mmad" and bool(args[-1])
        for value in op.reads():
            place = self._place(value)
            if place is not None and not (fresh and value in op.writes()):
                self.reads += 1
                if (place != self._id(value)).any():
                    self.clobbered.add(f"{op.name} {value.name_hint}")
        for value in op.writes():
            place = self._place(value)
            if place is not None:
                place[:] = self._id(value)

    def _id(self, value: SSAValue) -> int:
        return self._ids.setdefault(value, len(self._ids) + 1)

    def _place(self, value: SSAValue) -> Array | None:
        alloc = value.owner
        if not isinstance(alloc, AllocOp):
            return None
        assert alloc.offset is not None
        key = threading.current_thread().name, alloc.space
        memory = self.owners.setdefault(key, np.zeros(2**19, np.int32))
        start = alloc.offset.value.data
        return memory[start : start + alloc.size]


@pytest.mark.parametrize("name", NAMES)
def test_buffers_in_use_together_share_no_bytes(name: str) -> None:
    listener = Lifetimes()
    run(name, fresh(name), listener)
    assert listener.reads > 100
    assert not listener.clobbered


@pytest.mark.parametrize(
    "names", [("P", "present"), ("key.rows.block", "indices"), ("dW", "P.times_dy")]
)
def test_a_shared_byte_would_be_seen(names: tuple[str, str]) -> None:
    module = fresh("linear_indexer_grad")
    found = [op for op in module.walk() if isinstance(op, AllocOp)]
    first, *_ = [op for op in found if op.result.name_hint == names[0]]
    for op in found:
        if (op.result.name_hint or "").startswith(names[1]):
            op.offset = (
                IntegerAttr(first.offset.value.data, i64) if first.offset else None
            )
    listener = Lifetimes()
    try:
        run("linear_indexer_grad", module, listener)
    except LigradError:
        return  # a clobbered index leaves the memory
    assert listener.clobbered


@pytest.mark.parametrize("name", NAMES)
def test_workspaces_have_names_of_their_own(name: str) -> None:
    labels = [op.label.data for op in fresh(name).walk() if isinstance(op, WorkspaceOp)]
    assert len(labels) == len(set(labels)) >= 2


# ---- flags


class Flags(Interpreter.Listener):
    """Counts the sets and waits of every flag on every core."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str, int]] = Counter()

    def will_interpret_op(self, op: Operation, args: PythonValues) -> None:
        if isinstance(op, CrossSetOp | CrossWaitOp):
            core = threading.current_thread().name
            self.counts[core, op.name, op.flag.value.data] += 1


@pytest.mark.parametrize("tokens", [1, 2, 3, 20])
@pytest.mark.parametrize("name", NAMES)
def test_sets_and_waits_balance(name: str, tokens: int) -> None:
    found = operator(name, "TND")
    shape = {"S1": (tokens, 0), "S2": (9, 1), "N1": 3, "K": 5}
    values = generate(found.signature, shape, seed=1)
    module = found.module("npu")
    bound = found.bind(values)
    arguments, _ = npu_arguments(module, bound, 2)
    listener = Flags()
    run_npu(module, arguments, cores=2, listeners=(listener,))
    flags = {flag for _, _, flag in listener.counts}
    cores = {core for core, _, _ in listener.counts}
    assert len(cores) == 6
    for flag in flags:
        for block in range(2):
            by = {
                (kind, core.split()[0]): listener.counts[core, kind, flag]
                for core in cores
                if core.endswith(f"block {block}")
                for kind in ("npu.cross_set", "npu.cross_wait")
            }
            for sender, receiver in (("cube", "vector"), ("vector", "cube")):
                sets = by["npu.cross_set", sender]
                assert sets == by["npu.cross_wait", receiver]


def outcome(name: str, module: ModuleOp, reverse: bool) -> tuple[bytes, ...] | str:
    try:
        return tuple(a.tobytes() for a in run(name, module, reverse=reverse))
    except LigradError as error:
        return str(error)


def flag_ops(module: ModuleOp) -> list[CrossSetOp | CrossWaitOp]:
    return [op for op in module.walk() if isinstance(op, CrossSetOp | CrossWaitOp)]


@pytest.mark.parametrize("name", NAMES)
def test_no_flag_operation_can_be_missing(name: str) -> None:
    """Each one that is lost is a deadlock or a flag left behind."""
    for i in range(len(flag_ops(fresh(name)))):
        module = fresh(name)
        op = flag_ops(module)[i]
        text = str(op)
        op.detach()
        said = outcome(name, module, False)
        assert isinstance(said, str), text
        assert "deadlock" in said or "still counts" in said or "times more" in said


def let_others_run(core: CoreState) -> None:
    answers = iter([False])
    core.baton.wait(core.number, lambda: next(answers, True), str)


def yielding_set(core: CoreState, flag: int) -> None:
    """A set after which any other core may run first."""
    plain_set(core, flag)
    let_others_run(core)


def yielding_meet(core: CoreState, meeting: Meeting) -> None:
    """A meeting after which any core may run first."""
    plain_meet(core, meeting)
    let_others_run(core)


plain_set, plain_meet = CoreState.cross_set, CoreState.meet


@pytest.mark.parametrize("name", NAMES)
def test_without_a_flag_the_numbers_are_wrong(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for the flags from a read to the write for the next token: the ones that bring
    the data order these accesses as well, in the examples. Token by token, as several at
    once share flags."""
    monkeypatch.setattr(CoreState, "cross_set", yielding_set)

    def fresh(name: str) -> ModuleOp:
        module = token_by_token(name)
        run_passes(module, npu_pipeline(SOC)[len(lowering(SOC)) :])
        return module

    launch = launch_of(fresh(name))
    ahead = [op for r in launch.regions for op in r.block.ops]
    carried = {op.flag.value.data for op in ahead if isinstance(op, CrossSetOp)}
    flags = {op.flag.value.data for op in flag_ops(fresh(name))}
    expected = [outcome(name, fresh(name), reverse) for reverse in (False, True)]
    assert expected[0] == expected[1] or name != "forward_scores"
    assert all(isinstance(found, tuple) for found in expected)
    assert len(flags - carried) >= 2
    for flag in flags - carried:
        module = fresh(name)
        for op in flag_ops(module):
            if op.flag.value.data == flag:
                op.detach()
        assert [outcome(name, module, r) for r in (False, True)] != expected, flag


# ---- before there are flags


def lowered(name: str, layout: str = "BSND") -> ModuleOp:
    module = operator(name, layout).module("lig").clone()
    run_passes(module, lowering(SOC))
    return module


def token_by_token(name: str) -> ModuleOp:
    module = operator(name).module("lig").clone()
    run_passes(module, (LowerToNpuPass(SOC),))
    return module


def meetings(module: ModuleOp) -> list[list[SyncGroupOp]]:
    """Of each body, in order."""
    return [
        [op for op in region.walk() if isinstance(op, SyncGroupOp)]
        for region in launch_of(module).regions
    ]


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("cores", [1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_a_lowered_program_is_right_by_itself(
    name: str, cores: int, reverse: bool
) -> None:
    found, values = operator(name), inputs(name)
    outputs = run(name, lowered(name), cores=cores, reverse=reverse)
    named = found.bind(values).results(outputs)
    for comparison in check_outputs(found, values, named).values():
        assert comparison.ok, comparison


@pytest.mark.parametrize("name", NAMES)
def test_flags_and_places_change_no_bit(name: str) -> None:
    """Of a run in the same order of cores; dk is added to by two of them."""
    before, behind = run(name, lowered(name)), run(name, fresh(name))
    found = operator(name)
    for port, a, b in zip(found.signature.outputs, before, behind):
        assert a.tobytes() == b.tobytes() or port.name == "dk"


@pytest.mark.parametrize("name", NAMES)
def test_every_core_of_a_group_meets_as_often(name: str) -> None:
    cube, vector = meetings(lowered(name))
    assert len(cube) == len(vector) >= 3
    assert not any(meetings(fresh(name)))
    cube[0].detach()
    module = cube[1].get_toplevel_object()
    assert isinstance(module, ModuleOp)
    assert "deadlock" in str(outcome(name, module, False))


@pytest.mark.parametrize("name", NAMES)
def test_no_meeting_can_be_missing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """But for that behind a token: the first stage of the next one only gathers."""
    monkeypatch.setattr(CoreState, "meet", yielding_meet)
    expected = [
        outcome(name, token_by_token(name), reverse) for reverse in (False, True)
    ]
    for i in range(len(meetings(token_by_token(name))[0]) - 1):
        module = token_by_token(name)
        for body in meetings(module):
            body[i].detach()
        found = [outcome(name, module, reverse) for reverse in (False, True)]
        assert found != expected, i


# ---- the passes themselves


PASSES: dict[str, Callable[[], ModulePass]] = {
    "lower-to-npu": LowerToNpuPass,
    "insert-cross-sync": InsertCrossSyncPass,
    "place-buffers": PlaceBuffersPass,
}


def test_placing_twice_is_placing_once() -> None:
    module = fresh("lightning_indexer_grad")
    once = str(module)
    run_passes(module, (PlaceBuffersPass(),))
    assert str(module) == once


def test_lowering_twice_is_refused() -> None:
    module = fresh("lightning_indexer_grad")
    with pytest.raises(PassFailedException, match="lower-to-npu: "):
        run_passes(module, (LowerToNpuPass(),))


def test_synchronising_twice_is_refused() -> None:
    module = fresh("lightning_indexer_grad")
    with pytest.raises(PassFailedException, match="insert-cross-sync: "):
        run_passes(module, (InsertCrossSyncPass(),))


def test_an_unknown_chip_is_refused() -> None:
    with pytest.raises(PassFailedException, match="there is no chip 'x'"):
        run_passes(graph("forward_scores"), npu_pipeline("x"))


@pytest.mark.parametrize("name", PASSES)
def test_a_module_without_work_is_left_alone(name: str) -> None:
    if name == "lower-to-npu":
        pytest.skip("it needs a graph")
    module = ModuleOp([])
    PASSES[name]().apply(Context(), module)
    assert module.is_structurally_equivalent(ModuleOp([]))


@pytest.mark.parametrize("name", NAMES)
def test_the_same_graph_gives_the_same_program(name: str) -> None:
    texts: list[str] = []
    for _ in range(2):
        module = graph(name)
        run_passes(module, npu_pipeline(SOC))
        texts.append(str(module))
    assert texts[0] == texts[1]


DATA_OR_ORDER = (
    NpuOp,
    AllocOp,
    BarrierOp,
    CrossSetOp,
    CrossWaitOp,
    SetFlagOp,
    SyncGroupOp,
    WaitFlagOp,
)


@pytest.mark.parametrize("layout", ["BSND", "TND"])
@pytest.mark.parametrize("name", NAMES)
def test_operations_know_their_line(name: str, layout: str) -> None:
    """After every pass: each operation of the graph, and each one of a core that touches
    data or orders what does."""
    [path] = [path for path in EXAMPLES if path.stem == name]
    module = lower(parse(path.read_text(), path.name), dtype="bf16", layout=layout)
    lines = len(path.read_text().splitlines())
    seen: Counter[str] = Counter()
    for step in [(), *((p,) for p in (*PIPELINES["graph-mixed"], *npu_pipeline(SOC)))]:
        run_passes(module, step)
        for op in module.walk():
            if op.name.startswith("lig.") or isinstance(op, DATA_OR_ORDER):
                assert isinstance(op.location, FileLineColLoc), op
                assert op.location.filename.data == path.name
                assert 1 <= op.location.line.data <= lines
                seen[op.name.partition(".")[0]] += 1
    assert min(seen["lig"], seen["npu"]) > 50
    assert set(seen) == {"lig", "npu"}


@pytest.mark.parametrize("name", NAMES)
def test_what_a_line_makes_is_of_that_line(name: str) -> None:
    """A buffer that is called as a formula is filled by that formula's operations."""
    [path] = [path for path in EXAMPLES if path.stem == name]
    for row, text in enumerate(path.read_text().splitlines(), 1):
        formula = text.partition(" = ")[0]
        if not formula.isidentifier():
            continue
        for op in fresh(name).walk():
            if isinstance(op, BinaryOp | ReluOp | SumOp) and (
                op.dst.name_hint == formula
            ):
                assert isinstance(op.location, FileLineColLoc)
                assert op.location.line.data == row


def test_an_overflow_names_the_formulas() -> None:
    """The row of 8192 entries of 10 values, by size: which formula each belongs to, and
    how much there is too much."""
    text = next(p for p in EXAMPLES if p.stem == "lightning_indexer_grad").read_text()
    found = ligrad.compile(text.replace("1..2048", "1..8192"), schedule="baseline")
    with pytest.raises(LigradError) as caught:
        found.module("npu")
    said = str(caught.value)
    total, room = 248448, capacity(find_soc(SOC), Space.UB)
    assert re.match(
        r"<string>:\d+:\d+: error: no kernel for this: 248448 bytes of UB", said
    )
    assert f" {total - room} more than the {room} of a core" in said
    listed = re.findall(r"([\w.]+) \((\d+)\)", said)
    assert sum(int(size) for _, size in listed) == total
    rows = {name for name, size in listed if size == "32768"}
    assert {"S", "dy.f32", "S.times_dy"} <= rows
    assert {("Y.relu_grad", "16384"), ("Y.bf16", "16384")} <= {*listed}
    assert "value" not in dict(listed)
