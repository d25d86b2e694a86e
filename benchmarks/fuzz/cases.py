"""What is tried: kinds of cases, each made of a number, the same for a seed."""

from __future__ import annotations

import random
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import ligrad
from benchmarks import fuzz_ir
from benchmarks.fuzz import arrays, calls
from benchmarks.fuzz.texts import mutated
from ligrad.arrays import save_arrays
from ligrad.cli.app import main
from ligrad.workload import generate
from ligrad_ir.errors import LigradError

ROOT = Path(__file__).parents[2]
FORMULAS = ROOT / "examples" / "lightning_indexer_grad.lig"
KERNEL = ROOT / "examples" / "twin" / "vector_add.cpp"
SMALL = "B=2,S1=3,S2=20,N1=4,K=6"


@dataclass(frozen=True)
class Case:
    """shown: how a person can see the same, in the folder of the case; act: does it, and
    raises SystemExit or LigradError. It takes files from the working directory."""

    shown: str
    act: Callable[[], object]


Make = Callable[[random.Random, Path], Case]


def command(*words: str) -> Case:
    """A call of the command line."""
    return Case("ligrad " + shlex.join(words), lambda: main(words))


@cache
def texts() -> tuple[str, ...]:
    """The `.lig` texts that there are, right ones and wrong ones."""
    folders = (ROOT / "examples", ROOT / "docs" / "broken")
    paths = sorted(path for folder in folders for path in folder.glob("*.lig"))
    return tuple(path.read_text(encoding="utf-8") for path in paths)


def lig(rng: random.Random, folder: Path) -> Case:
    """Formulas, by token and by byte."""
    data = mutated(rng.choice(texts()), rng)
    (folder / "mutant.lig").write_bytes(data)
    options = rng.choice(((), ("--check",), ("--layout", "TND"), ("--dtype", "fp16")))
    shape = rng.choice(("", "", "N1=2,K=3", "S1=2,S2=9,N1=2,K=3", "M=3", "M=2,P=3"))
    if rng.random() < 0.2:
        return command("opt", "mutant.lig", "-p", "canonicalize,cse,assign-precision")
    return command("run", "mutant.lig", "--shape", shape, *options)


def mlir(rng: random.Random, folder: Path) -> Case:
    """IR of every level, as `benchmarks.fuzz_ir` changes it."""
    level = rng.choice(list(fuzz_ir.COMMANDS))
    text = fuzz_ir.mutated(rng.choice(fuzz_ir.seeds(level)), rng)
    (folder / "mutant.mlir").write_text(text, encoding="utf-8", errors="replace")
    words = rng.choice(fuzz_ir.COMMANDS[level])
    return command(*("mutant.mlir" if word == "FILE" else word for word in words))


@cache
def _values() -> Mapping[str, object]:
    shape = {"B": 2, "S1": 3, "S2": 20, "N1": 4, "K": 6}
    return generate(ligrad.compile(FORMULAS).signature, shape)


def npz(rng: random.Random, folder: Path) -> Case:
    """Files of arrays, as inputs of a program or of a kernel."""
    if rng.random() < 0.5:
        path = arrays.damaged(_values(), rng, folder)
        return command("run", str(FORMULAS), "--inputs", path, "--output", "out")
    name = arrays.damaged({"x": arrays.HALVES, "y": arrays.HALVES}, rng, folder)
    if (folder / name).is_dir():
        name = f"{name}/x.npy"
    entry = {"name": "x", "load": name}
    (folder / "args.json").write_bytes(arrays.kernel_arguments(entry, rng))
    return command(
        *("twin", str(KERNEL), "--entry", "vector_add", "--args", "args.json"),
        *("--table", "0"),
    )


def arguments(rng: random.Random, folder: Path) -> Case:
    """Command lines."""
    (folder / "file").write_text("mine", encoding="utf-8")
    (folder / "full").mkdir()
    (folder / "full" / "x").write_text("mine", encoding="utf-8")
    save_arrays(folder / "in.npz", {"x": arrays.HALVES})
    return command(*calls.words(rng, str(FORMULAS), SMALL))


def api(rng: random.Random, folder: Path) -> Case:
    """Calls from Python."""
    shown, act = calls.python(rng, FORMULAS, _values())
    return Case(shown, lambda: _told(act))


def _told(act: Callable[[], object]) -> None:
    try:
        act()
    except LigradError:
        raise SystemExit(2) from None


KINDS: Mapping[str, Make] = {
    "lig": lig,
    "mlir": mlir,
    "npz": npz,
    "arguments": arguments,
    "api": api,
}
