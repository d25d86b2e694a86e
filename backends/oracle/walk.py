"""Computes the stored terms of a program by walking over the tokens.

Stored terms that lie under the same loop are computed in one walk over its points, so
that what they have in common is computed once a point.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from backends.oracle import bound
from backends.oracle.batches import Batches
from backends.oracle.bound import Array, Bounded, DType
from backends.oracle.declarations import Declarations
from backends.oracle.terms import Term
from backends.oracle.values import Point, Values


@dataclass
class _Sums:
    """A stored term in the making: sums of `count` terms each, or of fewer."""

    value: Array
    error: Array
    reach: Array
    count: Array


class Walk:
    """The evaluation of one program on one set of inputs."""

    def __init__(self, declared: Declarations, batches: Batches, half: DType):
        self._declared = declared
        self._batches = batches
        self._values = Values(declared, batches, half)
        self._stored = self._values.stored

    def run(self, roots: Iterable[Term]) -> dict[Term, Bounded]:
        """The stored terms among `roots` and below them, over the real entries of
        their axes."""
        pending: dict[Term, set[Term]] = {}
        for root in roots:
            _collect(root, pending)
        while pending:
            loops: dict[tuple[str, ...], list[Term]] = {}
            for term, needed in pending.items():
                if needed <= self._stored.keys():
                    loops.setdefault(self._loop(term), []).append(term)
            for axes, terms in loops.items():
                self._sweep(axes, terms)
            pending = {t: n for t, n in pending.items() if t not in self._stored}
        return self._stored

    def _loop(self, term: Term) -> tuple[str, ...]:
        context = self._values.context(term)
        return tuple(sorted(self._values.walked.intersection(context)))

    def _sweep(self, axes: tuple[str, ...], terms: list[Term]) -> None:
        sums = {term: self._start(term) for term in terms}
        for place in np.ndindex(*(self._batches.real(axis) for axis in axes)):
            point = Point(dict(zip(axes, place, strict=True)))
            for term in terms:
                self._add(term, sums[term], point)
        for term, done in sums.items():
            error = done.error
            if term.op != "table":
                error = error + bound.rounding(done.reach, done.count)
            self._stored[term] = Bounded(done.value, error)

    def _start(self, term: Term) -> _Sums:
        shape = [self._batches.real(axis) for axis in term.axes]
        if term.op == "scatter":
            count = np.zeros([shape[0]] + [1] * (len(shape) - 1))
        else:
            count = np.prod([self._batches.real(axis) for axis in term.over])
        return _Sums(
            np.zeros(shape), np.zeros(shape), np.zeros(shape), np.asarray(count)
        )

    def _add(self, term: Term, sums: _Sums, point: Point) -> None:
        """Add to a stored term what its operand is at one point."""
        values, target = self._values, term.axes
        context = values.context(term)
        rows: dict[str, Array] = {}
        if term.op == "scatter":
            selection = self._declared.selections[term.name]
            target = (selection.entries, *target[1:])
            rows[selection.entries] = values.present(selection, point).rows
            np.add.at(sums.count, rows[selection.entries], 1.0)
        local = values.local(target)
        x = values.operand(term.args[0], context, local, point)
        for axis in local:
            present = values.restriction(axis, context, point)
            if present is not None:
                rows.setdefault(axis, present.positions)
        place = (*(point.at.get(axis, slice(None)) for axis in target), ...)
        where = [rows.get(axis) for axis in local]
        _add_at(sums.value[place], where, x.value)
        _add_at(sums.error[place], where, x.error)
        if term.op != "table":
            _add_at(sums.reach[place], where, x.reach)


def _collect(term: Term, into: dict[Term, set[Term]]) -> set[Term]:
    """Enter every stored term from `term` on with the stored terms that its own
    computation needs; return those that a user of `term` needs."""
    if term in into:
        return {term}
    needed = {inner for arg in term.args for inner in _collect(arg, into)}
    if not term.stored:
        return needed
    into[term] = needed
    return {term}


def _add_at(view: Array, where: list[Array | None], increment: Array) -> None:
    """Add to the given entries of a view, once for every time they are named."""
    if all(entries is None for entries in where):
        view += increment
        return
    named: list[Array] = [
        np.arange(extent) if entries is None else entries
        for extent, entries in zip(view.shape, where, strict=True)
    ]
    whole = all(entries is None for entries in where[1:])
    index: tuple[Array, ...] = (named[0],) if whole else np.ix_(*named)
    if all(len(np.unique(entries)) == len(entries) for entries in named):
        view[index] += increment
    else:
        np.add.at(view, index, increment)
