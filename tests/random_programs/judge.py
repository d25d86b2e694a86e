"""What became of a case: right, or what went wrong."""

from __future__ import annotations

import re
import traceback
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

import ligrad
from backends.oracle.compare import compare
from backends.oracle.evaluate import Reference
from ligrad.check import references
from ligrad_ir.errors import LigradError
from tests.random_programs.case import Case

Kind = Literal[
    "right",
    "wrong",
    "refused",
    "does not compile",
    "traceback",
    "hazard",
    "late",
]
KINDS: tuple[Kind, ...] = (
    "right",
    "wrong",
    "refused",
    "does not compile",
    "traceback",
    "hazard",
    "late",
)
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Verdict:
    """kind; sort: what verdicts of one cause have in common; detail: in full."""

    kind: Kind
    sort: str = ""
    detail: str = ""

    def same(self, other: Verdict) -> bool:
        """Whether both have one cause, as far as one can tell."""
        return (self.kind, self.sort) == (other.kind, other.sort)


class _Wrong(Exception):
    """Outputs are wrong."""

    def __init__(self, sort: str, message: str):
        self.sort = sort
        super().__init__(message)


class _Hazard(Exception):
    """The twin has found something."""


def judge(case: Case, level: str) -> Verdict:
    """Compile and run a case at a level (graph, tiled or source), and compare."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            _run(case, level)
        except _Wrong as error:
            return Verdict("wrong", error.sort, str(error))
        except _Hazard as error:
            return Verdict("hazard", _gist(str(error)), str(error))
        except LigradError as error:
            kind: Kind = "refused"
            if "does not compile" in str(error):
                kind = "does not compile"
            return Verdict(kind, _gist(str(error)), str(error))
        except Exception as error:
            frames = traceback.extract_tb(error.__traceback__)
            ours = [f for f in frames if Path(f.filename).is_relative_to(ROOT)]
            last = ours[-1]
            place = f"{Path(last.filename).relative_to(ROOT)}:{last.name}"
            text = "".join(traceback.format_exception(error))
            return Verdict("traceback", f"{type(error).__name__} in {place}", text)
    return Verdict("right")


def _run(case: Case, level: str) -> None:
    settings = case.settings
    operator = ligrad.compile(
        case.program.text(),
        dtype=settings.dtype,
        layout=settings.layout,
        schedule=settings.schedule,
        deterministic=settings.deterministic,
        precision=settings.precision if level == "graph" else "mixed",
    )
    if level != "graph":
        operator.module("npu")
    if level == "source":
        operator.module("ascendc")
    inputs = case.inputs()
    operator.bind(inputs)
    try:
        outputs = _outputs(
            operator, case, inputs, level, settings.cores, settings.workers
        )
    except LigradError as error:  # what lowers, runs
        if "does not compile" in str(error):
            raise
        raise _Hazard(str(error)) from error
    expected = references(operator, inputs, operator.precision)
    for name, reference in expected.items():
        found = compare(_explained(outputs[name], reference), reference)
        if not found.ok:
            sort = found.problem.partition(" ")[0] or "numbers"
            raise _Wrong(sort, f"{name}: {found}")
    if settings.deterministic and level != "source":
        again = _outputs(operator, case, inputs, level, 5, 5)
        for name, array in outputs.items():
            if array.tobytes() != again[name].tobytes():
                raise _Wrong("other bits", name)


def _outputs(
    operator: ligrad.Operator,
    case: Case,
    inputs: dict[str, Any],
    level: str,
    cores: int,
    workers: int,
) -> dict[str, np.ndarray[Any, Any]]:
    if level == "source":
        done = operator.run_source(inputs, cores)
        if done.report.hazards:
            raise _Hazard("\n".join(map(str, done.report.hazards)))
        return done.outputs
    if level == "tiled":
        return operator.run(inputs, level, cores)
    return operator.run(inputs, level, workers=workers)


def _explained(output: np.ndarray[Any, Any], reference: Reference) -> Any:
    """An output without what may be anything, since a number on the way overflows."""
    lost = np.isinf(reference.bound) & ~np.isfinite(output.astype(np.float64))
    if output.shape != reference.value.shape or not lost.any():
        return output
    with np.errstate(over="ignore"):
        return np.where(lost, reference.value.astype(output.dtype), output)


def _gist(message: str) -> str:
    """A message without what differs from program to program."""
    lines = [line for line in message.splitlines() if line.strip()]
    text = next((line for line in lines if "error:" in line), lines[0] if lines else "")
    text = re.sub(r"^.*?(error|warning): ", "", text)
    text = re.sub(r"\b(v\d+|x\d+|idx|ids|total)\b", "_", text)
    text = re.sub(r"%\w+", "%_", text)
    text = re.sub(r"\d+", "n", text)
    text = re.sub(r"\[[A-Z0-9n, ]*\]|\b[A-Z]\d?\b", "AXES", text)
    return text[:160]
