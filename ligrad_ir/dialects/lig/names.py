"""What the values of a graph are called, wherever a program or a message speaks of them.

A formula names its value. What stands inside of a formula, or is made by a pass, is named
after what it is of: `Key.rows` are gathered rows of Key, `S.product` is the product inside
of the formula of S, `dy.bf16` is dy as bfloat16. So a name never says more than is true.
"""

from __future__ import annotations

from collections.abc import Iterable

from xdsl.ir import Operation, SSAValue

from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.ragged import tensor

ROLES: dict[type[Operation], str] = {
    lig.GatherOp: "rows",
    lig.MaskOp: "masked",
    lig.MatmulOp: "product",
    lig.ReduceSumOp: "sum",
    lig.ReluGradOp: "relu_grad",
    lig.ReluOp: "relu",
    lig.ScatterAddOp: "added",
}
"""What operations make of their first operand; other operations go by their own name."""
FIRST_OPERANDS = (lig.CastOp, lig.GatherOp, lig.MaskOp, lig.MulOp, lig.ReluGradOp)
"""Operations whose result is named after an operand, also inside of a formula."""


def part_name(value: SSAValue, formula: str) -> str:
    """The name of a value inside of a formula that has one."""
    op = value.owner
    if isinstance(op, FIRST_OPERANDS):
        return name_of(value)
    return f"{formula}.{_role(op)}" if isinstance(op, Operation) else formula


def name_of(value: SSAValue) -> str:
    """The name of a value; without one, what it is of its operands."""
    op = value.owner
    if value.name_hint is not None or not isinstance(op, Operation):
        return value.name_hint or "value"
    if not op.operands:
        return _role(op)
    if isinstance(op, lig.CastOp):
        return f"{name_of(op.input)}.{_role(op)}"
    return f"{_base(op.operands[0])}.{_role(op)}"


def name_parts(made: Iterable[Operation]) -> None:
    """Name what a rewrite makes on the way to its result, which takes the name of the
    operation that it replaces; without this, xDSL gives that name to all of them."""
    *parts, _ = made
    for op in parts:
        for result in op.results:
            result.name_hint = name_of(result)


def label_of(value: SSAValue) -> str:
    """The name of a value as an identifier."""
    return name_of(value).replace(".", "_")


def _role(op: Operation) -> str:
    match op:
        case lig.CastOp():
            return str(tensor(op.result).element_type)
        case lig.MulOp():
            return f"times_{_base(op.rhs)}"
        case _:
            return ROLES.get(type(op), op.name.rpartition(".")[2])


def _base(value: SSAValue) -> str:
    """The name of a value, whatever type it is in."""
    name, op = name_of(value), value.owner
    return name.removesuffix(f".{_role(op)}") if isinstance(op, lig.CastOp) else name
