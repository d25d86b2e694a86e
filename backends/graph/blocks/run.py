"""Runs a loop: blocks are shared out to threads, sums are formed in their order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache

import numpy as np
from xdsl.ir import SSAValue

from backends.call.dtypes import Array
from backends.graph.blas import one_blas_thread
from backends.graph.blocks.dispatch import Dispatcher, Unit
from backends.graph.blocks.plan import Plan
from backends.graph.blocks.planner import make_common_plan, make_plan
from backends.graph.blocks.program import Program
from backends.graph.blocks.shared import (
    Evaluate,
    Shared,
    accumulator,
    accumulator_bytes,
    finished,
    share,
)
from backends.graph.blocks.turn import NotCommonError, Resolver, Turn
from backends.graph.blocks.union import Uniter
from ligrad_ir.dialects.lig.blocks import BlocksOp

Progress = Callable[[int, int], None]
"""Told how many positions of how many are done."""

FIXED_LANES = 2
"""Of a deterministic run, for any number of workers; a tenth of the work is adding up."""
FIXED_LANES_BYTES = 48 * 2**20
"""Where the accumulators of so many lanes would be larger, there is one lane."""
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

    def __init__(self, shared: Shared, common: Shared | None):
        self._shared, self._common = shared, common
        self._resolver = Resolver(shared)
        self._memory: dict[bool, list[Array]] = {}
        self._programs: dict[tuple[bool, int, int, bool], Program] = {}

    def compute(self, first: int, last: int) -> tuple[Program, Turn]:
        """Everything of a block but its sums."""
        turn = self._resolver.turn(first, last)
        return self._run(self._shared, turn), turn

    def compute_common(self, turn: Turn) -> Program:
        """Everything but the sums of a block whose tokens share their entries.

        Raises:
            NotCommonError: they cannot.
        """
        assert self._common is not None
        return self._run(self._common, turn)

    def _run(self, shared: Shared, turn: Turn) -> Program:
        is_common = shared is self._common
        if is_common not in self._memory:
            sizes = shared.plan.slot_bytes
            self._memory[is_common] = [_aligned(size) for size in sizes]
        key = (is_common, turn.last - turn.first, turn.entries, turn.clean)
        if key not in self._programs:
            memory = self._memory[is_common]
            self._programs[key] = Program(shared, memory, turn)
        program = self._programs[key]
        program.compute(turn)
        return program


class _Run:
    def __init__(self, shared: Shared, common: Shared | None, lanes: int):
        self._shared, self._common = shared, common
        self._plan = plan = shared.plan
        self._total = plan.extents[plan.axis]
        uniter, together = None, plan.tokens
        if common is not None and common.plan.common is not None:
            uniter = Uniter(common, common.plan.common)
            together = common.plan.tokens
        self._blocks = Dispatcher(plan, uniter, together)
        self.lanes = [Lane(plan) for _ in range(lanes)]
        self._lock = threading.Lock()
        self._done = 0
        self.failures: dict[int, BaseException] = {}

    def work(self) -> None:
        """Take blocks until there are none left."""
        worker = Worker(self._shared, self._common)
        # Overflow to infinity is a result of the arithmetic here, not a mistake.
        with np.errstate(over="ignore", invalid="ignore"):
            while not self.failures:
                first = self._total
                try:
                    if (unit := self._blocks.take()) is None:
                        return
                    first = unit.first
                    self._compute(worker, unit)
                except _StoppedError:
                    return
                except BaseException as error:
                    self.fail(first, error)
                    return
                with self._lock:
                    self._done += unit.last - unit.first

    def _compute(self, worker: Worker, unit: Unit) -> None:
        lane = self.lanes[unit.number % len(self.lanes)]
        ticket = unit.number // len(self.lanes)
        if unit.turn is None:
            program, turn = worker.compute(unit.first, unit.last)
            with lane.turn(ticket) as totals:
                program.add(totals, turn)
            return
        try:
            program = worker.compute_common(unit.turn)
            with lane.turn(ticket) as totals:
                program.add(totals, unit.turn)
        except NotCommonError:
            with lane.turn(ticket) as totals:
                for first in range(unit.first, unit.last, self._plan.tokens):
                    program, turn = worker.compute(first, first + self._plan.tokens)
                    program.add(totals, turn)

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
                        progress(self._done, self._total)
            except BaseException as error:  # an interrupt
                self.fail(self._total, error)
                raise

    def fail(self, first: int, error: BaseException) -> None:
        """Stop all workers; `first`: of the block that has failed."""
        self.failures[first] = error
        for lane in self.lanes:
            lane.stop()

    def results(self) -> Sequence[Array]:
        """The sums, those of all lanes added in order."""
        first, *others = (lane.totals for lane in self.lanes)
        for totals in others:
            for mine, theirs in zip(first, totals, strict=True):
                np.add(mine, theirs, out=mine)
        return first


@lru_cache(maxsize=64)
def _plans(
    op: BlocksOp, extents: tuple[tuple[str, int], ...]
) -> tuple[Plan, Plan | None]:
    """The plan of a loop, and one for blocks with common entries if there can be."""
    plan = make_plan(op, dict(extents))
    return plan, make_common_plan(plan)


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
    plan, common_plan = _plans(op, tuple(sorted(extents.items())))
    shared = share(plan, values, outputs, evaluate, offset)
    lanes = workers
    if deterministic:
        few = FIXED_LANES * accumulator_bytes(plan) <= FIXED_LANES_BYTES
        lanes = FIXED_LANES if few else 1
    common = None
    if common_plan is not None:
        common = replace(shared, plan=common_plan)
    blocks = max(1, -(-extents[plan.axis] // plan.tokens))
    run = _Run(shared, common, min(lanes, blocks))
    workers = max(1, min(workers, blocks))
    with one_blas_thread():
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
