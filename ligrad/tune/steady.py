"""What a token costs a kernel in the steady state: the difference between two runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from backends.call.dtypes import Array
from backends.project.run import SourceRun
from backends.twin.clock import Time
from backends.twin.trace import PIPES, TICKS, Trace
from ligrad_ir.errors import LigradError

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


def difference(short: SourceRun, long: SourceRun, more: int) -> Steady:
    """What a token costs that only the longer run has: `more` of them on every group of
    cores.

    Raises:
        LigradError: a run ended with errors, or is too long for its trace.
    """
    before, behind = _time(short), _time(long)
    tokens = more * long.cores
    spent = _units(before)
    gained = {
        key: (cycles - spent.get(key, 0)) / more
        for key, cycles in _units(behind).items()
    }
    units = dict.fromkeys(unit for unit, _ in gained)
    is_traced = behind.trace is not None
    return Steady(
        (behind.cycles - before.cycles) / more,
        (behind.gm.read - before.gm.read) / tokens,
        (behind.gm.written - before.gm.written) / tokens,
        (_steps(behind) - _steps(before)) / tokens,
        {unit: gained[unit, ""] for unit in units},
        {
            unit: {r: cycles for (u, r), cycles in gained.items() if u == unit and r}
            for unit in units
        },
        sum(hazard.count for each in (short, long) for hazard in each.report.hazards),
        long.outputs,
        _work(before, behind, tokens) if is_traced else (),
        _places(before, behind, tokens) if is_traced else {},
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
