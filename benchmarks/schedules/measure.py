"""What a token costs a kernel in the steady state, in the twin's model of time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

import ligrad
from backends.ascendc.source import SourceRun, run_source
from backends.ascendc.twin.clock import Time
from backends.ascendc.twin.timing import DEFAULT_TIMING, Timing
from backends.ascendc.twin.trace import PIPES, TICKS, Trace
from backends.numpy.dtypes import Array
from benchmarks.schedules.inputs import ascending, consecutive, first
from ligrad_ir.errors import LigradError
from passes.pipelines import (
    ASCENDC_PIPELINE,
    SCHEDULES,
    Schedule,
    kernel_pipeline,
    run_passes,
)

EXAMPLES = Path(__file__).parents[2] / "examples"
MAIN = "lightning_indexer_grad"
MOST_EVENTS = 5_000_000
"""Of a trace."""
ORDER: tuple[Schedule, ...] = tuple(sorted(SCHEDULES))
"""`baseline` is what the other one is compared with."""


@dataclass(frozen=True)
class Setup:
    """A problem on a chip. few, many: tokens of a group of cores in the two runs whose
    difference is the steady state. ascending: the keys of a token in the order of their
    numbers, not of their scores."""

    soc: str = "ascend910b1"
    heads: int = 64
    entries: int = 2048
    keys: int = 8192
    cores: int = 24
    few: int = 3
    many: int = 9
    ascending: bool = False

    def values(self, dtype: str) -> dict[str, Any]:
        """Inputs for the longer run, of which the other one takes the first tokens."""
        tokens = self.many * self.cores
        values = _values(tokens, self.keys, self.heads, self.entries, dtype)
        return ascending(values) if self.ascending else values

    def __str__(self) -> str:
        order = "keys in ascending order, " * self.ascending
        groups = f"{self.cores} groups of cores" if self.cores > 1 else "1 group"
        return (
            f"{self.soc}, G=N1={self.heads}, D=128, K={self.entries}, S2={self.keys}, "
            f"BSND, sparse_mode 0, {order}{groups}, run of {self.many} tokens a group "
            f"less run of {self.few}"
        )


@cache
def _values(
    tokens: int, keys: int, heads: int, entries: int, dtype: str
) -> dict[str, Any]:
    return consecutive(tokens, keys, heads, entries, dtype)


@dataclass(frozen=True)
class Kernel:
    """A program, lowered by some passes: operator says what it takes."""

    operator: ligrad.Operator
    module: ModuleOp

    def run(
        self,
        values: Mapping[str, Any],
        cores: int,
        *,
        timing: Timing = DEFAULT_TIMING,
        trace: int = 0,
        check: bool = True,
    ) -> SourceRun:
        """Run it on the twin; of the values, it is given those that it has.

        Raises:
            LigradError: the kernel does not compile.
        """
        names = {port.name for port in self.operator.signature.inputs}
        return run_source(
            self.module,
            self.operator.bind({k: v for k, v in values.items() if k in names}),
            cores,
            self.operator.soc,
            timing=timing,
            trace=trace,
            check=check,
        )


def kernel(formulas: str, soc: str, dtype: str, passes: Sequence[ModulePass]) -> Kernel:
    """The kernel that passes make of the text of a program.

    Raises:
        LigradError: a pass refuses it.
    """
    operator = ligrad.compile(formulas, soc=soc, dtype=dtype)
    module = operator.source.clone()
    try:
        run_passes(module, (*passes, *ASCENDC_PIPELINE))
    except PassFailedException as error:
        raise LigradError(str(error)) from error
    return Kernel(operator, module)


def example(name: str) -> str:
    """The text of a program."""
    return (EXAMPLES / f"{name}.lig").read_text(encoding="utf-8")


@cache
def scheduled(
    schedule: Schedule,
    soc: str,
    dtype: str,
    name: str = MAIN,
    *,
    deterministic: bool = False,
) -> Kernel:
    """The kernel of an example in a schedule, as `ligrad compile` makes it."""
    passes = kernel_pipeline(soc, deterministic=deterministic, schedule=schedule)
    return kernel(example(name), soc, dtype, passes)


Place = tuple[str, int, bool]
"""A kind of core, the line of the program that it works for, and whether it writes."""
COMMENT = re.compile(r"\s*// .*:(\d+)$")
"""Above its lines a kernel says which line of the program they are of."""


@dataclass(frozen=True)
class Work:
    """What the calls of an API on a kind of pipe come to in a token: on all cores of a
    group together, how many, the cycles of their pipes, bytes of GM."""

    unit: str
    api: str
    count: float
    busy: float
    moved: float


@dataclass(frozen=True)
class Steady:
    """What a token more costs. cycles: of the launch, for a token more on every group;
    read, written: bytes of GM; steps: of the cube unit; busy, stalls: cycles by unit, as
    `AIC M`, and of the latter by reason too, as a mean over the cores of a kind;
    hazards: of both runs; outputs: of the longer run; work: from a trace, and so are the
    bytes of GM by place."""

    cycles: float
    read: float
    written: float
    steps: float
    busy: Mapping[str, float]
    stalls: Mapping[str, Mapping[str, float]]
    hazards: int
    outputs: Mapping[str, Array] = field(repr=False)
    work: tuple[Work, ...] = ()
    places: Mapping[Place, float] = field(default_factory=dict[Place, float])

    @property
    def moved(self) -> float:
        """Bytes read and written."""
        return self.read + self.written

    @property
    def cube(self) -> float:
        """Of the cycles, those in which the cube unit does a step."""
        return self.steps / self.cycles

    @property
    def memory_instructions(self) -> float:
        """On the memory pipes of both vector cores of a group; known from a trace."""
        pipes = ("AIV MTE2", "AIV MTE3")
        return sum(each.count for each in self.work if each.unit in pipes)


def steady(
    kernel: Kernel,
    setup: Setup,
    dtype: str = "bf16",
    timing: Timing = DEFAULT_TIMING,
    *,
    trace: bool = False,
    check: bool = True,
) -> Steady:
    """The difference between a run of `setup.many` and one of `setup.few` tokens a group
    of cores, for a token.

    Raises:
        LigradError: a run ended with errors, or is too long for a trace; or the kernel
            does not compile.
    """
    values = setup.values(dtype)

    def run(tokens: int) -> SourceRun:
        return kernel.run(
            first(values, tokens * setup.cores),
            setup.cores,
            timing=timing,
            trace=MOST_EVENTS if trace else 0,
            check=check,
        )

    runs = [run(setup.few), run(setup.many)]
    short, long = (_time(each) for each in runs)
    more = setup.many - setup.few
    tokens = more * setup.cores
    before, behind = _units(short), _units(long)
    gained = {
        key: (cycles - before.get(key, 0)) / more for key, cycles in behind.items()
    }
    units = dict.fromkeys(unit for unit, _ in gained)
    return Steady(
        (long.cycles - short.cycles) / more,
        (long.gm.read - short.gm.read) / tokens,
        (long.gm.written - short.gm.written) / tokens,
        (_steps(long) - _steps(short)) / tokens,
        {unit: gained[unit, ""] for unit in units},
        {
            unit: {r: cycles for (u, r), cycles in gained.items() if u == unit and r}
            for unit in units
        },
        sum(hazard.count for each in runs for hazard in each.report.hazards),
        runs[1].outputs,
        _work(short, long, tokens) if trace else (),
        _places(short, long, tokens) if trace else {},
    )


def _time(run: SourceRun) -> Time:
    if run.report.time is None:
        raise LigradError("\n".join(map(str, run.report.hazards)))
    return run.report.time


def _steps(time: Time) -> int:
    return sum(core.steps for core in time.cores)


def _units(time: Time) -> dict[tuple[str, str], float]:
    """Cycles by unit and reason to stand still, '' for busy ones; a mean over the cores
    of a kind."""
    found: dict[tuple[str, str], float] = {}
    for core in time.cores:
        count = sum(other.kind == core.kind for other in time.cores)
        for pipe, spent in core.pipes.items():
            for reason, cycles in {"": spent.busy, **spent.stalls}.items():
                key = f"{core.kind} {pipe}", reason
                found[key] = found.get(key, 0.0) + cycles / count
    return found


def _trace(time: Time) -> Trace:
    if time.trace is None or time.trace.dropped:
        raise LigradError("the run is too long for a trace")
    return time.trace


def _places(short: Time, long: Time, tokens: int) -> dict[Place, float]:
    """Bytes of GM by place, from the traces of two runs."""
    sums: dict[Place, int] = {}
    for time, sign in ((short, -1), (long, 1)):
        trace = _trace(time)
        for core, pipe, reason, site, _, _, moved in trace.events:
            if reason == 0 and moved:
                _, file, line = trace.sites[site]
                is_written = PIPES[pipe] != "MTE2"
                key = time.cores[core].kind, _program_line(file, line), is_written
                sums[key] = sums.get(key, 0) + sign * moved
    return {key: moved / tokens for key, moved in sums.items()}


@cache
def _program_line(file: str, line: int) -> int:
    """The line of the program that a line of a kernel is of; 0 if it is of none."""
    for text in reversed(Path(file).read_text(encoding="utf-8").splitlines()[:line]):
        if comment := COMMENT.match(text):
            return int(comment[1])
    return 0


def _work(short: Time, long: Time, tokens: int) -> tuple[Work, ...]:
    """What all pipes do for a token, from the traces of two runs."""
    sums: dict[tuple[str, str], list[int]] = {}
    for time, sign in ((short, -1), (long, 1)):
        trace = _trace(time)
        for core, pipe, reason, site, _, length, moved in trace.events:
            if reason == 0:
                unit = f"{time.cores[core].kind} {PIPES[pipe]}"
                found = sums.setdefault((unit, trace.sites[site][0]), [0, 0, 0])
                for i, amount in enumerate((1, length, moved)):
                    found[i] += sign * amount
    return tuple(
        Work(*key, count / tokens, length / TICKS / tokens, moved / tokens)
        for key, (count, length, moved) in sums.items()
    )
