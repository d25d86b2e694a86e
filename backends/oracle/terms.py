"""Formulas to terms: names looked up, axes known, sums told apart by how they run.

A term is a formula's expression with every name replaced by what it stands for. Equal
expressions are the same term, so each is computed once a token. Some axes are walked
over one point at a time, in a loop: the token axes of every selection. A term never
sums such an axis while it is at one of its points; what needs all points of a loop is
`stored`: computed by a loop of its own, and kept as a whole array.

| op | value | stored |
| --- | --- | --- |
| number, input, add, sub, mul, neg, relu, relu_grad | as their names say | |
| gather | x with the rows that index input `name` selects | |
| contract | the sum of x * y over `over` | |
| sum | the sum of x over `over` | |
| half | x, rounded to the half dtype by the device | |
| scatter | x added to the rows that index input `name` selects | yes |
| total | the sum of x over the walked axes `over` | yes |
| table | x at every point | yes |
"""

from __future__ import annotations

from dataclasses import dataclass

from backends.oracle.declarations import Declarations, Place, Selection, mistake
from ligrad_ir.dsl import syntax
from ligrad_ir.dsl.syntax import fold
from ligrad_ir.errors import DslError

_STORED = frozenset({"scatter", "total", "table"})
HALVES = ("half", "fp16", "bf16")
_BINARY = {syntax.Add: "add", syntax.Sub: "sub", syntax.Mul: "mul"}
_ARITY = {
    "relu": 1,
    "relugrad": 2,
    "gather": 2,
    "matmul": 2,
    "reduce": 1,
    "scatteradd": 2,
}


@dataclass(frozen=True, eq=False)
class Term:
    """One value of the program; `moved` says that it consists of unaltered entries of
    half inputs, their negatives and zeros."""

    op: str
    args: tuple[Term, ...] = ()
    axes: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    name: str = ""
    number: float = 0.0
    moved: bool = False

    @property
    def stored(self) -> bool:
        """Whether the term is computed by a loop of its own."""
        return self.op in _STORED


def _union(*groups: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(axis for group in groups for axis in group))


