"""What is printed of a run, and what is written of a failure."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ligrad.arrays import save_arrays
from tests.random_programs.case import Case
from tests.random_programs.judge import KINDS, Verdict

MOST_REFUSALS = 10


def summary(verdicts: Iterable[Verdict]) -> list[str]:
    """How many there are of each kind, and the most frequent refusals."""
    found = list(verdicts)
    counts = Counter(each.kind for each in found)
    lines = [f"{kind:18}{counts[kind]:6}" for kind in KINDS]
    lowered = len(found) - counts["refused"]
    lines.append(f"{'share that lowers':18}{lowered / max(len(found), 1):6.1%}")
    refusals = Counter(each.sort for each in found if each.kind == "refused")
    for sort, count in refusals.most_common(MOST_REFUSALS):
        lines.append(f"{count:6}  {sort}")
    return lines


def command(case: Case, level: str, name: str) -> str:
    """The command that shows a failure, in the folder of its files."""
    settings = case.settings
    words = [f"ligrad run {name}.lig --inputs {name}.npz --check --level {level}"]
    words.append(f"--dtype {settings.dtype} --layout {settings.layout}")
    words.append(f"--schedule {settings.schedule}")
    if settings.deterministic:
        words.append("--deterministic")
    if level == "graph":
        words.append(f"--precision {settings.precision} --workers {settings.workers}")
    else:
        words.append(f"--cores {settings.cores}")
    return " ".join(words)


def write_failure(
    folder: Path, case: Case, level: str, verdict: Verdict, number: int
) -> Path:
    """Write program, inputs and what happened; returns the path of the program."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{level}_{verdict.kind.replace(' ', '_')}_{number}"
    detail = verdict.detail.strip().splitlines() or [verdict.sort]
    said = textwrap.shorten(detail[-1], 160)
    path = folder / f"{name}.lig"
    text = f"# {command(case, level, name)}\n# {said}\n{case.program.text()}"
    path.write_text(text, encoding="utf-8")
    arrays = {key: np.asarray(value) for key, value in case.inputs().items()}
    save_arrays(path.with_suffix(".npz"), arrays)
    path.with_suffix(".txt").write_text(
        f"{case.settings}\n{dict(case.extents)} {dict(case.runs)} {dict(case.padding)}\n"
        f"{verdict.detail}\n",
        encoding="utf-8",
    )
    return path
