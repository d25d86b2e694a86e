"""The value of a term at one point of the token axes.

At a point an axis that is walked over is gone, and a selected axis has the present
entries of that point only.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np

from backends.oracle import bound
from backends.oracle.batches import Batches, Present
from backends.oracle.bound import Array, Bounded, DType
from backends.oracle.declarations import Declarations, Selection
from backends.oracle.terms import Term


@dataclass
class Point:
    """One point of a loop (`at`: its place on every walked axis of the loop), with
    what was computed there."""

    at: dict[str, int]
    values: dict[Term, Bounded] = field(default_factory=dict[Term, Bounded])
    present: dict[str, Present] = field(default_factory=dict[str, Present])


class Values:
    """Computes terms at points. `stored` has the stored terms that are known so far,
    over the real entries of all their axes; `walked` are the axes that points fix."""

    def __init__(self, declared: Declarations, batches: Batches, half: DType):
        self.walked = declared.tokens
        self.stored: dict[Term, Bounded] = {}
        self._declared = declared
        self._batches = batches
        self._half = half
        self._selected = {s.entries: s for s in declared.selections.values()}
        self._constant: dict[Term, Bounded] = {}

    def context(self, term: Term) -> tuple[str, ...]:
        """All axes that meet where a term is computed."""
        axes = [axis for arg in term.args for axis in arg.axes]
        if term.name in self._declared.selections:
            selection = self._declared.selections[term.name]
            axes += [*selection.tokens, selection.entries]
        if term.op == "table":
            axes += term.axes
        return tuple(dict.fromkeys(axes))

    def local(self, axes: tuple[str, ...]) -> tuple[str, ...]:
        """The axes that are left at a point."""
        return tuple(axis for axis in axes if axis not in self.walked)

    def present(self, selection: Selection, point: Point) -> Present:
        """The present entries of a selection at a point of its token axes."""
        if selection.index not in point.present:
            point.present[selection.index] = self._batches.present(selection, point.at)
        return point.present[selection.index]

    def restriction(
        self, axis: str, among: Collection[str], point: Point
    ) -> Present | None:
        """The present entries of a selected axis, where its token axes are there."""
        selection = self._selected.get(axis)
        if selection is None or not set(selection.tokens) <= set(among):
            return None
        return self.present(selection, point)

    def _at(
        self, array: Array, axes: tuple[str, ...], point: Point, free: str = ""
    ) -> Array:
        """A whole array at one point; a walked axis `free` is kept nevertheless."""
        fixed = [a for a in axes if a in self.walked and a != free]
        array = array[tuple(point.at[a] if a in fixed else slice(None) for a in axes)]
        local = [axis for axis in axes if axis not in fixed]
        for place, axis in enumerate(local):
            present = self.restriction(axis, fixed, point)
            if present is not None:
                array = array.take(present.positions, place)
        return array

    def _value(self, term: Term, point: Point) -> Bounded:
        """A term, with the dimensions `local(term.axes)`."""
        constant = self.walked.isdisjoint(term.axes)
        known = self._constant if constant else point.values
        if term not in known:
            known[term] = self._compute(term, point)
        return known[term]

    def operand(
        self,
        term: Term,
        context: tuple[str, ...],
        local: tuple[str, ...],
        point: Point,
    ) -> Bounded:
        """A term as it meets others: with the dimensions `local`, of extent 1 where
        the term lacks the axis, and only the entries that are present in `context`."""
        x, axes = self._value(term, point), self.local(term.axes)
        for place, axis in enumerate(axes):
            if self.restriction(axis, term.axes, point) is None:
                present = self.restriction(axis, context, point)
                if present is not None:
                    x = x.take(present.positions, place)
        order = [axes.index(axis) for axis in local if axis in axes]
        missing = [place for place, axis in enumerate(local) if axis not in axes]
        value, error = (
            np.expand_dims(part.transpose(order), missing)
            for part in (x.value, x.error)
        )
        return Bounded(value, error, x.exact)

    def _compute(self, term: Term, point: Point) -> Bounded:
        if term.stored:
            whole = self.stored[term]
            return Bounded(
                self._at(whole.value, term.axes, point),
                self._at(whole.error, term.axes, point),
            )
        match term.op:
            case "number":
                return bound.literal(term.number)
            case "input":
                array = self._batches.array(term.name)
                return bound.exactly(self._at(array, term.axes, point))
            case "gather":
                return self._gather(term, point)
            case "contract":
                return self._contract(term, point)
            case "sum":
                axes = self.local(term.args[0].axes)
                x = self._value(term.args[0], point)
                return bound.reduction(x, tuple(axes.index(a) for a in term.over))
            case "half":
                return bound.rounded(self._value(term.args[0], point), self._half)
            case _:
                return self._elementwise(term, point)

    def _elementwise(self, term: Term, point: Point) -> Bounded:
        local = self.local(term.axes)
        args = [self.operand(x, term.axes, local, point) for x in term.args]
        match term.op:
            case "neg":
                return bound.negative(args[0])
            case "relu":
                return bound.relu(args[0])
            case "relu_grad":
                return bound.relu_grad(args[0], args[1])
            case "mul":
                return bound.product(args[0], args[1])
            case "add":
                return bound.total(args[0], args[1])
            case "sub":
                return bound.total(args[0], bound.negative(args[1]))
            case _:
                raise AssertionError(f"no such term: {term.op}")

    def _gather(self, term: Term, point: Point) -> Bounded:
        (source,) = term.args
        selection = self._declared.selections[term.name]
        target = selection.target
        if target in self.walked:  # then the source is a table
            whole = self.stored[source]
            x = Bounded(
                self._at(whole.value, source.axes, point, free=target),
                self._at(whole.error, source.axes, point, free=target),
            )
            axes = [a for a in source.axes if a == target or a not in self.walked]
        else:
            axes = list(self.local(source.axes))
            x = self.operand(source, self.context(term), tuple(axes), point)
        x = x.take(self.present(selection, point).rows, axes.index(target))
        axes[axes.index(target)] = selection.entries
        order = [axes.index(axis) for axis in self.local(term.axes)]
        return Bounded(x.value.transpose(order), x.error.transpose(order), x.exact)

    def _contract(self, term: Term, point: Point) -> Bounded:
        context = self.context(term)
        letters = {axis: chr(ord("a") + place) for place, axis in enumerate(context)}
        locals_ = [self.local(x.axes) for x in term.args]
        x, y = (
            self.operand(arg, context, local, point)
            for arg, local in zip(term.args, locals_, strict=True)
        )
        left, right, result = (
            "".join(letters[axis] for axis in axes)
            for axes in (*locals_, self.local(term.axes))
        )
        count = x.value.shape[locals_[0].index(term.over[0])]
        return bound.contraction(x, y, f"{left},{right}->{result}", count)
