"""Standard output: what it cannot take is a message, not a traceback."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, TextIO, cast

EXIT_CLOSED = 1
"""Nobody reads on; `ligrad .. | head` is no mistake."""
EXIT_UNWRITABLE = 2


class _WriteError(BaseException):
    """Standard output did not take what was written to it. As with KeyboardInterrupt, no
    handler of errors on the way knows what to do about it."""

    def __init__(self, cause: OSError):
        super().__init__(cause.strerror or str(cause))
        self.is_closed = isinstance(cause, BrokenPipeError)


class _Checked:
    """A stream whose own errors are told from those of other files."""

    def __init__(self, stream: TextIO):
        self._stream = stream

    def write(self, text: str) -> int:
        """As the stream does.

        Raises:
            _WriteError: it cannot.
        """
        with _told():
            return self._stream.write(text)

    def flush(self) -> None:
        """As the stream does.

        Raises:
            _WriteError: it cannot.
        """
        with _told():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def _told() -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise _WriteError(error) from error


@contextmanager
def checked_stdout(program: str) -> Generator[None]:
    """Bring what is written to standard output there. Where that fails, end the process
    with exit code 2 and a line on stderr that begins with `program`; with exit code 1 and
    no word if nobody reads it. Characters that it cannot encode are escaped.
    """
    if not isinstance(sys.stdout, io.TextIOWrapper):  # none, checked, or of a test
        yield
        return
    stream = cast("io.TextIOWrapper[Any]", sys.stdout)
    if stream.errors == "strict":
        stream.reconfigure(errors="backslashreplace")
    checked: Any = _Checked(stream)
    sys.stdout = checked
    try:
        try:
            yield
        finally:
            checked.flush()
    except _WriteError as error:
        _drop(stream.fileno())
        if error.is_closed:
            sys.exit(EXIT_CLOSED)
        print(f"{program}: cannot write to standard output: {error}", file=sys.stderr)
        sys.exit(EXIT_UNWRITABLE)
    finally:
        sys.stdout = stream


def _drop(descriptor: int) -> None:
    """Let what is left in the buffer of a stream go nowhere, so that the end of the
    process does not fail on it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
