"""The files of a compiled program: kernel source, tiling header, and what they are."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp

from backends.ascendc.host import kernel_of
from backends.ascendc.printer import print_kernel, print_tiling_header
from backends.ascendc.twin.build import cache_directory
from backends.files import write_text
from ligrad_ir.dialects.npu_types import element_of
from ligrad_ir.errors import LigradError
from ligrad_ir.signature import Signature, entry_function
from ligrad_ir.soc import Soc
from passes.machine.frame import parameters_of
from passes.machine.host import WORKSPACE

KERNEL_FOLDER = "op_kernel"

README = """\
# {name}

A kernel for {soc}, in Ascend C, made by `ligrad compile` for the layout {layout}.

| file | what it is |
| --- | --- |
| `{folder}/{kernel}.cpp` | the kernel `{kernel}` |
| `{folder}/{header}` | its tiling data, and the workspace that it needs |

## Arguments

In this order; all of them are addresses in global memory, multiples of {alignment} bytes.

| argument | kind | elements | axes |
| --- | --- | --- | --- |
{arrays}
| `workspace` | scratch | bytes | `{workspace}(tiling, blocks)` |
| `tiling` | input | | one `{struct}` |

`{struct}`, an `int64_t` each:

| field | value |
| --- | --- |
{fields}

The kernel runs on 1 to {most} blocks, of one cube core and {vectors} vector cores each.
It takes any extents within the limits of its signature; indices that mean no row are
passed over.

## Run it here

    ligrad run FILE.lig --level source --project . --check

compiles these files as they are with g++, runs them on a model of the chip, and compares
with the formulas: change the kernel and run it again. The source has been run on this
model only; no chip has seen it.
"""


@dataclass(frozen=True)
class Sources:
    """Where a kernel lies: its file, and its name."""

    path: Path
    entry: str


def project_files(module: ModuleOp, readme: str) -> dict[str, str]:
    """The text of every file of a project, by its path in it.

    module: as `lower-to-ascendc` leaves it.
    """
    kernel = kernel_of(module)
    return {
        f"{KERNEL_FOLDER}/{kernel.name}.cpp": print_kernel(module),
        f"{KERNEL_FOLDER}/{kernel.header}": print_tiling_header(module),
        "README.md": readme,
    }


def readme(signature: Signature, soc: Soc, npu: ModuleOp, ascendc: ModuleOp) -> str:
    """What the files are and how the kernel is called; npu: the program as it was before
    `lower-to-ascendc`."""
    kernel = kernel_of(ascendc)
    arrays = [p for p in parameters_of(entry_function(npu)) if not p.is_number]
    rows = [
        f"| `{p.name}` | {p.kind} | {element_of(p.value)} | {' x '.join(p.dims)} |"
        for p in arrays
    ]
    fields = [f"| `{name}` | {meaning} |" for name, meaning in kernel.fields.items()]
    return README.format(
        name=signature.name,
        kernel=kernel.name,
        folder=KERNEL_FOLDER,
        header=kernel.header,
        soc=soc.name,
        layout=signature.layout,
        arrays="\n".join(rows),
        fields="\n".join(fields),
        struct=kernel.struct,
        workspace=kernel.functions[WORKSPACE].sym_name.data,
        most=soc.cube_cores,
        vectors=soc.vector_cores_per_cube,
        alignment=soc.gm_alignment,
    )


def write_project(directory: Path, files: Mapping[str, str]) -> None:
    """Write all files, each of them whole or not at all.

    Raises:
        LigradError: if one cannot be written; files written before it stay.
    """
    for name, text in files.items():
        write_text(directory / name, text)


def keep_project(files: Mapping[str, str]) -> Path:
    """Write all files to the cache, in a directory of their own: the same directory for
    the same files, so that they are compiled once and messages name files that stay.

    Raises:
        LigradError: if one cannot be written.
    """
    digest = hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()[:32]
    directory = cache_directory() / f"source-{digest}"
    write_project(directory, files)
    return directory


def find_sources(directory: Path, module: ModuleOp) -> Sources:
    """The kernel of a project as it lies in a directory.

    Raises:
        LigradError: if the directory has no such file.
    """
    kernel = kernel_of(module)
    path = directory / KERNEL_FOLDER / f"{kernel.name}.cpp"
    if not path.is_file():
        raise LigradError(
            f"{directory} has no {KERNEL_FOLDER}/{kernel.name}.cpp; "
            f"`ligrad compile FILE.lig -o {directory}` writes it"
        )
    return Sources(path, kernel.name)
