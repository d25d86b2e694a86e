"""`ligrad.compile`: a program, ready to be looked at and to be run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from backends.call.binding import bind
from backends.call.bound import Bound
from backends.call.dtypes import Array
from backends.call.values import as_bool, is_int, spell
from backends.graph.blocks.function import Options, run_bound
from backends.graph.interpreter import check_rows
from backends.graph.ops import IndexOutOfRangeError
from backends.project.project import find_sources, operator_files, write_project
from backends.project.run import SourceRun, run_source
from backends.project.variants import Family, Variant
from backends.tiled.call import run_tiled
from backends.twin.timing import DEFAULT_TIMING, Timing
from ligrad.programs import lower_module, read_program
from ligrad.words import as_path, as_text, choose
from ligrad_ir.dsl import syntax
from ligrad_ir.errors import LigradError
from ligrad_ir.signature import (
    HALF_NAMES,
    LAYOUTS,
    Half,
    Layout,
    Signature,
    signature_of,
)
from ligrad_ir.soc import find_soc
from passes.choices import DEFAULT_CHOICE, Choice, parse_choice
from passes.pipelines import (
    ASCENDC_PIPELINE,
    PIPELINES,
    PRECISIONS,
    SCHEDULES,
    Precision,
    Schedule,
    interpreter_pipeline,
    kernel_pipeline,
)

Level = Literal["graph", "tiled", "source"]
LEVELS: tuple[Level, ...] = get_args(Level)
DIALECTS = ("lig", "npu", "ascendc")
"""The levels of IR."""


class Operator:
    """A compiled program.

    program: the syntax tree, or None where it was compiled from IR; dtype: what `half`
    means in it; source: the graph as it is before all passes.
    """

    def __init__(
        self,
        module: ModuleOp,
        program: syntax.Program | None,
        *,
        dtype: Half,
        soc: str,
        schedule: Schedule,
        deterministic: bool,
        precision: Precision,
        choice: Choice = DEFAULT_CHOICE,
    ):
        self.program = program
        self.dtype: Half = dtype
        self.soc = find_soc(soc)
        self.schedule: Schedule = schedule
        self.choice = choice
        self.deterministic = deterministic
        self.precision: Precision = precision
        self.signature: Signature = signature_of(module)
        self.source = module
        self._modules: dict[str, ModuleOp] = {}

    def module(self, level: str = "lig") -> ModuleOp:
        """The IR of a level: `lig` (in the precision asked for); `npu`, the tiled
        program for the chip, whose matrix products take half operands; or `ascendc`, the
        statements of its kernel.

        Raises:
            LigradError: for a level that there is not, or a graph that the chip's
                schedule cannot run; says which operation and why.
        """
        choose("the level of IR", level, DIALECTS)
        if level not in self._modules:
            self._modules[level] = self._build(level)
        return self._modules[level]

    def _build(self, level: str) -> ModuleOp:
        if level == "ascendc":
            module, passes = self.module("npu").clone(), ASCENDC_PIPELINE
        elif level == "npu":
            module, passes = self.source.clone(), self.pipeline()
        else:
            module, passes = self.source.clone(), PIPELINES[f"graph-{self.precision}"]
        return lower_module(module, passes, self.program)

    def pipeline(self) -> tuple[ModulePass, ...]:
        """The passes that make the tiled program of the source."""
        order, schedule = self.deterministic, self.schedule
        return kernel_pipeline(
            self.soc.name, deterministic=order, schedule=schedule, choice=self.choice
        )

    def bind(self, inputs: Mapping[str, Any]) -> Bound:
        """Check a call's inputs against the signature.

        Raises:
            ArgumentError: what is wrong, with the vendor's code.
        """
        return bind(self.signature, inputs)

    def run(
        self,
        inputs: Mapping[str, Any],
        level: str = "graph",
        cores: int | None = None,
        *,
        workers: int | None = None,
    ) -> dict[str, Array]:
        """Compute the outputs.

        inputs: arrays and attributes by their names in the signature (any case, aliases
        too), in the shapes of the layout. level: `graph`; or `tiled` (the IR) or
        `source` (the emitted kernel, compiled by g++), on `cores` simulated groups of
        cores (by default all of the chip's, but no more than the longest axis has
        positions). workers: threads for the level `graph`, by default one a core that
        this process may use. Returns the outputs by name.

        Raises:
            ArgumentError: what is wrong with the inputs, with the vendor's code.
            LigradError: there is no such level, or the kernel has errors.
        """
        if choose("level", level, LEVELS) == "source":
            done = self.run_source(inputs, cores)
            if done.report.hazards:
                raise LigradError("\n".join(map(str, done.report.hazards)))
            return done.outputs
        if level == "graph":
            return self.interpret(
                inputs, Options(workers, deterministic=self.deterministic)
            )
        bound = self.bind(inputs)
        self._check_rows(bound)
        values = run_tiled(self.module("npu"), bound, self.blocks(cores, bound))
        return bound.results(values)

    def interpret(
        self, inputs: Mapping[str, Any], options: Options
    ) -> dict[str, Array]:
        """Compute the outputs on the CPU, as `run` does at the level `graph`.

        Raises:
            ArgumentError: what is wrong with the inputs, with the vendor's code.
        """
        bound = self.bind(inputs)
        if (module := self._modules.get("blocks")) is None:
            optimized = self.schedule == "optimized"
            passes = interpreter_pipeline(self.precision, optimized=optimized)
            module = lower_module(self.source.clone(), passes, self.program)
            self._modules["blocks"] = module
        try:
            return run_bound(module, bound, options)
        except IndexOutOfRangeError as error:
            raise bound.explain(error) from error

    def run_source(
        self,
        inputs: Mapping[str, Any],
        cores: int | None = None,
        project: str | Path | None = None,
        *,
        timing: Timing = DEFAULT_TIMING,
        trace: int = 0,
        timeout: float | None = None,
    ) -> SourceRun:
        """Run the emitted kernel on the twin, and say what the twin found.

        inputs and cores: as for `run`. project: a directory with the sources to run
        instead, which `emit` has written and a person may have changed. timing, trace: of
        the model of time. timeout: seconds that the kernel may take; None: any time.

        Raises:
            ArgumentError: what is wrong with the inputs, with the vendor's code.
            LigradError: the sources are missing or do not compile.
        """
        bound = self.bind(inputs)
        blocks = self.blocks(cores, bound)
        self._check_rows(bound)
        return run_source(
            self.module("ascendc"),
            bound,
            blocks,
            self.soc,
            None
            if project is None
            else find_sources(as_path("the project", project), self.variant()),
            timing=timing,
            trace=trace,
            timeout=timeout,
        )

    def _check_rows(self, bound: Bound) -> None:
        """A kernel takes a wrong index for none; the caller is told."""
        try:
            check_rows(self.module(), bound.arguments, bound.extents)
        except IndexOutOfRangeError as error:
            raise bound.explain(error) from error

    def blocks(self, cores: int | None, bound: Bound) -> int:
        """How many groups of cores a call runs on; by default all of the chip's, but no
        more than an axis has positions.

        Raises:
            LigradError: if the chip has not so many as are asked for.
        """
        most = self.soc.cube_cores
        if cores is None:
            return max(1, min(most, max(bound.extents.values())))
        if not is_int(cores) or not 1 <= cores <= most:
            raise LigradError(
                f"{self.soc.name} has 1 to {most} cores, not {spell(cores)}"
            )
        return int(cores)

    def variant(self) -> Variant:
        """The program as one of the kernels of an operator.

        Raises:
            LigradError: the graph has no schedule.
        """
        module = self.module("ascendc")
        return Variant(self.signature, self.deterministic, module, self.soc)

    def emit(self, directory: str | Path) -> list[Path]:
        """Write a CANN operator project with this program as its only kernel.

        Returns the paths of the files. `ligrad.compile_family` has all kernels.

        Raises:
            LigradError: a file cannot be written, or the graph has no schedule.
        """
        path = as_path("the directory", directory)
        files = operator_files(Family((self.variant(),)))
        write_project(path, files)
        return [path / name for name in files]


def compile(
    program: str | Path | ModuleOp,
    *,
    soc: str = "ascend910b1",
    dtype: str = "bf16",
    layout: str = "BSND",
    schedule: str = "optimized",
    deterministic: bool = False,
    precision: str = "float32",
    choice: str | None = None,
) -> Operator:
    """Compile a program.

    program: a `.lig` text; the path of a `.lig` or (with IR of the level `lig`) `.mlir`
    file; or a module. A module's dtype and layout are as they are.
    dtype: what `half` means, `bf16` or `fp16`. layout: `BSND` or `TND`.
    deterministic: results are the same bit for bit in every run, and on any number of
    cores or, at the level `graph`, workers.
    precision: of the graph: `float32` between half inputs and outputs, or `mixed`, in
    which matmul operands are rounded to half, as the cube unit wants them.
    choice: words for the schedule `optimized`, as `ligrad tune` prints them.

    Raises:
        DslError: the text has mistakes; all that were found, with their places.
        LigradError: an option has no such value, or the file cannot be read.
    """
    half: Half = choose("dtype", dtype, HALF_NAMES)
    layout_: Layout = choose("layout", layout, LAYOUTS)
    precision_: Precision = choose("precision", precision, PRECISIONS)
    schedule_: Schedule = choose("schedule", schedule, SCHEDULES)
    find_soc(soc)
    if choice is not None and schedule_ != "optimized":
        raise LigradError(f"the schedule {schedule_} has nothing to choose")
    chosen = DEFAULT_CHOICE
    if choice is not None:
        chosen = parse_choice(as_text("choice", choice))
    ordered = as_bool("deterministic", deterministic)
    module, tree = read_program(program, half, layout_)
    return Operator(
        module,
        tree,
        dtype=half,
        soc=soc,
        schedule=schedule_,
        deterministic=ordered,
        precision=precision_,
        choice=chosen,
    )
