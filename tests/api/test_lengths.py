"""Runs of programs with an axis that only an output has: who gives its extent, what is
checked, and what rows are that no index names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ligrad
from ligrad.arrays import load_arrays, save_arrays
from ligrad.check import check_outputs
from ligrad.cli.app import main
from ligrad.workload import generate
from ligrad_ir.errors import ArgumentError, MissingArgumentError

COUNTS = """operator Counts
axis V in 1..1K
axis M in 1..64
axis K in 1..8
input w : float32[M, K]
input rows : int32[M, K] selects V
attribute size : int64 = V
output h : float32[V]
h = ScatterAdd(w, rows)
"""
PACKED = """operator Sums
axis B in 1..4
axis S in 1..8
axis R in 2..16
axis T = B * S
axis N = B * R
axis K in 1..8
axis C = 4
input x : float32[T, K, C]
input rows : int32[T, K] selects N
input ends_t : int32[B] ends T
input ends_n : int32[B] ends N
attribute length : int64 = R
output y : float32[N, C]
y = ScatterAdd(x, rows)
"""
W = np.array([[1, 2, 4], [8, 16, 32]], np.float32)
ROWS = np.array([[0, 5, 0], [-1, 3, 5]], np.int32)


def counted(**more: Any) -> list[float]:
    given = {"w": W, "rows": ROWS, **more}
    return ligrad.compile(COUNTS).run(given)["h"].tolist()


def refused(text: str, **given: Any) -> ArgumentError:
    with pytest.raises(ArgumentError) as caught:
        ligrad.compile(text).run({"w": W, "rows": ROWS, **given})
    return caught.value


def test_rows_that_no_index_names_are_zero() -> None:
    assert counted(size=7) == [5, 0, 0, 16, 0, 34, 0]
    assert counted(SIZE=6) == [5, 0, 0, 16, 0, 34]


def test_no_tokens_give_zeros() -> None:
    operator = ligrad.compile(COUNTS.replace("M in 1", "M in 0"))
    nothing = {"w": W[:0], "rows": ROWS[:0], "size": 3}
    assert operator.run(nothing)["h"].tolist() == [0, 0, 0]


def test_the_attribute_is_required() -> None:
    error = refused(COUNTS)
    assert isinstance(error, MissingArgumentError)
    assert str(error) == (
        "size is required and missing: no input has the axis V [161001]"
    )


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (0, "size: V is 0, must be 1 to 1024"),
        (1025, "size: V is 1025, must be 1 to 1024"),
        (-1, "size: V is -1, must be 1 to 1024"),
        (2**62, f"size: V is {2**62}, must be 1 to 1024"),
        (2**64, f"size is {2**64}, which no int64 can hold"),
        (7.0, "size must be an integer, not 7.0"),
        (True, "size must be an integer, not True"),
    ],
)
def test_the_attribute_is_checked(value: Any, message: str) -> None:
    assert str(refused(COUNTS, size=value)) == f"{message} [161002]"


def test_an_index_behind_the_last_row_is_an_error_that_names_it() -> None:
    assert str(refused(COUNTS, size=5)) == (
        "rows: token 0, entry 1: the index 5 is outside [0, 5), the rows of V; -1 means "
        "that there is no row [161002]"
    )


def test_choices_hold_for_the_extent() -> None:
    text = COUNTS.replace("int64 = V", "int64 in {6, 8} = V")
    assert str(refused(text, size=7)) == "size is 7, must be 6 or 8 [161002]"


def test_two_attributes_of_an_axis_agree() -> None:
    text = COUNTS.replace("output", "attribute more : int64 = V\noutput")
    operator = ligrad.compile(text)
    for given in ({"size": 6}, {"more": 6}, {"size": 6, "more": 6}):
        assert len(operator.run({"w": W, "rows": ROWS, **given})["h"]) == 6
    assert str(refused(text, size=6, more=7)) == "more is 7, but V is 6 [161002]"


def test_limits_by_other_axes_hold() -> None:
    text = COUNTS.replace("V in 1..1K", "V in M..1K")
    assert "size: V is 1, must be at least M = 2" in str(refused(text, size=1))


@pytest.mark.parametrize("extent", ["9", "L\naxis L = 9"])
def test_a_declared_extent_needs_no_attribute(extent: str) -> None:
    text = COUNTS.replace("V in 1..1K", f"V = {extent}")
    assert counted(size=9) == [5, 0, 0, 16, 0, 34, 0, 0, 0]
    assert ligrad.compile(text).run({"w": W, "rows": ROWS})["h"].shape == (9,)
    assert str(refused(text, size=8)) == "size is 8, but V is 9 [161002]"


def test_an_axis_may_equal_one_of_an_input() -> None:
    text = COUNTS.replace("V in 1..1K", "V = K").replace(" = V\n", " = K\n")
    rows = np.minimum(ROWS, 2)
    assert ligrad.compile(text).run({"w": W, "rows": rows})["h"].tolist() == [5, 0, 50]


# ---- packed axes


def packed(layout: str) -> dict[str, Any]:
    """Two runs of two tokens each; 3 and 5 rows in TND, 5 each in BSND."""
    x = np.arange(2 * 2 * 2 * 4, dtype=np.float32).reshape(2, 2, 2, 4)
    rows = np.array([[[2, 0], [2, -1]], [[1, 1], [0, 2]]], np.int32)
    if layout == "BSND":
        return {"x": x, "rows": rows}
    flat = {"x": x.reshape(4, 2, 4), "rows": rows.reshape(4, 2)}
    return {**flat, "ends_t": [2, 4], "ends_n": [3, 8]}


def sums(layout: str, lengths: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """What y is, row by row."""
    given = packed("BSND")
    y = [np.zeros((n, 4), np.float32) for n in lengths]
    for run in range(2):
        for token in range(2):
            for entry, row in enumerate(given["rows"][run, token]):
                if row >= 0:
                    y[run][row] += given["x"][run, token, entry]
    return np.concatenate(y) if layout == "TND" else np.stack(y)


def test_equal_runs_are_as_long_as_the_attribute_says() -> None:
    operator = ligrad.compile(PACKED, layout="BSND")
    y = operator.run({**packed("BSND"), "length": 5})["y"]
    np.testing.assert_array_equal(y, sums("BSND", (5, 5)))
    with pytest.raises(MissingArgumentError, match="no input has the axis R"):
        operator.run(packed("BSND"))
    with pytest.raises(ArgumentError, match=r"token 0 .* the index 2 .*of batch 0"):
        operator.run({**packed("BSND"), "length": 2})


@pytest.mark.parametrize("length", [None, 5, 16])
def test_run_ends_say_how_long_unequal_runs_are(length: int | None) -> None:
    operator = ligrad.compile(PACKED, layout="TND")
    y = operator.run({**packed("TND"), "length": length})["y"]
    np.testing.assert_array_equal(y, sums("TND", (3, 5)))


def test_a_run_is_no_longer_than_the_attribute_says() -> None:
    operator = ligrad.compile(PACKED, layout="TND")
    with pytest.raises(
        ArgumentError, match="length is 4, but the longest run of R is 5"
    ):
        operator.run({**packed("TND"), "length": 4})


def test_the_rows_of_all_runs_reach_the_least_length() -> None:
    """As where an input has them; a single run may be shorter."""
    operator = ligrad.compile(PACKED, layout="TND")
    rows = np.zeros_like(packed("TND")["rows"])
    given = {**packed("TND"), "rows": rows, "ends_n": [0, 1]}
    with pytest.raises(ArgumentError, match="ends_n: N is 1, must be at least 2"):
        operator.run(given)


def test_an_index_is_checked_against_its_run() -> None:
    operator = ligrad.compile(PACKED, layout="TND")
    given = {**packed("TND"), "ends_n": [2, 8]}
    message = r"token 0 \(batch 0, position 0 in it\), entry 0: the index 2 is outside"
    with pytest.raises(ArgumentError, match=message):
        operator.run(given)


@pytest.mark.parametrize("layout", ["BSND", "TND"])
def test_no_runs_give_no_rows(layout: str) -> None:
    text = PACKED.replace("axis B in 1", "axis B in 0")
    text = text.replace("axis S in 1", "axis S in 0").replace("R in 2", "R in 0")
    operator = ligrad.compile(text, layout=layout)
    given: dict[str, Any] = {"rows": np.zeros((0, 2), np.int32)}
    if layout == "TND":
        given |= {"ends_t": [], "ends_n": [], "x": np.zeros((0, 2, 4), np.float32)}
    else:
        given = {"rows": np.zeros((0, 3, 2), np.int32), "length": 5}
        given["x"] = np.zeros((0, 3, 2, 4), np.float32)
    shape = (0, 4) if layout == "TND" else (0, 5, 4)
    assert operator.run(given)["y"].shape == shape


# ---- generated inputs, files, the command line


def test_generated_inputs_say_the_extent() -> None:
    operator = ligrad.compile(COUNTS)
    values = generate(operator.signature, {"v": 9, "M": 3, "K": 2})
    assert values["size"] == 9
    assert operator.run(values)["h"].shape == (9,)
    values = generate(operator.signature, {"M": 3}, attributes={"size": 11})
    assert operator.run(values)["h"].shape == (11,)


@pytest.mark.parametrize("layout", ["BSND", "TND"])
def test_the_oracle_agrees(layout: str) -> None:
    operator = ligrad.compile(PACKED, layout=layout)
    shape: dict[str, Any] = {"S": (3, 0, 5), "R": (4, 6, 9), "K": 3}
    if layout == "BSND":
        shape = {"B": 2, "S": 3, "R": 9, "K": 3}
    values = generate(operator.signature, shape)
    found = check_outputs(operator, values, operator.run(values))
    assert found["y"].ok, found["y"]


def test_extents_that_are_equal_by_declaration_are_generated_so() -> None:
    text = COUNTS.replace("V in 1..1K", "V = M")
    text = text.replace("attribute size : int64 = V\n", "")
    signature = ligrad.compile(text).signature
    values = generate(signature, {"M": 7, "K": 2})
    assert values["rows"].max() < 7
    assert ligrad.compile(text).run(values)["h"].shape == (7,)


def test_runs_of_one_length_are_generated_so() -> None:
    text = PACKED.replace("S in 1..8", "S = 3").replace("R in 2..16", "R = 6")
    values = generate(ligrad.compile(text).signature, {})
    assert values["rows"].shape == (1, 3, 8)
    assert values["rows"].max() == 5


def exit_code(*words: str) -> int:
    with pytest.raises(SystemExit) as stop:
        main(list(words))
    code = stop.value.code
    assert isinstance(code, int)
    return code


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "counts.lig"
    file.write_text(COUNTS)
    assert exit_code("run", str(file), "--shape", "V=50,M=4", "--check") == 0
    assert "h: float32[50]\nh: ok" in capsys.readouterr().out
    given, out = tmp_path / "in.npz", tmp_path / "out.npz"
    arrays = {"w": W, "rows": ROWS, "size": np.array(7)}
    save_arrays(given, arrays)
    words = ("run", str(file), "--inputs", str(given), "--output", str(out))
    assert exit_code(*words, "--check") == 0
    assert load_arrays(out)["h"].tolist() == [5, 0, 0, 16, 0, 34, 0]
    capsys.readouterr()
    save_arrays(given, {"w": W, "rows": ROWS})
    assert exit_code(*words) == 2
    assert "size is required and missing" in capsys.readouterr().err
    file.write_text(COUNTS.replace("attribute size : int64 = V\n", ""))
    assert exit_code("run", str(file)) == 2
    line = "attribute num_v : int64 = V"
    assert line in capsys.readouterr().err
    file.write_text(COUNTS.replace("attribute size : int64 = V", line))
    assert exit_code("run", str(file), "--shape", "V=50,M=4") == 0
