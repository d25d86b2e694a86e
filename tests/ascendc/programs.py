"""The kernels of these tests: read, printed, and compiled for the twin."""

from __future__ import annotations

import functools
from pathlib import Path

from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.dialects.test import Test
from xdsl.parser import Parser

from backends.ascendc.printer import print_kernel
from ligrad_ir.dialects.ascendc.dialect import AscendC

KERNELS = Path(__file__).parent / "kernels"
GOLDEN = Path(__file__).parent / "golden"
NAMES = sorted(path.stem for path in KERNELS.glob("*.mlir"))


def parsed(text: str, name: str = "<text>") -> ModuleOp:
    """The verified module of a text."""
    context = Context()
    for dialect in (AscendC, Builtin, Test):
        context.load_dialect(dialect)
    module = Parser(context, text, name).parse_module()
    module.verify()
    return module


@functools.cache
def module_of(name: str) -> ModuleOp:
    """The module of a kernel."""
    path = KERNELS / f"{name}.mlir"
    return parsed(path.read_text(encoding="utf-8"), path.name)


@functools.cache
def source_of(name: str) -> str:
    """The C++ of a kernel."""
    return print_kernel(module_of(name))
