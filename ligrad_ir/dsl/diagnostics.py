"""Messages about a `.lig` text: what is wrong, where, and what would be right."""

from __future__ import annotations

from typing import Protocol

from ligrad_ir.errors import DslError
from ligrad_ir.places import pointed


class Place(Protocol):
    """Anything that knows where in the text it stands: a node's `meta`, a `Token`."""

    @property
    def line(self) -> int | None: ...
    @property
    def column(self) -> int | None: ...
    @property
    def end_column(self) -> int | None: ...


class Diagnostics:
    """Collects the mistakes of one text, so that one run shows all of them."""

    def __init__(self, text: str, filename: str):
        self._lines = text.split("\n")
        self._filename = filename
        self._found: list[tuple[int, int, str]] = []

    def error(self, message: str, place: Place) -> None:
        """Record one mistake at `place`."""
        line, column = place.line or 1, place.column or 1
        end = place.end_column or column + 1
        self.error_at(message, line, column, end - column)

    def error_at(self, message: str, line: int, column: int, width: int = 1) -> None:
        """Record one mistake at a line and a column, both counted from 1."""
        source = self._lines[line - 1] if line <= len(self._lines) else ""
        place = f"{self._filename}:{line}:{column}"
        text = f"{place}: error: {message}\n{pointed(source, column, width)}"
        self._found.append((line, column, text))

    def raise_if_any(self) -> None:
        """Raise what was recorded, in the order of the text.

        Raises:
            DslError: if there was at least one mistake.
        """
        if self._found:
            raise DslError([text for _, _, text in sorted(self._found)])
