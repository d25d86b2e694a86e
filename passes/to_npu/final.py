"""What is computed behind the last token: from sums over all tokens, and from inputs where
the result has no token axis and leaves the program.

Pure: reads the IR, changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.dialects.func import ReturnOp
from xdsl.ir import Operation, SSAValue

from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.ragged import tensor
from passes.to_npu.reach import Reach, sums_tokens
from passes.to_npu.unsupported import UnsupportedError, apart, axes_of, called

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


def is_of_one_shape(op: Operation) -> bool:
    """Whether the operands have the axes of the result in their order, or none."""
    axes = tensor(op.results[0]).axes
    return all(tensor(operand).axes in ((), axes) for operand in op.operands)


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
            f"{called(op)} needs a sum over all of {token} for each position on {token}; "
            f"a loop goes over {token} once",
            apart(next(v for v in op.operands if token not in tensor(v).axes)),
        )
    if not isinstance(op, FINAL_OPS):
        raise UnsupportedError(
            op,
            f"{called(op)} of a sum over {token}, or of values without {token}; only "
            "elementwise work is done behind such a sum",
            apart(op.results[0]),
        )
    for operand in op.operands:
        if tensor(operand).axes not in ((), axes):  # `is_of_one_shape`, told in words
            raise UnsupportedError(
                op,
                f"an operand over {axes_of(operand)} for a result over {axes_of(result)}; "
                f"without the axis {token}, operands have the axes of the result in the "
                "same order, or none",
                apart(result),
            )
