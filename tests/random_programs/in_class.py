"""Draws programs in the shape of the backward of sparse attention: rows of a table are
gathered by indices and multiplied with queries; the scores go through relus, scaling and
sums; gradients of queries, weights and table follow from them.

Values are told apart by the letters of their axes: T tokens, G heads, K entries (L of a
second selection), D depth, N rows of the table.
"""

from __future__ import annotations

import random

from tests.random_programs.draw import NUMBERS, Drawn, Sizes, Skeleton, told
from tests.random_programs.program import Array, Attribute, Axis, Node, Program, named

DEPTHS = (16, 96, 100, 64, 64, 192, 256, *(128,) * 7)
HEADS = (1, 2, 3, 4, 5, 7, 8, 13, 16, 33, 64)
ENTRIES = (1, 2, 3, 5, 8, 16, 17, 31, 40, 64, 65, 130, 130, 200, 257)
PLAIN = {"T": "T", "G": "N1", "K": "K", "L": "L", "D": "D", "N": "N"}
SCORES = ("TGK", "TGL")
SELECTIONS = {"K": "idx", "L": "ids"}


def draw_in_class(rng: random.Random, sizes: Sizes) -> Drawn:
    """A program of this kind."""
    base = _skeleton(rng, sizes)
    values = _inputs(base)
    steps = _Steps(rng, values)
    steps.begin()
    for _ in range(rng.randint(1, 6)):
        steps.add()
    while steps.made[-1][1] in SCORES and rng.random() < 0.7:
        steps.add()
    outputs = steps.outputs()
    program = Program(
        tuple(base.axes),
        tuple(base.inputs),
        outputs,
        tuple(steps.formulas),
        tuple(base.attributes),
        "RandomGrad",
    ).pruned()
    return Drawn(told(rng, program), base.extents)


