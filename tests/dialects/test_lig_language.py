"""The section on the `.lig` language of the specification: its rules (R1), (R2), .."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from xdsl.dialects.builtin import ModuleOp

from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dsl.lower import module_from_text
from ligrad_ir.errors import DslError
from ligrad_ir.signature import LAYOUTS, Layout, entry_function, signature_of

SPEC = (Path(__file__).parents[2] / "docs/spec.md").read_text()

BASE = """operator P
axis B in 1..8
axis S1 in 1..64
axis S2 in 1..64
axis T = B * S1
axis N = B * S2
axis G in 1..8
axis K in 1..16
axis U = 1
input dy : float32[T, K]
input idx : int32[T, K] selects N by mode
input w : float32[T, G]
input ends_t : int32[B] ends T
input ends_n : int32[B] ends N
input rows : float32[N, G]
attribute mode : int64 in {0, 3} = 3
output o as oo : float32[N, G]
o = rows
"""


def lowered(text: str, layout: Layout = "TND") -> ModuleOp:
    module = module_from_text(text, layout=layout)
    module.verify()
    return module


def edited(*edits: tuple[str, str]) -> str:
    text = BASE
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return text


def op_names(module: ModuleOp) -> list[str]:
    return [op.name for op in entry_function(module).body.block.ops]


LAST = "o = rows\n"

WRONG: list[tuple[str, tuple[tuple[str, str], ...], str]] = [
    ("R1", (("operator P\n", ""),), "no line 'operator NAME'"),
    ("R1", (("operator P", "operator P\noperator R"),), "one operator"),
    ("R1", (("output o as oo : float32[N, G]\n", ""),), "declares no output"),
    ("R1", ((LAST, ""),), "no formula defines the output o"),
    ("R1", ((LAST, LAST + LAST),), "'o' is defined already"),
    ("R1", ((LAST, LAST + "oo = rows\n"),), "defined"),
    ("R2", (("dy : float32[T, K]", "dy : float32[T, Z]"),), "no axis 'Z'"),
    ("R2", (("axis U = 1", "axis U = 1\naxis u = 2"),), "declared twice"),
    ("R2", (("axis K in 1..16", "axis K in 1..T"),), "axis"),
    ("R2", (("axis T = B * S1", "axis T = B * N"),), "N packs runs itself"),
    ("R2", (("axis K in 1..16", "axis K in 9..8"),), "no extent lies in 9..8"),
    ("R3", (("input w", "input DY"),), "the name 'DY' is taken"),
    ("R3", (("input w", "input w as mode, dy"),), "the name 'dy' is taken"),
    ("R3", (("output o as oo", "output o as w"),), "the name 'w' is taken"),
    ("R3", (("attribute mode", "attribute mode : int64\nattribute mode"),), "taken"),
    ("R4", (("dy : float32[T, K]", "dy : float32[T, t]"),), "an axis occurs twice"),
    ("R4", (("dy : float32[T, K]", "dy : float32[S1, K]"),), "length of the runs of T"),
    ("R4", (("dy : float32[T, K]", "dy : float32[T, K?]"),), "extent 1"),
    ("R5", ((" selects N by mode", ""),), "says what it holds"),
    ("R5", (("w : float32[T, G]", "w : float32[T, G] selects N"),), "are int32"),
    ("R5", (("output o as oo : float32", "output o as oo : int32"),), "holds floats"),
    ("R6", (("input ends_n : int32[B] ends N\n", ""),), "needs an input with its run"),
    ("R6", (("int32[B] ends T", "int32[G] ends T"),), "are int32[B]"),
    ("R6", (("int32[B] ends T", "float32[B] ends T"),), "are int32[B]"),
    ("R6", (("int32[B] ends T", "int32[B] ends G"),), "packs no runs"),
    ("R6", (("input w", "input more : int32[B] ends T\ninput w"),), "ends"),
    (
        "R7",
        (("input w", "input more : int32[T, K] selects N\ninput w"),),
        "an entry axis of its own",
    ),
    (
        "R7",
        (
            ("int32[T, K] selects", "int32[T, K, U?] selects"),
            ("input w", "input more : int32[T, K] selects N\ninput w"),
        ),
        "an entry axis of its own",
    ),
    ("R7", (("[T, K] selects N by mode", "[G, K] selects N"),), "packs runs of B too"),
    (
        "R7",
        (("[T, K] selects N by mode", "[T, N] selects N"),),
        "N packs runs of tokens",
    ),
    ("R7", (("[T, K] selects N by mode", "[K, T] selects N"),), "idx"),
    ("R7", (("[T, K] selects N by mode", "[K, T] selects N by mode"),), "idx"),
    ("R8", (("by mode", "by depth"),), "no attribute 'depth'"),
    ("R8", (("{0, 3}", "{0, 1, 3}"),), "declare it"),
    ("R8", ((" in {0, 3}", ""),), "declare it"),
    ("R8", (("[T, K] selects", "[T, G, K] selects"),), "one token axis and one entry"),
    ("R9", ((LAST, "o = Matmul(dy, w)\n"),), "but there is none"),
    ("R9", ((LAST, "o = Matmul(rows, Gather(rows, idx))\n"),), "axes"),
    ("R10", ((LAST, "o = rows * Reduce(w)\n"),), "name one: Reduce(x over AXIS)"),
    ("R10", ((LAST, "x = Reduce(w)\n" + LAST),), "name one: Reduce(x over AXIS)"),
    ("R10", ((LAST, "o = Reduce(rows)\n"),), "nothing to sum"),
    ("R11", ((LAST, "o = Reduce(rows over Z)\n"),), "no axis 'Z'"),
    ("R11", ((LAST, "o = Reduce(rows over K)\n"),), "no axis K"),
    ("R11", ((LAST, "o = Matmul(rows, w over N)\n"),), "no axis N"),
    ("R11", ((LAST, "o = Relu(rows over G)\n"),), "Relu sums over no axis"),
    ("R12", ((LAST, "o = Gather(rows, dy)\n"),), "'selects AXIS'"),
    ("R12", ((LAST, "o = ScatterAdd(dy * w, ends_t)\n"),), "'selects AXIS'"),
    ("R12", ((LAST, "o = rows * idx\n"),), "no numbers to compute with"),
    ("R12", ((LAST, "o = rows * ends_n\n"),), "no numbers to compute with"),
    ("R12", ((LAST, "o = rows * mode\n"),), "'mode'"),
    ("R13", ((LAST, "o = w\n"),), "declared with the axes [N, G]"),
    ("R13", ((LAST, "o = Reduce(rows over G)\n"),), "declared with the axes [N, G]"),
    (
        "R14",
        (
            ("axis U = 1", "axis V in 1..9"),
            ("selects N by mode", "selects V"),
            ("output o as oo : float32[N, G]", "output o : float32[V, G]"),
            (LAST, "o = ScatterAdd(dy * w, idx)\n"),
        ),
        "attribute num_v : int64 = V",
    ),
]


@pytest.mark.parametrize(
    ("rule", "edits", "message"),
    WRONG,
    ids=[f"{w[0]}-{w[1][-1][1][:30]}" for w in WRONG],
)
def test_rule(rule: str, edits: tuple[tuple[str, str], ...], message: str) -> None:
    with pytest.raises(DslError) as raised:
        lowered(edited(*edits))
    assert message in str(raised.value)
    assert re.search(r"^<string>:\d+:\d+: error: ", str(raised.value), re.MULTILINE)


def test_every_rule_has_a_case() -> None:
    rules = re.findall(r"^- \((R\d+)\)", SPEC, re.MULTILINE)
    assert len(rules) == len(set(rules))
    assert set(rules) == {rule for rule, _, _ in WRONG}


def test_base_is_right() -> None:
    for layout in LAYOUTS:
        assert signature_of(lowered(BASE, layout)).layout == layout


def test_examples_of_the_specification() -> None:
    text, table = re.findall(r"```lig\n(.*?)```", SPEC, re.DOTALL)
    assert [p.equals for p in signature_of(lowered(table)).scalars] == ["V"]
    signature = signature_of(lowered(text))
    assert signature.axes["S2"].maximum == 128 * 1024
    assert signature.axes["S2"].at_least == "K"
    assert [port.equals for port in signature.scalars] == ["N1", None]


def test_a_bound_may_be_declared_further_down() -> None:
    text = edited(("axis G in 1..8", "axis G in H..8\naxis H in I..9\naxis I in 1..2"))
    axes = signature_of(lowered(text)).axes
    assert (axes["G"].at_least, axes["H"].at_least) == ("H", "I")


def test_an_axis_as_long_as_another() -> None:
    axis = signature_of(lowered(edited(("axis G in 1..8", "axis G = K")))).axes["G"]
    assert (axis.at_least, axis.at_most) == ("K", "K")
    assert (axis.minimum, axis.maximum) == (1, 16)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("rows + rows", ["lig.add"]),
        ("rows - rows - rows", ["lig.sub", "lig.sub"]),
        ("rows + rows * ROWS", ["lig.mul", "lig.add"]),
        ("(rows + rows) ∗ rows", ["lig.add", "lig.mul"]),
        ("-rows", ["lig.constant", "lig.mul"]),
        ("2 * rows", ["lig.constant", "lig.mul"]),
        ("relu(rows)", ["lig.relu"]),
        ("RELUGRAD(rows, rows)", ["lig.relu_grad"]),
        (
            "(rows  # a comment\n\n  # and a line of it\n * rows\n)",
            ["lig.mul"],
        ),
        ("ScatterAdd(dy * w, idx)", ["lig.mul", "lig.scatter_add"]),
    ],
)
def test_expression(expression: str, expected: list[str]) -> None:
    names = op_names(lowered(edited((LAST, f"o = {expression}\n"))))
    signature_ops = {"lig.valid_count", "lig.run", "lig.rows", "lig.cast"}
    assert [n for n in names if n not in signature_ops] == [*expected, "func.return"]


def test_numbers() -> None:
    text = edited((LAST, "o = rows * 2K * 1.5 * .5 * 1e3 * 2.5E-1\n"))
    found = [
        op.value.value.data
        for op in lowered(text).walk()
        if isinstance(op, lig.ConstantOp)
    ]
    assert found == [2048.0, 1.5, 0.5, 1000.0, 0.25]


def test_reduce_without_over_sums_what_the_output_lacks() -> None:
    text = edited(
        ("output o as oo : float32[N, G]", "output o : float32[G]"),
        (LAST, "o = Reduce(w)\n"),
    )
    sums = [op for op in lowered(text).walk() if isinstance(op, lig.ReduceSumOp)]
    assert [op.over.string_value() for op in sums] == ["T"]
