"""Runs emitted sources on the twin, with the arguments of a checked call."""

from __future__ import annotations

import tempfile
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp

from backends.ascendc.host import kernel_of
from backends.ascendc.project import find_sources, project_files, write_project
from backends.ascendc.twin.build import BuildError, build
from backends.ascendc.twin.report import Report
from backends.ascendc.twin.timing import DEFAULT_TIMING, Timing
from backends.numpy.bound import Bound
from backends.numpy.dtypes import Array
from backends.numpy.tiled import npu_arguments, npu_parameters
from ligrad_ir.errors import LigradError
from ligrad_ir.soc import Soc


def run_source(
    npu: ModuleOp,
    ascendc: ModuleOp,
    bound: Bound,
    blocks: int,
    soc: Soc,
    project: Path | None = None,
    *,
    timing: Timing = DEFAULT_TIMING,
    trace: int = 0,
) -> tuple[tuple[Array, ...], Report]:
    """Compile a kernel with g++ and run it on `blocks` simulated groups of cores.

    npu: the program as it is before `lower-to-ascendc`, whose parameters it has;
    ascendc: as it is after. project: a directory with the sources to run instead of what
    would be printed. timing, trace: of the twin's clock. Returns the outputs, and what
    the twin found.

    Raises:
        LigradError: the sources are missing, or do not compile; with what the compiler
            says.
    """
    if project is None:
        with tempfile.TemporaryDirectory() as directory:
            write_project(Path(directory), project_files(ascendc, ""))
            path = Path(directory)
            return run_source(
                npu, ascendc, bound, blocks, soc, path, timing=timing, trace=trace
            )
    kernel, sources = kernel_of(ascendc), find_sources(project, ascendc)
    try:
        library = build([sources.path], sources.entry)
    except BuildError as error:
        raise LigradError(f"{sources.path} does not compile:\n{error}") from error
    arguments, outputs = npu_arguments(npu, bound, blocks)
    named = dict(zip([name for name, _ in npu_parameters(npu)], arguments))
    arrays = {n: a for n, a in named.items() if not isinstance(a, int)}
    numbers = {n: a for n, a in named.items() if isinstance(a, int)}
    report = library.launch(
        [*arrays.values(), kernel.tiling_data(numbers)],
        blocks,
        soc=soc,
        workspace=max(soc.gm_alignment, kernel.workspace_bytes(numbers, blocks)),
        names=[*arrays, "workspace", "tiling"],
        timing=timing,
        trace=trace,
    )
    return outputs, report
