"""Options that are words."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from backends.call.values import spell
from ligrad_ir.errors import LigradError

Word = TypeVar("Word", bound=str)


def choose(what: str, value: object, allowed: tuple[Word, ...]) -> Word:
    """`value` as one of `allowed`.

    Raises:
        LigradError: with what is allowed.
    """
    for word in allowed:
        if isinstance(value, str) and value == word:
            return word
    raise LigradError(f"{what} is {spell(value)}, must be one of: {', '.join(allowed)}")


def as_text(what: str, value: object) -> str:
    """A caller's value as a text.

    Raises:
        LigradError: if it is none.
    """
    if not isinstance(value, str):
        raise LigradError(f"{what} must be a text, not {spell(value)}")
    return value


def as_path(what: str, value: object) -> Path:
    """A caller's value as a path.

    Raises:
        LigradError: if it is none.
    """
    if not isinstance(value, str | Path) or "\0" in str(value):
        raise LigradError(f"{what} must be a path, not {spell(value)}")
    return Path(value)
