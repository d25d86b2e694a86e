"""A caller's arrays to a program's arguments, and results back to the caller's layout.

Everything an interface promises is checked here, from the signature alone: names,
presence, dtypes, shapes, limits, run ends, attributes. In BSND an array carries a packed
axis as two dimensions, in TND as one with padding rows behind the last run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from backends.call.bound import Bound, leading
from backends.call.dtypes import Array
from backends.call.limits import (
    out_of_bounds,
    out_of_relation,
    runs_out_of_bounds,
    too_long,
)
from backends.call.values import as_array, as_int, by_port_name, spell_shape
from ligrad_ir.errors import ArgumentError, MissingArgumentError
from ligrad_ir.lengths import (
    declared_extents,
    dimensions,
    input_axes,
    length_attributes,
)
from ligrad_ir.signature import ArrayPort, Axis, ScalarPort, Signature


def bind(signature: Signature, values: Mapping[str, Any]) -> Bound:
    """Check a call and lay its values out as the program wants them.

    values: arrays and attributes by name (any case, aliases too); None means not given.

    Raises:
        MissingArgumentError: a required argument is missing (161001).
        ArgumentError: anything else that the interface does not allow (161002).
    """
    return _Binder(signature, values).bind()


class _Binder:
    def __init__(self, signature: Signature, values: Mapping[str, Any]):
        self._signature = signature
        self._given = by_port_name(signature, values)
        self._shape: dict[str, int] = {}
        self._from: dict[str, str] = {}
        self._ends: dict[str, Array] = {}

    def bind(self) -> Bound:
        arrays = {port.name: self._array(port) for port in self._signature.arrays}
        for port in self._signature.arrays:
            array = arrays[port.name]
            if array is not None:
                self._take_shape(port, array)
        self._take_lengths()
        for axis in self._signature.axes.values():
            if not axis.is_packed and axis.name in self._shape:
                extent = self._shape[axis.name]
                reason = out_of_relation(axis, axis.name, extent, self._shape)
                self._refuse(axis.name, reason)
        for port in self._signature.arrays:
            if port.ends is not None:
                self._take_ends(port, arrays[port.name])
        self._check_runs()
        extents = self._extents()
        arguments: list[Array | int] = []
        for port in self._signature.inputs:
            if isinstance(port, ScalarPort):
                arguments.append(self._scalar(port))
            elif port.ends is not None:
                arguments.append(self._ends[port.ends])
            else:
                array = arrays[port.name]
                assert array is not None
                arguments.append(self._lay_out(port, array, extents))
        return Bound(
            self._signature, tuple(arguments), extents, self._shape, self._ends
        )

    # ---- arrays

    def _array(self, port: ArrayPort) -> Array | None:
        value = self._given.get(port.name)
        if port.ends is not None and self._signature.axes[port.ends].uniform:
            if value is not None:
                raise ArgumentError(
                    f"{port.name} is for the layout TND; in BSND every run of "
                    f"{port.ends} has the same length, so leave it out",
                    argument=port.name,
                )
            return None
        if value is None:
            raise MissingArgumentError(
                f"{port.name} is required and missing", argument=port.name
            )
        return as_array(port, value)

    def _take_shape(self, port: ArrayPort, array: Array) -> None:
        names = self._dimension_names(port, array.ndim)
        if names is None:
            raise ArgumentError(
                f"{port.name} has shape {spell_shape(array.shape)}, expected "
                f"{self._expected(port)}",
                argument=port.name,
            )
        for name, extent in zip(names, array.shape):
            known = self._shape.setdefault(name, extent)
            first = self._from.setdefault(name, port.name)
            if not (axis := self._signature.axes[name]).is_packed:
                self._refuse(name, out_of_bounds(axis, self._shape[name]))
            if known != extent:
                raise ArgumentError(
                    f"{port.name} has shape {spell_shape(array.shape)}, expected "
                    f"{self._expected(port)}: {name} is {known} in {first} and {extent} "
                    "here",
                    argument=port.name,
                )

    def _dimension_names(self, port: ArrayPort, rank: int) -> list[str] | None:
        """The names of the dimensions of an array with so many of them."""
        full = self._names(port, lambda optional: True)
        short = self._names(port, lambda optional: not optional)
        return next((names for names in (full, short) if len(names) == rank), None)

    def _names(self, port: ArrayPort, keep: Callable[[bool], bool]) -> list[str]:
        return [
            name
            for dim in port.dims
            if keep(dim.optional)
            for name in dimensions(self._signature.axes[dim.axis])
        ]

    def _expected(self, port: ArrayPort) -> str:
        full = self._names(port, lambda optional: True)
        short = self._names(port, lambda optional: not optional)
        text = f"[{', '.join(short)}]"
        return text if full == short else f"{text} or [{', '.join(full)}]"

    def _lay_out(
        self, port: ArrayPort, array: Array, extents: Mapping[str, int]
    ) -> Array:
        """Merge the dimensions of packed axes, drop unit axes and padding rows."""
        axes = self._signature.tensor_type(port).axes
        full = [
            extents[axis] if self._signature.axes[axis].uniform else self._shape[axis]
            for axis in axes
        ]
        return leading(array.reshape(full), [extents[axis] for axis in axes])

    # ---- extents

    def _take_lengths(self) -> None:
        """The extents of axes that no input has, as declared or as attributes say."""
        axes = self._signature.axes
        self._shape |= dict(declared_extents(axes, self._shape))
        ports = length_attributes(self._signature)
        for port in ports:
            name, value = str(port.equals), self._given.get(port.name)
            if value is not None and name not in self._shape:
                self._shape[name] = as_int(port, value)
                self._from[name] = port.name
                self._refuse(name, out_of_bounds(axes[name], self._shape[name]))
        for port in ports:
            if port.equals not in self._shape:
                raise MissingArgumentError(
                    f"{port.name} is required and missing: no input has the axis "
                    f"{port.equals}",
                    argument=port.name,
                )
        self._shape |= dict(declared_extents(axes, self._shape))

    def _refuse(self, name: str, reason: str | None) -> None:
        """Raise what is wrong with an axis, if anything is."""
        if reason is not None:
            source = self._from.get(name)
            prefix = f"{source}: " if source else ""
            raise ArgumentError(prefix + reason, argument=source)

    def _extents(self) -> dict[str, int]:
        extents = dict(self._shape)
        for axis in self._signature.axes.values():
            if axis.is_packed:
                extents[axis.name] = _last(self._ends[axis.name])
                self._shape.setdefault(axis.name, extents[axis.name])
        return extents

    # ---- runs

    def _take_ends(self, port: ArrayPort, given: Array | None) -> None:
        """The run ends of a packed axis, and its extent where no array has it."""
        axis = self._signature.axes[str(port.ends)]
        if given is None:
            batch, length = self._shape[str(axis.batch)], self._shape[str(axis.length)]
            self._refuse(str(axis.length), too_long(axis.name, batch * length))
            self._ends[axis.name] = (np.arange(1, batch + 1) * length).astype(np.int32)
            return
        self._check_ends(port, axis, given)
        self._ends[axis.name] = given
        self._shape.setdefault(axis.name, _last(given))
        self._from.setdefault(axis.name, port.name)

    def _check_ends(self, port: ArrayPort, axis: Axis, given: Array) -> None:
        steps = np.diff(given.astype(np.int64), prepend=0)
        if (steps < 0).any():
            at = int(np.argmax(steps < 0))
            before = int(given[at - 1]) if at else 0
            raise ArgumentError(
                f"{port.name} holds prefix sums, which never decrease, but entry {at} "
                f"is {int(given[at])} behind {before}",
                argument=port.name,
            )
        extent = self._shape.get(axis.name)
        if extent is not None and _last(given) > extent:
            source = self._from[axis.name]
            raise ArgumentError(
                f"{port.name} ends at {_last(given)}, but {source} has only {extent} rows "
                f"of {axis.name}",
                argument=port.name,
            )

    def _check_runs(self) -> None:
        """In TND the limits of a run's length: each run's maximum, the total minimum."""
        for port in self._signature.arrays:
            if port.ends is None or self._signature.axes[port.ends].uniform:
                continue
            axis = self._signature.axes[port.ends]
            assert axis.length is not None
            length = self._signature.axes[axis.length]
            longest = self._longest(axis)
            if longest > length.maximum:
                raise ArgumentError(
                    f"{port.name}: the longest run is {longest}, {length.name} must be "
                    f"at most {length.maximum}",
                    argument=port.name,
                )
            total = self._shape[axis.name]
            reason = runs_out_of_bounds(length, axis.name, total, self._shape)
            self._refuse(axis.name, reason)

    def _longest(self, axis: Axis) -> int:
        """The entries of the longest run of a packed axis."""
        return int(np.diff(self._ends[axis.name], prepend=0).max(initial=0))

    # ---- attributes

    def _scalar(self, port: ScalarPort) -> int:
        value = self._given.get(port.name)
        if port.equals is not None:
            return self._extent_attribute(port, port.equals)
        if value is None:
            if port.default is None:
                raise MissingArgumentError(
                    f"{port.name} is required and missing", argument=port.name
                )
            return port.default
        return as_int(port, value)

    def _extent_attribute(self, port: ScalarPort, name: str) -> int:
        """The value of an attribute that states the extent of an axis; in TND, where
        runs differ in length, at least that of the longest."""
        value = self._given.get(port.name)
        if name in self._shape:
            extent = self._shape[name]
            if value is not None and as_int(port, value) != extent:
                told = name in input_axes(self._signature)
                what = f"the arrays have {name} =" if told else f"{name} is"
                raise ArgumentError(
                    f"{port.name} is {value}, but {what} {extent}", argument=port.name
                )
            return extent
        packed = [a for a in self._signature.axes.values() if a.length == name]
        longest = max(map(self._longest, packed))
        if value is not None and as_int(port, value) < longest:
            raise ArgumentError(
                f"{port.name} is {value}, but the longest run of {name} is {longest}",
                argument=port.name,
            )
        return longest if value is None else as_int(port, value)


def _last(ends: Array) -> int:
    """Where the last run ends."""
    return int(ends[-1]) if ends.size else 0
