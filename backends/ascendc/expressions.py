"""Scalar expressions in C++, with the parentheses that they need."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from xdsl.ir import Block, SSAValue

from backends.ascendc.base import StatementPrinter
from backends.ascendc.names import CHOICES, OPERATORS, PREDICATES, cpp_type
from ligrad_ir.dialects.ascendc import scalar
from ligrad_ir.dialects.ascendc.enums import Arithmetic


class Binding(IntEnum):
    """How tightly the outermost operator of an expression binds."""

    CHOICE = 0
    COMPARISON = 1
    OTHER = 2
    SUM = 3
    PRODUCT = 4
    NAME = 5


BINDINGS = {
    Arithmetic.ADD: Binding.SUM,
    Arithmetic.SUB: Binding.SUM,
    Arithmetic.MUL: Binding.PRODUCT,
    Arithmetic.DIV: Binding.PRODUCT,
    Arithmetic.REM: Binding.PRODUCT,
    Arithmetic.MIN: Binding.CHOICE,
    Arithmetic.MAX: Binding.CHOICE,
}
"""Of the operators; the others are written with parentheses inside anything."""


@dataclass(eq=False, repr=False)
class ExpressionPrinter(StatementPrinter):
    """Writes scalar operations as expressions of their operands."""

    def expression(self, value: SSAValue, inside: Block | None) -> tuple[str, Binding]:
        """A value: what computes it, if that stands in the block, or its name."""
        owner = value.owner
        if isinstance(owner, scalar.TERMS) and inside is not None:
            if owner.parent is inside:
                return self.term(owner, inside)
        return self.name(value), Binding.NAME

    def term(self, op: scalar.Term, inside: Block | None) -> tuple[str, Binding]:
        """An operation, its operands written out as far as they stand in the block."""

        def part(value: SSAValue, least: Binding) -> str:
            text, binding = self.expression(value, inside)
            return text if binding >= least else f"({text})"

        match op:
            case scalar.ScalarCastOp():
                text, _ = self.expression(op.input, inside)
                return f"static_cast<{cpp_type(op.result.type)}>({text})", Binding.NAME
            case scalar.ChooseOp():
                names = (op.condition, op.positive, op.negative)
                a, b, c = (part(value, Binding.COMPARISON) for value in names)
                return f"{a} ? {b} : {c}", Binding.CHOICE
            case scalar.CmpOp():
                a, b = (part(value, Binding.SUM) for value in (op.lhs, op.rhs))
                return f"{a} {PREDICATES[op.predicate.data]} {b}", Binding.COMPARISON
            case scalar.ArithmeticOp():
                operator = op.operator.data
                if (choice := CHOICES.get(operator)) is not None:
                    a, b = (part(value, Binding.NAME) for value in (op.lhs, op.rhs))
                    return f"{a} {choice} {b} ? {a} : {b}", Binding.CHOICE
                binding = BINDINGS.get(operator, Binding.OTHER)
                loose = binding if binding >= Binding.SUM else Binding.NAME
                left = part(op.lhs, loose)
                right = part(op.rhs, Binding(min(binding + 1, Binding.NAME)))
                if binding is Binding.OTHER:
                    right = part(op.rhs, Binding.NAME)
                return f"{left} {OPERATORS[operator]} {right}", binding
