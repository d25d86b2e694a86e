"""Arguments of the Python API that are of no use: what they are told as."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import ligrad
from ligrad_ir.errors import LigradError

TEXT = """operator Scale
axis M in 1..64
axis C = 16
input x : half[M, C]
output y : half[M, C]
y = Relu(x) * 2
"""


def inputs() -> dict[str, Any]:
    return {"x": np.ones((3, 16), np.float16)}


def operator() -> ligrad.Operator:
    return ligrad.compile(TEXT, dtype="fp16")


@pytest.mark.parametrize("workers", [0, -1, "a", True, 1.5, [2], np.float64(2)])
def test_workers_are_a_positive_integer(workers: Any) -> None:
    with pytest.raises(ligrad.ArgumentError, match="must be a positive integer") as it:
        operator().run(inputs(), workers=workers)
    assert it.value.argument == "workers"


@pytest.mark.parametrize("workers", [None, 1, np.int64(2), np.uint8(3), 10**30])
def test_any_positive_integer_will_do(workers: Any) -> None:
    assert (operator().run(inputs(), workers=workers)["y"] == 2).all()


@pytest.mark.parametrize("cores", [0, -1, "a", True, 1.5, 25, 10**30])
def test_cores_are_those_of_the_chip(cores: Any) -> None:
    with pytest.raises(ligrad.LigradError, match="ascend910b1 has 1 to 24 cores, not"):
        operator().run(inputs(), "tiled", cores)


# ---- what is no option, no program, no inputs

JUNK: list[Any] = [5, b"x", [1, 2], {}, np.zeros((2, 2)), np.float32(1), object()]


@pytest.mark.parametrize("junk", JUNK, ids=lambda junk: type(junk).__name__)
@pytest.mark.parametrize(
    ("option", "says"),
    [
        ("dtype", "dtype is .*, must be one of: bf16, fp16"),
        ("layout", "layout is .*, must be one of: BSND, TND"),
        ("schedule", "schedule is .*, must be one of: optimized, baseline"),
        ("precision", "precision is .*, must be one of: float32, mixed"),
        ("soc", "there is no chip"),
        ("choice", "choice must be a text, not"),
        ("deterministic", "deterministic must be True or False, not"),
    ],
)
def test_options_of_another_type(option: str, says: str, junk: Any) -> None:
    with pytest.raises(LigradError, match=f"(?s){says}"):
        ligrad.compile(TEXT, **{option: junk})


@pytest.mark.parametrize("junk", [None, *JUNK], ids=lambda junk: type(junk).__name__)
def test_what_is_no_program_and_no_path(junk: Any) -> None:
    with pytest.raises(LigradError, match="a program must be a path, not"):
        ligrad.compile(junk)
    with pytest.raises(LigradError, match="the directory must be a path, not"):
        operator().emit(junk)


@pytest.mark.parametrize(
    "name", ["", "a\0b", "\ud800", "x" * 5000, "no such file", "/"]
)
def test_what_is_no_file(name: str) -> None:
    with pytest.raises(LigradError):
        ligrad.compile(name)


@pytest.mark.parametrize("junk", [None, 5, "x", [("x", 1)], {"x"}])
def test_inputs_are_a_mapping(junk: Any) -> None:
    with pytest.raises(ligrad.ArgumentError, match="inputs are a mapping from names"):
        operator().run(junk)


@pytest.mark.parametrize("name", ["z", "", 5, None, b"x", ("x",), "\ud800"])
def test_names_that_mean_no_input(name: Any) -> None:
    with pytest.raises(ligrad.ArgumentError, match=r"there is no input .*: x") as it:
        operator().run({**inputs(), name: 1})
    assert it.value.argument == (name if isinstance(name, str) else None)


def test_an_input_under_two_names() -> None:
    with pytest.raises(ligrad.ArgumentError, match="x is given twice"):
        operator().run({**inputs(), "X": inputs()["x"]})


class Raising:
    """Says that it can make an array."""

    def __array__(self, *args: object, **options: object) -> object:
        raise RuntimeError("not today")


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (np.ma.masked_array(np.ones((3, 16), np.float16)), "x is a masked array"),
        (np.ones((3, 16), ">f2"), "dtype float16 in the other byte order, expected"),
        (np.ones((3, 16), object), "x has dtype object, expected float16"),
        (np.ones((3, 16), "S2"), "x has dtype bytes16, expected float16"),
        (np.ones((3, 16), "f2,f2"), "x has dtype void32, expected float16"),
        (Raising(), "x is no array: not today"),
        ([[1.0], [1.0, 2.0]], "x is no array: "),
        (np.float16(1), r"x has shape \[\], expected \[M, C\]"),
        (np.ones((1,) * 64, np.float16), "x has shape"),
        (None, "x is required and missing"),
    ],
)
def test_what_is_no_array_of_the_right_kind(array: Any, says: str) -> None:
    with pytest.raises(ligrad.ArgumentError, match=says):
        operator().run({"x": array})


class Own(np.ndarray):
    """An array of a class of its own."""


def test_the_form_of_an_array_does_not_matter() -> None:
    x = np.random.default_rng(0).standard_normal((3, 16)).astype(np.float16)
    want = operator().run({"x": x})["y"]
    unaligned = np.frombuffer(b"x" + x.tobytes(), x.dtype, offset=1).reshape(x.shape)
    assert not unaligned.flags.aligned
    for form in (np.asfortranarray(x), x[::-1].copy()[::-1], unaligned, x.view(Own)):
        got = operator().run({"x": form})["y"]
        np.testing.assert_array_equal(got, want)
        assert type(got) is np.ndarray
