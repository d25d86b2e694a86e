"""What the pipes of a core do not know to be over: sets of accesses, as bits of ints.

Pure: flags and barriers make such a set smaller, accesses make it larger.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from xdsl.ir import SSAValue

from ligrad_ir.dialects.npu.types import Pipe

Edge = tuple[Pipe, Pipe]
"""A flag from a pipe to another one, or a barrier of a pipe."""


@dataclass(frozen=True)
class Access:
    """A pipe touches a buffer."""

    pipe: Pipe
    buffer: SSAValue
    writes: bool


@dataclass(frozen=True)
class Pending:
    """
    Accesses that are not known to be over.

    pipes: those of the core, in an order. made: for each, the accesses that it makes, one
    bit each. before: for each, the accesses that may not be over when it goes on.
    """

    pipes: tuple[Pipe, ...]
    made: tuple[int, ...]
    before: tuple[int, ...]

    @classmethod
    def none(cls, pipes: Sequence[Pipe], accesses: Sequence[Access]) -> Pending:
        """Of accesses, numbered in order, all are over."""
        made = [0] * len(pipes)
        for number, access in enumerate(accesses):
            made[pipes.index(access.pipe)] |= 1 << number
        return cls(tuple(pipes), tuple(made), (0,) * len(pipes))

    def __or__(self, other: Pending) -> Pending:
        """What may be pending on one path or the other."""
        both = zip(self.before, other.before, strict=True)
        return replace(self, before=tuple(a | b for a, b in both))

    def __and__(self, other: Pending) -> Pending:
        """What is in both."""
        both = zip(self.before, other.before, strict=True)
        return replace(self, before=tuple(a & b for a, b in both))

    def __bool__(self) -> bool:
        return any(self.before)

    def is_within(self, other: Pending) -> bool:
        """Whether nothing is pending that is not in the other one too."""
        return all(not a & ~b for a, b in zip(self.before, other.before, strict=True))

    def of(self, numbers: Sequence[int]) -> Pending:
        """What is pending of some accesses, given for each pipe as bits."""
        chosen = zip(self.before, numbers, strict=True)
        return replace(self, before=tuple(a & b for a, b in chosen))

    def with_accesses(self, numbers: int) -> Pending:
        """The same, and accesses that no pipe knows to be over."""
        return replace(self, before=tuple(a | numbers for a in self.before))

    def edges(self) -> list[Edge]:
        """The pipes that make pending accesses, each with the one that does not know."""
        return sorted(
            (source, target)
            for target, pending in zip(self.pipes, self.before, strict=True)
            for source, made in zip(self.pipes, self.made, strict=True)
            if pending & made
        )

    def after(self, edges: Iterable[Edge]) -> Pending:
        """
        What is pending behind flags and barriers.

        A pipe that waits for a flag learns that all is over that the other pipe has
        issued, or has known to be over; what the scalar unit learns, all know that it
        issues to.
        """
        before = list(self.before)
        for source, target in edges:
            at = self.pipes.index(source)
            left = ~self.made[at]
            if source is not target:
                left &= before[at]
            for number, pipe in enumerate(self.pipes):
                if pipe is target or target is Pipe.S:
                    before[number] &= left
        return replace(self, before=tuple(before))

    def fewest_edges(self, conflicts: Pending) -> list[Edge]:
        """Flags and barriers behind which none of the conflicts is pending, and none of
        which the others make up for; barriers are given up before flags."""
        edges = conflicts.edges()
        for edge in sorted(edges, key=lambda edge: edge[0] is not edge[1]):
            others = [other for other in edges if other != edge]
            if not conflicts & self.after(others):
                edges = others
        return edges
