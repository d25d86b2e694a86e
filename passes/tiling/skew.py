"""Software pipelining: which stage works on which window when. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """A stage at work in every iteration of a loop.

    In iteration i it works on the window `i * depth + offset`, if there is one, with the
    buffers of the ring's slot `slot`.
    """

    stage: int
    slot: int
    offset: int


def lag(stage: int, depth: int) -> int:
    """How many windows a stage is behind the first one: one for every time that the work
    has come back to the cube core, so that this has another window to work on meanwhile."""
    return min((stage - 1) // 2, depth - 1) if stage > 0 else 0


def lags(stages: Sequence[int], depth: int) -> list[tuple[int, int]]:
    """The stages of an iteration in order, each with its lag: the later ones behind the
    earlier ones of the next windows.

    stages: odd ones are the cube core's, even ones the vector cores'.
    """
    return [(stage, lag(stage, depth)) for stage in stages]


def staggered(
    uses: Mapping[int, AbstractSet[int]], depth: int
) -> list[tuple[int, int]]:
    """The stages of an iteration in order, each with its lag: every stage works on another
    window than the one before it, so that cube and vector cores work side by side, as far
    as slots allow that; the first stage comes last, when the slot that it fills is free.

    uses: by stage, in order, the earlier ones that make what it uses.
    """
    first, *later = uses
    found = {stage: at for at, stage in enumerate(uses)}
    before: dict[int, int] = {}
    while found != before:
        before = dict(found)
        for stage, ahead in zip(later, uses):
            found[stage] = min(found[stage], found[ahead] + 1)
            found[ahead] = min(found[ahead], found[stage])
            for maker in uses[stage]:
                most = depth if maker == first else depth - 1
                found[stage] = min(found[stage], found[maker] + most)
    return [(stage, found[stage]) for stage in (*later, first)]


def steps(order: Sequence[tuple[int, int]], depth: int) -> list[Step]:
    """What an iteration does, in order: `depth` windows, and of each all stages, with
    their lags.

    depth: the slots of a ring of buffers; what is made in a stage is used by stages that
    come ahead of the one that makes it again in its slot.
    """
    return [
        Step(stage, (at - behind) % depth, at - behind)
        for at in range(depth)
        for stage, behind in order
    ]


def most_lag(order: Sequence[tuple[int, int]]) -> int:
    """How many windows the last stage is behind the first one."""
    return max((behind for _, behind in order), default=0)
