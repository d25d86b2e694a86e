"""Halves that lose nothing: signs as bfloat16, small operands as two of it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp

import ligrad
from backends.call.dtypes import Array
from backends.graph import ops as graph_ops
from backends.graph.blocks.function import Options, run_bound
from backends.graph.interpreter import run_graph
from ligrad.check import check_outputs
from ligrad.workload import generate
from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.text import parse_module
from passes.fuse_blocks import FuseBlocksPass
from passes.narrow_signs import NarrowSignsPass
from passes.pipelines import PIPELINES, SIMPLIFY, run_passes
from passes.split_operands import SplitOperandsPass
from tests.end_to_end.test_tiled import CHANGED, KINDS, LIGHTNING, example, hostile
from tests.passes.test_algebra import formulas

BF16 = np.dtype(ml_dtypes.bfloat16)
F16 = np.dtype(np.float16)
SMALL = {"B": 2, "S1": 3, "S2": 40, "N1": 5, "K": 17}
HALVES = {"bf16": BF16, "fp16": F16}
EXAMPLES = ("lightning_indexer_grad", "linear_indexer_grad", "forward_scores")
SHAPE = {"B": 2, "S1": 3, "S2": 90, "N1": 18, "K": 70}


def narrowed(scores: Array, dtype: np.dtype[Any] = BF16) -> Array:
    """What a relu_grad is to ask instead of float32 scores."""
    with np.errstate(over="ignore", invalid="ignore"):  # as the interpreter does
        return graph_ops.cast(graph_ops.relu(scores), dtype)


def is_positive(x: Array) -> Array:
    with np.errstate(invalid="ignore"):
        return graph_ops.relu_grad(np.ones_like(x), x).astype(np.float64)


def as_half(dtype: str, values: dict[str, Any]) -> dict[str, Any]:
    """The same float16 numbers in a half type."""
    return {
        name: value.astype(HALVES[dtype])
        if isinstance(value, np.ndarray) and value.dtype == F16
        else value
        for name, value in values.items()
    }


def times(array: Array, factor: float) -> Array:
    return (array.astype(np.float64) * factor).astype(array.dtype)


# ---- signs


def extremes() -> Array:
    """The ends of every range, each with its neighbours; NaN of either sign."""
    ends = np.float32([2**-126, 2**-133, 2**-134, 2**-25, 1, 65504, 3.3895314e38])
    ends = np.append(ends, np.finfo(np.float32).max)
    near = [(ends.view(np.int32) + step).view(np.float32) for step in (-1, 1)]
    found = np.concatenate([ends, *near, np.float32([0, np.inf, np.nan])])
    return np.concatenate([found, -found])


@pytest.mark.parametrize("seed", range(8))
def test_a_sign_survives_bfloat16(seed: int) -> None:
    """Of any float32 there is, but for positive ones up to 2^-134."""
    rng = np.random.default_rng(seed)
    bits = rng.integers(0, 2**32, 100_000, np.uint32)
    scores = np.concatenate([bits.view(np.float32), extremes()])
    lost = (scores > 0) & (scores <= np.float32(2.0**-134))
    np.testing.assert_array_equal(
        is_positive(narrowed(scores)), is_positive(np.where(lost, 0, scores))
    )
    np.testing.assert_array_equal(np.isnan(narrowed(scores)), np.isnan(scores))


def test_every_bfloat16_and_what_rounds_to_it_keeps_its_sign() -> None:
    """Both ends of the float32 numbers that round to each bfloat16."""
    top = np.arange(2**16, dtype=np.uint32) << 16
    for low in (0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF):
        scores = (top | np.uint32(low)).view(np.float32)
        scores = scores[np.abs(scores) > np.float32(2.0**-134)]
        np.testing.assert_array_equal(
            is_positive(narrowed(scores)), is_positive(scores)
        )


def test_float16_would_lose_signs() -> None:
    scores = np.float32([2**-25, 2**-30])
    assert is_positive(narrowed(scores)).all()
    assert not is_positive(narrowed(scores, F16)).any()


def test_the_limit_is_where_it_is_said_to_be() -> None:
    tiny = np.float32([2.0**-134])
    above = np.nextafter(tiny, np.float32(1))
    assert not is_positive(narrowed(tiny)).any()
    assert is_positive(narrowed(above)).all()


def lowered(
    operator: ligrad.Operator, *passes: Any, pipeline: str = "graph-mixed"
) -> ModuleOp:
    module = operator.source.clone()
    run_passes(module, (*PIPELINES[pipeline], *passes))
    return module


def run(
    operator: ligrad.Operator,
    module: ModuleOp,
    values: dict[str, Any],
    *,
    blocks: bool = False,
) -> dict[str, Array]:
    """Interpret a graph as it is, or in blocks of tokens."""
    bound = operator.bind(values)
    if blocks:
        module = module.clone()
        run_passes(module, (FuseBlocksPass(),))
        return run_bound(module, bound, Options(workers=1))
    return bound.results(run_graph(module, bound.arguments, bound.extents))


SIGNS_ONLY = LIGHTNING.replace("dW = Reduce(S * dy)", "dW = Reduce(ReluGrad(dy, S))")


@pytest.mark.parametrize("mode", [0, 3])
@pytest.mark.parametrize("dtype", ["bf16", "fp16"])
def test_no_bit_changes_where_signs_are_narrow(dtype: str, mode: int) -> None:
    operator = ligrad.compile(SIGNS_ONLY, dtype=dtype, layout="TND")
    values = as_half(dtype, hostile(mode))
    scale = 2.0**-60 if dtype == "bf16" else 2.0**-8  # so that float16 would lose them
    values["query"] = times(values["query"], scale)
    wide, narrow = lowered(operator), lowered(operator, NarrowSignsPass(), *SIMPLIFY)
    assert str(wide) != str(narrow)
    for blocks in (False, True):
        before = run(operator, wide, values, blocks=blocks)
        after = run(operator, narrow, values, blocks=blocks)
        for name, array in before.items():
            assert array.any()
            assert array.tobytes() == after[name].tobytes()


def test_signs_of_numbers_that_are_needed_stay_wide() -> None:
    operator = ligrad.compile(LIGHTNING)
    assert str(lowered(operator, NarrowSignsPass())) == str(lowered(operator))


# ---- two halves

PRODUCT = """
func.func @f(%a: !lig.tensor<[K, G], bf16>, %x: !lig.tensor<[G, D], f32>)
    -> !lig.tensor<[K, D], f32> {
  %h = lig.cast %x : !lig.tensor<[G, D], f32> to !lig.tensor<[G, D], bf16>
  %m = lig.matmul %a, %h over @G acc f32
    : (!lig.tensor<[K, G], bf16>, !lig.tensor<[G, D], bf16>) -> !lig.tensor<[K, D], f32>
  func.return %m : !lig.tensor<[K, D], f32>
}"""


def product(a: Array, x: Array, *passes: Any) -> Array:
    module = parse_module(PRODUCT)
    run_passes(module, (*SIMPLIFY, *passes))
    extents = {"K": a.shape[0], "G": a.shape[1], "D": x.shape[1]}
    [result] = run_graph(module, (a, x), extents)
    return result


@pytest.mark.parametrize("exponent", [-60, -10, 0, 40])
@pytest.mark.parametrize("seed", range(3))
def test_two_halves_lose_a_hundredth_of_what_one_does(seed: int, exponent: int) -> None:
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(70, 64)).astype(BF16)
    x = (rng.normal(size=(64, 128)) * 2.0**exponent).astype(np.float32)
    exact = a.astype(np.float64) @ x.astype(np.float64)

    def error(*passes: Any) -> float:
        off = product(a, x, *passes) - exact
        return float(np.sqrt(np.mean(off**2)) / np.sqrt(np.mean(exact**2)))

    one, two = error(), error(SplitOperandsPass(), *SIMPLIFY)
    assert 2**-11 < one < 2**-8
    assert two < one / 100


def test_what_two_halves_hold_is_as_near_as_said() -> None:
    rng = np.random.default_rng(5)
    x = np.abs(rng.integers(0, 2**32, (1, 100_000), np.uint32).view(np.float32))
    x = x[np.isfinite(x) & (x < np.float32(3.38e38))][None]
    held = product(np.ones((1, 1), BF16), x, SplitOperandsPass())
    error = np.abs(held.astype(np.float64) - x)
    assert (error <= np.maximum(2.0**-17 * x.astype(np.float64), 2.0**-134)).all()


def test_products_of_two_bfloat16_numbers_are_held_exactly() -> None:
    """Why dK's operands lose nothing: 8 bits times 8 bits are 16."""
    rng = np.random.default_rng(6)
    w, q = (rng.normal(size=(1, 5000)).astype(BF16).astype(np.float32) for _ in "wq")
    held = product(np.ones((1, 1), BF16), w * q, SplitOperandsPass())
    np.testing.assert_array_equal(held, w * q)


