"""Inputs that make every statement matter: small, but with tails, turns and corners."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import ligrad
from backends.numpy.workload import generate


@dataclass(frozen=True)
class Case:
    """Inputs on a number of groups of cores. absent: no entry means a row."""

    cores: int
    shape: dict[str, Any] = field(default_factory=dict[str, Any])
    mode: int = 0
    absent: bool = False


BSND = (
    Case(2, {"B": 2, "S1": 3, "S2": 300, "N1": 40, "K": 200}, 3),
    Case(1, {"B": 1, "S1": 4, "S2": 70, "N1": 18, "K": 70}),
    Case(3, {"B": 2, "S1": 6, "S2": 12, "N1": 5, "K": 12}, 3),
    Case(2, {"B": 1, "S1": 3, "S2": 5, "N1": 1, "K": 1}),
    Case(1, {"B": 1, "S1": 2, "S2": 140, "N1": 3, "K": 129}, 0, True),
    Case(1, {"B": 1, "S1": 2, "S2": 2048, "N1": 64, "K": 2048}),
)
TND = (
    Case(2, {"S1": (3, 0, 3), "S2": (300, 3, 250), "N1": 40, "K": 200}, 3),
    Case(1, {"S1": (2, 2), "S2": (70, 33), "N1": 18, "K": 70}),
    Case(3, {"S1": (6, 0, 2, 3), "S2": (3, 5, 0, 12), "N1": 5, "K": 12}, 3),
    Case(2, {"S1": (3,), "S2": (5,), "N1": 1, "K": 1}),
    Case(1, {"S1": (1, 1), "S2": (140, 20), "N1": 3, "K": 129}, 0, True),
    Case(1, {"S1": (2,), "S2": (2048,), "N1": 64, "K": 2048}),
)
"""Several tiles of entries, turns of zeroing, tokens a group and heads for both vector
cores; one group; fewer entries than a block; one of all; nothing; the largest."""
CASES = {"BSND": BSND, "TND": TND}


def inputs(operator: ligrad.Operator, case: Case, seed: int = 1) -> dict[str, Any]:
    """The arrays of a case: duplicates and -1 among the valid entries of a selection, and
    numbers that mean no row behind them."""
    names = {port.name for port in operator.signature.scalars}
    attributes = {"sparse_mode": case.mode} if "sparse_mode" in names else {}
    shape = {k: v for k, v in case.shape.items() if k in operator.signature.axes}
    values = generate(operator.signature, shape, seed=seed, attributes=attributes)
    for port in operator.signature.arrays:
        if port.selects is not None:
            _spoil(values[port.name], case)
    return values


def _spoil(indices: np.ndarray[Any, Any], case: Case) -> None:
    entries = indices.shape[-1]
    rows = indices.reshape(-1, entries)
    if case.absent:
        rows[...] = -1
        return
    for i, row in enumerate(rows):
        valid = int(np.flatnonzero(row >= 0)[-1]) + 1 if (row >= 0).any() else 0
        if valid > 3:
            row[1:valid:7] = row[0]
            row[2:valid:9] = -1
        if case.mode == 3:
            row[valid:] = 10**6 + i


def cases(operator: ligrad.Operator) -> Iterator[Case]:
    """Of the operator's layout."""
    yield from CASES[operator.signature.layout]
