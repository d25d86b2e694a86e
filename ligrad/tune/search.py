"""Times every kernel there is to choose from, and checks those that could be the best."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ligrad.tune.front import pareto
from ligrad.tune.judge import Checked, Lowered, Timed, check, lower, time
from ligrad.tune.problem import Problem
from ligrad.tune.record import Record, kernel_key, lowered_key
from ligrad.tune.workers import Start, workers
from passes.choices import DEFAULT_CHOICE, Choice

Found = TypeVar("Found", Lowered, Timed, Checked)
Work = Callable[[Problem, Choice], Found]
Step = Callable[[str, int, int], None]
"""Told what is done, how many of it are, and of how many."""


@dataclass(frozen=True)
class Row:
    """What is known of a choice. timed: None where there is no kernel; checked: None where
    it was only timed; same: how many other choices give the same kernel."""

    choice: Choice
    lowered: Lowered
    timed: Timed | None
    checked: Checked | None = None
    same: int = 0

    @property
    def is_good(self) -> bool:
        """It was checked, and its results are right."""
        return self.checked is not None and self.checked.status == "ok"


@dataclass(frozen=True)
class Search:
    """rows: what may count, the fastest first; then what is wrong or refused. known: how
    many results were in the record."""

    rows: tuple[Row, ...]
    known: int

    @property
    def good(self) -> tuple[Row, ...]:
        """The rows that count."""
        return tuple(row for row in self.rows if row.is_good)

    @property
    def default(self) -> Row:
        """What is compiled if nothing is chosen."""
        return next(row for row in self.rows if row.choice == DEFAULT_CHOICE)


def search(
    problem: Problem,
    choices: Sequence[Choice],
    record: Record,
    *,
    jobs: int = 1,
    everything: bool = False,
    step: Step = lambda what, done, of: None,
) -> Search:
    """Time the kernels of all choices; check the default and the front, or everything.

    Each result goes to the record as soon as it is there. The default choice is looked at
    in any case.

    Raises:
        LigradError: the record cannot be written.
    """
    choices = tuple(dict.fromkeys((DEFAULT_CHOICE, *choices)))
    with workers(jobs) as start:
        bench = _Bench(problem, problem.identity(), record, start, step)
        lowered = bench.lower(choices)
        firsts: dict[str, list[Choice]] = {}
        for choice in choices:
            firsts.setdefault(lowered[choice].kernel or str(choice), []).append(choice)
        kernels = {c[0]: lowered[c[0]] for c in firsts.values() if lowered[c[0]].kernel}
        timed = bench.time(kernels)
        checked: dict[Choice, Checked] = {}
        while todo := unchecked(timed, checked, everything):
            checked |= bench.check(
                {choice: kernels[choice] for choice in todo}, checked
            )
    rows = [
        Row(c[0], lowered[c[0]], timed.get(c[0]), checked.get(c[0]), len(c) - 1)
        for c in firsts.values()
    ]
    return Search(tuple(sorted(rows, key=_rank)), bench.known)


def unchecked(
    timed: Mapping[Choice, Timed],
    checked: Mapping[Choice, Checked],
    everything: bool = False,
) -> list[Choice]:
    """What is to be checked next: the default, and what is on the front unless it turns out
    wrong; or all that runs."""
    able = [
        choice
        for choice, found in timed.items()
        if found.cycles and (choice not in checked or checked[choice].status == "ok")
    ]
    chosen = able
    if not everything:
        points = [(timed[choice].cycles, timed[choice].bytes) for choice in able]
        chosen = [able[number] for number in pareto(points)]
        chosen += [c for c in able if c == DEFAULT_CHOICE and c not in chosen]
    return [choice for choice in chosen if choice not in checked]


def _rank(row: Row) -> tuple[int, float]:
    if row.timed is None:
        return 3, 0.0
    if not row.timed.cycles:
        return 2, 0.0
    return 0 if row.checked is None or row.is_good else 1, row.timed.cycles


@dataclass
class _Bench:
    """Does work on choices unless its result is in the record. known: how many were."""

    problem: Problem
    identity: Mapping[str, Any]
    record: Record
    start: Start
    step: Step
    known: int = 0

    def lower(self, choices: Sequence[Choice]) -> dict[Choice, Lowered]:
        keys = {each: lowered_key(self.identity, str(each)) for each in choices}
        return self._all("lowered", lower, keys, Lowered)

    def time(self, kernels: Mapping[Choice, Lowered]) -> dict[Choice, Timed]:
        return self._all("timed", time, self._keys(kernels), Timed)

    def check(
        self, kernels: Mapping[Choice, Lowered], before: Mapping[Choice, Checked]
    ) -> dict[Choice, Checked]:
        return self._all(
            "checked", check, self._keys(kernels), Checked, before=len(before)
        )

    def _keys(
        self, kernels: Mapping[Choice, Lowered]
    ) -> dict[Choice, Mapping[str, Any]]:
        return {
            c: kernel_key(self.identity, each.kernel) for c, each in kernels.items()
        }

    def _all(
        self,
        what: str,
        work: Work[Found],
        keys: Mapping[Choice, Mapping[str, Any]],
        kind: type[Found],
        before: int = 0,
    ) -> dict[Choice, Found]:
        """The results of all choices; before: how many were done when this began."""
        found: dict[Choice, Found] = {}
        for choice, key in keys.items():
            if (recorded := self.record.find(kind, key)) is not None:
                found[choice] = recorded
        self.known += len(found)
        total = before + len(keys)
        self.step(what, before + len(found), total)
        todo = [choice for choice in keys if choice not in found]
        for choice, result in self.start(work, self.problem, todo):
            self.record.add(keys[choice], result)
            found[choice] = result
            self.step(what, before + len(found), total)
        return found
