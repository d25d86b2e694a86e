"""A call that passed every check, and the way back from its results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from backends.call.dtypes import Array, DType, dtype_of
from backends.graph.ops import IndexOutOfRangeError
from backends.memory import require_memory
from ligrad_ir.errors import ArgumentError
from ligrad_ir.lengths import dimensions
from ligrad_ir.signature import ArrayPort, Signature

Make = Callable[[str, tuple[int, ...], DType], Array]


def zeros(name: str, shape: tuple[int, ...], dtype: DType) -> Array:
    """Zeros in memory."""
    return np.zeros(shape, dtype)


@dataclass(frozen=True)
class Bound:
    """A call that passed every check.

    arguments: in the order of the program's function; extents: by axis, without padding
    rows; shape: the extent of every dimension as the caller's arrays have it.
    """

    signature: Signature
    arguments: tuple[Array | int, ...]
    extents: Mapping[str, int]
    shape: Mapping[str, int]
    ends: Mapping[str, Array]

    def results(self, values: tuple[Array, ...]) -> dict[str, Array]:
        """Outputs by name, in the caller's layout; padding rows are 0."""
        return {
            port.name: self._restore(port, value)
            for port, value in zip(self.signature.outputs, values)
        }

    def empty_results(self, make: Make = zeros) -> dict[str, Array]:
        """Zeros by name for all outputs, in the caller's layout; `make` is told the
        name, the shape and the dtype of each.

        Raises:
            LigradError: they do not fit into memory, where they are to be there.
        """
        wanted = [
            (port.name, self._caller_shape(port), dtype_of(port.element))
            for port in self.signature.outputs
        ]
        if make is zeros:
            total = sum(prod(shape) * dtype.itemsize for _, shape, dtype in wanted)
            require_memory("the outputs", total)
        return {each[0]: make(*each) for each in wanted}

    def parts(self, results: Mapping[str, Array]) -> tuple[Array, ...]:
        """Of arrays in the caller's layout, C-contiguous, what the program computes: a
        view with a dimension an axis, without padding rows."""
        return tuple(
            leading(
                results[port.name].reshape(self._rows(port)),
                [self.extents[axis] for axis in self._held(port)],
            )
            for port in self.signature.outputs
        )

    def _held(self, port: ArrayPort) -> list[str]:
        """The axes of a port's value."""
        axes = (dim.axis for dim in port.dims)
        return [axis for axis in axes if not self.signature.axes[axis].is_unit]

    def _rows(self, port: ArrayPort) -> list[int]:
        return [self.shape[axis] for axis in self._held(port)]

    def _caller_shape(self, port: ArrayPort) -> tuple[int, ...]:
        return tuple(
            self.shape[name]
            for dim in port.dims
            for name in dimensions(self.signature.axes[dim.axis])
        )

    def _restore(self, port: ArrayPort, value: Array) -> Array:
        rows = self._rows(port)
        if list(value.shape) != rows:
            padded = np.zeros(rows, value.dtype)
            padded[tuple(slice(n) for n in value.shape)] = value
            value = padded
        return np.ascontiguousarray(value).reshape(self._caller_shape(port))

    def explain(self, error: IndexOutOfRangeError) -> ArgumentError:
        """The caller's view of an index that means no row."""
        at = error.argument
        port = None if at is None else self.signature.inputs[at]
        *token, entry = error.position
        where = f"token {', '.join(map(str, token))}" if token else "the indices"
        rows = "the rows"
        if isinstance(port, ArrayPort) and port.selects is not None:
            run = self._run_of(port, token)
            rows += f" of {port.selects}"
            if run is not None:
                batch, position = run
                where += f" (batch {batch}, position {position} in it)"
                if self.signature.axes[port.selects].is_packed:
                    rows += f" of batch {batch}"
        name = "computed row numbers" if port is None else port.name
        return ArgumentError(
            f"{name}: {where}, entry {entry}: the index {error.value} is outside "
            f"[0, {error.length}), {rows}; -1 means that there is no row",
            argument=None if port is None else port.name,
        )

    def _run_of(self, port: ArrayPort, token: list[int]) -> tuple[int, int] | None:
        """The batch of a token of a selection, and its position in it; None where no
        axis of the token packs runs."""
        axes = self.signature.axes
        packed = [axes[a] for a in self._held(port)[:-1] if axes[a].is_packed]
        if not packed:
            return None
        batch = axes[port.selects].batch if port.selects else None
        axis = next((axis for axis in packed if axis.batch == batch), packed[0])
        at = token[self._held(port).index(axis.name)]
        run = int(np.searchsorted(self.ends[axis.name], at, side="right"))
        first = int(self.ends[axis.name][run - 1]) if run else 0
        return run, at - first


def leading(array: Array, extents: Sequence[int]) -> Array:
    """A view of so many positions of each dimension. An array without dimensions stays
    an array: indexed by an empty tuple it would be a copy, a NumPy scalar."""
    return array[(..., *map(slice, extents))]
