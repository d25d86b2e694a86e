"""Syntax tree to signature: axes, inputs, attributes and outputs, checked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from lark import Token
from xdsl.dialects.builtin import Float32Type, i32
from xdsl.ir import Attribute

from ligrad_ir.dsl import syntax
from ligrad_ir.dsl.diagnostics import Diagnostics, Place
from ligrad_ir.dsl.syntax import fold
from ligrad_ir.signature import (
    HALVES,
    ArrayPort,
    Axis,
    Dim,
    Half,
    Layout,
    Port,
    ScalarPort,
    Signature,
)

SPARSE_MODES = (0, 3)
"""The modes of `lig.valid_count`: all entries, or right-down causal."""


def suggest(name: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: what may have been meant."""
    spelled = {fold(other): other for other in known}
    close = get_close_matches(fold(name), list(spelled), n=1)
    if close:
        return f"; did you mean {spelled[close[0]]!r}?"
    return f"; there are: {', '.join(spelled.values())}" if spelled else ""


def _is_bounded_by_axis(node: syntax.Axis) -> bool:
    return "NAME" in (node.low.token.type, node.high and node.high.token.type)


class Declarations:
    """Builds the signature of a program; mistakes go to the diagnostics."""

    def __init__(
        self, diagnostics: Diagnostics, dtype: Half, layout: Layout, name: str
    ):
        self._diagnostics = diagnostics
        self._layout: Layout = layout
        self._elements: dict[str, Attribute] = {
            "half": HALVES[dtype],
            "fp16": HALVES["fp16"],
            "bf16": HALVES["bf16"],
            "float32": Float32Type(),
            "int32": i32,
        }
        self._name = name
        self._axes: dict[str, Axis] = {}
        self._packed: frozenset[str] = frozenset()
        self._inputs: list[ArrayPort] = []
        self._scalars: list[ScalarPort] = []
        self._outputs: list[ArrayPort] = []
        self.modes: dict[str, str] = {}
        """By folded input name: the attribute that says how many entries are valid."""

    def signature(self) -> Signature:
        """What has been declared."""
        inputs: tuple[Port, ...] = (*self._inputs, *self._scalars)
        axes = {axis.name: axis for axis in self._axes.values()}
        return Signature(self._name, axes, inputs, tuple(self._outputs))

    def _error(self, message: str, place: Place) -> None:
        self._diagnostics.error(message, place)

    # ---- axes

    def axes(self, nodes: Sequence[syntax.Statement]) -> None:
        """Declare all axes; one may be bounded by another that stands behind it."""
        dense = [node for node in nodes if isinstance(node, syntax.Axis)]
        packed = [node for node in nodes if isinstance(node, syntax.PackedAxis)]
        self._packed = frozenset(fold(node.name) for node in packed)
        for node in sorted(dense, key=_is_bounded_by_axis):
            self._dense_axis(node)
        for node in packed:
            self._packed_axis(node)
        order = [
            fold(node.name)
            for node in nodes
            if isinstance(node, syntax.Axis | syntax.PackedAxis)
        ]
        self._axes = {name: self._axes[name] for name in order if name in self._axes}

    def _dense_axis(self, node: syntax.Axis) -> None:
        low, low_axis = self._bound(node.low, is_low=True)
        high, high_axis = (
            (low, low_axis) if node.high is None else self._bound(node.high, False)
        )
        if low > high:
            self._error(f"no extent lies in {low}..{high}", node.low.token)
        at_most = None if node.high is None else high_axis
        self._add_axis(Axis(str(node.name), low, high, low_axis, at_most), node.name)

    def _bound(self, bound: syntax.Bound, is_low: bool) -> tuple[int, str | None]:
        """A bound as a number, and the axis whose extent it was given by."""
        if isinstance(value := bound.value, int):
            return value, None
        if fold(value) in self._packed:
            self._error(f"{value} packs runs, it bounds no axis", bound.token)
            return (0, None) if is_low else (2**31 - 1, None)
        if (axis := self._find_axis(bound.token)) is None:
            return (0, None) if is_low else (2**31 - 1, None)
        return (axis.minimum if is_low else axis.maximum), axis.name

    def _packed_axis(self, node: syntax.PackedAxis) -> None:
        batch, length = self._find_axis(node.batch), self._find_axis(node.length)
        for part, token in ((batch, node.batch), (length, node.length)):
            if part is not None and part.is_packed:
                self._error(f"{part.name} packs runs itself; name a plain axis", token)
        self._add_axis(
            Axis(
                str(node.name),
                batch=batch.name if batch else str(node.batch),
                length=length.name if length else str(node.length),
                uniform=self._layout == "BSND",
            ),
            node.name,
        )

    def _add_axis(self, axis: Axis, place: Token) -> None:
        if fold(axis.name) in self._axes:
            self._error(f"axis {axis.name} is declared twice", place)
        else:
            self._axes[fold(axis.name)] = axis

    def _find_axis(self, token: Token) -> Axis | None:
        axis = self._axes.get(fold(token))
        if axis is None:
            self._error(
                f"there is no axis {str(token)!r}"
                f"{suggest(token, (axis.name for axis in self._axes.values()))}",
                token,
            )
        return axis

    # ---- inputs and outputs

    def input(self, node: syntax.Input) -> None:
        """Declare an input array."""
        port = self._port(node.name, node.aliases, node.array)
        if port is None:
            return
        match node.role:
            case syntax.Ends():
                port = self._ends(port, node.role, node.array)
            case syntax.Selects():
                port = self._selects(port, node.role, node.array)
            case None:
                if port.element == i32:
                    self._error(
                        "an int32 input says what it holds: 'selects AXIS' (row "
                        "numbers) or 'ends AXIS' (prefix sums of run lengths)",
                        node.array.dtype,
                    )
        if port is not None:
            self._inputs.append(port)

    def output(self, node: syntax.Output) -> None:
        """Declare an output array."""
        port = self._port(node.name, node.aliases, node.array)
        if port is None:
            return
        if port.element == i32:
            self._error("an output holds floats: half or float32", node.array.dtype)
        self._outputs.append(port)

    def attribute(self, node: syntax.Attribute) -> None:
        """Declare an int64 attribute."""
        self._check_name(node.name)
        default, equals = None, None
        choices = node.choices.values if node.choices else ()
        if node.default is not None:
            if isinstance(value := node.default.value, int):
                default = value
            elif axis := self._find_axis(node.default.token):
                equals = axis.name
        if choices and default is not None and default not in choices:
            self._error(
                f"the default {default} is none of {list(choices)}",
                node.default.token if node.default else node.name,
            )
        self._scalars.append(ScalarPort(str(node.name), default, choices, equals))

    def _port(
        self, name: Token, aliases: syntax.Aliases, array: syntax.Array
    ) -> ArrayPort | None:
        for token in (name, *aliases.names):
            self._check_name(token)
        element = self._elements.get(fold(array.dtype))
        if element is None:
            self._error(
                f"there is no dtype {str(array.dtype)!r}"
                f"{suggest(array.dtype, self._elements)}",
                array.dtype,
            )
        dims = [self._dim(dim) for dim in array.dims.items]
        known = [dim for dim in dims if dim is not None]
        if element is None or len(known) < len(dims):
            return None
        if len({dim.axis for dim in known}) < len(known):
            self._error("an axis occurs twice", array.meta)
            return None
        alias_names = tuple(str(alias) for alias in aliases.names)
        return ArrayPort(str(name), alias_names, tuple(known), element)

    def _dim(self, node: syntax.Dim) -> Dim | None:
        axis = self._find_axis(node.name)
        if axis is None:
            return None
        for packed in self._axes.values():
            if packed.length == axis.name:
                self._error(
                    f"{axis.name} is the length of the runs of {packed.name}; "
                    f"an array has the axis {packed.name}",
                    node.name,
                )
                return None
        if node.optional is not None and not axis.is_unit:
            self._error(
                f"only an axis of extent 1 can be left out, {axis.name} is not",
                node.name,
            )
        return Dim(axis.name, node.optional is not None)

    def _check_name(self, token: Token) -> None:
        ports: list[Port] = [*self._inputs, *self._scalars, *self._outputs]
        for port in ports:
            aliases = port.aliases if isinstance(port, ArrayPort) else ()
            if fold(token) in map(fold, (port.name, *aliases)):
                self._error(f"the name {str(token)!r} is taken", token)

    # ---- the two roles of int32 inputs

    def _ends(
        self, port: ArrayPort, role: syntax.Ends, array: syntax.Array
    ) -> ArrayPort | None:
        axis = self._find_axis(role.axis)
        if axis is None:
            return None
        if not axis.is_packed:
            self._error(f"{axis.name} packs no runs, so it has no ends", role.axis)
            return None
        if port.element != i32 or [dim.axis for dim in port.dims] != [axis.batch]:
            self._error(
                f"the ends of {axis.name} are int32[{axis.batch}], one for every run",
                array.meta,
            )
            return None
        return ArrayPort(
            port.name, port.aliases, port.dims, port.element, ends=axis.name
        )

    def _selects(
        self, port: ArrayPort, role: syntax.Selects, array: syntax.Array
    ) -> ArrayPort | None:
        target = self._find_axis(role.target)
        if target is None:
            return None
        if port.element != i32:
            self._error("row numbers are int32", array.dtype)
            return None
        axes = [d.axis for d in port.dims if not self._axes[fold(d.axis)].is_unit]
        for other in self._inputs:
            if other.selects and axes and other.dims[-1].axis == axes[-1]:
                self._error(
                    f"the axis {axes[-1]} holds the entries of {other.name} already; "
                    "a second selection has an entry axis of its own",
                    array.meta,
                )
        batches = [self._axes[fold(axis)].batch for axis in axes]
        if not axes or (target.is_packed and batches.count(target.batch) != 1):
            self._error(
                f"indices into {target.name} (runs of {target.batch}) need an axis "
                f"that packs runs of {target.batch} too, to say which run is meant",
                array.meta,
            )
            return None
        if role.mode is not None:
            self._mode(port, role.mode, len(axes))
        return ArrayPort(
            port.name, port.aliases, port.dims, port.element, selects=target.name
        )

    def _mode(self, port: ArrayPort, mode: Token, rank: int) -> None:
        scalars = {fold(scalar.name): scalar for scalar in self._scalars}
        scalar = scalars.get(fold(mode))
        if scalar is None:
            self._error(
                f"there is no attribute {str(mode)!r}"
                f"{suggest(mode, (s.name for s in self._scalars))}",
                mode,
            )
        elif not scalar.choices or not set(scalar.choices) <= set(SPARSE_MODES):
            self._error(
                f"{scalar.name} decides how many entries are valid: declare it "
                f"'in {{0, 3}}' (0: all, 3: right-down causal)",
                mode,
            )
        elif rank != 2:
            self._error(
                "'by' needs indices with one token axis and one entry axis, "
                f"{port.name} has {rank} axes",
                mode,
            )
        else:
            self.modes[fold(port.name)] = scalar.name
