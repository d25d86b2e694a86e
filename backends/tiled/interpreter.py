"""The NumPy interpreter of the `npu` dialect: programs on the cores of a simulated chip.

Each core is a stream of its own; one runs at a time, until it waits for another. Within a
core, operations take effect in program order: flags between its pipes are checked for
their pairing only. Memory starts as NaN, and buffers lie where they have been placed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
from xdsl.dialects.builtin import Float32Type, MemRefType, ModuleOp
from xdsl.interpreter import Interpreter, register_impls
from xdsl.ir import Attribute, BlockArgument

from backends.call.dtypes import Array
from backends.graph.blas import one_blas_thread
from backends.tiled.base import ProgramError, Run, make_interpreter
from backends.tiled.compute import ComputeFunctions
from backends.tiled.cores import describe
from backends.tiled.launch import LaunchFunctions
from backends.tiled.memory import Buffer, Fault, element_dtype
from ligrad_ir.dialects.npu.types import Space
from ligrad_ir.errors import LigradError
from ligrad_ir.signature import entry_function


@register_impls
class NpuFunctions(ComputeFunctions, LaunchFunctions):
    """Buffers are `Buffer`s, sizes are ints, f32 scalars are `np.float32`."""


def _bind(argument: BlockArgument, value: Array | float) -> Buffer | int | np.float32:
    """What an argument of the function is in the interpreter.

    Raises:
        LigradError: if the value does not fit its type.
    """
    hint = f" (%{argument.name_hint})" if argument.name_hint else ""
    label = f"argument {argument.index + 1}{hint}"
    if not isinstance(argument.type, MemRefType):
        if isinstance(value, np.ndarray) and value.ndim:
            raise LigradError(f"{label} is {argument.type}, not an array")
        is_float = isinstance(argument.type, Float32Type)
        return np.float32(value) if is_float else int(cast(int, value))
    dtype = element_dtype(cast("MemRefType[Attribute]", argument.type).element_type)
    if not isinstance(value, np.ndarray) or value.dtype != dtype:
        found = value.dtype if isinstance(value, np.ndarray) else type(value).__name__
        raise LigradError(f"{label} is an array of {dtype}, not {found}")
    if not value.flags.c_contiguous:
        raise LigradError(f"{label} is not contiguous")
    return Buffer(label, Space.GM, value.reshape(-1))


def run_npu(
    module: ModuleOp,
    arguments: Sequence[Array | float],
    *,
    cores: int,
    listeners: Sequence[Interpreter.Listener] = (),
    reverse: bool = False,
) -> None:
    """Interpret the function of a `npu` module on a chip with `cores` groups of cores.

    arguments: in its order, a C-contiguous array of any shape for a buffer in global
    memory, changed in place where the program writes it, and a number for a scalar.
    listeners see the operations of all cores, in threads that have the cores' names.
    reverse: of the cores that could run, the last one does instead of the first; a
    program that is synchronised as it should be gives the same result either way,
    but for the order of atomic additions.

    Raises:
        LigradError: if the arguments do not fit.
        ProgramError: the program does what the chip cannot do: an access out of bounds,
            a deadlock, flags that do not pair.
    """
    function = entry_function(module)
    wanted = function.body.block.args
    if len(wanted) != len(arguments):
        raise LigradError(f"{len(wanted)} arguments are needed, not {len(arguments)}")
    run = Run(module, cores, tuple(listeners), reverse)
    values = [_bind(argument, value) for argument, value in zip(wanted, arguments)]
    run.arguments += [value for value in values if isinstance(value, Buffer)]
    try:
        # Tiles are small: more threads only get in each other's way.
        with one_blas_thread():
            interpreter = make_interpreter(run, NpuFunctions(run), run)
            interpreter.call_op(function, tuple(values))
    except Fault as fault:
        place = f"\n  in {describe(run.op)}" if run.op is not None else ""
        raise ProgramError(f"{fault}{place}", run.op) from fault
