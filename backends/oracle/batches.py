"""The input arrays, bound to the declared axes: extents, runs and present entries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from backends.oracle.bound import Array
from backends.oracle.declarations import Declarations, Dim, Selection, Variable
from ligrad_ir.dsl.syntax import fold
from ligrad_ir.errors import ArgumentError, MissingArgumentError

Layout = Literal["BSND", "TND"]


@dataclass(frozen=True)
class Runs:
    """The runs of an axis: int64 `starts` and `lengths`, one entry a run."""

    starts: Array
    lengths: Array

    def place(self, entry: int) -> tuple[int, int]:
        """The run that an entry of the axis lies in, and its position there."""
        run = int(np.searchsorted(self.starts + self.lengths, entry, side="right"))
        return run, entry - int(self.starts[run])


@dataclass(frozen=True)
class Present:
    """The present entries of one token: where they stand among its K entries
    (`positions`), and which rows of the whole target axis they mean (`rows`)."""

    positions: Array
    rows: Array


class Batches:
    """The inputs of one evaluation.

    Args:
        declarations: the program's signature.
        inputs: arrays by any declared name, in the declared shape and `layout`.
        layout: how arrays carry packed axes.
        attributes: values that replace the declared defaults.

    Raises:
        ArgumentError: for unknown names and for shapes that do not fit.
    """

    def __init__(
        self,
        declarations: Declarations,
        inputs: Mapping[str, Array],
        layout: Layout,
        attributes: Mapping[str, int],
    ):
        self._declared = declarations
        self._layout: Layout = layout
        self._attributes = {fold(name): value for name, value in attributes.items()}
        self._sizes: dict[str, int] = {}
        self._arrays: dict[str, Array] = {}
        for name in self._attributes:
            if name not in declarations.defaults:
                raise ArgumentError(f"no attribute is called '{name}'", argument=name)
        for name, array in inputs.items():
            self._bind(name, array)
        self._runs = {axis: self._runs_of(axis) for axis in declarations.packed}

    def _bind(self, name: str, array: Array) -> None:
        known = self._declared.input_aliases.get(fold(name))
        if known is None:
            raise ArgumentError(f"no input is called '{name}'", argument=name)
        variable = self._declared.inputs[known]
        if known in self._declared.ends.values() and self._layout == "BSND":
            return
        merged: list[int] = []
        sizes = iter(array.shape)
        for dim in self._carried(variable, array):
            extents = [next(sizes) for _ in self._pieces(dim.axis)]
            for piece, extent in zip(self._pieces(dim.axis), extents, strict=True):
                if self._sizes.setdefault(piece, extent) != extent:
                    raise ArgumentError(
                        f"{name}: axis '{piece}' is {extent} here and "
                        f"{self._sizes[piece]} elsewhere",
                        argument=name,
                    )
            if dim.axis not in self._declared.units:
                merged.append(int(np.prod(extents, dtype=np.int64)))
        self._arrays[known] = np.asarray(array).reshape(merged)

    def _pieces(self, axis: str) -> tuple[str, ...]:
        """The dimensions by which an array of this layout carries an axis."""
        packed = self._declared.packed.get(axis)
        return (axis,) if packed is None or self._layout == "TND" else packed

    def _carried(self, variable: Variable, array: Array) -> list[Dim]:
        for dims in self._readings(variable):
            pieces = [piece for dim in dims for piece in self._pieces(dim.axis)]
            if len(pieces) == array.ndim and all(
                extent == 1
                for piece, extent in zip(pieces, array.shape, strict=True)
                if piece in self._declared.units
            ):
                return dims
        declared = ", ".join(dim.axis + "?" * dim.optional for dim in variable.dims)
        raise ArgumentError(
            f"{variable.spelled}: shape {array.shape} does not fit [{declared}] "
            f"in layout {self._layout}",
            argument=variable.spelled,
        )

    def _readings(self, variable: Variable) -> Iterator[list[Dim]]:
        """The dimensions, with none of the optional unit axes left out, then one..."""
        optional = [
            place
            for place, dim in enumerate(variable.dims)
            if dim.optional and dim.axis in self._declared.units
        ]
        for count in range(len(optional) + 1):
            for left_out in combinations(optional, count):
                yield [d for i, d in enumerate(variable.dims) if i not in left_out]

    def _runs_of(self, axis: str) -> Runs:
        if self._layout == "BSND":
            batch, length = (
                self.extent(piece) for piece in self._declared.packed[axis]
            )
            return Runs(np.arange(batch) * length, np.full(batch, length))
        name = self._declared.ends.get(axis)
        if name is None:
            return Runs(np.zeros(1, np.int64), np.array([self.extent(axis)]))
        ends = self.raw(name).astype(np.int64).reshape(-1)  # of one run: no axis
        return Runs(np.concatenate([[0], ends[:-1]]), np.diff(ends, prepend=0))

    def extent(self, axis: str) -> int:
        """The entries of an axis as arrays carry it, padding included."""
        if axis in self._sizes:
            return self._sizes[axis]
        declared = self._declared.extents.get(axis)
        if axis in self._declared.packed:
            if self._layout == "TND" and axis in self._declared.ends:
                return int(self.raw(self._declared.ends[axis])[-1])
            batch, length = self._declared.packed[axis]
            return self.extent(batch) * self.extent(length)
        if isinstance(declared, int):
            return declared
        if declared is not None:
            return self.extent(declared)
        for name, default in self._declared.defaults.items():
            if isinstance(default, str) and fold(default) == axis:
                if name in self._attributes:
                    return self._attributes[name]
        raise ArgumentError(f"nothing tells the extent of axis '{axis}'")

    def real(self, axis: str) -> int:
        """The entries of an axis without the padding behind its last run."""
        if axis in self._runs:
            return int(self._runs[axis].lengths.sum())
        return self.extent(axis)

    def raw(self, name: str) -> Array:
        """An input as given, without its unit axes, packed axes as one dimension.

        Raises:
            MissingArgumentError: if the input was not given.
        """
        if name not in self._arrays:
            spelled = self._declared.inputs[name].spelled
            raise MissingArgumentError(f"{spelled} is missing", argument=spelled)
        return self._arrays[name]

    def array(self, name: str) -> Array:
        """An input as `raw`, without padding."""
        axes = self._declared.axes(self._declared.inputs[name])
        return self.raw(name)[tuple(slice(self.real(axis)) for axis in axes)]

    def restored(self, values: Array, variable: Variable) -> Array:
        """Values over the real entries of an output's axes, in the output's declared
        shape and layout: zeros where there is padding, unit axes put back."""
        axes = self._declared.axes(variable)
        full = np.zeros([self.extent(axis) for axis in axes])
        full[tuple(slice(self.real(axis)) for axis in axes)] = values
        shape: list[int] = []
        for dim in variable.dims:
            if dim.axis in self._declared.units:
                shape.append(1)
            else:
                shape += [self.extent(piece) for piece in self._pieces(dim.axis)]
        return full.reshape(shape)

    def present(self, selection: Selection, point: Mapping[str, int]) -> Present:
        """The present entries of `selection` at one point of its token axes.

        Raises:
            ArgumentError: if one of them is not a row of its run.
        """
        place = tuple(point[axis] for axis in selection.tokens)
        entries = self.array(selection.index)[place]
        start, length, valid = self._window(selection, point, len(entries))
        entries = entries[:valid].astype(np.int64)
        positions = np.flatnonzero(entries != -1)
        chosen = entries[positions]
        wrong = np.flatnonzero((chosen < 0) | (chosen >= length))
        if wrong.size:
            raise ArgumentError(
                f"{self._declared.inputs[selection.index].spelled}: entry "
                f"{int(positions[wrong[0]])} of token {place} is "
                f"{int(chosen[wrong[0]])}, not one of the {length} rows",
            )
        return Present(positions, start + chosen)

    def _window(
        self, selection: Selection, point: Mapping[str, int], entries: int
    ) -> tuple[int, int, int]:
        """Where the target's run starts, its length, and the count of valid entries.

        The token axis that is packed (else the first) gives run and position."""
        packed = self._declared.packed
        lead = next((a for a in selection.tokens if a in packed), None)
        queries, position = 1, 0
        start, keys = 0, self.real(selection.target)
        if lead is not None:
            run, position = self._runs[lead].place(point[lead])
            queries = int(self._runs[lead].lengths[run])
            target = packed.get(selection.target)
            if target is not None and target[0] == packed[lead][0]:
                start = int(self._runs[selection.target].starts[run])
                keys = int(self._runs[selection.target].lengths[run])
        elif selection.tokens:
            queries = self.real(selection.tokens[0])
            position = point[selection.tokens[0]]
        mode = self._mode(selection)
        causal = min(max(keys - queries + position + 1, 0), entries)
        return start, keys, entries if mode == 0 else causal

    def _mode(self, selection: Selection) -> int:
        """0: every entry is valid; 3: causal."""
        if selection.mode is None:
            return 0
        default = self._declared.defaults.get(selection.mode)
        value = self._attributes.get(selection.mode, default)
        if isinstance(value, str):
            value = self.extent(fold(value))
        if value is None:
            raise MissingArgumentError(
                f"{selection.mode} is missing", argument=selection.mode
            )
        if value not in (0, 3):
            raise ArgumentError(
                f"{selection.mode} is {value}; the modes are 0 and 3",
                argument=selection.mode,
            )
        return value
