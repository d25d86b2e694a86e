"""Interprets the function of a graph whose work is in loops over blocks."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import ReturnOp
from xdsl.interpreter import PythonValues
from xdsl.ir import Operation, SSAValue

from backends.call.bound import Bound, Make, zeros
from backends.call.dtypes import Array, dtype_of
from backends.call.values import positive
from backends.graph import ops as graph_ops
from backends.graph.blocks.kernels import round_into
from backends.graph.blocks.run import Progress, run_loop
from backends.graph.blocks.shared import Evaluate
from backends.graph.interpreter import graph_interpreter
from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.blocks import BlocksOp, has_axis
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.signature import entry_function

ROUNDED_AT_ONCE = 2**20
"""Elements of a result that are rounded at a time."""


class RunLoop(Protocol):
    """What `run_loop` is: it runs a loop over blocks."""

    def __call__(
        self,
        op: BlocksOp,
        values: Mapping[SSAValue, Array | int],
        extents: Mapping[str, int],
        outputs: Sequence[Array | None],
        evaluate: Evaluate,
        *,
        workers: int,
        deterministic: bool,
        progress: Progress | None = None,
    ) -> tuple[Array, ...]: ...


@dataclass(frozen=True)
class Options:
    """How a graph is run. workers: threads, by default one a core that this process may
    use; deterministic: the bits of the results do not depend on their number (they are
    the same in every run with as many in any case); progress: is told how many tokens
    of how many are done; make: gives zeros for an output; loops: what runs a loop."""

    workers: int | None = None
    deterministic: bool = False
    progress: Progress | None = None
    make: Make = zeros
    loops: RunLoop = run_loop

    def __post_init__(self) -> None:
        """Raises:
        ArgumentError: `workers` is no positive integer.
        """
        if self.workers is not None:
            positive("workers", self.workers)


def usable_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_bound(
    module: ModuleOp, bound: Bound, options: Options = Options()
) -> dict[str, Array]:
    """Interpret a `lig` module on a checked call; outputs by name, in the layout of the
    caller.

    Raises:
        IndexOutOfRangeError: if a valid index means no row.
    """
    results = bound.empty_results(options.make)
    run_function(
        module,
        bound.arguments,
        bound.extents,
        bound.parts(results),
        options,
    )
    return results


def run_function(
    module: ModuleOp,
    arguments: Sequence[Array | int],
    extents: Mapping[str, int],
    outputs: Sequence[Array],
    options: Options,
) -> None:
    """Interpret the function of a `lig` module.

    arguments: in its order, arrays with a dimension an axis (unit axes left out) and
    ints; extents: of every axis; outputs: zeros in the shapes and dtypes of its results,
    which are filled.

    Raises:
        IndexOutOfRangeError: if a valid index means no row.
    """
    interpreter = graph_interpreter(module, extents)
    workers = usable_cores() if options.workers is None else options.workers
    block = entry_function(module).body.block
    values: dict[SSAValue, Any] = dict(zip(block.args, arguments, strict=True))
    last = block.last_op
    assert isinstance(last, ReturnOp)
    targets: dict[SSAValue, Array] = dict(zip(last.arguments, outputs))

    def evaluate(op: Operation, args: PythonValues) -> PythonValues:
        return interpreter.run_op(op, args)

    with np.errstate(over="ignore", invalid="ignore"):
        for op in block.ops:
            if isinstance(op, BlocksOp):
                made = options.loops(
                    op,
                    values,
                    extents,
                    [_made_in(op, v, extents, targets) for v in op.outputs],
                    evaluate,
                    workers=workers,
                    deterministic=options.deterministic,
                    progress=options.progress,
                )
                values.update(zip(op.outputs, made, strict=True))
            elif isinstance(op, ReturnOp):
                break
            elif not _only_returned(op, last):
                args = tuple(values[operand] for operand in op.operands)
                values.update(zip(op.results, evaluate(op, args), strict=True))
        for value, target in zip(last.arguments, outputs, strict=True):
            _fill(target, value, values)


def _made_in(
    loop: BlocksOp,
    value: SSAValue,
    extents: Mapping[str, int],
    targets: Mapping[SSAValue, Array],
) -> Array | None:
    """Where a loop puts a result: straight into that of the function, if it is one."""
    if not has_axis(value, loop.over):
        return None
    if value in targets:
        return targets[value]
    shape = [extents[axis] for axis in tensor(value).axes]
    return np.zeros(shape, dtype_of(tensor(value).element_type))


def _only_returned(op: Operation, last: ReturnOp) -> bool:
    """Whether an operation only rounds a result of the function."""
    return isinstance(op, lig.CastOp) and all(
        use.operation is last for use in op.result.uses
    )


def _fill(target: Array, value: SSAValue, values: Mapping[SSAValue, Any]) -> None:
    owner = value.owner
    if value not in values and isinstance(owner, lig.CastOp):
        source = cast(Array, values[owner.input])
        axes = tensor(owner.input).axes
        source = graph_ops.align(source, axes, tensor(value).axes)
    else:
        source = cast(Array, values[value])
    if source is target or source.size == 0:
        return
    target, source = np.atleast_1d(target), np.atleast_1d(source)
    step = max(1, ROUNDED_AT_ONCE * len(source) // source.size)
    for first in range(0, len(source), step):
        round_into(target[first : first + step], source[first : first + step])
