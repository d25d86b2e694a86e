"""Reads `.npy` data that anybody may have written: NumPy's own reader allocates what a
header asks for, and raises whatever its parsers do."""

from __future__ import annotations

import tokenize
import warnings
from math import prod
from typing import IO, NamedTuple

import numpy as np

from backends.call.dtypes import Array, DType
from backends.memory import memory_bytes, spell_bytes

MOST_DIMENSIONS = 64
"""Of a NumPy array."""
CHUNK = 2**24
"""Bytes that are read at a time."""
RAW_HALF = np.dtype("V2")
"""How bfloat16 is stored."""
_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
_LEAKED = (
    *(ValueError, TypeError, LookupError, AttributeError, SyntaxError),
    *(RecursionError, MemoryError, OverflowError, tokenize.TokenError),
)
"""What NumPy's parser of headers raises for one that it cannot parse."""


class NpyError(Exception):
    """The data is no plain array; the text says why."""


class Header(NamedTuple):
    """What stands in front of an array's elements."""

    shape: tuple[int, ...]
    dtype: DType
    is_fortran: bool

    @property
    def bytes(self) -> int:
        """Of all elements."""
        return prod(self.shape) * self.dtype.itemsize


def read_header(stream: IO[bytes], size: int) -> Header:
    """Read a header, up to the first element.

    size: of the whole data. Raises:
        NpyError: it is no header, or not that of so many bytes of numbers.
    """
    try:
        version = np.lib.format.read_magic(stream)
        read = _READERS.get(version)
        if read is None:  # 3.0 is for names of fields
            raise NpyError(f"its format {version} is none of plain arrays")
        with warnings.catch_warnings(action="ignore"):  # of what old versions wrote
            shape, is_fortran, dtype = read(stream)
    except _LEAKED as error:
        raise NpyError("it is no .npy data") from error
    header = Header(shape, dtype, is_fortran)
    _check_dtype(dtype)
    if len(shape) > MOST_DIMENSIONS or any(extent < 0 for extent in shape):
        raise NpyError(f"an array cannot have the shape {shape!r:.100}")
    if (left := size - stream.tell()) != header.bytes:
        raise NpyError(
            f"its header speaks of {header.bytes} bytes, and {left} are there"
        )
    return header


def _check_dtype(dtype: DType) -> None:
    if dtype.hasobject:
        raise NpyError("it holds Python objects, which are not read")
    if dtype.names is not None or dtype.subdtype is not None:
        raise NpyError("its elements are structures, not numbers")
    if dtype != RAW_HALF and dtype.kind not in "biuf":
        raise NpyError(f"its elements are no numbers, but {dtype}")
    if not dtype.isnative:
        raise NpyError(
            f"its elements are big-endian ({dtype.str}); save it as "
            "array.astype(array.dtype.newbyteorder('<'))"
        )


def read_npy(stream: IO[bytes], size: int) -> Array:
    """Read an array; size: of the whole data.

    Raises:
        NpyError: the data is not that of an array of numbers.
    """
    header = read_header(stream, size)
    if header.bytes > memory_bytes():
        raise NpyError(f"its {spell_bytes(header.bytes)} do not fit into memory")
    data = np.empty(header.bytes, np.uint8)
    for start in range(0, header.bytes, CHUNK):
        part = stream.read(min(CHUNK, header.bytes - start))
        data[start : start + len(part)] = np.frombuffer(part, np.uint8)
        if len(part) < min(CHUNK, header.bytes - start):
            raise NpyError("it ends too early")
    stream.read(1)  # a zip file checks what it has read at the end
    return shaped(data, header)


def shaped(data: Array, header: Header) -> Array:
    """The array that bytes hold."""
    order = "F" if header.is_fortran else "C"
    return data.view(header.dtype).reshape(header.shape, order=order)
