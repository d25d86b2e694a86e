"""The algebra over exact reals: no value changes, and what is left is less."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from xdsl.dialects.builtin import FunctionType, ModuleOp
from xdsl.dialects.func import ReturnOp
from xdsl.passes import ModulePass

import ligrad
from backends.call.dtypes import Array
from backends.graph.interpreter import run_graph
from ligrad.workload import generate
from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.signature import entry_function
from passes.pipelines import ALGEBRA, SIMPLIFY, algebra, run_passes
from tests.end_to_end.test_tiled import CHANGED, LIGHTNING, edited, example, hostile

EXAMPLES = ("lightning_indexer_grad", "linear_indexer_grad", "forward_scores")


def unrounded(module: ModuleOp) -> ModuleOp:
    """The graph less the roundings of its outputs."""
    function = entry_function(module)
    leave = function.body.block.last_op
    assert isinstance(leave, ReturnOp)
    for i, value in enumerate(leave.operands):
        if isinstance(cast := value.owner, lig.CastOp):
            leave.operands[i] = cast.input
    types = FunctionType.from_lists(
        function.function_type.inputs.data, [value.type for value in leave.operands]
    )
    function.function_type = types
    return module


def both(
    operator: ligrad.Operator,
    values: dict[str, Any],
    rewritten: tuple[ModulePass, ...] = ALGEBRA,
) -> list[tuple[Array, Array]]:
    """The outputs in float64 without and with the algebra."""
    bound = operator.bind(values)
    results: list[tuple[Array, ...]] = []
    for passes in (SIMPLIFY, rewritten):
        module = unrounded(operator.source.clone())
        run_passes(module, passes)
        results.append(run_graph(module, bound.arguments, bound.extents))
    return list(zip(*results, strict=True))


def assert_same(pairs: Sequence[tuple[Array, Array]]) -> None:
    for before, after in pairs:
        assert before.dtype == after.dtype == np.float64
        assert before.any()
        largest = np.abs(before).max()
        np.testing.assert_allclose(after, before, rtol=1e-9, atol=1e-11 * largest)


SHAPE = {"B": 2, "S1": 3, "S2": 40, "N1": 5, "K": 17}


@pytest.mark.parametrize("mode", [0, 3])
@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_keep_their_values(name: str, mode: int) -> None:
    operator = ligrad.compile(example(name))
    attributes = {"sparse_mode": mode}
    values = generate(operator.signature, SHAPE, seed=mode, attributes=attributes)
    assert_same(both(operator, values))


@pytest.mark.parametrize("name", CHANGED)
def test_changed_formulas_keep_their_values(name: str) -> None:
    operator = ligrad.compile(CHANGED[name])
    assert_same(both(operator, generate(operator.signature, SHAPE, seed=2)))


@pytest.mark.parametrize("dtype", ["bf16", "fp16"])
@pytest.mark.parametrize("name", CHANGED)
def test_changed_formulas_for_half_operands_keep_their_values(
    name: str, dtype: str
) -> None:
    operator = ligrad.compile(CHANGED[name], dtype=dtype)
    values = generate(operator.signature, SHAPE, seed=2)
    assert_same(both(operator, values, algebra("half")))


NEAR_MISSES = {
    "gated by other scores": edited(
        ("ReluGrad(Y, S), Gather", "ReluGrad(Dy, S - 1), Gather")
    ),
    "the gradient has the inner axis": edited(
        ("output dw : half[T, N1]", "output dw : half[T, N1, D]"),
        ("Reduce(S * dy)", "Reduce(S * (Dy * Gather(Key, Indices)) over K)"),
        ("Matmul(ReluGrad(Y, S), G", "Weights * Matmul(Dy * Gather(Key, Indices), G"),
        ("Gather(Key, Indices))\ndK", "Gather(Key, Indices) over K)\ndK"),
    ),
    "gated by a sum over the entries": edited(
        ("ReluGrad(Y, S), Gather", "ReluGrad(Y, Dy * Reduce(S * Dy over K)), Gather")
    ),
}


@pytest.mark.parametrize("name", NEAR_MISSES)
def test_what_looks_like_it_keeps_its_values(name: str) -> None:
    operator = ligrad.compile(NEAR_MISSES[name])
    assert_same(both(operator, generate(operator.signature, SHAPE, seed=3)))


@pytest.mark.parametrize("depth", [16, 128])
@pytest.mark.parametrize("mode", [0, 3])
def test_garbage_behind_the_valid_entries_stays_there(mode: int, depth: int) -> None:
    """NaN in dy, indices that mean nothing: no factor may reach them, also where (16
    columns) it would multiply fewer numbers outside."""
    text = edited(("D  = 128", f"D  = {depth}"))
    operator = ligrad.compile(text, dtype="fp16", layout="TND")
    values = hostile(mode)
    for name in ("query", "key"):
        values[name] = values[name][..., :depth]
    pairs = both(operator, values)
    assert all(np.isfinite(array).all() for pair in pairs for array in pair)
    assert_same(pairs)


# ---- random formulas


def product(rng: random.Random, *factors: str) -> str:
    """Some of the factors, at least one, and perhaps a number."""
    chosen = rng.sample(factors, rng.randint(1, len(factors)))
    if rng.random() < 0.3:
        chosen.append(rng.choice(["0.5", "-3"]))
    rng.shuffle(chosen)
    return " * ".join(chosen)


def formulas(seed: int) -> str:
    """Formulas of the kind that the passes know, and near misses."""
    rng = random.Random(seed)
    scores = rng.choice(["Relu({})", "{}", "2 * {}", "Relu({}) * Weights"])
    made = {
        "S": scores.format("Matmul(Query, Gather(Key, Indices))"),
        "Y": product(rng, "Dy", "Weights", "S"),
    }
    gradient = rng.choice(["ReluGrad(Y, S)", "ReluGrad(Dy, S)", "Y * S", "Y + S"])
    made["G"] = product(rng, gradient, "Weights", "Dy")
    made["dW"] = f"Reduce({product(rng, 'S', 'S', 'Dy', 'Weights')} * S)"
    keys = product(rng, "Gather(Key, Indices)", "Dy")
    if "Gather" not in keys:
        keys = f"Gather(Key, Indices) * {keys}"
    made["dQ"] = f"Matmul({gradient} * {product(rng, 'Weights', 'Dy')}, {keys} over K)"
    query = rng.choice(["Q", "Q * Weights", "0.5 * Q"])
    made["dK"] = f"ScatterAdd(Matmul(G * {gradient}, {query} over N1), Indices)"
    if rng.random() < 0.5:
        made["dW"] = "Reduce(S * Dy)"
    order = ["S", "Y", "G", *rng.sample(["dW", "dQ", "dK"], 3)]
    head = LIGHTNING[: LIGHTNING.index("S = Relu")]
    head = head.replace("D  = 128", f"D  = {rng.choice([16, 128])}")
    return head + "\n".join(f"{name} = {made[name]}" for name in order) + "\n"


@pytest.mark.parametrize("seed", range(60))
def test_random_formulas_keep_their_values(seed: int) -> None:
    operator = ligrad.compile(formulas(seed))
    assert_same(both(operator, generate(operator.signature, SHAPE, seed=seed)))


@pytest.mark.parametrize("seed", range(20))
def test_random_formulas_for_half_operands_keep_their_values(seed: int) -> None:
    operator = ligrad.compile(formulas(seed), dtype=("bf16", "fp16")[seed % 2])
    values = generate(operator.signature, SHAPE, seed=seed)
    assert_same(both(operator, values, algebra("half")))


# ---- what is left


RELU_GRAD = ("lig.relu_grad", ("T", "N1", "K"))


def counts(
    text: str, matmul_operands: str = "f32", dtype: str = "bf16"
) -> Counter[tuple[str, tuple[str, ...]]]:
    """Operations, by name and the axes of their results."""
    module = ligrad.compile(text, dtype=dtype).source.clone()
    run_passes(module, algebra(matmul_operands))
    return Counter(
        (op.name, tensor(op.results[0]).axes)
        for op in module.walk()
        if isinstance(op, lig.LigOp) and not isinstance(op, lig.CastOp)
    )


def test_the_lightning_indexer_forms_no_product_of_heads_and_entries() -> None:
    """One select, three matmuls, and factors on the small operands."""
    assert counts(LIGHTNING) == {
        ("lig.gather", ("T", "K", "D")): 1,
        ("lig.matmul", ("T", "N1", "K")): 1,
        ("lig.relu_grad", ("T", "N1", "K")): 1,
        ("lig.matmul", ("T", "N1", "D")): 1,
        ("lig.mul", ("T", "N1", "D")): 3,
        ("lig.reduce_sum", ("T", "N1")): 1,
        ("lig.matmul", ("T", "K", "D")): 1,
        ("lig.scatter_add", ("N", "D")): 1,
    }


def test_bfloat16_operands_are_scaled_like_float32_ones() -> None:
    for dtype in ("bf16", "fp16"):
        assert counts(LIGHTNING, "f32", dtype) == counts(LIGHTNING)
    assert counts(LIGHTNING, "half", "bf16") == counts(LIGHTNING)


def test_no_float16_operand_is_scaled() -> None:
    """Y is formed for dK, and selected; dQ and dW are scaled behind the sum."""
    found = counts(LIGHTNING, "half", "fp16")
    assert found == counts(LIGHTNING) - Counter({("lig.mul", ("T", "N1", "D")): 1}) + (
        Counter({("lig.mul", ("T", "N1", "K")): 1, RELU_GRAD: 1})
    )


def test_an_operand_that_is_rounded_stays_what_it_was() -> None:
    """Scores alone, rounded, are not those times the weights: they may even be too large
    for float16. The queries for dK are scaled, in bfloat16."""
    text = edited(("Matmul(ReluGrad(Y, S), G", "Matmul(Weights * S, G"))
    scaled = ("lig.mul", ("T", "N1", "D"))
    assert counts(text, "f32")[scaled] == 2
    assert counts(text, "half", "bf16")[scaled] == 1
    assert counts(text, "half", "fp16")[scaled] == 0


def test_without_a_relu_the_scores_are_not_needed() -> None:
    found = counts(example("linear_indexer_grad"))
    assert ("lig.matmul", ("T", "N1", "K")) not in found
    assert found["lig.matmul", ("T", "D")] == 1


def test_a_factor_that_gains_nothing_stays() -> None:
    """Heads as many as the head dimension, two entries: the product is small already."""
    text = edited(("K  in 1..2048", "K  in 1..2"), ("N1 in 1..64", "N1 in 1..128"))
    assert counts(text)["lig.mul", ("T", "N1", "K")] == 2
    assert counts(text)["lig.mul", ("T", "N1", "D")] == 0


def test_no_second_operand_comes_to_be_rounded() -> None:
    """A number beside the gradient is there to stay, so the weights stay with it."""
    text = edited(("Y = Dy * Weights", "Y = (0.3 * Dy) * Weights"))
    assert counts(text)["lig.mul", ("T", "N1", "D")] == 1  # behind the sum for dQ
    assert counts(text)["lig.mul", ("T", "N1", "K")] == 2


def test_rounded_graphs_are_left_alone() -> None:
    module = ligrad.compile(LIGHTNING).module("lig").clone()
    before = str(module)
    run_passes(module, ALGEBRA)
    assert str(module) == before


def test_the_passes_are_idempotent() -> None:
    module = ligrad.compile(LIGHTNING).source.clone()
    run_passes(module, ALGEBRA)
    once = str(module)
    run_passes(module, ALGEBRA)
    assert str(module) == once
