"""`ligrad run` at the level `graph`: threads, progress, files larger than memory."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from backends.call.dtypes import Array
from backends.files import require_place
from backends.graph.blocks.function import Options, RunLoop
from backends.graph.blocks.run import run_loop
from ligrad.arrays import ArrayDirectory, load_arrays, open_arrays, save_arrays
from ligrad.cluster import ClusterLoops, cluster
from ligrad.compiler import Operator

QUIET_SECONDS = 2.0
"""So long a run shows no progress."""


def read_inputs(path: Path) -> dict[str, Array]:
    """The arrays of an `.npz` file, or those of a directory of `.npy` files, mapped.

    Raises:
        LigradError: if they cannot be read.
    """
    return open_arrays(path) if os.path.isdir(path) else load_arrays(path)


def write_outputs(path: Path, outputs: Mapping[str, Array]) -> None:
    """Write `.npz`; or, where the path has no such ending, a directory of `.npy` files.

    Raises:
        LigradError: if it cannot be written.
    """
    if path.suffix == ".npz":
        save_arrays(path, outputs)
        return
    with ArrayDirectory(path) as directory:
        for name, array in outputs.items():
            directory.make(name, array.shape, array.dtype)[...] = array
        directory.finish()


def require_outputs(path: Path) -> None:
    """Refuse what `write_outputs` could not write, before the work.

    Raises:
        LigradError: says why.
    """
    if path.suffix == ".npz":
        require_place(path)
    else:
        with ArrayDirectory(path):
            pass


def interpret(
    operator: Operator,
    values: Mapping[str, Any],
    workers: int | None,
    address: str | None,
    output: Path | None,
) -> dict[str, Array]:
    """Run the graph and write its outputs, straight into files if `output` is to be a
    directory; shows progress on a terminal. address: of a cluster, if one shall compute.

    Raises:
        LigradError: what is wrong with the inputs, or the outputs cannot be written.
    """
    with ExitStack() as stack:
        loops: RunLoop = run_loop
        if address is not None:
            loops = ClusterLoops(stack.enter_context(cluster(address, workers)))
        progress = stack.enter_context(progress_shown())
        options = Options(workers, operator.deterministic, progress, loops=loops)
        if output is None or output.suffix == ".npz":
            outputs = operator.interpret(values, options)
            if output is not None:
                save_arrays(output, outputs)
            return outputs
        with ArrayDirectory(output) as directory:
            into_files = replace(options, make=directory.make)
            outputs = operator.interpret(values, into_files)
            directory.finish()
            return outputs


@contextmanager
def progress_shown() -> Generator[Callable[[int, int], None] | None]:
    """A function that shows how many tokens of how many are done, if there is a
    terminal to show it and the run takes long."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (
        TextColumn("tokens"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    start = time.monotonic()
    with Progress(*columns, console=console, transient=True) as shown:
        task = shown.add_task("tokens", visible=False)

        def update(done: int, total: int) -> None:
            late = time.monotonic() - start > QUIET_SECONDS
            shown.update(task, completed=done, total=total, visible=late)

        yield update
