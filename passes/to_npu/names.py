"""What the values of a graph are called where the program speaks of them."""

from __future__ import annotations

from xdsl.ir import Operation, SSAValue

from ligrad_ir.dialects.lig import ops as lig


def spoken(value: SSAValue) -> str:
    """The name of a value; without one, what it is to the next value that has one.

    `dQ.lhs` is the left operand of the product that dQ is, `dQ.mask` a mask on the way
    there, `dy.cast` the value dy in another type.
    """
    if value.name_hint is not None:
        return value.name_hint
    if not isinstance(maker := value.owner, Operation):
        return "value"
    kind = maker.name.rpartition(".")[2]
    if isinstance(maker, lig.CastOp | lig.MaskOp) and maker.input.name_hint:
        return f"{maker.input.name_hint}.{kind}"
    user = _first_user(value)
    if isinstance(user, lig.MatmulOp):
        kind = "lhs" if user.lhs is value else "rhs"
    while user is not None and user.results[0].name_hint is None:
        user = _first_user(user.results[0])
    return kind if user is None else f"{user.results[0].name_hint}.{kind}"


def label_of(value: SSAValue) -> str:
    """The name of a value as part of a symbol."""
    return spoken(value).replace(".", "_")


def _first_user(value: SSAValue) -> Operation | None:
    """The first operation in the block that uses a value, if it has a result."""
    users = {use.operation for use in value.uses}
    block = value.owner.parent if isinstance(value.owner, Operation) else value.owner
    ops = () if block is None else block.ops
    user = next((op for op in ops if op in users), None)
    return user if user is not None and user.results else None
