"""Processes that work off tasks, each within a bound of time."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, Generic, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")
STARTING_SECONDS = 60.0
"""What a process may take to begin with its first task."""


@dataclass
class _Worker(Generic[Task]):
    process: SpawnProcess
    channel: Connection
    deadline: float
    task: tuple[Task] | None = None
    """At work; None while the process starts."""


def work_off(
    tasks: Sequence[Task],
    function: Callable[[Task], Result],
    processes: int,
    seconds: float,
) -> Iterator[tuple[Task, Result | None]]:
    """Each task with its result, in the order in which they end; None where the time was
    up or the process died. `function` and its results can be pickled."""
    waiting, workers = list(reversed(tasks)), list[_Worker[Task]]()
    try:
        while waiting or any(each.task for each in workers):
            idle = sum(each.task is None for each in workers)
            for _ in range(min(processes - len(workers), len(waiting) - idle)):
                workers.append(_start(function))
            first = min(each.deadline for each in workers)
            channels = [each.channel for each in workers]
            ready = wait(channels, max(0.0, first - time.monotonic()))
            for worker in list(workers):
                if worker.channel not in ready and time.monotonic() < worker.deadline:
                    continue
                task, result = worker.task, _received(worker, ready)
                if result is None:
                    _stop(worker)
                    workers.remove(worker)
                else:
                    _give(worker, waiting, seconds)
                if task is not None:
                    yield task[0], result[0] if result else None
    finally:
        for worker in workers:
            _stop(worker)


def _start(function: Callable[[Task], object]) -> _Worker[Task]:
    context = get_context("spawn")
    channel, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(function, theirs), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, channel, time.monotonic() + STARTING_SECONDS)


def _give(worker: _Worker[Task], waiting: list[Task], seconds: float) -> None:
    """Give a process its next task, or none."""
    worker.task, worker.deadline = None, float("inf")
    if waiting:
        worker.task = (waiting.pop(),)
        worker.deadline = time.monotonic() + seconds
        worker.channel.send(worker.task[0])


def _received(worker: _Worker[Task], ready: Sequence[object]) -> tuple[Any] | None:
    """What a process has sent: that it has started, or a result."""
    if worker.channel not in ready:
        return None
    try:
        return (worker.channel.recv(),)
    except (EOFError, OSError):
        return None


def _stop(worker: _Worker[Task]) -> None:
    """End a process and the compilers that it has started."""
    assert worker.process.pid is not None
    try:
        os.killpg(worker.process.pid, signal.SIGKILL)
    except ProcessLookupError:  # no group of its own yet
        worker.process.kill()
    worker.process.join()


def _serve(function: Callable[[Task], object], channel: Connection) -> None:
    os.setsid()
    channel.send(None)
    while True:
        channel.send(function(channel.recv()))
