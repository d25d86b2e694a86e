"""What a choice costs: its kernel on the twin, timed without checks, then checked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal

from xdsl.utils.exceptions import PassFailedException

from backends.oracle.compare import compare
from backends.project.project import lone_files
from backends.project.run import SourceRun, run_source
from ligrad.compiler import Operator
from ligrad.tune.problem import Problem
from ligrad.tune.steady import Steady, difference
from ligrad_ir.errors import LigradError
from passes.choices import LOWERINGS, Choice
from passes.pipelines import run_passes

KEPT = 128
"""Lowered operators that a process keeps: what is lowered is timed next."""


@dataclass(frozen=True)
class Lowered:
    """kernel: a name for the text of the kernel, empty if there is none; choices with the
    same kernel cost the same. reason: why there is none."""

    kernel: str
    reason: str = ""


@dataclass(frozen=True)
class Timed:
    """A token of the steady state on one group of cores, on the twin's clock.

    cycles: 0 if the kernel does not run, and reason says why; read, written: bytes of GM;
    cube: the share of the cycles in which the cube unit does a step; busy: shares of the
    cycles by unit; waits: those of the scalar and other units by reason, as
    `AIC S: memory`; moved: bytes by API.
    """

    cycles: float = 0.0
    read: float = 0.0
    written: float = 0.0
    cube: float = 0.0
    busy: Mapping[str, float] = field(default_factory=dict[str, float])
    waits: Mapping[str, float] = field(default_factory=dict[str, float])
    moved: Mapping[str, float] = field(default_factory=dict[str, float])
    reason: str = ""

    @property
    def bytes(self) -> float:
        """Read and written."""
        return self.read + self.written


@dataclass(frozen=True)
class Checked:
    """What a run with all checks found. `wrong`: an output is further from the oracle than
    its bound; reason: the first hazard, or the output that is wrong."""

    status: Literal["ok", "hazard", "wrong"]
    reason: str = ""


@lru_cache(maxsize=KEPT)
def _lowered(problem: Problem, choice: Choice) -> tuple[Operator, str]:
    """The operator, which keeps what it was lowered to, and a name for its kernel.

    Raises:
        LigradError: a pass refuses the program.
    """
    operator = problem.operator(choice)
    launch = problem, _launch(operator)
    if launch not in _kernels:
        files = lone_files(operator.module("ascendc"))
        _kernels[launch] = _name(repr(sorted(files.items())))
    return operator, _kernels[launch]


_kernels: dict[tuple[Problem, str], str] = {}
"""The names of kernels by those of what they are made from: where a graph is lowered the
same way whatever is chosen, one kernel is enough."""


def _launch(operator: Operator) -> str:
    """A name for the result of the lowering, which all later passes treat alike.

    Raises:
        LigradError: it refuses the program.
    """
    passes, kinds = operator.pipeline(), tuple(LOWERINGS.values())
    lowering = [isinstance(each, kinds) for each in passes].index(True)
    module = operator.source.clone()
    try:
        run_passes(module, passes[: lowering + 1])
    except PassFailedException as error:
        raise LigradError(str(error)) from error
    return _name(str(module))


def _name(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def lowered(problem: Problem, choice: Choice) -> tuple[Operator, str]:
    """The same; shapes share it."""
    return _lowered(replace(problem, shape=""), choice)


def lower(problem: Problem, choice: Choice) -> Lowered:
    """Lower a program with a choice; never raises for what the choice is to blame for."""
    try:
        return Lowered(lowered(problem, choice)[1])
    except Exception as error:  # a mistake of a pass, too, is one row
        return Lowered("", reason=_reason(error))


def time(problem: Problem, choice: Choice) -> Timed:
    """Compile the kernel of a choice and run it twice, unchecked; never raises for what
    the choice is to blame for."""
    few, many = problem.few, problem.many
    try:
        short, long = (_run(problem, choice, n, check=False) for n in (few, many))
        cost = difference(short, long, many - few)
    except LigradError as error:
        return Timed(reason=_reason(error))
    return _timed(cost, _moved(short, long, many - few))


def check(problem: Problem, choice: Choice) -> Checked:
    """Run the kernel of a choice that was timed on all tokens, with every check.

    Raises:
        LigradError: it does not compile.
    """
    run = _run(problem, choice, problem.many, check=True)
    if run.report.hazards:
        found = _first_line(run.report.hazards[0]).partition(": ")[2]  # less the file
        return Checked("hazard", found)
    for name, reference in (problem.references() or {}).items():
        compared = compare(run.outputs[name], reference)
        if not compared.ok:
            return Checked("wrong", f"{name}: {compared}")
    return Checked("ok")


def _run(problem: Problem, choice: Choice, tokens: int, *, check: bool) -> SourceRun:
    """Checked or timed: the one is as slow as the other, and nobody wants both."""
    operator, _ = lowered(problem, choice)
    bound = operator.bind(problem.inputs(tokens))
    module = operator.module("ascendc")
    return run_source(module, bound, 1, operator.soc, check=check, clock=not check)


def _timed(cost: Steady, moved: Mapping[str, float]) -> Timed:
    return Timed(
        cost.cycles,
        cost.read,
        cost.written,
        cost.cube,
        {unit: busy / cost.cycles for unit, busy in cost.busy.items()},
        {
            f"{unit}: {why}": cycles / cost.cycles
            for unit, reasons in cost.stalls.items()
            for why, cycles in reasons.items()
        },
        moved,
    )


def _moved(short: SourceRun, long: SourceRun, tokens: int) -> dict[str, float]:
    """Bytes that each of the further tokens of the longer run moves, by API."""
    sums: dict[str, float] = {}
    for run, sign in ((short, -1), (long, 1)):
        assert run.report.time is not None
        for api, (read, written) in run.report.time.by_api().items():
            sums[api] = sums.get(api, 0.0) + sign * (read + written) / tokens
    return {api: moved for api, moved in sums.items() if moved}


def _reason(error: Exception) -> str:
    """What an error says; its kind too, where it was not meant for users."""
    text = _first_line(error)
    return text if isinstance(error, LigradError) else f"{type(error).__name__}: {text}"


def _first_line(what: object) -> str:
    return str(what).strip().partition("\n")[0]
