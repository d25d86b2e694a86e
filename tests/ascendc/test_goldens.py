"""The printed kernels are the golden ones, compile without a warning, and compute what
they should on the twin. `--update-golden` rewrites the golden sources."""

from __future__ import annotations

import functools
import struct

import ml_dtypes
import numpy as np
import pytest

from backends.twin.build import build
from backends.twin.launch import Library
from ligrad_ir.dialects.ascendc.dialect import OPS
from tests.ascendc.programs import GOLDEN, NAMES, module_of, source_of

RNG = np.random.default_rng(0)
BF16 = np.dtype(ml_dtypes.bfloat16)
F16, F32 = np.dtype(np.float16), np.dtype(np.float32)


@functools.cache
def library(name: str) -> Library:
    """The golden source, compiled with warnings as errors."""
    return build([GOLDEN / f"{name}.cpp"], name)


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_printed_as_golden(name: str, request: pytest.FixtureRequest) -> None:
    path = GOLDEN / f"{name}.cpp"
    if request.config.getoption("--update-golden", default=False):
        path.write_text(source_of(name), encoding="utf-8")
    assert source_of(name) == path.read_text(encoding="utf-8")


def test_every_golden_compiles(name: str) -> None:
    assert library(name).arity >= 3


def test_goldens_have_kernels() -> None:
    assert sorted(path.stem for path in GOLDEN.glob("*.cpp")) == NAMES


def test_every_operation_is_in_a_golden() -> None:
    seen = {op.name for kernel in NAMES for op in module_of(kernel).walk()}
    assert {op.name for op in OPS} - seen == set()


@pytest.mark.parametrize(
    ("length", "per_core", "blocks"),
    [(1, 1024, 1), (1024, 1024, 2), (5003, 2048, 3), (5003, 1024, 5)],
)
def test_vector_add(length: int, per_core: int, blocks: int) -> None:
    x, y = (RNG.standard_normal(length).astype(F32) for _ in range(2))
    z = np.zeros_like(x)
    report = library("vector_add").launch(
        [x, y, z, np.zeros(1), struct.pack("2I", length, per_core)], blocks
    )
    assert not report.hazards
    assert (z == x + y).all()


@pytest.mark.parametrize("transpose_a", [False, True])
@pytest.mark.parametrize("transpose_b", [False, True])
@pytest.mark.parametrize(
    ("shape", "relu"),
    [((64, 64, 64), True), ((70, 90, 200), False), ((1, 16, 33), True)],
)
def test_matmul(
    shape: tuple[int, int, int], relu: bool, transpose_a: bool, transpose_b: bool
) -> None:
    m, n, k = shape
    a, b = (RNG.standard_normal(s).astype(BF16) for s in ((m, k), (k, n)))
    c = np.zeros((m, n), F32)
    stored = [
        np.ascontiguousarray(a.T) if transpose_a else a,
        np.ascontiguousarray(b.T) if transpose_b else b,
    ]
    tiling = struct.pack("6I", m, n, k, transpose_a, transpose_b, relu)
    report = library("matmul").launch([*stored, c, np.zeros(1), tiling], 2)
    assert not report.hazards
    exact = a.astype(np.float64) @ b.astype(np.float64)
    exact = np.maximum(exact, 0) if relu else exact
    assert np.abs(c - exact).max() <= 1e-5 * max(1.0, np.abs(exact).max())


@pytest.mark.parametrize(("blocks", "rounds"), [(1, 1), (2, 2), (3, 5), (1, 0)])
def test_mix(blocks: int, rounds: int) -> None:
    rows = blocks * rounds * 64
    a, w = (RNG.standard_normal((rows, 64)).astype(F16) for _ in range(2))
    b = RNG.standard_normal((64, 64)).astype(F16)
    y = np.full((rows, 64), 7, F16)
    workspace = np.zeros(blocks * 2 * 64 * 64, F32)
    report = library("mix").launch(
        [a, b, w, y, workspace, struct.pack("I", rounds)], blocks
    )
    assert not report.hazards
    s = np.maximum(a.astype(F32) @ b.astype(F32).T, 0)
    exact = np.where(s > 0, w.astype(F32) * s, 0)
    assert np.abs(y - exact).max(initial=0) <= 2**-10 * np.abs(exact).max(initial=1)
    assert ((y == 0) == (exact.astype(F16) == 0)).mean() > 0.999 if rows else True


