"""`parameter`: how the vendor's C interface spells inputs, attributes and outputs."""

from __future__ import annotations

from pathlib import Path

import pytest

from ligrad_ir.c_interface import c_attributes, c_name, prototype_name
from ligrad_ir.dsl.lower import module_from_text
from ligrad_ir.errors import DslError
from ligrad_ir.signature import signature_of
from ligrad_ir.text import parse_module

EXAMPLES = Path(__file__).parents[2] / "examples"
TEXT = """\
operator Twice
axis B in 1..4
axis S in 1..64
axis T = B * S
axis C = 32
input first_rows : half[T, C]
input lengths    : int32[B] ends T
attribute rows_mode : int64 in {0, 3} = 3
attribute columns   : int64 = C
output y : half[T, C]
y = first_rows + first_rows
"""


def spelled(text: str) -> list[str]:
    signature = signature_of(module_from_text(text, layout="TND"))
    return [c_name(port) for port in (*signature.inputs, *signature.outputs)]


def test_names_are_camel_case_unless_a_parameter_says_otherwise() -> None:
    assert spelled(TEXT) == ["firstRows", "lengths", "rowsMode", "columns", "y"]
    more = "parameter dY = Y\nparameter actualRows = lengths\nparameter M = rows_mode\n"
    assert spelled(TEXT + more) == ["firstRows", "actualRows", "M", "columns", "dY"]


def test_what_states_an_extent_stands_before_the_layout() -> None:
    signature = signature_of(module_from_text(TEXT, layout="BSND"))
    names = [port.name for port in c_attributes(signature)]
    assert names == ["columns", "layout", "rows_mode", "deterministic"]


def test_a_program_without_packed_axes_has_no_layout() -> None:
    text = "operator Plain\naxis C = 32\ninput a : half[C]\noutput y : half[C]\ny = a + a\n"
    signature = signature_of(module_from_text(text, layout="BSND"))
    assert [port.name for port in c_attributes(signature)] == ["deterministic"]


def in_graphs(text: str) -> list[str]:
    signature = signature_of(module_from_text(text, layout="TND"))
    ports = (*signature.arrays, *c_attributes(signature), *signature.outputs)
    return [prototype_name(port) for port in ports]


def test_graphs_have_names_of_their_own() -> None:
    usual = ["first_rows", "lengths", "columns", "layout", "rows_mode"]
    assert in_graphs(TEXT) == [*usual, "deterministic", "y"]
    more = "parameter dY = y\nparameter dy = Y in graph\nparameter M = rows_mode in graph\n"
    more += "parameter determinstic = deterministic in graph\n"
    names = ["first_rows", "lengths", "columns", "layout", "M", "determinstic", "dy"]
    assert in_graphs(TEXT + more) == names
    assert spelled(TEXT + more) == ["firstRows", "lengths", "rowsMode", "columns", "dY"]


def test_options_have_names_in_c_too() -> None:
    more = "parameter inputLayout = layout\nparameter graph = deterministic\n"
    signature = signature_of(module_from_text(TEXT + more, layout="TND"))
    names = [c_name(port) for port in c_attributes(signature)]
    assert names == ["columns", "inputLayout", "rowsMode", "graph"]


def test_ir_keeps_the_spelling() -> None:
    text = (EXAMPLES / "lightning_indexer_grad.lig").read_text(encoding="utf-8")
    module = module_from_text(text, layout="BSND")
    again = signature_of(parse_module(str(module), "it"))
    assert again == signature_of(module)
    spelling = [c_name(port) for port in (*again.inputs, *again.outputs)]
    assert spelling[3] == "spareIndices"
    assert spelling[-3:] == ["dQuery", "dKey", "dWeights"]
    assert prototype_name(again.outputs[-1]) == "dweights"
    assert prototype_name(c_attributes(again)[-1]) == "determinstic"


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("parameter a = lenghts", "there is no input, attribute or output 'lenghts'"),
        ("parameter a = lenghts", "did you mean 'lengths'?"),
        ("parameter a = y\nparameter b = Y", "y has a parameter already"),
        ("parameter a = y\nparameter a = lengths", "the parameter 'a' is taken"),
        (
            "parameter a = y in graph\nparameter b = y in graph",
            "y has a graph parameter",
        ),
        ("parameter lengths = y", "the parameter 'lengths' is taken: it is lengths"),
        ("parameter y = lengths in graph", "the graph parameter 'y' is taken"),
        ("parameter layout = y", "'layout' is taken: it is the option layout"),
        ("parameter rowsMode = deterministic", "'rowsMode' is taken: it is the option"),
        ("input layout : half[C]", "'layout' is taken: it is the option layout"),
        ("input firstRows : half[C]", "'firstRows' is taken: it is first_rows"),
        ("parameter a", "expected '='"),
        ("parameter a = y in", "expected 'graph'"),
    ],
)
def test_mistakes(lines: str, says: str) -> None:
    with pytest.raises(DslError) as caught:
        module_from_text(TEXT + lines + "\n", layout="BSND")
    assert says.casefold() in str(caught.value).casefold()
