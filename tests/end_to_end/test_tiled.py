"""A covering subset of the accuracy matrix at the level `tiled`, its corners, and other
formulas by way of the same passes."""

from __future__ import annotations

import re
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ligrad
from backends.call.dtypes import Array
from backends.oracle import evaluate
from backends.oracle.compare import compare
from backends.tiled.call import npu_arguments
from backends.tiled.interpreter import run_npu
from benchmarks.accuracy import ENTRIES, HEADS, Case, inputs
from ligrad.check import check_outputs
from ligrad.compiler import SCHEDULES
from ligrad.workload import generate
from ligrad_ir.errors import ArgumentError, LigradError, NoKernelError

EXAMPLES = Path(__file__).parents[2] / "examples"
LIGHTNING = (EXAMPLES / "lightning_indexer_grad.lig").read_text(encoding="utf-8")
KINDS = list(product(("bf16", "fp16"), ("BSND", "TND"), (0, 3)))
CORES = (1, 2, 3, 24)
TOKENS = (1, 3, 6)
SMALL = {"B": 2, "S1": 2, "S2": 90, "N1": 18, "K": 70}
"""Heads for both vector cores, entries that are no whole unit."""


@cache
def operator(
    text: str, dtype: str = "bf16", layout: str = "BSND", schedule: str = "baseline"
) -> ligrad.Operator:
    return ligrad.compile(
        text, dtype=dtype, layout=layout, schedule=schedule, precision="mixed"
    )


def example(name: str) -> str:
    return (EXAMPLES / f"{name}.lig").read_text(encoding="utf-8")


def check(
    found: ligrad.Operator, values: dict[str, Any], outputs: dict[str, Array]
) -> None:
    for name, comparison in check_outputs(found, values, outputs, "mixed").items():
        assert comparison.ok, f"{name}: {comparison}"


def run(
    found: ligrad.Operator, values: dict[str, Any], cores: int, *, reverse: bool = False
) -> dict[str, Array]:
    module, bound = found.module("npu"), found.bind(values)
    arguments, outputs = npu_arguments(module, bound, cores)
    run_npu(module, arguments, cores=cores, reverse=reverse)
    return bound.results(outputs)


