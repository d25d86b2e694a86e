"""Runs the mutants of a kernel on the twin, and says what became of each."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

import ligrad
from backends.call.bound import Bound
from backends.call.dtypes import Array
from backends.oracle.compare import compare
from backends.oracle.evaluate import Reference
from backends.project.host import Kernel, kernel_of
from backends.project.project import keep_project, lone_files, lone_sources
from backends.tiled.call import call_values
from backends.twin.build import build
from backends.twin.launch import Library
from backends.twin.report import Report
from ligrad.check import references
from tests.mutations.inputs import Case, cases, inputs
from tests.mutations.schemata import FIELD, Mutant, Schemata, schemata

PATIENCE = 60.0
"""Seconds of a launch after which it counts as one that never ends."""
WORSE = 1.05
"""How much larger the root mean square of an output's errors may become: the bounds of the
oracle allow for more than a good kernel needs, so that one which leaves out the lower half
of an operand is within them."""


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant.

    found: `report` (of the twin), `number` (an output is off by more than its bound, or
    less accurate than usual), `survived`; or what the twin must never do: `hang`,
    `crash`. detail: the finding, the output; of a survivor, whether any bit of the
    outputs is another one.
    """

    found: str
    case: int
    detail: str


@dataclass
class Trial:
    """One set of inputs, bound to the operator."""

    case: Case
    bound: Bound
    expected: Mapping[str, Reference]
    usual: Mapping[str, bytes]
    rms: Mapping[str, float]


class Judge:
    """The mutants of an operator's kernel, compiled once."""

    def __init__(self, operator: ligrad.Operator):
        self.operator = operator
        self.schemata: Schemata = schemata(operator.module("ascendc"))
        self.kernel: Kernel = kernel_of(self.schemata.module)
        self.trials: list[Trial] = []

    @property
    def mutants(self) -> tuple[Mutant, ...]:
        """All of them, by number from 1."""
        return self.schemata.mutants

    @cached_property
    def library(self) -> Library:
        """The compiled source of all mutants."""
        module = self.schemata.module
        sources = lone_sources(keep_project(lone_files(module)), module)
        return build(
            [sources.path], sources.entry, defines=sources.defines, strict=False
        )

    def add(self, case: Case) -> Report:
        """Add inputs; returns the report of the kernel without a mistake on them."""
        values = inputs(self.operator, case)
        bound = self.operator.bind(values.given)
        expected = references(self.operator, values.meant, "mixed")
        trial = Trial(case, bound, expected, {}, {})
        report, outputs = self.launch(0, trial)
        trial.usual = {name: array.tobytes() for name, array in outputs.items()}
        trial.rms = {
            name: compare(outputs[name], reference).rms_ulp
            for name, reference in expected.items()
        }
        self.trials.append(trial)
        return report

    def launch(self, number: int, trial: Trial) -> tuple[Report, dict[str, Array]]:
        """Run a mutant on some inputs."""
        values = call_values(trial.bound)
        numbers = {**values.numbers, FIELD: number}
        soc, blocks = self.operator.soc, trial.case.cores
        report = self.library.launch(
            [*map(values.array, self.kernel.arrays), self.kernel.tiling_data(numbers)],
            blocks,
            soc=soc,
            workspace=max(
                soc.gm_alignment, self.kernel.workspace_bytes(numbers, blocks)
            ),
            names=[*self.kernel.arrays, "tiling"],
            clock=False,
        )
        return report, trial.bound.results(tuple(values.outputs.values()))

    def judge(self, number: int) -> Verdict:
        """What becomes of a mutant; the first inputs that find it end the search."""
        same = True
        for i, trial in enumerate(self.trials):
            report, outputs = self.launch(number, trial)
            if report.hazards:
                return Verdict("report", i, str(report.hazards[0]))
            with np.errstate(all="ignore"):
                found = {n: compare(outputs[n], r) for n, r in trial.expected.items()}
            for name, comparison in found.items():
                usual = trial.rms[name]
                if not comparison.ok or comparison.rms_ulp > WORSE * usual:
                    text = f"{name}: {comparison}, usually rms {usual:.3g} ulp"
                    return Verdict("number", i, text)
            bits = {name: array.tobytes() for name, array in outputs.items()}
            same &= bits == trial.usual
        detail = "the same bits" if same else "other bits, within the bounds"
        return Verdict("survived", len(self.trials), detail)

    def run(self, numbers: Iterable[int]) -> Iterator[tuple[int, Verdict]]:
        """Judge mutants, in a process of their own that may hang or crash."""
        assert self.library
        left = list(numbers)
        context: Any = multiprocessing.get_context("fork")
        while left:
            ours, theirs = context.Pipe(duplex=False)
            worker = context.Process(target=self._work, args=(left, theirs))
            worker.start()
            theirs.close()
            try:
                for number, verdict in self._listen(ours, left):
                    left.remove(number)
                    yield number, verdict
            finally:
                worker.kill()
                worker.join()

    def _listen(
        self, ours: multiprocessing.connection.Connection, left: list[int]
    ) -> Iterator[tuple[int, Verdict]]:
        """The answers of a worker, up to the mutant that ends it."""
        for number in tuple(left):
            if not ours.poll(PATIENCE * max(1, len(self.trials))):
                yield number, Verdict("hang", 0, f"more than {PATIENCE:.0f} s a launch")
                return
            try:
                yield number, ours.recv()
            except EOFError:
                yield number, Verdict("crash", 0, "the twin's process has died")
                return

    def _work(
        self, numbers: list[int], theirs: multiprocessing.connection.Connection
    ) -> None:
        for number in numbers:
            theirs.send(self.judge(number))


def judge_of(operator: ligrad.Operator, chosen: Iterable[Case] | None = None) -> Judge:
    """A judge with inputs: those of the layout, or the given ones.

    Raises:
        AssertionError: the kernel itself is not without findings, or not right.
    """
    judge = Judge(operator)
    for case in cases(operator) if chosen is None else chosen:
        report = judge.add(case)
        assert not report.hazards, "\n".join(map(str, report.hazards))
    return judge
