"""The memories of a simulated chip: poisoned bytes, and buffers that are views of them.

A buffer on the chip lies at its planned address, so buffers whose plans overlap share
their bytes. Memory holds 0xFF at first, which is NaN in every float type.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import ml_dtypes
import numpy as np
from xdsl.dialects.builtin import BFloat16Type, Float16Type, Float32Type
from xdsl.ir import Attribute

from backends.call.dtypes import Array, DType
from ligrad_ir.dialects.npu.types import Space, element_bytes
from ligrad_ir.soc import Soc

POISON = 0xFF
FRACTAL = Soc.fractal
"""Rows, and columns of a half, in a fractal: the width of a block of an NZ matrix."""

_FLOATS: dict[type[Attribute], DType] = {
    Float32Type: np.dtype(np.float32),
    Float16Type: np.dtype(np.float16),
    BFloat16Type: np.dtype(ml_dtypes.bfloat16),
}


class Fault(BaseException):
    """Ends a run with a message for people.

    No `Exception`: xDSL wraps those, with a print of the whole module, at every level
    of nesting.
    """


def require(condition: bool, message: str) -> None:
    """Check of a rule of the machine.

    Raises:
        Fault: with the message, unless the condition holds.
    """
    if not condition:
        raise Fault(message)


def element_dtype(element: Attribute) -> DType:
    """The NumPy dtype of the elements of a buffer; i8 holds bits, so it is unsigned."""
    if (dtype := _FLOATS.get(type(element))) is not None:
        return dtype
    size = element_bytes(element)
    return np.dtype(np.uint8 if size == 1 else f"int{8 * size}")


def poison(array: Array) -> None:
    """Overwrite all elements with poison."""
    array[...] = np.frombuffer(bytes([POISON]) * array.itemsize, array.dtype)[0]


def poisoned(size: int) -> Array:
    """Bytes nobody has written yet."""
    return np.full(size, POISON, np.uint8)


@dataclass(frozen=True, eq=False)
class Buffer:
    """The elements of a buffer, one-dimensional, by reference.

    label: what messages call it; address: its place in its memory, in bytes; written:
    the least range that holds all that a core has written in this launch, by the number
    of the core (global memory only); taken: the view that was asked for last, which is
    what an operation has written, or else read, when it is done.
    """

    label: str
    space: Space
    data: Array
    address: int = 0
    written: dict[int, tuple[int, int]] = field(
        default_factory=dict[int, tuple[int, int]]
    )
    taken: deque[Array] = field(default_factory=lambda: deque(maxlen=1))

    def at(self, offset: int, count: int, unit: int = 1) -> Array:
        """`count` elements from `offset`, whose address is a multiple of `unit` bytes."""
        self._check_count(count, "elements")
        self._check(offset, count, unit)
        self.taken.append(found := self.data[offset : offset + count])
        return found

    def rows(
        self, offset: int, rows: int, count: int, pitch: int, unit: int = 1
    ) -> Array:
        """[rows, count] elements, the rows `pitch` apart."""
        self._check_count(rows, "rows")
        self._check_count(count, "elements")
        require(
            rows < 2 or pitch >= count,
            f"rows of {count} elements overlap at a pitch of {pitch} in {self.label}",
        )
        empty = rows == 0 or count == 0
        extent = 0 if empty else (rows - 1) * pitch + count
        return self._view(offset, extent, (rows, count), (pitch, 1), unit)

    def blocks(
        self, offset: int, rows: int, columns: int, nz_rows: int, unit: int = 1
    ) -> Array:
        """[blocks, rows, 16] elements of an NZ matrix whose blocks of 16 columns lie
        `nz_rows` rows apart."""
        self._check_count(rows, "rows")
        self._check_count(columns, "columns")
        require(
            rows <= nz_rows or columns <= FRACTAL,
            f"{rows} rows overlap in blocks of {nz_rows} rows in {self.label}",
        )
        require(
            nz_rows % FRACTAL == 0,
            f"blocks of {nz_rows} rows in {self.label} are not whole fractals",
        )
        blocks = -(-columns // FRACTAL)
        empty = rows == 0 or blocks == 0
        extent = 0 if empty else ((blocks - 1) * nz_rows + rows) * FRACTAL
        strides = (nz_rows * FRACTAL, FRACTAL, 1)
        return self._view(offset, extent, (blocks, rows, FRACTAL), strides, unit)

    def note_write(self, core: int, offset: int, end: int) -> None:
        """Remember that a core writes the elements from `offset` to `end`."""
        require(self.data.flags.writeable, f"{self.label} is read-only, and is written")
        start, stop = self.written.get(core, (offset, end))
        self.written[core] = min(start, offset), max(stop, end)

    def scalars(self, core: int, offset: int, count: int) -> Array:
        """Elements as the scalar unit of a core reads them, past what others write."""
        found = self.at(offset, count)
        for writer, (start, stop) in self.written.items():
            require(
                writer == core or offset + count <= start or offset >= stop,
                f"the scalar unit reads {self._range(offset, count)}, where another core "
                "has written in this launch, which it may not see",
            )
        return found

    def _view(
        self,
        offset: int,
        extent: int,
        shape: tuple[int, ...],
        strides: tuple[int, ...],
        unit: int,
    ) -> Array:
        """The elements of a range of `extent` elements, all of them in the buffer."""
        self._check(offset, extent, unit)
        found = np.empty(shape, self.data.dtype)
        if extent:
            width = self.data.itemsize
            found = np.lib.stride_tricks.as_strided(
                self.data[offset:], shape, [stride * width for stride in strides]
            )
        self.taken.append(found)
        return found

    def _check(self, offset: int, extent: int, unit: int) -> None:
        """The elements are there, and start at a multiple of `unit` bytes."""
        require(
            extent == 0 or (0 <= offset and offset + extent <= self.data.size),
            f"out of bounds: {self._range(offset, extent)}, "
            f"which has {self.data.size} elements ({self.data.nbytes} bytes)",
        )
        address = self.address + offset * self.data.itemsize
        require(
            extent == 0 or address % unit == 0,
            f"address {address} in {self.space}, element {offset} of {self.label}, is no "
            f"multiple of {unit} bytes",
        )

    def _check_count(self, count: int, what: str) -> None:
        require(count >= 0, f"{count} {what} of {self.label}: a count is not negative")

    def _range(self, offset: int, count: int) -> str:
        width = self.data.itemsize
        return (
            f"elements {offset} to {offset + count} (bytes {offset * width} to "
            f"{(offset + count) * width}) of {self.label}"
        )
