"""Software pipelining: which stage works on which window when. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

MOST_IN_FLIGHT = 8
"""Windows, or tokens, that are worked on at once. An iteration has code for each of them,
and two pipes have so many event ids to tell them apart."""


@dataclass(frozen=True)
class Step:
    """A stage at work in every iteration of a loop.

    In iteration i it works on the window `i * depth + offset`, if there is one, with the
    buffers of the ring's slot `slot`.
    """

    stage: int
    slot: int
    offset: int


GATHER = -2
"""The stage in which the vector cores gather rows for the cube core, before all others."""


def lags(stages: Sequence[int], depth: int) -> list[tuple[int, int]]:
    """The stages of an iteration in order, each with how many windows it is behind the
    first one: one for every time that the work has come back to the cube core, so that
    this has another window to work on meanwhile; and one for the rows, which are gathered
    for the next window meanwhile.

    stages: odd ones are the cube core's, even ones the vector cores'. What one stage makes
    another one takes at most `depth - 1` windows later: rows go from the gathering stage
    to stage 1, which brings them to L1, and no further.
    """
    ahead = min(1, depth - 1) if GATHER in stages else 0

    def lag(stage: int) -> int:
        if stage == GATHER:
            return 0
        return ahead + min(max(stage - 1, 0) // 2, depth - 1)

    return [(stage, lag(stage)) for stage in stages]


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
