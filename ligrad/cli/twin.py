"""`ligrad twin`: any Ascend C kernel, on the CPU twin."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated

import typer

from backends.files import require_place, write_text
from backends.twin.build import BuildError, build
from backends.twin.launch import Library
from backends.twin.process import check_timeout
from backends.twin.report import KernelType, Report
from ligrad.twin_call import TwinCall, load_call
from ligrad_ir.errors import LigradError
from ligrad_ir.soc import Soc, find_soc

EXIT_HAZARDS = 1
TRACE_EVENTS = 1_000_000
Timeout = Annotated[
    float | None,
    typer.Option(help="Seconds that a kernel may take on the twin; else any time."),
]
KERNEL_TYPES = tuple(kind.name for kind in KernelType)


def twin(
    sources: Annotated[
        list[Path], typer.Argument(help="The kernel's source files.", metavar="FILE")
    ],
    entry: Annotated[
        str, typer.Option(help="The kernel's function, e.g. add or 'add<half, 1>'.")
    ],
    args: Annotated[Path, typer.Option(help="Its arguments, as JSON (docs/twin.md).")],
    blocks: Annotated[
        int | None,
        typer.Option(min=1, help="Blocks; else those of the arguments file."),
    ] = None,
    soc: Annotated[str, typer.Option(help="The chip.")] = "ascend910b1",
    include: Annotated[
        list[Path] | None, typer.Option("-I", "--include", help="A folder of headers.")
    ] = None,
    define: Annotated[
        list[str] | None, typer.Option("-D", "--define", help="NAME or NAME=VALUE.")
    ] = None,
    kernel_type: Annotated[
        str | None, typer.Option(help="Instead of what the kernel declares.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Where to write the whole report, as JSON.")
    ] = None,
    trace: Annotated[
        Path | None, typer.Option(help="Where to write a trace for Perfetto.")
    ] = None,
    table: Annotated[
        int, typer.Option(min=0, help="Calls to list by their time; 0: no table.")
    ] = 12,
    check: Annotated[
        bool, typer.Option(help="Look for races, undefined bytes, stale caches.")
    ] = True,
    auto_sync: Annotated[
        bool, typer.Option("--auto-sync", help="Count on --cce-auto-sync=on.")
    ] = False,
    timeout: Timeout = None,
    warnings: Annotated[
        bool, typer.Option("--warnings", help="Warnings of g++ are errors.")
    ] = False,
) -> None:
    """Compile and run any Ascend C kernel on the CPU twin, checked and timed.

    Hazards go to stderr and give exit code 1; no output array is written then.
    """
    check_timeout(timeout)
    chip, call = find_soc(soc), load_call(args)
    for path in (report, trace, *call.files()):
        if path is not None:
            require_place(path)
    library = _build(sources, entry, include or [], define or [], warnings)
    found = _launch(
        library,
        call,
        call.blocks if blocks is None else blocks,
        chip,
        _kernel_type(kernel_type),
        trace=TRACE_EVENTS if trace is not None else 0,
        check=check,
        auto_sync=auto_sync,
        timeout=timeout,
    )
    if found.output:
        typer.echo(found.output, nl=not found.output.endswith("\n"))
    for hazard in found.hazards:
        typer.echo(str(hazard), err=True)
    if found.time is not None and table:
        typer.echo(found.time.table(table))
    if report is not None:
        time = None if found.time is None else found.time.as_json()
        data = {**found.as_json(), "output": found.output, "time": time}
        write_text(report, json.dumps(data, indent=2) + "\n")
        typer.echo(f"the report is in {report}")
    if trace is not None and found.trace is not None:
        found.trace.write(trace)
        typer.echo(f"the trace is in {trace}")
    if found.hazards:
        raise typer.Exit(EXIT_HAZARDS)
    for path in call.save():
        typer.echo(f"outputs are in {path}")


def _build(
    sources: list[Path],
    entry: str,
    include: list[Path],
    define: list[str],
    warnings: bool,
) -> Library:
    for path in sources:
        if not path.is_file():
            raise LigradError(f"cannot read {path}: there is no such file")
    defines: dict[str, str] = {}
    for each in define:
        name, _, value = each.partition("=")
        if not re.fullmatch(r"[A-Za-z_]\w*", name):
            raise LigradError(f"-D {each}: {name!r} is no name of a macro")
        defines[name] = value
    try:
        return build(sources, entry, include, defines, strict=warnings)
    except BuildError as error:
        raise LigradError(f"{sources[0]} does not compile:\n{error}") from error


def _kernel_type(name: str | None) -> KernelType | None:
    if name is None:
        return None
    if name not in KERNEL_TYPES:
        raise LigradError(
            f"there is no kernel type {name!r}; there are: {', '.join(KERNEL_TYPES)}"
        )
    return KernelType[name]


def _launch(
    library: Library,
    call: TwinCall,
    blocks: int,
    soc: Soc,
    kernel_type: KernelType | None,
    *,
    trace: int,
    check: bool,
    auto_sync: bool,
    timeout: float | None,
) -> Report:
    try:
        return library.launch(
            call.arguments,
            blocks,
            soc=soc,
            workspace=call.workspace,
            tiling_key=call.tiling_key,
            kernel_type=kernel_type,
            names=call.names,
            trace=trace,
            check=check,
            auto_sync=auto_sync,
            timeout=timeout,
        )
    except ValueError as error:
        raise LigradError(str(error)) from error
