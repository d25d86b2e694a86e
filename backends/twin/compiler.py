"""The C++ compiler of this machine: `$CXX`, or g++."""

from __future__ import annotations

import functools
import hashlib
import os
import re
import shlex
import shutil
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from backends.leftovers import temporary_directory
from backends.programs import Ended, TooSlowError, run_program
from ligrad_ir.errors import LigradError

VARIABLE = "CXX"
DEFAULT = "g++"
PROBE_SECONDS = 30.0
"""Time for a compiler to say which it is."""
COMPILE_SECONDS = 1800.0
"""Time for one call of a compiler or linker."""
SHOWN_LINES = 20
SHOWN_COLUMNS = 400
_PROBE = ("-dM", "-E", "-x", "c++", os.devnull)
"""Prints the predefined macros."""


class BuildError(Exception):
    """The compiler rejected a source; the message is what it said, shortened."""


@dataclass(frozen=True)
class Compiler:
    """command: the words of `$CXX`, of which the first is the program; version: as it
    calls itself; identity: different for another version, or another target."""

    command: tuple[str, ...]
    version: str
    identity: str


def find_compiler() -> Compiler:
    """The compiler, after it has been asked whether it is one.

    Raises:
        LigradError: there is none, or what is named is none; says what it said.
    """
    return _examined(os.environ.get(VARIABLE, "").strip(), os.environ.get("PATH", ""))


def has_compiler() -> bool:
    """Whether one is named, or g++ is there; not whether it works."""
    return bool(os.environ.get(VARIABLE)) or shutil.which(DEFAULT) is not None


@functools.cache
def host_flags() -> tuple[str, ...]:
    """AVX2 where this processor has it; results do not depend on it."""
    try:
        flags = Path("/proc/cpuinfo").read_text().split()
    except OSError:
        return ()
    return (
        ("-march=x86-64-v3",)
        if {"avx2", "fma", "bmi2", "f16c", "movbe"} <= set(flags)
        else ()
    )


def run_tool(command: Sequence[str]) -> str:
    """What a compiler, linker or the like prints.

    Raises:
        BuildError: if it fails, with what it says.
        LigradError: it cannot be run, or is not done in half an hour.
    """
    try:
        done = _run(command, COMPILE_SECONDS)
    except (OSError, TooSlowError) as error:
        raise LigradError(f"cannot run {command[0]}: {_reason(error)}") from error
    if done.code != 0:
        raise BuildError(_said(done) or _ending(command[0], done.code))
    return done.output


def compile_to(command: Sequence[str], target: Path) -> None:
    """Let a compiler or linker write a file.

    Raises:
        BuildError, LigradError: as `run_tool`; or it has written nothing.
    """
    run_tool([*command, "-o", str(target)])
    if not target.exists() or not target.stat().st_size:
        raise LigradError(f"{command[0]} reports success, but has written no file")


def shortened(text: str) -> str:
    """The beginning of what a program said."""
    lines = text.strip().splitlines()
    shown = [
        line if len(line) <= SHOWN_COLUMNS else f"{line[:SHOWN_COLUMNS]}..."
        for line in lines[:SHOWN_LINES]
    ]
    if len(lines) > SHOWN_LINES:
        shown.append(f"... and {len(lines) - SHOWN_LINES} more lines")
    return "\n".join(shown)


@functools.cache
def _examined(variable: str, path: str) -> Compiler:
    name = f"{VARIABLE} is {variable!r}" if variable else f"{VARIABLE} is not set"
    try:
        command = tuple(shlex.split(variable)) or (DEFAULT,)
    except ValueError as error:
        raise LigradError(f"{name}: {error}") from error
    if shutil.which(command[0], path=path) is None:
        raise LigradError(f"{name}: {_absence(command[0])}")
    try:
        done = _run([*command, *_PROBE], PROBE_SECONDS)
    except (OSError, TooSlowError) as error:
        raise LigradError(f"{name}: {_reason(error)}") from error
    if done.code != 0 or "#define __cplusplus" not in done.output:
        said = _said(done) or _ending(command[0], done.code)
        shown = shlex.join([*command, *_PROBE])
        raise LigradError(f"{name}, which is no C++ compiler; {shown}:\n{said}")
    found = re.search(r'#define __VERSION__ "(.*)"', done.output)
    macros = hashlib.sha256(done.output.encode()).hexdigest()
    return Compiler(command, found[1] if found else "unknown", macros)


def _run(command: Sequence[str], seconds: float) -> Ended:
    """Its temporary files lie in a folder of ours, which goes whatever becomes of it."""
    with temporary_directory() as scratch:
        environment = {**os.environ, "TMPDIR": str(scratch)}
        return run_program(command, seconds=seconds, environment=environment)


def _absence(program: str) -> str:
    if Path(program).is_dir():
        return f"{program} is a directory, must be a C++ compiler"
    if Path(program).exists():
        return f"{program} cannot be executed"
    return (
        f"there is no program {program}; kernels are compiled by g++ for the CPU twin: "
        f"install it, or set {VARIABLE} to a C++ compiler"
    )


def _reason(error: OSError | TooSlowError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _said(done: Ended) -> str:
    return shortened(done.errors) or shortened(done.output)


def _ending(program: str, code: int) -> str:
    if code >= 0:
        return f"{program} ended with exit code {code}, and said nothing"
    name = signal.Signals(-code).name
    return f"{program} was ended by {name} (is there enough memory?)"
