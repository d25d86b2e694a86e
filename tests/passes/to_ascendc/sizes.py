"""How large the sizes of a kernel can be, by intervals: the passes know nothing of it.

A parameter of an instruction has 8, 16 or 32 bits, and what does not fit wraps around
without a word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf

from xdsl.ir import Block, Operation, SSAValue

from backends.project.variants import Variant
from ligrad_ir.dialects.ascendc import scalar
from ligrad_ir.dialects.ascendc.base import static_int
from ligrad_ir.dialects.ascendc.core import ForOp
from ligrad_ir.dialects.ascendc.enums import Arithmetic
from ligrad_ir.dialects.ascendc.move import DataCopyPadExtParamsOp, Nd2NzParamsOp
from ligrad_ir.dialects.ascendc.tiling import TilingMemberOp
from ligrad_ir.dialects.ascendc.types import ui8, ui16, ui32

Interval = tuple[float, float]
WIDTHS = {ui8: 8, ui16: 16, ui32: 32}
ANYTHING: Interval = (-inf, inf)
CORES: Mapping[type[Operation], Interval] = {
    scalar.GetBlockIdxOp: (0, 47),
    scalar.GetBlockNumOp: (1, 24),
    scalar.GetSubBlockIdxOp: (0, 1),
    scalar.GetSubBlockNumOp: (1, 2),
}


def wraps(variant: Variant) -> list[str]:
    """The parameters of a kernel that are not seen to fit into their bits."""
    axes = variant.signature.axes.values()
    sizes = Sizes({axis.name: (axis.minimum, axis.maximum) for axis in axes})
    found: list[str] = []
    for op in variant.module.walk():
        if isinstance(op, scalar.ScalarCastOp) and op.result.type in WIDTHS:
            most = sizes.of(op.input)[1]
            if not most < 2 ** WIDTHS[op.result.type]:
                users = filter(lambda user: not is_small(*user), users_of(op.result))
                found += [f"{name} of {user.name}: {most}" for user, name in users]
    return found


def is_small(user: Operation, name: str) -> bool:
    """Whether it is known otherwise that a parameter fits: what is behind n numbers in
    their last block, and how far two rows are apart that were compared before."""
    if isinstance(user, DataCopyPadExtParamsOp):
        return name == "rightPadding"
    is_pair = isinstance(user, Nd2NzParamsOp) and static_int(user.nValue) == 2
    return is_pair and name == "srcDValue"


def users_of(value: SSAValue) -> Iterator[tuple[Operation, str]]:
    """The statements that take a value, and the names of their operands."""
    for use in value.uses:
        user = use.operation
        if isinstance(user, scalar.YieldOp):
            expression = user.parent_op()
            assert expression is not None
            yield from users_of(expression.results[0])
        else:
            names = [name for name, _ in user.get_irdl_definition().operands]
            yield user, names[use.index]


class Sizes:
    """Between which numbers sizes are. extents: of the axes."""

    def __init__(self, extents: Mapping[str, Interval]):
        self._extents = extents
        self._known: dict[SSAValue, Interval] = {}

    def of(self, value: SSAValue) -> Interval:
        """The interval of a size."""
        if value not in self._known:
            owner = value.owner
            if isinstance(owner, Operation):
                self._known[value] = self._of_result(owner)
            elif isinstance(loop := owner.parent_op(), ForOp):
                last = self.of(loop.upper)[1] - 1
                self._known[value] = self.of(loop.lower)[0], last
            else:
                self._known[value] = ANYTHING
        return self._known[value]

    def _of_result(self, op: Operation) -> Interval:
        match op:
            case scalar.ConstantOp():
                return op.value.value.data, op.value.value.data
            case TilingMemberOp():
                return self._extents.get(op.member.data, ANYTHING)
            case scalar.ScalarCastOp():
                return self.of(op.input)
            case scalar.ExpressionOp():
                last = op.body.block.last_op
                assert isinstance(last, scalar.YieldOp)
                return self.of(last.value)
            case scalar.ChooseOp():
                pair = self.of(op.positive), self.of(op.negative)
                return min(a for a, _ in pair), max(b for _, b in pair)
            case scalar.ArithmeticOp() if is_rest_of_loop(op):
                return 1, self.of(op.lhs)[1] - self.of(op.rhs)[0]
            case scalar.ArithmeticOp():
                return combined(op.operator.data, self.of(op.lhs), self.of(op.rhs))
            case _:
                return CORES.get(type(op), ANYTHING)


def is_rest_of_loop(op: scalar.ArithmeticOp) -> bool:
    """Whether a size is `upper - i` in a loop over i: at least 1."""
    loop = op.rhs.owner.parent_op() if isinstance(op.rhs.owner, Block) else None
    is_rest = op.operator.data == Arithmetic.SUB and isinstance(loop, ForOp)
    return is_rest and op.lhs is loop.upper


def combined(operator: Arithmetic, lhs: Interval, rhs: Interval) -> Interval:
    """What an operator makes of numbers between others."""
    (a, b), (c, d) = lhs, rhs
    match operator:
        case Arithmetic.ADD:
            return a + c, b + d
        case Arithmetic.SUB:
            return a - d, b - c
        case Arithmetic.MIN:
            return min(a, c), min(b, d)
        case Arithmetic.MAX:
            return max(a, c), max(b, d)
        case Arithmetic.MUL:
            corners = [0 if 0 in (x, y) else x * y for x in lhs for y in rhs]
            return min(corners), max(corners)
        case Arithmetic.DIV if c > 0:
            corners = [x / y if x in ANYTHING else x // y for x in lhs for y in rhs]
            return min(corners), max(corners)
        case Arithmetic.REM:
            return 0, d - 1
        case _:
            return ANYTHING
