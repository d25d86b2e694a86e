"""Arrays to and from `.npz` and `.npy` files, bfloat16 included.

NumPy stores a bfloat16 array as raw 2-byte items (`|V2`). Hence a 2-byte item without a
type reads back as bfloat16; elsewhere, `array.view(ml_dtypes.bfloat16)` does the same.
"""

from __future__ import annotations

import lzma
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Self

import ml_dtypes
import numpy as np

from backends.call.dtypes import Array, DType
from backends.files import written
from backends.leftovers import finish, replacing, unfinished
from ligrad.npy import NpyError, read_header, read_npy, shaped
from ligrad_ir.errors import LigradError

_ENCRYPTED = 1
"""In the flags of a member of a zip file."""
_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, struct.error),
    *(NotImplementedError, ValueError, RuntimeError),
)
"""What is raised for a zip file that is not whole, or of an unknown kind."""


def load_arrays(path: str | Path) -> dict[str, Array]:
    """All arrays of an `.npz` file by name.

    Raises:
        LigradError: if the file cannot be read, or is not whole, or holds anything but
            arrays of numbers.
    """
    found: dict[str, Array] = {}
    with _opened(path) as raw:
        if not zipfile.is_zipfile(raw):
            raise LigradError(f"cannot read {path}: not an .npz file")
        with zipfile.ZipFile(raw) as file:
            for member in file.infolist():
                name = member.filename.removesuffix(".npy")
                if name in found:
                    raise LigradError(f"cannot read {path}: it holds {name} twice")
                with _blamed(path, name):
                    found[name] = _member(file, member)
    return found


def _member(file: zipfile.ZipFile, member: zipfile.ZipInfo) -> Array:
    if not member.filename.endswith(".npy"):
        raise NpyError("it is no .npy data")
    if member.flag_bits & _ENCRYPTED:
        raise NpyError("it is encrypted")
    with file.open(member) as stream:
        return _typed(read_npy(stream, member.file_size))


def load_array(path: str | Path) -> Array:
    """The array of an `.npy` file.

    Raises:
        LigradError: if the file cannot be read, or is not whole, or holds anything but
            an array of numbers.
    """
    with _opened(path) as raw, _blamed(path):
        if zipfile.is_zipfile(raw):
            raise NpyError("it is an .npz file, not an .npy")
        raw.seek(0)
        return _typed(read_npy(raw, os.fstat(raw.fileno()).st_size))


def _map_array(path: Path) -> Array:
    """The same, read as it is used."""
    with _opened(path) as raw, _blamed(path):
        header = read_header(raw, os.fstat(raw.fileno()).st_size)
        if header.bytes == 0:  # nothing to map
            return _typed(shaped(np.empty(0, np.uint8), header))
        order = "F" if header.is_fortran else "C"
        return _typed(
            np.memmap(raw, header.dtype, "r", raw.tell(), header.shape, order)
        )


def save_arrays(path: str | Path, arrays: Mapping[str, Array]) -> None:
    """Write arrays to an `.npz` file, whole or not at all.

    Raises:
        LigradError: if the file cannot be written.
    """
    raw: dict[str, Any] = {name: _untyped(array) for name, array in arrays.items()}
    _write(path, lambda file: np.savez(file, allow_pickle=False, **raw))


def save_array(path: str | Path, array: Array) -> None:
    """Write an array to an `.npy` file, whole or not at all.

    Raises:
        LigradError: if the file cannot be written.
    """
    _write(path, lambda file: np.save(file, _untyped(array), allow_pickle=False))


def open_arrays(directory: str | Path) -> dict[str, Array]:
    """The arrays of a directory's `.npy` files by the names of the files, mapped: they
    are read as they are used.

    Raises:
        LigradError: if it has no such files, or one cannot be read.
    """
    found: dict[str, Array] = {}
    for path in sorted(Path(directory).glob("*.npy")):
        found[path.stem] = _map_array(path)
    if not found:
        raise LigradError(f"cannot read {directory}: it holds no .npy files")
    return found


class ArrayDirectory:
    """A directory of `.npy` files that is there, with all of them, or not at all.

    The arrays are mapped, so that results go to the files as they are computed; until
    `finish` they lie in a directory of another name.
    """

    def __init__(self, path: str | Path):
        self._path = Path(path)
        self._arrays: list[Array] = []

    def __enter__(self) -> Self:
        with written(self._path), ExitStack() as stack:
            if self._path.exists() and any(self._path.iterdir()):
                raise LigradError(f"cannot write {self._path}: it is not empty")
            self._part = stack.enter_context(unfinished(self._path))
            self._part.mkdir()
            self._stack = stack.pop_all()
        return self

    def make(self, name: str, shape: tuple[int, ...], dtype: DType) -> Array:
        """A file of zeros, with all the room that it needs.

        Raises:
            LigradError: if it cannot be made.
        """
        raw = np.dtype("V2") if dtype == ml_dtypes.bfloat16 else dtype
        path = self._part / f"{name}.npy"
        if 0 in shape:  # nothing to map
            save_array(path, np.zeros(shape, dtype))
            return np.zeros(shape, dtype)
        with written(self._path):
            array: Array = np.lib.format.open_memmap(path, "w+", raw, shape)
            _allocate(path)
        self._arrays.append(array)
        return _typed(array)

    def finish(self) -> None:
        """All is computed: give the directory its name.

        Raises:
            LigradError: if it cannot be.
        """
        with written(self._path):
            for array in self._arrays:
                if isinstance(array, np.memmap):
                    array.flush()
            finish(self._part, self._path)

    def __exit__(self, *error: object) -> None:
        self._arrays.clear()
        self._stack.close()


@contextmanager
def _opened(path: str | Path) -> Generator[BinaryIO]:
    """The file, for reading; what goes wrong with it is a LigradError."""
    try:
        if not Path(path).is_file() and Path(path).exists():
            raise LigradError(f"cannot read {path}: it is no regular file")
        with Path(path).open("rb") as raw:
            yield raw
    except OSError as error:
        raise LigradError(f"cannot read {path}: {error.strerror or error}") from error
    except _DAMAGED as error:
        raise LigradError(f"cannot read {path}: it is damaged: {error}") from error


@contextmanager
def _blamed(path: str | Path, name: str = "") -> Generator[None]:
    """What is wrong with an array is a LigradError with its name."""
    of = f"{name}: " if name else ""
    try:
        yield
    except NpyError as error:
        raise LigradError(f"cannot read {path}: {of}{error}") from error
    except _DAMAGED as error:
        text = f"cannot read {path}: {of}it is damaged: {error}"
        raise LigradError(text) from error


def _write(path: str | Path, write: Callable[[BinaryIO], None]) -> None:
    path = Path(path)
    with written(path), replacing(path) as part, part.open("wb") as file:
        write(file)


def _allocate(path: Path) -> None:
    """Give a file its room on the disk. A write to a mapped page for which there is none
    would be a signal."""
    with path.open("r+b") as file:
        os.posix_fallocate(file.fileno(), 0, path.stat().st_size)


def _typed(array: Array) -> Array:
    return array.view(ml_dtypes.bfloat16) if array.dtype == np.dtype("V2") else array


def _untyped(array: Array) -> Array:
    return array.view("V2") if array.dtype == ml_dtypes.bfloat16 else array
