"""Runs a loop: blocks are shared out to threads, sums are formed in their order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from itertools import count

import numpy as np
from threadpoolctl import ThreadpoolController
from xdsl.ir import SSAValue

from backends.numpy.blocks.plan import Plan
from backends.numpy.blocks.planner import make_plan
from backends.numpy.blocks.program import Program
from backends.numpy.blocks.shared import (
    Evaluate,
    Shared,
    accumulator,
    finished,
    share,
)
from backends.numpy.blocks.turn import Resolver, Turn
from backends.numpy.dtypes import Array
from ligrad_ir.dialects.lig_blocks import BlocksOp

Progress = Callable[[int, int], None]
"""Told how many positions of how many are done."""

WORKERS_OF_A_LANE = 8
"""That one accumulator serves; adding up takes about a tenth of the work."""
PROGRESS_SECONDS = 0.2
CACHE_LINE = 64


class _StoppedError(Exception):
    """Another worker has failed."""


class Lane:
    """Accumulators that blocks are added to in their order."""

    def __init__(self, plan: Plan):
        self.totals = [accumulator(plan, op) for op in plan.sums]
        self._condition = threading.Condition()
        self._next = 0
        self._stopped = False

    @contextmanager
    def turn(self, number: int) -> Generator[Sequence[Array]]:
        """The accumulators, when all blocks of the lane ahead of this one are in."""
        with self._condition:
            self._condition.wait_for(lambda: self._stopped or self._next == number)
            if self._stopped:
                raise _StoppedError
        yield self.totals
        with self._condition:
            self._next += 1
            self._condition.notify_all()

    def stop(self) -> None:
        """Let nobody wait for blocks that will not come."""
        with self._condition:
            self._stopped = True
            self._condition.notify_all()


def _aligned(size: int) -> Array:
    """Zeroed bytes from the beginning of a cache line."""
    memory = np.zeros(size + CACHE_LINE, np.uint8)
    return memory[-memory.ctypes.data % CACHE_LINE :][:size]


class Worker:
    """Computes blocks, one after the other, in memory of its own."""

    def __init__(self, shared: Shared):
        self._shared = shared
        self._resolver = Resolver(shared)
        self._memory = [_aligned(size) for size in shared.plan.slot_bytes]
        self._programs: dict[tuple[int, int, bool], Program] = {}

    def compute(self, first: int, last: int) -> tuple[Program, Turn]:
        """Everything of a block but its sums."""
        turn = self._resolver.turn(first, last)
        key = (last - first, turn.entries, turn.clean)
        if key not in self._programs:
            self._programs[key] = Program(self._shared, self._memory, turn)
        program = self._programs[key]
        program.compute(turn)
        return program, turn


class _Run:
    def __init__(self, shared: Shared, lanes: int):
        self._shared, self._plan = shared, shared.plan
        self._total = self._plan.extents[self._plan.axis]
        self.blocks = -(-self._total // self._plan.tokens)
        self.lanes = [Lane(self._plan) for _ in range(min(lanes, max(1, self.blocks)))]
        self._numbers: Iterator[int] = count()
        self._done = count(1)
        self.done = 0
        self.failures: dict[int, BaseException] = {}

    def work(self) -> None:
        """Take blocks until there are none left."""
        worker = Worker(self._shared)
        tokens, lanes = self._plan.tokens, len(self.lanes)
        # Overflow to infinity is a result of the arithmetic here, not a mistake.
        with np.errstate(over="ignore", invalid="ignore"):
            for number in self._numbers:
                if number >= self.blocks or self.failures:
                    return
                first = number * tokens
                last = min(first + tokens, self._total)
                try:
                    program, turn = worker.compute(first, last)
                    with self.lanes[number % lanes].turn(number // lanes) as totals:
                        program.add(totals, turn)
                except _StoppedError:
                    return
                except BaseException as error:
                    self.fail(number, error)
                    return
                self.done = next(self._done)

    def in_threads(self, workers: int, progress: Progress | None) -> None:
        """Work in so many threads, and tell how far it is."""
        with ThreadPoolExecutor(workers) as pool:
            pending = {pool.submit(self.work) for _ in range(workers)}
            try:
                while pending:
                    done, pending = wait(pending, PROGRESS_SECONDS)
                    for future in done:
                        future.result()
                    if progress is not None:
                        at = min(self.done * self._plan.tokens, self._total)
                        progress(at, self._total)
            except BaseException as error:  # an interrupt
                self.fail(self.blocks, error)
                raise

    def fail(self, number: int, error: BaseException) -> None:
        """Stop all workers."""
        self.failures[number] = error
        for lane in self.lanes:
            lane.stop()

    def results(self) -> Sequence[Array]:
        """The sums, those of all lanes added in order."""
        first, *others = (lane.totals for lane in self.lanes)
        for totals in others:
            for mine, theirs in zip(first, totals, strict=True):
                np.add(mine, theirs, out=mine)
        return first


@cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()


def _one_blas_thread() -> AbstractContextManager[object]:
    """For as long as it lasts, a matrix product is computed by the thread that asks."""
    limit: Callable[..., AbstractContextManager[object]]
    limit = getattr(_libraries(), "limit")
    return limit(limits=1, user_api="blas")


def run_loop(
    op: BlocksOp,
    values: Mapping[SSAValue, Array | int],
    extents: Mapping[str, int],
    outputs: Sequence[Array | None],
    evaluate: Evaluate,
    *,
    workers: int,
    deterministic: bool,
    progress: Progress | None = None,
    offset: int = 0,
) -> tuple[Array, ...]:
    """Run a loop; returns its results, those with its axis in the arrays given.

    values: of all that the loop uses; outputs: zeros to be filled, None for sums;
    evaluate: interprets an operation without the loop's axis. deterministic: the bits of
    the sums do not depend on the number of workers; they are the same in every run with
    so many workers in any case. offset: where the arrays begin on the whole axis.

    Raises:
        IndexOutOfRangeError: for the first index that means no row.
    """
    plan = make_plan(op, extents)
    shared = share(plan, values, outputs, evaluate, offset)
    lanes = 1 if deterministic else -(-workers // WORKERS_OF_A_LANE)
    run = _Run(shared, lanes)
    workers = max(1, min(workers, run.blocks))
    with _one_blas_thread():
        if workers == 1 and progress is None:
            run.work()
        else:
            run.in_threads(workers, progress)
    if run.failures:
        raise run.failures[min(run.failures)]
    sums: dict[SSAValue, Array] = {
        value: finished(plan, inner, total)
        for inner, total in zip(plan.sums, run.results(), strict=True)
        for value in inner.results
    }
    return tuple(
        sums[value] if array is None else array
        for value, array in zip(op.yielded, outputs, strict=True)
    )
