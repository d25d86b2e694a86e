"""How the vendor's interfaces spell inputs, attributes and outputs of a program.

There are two: the C interface, and the prototype of the operator, in which graph mode
looks attributes and outputs up by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from xdsl.dialects.builtin import DictionaryAttr, StringAttr
from xdsl.ir import Attribute

Interface = Literal["parameter", "prototype"]
INTERFACES: tuple[Interface, ...] = get_args(Interface)
OptionName = Literal["layout", "deterministic"]
OPTION_NAMES: tuple[OptionName, ...] = get_args(OptionName)


@dataclass(frozen=True)
class Spelling:
    """The names of one port; None: what is usual in that interface.

    parameter: in the C interface; prototype: in graphs.
    """

    parameter: str | None = None
    prototype: str | None = None

    @staticmethod
    def read(entries: Mapping[str, Attribute]) -> Spelling:
        """The spelling that attributes of an argument or result state."""

        def stated(interface: Interface) -> str | None:
            name = entries.get(f"lig.{interface}")
            return name.data if isinstance(name, StringAttr) else None

        return Spelling(stated("parameter"), stated("prototype"))

    def entries(self) -> dict[str, Attribute]:
        """The attributes that state it."""
        stated = {"parameter": self.parameter, "prototype": self.prototype}
        return {f"lig.{k}": StringAttr(v) for k, v in stated.items() if v is not None}


USUAL = Spelling()


@dataclass(frozen=True)
class Option:
    """An attribute that chooses a kernel; no formula sees it."""

    name: OptionName
    spelling: Spelling = USUAL


def read_options(attribute: Attribute | None) -> tuple[Option, ...]:
    """The options whose spelling the attribute `lig.options` of a function states."""
    if not isinstance(attribute, DictionaryAttr):
        return ()
    entries = {
        name: each.data
        for name, each in attribute.data.items()
        if isinstance(each, DictionaryAttr)
    }
    return tuple(
        Option(name, Spelling.read(entries[name]))
        for name in OPTION_NAMES
        if name in entries
    )


def options_attribute(options: tuple[Option, ...]) -> DictionaryAttr:
    """What `read_options` reads."""
    return DictionaryAttr(
        {each.name: DictionaryAttr(each.spelling.entries()) for each in options}
    )
