"""Syntax tree to IR: what axes mean, and what every mistake is told as."""

from __future__ import annotations

from pathlib import Path

import pytest
from xdsl.dialects.builtin import BFloat16Type, FileLineColLoc, Float16Type, ModuleOp

from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.ragged import ValidCountOp, tensor
from ligrad_ir.dialects.lig.types import TensorType
from ligrad_ir.dsl.lower import module_from_text
from ligrad_ir.errors import DslError
from ligrad_ir.signature import Layout, signature_of
from ligrad_ir.text import parse_module

EXAMPLES = Path(__file__).parents[2] / "examples"

SIGNATURE = """operator Op
axis B in 1..4
axis S1 in 1..8
axis S2 in 1..8
axis T = B * S1
axis N = B * S2
axis G in 1..8
axis One = 1
axis D = 16
axis K in 1..8
input q as Query, X : half[T, G, D]
input key : half[N, One, D]
input w : half[T, G]
input dy : half[T, One?, K]
input ind : int32[T, K] selects N by mode
input qe : int32[B] ends T
input ke : int32[B] ends N
attribute mode : int64 in {0, 3} = 3
"""


def build(formulas: str, outputs: str, layout: Layout = "BSND") -> ModuleOp:
    module = module_from_text(SIGNATURE + outputs + formulas, "f.lig", layout=layout)
    module.verify()
    return module


def ops(module: ModuleOp, kind: type) -> list:
    return [op for op in module.walk() if isinstance(op, kind)]


def mistakes(text: str) -> list[str]:
    with pytest.raises(DslError) as caught:
        module_from_text(text, "f.lig", layout="BSND")
    return [
        message.splitlines()[0].split("error: ")[1] for message in caught.value.messages
    ]


def mistake(formulas: str, outputs: str = "output y : half[T, G]\n") -> str:
    [message] = mistakes(SIGNATURE + outputs + formulas)
    return message


# ---- what axes mean


def test_matmul_contracts_the_shared_axis_that_is_no_batch_axis() -> None:
    module = build("y = Matmul(q, Gather(key, ind))", "output y : half[T, G, K]\n")
    [matmul] = ops(module, lig.MatmulOp)
    assert matmul.over.string_value() == "D"
    assert tensor(matmul.result).axes == ("T", "G", "K")


def test_matmul_over_names_the_axis() -> None:
    module = build("y = Matmul(q, w over T)", "output y : half[G, D]\n")
    [matmul] = ops(module, lig.MatmulOp)
    assert matmul.over.string_value() == "T"
    assert tensor(matmul.result).axes == ("G", "D")


def test_products_broadcast_in_declared_order() -> None:
    module = build("y = dy * w", "output y : half[T, K, G]\n")
    [mul] = ops(module, lig.MulOp)
    assert tensor(mul.result).axes == ("T", "G", "K")


def test_reduce_sums_what_the_output_lacks() -> None:
    module = build("y = Reduce(q * w)", "output y : half[T]\n")
    assert [op.over.string_value() for op in ops(module, lig.ReduceSumOp)] == ["G", "D"]


def test_sums_over_a_selection_are_masked() -> None:
    module = build("y = Reduce(dy * w)", "output y : half[T, G]\n")
    [mask], [reduce] = ops(module, lig.MaskOp), ops(module, lig.ReduceSumOp)
    assert reduce.input is mask.result


def test_outputs_over_a_selection_are_masked() -> None:
    assert len(ops(build("y = dy * 2", "output y : half[T, K]\n"), lig.MaskOp)) == 1
    assert not ops(build("y = w * 2", "output y : half[T, G]\n"), lig.MaskOp)


def test_a_scatter_masks_other_selections() -> None:
    """It sums over the tokens of them too; its own absent entries it passes over."""
    more = "axis L = 4\ninput more : int32[T, L] selects N\n"
    formula = "y = ScatterAdd(dy * q, ind)\n"
    assert not ops(build(formula, more + "output y : half[N, G, D]\n"), lig.MaskOp)
    formula = more + "input z : half[T, L]\ny = ScatterAdd(dy * z, more)\n"
    module = build(formula, "output y : half[N, K]\n")
    [mask], [scatter] = ops(module, lig.MaskOp), ops(module, lig.ScatterAddOp)
    assert scatter.updates is mask.result
    assert tensor(mask.rows).axes == ("T", "K")


