"""The Python API on right calls: shapes, layouts, forms, files."""

from __future__ import annotations

from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

import ligrad
from ligrad.arrays import load_arrays, save_arrays
from ligrad.check import check_outputs
from ligrad.workload import generate

EXAMPLES = Path(__file__).parents[2] / "examples"
BF16 = np.dtype(ml_dtypes.bfloat16)
SMALL = {"B": 2, "S1": 3, "S2": 24, "N1": 4, "K": 8}
ARRAYS = ("query", "key", "dy", "sparse_indices", "weights")


def inputs(layout: str = "BSND", dtype: str = "bf16", **shape: object) -> dict:
    operator = ligrad.compile(
        EXAMPLES / "lightning_indexer_grad.lig", layout=layout, dtype=dtype
    )
    extents = {**SMALL, **shape}
    if isinstance(extents["S1"], tuple):
        del extents["B"]
    return generate(operator.signature, extents)


def call(values: dict, **more: object) -> tuple:
    arguments = {name: values[name] for name in ARRAYS}
    rest = {name: v for name, v in values.items() if name not in ARRAYS}
    return ligrad.lightning_indexer_grad(**arguments, **{**rest, **more})


def test_results_have_the_shape_and_dtype_of_what_they_are_gradients_of() -> None:
    values = inputs()
    for gradient, of in zip(call(values), ("query", "key", "weights")):
        assert gradient.shape == values[of].shape
        assert gradient.dtype == values[of].dtype == BF16


def test_the_function_is_the_compiled_program() -> None:
    values = inputs(dtype="fp16")
    operator = ligrad.compile(EXAMPLES / "lightning_indexer_grad.lig", dtype="fp16")
    outputs = operator.run(values)
    for mine, its in zip(call(values), (outputs["dq"], outputs["dk"], outputs["dw"])):
        np.testing.assert_array_equal(mine, its)


def test_text_path_module_and_ir_file_compile_alike(tmp_path: Path) -> None:
    path = EXAMPLES / "lightning_indexer_grad.lig"
    values = inputs()
    by_path = ligrad.compile(path)
    (tmp_path / "op.mlir").write_text(str(by_path.module()))
    want = by_path.run(values)
    for program in (
        path.read_text(encoding="utf-8"),
        str(path),
        by_path.module("lig"),
        tmp_path / "op.mlir",
    ):
        outputs = ligrad.compile(program).run(values)
        for name, array in want.items():
            np.testing.assert_array_equal(outputs[name], array)


def test_inputs_need_not_be_contiguous() -> None:
    values = inputs()
    want = call(values)
    for name in ARRAYS:
        strided = np.repeat(values[name], 2, axis=-1)[..., ::2]
        turned = np.ascontiguousarray(values[name].T).T
        assert not turned.flags.c_contiguous
        for form in (strided, turned):
            for mine, its in zip(call({**values, name: form}), want):
                np.testing.assert_array_equal(mine, its)


def test_inputs_are_left_alone() -> None:
    values = inputs()
    before = {name: values[name].copy() for name in ARRAYS}
    call(values)
    for name, array in before.items():
        np.testing.assert_array_equal(values[name], array)


def test_dy_and_indices_may_carry_the_axis_of_one() -> None:
    values = inputs()
    want = call(values)
    for names in (("dy",), ("sparse_indices",), ("dy", "sparse_indices")):
        changed = {name: values[name][:, :, None, :] for name in names}
        for mine, its in zip(call({**values, **changed}), want):
            np.testing.assert_array_equal(mine, its)


def test_both_layouts_agree() -> None:
    values = inputs()
    flat = {n: values[n].reshape(-1, *values[n].shape[2:]) for n in ARRAYS}
    got = ligrad.lightning_indexer_grad(
        **flat,
        layout="TND",
        actual_seq_lengths_query=[3, 6],
        actual_seq_lengths_key=np.array([24, 48], np.int32),
    )
    for mine, its in zip(got, call(values)):
        np.testing.assert_array_equal(mine.reshape(its.shape), its)


def test_what_stands_behind_the_valid_entries_is_never_read() -> None:
    values = inputs(S1=5, S2=6, K=6)
    want = call(values)
    hidden = np.arange(6) >= (6 - 5 + np.arange(5) + 1)[:, None]
    dy, indices = values["dy"].copy(), values["sparse_indices"].copy()
    dy[:, hidden] = np.nan
    indices[:, hidden] = 2**31 - 1
    for mine, its in zip(call({**values, "dy": dy, "sparse_indices": indices}), want):
        np.testing.assert_array_equal(mine, its)


