"""What a bisection has found, as data and as text."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects.builtin import FileLineColLoc
from xdsl.ir import Operation

from backends.tiled.cores import describe

NAME_WIDTH = 18
"""Columns for the name of a pass."""


@dataclass(frozen=True)
class Element:
    """An element of an output of that shape: what it is now, what it was before the pass
    (or should be, where nothing is before it), and how far off rounding lets it be, if
    that is known."""

    output: str
    shape: tuple[int, ...]
    index: tuple[int, ...]
    value: float
    expected: float
    bound: float | None = None

    def __str__(self) -> str:
        within = "" if self.bound is None else f" (bound {self.bound:.3g})"
        return (
            f"{self.output}{list(self.index)} = {self.value:.9g}, "
            f"was {self.expected:.9g}{within}"
        )


@dataclass(frozen=True)
class Finding:
    """The first pass that is wrong.

    element: of the outputs, None where there are none, since the pass or the program it
    leaves failed, as `problem` says. op: the operation that goes wrong first, in the
    module behind the pass (in the one ahead of it, if it is missing behind), None where
    it cannot be told.
    """

    name: str
    element: Element | None = None
    op: Operation | None = None
    problem: str = ""

    @property
    def place(self) -> str:
        """The operation's name and its line."""
        if self.op is None:
            return "an operation that cannot be told"
        match self.op.location:
            case FileLineColLoc(filename=name, line=line, column=column):
                at = f" at {name.data}:{line.data}:{column.data}"
            case _:
                at = ""
        return f"{self.op.name}{at}"

    def __str__(self) -> str:
        what = self.problem.splitlines()[0] if self.element is None else self.element
        return f"{what}; first wrong: {self.place}"


@dataclass(frozen=True)
class Step:
    """One pass, or the parse ahead of all; `note`: how it was found to be right."""

    name: str
    note: str = ""


@dataclass(frozen=True)
class Report:
    """steps: those that have been run, the wrong one last; total: how many there are."""

    inputs: str
    steps: tuple[Step, ...]
    total: int
    finding: Finding | None = None

    @property
    def ok(self) -> bool:
        """Whether no pass is wrong."""
        return self.finding is None

    def __str__(self) -> str:
        lines = [f"bisect: {self.total} steps, inputs {self.inputs}"]
        right = self.steps if self.finding is None else self.steps[:-1]
        lines += [f"  ok   {s.name:{NAME_WIDTH}} ({s.note})" for s in right]
        if (finding := self.finding) is not None:
            lines.append(f"  BAD  {finding.name:{NAME_WIDTH}} {finding}")
            rest = finding.problem.splitlines()[1:] if finding.element is None else []
            if finding.op is not None and describe(finding.op) not in finding.problem:
                rest.append(describe(finding.op))
            lines += [f"       {line}" for line in rest]
        return "\n".join(lines)
