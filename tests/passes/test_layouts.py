"""The order of axes in memory: what is given, what is chosen, and what cannot be."""

from __future__ import annotations

import pytest

import ligrad
from ligrad.compiler import SCHEDULES
from ligrad.workload import generate
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.dsl.lower import module_from_text
from ligrad_ir.errors import LigradError
from ligrad_ir.signature import entry_function
from passes.assign_layouts import AssignLayoutsPass
from passes.pipelines import PIPELINES, run_passes
from tests.end_to_end.test_tiled import LIGHTNING, check

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


def laid_out(*lines: str) -> dict[str, str]:
    """By operation and its number, the axes of its result."""
    text = HEADER + "\n".join(lines) + "\n"
    module = module_from_text(text, "small.lig", dtype="bf16", layout="BSND")
    run_passes(module, (*PIPELINES["graph-mixed"], AssignLayoutsPass()))
    found: dict[str, str] = {}
    for op in entry_function(module).body.block.ops:
        if op.results:
            kind = op.name.removeprefix("lig.")
            number = sum(name.startswith(kind) for name in found)
            found[f"{kind} {number}"] = " ".join(tensor(op.results[0]).axes)
    return found


SCORES = "P = Matmul(Gather(key, i), q)"


def test_entries_come_last_where_nothing_is_given() -> None:
    found = laid_out("output o : half[T, G]", SCORES, "o = Reduce(Relu(P) * dy)")
    assert found["matmul 0"] == "T G K"
    assert found["relu 0"] == found["mul 0"] == found["mask 0"] == "T G K"
    assert found["reduce_sum 0"] == "T G"


def test_an_output_is_given() -> None:
    turned = ("axis E = 64", "input v : half[E, D]", "output o : half[T, E, G]")
    found = laid_out(*turned, "o = 2 * Matmul(q, v)")
    assert found["matmul 0"] == found["mul 0"] == found["cast 0"] == "T E G"


def test_an_output_that_is_a_product_needs_no_cast_to_reorder_it() -> None:
    found = laid_out("output o : float32[T, G, K]", SCORES, "o = P + 1")
    assert found["add 0"] == "T G K"
    assert "cast 0" not in found


def test_rows_that_are_added_lie_one_behind_the_other() -> None:
    found = laid_out(
        "output o : half[N, D]",
        SCORES,
        "o = ScatterAdd(dy * Matmul(q, P over G), i)",
    )
    assert found["matmul 1"] == found["mul 0"] == "T K D"


def test_what_is_laid_out_stays() -> None:
    text = f"{HEADER}output o : half[T, G]\n{SCORES}\no = Reduce(Relu(P) * dy)\n"
    module = module_from_text(text, "small.lig", dtype="bf16", layout="BSND")
    run_passes(module, (*PIPELINES["graph-mixed"], AssignLayoutsPass()))
    again = module.clone()
    run_passes(again, (AssignLayoutsPass(),))
    assert str(again) == str(module)


REFUSED = {
    r":14:5: error: .*: the output o has the axes \[D, N\], what ScatterAdd makes "
    r"\[N, D\]": (
        "output o : half[D, N]",
        SCORES,
        "o = ScatterAdd(Matmul(P, q over G), i)",
    ),
    r":13:5: error: .*: the output o has the axes \[T, D, G\], the input q \[T, G, D\]": (
        "output o : half[T, D, G]",
        "o = 2 * q",
    ),
    r":17:5: error: .*: the output b has the axes \[T, E, G\], the output a \[T, G, E\]": (
        "axis E = 64\ninput v : half[E, D]",
        "output a : half[T, G, E]\noutput b : half[T, E, G]",
        "a = Matmul(q, v)\nb = Relu(a)",
    ),
    r":13:5: error: .*: the input w has the axes \[T, G\]; G, .* must be the first": (
        "output o : half[G, T]",
        "o = 2 * w",
    ),
    r"the input v has the axes \[G, T\]; T, .* must be the first": (
        "input v : half[G, T]\noutput o : half[T, G]",
        "o = v * w",
    ),
    r":14:5: error: .*: the output o has the axes \[T, K, G\], .* must be the last axis": (
        "output o : half[T, K, G]",
        SCORES,
        "o = 2 * P",
    ),
    r":14:12: error: .*: rows are gathered by N, .* not the first axis of \[D, N\]": (
        "input turned : half[D, N]\noutput o : half[T, G, K]",
        "o = Matmul(Gather(turned, i), q)",
    ),
}


@pytest.mark.parametrize("says", REFUSED)
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_given_layouts_that_differ_are_named(says: str, schedule: str) -> None:
    text = HEADER + "\n".join(REFUSED[says]) + "\n"
    with pytest.raises(LigradError, match=says):
        ligrad.compile(text, schedule=schedule).module("npu")


def test_a_selection_that_no_mask_guards_comes_last_in_an_output() -> None:
    """What is 0 at absent entries by itself has no mask."""
    text = HEADER.replace("G in 1..64", "G = 64")
    text += f"output o : half[T, K, G]\n{SCORES}\no = ReluGrad(w, P)\n"
    with pytest.raises(LigradError, match=r"the output o has .* must be the last axis"):
        ligrad.compile(text).module("npu")


# ---- the order of factors

ORDERS = (
    ("Matmul(Query, Gather(Key, Indices))", "Matmul(Gather(Key, Indices), Query)"),
    (
        "Matmul(ReluGrad(Y, S), Gather(Key, Indices))",
        "Matmul(Gather(Key, Indices), ReluGrad(Y, S))",
    ),
    ("Matmul(ReluGrad(Y, S), Q)", "Matmul(Q, ReluGrad(Y, S))"),
    ("Dy * Weights", "Weights * Dy"),
)


def turned(*chosen: bool) -> str:
    text = LIGHTNING
    for (old, new), is_turned in zip(ORDERS, chosen):
        assert text.count(old) == 1
        text = text.replace(old, new) if is_turned else text
    return text


def kinds(operator: ligrad.Operator) -> list[str]:
    return [op.name for op in operator.module("npu").walk()]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_order_of_factors_does_not_change_the_program(schedule: str) -> None:
    expected = kinds(ligrad.compile(LIGHTNING, schedule=schedule))
    for at in range(3):
        found = ligrad.compile(turned(*(i == at for i in range(3))), schedule=schedule)
        assert kinds(found) == expected, ORDERS[at]


@pytest.mark.parametrize("dtype", ["bf16", "fp16"])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_factor_the_other_way_round(schedule: str, dtype: str) -> None:
    found = ligrad.compile(turned(*[True] * 4), schedule=schedule, dtype=dtype)
    shape = {"B": 2, "S1": 2, "S2": 90, "N1": 18, "K": 70}
    values = generate(found.signature, shape)
    check(found, values, found.run(values, "tiled", 2))
