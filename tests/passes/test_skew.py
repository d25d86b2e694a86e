"""Software pipelining, simulated: which stage works on which window when."""

from __future__ import annotations

from itertools import combinations

import pytest

from passes.to_npu.skew import GATHER, lags, most_lag, staggered, steps

STAGES = range(7)
PLAIN = [stages for size in range(1, 8) for stages in combinations(STAGES, size)]
SETS = PLAIN + [(GATHER, *stages) for stages in PLAIN if 1 in stages]
DEPTHS = (1, 2, 3, 4)
WINDOWS = (0, 1, 2, 3, 4, 5, 13)


def worked(
    stages: tuple[int, ...], depth: int, windows: int
) -> list[list[tuple[int, int, int]]]:
    """By round, what the guarded loop does: (stage, window, slot) in order."""
    rounds = -(-(windows + most_lag(lags(stages, depth))) // depth)
    return [
        [
            (step.stage, at * depth + step.offset, step.slot)
            for step in steps(lags(stages, depth), depth)
            if 0 <= at * depth + step.offset < windows
        ]
        for at in range(rounds)
    ]


@pytest.mark.parametrize("windows", WINDOWS)
@pytest.mark.parametrize("depth", DEPTHS)
def test_every_stage_sees_every_window_once_and_in_order(
    depth: int, windows: int
) -> None:
    for stages in SETS:
        done = [step for each in worked(stages, depth, windows) for step in each]
        for stage in stages:
            seen = [window for s, window, _ in done if s == stage]
            assert seen == [*range(windows)], (stages, stage)
        assert len(done) == len(stages) * windows


@pytest.mark.parametrize("windows", WINDOWS)
@pytest.mark.parametrize("depth", DEPTHS)
def test_the_stages_of_a_window_come_in_order(depth: int, windows: int) -> None:
    for stages in SETS:
        done = [step for each in worked(stages, depth, windows) for step in each]
        for window in range(windows):
            assert tuple(s for s, w, _ in done if w == window) == stages


@pytest.mark.parametrize("windows", WINDOWS)
@pytest.mark.parametrize("depth", DEPTHS)
def test_a_slot_has_one_window_until_its_last_stage(depth: int, windows: int) -> None:
    """Where rows are gathered ahead, they have a slot until the cube core takes them in
    its first stage, and the other values have one from the stage behind them on."""
    for stages in SETS:
        done = [step for each in worked(stages, depth, windows) for step in each]
        kinds = [stages]
        if stages[0] == GATHER:
            kinds = [(GATHER, 1), stages[1:]]
        for first, *rest in kinds:
            last = [first, *rest][-1]
            holder: dict[int, int] = {}
            for stage, window, slot in done:
                if stage == first:
                    assert slot not in holder, (stages, window)
                    holder[slot] = window
                if stage in (first, *rest):
                    assert holder[slot] == window
                if stage == last:
                    del holder[slot]
            assert not holder


@pytest.mark.parametrize("depth", DEPTHS)
def test_no_round_is_idle(depth: int) -> None:
    for stages in SETS:
        for windows in WINDOWS[1:]:
            assert all(worked(stages, depth, windows))


def test_a_single_slot_takes_one_window_after_the_other() -> None:
    assert {late for _, late in lags((GATHER, *STAGES), 1)} == {0}
    assert [(s.stage, s.slot, s.offset) for s in steps(lags((1, 2, 3), 1), 1)] == [
        *((1, 0, 0), (2, 0, 0), (3, 0, 0))
    ]


def test_the_next_window_is_gathered_before_one_is_done() -> None:
    """Two products of a window, and the vector cores between and behind them."""
    assert [(s.stage, s.slot, s.offset) for s in steps(lags((1, 2, 3, 4), 2), 2)] == [
        *((1, 0, 0), (2, 0, 0), (3, 1, -1), (4, 1, -1)),
        *((1, 1, 1), (2, 1, 1), (3, 0, 0), (4, 0, 0)),
    ]
    assert most_lag(lags((1, 2, 3, 4), 2)) == 1
    assert most_lag(()) == 0


def test_rows_are_gathered_while_the_window_before_is_multiplied() -> None:
    found = [
        (s.stage, s.slot, s.offset) for s in steps(lags((GATHER, 1, 2, 3, 4), 2), 2)
    ]
    assert found == [
        *((GATHER, 0, 0), (1, 1, -1), (2, 1, -1), (3, 0, -2), (4, 0, -2)),
        *((GATHER, 1, 1), (1, 0, 0), (2, 0, 0), (3, 1, -1), (4, 1, -1)),
    ]
    assert most_lag(lags((GATHER, 1, 2, 3, 4), 3)) == 2
    assert dict(lags((GATHER, 0, 1, 3), 2)) == {GATHER: 0, 0: 1, 1: 1, 3: 2}


# ---- staggered: every stage on another window


HANDWRITTEN = {0: set[int](), 1: {0}, 2: {1}, 3: {0, 2}, 4: {3}}
"""Gathered rows are multiplied twice, before the vector cores select and behind it."""


def users(stages: tuple[int, ...], skip: int) -> dict[int, set[int]]:
    """Every stage uses the one before it, and the one `skip` before that."""
    return {
        stage: {stages[j] for j in (at - 1, at - 1 - skip) if 0 <= j < at}
        for at, stage in enumerate(stages)
    }


def test_two_slots_give_the_handwritten_order() -> None:
    """Gather i, scores i - 1, selection and products i - 2, scatter i - 3."""
    assert staggered(HANDWRITTEN, 2) == [(1, 1), (2, 2), (3, 2), (4, 3), (0, 0)]


def test_three_slots_keep_every_stage_on_a_window_of_its_own() -> None:
    assert staggered(HANDWRITTEN, 3) == [(1, 1), (2, 2), (3, 3), (4, 4), (0, 0)]


@pytest.mark.parametrize("windows", WINDOWS)
@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("skip", [0, 1, 2, 4])
def test_what_is_used_was_made_and_is_still_there(
    skip: int, depth: int, windows: int
) -> None:
    for stages in SETS:
        uses = users(stages, skip)
        order = staggered(uses, depth)
        made: dict[tuple[int, int], int] = {}
        done: list[tuple[int, int]] = []
        for at in range(-(-(windows + most_lag(order)) // depth)):
            for step in steps(order, depth):
                window = at * depth + step.offset
                if not 0 <= window < windows:
                    continue
                assert step.slot == window % depth
                for maker in uses[step.stage]:
                    assert made[maker, step.slot] == window, (stages, step)
                made[step.stage, step.slot] = window
                done.append((step.stage, window))
        assert sorted(done) == [(s, w) for s in stages for w in range(windows)]
