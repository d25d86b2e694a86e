"""What the values of a graph are made of, and the axis whose positions are the tokens.

A value with the token axis is a token's. Beside those there are values that are the same
for all tokens: some are made of inputs alone and may be computed for any token; some are
sums over all tokens, or made of such, and are known behind the last one.

Pure: reads the IR, changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum

from xdsl.dialects.builtin import StringAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue

from ligrad_ir.axes import spell
from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.ragged import RowsOp, tensor
from ligrad_ir.dialects.lig.types import TensorType
from passes.to_npu.unsupported import UnsupportedError

TOKEN_AXIS = "lig.token_axis"
"""An attribute of a function that is one loop of a larger graph: its token axis."""


class Reach(Enum):
    """What a value is made of."""

    INPUTS = "inputs"
    TOKEN = "a token"
    TOKENS = "all tokens"


def sums_tokens(op: Operation, token: str) -> bool:
    """Whether what an operation makes of each token is added up for all of them."""
    match op:
        case lig.ScatterAddOp():
            return True
        case lig.MatmulOp() | lig.ReduceSumOp():
            return op.over.string_value() == token
        case _:
            return False


def reaches(ops: Iterable[Operation], token: str) -> Mapping[SSAValue, Reach]:
    """What the results of operations are made of; they come in order."""
    found: dict[SSAValue, Reach] = {}
    for op in ops:
        late = any(found.get(v) is Reach.TOKENS for v in op.operands)
        for result in op.results:
            if late or sums_tokens(op, token):
                found[result] = Reach.TOKENS
            elif token in tensor(result).axes:
                found[result] = Reach.TOKEN
            else:
                found[result] = Reach.INPUTS
    return found


def token_axis(function: FuncOp) -> str:
    """The axis that a selection has in front of its entries. Without a selection, one that
    is the first of every array that has it: of an output, or else of an input that is
    used. No name, where no array has an axis. A function may also say it (`TOKEN_AXIS`).

    Raises:
        UnsupportedError: a selection has other axes.
    """
    said = function.attributes.get(TOKEN_AXIS)
    if isinstance(said, StringAttr):
        return said.data
    block = function.body.block
    used = [argument for argument in block.args if any(True for _ in argument.uses)]
    last = block.last_op
    assert last is not None
    return token_axis_of(list(block.ops), used, last.operands)


def token_axis_of(
    ops: Iterable[Operation], inputs: Iterable[SSAValue], outputs: Iterable[SSAValue]
) -> str:
    """The same of some operations, with the arrays that they take and leave."""
    for op in ops:
        if isinstance(op, RowsOp):
            axes = tensor(op.result).axes
            if len(axes) != 2:
                raise UnsupportedError(
                    op,
                    f"indices over {spell(axes)}; they have one axis for the tokens and "
                    "one for the entries of a token",
                )
            return axes[0]
    arrays = [
        v.type.axes for v in (*outputs, *inputs) if isinstance(v.type, TensorType)
    ]
    candidates = [axes[0] for axes in arrays if axes] or [""]
    inner = {axis for axes in arrays for axis in axes[1:]}
    return next((axis for axis in candidates if axis not in inner), candidates[0])
