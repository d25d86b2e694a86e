"""The host build of an operator: headers and a library that programs here link."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from backends.ascendc.aclnn.functions import operator_source
from backends.ascendc.aclnn.library import (
    HEADERS,
    LIBRARY,
    HostKernel,
    build_library,
)
from backends.ascendc.cann import aclnn_path
from backends.ascendc.project import keep_project
from backends.ascendc.twin.build import BuildError
from backends.ascendc.variants import Family
from ligrad_ir.errors import LigradError

FOLDER = "host"


@dataclass(frozen=True)
class HostBuild:
    """A library, and the folders of the headers that go with it."""

    library: Path
    headers: tuple[Path, ...]

    def write(self, directory: Path) -> list[Path]:
        """Put library and headers into `host/` of a directory; returns these folders.

        Raises:
            LigradError: if one cannot be written.
        """
        folders = directory / FOLDER / "include", directory / FOLDER / "lib"
        try:
            for headers in self.headers:
                shutil.copytree(headers, folders[0], dirs_exist_ok=True)
            folders[1].mkdir(parents=True, exist_ok=True)
            scratch = folders[1] / f".{LIBRARY}"
            shutil.copy(self.library, scratch)
            scratch.replace(folders[1] / LIBRARY)
        except OSError as error:
            raise LigradError(f"cannot write {folders[0].parent}: {error}") from error
        return list(folders)


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
