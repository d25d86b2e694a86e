"""Runs emitted sources on the twin, with the arguments of a checked call."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xdsl.dialects.builtin import ModuleOp

from backends.ascendc.host import kernel_of
from backends.ascendc.project import find_sources, keep_project, project_files
from backends.ascendc.twin.build import BuildError, build
from backends.ascendc.twin.report import Report
from backends.ascendc.twin.timing import DEFAULT_TIMING, Timing
from backends.numpy.bound import Bound
from backends.numpy.dtypes import Array
from backends.numpy.tiled import call_values
from ligrad_ir.errors import LigradError
from ligrad_ir.soc import Soc


@dataclass(frozen=True)
class SourceRun:
    """What a run of emitted sources gave. values: the outputs as the kernel left them;
    outputs: by name, in the caller's layout; cores: the groups of cores that it took."""

    values: tuple[Array, ...]
    outputs: dict[str, Array]
    report: Report
    cores: int

    def as_json(self) -> dict[str, Any]:
        """The report as a JSON object; cycles and bytes are null where a run failed."""
        return {"cores": self.cores, **self.report.as_json()}


def run_source(
    module: ModuleOp,
    bound: Bound,
    blocks: int,
    soc: Soc,
    project: Path | None = None,
    *,
    timing: Timing = DEFAULT_TIMING,
    trace: int = 0,
    strict: bool = True,
    check: bool = True,
    clock: bool = True,
) -> SourceRun:
    """Compile a kernel with g++ and run it on `blocks` simulated groups of cores.

    module: as `lower-to-ascendc` leaves it. project: a directory with the sources to run
    instead of what would be printed. timing, trace: of the twin's clock.
    strict: a warning of the compiler is an error. check, clock: whether the twin looks
    for races and the like, and whether it models time.

    Raises:
        LigradError: the sources are missing, or do not compile; with what the compiler
            says.
    """
    if project is None:
        project = keep_project(project_files(module, ""))
    kernel, sources = kernel_of(module), find_sources(project, module)
    try:
        library = build([sources.path], sources.entry, strict=strict)
    except BuildError as error:
        raise LigradError(f"{sources.path} does not compile:\n{error}") from error
    values = call_values(bound)
    numbers = {name: values.numbers[name] for name in kernel.fields}
    report = library.launch(
        [*map(values.array, kernel.arrays), kernel.tiling_data(numbers)],
        blocks,
        soc=soc,
        workspace=max(soc.gm_alignment, kernel.workspace_bytes(numbers, blocks)),
        names=[*kernel.arrays, "tiling"],
        timing=timing,
        trace=trace,
        check=check,
        clock=clock,
    )
    left = tuple(values.outputs.values())
    return SourceRun(left, bound.results(left), report, blocks)
