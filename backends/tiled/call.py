"""Runs the `npu` function of a program on the arguments of a checked call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.interpreter import Interpreter

from backends.call.bound import Bound
from backends.call.dtypes import Array, dtype_of
from backends.tiled.interpreter import run_npu
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


@dataclass(frozen=True)
class CallValues:
    """What the parameters of a program for the cores can be, by name. outputs are zeros,
    in the order of the signature; numbers are extents and attributes."""

    inputs: Mapping[str, Array]
    outputs: Mapping[str, Array]
    numbers: Mapping[str, int]

    def array(self, name: str) -> Array:
        """An array that goes in or out."""
        return self.outputs[name] if name in self.outputs else self.inputs[name]


def call_values(bound: Bound) -> CallValues:
    """The values of a checked call; arrays are contiguous."""
    signature = bound.signature
    named = list(zip(signature.inputs, bound.arguments))
    arrays = {p.name: a for p, a in named if not isinstance(a, int)}
    attributes = {p.name: a for p, a in named if isinstance(a, int)}
    # In TND the runs of a packed axis have no one length.
    lengths = dict.fromkeys(signature.axes, 0)
    outputs = {
        port.name: np.zeros(
            [bound.extents[axis] for axis in signature.tensor_type(port).axes],
            dtype_of(port.element),
        )
        for port in signature.outputs
    }
    return CallValues(
        {name: np.ascontiguousarray(array) for name, array in arrays.items()},
        outputs,
        {**lengths, **bound.extents, **attributes},
    )


def npu_arguments(
    module: ModuleOp, bound: Bound, blocks: int
) -> tuple[list[Array | int], tuple[Array, ...]]:
    """The arguments of a `npu` function for a call, and those that are its outputs."""
    values = call_values(bound)
    arguments: list[Array | int] = []
    for name, kind in npu_parameters(module):
        match kind:
            case "input" | "output":
                arguments.append(values.array(name))
            case "blocks":
                arguments.append(blocks)
            case _:
                arguments.append(values.numbers[name])
    return arguments, tuple(values.outputs.values())


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
