"""Formulas to operations: names, functions and their arguments, and what can be wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from lark import Token
from xdsl.builder import Builder
from xdsl.ir import SSAValue

from ligrad_ir import axes
from ligrad_ir.axes import AxesError, spell
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.dialects.lig.types import RealType, RowType
from ligrad_ir.dsl import syntax
from ligrad_ir.dsl.declare_axes import suggest
from ligrad_ir.dsl.diagnostics import Diagnostics, Place
from ligrad_ir.dsl.emit import Emitter
from ligrad_ir.dsl.syntax import fold
from ligrad_ir.numerals import FLOAT32_MAX
from ligrad_ir.signature import ArrayPort, Signature

SUMS = ("matmul", "reduce")
"""The functions that sum over an axis, by folded name."""


@dataclass
class Scope:
    """What names mean, and which rows the entries of a selected axis stand for."""

    values: dict[str, SSAValue | None] = field(
        default_factory=dict[str, SSAValue | None]
    )
    """By folded name; None where its formula had a mistake."""
    selections: dict[str, SSAValue] = field(default_factory=dict[str, SSAValue])
    """By entry axis: the row numbers."""


class _Mistake(Exception):
    """A formula is wrong: what, and where."""

    def __init__(self, message: str, place: Place):
        self.message, self.place = message, place
        super().__init__(message)


class _Poisoned(Exception):
    """A formula uses the result of a wrong one; nothing new to say."""


class Formulas:
    """Lowers formulas one by one; mistakes go to the diagnostics."""

    def __init__(
        self,
        scope: Scope,
        signature: Signature,
        builder: Builder,
        diagnostics: Diagnostics,
        filename: str,
        defined: Iterable[Token],
    ):
        """defined: the names of all formulas to come."""
        self._scope = scope
        self._behind = {fold(name) for name in defined} - set(scope.values)
        self._defining = ""
        self._signature = signature
        self._diagnostics = diagnostics
        self._emit = Emitter(builder, filename, scope.selections, tuple(signature.axes))
        self._inputs = frozenset(scope.values)
        self._outputs = {
            fold(name): port
            for port in signature.outputs
            for name in (port.name, *port.aliases)
        }
        packed = {a.name for a in signature.axes.values() if a.is_packed}
        rows = scope.selections.values()
        tokens = {axis for value in rows for axis in tensor(value).axes[:-1]}
        self._batch_axes = frozenset(packed | tokens)
        functions: dict[str, Callable[[syntax.Call], SSAValue]] = {
            "Relu": self._relu,
            "ReluGrad": self._relu_grad,
            "Matmul": self._matmul,
            "Gather": self._gather,
            "ScatterAdd": self._scatter_add,
            "Reduce": self._reduce,
        }
        self._function_names = tuple(functions)
        self._functions = {fold(name): call for name, call in functions.items()}

    def define(self, formula: syntax.Formula) -> None:
        """Lower one formula and bind its name."""
        name = fold(formula.name)
        if name in self._scope.values:
            what = "is an input" if name in self._inputs else "is defined already"
            self._diagnostics.error(
                f"{str(formula.name)!r} {what}; give the result another name",
                formula.name,
            )
            return
        self._defining, self._emit.formula = name, str(formula.name)
        self._behind.discard(name)
        value: SSAValue | None = None
        try:
            value = self._right_side(formula)
        except _Mistake as mistake:
            self._diagnostics.error(mistake.message, mistake.place)
        except _Poisoned:
            pass
        else:
            value.name_hint = str(formula.name)
        self._scope.values[name] = value

    def output(self, port: ArrayPort, place: Token) -> SSAValue | None:
        """The value of an output, with the declared axes, 0 at absent entries; None
        where there is a mistake, which has been recorded."""
        defined = [n for n in self._scope.values if self._outputs.get(n) is port]
        if not defined:
            self._diagnostics.error(f"no formula defines the output {port.name}", place)
            return None
        if len(defined) > 1:
            self._diagnostics.error(
                f"{port.name} is defined twice, by {' and '.join(defined)}", place
            )
            return None
        if (value := self._scope.values[defined[0]]) is None:
            return None
        declared = self._signature.tensor_type(port).axes
        if sorted(tensor(value).axes) != sorted(declared):
            self._diagnostics.error(
                f"{port.name} is declared with the axes {spell(declared)}, its formula "
                f"gives {spell(tensor(value).axes)}",
                place,
            )
            return None
        self._emit.at_value(value)
        return self._emit.masked(value)

    # ---- expressions

    def _right_side(self, formula: syntax.Formula) -> SSAValue:
        """A formula's value; the sum of a whole right side may leave its axes to the
        declaration of the output."""
        node = formula.value
        port = self._outputs.get(fold(formula.name))
        if (
            port is None
            or not isinstance(node, syntax.Call)
            or fold(node.function) != "reduce"
            or node.over is not None
        ):
            return self._number(node)
        [value] = self._arguments(node, 1)
        declared = self._signature.tensor_type(port).axes
        summed = tuple(a for a in tensor(value).axes if a not in declared)
        if not summed:
            raise _Mistake(
                f"there is nothing to sum: {spell(tensor(value).axes)} has no axis "
                f"that {port.name} {spell(declared)} lacks",
                node.meta,
            )
        self._emit.at(node.meta)
        for axis in summed:
            value = self._emit.sum(value, axis)
        return value

    def _value(self, node: syntax.Expression) -> SSAValue:
        match node:
            case syntax.Number():
                return self._constant(node, 1.0)
            case syntax.Name():
                return self._lookup(node.token)
            case syntax.Neg(operand=syntax.Number() as number):
                return self._constant(number, -1.0)
            case syntax.Neg():
                operand = self._number(node.operand)
                self._emit.at(node.meta)
                return self._emit.mul(self._emit.constant(-1.0), operand)
            case syntax.Add():
                return self._binary(self._emit.add, node)
            case syntax.Sub():
                return self._binary(self._emit.sub, node)
            case syntax.Mul():
                return self._binary(self._emit.mul, node)
            case syntax.Call():
                return self._call(node)

    def _constant(self, node: syntax.Number, sign: float) -> SSAValue:
        if node.value > FLOAT32_MAX:
            raise _Mistake("the number is more than a float32 can hold", node.token)
        self._emit.at(node.meta)
        return self._emit.constant(sign * node.value)

    def _lookup(self, token: Token) -> SSAValue:
        if fold(token) not in self._scope.values:
            raise _Mistake(self._unknown(token), token)
        value = self._scope.values[fold(token)]
        if value is None:
            raise _Poisoned
        return value

    def _unknown(self, token: Token) -> str:
        """Why a name means nothing here, and what does."""
        name, there = str(token), self._scope.values
        if fold(token) in map(fold, (s.name for s in self._signature.scalars)):
            return f"{name!r} is an attribute, and formulas compute with arrays only"
        if fold(token) in map(fold, self._signature.axes):
            return f"{name!r} is an axis, and formulas compute with arrays only"
        if fold(token) == self._defining:
            return f"{name!r} is what this formula defines{suggest('', there)}"
        if fold(token) in self._behind:
            return f"the formula of {name!r} stands further down; move it up"
        return f"{name!r} is not defined{suggest(token, there)}"

    def _number(self, node: syntax.Expression) -> SSAValue:
        value = self._value(node)
        if not isinstance(tensor(value).element_type, RealType):
            raise _Mistake("indices are no numbers to compute with", node.meta)
        return value

    def _binary(
        self,
        emit: Callable[[SSAValue, SSAValue], SSAValue],
        node: syntax.Add | syntax.Sub | syntax.Mul,
    ) -> SSAValue:
        lhs, rhs = self._number(node.lhs), self._number(node.rhs)
        self._emit.at(node.meta)
        return emit(lhs, rhs)

    # ---- functions

    def _call(self, node: syntax.Call) -> SSAValue:
        function = self._functions.get(fold(node.function))
        if function is None:
            hint = suggest(node.function, self._function_names)
            raise _Mistake(
                f"there is no function {str(node.function)!r}{hint}", node.function
            )
        try:
            return function(node)
        except AxesError as error:
            raise _Mistake(str(error), node.meta) from error

    def _arguments(self, node: syntax.Call, count: int) -> list[SSAValue]:
        self._check_count(node, count)
        values = [self._number(argument) for argument in node.arguments.items]
        self._emit.at(node.meta)
        return values

    def _with_rows(self, node: syntax.Call) -> tuple[SSAValue, SSAValue]:
        self._check_count(node, 2)
        first, second = node.arguments.items
        value, rows = self._number(first), self._value(second)
        if not isinstance(tensor(rows).element_type, RowType):
            raise _Mistake(
                f"the second argument of {node.function} is an input declared with "
                "'selects AXIS'",
                second.meta,
            )
        self._emit.at(node.meta)
        return value, rows

    def _check_count(self, node: syntax.Call, count: int) -> None:
        if (given := len(node.arguments.items)) != count:
            plural = "s" * (count > 1)
            sums = given > count and fold(node.function) in SUMS
            hint = "; the axis that is summed stands behind 'over'" if sums else ""
            raise _Mistake(
                f"{node.function} takes {count} argument{plural}, not {given}{hint}",
                node.function,
            )
        if node.over is not None and fold(node.function) not in SUMS:
            raise _Mistake(f"{node.function} sums over no axis", node.over)

    def _relu(self, node: syntax.Call) -> SSAValue:
        [operand] = self._arguments(node, 1)
        return self._emit.relu(operand)

    def _relu_grad(self, node: syntax.Call) -> SSAValue:
        gradient, output = self._arguments(node, 2)
        return self._emit.relu_grad(gradient, output)

    def _matmul(self, node: syntax.Call) -> SSAValue:
        lhs, rhs = self._arguments(node, 2)
        over = self._over(node) or axes.contracted(
            tensor(lhs).axes, tensor(rhs).axes, self._batch_axes
        )
        return self._emit.matmul(lhs, rhs, over)

    def _gather(self, node: syntax.Call) -> SSAValue:
        source, rows = self._with_rows(node)
        return self._emit.gather(source, rows)

    def _scatter_add(self, node: syntax.Call) -> SSAValue:
        updates, rows = self._with_rows(node)
        return self._emit.scatter_add(updates, rows)

    def _reduce(self, node: syntax.Call) -> SSAValue:
        [operand] = self._arguments(node, 1)
        over = self._over(node)
        if over is None:
            raise _Mistake(
                "which axes this sums is only clear where its result is a declared "
                "output; name one: Reduce(x over AXIS)",
                node.meta,
            )
        return self._emit.sum(operand, over)

    def _over(self, node: syntax.Call) -> str | None:
        if node.over is None:
            return None
        known = {fold(name): name for name in self._signature.axes}
        if (name := known.get(fold(node.over))) is None:
            raise _Mistake(
                f"there is no axis {str(node.over)!r}"
                f"{suggest(node.over, self._signature.axes)}",
                node.over,
            )
        return name
