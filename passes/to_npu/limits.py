"""What the vector unit is not given: elementwise work that its buffers have no room for."""

from __future__ import annotations

from collections.abc import Mapping

from xdsl.dialects.builtin import f32
from xdsl.ir import Operation

from ligrad_ir.axes import spell
from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.ragged import tensor
from passes.to_npu.group import Extent, Group, own_axes
from passes.to_npu.unsupported import UnsupportedError, apart, axes_of, said


def require_order(op: lig.CastOp, token: str) -> None:
    """A token's part of a value keeps the order of its axes.

    Raises:
        UnsupportedError: it does not.
    """
    before, after = own_axes(op.input, token), own_axes(op.result, token)
    if before != after:
        raise UnsupportedError(
            op,
            f"{said(op.input)} over {spell(before)} is needed over {spell(after)}; the "
            "vector unit does not transpose",
            "only a Matmul can change the order of axes",
        )


def require_addable(op: Operation, group: Group, padded: Mapping[str, object]) -> None:
    """What a token adds to a sum over the tokens goes to memory as it is, where there is
    no room for the padding of rows.

    Raises:
        UnsupportedError: it is half, or has rows along a padded axis.
    """
    if not isinstance(op, lig.ReduceSumOp):
        return
    if tensor(op.input).element_type != f32:
        raise UnsupportedError(
            op, f"{tensor(op.input).element_type} is summed over the tokens; float32 is"
        )
    if (
        group.extent(op.input) in (Extent.MATRIX, Extent.COLUMN)
        and group.rows in padded
    ):
        raise UnsupportedError(
            op,
            f"the sum of {axes_of(op.input)} over the tokens has {group.rows}, the axis "
            "of a selection's entries",
            apart(op.result),
        )
