"""The rules of a function of the level `npu`: what its arguments say they are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import cast

from xdsl.dialects.builtin import (
    ArrayAttr,
    DictionaryAttr,
    IndexType,
    MemRefType,
    StringAttr,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, BlockArgument

from ligrad_ir.dialects.npu.types import Space, SpaceAttr

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""What a name in a kernel is."""
ARRAYS = ("input", "output")
NUMBERS = ("extent", "attribute", "blocks")
"""Kinds of arguments."""
_LISTS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "npu.dims": (ARRAYS, "an array"),
    "npu.packs": (("extent",), "an extent"),
}
"""Lists of axes: the kinds of arguments that have them, and what those are called."""
_KNOWN = ("npu.name", "npu.kind", *_LISTS)


def wrong_function(function: FuncOp) -> str | None:
    """The rule of arguments that a function breaks; None for all others, and for those
    whose arguments say nothing."""
    if function.arg_attrs is None or len(function.body.blocks) != 1:
        return None
    entries = function.arg_attrs.data
    if not any(key.startswith("npu.") for entry in entries for key in entry.data):
        return None
    if len(entries) != len(function.args):
        return f"{len(entries)} arguments have attributes, not {len(function.args)}"
    pairs = list(zip(function.args, entries, strict=True))
    return next(_wrong(function.sym_name.data, pairs), None)


def _wrong(
    name: str, pairs: list[tuple[BlockArgument, DictionaryAttr]]
) -> Iterator[str]:
    if not IDENTIFIER.fullmatch(name):  # function_c1
        yield f"the name {name!r} is no identifier: letters, digits and _"
    for argument, entry in pairs:
        yield from _told(argument, _wrong_names(entry))
    names = [_text(entry, "npu.name") for _, entry in pairs]
    for i, (argument, entry) in enumerate(pairs):
        if names[i] in names[:i]:  # function_c2
            yield from _told(argument, iter([f"the name {names[i]!r} is taken"]))
        yield from _told(argument, _wrong_kind(argument, entry))
    extents = [_text(e, "npu.name") for _, e in pairs if _kind(e) == "extent"]
    for argument, entry in pairs:
        yield from _told(argument, _wrong_lists(entry, extents))
    counts = sum(_kind(entry) == "blocks" for _, entry in pairs)
    if counts != 1:  # function_c6
        yield f'{counts} arguments have npu.kind = "blocks", one must'


def _told(argument: BlockArgument, reasons: Iterator[str]) -> Iterator[str]:
    name = f" (%{argument.name_hint})" if argument.name_hint else ""
    for reason in reasons:
        yield f"argument {argument.index}{name}: {reason}"


def _wrong_names(entry: DictionaryAttr) -> Iterator[str]:
    for key in entry.data:
        if key.startswith("npu.") and key not in _KNOWN:  # function_c2
            yield f"there is no attribute {key}; there are: {', '.join(_KNOWN)}"
    for key in ("npu.name", "npu.kind"):
        if not isinstance(entry.data.get(key), StringAttr):  # function_c2
            yield f"it has no {key}, a string"
    name = _text(entry, "npu.name")
    if not IDENTIFIER.fullmatch(name):  # function_c2
        yield f"the name {name!r} is no identifier: letters, digits and _"


def _wrong_kind(argument: BlockArgument, entry: DictionaryAttr) -> Iterator[str]:
    kind, type = _kind(entry), argument.type
    if kind not in (*ARRAYS, *NUMBERS):  # function_c3
        kinds = ", ".join((*ARRAYS, *NUMBERS))
        yield f"its npu.kind is {kind!r}, must be one of: {kinds}"
    elif kind in NUMBERS and not isinstance(type, IndexType):  # function_c4
        yield f"its npu.kind is {kind!r}, so its type is index, not {type}"
    elif kind in ARRAYS and not _is_gm(type):  # function_c4
        yield f"its npu.kind is {kind!r}, so it is a buffer in gm, not {type}"


def _is_gm(type: Attribute) -> bool:
    return (
        isinstance(type, MemRefType)
        and isinstance(space := type.memory_space, SpaceAttr)
        and space.data is Space.GM
    )


def _wrong_lists(entry: DictionaryAttr, extents: list[str]) -> Iterator[str]:
    kind = _kind(entry)
    if kind in ARRAYS and "npu.dims" not in entry.data:  # function_c5
        yield "it is an array and has no npu.dims, the axes of its dimensions"
    for key, (kinds, owner) in _LISTS.items():
        if (listed := entry.data.get(key)) is None:
            continue
        if kind not in kinds:  # function_c5
            yield f"{key} is for {owner}, not for {kind}"
        names = _names(listed)
        if names is None:  # function_c5
            yield f"{key} is a list of strings"
        for name in names or ():
            if key == "npu.dims" and name not in extents:  # function_c5
                yield (
                    f"{key} has an axis {name}, which is no extent among the arguments; "
                    f"there are: {', '.join(extents)}"
                )


def _names(attribute: Attribute) -> list[str] | None:
    if not isinstance(attribute, ArrayAttr):
        return None
    items = cast(ArrayAttr[Attribute], attribute).data
    names = [item.data for item in items if isinstance(item, StringAttr)]
    return names if len(names) == len(items) else None


def _text(entry: DictionaryAttr, key: str) -> str:
    text = entry.data.get(key)
    return text.data if isinstance(text, StringAttr) else ""


def _kind(entry: DictionaryAttr) -> str:
    return _text(entry, "npu.kind")
