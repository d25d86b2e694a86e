"""Writing files, whole or not at all."""

from __future__ import annotations

from pathlib import Path

from backends.leftovers import replacing
from ligrad_ir.errors import LigradError


def write_text(path: Path, text: str) -> None:
    """Write a file, and the folders that it needs; a reader sees the old text or the new.

    Raises:
        LigradError: if it cannot be written.
    """
    try:
        with replacing(path) as part:
            part.write_text(text, encoding="utf-8")
    except OSError as error:
        raise LigradError(f"cannot write {path}: {error.strerror}") from error
