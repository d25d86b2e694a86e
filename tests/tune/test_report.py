"""What is worth a measurement, what is on the front, and what a point is explained by."""

from __future__ import annotations

import random

import pytest

from ligrad.tune.judge import Expected, Measured
from ligrad.tune.report import advice, as_json, explain, front, pareto, status
from ligrad.tune.search import Row, Search, promising
from passes.choices import DEFAULT_CHOICE, parse_choice

FAST, SLOW, LEAN, OTHER = map(
    parse_choice, ("window=64", "window=256", "window=512", "depth=1")
)


def test_the_front_is_what_nothing_beats() -> None:
    dice = random.Random(5)
    for _ in range(200):
        points = [
            (float(dice.randrange(6)), float(dice.randrange(6)))
            for _ in range(dice.randrange(9))
        ]
        kept = pareto(points)
        assert [points[i] for i in kept] == sorted(
            {
                p
                for p in points
                if not any(q[0] <= p[0] and q[1] <= p[1] and q != p for q in points)
            }
        )
        assert all(points.index(points[i]) == i for i in kept)


def test_only_what_could_be_the_best_is_measured() -> None:
    expected = {
        DEFAULT_CHOICE: Expected("d", 900, 10, 10),
        FAST: Expected("a", 100, 10, 10),
        SLOW: Expected("b", 120, 10, 10),
        LEAN: Expected("c", 500, 9, 10),
        OTHER: Expected("e", reason="no cost is known for npu.fly"),
    }
    assert promising(expected, 1.1) == [DEFAULT_CHOICE, OTHER, FAST, LEAN]
    assert promising(expected, 1.3) == [DEFAULT_CHOICE, OTHER, FAST, SLOW, LEAN]


def test_more_bytes_for_more_cycles_are_not_measured() -> None:
    expected = {FAST: Expected("a", 100, 5, 5), LEAN: Expected("c", 111, 6, 5)}
    assert promising(expected, 1.1) == [FAST]


def test_few_bytes_for_many_cycles_are_measured() -> None:
    """What is slow may be the leanest: the front is kept, not what is fast."""
    costs = {
        ("cube", "vector"): (116332, 4849),
        ("vector", "vector"): (127195, 5865),
        ("shared", "vector"): (122960, 5358),
        ("cube", "cube"): (163560, 2785),
        ("vector", "cube"): (126170, 3825),
        ("shared", "cube"): (152086, 3313),
    }
    expected = {
        parse_choice(f"gather={g} scatter={s}"): Expected(g + s, cycles, kib, 0)
        for (g, s), (cycles, kib) in costs.items()
    }
    kept = {str(choice).partition("gather")[2] for choice in promising(expected)}
    assert kept == {
        "=cube scatter=vector",
        "=vector scatter=cube",
        "=shared scatter=cube",
        "=cube scatter=cube",
    }


def search_of(**found: Measured | None) -> Search:
    by_name = {"default": DEFAULT_CHOICE, "fast": FAST, "slow": SLOW, "lean": LEAN}
    rows = tuple(
        Row(by_name[name], Expected(name, 1.0, 2, 3), measured)
        for name, measured in found.items()
    )
    return Search(rows, 0)


def test_wrong_and_hazardous_kernels_are_not_on_the_front() -> None:
    found = search_of(
        default=Measured("ok", 100, 10, 10),
        fast=Measured("hazard", 10, 1, 1, reason="race: .."),
        slow=Measured("wrong", 20, 1, 1, reason="dq: .."),
        lean=Measured("ok", 300, 1, 1),
    )
    assert [row.choice for row in front(found)] == [DEFAULT_CHOICE, LEAN]
    data = as_json(found, {"shape": "K=1"})
    assert [row["on_front"] for row in data["rows"]] == [True, False, False, True]
    assert status(found.rows[1]) == "hazard: race: .."


def test_a_refusal_says_why() -> None:
    row = Row(SLOW, Expected("", reason="L1 overflows"), None)
    assert status(row) == "refused: L1 overflows"
    unmeasured = Row(SLOW, Expected("k", 5.0, 1, 1), None, same=2)
    assert status(unmeasured) == "only predicted; 2 more give the same kernel"


@pytest.mark.parametrize(
    ("busy", "text"),
    [
        ({"AIC S": 0.5, "AIV V": 0.2}, "AIC S is busy for 50% of the time and waits "),
        ({"AIC S": 0.1, "AIV V": 0.2}, "AIV V is busy for 20% of the time and waits "),
    ],
)
def test_a_point_is_explained_by_its_report(busy: dict[str, float], text: str) -> None:
    waits = {
        "AIC S: memory": 0.3,
        "AIC S: cross-core flag": 0.1,
        "AIV V: issue": 0.75,
    }
    moved = {"Fixpipe": 2048.0, "DataCopy": 4096.0, "A": 1.0, "B": 0.5}
    shown = explain(Measured("ok", 1, 1, 1, 0, busy, waits, moved))
    assert shown.startswith(text)
    first = "the memory for 30%" if "AIC" in text else "work to be issued for 75%"
    assert first in shown
    assert shown.endswith("most bytes: DataCopy 4 KiB, Fixpipe 2 KiB, A 0 KiB")


def test_only_what_gains_is_recommended() -> None:
    default = Measured("ok", 1000, 10, 10)
    little = search_of(fast=Measured("ok", 999, 1, 1), default=default)
    assert advice(little) == (
        "The default is within 0.10% of the fastest: nothing to choose."
    )
    much = search_of(fast=Measured("ok", 900, 1, 1), default=default)
    assert advice(much).startswith(f"ligrad compile --choice '{FAST}'")
    assert "10.0% fewer cycles" in advice(much)
    broken = search_of(fast=default, default=Measured("wrong", 10, 1, 1))
    assert advice(broken) == f"ligrad compile --choice '{FAST}'"
