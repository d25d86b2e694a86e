"""A kernel's source as a compiler sees it: built for a kind of core, and looked up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from backends.leftovers import temporary_directory
from ligrad_ir.errors import LigradError

from .cache import cached, digest
from .compiler import BuildError, compile_to, find_compiler, run_tool
from .process import CodePlace

INCLUDE = Path(__file__).resolve().parent / "include"
COMMON_FLAGS = ("-std=c++17", "-fPIC", "-ffp-contract=off", "-fno-gnu-unique")
CORE_MACROS = {"aic": "__DAV_C220_CUBE__", "aiv": "__DAV_C220_VEC__"}
LINK = ("-shared", "-Wl,-Bsymbolic")
LINES = "-g1"
"""Adds the lines of the source to a library, whose code stays the same."""


def preprocessed(command: Sequence[str], unit: Path) -> str:
    """The text the compiler really sees: the sources with every header they include."""
    return run_tool([*command, "-E", str(unit)])


@dataclass(frozen=True)
class Unit:
    """text: a source that includes the kernel; command: the compiler and its flags."""

    text: str
    command: tuple[str, ...]

    def build(self, core: str) -> Path:
        """The library for a kind of core, in the cache.

        Raises:
            BuildError: with the compiler's message.
            LigradError: the cache cannot be written.
        """
        command = self._command(core)
        with temporary_directory() as scratch:
            unit = self._write(scratch)
            seen = preprocessed(command, unit).replace(str(scratch), "")
            key = digest([find_compiler().identity, *command, seen])
            link = [*command, *LINK, str(unit)]
            return cached(
                f"kernel-{key}", f"{core}.so", lambda to: compile_to(link, to)
            )

    def locate(self, core: str, code: Sequence[int]) -> CodePlace | None:
        """The place in the kernel of offsets in its library, the innermost of a chain of
        calls first; None if it is not found."""
        try:
            with temporary_directory() as scratch:
                library = scratch / "lines.so"
                unit = self._write(scratch)
                compile_to([*self._command(core), LINES, *LINK, str(unit)], library)
                tool = ["addr2line", "-f", "-C", "-i", "-e", str(library)]
                said = run_tool([*tool, *map(hex, code)]).splitlines()
        except (BuildError, LigradError):
            return None
        for function, place in zip(said[::2], said[1::2], strict=False):
            file, _, line = place.partition(" (")[0].rpartition(":")
            if line.isdigit() and not Path(file).is_relative_to(INCLUDE):
                return CodePlace(function.partition("(")[0], file, int(line))
        return None

    def _command(self, core: str) -> list[str]:
        return [*self.command, f"-D{CORE_MACROS[core]}"]

    def _write(self, folder: Path) -> Path:
        unit = folder / "unit.cpp"
        unit.write_text(self.text, encoding="utf-8")
        return unit
