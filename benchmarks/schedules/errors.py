"""How far the schedules' results are from a float64 oracle."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

import ligrad
from backends.call.dtypes import Array
from backends.graph.interpreter import run_graph
from benchmarks.schedules.inputs import HALVES
from benchmarks.schedules.measure import (
    MAIN,
    Setup,
    example,
    kernel,
    scheduled,
)
from ligrad.check import references
from passes.pipelines import Schedule, kernel_pipeline, npu_pipeline, run_passes

OUTPUTS = ("dq", "dk", "dw")


@dataclass(frozen=True)
class Error:
    """Of an output: rms, the root mean square of the errors over that of the values;
    worst, the largest error over the latter."""

    rms: float
    worst: float


def error(output: Array, reference: Array) -> Error:
    """How far an output is from what it should be."""
    wrong = np.abs(output.astype(np.float64) - reference)
    scale = np.sqrt(np.mean(reference**2))
    return Error(float(np.sqrt(np.mean(wrong**2)) / scale), float(wrong.max() / scale))


def alone(setup: Setup) -> Setup:
    """The same on one group of cores: as many tokens as a long run has there."""
    return replace(setup, cores=1)


@cache
def truth(setup: Setup, dtype: str) -> dict[str, Array]:
    """The outputs of the longer run in float64, by name; not rounded."""
    operator = ligrad.compile(example(MAIN), dtype=dtype)
    found = references(operator, setup.values(dtype), "float32")
    return {name: reference.value for name, reference in found.items()}


def errors(outputs: Mapping[str, Array], setup: Setup, dtype: str) -> dict[str, Error]:
    """Of every output of the longer run."""
    right = truth(setup, dtype)
    return {name: error(outputs[name], right[name]) for name in OUTPUTS}


def rounded(setup: Setup, dtype: str) -> dict[str, Error]:
    """Of results that are only rounded."""
    right = truth(setup, dtype)
    return errors({k: v.astype(HALVES[dtype]) for k, v in right.items()}, setup, dtype)


def outputs(schedule: Schedule, setup: Setup, dtype: str) -> dict[str, Array]:
    """What the kernel of a schedule gives on the twin."""
    program = scheduled(schedule, setup.soc, dtype)
    return program.run(setup.values(dtype), setup.cores).outputs


def unrounded(schedule: Schedule, setup: Setup, dtype: str, *, on_twin: bool) -> Array:
    """dq before its last rounding: from the same formulas with dq declared as float32;
    by the kernel, or faster, by interpreting the graph that is lowered to it."""
    formulas = re.sub(r"(?m)^(output\s+dq\s*:\s*)half", r"\1float32", example(MAIN))
    values: dict[str, Any] = setup.values(dtype)
    passes = kernel_pipeline(setup.soc, schedule=schedule)
    if on_twin:
        program = kernel(formulas, setup.soc, dtype, passes)
        return program.run(values, setup.cores).outputs["dq"]
    operator = ligrad.compile(formulas, soc=setup.soc, dtype=dtype)
    module = operator.source.clone()
    run_passes(module, passes[: -len(npu_pipeline(setup.soc, schedule=schedule))])
    bound = operator.bind(values)
    return bound.results(run_graph(module, bound.arguments, bound.extents))["dq"]
