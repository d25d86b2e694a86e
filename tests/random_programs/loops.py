"""Draws programs that need several loops over tokens: values summed over all tokens, and
values without tokens, are used again by tokens; in the layouts that kernels take.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace

from tests.random_programs.draw import Drawn, Formulas, Sizes, Skeleton
from tests.random_programs.program import Array, Axes, Node, named

ORDER = "NMHC"
"""The axes as they lie in memory: rows of a table, tokens, heads, columns."""


def draw_loops(rng: random.Random, sizes: Sizes) -> Drawn:
    """A program of this kind."""
    while True:
        base = _skeleton(rng, sizes)
        formulas = _Formulas(base)
        if not formulas.program().values():
            continue
        for _ in range(rng.randint(2, 4)):
            formulas.add()
        for _ in range(rng.randint(1, 3)):
            formulas.use_again()
        found = formulas.finish()
        if found is not None and all(map(_is_laid_out, found.program.outputs)):
            return found


def _is_laid_out(output: Array) -> bool:
    return not {"N", "M"} <= set(output.dims)


def _skeleton(rng: random.Random, sizes: Sizes) -> Skeleton:
    base = Skeleton(rng, sizes)
    if rng.random() < 0.25:
        base.batches(("M", "S1"), ("N", "S2"))
    else:
        base.dense("M", sizes.tokens, fixed=False, least=2)
        base.dense("N", 2 * sizes.entries, fixed=False)
    base.dense("C", sizes.feature, least=2)
    if rng.random() < 0.5:
        base.dense("H", 8)
    features = [axis for axis in "HC" if axis in base.extents]
    if rng.random() < 0.4:
        base.selection("idx", ("M",), "K", "N")
        base.inputs.append(Array("key", base.half, ("N", "C")))
    rows: list[tuple[str, ...]] = [("M",), ("M",), ("N",), ()]
    for number in range(rng.randint(2, 4)):
        some = rng.sample(features, rng.randint(0, len(features)))
        dims = tuple(sorted((*rng.choice(rows), *some), key=ORDER.index))
        if base.count(frozenset(dims)) <= sizes.most:
            dtype = rng.choices([base.half, "float32"], [2, 1])[0]
            dims = dims or (base.unit(),)
            base.inputs.append(Array(f"x{number}", dtype, dims))
    return base


class _Formulas(Formulas):
    """Formulas some of which use sums over the tokens again."""

    def use_again(self) -> None:
        """Sum a value over all tokens, or over all that it has, and use the sum."""
        rng, known = self.rng, self.program().values()
        tokens = [name for name, axes in known.items() if "M" in axes]
        if not tokens:
            return
        source = rng.choice(tokens)
        total = self._summed(named(source), known[source])
        if rng.random() < 0.4:
            total = Node(rng.choice(["mul", "add"]), (total, self.operand(1)))
        if self.define(total):
            total = named(self.formulas[-1][0])
            user = rng.choice(["mul", "mul", "add", "sub"])
            other = named(rng.choice(tokens)) if rng.random() < 0.7 else self.operand(2)
            self.define(Node(user, (other, total)))

    def _summed(self, node: Node, axes: Axes) -> Node:
        others = sorted(axes - {"M"})
        kept = self.rng.sample(others, self.rng.choice([0, 0, min(1, len(others))]))
        over = ["M", *(axis for axis in others if axis not in kept)]
        self.rng.shuffle(over)
        for axis in over:
            node = Node("reduce", (node,), axis)
        return node

    def output(self, name: str, axes: Axes) -> Array:
        """Declare a value as an output, its dimensions in the usual order."""
        found = super().output(name, axes)
        order: Mapping[str, int] = {axis: i for i, axis in enumerate("NMHKC")}
        return replace(
            found, dims=tuple(sorted(found.dims, key=lambda a: order.get(a, 9)))
        )
