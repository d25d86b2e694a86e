"""The pass that docs/passes.md adds works as it is printed there."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from xdsl.passes import ModulePass

import ligrad
from backends.tiled.call import run_tiled
from ligrad.check import check_outputs
from ligrad.workload import generate
from ligrad_ir.dialects.lig import ops as lig
from passes.pipelines import (
    PIPELINES,
    SIMPLIFY,
    algebra,
    npu_pipeline,
    run_passes,
)

ROOT = Path(__file__).parents[2]
FORMULA = "Y = Dy * Weights"


@pytest.fixture(scope="module")
def added() -> ModulePass:
    """The pass in the block of the page, which also has its line in a pipeline."""
    text = (ROOT / "docs/passes.md").read_text(encoding="utf-8")
    [source] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert "\n    MergeConstantsPass(),\n" in text
    names: dict[str, Any] = ModuleType("merge_constants").__dict__
    exec(compile(source, "docs/passes.md", "exec"), names)
    return names["MergeConstantsPass"]()


def program(formula: str) -> ligrad.Operator:
    source = (ROOT / "examples/lightning_indexer_grad.lig").read_text()
    assert FORMULA in source
    return ligrad.compile(source.replace(FORMULA, formula))


@pytest.mark.parametrize(
    ("formula", "left"),
    [
        (FORMULA, []),
        ("Y = 0.5 * Dy * Weights", [0.5]),
        ("Y = 0.5 * (4 * Dy) * Weights", [2.0]),
        ("Y = 0.5 * ((Dy * 2) * 3) * Weights", [3.0]),
        ("Y = 0.5 * (2 * Dy) * Weights", []),
    ],
)
def test_constants_become_one(
    added: ModulePass, formula: str, left: list[float]
) -> None:
    module = program(formula).source.clone()
    run_passes(module, (*SIMPLIFY, added, *SIMPLIFY))
    found = [op for op in module.walk() if isinstance(op, lig.ConstantOp)]
    assert [op.value.value.data for op in found] == left


def test_kernels_are_right_with_one_line_more(added: ModulePass) -> None:
    operator = program("Y = 0.5 * (4 * Dy) * Weights")
    shape = {"S1": 3, "S2": 80, "N1": 5, "K": 66}
    values = generate(operator.signature, shape)
    module = operator.source.clone()
    rest = PIPELINES["optimized-mixed"][len(algebra("half")) :]
    tiled = npu_pipeline(operator.soc.name, schedule="optimized")
    run_passes(module, (*SIMPLIFY, added, *algebra("half"), *rest, *tiled))
    bound = operator.bind(values)
    outputs = bound.results(run_tiled(module, bound, 2))
    for name, found in check_outputs(operator, values, outputs, "mixed").items():
        assert found.ok, f"{name}: {found}"
