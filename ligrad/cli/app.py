"""The command line. Exit codes: 0 right, 1 wrong result, 2 the user's input was bad, 70
an internal error."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from backends.call.dtypes import Array
from backends.call.shapes import parse_shape
from backends.files import require_place, write_text
from backends.project.run import SourceRun
from backends.twin.process import check_timeout
from ligrad.bisect.run import bisect as find_wrong_pass
from ligrad.check import check_outputs, formulas_of
from ligrad.cli import doctor as checks
from ligrad.cli.compile import compile_command
from ligrad.cli.graph import (
    interpret,
    read_inputs,
    require_outputs,
    write_outputs,
)
from ligrad.cli.tune import tune
from ligrad.cli.twin import Timeout, twin
from ligrad.compiler import LEVELS, Operator, compile
from ligrad.internal import internal_errors
from ligrad.stopping import ended_by_signals
from ligrad.streams import checked_stdout
from ligrad.words import choose
from ligrad.workload import generate
from ligrad_ir.errors import LigradError, PlacedError

EXIT_WRONG = 1
EXIT_USAGE = 2

app = typer.Typer(
    help="Compiles the mathematics of Ascend operators.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command()(twin)
app.command()(tune)

ProgramFile = Annotated[Path, typer.Argument(help="A .lig file, or IR as .mlir.")]
Dtype = Annotated[str, typer.Option(help="What `half` means: bf16 or fp16.")]
LayoutName = Annotated[str, typer.Option(help="BSND or TND.")]
SocName = Annotated[str, typer.Option(help="The chip, e.g. ascend910b1.")]
ScheduleName = Annotated[
    str, typer.Option(help="optimized, or baseline: formulas as they stand.")
]
ChoiceWords = Annotated[
    str | None,
    typer.Option(help="What `ligrad tune` found, e.g. 'window=256 depth=3'."),
]
Deterministic = Annotated[
    bool,
    typer.Option(
        "--deterministic", help="Bit-identical for any number of cores or workers."
    ),
]


@app.command()
def run(
    file: ProgramFile,
    level: Annotated[
        str, typer.Option(help="What runs: graph, tiled or source.")
    ] = "graph",
    shape: Annotated[
        str, typer.Option(help="Extents, e.g. B=1,S1=8,S2=4096,N1=64,K=2048.")
    ] = "",
    layout: LayoutName = "BSND",
    dtype: Dtype = "bf16",
    sparse_mode: Annotated[
        int | None, typer.Option(help="The attribute sparse_mode: 0 or 3.")
    ] = None,
    precision: Annotated[
        str,
        typer.Option(help="Of the graph: float32, or mixed (half matmul operands)."),
    ] = "float32",
    schedule: ScheduleName = "optimized",
    choice: ChoiceWords = None,
    soc: SocName = "ascend910b1",
    cores: Annotated[
        int | None, typer.Option(min=1, help="Cores (levels tiled and source).")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Threads or processes (level graph).")
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(help="A Dask scheduler's address, or local (level graph)."),
    ] = None,
    deterministic: Deterministic = False,
    seed: Annotated[int, typer.Option(min=0, help="Of the generated inputs.")] = 0,
    inputs: Annotated[
        Path | None, typer.Option(help="Inputs: .npz, or a directory of .npy.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Outputs: .npz, or a directory of .npy.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Compare with the float64 oracle.")
    ] = False,
    project: Annotated[
        Path | None,
        typer.Option(help="Run the sources in this directory (level source)."),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            help="Where to write what the twin found, as JSON (level source)."
        ),
    ] = None,
    timeout: Timeout = None,
    bisect: Annotated[
        bool, typer.Option("--bisect", help="Name the first pass that is wrong.")
    ] = False,
) -> None:
    """Run a program on generated or given inputs."""
    choose("level", level, LEVELS)
    if bisect and (check or output is not None):
        raise LigradError("--bisect compares by itself, and writes no outputs")
    if cores is not None and level == "graph" and not bisect:
        raise LigradError("--cores is for the levels tiled and source")
    for name, value in (("--workers", workers), ("--cluster", cluster)):
        if value is not None and (level != "graph" or bisect):
            raise LigradError(f"{name} is for the level graph")
    check_timeout(timeout)
    of_source = {"--project": project, "--report": report, "--timeout": timeout}
    for name, value in of_source.items():
        if value is not None and level != "source":
            raise LigradError(f"{name} is for the level source")
        if value is not None and bisect:
            raise LigradError(
                f"--bisect runs the program after every pass; {name} is not for it"
            )
    operator = compile(
        file,
        soc=soc,
        dtype=dtype,
        layout=layout,
        schedule=schedule,
        deterministic=deterministic,
        precision=precision,
        choice=choice,
    )
    # What cannot be done is refused before the work, not after it.
    if check:
        formulas_of(operator)
    if output is not None:
        require_outputs(output)
    if report is not None:
        require_place(report)
    values = _inputs(operator, shape, inputs, seed, sparse_mode)
    if bisect:
        found = find_wrong_pass(operator, values, cores)
        typer.echo(str(found))
        raise typer.Exit(0 if found.ok else EXIT_WRONG)
    if level == "graph":
        outputs = interpret(operator, values, workers, cluster, output)
    elif level == "source":
        done = operator.run_source(values, cores, project, timeout=timeout)
        outputs = _source_outputs(done, report)
    else:
        outputs = operator.run(values, level, cores)
    for name, array in outputs.items():
        extents = ", ".join(map(str, array.shape))
        typer.echo(f"{name}: {array.dtype.name}[{extents}]")
    if output is not None:
        if level != "graph":
            write_outputs(output, outputs)
        typer.echo(f"outputs are in {output}")
    if check:
        rounding = operator.precision if level == "graph" else "mixed"
        found = check_outputs(operator, values, outputs, rounding)
        for name, comparison in found.items():
            typer.echo(f"{name}: {comparison}")
        if not all(comparison.ok for comparison in found.values()):
            raise typer.Exit(EXIT_WRONG)


def _source_outputs(done: SourceRun, report: Path | None) -> dict[str, Array]:
    """The outputs of the kernel; its hazards go to stderr and end the program."""
    if report is not None:
        write_text(report, json.dumps(done.as_json(), indent=2) + "\n")
        typer.echo(f"the report is in {report}")
    for hazard in done.report.hazards:
        typer.echo(str(hazard), err=True)
    if done.report.hazards:
        raise typer.Exit(EXIT_WRONG)
    return done.outputs


def _inputs(
    operator: Operator,
    shape: str,
    inputs: Path | None,
    seed: int,
    sparse_mode: int | None,
) -> dict[str, Any]:
    """Generated inputs, or those of a file; the attributes of the command line."""
    attributes: dict[str, int] = {}
    if sparse_mode is not None:
        if all(scalar.name != "sparse_mode" for scalar in operator.signature.scalars):
            raise LigradError(
                f"{operator.signature.name} has no attribute sparse_mode to set"
            )
        attributes["sparse_mode"] = sparse_mode
    if inputs is None:
        return generate(
            operator.signature, parse_shape(shape), seed=seed, attributes=attributes
        )
    if shape:
        raise LigradError("--shape is for generated inputs; --inputs brings its own")
    arrays = read_inputs(inputs)
    ports = {port.name.casefold() for port in operator.signature.scalars}
    scalars = {
        name: array.item()
        for name, array in arrays.items()
        if array.ndim == 0 and name.casefold() in ports
    }
    return {**arrays, **scalars, **attributes}


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)
def opt(context: typer.Context) -> None:
    """Transform IR: everything that xdsl-opt offers (ligrad opt --help)."""
    from ligrad.cli.opt import main as opt_main

    opt_main(context.args)


app.command("compile")(compile_command)


@app.command()
def doctor() -> None:
    """Say what this machine has of what ligrad can use."""
    found = checks.examine()
    for finding in found:
        typer.echo(str(finding))
    if not all(finding.ok for finding in found if finding.required):
        raise typer.Exit(EXIT_WRONG)


def main(args: Sequence[str] | None = None) -> None:
    """The entry point: errors of the user become messages, never tracebacks."""
    with (
        ended_by_signals("ligrad"),
        internal_errors("ligrad"),
        checked_stdout("ligrad"),
    ):
        try:
            app(args)
        except PlacedError as error:
            typer.echo(str(error), err=True)
            sys.exit(EXIT_USAGE)
        except LigradError as error:
            typer.echo(f"ligrad: {error}", err=True)
            sys.exit(EXIT_USAGE)
