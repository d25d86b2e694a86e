"""The pure functions behind the interpreter: hand-computed values, edges, and
comparisons with plain loops and `np.einsum`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from math import prod

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.call.dtypes import Array, DType, dtype_of
from backends.graph import ops as graph_ops
from backends.graph.ops import IndexOutOfRangeError
from ligrad_ir.axes import Axes

BF16, F16 = np.dtype(ml_dtypes.bfloat16), np.dtype(np.float16)
F32, F64 = np.dtype(np.float32), np.dtype(np.float64)
HALVES = (BF16, F16)
FLOATS = (*HALVES, F32, F64)
NAN, INF = np.nan, np.inf


@pytest.fixture(autouse=True)
def _ieee() -> Iterator[None]:
    """NaN and infinity are values here, as in the interpreter."""
    with np.errstate(invalid="ignore", over="ignore"):
        yield


def i32(*values: object) -> Array:
    return np.array(values, np.int32)


def every(dtype: DType) -> Array:
    """All 65,536 numbers of a half type."""
    return np.arange(65536, dtype=np.uint16).view(dtype)


def same_bits(got: Array, expected: Array) -> bool:
    return got.dtype == expected.dtype and got.tobytes() == expected.tobytes()


@pytest.mark.parametrize("dtype", FLOATS)
def test_values_without_axes_stay_arrays(dtype: DType) -> None:
    x, two = np.asarray(-1.5, F64), np.asarray(2, dtype)
    y = graph_ops.cast(x, dtype)
    row = np.ones(3, dtype)
    found = {
        "cast": (y, -1.5),
        "add": (graph_ops.add(y, two), 0.5),
        "sub": (graph_ops.sub(y, two), -3.5),
        "mul": (graph_ops.mul(y, two), -3.0),
        "relu": (graph_ops.relu(y), 0.0),
        "relu_grad": (graph_ops.relu_grad(y, two), -1.5),
        "reduce_sum": (graph_ops.reduce_sum(row, 0, F32), 3.0),
        "matmul": (
            graph_ops.matmul(row, ("A",), row, ("A",), "A", (), F32),
            3.0,
        ),
    }
    for name, (value, expected) in found.items():
        assert isinstance(value, np.ndarray), name
        assert value.shape == (), name
        assert float(value) == expected, name


# ---- align


def test_align_moves_axes_by_name() -> None:
    x = np.arange(6).reshape(2, 3)
    assert graph_ops.align(x, ("A", "B"), ("B", "A")).tolist() == x.T.tolist()
    spread = graph_ops.align(x, ("A", "B"), ("B", "C", "A", "D"))
    assert spread.shape == (3, 1, 2, 1)
    assert spread[2, 0, 1, 0] == x[1, 2]


def test_align_is_a_view() -> None:
    x = np.arange(24).reshape(2, 3, 4)
    assert np.shares_memory(graph_ops.align(x, tuple("ABC"), tuple("CXAB")), x)


def test_align_of_scalars_and_empty_arrays() -> None:
    assert graph_ops.align(np.array(3.0), (), ("A", "B")).tolist() == [[3.0]]
    assert graph_ops.align(np.zeros((0, 2)), tuple("AB"), tuple("BCA")).shape == (
        2,
        1,
        0,
    )


# ---- numbers


@pytest.mark.parametrize("dtype", FLOATS)
def test_relu(dtype: DType) -> None:
    x = np.array([-INF, -1.5, -0.0, 0.0, 2.5, INF, NAN], dtype)
    got = graph_ops.relu(x)
    assert got.dtype == dtype
    np.testing.assert_array_equal(got.astype(F64), [0.0, 0.0, 0.0, 0.0, 2.5, INF, NAN])
    assert not np.signbit(got[:4]).any()


@pytest.mark.parametrize("dtype", HALVES)
def test_relu_of_every_half(dtype: DType) -> None:
    x = every(dtype)
    keep = (x > 0) | np.isnan(x)
    expected = np.where(keep, x.view(np.uint16), np.uint16(0)).view(dtype)
    assert same_bits(graph_ops.relu(x), expected)


@pytest.mark.parametrize("dtype", FLOATS)
def test_relu_grad(dtype: DType) -> None:
    gradient = np.array([1.0, -2.0, NAN, INF, 5.0, NAN, 7.0], dtype)
    output = np.array([1e-30, 3.0, 0.0, -1.0, NAN, INF, -0.0], np.float32)
    got = graph_ops.relu_grad(gradient, output)
    assert got.dtype == dtype
    np.testing.assert_array_equal(got.astype(F64), [1.0, -2.0, 0, 0, 0, NAN, 0])


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("select", [graph_ops.relu_grad, graph_ops.mask])
def test_selections_keep_every_bit(
    dtype: DType, select: Callable[[Array, Array], Array]
) -> None:
    x, ones = every(dtype), np.ones(65536, np.int32)
    assert same_bits(select(x, ones), x)
    assert same_bits(select(x, -ones), np.zeros_like(x))


def test_relu_grad_broadcasts() -> None:
    got = graph_ops.relu_grad(np.array([[1.0], [2.0]]), np.array([[0.5, 0.0, 3.0]]))
    assert got.tolist() == [[1.0, 0.0, 1.0], [2.0, 0.0, 2.0]]


@pytest.mark.parametrize("dtype", FLOATS)
def test_mask(dtype: DType) -> None:
    x = np.array([[1, NAN, 3], [NAN, INF, -6]], dtype)
    got = graph_ops.mask(x, i32([0, -1, 2], [-1, -1, 7]))
    assert got.dtype == dtype
    np.testing.assert_array_equal(got.astype(F64), [[1, 0, 3], [0, 0, -6]])


def test_mask_broadcasts_rows() -> None:
    got = graph_ops.mask(np.ones((2, 2, 3)), i32([[0, -1, 2]], [[-1, 1, 2]]))
    assert got.tolist() == [[[1, 0, 1]] * 2, [[0, 1, 1]] * 2]


@pytest.mark.parametrize("dtype", FLOATS)
def test_reduce_sum(dtype: DType) -> None:
    x = np.array([[1, 2, 4], [8, 16, 32]], dtype)
    for accumulate in (F32, F64):
        for axis, expected in ((0, [9, 18, 36]), (1, [7, 56])):
            got = graph_ops.reduce_sum(x, axis, accumulate)
            assert got.dtype == accumulate
            assert got.tolist() == expected


@pytest.mark.parametrize("dtype", HALVES)
def test_reduce_sum_of_halves_is_accumulated_wide(dtype: DType) -> None:
    # A running sum of that type would stay at 256 (bf16) or 2048 (f16).
    assert graph_ops.reduce_sum(np.ones(5000, dtype), 0, F32) == 5000
    big = np.array([65504, 65504, -65504], F16)
    assert graph_ops.reduce_sum(big, 0, F32) == 65504


def test_reduce_sum_edges() -> None:
    assert graph_ops.reduce_sum(np.zeros((2, 0), BF16), 1, F32).tolist() == [0, 0]
    assert graph_ops.reduce_sum(np.zeros((0, 2), BF16), 1, F32).shape == (0,)
    assert np.isnan(graph_ops.reduce_sum(np.array([1, NAN]), 0, F64))
    assert np.isnan(graph_ops.reduce_sum(np.array([INF, -INF]), 0, F64))
    assert graph_ops.reduce_sum(np.array([INF, 1]), 0, F64) == INF


# ---- matmul


def test_matmul_by_hand() -> None:
    lhs = np.array([[1.0, 2.0], [3.0, 4.0]])
    rhs = np.array([[5.0, 6.0, 7.0], [8.0, 9.0, 10.0]])

    def run(
        lhs_axes: str, rhs_axes: str, over: str, result: str, right: Array
    ) -> Array:
        return graph_ops.matmul(
            lhs, tuple(lhs_axes), right, tuple(rhs_axes), over, tuple(result), F64
        )

    assert run("AB", "BC", "B", "AC", rhs).tolist() == [[21, 24, 27], [47, 54, 61]]
    assert run("AB", "BC", "B", "CA", rhs).tolist() == [[21, 47], [24, 54], [27, 61]]
    assert run("BA", "BC", "B", "AC", rhs).tolist() == [[29, 33, 37], [42, 48, 54]]
    assert run("AB", "AB", "B", "A", lhs).tolist() == [5, 25]  # A is a batch axis
    assert run("AB", "B", "B", "A", np.array([1.0, -1.0])).tolist() == [-1, -1]


@st.composite
def contractions(draw: st.DrawFn) -> tuple[Axes, Axes, str, Axes, dict[str, int]]:
    roles = draw(st.lists(st.sampled_from("lrb"), max_size=5))
    names = tuple("abcde"[: len(roles)])
    left = [n for n, role in zip(names, roles, strict=True) if role in "lb"]
    right = [n for n, role in zip(names, roles, strict=True) if role in "rb"]
    extents = {name: draw(st.integers(0, 3)) for name in (*names, "z")}
    lhs = tuple(draw(st.permutations([*left, "z"])))
    rhs = tuple(draw(st.permutations([*right, "z"])))
    return lhs, rhs, "z", tuple(draw(st.permutations(names))), extents


@settings(max_examples=150, deadline=None)
@given(contractions(), st.sampled_from(FLOATS), st.integers(0, 2**32 - 1))
def test_matmul_is_a_named_contraction(
    axes: tuple[Axes, Axes, str, Axes, dict[str, int]], dtype: DType, seed: int
) -> None:
    lhs_axes, rhs_axes, over, result, extents = axes
    rng = np.random.default_rng(seed)

    def some(names: Axes) -> Array:
        # Small whole numbers, so that every order of summation gives the same.
        shape = [extents[name] for name in names]
        return rng.integers(-8, 9, shape).astype(dtype)

    lhs, rhs = some(lhs_axes), some(rhs_axes)
    for accumulate in (F32, F64):
        got = graph_ops.matmul(lhs, lhs_axes, rhs, rhs_axes, over, result, accumulate)
        expected = np.einsum(
            f"{''.join(lhs_axes)},{''.join(rhs_axes)}->{''.join(result)}",
            lhs.astype(F64),
            rhs.astype(F64),
        )
        assert got.dtype == accumulate
        assert got.shape == tuple(extents[name] for name in result)
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("dtype", HALVES)
def test_matmul_of_halves_has_exact_products_and_a_wide_sum(dtype: DType) -> None:
    tiny = np.finfo(np.float32).eps  # as good as it gets: float32, not half
    x = np.array([[1 + float(ml_dtypes.finfo(dtype).eps)]], dtype)
    got = graph_ops.matmul(x, tuple("AB"), x, tuple("BC"), "B", tuple("AC"), F32)
    assert got[0, 0] == float(x[0, 0]) ** 2
    ones = np.ones((1, 5000), dtype)
    total = graph_ops.matmul(
        ones, tuple("AB"), ones, tuple("CB"), "B", tuple("AC"), F32
    )
    assert abs(total[0, 0] - 5000) <= 5000 * tiny


def test_matmul_carries_nan_and_infinity() -> None:
    lhs = np.array([[NAN, 0.0], [INF, 1.0], [INF, -INF], [1.0, 2.0]])
    rhs = np.array([1.0, 1.0])
    got = graph_ops.matmul(lhs, tuple("AB"), rhs, ("B",), "B", ("A",), F64)
    np.testing.assert_array_equal(got, [NAN, INF, NAN, 3.0])


# ---- gather


def test_gather_by_hand() -> None:
    source = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    got = graph_ops.gather(source, i32([2, -1], [0, 0]), 0)
    assert got.tolist() == [[[5, 6], [0, 0]], [[1, 2], [1, 2]]]
    got = graph_ops.gather(source, i32(1, -1, 0), 1)
    assert got.tolist() == [[2, 0, 1], [4, 0, 3], [6, 0, 5]]
    assert graph_ops.gather(source, np.array(2, np.int32), 0).tolist() == [5, 6]


def test_gather_leaves_the_source_alone() -> None:
    source = np.ones((2, 2))
    graph_ops.gather(source, i32(0, 1), 0)[:] = 5
    assert (source == 1).all()


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("axis", [0, 1])
def test_gather_keeps_every_bit(dtype: DType, axis: int) -> None:
    source = every(dtype).reshape(256, 256)
    order = np.random.default_rng(0).permutation(256).astype(np.int32)
    got = graph_ops.gather(source, order, axis)
    expected = source[order] if axis == 0 else source[:, order]
    assert same_bits(got, np.ascontiguousarray(expected))


@pytest.mark.parametrize("dtype", FLOATS)
def test_gather_edges(dtype: DType) -> None:
    none = graph_ops.gather(np.ones((0, 2), dtype), i32(-1, -1, -1), 0)
    assert none.dtype == dtype
    assert none.astype(F64).tolist() == [[0, 0]] * 3
    assert graph_ops.gather(np.ones((3, 2)), np.zeros((4, 0), np.int32), 0).shape == (
        4,
        0,
        2,
    )
    infinite = graph_ops.gather(np.full((2, 1), NAN, dtype), i32(-1, 1), 0)
    np.testing.assert_array_equal(infinite.astype(F64), [[0], [NAN]])


# ---- scatter_add


def test_scatter_add_by_hand() -> None:
    updates = np.array([[[1, 2], [3, 4]], [[5, 6], [7, 8]]], np.float32)
    got = graph_ops.scatter_add(updates, i32([1, -1], [3, 1]), 4, F32)
    assert got.dtype == F32
    assert got.tolist() == [[0, 0], [8, 10], [0, 0], [5, 6]]


def scattered(updates: Array, rows: Array, extent: int, accumulate: DType) -> Array:
    out = np.zeros((extent, *updates.shape[rows.ndim :]), accumulate)
    for place in product(*map(range, rows.shape)):
        if rows[place] != -1:
            out[rows[place]] = out[rows[place]] + updates[place].astype(accumulate)
    return out


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=3),
    st.lists(st.integers(0, 3), max_size=2),
    st.integers(1, 5),
    st.sampled_from(FLOATS),
    st.integers(0, 2**32 - 1),
)
def test_scatter_add_is_a_loop(
    entries: list[int], rest: list[int], extent: int, dtype: DType, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.integers(-1, extent, entries).astype(np.int32)
    updates = rng.integers(-99, 100, (*entries, *rest)).astype(dtype)
    for accumulate in (F32, F64):
        got = graph_ops.scatter_add(updates, rows, extent, accumulate)
        assert got.dtype == accumulate
        np.testing.assert_array_equal(got, scattered(updates, rows, extent, accumulate))


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0), (0,)])
def test_scatter_add_of_nothing(shape: tuple[int, ...]) -> None:
    got = graph_ops.scatter_add(
        np.zeros((*shape, 2), BF16), np.zeros(shape, np.int32), 4, F32
    )
    assert same_bits(got, np.zeros((4, 2), np.float32))


def test_scatter_add_edges() -> None:
    absent = graph_ops.scatter_add(
        np.full((2, 3), NAN), i32([-1] * 3, [-1] * 3), 2, F64
    )
    assert absent.tolist() == [0, 0]
    assert graph_ops.scatter_add(np.zeros((1, 1)), i32([-1]), 0, F64).shape == (0,)
    once = graph_ops.scatter_add(np.array([NAN, INF, 1, 2]), i32(0, 1, 1, 2), 4, F64)
    np.testing.assert_array_equal(once, [NAN, INF, 2, 0])


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("shape", [(5000,), (5000, 1), (50, 100)])
def test_scatter_add_of_halves_is_accumulated_wide(
    dtype: DType, shape: tuple[int, ...]
) -> None:
    updates, rows = np.ones(shape, dtype), np.zeros(shape, np.int32)
    assert graph_ops.scatter_add(updates, rows, 1, F32)[0] == prod(shape)


# ---- rows


def test_rows_by_hand() -> None:
    indices = i32([1, -1, 0, 7], [2, 2, -9, 99], [5, -1, 3, 3])
    count, start, length = i32([4], [2], [0]), i32([10], [20], [30]), i32([8], [3], [0])
    got = graph_ops.rows(indices, count, start, length)
    assert got.dtype == np.int32
    assert got.tolist() == [[11, -1, 10, 17], [22, 22, -1, -1], [-1] * 4]


def test_rows_of_the_whole_axis() -> None:
    assert graph_ops.rows(i32(0, 4, -1), 3, 0, 5).tolist() == [0, 4, -1]


@pytest.mark.parametrize(
    ("indices", "position", "value", "length"),
    [
        ([[0, 3], [1, 1]], (0, 1), 3, 3),  # one too large
        ([[0, 0], [-2, 1]], (1, 0), -2, 4),  # -1 alone means absent
        ([[0, -1], [4, 5]], (1, 0), 4, 4),  # the first of two
        ([[2**31 - 1, 0], [0, 0]], (0, 0), 2**31 - 1, 3),
        ([[-(2**31), 0], [0, 0]], (0, 0), -(2**31), 3),
    ],
)
def test_rows_names_the_first_wrong_index(
    indices: list[list[int]], position: tuple[int, int], value: int, length: int
) -> None:
    with pytest.raises(IndexOutOfRangeError) as raised:
        graph_ops.rows(i32(*indices), 2, i32([0], [100]), i32([3], [4]))
    error = raised.value
    assert (error.position, error.value, error.length) == (position, value, length)
    assert all(type(i) is int for i in (*error.position, error.value, error.length))
    assert str(error) == f"index {value} at {position} is not in [0, {length})"


def test_rows_does_not_look_behind_the_count() -> None:
    garbage = i32([0, 2**31 - 1, -(2**31)], [9, 9, 9])
    got = graph_ops.rows(garbage, i32([1], [0]), i32([5], [5]), i32([1], [0]))
    assert got.tolist() == [[5, -1, -1], [-1, -1, -1]]


def test_rows_edges() -> None:
    assert graph_ops.rows(np.zeros((2, 0), np.int32), 0, 0, 5).shape == (2, 0)
    assert graph_ops.rows(np.zeros((0, 2), np.int32), 2, 0, 5).shape == (0, 2)
    assert graph_ops.rows(i32([-1, -1]), 2, 0, 0).tolist() == [[-1, -1]]
    with pytest.raises(IndexOutOfRangeError, match=r"not in \[0, 0\)"):
        graph_ops.rows(i32([-1, 0]), 2, 0, 0)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 4), st.integers(0, 4), st.integers(0, 2**32 - 1))
def test_rows_is_a_loop(tokens: int, entries: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    indices = rng.integers(-1, 3, (tokens, entries)).astype(np.int32)
    count, start = (rng.integers(0, 5, (tokens, 1)).astype(np.int32) for _ in "ab")
    length = rng.integers(1, 5, (tokens, 1)).astype(np.int32)
    expected = np.full((tokens, entries), -1)
    wrong: tuple[int, int] | None = None
    for t, k in product(range(tokens), range(entries)):
        index = int(indices[t, k])
        if k < count[t, 0] and index != -1:
            if index >= length[t, 0] and wrong is None:
                wrong = (t, k)
            expected[t, k] = start[t, 0] + index
    if wrong is None:
        got = graph_ops.rows(indices, count, start, length)
        np.testing.assert_array_equal(got, expected)
    else:
        with pytest.raises(IndexOutOfRangeError) as raised:
            graph_ops.rows(indices, count, start, length)
        assert raised.value.position == wrong


# ---- raggedness


def test_run_lengths() -> None:
    assert graph_ops.run_lengths(i32(2, 2, 7)).tolist() == [2, 0, 5]
    assert graph_ops.run_lengths(np.array(9, np.int32)).tolist() == [9]
    assert graph_ops.run_lengths(np.zeros(0, np.int32)).tolist() == []


def test_run_by_hand() -> None:
    start, length = graph_ops.run(i32(2, 2, 3), i32(4, 5, 9))
    assert start.tolist() == [0, 0, 5]
    assert length.tolist() == [4, 4, 4]
    assert start.dtype == length.dtype == np.int32


def test_valid_count_by_hand() -> None:
    # Sq = 2, 0, 3, 1; Sk = 4, 1, 1, 0; entries = 3.
    ends = i32(2, 2, 5, 6), i32(4, 5, 6, 6)
    got = graph_ops.valid_count(3, *ends, 3)
    assert got.dtype == np.int32
    assert got.tolist() == [3, 3, 0, 0, 1, 0]
    assert graph_ops.valid_count(3, *ends, 9).tolist() == [3, 4, 0, 0, 1, 0]
    everything = graph_ops.valid_count(0, *ends, 3)
    assert everything.dtype == np.int32
    assert everything.tolist() == [3] * 6


def test_valid_count_of_one_run_of_rows() -> None:
    # All runs of tokens share the rows.
    got = graph_ops.valid_count(3, i32(2, 3), np.array(3, np.int32), 8)
    assert got.tolist() == [2, 3, 3]


def test_valid_count_refuses_other_modes() -> None:
    for mode in (1, 2, 4, -1):
        with pytest.raises(ValueError, match=f"the mode is 0 or 3, not {mode}"):
            graph_ops.valid_count(mode, i32(1), i32(1), 1)


LENGTHS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=4)


@settings(max_examples=200, deadline=None)
@given(LENGTHS, st.integers(0, 6))
def test_raggedness_is_a_loop(lengths: list[tuple[int, int]], entries: int) -> None:
    starts: list[int] = []
    counts: list[int] = []
    rows = 0
    for query, key in lengths:
        for s in range(query):
            starts.append(rows)
            counts.append(min(max(key - query + s + 1, 0), entries))
        rows += key
    token_ends = np.cumsum([q for q, _ in lengths], dtype=np.int32)
    row_ends = np.cumsum([k for _, k in lengths], dtype=np.int32)
    start, length = graph_ops.run(token_ends, row_ends)
    assert start.tolist() == starts
    assert length.tolist() == [key for query, key in lengths for _ in range(query)]
    assert graph_ops.valid_count(3, token_ends, row_ends, entries).tolist() == counts
    everything = graph_ops.valid_count(0, token_ends, row_ends, entries)
    assert everything.tolist() == [entries] * len(starts)


def test_every_element_type_has_a_dtype() -> None:
    from xdsl.dialects import builtin

    from ligrad_ir.dialects.lig.types import RealType, RowType

    assert dtype_of(builtin.bf16) == BF16
    assert dtype_of(builtin.f16) == F16
    assert dtype_of(builtin.f32) == F32
    assert dtype_of(builtin.i32) == dtype_of(RowType("N")) == np.dtype(np.int32)
    assert dtype_of(RealType()) == F64
