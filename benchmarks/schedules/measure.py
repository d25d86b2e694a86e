"""What a token costs a kernel in the steady state, in the twin's model of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

import ligrad
from backends.project.run import SourceRun, run_source
from backends.twin.timing import DEFAULT_TIMING, Timing
from benchmarks.schedules.inputs import ascending, consecutive, first
from ligrad.tune.steady import Steady, difference
from ligrad_ir.errors import LigradError
from passes.pipelines import (
    ASCENDC_PIPELINE,
    SCHEDULES,
    Schedule,
    kernel_pipeline,
    run_passes,
)

EXAMPLES = Path(__file__).parents[2] / "examples"
MAIN = "lightning_indexer_grad"
MOST_EVENTS = 5_000_000
"""Of a trace."""
ORDER: tuple[Schedule, ...] = tuple(sorted(SCHEDULES))
"""`baseline` is what the other one is compared with."""


@dataclass(frozen=True)
class Setup:
    """A problem on a chip. few, many: tokens of a group of cores in the two runs whose
    difference is the steady state. ascending: the keys of a token in the order of their
    numbers, not of their scores."""

    soc: str = "ascend910b1"
    heads: int = 64
    entries: int = 2048
    keys: int = 8192
    cores: int = 24
    few: int = 3
    many: int = 9
    ascending: bool = False

    def values(self, dtype: str) -> dict[str, Any]:
        """Inputs for the longer run, of which the other one takes the first tokens."""
        tokens = self.many * self.cores
        values = _values(tokens, self.keys, self.heads, self.entries, dtype)
        return ascending(values) if self.ascending else values

    def __str__(self) -> str:
        order = "keys in ascending order, " * self.ascending
        groups = f"{self.cores} groups of cores" if self.cores > 1 else "1 group"
        return (
            f"{self.soc}, G=N1={self.heads}, D=128, K={self.entries}, S2={self.keys}, "
            f"BSND, sparse_mode 0, {order}{groups}, run of {self.many} tokens a group "
            f"less run of {self.few}"
        )


@cache
def _values(
    tokens: int, keys: int, heads: int, entries: int, dtype: str
) -> dict[str, Any]:
    return consecutive(tokens, keys, heads, entries, dtype)


@dataclass(frozen=True)
class Kernel:
    """A program, lowered by some passes: operator says what it takes."""

    operator: ligrad.Operator
    module: ModuleOp

    def run(
        self,
        values: Mapping[str, Any],
        cores: int,
        *,
        timing: Timing = DEFAULT_TIMING,
        trace: int = 0,
        check: bool = True,
    ) -> SourceRun:
        """Run it on the twin; of the values, it is given those that it has.

        Raises:
            LigradError: the kernel does not compile.
        """
        names = {port.name for port in self.operator.signature.inputs}
        return run_source(
            self.module,
            self.operator.bind({k: v for k, v in values.items() if k in names}),
            cores,
            self.operator.soc,
            timing=timing,
            trace=trace,
            check=check,
        )


def kernel(formulas: str, soc: str, dtype: str, passes: Sequence[ModulePass]) -> Kernel:
    """The kernel that passes make of the text of a program.

    Raises:
        LigradError: a pass refuses it.
    """
    operator = ligrad.compile(formulas, soc=soc, dtype=dtype)
    module = operator.source.clone()
    try:
        run_passes(module, (*passes, *ASCENDC_PIPELINE))
    except PassFailedException as error:
        raise LigradError(str(error)) from error
    return Kernel(operator, module)


def example(name: str) -> str:
    """The text of a program."""
    return (EXAMPLES / f"{name}.lig").read_text(encoding="utf-8")


@cache
def scheduled(
    schedule: Schedule,
    soc: str,
    dtype: str,
    name: str = MAIN,
    *,
    deterministic: bool = False,
) -> Kernel:
    """The kernel of an example in a schedule, as `ligrad compile` makes it."""
    passes = kernel_pipeline(soc, deterministic=deterministic, schedule=schedule)
    return kernel(example(name), soc, dtype, passes)


def steady(
    kernel: Kernel,
    setup: Setup,
    dtype: str = "bf16",
    timing: Timing = DEFAULT_TIMING,
    *,
    trace: bool = False,
    check: bool = True,
) -> Steady:
    """The difference between a run of `setup.many` and one of `setup.few` tokens a group
    of cores, for a token.

    Raises:
        LigradError: a run ended with errors, or is too long for a trace; or the kernel
            does not compile.
    """
    values = setup.values(dtype)

    def run(tokens: int) -> SourceRun:
        return kernel.run(
            first(values, tokens * setup.cores),
            setup.cores,
            timing=timing,
            trace=MOST_EVENTS if trace else 0,
            check=check,
        )

    return difference(run(setup.few), run(setup.many), setup.many - setup.few)
