"""Every operator of the language, and whole programs, on values computed by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from backends.oracle import evaluate
from ligrad_ir.dsl.parse import parse
from ligrad_ir.errors import ArgumentError, DslError
from tests.oracle.programs import BF16, FP16

Array = NDArray[Any]
NAN = float("nan")
GARBAGE = 2**31 - 1


def value(text: str, layout: Any = "BSND", **inputs: Any) -> Array:
    """The only output of a program on float16 inputs; lists of int are int32."""
    attributes = inputs.pop("attributes", {})
    arrays = {name: np.asarray(given) for name, given in inputs.items()}
    arrays = {
        name: array.astype(np.int32 if array.dtype.kind == "i" else FP16)
        for name, array in arrays.items()
    }
    program = parse(text)
    found = evaluate(
        program, arrays, dtype="fp16", layout=layout, attributes=attributes
    )
    (reference,) = found.values()
    assert reference.dtype == FP16
    assert reference.bound.shape == reference.value.shape
    return reference.value


TWO = """
axis A in 1..9
axis C in 1..9
input x : half[A]
input y : half[C]
output z : half[A, C]
"""


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("x + y", [[11, 21, 0], [8, 18, -3]]),
        ("x - y", [[-9, -19, 2], [-12, -22, -1]]),
        ("x * y", [[10, 20, -1], [-20, -40, 2]]),
        ("x ∗ y", [[10, 20, -1], [-20, -40, 2]]),
        ("-x * y", [[-10, -20, 1], [20, 40, -2]]),
        ("Relu(x) + Relu(y)", [[11, 21, 1], [10, 20, 0]]),
        ("ReluGrad(y, x)", [[10, 20, -1], [0, 0, 0]]),
        ("RELUGRAD(X, Y)", [[1, 1, 0], [-2, -2, 0]]),
        ("2 * x - 0.5 * y", [[-3, -8, 2.5], [-9, -14, -3.5]]),
        ("x - y - y", [[-19, -39, 3], [-22, -42, 0]]),
        ("x - (y - y)", [[1, 1, 1], [-2, -2, -2]]),
    ],
)
def test_broadcasting_operators(formula: str, expected: Any) -> None:
    found = value(f"{TWO}z = {formula}", x=[1.0, -2.0], y=[10.0, 20.0, -1.0])
    np.testing.assert_array_equal(found, expected)


def test_relu_grad_is_zero_at_zero() -> None:
    text = "axis A in 1..9\ninput x : half[A]\ninput y : half[A]\noutput z : half[A]\n"
    found = value(text + "z = ReluGrad(y, x)", x=[0.0, -0.0, 1e-7], y=[3.0, 3.0, 3.0])
    np.testing.assert_array_equal(found, [0, 0, 3])


def test_the_order_of_an_outputs_axes_is_its_own() -> None:
    text = TWO.replace("half[A, C]", "half[C, A]") + "z = x - y"
    found = value(text, x=[1.0, 2.0], y=[10.0, 20.0, 30.0])
    np.testing.assert_array_equal(found, [[-9, -8], [-19, -18], [-29, -28]])


MATRICES = """
axis M in 1..9
axis N in 1..9
axis P in 1..9
input x : half[M, P]
input y : half[P, N]
"""
X, Y = np.array([[1.0, 2, 3], [4, 5, 6]]), np.array([[1.0, -1], [0, 2], [3, 0]])


@pytest.mark.parametrize("over", ["", " over P", " over p"])
def test_matrix_product_without_packed_axes(over: str) -> None:
    text = f"{MATRICES}output z : half[M, N]\nz = Matmul(x, y{over})"
    np.testing.assert_array_equal(value(text, x=X, y=Y), [[10, 3], [22, 6]])


def test_reduce_sums_what_the_output_does_not_have() -> None:
    text = MATRICES + "output z : half[N]\nz = Reduce(x * y)"
    np.testing.assert_array_equal(value(text, x=X, y=Y), [32, 9])
    text = MATRICES + "output z : half[M, N]\nz = Reduce(x * y over P) + 1"
    np.testing.assert_array_equal(value(text, x=X, y=Y), [[11, 4], [23, 7]])


def test_a_float32_output() -> None:
    program = parse(MATRICES + "output z : float32[M, N]\nz = Matmul(x, y)")
    found = evaluate(program, {"x": X.astype(BF16), "y": Y.astype(BF16)}, dtype="bf16")
    assert found["z"].dtype == np.float32
    assert found["z"].bound.max() <= 22 * 2.0**-20


@pytest.mark.parametrize(("name", "dtype"), [("fp16", FP16), ("bf16", BF16)])
def test_a_half_that_is_named(name: str, dtype: Any) -> None:
    """Whatever `half` would mean: the inputs are exact, the output is of that type."""
    text = (MATRICES + "output z : half[M, N]\nz = Matmul(x, y)").replace("half", name)
    arrays = {"x": X.astype(dtype), "y": Y.astype(dtype)}
    found = evaluate(parse(text), arrays, dtype="bf16")["z"]
    assert found.dtype == dtype
    assert found.rms_limit == 1
    text = text.replace(f"output z : {name}", "output z : float32")
    exact = evaluate(parse(text), arrays, dtype="bf16", precision="mixed")["z"]
    assert exact.bound.max() <= 22 * 2.0**-20
    rounded = text.replace(f"x : {name}", "x : float32")
    arrays["x"] = (X / 3).astype(np.float32)
    found = evaluate(parse(rounded), arrays, dtype="bf16", precision="mixed")["z"]
    assert (found.bound.max() > 2.0**-8) == (dtype == BF16)


def test_formulas_build_on_each_other_and_unit_axes_return() -> None:
    text = """
