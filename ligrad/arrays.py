"""Arrays to and from `.npz` and `.npy` files, bfloat16 included.

NumPy stores a bfloat16 array as raw 2-byte items (`|V2`). Hence a 2-byte item without a
type reads back as bfloat16; elsewhere, `array.view(ml_dtypes.bfloat16)` does the same.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import ml_dtypes
import numpy as np

from backends.numpy.dtypes import Array
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
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            with part.open("wb") as file:
                write(file)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise LigradError(f"cannot write {path}: {error.strerror or error}") from error


def _typed(array: Array) -> Array:
    return array.view(ml_dtypes.bfloat16) if array.dtype == np.dtype("V2") else array


def _untyped(array: Array) -> Array:
    return array.view("V2") if array.dtype == ml_dtypes.bfloat16 else array
