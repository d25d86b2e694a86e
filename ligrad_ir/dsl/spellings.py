"""The `parameter` lines of a text: how interfaces spell its inputs and outputs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from lark import Token

from ligrad_ir.c_interface import c_attributes, name_in
from ligrad_ir.dsl import syntax
from ligrad_ir.dsl.declare_axes import suggest
from ligrad_ir.dsl.diagnostics import Diagnostics
from ligrad_ir.dsl.syntax import fold
from ligrad_ir.signature import ArrayPort, Port, ScalarPort, Signature
from ligrad_ir.spelling import (
    INTERFACES,
    OPTION_NAMES,
    USUAL,
    Interface,
    Option,
    OptionName,
    Spelling,
)

PortT = TypeVar("PortT", ArrayPort, ScalarPort, Port, Option)
SPOKEN: dict[Interface, str] = {
    "parameter": "parameter",
    "prototype": "graph parameter",
}


class Spellings:
    """Collects the lines; mistakes go to the diagnostics."""

    def __init__(
        self, statements: Iterable[syntax.Statement], diagnostics: Diagnostics
    ):
        self._diagnostics = diagnostics
        self._names: dict[tuple[Interface, str], Token] = {}
        self._places: dict[str, Token] = {}
        packs = False
        for node in statements:
            if isinstance(node, syntax.Input | syntax.Output | syntax.Attribute):
                self._places.setdefault(fold(node.name), node.name)
            packs |= isinstance(node, syntax.PackedAxis)
        options = OPTION_NAMES if packs else ("deterministic",)
        for node in statements:
            if isinstance(node, syntax.Parameter):
                self._parameter(node, options)

    def _parameter(
        self, node: syntax.Parameter, options: tuple[OptionName, ...]
    ) -> None:
        interface: Interface = "parameter" if node.graph is None else "prototype"
        port = fold(node.port)
        if port not in self._places and port not in options:
            self._diagnostics.error(
                f"there is no input, attribute or output {str(node.port)!r}"
                f"{suggest(node.port, (*map(str, self._places.values()), *options))}",
                node.port,
            )
        if (interface, port) in self._names:
            self._diagnostics.error(
                f"{node.port} has a {SPOKEN[interface]} already", node.port
            )
        self._names[interface, port] = node.name

    def applied(self, signature: Signature) -> Signature:
        """The signature with these names; where two are the same, that is a mistake."""
        options = map(self._spelled, map(Option, OPTION_NAMES))
        spelled = replace(
            signature,
            inputs=tuple(map(self._spelled, signature.inputs)),
            outputs=tuple(map(self._spelled, signature.outputs)),
            options=tuple(each for each in options if each.spelling != USUAL),
        )
        for interface in INTERFACES:
            self._check(spelled, interface)
        return spelled

    def _spelled(self, port: PortT) -> PortT:
        tokens = [self._names.get((each, fold(port.name))) for each in INTERFACES]
        names = [None if token is None else str(token) for token in tokens]
        return replace(port, spelling=Spelling(*names))

    def _check(self, signature: Signature, interface: Interface) -> None:
        options = [p for p in c_attributes(signature) if isinstance(p, Option)]
        taken = {
            name_in(interface, each): f"the option {each.name}" for each in options
        }
        for port in (*signature.inputs, *signature.outputs):
            name = name_in(interface, port)
            if name in taken:
                place = self._names.get((interface, fold(port.name)))
                self._diagnostics.error(
                    f"the {SPOKEN[interface]} {name!r} is taken: it is {taken[name]}",
                    place or self._places[fold(port.name)],
                )
            taken.setdefault(name, port.name)
