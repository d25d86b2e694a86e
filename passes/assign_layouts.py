"""Give every value of a graph its layout in memory."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.dialects.lig.types import TensorType
from ligrad_ir.signature import entry_function, signature_of
from passes.to_npu.layouts import layouts


@dataclass(frozen=True)
class AssignLayoutsPass(ModulePass):
    """
    Reorders the axes in the types of values, so that elementwise work finds its operands
    laid out alike, whatever the order of factors in the formulas.

    Only the cube unit exchanges axes: a product gives its result either way round. So
    the layout of an input, an output, or rows that are gathered or added is the layout of
    all that elementwise operations connect with it. Without any, the entries of a
    selection come last. Refuses a graph in which two given layouts are connected
    (`passes.to_npu.layouts`).

    Assumes machine types. Removes casts that did nothing but reorder axes. Changes no
    result. Idempotent.
    """

    name = "assign-layouts"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        signature = signature_of(op)
        function = entry_function(op)
        inputs = [port.name for port in signature.inputs]
        outputs = [port.name for port in signature.outputs]
        found = layouts(function, inputs, outputs)
        for value, axes in found.items():
            new = TensorType(axes, tensor(value).element_type)
            Rewriter.replace_value_with_new_type(value, new)
        _remove_idle_casts(function)


def _remove_idle_casts(function: FuncOp) -> None:
    for op in tuple(function.body.block.ops):
        if isinstance(op, lig.CastOp) and op.input.type == op.result.type:
            op.result.replace_all_uses_with(op.input)
            Rewriter.erase_op(op)
