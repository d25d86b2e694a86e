"""Syntax tree to signature: inputs, attributes and outputs, checked."""

from __future__ import annotations

from lark import Token
from xdsl.dialects.builtin import Float32Type, i32
from xdsl.ir import Attribute

from ligrad_ir.dsl import syntax
from ligrad_ir.dsl.declare_axes import AxisTable, suggest
from ligrad_ir.dsl.diagnostics import Diagnostics, Place
from ligrad_ir.dsl.syntax import fold, integer
from ligrad_ir.numerals import INT64_MAX
from ligrad_ir.signature import (
    HALVES,
    ArrayPort,
    Dim,
    Half,
    Port,
    ScalarPort,
    Signature,
)

SPARSE_MODES = (0, 3)
"""The modes of `lig.valid_count`: all entries, or right-down causal."""


class Declarations:
    """Builds the signature of a program; mistakes go to the diagnostics."""

    def __init__(
        self, axes: AxisTable, diagnostics: Diagnostics, dtype: Half, name: str
    ):
        self._table = axes
        self._diagnostics = diagnostics
        self._elements: dict[str, Attribute] = {
            "half": HALVES[dtype],
            "fp16": HALVES["fp16"],
            "bf16": HALVES["bf16"],
            "float32": Float32Type(),
            "int32": i32,
        }
        self._name = name
        self._inputs: list[ArrayPort] = []
        self._scalars: list[ScalarPort] = []
        self._outputs: list[ArrayPort] = []
        self.modes: dict[str, str] = {}
        """By folded input name: the attribute that says how many entries are valid."""

    def signature(self) -> Signature:
        """What has been declared."""
        inputs = (*self._inputs, *self._scalars)
        return Signature(self._name, self._table.axes, inputs, tuple(self._outputs))

    def _error(self, message: str, place: Place) -> None:
        self._diagnostics.error(message, place)

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
        numbers = [*node.choices.items] if node.choices else []
        if node.default is not None and isinstance(node.default.value, int):
            numbers.append(node.default.token)
        for token in numbers:
            if integer(token) > INT64_MAX:
                self._error("an attribute is an int64, which cannot hold this", token)
        if node.default is not None:
            if isinstance(value := node.default.value, int):
                default = value
            elif axis := self._table.find(node.default.token):
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
        axis = self._table.find(node.name)
        if axis is None:
            return None
        for packed in self._table.axes.values():
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
        axis = self._table.find(role.axis)
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
        for other in self._inputs:
            if other.ends == axis.name:
                self._error(
                    f"{other.name} holds the ends of {axis.name} already", role.axis
                )
                return None
        return ArrayPort(
            port.name, port.aliases, port.dims, port.element, ends=axis.name
        )

    def _selects(
        self, port: ArrayPort, role: syntax.Selects, array: syntax.Array
    ) -> ArrayPort | None:
        target = self._table.find(role.target)
        if target is None:
            return None
        if port.element != i32:
            self._error("row numbers are int32", array.dtype)
            return None
        axes = self._own_axes(port)
        for other in self._inputs:
            if other.selects and axes and self._own_axes(other)[-1] == axes[-1]:
                self._error(
                    f"the axis {axes[-1]} holds the entries of {other.name} already; "
                    "a second selection has an entry axis of its own",
                    array.meta,
                )
        batches = [self._table.axes[axis].batch for axis in axes]
        if axes and batches[-1] is not None:
            self._error(
                f"the last axis of indices holds a token's entries, {axes[-1]} packs "
                "runs of tokens",
                array.meta,
            )
            return None
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

    def _own_axes(self, port: ArrayPort) -> tuple[str, ...]:
        """The axes of an array beside those of extent 1."""
        return tuple(
            dim.axis for dim in port.dims if not self._table.axes[dim.axis].is_unit
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
