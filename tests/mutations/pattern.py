"""A pattern for mutants that change nothing, with the reason why."""

from __future__ import annotations

import re
from dataclasses import dataclass

import ligrad
from tests.mutations.schemata import Mutant

ORDER = ("sync", "pipe")


@dataclass(frozen=True)
class Equivalent:
    """Mutants of some kinds whose statement, change and target match the patterns.
    schedule, deterministic: of such kernels only."""

    name: str
    why: str
    kinds: tuple[str, ...]
    statement: str
    change: str = ""
    target: str = ""
    core: str = ""
    schedule: str | None = None
    deterministic: bool | None = None

    def covers(self, mutant: Mutant) -> bool:
        """Whether a mutant is one of these."""
        return (
            mutant.kind in self.kinds
            and self.core in ("", mutant.core)
            and re.search(self.statement, mutant.statement) is not None
            and re.search(self.change, mutant.change) is not None
            and re.search(self.target, mutant.target) is not None
        )

    def is_of(self, operator: ligrad.Operator) -> bool:
        """Whether it is of such a kernel."""
        return self.schedule in (None, operator.schedule) and self.deterministic in (
            None,
            operator.deterministic,
        )
