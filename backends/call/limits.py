"""What the extent of an axis may be. Each function gives what is wrong, or None."""

from __future__ import annotations

from collections.abc import Mapping

from ligrad_ir.numerals import INT32_MAX
from ligrad_ir.signature import Axis


def out_of_bounds(axis: Axis, extent: int) -> str | None:
    """A dense axis against its own bounds."""
    low, high = axis.minimum, axis.maximum
    if low <= extent <= high:
        return None
    bounds = f"{low}" if low == high else f"{low} to {high}"
    return f"{axis.name} is {extent}, must be {bounds}"


def out_of_relation(
    axis: Axis, name: str, extent: int, extents: Mapping[str, int]
) -> str | None:
    """A dense axis, or the whole of the runs that it is the length of, which has another
    name, against the axes that bound it; extents: of those that are known."""
    for other, sign, word in (
        (axis.at_least, 1, "at least"),
        (axis.at_most, -1, "at most"),
    ):
        limit = None if other is None else extents.get(other)
        if limit is not None and sign * extent < sign * limit:
            return f"{name} is {extent}, must be {word} {other} = {limit}"
    return None


def runs_out_of_bounds(
    length: Axis, name: str, total: int, extents: Mapping[str, int]
) -> str | None:
    """The whole of runs that differ in length: of each of them `length` states the
    maximum, of all together the minimum."""
    if total < length.minimum:
        return f"{name} is {total}, must be at least {length.minimum}"
    return out_of_relation(length, name, total, extents)


def too_long(name: str, total: int) -> str | None:
    """Positions are counted in int32."""
    if total <= INT32_MAX:
        return None
    return f"{name} has {total} positions, an axis has at most {INT32_MAX}"
