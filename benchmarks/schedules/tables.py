"""Tables in plain text, and what the limits say of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from backends.twin.trace import NOTE
from benchmarks.schedules.errors import OUTPUTS, Error
from benchmarks.schedules.measure import ORDER
from benchmarks.schedules.variants import Row
from ligrad.tune.steady import Steady

KIB = 1024
CALLS = 12
"""Lines of what takes most."""
WIDEST = 90
"""A line across."""


@dataclass(frozen=True)
class Limit:
    """What a number may be at most (or at least), and what it is."""

    name: str
    found: float
    limit: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether it is so; NaN is not."""
        if self.at_least:
            return self.found >= self.limit
        return self.found <= self.limit

    def __str__(self) -> str:
        word = "at least" if self.at_least else "at most"
        mark = "met" if self.met else "MISSED"
        return f"{self.name}: {self.found:.4g}, {word} {self.limit:g}: {mark}"


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns of equal width, the first one aligned left."""
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        left = cells[0].ljust(widths[0])
        rest = [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:])]
        return "  ".join([left, *rest]).rstrip()

    rule = "-" * min(sum(widths) + 2 * len(widths) - 2, WIDEST)
    return "\n".join([title, NOTE, line(head), rule, *map(line, rows)])


def main_table(title: str, found: Sequence[Steady]) -> str:
    """What a token costs; baseline first."""
    before, behind = found

    def row(name: str, one: float, two: float, form: str) -> list[str]:
        ratio = f"{two / one:.3f}" if one else ""
        return [name, format(one, form), format(two, form), ratio]

    rows = [
        row("cycles", before.cycles, behind.cycles, ".0f"),
        row("GM KiB read", before.read / KIB, behind.read / KIB, ".1f"),
        row("GM KiB written", before.written / KIB, behind.written / KIB, ".1f"),
        row("GM KiB", before.moved / KIB, behind.moved / KIB, ".1f"),
        row("steps of the cube unit", before.steps, behind.steps, ".0f"),
        row("cube utilisation", before.cube, behind.cube, ".1%"),
        row(
            "memory instructions of the vector cores",
            before.memory_instructions,
            behind.memory_instructions,
            ".0f",
        ),
        row("hazards", before.hazards, behind.hazards, "d"),
    ]
    return table(title, ["a token", *ORDER, "ratio"], rows)


def unit_table(name: str, found: Steady) -> str:
    """What every unit does with the cycles of a token, and why it stands still."""
    rows: list[list[str]] = []
    for unit, busy in found.busy.items():
        why = sorted(found.stalls[unit].items(), key=lambda item: -item[1])
        if busy < 1 and sum(cycles for _, cycles in why) < 1:
            continue
        text = ", ".join(f"{reason} {c / found.cycles:.0%}" for reason, c in why[:3])
        rows.append([unit, f"{busy:.0f}", f"{busy / found.cycles:.1%}", text])
    head = ["unit", "busy cycles", "busy", "waits for"]
    return left_last(f"Units, {name}: {limits_it(found)}", head, rows)


def left_last(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose last column is words."""
    width = max(len(row[-1]) for row in (head, *rows))
    return table(
        title,
        [*head[:-1], head[-1].ljust(width)],
        [[*row[:-1], row[-1].ljust(width)] for row in rows],
    )


def limits_it(found: Steady) -> str:
    """The busiest unit, and what the scalar units, which issue everything, wait for."""
    busiest = max(found.busy, key=lambda unit: found.busy[unit])
    waits = [
        (cycles / found.cycles, f"{unit[:3]} scalar for {reason}")
        for unit, stalls in found.stalls.items()
        if unit.endswith(" S")
        for reason, cycles in stalls.items()
    ]
    top = sorted(waits, reverse=True)[:3]
    share = found.busy[busiest] / found.cycles
    return f"busiest {busiest} {share:.0%}; longest waits: " + ", ".join(
        f"{text} {part:.0%}" for part, text in top
    )


def work_table(name: str, found: Steady) -> str:
    """The calls on which cycles of pipes and bytes go, the dearest first."""
    rows = [
        [
            f"{each.unit} {each.api}",
            f"{each.count:.0f}",
            f"{each.busy:.0f}",
            f"{each.moved / KIB:.1f}",
        ]
        for each in sorted(found.work, key=lambda each: -each.busy)[:CALLS]
    ]
    title = f"Dearest calls of a token, {name} (all cores of a group together)"
    return table(title, ["unit, call", "count", "cycles", "GM KiB"], rows)


def error_table(title: str, found: Sequence[tuple[str, str, dict[str, Error]]]) -> str:
    """Errors of the outputs; a dash where an output was not looked at."""
    rows = [
        [
            f"{dtype} {name}",
            *(
                f"{errors[output].rms:.3e} {errors[output].worst:.2e}"
                if output in errors
                else "-"
                for output in OUTPUTS
            ),
        ]
        for dtype, name, errors in found
    ]
    return table(title, ["rms and worst", *OUTPUTS], rows)


def ablation_table(title: str, rows: Sequence[Row]) -> str:
    """Variants beside the whole schedule, the first row."""
    head = [
        "variant",
        "cycles",
        "of all",
        "KiB read",
        "written",
        "dk rms",
        "dq rms",
        "",
    ]
    whole = rows[0].cost

    def cells(row: Row) -> Iterator[str]:
        yield row.name
        if row.cost is None:
            yield from ["-"] * 6
        else:
            yield f"{row.cost.cycles:.0f}"
            yield f"{row.cost.cycles / whole.cycles:.2f}" if whole else "-"
            yield f"{row.cost.read / KIB:.0f}"
            yield f"{row.cost.written / KIB:.0f}"
            yield f"{row.errors['dk'].rms:.2e}"
            yield f"{row.errors['dq'].rms:.2e}"
        yield row.note

    return left_last(title, head, [list(cells(row)) for row in rows])