@pytest.mark.parametrize("blocks", [1, 3, 8])
def test_gather_scatter(blocks: int) -> None:
    rows, tokens = 12, 50
    source = RNG.integers(-9, 9, (rows, 128)).astype(F32)
    index = RNG.integers(-2, rows + 3, tokens).astype(np.int32)
    total = np.full((rows, 128), 5, F32)
    report = library("gather_scatter").launch(
        [source, index, total, np.zeros(1), struct.pack("Ii", tokens, rows)], blocks
    )
    assert not report.hazards
    exact = np.zeros((rows, 128), F32)
    valid = index[(index >= 0) & (index < rows)]
    np.add.at(exact, valid, source[valid])
    assert (total == exact).all()


@pytest.mark.parametrize(("a", "b"), [(7, 3), (-7, 3), (-7, 12), (5, 5)])
def test_scalars(a: int, b: int) -> None:
    u, x, big = 400_000_000, 2.75, 3 * 2**32 + 1
    out, real = np.zeros(64, np.int32), np.zeros(64, F32)
    tiling = struct.pack("iiIfq", a, b, u, x, big)
    report = library("scalars").launch([out, real, np.zeros(1), tiling], 1)
    assert not report.hazards
    quotient = int(a / b)
    remainder = a - quotient * b
    operators = [a + b, a - b, a * b, quotient, remainder, a & b, a | b, a ^ b]
    operators += [min(a, b), max(a, b), a << 3, a >> 3]
    predicates = [a < b, a > b, a == b, a <= b, a >= b, a != b]
    others = [a if a < b else b, -(2**31), 3, 105_032_704, a & 255, 2]
    others += [int(np.fmod(a, 8)), b * (b - 1) // 2, a + b + 1]
    bits = (b * (a - (b - 1))) ^ 9
    others += [b if bits < a else 9]
    expected = [*operators, *predicates, *others]
    assert out.tolist() == expected + [9] * (64 - len(expected))
    assert real[0] == np.float32(np.float32(x) * np.float32(0.1)) + np.float32(1.5)


def test_vectors() -> None:
    x, y = (RNG.standard_normal(512).astype(F32) for _ in range(2))
    scale = np.float32(0.25)
    out = np.zeros((125, 512), F32)
    report = library("vectors").launch(
        [x, y, out, np.zeros(1), struct.pack("f", scale)], 1
    )
    assert not report.hazards
    lanes = np.arange(512) % 64 < 50
    minus = np.full(512, -1, F32)

    def both(full: np.ndarray) -> list[np.ndarray]:
        return [full, np.where(lanes, full, minus)]

    half = x.astype(F16)
    toward_zero = np.where(
        np.abs(half.astype(F32)) > np.abs(x), np.nextafter(half, F16.type(0)), half
    )
    expected = [*both(x + y), *both(x - y), *both(x * y)]
    expected += [*both(np.maximum(x, y)), *both(np.minimum(x, y))]
    expected += [*both(x + scale), *both(x * scale), *both(np.maximum(x, scale))]
    expected += [*both(np.minimum(x, scale)), *both(x * scale + minus)]
    expected += [*both(np.maximum(x, 0))]
    expected += [half, np.where(lanes, toward_zero, minus)]
    expected += [np.minimum(x, y), np.where(lanes, np.maximum(x, y), minus)]
    expected += [np.where(x > scale, x, 0)]
    expected += [np.where(lanes, np.minimum(x, scale), minus)]
    expected += [np.where(lanes, scale, minus), np.repeat(x[:64], 8)]
    sums = np.where(lanes, x, 0).reshape(8, 64).sum(1)
    expected += [np.concatenate([sums, minus[8:]])]
    expected += [half.astype(F32) * F32.type(0.5) - 1]
    expected += [np.maximum(half, F16.type(1))]
    expected += [np.where(np.arange(512) == 2, 1, minus)]
    rounded = len(expected) - 4  # the sums depend on the order of their terms
    for row, (ours, exact) in enumerate(zip(out, expected, strict=False)):
        error = np.abs(ours - exact).max()
        assert error <= (1e-5 if row == rounded else 2e-7), row
    assert not out[len(expected) :].any()
