"""Which cross-core flags can share an id: pure functions on their places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.ir import Operation

from ligrad_ir.dialects.npu.types import Pipe
from ligrad_ir.soc import Soc

MOST_SHARING = Soc.cross_core_limit
"""Flags of one id. A buffer has a flag to its reader and one back, and each is set again
only behind the other one's wait, so it is up once at most: their sum is no more than what
a core counts to."""


@dataclass(frozen=True)
class Edge:
    """What is behind `after` on one core comes before `before` on the other, both of a
    loop's block. `carried`: of the iteration before, so that the first wait needs a set
    ahead of the loop."""

    after: Operation
    pipe: Pipe
    before: Operation
    carried: bool


def share_flags(edges: Sequence[Edge]) -> list[list[Edge]]:
    """The edges by flag id, in the order in which the first of each was given."""
    flags: list[list[Edge]] = []
    for edge in edges:
        for flag in flags:
            if len(flag) < MOST_SHARING and are_in_order([*flag, edge]):
                flag.append(edge)
                break
        else:
            flags.append([edge])
    return flags


def are_in_order(edges: Sequence[Edge]) -> bool:
    """
    Whether the n-th set of all these edges is for the n-th wait of them, whatever the
    number of iterations; sets ahead of the loop come in the order of their waits.

    Sets of one pipe are reported in order, so then a count serves all of them.
    """
    if len({(edge.after.parent, edge.before.parent, edge.pipe) for edge in edges}) > 1:
        return False
    places = [(_place(edge.after), _place(edge.before)) for edge in edges]
    if len({a for a, _ in places}) < len(edges) or len({b for _, b in places}) < len(
        edges
    ):
        return False
    order = range(len(edges))
    sets = sorted(order, key=lambda i: places[i][0])
    waits = sorted(order, key=lambda i: places[i][1])
    ahead = [i for i in waits if edges[i].carried]
    return waits[: len(ahead)] == ahead and sets == waits[len(ahead) :] + ahead


def _place(op: Operation) -> int:
    block = op.parent_block()
    assert block is not None
    return block.get_operation_index(op)
