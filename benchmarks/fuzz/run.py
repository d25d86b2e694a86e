"""Runs one case in a folder of its own, and checks what it leaves."""

from __future__ import annotations

import contextlib
import io
import os
import random
import shutil
import signal
import tempfile
import traceback
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import fuzz_ir
from benchmarks.fuzz.cases import FORMULAS, KERNEL, KINDS, Case, texts
from ligrad.cli.app import main

ALLOWED = (0, 1, 2)
LONGEST = 60
"""Seconds for a case."""


@dataclass(frozen=True)
class Outcome:
    """code: the exit code, or what the case ended with instead; wrong: what is not as it
    should be."""

    kind: str
    number: int
    shown: str
    code: object
    said: str
    wrong: tuple[str, ...]


class Hangs(BaseException):
    """A case takes longer than it may."""


def prepare() -> None:
    """Make what cases share: seeds, and the kernel that `twin` runs."""
    texts()
    for level in fuzz_ir.COMMANDS:
        fuzz_ir.seeds(level)
    args = KERNEL.with_suffix(".json")
    with tempfile.TemporaryDirectory() as folder, _captured():
        copy = Path(folder) / "a" / "b" / args.name
        copy.parent.mkdir(parents=True)
        shutil.copy(args, copy)
        with contextlib.suppress(SystemExit):
            words = ["twin", str(KERNEL), "--entry", "vector_add", "--args", str(copy)]
            main(words)
        with contextlib.suppress(SystemExit):
            main(["run", str(FORMULAS), "--shape", "S1=2,S2=9,N1=2,K=3", "--check"])


def run(kind: str, seed: int, number: int, root: Path) -> Outcome:
    """Run a case; root: an empty folder for all cases."""
    folder = root / f"{kind}_{number}"
    (folder / "work").mkdir(parents=True)
    (folder / "tmp").mkdir()
    rng = random.Random(f"{kind} {seed} {number}")
    case = KINDS[kind](rng, folder / "work")
    before, running = _files(folder / "work"), _children()
    with _inside(folder / "work", folder / "tmp"):
        code, said = _ended(case)
    wrong: list[str] = []
    if code not in ALLOWED:
        wrong.append(f"ended with {code}")
    if "Traceback" in said:
        wrong.append("a traceback")
    if code == 2 and kind != "api" and not said.strip():
        wrong.append("refused without a word")
    if left := [*_files(folder / "tmp"), *_unfinished(folder / "work")]:
        wrong.append(f"left behind: {', '.join(left)}")
    if code == 2 and (new := _files(folder / "work") - before):
        wrong.append(f"refused, and wrote {', '.join(sorted(new))}")
    if children := [each for each in _children() if each not in running]:
        wrong.append(f"still running: {children}")
    shutil.rmtree(folder)
    return Outcome(kind, number, case.shown, code, said, tuple(wrong))


def _ended(case: Case) -> tuple[object, str]:
    """How a case ended, and what it said on stderr."""
    code: object = 0

    def late(*_: object) -> None:
        raise Hangs

    with _captured() as said:
        signal.signal(signal.SIGALRM, late)
        signal.alarm(LONGEST)
        try:
            case.act()
        except SystemExit as stop:
            code = 0 if stop.code is None else stop.code
        except BaseException as error:  # is what is looked for
            code = type(error).__name__
            traceback.print_exc()
        finally:
            signal.alarm(0)
    return code, said.getvalue()


@contextlib.contextmanager
def _captured() -> Generator[io.StringIO]:
    said = io.StringIO()
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(said):
        yield said


@contextlib.contextmanager
def _inside(work: Path, temporary: Path) -> Generator[None]:
    """In a folder, and with a place for temporary files of its own."""
    home, tempfile.tempdir = os.getcwd(), str(temporary)
    os.environ["LIGRAD_TRACEBACK"] = "1"
    os.chdir(work)
    try:
        yield
    finally:
        os.chdir(home)
        tempfile.tempdir = None


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def _unfinished(folder: Path) -> list[str]:
    return sorted(name for name in _files(folder) if name.endswith(".part"))


def _children() -> list[str]:
    """The processes that this one has started and that run, by number."""
    path = Path(f"/proc/self/task/{os.getpid()}/children")
    return path.read_text(encoding="ascii").split() if path.exists() else []
