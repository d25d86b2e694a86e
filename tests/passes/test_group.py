"""Which elementwise work one loop over rows does together, and when."""

from __future__ import annotations

import pytest
from xdsl.dialects import test
from xdsl.dialects.builtin import f32
from xdsl.ir import Operation, SSAValue

from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.types import TensorType
from passes.to_npu.group import Extent, Group, Phase, group, own_axes
from passes.to_npu.unsupported import UnsupportedError


def value(*axes: str) -> SSAValue:
    return test.TestOp(result_types=[TensorType(axes, f32)]).results[0]


def mul(lhs: SSAValue, rhs: SSAValue) -> lig.MulOp:
    return lig.MulOp.create(operands=[lhs, rhs], result_types=[joined(lhs, rhs)])


def joined(lhs: SSAValue, rhs: SSAValue) -> TensorType:
    axes: list[str] = []
    for operand in (lhs, rhs):
        assert isinstance(operand.type, TensorType)
        axes += [axis for axis in operand.type.axes if axis not in axes]
    return TensorType(tuple(axes), f32)


def total(source: SSAValue, over: str) -> lig.ReduceSumOp:
    assert isinstance(source.type, TensorType)
    return lig.ReduceSumOp(source, over, f32)


def groups(*ops: Operation) -> list[Group]:
    found = group(ops, "T")
    assert all(isinstance(part, Group) for part in found)
    return [part for part in found if isinstance(part, Group)]


def test_own_axes_leave_out_the_token() -> None:
    assert own_axes(value("T", "G", "K"), "T") == ("G", "K")
    assert own_axes(value("N", "D"), "T") == ("N", "D")
    assert own_axes(value("T"), "T") == ()


def test_extents() -> None:
    matrix, row, column = value("T", "G", "K"), value("T", "K"), value("T", "G")
    [part] = groups(mul(matrix, row), mul(column, column), total(row, "K"))
    assert (part.rows, part.columns) == ("G", "K")
    assert part.extent(matrix) is Extent.MATRIX
    assert part.extent(row) is Extent.ROW
    assert part.extent(column) is Extent.COLUMN
    assert part.extent(value("T")) is Extent.NUMBER
    assert part.extent(value()) is Extent.NUMBER


def test_a_matrix_settles_which_axis_is_which() -> None:
    """Also where it comes behind a row, which was taken for one of columns before."""
    first = mul(value("T", "G"), value("T", "G"))
    [part] = groups(first, mul(first.result, value("T", "G", "K")))
    assert (part.rows, part.columns) == ("G", "K")
    assert part.extent(first.result) is Extent.COLUMN


def test_one_axis_alone_is_a_row() -> None:
    [part] = groups(mul(value("T", "G"), value("T", "G")))
    assert (part.rows, part.columns) == (None, "G")
    assert not part.is_matrix
    assert part.sums_rows  # there is nothing to share out


def test_phases() -> None:
    row, column = mul(value("T", "K"), value()), mul(value("T", "G"), value())
    matrix = mul(value("T", "G", "K"), row.result)
    late = total(matrix.result, "K")
    behind = mul(late.result, column.result)
    [part] = groups(row, column, matrix, late, behind)
    first, second = part.phases()
    assert first == Phase([row, column], [matrix, late], [matrix, late])
    assert second == Phase([behind], [], [])
    assert not part.sums_rows


def test_a_sum_of_rows_keeps_them_together() -> None:
    matrix = mul(value("T", "G", "K"), value("T", "K"))
    [part] = groups(matrix, total(matrix.result, "G"))
    assert part.sums_rows
    assert part.extent(part.ops[-1].results[0]) is Extent.ROW


@pytest.mark.parametrize("over", ["K", "G"])
def test_what_a_loop_sums_up_another_one_uses(over: str) -> None:
    """And does again what it takes of the first, but neither the sum nor what is known."""
    matrix = mul(value("T", "G", "K"), value("T", "K"))
    unused = mul(matrix.result, value())
    late = total(matrix.result, over)
    small = mul(late.result, value())
    last = mul(matrix.result, small.result)
    [part] = groups(matrix, unused, late, small, last)
    first, second = part.phases()
    assert first == Phase([], [matrix, unused, late], [matrix, unused, late])
    assert second == Phase([small], [matrix, last], [last])


def test_sums_of_sums_are_as_many_loops() -> None:
    matrix = mul(value("T", "G", "K"), value("T", "K"))
    rows = total(matrix.result, "K")
    less = mul(matrix.result, rows.result)
    columns = total(less.result, "G")
    last = mul(less.result, columns.result)
    [part] = groups(matrix, rows, less, columns, last)
    loops = [(phase.inside, phase.fresh) for phase in part.phases()]
    assert loops == [
        ([matrix, rows], [matrix, rows]),
        ([matrix, less, columns], [less, columns]),
        ([matrix, less, last], [last]),
    ]


def test_other_axes_are_another_group() -> None:
    first, other = (
        mul(value("T", "G", "K"), value()),
        mul(value("T", "G", "D"), value()),
    )
    one, two = groups(first, other)
    assert (one.rows, one.columns) == ("G", "K")
    assert (two.rows, two.columns) == ("G", "D")


def test_the_other_way_round_is_another_group() -> None:
    one, two = groups(
        mul(value("T", "G", "K"), value()), mul(value("T", "K", "G"), value())
    )
    assert (one.columns, two.columns) == ("K", "G")


def test_work_goes_to_its_group_past_others_in_between() -> None:
    first, other = (
        mul(value("T", "G", "K"), value()),
        mul(value("T", "G", "D"), value()),
    )
    last = mul(first.result, value("T", "K"))
    one, two = groups(first, other, last)
    assert one.ops == [first, last]
    assert two.ops == [other]


def test_work_does_not_go_ahead_of_its_operands() -> None:
    first, other = (
        mul(value("T", "G", "K"), value()),
        mul(value("T", "G", "D"), value()),
    )
    column = total(other.result, "D")
    one, two = groups(first, other, column, mul(column.result, value("T", "G")))
    assert one.ops == [first]
    assert len(two.ops) == 3


def test_three_axes_are_refused() -> None:
    deep = mul(value("T", "G", "D"), value("T", "K", "D"))
    with pytest.raises(UnsupportedError, match=r"has the axes .* beside T") as caught:
        group([deep], "T")
    assert caught.value.op is deep
    [part, *_] = groups(mul(value("T", "G", "K"), value()))
    assert not part.accepts(mul(value("T", "D"), value()))
    assert (part.rows, part.columns) == ("G", "K")  # a refusal leaves it as it was
