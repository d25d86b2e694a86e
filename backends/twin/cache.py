"""The cache of builds, by content. Nobody else may write to it: what is in it is run."""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import stat
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from backends.leftovers import temporary, unfinished, whole
from ligrad_ir.errors import LigradError

VARIABLE = "XDG_CACHE_HOME"
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def cache_directory() -> Path:
    """Where builds are kept: `ligrad/twin` in `$XDG_CACHE_HOME` or `~/.cache`; it is made
    if it is missing.

    Raises:
        LigradError: it cannot be made, or somebody else can write to it.
    """
    base = _base()
    folders = (base, base / "ligrad", base / "ligrad" / "twin")
    with _written(base):
        folders[-1].parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _check(folder, shared=folder is base)
    return folders[-1]


def cached(key: str, name: str, make: Callable[[Path], None]) -> Path:
    """The file `name` of the cache, or what `make` writes to the path that it is given,
    moved into place at once. Of processes that want the same file, one makes it; a file
    that is not as it was made is made again.

    Raises:
        LigradError: the cache cannot be written to, or is not safe.
    """
    folder = cache_directory() / key
    target = folder / name
    if _is_whole(target):
        return target
    with _written(folder):
        folder.mkdir(exist_ok=True, mode=0o700)
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not _is_whole(target):
                _sweep(folder)
                _make(target, make)
    return target


def digest(parts: Sequence[str | bytes]) -> str:
    """A name for a content: different for different parts."""
    found = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        found.update(len(data).to_bytes(8, "little"))
        found.update(data)
    return found.hexdigest()[:32]


def _base() -> Path:
    if base := os.environ.get(VARIABLE):
        return Path(base).absolute()
    try:
        return Path.home() / ".cache"
    except RuntimeError as error:
        raise LigradError(
            f"there is no home directory for the cache of builds: set {VARIABLE}"
        ) from error


def _check(folder: Path, *, shared: bool) -> None:
    """Require that nobody else can write to a folder. shared: others may, if each of them
    can only touch what is his own, as among the temporary files of a machine."""
    found = folder.stat()
    owners = {os.geteuid(), 0} if shared else {os.geteuid()}
    if found.st_uid not in owners:
        what = f"belongs to {_user(found.st_uid)}, not to {_user(os.geteuid())}"
    elif found.st_mode & OTHERS_WRITE and not (shared and found.st_mode & stat.S_ISVTX):
        what = f"is writable by others (mode {stat.S_IMODE(found.st_mode):o})"
    else:
        return
    raise LigradError(
        f"the cache of builds is not safe: {folder} {what}, and what lies in it is run; "
        f"set {VARIABLE} to a directory of your own"
    )


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


def _seal(target: Path) -> Path:
    """The file that says what `target` must hold."""
    return target.with_name(f"{target.name}.sha256")


def _is_whole(target: Path) -> bool:
    """Whether a file is there, as it was made."""
    try:
        return _seal(target).read_bytes() == _hash(target)
    except OSError:
        return False


def _hash(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest().encode()


def _make(target: Path, make: Callable[[Path], None]) -> None:
    with unfinished(target) as part, temporary(_seal(part)) as seal:
        make(part)
        part.chmod(0o700)
        seal.write_bytes(_hash(part))
        with whole():
            seal.replace(_seal(target))
            part.replace(target)


def _sweep(folder: Path) -> None:
    """Remove what processes that were killed have left; nobody else works here now."""
    for path in folder.glob(".*.part*"):
        path.unlink(missing_ok=True)


@contextmanager
def _written(folder: Path) -> Generator[None]:
    """What goes wrong while the cache is written is a LigradError."""
    try:
        yield
    except OSError as error:
        raise LigradError(
            f"cannot write the cache of builds, {folder}: {error.strerror or error}; "
            f"set {VARIABLE} to a directory of your own that has room"
        ) from error
