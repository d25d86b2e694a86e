"""Two loops over rows that NumPy has only in slow forms, taken from SciPy's routines for
sparse matrices, which work in place and let other threads run."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.sparse import _sparsetools

from backends.call.dtypes import Array, DType


def row_adder(count: int, dtype: DType) -> Callable[[Array, Array, Array], None]:
    """A function of (total, rows, updates) that adds each of `count` updates to its row
    of `total`, in order; a row may occur many times. All are C-contiguous, rows are
    int64 and exist."""
    # A matrix with one entry a column, a 1 in the row of the update, times the updates.
    starts = np.arange(count + 1, dtype=np.int64)
    ones = np.ones(count, dtype)

    def add(total: Array, rows: Array, updates: Array) -> None:
        _sparsetools.csc_matvecs(
            len(total),
            count,
            updates.size // count,
            starts,
            rows.reshape(-1),
            ones,
            updates.reshape(-1),
            total.reshape(-1),
        )

    return add


def row_scaler(x: Array, factor: Array) -> Callable[[], None] | None:
    """A function that multiplies `x` by `factor` in place, for an array with the same
    dimensions that is 1 long in the last ones of x; None where they are not of that kind.
    NumPy would go to and fro between a scalar and a short row."""
    lead = x.ndim
    while lead and factor.shape[lead - 1] == 1:
        lead -= 1
    count = int(np.prod(x.shape[:lead], dtype=np.int64))
    if (
        lead == x.ndim
        or factor.shape[:lead] != x.shape[:lead]
        or x.dtype != factor.dtype
        or not x.flags.c_contiguous
        or not factor.flags.c_contiguous
        or x.size == 0
    ):
        return None
    row = x.size // count
    starts = np.arange(count + 1, dtype=np.int64) * row
    flat, factors = x.reshape(-1), factor.reshape(-1)
    # Of the columns of entries, which are not looked at, there are enough in any array.
    return lambda: _sparsetools.csr_scale_rows(
        count, row, starts, starts, flat, factors
    )
