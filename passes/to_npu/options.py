"""What the options of a lowering may be."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.utils.exceptions import PassFailedException

from passes.to_npu.skew import MOST_IN_FLIGHT


def require_in_flight(where: str, option: str, count: int) -> None:
    """How many windows or tokens are worked on at once.

    Raises:
        PassFailedException: it is none, or more than there is code for.
    """
    if not 1 <= count <= MOST_IN_FLIGHT:
        raise PassFailedException(
            f"{where}: {option} is {count}, must be 1 to {MOST_IN_FLIGHT}"
        )


def require_one_of(where: str, option: str, value: str, allowed: Sequence[str]) -> None:
    """A word.

    Raises:
        PassFailedException: it is none of those that are allowed.
    """
    if value not in allowed:
        raise PassFailedException(
            f"{where}: {option} is {value!r}, must be one of: {', '.join(allowed)}"
        )
