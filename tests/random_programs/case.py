"""A case: a program, how it is compiled, and the arrays that it is run on."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import ml_dtypes
import numpy as np

from tests.random_programs.draw import Drawn
from tests.random_programs.program import Array, Program

DTYPES = {
    "bf16": np.dtype(ml_dtypes.bfloat16),
    "fp16": np.dtype(np.float16),
    "float32": np.dtype(np.float32),
    "int32": np.dtype(np.int32),
}
Style = Literal["normal", "whole", "sparse", "large", "small"]
STYLES: tuple[Style, ...] = ("normal", "normal", "whole", "sparse", "large", "small")


@dataclass(frozen=True)
class Settings:
    """How a program is compiled and run. style: of the numbers; poison: NaN where nothing
    may be looked at; workers: threads of the graph level; cores: groups of cores."""

    dtype: str = "bf16"
    layout: str = "BSND"
    schedule: str = "optimized"
    deterministic: bool = False
    precision: str = "float32"
    cores: int = 1
    workers: int = 1
    mode: int = 0
    style: Style = "normal"
    poison: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Case:
    """extents: of the dense axes, those of runs being the longest of them; runs: in TND,
    the lengths of the runs of each packed axis; padding: rows behind the last one."""

    program: Program
    extents: Mapping[str, int]
    settings: Settings = Settings()
    runs: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    padding: Mapping[str, int] = field(default_factory=dict)

    def lengths(self, packed: str) -> tuple[int, ...]:
        """The lengths of the runs of a packed axis."""
        batch, length = self.program.axis(packed).packs or ("", "")
        if self.settings.layout == "TND":
            return self.runs[packed]
        return (self.extents[length],) * self.extents[batch]

    def shape(self, array: Array) -> tuple[int, ...]:
        """The dimensions of an array, optional ones left out; in TND with padding."""
        dims: list[int] = []
        for name in array.dims:
            axis = self.program.axis(name)
            if axis.packs is None:
                dims += [self.extents[name]] * (name not in array.optional)
            elif self.settings.layout == "BSND":
                dims += [self.extents[part] for part in axis.packs]
            else:
                dims.append(sum(self.runs[name]) + self.padding.get(name, 0))
        return tuple(dims)

    def inputs(self) -> dict[str, Any]:
        """The arrays, and the mode."""
        rng = np.random.default_rng(self.settings.seed)
        present: list[tuple[Array, np.ndarray[Any, Any]]] = []
        found: dict[str, Any] = {}
        for each in self.program.inputs:
            if each.selects:
                found[each.name], mask = self._rows(each, rng)
                present.append((each, mask))
            elif each.ends and self.settings.layout == "TND":
                found[each.name] = np.cumsum(self.runs[each.ends]).astype(np.int32)
        for each in self.program.inputs:
            if not each.selects and not each.ends:
                found[each.name] = self._numbers(each, rng, present)
        bare = replace(self.program, attributes=())
        for each in self.program.attributes:
            if each.choices:
                found[each.name] = self.settings.mode
            elif each.default in bare.untold() or rng.random() < 0.5:
                found[each.name] = self.extents[str(each.default)]
        return found

    # ---- numbers

    def _numbers(self, array: Array, rng: np.random.Generator, present: Any) -> Any:
        shape = self.shape(array)
        values = rng.standard_normal(shape)
        match self.settings.style:
            case "whole":
                values = np.round(2 * values)
            case "sparse":
                values = np.where(rng.random(shape) < 0.5, 0.0, values)
            case "large":
                values = values * 2.0 ** rng.integers(0, 5)
            case "small":
                values = values * 2.0 ** -rng.integers(4, 12)
            case _:
                pass
        if self.settings.poison:
            for selection, mask in present:
                self._poison(array, values, selection, mask)
        half = self.settings.dtype
        dtype = half if array.dtype == "half" else array.dtype
        return values.astype(DTYPES[dtype])

    def _poison(
        self, array: Array, values: Any, selection: Array, mask: np.ndarray[Any, Any]
    ) -> None:
        """NaN at absent entries, where an array has the axes of a selection."""
        axes = self._flat_axes(array)
        of_rows = self._flat_axes(selection)
        if not set(of_rows) <= set(axes):
            return
        flat = values.reshape([self._flat_extent(axis) for axis in axes])
        absent = ~mask.transpose([of_rows.index(a) for a in axes if a in of_rows])
        shape = [self._flat_extent(axis) if axis in of_rows else 1 for axis in axes]
        flat[np.broadcast_to(absent.reshape(shape), flat.shape)] = np.nan

    def _flat_axes(self, array: Array) -> list[str]:
        return [dim for dim in array.dims if not self.program.axis(dim).is_unit]

    def _flat_extent(self, name: str) -> int:
        if self.program.axis(name).packs is None:
            return self.extents[name]
        return sum(self.lengths(name)) + self.padding.get(name, 0)

    # ---- indices

    def _rows(
        self, selection: Array, rng: np.random.Generator
    ) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Indices, and which entries are present; over the flat axes."""
        *tokens, entry = self._flat_axes(selection)
        shape = [self._flat_extent(axis) for axis in (*tokens, entry)]
        found = rng.integers(-(2**31), 2**31, shape, np.int64)
        present = np.zeros(shape, bool)
        for place in np.ndindex(*shape[:-1]):
            seen = self._seen(selection, dict(zip(tokens, place)))
            if seen is None:  # padding
                continue
            rows, count = seen
            count = min(count, shape[-1])
            row = rng.integers(0, max(rows, 1), count)
            row[rng.random(count) < 0.15] = -1
            if rows == 0:
                row[:] = -1
            found[place][:count] = row
            present[place][:count] = row >= 0
        indices = found.astype(np.int32).reshape(self.shape(selection))
        return indices, present

    def _seen(
        self, selection: Array, point: Mapping[str, int]
    ) -> tuple[int, int] | None:
        """The rows of a token's run, and the number of its valid entries; None in the
        padding."""
        lead = next((a for a in point if self.program.axis(a).packs), None)
        target = str(selection.selects)
        packed = self.program.axis(target).packs is not None
        run, position = 0, 0
        if lead is not None:
            position = point[lead]
            lengths = self.lengths(lead)
            while run < len(lengths) and position >= lengths[run]:
                position -= lengths[run]
                run += 1
            if run == len(lengths):
                return None
            tokens = lengths[run]
        else:
            first = next(iter(point), None)
            tokens = self._flat_extent(first) if first else 1
            position = point[first] if first else 0
        rows = self.lengths(target)[run] if packed else self._flat_extent(target)
        if selection.mode is None or self.settings.mode == 0:
            return rows, 2**31
        return rows, max(rows - tokens + position + 1, 0)


