"""Several tokens at once, token by token, and outer products on either unit, at the level
`tiled` on small shapes; within the bounds, the same whatever the order, and ordered."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any, get_args

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import PassFailedException

import ligrad
from backends.call.dtypes import Array
from ligrad.workload import generate
from ligrad_ir.dialects.npu.cube import MmadOp
from ligrad_ir.dialects.npu.launch import WorkspaceOp
from passes.lower_to_npu import LowerToNpuPass, Unit
from passes.pipelines import PIPELINES, lowering, npu_pipeline, run_passes
from passes.round_before_selection import RoundBeforeSelectionPass
from tests.end_to_end.test_stream import RAGGED, SHAPES, inputs, run, small
from tests.end_to_end.test_tiled import check, example
from tests.passes.pipe_clocks import PipeClocks
from tests.passes.test_npu_passes import Lifetimes

NAMES = ("lightning_indexer_grad", "forward_scores", "linear_indexer_grad")
SOC = "ascend910b1"
TOKENS = (1, 2, 3)
MOST = [(NAMES[0], tokens) for tokens in TOKENS] + [(name, 2) for name in NAMES[1:]]
"""Every number of tokens, and every example."""


@cache
def operator(name: str, layout: str, deterministic: bool = False) -> ligrad.Operator:
    return ligrad.compile(
        example(name),
        dtype="bf16" if layout == "BSND" else "fp16",
        layout=layout,
        schedule="baseline",
        precision="mixed",
        deterministic=deterministic,
    )


@cache
def overlapped(
    name: str,
    layout: str,
    tokens: int,
    unit: Unit = "cube",
    deterministic: bool = False,
) -> ModuleOp:
    module = operator(name, layout, deterministic).source.clone()
    lower = LowerToNpuPass(SOC, deterministic, tokens=tokens, outer_products=unit)
    rest = npu_pipeline(SOC, deterministic=deterministic)[len(lowering(SOC)) :]
    first = (*PIPELINES["graph-mixed"], RoundBeforeSelectionPass())
    run_passes(module, (*first, lower, *rest))
    return module


def workspaces(module: ModuleOp) -> Counter[str]:
    """How many there are of each value."""
    labels = (op.label.data for op in module.walk() if isinstance(op, WorkspaceOp))
    return Counter(label.partition("_workspace")[0] for label in labels)


COUNTS: dict[str, dict[str, Any]] = {
    **{
        f"{count} tokens": {"B": 1, "S1": count, "S2": 70, "N1": 3, "K": 65}
        for count in (1, 2, 3, 4, 7)
    },
    "both vector cores": {"B": 2, "S1": 3, "S2": 140, "N1": 18, "K": 130},
    "one entry": {"B": 1, "S1": 3, "S2": 3, "N1": 17, "K": 1},
}


@pytest.mark.parametrize(("name", "tokens"), MOST)
@pytest.mark.parametrize("shape", COUNTS)
def test_errors_stay_within_what_rounding_explains(
    name: str, shape: str, tokens: int
) -> None:
    """Fewer tokens than are worked on at once, as many and more; some cores have none."""
    found, module = operator(name, "BSND"), overlapped(name, "BSND", tokens)
    values = inputs(name, "BSND", COUNTS[shape], seed=tokens)
    for cores, reverse in ((1, False), (2, True)):
        check(found, values, run(found, module, values, cores, reverse=reverse))


@pytest.mark.parametrize(("name", "tokens"), MOST)
@pytest.mark.parametrize("mode", [0, 3])
def test_ragged_batches(name: str, mode: int, tokens: int) -> None:
    """Tokens of different lengths, and with no entries, behind each other in a slot: what
    an outer product leaves behind the valid entries is that of an earlier token."""
    found, module = operator(name, "TND"), overlapped(name, "TND", tokens)
    values = generate(found.signature, RAGGED, seed=1, attributes={"sparse_mode": mode})
    for reverse in (False, True):
        check(found, values, run(found, module, values, 2, reverse=reverse))


@pytest.mark.parametrize("layout", ["BSND", "TND"])
@pytest.mark.parametrize("name", NAMES)
def test_where_sums_are_exact_no_order_makes_a_difference(
    name: str, layout: str
) -> None:
    found = operator(name, layout)
    shape = RAGGED if layout == "TND" else SHAPES["many windows"]
    values = small(name, layout, dict(shape, N1=5))

    def bits(module: ModuleOp, cores: int, reverse: bool) -> dict[str, bytes]:
        outputs = run(found, module, values, cores, reverse=reverse)
        return {port: array.tobytes() for port, array in outputs.items()}

    expected = bits(overlapped(name, layout, 1, "vector"), 1, False)
    for tokens, unit in ((1, "cube"), (2, "cube"), (3, "vector")):
        module = overlapped(name, layout, tokens, unit)
        for cores, reverse in ((1, True), (3, False)):
            assert bits(module, cores, reverse) == expected


def test_deterministic_is_one_token_at_a_time() -> None:
    """And gives the same bits on any number of cores."""
    name = NAMES[0]
    module = overlapped(name, "TND", 3, deterministic=True)
    assert set(workspaces(module).values()) == {1}
    found, values = operator(name, "TND", True), inputs(name, "TND", RAGGED)
    outputs = [run(found, module, values, cores) for cores in (1, 2, 3)]
    check(found, values, outputs[0])
    for port, array in outputs[0].items():
        assert all(other[port].tobytes() == array.tobytes() for other in outputs)


def test_every_token_at_work_has_workspaces_of_its_own() -> None:
    """But for what all tokens add to."""
    for tokens in TOKENS:
        found = workspaces(overlapped(NAMES[0], "BSND", tokens))
        assert found.pop("dK") == 1
        assert len(found) == 5
        assert set(found.values()) == {tokens}


@pytest.mark.parametrize("tokens", TOKENS)
@pytest.mark.parametrize("name", NAMES)
def test_pipes_are_ordered_and_buffers_are_apart(name: str, tokens: int) -> None:
    found, module = operator(name, "BSND"), overlapped(name, "BSND", tokens)
    values = inputs(name, "BSND", COUNTS["7 tokens"])
    clocks, lifetimes = PipeClocks(), Lifetimes()
    run(found, module, values, 1, clocks, lifetimes)
    assert not clocks.hazards
    assert not lifetimes.clobbered
    assert lifetimes.reads > 100


# ---- outer products


def products(module: ModuleOp) -> int:
    return sum(isinstance(op, MmadOp) for op in module.walk())


@pytest.mark.parametrize("name", NAMES)
def test_only_an_outer_product_of_two_arguments_changes_units(name: str) -> None:
    """dy x w is one in both gradients; the scores forward have none."""
    cube, vector = (
        products(overlapped(name, "BSND", 1, unit)) for unit in reversed(get_args(Unit))
    )
    assert cube == vector + (name != "forward_scores")


def test_what_is_behind_the_valid_entries_is_never_seen() -> None:
    """The first token of a slot leaves infinities where the next one has no entries."""
    name = NAMES[0]
    found, module = operator(name, "BSND"), overlapped(name, "BSND", 2)
    shape = {"B": 1, "S1": 6, "S2": 70, "N1": 3, "K": 65}
    values = generate(found.signature, shape, seed=3, attributes={"sparse_mode": 0})
    plain = run(found, module, values, 1)
    values["dy"][:, :2] = np.inf
    with np.errstate(all="ignore"):
        outputs = run(found, module, values, 1)
    assert not np.isfinite(outputs["dq"][:, :2].astype(np.float32)).all()
    for port in ("dq", "dw"):
        same: Array = outputs[port][:, 2:]
        assert same.tobytes() == plain[port][:, 2:].tobytes()


@pytest.mark.parametrize("options", [{"tokens": 0}, {"outer_products": "both"}])
def test_wrong_options_are_refused(options: dict[str, Any]) -> None:
    module = operator(NAMES[0], "BSND").source.clone()
    run_passes(module, PIPELINES["graph-mixed"])
    with pytest.raises(
        PassFailedException, match=r"is .*, must be (1 to 8|one of: vector, cube)"
    ):
        run_passes(module, (LowerToNpuPass(SOC, **options),))
