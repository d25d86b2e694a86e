"""`--shape`: what is refused, before anything is as large, and what fits together."""

from __future__ import annotations

import numpy as np
import pytest

import ligrad
from backends import memory
from backends.call.shapes import parse_shape, resolve_extents
from backends.memory import require_memory, spell_bytes
from ligrad.compiler import Operator
from ligrad.workload import generate
from ligrad_ir.errors import LigradError

TEXT = """operator Scores
axis B  in 1..64
axis S1 in 1..1K
axis S2 in K..1K
axis T  = B * S1
axis N  = B * S2
axis H  in 1..64
axis K  in 1..64
axis C  in 1..2000000000
axis P  in 1..H
input q    : half[T, H, C]
input key  : half[N, C]
input w    : half[T, H]
input rows : int32[T, K] selects N
input te   : int32[B] ends T
input ne   : int32[B] ends N
input p    : half[P]
output y   : half[T, K]
y = Reduce(Relu(Matmul(q, Gather(key, rows))) * w over H)
"""
"""An indexer with an axis that has no useful bound, and one that another bounds."""
SMALL = {"H": 2, "K": 4, "C": 16}


def scores(layout: str = "BSND") -> Operator:
    return ligrad.compile(TEXT, layout=layout)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("S1=3,S1=4", "S1 is given twice"),
        ("S1=3,s1=4", "s1 is given twice"),
        ("S1", "'S1' is not of the form AXIS=NUMBER"),
        ("S1=-1", "is not of the form"),
        ("S1=1_0", "is not of the form"),
        ("S1=1+", "is not of the form"),
        ("=3", "is not of the form"),
        ("S1=\u0663", "is not of the form"),
    ],
)
def test_what_is_no_shape(text: str, says: str) -> None:
    with pytest.raises(LigradError, match=f"^--shape: .*{says}"):
        parse_shape(text)


def test_spaces_mean_nothing() -> None:
    assert parse_shape(" S1 = 3 + 4 , K=2,") == {"S1": (3, 4), "K": 2}


@pytest.mark.parametrize(
    ("layout", "text", "says"),
    [
        ("BSND", "S1=99999999999", "S1 is 99999999999, must be 1 to 1024"),
        ("BSND", f"S1={'9' * 5000}", "S1 is 10000000000000000000, must be"),
        ("TND", "S1=2000", "S1 is 2000, must be at most 1024"),
        ("TND", "S1=2+2000", "S1 is 2000, must be at most 1024"),
        ("TND", "S1=0+0", "T is 0, must be at least 1"),
        ("BSND", "S2=3,K=5", "S2 is 3, must be at least K = 5"),
        ("TND", "S2=1+3,K=5", "N is 4, must be at least K = 5"),
        ("BSND", "P=7,H=6", "P is 7, must be at most H = 6"),
        ("BSND", "C=2000000001", "C is 2000000001, must be 1 to 2000000000"),
        ("BSND", "K=0", "K is 0, must be 1 to 64"),
        ("TND", "B=3,S1=1+2", "S1 has 2 lengths for B=3 runs"),
        ("TND", "S1=1+2,S2=8+8+8", "S2 has 3 lengths for B=2 runs of S1"),
    ],
)
def test_extents_outside_of_their_bounds(layout: str, text: str, says: str) -> None:
    with pytest.raises(LigradError, match=f"^--shape: {says}"):
        resolve_extents(scores(layout).signature, parse_shape(text))


def test_more_positions_than_an_int32_counts() -> None:
    text = TEXT.replace("B  in 1..64", "B  in 1..10000000")
    with pytest.raises(
        LigradError, match="T has 10240000000 positions, an axis has at"
    ):
        resolve_extents(ligrad.compile(text).signature, {"B": 10**7, "S1": 1024})


def test_what_is_left_open_keeps_to_the_bounds() -> None:
    found = resolve_extents(scores().signature, {"H": 3, "K": 64, "C": 16})
    assert found.of["P"] == 3
    assert found.of["S2"] == 128
    text = TEXT.replace("S1 in 1..1K", "S1 in 1..4").replace(
        "S2 in K..1K", "S2 in K..80"
    )
    found = resolve_extents(ligrad.compile(text).signature, {"C": 16})
    assert (found.of["S1"], found.of["S2"]) == (4, 80)