def draw_settings(rng: random.Random) -> Settings:
    """How to compile and run."""
    return Settings(
        dtype=rng.choice(["bf16", "fp16"]),
        layout=rng.choice(["BSND", "TND"]),
        schedule=rng.choice(["optimized", "baseline"]),
        deterministic=rng.random() < 0.3,
        precision=rng.choice(["float32", "float32", "mixed"]),
        cores=rng.choice([1, 1, 2, 3, 24]),
        workers=rng.choice([1, 2, 3]),
        mode=rng.choice([0, 3]),
        style=rng.choice(STYLES),
        poison=rng.random() < 0.5,
        seed=rng.randrange(2**31),
    )


def draw_case(rng: random.Random, drawn: Drawn) -> Case:
    """A program with settings, and runs of unequal lengths where the layout has them."""
    settings = draw_settings(rng)
    program, extents = drawn.program, drawn.extents
    packed = [axis for axis in program.axes if axis.packs]
    if settings.layout == "BSND" or not packed:
        return Case(program, extents, settings)
    runs: dict[str, tuple[int, ...]] = {}
    for axis in packed:
        batch, length = axis.packs or ("", "")
        most = extents[length]
        lengths = [
            rng.choice([most, rng.randint(0, most), rng.randint(1, most)])
            for _ in range(extents[batch])
        ]
        least = extents.get(str(program.axis(length).at_least), 1)
        if sum(lengths) < least:  # the bound is that of the axis as a whole
            lengths = [most] * len(lengths)
        runs[axis.name] = tuple(lengths)
    padding = {a.name: rng.choice([0, 0, 1, 3]) for a in packed}
    return Case(program, extents, settings, runs, padding)


def elements(case: Case) -> int:
    """Of all inputs."""
    return sum(math.prod(case.shape(each)) for each in case.program.inputs)
