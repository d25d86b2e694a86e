"""Ends commands with SIGTERM at random moments, and checks what each leaves: no unfinished
or partial output, no temporary file, no process, one line on stderr; and that the next run
gives the bytes of an undisturbed one.

    python -m benchmarks.kill --moments 50 --seed 0
    python -m benchmarks.kill --only 17 --seed 0    # one moment again
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.kill.checks import (
    broken_lines,
    differing,
    left,
    marked,
    outputs_of,
    remove_outputs,
    wrong_end,
)
from benchmarks.kill.commands import COMMANDS, SLOW, Place, complete, environment, start

QUICK = tuple(name for name in COMMANDS if name != SLOW)
ORDER = (*QUICK, SLOW, *QUICK)
"""The command of each moment, again and again: the slow one less often."""
LATEST = 1.02
"""Moments are up to that much of the time of an undisturbed run."""
COLD = 0.15
"""The share of the runs on the twin that build its engine, too."""
START = 0.25
"""The share of a run in which the command line may not have been reached."""
ENDING = 10.0
"""Seconds that a command may take to end."""


@dataclass
class Moment:
    """What became of one moment. late: the command had ended; wrong: what is not as it
    should be."""

    number: int
    name: str
    seconds: float
    code: int = 0
    ending: float = 0.0
    wrong: list[str] = field(default_factory=list[str])

    @property
    def late(self) -> bool:
        """Whether there was nothing left to end."""
        return self.code == 0

    def __str__(self) -> str:
        done = "had ended" if self.late else f"ended in {self.ending:.2f} s"
        wrong = "; ".join(self.wrong) or "ok"
        where = f"{self.number:3} {self.name:15} {self.seconds:6.2f} s"
        return f"{where}  code {self.code:4}, {done}: {wrong}"


@dataclass(frozen=True)
class Reference:
    """An undisturbed run: its outputs, and how long it took."""

    outputs: Mapping[str, bytes]
    seconds: float


class Bench:
    """A directory for the runs, and what undisturbed ones give. order: of the commands.

    The cache of builds of every run holds the engine of the twin, but no kernel; if
    `cold`, nothing.
    """

    def __init__(self, root: Path, order: Sequence[str] = ORDER):
        self._root = root
        self._order = order
        self._cache = root / "cache"
        self._cache.mkdir()
        self._references: dict[tuple[str, bool], Reference] = {}

    def prepare(self) -> None:
        """Build the engine of the twin once."""
        source = "from backends.twin import build as b; b.build_engine(); "
        code = f"{source}b.build_runner()"
        env = {**environment(self._root, ""), "XDG_CACHE_HOME": str(self._cache)}
        subprocess.run([sys.executable, "-c", code], env=env, check=True)

    def moment(self, number: int, seed: int) -> Moment:
        """Run a command, end it, look at what is left, and run it again."""
        name = self._order[number % len(self._order)]
        rng = random.Random(f"{seed} {number}")
        cold = name == "twin" and rng.random() < COLD
        reference = self._reference(name, cold)
        found = Moment(number, name, rng.uniform(0.0, LATEST) * reference.seconds)
        with self._place(cold) as folder:
            self._end(found, folder, reference)
            remove_outputs(name, folder)  # whole ones; a directory must be new
            code, said = complete(name, folder)
            if code != 0:
                found.wrong.append(f"the next run ended with {code}: {said[-300:]}")
            elif (after := outputs_of(name, folder)) != reference.outputs:
                found.wrong.append(
                    f"the next run differs: {differing(after, reference.outputs)}"
                )
            found.wrong += left(folder)
        return found

    def _end(self, found: Moment, folder: Path, reference: Reference) -> None:
        mark = f"{os.getpid()}-{found.number}"
        process = start(found.name, folder, mark)
        time.sleep(found.seconds)
        process.terminate()
        begin = time.monotonic()
        try:
            said = process.communicate(timeout=ENDING)[1]
        except subprocess.TimeoutExpired:
            found.wrong.append(f"still runs {ENDING:g} s later")
            process.kill()
            said = process.communicate()[1]
        found.ending = time.monotonic() - begin
        found.code = process.returncode
        found.wrong += wrong_end(found.code, said)
        if running := marked(mark):
            found.wrong.append(f"still running: {'; '.join(running)}")
        found.wrong += left(folder)
        outputs = outputs_of(found.name, folder)
        begun = found.seconds > START * reference.seconds
        if found.code == -signal.SIGTERM and begun and not outputs:
            found.wrong.append("ended without a word")
        if outputs:
            if partial := differing(outputs, reference.outputs, missing_too=found.late):
                found.wrong.append(f"partial outputs: {partial}")
        found.wrong += broken_lines(found.name, folder)

    def _reference(self, name: str, cold: bool) -> Reference:
        if (name, cold) not in self._references:
            with self._place(cold) as folder:
                begin = time.monotonic()
                code, said = complete(name, folder)
                seconds = time.monotonic() - begin
                assert code == 0, said
                found = Reference(outputs_of(name, folder), seconds)
                self._references[name, cold] = found
        return self._references[name, cold]

    def _place(self, cold: bool) -> Place:
        return Place(self._root / "moment", None if cold else self._cache)


def main() -> None:
    """Run the moments; exit code 1 if one left what it may not."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--moments", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="the number of one moment")
    parser.add_argument("--command", choices=list(COMMANDS), action="append")
    options = parser.parse_args()
    numbers = range(options.moments) if options.only is None else [options.only]
    failed, ended = 0, Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), options.command or ORDER)
        bench.prepare()
        for number in numbers:
            found = bench.moment(number, options.seed)
            print(found, flush=True)
            failed += bool(found.wrong)
            ended["had ended by itself" if found.late else f"code {found.code}"] += 1
    print(f"{sum(ended.values())} moments, {failed} wrong; {dict(ended)}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
