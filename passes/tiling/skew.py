"""Software pipelining: which stage works on which window when. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
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


GATHER = -2
"""The stage in which the vector cores gather rows for the cube core, before all others."""


def lags(stages: Sequence[int], depth: int) -> dict[int, int]:
    """How many windows each stage is behind the first one: one for every time that the
    work has come back to the cube core, so that this has another window to work on
    meanwhile; and one for the rows, which are gathered for the next window meanwhile.

    What one stage makes another one takes at most `depth - 1` windows later: rows go from
    the gathering stage to stage 1, which brings them to L1, and no further.
    """
    ahead = min(1, depth - 1) if GATHER in stages else 0
    return {
        stage: 0 if stage == GATHER else ahead + min(max(stage - 1, 0) // 2, depth - 1)
        for stage in stages
    }


def steps(stages: Sequence[int], depth: int) -> list[Step]:
    """What an iteration does, in order: `depth` windows, and of each all stages, but the
    later ones behind the earlier ones of the next windows.

    stages: odd ones are the cube core's, even ones the vector cores'. depth: the slots of
    a ring of buffers; a value is made and used in stages that are fewer windows apart.
    """
    late = lags(stages, depth)
    return [
        Step(stage, (at - behind) % depth, at - behind)
        for at in range(depth)
        for stage in stages
        for behind in (late[stage],)
    ]


def most_lag(stages: Sequence[int], depth: int) -> int:
    """How many windows the last stage is behind the first one."""
    return max(lags(stages, depth).values(), default=0)
