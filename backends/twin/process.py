"""Runs a kernel in a process of its own: whatever it does there can be ended and told."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backends.programs import Ended, TooSlowError, run_program
from ligrad_ir.errors import LigradError

from .image import Image

GRACE = 5.0
"""Seconds beyond its time in which a kernel may be stopped with a report of where it is."""
HUGE_PAGES = {
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=1073741824"
    ":glibc.malloc.top_pad=33554432"
}
"""The memories of the cores are filled for every launch; page by page that takes longer
than most kernels."""
LONGEST = 1e8
"""Seconds; three years."""
EXIT_RUNNER = 3
"""Of the runner, where it could not begin."""


@dataclass(frozen=True)
class CodePlace:
    """A place in the source of a kernel. function: as the source spells it."""

    function: str
    file: str
    line: int


Locate = Callable[[str, Sequence[int]], CodePlace | None]
"""Finds a place from the kind of core, `aic` or `aiv`, and offsets in its library."""


@dataclass(frozen=True)
class Program:
    """A kernel as a program. libraries: engine, cube code and vector code; entry: the
    kernel's function; source: its first file."""

    runner: Path
    libraries: tuple[Path, Path, Path]
    entry: str
    source: Path
    locate: Locate

    def run(self, image: Image, seconds: float | None) -> dict[str, Any]:
        """The report of the engine; what the kernel leaves is in the image.

        Raises:
            RuntimeError: the runner cannot begin.
        """
        command = [str(path) for path in (self.runner, *self.libraries)]
        command += [str(image.descriptor), str(os.getpid()), str(seconds or 0)]
        try:
            done = run_program(
                command,
                seconds=None if seconds is None else seconds + GRACE,
                keep_errors=False,
                environment={**os.environ, **HUGE_PAGES},
                files=[image.descriptor],
            )
        except TooSlowError:
            assert seconds is not None
            what = f"the kernel has not ended after {seconds:g} s"
            return _lone_entry(image, "timeout", what)
        if done.code == EXIT_RUNNER:
            raise RuntimeError("the twin cannot begin, see above")
        if done.code != 0 or not done.output:
            return _lone_entry(image, *_ending(done))
        return json.loads(done.output)

    def place(self, core: str, code: Sequence[int]) -> dict[str, Any]:
        """Where in the source a fault was: the fields of a hazard."""
        found = self.locate("aic" if "AIC" in core else "aiv", code) if code else None
        found = found or CodePlace(self.entry, str(self.source), 0)
        return {"api": found.function, "file": found.file, "line": found.line}


def check_timeout(seconds: float | None) -> None:
    """Require a time that a kernel may be given.

    Raises:
        LigradError: it is none.
    """
    if seconds is not None and not 0 < seconds <= LONGEST:
        raise LigradError(
            f"the timeout is {seconds:g} s, must be more than 0 and at most {LONGEST:g}"
        )


def _ending(done: Ended) -> tuple[str, str]:
    if done.code >= 0:
        return "exit", f"the kernel ends its process, with exit code {done.code}"
    name = signal.Signals(-done.code).name
    why = " (is there enough memory?)" if -done.code == signal.SIGKILL else ""
    return "crash", f"the process of the kernel was ended by {name}{why}"


def _lone_entry(image: Image, kind: str, message: str) -> dict[str, Any]:
    """A report of nothing but the end of a process that could not write one."""
    launch = image.launch
    entry = {"kind": kind, "message": message, "core": "?", "count": 1}
    declared = int(launch.kernel_type)
    return {
        "kernel_type": int(launch.fallback_type) if declared < 0 else declared,
        "output": "",
        "entries": [
            {**entry, "file": "", "line": 0, "api": "", "code": [], "places": []}
        ],
        "instructions": {},
        "clock": None,
    }
