"""Mutations of array files, and of the arguments of kernels."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ligrad.arrays import save_array

HALVES = np.ones(8192, np.float16)
DTYPES = (">i4", "S3", "O", "i4,f4", "f8", "i8", "M8[s]", "c8", "V2", "V4", "?", "U1")
ENTRY: dict[str, Any] = {"name": "x", "dtype": "float16", "shape": [8192], "fill": 1.5}
NUMBERS = (0, -1, 1, 3, 1.5, True, None, "x", [], {}, 2**31, 2**63, 10**18, 10**400)
NUMBERS += (float("nan"), float("inf"), 1e300, [1] * 65, [10**12, 10**12], [0, 10**30])
FIELDS = ("name", "load", "array", "shape", "dtype", "fill", "value", "struct", "save")


def damaged(values: Mapping[str, Any], rng: random.Random, folder: Path) -> str:
    """Write arrays to a file or a directory, one of them wrong, or the file damaged;
    returns its name."""
    arrays = {name: np.asarray(value) for name, value in values.items()}
    if rng.random() < 0.5:
        name = rng.choice(list(arrays))
        arrays[name] = _other(arrays[name], rng)
    if rng.random() < 0.2:
        arrays = {
            f"{name}{rng.choice(('', '_', ' '))}": a for name, a in arrays.items()
        }
    if rng.random() < 0.3:
        for name, array in arrays.items():
            if not array.dtype.hasobject:
                save_array(folder / "in" / f"{name}.npy", array)
        (folder / "in").mkdir(exist_ok=True)
        for path in (folder / "in").iterdir():
            if rng.random() < 0.4:
                path.write_bytes(_bytes(path.read_bytes(), rng))
        return "in"
    save = rng.choice((np.savez, np.savez_compressed))
    save(
        folder / "in.npz", **{n: _raw(a) for n, a in arrays.items()}, allow_pickle=True
    )
    if rng.random() < 0.7:
        data = (folder / "in.npz").read_bytes()
        (folder / "in.npz").write_bytes(_bytes(data, rng))
    return "in.npz"


def _raw(array: np.ndarray) -> np.ndarray:
    return array.view("V2") if array.dtype.name == "bfloat16" else array


def _other(array: np.ndarray, rng: random.Random) -> np.ndarray:
    match rng.randrange(4):
        case 0:
            return np.zeros(array.shape, rng.choice(DTYPES))
        case 1:
            return array.reshape(-1)
        case 2:
            return array[..., :-1] if array.ndim else array
        case _:
            shape = [rng.randrange(4) for _ in range(rng.randrange(5))]
            return np.zeros(shape, array.dtype)


def _bytes(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 3, 20))):
        if changed:
            # Headers stand at the beginning, directories at the end.
            near = rng.choice((0, max(0, len(changed) - 600)))
            at = min(len(changed) - 1, near + rng.randrange(600))
            changed[at] = rng.randrange(256)
    if rng.random() < 0.3:
        del changed[rng.randrange(len(changed) + 1) :]
    return bytes(changed)


def kernel_arguments(first: dict[str, Any], rng: random.Random) -> bytes:
    """The text of an arguments file, most often with a mistake."""
    entries = [
        first if rng.random() < 0.6 else {**ENTRY},
        {**ENTRY, "name": "y"},
        {"name": "z", "dtype": "float16", "shape": [8192], "save": "z.npy"},
        {
            "name": "tiling",
            "struct": [
                {"name": "count", "dtype": "int64", "value": 8192},
                {"name": "tile", "dtype": "int32", "value": 512},
            ],
        },
    ]
    call: dict[str, Any] = {"blocks": 2, "arguments": entries}
    for _ in range(rng.choice((0, 1, 1, 2))):
        entry = rng.choice(entries)
        match rng.randrange(5):
            case 0:
                entry[rng.choice(FIELDS)] = rng.choice(NUMBERS)
            case 1:
                entry.pop(rng.choice(list(entry)), None)
            case 2:
                call[rng.choice(("blocks", "workspace", "tiling_key", "x"))] = (
                    rng.choice(NUMBERS)
                )
            case 3:
                entry["dtype"] = rng.choice(("float31", "int8", "bool", "float64", ""))
            case _:
                rng.shuffle(entries)
    data = json.dumps(call).encode()
    return _bytes(data, rng) if rng.random() < 0.2 else data