def covering() -> list[tuple[Case, int]]:
    """Every pair of heads and entries once; kinds, cores and tokens in rotation."""
    chosen: list[tuple[Case, int]] = []
    for i, (heads, entries) in enumerate(product(HEADS, ENTRIES)):
        tokens = 1 if entries == 2048 or heads * entries > 5000 else TOKENS[i % 3]
        case = Case(*KINDS[(3 * i) % 8], "mixed", heads, entries, tokens)
        chosen.append((case, CORES[(i + i // 8) % 4]))
    return chosen


@pytest.mark.parametrize(("case", "cores"), covering(), ids=str)
def test_errors_stay_within_what_rounding_explains(case: Case, cores: int) -> None:
    found = operator(LIGHTNING, case.dtype, case.layout)
    values = inputs(case, found)
    check(found, values, found.run(values, "tiled", cores))


@pytest.mark.parametrize(("dtype", "layout", "mode"), KINDS)
def test_tiled_agrees_with_graph(dtype: str, layout: str, mode: int) -> None:
    """Both are within their bounds of the reference, so within twice of each other."""
    found = operator(LIGHTNING, dtype, layout)
    values = inputs(Case(dtype, layout, mode, "mixed", 18, 70, 3), found)
    assert found.program is not None
    assert dtype in ("bf16", "fp16")
    assert layout in ("BSND", "TND")
    references = evaluate(
        found.program,
        {k: v for k, v in values.items() if isinstance(v, np.ndarray)},
        dtype=dtype,
        layout=layout,
        precision="mixed",
        attributes={k: v for k, v in values.items() if isinstance(v, int)},
    )
    tiled, graph = found.run(values, "tiled", 2), found.run(values, "graph")
    for name, reference in references.items():
        assert compare(tiled[name], reference).ok
        apart = np.abs(tiled[name].astype(np.float64) - graph[name].astype(np.float64))
        assert (apart <= 2 * reference.bound).all(), name


# ---- hostile inputs


def hostile(mode: int) -> dict[str, Any]:
    """TND: a batch without tokens, one shorter than K, tokens without an entry, padding
    rows; duplicates and -1 among the valid entries, garbage and NaN behind them."""
    found = operator(LIGHTNING, "fp16", "TND")
    shape = {"S1": (4, 0, 3, 2), "S2": (2, 5, 9, 80), "N1": 17, "K": 70}
    values = generate(found.signature, shape, attributes={"sparse_mode": mode})
    lengths = [(4, 2), (0, 5), (3, 9), (2, 80)]
    rows = values["sparse_indices"].reshape(9, 70)
    token = 0
    for queries, keys in lengths:
        for position in range(queries):
            valid = 70 if mode == 0 else max(0, min(70, keys - queries + position + 1))
            row, dy = rows[token], values["dy"].reshape(9, 70)[token]
            row[:valid:3] = -1
            row[1:valid:3] = keys - 1
            dy[:valid] = np.linspace(-3, 5, 70)[:valid]
            row[valid:], dy[valid:] = 12345 + token, np.nan
            token += 1
    for name, array in values.items():
        if isinstance(array, np.ndarray) and array.ndim > 1:
            extra = np.full((3, *array.shape[1:]), 7, array.dtype)
            values[name] = np.concatenate([array, extra])
    return values


@pytest.mark.parametrize("cores", CORES)
@pytest.mark.parametrize("mode", [0, 3])
def test_hostile_batches(mode: int, cores: int) -> None:
    found, values = operator(LIGHTNING, "fp16", "TND"), hostile(mode)
    outputs = found.run(values, "tiled", cores)
    check(found, values, outputs)
    assert not outputs["dq"][9:].any()
    assert not outputs["dw"][9:].any()
    assert not outputs["dk"][96:].any()
    if mode == 3:  # the first batch has two tokens before its first key
        assert not outputs["dq"][:2].any()
        assert not outputs["dw"][:2].any()
        assert outputs["dw"][3].any()


def test_no_valid_entries_at_all() -> None:
    found = operator(LIGHTNING)
    values = generate(found.signature, {"S1": 6, "S2": 3, "N1": 5, "K": 3}, seed=2)
    outputs = found.run(values, "tiled", 2)
    check(found, values, outputs)
    assert not outputs["dq"][:, :3].any()
    assert not outputs["dw"][:, :3].any()
    values["sparse_indices"][:] = -1
    assert not any(array.any() for array in found.run(values, "tiled", 3).values())


@pytest.mark.parametrize("value", [90, 2**31 - 1, -2])
def test_an_index_out_of_range_is_named(value: int) -> None:
    found = operator(LIGHTNING)
    values = generate(found.signature, SMALL, attributes={"sparse_mode": 0})
    values["sparse_indices"].reshape(4, 70)[2, 7] = value
    with pytest.raises(ArgumentError, match=f"{value}") as caught:
        found.run(values, "tiled", 1)
    assert caught.value.code == 161002


# ---- corners


def test_many_batches() -> None:
    """As many as there can be, most of them empty: the run of each token is searched."""
    found = operator(LIGHTNING, "fp16", "TND")
    lengths = tuple(int(b % 50 == 23 or b == 1023) for b in range(1024))
    shape = {"S1": lengths, "S2": (3, 1, 4, 2) * 256, "N1": 1, "K": 2}
    values = generate(found.signature, shape, seed=5)
    check(found, values, found.run(values, "tiled", 24))


def test_many_keys() -> None:
    """128K of them, of which the first and the last are chosen."""
    found, rng = operator(LIGHTNING), np.random.default_rng(3)
    key = np.zeros((1, 131072, 1, 128), "bfloat16")
    key[0, [0, 99999, -1]] = rng.normal(size=(3, 1, 128))
    values = {
        "query": rng.normal(size=(1, 2, 2, 128)).astype("bfloat16"),
        "key": key,
        "dy": rng.normal(size=(1, 2, 4)).astype("bfloat16"),
        "sparse_indices": np.array([[[131071, 0, 9, -1], [99999] * 4]], np.int32),
        "weights": rng.normal(size=(1, 2, 2)).astype("bfloat16"),
        "sparse_mode": 0,
    }
    outputs = found.run(values, "tiled", 24)
    check(found, values, outputs)
    assert outputs["dk"][0, [0, 99999, -1]].any(axis=(1, 2)).all()


@pytest.mark.parametrize("layout", ["BSND", "TND"])
@pytest.mark.parametrize("name", ["forward_scores", "linear_indexer_grad"])
def test_other_examples(name: str, layout: str) -> None:
    found = operator(example(name), "fp16", layout)
    shape = dict(SMALL, S1=3)
    if layout == "TND":
        shape = {"S1": (3, 0, 2, 1), "S2": (70, 3, 0, 35), "N1": 33, "K": 70}
    values = generate(found.signature, shape, seed=3)
    check(found, values, run(found, values, 1, reverse=True))
    check(found, values, run(found, values, 3))


# ---- order


@pytest.mark.parametrize("cores", [1, 3])
def test_the_same_bytes_twice(cores: int) -> None:
    found = operator(LIGHTNING)
    values = generate(found.signature, SMALL)
    first, second = (found.run(values, "tiled", cores) for _ in range(2))
    assert all(first[name].tobytes() == second[name].tobytes() for name in first)


@pytest.mark.parametrize("cores", [1, 2])
def test_the_order_of_the_cores_does_not_matter(cores: int) -> None:
    """But for dk, which two vector cores of a group already add to in any order."""
    found = operator(LIGHTNING)
    values = generate(found.signature, SMALL, attributes={"sparse_mode": 0})
    forth, back = (run(found, values, cores, reverse=r) for r in (False, True))
    check(found, values, back)
    assert forth["dq"].tobytes() == back["dq"].tobytes()
    assert forth["dw"].tobytes() == back["dw"].tobytes()


def test_one_key_a_token_is_not_summed_so_all_orders_agree() -> None:
    found = operator(LIGHTNING)
    values = generate(found.signature, {"S1": 1, "S2": 90, "N1": 18, "K": 70})
    values |= {"sparse_mode": 0}
    values["sparse_indices"][...] = np.arange(70)
    forth, back = (run(found, values, 1, reverse=r) for r in (False, True))
    assert all(forth[name].tobytes() == back[name].tobytes() for name in forth)


# ---- changed formulas


def edited(*pairs: tuple[str, str]) -> str:
    text = LIGHTNING
    for old, new in pairs:
        assert text.count(old) >= 1, old
        text = text.replace(old, new)
    return text


def with_output(declaration: str, formula: str) -> str:
    last = "output dw : half[T, N1]\n"
    return edited((last, f"{last}{declaration}\n"), ("dW =", f"{formula}\ndW ="))


S = "S = Relu(Matmul(Query, Gather(Key, Indices)))"
CHANGED = {
    "a sum of a row for the row": edited(
        ("dQ = ", "Z = Reduce(S * Y over K)\ndQ = "),
        ("dQ = Matmul(ReluGrad(Y, S)", "dQ = Matmul(ReluGrad(Y, S) * Z"),
    ),
    "a sum of a column for the column": edited(
        ("dQ = ", "Z = Relu(Reduce(S * Y over N1))\ndQ = "),
        ("dQ = Matmul(ReluGrad(Y, S)", "dQ = Matmul(ReluGrad(Y, S) * Z"),
    ),
    "a sum over all for each": with_output(
        "output g : half[T, N1, K]", "G = S * Reduce(Reduce(S * Y over K) over N1)"
    ),
    "a sum over the tokens for each of them": with_output(
        "output g : half[T, N1, K]", "G = dy * Reduce(weights over T)"
    ),
    "sums of sums": with_output(
        "output g : half[T, N1, K]",
        "A = S - weights * Reduce(S * dy over K)\nG = A * Reduce(A * Y over N1)",
    ),
    "a scale of the result": edited(("dQ = ", "dQ = 0.5 * ")),
    "a scale of a sum": edited(("dK = ScatterAdd", "dK = 2 * ScatterAdd")),
    "a sum over the tokens": edited(
        ("output dw : half[T, N1]", "output dw : half[N1]")
    ),
    "a scale inside": edited(("Y = Dy", "Y = 0.5 * Dy")),
    "a negative scale": edited(("Y = Dy", "Y = -0.5 * Dy")),
    "no relu": edited((S, S.replace("Relu(", "(", 1))),
    "scaled keys": edited((S, S.replace("Gather", "2 * Gather"))),
    "other axis": edited(
        ("dw : half[T, N1]", "dw : half[T, K]"), ("S * dy", "S * weights")
    ),
    "both axes": with_output("output g : float32[T]", "G = Reduce(S * Y)"),
    "float32 outputs": edited(
        *((f"output d{x} : half", f"output d{x} : float32") for x in "qkw")
    ),
    "difference": edited(("Dy * Weights", "Dy - Weights")),
    "difference, columns first": edited(("Dy * Weights", "Weights - Dy")),
    "one less a value": edited(("Dy * Weights", "1 - Dy * Weights")),
    "a value less one": edited(("Dy * Weights", "Dy * Weights - 1")),
    "sum": edited(("S * dy", "S + dy")),
    "relu_grad of Y": edited(
        ("dQ = Matmul(ReluGrad(Y, S)", "dQ = Matmul(ReluGrad(S, Y)")
    ),
    "relu_grad of a sum": with_output(
        "output g : half[T, K]", "G = ReluGrad(2 * dy, Reduce(S * weights over N1))"
    ),
    "relu of a sum": with_output(
        "output g : half[T, N1]", "G = Relu(Reduce(S * dy over K)) - weights"
    ),
    "two products": edited(("Reduce(S * dy)", "Reduce(S * Y)")),
    "used by both units": edited(
        ("dQ = Matmul(ReluGrad(Y, S)", "dQ = Matmul(Y"), ("S * dy", "S * Y")
    ),
    "no product": edited(("S * dy", "Y * dy")),
    "a sum as a product": edited(("Reduce(S * dy)", "Matmul(S, dy over K)")),
    "sum of a product": edited(("Indices))\ndK", "Indices)) + Q\ndK")),
    "an output beside": with_output("output g : half[T, K]", "G = 2 * Dy"),
    "a matrix as an output": with_output("output s : half[T, N1, K]", ""),
    "other rows and columns": with_output("output g : half[T, N1, D]", "G = 2 * Query"),
    "updates that are scaled": edited(("ScatterAdd(Matmul", "ScatterAdd(2 * Matmul")),
    "updates that are gathered": edited(
        ("ScatterAdd(Matmul(ReluGrad(Y, S), Q)", "ScatterAdd(Gather(Key, Indices)")
    ),
    "deep heads": edited(("D  = 128", "D  = 256")),
    "many heads": edited(("N1 in 1..64", "N1 in 1..200")),
}


@pytest.mark.parametrize("name", CHANGED)
def test_changed_formulas(name: str) -> None:
    found = operator(CHANGED[name])
    shape = dict(SMALL, B=1, S1=3, N1=150 if name == "many heads" else 18)
    values = generate(found.signature, shape, seed=1)
    check(found, values, run(found, values, 2, reverse=len(name) % 2 == 0))


def test_a_changed_formula_changes_the_program() -> None:
    names = ["a scale of the result", "a scale inside", "no relu", "other axis", "sum"]
    texts = {str(operator(CHANGED[name]).module("npu")) for name in names}
    assert len(texts) == len(names)


# ---- what cannot be run


OVER_TOKENS = edited(
    ("output dw : half[T, N1]", "output dw : half[N1, K]"),
    ("Reduce(S * dy)", "Matmul(S, dy over T)"),
)
UNSUPPORTED = {
    "a product over the tokens": (
        OVER_TOKENS,
        "33:6: error: no kernel for this: Matmul sums over T, whose positions the cores",
    ),
    "three axes of a token": (
        with_output(
            "output g : half[T, N1]",
            "G = Reduce(Reduce(Query * Gather(Key, Indices) over D) over K)",
        ),
        "34:19: error: no kernel for this: a product has the axes [N1, D, K] beside T",
    ),
    "a predicate without the last axis": (
        edited(("dQ = Matmul(ReluGrad(Y, S)", "dQ = Matmul(ReluGrad(Y, Weights)")),
        "34:13: error: no kernel for this: ReluGrad over [T, N1, K] of an operand over "
        "[T, N1], which lacks the last axis; multiply by such an operand behind",
    ),
    "a part of what both vector cores compute": (
        with_output("output g : half[T, N1, D]", "G = Query * Reduce(S * dy over K)"),
        "34:5: error: no kernel for this: a product needs the result of Reduce, which "
        "the two vector cores compute just before, each a part of it; compute the result",
    ),
    "rows for the vector unit": (
        with_output("output g : half[T, D]", "G = Reduce(Gather(Key, Indices) over K)"),
        "34:5: error: no kernel for this: Reduce needs the result of Gather, which the",
    ),
    "rows that only leave": (
        with_output("output g : half[T, K, D]", "G = Gather(Key, Indices)"),
        "error: no kernel for this: what Gather takes has the axes [T, K, D], but the "
        "entries of a selection (K) must be the last axis",
    ),
    "entries that are not last": (
        with_output("output s : half[T, K, N1]", ""),
        "error: no kernel for this: the output s has the axes [T, K, N1], but the entries "
        "of a selection (K) must be the last axis",
    ),
    "rows that do not fit": (
        edited(("1..2048", "1..8192")),
        "no kernel for this: 248448 bytes of UB are in use together, 60288 more than",
    ),
}
"""What it is, and what is said of it."""


CHAIN = """operator Chain
axis B  in 1..1024
axis S1 in 1..128K
axis S2 in 1..128K
axis T  = B * S1
axis N  = B * S2
axis N1 in 1..64
axis D  = 128
axis K  in 1..2048
input query   : half[T, N1, D]
input key     : half[N, D]
input indices : int32[T, K] selects N by m
input te      : int32[B] ends T
input ne      : int32[B] ends N
attribute m   : int64 in {0, 3} = 3
output dk     : half[N, D]
P = Relu(Matmul(Query, Gather(Key, Indices)))
dk = ScatterAdd(Matmul(P, Query over N1), Indices)
"""

UNUSUAL = {
    "a product of a product": CHAIN,
    "the sign of an input": edited(
        ("dQ = Matmul(ReluGrad(Y, S)", "dQ = Matmul(ReluGrad(Y, Dy)")
    ),
    "more flags than ids": with_output(
        "output g : float32[N, D]", "G = ScatterAdd(Matmul(Y, Q), Indices)"
    ),
}


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("name", UNUSUAL)
def test_what_is_unusual_runs(name: str, schedule: str) -> None:
    found = operator(UNUSUAL[name], "bf16", "TND", schedule)
    shape = {"S1": (3, 0, 2), "S2": (9, 4, 7), "N1": 3, "K": 5}
    values = generate(found.signature, shape)
    for level in ("tiled", "source"):
        outputs = found.run(values, level=level, cores=2)
        for output, one in check_outputs(found, values, outputs, "mixed").items():
            assert one.ok, f"{level}: {output}: {one}"


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_what_the_schedule_cannot_run_is_named(name: str) -> None:
    """At the formula, in its words, with what would be right, and with its line."""
    text, says = UNSUPPORTED[name]
    found = ligrad.compile(text, schedule="baseline")
    found.module("lig")
    with pytest.raises(NoKernelError) as caught:
        found.module("npu")
    message, line, caret = str(caught.value).splitlines()
    assert says in message
    row, column = re.match(r"<string>:(\d+):(\d+): ", message).groups()  # pyright: ignore
    assert line.strip() == text.splitlines()[int(row) - 1].strip()
    assert caret.index("^") == int(column) + 1


def test_there_are_no_more_cores_than_the_chip_has() -> None:
    found = operator(LIGHTNING)
    values = generate(found.signature, {"S1": 1, "S2": 3, "N1": 1, "K": 2})
    for cores in (0, 25):
        with pytest.raises(LigradError, match=f"1 to 24 cores, not {cores}"):
            found.run(values, "tiled", cores)
