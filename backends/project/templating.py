"""Files of a project that are mostly fixed text, with `@names@` for what is not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

TEMPLATES = Path(__file__).with_name("templates")


def render(template: str, **parts: object) -> str:
    """The text of a template; every `@name@` in it is a part, every part is in it."""
    used: set[str] = set()

    def part(match: re.Match[str]) -> str:
        used.add(match[1])
        return str(parts[match[1]])

    text = (TEMPLATES / template).read_text(encoding="utf-8")
    text = re.sub(r"@(\w+)@", part, text)
    assert used == set(parts), set(parts) - used
    return text


def lines(indent: int, texts: Iterable[str]) -> str:
    """Lines of a template's part, indented."""
    return "\n".join(" " * indent + text if text else "" for text in texts)
