"""Matrices whose rows are farther apart than one copy to NZ takes."""

from __future__ import annotations

import numpy as np
import pytest

import ligrad
from ligrad.workload import generate
from ligrad_ir.soc import Soc

TEXT = """operator Wide
axis T in 1..64
axis R in 1..4
axis V in 1..128K
axis D = 16
input a : half[T, R, D]
input w : half[D, V]
output y : float32[T, R, V]
y = Matmul(a, w)
"""


@pytest.mark.parametrize("columns", [40, Soc.max_nd2nz_pitch + 1])
def test_any_distance_of_rows(columns: int) -> None:
    """The fields of a copy have 16 bits: in a kernel a pitch beyond them would be another
    one, and no memory error."""
    operator = ligrad.compile(TEXT, schedule="baseline")
    values = generate(operator.signature, {"T": 1, "R": 2, "V": columns}, seed=1)
    tiled = operator.run(values, "tiled", 1)["y"]
    graph = operator.run(values, "graph")["y"]
    np.testing.assert_allclose(graph, tiled, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(tiled, operator.run(values, "source", 1)["y"])
