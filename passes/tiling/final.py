"""What is computed behind the last token: from sums over all tokens, and from inputs where
the result has no token axis and leaves the program.

Pure: reads the IR, changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.dialects.func import ReturnOp
from xdsl.ir import Operation, SSAValue

from ligrad_ir.dialects import lig
from ligrad_ir.dialects.lig_ragged import tensor
from passes.tiling.reach import Reach, sums_tokens
from passes.tiling.unsupported import UnsupportedError

FINAL_OPS = (
    lig.AddOp,
    lig.CastOp,
    lig.ConstantOp,
    lig.MulOp,
    lig.ReluGradOp,
    lig.ReluOp,
    lig.SubOp,
)
"""One number of the result from one number of each operand."""


def final_operations(
    ops: Sequence[Operation],
    last: ReturnOp,
    reach: Mapping[SSAValue, Reach],
    token: str,
) -> list[Operation]:
    """The operations that are computed behind the last token, in order.

    Raises:
        UnsupportedError: a token needs a sum over all tokens, or such a sum is used for
            more than elementwise work on values of one shape.
    """
    late = [
        op
        for op in ops
        if not sums_tokens(op, token)
        and any(reach.get(result) is Reach.TOKENS for result in op.results)
    ]
    leaving = [v.owner for v in last.arguments if reach.get(v) is Reach.INPUTS]
    found = {*late, *(op for op in leaving if isinstance(op, Operation))}
    for op in reversed(ops):
        if op in found:
            found.update(
                maker
                for operand in op.operands
                if reach.get(operand) is Reach.INPUTS
                and isinstance(maker := operand.owner, Operation)
            )
    final = [op for op in ops if op in found]
    for op in final:
        _check(op, token)
    return final


def _check(op: Operation, token: str) -> None:
    [result] = op.results
    axes = tensor(result).axes
    if any(token in tensor(value).axes for value in (*op.operands, result)):
        raise UnsupportedError(
            op,
            f"it needs a sum over all of {token} for each position on {token}; a kernel "
            f"goes over {token} once",
        )
    if not isinstance(op, FINAL_OPS):
        raise UnsupportedError(
            op,
            f"behind the sums over {token}, and beside {token}, there is elementwise work "
            "only",
        )
    for operand in op.operands:
        if tensor(operand).axes not in ((), axes):
            own, whole = (", ".join(a) for a in (tensor(operand).axes, axes))
            raise UnsupportedError(
                op,
                f"an operand [{own}] for a result [{whole}]; beside {token} an operand "
                "has the axes of the result in their order, or none",
            )
