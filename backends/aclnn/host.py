"""The host build of an operator: headers and a library that programs here link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from backends.aclnn.functions import operator_source
from backends.aclnn.library import (
    HEADERS,
    LIBRARY,
    HostKernel,
    build_library,
)
from backends.files import write_files
from backends.project.cann import aclnn_path
from backends.project.project import keep_project
from backends.project.variants import Family
from backends.twin.compiler import BuildError
from ligrad_ir.errors import LigradError

INCLUDE, LIB = "host/include", "host/lib"
"""Folders in a project."""


@dataclass(frozen=True)
class HostBuild:
    """A library, and the folders of the headers that go with it."""

    library: Path
    headers: tuple[Path, ...]

    def files(self) -> dict[str, Path]:
        """Library and headers, by their places in a project."""
        return {
            f"{INCLUDE}/{path.relative_to(folder)}": path
            for folder in self.headers
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        } | {f"{LIB}/{LIBRARY}": self.library}

    def write(self, directory: Path) -> list[Path]:
        """Put library and headers into a directory; returns their folders.

        Raises:
            LigradError: if one cannot be written.
        """
        write_files(directory, self.files())
        return [directory / INCLUDE, directory / LIB]


def build_host(
    family: Family,
    files: Mapping[str, str],
    *,
    sanitize: bool = False,
) -> HostBuild:
    """Compile an operator with all its kernels for this machine.

    files: of its project. sanitize: with AddressSanitizer and
    UndefinedBehaviorSanitizer.

    Raises:
        LigradError: with what the compiler says.
    """
    project = keep_project(files)
    kernels = [
        HostKernel(
            f"{family.kernel}_{variant.name}",
            project / family.source,
            family.kernel,
            variant.defines(),
        )
        for variant in family.variants
    ]
    header = Path(aclnn_path(family))
    host_header = f"op_host/{family.kernel}_host.h"
    assert host_header in files
    source = operator_source(
        family, kernels, str(header.relative_to(header.parents[1])), host_header
    )
    include = project / header.parents[1]
    try:
        library = build_library(
            kernels,
            source,
            (project, include),
            sanitize=sanitize,
        )
    except BuildError as error:
        raise LigradError(f"the host library does not compile:\n{error}") from error
    return HostBuild(library, (HEADERS, include))
