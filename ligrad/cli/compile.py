"""`ligrad compile`: a CANN operator project from formulas."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from backends.aclnn.host import INCLUDE, LIB, build_host
from backends.files import require_directory
from backends.project.project import operator_files, write_project
from ligrad.family import compile_family
from ligrad.toolkit import build_project, find_toolkit

OpenDtype = Annotated[
    str | None, typer.Option(help="Kernels for bf16 or fp16 only; without it, both.")
]
OpenLayout = Annotated[
    str | None, typer.Option(help="Kernels for BSND or TND only; without it, both.")
]


def compile_command(
    file: Annotated[Path, typer.Argument(help="A .lig file, or IR as .mlir.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The directory to write.")
    ],
    soc: Annotated[
        str, typer.Option(help="The chip, e.g. ascend910b1.")
    ] = "ascend910b1",
    dtype: OpenDtype = None,
    layout: OpenLayout = None,
    schedule: Annotated[
        str, typer.Option(help="optimized, or baseline: formulas as they stand.")
    ] = "optimized",
    choice: Annotated[
        str | None,
        typer.Option(help="What `ligrad tune` found, e.g. 'window=256 depth=3'."),
    ] = None,
    deterministic: Annotated[
        bool,
        typer.Option("--deterministic", help="Only kernels in a fixed order of sums."),
    ] = False,
    build: Annotated[
        bool, typer.Option("--build", help="Build the package with a CANN toolkit.")
    ] = False,
    host: Annotated[
        bool,
        typer.Option("--host", help="Build a library for this machine, on the twin."),
    ] = False,
) -> None:
    """Write a CANN operator project: kernels, host side, C interface, README."""
    require_directory(output)  # before the work, not after it
    toolkit = find_toolkit() if build else None
    family = compile_family(
        file,
        soc=soc,
        dtype=dtype,
        layout=layout,
        schedule=schedule,
        deterministic=True if deterministic else None,
        choice=choice,
    )
    files = operator_files(family)
    built = build_host(family, files) if host else None
    write_project(output, files, built.files() if built else None)
    for name in files:
        typer.echo(str(output / name))
    for folder in (INCLUDE, LIB) if host else ():
        typer.echo(str(output / folder))
    if toolkit is not None:
        for package in build_project(toolkit, output):
            typer.echo(f"built {package}")
