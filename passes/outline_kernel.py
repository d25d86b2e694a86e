"""The body of a kernel becomes a function, for an entry that calls one of several."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block
from xdsl.passes import ModulePass

from ligrad_ir.dialects.ascendc.core import (
    FunctionOp,
    KernelOp,
    KernelTypeOp,
    UnusedOp,
)
from ligrad_ir.dialects.ascendc.tiling import GetTilingDataOp, RegisterTilingOp
from ligrad_ir.dialects.ascendc.types import TilingType
from passes.drop_dead_statements import mark_unused_arguments


@dataclass(frozen=True)
class OutlineKernelPass(ModulePass):
    """
    Replaces every kernel by a device function that is called `function`.

    Its last argument is the tiling data in place of its address, whether the kernel read
    it or not; what registers the tiling struct and states the kernel's type is the
    entry's, and goes.

    Assumes that the kernel registers a tiling struct, and reads it from its last argument
    alone.
    """

    name = "outline-kernel"

    function: str

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for kernel in [o for o in op.body.block.ops if isinstance(o, KernelOp)]:
            _outline(kernel, self.function)


def _outline(kernel: KernelOp, name: str) -> None:
    _pass_tiling_data(kernel.body.block)
    comment = None if kernel.comment is None else kernel.comment.data
    function = FunctionOp(name, kernel.detach_region(kernel.body), comment)
    function.attributes |= kernel.attributes
    function.location = kernel.location
    parent = kernel.parent
    assert parent is not None
    parent.insert_op_before(function, kernel)
    kernel.detach()
    kernel.erase()


def _pass_tiling_data(block: Block) -> None:
    """Replace the last argument, an address, by the struct that lies there."""
    address = block.args[-1]
    struct = next(o.struct for o in block.ops if isinstance(o, RegisterTilingOp))
    data = block.insert_arg(TilingType(struct.data), len(block.args))
    data.name_hint = "tiling_data"
    for op in list(block.ops):
        if isinstance(op, GetTilingDataOp):
            op.result.replace_all_uses_with(data)
        elif not isinstance(op, RegisterTilingOp | KernelTypeOp):
            if not (isinstance(op, UnusedOp) and op.value is address):
                continue
        op.detach()
        op.erase()
    block.erase_arg(address)
    mark_unused_arguments(block)
