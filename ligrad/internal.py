"""What is told when the compiler itself fails: one line that asks for a report."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from backends.memory import memory_bytes, spell_bytes

EXIT_INTERNAL = 70
"""`EX_SOFTWARE` of sysexits.h: an internal error, whatever the input was."""

EXIT_MEMORY = 2

TRACEBACK = "LIGRAD_TRACEBACK"
"""With this environment variable set to 1, the traceback is shown too."""

_LONGEST = 200
_ROOT = Path(__file__).parents[1]


@contextmanager
def internal_errors(program: str) -> Generator[None]:
    """End the process with one line on stderr and exit code 70 where the code inside
    raises what is no message for a user; with exit code 2 where the memory is too small.
    `program` begins the line."""
    try:
        yield
    except MemoryError as error:
        print(f"{program}: {too_large(error)}", file=sys.stderr)
        sys.exit(EXIT_MEMORY)
    except Exception as error:
        if os.environ.get(TRACEBACK, "0") not in ("", "0"):
            traceback.print_exc()
        print(f"{program}: {describe(error)}", file=sys.stderr)
        sys.exit(EXIT_INTERNAL)


def too_large(error: MemoryError) -> str:
    """What did not fit into memory, in one line."""
    words = " ".join(str(error).split())
    what = f": {words[:1].lower()}{words[1:]}" if words else ""
    return (
        f"there is not enough memory{what}; {spell_bytes(memory_bytes())} are here in "
        "all: make the extents smaller"
    )


def describe(error: Exception) -> str:
    """An internal error in one line: what it is, where it was raised, what to do."""
    words = " ".join(str(error).split())
    if len(words) > _LONGEST:
        words = f"{words[:_LONGEST]}..."
    kind = type(error).__name__
    return (
        f"internal error in {_origin(error)}: {kind}{': ' * bool(words)}{words}; this is "
        "a bug in ligrad: please report it with the command and its input "
        f"({TRACEBACK}=1 shows the traceback)"
    )


def _origin(error: Exception) -> str:
    """The innermost line of this package that the error passed through."""
    places = [
        f"{path.relative_to(_ROOT)}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if (path := Path(frame.filename)).is_relative_to(_ROOT)
        and "site-packages" not in path.relative_to(_ROOT).parts
    ]
    return places[-1] if places else "ligrad"