axis A in 1..9
axis U = 1
input x as first, ONE : half[U, A, U?]
output z as last : half[A, U]
twice = 2 * First
Last = twice * one
w = last + z
"""
    found = value(text, X=[[1.0, 3.0]])
    np.testing.assert_array_equal(found, [[2], [18]])
    np.testing.assert_array_equal(value(text, X=[[[1.0], [3.0]]]), [[2], [18]])
    with pytest.raises(ArgumentError, match=r"x: shape \(2, 2\) does not fit"):
        value(text, X=[[1.0, 3.0], [1.0, 3.0]])


SPARSE = """
axis B in 1..9
axis S in 1..9
axis R in 1..9
axis T = B * S
axis N = B * R
axis K in 1..9
axis D in 1..9
input keys : half[N, D]
input idx : int32[T, K] selects N by mode
input dy : half[T, K]
input tq : int32[B] ends T
input tk : int32[B] ends N
attribute mode : int64 in {0, 3} = 0
"""
KEYS = np.array([[[1.0, 2], [3, 4], [5, 6]], [[7, 8], [9, 10], [11, 12]]])


def test_gather_and_its_absent_entries() -> None:
    text = SPARSE + "output z : half[T, K, D]\nz = Gather(keys, IDX)"
    idx = [[[0, 2]], [[-1, 1]]]
    found = value(text, keys=KEYS, idx=idx)
    np.testing.assert_array_equal(found, [[[[1, 2], [5, 6]]], [[[0, 0], [9, 10]]]])


def test_the_valid_entries_of_mode_3() -> None:
    """Two runs of three queries and two keys: 0, 1, 2 of the entries are valid."""
    text = SPARSE + "output z : half[T, K]\nz = dy"
    idx = np.full((2, 3, 4), GARBAGE)
    idx[:, 1, 0], idx[:, 2, :2] = 1, [0, 1]
    dy = np.full((2, 3, 4), NAN)
    dy[:, 1, 0], dy[:, 2, :2] = 5, [6, 7]
    expected = np.nan_to_num(dy)
    mode = {"Mode": 3}
    keys = np.ones((2, 2, 1))
    found = value(text, idx=idx, dy=dy, keys=keys, attributes=mode)
    np.testing.assert_array_equal(found, expected)
    flat = {"idx": idx.reshape(6, 4), "dy": dy.reshape(6, 4), "keys": keys[:, :, 0]}
    flat["keys"] = keys.reshape(4, 1)
    ends = {"tq": [3, 6], "tk": [2, 4]}
    found = value(text, "TND", **flat, **ends, attributes=mode)
    np.testing.assert_array_equal(found, expected.reshape(6, 4))


def test_scatter_add_adds_duplicates_across_tokens() -> None:
    text = SPARSE + "output z : half[N]\nz = ScatterAdd(dy, idx)"
    idx = [[0, 0, -1], [1, 0, 2], [0, 1, 0], [GARBAGE] * 3]
    dy = [[1.0, 2, NAN], [4, 8, 16], [32, 64, 128], [NAN] * 3]
    keys = np.full((7, 1), NAN)
    found = value(text, "TND", idx=idx, dy=dy, keys=keys, tq=[0, 2, 3], tk=[1, 4, 6])
    np.testing.assert_array_equal(found, [0, 11, 4, 16, 160, 64, 0])


def test_sums_over_the_selected_axis_see_present_entries_only() -> None:
    idx, dy = [[[0, -1, 1]], [[-1, -1, -1]]], [[[1.0, NAN, 4]], [[NAN] * 3]]
    for formula in ("Reduce(dy)", "Reduce(dy over K)"):
        text = SPARSE + f"output z : half[T]\nz = {formula}"
        found = value(text, keys=KEYS, idx=idx, dy=dy)
        np.testing.assert_array_equal(found, [[5], [0]])
    text = SPARSE + "output z : half[T, D]\nz = Matmul(dy, Gather(keys, idx))"
    found = value(text, keys=KEYS, idx=idx, dy=dy)
    np.testing.assert_array_equal(found, [[[13, 18]], [[0, 0]]])


def test_an_operand_without_the_token_axis() -> None:
    text = SPARSE + "input w : half[K]\noutput z : half[T]\nz = Matmul(dy, w)"
    idx, dy = [[[0, -1, 1]], [[-1, 2, -1]]], [[[1.0, NAN, 4]], [[NAN, 2, NAN]]]
    found = value(text, keys=KEYS, idx=idx, dy=dy, w=[10.0, 100.0, 1000.0])
    np.testing.assert_array_equal(found, [[4010], [200]])


def test_sums_over_all_tokens_leave_the_padding_out() -> None:
    idx, dy = [[0, 1], [1, -1], [0, 0]], [[1.0, 2], [3, NAN], [NAN, NAN]]
    given = {"idx": idx, "dy": dy, "tq": [1, 2], "tk": [2, 4], "keys": np.ones((4, 1))}
    text = SPARSE + "output z : half[K]\nz = Reduce(dy over T)"
    np.testing.assert_array_equal(value(text, "TND", **given), [4, 2])
    text = SPARSE + "input x : half[T, D]\noutput z : half[K, D]\n"
    text += "z = Matmul(dy, x over T)"
    x = [[10.0], [100], [NAN]]
    np.testing.assert_array_equal(value(text, "TND", **given, x=x), [[310], [20]])


def test_what_was_scattered_may_be_gathered() -> None:
    text = SPARSE + "output z : half[T, K]\n"
    text += "z = 2 * Gather(ScatterAdd(dy, idx) + 1, idx) - dy"
    idx, dy = [[[0, 0]], [[2, -1]]], [[[1.0, 2]], [[4, NAN]]]
    found = value(text, keys=KEYS, idx=idx, dy=dy)
    np.testing.assert_array_equal(found, [[[7, 6]], [[6, 0]]])


def test_packed_axes_without_any_selection() -> None:
    text = """