def test_names_and_functions_ignore_case() -> None:
    module = build("Y = RELU(QUERY) * x", "output y : half[T, G, D]\n")
    assert len(ops(module, lig.ReluOp)) == 1


@pytest.mark.parametrize("layout", ["BSND", "TND"])
def test_unit_axes_stay_out_of_the_graph(layout: Layout) -> None:
    module = build("y = key * 1", "output y : half[N, One, D]\n", layout)
    signature = signature_of(module)
    assert signature.layout == layout
    [port] = signature.outputs
    assert [str(dim) for dim in port.dims] == ["N", "One", "D"]
    assert signature.tensor_type(port) == TensorType(("N", "D"), BFloat16Type())


def test_half_is_bound_when_lowered() -> None:
    text = SIGNATURE + "output y : half[T, G]\ny = w * 1"
    module = module_from_text(text, layout="BSND", dtype="fp16")
    [port] = signature_of(module).outputs
    assert port.element == Float16Type()


def test_a_dense_program_needs_no_batches() -> None:
    text = """operator Dense
axis M in 1..64
axis C = 32
axis P in 1..64
axis K in 1..4
input a : half[M, C]
input b : half[P, C]
input i : int32[M, K] selects P by mode
attribute mode : int64 in {0, 3} = 0
output c : float32[M, P]
output d : half[M, K, C]
c = Matmul(a, b)
d = Gather(b, i)
"""
    module = module_from_text(text, layout="BSND")
    module.verify()
    [count] = ops(module, ValidCountOp)
    assert tensor(count.token_ends).axes == ()


def test_axes_may_be_bounded_by_axes_behind_them() -> None:
    text = """operator Bounds
axis A in B..8
axis B in C..9
axis C = D
axis D in 1..5
input x : half[A, B, C, D]
output y : half[A, B, C, D]
y = x * x
"""
    axes = signature_of(module_from_text(text, layout="BSND")).axes
    assert (axes["A"].minimum, axes["A"].at_least) == (1, "B")
    assert (axes["B"].minimum, axes["B"].at_least) == (1, "C")
    same = axes["C"]
    assert (same.minimum, same.maximum, same.at_least, same.at_most) == (1, 5, "D", "D")


def test_operations_know_their_place() -> None:
    module = build("y = Relu(\n  q * 2)", "output y : half[T, G, D]\n")
    [mul] = ops(module, lig.MulOp)
    location = mul.location
    assert isinstance(location, FileLineColLoc)
    lines = SIGNATURE.count("\n")
    assert (location.line.data, location.column.data) == (lines + 3, 3)


def test_signature_survives_the_text_of_the_module() -> None:
    module = build("y = q * w", "output y as out : half[T, G, D]\n", "TND")
    again = parse_module(str(module))
    assert signature_of(again) == signature_of(module)


@pytest.mark.parametrize(
    "line",
    [
        "S=Relu(Matmul(Query,Gather(Key,Indices)))",
        "S = Relu(Matmul(Query, Gather(Key, Indices)))",
    ],
)
@pytest.mark.parametrize("product", ["Y=Dy∗Weights", "Y = Dy*Weights"])
@pytest.mark.parametrize("reduce", ["dW=Reduce(S∗dy)", "dW = Reduce(S * dy)"])
def test_the_formulas_as_the_document_prints_them(
    line: str, product: str, reduce: str
) -> None:
    example = (EXAMPLES / "lightning_indexer_grad.lig").read_text(encoding="utf-8")
    head, _, tail = example.partition("S = Relu")
    rest = tail.split("dW = Reduce(S * dy)")[1]
    text = f"{head}{line}\n{product}\n{reduce}{rest}"
    spelled = module_from_text(text, layout="BSND")
    assert str(spelled) == str(module_from_text(example, layout="BSND"))


# ---- mistakes in formulas


