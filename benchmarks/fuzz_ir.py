"""Mutated IR of all levels, through `ligrad run` and `ligrad opt`: every text is refused
with a message, or runs. Prints each that ends in another way, and the exit codes.

    python -m benchmarks.fuzz_ir --cases 500 --seed 0
    python -m benchmarks.fuzz_ir --level npu --keep out    # the texts that fail
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import random
import re
import signal
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import ligrad
from ligrad.cli.app import main as ligrad_main
from passes.pipelines import lowering, run_passes

EXAMPLES = Path(__file__).parents[1] / "examples"
FILES = ("forward_scores.lig", "lightning_indexer_grad.lig", "linear_indexer_grad.lig")
SHAPE = "B=2,S1=3,S2=20,N1=4,K=6"
ALLOWED = (0, 1, 2)
"""Exit codes that say what became of the input."""
LONGEST = 120
"""Seconds for a case."""

COMMANDS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "lig": (
        ("run", "FILE", "--shape", SHAPE),
        ("run", "FILE", "--shape", SHAPE, "--level", "tiled", "--cores", "2"),
        ("opt", "FILE", "-p", "canonicalize,cse,assign-precision,fuse-blocks"),
        ("opt", "FILE", "-p", "assign-precision,lower-to-npu"),
    ),
    "npu": (
        ("opt", "FILE", "-p", "insert-cross-sync,place-buffers,insert-sync"),
        ("opt", "FILE", "-p", "canonicalize,cse,place-buffers"),
    ),
    "ordered": (
        ("opt", "FILE", "-p", "lower-to-ascendc", "-t", "ascendc"),
        ("opt", "FILE", "-p", "lower-to-ascendc,cse,form-expressions"),
    ),
    "ascendc": (
        ("opt", "FILE", "-t", "ascendc"),
        ("opt", "FILE", "-p", "cse,dce,form-expressions", "-t", "ascendc"),
    ),
}
"""What is done with texts of a level; `ordered` is `npu`, ordered and placed."""


@cache
def seeds(level: str) -> tuple[str, ...]:
    """Right texts of a level, from the examples."""
    texts: list[str] = []
    for number, name in enumerate(FILES):
        layout = ("BSND", "TND")[number % 2]
        schedule = ("optimized", "baseline")[number % 2]
        operator = ligrad.compile(EXAMPLES / name, layout=layout, schedule=schedule)
        match level:
            case "lig":
                module = operator.source
            case "npu":
                module = operator.source.clone()
                passes = operator.pipeline()
                tiled = lowering("ascend910b1", schedule=operator.schedule)
                end = [each.name for each in passes].index(tiled[-1].name) + 1
                run_passes(module, passes[:end])
            case "ordered":
                module = operator.module("npu")
            case _:
                module = operator.module("ascendc")
        texts.append(str(module) + "\n")
    return tuple(texts)


# ---- mutations

Mutation = Callable[[str, random.Random], str]

NUMBERS = ("0", "1", "2", "-1", "3", "63", "64", "65", "2147483648", "9" * 19, "9" * 40)
TYPES = ("f16", "bf16", "f32", "f64", "i1", "i8", "i32", "i64", "index", "!lig.real")
PIECES = (
    '"',
    "%",
    "@",
    "{",
    "}",
    "(",
    ")",
    "<",
    ">",
    ",",
    ":",
    "->",
    "!",
    "#",
    "^bb0:",
    "\x00",
    "é",
    "loc(",
    "dense<",
    "-",
    "0x",
    "1e999",
)
LINES = (
    "func.return",
    "lig.yield",
    '"test.op"() : () -> ()',
    "lig.axis @B in 1 to 2",
    "%c0 = arith.constant 0 : index",
    "func.func @other() { func.return }",
    "func.func private @declared() -> ()",
    "func.call @LightningIndexerGrad() : () -> ()",
    "func.call @nowhere() : () -> ()",
    "builtin.module {",
    "ascendc.func @f() { }",
    "}",
)
TOKENS = {
    "value": r"%\w+(?:#\d+)?",
    "symbol": r"@\w+",
    "name": r"\b(?:lig|npu|ascendc|arith|scf|memref|func)\.\w+",
    "type": r"!\w+\.\w+(?:<(?:[^<>]|<(?:[^<>]|<[^<>]*>)*>)*>)?|memref<[^<>]*(?:<[^<>]*>)?>"
    r"|\b(?:bf16|f16|f32|i1|i8|i32|i64|ui32|index)\b",
    "number": r"(?<![\w@%.])-?\d+(?:\.\d+(?:e[-+]\d+)?)?",
    "word": r"\b[A-Za-z_]\w*\b",
    "string": r'"[^"\n]*"',
    "entry": r"[\w.]+ = [^,{}\n]+(?:, )?",
}


def _spans(text: str, kind: str) -> list[re.Match[str]]:
    return list(re.finditer(TOKENS[kind], text))


def _other_token(kind: str, pool: Sequence[str] = ()) -> Mutation:
    """One token of a kind becomes another one of the text, or one of the pool."""

    def change(text: str, rng: random.Random) -> str:
        found = _spans(text, kind)
        if not found:
            return text
        at = rng.choice(found)
        others = [match.group() for match in rng.sample(found, min(9, len(found)))]
        new = rng.choice([*others, *pool])
        return text[: at.start()] + new + text[at.end() :]

    return change


def _without_token(kind: str) -> Mutation:
    def change(text: str, rng: random.Random) -> str:
        found = _spans(text, kind)
        if not found:
            return text
        at = rng.choice(found)
        return text[: at.start()] + text[at.end() :]

    return change


def _renamed(text: str, rng: random.Random) -> str:
    """A value gets another name everywhere from one place on."""
    found = _spans(text, "value")
    if not found:
        return text
    old, new = rng.choice(found), rng.choice(found).group()
    cut = old.start()
    return text[:cut] + re.sub(re.escape(old.group()) + r"\b", new, text[cut:])


def _lines(change: Callable[[list[str], random.Random], None]) -> Mutation:
    def apply(text: str, rng: random.Random) -> str:
        lines = text.splitlines()
        if lines:
            change(lines, rng)
        return "\n".join(lines) + "\n"

    return apply


def _delete(lines: list[str], rng: random.Random) -> None:
    at = rng.randrange(len(lines))
    del lines[at : at + rng.choice((1, 1, 1, 2, 5))]


def _duplicate(lines: list[str], rng: random.Random) -> None:
    at, length = rng.randrange(len(lines)), rng.choice((1, 1, 1, 3, 1000))
    lines[at:at] = lines[at : at + length]


def _move(lines: list[str], rng: random.Random) -> None:
    at = rng.randrange(len(lines))
    line = lines.pop(at)
    near = rng.random() < 0.7
    lines.insert(
        max(0, at + rng.choice((-2, -1, 1, 2))) if near else rng.randrange(at + 1), line
    )


def _swap(lines: list[str], rng: random.Random) -> None:
    i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[i], lines[j] = lines[j], lines[i]


def _insert(lines: list[str], rng: random.Random) -> None:
    lines.insert(rng.randrange(len(lines) + 1), rng.choice(LINES))


def _cut(text: str, rng: random.Random) -> str:
    return text[: rng.randrange(len(text) + 1)]


def _piece(text: str, rng: random.Random) -> str:
    at, length = rng.randrange(len(text) + 1), rng.choice((0, 1, 1, 3))
    return text[:at] + rng.choice(PIECES) + text[at + length :]


def _body(text: str, rng: random.Random) -> str:
    """An empty body, an empty module or nothing at all."""
    return rng.choice(
        ("", "builtin.module {\n}\n", re.sub(r"(?s)\{\n.*\}", "{\n}", text))
    )


MUTATIONS: Mapping[str, tuple[int, Mutation]] = {
    "value": (5, _other_token("value")),
    "rename": (2, _renamed),
    "symbol": (3, _other_token("symbol", ("@nowhere", '@"a b"'))),
    "operation": (2, _other_token("name", ("func.call", "lig.blocks", "npu.copy"))),
    "type": (4, _other_token("type", TYPES)),
    "number": (4, _other_token("number", NUMBERS)),
    "word": (3, _other_token("word")),
    "string": (2, _other_token("string", ('""', '"a b"', '"../x"', '"T?"'))),
    "no attribute": (2, _without_token("entry")),
    "no token": (1, _without_token("word")),
    "delete": (4, _lines(_delete)),
    "duplicate": (3, _lines(_duplicate)),
    "move": (4, _lines(_move)),
    "swap": (2, _lines(_swap)),
    "insert": (2, _lines(_insert)),
    "cut": (1, _cut),
    "piece": (2, _piece),
    "body": (1, _body),
}
"""By name: how often, and how."""


def mutated(text: str, rng: random.Random) -> str:
    """The text with one to three small changes."""
    names = list(MUTATIONS)
    weights = [MUTATIONS[name][0] for name in names]
    for name in rng.choices(names, weights, k=rng.choice((1, 1, 1, 2, 3))):
        text = MUTATIONS[name][1](text, rng)
    return text


# ---- cases


@dataclass(frozen=True)
class Case:
    """A text, and the command that gets it as FILE."""

    level: str
    text: str
    command: tuple[str, ...]


def cases(level: str, count: int, seed: int) -> Iterator[Case]:
    """Mutants of a level, the same for a seed."""
    rng = random.Random(f"{level} {seed}")
    for _ in range(count):
        text = mutated(rng.choice(seeds(level)), rng)
        yield Case(level, text, rng.choice(COMMANDS[level]))


class Hangs(BaseException):
    """A case takes longer than it may."""


def outcome(case: Case, directory: Path) -> tuple[object, str]:
    """The exit code of a case, or what it ended with instead; and what it said."""
    file = directory / "mutant.mlir"
    file.write_text(case.text, encoding="utf-8")
    words = [str(file) if word == "FILE" else word for word in case.command]
    said = io.StringIO()

    def late(*_: object) -> None:
        raise Hangs

    signal.signal(signal.SIGALRM, late)
    signal.alarm(LONGEST)
    try:
        with (
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(said),
        ):
            ligrad_main(words)
        code: object = 0
    except SystemExit as stop:
        code = 0 if stop.code is None else stop.code
    except Hangs:
        code = "hang"
        said.write(traceback.format_exc())
    except BaseException as error:
        code = type(error).__name__
        said.write(traceback.format_exc())
    finally:
        signal.alarm(0)
    return code, said.getvalue()


def is_told(code: object, said: str) -> bool:
    """Whether a case ended as it may: with a result, or with a message."""
    return code in ALLOWED and "Traceback" not in said and bool(said or code != 2)


def main() -> None:
    """Run the cases; exit code 1 if one ended as it may not."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, default=200, help="of each level")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--level", choices=list(COMMANDS), action="append")
    parser.add_argument("--keep", type=Path, help="where texts that fail are kept")
    parser.add_argument("--show", action="store_true", help="every message, once")
    options = parser.parse_args()
    os.environ["LIGRAD_TRACEBACK"] = "1"
    codes: Counter[tuple[str, object]] = Counter()
    messages: Counter[str] = Counter()
    failures: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        for level in options.level or list(COMMANDS):
            for number, case in enumerate(cases(level, options.cases, options.seed)):
                code, said = outcome(case, Path(folder))
                codes[level, code] += 1
                messages[re.sub(r"[\d'%].*", "..", said.replace(folder, "")[:200])] += 1
                if is_told(code, said):
                    continue
                what = "\n".join(said.splitlines()[-6:])
                failures[what] = failures.get(what, 0) + 1
                if options.keep is not None:
                    options.keep.mkdir(parents=True, exist_ok=True)
                    (options.keep / f"{level}_{number}.mlir").write_text(case.text)
                    (options.keep / f"{level}_{number}.txt").write_text(
                        f"{' '.join(case.command)}\n{code}\n{said}"
                    )
    for what, times in failures.items():
        print(f"---- {times} times\n{what}")
    if options.show:
        for message, times in messages.most_common():
            print(times, message)
    for (level, code), times in sorted(codes.items(), key=str):
        print(f"{level}: exit code {code}: {times}")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
