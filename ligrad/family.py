"""All kernels of one operator: a program compiled for every dtype, layout and order."""

from __future__ import annotations

from pathlib import Path

from xdsl.dialects.builtin import ModuleOp

from backends.project.variants import Family, Variant, variant_name
from ligrad.compiler import compile
from ligrad_ir.signature import HALF_NAMES, LAYOUTS


def compile_family(
    program: str | Path | ModuleOp,
    *,
    soc: str = "ascend910b1",
    dtype: str | None = None,
    layout: str | None = None,
    schedule: str = "optimized",
    deterministic: bool | None = None,
    choice: str | None = None,
) -> Family:
    """Compile a program for every dtype, layout and order of sums that is left open.

    A program that means the same in two of them has one kernel for both.

    Raises:
        DslError, LigradError: as `ligrad.compile`; or the program has no schedule.
    """
    variants: list[Variant] = []
    seen: set[str] = set()
    for half in HALF_NAMES if dtype is None else (dtype,):
        for each in LAYOUTS if layout is None else (layout,):
            for ordered in (False, True) if deterministic is None else (deterministic,):
                operator = compile(
                    program,
                    soc=soc,
                    dtype=half,
                    layout=each,
                    schedule=schedule,
                    deterministic=ordered,
                    choice=choice,
                )
                name = variant_name(operator.signature, ordered)
                if name not in seen:
                    seen.add(name)
                    variants.append(operator.variant())
    return Family(tuple(variants))
