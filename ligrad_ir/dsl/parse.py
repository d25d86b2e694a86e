"""Text to syntax tree."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, cast

from lark import Lark, Token, Tree, UnexpectedCharacters, UnexpectedToken, ast_utils

from ligrad_ir.dsl import syntax
from ligrad_ir.dsl.diagnostics import Diagnostics

_STARTS_STATEMENT = re.compile(
    r"\s*((operator|axis|input|attribute|output|parameter)\b|[A-Za-z_]\w*\s*=)"
)
_SPOKEN = {
    "NAME": "a name",
    "INT": "a whole number",
    "FLOAT": "a number",
    "QUESTION": "'?'",
    "_TIMES": "'*'",
    "$END": "the end of the line",
}


DEEPEST = 100
"""Operations inside each other in one formula."""

_OPERATIONS = ("add", "sub", "mul", "neg", "call")


class _TooDeepError(Exception):
    """A formula is deeper than what walks over it should have to go."""


@cache
def _parser() -> Lark:
    grammar = Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", propagate_positions=True)


@cache
def _statement_parser() -> Callable[[str], syntax.Statement]:
    # Lark's own annotations leave these two partly open.
    parse_tree = cast("Callable[[str], Tree[Token]]", cast(Any, _parser()).parse)
    transformer = cast(Any, ast_utils).create_transformer(syntax)

    def parse_statement(text: str) -> syntax.Statement:
        tree = parse_tree(text)
        _require_shallow(tree)
        return transformer.transform(tree)

    return parse_statement


def parse(text: str, filename: str = "<string>") -> syntax.Program:
    """Parse a `.lig` text.

    Raises:
        DslError: with one message for every statement that does not parse.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    diagnostics = Diagnostics(text, filename)
    statements: list[syntax.Statement] = []
    for first_line, chunk in _split(text):
        # Leading newlines make the parser count lines as the file does.
        padded = "\n" * (first_line - 1) + chunk
        try:
            statements.append(_statement_parser()(padded))
        except _TooDeepError:
            diagnostics.error_at(
                f"the formula is more than {DEEPEST} operations deep; give parts of it "
                "names of their own",
                first_line,
                1,
                len(chunk.partition("\n")[0]),
            )
        except UnexpectedToken as error:
            _report_token(error, diagnostics, padded)
        except UnexpectedCharacters as error:
            diagnostics.error_at(
                f"the character {padded[error.pos_in_stream or 0]!r} has no meaning here"
                f"{_expected(error.allowed or set())}",
                error.line,
                error.column,
            )
    diagnostics.raise_if_any()
    return syntax.Program(tuple(statements), text, filename)


def _require_shallow(tree: Tree[Token]) -> None:
    """Without recursion: a tree may be deeper than Python's stack."""
    level, depth = [tree], 0
    while level:
        depth += any(node.data in _OPERATIONS for node in level)
        if depth > DEEPEST:
            raise _TooDeepError
        level = [c for node in level for c in node.children if isinstance(c, Tree)]


def _split(text: str) -> Iterator[tuple[int, str]]:
    """The statements of a text with the number of their first line: a line each, or
    more while a bracket is open. A line that can only begin a statement ends the
    one before it, so that a forgotten bracket spoils one statement, not the rest."""
    pending: list[str] = []
    depth, first = 0, 1
    for number, line in enumerate(text.split("\n"), start=1):
        code = line.partition("#")[0]
        if not code.strip():
            continue
        if pending and _STARTS_STATEMENT.match(code):
            yield first, "\n".join(pending)
            pending = []
        if not pending:
            first, depth = number, 0
        else:  # keep the distance to the lines that were passed over
            pending += [""] * (number - first - len(pending))
        pending.append(line)
        depth += sum(code.count(c) for c in "([{") - sum(code.count(c) for c in ")]}")
        if depth <= 0:
            yield first, "\n".join(pending)
            pending = []
    if pending:
        yield first, "\n".join(pending)


def _report_token(
    error: UnexpectedToken, diagnostics: Diagnostics, padded: str
) -> None:
    token = cast(Token, error.token)
    expected = _expected(error.expected)
    if token.type == "$END":
        lines = padded.split("\n")
        last = lines[-1].partition("#")[0].rstrip()
        diagnostics.error_at(
            f"the statement ends too early{expected}", len(lines), len(last) + 1
        )
    else:
        diagnostics.error(f"unexpected {str(token)!r}{expected}", token)


def _expected(terminals: set[str]) -> str:
    if not terminals:
        return ""
    literals = {t.name: t.pattern.value for t in _parser().terminals}
    spoken = sorted(
        {_SPOKEN.get(name) or f"'{literals.get(name, name)}'" for name in terminals}
    )
    return (
        f"; expected {spoken[0]}"
        if len(spoken) == 1
        else (f"; expected {', '.join(spoken[:-1])} or {spoken[-1]}")
    )
