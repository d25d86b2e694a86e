"""Where operations come from, for messages and comments."""

from __future__ import annotations

from xdsl.dialects.builtin import FileLineColLoc
from xdsl.ir import Operation


def place_of(op: Operation, *, column: bool = True) -> str | None:
    """`file:line:column` (or `file:line`) of the text that an operation comes from; None
    where it is not known. What cannot be printed in the file's name is a question mark."""
    location = op.location
    if not isinstance(location, FileLineColLoc):
        return None
    file = "".join(c if c.isprintable() else "?" for c in location.filename.data)
    place = f"{file}:{location.line.data}"
    return f"{place}:{location.column.data}" if column else place


def blame(op: Operation) -> str:
    """The operation's name, behind the place it comes from."""
    place = place_of(op)
    return op.name if place is None else f"{place}: {op.name}"