@pytest.mark.parametrize(
    ("formulas", "message"),
    [
        ("y = qu * w", "'qu' is not defined; did you mean 'q'?"),
        ("y = Rleu(w)", "there is no function 'Rleu'; did you mean 'Relu'?"),
        ("y = Relu(w, w)", "Relu takes 1 argument, not 2"),
        ("y = Matmul(w)", "Matmul takes 2 arguments, not 1"),
        ("y = Relu(w over G)", "Relu sums over no axis"),
        ("y = ind * w", "indices are no numbers to compute with"),
        ("y = ind", "indices are no numbers to compute with"),
        (
            "y = Gather(key, w)",
            "the second argument of Gather is an input declared with 'selects AXIS'",
        ),
        (
            "y = Gather(w, ind)",
            "the indices point into axis N, which [T, G] lacks",
        ),
        (
            "y = ScatterAdd(w, ind)",
            "the updates [T, G] lack the index axes ['K']",
        ),
        (
            "y = Matmul(w, dy)",
            "a product of [T, G] and [T, K] contracts the one axis that both have and "
            "that is not a batch axis, but there is none; name it: "
            "Matmul(a, b over AXIS)",
        ),
        (
            "y = Matmul(q, q)",
            "a product of [T, G, D] and [T, G, D] contracts the one axis that both have "
            "and that is not a batch axis, but these are [G, D]; name it: "
            "Matmul(a, b over AXIS)",
        ),
        (
            "y = Matmul(q, w over D)",
            "the right operand [T, G] has no axis D to contract",
        ),
        (
            "y = Matmul(q, w over Z)",
            "there is no axis 'Z'; there are: B, S1, S2, T, N, G, One, D, K",
        ),
        (
            "y = 2 * Reduce(q)",
            "which axes this sums is only clear where its result is a declared output; "
            "name one: Reduce(x over AXIS)",
        ),
        ("y = Reduce(q over K)", "there is no axis K among [T, G, D] to sum over"),
        (
            "y = Reduce(w)",
            "there is nothing to sum: [T, G] has no axis that y [T, G] lacks",
        ),
        ("y = q", "y is declared with the axes [T, G], its formula gives [T, G, D]"),
        ("z = w", "no formula defines the output y"),
        ("w = q\ny = w", "'w' is an input; give the result another name"),
        ("y = w\ny = w", "'y' is defined already; give the result another name"),
        (
            "y = w * mode",
            "'mode' is an attribute, and formulas compute with arrays only",
        ),
        ("y = w * G", "'G' is an axis, and formulas compute with arrays only"),
        ("y = w * z\nz = w", "the formula of 'z' stands further down; move it up"),
        ("y = w * 1e39", "the number is more than a float32 can hold"),
        ("y = w * -1e999", "the number is more than a float32 can hold"),
        ("y = w * " + "9" * 5000, "the number is more than a float32 can hold"),
        (
            "y = " + "-" * 101 + "w",
            "the formula is more than 100 operations deep; give parts of it names of "
            "their own",
        ),
        (
            "y = Reduce(q, D)",
            "Reduce takes 1 argument, not 2; the axis that is summed stands behind "
            "'over'",
        ),
    ],
)
def test_mistakes_in_formulas(formulas: str, message: str) -> None:
    assert mistake(formulas) == message


def test_a_wrong_formula_does_not_blame_those_that_use_it() -> None:
    assert mistake("s = Relu(nothing)\ny = s * w").startswith("'nothing'")


def test_several_mistakes_come_in_one_run() -> None:
    text = SIGNATURE + "output y : half[T, G]\ny = a * w\nz = b"
    assert len(mistakes(text)) == 2


def test_what_a_formula_defines_is_not_offered_to_it() -> None:
    """Nor is it blamed for nothing where it is all that is used."""
    found = mistake("y = y + w")
    assert found.startswith("'y' is what this formula defines; there are: q, query")
    for text in (found, mistake("y = w * nothing_like_it")):
        assert "y" not in text.partition("there are: ")[2].split(", ")


def test_formulas_may_be_as_deep_as_it_says() -> None:
    outputs = "output y : half[T, G]\n"
    assert len(ops(build("y = " + "-" * 100 + "w", outputs), lig.MulOp)) == 100
    assert (
        len(ops(build("y = " + "(" * 5000 + "w" + ")" * 5000, outputs), lig.MulOp)) == 0
    )
    build(
        "a0 = w\n"
        + "".join(f"a{i + 1} = Relu(a{i})\n" for i in range(2000))
        + "y = a2000",
        outputs,
    )


def test_an_output_under_two_names_is_ambiguous() -> None:
    outputs = "output y as out : half[T, G]\n"
    assert mistake("y = w\nout = w", outputs) == "y is defined twice, by y and out"


