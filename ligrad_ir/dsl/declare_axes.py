"""Syntax tree to axes: bounds resolved, packed axes checked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from typing import TypeVar

from lark import Token

from ligrad_ir.dsl import syntax
from ligrad_ir.dsl.diagnostics import Diagnostics
from ligrad_ir.dsl.syntax import fold
from ligrad_ir.numerals import INT32_MAX
from ligrad_ir.signature import Axis, Layout

NodeT = TypeVar("NodeT", syntax.Axis, syntax.PackedAxis)

UNBOUNDED = INT32_MAX
"""The upper bound of an axis whose own is in error."""


def suggest(name: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: what may have been meant."""
    spelled = {fold(other): other for other in known}
    close = get_close_matches(fold(name), list(spelled), n=1)
    if close:
        return f"; did you mean {spelled[close[0]]!r}?"
    return f"; there are: {', '.join(spelled.values())}" if spelled else ""


class AxisTable:
    """The axes of a program by folded name; mistakes go to the diagnostics.

    An axis may be bounded by one that stands behind it.
    """

    def __init__(
        self,
        nodes: Sequence[syntax.Statement],
        diagnostics: Diagnostics,
        layout: Layout,
    ):
        self._diagnostics = diagnostics
        self._layout: Layout = layout
        dense = self._unique(nodes, syntax.Axis, ())
        packed = self._unique(nodes, syntax.PackedAxis, dense)
        self._packed = frozenset(packed)
        self._names = [str(node.name) for node in (*dense.values(), *packed.values())]
        self._axes: dict[str, Axis] = {}
        for name in self._bounds_first(dense):
            self._dense(dense[name])
        for node in packed.values():
            self._pack(node)
        axis_nodes = (syntax.Axis, syntax.PackedAxis)
        order = [fold(node.name) for node in nodes if isinstance(node, axis_nodes)]
        self._axes = {name: self._axes[name] for name in order}

    @property
    def axes(self) -> dict[str, Axis]:
        """All axes by their names as written, in the order of the text."""
        return {axis.name: axis for axis in self._axes.values()}

    def find(self, token: Token) -> Axis | None:
        """The axis of a name; a mistake if there is none."""
        axis = self._axes.get(fold(token))
        if axis is None:
            self._diagnostics.error(
                f"there is no axis {str(token)!r}{suggest(token, self._names)}", token
            )
        return axis

    def _unique(
        self,
        nodes: Sequence[syntax.Statement],
        kind: type[NodeT],
        taken: Iterable[str],
    ) -> dict[str, NodeT]:
        found: dict[str, NodeT] = {}
        for node in nodes:
            if not isinstance(node, kind):
                continue
            if fold(node.name) in found or fold(node.name) in taken:
                self._diagnostics.error(
                    f"axis {node.name} is declared twice", node.name
                )
            else:
                found[fold(node.name)] = node
        return found

    def _bounds_first(self, dense: dict[str, syntax.Axis]) -> list[str]:
        """The names of the axes, each behind those that bound it."""
        graph = {
            name: {
                fold(bound.token)
                for bound in (node.low, node.high)
                if bound is not None and fold(bound.token) in dense
            }
            for name, node in dense.items()
        }
        try:
            return list(TopologicalSorter(graph).static_order())
        except CycleError as error:
            circle = [dense[name].name for name in error.args[1]]
            self._diagnostics.error(
                f"the bounds go in a circle: {' of '.join(circle)}", circle[0]
            )
            return list(dense)

    def _dense(self, node: syntax.Axis) -> None:
        low, low_axis = self._bound(node.low, is_low=True)
        high, high_axis = self._bound(node.high or node.low, is_low=False)
        if low > high:
            self._diagnostics.error(f"no extent lies in {low}..{high}", node.low.token)
        self._axes[fold(node.name)] = Axis(
            str(node.name), low, high, low_axis, high_axis
        )

    def _bound(self, bound: syntax.Bound, *, is_low: bool) -> tuple[int, str | None]:
        """A bound as a number, and the axis whose extent it was given by."""
        if isinstance(value := bound.value, int):
            if value > UNBOUNDED:
                self._diagnostics.error(
                    f"an axis has at most {UNBOUNDED} positions", bound.token
                )
            return min(value, UNBOUNDED), None
        if fold(value) in self._packed:
            self._diagnostics.error(
                f"{value} packs runs, it bounds no axis", bound.token
            )
            return (0, None) if is_low else (UNBOUNDED, None)
        if (axis := self.find(bound.token)) is None:
            return (0, None) if is_low else (UNBOUNDED, None)
        return (axis.minimum if is_low else axis.maximum), axis.name

    def _pack(self, node: syntax.PackedAxis) -> None:
        for token in (node.batch, node.length):
            if fold(token) in self._packed:
                self._diagnostics.error(
                    f"{token} packs runs itself; name a plain axis", token
                )
            else:
                self.find(token)
        batch, length = (self._axes.get(fold(t)) for t in (node.batch, node.length))
        self._axes[fold(node.name)] = Axis(
            str(node.name),
            batch=batch.name if batch else str(node.batch),
            length=length.name if length else str(node.length),
            uniform=self._layout == "BSND",
        )