def _skeleton(rng: random.Random, sizes: Sizes) -> Skeleton:
    base = Skeleton(rng, sizes)
    entries = rng.choice(ENTRIES)
    kind = rng.choice(["packed", "packed", "packed", "shared", "dense"])
    base.extents |= {"K": entries, "N1": rng.choice(HEADS), "D": rng.choice(DEPTHS)}
    if kind == "dense":
        base.axes += [Axis("T", 1, 8192), Axis("N", 1, 65536)]
        base.extents |= {"T": rng.randint(1, sizes.tokens), "N": _rows(rng, entries)}
    else:
        lengths = [("T", "S1"), ("N", "S2")] if kind == "packed" else [("T", "S1")]
        base.batches(*lengths)
        base.extents["S1"] = rng.randint(1, max(1, sizes.tokens // 2))
        if kind == "packed":
            base.extents["S2"] = _rows(rng, entries)
        else:
            base.axes.append(Axis("N", 1, 65536))
            base.extents["N"] = _rows(rng, entries)
    base.axes += [
        Axis("N1", 1, 64),
        Axis("N2", 1, 1),
        Axis("D", base.extents["D"], base.extents["D"]),
        Axis("K", 1, 2048),
    ]
    base.extents["N2"] = 1
    if rng.random() < 0.6:
        base.attributes.append(Attribute("mode", rng.choice((0, 3)), (0, 3)))
    base.inputs.append(_selection(rng, base, "K"))
    if rng.random() < 0.15:
        base.axes.append(Axis("L", 1, 2048))
        base.extents["L"] = rng.choice(ENTRIES[:8])
        base.inputs.append(_selection(rng, base, "L"))
    return base


def _selection(rng: random.Random, base: Skeleton, entry: str) -> Array:
    mode = "mode" if base.attributes and rng.random() < 0.9 else None
    dims, optional = ("T", "N2", entry), frozenset({"N2"})
    return Array(SELECTIONS[entry], "int32", dims, optional, selects="N", mode=mode)


def _rows(rng: random.Random, entries: int) -> int:
    return rng.choice([entries, entries + rng.randint(0, 40), rng.randint(1, 80)])


def _inputs(base: Skeleton) -> dict[str, list[str]]:
    """Add the float inputs; their names by the letters of their axes."""
    rng, values = base.rng, dict[str, list[str]]()
    wanted = [("query", "TGD", 1.0), ("key", "ND", 1.0), ("weights", "TG", 1.0)]
    wanted += [("dy", "TK", 1.0), ("prob", "TK", 0.3), ("value", "ND", 0.3)]
    wanted += [("dl", "TL", 1.0)] * ("L" in base.extents)
    for name, letters, chance in wanted:
        if rng.random() > chance:
            continue
        dims = [PLAIN[letter] for letter in letters]
        optional = frozenset[str]()
        if name in ("key", "dy") and rng.random() < 0.5:
            dims.insert(1, "N2")
            optional = frozenset({"N2"} if name == "dy" else ())
        dtype = "half"
        if name in ("weights", "dy", "prob") and rng.random() < 0.15:
            dtype = "float32"
        base.inputs.append(Array(name, dtype, tuple(dims), optional))
        values.setdefault(letters, []).append(name)
    return values


class _Steps:
    """The formulas, one by one."""

    def __init__(self, rng: random.Random, values: dict[str, list[str]]):
        self.rng, self.values = rng, values
        self.formulas: list[tuple[str, Node]] = []
        self.made: list[tuple[str, str]] = []
        self.entry = "K"
        """Of the selection that a step is about."""

    def begin(self) -> None:
        """Gathered rows and scores."""
        for self.entry in ("K", "L") if "TL" in self.values else ("K",):
            for table in list(self.values["ND"]):
                rows = Node("gather", (named(table),), SELECTIONS[self.entry])
                self.define(f"T{self.entry}D", rows)
            scores = self.matmul(named("query"), self.any("TKD"), "D")
            if self.rng.random() < 0.3:
                scores = self.scaled(scores)
            if self.rng.random() < 0.8:
                scores = Node("relu", (scores,))
            self.define(f"TG{self.entry}", scores)

    def define(self, letters: str, node: Node) -> None:
        """Add a formula."""
        name = f"e{len(self.formulas)}"
        self.formulas.append((name, node))
        self.values.setdefault(letters, []).append(name)
        if node.op != "gather":  # no output as it is
            self.made.append((name, letters))

    def add(self) -> None:
        """Add a random step."""
        rng = self.rng
        kind = rng.choices(["TGK", "TK", "TG", "TGD", "ND"], [5, 2, 2, 3, 3])[0]
        self.entry = rng.choice(["K", "L"] if "TL" in self.values else ["K"])
        node = getattr(self, f"_{kind.lower()}")()
        kind = kind.replace("K", self.entry)
        if rng.random() < (0.03 if kind == "ND" else 0.15):
            node = self.scaled(node)
        self.define(kind, node)

    def outputs(self) -> tuple[Array, ...]:
        """Some of the values, the last one among them."""
        rng = self.rng
        chosen = {self.made[-1][0]}
        chosen |= {
            name
            for name, letters in self.made
            if rng.random() < (0.1 if letters in SCORES else 0.4)
        }
        outputs: list[Array] = []
        for name, letters in self.made:
            if name in chosen:
                dims = [PLAIN[letter] for letter in letters]
                if letters == "ND" and rng.random() < 0.5:
                    dims.insert(1, "N2")
                dtype = rng.choices(["half", "float32"], [3, 1])[0]
                outputs.append(Array(name, dtype, tuple(dims)))
        return tuple(outputs)

    # ---- expressions

    def any(self, letters: str) -> Node:
        """A value with these axes, rather a late one; K: the entries of the step."""
        names = self.values[letters.replace("K", self.entry)]
        return named(self.rng.choices(names, range(1, len(names) + 1))[0])

    def pick(self, **weights: int) -> str:
        """A kind of step."""
        return self.rng.choices(list(weights), list(weights.values()))[0]

    def matmul(self, x: Node, y: Node, over: str) -> Node:
        """A product, its factors in any order."""
        args = (x, y) if self.rng.random() < 0.6 else (y, x)
        return Node("matmul", args, over, implied=self.rng.random() < 0.5)

    def scaled(self, node: Node) -> Node:
        """Times a number."""
        number = Node("number", number=self.rng.choice(NUMBERS[:-1]))
        if self.rng.random() < 0.2:
            number = Node("neg", (number,))
        args = (node, number) if self.rng.random() < 0.5 else (number, node)
        return Node("mul", args)

    def outer(self) -> Node:
        """What is multiplied of entries and heads."""
        args = (self.any("TK"), self.any("TG"))
        return Node("mul", args if self.rng.random() < 0.7 else args[::-1])

    def _tgk(self) -> Node:
        rng = self.rng
        kind = self.pick(grad=8, relu=2, mul=3, add=1, outer=1)
        if kind == "grad":
            gradient = rng.choice([self.outer(), self.outer(), self.any("TGK")])
            return Node("relu_grad", (gradient, self.any("TGK")))
        if kind == "relu":
            return Node("relu", (self.any("TGK"),))
        if kind == "outer":
            return self.outer()
        other = self.any(rng.choice(["TGK", "TK", "TG"]))
        op = "mul" if kind == "mul" else rng.choice(["add", "sub"])
        args = (self.any("TGK"), other)
        return Node(op, args if rng.random() < 0.5 else args[::-1])

    def _tk(self) -> Node:
        kind = self.pick(sum=10, matmul=2, binary=4, relu=2)
        if kind == "sum":
            value = self.any("TGK")
            if self.rng.random() < 0.6:
                value = Node("mul", (value, self.any(self.rng.choice(["TG", "TK"]))))
            return Node("reduce", (value,), "N1")
        if kind == "matmul":
            return self.matmul(self.any("TGK"), self.any("TG"), "N1")
        if kind == "relu":
            return Node("relu", (self.any("TK"),))
        op = self.rng.choice(["add", "sub", "mul"])
        return Node(op, (self.any("TK"), self.any("TK")))

    def _tg(self) -> Node:
        kind = self.pick(sum=8, matmul=1, depth=1)
        if kind == "sum":
            value = Node("mul", (self.any("TGK"), self.any("TK")))
            if self.rng.random() < 0.3:
                value = self.any("TGK")
            return Node("reduce", (value,), self.entry)
        if kind == "matmul":
            return self.matmul(self.any("TGK"), self.any("TK"), self.entry)
        value = Node("mul", (self.any("TGD"), self.any("TGD")))
        return Node("reduce", (value,), "D")

    def _tgd(self) -> Node:
        kind = self.pick(matmul=8, add=1, scale=2)
        if kind == "matmul":
            return self.matmul(self.any("TGK"), self.any("TKD"), self.entry)
        if kind == "add":
            op = self.rng.choice(["add", "sub"])
            return Node(op, (self.any("TGD"), self.any("TGD")))
        return Node("mul", (self.any("TGD"), self.any("TG")))

    def _nd(self) -> Node:
        kind = self.pick(matmul=10, rows=1)
        if kind == "matmul":
            updates = self.matmul(self.any("TGK"), self.any("TGD"), "N1")
        else:
            updates = Node("mul", (self.any("TKD"), self.any("TK")))
        return Node("scatter_add", (updates,), SELECTIONS[self.entry])
