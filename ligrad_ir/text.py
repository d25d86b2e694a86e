"""IR as text, read with all the dialects that a program may use."""

from __future__ import annotations

from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.dialects.func import Func
from xdsl.parser import Parser
from xdsl.utils.exceptions import DiagnosticException, ParseError

from ligrad_ir.dialects.lig import Lig
from ligrad_ir.errors import LigradError


def parse_module(text: str, filename: str = "<string>") -> ModuleOp:
    """The module of a text.

    Raises:
        LigradError: if the text is no IR, or breaks a rule of an operation.
    """
    context = Context()
    for dialect in (Builtin, Func, Lig):
        context.load_dialect(dialect)
    try:
        module = Parser(context, text, filename).parse_module()
    except (ParseError, DiagnosticException) as error:
        raise LigradError(str(error)) from error
    verify_module(module, filename)
    return module


def verify_module(module: ModuleOp, name: str) -> None:
    """Check every rule of every operation of a module.

    Raises:
        LigradError: if one is broken.
    """
    try:
        module.verify()
    except DiagnosticException as error:
        raise LigradError(f"{name} is no valid IR:\n{error}") from error