# ---- the pipeline for kernels


def check(operator: ligrad.Operator, values: dict[str, Any]) -> None:
    """All outputs against the oracle, from the graph as it is and in blocks."""
    module = lowered(operator, pipeline="optimized-mixed")
    for blocks in (False, True):
        outputs = run(operator, module, values, blocks=blocks)
        found = check_outputs(operator, values, outputs, "mixed")
        for name, comparison in found.items():
            assert comparison.ok, f"{name}: {comparison}"


@pytest.mark.parametrize(("dtype", "layout", "mode"), KINDS)
@pytest.mark.parametrize("name", EXAMPLES)
def test_errors_stay_within_what_rounding_explains(
    name: str, dtype: str, layout: str, mode: int
) -> None:
    operator = ligrad.compile(example(name), dtype=dtype, layout=layout)
    attributes = {"sparse_mode": mode}
    shape: dict[str, Any] = dict(SHAPE)
    if layout == "TND":
        shape |= {"S1": (3, 0, 2, 1), "S2": (90, 3, 0, 35)}
        del shape["B"]
    check(operator, generate(operator.signature, shape, seed=4, attributes=attributes))


@pytest.mark.parametrize("dtype", ["bf16", "fp16"])
@pytest.mark.parametrize("name", CHANGED)
def test_changed_formulas_stay_within_what_rounding_explains(
    name: str, dtype: str
) -> None:
    operator = ligrad.compile(CHANGED[name], dtype=dtype)
    check(operator, generate(operator.signature, SHAPE, seed=1))


