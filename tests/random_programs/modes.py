"""The kinds of random programs, by name and number."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.random_programs.case import Case, draw_case
from tests.random_programs.draw import Drawn, Sizes, draw
from tests.random_programs.in_class import draw_in_class
from tests.random_programs.loops import draw_loops

MODES: dict[str, Callable[[random.Random, Sizes], Drawn]] = {
    "any": draw,
    "in-class": draw_in_class,
    "loops": draw_loops,
}
SIZES = {
    "graph": Sizes(),
    "tiled": Sizes(most=8_000, tokens=6),
    "source": Sizes(most=8_000, tokens=6),
}


def case_of(mode: str, level: str, seed: int, number: int) -> Case:
    """The case of a number: the same for the same arguments, at tiled and source too."""
    rng = random.Random(f"{mode} {seed} {number}")
    return draw_case(rng, MODES[mode](rng, SIZES[level]))