def _without(axes: tuple[str, ...], gone: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(axis for axis in axes if axis not in gone)


class Resolver:
    """Turns the formulas of one program into terms.

    `mixed` says that the operands of a matrix product are half numbers on the device.
    """

    def __init__(self, declared: Declarations, *, mixed: bool):
        self._declared = declared
        self._mixed = mixed
        self._known: dict[tuple[object, ...], Term] = {}
        self._results: dict[str, Term] = {}

    def outputs(self) -> dict[str, Term]:
        """The term of every declared output, as a table over the output's axes.

        Raises:
            DslError: if a formula has no meaning, or an output has no formula.
        """
        declared = self._declared
        found: dict[str, Term] = {}
        for statement in declared.program.statements:
            if isinstance(statement, syntax.Formula):
                name = fold(statement.name)
                name = declared.output_aliases.get(name, name)
                value = self._formula(name, statement)
                self._results[name] = value
                if name in declared.outputs:
                    axes = declared.axes(declared.outputs[name])
                    extra = _without(value.axes, axes)
                    if extra:
                        raise self._mistake(
                            statement.name, f"the result also has the axes {extra}"
                        )
                    found[name] = self._term("table", (value,), axes)
        for name, output in declared.outputs.items():
            if name not in found:
                raise DslError([f"no formula for the output '{output.spelled}'"])
        return {name: found[name] for name in declared.outputs}

    def _formula(self, name: str, formula: syntax.Formula) -> Term:
        value, output = formula.value, self._declared.outputs.get(name)
        if (
            isinstance(value, syntax.Call)
            and fold(value.function) == "reduce"
            and value.over is None
            and output is not None
        ):
            (x,) = self._arguments(value)
            over = _without(x.axes, self._declared.axes(output))
            if not over:
                raise self._mistake(value.function, "there is no axis to sum over")
            return self._summed(x, over)
        return self._expression(value)

    def _mistake(self, place: Place, message: str) -> DslError:
        return mistake(self._declared.program, place, message)

    def _term(
        self,
        op: str,
        args: tuple[Term, ...],
        axes: tuple[str, ...],
        *,
        over: tuple[str, ...] = (),
        name: str = "",
        number: float = 0.0,
        moved: bool = False,
    ) -> Term:
        key = (op, args, axes, over, name, number)
        if key not in self._known:
            self._known[key] = Term(op, args, axes, over, name, number, moved)
        return self._known[key]

    def _expression(self, tree: syntax.Expression) -> Term:
        match tree:
            case syntax.Number():
                return self._term("number", (), (), number=tree.value)
            case syntax.Name():
                return self._name(tree)
            case syntax.Neg(operand=operand):
                x = self._expression(operand)
                return self._term("neg", (x,), x.axes, moved=x.moved)
            case syntax.Call():
                return self._call(tree)
            case _:
                x, y = self._expression(tree.lhs), self._expression(tree.rhs)
                return self._term(_BINARY[type(tree)], (x, y), self._broadcast(x, y))

    def _broadcast(self, x: Term, y: Term) -> tuple[str, ...]:
        """The axes of both in the order of declaration, so that results line up."""
        return tuple(sorted(_union(x.axes, y.axes), key=self._declared.order.index))

    def _name(self, use: syntax.Name) -> Term:
        declared, token, name = self._declared, use.token, fold(use.token)
        result = self._results.get(declared.output_aliases.get(name, name))
        if result is not None:
            return result
        known = declared.input_aliases.get(name)
        if known is None:
            raise self._mistake(token, f"nothing is called '{token}' here")
        if known in declared.selections or known in declared.ends.values():
            raise self._mistake(token, f"'{token}' holds indices, not numbers")
        variable = declared.inputs[known]
        moved = variable.dtype in HALVES
        return self._term("input", (), declared.axes(variable), name=known, moved=moved)

    def _arguments(self, call: syntax.Call) -> list[Term]:
        function = fold(call.function)
        items = call.arguments.items
        if len(items) != _ARITY.get(function):
            raise self._mistake(
                call.function, f"no {call.function} of {len(items)} arguments"
            )
        numbers = items[:1] if function in ("gather", "scatteradd") else items
        return [self._expression(item) for item in numbers]

    def _call(self, call: syntax.Call) -> Term:
        args = self._arguments(call)
        match fold(call.function):
            case "relu":
                return self._term(
                    "relu", tuple(args), args[0].axes, moved=args[0].moved
                )
            case "relugrad":
                axes = self._broadcast(args[0], args[1])
                return self._term("relu_grad", tuple(args), axes, moved=args[0].moved)
            case "gather":
                return self._gather(call, args[0])
            case "matmul":
                return self._matmul(call, args[0], args[1])
            case "reduce":
                return self._reduce(call, args[0])
            case _:
                return self._scatter(call, args[0])

    def _selection(self, call: syntax.Call) -> Selection:
        index = call.arguments.items[1]
        if isinstance(index, syntax.Name):
            known = self._declared.input_aliases.get(fold(index.token))
            if known in self._declared.selections:
                return self._declared.selections[known]
        raise self._mistake(call.function, "the second argument must be an index input")

    def _gather(self, call: syntax.Call, x: Term) -> Term:
        selection = self._selection(call)
        if selection.target not in x.axes or selection.entries in x.axes:
            raise self._mistake(
                call.function, f"cannot select along '{selection.target}' of {x.axes}"
            )
        moved = x.moved
        if selection.target in self._declared.tokens:  # needs many points at a time
            x = self._term("table", (x,), x.axes)
        kept = _without(x.axes, (selection.target,))
        axes = _union(kept, selection.tokens, (selection.entries,))
        return self._term("gather", (x,), axes, name=selection.index, moved=moved)

    def _scatter(self, call: syntax.Call, x: Term) -> Term:
        selection = self._selection(call)
        if selection.target in x.axes:
            raise self._mistake(call.function, f"the values have '{selection.target}'")
        kept = _without(x.axes, (*selection.tokens, selection.entries))
        axes = (selection.target, *kept)
        return self._term("scatter", (x,), axes, name=selection.index)

    def _matmul(self, call: syntax.Call, x: Term, y: Term) -> Term:
        shared = tuple(axis for axis in x.axes if axis in y.axes)
        if call.over is not None:
            over = (fold(call.over),)
        else:
            batch = (*self._declared.packed, *self._declared.tokens)
            over = _without(shared, batch)
        if len(over) != 1 or over[0] not in shared:
            raise self._mistake(
                call.function,
                f"cannot sum a product of {x.axes} and {y.axes} over {over}",
            )
        x, y = self._operand(x), self._operand(y)
        axes = _union(x.axes, y.axes)
        if over[0] in self._declared.tokens:
            return self._summed(self._term("mul", (x, y), axes), over)
        return self._term("contract", (x, y), _without(axes, over), over=over)

    def _operand(self, x: Term) -> Term:
        if x.moved or not self._mixed:
            return x
        return self._term("half", (x,), x.axes)

    def _reduce(self, call: syntax.Call, x: Term) -> Term:
        over = () if call.over is None else (fold(call.over),)
        if not over or over[0] not in x.axes:
            raise self._mistake(
                call.function, f"which axis of {x.axes} is to be summed?"
            )
        return self._summed(x, over)

    def _summed(self, x: Term, over: tuple[str, ...]) -> Term:
        walked = tuple(axis for axis in over if axis in self._declared.tokens)
        inner = _without(over, walked)
        if inner:
            x = self._term("sum", (x,), _without(x.axes, inner), over=inner)
        if walked:
            x = self._term("total", (x,), _without(x.axes, walked), over=walked)
        return x
