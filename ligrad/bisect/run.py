"""`ligrad run --bisect`: the first pass that changes what a program computes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from xdsl.passes import ModulePass

from backends.graph.interpreter import check_rows
from backends.graph.ops import IndexOutOfRangeError
from backends.twin.compiler import has_compiler
from ligrad.bisect.bisection import Bisection
from ligrad.bisect.report import Report
from ligrad.check import references
from ligrad.compiler import Operator
from passes.pipelines import ASCENDC_PIPELINE, PRECISIONS

__all__ = ["Report", "bisect"]


def pipeline_of(operator: Operator) -> tuple[ModulePass, ...]:
    """The passes from the source to the statements of the kernel; those behind the tiled
    program only where there is a compiler to run what they make."""
    statements = ASCENDC_PIPELINE if has_compiler() else ()
    return (*operator.pipeline(), *statements)


def bisect(
    operator: Operator, inputs: Mapping[str, Any], cores: int | None = None
) -> Report:
    """Interpret a program after every pass of its pipeline, on the same inputs.

    inputs: as for `Operator.run`; cores: as there, for the tiled program. A program that
    was compiled from IR is compared with itself ahead of all passes.

    Raises:
        ArgumentError: what is wrong with the inputs, with the vendor's code.
        LigradError: the operator has no tiled program, or the chip fewer cores.
    """
    bound = operator.bind(inputs)
    blocks = operator.blocks(cores, bound)
    module, passes = operator.source, pipeline_of(operator)
    try:
        check_rows(module, bound.arguments, bound.extents)
    except IndexOutOfRangeError as error:
        raise bound.explain(error) from error
    known = None
    if operator.program is not None:
        known = {p: references(operator, inputs, p) for p in PRECISIONS}
    shown = [f"{name}={extent}" for name, extent in bound.extents.items()]
    shown += [
        f"{port.name}={value}"
        for port, value in zip(operator.signature.inputs, bound.arguments)
        if not isinstance(value, np.ndarray)
    ]
    return Bisection(bound, blocks, known).run(module, passes, ",".join(shown))
