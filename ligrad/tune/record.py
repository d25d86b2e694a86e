"""What was found, kept as JSON lines: a search goes on where it was stopped."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import backends
import ligrad_ir
import passes
from backends.files import require_place, written
from backends.twin.compiler import find_compiler
from backends.twin.timing import DEFAULT_TIMING
from ligrad.tune.judge import Checked, Lowered, Timed
from ligrad_ir.errors import LigradError

Result = Lowered | Timed | Checked
KINDS: Mapping[str, type[Result]] = {
    "lowered": Lowered,
    "timed": Timed,
    "checked": Checked,
}
"""What a line may hold, by the word that it begins with."""
Found = TypeVar("Found", Lowered, Timed, Checked)
COMPILER = (".py", ".lark", ".lig")
TWIN = (".cpp", ".h")


def lowered_key(problem: Mapping[str, Any], choice: str) -> dict[str, Any]:
    """All that decides what a choice lowers to."""
    return {"choice": choice, "compiler": _compiler_digest(), **problem}


def kernel_key(problem: Mapping[str, Any], kernel: str) -> dict[str, Any]:
    """All that decides what the twin says of a kernel: not the compiler that made it."""
    return {
        "kernel": kernel,
        "twin": _twin_digest(),
        "timing": _timing_digest(),
        **problem,
    }


@dataclass
class Record:
    """Lines of a file that only grows. damaged: the numbers of lines that are no record,
    such as the last one of a search that was killed."""

    path: Path
    damaged: list[int] = field(default_factory=list[int])
    _found: dict[tuple[str, str], dict[str, Any]] = field(
        default_factory=dict[tuple[str, str], dict[str, Any]]
    )
    _ends_open: bool = False

    @classmethod
    def open(cls, path: Path) -> Record:
        """What is recorded so far; nothing if there is no such file.

        Raises:
            LigradError: it cannot be read, or is no text.
        """
        record = cls(path)
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return record
        except OSError as error:
            raise LigradError(f"cannot read {path}: {error.strerror}") from error
        record._ends_open = bool(text) and not text.endswith("\n")
        for number, line in enumerate(text.splitlines(), 1):
            try:
                entry = json.loads(line)
                place = entry["what"], _spell(entry["key"])
                KINDS[entry["what"]](**entry["found"])  # refused here if not whole
            except (ValueError, KeyError, TypeError):
                record.damaged.append(number)
                continue
            record._found[place] = entry["found"]
        return record

    def require(self) -> None:
        """Refuse a file that could not be written, before the work whose results it keeps.

        Raises:
            LigradError: says why.
        """
        if self.path.exists():
            self._append("")
        else:
            require_place(self.path)

    def find(self, kind: type[Found], key: Mapping[str, Any]) -> Found | None:
        """The result of a kind that is recorded for a key."""
        found = self._found.get((_word(kind), _spell(key)))
        return None if found is None else kind(**found)

    def add(self, key: Mapping[str, Any], found: Result) -> None:
        """Append a line, in one write: it is there as a whole or not at all.

        Raises:
            LigradError: the file cannot be written.
        """
        what = _word(type(found))
        values = asdict(found)
        entry = {"what": what, "key": dict(key), "found": values}
        text = json.dumps(entry) + "\n"
        if self._ends_open:  # behind half a line
            text, self._ends_open = "\n" + text, False
        self._append(text)
        self._found[what, _spell(key)] = values

    def _append(self, text: str) -> None:
        with written(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            handle = os.open(self.path, flags, 0o644)
            try:
                os.write(handle, text.encode())
            finally:
                os.close(handle)


def _word(kind: type[Result]) -> str:
    return next(word for word, each in KINDS.items() if each is kind)


def _spell(key: Mapping[str, Any]) -> str:
    return json.dumps(key, sort_keys=True)


@cache
def _compiler_digest() -> str:
    """Of the sources of the compiler."""
    floors = (ligrad_ir, passes, backends)
    return _digest([Path(path) for each in floors for path in each.__path__], COMPILER)


@cache
def _twin_digest() -> str:
    """Of what a kernel is built with and runs on."""
    [folder] = backends.__path__
    twin = _digest([Path(folder) / "twin"], (*TWIN, ".py"))
    return hashlib.sha256(repr((twin, find_compiler())).encode()).hexdigest()[:16]


@cache
def _timing_digest() -> str:
    values = repr(DEFAULT_TIMING.values())
    return hashlib.sha256(values.encode()).hexdigest()[:16]


def _digest(folders: list[Path], suffixes: tuple[str, ...]) -> str:
    found = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix in suffixes:
                found.update(f"{path.relative_to(folder)}\n".encode())
                found.update(path.read_bytes())
    return found.hexdigest()[:16]
