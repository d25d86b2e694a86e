"""The body of a kernel becomes a function, for an entry that calls one of several."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from ligrad_ir.dialects.ascendc_core import FunctionOp, KernelOp, KernelTypeOp
from ligrad_ir.dialects.ascendc_tiling import GetTilingDataOp, RegisterTilingOp


@dataclass(frozen=True)
class OutlineKernelPass(ModulePass):
    """
    Replaces every kernel by a device function that is called `function`.

    Its last argument is the tiling data, which the kernel read itself; what registers
    the tiling struct and states the kernel's type is the entry's, and goes.

    Assumes that the tiling data is read once, from the last argument.
    """

    name = "outline-kernel"

    function: str

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for kernel in [o for o in op.body.block.ops if isinstance(o, KernelOp)]:
            _outline(kernel, self.function)


def _outline(kernel: KernelOp, name: str) -> None:
    block = kernel.body.block
    for op in list(block.ops):
        if isinstance(op, GetTilingDataOp):
            data = block.insert_arg(op.result.type, len(block.args))
            data.name_hint = op.result.name_hint
            address = op.tiling
            op.result.replace_all_uses_with(data)
            op.detach()
            op.erase()
            block.erase_arg(block.args[len(block.args) - 2])
            assert not any(True for _ in address.uses)
        elif isinstance(op, RegisterTilingOp | KernelTypeOp):
            op.detach()
            op.erase()
    comment = None if kernel.comment is None else kernel.comment.data
    function = FunctionOp(name, kernel.detach_region(kernel.body), comment)
    function.attributes |= kernel.attributes
    function.location = kernel.location
    parent = kernel.parent
    assert parent is not None
    parent.insert_op_before(function, kernel)
    kernel.detach()
    kernel.erase()
