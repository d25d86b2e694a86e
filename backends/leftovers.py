"""What must not outlive a run: unfinished files, and programs that were started.

Each is entered here before it exists, and taken off once it is finished or gone. Contexts
clean up after errors. A signal that ends the process leaves no context time to do so:
then `clear` ends and removes whatever is entered, whichever thread entered it.
"""

from __future__ import annotations

import atexit
import errno
import os
import secrets
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Generator, Iterable
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from ligrad_ir.errors import LigradError

TERM_SECONDS = 2.0
"""Time for a program to end itself; then it is killed."""
_POLL_SECONDS = 0.01


class _Entered:
    """What there is to clean up. paths: files and directories; folders: to be removed if
    they are empty; groups: of processes, by number. lock: nothing changes while it is
    held, and it is held for what no signal may tear apart."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.paths: dict[Path, None] = {}
        self.folders: dict[Path, None] = {}
        self.groups: set[int] = set()


_entered = _Entered()


def _forget() -> None:
    """A forked process owns nothing of what its parent has entered."""
    global _entered
    _entered = _Entered()


@contextmanager
def whole() -> Generator[None]:
    """No signal ends the process in here."""
    with _entered.lock:
        yield


@contextmanager
def temporary(path: Path) -> Generator[Path]:
    """A file or directory that is gone at the end, unless it has been moved away."""
    with _entered.lock:
        _entered.paths[path] = None
    try:
        yield path
    finally:
        with _entered.lock:
            _remove(path)
            _entered.paths.pop(path, None)


@contextmanager
def temporary_directory() -> Generator[Path]:
    """A new directory among the temporary files of the machine, gone at the end.

    Raises:
        LigradError: there is no place for one.
    """
    name = f"ligrad-{secrets.token_hex(8)}"
    with ExitStack() as stack:
        try:
            path = stack.enter_context(temporary(Path(tempfile.gettempdir()) / name))
            path.mkdir(mode=0o700)
        except OSError as error:
            raise LigradError(
                f"there is no place for temporary files: {error.strerror}; set TMPDIR "
                "to a directory that can be written to"
            ) from error
        yield path


@contextmanager
def folder(path: Path) -> Generator[None]:
    """Make a directory, and those above it. Of the ones that were made, those that are
    empty at the end are removed.

    Raises:
        OSError: it cannot be made.
    """
    missing = [each for each in (path, *path.parents) if not each.exists()]
    with _entered.lock:
        _entered.folders.update(dict.fromkeys(missing))
    try:
        try:
            path.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            raise NotADirectoryError(errno.ENOTDIR, "Not a directory") from None
        yield
    finally:
        with _entered.lock:
            for each in missing:
                _remove_empty(each)
                _entered.folders.pop(each, None)


@contextmanager
def unfinished(path: Path) -> Generator[Path]:
    """A path beside `path` for a file or a directory on its way there: gone at the end,
    unless `finish` has been called.

    Raises:
        OSError: the folder of `path` cannot be made, or `path` ends in no name.
    """
    if path.name in ("", ".."):  # the working directory, the root, ..
        raise OSError(errno.EINVAL, "it ends in no name for a file or a new directory")
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    with folder(path.parent), temporary(part):
        yield part


def finish(part: Path, path: Path) -> None:
    """Give what lies at `part` the name `path`, in the place of a file or an empty
    directory.

    Raises:
        OSError: that is not possible.
    """
    with whole():
        part.replace(path)


@contextmanager
def replacing(path: Path) -> Generator[Path]:
    """The same, finished at the end if no error comes. What lies at `path` and is no file,
    such as /dev/null, is not replaced: it is given itself.

    Raises:
        OSError: `path` cannot be written.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        yield path
        return
    with unfinished(path) as part:
        yield part
        finish(part, path)


@contextmanager
def process_group(group: int) -> Generator[None]:
    """A group of processes that a signal to this one ends, too. Enter it in the same
    `whole` as the start of its first process."""
    with _entered.lock:
        _entered.groups.add(group)
    try:
        yield
    finally:
        with _entered.lock:
            _entered.groups.discard(group)


def end_groups(groups: Iterable[int]) -> None:
    """End groups of processes, with force those that take too long. The first process of
    each is waited for."""
    left = set(groups)
    for number, seconds in ((signal.SIGTERM, TERM_SECONDS), (signal.SIGKILL, 1.0)):
        for group in left:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(group, number)
        until = time.monotonic() + seconds
        while left and time.monotonic() < until:
            left = {group for group in left if _runs(group)}
            time.sleep(_POLL_SECONDS if left else 0)


def stop() -> None:
    """From now on, a thread that is about to enter or to finish something waits for the
    end of the process, which is to follow."""
    _entered.lock.acquire()


def clear() -> None:
    """End and remove all that is entered, before the process ends."""
    stop()
    end_groups(_entered.groups)
    for path in reversed(_entered.paths):
        _remove(path)
    for path in sorted(_entered.folders, reverse=True):  # inner ones first
        _remove_empty(path)


def _runs(group: int) -> bool:
    """Whether a process of a group is alive; a zombie is not."""
    with suppress(ChildProcessError):
        os.waitpid(group, os.WNOHANG)
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return any(_state(path) == (str(group), True) for path in Path("/proc").iterdir())


def _state(process: Path) -> tuple[str, bool]:
    """The group of a process, and whether it is alive."""
    try:
        text = (process / "stat").read_text(errors="replace")
    except OSError:
        return "", False
    state, _, group = text.rpartition(") ")[2].split()[:3]
    return group, state not in "ZX"


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def _remove_empty(path: Path) -> None:
    with suppress(OSError):
        path.rmdir()


os.register_at_fork(after_in_child=_forget)
atexit.register(clear)