def test_a_missing_key_contributes_nothing() -> None:
    values = inputs()
    dy, indices = values["dy"].copy(), values["sparse_indices"].copy()
    dy[..., 3] = 0
    want = call({**values, "dy": dy})
    dy[..., 3] = np.inf
    indices[..., 3] = -1
    for mine, its in zip(call({**values, "dy": dy, "sparse_indices": indices}), want):
        np.testing.assert_array_equal(mine, its)


def test_tokens_without_keys_get_zeros_whatever_their_numbers() -> None:
    values = inputs(B=1, S1=4, S2=2, K=2)
    query = values["query"].copy()
    query[:, :2] = np.inf  # Sk - Sq + s + 1 <= 0 for the first two tokens
    dq, _, dw = call({**values, "query": query})
    assert not dq[:, :2].any()
    assert not dw[:, :2].any()
    assert dq[:, 3].any()


def test_padding_rows_get_zeros_and_are_never_read() -> None:
    values = inputs("TND", S1=(3, 0, 4), S2=(10, 7, 9))
    want = call(values, layout="TND")
    padded = {}
    for name in ARRAYS:
        rows = np.full((2, *values[name].shape[1:]), 77).astype(values[name].dtype)
        if values[name].dtype != np.int32:
            rows[:] = np.nan
        padded[name] = np.concatenate((values[name], rows))
    got = call({**values, **padded}, layout="TND")
    for mine, its in zip(got, want):
        np.testing.assert_array_equal(mine[: len(its)], its)
        assert not mine[len(its) :].any()
        assert len(mine) == len(its) + 2


def test_no_token_at_all_is_a_valid_batch() -> None:
    values = inputs("TND", S1=(2,), S2=(9,))
    nothing = {"actual_seq_lengths_query": [0], "actual_seq_lengths_key": [0]}
    for gradient in call({**values, **nothing}, layout="TND"):
        assert not gradient.any()


def test_duplicates_add_up() -> None:
    values = inputs(B=1, S1=1, S2=8, K=8)
    indices = np.full_like(values["sparse_indices"], 5)
    _, dk, _ = call({**values, "sparse_indices": indices}, sparse_mode=0)
    assert dk[0, 5].any()
    dk[0, 5] = 0
    assert not dk.any()


@pytest.mark.parametrize("name", ["forward_scores", "linear_indexer_grad"])
@pytest.mark.parametrize("layout", ["BSND", "TND"])
@pytest.mark.parametrize("precision", ["float32", "mixed"])
def test_other_formulas_take_the_same_path(
    name: str, layout: str, precision: str
) -> None:
    operator = ligrad.compile(
        EXAMPLES / f"{name}.lig", layout=layout, precision=precision
    )
    shape = (
        {"S1": (5, 0, 3), "S2": (40, 9, 7)} if layout == "TND" else {"B": 2, "S1": 4}
    )
    values = generate(operator.signature, {"N1": 5, "K": 16, **shape})
    outputs = operator.run(values)
    found = check_outputs(operator, values, outputs)
    assert set(found) == set(outputs) == {p.name for p in operator.signature.outputs}
    for comparison in found.values():
        assert comparison.ok, comparison


def test_a_program_without_batches_or_selections_runs() -> None:
    text = """operator Dense
axis M in 1..64
axis C = 3
axis P in 1..64
input a : float32[M, C]
input b : float32[P, C]
output c : float32[M, P]
output d : float32[P]
c = 2 * Matmul(a, b) - 1
d = Reduce(b * b)
"""
    operator = ligrad.compile(text)
    a = np.arange(6, dtype=np.float32).reshape(2, 3)
    b = np.arange(12, dtype=np.float32).reshape(4, 3)
    outputs = operator.run({"A": a, "b": b})
    np.testing.assert_array_equal(outputs["c"], 2 * a @ b.T - 1)
    np.testing.assert_array_equal(outputs["d"], (b * b).sum(1))


