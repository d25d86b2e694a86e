"""The NumPy interpreter of `lig`: every operation, by the names of its axes.

Each operation is interpreted once with operands whose axes stand in another order than
those of the result; the expectation is an einsum, or a loop over named positions.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import ml_dtypes
import numpy as np
import pytest
from xdsl.interpreter import Interpreter

from backends.call.dtypes import Array, DType
from backends.graph.interpreter import LigFunctions, run_graph
from backends.graph.ops import IndexOutOfRangeError
from ligrad_ir.dialects.lig.ops import Lig
from ligrad_ir.text import parse_module

BF16, F16, F32 = np.dtype(ml_dtypes.bfloat16), np.dtype(np.float16), np.dtype("f4")
DTYPES: Mapping[str, DType] = {
    "bf16": BF16,
    "f16": F16,
    "f32": F32,
    "!lig.real": np.dtype("f8"),
}
HALVES = ("bf16", "f16")
EXTENTS = {"A": 2, "B": 3, "C": 4, "K": 5, "N": 6, "T": 3}


def tensor(axes: str, element: str = "f32") -> str:
    return f"!lig.tensor<[{', '.join(axes)}], {element}>"


ROWS = "!lig.row<N>"


def run(
    body: str, operands: Mapping[str, str], results: Mapping[str, str], *args: Array
) -> tuple[Array, ...]:
    """Interpret a function: its arguments and results by name, with their types."""
    arguments = ", ".join(f"%{name}: {type}" for name, type in operands.items())
    types = ", ".join(results.values())
    names = ", ".join(f"%{name}" for name in results)
    module = parse_module(
        f"func.func @f({arguments}) -> ({types}) {{\n{body}\n"
        f"func.return {names} : {types}\n}}"
    )
    return run_graph(module, args, EXTENTS)


def run_op(
    custom: str, operands: Mapping[str, str], result: str, *args: Array
) -> Array:
    [value] = run(f"%result = {custom}", operands, {"result": result}, *args)
    return value


def some(axes: str, dtype: DType = F32, seed: int = 0) -> Array:
    """Small whole numbers of both signs, exact in every type."""
    rng = np.random.default_rng([seed, *map(ord, axes)])
    return rng.integers(-9, 10, [EXTENTS[axis] for axis in axes]).astype(dtype)


def i32(*values: object) -> Array:
    return np.array(values, np.int32)


def einsum(subscripts: str, *operands: Array) -> Array:
    return np.einsum(subscripts, *(x.astype("f8") for x in operands))


def test_every_operation_has_an_implementation() -> None:
    interpreter = Interpreter(parse_module("builtin.module {}"))
    interpreter.register_implementations(LigFunctions())
    implemented = interpreter._impls._impl_dict.keys()  # pyright: ignore
    missing = [op.name for op in Lig.operations if op not in implemented]
    assert not missing


# ---- elementwise


@pytest.mark.parametrize("element", DTYPES)
@pytest.mark.parametrize(
    ("op", "compute"), [("add", np.add), ("sub", np.subtract), ("mul", np.multiply)]
)
def test_elementwise(op: str, compute: np.ufunc, element: str) -> None:
    dtype = DTYPES[element]
    x, y = some("BA", dtype), some("CB", dtype)
    operands = {"x": tensor("BA", element), "y": tensor("CB", element)}
    result = tensor("CAB", element)
    got = run_op(
        f"lig.{op} %x, %y : ({operands['x']}, {operands['y']}) -> {result}",
        operands,
        result,
        x,
        y,
    )
    ones = np.ones((2, 3, 4))
    left, right = einsum("ba,abc->cab", x, ones), einsum("cb,abc->cab", y, ones)
    assert got.dtype == dtype
    np.testing.assert_array_equal(got.astype("f8"), compute(left, right))


@pytest.mark.parametrize("element", HALVES)
@pytest.mark.parametrize("op", ["add", "sub", "mul"])
def test_half_arithmetic_rounds_once(op: str, element: str) -> None:
    dtype = DTYPES[element]
    bits = np.random.default_rng(1).integers(0, 65536, (2, 2, 3), np.uint16)
    x, y = bits.view(dtype)
    type = tensor("AB", element)
    custom = f"lig.{op} %x, %y : ({type}, {type}) -> {type}"
    got = run_op(custom, {"x": type, "y": type}, type, x, y)
    with np.errstate(invalid="ignore", over="ignore"):
        wide = {"add": np.add, "sub": np.subtract, "mul": np.multiply}[op](
            x.astype("f4"), y.astype("f4")
        )
        expected = wide.astype(dtype).astype("f4")
        np.testing.assert_array_equal(got.astype("f4"), expected)


def test_constant() -> None:
    for element, dtype in DTYPES.items():
        got = run_op(
            "lig.constant 0.1 : " + tensor("", element), {}, tensor("", element)
        )
        assert got.shape == ()
        assert got.dtype == dtype
        nearest = {"bf16": 0.10009765625, "f16": 0.0999755859375}
        expected = nearest.get(element, dtype.type(0.1))
        assert float(got) == float(expected)


def test_cast_moves_axes() -> None:
    x = some("AB")
    custom = f"lig.cast %x : {tensor('AB')} to {tensor('BA', 'bf16')}"
    got = run_op(custom, {"x": tensor("AB")}, tensor("BA", "bf16"), x)
    assert got.dtype == BF16
    np.testing.assert_array_equal(got.astype("f4"), x.T)


@pytest.mark.parametrize("source", ["f32", "!lig.real"])
@pytest.mark.parametrize(
    ("element", "value", "expected"),
    [
        ("bf16", 1 + 2**-8, 1.0),  # half-way: to even
        ("bf16", 1 + 3 * 2**-8, 1 + 2**-6),
        ("bf16", -1 - 2**-8 - 2**-23, -1 - 2**-7),
        ("bf16", 2.0**-134, 0.0),
        ("bf16", 1.5 * 2.0**-133, 2.0**-132),  # subnormal
        ("bf16", 3.4e38, np.inf),
        ("f16", 1 + 2**-11, 1.0),
        ("f16", 1 + 3 * 2**-11, 1 + 2**-9),
        ("f16", 1 + 2**-11 + 2**-23, 1 + 2**-10),
        ("f16", 65519.99, 65504.0),
        ("f16", 65520.0, np.inf),
        ("f16", 2.0**-25, 0.0),
        ("f16", -(2.0**-25) * 1.01, -(2.0**-24)),
    ],
)
def test_cast_rounds_to_nearest_even(
    source: str, element: str, value: float, expected: float
) -> None:
    types = {"x": tensor("", source)}, tensor("", element)
    custom = f"lig.cast %x : {types[0]['x']} to {types[1]}"
    got = run_op(custom, *types, np.array(value, DTYPES[source]))
    assert float(got) == expected


@pytest.mark.parametrize(
    ("element", "value", "expected"),
    [
        ("bf16", 1 + 2**-8 + 2**-40, 1 + 2**-7),
        ("bf16", -1 - 2**-8 - 2**-40, -1 - 2**-7),
        ("bf16", 1 + 3 * 2**-8 - 2**-40, 1 + 2**-7),
        ("bf16", 2.0**-134 + 2.0**-160, 2.0**-133),
        ("f16", 1 + 2**-11 + 2**-40, 1 + 2**-10),
        ("f16", 1 + 3 * 2**-11 - 2**-40, 1 + 2**-10),
    ],
)
def test_reals_are_rounded_once(element: str, value: float, expected: float) -> None:
    """Not by way of float32, which would round what is close to half-way twice."""
    types = {"x": tensor("", "!lig.real")}, tensor("", element)
    custom = f"lig.cast %x : {types[0]['x']} to {types[1]}"
    assert float(run_op(custom, *types, np.array(value))) == expected
    constant = run_op(f"lig.constant {value!r} : {types[1]}", {}, types[1])
    assert float(constant) == expected


@pytest.mark.parametrize("element", HALVES)
def test_widening_is_exact(element: str) -> None:
    dtype = DTYPES[element]
    x = np.arange(65536, dtype=np.uint16).view(dtype)
    there = run_op(
        f"lig.cast %x : {tensor('A', element)} to {tensor('A')}",
        {"x": tensor("A", element)},
        tensor("A"),
        x,
    )
    back = run_op(
        f"lig.cast %x : {tensor('A')} to {tensor('A', element)}",
        {"x": tensor("A")},
        tensor("A", element),
        there,
    )
    number = ~np.isnan(there)
    assert back[number].tobytes() == x[number].tobytes()
    assert (~number).sum() == 2 * (2 ** ml_dtypes.finfo(dtype).nmant - 1)
    assert np.isnan(back[~number].astype("f4")).all()


@pytest.mark.parametrize("element", DTYPES)
def test_relu(element: str) -> None:
    x = np.array([-1.5, -0.0, 2.5, np.nan], DTYPES[element])
    got = run_op(
        f"lig.relu %x : {tensor('C', element)}",
        {"x": tensor("C", element)},
        tensor("C", element),
        x,
    )
    assert got.dtype == x.dtype
    np.testing.assert_array_equal(got.astype("f8"), [0, 0, 2.5, np.nan])


@pytest.mark.parametrize("element", DTYPES)
def test_relu_grad(element: str) -> None:
    gradient, output = some("BA", DTYPES[element]), some("CB", seed=1)
    operands = {"g": tensor("BA", element), "o": tensor("CB")}
    result = tensor("ACB", element)
    custom = f"lig.relu_grad %g, %o : ({', '.join(operands.values())}) -> {result}"
    got = run_op(custom, operands, result, gradient, output)
    assert got.dtype == DTYPES[element]
    expected = einsum("ba,cb->acb", gradient, output > 0)
    np.testing.assert_array_equal(got.astype("f8"), expected)
    assert 0 < np.count_nonzero(expected) < expected.size


@pytest.mark.parametrize("element", DTYPES)
def test_mask(element: str) -> None:
    x, rows = some("BCA", DTYPES[element]), i32([0, -1, 5], [-1, -1, 2])
    operands = {"x": tensor("BCA", element), "r": tensor("AB", ROWS)}
    custom = f"lig.mask %x, %r : {', '.join(operands.values())}"
    got = run_op(custom, operands, operands["x"], x, rows)
    assert got.dtype == DTYPES[element]
    np.testing.assert_array_equal(got, einsum("bca,ab->bca", x, rows >= 0))


# ---- sums


@pytest.mark.parametrize("element", DTYPES)
def test_matmul(element: str) -> None:
    lhs, rhs = some("BKA", DTYPES[element]), some("CAK", DTYPES[element])
    operands = {"x": tensor("BKA", element), "y": tensor("CAK", element)}
    accumulate = "!lig.real" if element == "!lig.real" else "f32"
    for over, axes, subscripts in (
        ("K", "CAB", "bka,cak->cab"),
        ("A", "BKC", "bka,cak->bkc"),
    ):
        result = tensor(axes, accumulate)
        got = run_op(
            f"lig.matmul %x, %y over @{over} acc {accumulate} "
            f": ({operands['x']}, {operands['y']}) -> {result}",
            operands,
            result,
            lhs,
            rhs,
        )
        assert got.dtype == DTYPES[accumulate]
        np.testing.assert_array_equal(got, einsum(subscripts, lhs, rhs))


@pytest.mark.parametrize("element", DTYPES)
def test_reduce_sum(element: str) -> None:
    x = some("ACB", DTYPES[element])
    accumulate = "!lig.real" if element == "!lig.real" else "f32"
    for over, axes, subscripts in (("C", "BA", "acb->ba"), ("B", "CA", "acb->ca")):
        result = tensor(axes, accumulate)
        got = run_op(
            f"lig.reduce_sum %x over @{over} acc {accumulate} "
            f": ({tensor('ACB', element)}) -> {result}",
            {"x": tensor("ACB", element)},
            result,
            x,
        )
        assert got.dtype == DTYPES[accumulate]
        np.testing.assert_array_equal(got, einsum(subscripts, x))


# ---- rows

SELECTED = i32([0, 5, -1], [-1, 2, 2])  # [A, B]


@pytest.mark.parametrize("element", DTYPES)
def test_gather(element: str) -> None:
    source = some("CN", DTYPES[element])
    operands = {"s": tensor("CN", element), "r": tensor("AB", ROWS)}
    result = tensor("BCA", element)
    custom = f"lig.gather %s[%r] : ({', '.join(operands.values())}) -> {result}"
    got = run_op(custom, operands, result, source, SELECTED)
    assert got.dtype == DTYPES[element]
    for a, b, c in product(range(2), range(3), range(4)):
        row = SELECTED[a, b]
        assert got[b, c, a] == (source[c, row] if row >= 0 else 0)


@pytest.mark.parametrize("element", HALVES)
def test_gather_keeps_every_bit(element: str) -> None:
    source = np.arange(65536, dtype=np.uint16).view(DTYPES[element])
    operands = {"s": tensor("N", element), "r": tensor("A", ROWS)}
    custom = f"lig.gather %s[%r] : ({', '.join(operands.values())}) -> "
    result = tensor("A", element)
    order = np.arange(65536, dtype=np.int32)[::-1].copy()
    got = run_op(custom + result, operands, result, source, order)
    assert got.tobytes() == source[::-1].tobytes()


@pytest.mark.parametrize("element", DTYPES)
def test_scatter_add(element: str) -> None:
    updates = some("BCA", DTYPES[element])
    accumulate = "!lig.real" if element == "!lig.real" else "f32"
    operands = {"u": tensor("BCA", element), "r": tensor("AB", ROWS)}
    result = tensor("CN", accumulate)
    custom = (
        f"lig.scatter_add %u[%r] acc {accumulate} "
        f": ({', '.join(operands.values())}) -> {result}"
    )
    got = run_op(custom, operands, result, updates, SELECTED)
    assert got.dtype == DTYPES[accumulate]
    expected = np.zeros((4, 6))
    for a, b, c in product(range(2), range(3), range(4)):
        if SELECTED[a, b] >= 0:
            expected[c, SELECTED[a, b]] += float(updates[b, c, a])
    np.testing.assert_array_equal(got, expected)


# ---- raggedness


def test_axis_and_extent() -> None:
    module = parse_module(
        f"lig.axis @N in 1 to 9\nfunc.func @f() -> {tensor('', 'i32')} {{\n"
        f"%r = lig.extent @N : {tensor('', 'i32')}\n"
        f"func.return %r : {tensor('', 'i32')}\n}}"
    )
    [got] = run_graph(module, (), EXTENTS)
    assert (got.dtype, got.shape, int(got)) == (np.int32, (), 6)


@pytest.mark.parametrize(("mode", "expected"), [(0, [5, 5, 5]), (3, [3, 4, 0])])
def test_valid_count(mode: int, expected: list[int]) -> None:
    ends = tensor("D", "i32")
    module = parse_module(
        f"func.func @f(%m: i64, %t: {ends}, %n: {ends}) -> {tensor('T', 'i32')} {{\n"
        "%r = lig.valid_count %m tokens @T ends %t rows %n entries @K "
        f": (i64, {ends}, {ends}) -> {tensor('T', 'i32')}\n"
        f"func.return %r : {tensor('T', 'i32')}\n}}"
    )
    [got] = run_graph(module, (mode, i32(2, 3), i32(4, 4)), EXTENTS)
    assert got.dtype == np.int32
    assert got.tolist() == expected


def test_run() -> None:
    ends, counts = tensor("D", "i32"), tensor("T", "i32")
    start, length = run(
        f"%s, %l = lig.run tokens @T ends %t rows %n : ({ends}, {ends}) -> "
        f"({counts}, {counts})",
        {"t": ends, "n": ends},
        {"s": counts, "l": counts},
        i32(2, 2, 3),
        i32(4, 5, 9),
    )
    assert start.tolist() == [0, 0, 5]
    assert length.tolist() == [4, 4, 4]


INDICES = np.arange(2 * 3 * 5, dtype=np.int32).reshape(2, 3, 5) % 4  # [A, B, K]
COUNT, START = i32(2, 5, 0), i32([0, 1], [2, 0], [1, 1])  # [B], [B, A]


def rows_op(length: Array, indices: Array = INDICES) -> Array:
    index, count, start = tensor("ABK", "i32"), tensor("B", "i32"), tensor("BA", "i32")
    total = tensor("", "i32")
    return run_op(
        f"lig.rows %i first %c : {count} from %s : {start} length %l : {total} "
        f": {index} to {tensor('ABK', ROWS)}",
        {"i": index, "c": count, "s": start, "l": total},
        tensor("ABK", ROWS),
        indices,
        COUNT,
        START,
        length,
    )


def test_rows() -> None:
    got = rows_op(np.array(4, np.int32))
    assert got.dtype == np.int32
    for a, b, k in product(range(2), range(3), range(5)):
        valid = k < COUNT[b]
        assert got[a, b, k] == (INDICES[a, b, k] + START[b, a] if valid else -1)


def test_rows_without_operands_means_the_whole_axis() -> None:
    custom = f"lig.rows %i : {tensor('AB', 'i32')} to {tensor('AB', ROWS)}"
    types = {"i": tensor("AB", "i32")}, tensor("AB", ROWS)
    got = run_op(custom, *types, i32([0, 5, -1], [2, 2, 1]))
    assert got.tolist() == [[0, 5, -1], [2, 2, 1]]
    with pytest.raises(IndexOutOfRangeError) as raised:
        run_op(custom, *types, i32([0, 5, -1], [2, 6, 1]))
    error = raised.value
    assert (error.position, error.value, error.length) == ((1, 1), 6, 6)


def test_rows_names_the_position_in_the_order_of_the_indices() -> None:
    with pytest.raises(IndexOutOfRangeError) as raised:
        rows_op(np.array(3, np.int32))
    error = raised.value
    assert error.position == (0, 1, 2)  # value 7 % 4 = 3, the first one among the valid
    assert (error.value, error.length) == (3, 3)
    wrong = INDICES.copy()
    wrong[1, 2] = 99  # the count there is 0
    rows_op(np.array(4, np.int32), wrong)


def test_overflow_and_nan_are_no_warnings() -> None:
    type = tensor("A")
    custom = f"lig.mul %x, %x : ({type}, {type}) -> {type}"
    got = run_op(custom, {"x": type}, type, np.array([3e38, np.nan], np.float32))
    np.testing.assert_array_equal(got, [np.inf, np.nan])
