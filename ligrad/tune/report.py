"""What a search found, for people and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Table

from backends.files import write_text
from backends.twin.trace import NOTE
from ligrad.tune.front import pareto
from ligrad.tune.judge import Timed
from ligrad.tune.search import Row, Search

KIB = 1024
WORTH = 0.005
"""Of the cycles: what a choice must gain over the default to be recommended."""


def front(search: Search) -> list[Row]:
    """Of what is right, what nothing beats in both cycles and bytes; the fastest first."""
    rows = search.good
    points = [(row.timed.cycles, row.timed.bytes) for row in rows if row.timed]
    return [rows[number] for number in pareto(points)]


def best_table(search: Search, lines: int) -> Table:
    """The rows of a search, the best `lines` of them."""
    table = Table(title="A token in the steady state, on one group of cores")
    table.add_column("choice")
    for head in ("cycles", "of default", "KiB read", "written", "cube"):
        table.add_column(head, justify="right")
    table.add_column("status")
    default = search.default.timed
    for row in search.rows[:lines]:
        table.add_row(str(row.choice), *_numbers(row.timed, default), status(row))
    return table


def _numbers(found: Timed | None, default: Timed | None) -> Iterator[str]:
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
    if row.timed is None or not row.timed.cycles:
        what = f"refused: {(row.timed or row.lowered).reason}"
    elif row.checked is None:
        what = "timed only"
    else:
        reason = row.checked.reason
        what = f"{row.checked.status}{': ' * bool(reason)}{reason}"
    return what + (f"; {row.same} more give the same kernel" if row.same else "")


def front_lines(search: Search) -> Iterator[str]:
    """The Pareto front, each point with what bounds it and where its bytes go."""
    rows = front(search)
    for row in rows:
        if row.timed is not None:
            found, ends = row.timed, ""
            ends += "fastest " * (row is rows[0]) + "leanest " * (row is rows[-1])
            yield (
                f"{found.bytes / KIB:7.0f} KiB {found.cycles:9.0f} cycles  "
                f"{ends:16} {row.choice}"
            )
            yield f"    {explain(found)}"


def advice(search: Search) -> str:
    """What to compile with, if it is worth a word."""
    best, default = search.good[0], search.default.timed
    words = f"ligrad compile --choice '{best.choice}'"
    if not search.default.is_good or default is None or best.timed is None:
        return words
    gain = 1 - best.timed.cycles / default.cycles
    if gain < WORTH:
        return f"The default is within {gain:.2%} of the fastest: nothing to choose."
    return f"{words}   # {gain:.1%} fewer cycles than the default"


def explain(found: Timed) -> str:
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
                "kernel": row.lowered.kernel,
                "timed": None if row.timed is None else asdict(row.timed),
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
