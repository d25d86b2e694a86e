"""What a signal does to the command line: it ends at once, and leaves nothing behind."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress

from backends import leftovers

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
NAMES = {signal.SIGINT: "SIGINT (Ctrl-C)"}
EXIT_SIGNAL = 128
"""The exit code is that much more than the number of the signal, as shells have it."""
WORKER_SECONDS = 4.0
"""Time for a worker process to clean up; then it is killed."""
_PR_SET_PDEATHSIG = 1
_SHOW_CURSOR = "\x1b[?25h\n"

_notes: list[str] = []


@contextmanager
def ended_by_signals(program: str) -> Generator[None]:
    """SIGINT, SIGTERM and SIGHUP end the process, whatever it is at: programs that it has
    started are ended, unfinished files removed, and stderr is told, in a line that
    begins with `program`. A signal that was ignored before still is.

    A thread waits for the signals. The main thread, where Python runs handlers, may be in
    a product of large matrices, or hold a lock.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGTERM) is _heed:
        yield
        return
    watch = _Watch(program)
    try:
        yield
    finally:
        with leftovers.whole():  # waits for the end where a signal has come
            watch.close()


@contextmanager
def note(text: str) -> Generator[None]:
    """Something that is to be told when a signal ends the process in here."""
    _notes.append(text)
    try:
        yield
    finally:
        _notes.remove(text)


def become_worker() -> None:
    """For a worker process: it ends, without a word, by SIGTERM or when its parent is
    gone. Ctrl-C, which a terminal sends to all processes, is left to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _Watch(None)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))
    parent = multiprocessing.parent_process()
    if parent is None or os.getppid() != parent.pid:  # gone before the call
        os.kill(os.getpid(), signal.SIGTERM)


class _Watch:
    """Waits for signals in a thread. program: None for a worker, which says nothing."""

    def __init__(self, program: str | None):
        self._program = program
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        threading.Thread(target=self._wait, daemon=True).start()
        self._wakeup = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        self._handlers = {number: signal.getsignal(number) for number in SIGNALS}
        for number, handler in self._handlers.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, _heed)

    def close(self) -> None:
        """Signals do again what they did before."""
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup)
        os.close(self._writer)

    def _wait(self) -> None:
        while number := os.read(self._reader, 1):
            if number[0] in SIGNALS:
                self._end(signal.Signals(number[0]))
        os.close(self._reader)

    def _end(self, number: signal.Signals) -> None:
        try:
            leftovers.stop()
            _end_workers()
            leftovers.clear()
            if self._program is not None:
                _tell(self._program, number)
        finally:
            os._exit(EXIT_SIGNAL + number)


def _heed(number: int, frame: object) -> None:
    """Nothing is left to do in the main thread."""


def _tell(program: str, number: signal.Signals) -> None:
    by = NAMES.get(number, number.name)
    text = "; ".join([f"{program}: stopped by {by}", *_notes])
    if os.isatty(2):  # behind a progress bar
        text = _SHOW_CURSOR + text
    with suppress(OSError):
        os.write(2, f"{text}\n".encode())


def _end_workers() -> None:
    """End the processes of pools, which clean up behind themselves."""
    workers = multiprocessing.active_children()
    for worker in workers:
        worker.terminate()
    until = time.monotonic() + WORKER_SECONDS
    for worker in workers:
        worker.join(max(0.0, until - time.monotonic()))
        worker.kill()