def test_the_runs_of_one_axis_decide_those_of_another() -> None:
    """Whichever of them comes first."""
    for text, tokens, rows in (
        ("S1=3,S2=8+9+5", [3, 6, 9], [8, 17, 22]),
        ("S1=3+0+1,S2=8", [3, 3, 4], [8, 16, 24]),
        ("S1=2", [2], [8]),
    ):
        shape = {**SMALL, **parse_shape(text)}
        values = generate(scores("TND").signature, shape)
        assert values["te"].tolist() == tokens
        assert values["ne"].tolist() == rows
        assert values["q"].shape == (tokens[-1], 2, 16)
        scores("TND").run(values)


def test_an_absurd_shape_is_refused_before_it_is_allocated() -> None:
    with pytest.raises(
        LigradError,
        match=r"the generated inputs would take .* TiB, more than the .* of memory here; "
        r"q alone has \d+ elements: set smaller extents with --shape",
    ):
        generate(scores().signature, {"S1": 1000, "H": 64, "C": 10**9})


def test_outputs_that_do_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    values = generate(scores().signature, SMALL)
    monkeypatch.setattr(memory, "memory_bytes", lambda: 10)
    with pytest.raises(LigradError, match="the outputs would take 64 bytes, more than"):
        scores().run(values)


def test_bytes_are_spelled_for_people() -> None:
    assert spell_bytes(1000) == "1e+03 bytes"
    assert spell_bytes(1536) == "1.5 KiB"
    assert spell_bytes(10**15) == "909 TiB"
    assert spell_bytes(10**25).endswith("PiB")
    require_memory("nothing", 0)


# ---- tables


def test_a_table_that_all_batches_share() -> None:
    text = TEXT.replace("axis N  = B * S2", "axis N  in 1..1K")
    text = text.replace("input ne   : int32[B] ends N\n", "")
    text = text.replace("axis S2 in K..1K\n", "")
    for layout, shape in (
        ("BSND", {"B": 3, "S1": 2}),
        ("TND", {"S1": (2, 0, 3)}),
        ("BSND", {"B": 1, "S1": 3}),
    ):
        operator = ligrad.compile(text, layout=layout)
        values = generate(operator.signature, {**SMALL, **shape, "N": 20})
        assert values["key"].shape == (20, 16)
        assert (values["rows"] >= 0).all()
        assert np.unique(values["rows"]).size > 4
        operator.run(values)


BAG = """operator Bag
axis B in 1..9
axis S in 0..9
axis U in 0..9
axis T = B * S
axis N = B * U
axis M in 0..9
axis K in 0..5
axis D = 4
{}input table : half[N, D]
input bag   : int32[{}] selects N
input te    : int32[B] ends T
input ne    : int32[B] ends N
output y    : half[{}, D]
y = Reduce(Gather(table, bag) over K)
"""


@pytest.mark.parametrize("axes", ["T, K", "M, T, K", "T, M, K"])
def test_rows_are_those_of_the_tokens_run(axes: str) -> None:
    """Wherever the axis stands that says which run it is."""
    text = BAG.format("", axes, axes.removesuffix(", K"))
    operator = ligrad.compile(text, layout="TND")
    values = generate(operator.signature, {"S": (2, 3), "U": (9, 2), "M": 2, "K": 4})
    assert (values["bag"] >= 0).sum() > 10
    operator.run(values)  # raises for a row of another run


@pytest.mark.parametrize("shape", [{"K": 0}, {"M": 0}, {"S": 0}, {"U": 0}])
def test_extents_of_0(shape: dict[str, int]) -> None:
    operator = ligrad.compile(BAG.format("", "M, T, K", "M, T"))
    operator.run(
        generate(operator.signature, {"B": 2, "S": 2, "M": 2, "U": 3, **shape})
    )


def test_an_attribute_with_choices_need_not_be_a_mode() -> None:
    text = BAG.format("attribute groups : int64 in {{1, 2}} = 1\n", "T, K", "T")
    operator = ligrad.compile(text.replace("{{", "{").replace("}}", "}"))
    values = generate(operator.signature, {"S": 2, "U": 9}, attributes={"groups": 2})
    assert (values["bag"] >= 0).all()
