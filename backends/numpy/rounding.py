"""Halves to float32 and back, without what `astype` does element by element.

A bfloat16 is the upper half of a float32: widening is a shift, rounding (to nearest, ties
to even) an addition to the bits. Shapes of operands are equal throughout.
"""

from __future__ import annotations

import ml_dtypes
import numpy as np

from backends.numpy import graph_ops
from backends.numpy.dtypes import Array

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
_BITS = np.uint32(16)
_UPPER = np.uint32(0xFFFF0000)
_ONE = np.uint32(1)
_HALF = np.uint32(0x7FFF)


def widen_into(out: Array, source: Array) -> None:
    """Copy numbers that `out`, of a wider type or the same, holds exactly."""
    if out.dtype == np.float32 and source.dtype == BFLOAT16:
        bits = out.view(np.uint32)
        np.copyto(bits, source.view(np.uint16))
        np.left_shift(bits, _BITS, out=bits)
    else:
        np.copyto(out, source, casting="unsafe")


def round_into(out: Array, source: Array, scratch: Array) -> None:
    """Copy, rounded once to the dtype of `out`. scratch: uint32, for float32 to
    bfloat16."""
    if out.dtype == BFLOAT16 and source.dtype == np.float32 and not _has_nan(source):
        _add_half(scratch, source)
        np.right_shift(scratch, _BITS, out=scratch)
        np.copyto(out.view(np.uint16), scratch, casting="unsafe")
    elif source.dtype == np.float64 and out.dtype == BFLOAT16:
        np.copyto(out, graph_ops.cast(source, out.dtype))
    else:
        np.copyto(out, source, casting="unsafe")


def round_to_bfloat16(out: Array, source: Array) -> None:
    """Copy float32, each number replaced by the nearest that bfloat16 has."""
    if _has_nan(source):
        np.copyto(out, source.astype(BFLOAT16))
        return
    bits = out.view(np.uint32)
    _add_half(bits, source)
    np.bitwise_and(bits, _UPPER, out=bits)


def _add_half(bits: Array, source: Array) -> None:
    """The bits of float32 numbers plus half a unit of bfloat16, a bit less where the
    last place is even. `bits` may not be the source."""
    given = source.view(np.uint32)
    np.right_shift(given, _BITS, out=bits)
    np.bitwise_and(bits, _ONE, out=bits)
    np.add(bits, given, out=bits)
    np.add(bits, _HALF, out=bits)


def _has_nan(x: Array) -> bool:
    return bool(x.size and np.isnan(np.max(x)))