@pytest.mark.parametrize("dtype", ["bf16", "fp16"])
@pytest.mark.parametrize("seed", range(30))
def test_random_formulas_stay_within_what_rounding_explains(
    seed: int, dtype: str
) -> None:
    """Where the formulas as they stand do: they may pass the range of float16."""
    operator = ligrad.compile(formulas(seed), dtype=dtype)
    values = generate(operator.signature, SMALL, seed=seed)
    plain = run(operator, lowered(operator), values)
    outputs = run(operator, lowered(operator, pipeline="optimized-mixed"), values)
    found = check_outputs(operator, values, outputs, "mixed")
    for name, before in check_outputs(operator, values, plain, "mixed").items():
        assert before.ok or dtype == "fp16"
        assert found[name].ok or not before.ok, f"{name}: {found[name]}"


@pytest.mark.parametrize("mode", [0, 3])
@pytest.mark.parametrize("dtype", ["bf16", "fp16"])
def test_hostile_batches(dtype: str, mode: int) -> None:
    operator = ligrad.compile(LIGHTNING, dtype=dtype, layout="TND")
    check(operator, as_half(dtype, hostile(mode)))


RANGES = {
    "tiny weights": {"weights": 2.0**-14},
    "tiny weights and queries": {"weights": 2.0**-10, "query": 2.0**-9},
    "large weights and queries": {"weights": 2.0**8, "query": 2.0**7},
    "large gradients": {"dy": 2.0**6, "weights": 2.0**6, "query": 2.0**-6},
    "tiny gradients": {"dy": 2.0**-12, "key": 2.0**4},
    "all but nothing": {"weights": 2.0**-14, "query": 2.0**-7, "dy": 2.0**4},
}
"""In float16; bfloat16 has room for their fifth powers. The rests of the last one's scaled
queries come near the smallest numbers that there are."""


def scaled(operator: ligrad.Operator, dtype: str, ranges: str) -> dict[str, Any]:
    values = generate(operator.signature, SHAPE, seed=8, attributes={"sparse_mode": 0})
    for name, factor in RANGES[ranges].items():
        values[name] = times(values[name], factor if dtype == "fp16" else factor**5)
    return values


@pytest.mark.parametrize("dtype", ["bf16", "fp16"])
@pytest.mark.parametrize("ranges", RANGES)
def test_hostile_ranges(ranges: str, dtype: str) -> None:
    operator = ligrad.compile(LIGHTNING, dtype=dtype)
    check(operator, scaled(operator, dtype, ranges))


def counted(dtype: str) -> Counter[str]:
    operator = ligrad.compile(LIGHTNING, dtype=dtype)
    module = lowered(operator, pipeline="optimized-mixed")
    return Counter(op.name for op in module.walk() if isinstance(op, lig.LigOp))


def test_what_is_left_of_the_lightning_indexer() -> None:
    """One relu and one select of bfloat16, and a product more; in float16 two selects."""
    narrow = {"lig.gather": 1, "lig.scatter_add": 1, "lig.reduce_sum": 1, "lig.relu": 1}
    assert counted("bf16") >= Counter({**narrow, "lig.relu_grad": 1, "lig.matmul": 4})
    assert counted("bf16")["lig.sub"] == counted("bf16")["lig.add"] == 1
    assert counted("fp16") >= Counter({**narrow, "lig.relu_grad": 2, "lig.matmul": 3})
    assert counted("fp16")["lig.sub"] == counted("fp16")["lig.add"] == 0
