"""Axes whose extent is always 1, which formulas and kernels do without: the batch, or the
length of its runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import ligrad
from ligrad.check import check_outputs
from ligrad.workload import generate

EXAMPLES = Path(__file__).parents[2] / "examples"
TEXT = (EXAMPLES / "forward_scores.lig").read_text(encoding="utf-8")
SHAPE = {"B": 2, "S1": 3, "S2": 20, "N1": 4, "K": 6}


@pytest.mark.parametrize("layout", ["BSND", "TND"])
@pytest.mark.parametrize("axis", ["B", "S1"])
@pytest.mark.parametrize("extent", ["= 1", "in 1..1"])
def test_batch_and_runs(axis: str, extent: str, layout: str) -> None:
    text, count = re.subn(rf"(axis {axis} +)in \S+", rf"\1{extent}", TEXT)
    assert count == 1
    operator = ligrad.compile(text, layout=layout)
    shape = {name: number for name, number in SHAPE.items() if name != axis}
    values = generate(operator.signature, shape)
    for level, precision in (("graph", "float32"), ("tiled", "mixed")):
        outputs = operator.run(values, level)
        found = check_outputs(operator, values, outputs, precision)
        assert all(each.ok for each in found.values()), found
    text = str(operator.module("ascendc"))
    assert ("ExtentT" in text) == (layout == "BSND")
