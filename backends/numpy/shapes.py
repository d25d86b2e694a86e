"""From a few numbers on a command line to the extent of every axis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from backends.numpy.dtypes import Array
from ligrad_ir.errors import LigradError
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


def parse_shape(text: str) -> dict[str, int | tuple[int, ...]]:
    """`B=1,S1=8,S2=4096` to numbers; `S1=3+0+5` gives the length of every run.

    Raises:
        LigradError: if the text is not of that form.
    """
    shape: dict[str, int | tuple[int, ...]] = {}
    for item in filter(None, text.split(",")):
        name, _, value = item.partition("=")
        try:
            numbers = tuple(int(number) for number in value.split("+"))
        except ValueError:
            numbers = ()
        if not name.strip() or not numbers or min(numbers) < 0:
            raise LigradError(
                f"--shape: {item!r} is not of the form AXIS=NUMBER (or, for the lengths "
                "of the runs in TND, AXIS=NUMBER+NUMBER+...)"
            )
        shape[name.strip()] = numbers[0] if len(numbers) == 1 else numbers
    return shape


def resolve_extents(
    signature: Signature, shape: Mapping[str, int | tuple[int, ...]]
) -> Extents:
    """The extent of every axis of a signature.

    What `shape` leaves open: a dense axis takes its upper bound, a batch axis its lower
    one, runs of tokens are 8 long, runs of selected rows twice their selection's entries.

    Raises:
        LigradError: an unknown axis, or run lengths that do not fit the layout.
    """
    known = {axis.name.casefold(): axis for axis in signature.axes.values()}
    given: dict[str, int | tuple[int, ...]] = {}
    for name, value in shape.items():
        axis = known.get(name.casefold())
        if axis is None or axis.is_packed:
            plain = [a.name for a in signature.axes.values() if not a.is_packed]
            raise LigradError(
                f"--shape: there is no axis {name!r} to set; there are: "
                f"{', '.join(plain)}"
            )
        given[axis.name] = value
    packed = [axis for axis in signature.axes.values() if axis.is_packed]
    lengths = {axis.length for axis in packed}
    for name, value in given.items():
        if isinstance(value, tuple) and (
            name not in lengths or signature.layout == "BSND"
        ):
            raise LigradError(
                f"--shape: {name} takes one number; only lengths of runs in the layout "
                "TND take several"
            )
    of: dict[str, int] = {}
    for axis in signature.axes.values():
        if not axis.is_packed and axis.name not in lengths:
            value = given.get(axis.name, _default(signature, axis))
            assert isinstance(value, int)
            of[axis.name] = value
    ends: dict[str, Array] = {}
    for axis in packed:
        ends[axis.name] = _run_ends(signature, axis, given, of)
        of[axis.name] = int(ends[axis.name][-1])
    return Extents(of, ends)


def _default(signature: Signature, axis: Axis) -> int:
    is_batch = any(axis.name == other.batch for other in signature.axes.values())
    return axis.minimum if is_batch else axis.maximum


def _run_ends(
    signature: Signature,
    axis: Axis,
    given: Mapping[str, int | tuple[int, ...]],
    of: dict[str, int],
) -> Array:
    """The run ends of a packed axis; also settles the batch from a list of lengths."""
    assert axis.batch is not None
    assert axis.length is not None
    value = given.get(axis.length)
    if value is None:
        entries = [
            of[signature.tensor_type(port).axes[-1]]
            for port in signature.arrays
            if port.selects == axis.name
        ]
        value = 2 * max(entries) if entries else DEFAULT_RUN
    if isinstance(value, tuple):
        if axis.batch not in given and axis.batch in of:
            of[axis.batch] = len(value)
        if len(value) != of[axis.batch]:
            raise LigradError(
                f"--shape: {axis.length} has {len(value)} lengths for "
                f"{axis.batch}={of[axis.batch]} runs"
            )
        return np.cumsum(value).astype(np.int32)
    of[axis.length] = value
    return (np.arange(1, of[axis.batch] + 1) * value).astype(np.int32)
