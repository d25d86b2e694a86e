"""Which flags can share an id: held against counts of sets and waits."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations, product

import pytest
from xdsl.dialects.test import TestOp as AnyOp
from xdsl.ir import Block, Operation

from ligrad_ir.dialects.npu.types import Pipe
from passes.order.cross_flags import MOST_SHARING, Edge, are_in_order, share_flags


def edges_of(
    order: Sequence[int], carried: Sequence[bool], pipe: Pipe = Pipe.FIX
) -> list[Edge]:
    """Edge i from operation i of one loop to operation order[i] of the other."""
    sets, waits = (Block([AnyOp() for _ in order]) for _ in range(2))
    sources, targets = list(sets.ops), list(waits.ops)
    return [
        Edge(sources[i], pipe, targets[at], back)
        for i, (at, back) in enumerate(zip(order, carried, strict=True))
    ]


def place(op: Operation) -> int:
    block = op.parent_block()
    assert block is not None
    return block.get_operation_index(op)


def does_every_set_meet_its_wait(edges: Sequence[Edge], iterations: int) -> bool:
    """A queue, since the sets of a pipe come in order; what is carried is set once ahead
    of the loop, for the waits of the first iteration, and awaited once behind it."""
    sets = sorted(edges, key=lambda edge: place(edge.after))
    waits = sorted(edges, key=lambda edge: place(edge.before))
    carried = [edge for edge in waits if edge.carried]
    said = [(edge, 0) for edge in carried]
    heard: list[tuple[Edge, int]] = []
    for at in range(iterations):
        said += [(edge, at + edge.carried) for edge in sets]
        heard += [(edge, at) for edge in waits]
    heard += [(edge, iterations) for edge in carried]
    return said == heard


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_flags_share_an_id_where_the_nth_set_is_for_the_nth_wait(count: int) -> None:
    found = {True: 0, False: 0}
    for order in permutations(range(count)):
        for carried in product((False, True), repeat=count):
            edges = edges_of(order, carried)
            right = all(does_every_set_meet_its_wait(edges, n) for n in range(5))
            assert are_in_order(edges) == right, (order, carried)
            assert are_in_order(edges[::-1]) == right  # however they are given
            found[right] += 1
    assert found[True] >= count
    assert bool(found[False]) == (count > 1)


def test_orders_by_hand() -> None:
    assert are_in_order(edges_of((0, 1, 2), (False,) * 3))
    assert are_in_order(edges_of((0, 1, 2), (True,) * 3))
    assert not are_in_order(edges_of((1, 0), (False, False)))
    # The wait of the last set is the first one of the next iteration.
    assert are_in_order(edges_of((1, 2, 0), (False, False, True)))
    # It is the last one of it: the sets of two others come in between.
    assert not are_in_order(edges_of((0, 1, 2), (False, False, True)))
    assert not are_in_order(edges_of((0, 1), (True, False)))


def test_one_pipe_and_one_pair_of_loops() -> None:
    first, second = edges_of((0, 1), (False, False))
    assert are_in_order([first, second])
    on_another = Edge(second.after, Pipe.MTE2, second.before, False)
    assert not are_in_order([first, on_another])
    [elsewhere] = edges_of((0,), (False,))
    assert not are_in_order([first, elsewhere])
    to_another = Edge(second.after, Pipe.FIX, elsewhere.before, False)
    assert not are_in_order([first, to_another])


def test_two_sets_or_waits_at_one_place_do_not_share() -> None:
    first, second = edges_of((0, 1), (False, False))
    same_set = Edge(first.after, Pipe.FIX, second.before, False)
    same_wait = Edge(second.after, Pipe.FIX, first.before, False)
    assert not are_in_order([first, same_set])
    assert not are_in_order([first, same_wait])


def test_sharing_keeps_the_order_of_the_first() -> None:
    edges = edges_of((1, 0, 2), (False,) * 3)
    assert share_flags(edges) == [[edges[0], edges[2]], [edges[1]]]
    assert share_flags([]) == []


def test_what_shares_an_id_is_in_order() -> None:
    for order in permutations(range(5)):
        for carried in product((False, True), repeat=5):
            edges = edges_of(order, carried)
            flags = share_flags(edges)
            assert sorted(map(id, edges)) == sorted(id(e) for f in flags for e in f)
            for flag in flags:
                for n in (0, 1, 2, 3):
                    assert does_every_set_meet_its_wait(flag, n)


def test_an_id_is_shared_by_as_many_as_a_core_can_count() -> None:
    count = 2 * MOST_SHARING + 1
    flags = share_flags(edges_of(range(count), (False,) * count))
    assert [len(flag) for flag in flags] == [MOST_SHARING, MOST_SHARING, 1]
