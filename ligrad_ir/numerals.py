"""Numbers in what people type."""

from __future__ import annotations

INT32_MAX = 2**31 - 1
"""The longest axis: extents and run ends are int32."""
INT64_MAX = 2**63 - 1
"""The largest attribute."""
FLOAT32_MAX = 3.4028234663852886e38
"""The largest number in a formula."""
MOST_DIGITS = 19
"""Of `INT64_MAX`."""


def whole_number(text: str) -> int | None:
    """The value of decimal digits, `10**MOST_DIGITS` if there are more of them than an
    int64 has; None for anything else."""
    if not (text.isascii() and text.isdecimal()):
        return None
    digits = text.lstrip("0") or "0"
    return int(digits) if len(digits) <= MOST_DIGITS else 10**MOST_DIGITS
