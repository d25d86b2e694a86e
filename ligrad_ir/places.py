"""Where operations come from, for messages and comments."""

from __future__ import annotations

from xdsl.dialects.builtin import FileLineColLoc, LocationAttr
from xdsl.ir import Block, BlockArgument, Operation, OpResult, SSAValue

LONGEST_LINE = 160
"""A longer one is shown in part."""


Placed = Operation | Block | SSAValue
"""What may know where it comes from: of values the arguments, others by their makers."""


def location_of(placed: Placed) -> LocationAttr | None:
    """Where something comes from, if it can know."""
    if isinstance(placed, OpResult):
        return placed.owner.location
    return placed.location if isinstance(placed, Operation | BlockArgument) else None


def place_of(placed: Placed, *, column: bool = True) -> str | None:
    """`file:line:column` (or `file:line`) of the text that an operation or an argument
    comes from; None where it is not known. What cannot be printed in the file's name is a
    question mark."""
    location = location_of(placed)
    if not isinstance(location, FileLineColLoc):
        return None
    file = "".join(c if c.isprintable() else "?" for c in location.filename.data)
    place = f"{file}:{location.line.data}"
    return f"{place}:{location.column.data}" if column else place


def blame(op: Operation) -> str:
    """The operation's name, behind the place it comes from."""
    place = place_of(op)
    return op.name if place is None else f"{place}: {op.name}"


def complaint(op: Operation, reason: str) -> str:
    """A message about an operation that breaks a rule, its place first."""
    place = place_of(op)
    return f"{'' if place is None else f'{place}: error: '}{op.name}: {reason}"


def pointed(source: str, column: int, width: int = 1) -> str:
    """A line of a text, with carets under `width` characters from `column` on, which is
    counted from 1. What cannot be printed is a question mark."""
    source = "".join(c if c.isprintable() or c == "\t" else "?" for c in source)
    width = max(1, min(width, len(source) - column + 1))
    if len(source) > LONGEST_LINE:
        cut = max(0, column - LONGEST_LINE // 2)
        source, column = source[cut : cut + LONGEST_LINE], column - cut
        width = min(width, len(source) - column + 1)
    # Tabs are kept, so that the caret stands under the character it means.
    indent = "".join("\t" if c == "\t" else " " for c in source[: column - 1])
    return f"  {source}\n  {indent}{'^' * width}"


def shown_in(text: str, placed: Placed) -> str:
    """The line of a text that something comes from, behind a line break; nothing if it
    does not come from there."""
    location, lines = location_of(placed), text.splitlines()
    if not isinstance(location, FileLineColLoc) or not text:
        return ""
    line, column = location.line.data, location.column.data
    return f"\n{pointed(lines[line - 1], column)}" if line <= len(lines) else ""