# ---- mistakes in signatures


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("axis G in 1..2", "axis G is declared twice"),
        ("axis X in 5..2", "no extent lies in 5..2"),
        ("axis X in 1..2147483648", "an axis has at most 2147483647 positions"),
        ("axis X = " + "9" * 5000, "an axis has at most 2147483647 positions"),
        ("axis OP in 1..2", "there is an axis 'Op' too; give one of them another name"),
        (
            "attribute m : int64 = 9223372036854775808",
            "an attribute is an int64, which cannot hold this",
        ),
        (
            f"attribute m : int64 in {{1, {'9' * 5000}}}",
            "an attribute is an int64, which cannot hold this",
        ),
        ("axis X in 1..Y", "there is no axis 'Y'"),
        ("axis X in Y..9\naxis Y in 1..X", "the bounds go in a circle: "),
        (
            "axis H in 1..4\ninput z : int32[G, H] selects N by mode",
            "indices into N (runs of B) need an axis that packs runs of B too",
        ),
        (
            "axis H in 1..4\ninput z : int32[T, G, H] selects N by mode",
            "'by' needs indices with one token axis and one entry axis, z has 3 axes",
        ),
        ("input z : int32[B] ends T", "qe holds the ends of T already"),
        ("axis X in 1..T", "T packs runs, it bounds no axis"),
        ("axis X = T * S1", "T packs runs itself; name a plain axis"),
        ("input w : half[T]", "the name 'w' is taken"),
        ("input z as w : half[T]", "the name 'w' is taken"),
        ("input z : haff[T]", "there is no dtype 'haff'; did you mean 'half'?"),
        ("input z : half[T, T]", "an axis occurs twice"),
        ("input z : half[Tt]", "there is no axis 'Tt'; did you mean 'T'?"),
        (
            "input z : half[S1]",
            "S1 is the length of the runs of T; an array has the axis T",
        ),
        (
            "input z : half[T, G?]",
            "only an axis of extent 1 can be left out, G is not",
        ),
        (
            "input z : int32[T]",
            "an int32 input says what it holds: 'selects AXIS' (row numbers) or "
            "'ends AXIS' (prefix sums of run lengths)",
        ),
        ("input z : int32[B] ends G", "G packs no runs, so it has no ends"),
        (
            "input z : int32[G] ends T",
            "the ends of T are int32[B], one for every run",
        ),
        ("input z : half[T, G] selects N", "row numbers are int32"),
        (
            "input z : int32[T, K] selects N",
            "the axis K holds the entries of ind already; a second selection has an "
            "entry axis of its own",
        ),
        (
            "input z : int32[G] selects N",
            "indices into N (runs of B) need an axis that packs runs of B too, to say "
            "which run is meant",
        ),
        (
            "input z : int32[T, G] selects N by moda",
            "there is no attribute 'moda'; did you mean 'mode'?",
        ),
        (
            "input z : int32[T] selects N by mode",
            "the last axis of indices holds a token's entries, T packs runs of tokens",
        ),
        (
            "attribute other : int64 in {0, 7}\ninput z : int32[T, G] selects N by other",
            "other decides how many entries are valid: declare it 'in {0, 3}' (0: all, "
            "3: right-down causal)",
        ),
        ("attribute m : int64 in {0, 3} = 7", "the default 7 is none of [0, 3]"),
        ("output z : int32[T]", "an output holds floats: half or float32"),
        ("operator Two", "a text describes one operator, this is another"),
        (
            "axis S3 in 1..4\naxis M = B * S3",
            "the packed axis M needs an input with its run ends: input NAME : int32[B] "
            "ends M",
        ),
    ],
)
def test_mistakes_in_signatures(line: str, message: str) -> None:
    text = f"{SIGNATURE}{line}\noutput y : half[T, G]\ny = w"
    assert mistakes(text)[0].startswith(message)


def test_the_largest_attribute() -> None:
    line = f"attribute m : int64 in {{1, {2**63 - 1}}} = {2**63 - 1}\n"
    module = build("y = w", f"{line}output y : half[T, G]\n")
    [port] = [p for p in signature_of(module).scalars if p.name == "m"]
    assert (port.default, port.choices) == (2**63 - 1, (1, 2**63 - 1))


def test_a_text_needs_a_name_and_an_output() -> None:
    assert mistakes("axis A in 1..2") == [
        "the text declares no output",
        "the text has no line 'operator NAME'",
    ]
