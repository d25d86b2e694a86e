"""From a few numbers on a command line to the extent of every axis."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

import numpy as np

from backends.call.dtypes import Array
from backends.call.limits import (
    out_of_bounds,
    out_of_relation,
    runs_out_of_bounds,
    too_long,
)
from ligrad_ir.errors import LigradError
from ligrad_ir.lengths import length_attributes
from ligrad_ir.numerals import whole_number
from ligrad_ir.signature import ArrayPort, Axis, Signature

DEFAULT_RUN = 8
"""Tokens of a run where nothing else is said."""


@dataclass(frozen=True)
class Extents:
    """of: the extent of every axis; ends: the run ends of every packed axis."""

    of: dict[str, int]
    ends: dict[str, Array] = field(default_factory=dict[str, Array])

    def ends_of(self, axis: str) -> Array:
        """The run ends of an axis; one run where it packs none."""
        return self.ends.get(axis, np.asarray([self.of[axis]], np.int32))

    def flat(self, signature: Signature, port: ArrayPort) -> tuple[int, ...]:
        """The shape of a port's value: packed axes as one, unit axes left out."""
        return tuple(self.of[axis] for axis in signature.tensor_type(port).axes)

    def lay_out(self, signature: Signature, port: ArrayPort, flat: Array) -> Array:
        """A value in the caller's layout; optional dimensions are left out."""
        shape: list[int] = []
        for dim in port.dims:
            axis = signature.axes[dim.axis]
            if axis.uniform and axis.batch and axis.length:
                shape += [self.of[axis.batch], self.of[axis.length]]
            elif not dim.optional:
                shape.append(self.of[dim.axis])
        return flat.reshape(shape)


Given = Mapping[str, int | tuple[int, ...]]
"""By the names of dense axes: an extent, or the lengths of the runs."""


def parse_shape(text: str) -> dict[str, int | tuple[int, ...]]:
    """`B=1,S1=8,S2=4096` to numbers; `S1=3+0+5` gives the length of every run.

    Raises:
        LigradError: if the text is not of that form, or names an axis twice.
    """
    shape: dict[str, int | tuple[int, ...]] = {}
    for item in filter(str.strip, text.split(",")):
        name, _, value = (part.strip() for part in item.partition("="))
        numbers = [whole_number(each.strip()) for each in value.split("+")]
        lengths = tuple(number for number in numbers if number is not None)
        if not name or len(lengths) < len(numbers):
            raise LigradError(
                f"--shape: {item!r} is not of the form AXIS=NUMBER (or, for the lengths "
                "of the runs in TND, AXIS=NUMBER+NUMBER+...)"
            )
        if name.casefold() in map(str.casefold, shape):
            raise LigradError(f"--shape: {name} is given twice")
        shape[name] = lengths[0] if len(lengths) == 1 else lengths
    return shape


def resolve_extents(signature: Signature, shape: Given) -> Extents:
    """The extent of every axis of a signature.

    What `shape` leaves open: a dense axis takes its upper bound, a batch axis its lower
    one, runs of tokens are 8 long, runs of selected rows twice their selection's entries;
    all of them within the bounds that they have, and that other axes give them.

    Raises:
        LigradError: an unknown axis, an extent outside of its bounds, or run lengths that
            do not fit the layout or each other.
    """
    given = _by_axis(signature, shape)
    of = _batches(signature, given)
    for axis in signature.axes.values():
        value = given.get(axis.name)
        if isinstance(value, int):
            of[axis.name] = value
    _fill(signature, of, {name for name in given if name not in of})
    lengths = {
        axis.name: _lengths(axis, given, of)
        for axis in signature.axes.values()
        if axis.is_packed
    }
    for name, (count, runs) in lengths.items():
        of[name] = sum(runs) if isinstance(runs, tuple) else count * runs
    _check(signature, of, given)
    ends = {
        name: np.cumsum(np.broadcast_to(np.asarray(runs, np.int64), count))
        for name, (count, runs) in lengths.items()
    }
    return Extents(of, {name: each.astype(np.int32) for name, each in ends.items()})


def with_lengths(
    signature: Signature,
    shape: Given,
    attributes: Mapping[str, int],
) -> dict[str, int | tuple[int, ...]]:
    """The shape, with the extents that attributes give beside it."""
    found, named = dict(shape), set(map(str.casefold, shape))
    for port in length_attributes(signature):
        if port.name in attributes and str(port.equals).casefold() not in named:
            found[str(port.equals)] = attributes[port.name]
    return found


