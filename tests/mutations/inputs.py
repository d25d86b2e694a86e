"""Inputs that make every statement matter: small, but with tails, turns and corners."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import ligrad
from backends.call.dtypes import Array
from ligrad.workload import generate


@dataclass(frozen=True)
class Case:
    """Inputs on a number of groups of cores. absent: no entry means a row."""

    cores: int
    shape: dict[str, Any] = field(default_factory=dict[str, Any])
    mode: int = 0
    absent: bool = False


BSND = (
    Case(2, {"B": 2, "S1": 3, "S2": 300, "N1": 40, "K": 200}, 3),
    Case(1, {"B": 1, "S1": 4, "S2": 90, "N1": 18, "K": 70}),
    Case(3, {"B": 2, "S1": 6, "S2": 12, "N1": 5, "K": 12}, 3),
    Case(2, {"B": 1, "S1": 3, "S2": 5, "N1": 1, "K": 1}),
    Case(1, {"B": 1, "S1": 2, "S2": 140, "N1": 3, "K": 129}, 0, True),
    Case(2, {"B": 1, "S1": 3, "S2": 162, "N1": 17, "K": 161}, 3),
    Case(1, {"B": 1, "S1": 3, "S2": 140, "N1": 6, "K": 128}),
    Case(1, {"B": 1, "S1": 2, "S2": 2049, "N1": 64, "K": 2048}),
    Case(1, {"B": 1, "S1": 96, "S2": 90, "N1": 9, "K": 70}),
)
TND = (
    Case(2, {"S1": (3, 3, 0), "S2": (150, 130, 3), "N1": 40, "K": 200}, 3),
    Case(1, {"S1": (2, 2), "S2": (90, 33), "N1": 18, "K": 70}),
    Case(3, {"S1": (6, 0, 2, 3), "S2": (3, 5, 0, 12), "N1": 5, "K": 12}, 3),
    Case(2, {"S1": (3,), "S2": (5,), "N1": 1, "K": 1}),
    Case(1, {"S1": (1, 1), "S2": (140, 20), "N1": 3, "K": 129}, 0, True),
    Case(2, {"S1": (3,), "S2": (162,), "N1": 17, "K": 161}, 3),
    Case(1, {"S1": (3,), "S2": (140,), "N1": 6, "K": 128}),
    Case(1, {"S1": (2,), "S2": (2049,), "N1": 64, "K": 2048}),
    Case(1, {"S1": (48, 48), "S2": (90, 90), "N1": 9, "K": 70}),
)
"""Several tiles of entries, turns of zeroing, tokens a group and heads for both vector
cores; one group; fewer entries than a block; one of all; nothing; no entry beside the
valid ones; all of a window valid; the largest; so many tokens that any bits are left over
in some buffer."""
CASES = {"BSND": BSND, "TND": TND}
MANY, WEIGHT = 2040, 64
"""Entries that have many before them, and how much more than usual they weigh."""


@dataclass(frozen=True)
class Inputs:
    """What a kernel gets, and what the formulas are to be evaluated for: indices that
    mean no row are -1 there, since the oracle takes no others."""

    given: dict[str, Any]
    meant: dict[str, Any]


def inputs(operator: ligrad.Operator, case: Case, seed: int = 1) -> Inputs:
    """The arrays of a case.

    A selection has duplicates, -1 and numbers of no row among its valid entries; behind
    them rows that are not to be chosen, and numbers of none. No entry chooses the first
    row of a batch, which is NaN. Of the largest selections the last entries weigh as much
    as the others together, since they have the lowest scores.
    """
    signature = operator.signature
    names = {port.name for port in signature.scalars}
    attributes = {"sparse_mode": case.mode} if "sparse_mode" in names else {}
    shape = {k: v for k, v in case.shape.items() if k in signature.axes}
    values = generate(signature, shape, seed=seed, attributes=attributes)
    meant = dict(values)
    for port in signature.arrays:
        if port.selects is None:
            continue
        indices = values[port.name]
        rows = indices.reshape(-1, indices.shape[-1])
        valid = [_spoil(row, case, token) for token, row in enumerate(rows)]
        meant[port.name] = indices.copy()
        for row, count in zip(rows, valid):
            row[np.flatnonzero(row == -1)[::2]] = 10**6
            row[np.flatnonzero(row == -1)[::2]] = -(10**6)
            if case.mode == 3:
                row[count::3] = 0
        for other in signature.arrays:
            axes = signature.tensor_type(other).axes
            if axes == signature.tensor_type(port).axes and other is not port:
                last = values[other.name].reshape(rows.shape)[:, MANY:]
                last *= np.asarray(WEIGHT, last.dtype)
            if axes[0] == port.selects and other.ends is None:
                table = values[other.name].reshape(-1, values[other.name].shape[-1])
                table[_first_rows(case.shape)] = np.nan
    return Inputs(values, meant)


def _spoil(row: Array, case: Case, token: int) -> int:
    """Make a token's indices what a kernel must cope with; returns how many are valid."""
    chosen = np.flatnonzero(row >= 0)
    valid = int(chosen[-1]) + 1 if chosen.size else 0
    if case.absent:
        row[...] = -1
    elif valid > 3:
        row[1:valid:7] = row[0]
        row[2:valid:9] = -1
        if token % 2:  # the last of a chunk of 32
            row[31 : valid - 1 : 64] = -1
    row[row == 0] = -1
    return valid


def _first_rows(shape: dict[str, Any]) -> list[int]:
    """Where batches with rows begin."""
    lengths = shape["S2"]
    if isinstance(lengths, int):
        lengths = (lengths,) * shape.get("B", 1)
    ends = np.cumsum(lengths)
    return [int(end) - n for end, n in zip(ends, lengths) if n]


def cases(operator: ligrad.Operator) -> Iterator[Case]:
    """Of the operator's layout."""
    yield from CASES[operator.signature.layout]
