"""Where buffers go in a memory: pure functions on sizes and lifetimes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Request:
    """A buffer to place: bytes, and the first and last position at which it is in use."""

    name: str
    size: int
    first: int
    last: int

    def overlaps(self, other: Request) -> bool:
        """Whether both are in use at some position."""
        return self.first <= other.last and other.first <= self.last


class DoesNotFitError(Exception):
    """The buffers do not fit; says which are in use together and how large they are.

    largest: of those in use with one that has no place."""

    def __init__(
        self, memory: str, capacity: int, request: Request, live: list[Request]
    ):
        self.largest = max(live, key=lambda r: r.size)
        total = sum(other.size for other in live)
        largest_first = sorted(live, key=lambda r: -r.size)
        listed = ", ".join(f"{r.name} ({r.size})" for r in largest_first)
        super().__init__(
            f"{total} bytes of {memory} are in use together, {max(1, total - capacity)} "
            f"more than the {capacity} of a core: {listed}"
        )


def place(
    requests: Sequence[Request], memory: str, capacity: int, alignment: int
) -> list[int]:
    """The offset of every buffer, in bytes: the largest first, each at the lowest aligned
    address that no buffer in use with it has.

    Raises:
        DoesNotFitError: if they do not fit.
    """
    offsets: dict[int, int] = {}
    order = sorted(range(len(requests)), key=lambda i: (-requests[i].size, i))
    for i in order:
        request = requests[i]
        taken = sorted(
            (offsets[j], offsets[j] + requests[j].size)
            for j in offsets
            if requests[j].overlaps(request)
        )
        at = 0
        for start, end in taken:
            if at + request.size <= start:
                break
            at = max(at, -(-end // alignment) * alignment)
        if at + request.size > capacity:
            live = [r for r in requests if r.overlaps(request)]
            raise DoesNotFitError(memory, capacity, request, live)
        offsets[i] = at
    return [offsets[i] for i in range(len(requests))]
