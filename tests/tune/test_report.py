"""What is checked, what is on the front, and what a point is explained by."""

from __future__ import annotations

import random

import pytest

from ligrad.tune.front import pareto
from ligrad.tune.judge import Checked, Lowered, Timed
from ligrad.tune.report import advice, as_json, explain, front, status
from ligrad.tune.search import Row, Search, unchecked
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


OK, WRONG = Checked("ok"), Checked("wrong", "dq: ..")


def test_the_default_and_the_front_are_checked() -> None:
    timed = {
        DEFAULT_CHOICE: Timed(900, 10, 10),
        FAST: Timed(100, 10, 10),
        SLOW: Timed(120, 10, 10),
        LEAN: Timed(500, 9, 10),
        OTHER: Timed(reason="it does not compile"),
    }
    assert unchecked(timed, {}) == [FAST, LEAN, DEFAULT_CHOICE]
    assert unchecked(timed, {FAST: OK}) == [LEAN, DEFAULT_CHOICE]
    assert unchecked(timed, {FAST: OK, LEAN: OK, DEFAULT_CHOICE: OK}) == []
    assert set(unchecked(timed, {FAST: OK}, everything=True)) == {
        DEFAULT_CHOICE,
        SLOW,
        LEAN,
    }


def test_what_is_wrong_leaves_its_place_on_the_front_to_the_next() -> None:
    timed = {DEFAULT_CHOICE: Timed(900, 9, 9), FAST: Timed(100, 9, 9)}
    timed[SLOW] = Timed(120, 9, 9)
    assert unchecked(timed, {DEFAULT_CHOICE: OK, FAST: WRONG}) == [SLOW]
    assert unchecked(timed, {DEFAULT_CHOICE: WRONG, FAST: WRONG, SLOW: OK}) == []


def search_of(**found: tuple[Timed, Checked | None]) -> Search:
    by_name = {"default": DEFAULT_CHOICE, "fast": FAST, "slow": SLOW, "lean": LEAN}
    rows = tuple(
        Row(by_name[name], Lowered(name), timed, checked)
        for name, (timed, checked) in found.items()
    )
    return Search(rows, 0)


def test_wrong_and_hazardous_kernels_are_not_on_the_front() -> None:
    found = search_of(
        default=(Timed(100, 10, 10), OK),
        fast=(Timed(10, 1, 1), Checked("hazard", "race: ..")),
        slow=(Timed(20, 1, 1), WRONG),
        lean=(Timed(300, 1, 1), OK),
    )
    assert [row.choice for row in front(found)] == [DEFAULT_CHOICE, LEAN]
    data = as_json(found, {"shape": "K=1"})
    assert [row["on_front"] for row in data["rows"]] == [True, False, False, True]
    assert status(found.rows[1]) == "hazard: race: .."


def test_a_refusal_says_why() -> None:
    row = Row(SLOW, Lowered("", "L1 overflows"), None)
    assert status(row) == "refused: L1 overflows"
    broken = Row(SLOW, Lowered("k"), Timed(reason="it does not compile"))
    assert status(broken) == "refused: it does not compile"
    slow = Row(SLOW, Lowered("k"), Timed(5.0, 1, 1), same=2)
    assert status(slow) == "timed only; 2 more give the same kernel"


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
    shown = explain(Timed(1, 1, 1, 0, busy, waits, moved))
    assert shown.startswith(text)
    first = "the memory for 30%" if "AIC" in text else "work to be issued for 75%"
    assert first in shown
    assert shown.endswith("most bytes: DataCopy 4 KiB, Fixpipe 2 KiB, A 0 KiB")


def test_only_what_gains_is_recommended() -> None:
    default = Timed(1000, 10, 10), OK
    little = search_of(fast=(Timed(999, 1, 1), OK), default=default)
    assert advice(little) == (
        "The default is within 0.10% of the fastest: nothing to choose."
    )
    much = search_of(fast=(Timed(900, 1, 1), OK), default=default)
    assert advice(much).startswith(f"ligrad compile --choice '{FAST}'")
    assert "10.0% fewer cycles" in advice(much)
    broken = search_of(fast=default, default=(Timed(10, 1, 1), WRONG))
    assert advice(broken) == f"ligrad compile --choice '{FAST}'"
