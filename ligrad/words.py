"""Options that are words."""

from __future__ import annotations

from typing import TypeVar

from backends.numpy.values import spell
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
