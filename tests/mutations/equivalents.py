"""Mutants that change nothing that anybody could see, each with the reason why.

Rules on the shape of a kernel, and a table of patterns, as narrow as can be. They are held
to their word: a mutant that is in them and found nevertheless is an error of the table.
"""

from __future__ import annotations

import ligrad
from tests.mutations.order import superfluous
from tests.mutations.pattern import ORDER
from tests.mutations.patterns import PATTERNS
from tests.mutations.patterns_streamed import STREAMED
from tests.mutations.rules import rules
from tests.mutations.schemata import Mutant, statements
from tests.mutations.shifts import free_shifts

TABLE = (*PATTERNS, *STREAMED)


class Equivalents:
    """What is known of an operator's kernel."""

    def __init__(self, operator: ligrad.Operator):
        self._free = set(free_shifts(operator))
        self._idle = set(superfluous(operator))
        self._table = [each for each in TABLE if each.is_of(operator)]
        places = statements(operator.module("ascendc"))
        self._statements = {line: op for op, (line, _) in places.items()}

    def name(self, mutant: Mutant) -> str | None:
        """Under which name a mutant is known to be equivalent, if it is."""
        if (mutant.line, mutant.change) in self._free:
            return "room-around-it"
        is_barrier = mutant.statement.startswith("PipeBarrier")
        if mutant.line in self._idle and (
            mutant.kind == "pair" or (is_barrier and mutant.kind in ORDER)
        ):
            return "insert-sync-cannot-know"
        for rule in rules(self._statements[mutant.line], mutant.kind, mutant.change):
            return rule.name
        found = (each.name for each in self._table if each.covers(mutant))
        return next(found, None)
