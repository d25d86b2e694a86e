"""Numbers in what people type."""

from __future__ import annotations

INT32_MAX = 2**31 - 1
"""The longest axis: extents and run ends are int32."""
MOST_DIGITS = 18
"""Of a number that every int64 can hold."""


def whole_number(text: str) -> int | None:
    """The value of decimal digits, `10**MOST_DIGITS` if they are more than an int64 is
    sure to hold; None if it is anything else."""
    if not (text.isascii() and text.isdecimal()):
        return None
    digits = text.lstrip("0") or "0"
    return int(digits) if len(digits) <= MOST_DIGITS else 10**MOST_DIGITS
