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


def lag(stage: int, depth: int) -> int:
    """How many windows a stage is behind the first one: one for every time that the work
    has come back to the cube core, so that this has another window to work on meanwhile."""
    return min((stage - 1) // 2, depth - 1) if stage > 0 else 0


def steps(stages: Sequence[int], depth: int) -> list[Step]:
    """What an iteration does, in order: `depth` windows, and of each all stages, but the
    later ones behind the earlier ones of the next windows.

    stages: odd ones are the cube core's, even ones the vector cores'. depth: the slots of
    a ring of buffers; a value is made and used in stages that are fewer windows apart.
    """
    return [
        Step(stage, (at - behind) % depth, at - behind)
        for at in range(depth)
        for stage in stages
        for behind in (lag(stage, depth),)
    ]


def most_lag(stages: Sequence[int], depth: int) -> int:
    """How many windows the last stage is behind the first one."""
    return max((lag(stage, depth) for stage in stages), default=0)