axis B in 1..9
axis S in 1..9
axis T = B * S
axis D in 1..9
input x : half[T, D]
input y : half[T, D]
input ends : int32[B] ends T
output z : half[T]
z = Matmul(x, y)
"""
    x, y = [[1.0, 2], [3, 4], [NAN, NAN]], [[5.0, 6], [7, 8], [NAN, NAN]]
    found = value(text, "TND", x=x, y=y, ends=[1, 2])
    np.testing.assert_array_equal(found, [17, 53, 0])
    found = value(text, x=[x[:2]], y=[y[:2]])
    np.testing.assert_array_equal(found, [[17, 53]])


def test_forward_scores() -> None:
    text = """
axis B in 1..9
axis S1 in 1..9
axis S2 in 1..9
axis T = B * S1
axis N = B * S2
axis N1 in 1..9
axis D in 1..9
axis K in 1..9
input query : half[T, N1, D]
input key : half[N, D]
input weights : half[T, N1]
input indices : int32[T, K] selects N
output scores : half[T, K]
scores = Reduce(Weights * Relu(Matmul(Query, Gather(Key, Indices))) over N1)
"""
    found = value(
        text,
        query=[[[[1.0, 0], [0, -1]]]],
        key=[[[2.0, 3], [4, -5], [-6, 7]]],
        weights=[[[10.0, 100]]],
        indices=[[[1, 1, -1, 0, 2]]],
    )
    np.testing.assert_array_equal(found, [[[540, 540, 0, 20, 0]]])


def test_two_selections_into_axes_that_are_not_packed() -> None:
    text = """
axis T in 1..9
axis N in 1..9
axis M in 1..9
axis K in 1..9
axis L in 1..9
input a : half[N]
input b : half[M]
input first : int32[T, K] selects N
input second : int32[T, L] selects M
output z : half[T, K, L]
output row : half[N]
z = Gather(a, first) * Gather(b, second)
row = ScatterAdd(Reduce(z over L), first)
"""
    arrays = {
        "a": np.array([1.0, 2, 3], FP16),
        "b": np.array([10.0, 20], FP16),
        "first": np.array([[0, -1, 2], [2, 2, 2]], np.int32),
        "second": np.array([[1, -1], [0, 1]], np.int32),
    }
    found = evaluate(parse(text), arrays, dtype="fp16")
    expected = [[[20, 0], [0, 0], [60, 0]], [[30, 60]] * 3]
    np.testing.assert_array_equal(found["z"].value, expected)
    np.testing.assert_array_equal(found["row"].value, [20, 0, 60 + 3 * 90])


def test_a_selected_axis_that_is_walked_over_elsewhere() -> None:
    """Rows of N select rows of M; tokens select rows of N."""
    text = """
