"""The CPU twin of the Ascend C API: any kernel, compiled by g++, run and checked.

from ligrad import twin

library = twin.build(["add.cpp"], "add<half>", include_dirs=[], defines={})
report = library.launch([x, y, z, length], block_dim=24, soc="ascend910b1")
report.hazards, report.cycles, report.gm_bytes, report.trace

docs/twin.md and docs/timing.md have the rest.
"""

from backends.twin.build import BuildError, build
from backends.twin.clock import GmBytes, Time
from backends.twin.launch import Argument, Library
from backends.twin.report import (
    Hazard,
    KernelError,
    KernelType,
    Place,
    Report,
)
from backends.twin.timing import DEFAULT_TIMING, Parameter, Timing
from backends.twin.trace import Trace
from ligrad.twin_call import TwinCall, load_call

__all__ = [
    "DEFAULT_TIMING",
    "Argument",
    "BuildError",
    "GmBytes",
    "Hazard",
    "KernelError",
    "KernelType",
    "Library",
    "Parameter",
    "Place",
    "Report",
    "Time",
    "Timing",
    "Trace",
    "TwinCall",
    "build",
    "load_call",
]
