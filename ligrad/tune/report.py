"""What a search found, for people and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Table

from backends.ascendc.twin.trace import NOTE
from backends.files import write_text
from ligrad.tune.judge import Measured
from ligrad.tune.search import Row, Search

KIB = 1024
WORTH = 0.005
"""Of the cycles: what a choice must gain over the default to be recommended."""


def pareto(points: Sequence[tuple[float, float]]) -> list[int]:
    """The numbers of the points that no other one beats in one respect without being
    worse in the other, by the first respect. Of equal points the first one counts."""
    found: list[int] = []
    for number in sorted(range(len(points)), key=lambda i: (*points[i], i)):
        if not found or points[number][1] < points[found[-1]][1]:
            found.append(number)
    return found


def front(search: Search) -> list[Row]:
    """Of what was measured and is right, what nothing beats in both cycles and bytes; the
    fastest first."""
    rows = search.good
    points = [(row.measured.cycles, row.measured.bytes) for row in rows if row.measured]
    return [rows[number] for number in pareto(points)]


def best_table(search: Search, lines: int) -> Table:
    """The rows of a search, the best `lines` of them."""
    table = Table(title="A token in the steady state, on one group of cores")
    table.add_column("choice")
    for head in ("cycles", "of default", "KiB read", "written", "cube", "predicted"):
        table.add_column(head, justify="right")
    table.add_column("status")
    default = search.default.measured
    for row in search.rows[:lines]:
        expected = row.expected.cycles
        predicted = "" if expected is None else f"{expected:.0f}"
        table.add_row(
            str(row.choice), *_numbers(row.measured, default), predicted, status(row)
        )
    return table


def _numbers(found: Measured | None, default: Measured | None) -> Iterator[str]:
    if found is None or not found.cycles:
        yield from [""] * 5
        return
    yield f"{found.cycles:.0f}"
    yield f"{found.cycles / default.cycles:.3f}" if default and default.cycles else ""
    yield f"{found.read / KIB:.0f}"
    yield f"{found.written / KIB:.0f}"
    yield f"{found.cube:.1%}"


def status(row: Row) -> str:
    """Whether a row counts, and if not, why."""
    if row.measured is None:
        what = "only predicted" if row.expected.kernel else "refused"
        reason = row.expected.reason
    else:
        what, reason = row.measured.status, row.measured.reason
        if row.expected.reason:
            reason += f"; not predicted: {row.expected.reason}"
    also = f"; {row.same} more give the same kernel" if row.same else ""
    return f"{what}{': ' * bool(reason)}{reason.removeprefix('; ')}{also}"


def front_lines(search: Search) -> Iterator[str]:
    """The Pareto front, each point with what bounds it and where its bytes go."""
    rows = front(search)
    for row in rows:
        if row.measured is not None:
            found, ends = row.measured, ""
            ends += "fastest " * (row is rows[0]) + "leanest " * (row is rows[-1])
            yield (
                f"{found.bytes / KIB:7.0f} KiB {found.cycles:9.0f} cycles  "
                f"{ends:16} {row.choice}"
            )
            yield f"    {explain(found)}"


def advice(search: Search) -> str:
    """What to compile with, if it is worth a word."""
    best, default = search.good[0], search.default.measured
    words = f"ligrad compile --choice '{best.choice}'"
    if not search.default.is_good or default is None or best.measured is None:
        return words
    gain = 1 - best.measured.cycles / default.cycles
    if gain < WORTH:
        return f"The default is within {gain:.2%} of the fastest: nothing to choose."
    return f"{words}   # {gain:.1%} fewer cycles than the default"


def explain(found: Measured) -> str:
    """What bounds a kernel, from its time report: the busiest unit, what that one waits
    for longest, and the calls that move most bytes."""
    unit = max(found.busy, key=lambda name: found.busy[name])
    own = {n: s for n, s in found.waits.items() if n.startswith(f"{unit}: ")}
    parts = [f"{unit} is busy for {found.busy[unit]:.0%} of the time"]
    if own:
        most = max(own, key=lambda name: own[name])
        reason = most.partition(": ")[2]
        parts.append(f"and waits for {reason_text(reason)} for {own[most]:.0%}")
    moved = sorted(found.moved.items(), key=lambda item: -item[1])[:3]
    spent = ", ".join(f"{api} {amount / KIB:.0f} KiB" for api, amount in moved)
    return f"{' '.join(parts)}; most bytes: {spent}"


def reason_text(reason: str) -> str:
    """A reason of the time report in a sentence: a pipe waits for work to be issued."""
    return "work to be issued" if reason == "issue" else f"the {reason}"


def as_json(search: Search, problem: Mapping[str, Any]) -> dict[str, Any]:
    """All of a search."""
    best = set(map(id, front(search)))
    return {
        "note": NOTE,
        "problem": dict(problem),
        "rows": [
            {
                "choice": str(row.choice),
                "status": status(row),
                "on_front": id(row) in best,
                "same": row.same,
                "expected": asdict(row.expected),
                "measured": None if row.measured is None else asdict(row.measured),
            }
            for row in search.rows
        ],
    }


def write_json(path: Path, search: Search, problem: Mapping[str, Any]) -> None:
    """Write all of a search to a file.

    Raises:
        LigradError: it cannot be written.
    """
    write_text(path, json.dumps(as_json(search, problem), indent=2) + "\n")
