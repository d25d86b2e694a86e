"""Options of the Python API that are of no use: what they are told as."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import ligrad

TEXT = """operator Scale
axis M in 1..64
axis C = 16
input x : half[M, C]
output y : half[M, C]
y = Relu(x) * 2
"""


def inputs() -> dict[str, Any]:
    return {"x": np.ones((3, 16), np.float16)}


def operator() -> ligrad.Operator:
    return ligrad.compile(TEXT, dtype="fp16")


@pytest.mark.parametrize("workers", [0, -1, "a", True, 1.5, [2], np.float64(2)])
def test_workers_are_a_positive_integer(workers: Any) -> None:
    with pytest.raises(ligrad.ArgumentError, match="must be a positive integer") as it:
        operator().run(inputs(), workers=workers)
    assert it.value.argument == "workers"


@pytest.mark.parametrize("workers", [None, 1, np.int64(2), np.uint8(3), 10**30])
def test_any_positive_integer_will_do(workers: Any) -> None:
    assert (operator().run(inputs(), workers=workers)["y"] == 2).all()


@pytest.mark.parametrize("cores", [0, -1, "a", True, 1.5, 25, 10**30])
def test_cores_are_those_of_the_chip(cores: Any) -> None:
    with pytest.raises(ligrad.LigradError, match="ascend910b1 has 1 to 24 cores, not"):
        operator().run(inputs(), "tiled", cores)
