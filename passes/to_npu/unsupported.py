"""What is said of formulas that no kernel can be made of."""

from __future__ import annotations

from xdsl.ir import Operation, SSAValue
from xdsl.utils.exceptions import PassFailedException

from ligrad_ir.axes import spell
from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.places import place_of


class UnsupportedError(PassFailedException):
    """A graph that a pass cannot lower, though nothing is wrong with it.

    at: what it stumbles over, whose place is that of the formula or the declaration; op:
    the same, if it is an operation; reason: what is not supported, in the words of
    formulas; remedy: what would be right, if something would.
    """

    def __init__(self, at: Operation | SSAValue, reason: str, remedy: str = ""):
        self.at = at
        maker = at.owner if isinstance(at, SSAValue) else at
        self.op = maker if isinstance(maker, Operation) else None
        place = place_of(at)
        where = f"{place}: error" if place else getattr(self.op, "name", "an argument")
        cure = f"; {remedy}" if remedy else ""
        super().__init__(f"{where}: no kernel for this: {reason}{cure}")


def apart(value: SSAValue) -> str:
    """To compute a value in another operator, as a remedy."""
    return f"compute {said(value)} in an operator of its own"


def said(value: SSAValue) -> str:
    """What formulas call a value: its name, or what makes it."""
    maker, name = value.owner, value.name_hint
    if not isinstance(maker, Operation):
        return name or "an input"
    if name is not None and "." not in name:
        return name
    if isinstance(maker, lig.CastOp | lig.MaskOp):
        return said(maker.input)
    words = called(maker)
    return f"the {words[2:]}" if words.startswith("a ") else f"the result of {words}"


def called(op: Operation) -> str:
    """What formulas call an operation; a conversion, what it is for."""
    if isinstance(op, lig.CastOp | lig.MaskOp):
        users = [use.operation for use in op.result.uses if use.operation.results]
        return called(users[0]) if users else "the output"
    return _WORDS.get(type(op), op.name)


def axes_of(value: SSAValue) -> str:
    """The axes of a value, as formulas spell them."""
    return spell(tensor(value).axes)


_WORDS: dict[type[Operation], str] = {
    lig.AddOp: "a sum",
    lig.ConstantOp: "a number",
    lig.GatherOp: "Gather",
    lig.MatmulOp: "Matmul",
    lig.MulOp: "a product",
    lig.ReduceSumOp: "Reduce",
    lig.ReluGradOp: "ReluGrad",
    lig.ReluOp: "Relu",
    lig.ScatterAddOp: "ScatterAdd",
    lig.SubOp: "a difference",
}


def computed_apart(op: Operation, operand: SSAValue) -> UnsupportedError:
    """For an operation on the vector cores that needs what they are just computing."""
    return UnsupportedError(
        op,
        f"{called(op)} needs {said(operand)}, which the two vector cores compute just "
        "before, each a part of it",
        apart(operand),
    )
