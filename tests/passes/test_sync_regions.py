"""Which accesses `npu.sync_all` keeps apart, on small launches."""

from __future__ import annotations

import pytest

from ligrad_ir.dialects.npu.launch import LaunchOp
from passes.order.sync_regions import contested
from tests.tiled.support import kernel

CUBE = "%a = npu.alloc at 0 : l0c<1024xf32>\n"
VECTOR = "%u = npu.alloc at 0 : ub<64xf32>\n"
WRITE_G = "npu.fixpipe %g[%c0], %a[%c0] size %c1 x %c64 pitch %c64\n"
WRITE_H = WRITE_G.replace("%g", "%h")
READ_G = "npu.load %u[%c0], %g[%c0] rows %c1 of %c64 pitch %c64, %c64\n"
READ_H = READ_G.replace("%g", "%h")
STORE_G = "npu.store %g[%c0], %u[%c0] rows %c1 of %c64 pitch %c64, %c64\n"
SYNC = "npu.sync_all\n"


def rounds(*parts: str) -> str:
    return f"scf.for %r = %c0 to %c3 step %c1 {{\n{''.join(parts)}}}\n"


def tokens(*parts: str) -> str:
    return f"scf.for %t = %c0 to %c2 step %c1 {{\n{''.join(parts)}}}\n"


def found(cube: str, vector: str) -> list[str]:
    """The contested buffers, each with the number of operations."""
    module = kernel(
        "%g: gm<?xf32>, %h: gm<?xf32>", cube=CUBE + cube, vector=VECTOR + vector
    )
    [launch] = [op for op in module.walk() if isinstance(op, LaunchOp)]
    return [f"{v.name_hint} {len(ops)}" for v, ops in contested(launch).items()]


@pytest.mark.parametrize(
    ("cube", "vector", "expected"),
    [
        (WRITE_G, READ_G, ["g 2"]),
        (WRITE_G, READ_H, []),
        (WRITE_G + SYNC, SYNC + READ_G, []),
        (SYNC + WRITE_G, READ_G + SYNC, []),
        (SYNC + WRITE_G, SYNC + READ_G, ["g 2"]),
        # The part of the vector core's accesses that nothing keeps apart.
        (WRITE_G + SYNC, READ_G + SYNC + READ_G, ["g 2"]),
        (WRITE_G + SYNC, READ_G + READ_G + SYNC + READ_G, ["g 3"]),
        # In the order of the cube core.
        (WRITE_H + WRITE_G, READ_G + READ_H, ["h 2", "g 2"]),
        # One that reads on both sides.
        (SYNC, READ_G, []),
    ],
)
def test_in_a_row(cube: str, vector: str, expected: list[str]) -> None:
    assert found(cube, vector) == expected


@pytest.mark.parametrize(
    ("cube", "vector", "expected"),
    [
        # Apart in both directions.
        (rounds(SYNC, WRITE_G, SYNC), rounds(SYNC, SYNC, READ_G), []),
        (rounds(SYNC, tokens(WRITE_G), SYNC), rounds(SYNC, SYNC, tokens(READ_G)), []),
        (rounds(WRITE_G, SYNC, SYNC), rounds(SYNC, READ_G, SYNC), []),
        # The next round begins beside the end of this one.
        (rounds(WRITE_G, SYNC), rounds(SYNC, READ_G), ["g 2"]),
        (rounds(SYNC, WRITE_G), rounds(READ_G, SYNC), ["g 2"]),
        (rounds(WRITE_G, SYNC, SYNC), rounds(SYNC, SYNC, READ_G), ["g 2"]),
        # What is around a loop meets its beginning and its end, and, if it has no
        # rounds, both sides of it.
        (WRITE_G + rounds(SYNC, SYNC), rounds(SYNC, SYNC, READ_G), ["g 2"]),
        (rounds(SYNC, SYNC) + WRITE_G, rounds(READ_G, SYNC, SYNC), ["g 2"]),
        (WRITE_G + rounds(SYNC, SYNC), rounds(SYNC, SYNC) + READ_G, ["g 2"]),
        (WRITE_G + rounds(SYNC, SYNC), rounds(SYNC, READ_G, SYNC), []),
        (WRITE_G + rounds(SYNC) + SYNC, rounds(SYNC) + SYNC + READ_G, []),
        # In loops in loops.
        (
            rounds(tokens(WRITE_G, SYNC), SYNC),
            rounds(tokens(SYNC), SYNC, READ_G),
            ["g 2"],
        ),
        (
            rounds(SYNC, tokens(WRITE_G, SYNC), SYNC),
            rounds(SYNC, tokens(SYNC), SYNC, READ_G),
            [],
        ),
        (
            rounds(SYNC, tokens(SYNC, WRITE_G, SYNC)),
            rounds(READ_G, SYNC, tokens(SYNC, SYNC)),
            [],
        ),
    ],
)
def test_in_loops(cube: str, vector: str, expected: list[str]) -> None:
    assert found(cube, vector) == expected


def test_bodies_that_meet_in_other_places_are_not_kept_apart() -> None:
    assert found(WRITE_G + SYNC + SYNC, SYNC + READ_G) == ["g 2"]
    assert found(rounds(SYNC, WRITE_G, SYNC), SYNC + SYNC + READ_G) == ["g 2"]
    assert found(WRITE_G + SYNC, rounds(SYNC) + READ_G) == ["g 2"]


def test_a_meeting_that_may_be_left_out_keeps_nothing_apart() -> None:
    maybe = "%if = arith.cmpi eq, %c1, %c2 : index\nscf.if %if {\nnpu.sync_all\n}\n"
    assert found(WRITE_G + maybe, maybe + READ_G) == ["g 2"]
    assert found(maybe + SYNC + WRITE_G, READ_G + maybe + SYNC) == []


def test_writes_of_both_sides() -> None:
    assert found(WRITE_G, STORE_G) == ["g 2"]
    assert found(WRITE_G + SYNC, SYNC + STORE_G) == []
