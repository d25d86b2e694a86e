"""Writing files, whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ligrad_ir.errors import LigradError


def write_text(path: Path, text: str) -> None:
    """Write a file, and the folders that it needs; a reader sees the old text or the new.

    Raises:
        LigradError: if it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text)
            os.chmod(scratch, 0o644)
            os.replace(scratch, path)
        except OSError:
            Path(scratch).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise LigradError(f"cannot write {path}: {error.strerror}") from error