def test_a_selection_without_batches_runs() -> None:
    text = """operator Embedding
axis V in 1..100
axis D = 4
axis M in 1..10
axis K in 1..5
input table : float32[V, D]
input bag   : int32[M, K] selects V
input g     : float32[M, D]
output sums : float32[M, D]
output dtable : float32[V, D]
sums = Reduce(Gather(table, bag))
dtable = ScatterAdd(g * (Gather(table, bag) - Gather(table, bag) + 1), bag)
"""
    operator = ligrad.compile(text)
    rng = np.random.default_rng(0)
    table = rng.integers(-8, 8, (10, 4)).astype(np.float32)
    g = rng.integers(-8, 8, (2, 4)).astype(np.float32)
    bag = np.array([[1, 1, -1], [9, 0, 1]], np.int32)
    outputs = operator.run({"table": table, "bag": bag, "g": g})
    np.testing.assert_array_equal(
        outputs["sums"], [2 * table[1], table[9] + table[0] + table[1]]
    )
    want = np.zeros_like(table)
    want[1] = 2 * g[0] + g[1]
    want[[0, 9]] = g[1]
    np.testing.assert_array_equal(outputs["dtable"], want)


def test_the_same_call_gives_the_same_bits() -> None:
    values = inputs(S1=7)
    for a, b in zip(call(values), call(values, deterministic=True)):
        assert a.tobytes() == b.tobytes()


def test_files_keep_bfloat16(tmp_path: Path) -> None:
    arrays = {
        "a": np.arange(65536).astype(np.uint16).view(BF16).reshape(256, 256),
        "b": np.arange(3, dtype=np.int32),
        "c": np.array(3, np.int64),
        "d": np.arange(6, dtype=np.float16)[::2],
    }
    save_arrays(tmp_path / "x" / "y.npz", arrays)
    again = load_arrays(tmp_path / "x" / "y.npz")
    assert list(again) == list(arrays)
    for name, array in arrays.items():
        assert again[name].dtype == array.dtype
        assert again[name].tobytes() == array.tobytes()
    assert [path.name for path in (tmp_path / "x").iterdir()] == ["y.npz"]


@pytest.mark.parametrize("content", [b"", b"no npz", b"PK\x03\x04garbage"])
def test_bad_files_are_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.npz"
    path.write_bytes(content)
    with pytest.raises(ligrad.LigradError, match=r"cannot read .*bad\.npz"):
        load_arrays(path)


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ligrad.LigradError, match="cannot write"):
        save_arrays(tmp_path / "file" / "y.npz", {"a": np.zeros(1)})
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


TWO_SELECTIONS = """operator TwoSelections
axis V in 1..100
axis U in 1..100
axis M in 1..64
axis K in 1..16
axis C = 16
input q : half[M, C]
input tv : half[V, C]
input tu : half[U, C]
input iv : int32[M, K] selects V
input other as iu : int32[M, K2] selects U
axis K2 in 1..16
output a : half[M, K]
output b : half[M, K2]
a = Matmul(q, Gather(tv, iv))
b = Matmul(q, Gather(tu, iu))
"""


@pytest.mark.parametrize("level", ["graph", "tiled"])
@pytest.mark.parametrize(
    ("name", "rows", "says"),
    [
        ("iv", 7, "iv: token 3, entry 2: the index 9 is outside [0, 7), the rows of V"),
        ("other", 6, "other: token 3, entry 2: the index 9 is outside [0, 6)"),
    ],
)
def test_an_index_error_names_the_selection_that_has_it(
    level: str, name: str, rows: int, says: str
) -> None:
    operator = ligrad.compile(TWO_SELECTIONS, schedule="baseline")
    values = generate(operator.signature, {"V": 7, "U": 6, "M": 5, "K": 4, "K2": 4})
    values[name][3, 2] = 9
    with pytest.raises(ligrad.ArgumentError) as raised:
        operator.run(values, level)
    assert str(raised.value).startswith(says)
    assert raised.value.argument == name


def test_an_index_into_a_shared_table_is_of_no_batch() -> None:
    """The token has a batch, its rows have none."""
    text = """operator Shared
axis B in 1..8
axis S in 1..64
axis T = B * S
axis V in 1..100
axis K in 1..16
axis C = 16
input q : half[T, C]
input table : half[V, C]
input indices : int32[T, K] selects V
input ends : int32[B] ends T
output y : half[T, K]
y = Matmul(q, Gather(table, indices))
"""
    operator = ligrad.compile(text)
    values = {
        "q": np.ones((2, 3, 16), BF16),
        "table": np.ones((9, 16), BF16),
        "indices": np.full((2, 3, 4), 8, np.int32),
    }
    assert operator.run(values)["y"].shape == (2, 3, 4)
    values["indices"][1, 2, 0] = 9
    with pytest.raises(ligrad.ArgumentError) as raised:
        operator.run(values)
    assert (
        "token 5 (batch 1, position 2 in it), entry 0: the index 9 is outside [0, 9), "
        "the rows of V; -1 means" in str(raised.value)
    )
