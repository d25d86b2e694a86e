"""Rows between global memory and UB: the lowering does what the interpreter does."""

from __future__ import annotations

from functools import cache

import ml_dtypes
import numpy as np
import pytest

from tests.passes.to_ascendc.support import Array, Program

DTYPES = {
    "f32": np.dtype(np.float32),
    "f16": np.dtype(np.float16),
    "bf16": np.dtype(ml_dtypes.bfloat16),
    "i32": np.dtype(np.int32),
}
SIZES = ("to", "from", "rows", "n", "p", "q", "at", "m", "r")


def numbers(rng: np.random.Generator, size: int, dtype: str) -> Array:
    return rng.integers(-99, 99, size).astype(DTYPES[dtype])


ROWS = """
npu.fill %u_@[%c0] with 7.0 count %c1024
npu.load %u_@[%to_@], %x_@[%from_@] rows %rows_@ of %n_@ pitch %p_@, %q_@
npu.store %y_@[%at_@], %u_@[%to_@] rows %rows_@ of %m_@ pitch %r_@, %p_@
npu.store atomic %z_@[%at_@], %u_@[%to_@] rows %rows_@ of %m_@ pitch %r_@, %p_@
npu.load %u_@[%to_@], %x_@[%from_@] rows %rows_@ of %n_@ pitch %p_@, %q_@ padding -1.0
npu.store %w_@[%c0], %u_@[%c0] rows %c1 of %c1024 pitch %c0, %c0
"""


