"""Takes turns among the cores: one runs at a time, until it waits or ends.

Each has a thread of its own, since it stops in the middle of nested loops; a baton goes
to the first core in order that could run, so that a run is the same every time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Semaphore, Thread

from backends.tiled.memory import Fault

SHOWN = 9
"""How many waiting cores a message about a deadlock lists."""


class Deadlock(Fault):
    """No core can go on."""


class _Stopped(BaseException):
    """Unwinds a thread when the run has failed elsewhere."""


@dataclass(eq=False)
class _Task:
    """ready: whether a task that waits could go on; why: what it waits for."""

    name: str
    body: Callable[[], None]
    resume: Semaphore = field(default_factory=lambda: Semaphore(0))
    thread: Thread | None = None
    ready: Callable[[], bool] | None = None
    why: Callable[[], str] = str
    is_done: bool = False


class Baton:
    """Runs tasks in turns, the first in order first, or the last one if `reverse`."""

    def __init__(self, *, reverse: bool = False):
        self._tasks: list[_Task] = []
        self._order: Sequence[_Task] = ()
        self._reverse = reverse
        self._finished = Semaphore(0)
        self._failure: BaseException | None = None

    def add(self, name: str, body: Callable[[], None]) -> int:
        """Add a task; gives its number."""
        self._tasks.append(_Task(name, body))
        return len(self._tasks) - 1

    def run(self) -> None:
        """Run all tasks to their end.

        Raises:
            Deadlock: if none of those that are left can go on.
            BaseException: what a task has raised; the others are stopped.
        """
        self._order = self._tasks[::-1] if self._reverse else self._tasks
        try:
            self._pass_on()
            self._finished.acquire()
        except BaseException as error:
            self._failure = error
        for task in self._tasks:
            if task.thread is not None:
                task.resume.release()
                task.thread.join()
        if self._failure is not None:
            raise self._failure

    def wait(
        self, number: int, ready: Callable[[], bool], why: Callable[[], str]
    ) -> None:
        """Called by a task: let others run until `ready()`."""
        if ready():
            return
        task = self._tasks[number]
        task.ready, task.why = ready, why
        self._pass_on()
        task.resume.acquire()
        if self._failure is not None:
            raise _Stopped
        task.ready = None

    def first_waiting(self) -> int | None:
        """The number of the first task that waits for others, if one does."""
        for number, task in enumerate(self._tasks):
            if task.ready is not None and not task.is_done:
                return number
        return None

    def ended(self) -> int:
        """How many tasks have come to their end."""
        return sum(task.is_done for task in self._tasks)

    def _pass_on(self) -> None:
        left = [task for task in self._order if not task.is_done]
        for task in left:
            if task.ready is None or task.ready():
                self._start(task)
                return
        if left and self._failure is None:
            self._failure = Deadlock(self._deadlock())
        self._finished.release()

    def _start(self, task: _Task) -> None:
        if task.thread is not None:
            task.resume.release()
            return
        task.thread = Thread(
            target=self._main, args=(task,), name=task.name, daemon=True
        )
        task.thread.start()

    def _main(self, task: _Task) -> None:
        try:
            task.body()
        except _Stopped:
            return
        except BaseException as error:
            self._failure = error
            task.is_done = True
            self._finished.release()
            return
        task.is_done = True
        self._pass_on()

    def _deadlock(self) -> str:
        waiting = [f"  {t.name} {t.why()}" for t in self._tasks if not t.is_done]
        more = len(waiting) - SHOWN
        listed = [*waiting[:SHOWN], *([f"  and {more} more"] if more > 0 else [])]
        return "\n".join(["deadlock: no core can go on", *listed])
