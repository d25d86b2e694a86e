"""Command lines and calls from Python, right and wrong."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np

import ligrad

JUNK = ("", ".", "..", "/", "x", "-1", "0", "1", "99999999999", "é", "--", "a" * 300)
SHAPES = ("S1=3,S1=4", "S1=99999999999", "K=0", "Q=3", "S1", "S1=2+3", "K=,", "B=1e3")
CHOICES = (
    "window=100",
    "depth=99",
    "window=64",
    "gather=x",
    "a b",
    "tokens=2",
    "without=",
)
PATHS = (
    *JUNK,
    "out.npz",
    "out",
    "full",
    "file",
    "file/x",
    "full/out",
    "in.npz",
    "a/b/c",
)
OPTIONS: Mapping[str, tuple[str, ...]] = {
    "--level": ("graph", "tiled", "source", *JUNK),
    "--layout": ("BSND", "TND", *JUNK),
    "--dtype": ("bf16", "fp16", *JUNK),
    "--sparse-mode": ("0", "3", *JUNK),
    "--precision": ("float32", "mixed", *JUNK),
    "--schedule": ("optimized", "baseline", *JUNK),
    "--choice": (*CHOICES, *JUNK),
    "--soc": ("ascend910b4", *JUNK),
    "--cores": ("2", "25", *JUNK),
    "--workers": ("2", *JUNK),
    "--seed": ("1", *JUNK),
    "--inputs": PATHS,
    "--output": PATHS,
    "--project": PATHS,
    "--report": PATHS,
    "--nothing": JUNK,
}
FLAGS = ("--deterministic", "--check", "--bisect", "--help", "-x")


def words(rng: random.Random, formulas: str, shape: str) -> tuple[str, ...]:
    """A command line on a small program; it never gets to the twin, which takes seconds."""
    name = rng.choice(
        ("run",) * 6 + ("compile", "opt", "doctor", "twin", "tune", *JUNK)
    )
    file = formulas if rng.random() < 0.85 else rng.choice(PATHS)
    if name == "compile":
        kernel = ("--dtype", "bf16", "--layout", "BSND")
        return (name, "missing.lig", "-o", rng.choice(PATHS), *kernel)
    if name == "tune":
        return (
            name,
            file,
            "--shape",
            rng.choice(SHAPES),
            "--only",
            rng.choice(CHOICES[:2]),
        )
    if name == "twin":
        return (
            name,
            "missing.cpp",
            "--entry",
            rng.choice(JUNK),
            "--args",
            rng.choice(PATHS),
        )
    if name == "opt":
        return (
            name,
            file,
            "-p",
            rng.choice(("", "cse", "nope", "cse{a=1}", "cse,", "{")),
        )
    if name != "run":
        return (name, *rng.choices(JUNK, k=rng.randrange(2)))
    given = [name, file]
    chosen = rng.sample(list(OPTIONS), rng.choice((1, 1, 2, 3)))
    if "--inputs" not in chosen:
        given += ["--shape", shape if rng.random() < 0.7 else rng.choice(SHAPES)]
    for option in chosen:
        value = rng.choice(OPTIONS[option])
        given += [option, "graph" if value in ("source", "tiled") else value]
    given += rng.sample(
        [flag for flag in FLAGS if flag != "--bisect"], rng.randrange(2)
    )
    return tuple(given)


# ---- Python


class Raising:
    """An object that makes an array as badly as can be."""

    def __array__(self, *args: object, **options: object) -> object:
        raise RuntimeError("not today")


def values(rng: random.Random, right: object) -> object:
    """Something else than what is right, or nearly that."""
    if not isinstance(right, np.ndarray | int):
        return None
    array = np.asarray(right)
    match rng.randrange(14):
        case 0:
            return array.astype(array.dtype.newbyteorder(">")) if array.ndim else ">"
        case 1:
            return np.ma.masked_array(array)
        case 2:
            return array.astype(rng.choice((np.float64, np.int64, object)))
        case 3:
            return np.asfortranarray(array)
        case 4:
            return array[::-1] if array.ndim else array
        case 5:
            return array.tolist()
        case 6:
            return array.reshape(-1)
        case 7:
            return np.zeros(
                [rng.randrange(4) for _ in range(rng.randrange(5))], array.dtype
            )
        case 8:
            return rng.choice((None, True, -1, 2**63, 10**400, 1.5, "x", b"x", (), {}))
        case 9:
            return Raising()
        case 10:
            return np.array(3, array.dtype)
        case 11:
            return rng.choice(
                (np.float32(1), np.int8(3), ml_dtypes.bfloat16(1), np.bool_(1))
            )
        case 12:
            return (
                np.broadcast_to(array.reshape(-1)[0], array.shape)
                if array.size
                else None
            )
        case _:
            return array.astype(np.float16) if array.dtype.kind == "V" else array


def python(
    rng: random.Random, formulas: Path, right: Mapping[str, object]
) -> tuple[str, Callable[[], object]]:
    """A call, as a text and as a function."""
    inputs: dict[Any, object] = dict(right)
    options: dict[str, Any] = {}
    for _ in range(rng.choice((1, 1, 2, 3))):
        name = rng.choice(list(inputs))
        match rng.randrange(6):
            case 0:
                del inputs[name]
            case 1:
                inputs[rng.choice(("", "Query", "nothing", 5, None, ("x",)))] = right[
                    "query"
                ]
            case _:
                inputs[name] = values(rng, inputs[name])
        if not inputs:
            break
    if rng.random() < 0.3:
        names = ("workers", "deterministic", "sparse_mode", "layout", "head_num")
        options[rng.choice(names)] = values(rng, 1)
    if rng.random() < 0.3:
        arrays = ("query", "key", "dy", "sparse_indices", "weights")
        given = {**{name: None for name in arrays}, **inputs}
        call = {k: v for k, v in {**given, **options}.items() if isinstance(k, str)}
        call = {k: v for k, v in call.items() if k in (*arrays, *options)}
        return (
            f"ligrad.lightning_indexer_grad(**{_shown(call)})",
            lambda: ligrad.lightning_indexer_grad(**call),
        )
    if rng.random() < 0.2:
        option = rng.choice(
            ("dtype", "layout", "soc", "schedule", "choice", "precision")
        )
        value = values(rng, rng.choice((1, np.ones(2))))
        return (
            f"ligrad.compile({formulas.name!r}, {option}={_spell(value)})",
            lambda: ligrad.compile(formulas, **{option: value}),
        )
    workers = options.get("workers")
    return (
        f"ligrad.compile({formulas.name!r}).run({_shown(inputs)}, workers={workers!r:.60})",
        lambda: ligrad.compile(formulas).run(inputs, workers=workers),
    )


def _shown(call: Mapping[Any, object]) -> str:
    return "{" + ", ".join(f"{k!r}: {_spell(v)}" for k, v in call.items()) + "}"


def _spell(value: object) -> str:
    if isinstance(value, np.ndarray):
        kind = type(value).__name__
        return f"{kind}(shape={value.shape}, dtype={value.dtype.str!r})"
    return f"{value!r:.60}"
