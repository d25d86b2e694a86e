"""Evaluates any `.lig` program in float64, straight from its syntax tree.

This is the judge of everything else, so it is made to be read, not to be fast: it
knows nothing of the compiler's IR, walks over the tokens one by one, and looks only at
the entries that are present (`backends.oracle.walk`). Beside every value it carries
the largest error that rounding on the device explains (`backends.oracle.bound` has the
reasoning).
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import ml_dtypes
import numpy as np

from backends.oracle import bound
from backends.oracle.batches import Batches, Layout
from backends.oracle.bound import Array, DType
from backends.oracle.declarations import Declarations, declare
from backends.oracle.terms import Resolver
from backends.oracle.walk import Walk
from ligrad_ir.dsl.syntax import Program
from ligrad_ir.errors import DslError

_HALF: dict[str, DType] = {
    "bf16": np.dtype(ml_dtypes.bfloat16),
    "fp16": np.dtype(np.float16),
}
_FLOATS: dict[str, DType] = {
    **_HALF,
    **dict.fromkeys(("float", "float32", "fp32"), np.dtype(np.float32)),
}
DEEPEST = 100_000
"""Frames of Python's stack, of which a formula takes about five."""


@dataclass(frozen=True)
class Reference:
    """What an output should be: float64 `value` and `bound`, both in the declared
    shape and layout, and the `dtype` of the output. An output within `value - bound ..
    value + bound` is explained by rounding; an infinite bound allows overflow.

    `rms_limit`: what the root mean square error may be, in units in the last place.
    That is 1 where a half output is computed in float32, whose errors vanish beside the
    last rounding; elsewhere terms that cancel may leave more, and the bound decides."""

    value: Array
    bound: Array
    dtype: DType
    rms_limit: float = 1.0


def evaluate(
    program: Program,
    inputs: Mapping[str, Array],
    *,
    dtype: Literal["bf16", "fp16"],
    layout: Layout = "BSND",
    precision: Literal["float32", "mixed"] = "float32",
    attributes: Mapping[str, int] | None = None,
) -> dict[str, Reference]:
    """Evaluate a program on valid inputs.

    Args:
        program: the parsed text.
        inputs: arrays in the declared shape and layout, by declared name or alias.
        dtype: what `half` means. A program that names one of the two instead has that
            one on the device.
        layout: BSND carries a packed axis `B * S` as [B, S]; TND as one dimension,
            with the run ends in an input of their own.
        precision: how the device computes matrix products: `float32` leaves their
            operands as they are, `mixed` rounds them to half first. Changes the bounds
            only.
        attributes: values that replace the declared defaults.

    Returns:
        one reference for every declared output, by its name as declared.

    Raises:
        DslError: if the program has no meaning.
        ArgumentError: if the inputs do not fit the program.
    """
    found: dict[str, Reference] = {}
    # NaN and infinity are answers.
    with _deep(program), np.errstate(invalid="ignore", over="ignore"):
        declared = declare(program)
        tables = Resolver(declared, mixed=precision == "mixed").outputs()
        batches = Batches(declared, inputs, layout, attributes or {})
        half = _half(declared, dtype)
        stored = Walk(declared, batches, half).run(tables.values())
        for name, table in tables.items():
            output = declared.outputs[name]
            kind = _dtype(output.dtype, half)
            result = bound.rounded(stored[table], kind)
            error = np.where(np.isnan(result.error), np.inf, result.error)
            found[output.spelled] = Reference(
                batches.restored(result.value, output),
                batches.restored(error, output),
                kind,
                1.0 if kind in _HALF.values() and precision == "float32" else np.inf,
            )
    return found


@contextmanager
def _deep(program: Program) -> Generator[None]:
    """Room on Python's stack for formulas that build on each other."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, min(before + len(program.text), DEEPEST)))
    try:
        yield
    except RecursionError:
        message = f"{program.filename}: the formulas are too deep for the oracle"
        raise DslError([message]) from None
    finally:
        sys.setrecursionlimit(before)


def _half(declared: Declarations, dtype: str) -> DType:
    """The half type of a program: what `half` means, or the one that is named."""
    names = {v.dtype for v in (*declared.inputs.values(), *declared.outputs.values())}
    named = sorted(names & _HALF.keys())
    return _HALF[dtype if "half" in names or not named else named[0]]


def _dtype(name: str, half: DType) -> DType:
    if name == "half":
        return half
    if name in _FLOATS:
        return _FLOATS[name]
    raise DslError([f"the oracle has no output of dtype '{name}'"])
