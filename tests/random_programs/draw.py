"""Draws programs of the whole language: axes, arrays, formulas."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tests.random_programs.program import (
    Array,
    Attribute,
    Axes,
    Axis,
    InvalidError,
    Node,
    Program,
    named,
)

FEATURES = (1, 2, 3, 5, 7, 8, 13, 16, 17, 31, 32, 33, 48, 64, 65, 96, 100, 128)
NUMBERS = (2.0, 0.5, 0.0883883, 1.25, 3.0, 1.0, 0.0)
MOST_AXES = 4
OPERATIONS = {
    "add": 2,
    "sub": 2,
    "mul": 4,
    "neg": 1,
    "relu": 3,
    "relu_grad": 3,
    "matmul": 5,
    "reduce": 4,
    "gather": 4,
    "scatter_add": 3,
}
SHAPED = ("gather", "scatter_add", "matmul", "reduce")


@dataclass(frozen=True)
class Sizes:
    """How large programs get. most: elements of one value; tokens, entries, feature: the
    largest extents."""

    most: int = 20_000
    tokens: int = 9
    entries: int = 20
    feature: int = 128


@dataclass(frozen=True)
class Drawn:
    """A program, and the extents of its dense axes; the lengths of runs are drawn with
    the inputs."""

    program: Program
    extents: Mapping[str, int]


class Skeleton:
    """The axes and selections that a program is built on."""

    def __init__(self, rng: random.Random, sizes: Sizes):
        self.rng, self.sizes = rng, sizes
        self.axes: list[Axis] = []
        self.inputs: list[Array] = []
        self.attributes: list[Attribute] = []
        self.extents: dict[str, int] = {}
        self.half = rng.choice(["half"] * 10 + ["fp16", "bf16"])

    def dense(
        self, name: str, most: int, *, fixed: bool | None = None, least: int = 1
    ) -> str:
        """Add a dense axis; with a range, or of one extent that is at least `least`."""
        rng = self.rng
        others = [a for a in self.axes if not a.packs and a.low < a.high <= most]
        if others and rng.random() < 0.1:
            like = rng.choice(others)
            self.axes.append(replace(like, name=name, same_as=like.name))
            self.extents[name] = self.extents[like.name]
            return name
        extent = rng.choice([n for n in FEATURES if n <= most] or [1])
        if rng.random() < 0.5:
            extent = rng.randint(1, most)
        if fixed if fixed is not None else rng.random() < 0.4:
            extent = max(extent, least)
            self.axes.append(Axis(name, extent, extent))
        else:
            self.axes.append(Axis(name, 1, rng.choice([max(extent, 64), 2048])))
        self.extents[name] = extent
        return name

    def batches(self, *names: tuple[str, str]) -> None:
        """Add packed axes over a batch axis B: (axis, its length)."""
        self.axes.append(Axis("B", 1, 64))
        self.extents["B"] = self.rng.choice((1, 2, 3, 4))
        for name, length in names:
            self.axes.append(Axis(length, 1, 4096))
            self.axes.append(Axis(name, packs=("B", length)))
            self.inputs.append(
                Array(f"ends_{name.lower()}", "int32", ("B",), ends=name)
            )
            most = self.sizes.tokens // 2 if name == "T" else 2 * self.sizes.entries
            self.extents[length] = self.rng.randint(1, max(1, most))

    def selection(
        self, name: str, tokens: tuple[str, ...], entry: str, of: str
    ) -> None:
        """Add a selection with an entry axis of its own."""
        self.dense(entry, self.sizes.entries, least=2)
        mode = None
        if len(tokens) == 1 and self.rng.random() < 0.5:
            mode = "mode"
            if not self.attributes:
                default = self.rng.choice((0, 3))
                self.attributes.append(Attribute("mode", default, (0, 3)))
        for i, axis in enumerate(self.axes):
            if axis.name in (of, "S2") and self.extents.get(axis.name, 0) >= (
                self.extents[entry] + self.rng.choice((0, 99))
            ):
                self.axes[i] = replace(axis, at_least=entry, same_as=None)
        dims, optional = [*tokens, entry], frozenset[str]()
        if self.rng.random() < 0.2:
            dims.insert(self.rng.randint(0, len(dims)), self.unit())
            optional = frozenset({"One"} if self.rng.random() < 0.7 else ())
        self.inputs.append(
            Array(name, "int32", tuple(dims), optional, selects=of, mode=mode)
        )

    def unit(self) -> str:
        """The axis of extent 1."""
        if "One" not in self.extents:
            self.axes.append(Axis("One", 1, 1))
            self.extents["One"] = 1
        return "One"

    def count(self, axes: Axes) -> int:
        """The elements of a value."""
        return math.prod(self._extent(axis) for axis in axes)

    def _extent(self, name: str) -> int:
        axis = next(axis for axis in self.axes if axis.name == name)
        if axis.packs is not None:
            return math.prod(self.extents[part] for part in axis.packs)
        return self.extents[name]


def skeleton(rng: random.Random, sizes: Sizes) -> Skeleton:
    """The axes and selections of a program of any kind."""
    made = Skeleton(rng, sizes)
    kind = rng.choice(["dense", "rows", "rows", "packed", "packed", "shared", "tokens"])
    tokens = ("T",)
    if kind in ("packed", "shared", "tokens"):
        lengths = [("T", "S1"), ("N", "S2")] if kind == "packed" else [("T", "S1")]
        made.batches(*lengths)
    else:
        made.dense("T", sizes.tokens, least=2)
    if kind in ("rows", "shared"):
        made.dense("N", 2 * sizes.entries, fixed=False)
    for name in "CDG"[: rng.randint(1, 3)]:
        made.dense(name, sizes.feature if name == "D" else sizes.feature // 4)
    if kind in ("rows", "packed", "shared"):
        if made.extents.get("G", 1) > 1 and rng.random() < 0.15:
            tokens = rng.choice([("T", "G"), ("G", "T")])
        made.selection("idx", tokens, "K", "N")
    if kind == "rows" and rng.random() < 0.4:
        made.dense("V", 2 * sizes.entries, fixed=False)
        made.selection("ids", ("T",), "L", rng.choice("NV"))
    elif kind == "packed" and rng.random() < 0.25:
        made.selection("ids", ("T",), "L", "N")
    return made


def draw(rng: random.Random, sizes: Sizes) -> Drawn:
    """A program of any kind."""
    while True:
        base = skeleton(rng, sizes)
        add_inputs(base)
        formulas = Formulas(base)
        if not formulas.program().values():
            continue
        for _ in range(rng.randint(2, 7)):
            formulas.add()
        found = formulas.finish()
        if found is not None:
            return found


def add_inputs(base: Skeleton) -> None:
    """Add float inputs over any of the axes, and tables for all selections."""
    rng = base.rng
    lengths = {part for axis in base.axes if axis.packs for part in axis.packs}
    free = [a.name for a in base.axes if a.name not in lengths and not a.is_unit]
    entries = [each for each in base.inputs if each.selects]
    wanted: list[list[str]] = []
    for each in entries:
        features = [a for a in free if a in "CDG"]
        wanted.append([str(each.selects), *rng.sample(features, min(len(features), 1))])
        if rng.random() < 0.6:
            wanted.append([dim for dim in each.dims if dim != "One"])
    for _ in range(rng.randint(1, 3)):
        wanted.append(rng.sample(free, min(len(free), rng.choice((0, 1, 1, 2, 2, 3)))))
    for i, dims in enumerate(wanted):
        if base.count(frozenset(dims)) > base.sizes.most:
            continue
        rng.shuffle(dims)
        if not dims or rng.random() < 0.1:
            dims.insert(rng.randint(0, len(dims)), base.unit())
        optional = frozenset({"One"} & set(dims) if rng.random() < 0.3 else ())
        if len(dims) == 1:
            optional = frozenset()
        dtype = rng.choices([base.half, "float32"], [4, 1])[0]
        base.inputs.append(Array(f"x{i}", dtype, tuple(dims), optional))


def told(rng: random.Random, program: Program) -> Program:
    """With attributes that state extents: those that nothing else tells, and a few."""
    dense = [axis.name for axis in program.axes if not axis.packs]
    untold = program.untold()
    stated = [name for name in dense if name in untold or rng.random() < 0.05]
    attributes = (Attribute(f"num_{name.lower()}", name) for name in stated)
    return replace(program, attributes=(*program.attributes, *attributes))


class Formulas:
    """Adds formulas to a skeleton until they are a program."""

    def __init__(self, base: Skeleton):
        self.base, self.rng = base, base.rng
        self.formulas: list[tuple[str, Node]] = []

    def program(self, outputs: tuple[Array, ...] = ()) -> Program:
        """The program so far."""
        base = self.base
        return Program(
            tuple(base.axes),
            tuple(base.inputs),
            outputs,
            tuple(self.formulas),
            tuple(base.attributes),
        )

    def add(self) -> bool:
        """Add a formula; false if the dice fell badly."""
        for _ in range(20):
            if self.define(self.expression(2)):
                return True
        return False

    def define(self, node: Node) -> bool:
        """Add a formula if it is right and not too large."""
        self.formulas.append((f"v{len(self.formulas)}", node))
        try:
            if all(map(self._fits, self.program().all_axes())):
                return True
        except InvalidError:
            pass
        self.formulas.pop()
        return False

    def _fits(self, axes: Axes) -> bool:
        return len(axes) <= MOST_AXES and self.base.count(axes) <= self.base.sizes.most

    def expression(self, depth: int) -> Node:
        """A random expression, perhaps a wrong one."""
        rng = self.rng
        known = self.program().values()
        op = rng.choices(list(OPERATIONS), list(OPERATIONS.values()))[0]
        selections = [each for each in self.base.inputs if each.selects]
        if op in ("gather", "scatter_add") and not selections:
            op = "matmul"
        if op in ("gather", "scatter_add"):
            return self._moved(op, rng.choice(selections), known, depth)
        if op == "matmul":
            x, y = self.operand(depth), self.operand(depth)
            shared = sorted(self._axes(x, known) & self._axes(y, known))
            over = rng.choice(shared) if shared else "T"
            return Node(op, (x, y), over, implied=rng.random() < 0.5)
        if op == "reduce":
            x = self.operand(depth)
            return Node(op, (x,), rng.choice(sorted(self._axes(x, known)) or ["T"]))
        if op in ("neg", "relu"):
            return Node(op, (self.operand(depth),))
        x, y = self.operand(depth), self.operand(depth)
        if rng.random() < 0.2:
            y = Node("number", number=rng.choice(NUMBERS))
        if rng.random() < 0.5:
            x, y = y, x
        return Node(op, (x, y))

    def _moved(
        self, op: str, selection: Array, known: Mapping[str, Axes], depth: int
    ) -> Node:
        """A gather or scatter_add of a value that has the axes for it."""
        program = self.program()
        rows, target = program.axes_of(selection), {str(selection.selects)}
        needed, barred = (target, rows) if op == "gather" else (rows, target)
        fitting = [n for n, a in known.items() if needed <= a and not barred & a]
        source = self.operand(depth)
        if fitting and self.rng.random() < 0.8:
            source = named(self.rng.choice(fitting))
        return Node(op, (source,), selection.name)

    def operand(self, depth: int) -> Node:
        """A value, or an expression of less depth."""
        if depth > 1 and self.rng.random() < 0.3:
            return self.expression(depth - 1)
        names = list(self.program().values())
        weights = [1 + i / len(names) for i in range(len(names))]
        return named(self.rng.choices(names, weights)[0])

    def _axes(self, node: Node, known: Mapping[str, Axes]) -> Axes:
        try:
            return self.program().type_of(node, known)
        except InvalidError:
            return frozenset()

    def finish(self) -> Drawn | None:
        """The program with outputs, or None if there are none."""
        rng, program = self.rng, self.program()
        if not self.formulas:
            return None
        values = program.values()
        made = [name for name, _ in self.formulas]
        chosen = {made[-1], *rng.sample(made, min(len(made), rng.randint(0, 2)))}
        outputs = [self.output(name, values[name]) for name in made if name in chosen]
        summed = rng.choice(made)
        if values[summed] and rng.random() < 0.25:  # over all that an output lacks
            kept = rng.sample(
                sorted(values[summed]), rng.randrange(len(values[summed]))
            )
            self.formulas.append(("total", Node("reduce", (named(summed),))))
            outputs.append(self.output("total", frozenset(kept)))
        return Drawn(
            told(rng, self.program(tuple(outputs)).pruned()), self.base.extents
        )

    def output(self, name: str, axes: Axes) -> Array:
        """Declare a value as an output, its dimensions in any order."""
        dims = sorted(axes)
        self.rng.shuffle(dims)
        if not dims or self.rng.random() < 0.05:
            dims.insert(self.rng.randint(0, len(dims)), self.base.unit())
        dtype = self.rng.choices([self.base.half, "float32"], [3, 2])[0]
        return Array(name, dtype, tuple(dims))
