"""Where buffers go, as a pure function."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from passes.order.placement import DoesNotFitError, Request, place

CAPACITY = 4096


@st.composite
def requests(draw: st.DrawFn) -> list[Request]:
    found: list[Request] = []
    for i in range(draw(st.integers(0, 14))):
        first = draw(st.integers(0, 9))
        last = draw(st.integers(first, 9))
        found.append(Request(f"b{i}", draw(st.integers(0, 1500)), first, last))
    return found


def in_use(found: list[Request], at: int) -> int:
    return sum(r.size for r in found if r.first <= at <= r.last)


@given(requests(), st.sampled_from([1, 32, 512]))
@example([Request("a", 33, 0, 1), Request("b", 32, 1, 2), Request("c", 33, 2, 2)], 32)
def test_placed_buffers_are_apart_aligned_and_inside(
    found: list[Request], alignment: int
) -> None:
    try:
        offsets = place(found, "UB", CAPACITY, alignment)
    except DoesNotFitError:
        # With room for three times as much as is ever in use, first fit finds a place.
        padded = [r.size + alignment for r in found]
        assert sum(padded) > CAPACITY
        return
    assert len(offsets) == len(found)
    for offset, request in zip(offsets, found):
        assert offset % alignment == 0
        assert 0 <= offset <= offset + request.size <= CAPACITY
    for (i, a), (j, b) in combinations(enumerate(found), 2):
        together = set(range(a.first, a.last + 1)) & set(range(b.first, b.last + 1))
        bytes_a = range(offsets[i], offsets[i] + a.size)
        bytes_b = range(offsets[j], offsets[j] + b.size)
        assert not (together and set(bytes_a) & set(bytes_b)), (a, b)
    assert place(found, "UB", CAPACITY, alignment) == offsets
    assert max((in_use(found, at) for at in range(10)), default=0) <= CAPACITY


def test_buffers_of_different_times_share_bytes() -> None:
    found = [Request("a", 64, 0, 1), Request("b", 64, 2, 3), Request("c", 32, 1, 2)]
    assert place(found, "UB", 96, 32) == [0, 0, 64]


def test_a_gap_is_used() -> None:
    found = [
        Request("low", 100, 0, 1),
        Request("high", 99, 1, 2),
        Request("under", 60, 2, 3),
        Request("none", 0, 0, 9),
    ]
    assert place(found, "UB", 256, 32) == [0, 128, 0, 0]


def test_a_full_memory_is_no_overflow() -> None:
    found = [Request("a", 64, 0, 0), Request("b", 64, 0, 0)]
    assert place(found, "UB", 128, 32) == [0, 64]
    with pytest.raises(DoesNotFitError):
        place(found, "UB", 127, 32)


def test_an_overflow_says_what_would_fit() -> None:
    found = [
        Request("S", 100, 2, 5),
        Request("Y", 60, 5, 7),
        Request("later", 90, 6, 7),
    ]
    with pytest.raises(DoesNotFitError) as caught:
        place(found, "UB", 128, 32)
    assert str(caught.value) == (
        "250 bytes of UB are in use together, 122 more than the 128 of a core: "
        "S (100), later (90), Y (60)"
    )


def test_what_alignment_wastes_is_an_overflow_too() -> None:
    """All bytes are there, but not at the right addresses."""
    with pytest.raises(DoesNotFitError, match="in use together, 1 more than"):
        place([Request("a", 65, 0, 0), Request("b", 63, 0, 0)], "L0C", 128, 64)
