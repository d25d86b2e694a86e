"""The entries of an arguments file of `ligrad twin`, and what they may hold."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from math import isfinite, prod
from typing import Annotated, Any

import ml_dtypes
import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from backends.call.dtypes import Array
from backends.call.values import spell
from backends.memory import memory_bytes, spell_bytes
from ligrad.npy import MOST_DIMENSIONS
from ligrad_ir.numerals import FLOAT32_MAX

DTYPES: dict[str, np.dtype[Any]] = {
    name: np.dtype(getattr(ml_dtypes if name == "bfloat16" else np, name))
    for name in (
        *("bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64"),
        *("uint64", "float16", "bfloat16", "float32", "float64"),
    )
}
LARGEST = {
    "float16": 65504.0,
    "bfloat16": 3.3895313892515355e38,
    "float32": FLOAT32_MAX,
    "float64": sys.float_info.max,
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
        return of_dtype(values, self.dtype)


Shape = Annotated[list[Annotated[int, Field(ge=0)]], Field(max_length=MOST_DIMENSIONS)]


def _possible(path: str) -> str:
    if not path or "\0" in path:
        raise ValueError("no file has such a name")
    return path


FileName = Annotated[str, AfterValidator(_possible)]


class ArgumentEntry(_Model):
    """One argument: an array (`load`, or `shape`), a number (`value`) or a `struct`."""

    name: str
    load: FileName | None = None
    array: str | None = None
    shape: Shape | None = None
    dtype: str | None = None
    fill: Number | None = None
    value: Number | None = None
    struct: list[StructField] | None = None
    save: FileName | None = None

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
            of_dtype([self.fill or 0 if self.value is None else self.value], self.dtype)
        return self

    @property
    def bytes(self) -> int:
        """Of the array that is made; where it has no elements, of one that has some."""
        if self.shape is None or self.dtype is None:
            return 0
        return prod(max(1, n) for n in self.shape) * DTYPES[self.dtype].itemsize


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

    @model_validator(mode="after")
    def check(self) -> CallFile:
        """No two arguments have a name, and all fit into memory."""
        names = [entry.name for entry in self.arguments]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two arguments are called {name!r}")
        needed = self.workspace + sum(entry.bytes for entry in self.arguments)
        if needed > (have := memory_bytes()):
            raise ValueError(
                f"the arguments and the workspace take {spell_bytes(needed)}, more than "
                f"the {spell_bytes(have)} of memory here"
            )
        return self


def pack_struct(fields: Sequence[StructField]) -> bytes:
    """The bytes of a struct as a C++ compiler lays it out: every member at a multiple of
    its size, the whole rounded up to the largest of them."""
    data, largest = b"", 1
    for field in fields:
        array = field.array()
        largest = max(largest, array.itemsize)
        data += bytes(-len(data) % array.itemsize) + array.tobytes()
    return data + bytes(-len(data) % largest)


def of_dtype(values: Sequence[Number], dtype: str) -> Array:
    """The values, unchanged but for the rounding of floats.

    Raises:
        ValueError: there is no such type, or a value is outside of it.
    """
    if dtype not in DTYPES:
        raise ValueError(f"there is no dtype {dtype!r}; there are: {', '.join(DTYPES)}")
    wanted = DTYPES[dtype]
    low, high = _range(wanted)
    for value in values:
        is_float = isinstance(value, float)
        if wanted.kind in "iub":
            fits = (not is_float or value.is_integer()) and low <= value <= high
        else:  # infinity and NaN are floats
            fits = (is_float and not isfinite(value)) or low <= value <= high
        if not fits:
            raise ValueError(f"{spell(value)} is no {dtype}: {low} to {high}")
    return np.array(values, wanted)


def _range(dtype: np.dtype[Any]) -> tuple[float, float]:
    if dtype.kind == "b":
        return 0, 1
    if dtype.kind in "iu":
        return int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
    largest = LARGEST[dtype.name]
    return -largest, largest
