"""Which unit computes what, and in which stage: the examples and small graphs by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from xdsl.ir import Operation

from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dsl.lower import module_from_text
from ligrad_ir.signature import entry_function
from passes.pipelines import run_pipeline
from passes.to_npu.staging import Staging, is_cube, stage
from passes.to_npu.unsupported import UnsupportedError

EXAMPLES = Path(__file__).parents[2] / "examples"
HEADER = """operator Small
axis T in 1..99
axis N in 1..99
axis K in 1..64
axis G in 1..64
axis D = 64
input q   : half[T, G, D]
input key : half[N, D]
input w   : half[T, G]
input dy  : half[T, K]
input i   : int32[T, K] selects N
"""


def staged(text: str, pipeline: str = "graph-mixed") -> tuple[Staging, list[Operation]]:
    module = module_from_text(text, "small.lig", dtype="bf16", layout="BSND")
    run_pipeline(module, pipeline)
    function = entry_function(module)
    return stage(function), list(function.body.block.ops)


def small(*lines: str) -> tuple[Staging, list[Operation]]:
    return staged(HEADER + "\n".join(lines) + "\n")


def spelled(staging: Staging) -> dict[int, list[str]]:
    """The operations of the stages, with those fused to each."""
    return {
        number: [
            "+".join(
                o.name.removeprefix("lig.") for o in (op, *staging.fused.get(op, ()))
            )
            for op in ops
        ]
        for number, ops in sorted(staging.stages.items())
    }


def example(name: str, pipeline: str = "graph-mixed") -> dict[int, list[str]]:
    text = (EXAMPLES / f"{name}.lig").read_text(encoding="utf-8")
    staging, _ = staged(text, pipeline)
    assert staging.token_axis == "T"
    return spelled(staging)


def test_forward_scores() -> None:
    assert example("forward_scores") == {
        0: ["gather"],
        1: ["matmul+relu"],
        2: ["cast", "mul", "reduce_sum", "mask", "cast"],
    }


def test_lightning_indexer_grad() -> None:
    assert example("lightning_indexer_grad") == {
        0: ["gather"],
        1: ["matmul+relu"],
        2: [
            *("cast", "cast", "mul", "mul", "mask", "reduce_sum"),
            *("relu_grad", "cast", "cast"),
        ],
        3: ["matmul+cast", "matmul"],
        4: ["scatter_add"],
    }


def test_with_the_algebra_nothing_is_computed_twice_but_casts() -> None:
    """Of the scores, the signs cross memory and the gradient is selected; heads are
    scaled before, in two halves, and behind."""
    assert example("lightning_indexer_grad", "optimized-mixed") == {
        0: ["gather"],
        1: ["matmul+relu+cast"],
        2: ["relu_grad", "cast", "cast", "mul", "cast", "cast", "sub", "cast"],
        3: ["matmul", "matmul+matmul+add"],
        4: [
            *("cast", "mul", "reduce_sum", "cast", "mul"),
            *("scatter_add", "cast", "cast"),
        ],
    }


def test_linear_indexer_grad() -> None:
    """The gradients of the scores cross to the cube at once; `dy` is widened again for
    the stage behind, not sent through memory."""
    found = example("linear_indexer_grad")
    assert found[0] == ["gather", "cast", "cast", "mul", "mask", "cast", "cast"]
    assert found[1] == ["matmul", "matmul+cast", "matmul"]
    assert found[2] == ["cast", "mul", "mask", "reduce_sum", "scatter_add", "cast"]


def test_accumulated_results_are_rounded_at_the_end() -> None:
    staging, ops = small(
        "output dk : half[N, D]", "dk = ScatterAdd(Matmul(dy * w, q over G), i)"
    )
    [scatter] = [op for op in ops if isinstance(op, lig.ScatterAddOp)]
    assert staging.accumulated == [scatter.result]
    assert [op.name for op in staging.final] == ["lig.cast"]
    assert staging.stages_of(staging.final[0]) == []


def test_a_relu_is_fused_where_nothing_else_needs_the_product() -> None:
    lines = ("output y : float32[T, G]", "P = Matmul(q, Gather(key, i) over D)")
    alone, ops = small(*lines, "y = Reduce(Relu(P) * dy)")
    assert spelled(alone)[1] == ["matmul+relu"]
    [relu] = [op for op in ops if isinstance(op, lig.ReluOp)]
    assert alone.stages_of(relu) == [1]
    shared, _ = small(*lines, "y = Reduce(Relu(P) * P)")
    assert spelled(shared)[1] == ["matmul"]
    assert "relu" in spelled(shared)[2]


def test_a_cast_to_float32_is_not_fused() -> None:
    staging, _ = small("output y : float32[T, G, K]", "y = Matmul(q, Gather(key, i))")
    assert spelled(staging)[1] == ["matmul"]
    half, _ = small("output y : half[T, G, D]", "y = Matmul(dy * w, Gather(key, i))")
    assert spelled(half)[1] == ["matmul+cast"]


def test_elementwise_work_sinks_to_the_stage_that_needs_it() -> None:
    """2 * w has no need of the product, what is done with it has."""
    staging, ops = small(
        "output y : half[T, G]",
        "y = Reduce(Matmul(q, Gather(key, i)) * (2 * w) over K)",
    )
    assert spelled(staging)[0] == ["gather"]
    assert spelled(staging)[2].count("mul") == 2
    assert all(len(staging.stages_of(op)) <= 1 for op in ops)


def test_what_two_vector_stages_need_is_computed_in_both() -> None:
    staging, ops = small(
        "output y : half[T, G]",
        "X = dy * w",
        "A = Matmul(X, Gather(key, i))",
        "y = Reduce(Matmul(A, Gather(key, i) over D) * X over K)",
    )
    [product] = [
        op for op in ops if isinstance(op, lig.MulOp) and staging.stages_of(op)[0] == 0
    ]
    assert staging.stages_of(product)[0] == 0
    assert staging.stages_of(product)[-1] % 2 == 0
    assert len(staging.stages_of(product)) == 2


def test_products_in_a_row_share_a_stage() -> None:
    """A rounding that is fused keeps the value on the cube; others go by the vectors."""
    staging, _ = small(
        "output y : half[T, G, K]",
        "y = Matmul(Matmul(dy * w, Gather(key, i)), Gather(key, i) over D)",
    )
    assert spelled(staging)[1] == ["matmul+cast", "matmul"]
    between, _ = small(
        "output y : half[T, G, K]",
        "y = Matmul(2 * Matmul(dy * w, Gather(key, i)), Gather(key, i) over D)",
    )
    assert spelled(between)[1] == ["matmul"]
    assert spelled(between)[3] == ["matmul"]


@pytest.mark.parametrize(
    "name", ["forward_scores", "lightning_indexer_grad", "linear_indexer_grad"]
)
def test_units_alternate_and_operands_come_first(name: str) -> None:
    staging, ops = staged((EXAMPLES / f"{name}.lig").read_text(encoding="utf-8"))
    order = {op: i for i, op in enumerate(ops)}
    for number, found in staging.stages.items():
        assert [order[op] for op in found] == sorted(order[op] for op in found)
        for op in found:
            assert is_cube(op) == bool(number % 2)
            for operand in op.operands:
                if isinstance(operand.owner, Operation):
                    stages = staging.stages_of(operand.owner)
                    assert not stages or stages[0] <= number
                    if stages and not is_cube(operand.owner) and not number % 2:
                        fused = any(operand.owner in f for f in staging.fused.values())
                        is_move = isinstance(operand.owner, lig.GatherOp)
                        assert number in stages or fused or is_move


def test_what_is_computed_behind_the_last_token() -> None:
    staging, _ = small(
        "output y : half[N, D]",
        "output loss : half[T]",
        "y = 2 * Relu(ScatterAdd(Gather(key, i), i)) - key",
        "loss = Reduce(dy over K)",
    )
    final = [op.name for op in staging.final]
    assert final.count("lig.mul") == final.count("lig.relu") == 1
    assert [v.owner.name for v in staging.accumulated] == ["lig.scatter_add"]
    made = staging.makers(staging.final[-1].results[0])
    assert [op.name for op in made][-2:] == ["lig.sub", "lig.cast"]


def test_what_is_the_same_for_all_tokens_is_done_where_it_is_used() -> None:
    staging, _ = small(
        "output y : half[T, G, D]",
        "output z : half[D]",
        "s = key * 0",
        "y = q * 2",
        "z = 1 + Reduce(Reduce(q over G) over T)",
    )
    assert {op.name for op in staging.final} == {"lig.constant", "lig.add", "lig.cast"}
    assert "reduce_sum" in spelled(staging)[0]


def test_tokens_are_the_first_axis_of_all_arrays_that_have_it() -> None:
    def token(*outputs: str) -> str:
        head = "operator O\naxis M in 1..9\naxis C = 64\naxis One = 1\n"
        body = "input x : half[M, C]\n" + "\n".join(outputs) + "\n"
        return staged(head + body)[0].token_axis

    assert token("output y : half[C]", "y = Reduce(x)") == "M"
    assert token("output y : half[One]", "y = Reduce(Reduce(x over C) over M)") == "M"
    assert token("output y : half[M]", "y = Reduce(x)") == "M"


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (
            ("output y : half[T, G, K]", "y = w * Reduce(dy over T)"),
            r"small.lig:\d+:\d+: error: .* a product needs a sum over all of T for each",
        ),
        (
            ("output y : half[K, G]", "y = Matmul(dy, w over T)"),
            r"small.lig:\d+:\d+: error: .* Matmul sums over T, whose",
        ),
        (
            ("output y : half[T, G, D]", "y = q * Reduce(key over N)"),
            "Reduce without the axis T, .* it would be done again for each",
        ),
        (
            (
                "output y : half[N, D]",
                "y = Reduce(Reduce(q over G) over T) + ScatterAdd(Gather(key, i), i)",
            ),
            r"an operand over \[D\] for a result over \[N, D\]",
        ),
        (
            ("output y : half[D]", "y = Reduce(ScatterAdd(Gather(key, i), i) over N)"),
            "Reduce of a sum over T, .* only elementwise work",
        ),
    ],
)
def test_what_cannot_be_staged_is_named(lines: tuple[str, ...], says: str) -> None:
    with pytest.raises(UnsupportedError, match=says) as caught:
        small(*lines)
    assert str(caught.value).startswith("small.lig:")


def test_a_product_needs_a_half_to_round_to() -> None:
    text = HEADER.replace(": half", ": float32")
    lines = "output o : float32[T, G, K]\no = Matmul(q, Gather(key, i))\n"
    with pytest.raises(UnsupportedError, match=r":13:5: error: .* as half"):
        staged(text + lines)
