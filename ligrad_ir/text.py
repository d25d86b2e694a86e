"""IR as text, read with all the dialects that a program may use."""

from __future__ import annotations

import re
from bisect import bisect_left

from xdsl.context import Context
from xdsl.dialects.builtin import (
    Builtin,
    FileLineColLoc,
    IntAttr,
    ModuleOp,
    StringAttr,
    UnknownLoc,
)
from xdsl.dialects.func import Func
from xdsl.ir import Operation
from xdsl.parser import Parser
from xdsl.parser.generic_parser import ParserState
from xdsl.utils.exceptions import ParseError, VerifyException
from xdsl.utils.lexer import Input
from xdsl.utils.mlir_lexer import MLIRLexer

from ligrad_ir.dialects.lig.ops import Lig
from ligrad_ir.errors import IrError
from ligrad_ir.places import pointed
from ligrad_ir.wellformed import verify


class _Lexer(MLIRLexer):
    """The lexer of xDSL, which takes for ever to see that a string is not closed: its
    pattern tries all ways to cut the rest of the line into pieces."""

    _unescaped_characters_regex = re.compile(
        r'"(?:[^"\\\n\v\f]|\\(?:["nt\\]|[0-9A-Fa-f]{2}))*+"'
    )


class PlacedParser(Parser):
    """A parser whose operations know where in the text they stand, unless the text
    states another place.

    first_line: the number of the text's first line; placed: the operations whose places
    are those of the text."""

    def __init__(self, context: Context, text: str, filename: str, first_line: int = 1):
        super().__init__(context, "", filename)
        self._parser_state = ParserState(_Lexer(Input(text, filename)))
        self._filename = StringAttr(filename)
        self._first_line = first_line
        self.placed: list[Operation] = []
        self._breaks = [i for i, c in enumerate(text) if c == "\n"]

    def parse_operation(self) -> Operation:
        place = self._place(self._current_token.span.start)
        try:
            op = super().parse_operation()
        except VerifyException as error:  # of an attribute or a type
            wrong = ParseError(self._current_token.span, str(error))
            raise VerifyException(describe(wrong)) from error
        if isinstance(op.location, UnknownLoc):
            op.location = place
            self.placed.append(op)
        return op

    def _place(self, position: int) -> FileLineColLoc:
        before = bisect_left(self._breaks, position)
        start = self._breaks[before - 1] + 1 if before else 0
        line, column = self._first_line + before, position - start + 1
        return FileLineColLoc(self._filename, IntAttr(line), IntAttr(column))


def parse_module(text: str, filename: str = "<string>") -> ModuleOp:
    """The module of a text, whose operations know their places in it.

    Raises:
        IrError: if the text is no IR, or breaks a rule of an operation.
    """
    context = Context()
    for dialect in (Builtin, Func, Lig):
        context.load_dialect(dialect)
    try:
        module = PlacedParser(context, text, filename).parse_module()
    except ParseError as error:
        raise IrError(describe(error)) from error
    except VerifyException as error:
        raise IrError(str(error)) from error
    verify_module(module)
    return module


def describe(error: ParseError) -> str:
    """A mistake in the syntax of IR, as mistakes in formulas are told: the place, what is
    wrong, and the line."""
    span, place = error.span, error.span.get_location()
    content = span.input.content
    text = content if isinstance(content, str) else content.decode("utf-8", "replace")
    source = text.split("\n")[text.count("\n", 0, span.start)]
    message = f"{place}: error: {error.msg.strip()}"
    return f"{message}\n{pointed(source, place.col, span.end - span.start)}"


def verify_module(module: ModuleOp) -> None:
    """Check every rule of every operation of a module.

    Raises:
        IrError: if one is broken; says which, and where.
    """
    try:
        verify(module)
    except VerifyException as error:
        raise IrError(str(error)) from error
