"""Mutations of `.lig` texts."""

from __future__ import annotations

import random
import re

TOKENS = re.compile(r"[A-Za-z_]\w*|\d+K?|\.\.|\S")
WORDS = (
    *("operator", "axis", "input", "output", "attribute", "parameter", "as", "in"),
    *("selects", "ends", "by", "over", "half", "fp16", "bf16", "float32", "int32"),
    *("int64", "graph", "Relu", "ReluGrad", "Matmul", "Gather", "ScatterAdd", "Reduce"),
    *("(", ")", "[", "]", "{", "}", "+", "-", "*", "=", ":", ",", "..", "?", "∗", "#"),
    *("0", "1", "3", "128K", "2147483648", "9" * 25, "1e999", ".5", "1e-6", "-1"),
    *("T", "N", "K", "B", "S1", "D", "N1", "M", "C", "query", "y", "int", "class"),
)
BYTES = (
    b"\x00",
    b"\xff",
    b"\xed\xa0\x80",
    b"\r",
    b"\x0c",
    b"\t",
    b"\xef\xbb\xbf",
    b"\n",
)


def mutated(text: str, rng: random.Random) -> bytes:
    """A text with one to four changes, most of them of whole tokens."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        change = rng.choice((_token, _token, _token, _line, _line, _deep))
        text = change(text, rng)
    data = text.encode()
    return _bytes(data, rng) if rng.random() < 0.25 else data


def _token(text: str, rng: random.Random) -> str:
    """A token is gone, is twice there, or is another one."""
    found = list(TOKENS.finditer(text))
    if not found:
        return text
    at, other = rng.choice(found), rng.choice(found).group()
    new = rng.choice(("", f"{at.group()} {at.group()}", other, rng.choice(WORDS)))
    return f"{text[: at.start()]}{new}{text[at.end() :]}"


def _line(text: str, rng: random.Random) -> str:
    """A line is gone, is twice there, or is elsewhere."""
    lines = text.split("\n")
    line = lines.pop(rng.randrange(len(lines)))
    for _ in range(rng.choice((0, 1, 2))):
        lines.insert(rng.randrange(len(lines) + 1), line)
    return "\n".join(lines)


def _deep(text: str, rng: random.Random) -> str:
    """Brackets, signs or digits without an end."""
    found = list(TOKENS.finditer(text))
    if not found:
        return text
    at = rng.choice(found)
    piece = rng.choice(("(", "-", "9", "a", "Relu(", " + 1", "\n")) * rng.choice(
        (9, 2000)
    )
    return text[: at.end()] + piece + text[at.end() :]


def _bytes(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    new = rng.choice((*BYTES, bytes([rng.randrange(256)])))
    return rng.choice(
        (data[:at], data[:at] + new + data[at:], data[:at] + new + data[at + 1 :])
    )
