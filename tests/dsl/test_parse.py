"""Text to syntax tree: what is accepted, and what the messages say."""

from __future__ import annotations

import pytest

from ligrad_ir.dsl import syntax
from ligrad_ir.dsl.parse import parse
from ligrad_ir.errors import DslError


def only(text: str) -> syntax.Statement:
    [statement] = parse(text).statements
    return statement


def formula(text: str) -> syntax.Expression:
    statement = only(text)
    assert isinstance(statement, syntax.Formula)
    return statement.value


def mistakes(text: str) -> list[str]:
    with pytest.raises(DslError) as caught:
        parse(text, "f.lig")
    return caught.value.messages


@pytest.mark.parametrize(
    "product", ["Y=Dy∗Weights", "Y = Dy*Weights", "Y = Dy * Weights"]
)
def test_both_product_signs(product: str) -> None:
    value = formula(product)
    assert isinstance(value, syntax.Mul)


def test_precedence_and_association() -> None:
    value = formula("y = a - b * -c - (d + e)")
    assert isinstance(value, syntax.Sub)
    assert isinstance(value.rhs, syntax.Add)
    assert isinstance(value.lhs, syntax.Sub)
    assert isinstance(value.lhs.rhs, syntax.Mul)
    assert isinstance(value.lhs.rhs.rhs, syntax.Neg)


@pytest.mark.parametrize(
    ("text", "value"),
    [("0.5", 0.5), (".25", 0.25), ("2", 2.0), ("128K", 131072.0), ("1e-3", 1e-3)],
)
def test_numbers(text: str, value: float) -> None:
    node = formula(f"y = {text}")
    assert isinstance(node, syntax.Number)
    assert node.value == value


def test_axis_bounds() -> None:
    node = only("axis S2 in K..128K")
    assert isinstance(node, syntax.Axis)
    assert node.high is not None
    assert (node.low.value, node.high.value) == ("K", 131072)


def test_a_bracket_continues_a_statement() -> None:
    program = parse("S = Relu(a  # why\n\n  + b\n)\nT = c")
    assert [type(s).__name__ for s in program.statements] == ["Formula", "Formula"]
    assert program.statements[1].meta.line == 5


def test_places_count_from_one_and_skip_comments() -> None:
    program = parse("# a comment\n\n  axis B in 1..4")
    [node] = program.statements
    assert isinstance(node, syntax.Axis)
    assert (node.name.line, node.name.column) == (3, 8)


def test_a_message_has_place_source_caret_and_expectation() -> None:
    [message] = mistakes("axis B in 1..4\nS = Relu(Matmul(Q Gather(Key, I)))")
    assert message == (
        "f.lig:2:19: error: unexpected 'Gather'; expected '(', ')', '*', '+', ',', '-'"
        " or 'over'\n"
        "  S = Relu(Matmul(Q Gather(Key, I)))\n"
        "                    ^^^^^^"
    )


def test_tabs_keep_the_caret_in_place() -> None:
    [message] = mistakes("\tS = $")
    assert message.splitlines()[1:] == ["  \tS = $", "  \t    ^"]


def test_all_broken_statements_are_reported() -> None:
    found = mistakes("axis B in 1..\nS = a +\nT = b\nU = c $ d")
    assert [message.split(":")[1] for message in found] == ["1", "2", "4"]


def test_an_open_bracket_spoils_one_statement_only() -> None:
    found = mistakes("S = Relu(a\nT = b $\naxis C in 1..2")
    assert [message.split(":")[1] for message in found] == ["1", "2"]


def test_the_end_of_a_line_is_a_place() -> None:
    [message] = mistakes("S = Relu(a # open")
    assert "f.lig:1:11: error: the statement ends too early" in message


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n"])
def test_an_empty_text_has_no_statements(text: str) -> None:
    assert parse(text).statements == ()


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_lines_end_as_on_any_system(end: str) -> None:
    found = mistakes(end.join(["axis B in 1..4", "S = Relu(a", "  * $)"]))
    assert [message.split(":")[1:3] for message in found] == [["3", "5"]]


def test_what_cannot_be_printed_is_a_question_mark() -> None:
    [message] = mistakes("S = a \x1b[31m\ud800\x0c")
    assert message.splitlines()[1:] == ["  S = a ?[31m??", "        ^"]
    assert "the character '\\x1b' has no meaning here" in message
