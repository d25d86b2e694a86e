"""Arrays to and from `.npz` files, bfloat16 included.

NumPy stores a bfloat16 array as raw 2-byte items (`|V2`). Hence a 2-byte item without a
type reads back as bfloat16; elsewhere, `array.view(ml_dtypes.bfloat16)` does the same.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import ml_dtypes
import numpy as np

from backends.numpy.dtypes import Array
from ligrad_ir.errors import LigradError


def load_arrays(path: str | Path) -> dict[str, Array]:
    """All arrays of an `.npz` file by name.

    Raises:
        LigradError: if the file cannot be read, or holds Python objects.
    """
    try:
        with Path(path).open("rb") as raw:
            if not zipfile.is_zipfile(raw):
                raise LigradError(f"cannot read {path}: not an .npz file")
            with np.load(raw, allow_pickle=False) as file:
                return {name: _typed(file[name]) for name in file.files}
    except OSError as error:
        raise LigradError(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, EOFError) as error:
        raise LigradError(f"cannot read {path}: not an .npz of plain arrays") from error


def _typed(array: Array) -> Array:
    if array.dtype == np.dtype("V2"):
        return array.view(ml_dtypes.bfloat16)
    return array


def save_arrays(path: str | Path, arrays: Mapping[str, Array]) -> None:
    """Write arrays to an `.npz` file, whole or not at all.

    Raises:
        LigradError: if the file cannot be written.
    """
    path = Path(path)
    raw = {
        name: a.view("V2") if a.dtype == ml_dtypes.bfloat16 else a
        for name, a in arrays.items()
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            with part.open("wb") as file:
                np.savez(file, allow_pickle=False, **raw)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise LigradError(f"cannot write {path}: {error.strerror or error}") from error
