"""Axes that no input has: what gives their extents, and what is told when nothing does."""

from __future__ import annotations

import pytest

import ligrad
from ligrad_ir.dsl.lower import module_from_text
from ligrad_ir.errors import DslError, LigradError
from ligrad_ir.lengths import (
    declared_extents,
    input_axes,
    length_attributes,
    missing_extents,
)
from ligrad_ir.signature import LAYOUTS, Axis, Layout, Signature, signature_of
from ligrad_ir.text import parse_module

TABLE = """operator Counts
axis V in 1..1K
axis M in 1..64
axis K in 1..8
input w : float32[M, K]
input rows as picked : int32[M, K] selects V
output h : float32[V]
h = ScatterAdd(w, rows)
"""
LINE = "attribute num_v : int64 = V\n"
PACKED = """operator Sums
axis B in 1..4
axis S in 1..8
axis R in 1..16
axis T = B * S
axis N = B * R
axis K in 1..8
axis C = 64
input x : float32[T, K, C]
input rows : int32[T, K] selects N
input ends_t : int32[B] ends T
input ends_n : int32[B] ends N
output y : float32[N, C]
y = ScatterAdd(x, rows)
"""


def signature(text: str, layout: Layout = "BSND") -> Signature:
    return signature_of(module_from_text(text, "f.lig", layout=layout))


def mistakes(text: str, layout: Layout = "BSND") -> list[str]:
    with pytest.raises(DslError) as caught:
        signature(text, layout)
    return caught.value.messages


def test_an_axis_that_nothing_gives_is_refused_with_the_line_to_write() -> None:
    assert mistakes(TABLE) == [
        "f.lig:2:6: error: no input has the axis V, so its extent is unknown; declare an "
        "attribute that gives it: attribute num_v : int64 = V\n"
        "  axis V in 1..1K\n"
        "       ^"
    ]
    assert [p.name for p in length_attributes(signature(TABLE + LINE))] == ["num_v"]


def test_the_line_to_write_takes_no_name_that_is_taken() -> None:
    text = TABLE.replace("picked", "NUM_V")
    assert "attribute num_v_ : int64 = V\n" in mistakes(text)[0]
    text = TABLE + "num_V = w + w\n"
    assert "attribute num_v_ : int64 = V\n" in mistakes(text)[0]


def test_an_axis_of_indices_alone_needs_an_extent_too() -> None:
    """An index is checked against it, though no array has the axis."""
    text = TABLE.replace("h : float32[V]", "h : float32[M]").replace(
        "ScatterAdd(w, rows)", "Reduce(w over K)"
    )
    assert "the axis V" in mistakes(text)[0]
    assert not missing_extents(signature(text + LINE))


@pytest.mark.parametrize("extent", ["= 32", "in 32..32", "= K", "= L\naxis L = K"])
def test_a_declaration_may_give_the_extent(extent: str) -> None:
    found = signature(TABLE.replace("V in 1..1K", f"V {extent}"))
    assert not missing_extents(found)
    assert not length_attributes(found)


def test_an_axis_that_equals_one_without_an_extent_has_none() -> None:
    text = TABLE.replace("V in 1..1K", "V = L\naxis L in 1..7")
    assert "attribute num_v : int64 = V" in mistakes(text)[0]
    assert not missing_extents(signature(text + "attribute n : int64 = L\n"))


def test_the_length_of_equal_runs_needs_an_attribute() -> None:
    [message] = mistakes(PACKED, "BSND")
    assert message.startswith("f.lig:4:6: error: no input has the axis R, ")
    assert "attribute num_r : int64 = R\n" in message
    signature(PACKED + "attribute num_r : int64 = R\n", "BSND")


def test_run_ends_give_the_length_of_unequal_runs() -> None:
    assert not length_attributes(signature(PACKED, "TND"))
    text = PACKED + "attribute num_r : int64 = R\n"
    assert not length_attributes(signature(text, "TND"))


def test_the_batch_of_a_packed_output_needs_one_as_well() -> None:
    text = """operator Sums
axis B in 1..4
axis R in 1..16
axis N = B * R
axis M in 1..8
axis K in 1..8
axis C = 64
axis P in 1..9
input x : float32[M, K, C]
input rows : int32[M, K] selects P
input ends_n : int32[B] ends N
output y : float32[P, C]
attribute p : int64 = P
y = ScatterAdd(x, rows)
"""
    assert [m.splitlines()[0][-27:] for m in mistakes(text)] == [
        "attribute num_b : int64 = B",
        "attribute num_r : int64 = R",
    ]
    signature(text, "TND")


def test_inputs_give_what_they_have() -> None:
    assert input_axes(signature(TABLE + LINE)) == {"M", "K"}
    text = PACKED + "attribute num_r : int64 = R\n"
    assert input_axes(signature(text, "BSND")) == {"B", "S", "K", "C"}
    assert input_axes(signature(text, "TND")) == {"B", "T", "K", "C"}


def test_an_attribute_of_an_axis_that_inputs_have_is_none_that_gives_it() -> None:
    found = signature(TABLE + LINE + "attribute entries : int64 = K\n")
    assert [port.name for port in length_attributes(found)] == ["num_v"]


def test_declared_extents_come_in_an_order_that_computes_them() -> None:
    axes = {
        axis.name: axis
        for axis in (
            Axis("A", 1, 9, "B", "B"),
            Axis("B", 1, 9, "C", "C"),
            Axis("C", 1, 9),
            Axis("D", 4, 4),
            Axis("E", 1, 9, "C"),
        )
    }
    assert dict(declared_extents(axes, {"C": 5})) == {"A": 5, "B": 5, "D": 4}
    assert dict(declared_extents(axes, {"A": 5})) == {"D": 4}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_ir_without_an_extent_is_refused(layout: Layout) -> None:
    module = module_from_text(TABLE + LINE, layout=layout)
    text = str(module).replace("lig.equals = @V", "lig.default = 3 : i64")
    with pytest.raises(LigradError, match=r"no input has the axis V.*lig.equals = @V"):
        ligrad.compile(parse_module(text, "it"))
    ligrad.compile(parse_module(str(module), "it"))
