"""`ligrad tune`: the choices that cost least on a chip, for a shape."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn

from backends.files import require_place
from backends.twin.trace import NOTE
from ligrad.stopping import note
from ligrad.tune.problem import Problem
from ligrad.tune.record import Record
from ligrad.tune.report import advice, best_table, front_lines, write_json
from ligrad.tune.search import Search, Step, search
from passes.choices import parse_choice, space

EXIT_WRONG = 1
WIDTH = 200
"""Columns of a table that goes to a file."""


def tune(
    file: Annotated[Path, typer.Argument(help="A .lig file, or IR as .mlir.")],
    shape: Annotated[
        str, typer.Option(help="Extents, e.g. N1=64,K=2048,S2=8192; tokens are ours.")
    ] = "",
    soc: Annotated[
        str, typer.Option(help="The chip, e.g. ascend910b1.")
    ] = "ascend910b1",
    dtype: Annotated[
        str, typer.Option(help="What `half` means: bf16 or fp16.")
    ] = "bf16",
    layout: Annotated[str, typer.Option(help="BSND or TND.")] = "BSND",
    sparse_mode: Annotated[
        int | None, typer.Option(help="The attribute sparse_mode: 0 or 3.")
    ] = None,
    deterministic: Annotated[
        bool, typer.Option("--deterministic", help="Kernels in a fixed order of sums.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of the generated inputs.")] = 0,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Try this choice instead of all; may be given again."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Check every kernel, not only the front.")
    ] = False,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Processes; by default one a core.")
    ] = None,
    record: Annotated[
        Path, typer.Option(help="Where results are kept, and looked up.")
    ] = Path("out/tune.jsonl"),
    top: Annotated[int, typer.Option(min=1, help="Rows of the table.")] = 16,
    output: Annotated[
        Path | None, typer.Option("--json", help="Where to write everything, as JSON.")
    ] = None,
) -> None:
    """Search what the compiler may choose: what costs least on the twin's clock."""
    attributes = () if sparse_mode is None else (("sparse_mode", sparse_mode),)
    choices = space() if only is None else tuple(map(parse_choice, only))
    problem = Problem(file, shape, soc, dtype, layout, deterministic, attributes, seed)
    problem.check()
    if output is not None:
        require_place(output)
    kept = Record.open(record)
    kept.require()
    for number in kept.damaged:
        typer.echo(f"{record}:{number}: no record, skipped", err=True)
    with note(f"what was found is in {record}"), _progress() as step:
        found = search(
            problem,
            choices,
            kept,
            jobs=jobs or os.cpu_count() or 1,
            everything=everything,
            step=step,
        )
    if output is not None:
        write_json(output, found, problem.identity())
    _show(found, top, record)
    if not found.good:
        raise typer.Exit(EXIT_WRONG)


@contextmanager
def _progress() -> Generator[Step]:
    """A bar on the terminal; nothing where there is none."""
    console = Console(stderr=True)
    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn())
    bar = Progress(
        *columns, TimeElapsedColumn(), console=console, disable=not console.is_terminal
    )
    tasks: dict[str, int] = {}

    def step(what: str, done: int, of: int) -> None:
        if what not in tasks:
            tasks[what] = int(bar.add_task(what, total=of))
        bar.update(bar.task_ids[tasks[what]], completed=done, total=of)

    with bar:
        yield step


def _show(found: Search, top: int, record: Path) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    console.print(best_table(found, top))
    if len(found.rows) > top:
        console.print(f"and {len(found.rows) - top} more rows (--top)")
    timed = sum(row.timed is not None for row in found.rows)
    checked = sum(row.checked is not None for row in found.rows)
    console.print(
        f"{len(found.rows)} kernels, {timed} timed, {checked} of them checked; "
        f"{found.known} results were in {record}"
    )
    if found.good:
        console.print("\nNothing checked is better in both bytes and cycles than:")
        for line in front_lines(found):
            console.print(line, highlight=False, soft_wrap=True)
        console.print(f"\n{advice(found)}", soft_wrap=True, highlight=False)
    console.print(NOTE, highlight=False)
