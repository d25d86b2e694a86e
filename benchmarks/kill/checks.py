"""What is looked at when a command has ended."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.kill.commands import COMMANDS, MARK

STOPPED = 128 + signal.SIGTERM


def wrong_end(code: int, said: str) -> Iterator[str]:
    """The end of a command that was ended; or had ended by itself. Before the first and
    behind the last line of ours, the signal itself ends the process."""
    if "Traceback" in said:
        yield f"a traceback: {said[-300:]}"
    if code not in (0, STOPPED, -signal.SIGTERM):
        yield f"ended with {code}: {said[-300:]}"
    if code == STOPPED and "stopped by SIGTERM" not in said:
        yield f"ended without a word, but: {said[-300:]!r}"


def left(folder: Path) -> Iterator[str]:
    """Temporary files, and files that are not finished."""
    found = [
        *(folder / "tmp").rglob("*"),
        *(path for path in folder.rglob("*") if ".part" in path.name),
    ]
    if found:
        names = (str(path.relative_to(folder)) for path in found)
        yield f"left behind: {', '.join(sorted(names))}"


def outputs_of(name: str, folder: Path) -> dict[str, bytes]:
    """The outputs that there are, by path; directories as files without content."""
    found: dict[str, bytes] = {}
    for output in COMMANDS[name].outputs:
        path = folder / "work" / output
        for each in (path, *path.rglob("*")):
            if each.exists():
                content = b"" if each.is_dir() else each.read_bytes()
                found[str(each.relative_to(folder / "work"))] = content
    return found


def remove_outputs(name: str, folder: Path) -> None:
    """Make place for the next run."""
    for output in COMMANDS[name].outputs:
        path = folder / "work" / output
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def differing(
    outputs: Mapping[str, bytes],
    right: Mapping[str, bytes],
    *,
    missing_too: bool = True,
) -> str:
    """The names of outputs that are not as they should be. missing_too: or are not there;
    else only those that are in a directory of which something is."""
    wrong = set[str]()
    for name in {*outputs, *right}:
        begun = missing_too or name.partition("/")[0] in outputs
        if begun and outputs.get(name) != right.get(name):
            wrong.add(name)
    return ", ".join(sorted(wrong))


def broken_lines(name: str, folder: Path) -> Iterator[str]:
    """Lines of a record that are not whole."""
    path = folder / "work" / COMMANDS[name].lines
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
        try:
            json.loads(line)
        except ValueError:
            yield f"half a line in {path.name}"
        if not line.endswith("\n"):
            yield f"no end of line in {path.name}"


def marked(mark: str) -> list[str]:
    """The command lines of processes that a command has started and that run."""
    word, found = f"{MARK}={mark}".encode(), list[str]()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if word in (path / "environ").read_bytes().split(b"\0"):
                arguments = (path / "cmdline").read_bytes().replace(b"\0", b" ")
                found.append(f"{path.name} {arguments.decode(errors='replace')[:80]}")
        except OSError:
            continue
    return found
