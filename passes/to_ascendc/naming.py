"""Names for values that have none, from what they are used for."""

from __future__ import annotations

from xdsl.dialects.scf import ForOp, IfOp
from xdsl.ir import Operation, SSAValue, Use

from ligrad_ir.dialects.npu.types import NpuOp

DEPTH = 6
"""How far to follow uses."""


def role_name(value: SSAValue) -> str:
    """`query_offset` for what offsets `query`, `count` for what counts, and so on: after
    the nearest use of the value, through the arithmetic in between."""
    seen = [value]
    for _ in range(DEPTH):
        following: list[SSAValue] = []
        for one in seen:
            for use in one.uses:
                if (name := _role(use)) is not None:
                    return name
                following += _named(use.operation)
                if following and (hint := following[-1].name_hint):
                    return hint
        seen = following
    return "size"


def _named(op: Operation) -> list[SSAValue]:
    return [] if op.regions else list(op.results)


def _role(use: Use) -> str | None:
    """What a use says about the value, if it says anything."""
    op = use.operation
    if isinstance(op, NpuOp):
        return _operand_name(op, use.index)
    if isinstance(op, ForOp):
        bounds = ("start", "stop", "step")
        counter = op.body.block.args[0].name_hint or "i"
        return f"{counter}_{bounds[use.index]}"
    if isinstance(op, IfOp):
        return "wanted"
    return None


def _operand_name(op: NpuOp, index: int) -> str:
    """The operand's name; an offset says of which buffer."""
    names = [name for name, _ in op.get_irdl_definition().operands]
    name = names[index]
    buffer, _, last = name.rpartition("_")
    if last == "offset" and buffer in names:
        owner: SSAValue = op.operands[names.index(buffer)]
        return f"{owner.name_hint or buffer}_offset"
    return name
