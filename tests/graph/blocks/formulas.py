"""Random operators: formulas over the axes of a selection, of any shape that is allowed."""

from __future__ import annotations

import random

HEAD = """operator Random
axis B in 1..8
axis S1 in 1..64
axis S2 in 1..64
axis T = B * S1
axis N = B * S2
axis G in 1..8
axis D in 1..16
axis K in 1..16
input q : half[T, G, D]
input key : half[N, D]
input dy : half[T, K]
input w : half[T, G]
input idx : int32[T, K] selects N by mode
input ends_t : int32[B] ends T
input ends_n : int32[B] ends N
attribute mode : int64 in {0, 3} = 3
"""
INPUTS = {"q": "TGD", "key": "ND", "dy": "TK", "w": "TG"}
MOST_AXES = 4


def _statement(rng: random.Random, known: dict[str, str]) -> tuple[str, str] | None:
    """A random expression and its axes, or None if the dice fell badly."""
    x, y = rng.choice(sorted(known)), rng.choice(sorted(known))
    a, b = known[x], known[y]
    union = a + "".join(axis for axis in b if axis not in a)
    match rng.choice(["binary", "relu", "grad", "matmul", "sum", "gather", "scatter"]):
        case "binary":
            return f"{x} {rng.choice('+-*')} {y}", union
        case "relu":
            return f"Relu({x})", a
        case "grad":
            return f"ReluGrad({x}, {y})", union
        case "matmul" if shared := sorted(set(a) & set(b)):
            over = rng.choice(shared)
            return f"Matmul({x}, {y} over {over})", union.replace(over, "")
        case "sum" if a:
            over = rng.choice(a)
            return f"Reduce({x} over {over})", a.replace(over, "")
        case "gather" if "N" in a and not {"T", "K"} & set(a):
            return f"Gather({x}, idx)", a.replace("N", "TK")
        case "scatter" if {"T", "K"} <= set(a) and "N" not in a:
            rest = a.replace("T", "").replace("K", "")
            return f"ScatterAdd({x}, idx)", "N" + rest
        case _:
            return None


def random_text(seed: int) -> str:
    """The text of an operator that a seed gives."""
    rng = random.Random(seed)
    known = dict(INPUTS)
    lines: list[str] = ["kg = Gather(key, idx)"]
    known["kg"] = "TKD"
    made: list[str] = []
    while len(made) < rng.randint(3, 6):
        found = _statement(rng, known)
        if found is None or len(found[1]) > MOST_AXES or set("TN") <= set(found[1]):
            continue
        name = f"v{len(made)}"
        lines.append(f"{name} = {found[0]}")
        known[name] = found[1]
        made.append(name)
    outputs: list[str] = []
    for name in made[-3:]:
        dtype = rng.choice(["half", "float32"])
        outputs.append(f"output {name} : {dtype}[{', '.join(known[name])}]")
    return HEAD + "\n".join([*outputs, *lines]) + "\n"
