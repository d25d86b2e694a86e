"""The files of a compiled program: a CANN operator project, or a kernel alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp

from backends.ascendc.printer import print_kernel, print_tiling_header
from backends.files import write_files
from backends.project.cann import aclnn_path, host_files
from backends.project.entry import kernel_files, launch_files, rows_header
from backends.project.host import kernel_of
from backends.project.templating import lines, render
from backends.project.variants import KERNEL_FOLDER, Family, Variant
from backends.twin.cache import cache_directory
from ligrad_ir.errors import LigradError
from ligrad_ir.signature import DTYPE_NAMES, ArrayPort

EXECUTABLE = ("build.sh",)


@dataclass(frozen=True)
class Sources:
    """A kernel to be built: its file, the function in it, the macros that choose it, and
    its array arguments."""

    path: Path
    entry: str
    arrays: tuple[str, ...]
    defines: Mapping[str, str] = field(default_factory=dict[str, str])


def operator_files(family: Family) -> dict[str, str]:
    """The text of every file of a CANN operator project, by its path in it."""
    return {
        **kernel_files(family),
        **host_files(family),
        **launch_files(family),
        "README.md": _readme(family),
    }


def lone_files(module: ModuleOp) -> dict[str, str]:
    """A kernel that no operator dispatches to, and its tiling header.

    module: as `lower-to-ascendc` leaves it.
    """
    kernel = kernel_of(module)
    return {
        f"{KERNEL_FOLDER}/{kernel.name}.cpp": print_kernel(module),
        f"{KERNEL_FOLDER}/{kernel.header}": print_tiling_header(module),
    }


def lone_sources(directory: Path, module: ModuleOp) -> Sources:
    """The kernel that `lone_files` has been written of."""
    kernel = kernel_of(module)
    path = directory / KERNEL_FOLDER / f"{kernel.name}.cpp"
    return Sources(path, kernel.name, kernel.arrays)


def find_sources(directory: Path, variant: Variant) -> Sources:
    """The entry of a project as it lies in a directory, to be built for a variant.

    Raises:
        LigradError: if the project has no such variant.
    """
    family = Family((variant,))
    for name in (family.source, variant.source):
        if not (directory / name).is_file():
            order = " --deterministic" if variant.deterministic else ""
            raise LigradError(
                f"{directory} has no {name}; `ligrad compile FILE.lig -o {directory}` "
                f"writes the kernels of all dtypes and layouts, and with --dtype, "
                f"--layout{order} only one"
            )
    arrays = tuple(port.name for port in (*family.inputs, *family.outputs))
    path = directory / family.source
    return Sources(path, family.kernel, arrays, variant.defines())


def write_project(
    directory: Path, files: Mapping[str, str], more: Mapping[str, Path] | None = None
) -> None:
    """Write all files, or none of them. more: files to copy.

    Raises:
        LigradError: if one cannot be written.
    """
    write_files(directory, {**files, **(more or {})}, EXECUTABLE)


def keep_project(files: Mapping[str, str]) -> Path:
    """Write all files to the cache, in a directory of their own: the same directory for
    the same files, so that they are compiled once and messages name files that stay.

    Raises:
        LigradError: if one cannot be written.
    """
    digest = hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()[:32]
    directory = cache_directory() / f"source-{digest}"
    if not all(_holds(directory / name, text) for name, text in files.items()):
        write_project(directory, files)
    return directory


def _holds(path: Path, text: str) -> bool:
    try:
        return path.read_bytes() == text.encode()
    except OSError:
        return False


def _readme(family: Family) -> str:
    first = family.variants[0]
    soc, kernel = first.soc, first.kernel
    rows = [
        f"| `{name}` | {what} |"
        for name, what in _explained(family)
        if name != "README.md"
    ]
    fields = [f"| `{name}` | {meaning} |" for name, meaning in kernel.fields.items()]
    variants = [f"| {v.name} | {v.key} | `{v.function}` |" for v in family.variants]
    arrays = [
        *(_array(family, port, "input") for port in family.inputs),
        *(_array(family, port, "output") for port in family.outputs),
    ]
    names = ", ".join(v.name.replace("_", " ") for v in family.variants)
    return render(
        "README.md",
        name=family.name,
        kernel=family.kernel,
        soc=soc.name,
        served=names,
        files=lines(0, rows),
        arrays=lines(0, arrays),
        fields=lines(0, fields),
        variants=lines(0, variants),
        struct=family.struct,
        source=family.source,
        aclnn=aclnn_path(family),
        most=soc.cube_cores,
        vectors=soc.vector_cores_per_cube,
        alignment=soc.gm_alignment,
    )


def _array(family: Family, port: ArrayPort, kind: str) -> str:
    elements = " or ".join(
        DTYPE_NAMES[type(each)] for each in family.elements(port.name)
    )
    dims = ", ".join(map(str, port.dims))
    ending = ", optional" if kind == "input" and family.optional(port) else ""
    return f"| `{port.name}` | {kind}{ending} | {elements} | [{dims}] |"


def _explained(family: Family) -> Iterator[tuple[str, str]]:
    """What each file is."""
    kernel, folder = family.kernel, KERNEL_FOLDER
    yield (
        family.source,
        "the entry: calls the function for dtype, layout and order of sums",
    )
    for variant in family.variants:
        yield variant.source, f"the function for {variant.name.replace('_', ' ')}"
    yield f"{folder}/{family.header}", "the tiling data, which the host fills"
    if family.ragged:
        what = "padding rows behind the last run: how many, and zeros for them"
        yield f"{folder}/{rows_header(family)}", what
    yield (
        f"op_host/{kernel}_host.h",
        "checks of the arguments and all that a launch needs, pure C++17 (`Prepare`)",
    )
    yield (
        f"op_host/{kernel}.cpp",
        "prototype, tiling function, shape and dtype inference for CANN",
    )
    yield aclnn_path(family), "the two-phase C interface, as the vendor spells it"
    yield f"examples/{kernel}.cpp", "a program that calls it"
    yield (
        f"launch/{kernel}_launch.h",
        "the kernels for a direct launch, without a package",
    )
    yield f"launch/{kernel}.asc", "the host side of a direct launch (`<<<>>>`)"
    yield "CMakeLists.txt", "how CANN builds the package"
    yield "op_host/CMakeLists.txt", "its host side"
    yield f"{folder}/CMakeLists.txt", "its kernels"
    yield "CMakePresets.json", "chips, vendor name and kind of the package"
    yield "build.sh", "builds the package with the toolkit of `ASCEND_HOME_PATH`"
