"""Outputs against the float64 oracle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from backends.call.dtypes import Array
from backends.oracle.compare import Comparison, compare
from backends.oracle.evaluate import Reference, evaluate
from ligrad.compiler import Operator
from ligrad_ir.dsl.syntax import Program
from ligrad_ir.errors import LigradError
from passes.pipelines import Precision


def check_outputs(
    operator: Operator,
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Array],
    precision: Precision | None = None,
) -> dict[str, Comparison]:
    """How far every output is from what the formulas mean.

    inputs: as given to `Operator.run`. precision: that of the computation (by default
    the operator's; tiled programs are `mixed`). Returns a comparison for every output
    by name.

    Raises:
        LigradError: if the operator was compiled from IR, whose formulas are unknown.
    """
    found = references(operator, inputs, precision or operator.precision)
    return {name: compare(outputs[name], ref) for name, ref in found.items()}


def formulas_of(operator: Operator) -> Program:
    """The formulas that an operator was compiled from.

    Raises:
        LigradError: if it was compiled from IR, which has none.
    """
    if operator.program is None:
        raise LigradError("only a .lig program can be checked: IR has no formulas")
    return operator.program


def references(
    operator: Operator, inputs: Mapping[str, Any], precision: Precision
) -> dict[str, Reference]:
    """What every output should be, by name, for a computation in some precision.

    Raises:
        LigradError: if the operator was compiled from IR, whose formulas are unknown.
    """
    program = formulas_of(operator)
    bound = operator.bind(inputs)
    arrays = {
        port.name: value if port.ends is not None else inputs[name]
        for port, value in zip(operator.signature.arrays, bound.arguments)
        for name in inputs
        if name.casefold() in _names(port.name, port.aliases)
        and inputs[name] is not None
    }
    attributes = {
        port.name: value
        for port, value in zip(operator.signature.inputs, bound.arguments)
        if isinstance(value, int)
    }
    return evaluate(
        program,
        {name: np.asarray(array) for name, array in arrays.items()},
        dtype=operator.dtype,
        layout=operator.signature.layout,
        precision=precision,
        attributes=attributes,
    )


def _names(name: str, aliases: tuple[str, ...]) -> set[str]:
    return {other.casefold() for other in (name, *aliases)}
