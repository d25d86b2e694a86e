"""What a kernel's pipeline may choose, as data: the lowering, its options, and rewrites.

A choice is spelled in words, and no word is needed: `lower-to-npu` or `stream-to-npu`
names the lowering, `window=256` sets an option of it, `without=narrow-signs` leaves out a
rewrite. The options are the fields of the lowering pass, so one that it gains is searched
as soon as it is a `Literal`; a number needs a line in `GRID`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from itertools import combinations, product
from typing import Any, Literal, cast, get_args, get_origin, get_type_hints

from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from ligrad_ir.errors import LigradError
from ligrad_ir.numerals import whole_number
from passes.lower_to_npu import LowerToNpuPass
from passes.stream_to_npu import StreamToNpuPass

Value = int | bool | str
"""Of an option."""
GRID: Mapping[str, tuple[int, ...]] = {
    "window": (64, 128, 256, 512),
    "depth": (1, 2, 3),
    "tokens": (1, 2, 3),
}
"""The numbers that are tried; any other that a pass takes can be chosen by hand."""
LOWERINGS: Mapping[str, type[LowerToNpuPass | StreamToNpuPass]] = {
    each.name: each for each in (StreamToNpuPass, LowerToNpuPass)
}
"""By name; the first one is the default."""
GIVEN = ("name", "soc", "deterministic")
"""Fields of a lowering that are not chosen: the user says what they are."""
REWRITES = ("fold-reduction", "narrow-signs")
"""Passes that can be left out and leave no output less accurate: what they save is
bytes or work, never bits."""


@dataclass(frozen=True)
class Choice:
    """One way through the pipeline. options: those of the lowering that are set, by name;
    without: rewrites that are left out. `str` gives all its words, defaults too, so that
    it means the same when defaults have changed."""

    lowering: str = StreamToNpuPass.name
    options: tuple[tuple[str, Value], ...] = ()
    without: tuple[str, ...] = ()

    def __str__(self) -> str:
        chosen = {**_defaults(self.lowering), **dict(self.options)}
        words = [self.lowering, *(f"{n}={_spell(v)}" for n, v in chosen.items())]
        words += [f"without={name}" for name in self.without]
        return " ".join(words)

    @property
    def sizes(self) -> str:
        """The words of the options that are set and that buffers grow with."""
        return " ".join(f"{n}={v}" for n, v in self.options if n in GRID)

    def lower(self, soc: str, deterministic: bool) -> ModulePass:
        """The lowering pass, with its options."""
        given: dict[str, Value] = {"soc": soc, "deterministic": deterministic}
        return _make(self.lowering, {**given, **dict(self.options)})


DEFAULT_CHOICE = Choice()
"""What a kernel is compiled with if nothing is chosen."""


def parse_choice(text: str) -> Choice:
    """A choice from its words; what they leave open is as by default.

    Raises:
        LigradError: for a word that is none, with what there is; for one given twice; or
            for an option that no graph can be lowered with.
    """
    words = text.split()
    named = [word for word in words if "=" not in word]
    lowering = named[0] if named else StreamToNpuPass.name
    if len(named) > 1 or lowering not in LOWERINGS:
        raise LigradError(
            f"the choice {text!r} names {' and '.join(named)}; a lowering is one of: "
            f"{', '.join(LOWERINGS)}"
        )
    types = _types(lowering)
    options: dict[str, Value] = {}
    without: set[str] = set()
    for name, _, value in (word.partition("=") for word in words if "=" in word):
        if name == "without":
            without.add(_one_of(name, value, REWRITES))
            continue
        _one_of(f"an option of {lowering}", name, tuple(types))
        if name in options:
            raise LigradError(f"the choice {text!r} sets {name} twice")
        options[name] = _parse(name, value, types[name])
    try:
        _make(lowering, options).check_options()
    except PassFailedException as error:
        raise LigradError(str(error)) from error
    changed = {n: v for n, v in options.items() if v != _defaults(lowering)[n]}
    left_out = tuple(name for name in REWRITES if name in without)
    return Choice(
        lowering, tuple((n, changed[n]) for n in types if n in changed), left_out
    )


def space() -> tuple[Choice, ...]:
    """All choices that are searched, the default first."""
    subsets = [s for size in range(3) for s in combinations(REWRITES, size)]
    found = [
        parse_choice(" ".join((lowering, *words, *(f"without={n}" for n in left_out))))
        for left_out in subsets
        for lowering in LOWERINGS
        for words in product(*(_words(lowering, name) for name in _types(lowering)))
    ]
    return tuple(dict.fromkeys([DEFAULT_CHOICE, *found]))


def _make(
    lowering: str, options: Mapping[str, Value]
) -> LowerToNpuPass | StreamToNpuPass:
    """The lowering pass with options that have the types of its fields."""
    return LOWERINGS[lowering](**cast("dict[str, Any]", options))


def _types(lowering: str) -> dict[str, Any]:
    """The types of the options of a lowering, by name."""
    kind = LOWERINGS[lowering]
    hints = get_type_hints(kind)
    return {
        each.name: hints[each.name] for each in fields(kind) if each.name not in GIVEN
    }


def _defaults(lowering: str) -> dict[str, Value]:
    return {
        each.name: each.default
        for each in fields(LOWERINGS[lowering])
        if each.name not in GIVEN and each.default is not MISSING
    }


def _words(lowering: str, name: str) -> tuple[str, ...]:
    """The values of an option that are searched."""
    type = _types(lowering)[name]
    if get_origin(type) is Literal:
        values: tuple[Value, ...] = get_args(type)
    elif type is bool:
        values = (False, True)
    else:
        values = GRID.get(name, (_defaults(lowering)[name],))
    return tuple(f"{name}={_spell(value)}" for value in values)


def _spell(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _parse(name: str, text: str, type: Any) -> Value:
    """Raises:
    LigradError: the option has no such value.
    """
    if get_origin(type) is Literal:
        return _one_of(name, text, get_args(type))
    if type is bool:
        return _one_of(name, text, ("false", "true")) == "true"
    if type is int and (number := whole_number(text)) is not None:
        return number
    raise LigradError(f"{name} is {text!r}, must be a number")


def _one_of(what: str, text: str, allowed: tuple[str, ...]) -> str:
    if text not in allowed:
        there = ", ".join(allowed) or "none"
        raise LigradError(f"{what} is {text!r}, must be one of: {there}")
    return text
