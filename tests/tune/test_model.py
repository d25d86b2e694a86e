"""The cost model by itself, and against the clock with other parameters."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from backends.ascendc.source import run_source
from backends.ascendc.twin.timing import DEFAULT_TIMING
from backends.cost.model import predict
from backends.cost.port import WINDOW, Port
from ligrad.compiler import Operator
from ligrad.tune.problem import Problem
from ligrad_ir.dialects.npu_launch import CrossSetOp
from ligrad_ir.errors import LigradError
from passes.choices import DEFAULT_CHOICE

PROGRAM = Path(__file__).parents[2] / "examples" / "lightning_indexer_grad.lig"
PROBLEM = Problem(PROGRAM, "N1=4,K=128,S2=160")


@pytest.fixture(scope="module")
def operator() -> Operator:
    """Lowered once."""
    return PROBLEM.operator(DEFAULT_CHOICE)


def test_a_port_gives_no_byte_twice() -> None:
    dice, port = random.Random(3), Port(10.0)
    sent = [(dice.uniform(0, 500), dice.uniform(1, 400)) for _ in range(60)]
    ends = [port.move(start, count, 7.0) for start, count in sent]
    for (start, count), end in zip(sent, ends):
        assert end >= start + count / 7.0 - 1e-6
    total = sum(count for _, count in sent)
    assert max(ends) >= min(start for start, _ in sent) + total / 10.0 - WINDOW


def test_cores_that_wait_for_ever_are_told(operator: Operator) -> None:
    module = operator.module("npu").clone()
    for op in list(module.walk()):
        if isinstance(op, CrossSetOp):
            op.detach()
            op.erase()
    with pytest.raises(LigradError, match="wait for each other for ever"):
        predict(module, operator.bind(PROBLEM.inputs(3)))


@pytest.mark.parametrize(
    "changed",
    [
        {"group_port": 0, "l2_read_rate": 30, "l2_write_rate": 20},
        {"queue_depth": 4, "scalar_access": 40, "issue_load": 30, "flag_latency": 60},
        {"l2_latency": 1000, "hbm_latency": 1500, "store_latency": 40},
        {"cross_latency": 900, "atomic_factor": 8, "ub_write_rate": 9},
        {"vector_repeat": 9, "bank_read": 30, "bank_write": 20, "select_setup": 900},
        {"mmad_step": 50, "mmad_latency": 800, "fixpipe_row": 40, "l0a_rate": 5},
        {"transfer_startup": 90, "transfer_burst": 40, "reduce_repeat": 700},
    ],
)
def test_every_parameter_means_what_it_means_to_the_clock(
    operator: Operator, changed: dict[str, float]
) -> None:
    """A whole run, so that all that is done once counts too."""
    timing = DEFAULT_TIMING.changed(**changed)
    bound = operator.bind(PROBLEM.inputs(3))
    report = run_source(
        operator.module("ascendc"), bound, 1, operator.soc, timing=timing
    ).report
    found = predict(operator.module("npu"), bound, timing)
    assert report.time is not None
    assert (found.read, found.written) == (report.time.gm.read, report.time.gm.written)
    assert found.cycles == pytest.approx(report.cycles, rel=0.0005)
    for unit, busy in found.busy.items():
        cores = [each for each in report.time.cores if each.kind == unit[:3]]
        spent = sum(each.pipes[unit[4:]].busy for each in cores) / len(cores)
        assert busy == pytest.approx(spent, rel=0.001, abs=2), unit
    assert found.steps == sum(core.steps for core in report.time.cores)
