"""What the processes do: one case by its number."""

from __future__ import annotations

from tests.random_programs.case import Case
from tests.random_programs.judge import Verdict, judge
from tests.random_programs.modes import case_of
from tests.random_programs.shrink import shrink


def verdict_of(number: int, mode: str, level: str, seed: int) -> Verdict:
    """What becomes of one case."""
    return judge(case_of(mode, level, seed, number), level)


def shrunk(
    number: int, mode: str, level: str, seed: int, seconds: float
) -> tuple[Case, Verdict]:
    """A smaller case that fails like one does, and how it fails."""
    case = case_of(mode, level, seed, number)
    first = judge(case, level)
    smallest = shrink(case, lambda other: judge(other, level).same(first), seconds)
    return smallest, judge(smallest, level)