@cache
def rows_program() -> Program:
    """Loads rows into a filled buffer, stores what was loaded at another pitch, adds it
    to a third array; then loads them with padding, and stores the whole buffer."""
    sizes = ", ".join(f"%{name}_{t}: index" for t in DTYPES for name in SIZES)
    arrays = ", ".join(
        f"%{name}_{t}: gm<?x{t}>" for t in DTYPES for name in ("x", "y", "z", "w")
    )
    body = "\n".join(
        f"%u_{t} = npu.alloc at {8192 * i} : ub<1024x{t}>" + ROWS.replace("@", t)
        for i, t in enumerate(DTYPES)
    )
    units = {f"to_{t}": 32 // dtype.itemsize for t, dtype in DTYPES.items()}
    return Program(f"{arrays}, {sizes}", vector=body, units=units)


@pytest.mark.parametrize("seed", range(25))
def test_rows_at_pitches(seed: int) -> None:
    rng, values = np.random.default_rng(seed), {}
    for t, dtype in DTYPES.items():
        unit = 32 // dtype.itemsize
        rows, n = int(rng.integers(1, 6)), int(rng.integers(1, 5 * unit))
        if seed == 0:
            n = 2 * unit  # whole blocks
        p = (-(-n // unit) + int(rng.integers(0, 3))) * unit
        m = int(rng.integers(1, n + 1)) if seed % 2 else n
        q, r = n + int(rng.integers(0, 4)), m + int(rng.integers(0, 4))
        sizes = {
            "to": int(rng.integers(0, 4)) * unit,
            "from": int(rng.integers(0, 9)),
            **{"rows": rows, "n": n, "p": p, "q": q, "m": m, "r": r},
            "at": int(rng.integers(0, 9)),
        }
        values |= {f"{name}_{t}": size for name, size in sizes.items()}
        values[f"x_{t}"] = numbers(rng, sizes["from"] + rows * q, t)
        for name in ("y", "z"):
            values[f"{name}_{t}"] = numbers(rng, sizes["at"] + rows * r + 3, t)
        values[f"w_{t}"] = np.zeros(1024, dtype)
    rows_program().both(**values)


def test_a_single_row_needs_no_pitch() -> None:
    """One row, as a number: the pitches, which may be anything then, are not used."""
    program = Program(
        "%x: gm<?xf32>, %y: gm<?xf32>, %n: index",
        vector="""%u = npu.alloc at 32 : ub<512xf32>
        npu.load %u[%c8], %x[%c3] rows %c1 of %n pitch %c0, %c0
        npu.store %y[%c1], %u[%c8] rows %c1 of %n pitch %c0, %c0""",
    )
    rng = np.random.default_rng(1)
    for n in (1, 7, 8, 65, 500):
        program.both(x=numbers(rng, n + 3, "f32"), y=np.ones(n + 5, "f4"), n=n)


# ---- rows by their numbers


GARBAGE = (-1, 2**31 - 1, -(2**31), -7, 12345678)


WIDTHS = {"f32": 24, "bf16": 48}
"""Elements of a row."""
INDEXED = """
npu.fill %u_@[%c0] with 7.0 count %c2048
npu.gather_rows %u_@[%at], %x_@ at %base + %i[%k] rows %rows of %cWIDTH below %limit
npu.store %y_@[%c0], %u_@[%c0] rows %c1 of %c2048 pitch %c0, %c0
npu.scatter_add_rows %z_@ at %to + %i[%k], %u_@[%from] SELECTED
npu.load_selected_rows %v_@[%c0], %x_@ at %base where %i[%k] SELECTED
npu.scatter_add_rows %q_@ at %base + %i[%k], %v_@[%c0] SELECTED
""".replace("SELECTED", "rows %rows of %cWIDTH from %first below %most")


@cache
def indexed_program() -> Program:
    """Gathers rows, stores them, and adds them to others by the same numbers; adds rows
    as they lie to those that the same numbers mean."""
    arrays = ", ".join(
        f"%{name}_{t}: gm<?x{t}>" for t in WIDTHS for name in ("x", "y", "z", "q")
    )
    body = "\n".join(
        f"%u_{t} = npu.alloc at {32768 * i} : ub<2048x{t}>\n"
        f"%v_{t} = npu.alloc at {32768 * i + 16384} : ub<2048x{t}>"
        + INDEXED.replace("@", t).replace("WIDTH", str(n))
        for i, (t, n) in enumerate(WIDTHS.items())
    )
    sizes = ("at", "base", "k", "rows", "limit", "from", "to", "most", "first")
    return Program(
        f"{arrays}, %n: gm<?xi32>, " + ", ".join(f"%{s}: index" for s in sizes),
        vector=f"""%i = npu.alloc at 131072 : ub<64xi32>
        npu.load %i[%c0], %n[%c0] rows %c1 of %c64 pitch %c0, %c0
        {body}""",
        units={"at": 16, "from": 16},
    )


@pytest.mark.parametrize("seed", range(25))
def test_rows_by_their_numbers(seed: int) -> None:
    """Duplicates, -1, numbers out of range, a base, and rows that are not asked for."""
    rng = np.random.default_rng(seed)
    rows, k = int(rng.integers(0, 30)), int(rng.integers(0, 20))
    limit, most = int(rng.integers(1, 12)), int(rng.integers(1, 12))
    base, to = int(rng.integers(0, 5)), int(rng.integers(0, 5))
    indices = rng.integers(-2, 12, 64).astype(np.int32)
    indices[rng.integers(0, 64, 8)] = rng.choice(GARBAGE, 8)
    indices[k : k + 4] = (limit - 1, limit, 0, -1)
    at, start = (int(rng.integers(0, 3)) * 16 for _ in range(2))
    values = {"n": indices, "rows": rows, "k": k, "limit": limit, "most": most}
    first = int(rng.integers(0, 4)) if seed % 2 else 0
    values |= {"base": base, "to": to, "at": at, "from": start, "first": first}
    for t, n in WIDTHS.items():
        values[f"x_{t}"] = numbers(rng, (base + max(limit, rows)) * n, t)
        values[f"q_{t}"] = numbers(rng, (base + most) * n, t)
        values[f"y_{t}"] = np.zeros(2048, DTYPES[t])
        values[f"z_{t}"] = numbers(rng, (to + most) * n, t)
    indexed_program().both(**values)


def test_rows_outside_of_memory_are_not_touched() -> None:
    """The arrays have one row; no other one is read or written, whatever the numbers."""
    rng, rows = np.random.default_rng(9), 40
    indices = np.resize(np.int32([1, -1, 0, 2, *GARBAGE]), 64)
    values = {"rows": rows, "k": 0, "limit": 1, "most": 1, "base": 0, "to": 0}
    values |= {"first": 1, "at": 0, "from": 0, "n": indices}
    for t, n in WIDTHS.items():
        for name in ("x", "z", "q"):
            values[f"{name}_{t}"] = numbers(rng, n, t)
        values[f"y_{t}"] = np.zeros(2048, DTYPES[t])
    after = indexed_program().both(**values)
    np.testing.assert_array_equal(after["z_f32"], values["z_f32"])
    gathered = after["y_f32"][: rows * 24].reshape(rows, 24)
    zero = indices[:rows] == 0
    np.testing.assert_array_equal(gathered[zero], [values["x_f32"]] * zero.sum())
    assert not gathered[~zero].any()
