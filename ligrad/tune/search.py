"""Looks at every choice, and measures those that could be the best."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from ligrad.tune.judge import Expected, Measured, expect, measure
from ligrad.tune.problem import Problem
from ligrad.tune.record import Record, expected_key, measured_key
from ligrad_ir.errors import LigradError
from passes.choices import DEFAULT_CHOICE, Choice

FACTOR = 1.05
"""How much slower than another a choice may be predicted, and still be measured."""

Found = TypeVar("Found")
Work = Callable[[Problem, Choice], Found]
Start = Callable[..., Iterator[tuple[Choice, Any]]]
"""Takes the work, the problem and choices; gives each result when it is there."""
Step = Callable[[str, int, int], None]
"""Told what is done, how many of it are, and of how many."""


@dataclass(frozen=True)
class Row:
    """What is known of a choice. measured: None where it was only predicted; same: how
    many other choices give the same kernel."""

    choice: Choice
    expected: Expected
    measured: Measured | None
    same: int = 0

    @property
    def is_good(self) -> bool:
        """It was measured, and its results are right."""
        return self.measured is not None and self.measured.status == "ok"


@dataclass(frozen=True)
class Search:
    """rows: the measured ones first, the fastest of them first; then what was only
    predicted; then what is refused or wrong. known: how many results were in the record."""

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
    """Look at all choices and measure the promising ones, or everything.

    Each result goes to the record as soon as it is there. The default choice is looked at
    in any case, and is measured.

    Raises:
        LigradError: the record cannot be written.
    """
    identity = problem.identity()
    choices = tuple(dict.fromkeys((DEFAULT_CHOICE, *choices)))
    with _workers(jobs) as start:
        expected, seen = _all(
            expect,
            problem,
            {each: expected_key(identity, str(each)) for each in choices},
            record.expected,
            record,
            start,
            lambda done, of: step("lowered", done, of),
        )
        firsts: dict[str, list[Choice]] = {}
        for choice in choices:
            firsts.setdefault(expected[choice].kernel or str(choice), []).append(choice)
        single = {same[0]: expected[same[0]] for same in firsts.values()}
        chosen = [c for c in single if single[c].kernel]
        if not everything:
            chosen = promising({c: single[c] for c in chosen})
        measured, known = _all(
            measure,
            problem,
            {c: measured_key(identity, single[c].kernel) for c in chosen},
            record.measured,
            record,
            start,
            lambda done, of: step("measured", done, of),
        )
    rows = [
        Row(same[0], single[same[0]], measured.get(same[0]), len(same) - 1)
        for same in firsts.values()
    ]
    return Search(tuple(sorted(rows, key=_rank)), seen + known)


def promising(
    expected: Mapping[Choice, Expected], factor: float = FACTOR
) -> list[Choice]:
    """The choices worth a measurement, those predicted fastest first. Left out is one for
    which there is another that is predicted to move no more bytes, and to be faster by
    more than `factor`; the default never is, nor what the model cannot predict."""

    def is_hopeless(choice: Choice) -> bool:
        mine = expected[choice]
        if choice == DEFAULT_CHOICE or mine.cycles is None or mine.bytes is None:
            return False
        return any(
            other.cycles * factor < mine.cycles
            for other in expected.values()
            if other.cycles is not None
            and other.bytes is not None
            and other.bytes <= mine.bytes
        )

    def order(choice: Choice) -> tuple[bool, float]:
        return choice != DEFAULT_CHOICE, expected[choice].cycles or 0.0

    return sorted((c for c in expected if not is_hopeless(c)), key=order)


def _rank(row: Row) -> tuple[int, float]:
    if row.is_good:
        assert row.measured is not None
        return 0, row.measured.cycles
    if row.measured is not None:
        return 2, row.measured.cycles
    return (1, row.expected.cycles or 0.0) if row.expected.kernel else (3, 0.0)


def _all(
    work: Work[Found],
    problem: Problem,
    keys: Mapping[Choice, Mapping[str, Any]],
    known: Callable[[Mapping[str, Any]], Found | None],
    record: Record,
    start: Start,
    step: Callable[[int, int], None],
) -> tuple[dict[Choice, Found], int]:
    """The results of all choices, and how many of them were recorded before."""
    found: dict[Choice, Found] = {}
    for choice, key in keys.items():
        if (before := known(key)) is not None:
            found[choice] = before
    seen = len(found)
    step(seen, len(keys))
    for choice, result in start(work, problem, [c for c in keys if c not in found]):
        record.add(keys[choice], result)
        found[choice] = result
        step(len(found), len(keys))
    return found, seen


def _one_by_one(
    work: Work[Any], problem: Problem, choices: Sequence[Choice]
) -> Iterator[tuple[Choice, Any]]:
    for choice in choices:
        yield choice, work(problem, choice)


def _leave_stopping_to_parent() -> None:
    """Ctrl-C reaches all processes of a terminal; a worker finishes what it does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _workers(jobs: int) -> Generator[Start]:
    """Gives what does a piece of work for every choice, in processes of their own if
    there is more than one job, and gives each result when it is there."""
    if jobs == 1:
        yield _one_by_one
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, context, initializer=_leave_stopping_to_parent)

    def run(
        work: Work[Any], problem: Problem, choices: Sequence[Choice]
    ) -> Iterator[tuple[Choice, Any]]:
        futures: dict[Future[Any], Choice] = {
            pool.submit(work, problem, choice): choice for choice in choices
        }
        for done in as_completed(futures):
            try:
                result = done.result()
            except BrokenProcessPool as error:
                raise LigradError("a worker was ended from outside") from error
            yield futures[done], result

    try:
        yield run
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
