"""Outputs against the oracle: what `half` means there is what was compiled."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

import ligrad
from ligrad.check import check_outputs

BF16 = np.dtype(ml_dtypes.bfloat16)


def program(inputs: str, output: str) -> str:
    return f"""operator Copy
axis M in 1..64
axis C = 16
input x : {inputs}[M, C]
output y : {output}[M, C]
y = x * 2
"""


@pytest.mark.parametrize("dtype", ["bf16", "fp16"])
@pytest.mark.parametrize(
    ("given", "array"),
    [("float32", np.float32), ("half", None), ("bf16", BF16), ("fp16", np.float16)],
)
def test_half_means_the_same_to_the_compiler_and_the_oracle(
    dtype: str, given: str, array: Any
) -> None:
    half = {"bf16": BF16, "fp16": np.dtype(np.float16)}[dtype]
    operator = ligrad.compile(program(given, "half"), dtype=dtype)
    values = {"x": np.full((3, 16), 1.5, array or half)}
    outputs = operator.run(values)
    assert outputs["y"].dtype == half
    [comparison] = check_outputs(operator, values, outputs).values()
    assert comparison.ok, str(comparison)
