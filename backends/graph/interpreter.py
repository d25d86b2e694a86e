"""The NumPy interpreter of the `lig` dialect: one implementation an operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.interpreter import (
    Interpreter,
    InterpreterFunctions,
    PythonValues,
    ReturnedValues,
    TerminatorValue,
    impl,
    impl_terminator,
    register_impls,
)
from xdsl.interpreters.func import FuncFunctions
from xdsl.ir import SSAValue

from backends.call.dtypes import Array, DType, dtype_of
from backends.graph import ops as graph_ops
from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.blocks import BlocksOp, YieldOp, argument_of
from ligrad_ir.dialects.lig.ragged import (
    AxisOp,
    ExtentOp,
    RowsOp,
    RunOp,
    ValidCountOp,
    tensor,
)
from ligrad_ir.signature import entry_function


def _aligned(array: Array, value: SSAValue, target: SSAValue) -> Array:
    """An operand with the axes of another value."""
    return graph_ops.align(array, tensor(value).axes, tensor(target).axes)


def _dtype(value: SSAValue) -> DType:
    return dtype_of(tensor(value).element_type)


@register_impls
class LigFunctions(InterpreterFunctions):
    """Values are arrays with a dimension an axis; scalars of type i64 are ints."""

    @staticmethod
    def extents(interpreter: Interpreter) -> dict[str, int]:
        """The extents of the axes in this run."""
        return cast(
            dict[str, int],
            interpreter.get_data(LigFunctions, "extents", dict[str, int]),
        )

    # ---- blocks

    @impl(BlocksOp)
    def blocks(self, i: Interpreter, op: BlocksOp, args: PythonValues) -> PythonValues:
        """All positions are one block."""
        return i.run_ssacfg_region(op.body, args, op.name)

    @impl_terminator(YieldOp)
    def yield_(
        self, i: Interpreter, op: YieldOp, args: PythonValues
    ) -> tuple[TerminatorValue, PythonValues]:
        return ReturnedValues(tuple(args)), ()

    # ---- raggedness

    @impl(AxisOp)
    def axis(self, i: Interpreter, op: AxisOp, args: PythonValues) -> PythonValues:
        return ()

    @impl(ExtentOp)
    def extent(self, i: Interpreter, op: ExtentOp, args: PythonValues) -> PythonValues:
        return (np.asarray(self.extents(i)[op.axis.string_value()], np.int32),)

    @impl(ValidCountOp)
    def valid_count(
        self, i: Interpreter, op: ValidCountOp, args: PythonValues
    ) -> PythonValues:
        entries = self.extents(i)[op.entries.string_value()]
        mode, token_ends, row_ends = args
        return (graph_ops.valid_count(mode, token_ends, row_ends, entries),)

    @impl(RunOp)
    def run(self, i: Interpreter, op: RunOp, args: PythonValues) -> PythonValues:
        return graph_ops.run(*args)

    @impl(RowsOp)
    def rows(self, i: Interpreter, op: RowsOp, args: PythonValues) -> PythonValues:
        values = dict(zip(op.operands, args))

        def aligned(value: SSAValue | None, default: int) -> Array | int:
            return (
                default if value is None else _aligned(values[value], value, op.result)
            )

        try:
            resolved = graph_ops.rows(
                args[0],
                aligned(op.count, args[0].shape[-1]),
                aligned(op.start, 0),
                aligned(op.length, self.extents(i)[op.target]),
            )
        except graph_ops.IndexOutOfRangeError as error:
            error.argument = argument_of(op.indices)
            raise
        return (_aligned(resolved, op.indices, op.result),)

    # ---- elementwise

    @impl(lig.ConstantOp)
    def constant(
        self, i: Interpreter, op: lig.ConstantOp, args: PythonValues
    ) -> PythonValues:
        return (graph_ops.cast(np.asarray(op.value.value.data), _dtype(op.result)),)

    @impl(lig.CastOp)
    def cast(self, i: Interpreter, op: lig.CastOp, args: PythonValues) -> PythonValues:
        x = _aligned(args[0], op.input, op.result)
        return (graph_ops.cast(x, _dtype(op.result)),)

    @impl(lig.AddOp)
    def add(self, i: Interpreter, op: lig.AddOp, args: PythonValues) -> PythonValues:
        return (graph_ops.add(*self._operands(op, args)),)

    @impl(lig.SubOp)
    def sub(self, i: Interpreter, op: lig.SubOp, args: PythonValues) -> PythonValues:
        return (graph_ops.sub(*self._operands(op, args)),)

    @impl(lig.MulOp)
    def mul(self, i: Interpreter, op: lig.MulOp, args: PythonValues) -> PythonValues:
        return (graph_ops.mul(*self._operands(op, args)),)

    @staticmethod
    def _operands(
        op: lig.AddOp | lig.SubOp | lig.MulOp, args: PythonValues
    ) -> tuple[Array, Array]:
        return (
            _aligned(args[0], op.lhs, op.result),
            _aligned(args[1], op.rhs, op.result),
        )

    @impl(lig.ReluOp)
    def relu(self, i: Interpreter, op: lig.ReluOp, args: PythonValues) -> PythonValues:
        return (graph_ops.relu(args[0]),)

    @impl(lig.ReluGradOp)
    def relu_grad(
        self, i: Interpreter, op: lig.ReluGradOp, args: PythonValues
    ) -> PythonValues:
        gradient = _aligned(args[0], op.gradient, op.result)
        output = _aligned(args[1], op.output, op.result)
        return (graph_ops.relu_grad(gradient, output),)

    @impl(lig.MaskOp)
    def mask(self, i: Interpreter, op: lig.MaskOp, args: PythonValues) -> PythonValues:
        return (graph_ops.mask(args[0], _aligned(args[1], op.rows, op.result)),)

    # ---- sums

    @impl(lig.MatmulOp)
    def matmul(
        self, i: Interpreter, op: lig.MatmulOp, args: PythonValues
    ) -> PythonValues:
        product = graph_ops.matmul(
            args[0],
            tensor(op.lhs).axes,
            args[1],
            tensor(op.rhs).axes,
            op.over.string_value(),
            tensor(op.result).axes,
            dtype_of(op.accumulate),
        )
        return (product,)

    @impl(lig.ReduceSumOp)
    def reduce_sum(
        self, i: Interpreter, op: lig.ReduceSumOp, args: PythonValues
    ) -> PythonValues:
        over = op.over.string_value()
        axes = tensor(op.input).axes
        total = graph_ops.reduce_sum(args[0], axes.index(over), dtype_of(op.accumulate))
        kept = tuple(axis for axis in axes if axis != over)
        return (graph_ops.align(total, kept, tensor(op.result).axes),)

    # ---- rows

    @impl(lig.GatherOp)
    def gather(
        self, i: Interpreter, op: lig.GatherOp, args: PythonValues
    ) -> PythonValues:
        axes = tensor(op.source).axes
        at = axes.index(lig.row_axis(op.rows))
        found = graph_ops.gather(args[0], args[1], at)
        gathered = (*axes[:at], *tensor(op.rows).axes, *axes[at + 1 :])
        return (graph_ops.align(found, gathered, tensor(op.result).axes),)

    @impl(lig.ScatterAddOp)
    def scatter_add(
        self, i: Interpreter, op: lig.ScatterAddOp, args: PythonValues
    ) -> PythonValues:
        axes, entries = tensor(op.updates).axes, tensor(op.rows).axes
        rest = tuple(axis for axis in axes if axis not in entries)
        target = lig.row_axis(op.rows)
        total = graph_ops.scatter_add(
            graph_ops.align(args[0], axes, (*entries, *rest)),
            args[1],
            self.extents(i)[target],
            dtype_of(op.accumulate),
        )
        return (graph_ops.align(total, (target, *rest), tensor(op.result).axes),)


def check_rows(
    module: ModuleOp, arguments: Sequence[Array | int], extents: Mapping[str, int]
) -> None:
    """Only resolve the indices of a `lig` module's function.

    Raises:
        IndexOutOfRangeError: if a valid index means no row.
    """
    interpreter = graph_interpreter(module, extents)
    block = entry_function(module).body.block
    values: dict[SSAValue, Any] = dict(zip(block.args, arguments))
    for op in block.ops:
        if isinstance(op, ExtentOp | ValidCountOp | RunOp | RowsOp):
            inputs = tuple(values[operand] for operand in op.operands)
            values.update(zip(op.results, interpreter.run_op(op, inputs)))


def graph_interpreter(
    module: ModuleOp,
    extents: Mapping[str, int],
    listeners: Sequence[Interpreter.Listener] = (),
) -> Interpreter:
    """What interprets the operations of a graph, given the extents of its axes."""
    interpreter = Interpreter(module, listeners=tuple(listeners))
    interpreter.register_implementations(FuncFunctions())
    interpreter.register_implementations(LigFunctions())
    LigFunctions.extents(interpreter).update(extents)
    return interpreter


def run_graph(
    module: ModuleOp,
    arguments: Sequence[Array | int],
    extents: Mapping[str, int],
    listeners: Sequence[Interpreter.Listener] = (),
) -> tuple[Array, ...]:
    """Interpret the function of a `lig` module.

    arguments: in its order, arrays with a dimension an axis (unit axes left out) and
    ints; extents: of every axis that a value has.

    Raises:
        IndexOutOfRangeError: if a valid index means no row.
    """
    interpreter = graph_interpreter(module, extents, listeners)
    # Overflow to infinity is a result of the arithmetic here, not a mistake.
    with np.errstate(over="ignore", invalid="ignore"):
        results = interpreter.call_op(entry_function(module), tuple(arguments))
    return cast(tuple[Array, ...], tuple(results))
