"""Runs emitted sources on the twin, with the arguments of a checked call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from backends.call.bound import Bound
from backends.call.dtypes import Array
from backends.project.host import kernel_of
from backends.project.project import (
    Sources,
    keep_project,
    lone_files,
    lone_sources,
)
from backends.tiled.call import call_values
from backends.twin.build import BuildError, build
from backends.twin.report import Report
from backends.twin.timing import DEFAULT_TIMING, Timing
from ligrad_ir.errors import LigradError
from ligrad_ir.soc import Soc

NOTHING = np.zeros(0, np.uint8)
"""What an argument is that a caller leaves out."""


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
    sources: Sources | None = None,
    *,
    timing: Timing = DEFAULT_TIMING,
    trace: int = 0,
    strict: bool = True,
    check: bool = True,
    clock: bool = True,
    timeout: float | None = None,
) -> SourceRun:
    """Compile a kernel with g++ and run it on `blocks` simulated groups of cores.

    module: as `lower-to-ascendc` leaves it. sources: what to run instead of what would
    be printed; of its arrays, those that the kernel does not take are empty.
    timing, trace: of the twin's clock.
    strict: a warning of the compiler is an error. check, clock: whether the twin looks
    for races and the like, and whether it models time. timeout: seconds that the kernel
    may take; None: any time.

    Raises:
        LigradError: the sources do not compile; with what the compiler says.
    """
    if sources is None:
        sources = lone_sources(keep_project(lone_files(module)), module)
    kernel = kernel_of(module)
    try:
        library = build(
            [sources.path], sources.entry, defines=sources.defines, strict=strict
        )
    except BuildError as error:
        raise LigradError(f"{sources.path} does not compile:\n{error}") from error
    values = call_values(bound)
    numbers = {name: values.numbers[name] for name in kernel.fields}
    report = library.launch(
        [
            *(
                values.array(n) if n in kernel.arrays else NOTHING
                for n in sources.arrays
            ),
            kernel.tiling_data(numbers),
        ],
        blocks,
        soc=soc,
        workspace=max(soc.gm_alignment, kernel.workspace_bytes(numbers, blocks)),
        names=[*sources.arrays, "tiling"],
        timing=timing,
        trace=trace,
        check=check,
        clock=clock,
        timeout=timeout,
    )
    left = tuple(values.outputs.values())
    return SourceRun(left, bound.results(left), report, blocks)
