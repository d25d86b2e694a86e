"""Which elements of an output a pass has changed by more than it may."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from backends.call.dtypes import Array
from backends.oracle import Reference, compare
from ligrad.bisect.graph import off
from ligrad_ir.dialects.npu.types import NpuOp

TOLERANCE = 2.0**-5
"""Of an output's largest element: what a pass may change where no oracle gives a bound."""


def guessed(outputs: Mapping[str, Array]) -> dict[str, Reference]:
    """Outputs that are taken to be right, where no oracle says what is."""
    found: dict[str, Reference] = {}
    for name, array in outputs.items():
        value = array.astype(np.float64)
        scale = np.abs(np.where(np.isfinite(value), value, 0.0)).max(initial=0.0)
        bound = np.full(value.shape, TOLERANCE * scale)
        found[name] = Reference(value, bound, array.dtype, rms_limit=np.inf)
    return found


def outside(value: Array, reference: Reference) -> Array:
    """The elements that the oracle's bound does not explain."""
    found = np.zeros(value.shape, bool)
    comparison = compare(value, reference)
    if comparison.ok:
        return found
    with np.errstate(invalid="ignore"):
        off = np.abs(value.astype(np.float64) - reference.value)
    off = np.where(np.isnan(off), np.inf, off)
    same_nan = np.isnan(value.astype(np.float64)) & np.isnan(reference.value)
    found = (off > reference.bound) & ~same_nan
    if not found.any():  # all elements are near, but too many are not near enough
        found.flat[int(off.argmax())] = True
    return found


def far(value: Array, expected: Array) -> Array:
    """Elements that are off by more than rounding, by a guess."""
    return off(value, expected, TOLERANCE)


def differs(value: Array, expected: Array) -> Array:
    """Elements of which some bit differs."""
    width = value.itemsize
    bits = [np.ascontiguousarray(a).view(f"u{width}") for a in (value, expected)]
    return bits[0] != bits[1]


def atomic_outputs(module: ModuleOp) -> set[str]:
    """The arrays that atomic additions may reach, by name."""
    ops = [op for op in module.walk() if isinstance(op, NpuOp)]
    reached = {
        value
        for op in ops
        for value in op.writes()
        if "atomic" in op.properties or "scatter" in op.name
    }
    while True:
        further = {
            value
            for op in ops
            if reached.intersection(op.reads())
            for value in op.writes()
        }
        if further <= reached:
            return {value.name_hint for value in reached if value.name_hint}
        reached |= further
