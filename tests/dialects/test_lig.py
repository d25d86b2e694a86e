"""The `lig` dialect against its specification: labels, sections, examples, syntax."""

from __future__ import annotations

import re
from io import StringIO
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, ModuleOp, bf16, f16, f32, i32
from xdsl.dialects.func import Func
from xdsl.dialects.test import Test
from xdsl.ir import Attribute, Operation
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import ParseError, VerifyException

from ligrad_ir.dialects.lig.ops import Lig
from ligrad_ir.dialects.lig.ragged import AxisOp
from ligrad_ir.dialects.lig.types import RealType, RowType, TensorType

ROOT = Path(__file__).parents[2]
SPEC = (ROOT / "docs/spec.md").read_text()
INVALID = (ROOT / "tests/filecheck/dialects/lig/invalid.mlir").read_text()
OPS = tuple(Lig.operations)


def context() -> Context:
    ctx = Context()
    for dialect in (Builtin, Func, Lig, Test):
        ctx.load_dialect(dialect)
    return ctx


def parsed(text: str) -> ModuleOp:
    module = Parser(context(), text).parse_module()
    module.verify()
    return module


def printed(module: ModuleOp, generic: bool = False) -> str:
    stream = StringIO()
    Printer(stream, print_generic_format=generic).print_op(module)
    return stream.getvalue()


def code_labels() -> set[str]:
    sources = sorted((ROOT / "ligrad_ir/dialects/lig").glob("*.py"))
    texts = [path.read_text() for path in sources]
    return set(re.findall(r"# (\w+_c\d+)\b", "\n".join(texts)))


def spec_sections() -> dict[str, str]:
    """Sections of the specification by what stands behind `### `."""
    parts = re.split(r"^### (.+)\n", SPEC, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def spec_labels() -> list[str]:
    return [
        f"{name.removeprefix('lig.')}_c{number}"
        for name, text in spec_sections().items()
        for number in re.findall(r"^- \(C(\d+)\)", text, re.MULTILINE)
    ]


def test_labels_agree() -> None:
    labels = spec_labels()
    assert len(labels) == len(set(labels))
    assert len(labels) > 40
    assert set(labels) == code_labels()
    assert set(labels) == set(re.findall(r"^// (\w+_c\d+)$", INVALID, re.MULTILINE))


def test_every_invalid_case_has_one_label_and_one_message() -> None:
    for case in INVALID.split("// -----\n"):
        assert len(re.findall(r"^// \w+_c\d+$", case, re.MULTILINE)) == 1, case
        assert len(re.findall(r"^// CHECK: ", case, re.MULTILINE)) == 1, case


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
def test_op_is_documented(op: type[Operation]) -> None:
    assert op.__name__.endswith("Op")
    assert op.__doc__
    section = spec_sections()[op.name]
    assert section.count("```mlir") == 1
    assert "Semantics: " in section
    if op is not AxisOp:
        assert re.search("Rounding: |and rounding", section)
    [example] = re.findall(r"```mlir\n(.*?)```", section, re.DOTALL)
    assert op.name in {found.name for found in parsed(example).walk()}


def test_every_section_of_an_operation_is_one() -> None:
    named = {name for name in spec_sections() if name.startswith("lig.")}
    assert named == {op.name for op in OPS}


def test_every_type_is_documented() -> None:
    for type in Lig.attributes:
        assert type.__doc__
        assert type.name.removeprefix("lig.") in spec_sections()


@pytest.mark.parametrize("section", [op.name for op in OPS])
def test_spec_example_round_trips(section: str) -> None:
    [example] = re.findall(r"```mlir\n(.*?)```", spec_sections()[section], re.DOTALL)
    module = parsed(example)
    for generic in (False, True):
        again = parsed(printed(module, generic))
        assert again.is_structurally_equivalent(module)
        assert printed(again) == printed(module)


# ---- types

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,6}", fullmatch=True)
ELEMENTS = st.one_of(
    st.sampled_from((f32, bf16, f16, i32, RealType())), NAMES.map(RowType)
)


@given(st.lists(NAMES, unique=True, max_size=5), ELEMENTS)
def test_tensor_type_round_trips(names: list[str], element: Attribute) -> None:
    type = TensorType(names, element)
    assert type.axes == tuple(names)
    assert type.element == element
    text = str(type)
    assert text == f"!lig.tensor<[{', '.join(names)}], {element}>"
    assert Parser(context(), text).parse_type() == type


def test_tensor_type_keeps_the_order_of_axes() -> None:
    assert TensorType(("A", "B"), f32) != TensorType(("B", "A"), f32)
    assert TensorType(("A", "B"), f32).with_element(bf16) == TensorType(
        ("A", "B"), bf16
    )


# ---- lig.axis


PARTS = {
    "minimum": "1 : i64",
    "maximum": "9 : i64",
    "at_least": "@A",
    "at_most": "@A",
    "batch": "@B",
    "length": "@L",
    "uniform": "unit",
}


def survives_printing(text: str) -> bool:
    """Whether the verifier refuses a module, or its custom syntax says all of it."""
    try:
        module = parsed(text)
    except VerifyException:
        return True
    try:
        return parsed(printed(module)).is_structurally_equivalent(module)
    except ParseError:
        return False


def test_axis_is_refused_or_round_trips() -> None:
    lost: list[str] = []
    for chosen in product((False, True), repeat=len(PARTS)):
        given = [
            f"{name} = {value}"
            for (name, value), use in zip(PARTS.items(), chosen, strict=True)
            if use
        ]
        properties = ", ".join(['sym_name = "X"', *given])
        if not survives_printing(f'"lig.axis"() <{{{properties}}}> : () -> ()'):
            lost.append(properties)
    assert not lost
