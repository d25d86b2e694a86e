"""Writing files, whole or not at all."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from backends.leftovers import finish, replacing, unfinished, whole
from ligrad_ir.errors import LigradError

EXECUTABLE = 0o755


def write_text(path: Path, text: str) -> None:
    """Write a file, and the folders that it needs; a reader sees the old text or the new.

    Raises:
        LigradError: if it cannot be written.
    """
    with written(path), replacing(path) as part:
        part.write_text(text, encoding="utf-8")


def require_place(path: Path) -> None:
    """Refuse a place for a file before the work that the file is for.

    Raises:
        LigradError: no file could be written there.
    """
    with written(path):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "Is a directory")
        with unfinished(path) as part:
            part.touch()


def require_directory(path: Path) -> None:
    """Refuse a place for a directory of files, as `require_place` does.

    Raises:
        LigradError: none could be made there, or no file in it.
    """
    with written(path):
        if path.exists() and not path.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "Not a directory")
        with unfinished(_beside(path)) as part:
            part.mkdir()


def _beside(directory: Path) -> Path:
    """What is in the file system in which the files of a directory shall be."""
    return directory / "files" if directory.is_dir() else directory


def write_files(
    directory: Path, files: Mapping[str, str | Path], executable: Collection[str] = ()
) -> None:
    """Write all files, or none of them. What else is in the directory stays.

    files: by their paths in the directory, the text or a file to copy. executable: paths
    of those that may be run.

    Raises:
        LigradError: if one cannot be written.
    """
    with written(directory), unfinished(_beside(directory)) as part:
        for name, content in files.items():
            _stage(part / name, content)
            if name in executable:
                (part / name).chmod(EXECUTABLE)
        with whole():
            try:
                finish(part, directory)
            except OSError:
                if not directory.is_dir():
                    raise
                _move(part, directory, files)  # it holds something


@contextmanager
def written(path: Path) -> Generator[None]:
    """What goes wrong while a path is written is a LigradError."""
    try:
        yield
    except OSError as error:
        raise LigradError(f"cannot write {path}: {error.strerror or error}") from error


def _stage(path: Path, content: str | Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, str):
        path.write_text(content, encoding="utf-8")
    else:
        shutil.copyfile(content, path)


def _move(part: Path, directory: Path, names: Collection[str]) -> None:
    """Move files to their places, unless something is in the way of one."""
    for name in names:
        path = directory / name
        if path.is_dir():
            raise LigradError(f"cannot write {path}: it is a directory")
        for above in list(Path(name).parents)[:-1]:
            if (directory / above).exists() and not (directory / above).is_dir():
                what = f"{directory / above} is not a directory"
                raise LigradError(f"cannot write {path}: {what}")
    for name in names:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (part / name).replace(directory / name)
