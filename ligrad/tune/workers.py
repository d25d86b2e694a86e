"""Work on many choices, in processes of their own."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any

from ligrad.stopping import become_worker
from ligrad.tune.problem import Problem
from ligrad_ir.errors import LigradError
from passes.choices import Choice

Work = Callable[[Problem, Choice], Any]
Start = Callable[[Work, Problem, Sequence[Choice]], Iterator[tuple[Choice, Any]]]
"""Takes the work, the problem and choices; gives each result when it is there."""
QUIET = "ignore::UserWarning:multiprocessing.resource_tracker"
"""Where a signal ends the process, the tracker removes the semaphores of the pool; it need
not say so."""


@contextmanager
def workers(jobs: int) -> Generator[Start]:
    """Gives what does a piece of work for every choice, in processes of their own if
    there is more than one job, and gives each result when it is there."""
    if jobs == 1:
        yield _one_by_one
        return
    context = multiprocessing.get_context("spawn")
    sys.warnoptions.append(QUIET)  # which the tracker is started with
    try:
        pool = ProcessPoolExecutor(jobs, context, initializer=become_worker)
    finally:
        sys.warnoptions.remove(QUIET)

    def run(
        work: Work, problem: Problem, choices: Sequence[Choice]
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


def _one_by_one(
    work: Work, problem: Problem, choices: Sequence[Choice]
) -> Iterator[tuple[Choice, Any]]:
    for choice in choices:
        yield choice, work(problem, choice)