def _by_axis(signature: Signature, shape: Given) -> dict[str, int | tuple[int, ...]]:
    """The shape by the names of the signature."""
    known = {axis.name.casefold(): axis for axis in signature.axes.values()}
    lengths = _run_lengths(signature)
    given: dict[str, int | tuple[int, ...]] = {}
    for name, value in shape.items():
        axis = known.get(name.casefold())
        if axis is None or axis.is_packed:
            plain = [a.name for a in signature.axes.values() if not a.is_packed]
            raise LigradError(
                f"--shape: there is no axis {name!r} to set; there are: "
                f"{', '.join(plain)}"
            )
        runs = axis.name in lengths and signature.layout == "TND"
        if isinstance(value, tuple) and not runs:
            raise LigradError(
                f"--shape: {axis.name} takes one number; only lengths of runs in the "
                "layout TND take several"
            )
        given[axis.name] = value
    return given


def _batches(signature: Signature, given: Given) -> dict[str, int]:
    """The extents of the batch axes whose runs are given one by one."""
    found: dict[str, int] = {}
    named: dict[str, str] = {}
    for axis in signature.axes.values():
        runs = given.get(axis.length) if axis.length else None
        if axis.batch is None or not isinstance(runs, tuple):
            continue
        count = given.get(axis.batch, found.get(axis.batch, len(runs)))
        if count != len(runs):
            of = f" of {named[axis.batch]}" if axis.batch in named else ""
            raise LigradError(
                f"--shape: {axis.length} has {len(runs)} lengths for "
                f"{axis.batch}={count} runs{of}"
            )
        found[axis.batch] = len(runs)
        named.setdefault(axis.batch, str(axis.length))
    return found


def _fill(signature: Signature, of: dict[str, int], given: AbstractSet[str]) -> None:
    """Give the dense axes that are left open an extent."""
    left = [
        axis
        for axis in signature.axes.values()
        if not axis.is_packed and axis.name not in of and axis.name not in given
    ]
    # Lengths of runs come last: they look at how many entries select them.
    lengths = _run_lengths(signature)
    for axis in sorted(left, key=lambda axis: axis.name in lengths):
        of[axis.name] = _default(signature, axis, of)
    for _ in left:  # a bound may be bounded itself
        for axis in left:
            least = of.get(axis.at_least or "", axis.minimum)
            most = of.get(axis.at_most or "", axis.maximum)
            of[axis.name] = min(max(of[axis.name], least, axis.minimum), most)


def _default(signature: Signature, axis: Axis, of: Mapping[str, int]) -> int:
    packed = [other for other in signature.axes.values() if other.is_packed]
    if any(axis.name == other.batch for other in packed):
        return axis.minimum
    runs = {other.name for other in packed if other.length == axis.name}
    if not runs:
        return axis.maximum
    entries = [
        of[signature.tensor_type(port).axes[-1]]
        for port in signature.arrays
        if port.selects in runs
    ]
    return min(2 * max(entries) if entries else DEFAULT_RUN, axis.maximum)


def _lengths(
    axis: Axis, given: Given, of: Mapping[str, int]
) -> tuple[int, int | tuple[int, ...]]:
    """How many runs an axis packs; and the length of each of them, or of all."""
    assert axis.batch is not None
    assert axis.length is not None
    return of[axis.batch], given.get(axis.length, of.get(axis.length, 0))


def _check(signature: Signature, of: Mapping[str, int], given: Given) -> None:
    """Every extent within its bounds, before anything is as long; those first that the
    user has given."""
    order = sorted(signature.axes.values(), key=lambda axis: axis.name not in given)
    for axis in order:
        if axis.is_packed:
            refused = _runs_refused(signature, axis, of)
        else:
            runs = given.get(axis.name)
            longest = max(runs) if isinstance(runs, tuple) else of[axis.name]
            refused = _dense_refused(signature, axis, longest, of)
        if refused is not None:
            raise LigradError(f"--shape: {refused}")


def _dense_refused(
    signature: Signature, axis: Axis, extent: int, of: Mapping[str, int]
) -> str | None:
    if signature.layout == "TND" and axis.name in _run_lengths(signature):
        if extent > axis.maximum:
            return f"{axis.name} is {extent}, must be at most {axis.maximum}"
        return None
    return out_of_bounds(axis, extent) or out_of_relation(axis, axis.name, extent, of)


def _runs_refused(
    signature: Signature, axis: Axis, of: Mapping[str, int]
) -> str | None:
    refused = too_long(axis.name, of[axis.name])
    if refused is None and signature.layout == "TND" and axis.length is not None:
        length = signature.axes[axis.length]
        return runs_out_of_bounds(length, axis.name, of[axis.name], of)
    return refused


def _run_lengths(signature: Signature) -> set[str]:
    """The axes that are lengths of runs."""
    return {axis.length for axis in signature.axes.values() if axis.length is not None}
