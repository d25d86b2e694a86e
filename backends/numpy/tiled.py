"""Runs the `npu` function of a program on the arguments of a checked call."""

from __future__ import annotations

from typing import cast

import numpy as np
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.interpreter import Interpreter

from backends.numpy.bound import Bound
from backends.numpy.dtypes import Array, dtype_of
from backends.numpy.npu import run_npu
from ligrad_ir.signature import entry_function


def npu_parameters(module: ModuleOp) -> list[tuple[str, str]]:
    """The name and the kind of every parameter of a `npu` function: an `input` or
    `output` array, an `extent`, the number of `blocks`, or an `attribute`."""
    attributes = entry_function(module).arg_attrs
    assert attributes is not None
    return [
        (
            cast(StringAttr, entry.data["npu.name"]).data,
            cast(StringAttr, entry.data["npu.kind"]).data,
        )
        for entry in attributes
    ]


def npu_arguments(
    module: ModuleOp, bound: Bound, blocks: int
) -> tuple[list[Array | int], tuple[Array, ...]]:
    """The arguments of a `npu` function for a call, and those that are its outputs.

    Inputs are contiguous; outputs hold zeros, in the order of the signature.
    """
    signature = bound.signature
    given = dict(zip((port.name for port in signature.inputs), bound.arguments))
    outputs = {
        port.name: np.zeros(
            [bound.extents[axis] for axis in signature.tensor_type(port).axes],
            dtype_of(port.element),
        )
        for port in signature.outputs
    }
    arguments: list[Array | int] = []
    for name, kind in npu_parameters(module):
        match kind:
            case "input":
                arguments.append(np.ascontiguousarray(given[name]))
            case "output":
                arguments.append(outputs[name])
            case "extent":
                # In TND the runs of a packed axis have no one length.
                arguments.append(bound.extents.get(name, 0))
            case "blocks":
                arguments.append(blocks)
            case _:
                arguments.append(cast(int, given[name]))
    return arguments, tuple(outputs.values())


def run_tiled(
    module: ModuleOp,
    bound: Bound,
    blocks: int,
    listeners: tuple[Interpreter.Listener, ...] = (),
) -> tuple[Array, ...]:
    """Interpret a `npu` module on `blocks` groups of cores.

    Raises:
        LigradError: the program is wrong: it leaves a memory, deadlocks, or mistakes its
            flags.
    """
    arguments, outputs = npu_arguments(module, bound, blocks)
    run_npu(module, arguments, cores=blocks, listeners=listeners)
    return outputs
