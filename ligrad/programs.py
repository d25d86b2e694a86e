"""Programs as people give them: texts, files, modules."""

from __future__ import annotations

from pathlib import Path

from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from ligrad.words import as_path
from ligrad_ir.dsl import syntax
from ligrad_ir.dsl.lower import lower
from ligrad_ir.dsl.parse import parse
from ligrad_ir.errors import LigradError, NoKernelError
from ligrad_ir.lengths import require_extents
from ligrad_ir.places import shown_in
from ligrad_ir.program import check_program
from ligrad_ir.signature import Half, Layout
from ligrad_ir.text import parse_module, verify_module
from passes.pipelines import run_passes
from passes.to_npu.unsupported import UnsupportedError


def read_program(
    program: str | Path | ModuleOp, dtype: Half, layout: Layout
) -> tuple[ModuleOp, syntax.Program | None]:
    """A program as IR, and its syntax tree where it is a `.lig` text.

    Raises:
        DslError: the text has mistakes.
        IrError: the IR is no program.
        LigradError: the file cannot be read, or an axis has no extent.
    """
    if isinstance(program, ModuleOp):
        verify_module(program)
        return _complete(program.clone()), None
    if isinstance(program, str) and "\n" in program:
        tree = parse(program)
        return lower(tree, dtype=dtype, layout=layout), tree
    path = as_path("a program", program)
    text = read_text(path)
    if path.suffix == ".mlir":
        return _complete(parse_module(text, str(path))), None
    tree = parse(text, str(path))
    return lower(tree, dtype=dtype, layout=layout), tree


def _complete(module: ModuleOp) -> ModuleOp:
    """The module, if it says where every extent comes from, as formulas do."""
    require_extents(check_program(module))
    return module


def read_text(path: Path) -> str:
    """The text of a file.

    Raises:
        LigradError: if it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise LigradError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise LigradError(f"cannot read {path}: it is not UTF-8 text") from error
    except UnicodeEncodeError as error:
        raise LigradError(
            f"cannot read {str(path)!r}: no file has this name"
        ) from error


def lower_module(
    module: ModuleOp, passes: tuple[ModulePass, ...], program: syntax.Program | None
) -> ModuleOp:
    """The module, lowered in place.

    Raises:
        NoKernelError: no kernel can be made of a formula; shows its line in the program.
        LigradError: a pass cannot lower the module.
    """
    try:
        run_passes(module, passes)
    except UnsupportedError as error:
        text = "" if program is None else program.text
        raise NoKernelError(f"{error}{shown_in(text, error.at)}") from error
    except PassFailedException as error:
        raise LigradError(str(error)) from error
    return module
