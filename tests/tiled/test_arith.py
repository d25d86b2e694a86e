"""Scalars: index arithmetic at its edges, and f32 in its own precision."""

from __future__ import annotations

import numpy as np
import pytest

from backends.tiled.base import Run, make_interpreter
from backends.tiled.interpreter import NpuFunctions
from backends.tiled.memory import Fault
from tests.tiled.support import parsed


def evaluate(op: str, type: str, *args: object, result: str | None = None) -> object:
    """The value of an `arith` operation on arguments of one type."""
    names = [f"%a{i}" for i in range(len(args))]
    arguments = ", ".join(f"{name}: {type}" for name in names)
    to = f"{type} to {result}" if result else type
    module = parsed(
        f"""func.func @f({arguments}) -> {result or type} {{
          %r = arith.{op} {", ".join(names)} : {to}
          func.return %r : {result or type}
        }}"""
    )
    run = Run(module, 1)
    interpreter = make_interpreter(run, NpuFunctions(run), run)
    [function] = module.ops
    [value] = interpreter.call_op(function, args)
    return value


@pytest.mark.parametrize(
    ("op", "args", "expected"),
    [
        ("addi", (2**63 - 1, 1), -(2**63)),
        ("subi", (3, 5), -2),
        ("muli", (-3, 5), -15),
        ("divui", (17, 5), 3),
        ("divui", (-1, 2), 2**63 - 1),
        ("divsi", (-17, 5), -3),
        ("remui", (17, 5), 2),
        ("remui", (-1, 16), 15),
        ("remsi", (-17, 5), -2),
        ("floordivsi", (-17, 5), -4),
        ("ceildivsi", (-17, 5), -3),
        ("ceildivsi", (17, 5), 4),
        ("ceildivsi", (15, 5), 3),
        ("ceildivui", (16, 16), 1),
        ("ceildivui", (17, 16), 2),
        ("ceildivui", (0, 16), 0),
        ("minsi", (-1, 1), -1),
        ("maxsi", (-1, 1), 1),
        ("minui", (-1, 1), 1),
        ("maxui", (-1, 1), -1),
        ("shli", (3, 4), 48),
        ("shrui", (-1, 60), 15),
        ("andi", (12, 10), 8),
    ],
)
def test_index(op: str, args: tuple[int, ...], expected: int) -> None:
    assert evaluate(op, "index", *args) == expected


@pytest.mark.parametrize("op", ["divui", "remui", "ceildivui", "ceildivsi"])
def test_division_by_zero(op: str) -> None:
    with pytest.raises(Fault, match="a division by 0"):
        evaluate(op, "index", 1, 0)


@pytest.mark.parametrize(
    ("op", "type", "value", "result", "expected"),
    [
        ("index_cast", "i32", -1, "index", -1),
        ("index_cast", "index", 2**32 + 5, "i32", 5),
        ("extsi", "i32", -1, "i64", -1),
        ("extui", "i32", -1, "i64", 2**32 - 1),
        ("extui", "i1", -1, "i32", 1),
        ("trunci", "i64", 2**31, "i32", -(2**31)),
        ("sitofp", "i32", 2**24 + 1, "f32", np.float32(2**24)),
    ],
)
def test_conversions(
    op: str, type: str, value: int, result: str, expected: object
) -> None:
    assert evaluate(op, type, value, result=result) == expected


@pytest.mark.parametrize(
    ("op", "args", "expected"),
    [
        ("addf", (2**24, 1), 2**24),
        ("mulf", (1 + 2**-12, 1 + 2**-12), 1 + 2**-11),
        ("divf", (1, 3), np.float32(1) / np.float32(3)),
        ("negf", (0.0,), -0.0),
    ],
)
def test_f32_rounds_as_such(op: str, args: tuple[float, ...], expected: float) -> None:
    value = evaluate(op, "f32", *[np.float32(arg) for arg in args])
    assert isinstance(value, np.float32)
    assert value == np.float32(expected)
    assert np.signbit(value) == np.signbit(np.float32(expected))


def test_constants() -> None:
    module = parsed(
        """func.func @f() -> (f32, index, i1) {
          %a = arith.constant 1.000000e-01 : f32
          %b = arith.constant -5 : index
          %c = arith.constant true
          func.return %a, %b, %c : f32, index, i1
        }"""
    )
    run = Run(module, 1)
    [function] = module.ops
    values = make_interpreter(run, NpuFunctions(run), run).call_op(function)
    assert values[:2] == (np.float32(0.1), -5)
    assert isinstance(values[0], np.float32)
    assert values[2]
