"""Running other programs: compilers, builds, kernels in a process of their own."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from backends import leftovers


class TooSlowError(Exception):
    """A program took longer than it may, and was ended."""


@dataclass(frozen=True)
class Ended:
    """How a program ended. code: of its exit; negative: the signal that ended it."""

    code: int
    output: str
    errors: str


def run_program(
    command: Sequence[str],
    *,
    seconds: float | None = None,
    keep_errors: bool = True,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    files: Sequence[int] = (),
) -> Ended:
    """Run a program to its end, without input, in a process group of its own, which ends
    with this call in any case.

    seconds: how long it may take; None: any time. keep_errors: collect what it writes to
    stderr instead of passing it on. files: descriptors that it inherits.

    Raises:
        OSError: it cannot be started.
        TooSlowError: it took longer than `seconds`.
    """
    with ExitStack() as stack:
        with leftovers.whole():
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE if keep_errors else None,
                cwd=folder,
                env=environment,
                pass_fds=files,
                process_group=0,
                encoding="utf-8",
                errors="replace",
            )
            stack.enter_context(process)
            stack.enter_context(leftovers.process_group(process.pid))
        try:
            output, errors = process.communicate(timeout=seconds)
        except BaseException as error:
            leftovers.end_groups([process.pid])
            if isinstance(error, subprocess.TimeoutExpired):
                raise TooSlowError(f"{command[0]} took {seconds:g} s") from None
            raise
    return Ended(process.returncode, output, errors or "")
