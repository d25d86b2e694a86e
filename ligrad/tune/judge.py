"""What a choice costs: the emitted kernel, compiled and run on the twin, and checked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal

from xdsl.utils.exceptions import PassFailedException

from backends.ascendc.project import lone_files
from backends.ascendc.source import SourceRun, run_source
from backends.ascendc.steady import Steady, difference
from backends.cost.model import predict, token_cost
from backends.oracle.compare import compare
from ligrad.compiler import Operator
from ligrad.tune.problem import Problem
from ligrad_ir.errors import LigradError
from passes.choices import LOWERINGS, Choice
from passes.pipelines import run_passes

Status = Literal["ok", "refused", "hazard", "wrong"]
"""Of a measurement. `refused`: no kernel, or none that runs; `wrong`: an output is further
from the oracle than its bound."""


KEPT = 16
"""Lowered operators that a process keeps: some that were predicted are measured next."""


@dataclass(frozen=True)
class Measured:
    """A token of the steady state on one group of cores, in the twin's model of time.

    read, written: bytes of GM; cube: of the cycles, the share in which the cube unit does
    a step; busy: shares of the cycles by unit; waits: the same of the scalar and other
    units by reason, as `AIC S: memory`; moved: bytes by API; reason: why there are no
    numbers, or why they do not count.
    """

    status: Status
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
class Expected:
    """What is known of a choice before its kernel runs. kernel: a name for its text, empty
    if there is none: choices with the same kernel cost the same; cycles, read, written: as
    the cost model has them, None where it does not know an operation; reason: why not, or
    why there is no kernel."""

    kernel: str
    cycles: float | None = None
    read: float | None = None
    written: float | None = None
    reason: str = ""

    @property
    def bytes(self) -> float | None:
        """Read and written."""
        if self.read is None or self.written is None:
            return None
        return self.read + self.written


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
    """A name for what the lowering makes, which all passes behind it take alike.

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


_known: dict[tuple[Problem, str], Expected] = {}
"""Choices with the same kernel are common."""


def expect(problem: Problem, choice: Choice) -> Expected:
    """Lower a program with a choice, and predict what its kernel costs; never raises for
    what the choice is to blame for."""
    try:
        operator, kernel = lowered(problem, choice)
    except Exception as error:  # a mistake of a pass, too, is one row
        return Expected("", reason=_reason(error))
    if (problem, kernel) not in _known:
        _known[problem, kernel] = _predicted(problem, operator, kernel)
    return _known[problem, kernel]


def _predicted(problem: Problem, operator: Operator, kernel: str) -> Expected:
    few, many = problem.few, problem.many
    try:
        short, long = (
            predict(operator.module("npu"), operator.bind(problem.inputs(tokens)))
            for tokens in (few, many)
        )
    except Exception as error:  # it has an operation that the model does not know
        return Expected(kernel, reason=_reason(error))
    cost = token_cost(short, long, many - few)
    return Expected(kernel, cost.cycles, cost.read, cost.written)


def measure(problem: Problem, choice: Choice) -> Measured:
    """Compile the kernel of a choice and run it twice; never raises for what the choice
    is to blame for."""
    try:
        operator, _ = lowered(problem, choice)
        short, long = (_run(operator, problem, n) for n in (problem.few, problem.many))
        cost = difference(short, long, problem.many - problem.few)
    except LigradError as error:
        return Measured("refused", reason=_reason(error))
    status, reason = _verdict(problem, short, long)
    return _measured(status, reason, cost, _moved(short, long, problem))


def _run(operator: Operator, problem: Problem, tokens: int) -> SourceRun:
    bound = operator.bind(problem.inputs(tokens))
    return run_source(operator.module("ascendc"), bound, 1, operator.soc)


def _verdict(problem: Problem, short: SourceRun, long: SourceRun) -> tuple[Status, str]:
    hazards = [each for run in (short, long) for each in run.report.hazards]
    if hazards:
        return "hazard", _first_line(hazards[0]).partition(": ")[2]  # less the file
    for name, reference in (problem.references() or {}).items():
        found = compare(long.outputs[name], reference)
        if not found.ok:
            return "wrong", f"{name}: {found}"
    return "ok", ""


def _measured(
    status: Status, reason: str, cost: Steady, moved: Mapping[str, float]
) -> Measured:
    return Measured(
        status,
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
        reason,
    )


def _moved(short: SourceRun, long: SourceRun, problem: Problem) -> dict[str, float]:
    """Bytes that a token more moves, by API."""
    sums: dict[str, float] = {}
    for run, sign in ((short, -1), (long, 1)):
        assert run.report.time is not None
        for api, (read, written) in run.report.time.by_api().items():
            more = sign * (read + written) / (problem.many - problem.few)
            sums[api] = sums.get(api, 0.0) + more
    return {api: moved for api, moved in sums.items() if moved}


def _reason(error: Exception) -> str:
    """What an error says; its kind too, where it was not meant for users."""
    text = _first_line(error)
    return text if isinstance(error, LigradError) else f"{type(error).__name__}: {text}"


def _first_line(what: object) -> str:
    return str(what).strip().partition("\n")[0]
