"""A launch of a kernel on the twin, written down in a JSON file.

    {
      "blocks": 8,
      "arguments": [
        {"name": "x", "load": "x.npy"},
        {"name": "y", "load": "inputs.npz", "array": "y"},
        {"name": "z", "dtype": "float16", "shape": [2048], "save": "z.npy"},
        {"name": "length", "value": 2048},
        {"name": "tiling", "struct": [{"name": "rows", "dtype": "int64", "value": 8}]}
      ]
    }

docs/twin.md explains every field. Paths are relative to the file's folder.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from os.path import normpath
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from backends.call.dtypes import Array
from backends.twin.launch import Argument
from ligrad.arrays import load_array, load_arrays, save_array, save_arrays
from ligrad.twin_entries import DTYPES, ArgumentEntry, CallFile, of_dtype, pack_struct
from ligrad_ir.errors import LigradError


@dataclass(frozen=True)
class TwinCall:
    """A launch: what the kernel is given, and where its arrays go afterwards."""

    blocks: int
    workspace: int
    tiling_key: int
    names: tuple[str, ...]
    arguments: tuple[Argument, ...]
    outputs: tuple[tuple[Path, str, Array], ...]

    def files(self) -> list[Path]:
        """The files that `save` writes."""
        return list(dict.fromkeys(path for path, _, _ in self.outputs))

    def save(self) -> list[Path]:
        """Write the arrays that are to be saved; returns the files.

        Raises:
            LigradError: if one cannot be written.
        """
        together: dict[Path, dict[str, Array]] = {}
        for path, name, array in self.outputs:
            together.setdefault(path, {})[name] = array
        for path, arrays in together.items():
            if path.name.endswith(".npz"):
                save_arrays(path, arrays)
            else:
                [array] = arrays.values()
                save_array(path, array)
        return list(together)


def load_call(path: str | Path) -> TwinCall:
    """Read a launch from a JSON file, and its arrays from theirs.

    Raises:
        LigradError: what is wrong, with the file and the field.
    """
    path = Path(path)
    try:
        text = path.read_bytes()
    except OSError as error:
        raise LigradError(f"cannot read {path}: {error.strerror}") from error
    try:
        found = CallFile.model_validate_json(text)
    except ValidationError as error:
        raise LigradError("\n".join(_messages(path, error))) from error
    _require_unique(path, text)
    values = tuple(_value(entry, path) for entry in found.arguments)
    outputs = [
        (Path(normpath(path.parent / entry.save)), entry.name, value)
        for entry, value in zip(found.arguments, values, strict=True)
        if entry.save is not None and isinstance(value, np.ndarray)
    ]
    _check_outputs(path, outputs)
    return TwinCall(
        found.blocks,
        found.workspace,
        found.tiling_key,
        tuple(entry.name for entry in found.arguments),
        values,
        tuple(outputs),
    )


def _require_unique(path: Path, text: bytes) -> None:
    """Of two members of an object that have one name, JSON readers take the last."""

    def check(members: list[tuple[str, Any]]) -> None:
        names = [name for name, _ in members]
        for name in names:
            if names.count(name) > 1:
                raise LigradError(f"{path}: {name!r} is given twice")

    json.loads(text, object_pairs_hook=check)


def _messages(path: Path, error: ValidationError) -> list[str]:
    """A line for each mistake: `FILE: arguments[2].dtype: what is wrong`."""
    lines: list[str] = []
    for each in error.errors(include_url=False):
        where = "".join(
            f"[{part}]" if isinstance(part, int) else f".{part}" for part in each["loc"]
        )
        what = each["msg"].removeprefix("Value error, ")
        lines.append(f"{path}: {where.lstrip('.')}{': ' if where else ''}{what}")
    return lines


def _check_outputs(path: Path, outputs: Sequence[tuple[Path, str, Array]]) -> None:
    taken: set[tuple[Path, str]] = set()
    for file, name, _ in outputs:
        key = (file, name if file.name.endswith(".npz") else "")
        if key in taken:
            raise LigradError(f"{path}: two arguments are to be saved as {file}")
        taken.add(key)


def _value(entry: ArgumentEntry, path: Path) -> Argument:
    if entry.struct is not None:
        return pack_struct(entry.struct)
    if entry.value is not None:
        if entry.dtype is None:
            return entry.value
        return of_dtype([entry.value], entry.dtype)[0]
    if entry.load is not None:
        return _loaded(entry, path)
    assert entry.shape is not None
    assert entry.dtype is not None
    if entry.fill is not None:
        return np.full(entry.shape, entry.fill, DTYPES[entry.dtype])
    size = prod(entry.shape) * DTYPES[entry.dtype].itemsize
    return np.full(size, 0xFF, np.uint8).view(DTYPES[entry.dtype]).reshape(entry.shape)


def _loaded(entry: ArgumentEntry, path: Path) -> Array:
    assert entry.load is not None
    file = path.parent / entry.load
    if not file.name.endswith(".npz"):
        return np.array(load_array(file))
    arrays, wanted = load_arrays(file), entry.array or entry.name
    if wanted not in arrays:
        raise LigradError(
            f"{path}: {entry.name!r}: {file} has no array {wanted!r}; "
            f"there are: {', '.join(arrays)}"
        )
    return arrays[wanted]
