"""Programs as data: axes, arrays and formulas, their types, and the text they stand for.

The types here follow docs/spec.md and share nothing with the compiler, so that a program
that it refuses can be told from a program that is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

Axes = frozenset[str]
BINARY = {"add": "+", "sub": "-", "mul": "*"}
CALLS = {
    "relu": "Relu",
    "relu_grad": "ReluGrad",
    "matmul": "Matmul",
    "reduce": "Reduce",
    "gather": "Gather",
    "scatter_add": "ScatterAdd",
}


class InvalidError(Exception):
    """The program breaks a rule of the language."""


@dataclass(frozen=True)
class Axis:
    """A dense axis `low..high` (of one extent where they are the same), or one that packs
    runs. at_least: an axis that stands for the lower bound; same_as: the axis whose
    extent it has."""

    name: str
    low: int = 1
    high: int = 1
    packs: tuple[str, str] | None = None
    at_least: str | None = None
    same_as: str | None = None

    @property
    def is_unit(self) -> bool:
        """Whether the extent is always 1: no axis of a value."""
        return self.packs is None and self.low == self.high == 1

    def text(self) -> str:
        """The declaration."""
        if self.packs is not None:
            return f"axis {self.name} = {' * '.join(self.packs)}"
        if self.same_as or self.low == self.high:
            return f"axis {self.name} = {self.same_as or self.low}"
        return f"axis {self.name} in {self.at_least or self.low}..{self.high}"


@dataclass(frozen=True)
class Array:
    """An input or output. optional: dimensions of extent 1 that callers leave out;
    selects, mode, ends: as behind an input."""

    name: str
    dtype: str
    dims: tuple[str, ...]
    optional: Axes = frozenset()
    selects: str | None = None
    mode: str | None = None
    ends: str | None = None

    def text(self, kind: str) -> str:
        """The declaration."""
        dims = ", ".join(dim + "?" * (dim in self.optional) for dim in self.dims)
        role = f" ends {self.ends}" if self.ends else ""
        if self.selects:
            role = f" selects {self.selects}" + f" by {self.mode}" * bool(self.mode)
        return f"{kind} {self.name} : {self.dtype}[{dims}]{role}"


@dataclass(frozen=True)
class Node:
    """An expression. name: what a `name` means, the axis that is summed (of a `reduce`
    without one: ""), or the selection of a gather; implied: the axis is left to the
    language where it can tell."""

    op: str
    args: tuple[Node, ...] = ()
    name: str = ""
    number: float = 0.0
    implied: bool = False

    def walk(self) -> Iterator[Node]:
        """This node and all below it."""
        yield self
        for arg in self.args:
            yield from arg.walk()


def named(name: str) -> Node:
    """The use of a value."""
    return Node("name", name=name)


@dataclass(frozen=True)
class Attribute:
    """An int64 attribute: a mode with its choices, or the extent of an axis."""

    name: str
    default: int | str
    choices: tuple[int, ...] = ()

    def text(self) -> str:
        """The declaration."""
        choices = f" in {{{', '.join(map(str, self.choices))}}}" * bool(self.choices)
        return f"attribute {self.name} : int64{choices} = {self.default}"


@dataclass(frozen=True)
class Program:
    """A program; formulas in order, those of outputs among them."""

    axes: tuple[Axis, ...]
    inputs: tuple[Array, ...]
    outputs: tuple[Array, ...]
    formulas: tuple[tuple[str, Node], ...]
    attributes: tuple[Attribute, ...] = ()
    name: str = "RandomProgram"

    def axis(self, name: str) -> Axis:
        """An axis by its name."""
        return next(axis for axis in self.axes if axis.name == name)

    def selection(self, name: str) -> Array:
        """A selection by its name."""
        for each in self.inputs:
            if each.name == name and each.selects:
                return each
        raise InvalidError(f"{name} selects nothing")

    def axes_of(self, array: Array) -> Axes:
        """The axes that formulas see."""
        return frozenset(dim for dim in array.dims if not self.axis(dim).is_unit)

    def entries(self, selection: Array) -> str:
        """The axis of a selection's entries."""
        return [dim for dim in selection.dims if not self.axis(dim).is_unit][-1]

    def batch_axes(self) -> Axes:
        """Those that a product without `over` does not sum."""
        packed = {axis.name for axis in self.axes if axis.packs}
        tokens = {
            axis
            for each in self.inputs
            if each.selects
            for axis in self.axes_of(each) - {self.entries(each)}
        }
        return frozenset(packed | tokens)

    def values(self) -> dict[str, Axes]:
        """The axes of every value, by name.

        Raises:
            InvalidError: what rule is broken.
        """
        found = {
            each.name: self.axes_of(each)
            for each in self.inputs
            if not each.selects and not each.ends
        }
        declared = {each.name: self.axes_of(each) for each in self.outputs}
        for name, node in self.formulas:
            if node.op == "reduce" and not node.name:
                axes = self.type_of(node.args[0], found)
                if name not in declared or not declared[name] < axes:
                    raise InvalidError(f"{name} sums nothing")
                found[name] = declared[name]
            else:
                found[name] = self.type_of(node, found)
        for name, axes in declared.items():
            if found.get(name) != axes:
                raise InvalidError(f"{name} is declared with other axes")
        return found

    def all_axes(self) -> Iterator[Axes]:
        """The axes of every value on the way, inputs included."""
        found = self.values()
        yield from found.values()
        for _, node in self.formulas:
            for each in node.walk():
                if not (each.op == "reduce" and not each.name):
                    yield self.type_of(each, found)

    def type_of(self, node: Node, known: Mapping[str, Axes]) -> Axes:
        """The axes of an expression, with those of the names that it uses.

        Raises:
            InvalidError: what rule is broken.
        """
        args = [self.type_of(arg, known) for arg in node.args]
        match node.op:
            case "number":
                return frozenset()
            case "name":
                if node.name not in known:
                    raise InvalidError(f"{node.name} is not defined")
                return known[node.name]
            case "neg" | "relu":
                return args[0]
            case "add" | "sub" | "mul" | "relu_grad":
                return args[0] | args[1]
            case "matmul":
                if node.name not in args[0] & args[1]:
                    raise InvalidError(f"{node.name} is not shared")
                return (args[0] | args[1]) - {node.name}
            case "reduce":
                if node.name not in args[0]:
                    raise InvalidError(f"there is no {node.name!r} to sum")
                return args[0] - {node.name}
            case "gather":
                return self._gather(args[0], self.selection(node.name))
            case "scatter_add":
                return self._scatter(args[0], self.selection(node.name))
            case _:
                raise AssertionError(node.op)

    def _gather(self, source: Axes, selection: Array) -> Axes:
        rows = self.axes_of(selection)
        if selection.selects not in source or rows & source:
            raise InvalidError("the source lacks the rows, or has entries")
        return source - {selection.selects} | rows

    def _scatter(self, updates: Axes, selection: Array) -> Axes:
        rows = self.axes_of(selection)
        if not rows <= updates or selection.selects in updates:
            raise InvalidError("the updates lack entries, or have rows")
        return updates - rows | {str(selection.selects)}

    # ---- text

    def text(self) -> str:
        """The `.lig` text."""
        known = self.values()
        return "\n".join(
            [
                f"operator {self.name}",
                *(axis.text() for axis in self.axes),
                *(each.text("input") for each in self.inputs),
                *(each.text() for each in self.attributes),
                *(each.text("output") for each in self.outputs),
                *(
                    f"{name} = {self._side(node, known)}"
                    for name, node in self.formulas
                ),
                "",
            ]
        )

    def _side(self, node: Node, known: Mapping[str, Axes]) -> str:
        text = self._text(node, known)
        return text[1:-1] if node.op in BINARY else text

    def _text(self, node: Node, known: Mapping[str, Axes]) -> str:
        if node.op == "name":
            return node.name
        if node.op == "number":
            return f"{node.number:g}"
        args = [self._text(arg, known) for arg in node.args]
        if node.op == "neg":
            return f"-{args[0]}" if node.args[0].op != "neg" else f"-({args[0]})"
        if node.op in BINARY:
            return f"({args[0]} {BINARY[node.op]} {args[1]})"
        if node.op in ("gather", "scatter_add"):
            args.append(node.name)
        over = f" over {node.name}" * (node.op in ("matmul", "reduce"))
        if not node.name or (node.op == "matmul" and self._tells(node, known)):
            over = ""
        return f"{CALLS[node.op]}({', '.join(args)}{over})"

    def _tells(self, node: Node, known: Mapping[str, Axes]) -> bool:
        left, right = (self.type_of(arg, known) for arg in node.args)
        return node.implied and left & right - self.batch_axes() == {node.name}

    # ---- what is needed

    def untold(self) -> Axes:
        """The dense axes whose extent nothing tells, in one of the layouts."""
        given = (each for each in self.inputs if not each.ends)
        told = self._dense(dim for each in given for dim in each.dims)
        told |= {a.name for a in self.axes if not a.packs and a.low == a.high}
        told |= {str(each.default) for each in self.attributes}
        used = self._dense(dim for each in self.outputs for dim in each.dims)
        used |= self._dense(each.selects for each in self.inputs if each.selects)
        bounds = [a for axis in self.axes for a in (axis.at_least, axis.same_as)]
        used |= {name for name in bounds if name}
        told |= {a.name for a in self.axes if a.same_as in told}
        return frozenset(used - told)

    def _dense(self, names: Iterable[str]) -> set[str]:
        """The axes, with their parts in the place of packed ones."""
        axes = map(self.axis, names)
        return {part for axis in axes for part in axis.packs or (axis.name,)}

    def pruned(self) -> Program:
        """Without formulas, inputs, attributes and axes that no output needs."""
        needed = {each.name for each in self.outputs}
        formulas: list[tuple[str, Node]] = []
        for name, node in reversed(self.formulas):
            if name in needed:
                formulas.append((name, node))
                needed |= {each.name for each in node.walk() if each.name}
        kept = [each for each in self.inputs if each.name in needed]
        used = {dim for each in (*kept, *self.outputs) for dim in each.dims}
        used |= {each.selects for each in kept if each.selects}
        used |= {part for a in self.axes if a.name in used for part in a.packs or ()}
        modes = {each.mode for each in kept}
        return replace(
            self,
            axes=tuple(
                replace(
                    axis,
                    at_least=axis.at_least if axis.at_least in used else None,
                    same_as=axis.same_as if axis.same_as in used else None,
                )
                for axis in self.axes
                if axis.name in used
            ),
            inputs=tuple(e for e in self.inputs if e in kept or e.ends in used),
            formulas=tuple(reversed(formulas)),
            attributes=tuple(
                each
                for each in self.attributes
                if each.name in modes or each.default in used
            ),
        )
