"""Arrays to and from `.npz` and `.npy` files, bfloat16 included.

NumPy stores a bfloat16 array as raw 2-byte items (`|V2`). Hence a 2-byte item without a
type reads back as bfloat16; elsewhere, `array.view(ml_dtypes.bfloat16)` does the same.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Self

import ml_dtypes
import numpy as np

from backends.files import written
from backends.leftovers import finish, replacing, unfinished
from backends.numpy.dtypes import Array, DType
from ligrad_ir.errors import LigradError


def load_arrays(path: str | Path) -> dict[str, Array]:
    """All arrays of an `.npz` file by name.

    Raises:
        LigradError: if the file cannot be read, or holds Python objects.
    """
    with _opened(path, "an .npz of plain arrays") as raw:
        if not zipfile.is_zipfile(raw):
            raise LigradError(f"cannot read {path}: not an .npz file")
        with np.load(raw, allow_pickle=False) as file:
            return {name: _typed(file[name]) for name in file.files}


def load_array(path: str | Path) -> Array:
    """The array of an `.npy` file.

    Raises:
        LigradError: if the file cannot be read, or holds Python objects.
    """
    with _opened(path, "an .npy of a plain array") as raw:
        if zipfile.is_zipfile(raw):
            raise LigradError(f"cannot read {path}: an .npz file, not an .npy")
        raw.seek(0)
        return _typed(np.load(raw, allow_pickle=False))


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
        with _opened(path, "an .npy of a plain array"):
            found[path.stem] = _typed(np.load(path, mmap_mode="r", allow_pickle=False))
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
def _opened(path: str | Path, wanted: str) -> Generator[BinaryIO]:
    """The file, for reading; what goes wrong with it is a LigradError."""
    try:
        with Path(path).open("rb") as raw:
            yield raw
    except OSError as error:
        raise LigradError(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, EOFError) as error:
        raise LigradError(f"cannot read {path}: not {wanted}") from error


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
