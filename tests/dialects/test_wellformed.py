"""IR that is not well-formed: told at the operation, with its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, StringAttr
from xdsl.dialects.cf import Cf
from xdsl.dialects.func import Func
from xdsl.dialects.test import Test
from xdsl.utils.exceptions import ParseError

from ligrad_ir.errors import IrError
from ligrad_ir.text import PlacedParser, describe, parse_module, verify_module

ROOT = Path(__file__).parents[2]
TYPE = "!lig.tensor<[A], f32>"


def complaint(body: str, argument: str = f"%x: {TYPE}") -> str:
    """What is said of a function whose body begins in line 2."""
    with pytest.raises(IrError) as found:
        parse_module(f"func.func @f({argument}) {{\n{body}\n}}", "f.mlir")
    return str(found.value)


def test_a_use_before_the_definition_is_told_at_the_use() -> None:
    body = f"%y = lig.relu %z : {TYPE}\n%z = lig.relu %x : {TYPE}\nfunc.return"
    expected = (
        "f.mlir:2:1: error: lig.relu: %z is used before it is defined, at f.mlir:3:1"
    )
    assert complaint(body) == expected


def test_an_operation_cannot_use_itself() -> None:
    said = complaint(f"%y = lig.relu %y : {TYPE}\nfunc.return")
    assert (
        said
        == "f.mlir:2:1: error: lig.relu: %y is used before it is defined, at f.mlir:2:1"
    )


def test_a_value_of_a_body_is_not_used_outside() -> None:
    inside = f"%z = lig.relu %b : {TYPE}\nlig.yield %z : {TYPE}"
    blocks = f"%y = lig.blocks @A(%b = %x : {TYPE}) -> ({TYPE}) {{\n{inside}\n}}"
    said = complaint(f"%u = lig.relu %z : {TYPE}\n{blocks}\nfunc.return")
    assert said.startswith(
        "f.mlir:2:1: error: lig.relu: %z is used outside the body that defines it, at f"
    )


def test_a_block_that_may_not_have_been_run_defines_nothing() -> None:
    text = """func.func @f(%c: i1) {
  cf.cond_br %c, ^a, ^b
^a:
  %v = "test.op"() : () -> i32
  cf.br ^b
^b:
  "test.op"(%v) : (i32) -> ()
  func.return
}"""
    context = Context()
    for dialect in (Builtin, Cf, Func, Test):
        context.load_dialect(dialect)
    module = PlacedParser(context, text, "f.mlir").parse_module()
    with pytest.raises(IrError) as found:
        verify_module(module)
    assert str(found.value) == (
        "f.mlir:7:3: error: test.op: %v is used where its definition may not have been "
        "reached, at f.mlir:4:3"
    )


def test_a_rule_of_an_operation_is_told_with_its_place() -> None:
    said = complaint(f"%y = lig.reduce_sum %x over @B acc f32 : ({TYPE}) -> {TYPE}")
    assert said.startswith("f.mlir:2:1: error: lig.reduce_sum: ")


def test_a_function_ends_with_a_terminator() -> None:
    assert complaint(f"%y = lig.relu %x : {TYPE}").startswith(
        "f.mlir:2:1: error: lig.relu: "
    )
    empty = "f.mlir:1:1: error: func.func: its body is empty; it ends with a terminator"
    assert complaint("").startswith(empty)


def test_a_type_that_breaks_a_rule_has_a_place() -> None:
    said = complaint("func.return", "%x: !lig.tensor<[A, A], f32>").splitlines()
    assert said[0].startswith("f.mlir:1:")
    assert said[0].endswith(": error: an axis occurs twice in [A, A]")
    assert said[1] == "  func.func @f(%x: !lig.tensor<[A, A], f32>) {"


def test_the_operation_of_a_text_is_named_whatever_the_dialect() -> None:
    said = complaint("%y = nosuch.op %x\nfunc.return").splitlines()
    assert said[0].startswith("f.mlir:2:")
    assert said[0].endswith(": error: Operation nosuch.op is not registered")
    assert said[1] == "  %y = nosuch.op %x"


def test_a_long_line_is_shown_in_part() -> None:
    text = "func.func @f(" + " " * 3000 + "$) { func.return }"
    with pytest.raises(ParseError) as found:
        PlacedParser(Context(), text, "f.mlir").parse_module()
    assert max(map(len, describe(found.value).splitlines())) < 200


def test_a_string_that_is_not_closed_is_told_at_once() -> None:
    """However long its line is."""
    said = complaint('func.return {a = "' + "b " * 500 + "}")
    assert said.startswith("f.mlir:2:")
    assert "before closing string literal" in said.splitlines()[0]


def test_strings_are_read_with_their_escapes() -> None:
    text = r'func.func private @f() -> () attributes {a = "b \"c\" \\ \09 d", b = ""}'
    [function] = parse_module(text).ops
    assert function.attributes["a"] == StringAttr('b "c" \\ \t d')
    assert function.attributes["b"] == StringAttr("")


def test_a_stated_place_is_kept() -> None:
    text = (
        f'func.func @f(%x: {TYPE}) {{\n%y = lig.relu %x : {TYPE} loc("a.lig":7:3)\n}}'
    )
    with pytest.raises(IrError, match=r"^a\.lig:7:3: error: lig\.relu: "):
        parse_module(text, "f.mlir")
