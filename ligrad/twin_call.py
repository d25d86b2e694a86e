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

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from os.path import normpath
from pathlib import Path
from typing import Annotated, Any

import ml_dtypes
import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from backends.ascendc.twin.launch import Argument
from backends.numpy.dtypes import Array
from ligrad.arrays import load_array, load_arrays, save_array, save_arrays
from ligrad_ir.errors import LigradError

DTYPES: dict[str, np.dtype[Any]] = {
    name: np.dtype(getattr(ml_dtypes if name == "bfloat16" else np, name))
    for name in (
        *("bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64"),
        *("uint64", "float16", "bfloat16", "float32", "float64"),
    )
}
Number = bool | int | float


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class StructField(_Model):
    """A member of a struct; several values are an array."""

    name: str = ""
    dtype: str
    value: Number | list[Number]

    @model_validator(mode="after")
    def check(self) -> StructField:
        """There is such a type, and it holds the values."""
        self.array()
        return self

    def array(self) -> Array:
        """The values as the kernel sees them."""
        values = self.value if isinstance(self.value, list) else [self.value]
        return _of_dtype(values, self.dtype)


class ArgumentEntry(_Model):
    """One argument: an array (`load`, or `shape`), a number (`value`) or a `struct`."""

    name: str
    load: str | None = None
    array: str | None = None
    shape: list[Annotated[int, Field(ge=0)]] | None = None
    dtype: str | None = None
    fill: Number | None = None
    value: Number | None = None
    struct: list[StructField] | None = None
    save: str | None = None

    @model_validator(mode="after")
    def check(self) -> ArgumentEntry:
        """The fields go together."""
        given = [
            name
            for name in ("load", "shape", "value", "struct")
            if getattr(self, name) is not None
        ]
        if len(given) != 1:
            raise ValueError(
                f"{self.name!r} needs one of load, shape, value and struct, "
                f"not {' and '.join(given) or 'none'}"
            )
        [kind] = given
        for name, kinds in _GOES_WITH.items():
            if getattr(self, name) is not None and kind not in kinds:
                raise ValueError(
                    f"{self.name!r}: {name} goes with {' or '.join(kinds)}"
                )
        if kind == "shape" and self.dtype is None:
            raise ValueError(f"{self.name!r}: an array needs a dtype")
        if self.array is not None and not str(self.load).endswith(".npz"):
            raise ValueError(f"{self.name!r}: array names one of an .npz file")
        if self.save is not None and not self.save.endswith((".npy", ".npz")):
            raise ValueError(
                f"{self.name!r}: save writes .npy or .npz, not {self.save}"
            )
        if self.dtype is not None:
            _of_dtype(
                [self.fill or 0 if self.value is None else self.value], self.dtype
            )
        return self


_GOES_WITH = {
    "array": ("load",),
    "dtype": ("shape", "value"),
    "fill": ("shape",),
    "save": ("load", "shape"),
}


class CallFile(_Model):
    """The whole file."""

    blocks: Annotated[int, Field(ge=1)] = 1
    workspace: Annotated[int, Field(ge=0)] = 0
    tiling_key: Annotated[int, Field(ge=0, lt=1 << 64)] = 0
    arguments: list[ArgumentEntry]


@dataclass(frozen=True)
class TwinCall:
    """A launch: what the kernel is given, and where its arrays go afterwards."""

    blocks: int
    workspace: int
    tiling_key: int
    names: tuple[str, ...]
    arguments: tuple[Argument, ...]
    outputs: tuple[tuple[Path, str, Array], ...]

    def save(self) -> list[Path]:
        """Write the arrays that are to be saved; returns the files.

        Raises:
            LigradError: if one cannot be written.
        """
        together: dict[Path, dict[str, Array]] = {}
        for path, name, array in self.outputs:
            together.setdefault(path, {})[name] = array
        for path, arrays in together.items():
            if path.suffix == ".npz":
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
    try:
        values = tuple(_value(entry, path) for entry in found.arguments)
    except MemoryError as error:
        raise LigradError(f"{path}: {error}") from error
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


def pack_struct(fields: Sequence[StructField]) -> bytes:
    """The bytes of a struct as a C++ compiler lays it out: every member at a multiple of
    its size, the whole rounded up to the largest of them."""
    data, largest = b"", 1
    for field in fields:
        array = field.array()
        largest = max(largest, array.itemsize)
        data += bytes(-len(data) % array.itemsize) + array.tobytes()
    return data + bytes(-len(data) % largest)


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
        key = (file, name if file.suffix == ".npz" else "")
        if key in taken:
            raise LigradError(f"{path}: two arguments are to be saved as {file}")
        taken.add(key)


def _value(entry: ArgumentEntry, path: Path) -> Argument:
    if entry.struct is not None:
        return pack_struct(entry.struct)
    if entry.value is not None:
        if entry.dtype is None:
            return entry.value
        return _of_dtype([entry.value], entry.dtype)[0]
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
    if file.suffix != ".npz":
        return np.array(load_array(file))
    arrays, wanted = load_arrays(file), entry.array or entry.name
    if wanted not in arrays:
        raise LigradError(
            f"{path}: {entry.name!r}: {file} has no array {wanted!r}; "
            f"there are: {', '.join(arrays)}"
        )
    return arrays[wanted]


def _of_dtype(values: Sequence[Number], dtype: str) -> Array:
    """The values, unchanged but for the rounding of floats.

    Raises:
        ValueError: there is no such type, or a value is outside of it.
    """
    if dtype not in DTYPES:
        raise ValueError(f"there is no dtype {dtype!r}; there are: {', '.join(DTYPES)}")
    wanted = DTYPES[dtype]
    if wanted.kind in "iub":
        low, high = (
            (0, 1)
            if wanted.kind == "b"
            else (int(np.iinfo(wanted).min), int(np.iinfo(wanted).max))
        )
        for value in values:
            whole = not isinstance(value, float) or value.is_integer()
            if not whole or not low <= value <= high:
                raise ValueError(f"{value} is no {dtype}: {low} to {high}")
    return np.array(values, wanted)
