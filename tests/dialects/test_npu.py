"""The `npu` dialect against its specification: labels, sections, examples, syntax."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

import pytest
from xdsl.dialects import test
from xdsl.dialects.builtin import IndexType, MemRefType, ModuleOp, i32
from xdsl.ir import Block, Region, SSAValue
from xdsl.irdl import IRDLOperation
from xdsl.printer import Printer

from ligrad_ir.dialects.npu import vector as npu_vector
from ligrad_ir.dialects.npu.dialect import Npu
from ligrad_ir.dialects.npu.launch import AwaitOp, LaunchOp, SyncAllOp
from ligrad_ir.dialects.npu.types import NpuOp, Pipe, Space, gm_type, space_of
from tests.tiled.support import parsed, spelled_out

ROOT = Path(__file__).parents[2]
SPEC = (ROOT / "docs/npu.md").read_text(encoding="utf-8")
INVALID = ROOT / "tests/filecheck/dialects/npu/invalid.mlir"
CASES = INVALID.read_text(encoding="utf-8")
OPS = tuple(Npu.operations)


def printed(module: ModuleOp, generic: bool = False) -> str:
    stream = StringIO()
    Printer(stream, print_generic_format=generic).print_op(module)
    return stream.getvalue()


def sections() -> dict[str, str]:
    """Sections of the specification by what stands behind `### `."""
    parts = re.split(r"^##+ (.+)\n", SPEC, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def spec_labels() -> list[str]:
    return [
        f"{name.removeprefix('npu.')}_c{number}"
        for name, text in sections().items()
        for number in re.findall(r"^- \(C(\d+)\)", text, re.MULTILINE)
    ]


def code_labels() -> set[str]:
    sources = sorted((ROOT / "ligrad_ir/dialects/npu").glob("*.py"))
    texts = [path.read_text(encoding="utf-8") for path in sources]
    return set(re.findall(r"# (\w+_c\d+)\b", "\n".join(texts)))


def example(name: str) -> ModuleOp:
    [text] = re.findall(r"```mlir\n(.*?)```", sections()[name], re.DOTALL)
    return parsed(text)


def test_labels_agree() -> None:
    labels = spec_labels()
    assert len(labels) == len(set(labels))
    assert len(labels) > 60
    assert set(labels) == code_labels()
    assert set(labels) == set(re.findall(r"^// (\w+_c\d+)$", CASES, re.MULTILINE))


def test_every_invalid_case_has_one_label_and_one_message() -> None:
    for case in CASES.split("// -----\n"):
        assert len(re.findall(r"^// \w+_c\d+$", case, re.MULTILINE)) == 1, case
        assert len(re.findall(r"^// CHECK: ", case, re.MULTILINE)) == 1, case


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
def test_op_is_documented(op: type[IRDLOperation]) -> None:
    assert op.__name__.endswith("Op")
    assert op.__doc__
    section = sections()[op.name]
    assert "Semantics: " in section
    assert op.name in {found.name for found in example(op.name).walk()}
    definition = op.get_irdl_definition()
    has_as = re.search(r"^Inputs: as `(npu\.\w+)`", section, re.MULTILINE)
    table = section + (sections()[has_as[1]] if has_as else "")
    inputs = [name for name, _ in definition.operands]
    for name in (*inputs, *definition.properties):
        assert re.search(rf"^\| \(I\d+\) \| `{name}` \|", table, re.MULTILINE), name
    for name, _ in definition.results:
        assert re.search(rf"^Outputs: .*`{name}`", section, re.MULTILINE), name


def test_every_section_of_an_operation_is_one() -> None:
    named = {name for name in sections() if name.startswith("npu.")}
    assert named == {op.name for op in OPS}


@pytest.mark.parametrize("name", [op.name for op in OPS])
def test_spec_example_round_trips(name: str) -> None:
    module = example(name)
    for generic in (False, True):
        again = parsed(printed(module, generic))
        assert again.is_structurally_equivalent(module)
        assert printed(again) == printed(module)


def test_an_empty_body_round_trips() -> None:
    blocks = test.TestOp(result_types=[IndexType()])
    bodies = Region(Block()), Region(Block([SyncAllOp()]))
    module = ModuleOp([blocks, LaunchOp("ascend910b1", blocks.results[0], *bodies)])
    module.verify()
    assert parsed(printed(module)).is_structurally_equivalent(module)


# ---- what the passes go by

OPERATIONS = [
    next(found for found in example(op.name).walk() if isinstance(found, op))
    for op in OPS
    if issubclass(op, NpuOp) and op is not AwaitOp
]
PIPE_OF = {
    **dict.fromkeys(("load", "gather_rows", "load_selected_rows", "nd2nz"), Pipe.MTE2),
    "gather_rows_nz": Pipe.MTE2,
    **dict.fromkeys(("store", "scatter_add_rows"), Pipe.MTE3),
    **dict.fromkeys(("read", "find_run"), Pipe.S),
    "load_l0": Pipe.MTE1,
    "mmad": Pipe.M,
    "fixpipe": Pipe.FIX,
    "fixpipe_add_rows": Pipe.FIX,
}


@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: op.name)
def test_pipes_reads_and_writes(op: NpuOp) -> None:
    assert op.pipe() is PIPE_OF.get(op.name.removeprefix("npu."), Pipe.V)
    assert f"`{op.pipe()}`" in sections()[op.name] or op.pipe() is Pipe.V
    used = {*op.reads(), *op.writes()}
    buffers = {value for value in op.operands if is_buffer(value)}
    assert used == buffers
    assert op.writes() or op.pipe() is Pipe.S


def test_a_wait_is_of_the_pipe_that_it_names_and_touches_nothing() -> None:
    [op] = [op for op in example("npu.await").walk() if isinstance(op, AwaitOp)]
    assert op.pipe() is Pipe.S
    assert AwaitOp(op.buffer, Pipe.MTE2).pipe() is Pipe.MTE2
    assert not op.reads()
    assert not op.writes()


def is_buffer(value: SSAValue) -> bool:
    return isinstance(value.type, MemRefType)


FURTHER: dict[str, dict[str, object]] = {
    "npu.binary": {"kind": npu_vector.BinaryKind.MAX},
    "npu.binary_scalar": {"kind": npu_vector.BinaryKind.MAX},
    "npu.fill": {"value": 1.0},
    "npu.load_l0": {"transpose": True},
}
"""Arguments of constructors that are no operands."""


@pytest.mark.parametrize("found", OPERATIONS, ids=lambda op: op.name)
def test_constructors_put_operands_where_their_names_say(found: NpuOp) -> None:
    op = type(found)
    names = [name for name, _ in op.get_irdl_definition().operands]
    fresh = test.TestOp(result_types=[getattr(found, name).type for name in names])
    arguments = dict(zip(names, fresh.results, strict=True))
    built = op(**arguments, **FURTHER.get(found.name, {}))
    for name, value in arguments.items():
        assert getattr(built, name) is value, name


def test_spaces_and_types() -> None:
    module = parsed(spelled_out("func.func @f(%x: gm<?xi32>) {\n  func.return\n}"))
    [function] = module.ops
    [argument] = function.regions[0].block.args
    assert argument.type == gm_type(i32)
    assert space_of(argument) is Space.GM
