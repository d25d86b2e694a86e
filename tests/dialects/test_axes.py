"""Axis arithmetic, by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ligrad_ir import axes
from ligrad_ir.axes import Axes, AxesError


def a(text: str) -> Axes:
    return tuple(text.split())


def test_spell() -> None:
    assert axes.spell(()) == "[]"
    assert axes.spell(a("T N1 D")) == "[T, N1, D]"


@pytest.mark.parametrize(
    ("lhs", "rhs", "expected"),
    [
        ("", "", ""),
        ("", "T D", "T D"),
        ("T D", "", "T D"),
        ("T D", "D", "T D"),
        ("D", "T D", "T D"),
        ("D", "T D E", "T D E"),
        ("T D", "D T", "T D"),  # equal sets: the left order
        ("T K", "T G", "T K G"),
        ("K T", "G T", "K T G"),
    ],
)
def test_broadcast(lhs: str, rhs: str, expected: str) -> None:
    assert axes.broadcast(a(lhs), a(rhs)) == a(expected)


def test_without() -> None:
    assert axes.without(a("T K D")) == a("T K D")
    assert axes.without(a("T K D"), "K") == a("T D")
    assert axes.without(a("T K D"), "D", "T") == a("K")


@pytest.mark.parametrize(
    ("lhs", "rhs", "over", "expected"),
    [
        ("D", "D", "D", ""),
        ("T D", "T K D", "D", "T K"),
        ("T G D", "T K D", "D", "T G K"),
        ("G T D", "D K T", "D", "G T K"),
        ("T G K", "T G D", "G", "T K D"),
        ("T G", "T G", "G", "T"),
    ],
)
def test_matmul(lhs: str, rhs: str, over: str, expected: str) -> None:
    assert axes.matmul(a(lhs), a(rhs), over) == a(expected)


@pytest.mark.parametrize(
    ("lhs", "rhs", "batch", "expected"),
    [
        ("T D", "D K", "", "D"),
        ("T G D", "T K D", "T", "D"),
        ("D T", "T E", "D", "T"),
    ],
)
def test_contracted(lhs: str, rhs: str, batch: str, expected: str) -> None:
    assert axes.contracted(a(lhs), a(rhs), frozenset(a(batch))) == expected


@pytest.mark.parametrize(
    ("source", "rows", "expected"),
    [
        ("N", "T", "T"),
        ("N", "", ""),
        ("N D", "T K", "T K D"),
        ("D N", "T K", "D T K"),
        ("E N D", "K", "E K D"),
    ],
)
def test_gather(source: str, rows: str, expected: str) -> None:
    assert axes.gather(a(source), a(rows), "N") == a(expected)


@pytest.mark.parametrize(
    ("updates", "rows", "expected"),
    [
        ("T", "T", "N"),
        ("T K D", "T K", "N D"),
        ("D K T", "T K", "N D"),
        ("E K D", "K", "N E D"),
        ("D", "", "N D"),
    ],
)
def test_scatter(updates: str, rows: str, expected: str) -> None:
    assert axes.scatter(a(updates), a(rows), "N") == a(expected)


def test_check_same_ignores_the_order() -> None:
    axes.check_same(a("T D"), a("D T"))
    axes.check_same((), ())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: axes.without(a("T K"), "D"), "no axis D among [T, K]"),
        (lambda: axes.matmul(a("T D"), a("D K"), "T"), "right operand [D, K] has no"),
        (lambda: axes.matmul(a("T D"), a("D K"), "K"), "left operand [T, D] has no"),
        (
            lambda: axes.contracted(a("T D"), a("K"), frozenset()),
            "a product of [T, D] and [K] contracts the one axis that both have and "
            "that is not a batch axis, but there is none; name it: "
            "Matmul(a, b over AXIS)",
        ),
        (
            lambda: axes.contracted(a("T D E"), a("E D"), frozenset()),
            "[D, E]; name it",
        ),
        (lambda: axes.contracted(a("T"), a("T"), frozenset("T")), "there is none"),
        (
            lambda: axes.gather(a("M D"), a("T K"), "N"),
            "the indices point into axis N, which [M, D] lacks",
        ),
        (
            lambda: axes.gather(a("N K"), a("T K"), "N"),
            "the source [N, K] has the index axes ['K'] too",
        ),
        (
            lambda: axes.scatter(a("T D"), a("T K"), "N"),
            "the updates [T, D] lack the index axes ['K']",
        ),
        (
            lambda: axes.scatter(a("T N"), a("T"), "N"),
            "the updates [T, N] have the target N already",
        ),
        (
            lambda: axes.check_same(a("T"), a("T D")),
            "the result has axes [T], not [T, D]",
        ),
        (lambda: axes.check_same(a("T D E"), a("T D")), "[T, D, E], not [T, D]"),
    ],
)
def test_errors(call: Callable[[], object], message: str) -> None:
    with pytest.raises(AxesError) as raised:
        call()
    assert message in str(raised.value)
