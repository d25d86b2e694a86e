"""The memory that a launch shares with the process of its kernel."""

import ctypes
import mmap
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from backends.memory import require_memory
from ligrad_ir.soc import SOCS

Bytes = npt.NDArray[np.uint8]
ALIGNMENT = SOCS["ascend910b1"].gm_alignment
GUARD = 4096
"""Bytes around every argument that no kernel may touch."""
WORD = 16
"""The alignment of all else."""


class ArgumentRecord(ctypes.Structure):
    """A TwinArgument of engine/launch.h."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("data", ctypes.c_void_p),
        ("bytes", ctypes.c_uint64),
        ("by_value", ctypes.c_int32),
        ("scratch", ctypes.c_int32),
    )


class LaunchRecord(ctypes.Structure):
    """A TwinLaunch of engine/launch.h."""

    _fields_ = (
        ("bind", ctypes.c_void_p * 2),
        ("call", ctypes.c_void_p * 2),
        ("arguments", ctypes.c_void_p),
        ("argument_count", ctypes.c_int32),
        ("kernel_type", ctypes.c_int32),
        ("fallback_type", ctypes.c_int32),
        ("blocks", ctypes.c_uint32),
        ("tiling_key", ctypes.c_uint64),
        ("sizes", ctypes.c_uint64 * 8),
        ("workspace", ctypes.c_void_p),
        ("reverse", ctypes.c_int32),
        ("parameters", ctypes.c_void_p),
        ("l2_bytes", ctypes.c_uint64),
        ("cube_cores", ctypes.c_uint32),
        ("trace_limit", ctypes.c_uint64),
        ("check", ctypes.c_int32),
        ("auto_sync", ctypes.c_int32),
    )


@dataclass(frozen=True)
class Piece:
    """An argument as a kernel sees it. content: its bytes, or how many of them there are
    in a workspace, where nothing is defined; by_value: it is passed as it is, not as an
    address in GM."""

    title: str
    content: Bytes | int
    by_value: bool = False

    @property
    def bytes(self) -> int:
        """How many it has."""
        return self.content if isinstance(self.content, int) else self.content.size


class Image:
    """A launch with its tables and arguments in one piece of memory, for a program that
    maps it: pointers in it are offsets. Arguments are aligned copies with guards around
    them; where nothing is defined all bits are 1.

    launch: the record, to be completed; workspace: the piece that is the workspace goes
    there, too.
    """

    def __init__(self, pieces: Sequence[Piece], parameters: Sequence[float] = ()):
        """Raises: LigradError, the machine has not so much memory."""
        self._end = 0
        self._take(ctypes.sizeof(LaunchRecord))
        table = self._take(ctypes.sizeof(ArgumentRecord) * len(pieces))
        numbers = self._take(8 * len(parameters))
        titles = [self._take(len(piece.title.encode()) + 1) for piece in pieces]
        places = [self._place(piece) for piece in pieces]
        self._pieces, self._places = pieces, places
        self.descriptor = _shared(self._end)
        memory = mmap.mmap(self.descriptor, self._end)
        self._bytes: Bytes = np.frombuffer(memory, np.uint8)
        self._bytes[min(places, default=0) :] = 0xFF
        self.launch = LaunchRecord.from_buffer(memory)
        if parameters:
            self.launch.parameters = numbers
            self._write(numbers, np.array(parameters, np.float64).view(np.uint8))
        self.launch.arguments, self.launch.argument_count = table, len(pieces)
        records = (ArgumentRecord * len(pieces)).from_buffer(memory, table)
        for i, (piece, title, place) in enumerate(
            zip(pieces, titles, places, strict=True)
        ):
            self._write(title, np.frombuffer(piece.title.encode() + b"\0", np.uint8))
            scratch = isinstance(piece.content, int)
            records[i] = ArgumentRecord(
                title, place, piece.bytes, piece.by_value, scratch
            )
            if isinstance(piece.content, int):
                self.launch.workspace = place
            else:
                self._write(place, piece.content)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self.descriptor)

    def view(self, index: int) -> Bytes:
        """The bytes of an argument, as the kernel has left them."""
        place, piece = self._places[index], self._pieces[index]
        return self._bytes[place : place + piece.bytes]

    def _take(self, size: int, alignment: int = WORD) -> int:
        place = -(-self._end // alignment) * alignment
        self._end = place + size
        return place

    def _place(self, piece: Piece) -> int:
        if piece.by_value:
            return self._take(piece.bytes)
        self._end += GUARD
        place = self._take(piece.bytes, ALIGNMENT)
        self._end += GUARD
        return place

    def _write(self, place: int, content: Bytes) -> None:
        self._bytes[place : place + content.size] = content


def _shared(size: int) -> int:
    """The descriptor of new memory."""
    require_memory("the arguments of the kernel", size)
    descriptor = os.memfd_create("twin")
    os.ftruncate(descriptor, size)
    return descriptor
