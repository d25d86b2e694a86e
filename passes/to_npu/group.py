"""Groups of elementwise work that one loop over rows can do together.

Pure: a group covers a matrix of rows R by columns C. Its values are the whole matrix, one
row (the same for all rows), one column (a number for every row) or a single number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import Enum

from xdsl.ir import Operation, SSAValue

from ligrad_ir.axes import Axes, spell
from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.dialects.lig.types import RowType
from passes.to_npu.staging import ELEMENTWISE_OPS
from passes.to_npu.unsupported import UnsupportedError, called


class Extent(Enum):
    """What of the matrix a value covers."""

    MATRIX = "matrix"
    ROW = "row"
    COLUMN = "column"
    NUMBER = "number"


@dataclass(frozen=True)
class Phase:
    """A turn of a group. small: what has no matrix, ahead of the loop over the rows;
    inside: what the loop does, in order; fresh: what of that it does for the first time."""

    small: list[Operation]
    inside: list[Operation]
    fresh: list[Operation]


@dataclass
class Group:
    """Operations over one matrix, in order."""

    token: str
    rows: str | None = None
    columns: str | None = None
    ops: list[Operation] = field(default_factory=list[Operation])
    _axes: list[str] = field(default_factory=list[str])

    def extent(self, value: SSAValue) -> Extent:
        """What of the matrix a value covers."""
        axes = own_axes(value, self.token)
        if len(axes) == 2:
            return Extent.MATRIX
        if not axes:
            return Extent.NUMBER
        return Extent.ROW if axes[0] == self.columns else Extent.COLUMN

    def accepts(self, op: Operation) -> bool:
        """Whether the operation can join; a matrix settles which axis is which."""
        matrices = {
            own_axes(v, self.token)
            for v in numbers(op)
            if len(own_axes(v, self.token)) == 2
        }
        if self.is_matrix:
            matrices.add((self.rows or "", self.columns or ""))
        axes = list(self._axes)
        axes += [a for v in numbers(op) for a in own_axes(v, self.token)]
        axes = list(dict.fromkeys(axes))
        if len(matrices) > 1 or len(axes) > 2:
            return False
        if matrices:
            [(self.rows, self.columns)] = matrices
        else:
            self.columns, self.rows = (*axes, None, None)[:2]
        self._axes = axes
        return True

    @property
    def is_matrix(self) -> bool:
        """Whether some value covers rows and columns."""
        return any(
            len(own_axes(v, self.token)) == 2 for op in self.ops for v in numbers(op)
        )

    @property
    def sums_rows(self) -> bool:
        """Whether some operation sums the rows away, so that they cannot be shared out."""
        return not self.is_matrix or any(
            isinstance(op, lig.ReduceSumOp) and op.over.string_value() == self.rows
            for op in self.ops
        )

    def phases(self) -> list[Phase]:
        """The operations in turns. What needs a sum over the matrix waits for the loop that
        forms it; if it is over the matrix itself, it is in a loop of its own, in which what
        it needs of the earlier ones is done again."""
        turns: dict[Operation, int] = {}
        for op in self.ops:
            makers = [(value, value.owner) for value in op.operands]
            turns[op] = max(
                (
                    turns[maker] + self._is_sum(value, maker)
                    for value, maker in makers
                    if isinstance(maker, Operation) and maker in turns
                ),
                default=0,
            )
        return [
            self._phase(turns, number)
            for number in range(max(turns.values(), default=0) + 1)
        ]

    def _phase(self, turns: Mapping[Operation, int], number: int) -> Phase:
        here = [op for op in self.ops if turns[op] == number]
        fresh = [op for op in here if self._covers_matrix(op)]
        needed = set(fresh)
        for op in reversed(self.ops):
            if op in needed:
                needed.update(
                    maker
                    for value in op.operands
                    if self.extent(value) is Extent.MATRIX
                    and isinstance(maker := value.owner, Operation)
                    and maker in turns
                )
        small = [op for op in here if op not in needed]
        return Phase(small, [op for op in self.ops if op in needed], fresh)

    def _covers_matrix(self, op: Operation) -> bool:
        return any(self.extent(value) is Extent.MATRIX for value in numbers(op))

    def _is_sum(self, value: SSAValue, maker: Operation) -> bool:
        """Whether a value is summed up in the loop over the rows."""
        return self._covers_matrix(maker) and self.extent(value) is not Extent.MATRIX


def numbers(op: Operation) -> Iterator[SSAValue]:
    """The operands and results that are no row numbers."""
    for value in (*op.operands, *op.results):
        if not isinstance(tensor(value).element_type, RowType):
            yield value


def own_axes(value: SSAValue, token: str) -> Axes:
    """The axes of a value beside the token axis."""
    return tuple(axis for axis in tensor(value).axes if axis != token)


def group(ops: Sequence[Operation], token: str) -> list[Group | Operation]:
    """The work of a stage in order: groups, and gathers and scatters on their own.

    What is cheap to compute again (a cast of a row or a column of the inputs) is in every
    group that uses it.
    """
    found: list[Group | Operation] = []
    cheap = _cheap(ops, token)
    for op in ops:
        if isinstance(op, lig.GatherOp | lig.ScatterAddOp):
            found.append(op)
            continue
        if op in cheap:
            continue
        groups = [other for other in found if isinstance(other, Group)]
        needed = [*_before(op, cheap), op]
        owners = {operand.owner for each in needed for operand in each.operands}
        makers = [
            i for i, other in enumerate(groups) if (owners - cheap) & {*other.ops}
        ]
        for candidate in groups[max(makers, default=0) :]:
            if candidate.accepts(op):
                break
        else:
            candidate = Group(token)
            if not candidate.accepts(op):
                raise _too_many_axes(op, token)
            found.append(candidate)
        for each in needed:
            if each not in candidate.ops:
                joined = candidate.accepts(each)
                assert joined, "it has no axes that its user lacks"
                candidate.ops.append(each)
    return found


def _cheap(ops: Sequence[Operation], token: str) -> set[Operation]:
    """What is smaller than a matrix, made of other such values or of what comes from
    outside of the stage, and of use to elementwise work only."""
    cheap: set[Operation] = set()
    for op in ops:
        [result] = op.results
        is_small = all(len(own_axes(value, token)) < 2 for value in numbers(op))
        made_here = {operand.owner for operand in op.operands} & {*ops}
        users = [use.operation for use in result.uses]
        if (
            isinstance(op, lig.CastOp | lig.MulOp | lig.AddOp | lig.SubOp)
            and is_small
            and made_here <= cheap
            and users
            and all(isinstance(user, ELEMENTWISE_OPS) for user in users)
        ):
            cheap.add(op)
    return cheap


def _before(op: Operation, cheap: AbstractSet[Operation]) -> list[Operation]:
    """The cheap operations that it needs, in order."""
    found: list[Operation] = []
    for operand in op.operands:
        maker = operand.owner
        if isinstance(maker, Operation) and maker in cheap:
            found += [*_before(maker, cheap), maker]
    return list(dict.fromkeys(found))


def _too_many_axes(op: Operation, token: str) -> UnsupportedError:
    axes = dict.fromkeys(a for v in numbers(op) for a in own_axes(v, token))
    if len(axes) > 2:
        reason = f"{called(op)} has the axes {spell(tuple(axes))} beside {token}"
        return UnsupportedError(op, f"{reason}; the vector unit takes two at most")
    orders = {own_axes(v, token) for v in numbers(op) if len(own_axes(v, token)) == 2}
    return UnsupportedError(
        op,
        f"{called(op)} of values over {' and '.join(map(spell, sorted(orders)))}; the "
        "vector unit does not transpose",
        "only a Matmul can change the order of axes",
    )
