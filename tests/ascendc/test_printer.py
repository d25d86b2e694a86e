"""The printer: complete, deterministic, and loud about what it does not know."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from functools import singledispatchmethod
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import (
    DictionaryAttr,
    FloatAttr,
    IntegerAttr,
    ModuleOp,
    StringAttr,
    bf16,
    f16,
    f32,
    f64,
    i1,
    i32,
    i64,
)
from xdsl.ir import Attribute, Operation

from backends.ascendc.names import (
    NoSpellingError,
    cpp_attribute,
    cpp_literal,
    cpp_type,
)
from backends.ascendc.printer import (
    AscendCPrinter,
    AscendCTarget,
    EmitError,
    print_kernel,
    print_tiling_header,
)
from ligrad_ir.dialects.ascendc.base import AscendCOp, CallOp
from ligrad_ir.dialects.ascendc.core import IncludeOp
from ligrad_ir.dialects.ascendc.dialect import OPS
from ligrad_ir.dialects.ascendc.enums import HardEvent, Memory, Pipe
from ligrad_ir.dialects.ascendc.types import index, ui8, ui32, ui64
from tests.ascendc.programs import KERNELS, NAMES, module_of, parsed, source_of

ROOT = Path(__file__).parents[2]
INVALID = ROOT / "tests/filecheck/dialects/ascendc/invalid.mlir"


def cases() -> Any:
    method = vars(AscendCPrinter)["print"]
    assert isinstance(method, singledispatchmethod)
    return method.dispatcher


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
def test_every_operation_has_a_case(op: type[Operation]) -> None:
    assert cases().dispatch(op) is not cases().dispatch(Operation)


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
def test_every_operation_is_documented_and_declares_real_operands(
    op: type[AscendCOp],
) -> None:
    assert op.__doc__ is not None
    assert "`" in op.__doc__ or "Page" in op.__doc__
    operands = {name for name, _ in op.get_irdl_definition().operands}
    assert {*op.READS, *op.WRITES} <= operands
    if issubclass(op, CallOp) and op.CPP_ARGUMENTS is not None:
        templates = {name for name in op.CPP_TEMPLATE if name not in operands}
        assert operands - set(op.CPP_ARGUMENTS) == set()
        assert set(op.CPP_ARGUMENTS) - operands <= set(
            op.get_irdl_definition().properties
        )
        assert templates.isdisjoint(op.CPP_ARGUMENTS)


def test_every_label_has_an_invalid_case() -> None:
    sources = sorted((ROOT / "ligrad_ir/dialects/ascendc").glob("*.py"))
    code = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    labels = set(re.findall(r"\b(\w+_c\d+)\b", " ".join(re.findall("#.*", code))))
    text = INVALID.read_text(encoding="utf-8")
    assert labels == set(re.findall(r"^// (\w+_c\d+)$", text, re.MULTILINE))


@pytest.mark.parametrize("name", NAMES)
def test_printing_twice_gives_the_same(name: str) -> None:
    text = (KERNELS / f"{name}.mlir").read_text(encoding="utf-8")
    module = module_of(name)
    before = str(module)
    assert print_kernel(module) == source_of(name) == print_kernel(parsed(text))
    assert str(module) == before
    reparsed = parsed(before)  # without locations, which the text leaves out
    assert print_kernel(reparsed) == print_kernel(module, locations=False)


def test_other_processes_print_the_same() -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from tests.ascendc.programs import NAMES, source_of\n"
        "sys.stdout.write(''.join(map(source_of, NAMES)))"
    )
    for seed in ("0", "1"):
        shown = subprocess.run(
            [sys.executable, "-c", code, str(ROOT)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert shown.stdout == "".join(map(source_of, NAMES))


def test_an_unknown_operation_is_named_with_its_place() -> None:
    module = parsed('"test.op"() : () -> () loc("x.lig":3:1)')
    with pytest.raises(
        EmitError, match=re.escape("x.lig:3:1: test.op is no statement")
    ):
        print_kernel(module)


def test_an_unknown_operation_inside_a_kernel_is_named() -> None:
    module = parsed('ascendc.kernel @k() {\n  "test.op"() : () -> ()\n}')
    with pytest.raises(EmitError, match=r"^test\.op is no statement"):
        print_kernel(module)


def test_an_unknown_type_is_named_with_its_operation() -> None:
    module = parsed('ascendc.kernel @k() {\n  ascendc.include "a.h"\n}')
    kernel = next(iter(module.body.block.ops))
    kernel.regions[0].block.insert_arg(f64, 0)
    with pytest.raises(EmitError, match=r"ascendc\.kernel: no C\+\+ type for f64"):
        print_kernel(module)


def test_unknown_attributes_and_literals_are_named() -> None:
    with pytest.raises(NoSpellingError, match="a text"):
        cpp_attribute(StringAttr("a text"))
    with pytest.raises(NoSpellingError, match="no C"):
        cpp_literal(DictionaryAttr({}))
    with pytest.raises(NoSpellingError, match="f64"):
        cpp_type(f64)


@pytest.mark.parametrize(
    ("value", "type", "text"),
    [
        (1, i1, "true"),
        (0, i1, "false"),
        (-5, i32, "-5"),
        (-(2**31), i32, "(-2147483647 - 1)"),
        (5, i64, "5L"),
        (-(2**63), i64, "(-9223372036854775807L - 1)"),
        (5, index, "5L"),
        (255, ui8, "255"),
        (2**32 - 1, ui32, "4294967295u"),
        (2**64 - 1, ui64, "18446744073709551615ul"),
        (1.0, f32, "1.0f"),
        (0.1, f32, "0.1f"),
        (-0.0, f32, "-0.0f"),
        (1e30, f32, "1e+30f"),
        (3.4028234663852886e38, f32, "3.4028235e+38f"),
        (0.1, f16, "static_cast<half>(0.099975586f)"),
        (0.1, bf16, "static_cast<bfloat16_t>(0.100097656f)"),
    ],
)
def test_literals(value: float, type: Any, text: str) -> None:
    attribute: Attribute = (
        FloatAttr(value, type) if isinstance(value, float) else IntegerAttr(value, type)
    )
    assert cpp_literal(attribute) == text


def test_float_literals_are_exact() -> None:
    bits = np.random.default_rng(0).integers(0, 2**32, 2000, np.uint64)
    for value in bits.astype(np.uint32).view(np.float32):
        if np.isfinite(value):
            literal = cpp_literal(FloatAttr(float(value), f32))
            assert np.float32(literal.removesuffix("f")) == value


def test_locations_can_be_left_out() -> None:
    module = module_of("vector_add")
    assert "// add.lig:7\n" in print_kernel(module)
    assert "add.lig" not in print_kernel(module, locations=False)


def test_the_header_holds_the_structs() -> None:
    header = print_tiling_header(module_of("scalars"))
    assert header.startswith(
        "#pragma once\n#include <cstdint>\n\nstruct ScalarsTiling {"
    )
    assert "    float x;\n" in header
    assert "kernel" not in header


def test_the_target_writes_what_the_function_returns() -> None:
    stream = io.StringIO()
    AscendCTarget().emit(Context(), module_of("matmul"), stream)
    assert stream.getvalue() == source_of("matmul")
    module = ModuleOp([IncludeOp("kernel_operator.h")])
    assert print_kernel(module) == '#include "kernel_operator.h"\n'


PIPES = {
    "mmad": {Pipe.M},
    "fixpipe": {Pipe.FIX},
    "load_data": {Pipe.MTE1},
    "data_copy_nd2nz": {Pipe.MTE2},
    "data_copy_pad_in": {Pipe.MTE2},
    "data_copy_pad_out": {Pipe.MTE3},
    "add": {Pipe.V},
    "get_value": {Pipe.S},
    "data_cache_preload": {Pipe.S},
}


@pytest.mark.parametrize("name", PIPES)
def test_pipes(name: str) -> None:
    ops = [op for kernel in NAMES for op in module_of(kernel).walk()]
    pipes = {
        op.pipe()
        for op in ops
        if isinstance(op, AscendCOp) and op.name == f"ascendc.{name}"
    }
    assert pipes == PIPES[name]


def test_a_first_product_does_not_read_its_destination() -> None:
    def mmad_reads(name: str) -> int:
        ops = [op for op in module_of(name).walk() if op.name == "ascendc.mmad"]
        assert isinstance(ops[0], AscendCOp)
        return len(ops[0].reads())

    assert mmad_reads("mix") == 2
    assert mmad_reads("matmul") == 3


def test_events_name_their_pipes() -> None:
    for event in HardEvent:
        assert event.value == f"{event.source.value}_{event.destination.value}"
        assert event.cores
    assert Memory.UB.value == "UB"