axis T in 1..9
axis N in 1..9
axis M in 1..9
axis K in 1..9
axis L in 1..9
input a : half[M]
input outer : int32[T, K] selects N
input inner : int32[N, L] selects M
output z : half[T]
z = Reduce(Gather(Reduce(Gather(a, inner) over L), outer))
"""
    found = value(
        text,
        a=[1.0, 10.0, 100.0],
        inner=[[0, 1], [2, -1], [2, 2]],
        outer=[[0, 2, -1], [1, 1, 0]],
    )
    np.testing.assert_array_equal(found, [211, 211])


def test_a_selection_by_several_token_axes() -> None:
    text = """
axis T in 1..9
axis H in 1..9
axis N in 1..9
axis K in 1..9
input a : half[N]
input idx : int32[T, H, K] selects N
output z : half[H, T]
output back : half[N]
z = Reduce(Gather(a, idx) over K)
back = ScatterAdd(Gather(a, idx), idx)
"""
    arrays = {
        "a": np.array([1.0, 10], FP16),
        "idx": np.array([[[0, 1], [-1, 1]]], np.int32),
    }
    found = evaluate(parse(text), arrays, dtype="fp16")
    np.testing.assert_array_equal(found["z"].value, [[11], [10]])
    np.testing.assert_array_equal(found["back"].value, [1, 20])


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("z = q", "nothing is called 'q' here"),
        ("z = Exp(x)", "no Exp of 1 arguments"),
        ("z = Relu(x, y)", "no Relu of 2 arguments"),
        ("z = Gather(x, y)", "the second argument must be an index input"),
        ("z = Matmul(x, y over M)", "cannot sum a product"),
        ("z = 1 + Reduce(x * y)", "which axis of"),
        ("z = Reduce(x over N)", "which axis of"),
        ("z = x * y", "the result also has the axes"),
        ("w = x", "no formula for the output 'z'"),
        ("z = Matmul(x, x)", "cannot sum a product"),
    ],
)
def test_programs_without_meaning(formula: str, message: str) -> None:
    with pytest.raises(DslError, match=message):
        value(f"{MATRICES}output z : half[M, N]\n{formula}", x=X, y=Y)


def test_an_index_array_is_not_a_number() -> None:
    with pytest.raises(DslError, match="'idx' holds indices, not numbers"):
        value(f"{SPARSE}output z : half[T, K]\nz = dy * idx")


def test_an_extent_that_no_input_tells() -> None:
    text = "axis A in 1..9\naxis C in 1..9\ninput x : half[A]\noutput z : half[A, C]\n"
    with pytest.raises(ArgumentError, match="nothing tells the extent of axis 'c'"):
        value(text + "z = x", x=[1.0])


def test_a_selection_whose_token_axis_is_selected_is_refused() -> None:
    text = SPARSE + "input deep : int32[T, K, D] selects N\noutput z : half[N]\n"
    with pytest.raises(DslError, match="whose token axis 'k' is itself selected"):
        value(text + "z = ScatterAdd(dy, idx)")


def test_formulas_that_build_on_each_other_may_be_many() -> None:
    lines = "".join(f"a{i + 1} = Relu(a{i} * x)\n" for i in range(600))
    text = f"""operator Chain
axis M in 1..9
input x : half[M]
output y : half[M]
a0 = x
{lines}y = a600
"""
    inputs = {"x": np.ones(3, np.float16)}
    assert (evaluate(parse(text), inputs, dtype="fp16")["y"].value == 1).all()


@pytest.mark.parametrize(
    "axes",
    [
        "axis U = 1",
        "axis U in 1..1",
        "axis U = C\naxis C in 1..1",
        "axis U in C..1\naxis C in 1..4",
    ],
)
def test_an_axis_that_is_always_1_may_be_left_out(axes: str) -> None:
    """However its bounds say so."""
    text = f"{axes}\naxis A in 1..9\ninput x : half[A, U?]\noutput y : half[A, U?]\n"
    if "C" in axes:
        text += "input k : half[C]\n"
    given = {"x": [1.0, -2.0], **({"k": [0.0]} if "C" in axes else {})}
    assert value(f"{text}y = Relu(x)\n", **given).reshape(-1).tolist() == [1, 0]
