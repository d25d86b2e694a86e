"""What the C API gives is what the Python API gives at the level `source`, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import ligrad
from ligrad.workload import generate
from tests.aclnn.conftest import FILE
from tests.aclnn.support import Library, Tensor, filled, lig_arguments

FUNCTION = "aclnnLightningIndexerGrad"
CASES = [
    (dtype, layout, deterministic)
    for dtype in ("fp16", "bf16")
    for layout in ("BSND", "TND")
    for deterministic in (False, True)
]


def inputs_of(operator: ligrad.Operator, layout: str, seed: int) -> dict[str, Any]:
    shape: dict[str, Any] = {"N1": 7, "K": 33}
    if layout == "BSND":
        shape |= {"B": 2, "S1": 3, "S2": 40}
    else:
        shape |= {"S1": (3, 0, 4), "S2": (40, 5, 33)}
    values = generate(operator.signature, shape, seed=seed)
    if layout == "TND":  # padding rows, which hold anything
        for name, rows in (("query", 2), ("dy", 2), ("sparse_indices", 2)):
            values[name] = padded(values[name], rows)
        values["weights"], values["key"] = (
            padded(values["weights"], 2),
            padded(values["key"], 1),
        )
    return values


def padded(array: np.ndarray[Any, Any], rows: int) -> np.ndarray[Any, Any]:
    rest = np.full((rows, *array.shape[1:]), 77, array.dtype)
    return np.concatenate([array, rest])


@pytest.mark.parametrize(("dtype", "layout", "deterministic"), CASES)
def test_equal(library: Library, dtype: str, layout: str, deterministic: bool) -> None:
    operator = ligrad.compile(
        FILE, dtype=dtype, layout=layout, deterministic=deterministic
    )
    inputs = inputs_of(operator, layout, seed=3)
    done = operator.run_source(inputs)
    assert not done.report.hazards
    tensors: dict[str, Tensor | None] = {
        name: library.tensor(value)
        for name, value in inputs.items()
        if isinstance(value, np.ndarray)
    }
    for name, value in done.outputs.items():
        tensors[name] = library.tensor(filled(value.shape, value.dtype))
    heads = inputs["weights"].shape[-1]
    arguments = lig_arguments(
        tensors, layout=layout.encode(), heads=heads, deterministic=deterministic
    )
    executor, size = library.plan(FUNCTION, *arguments)
    library.launch(FUNCTION, executor, size)
    for name, value in done.outputs.items():
        tensor = tensors[name]
        assert tensor is not None
        assert tensor.array().tobytes() == np.ascontiguousarray(value).tobytes(), name
    for tensor in tensors.values():
        if tensor is not None:
            tensor.destroy()
