"""Points that no other one beats in both cycles and bytes."""

from __future__ import annotations

from collections.abc import Sequence


def pareto(points: Sequence[tuple[float, float]]) -> list[int]:
    """The numbers of the points that no other one beats in one respect without being
    worse in the other, by the first respect. Of equal points the first one counts."""
    found: list[int] = []
    for number in sorted(range(len(points)), key=lambda i: (*points[i], i)):
        if not found or points[number][1] < points[found[-1]][1]:
            found.append(number)
    return found
