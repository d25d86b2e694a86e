"""Compile Ascend C kernels for the CPU: once for each core type, cached by content."""

import ctypes
import functools
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from backends.leftovers import temporary_directory
from ligrad_ir.errors import LigradError

from .cache import VARIABLE, cached, digest
from .compiler import BuildError, compile_to, find_compiler, host_flags, run_tool
from .launch import Library

__all__ = ["BuildError", "build", "build_engine"]

HERE = Path(__file__).resolve().parent
INCLUDE = HERE / "include"
ENGINE = HERE / "engine"
COMMON_FLAGS = ("-std=c++17", "-fPIC", "-ffp-contract=off", "-fno-gnu-unique")
ENGINE_FLAGS = ("-O2", "-ftree-vectorize", "-fvect-cost-model=dynamic")
WARNINGS = ("-Wall", "-Wextra", "-Werror")
CORE_MACROS = {"aic": "__DAV_C220_CUBE__", "aiv": "__DAV_C220_VEC__"}


def load(library: Path) -> ctypes.CDLL:
    """Load a library of the cache.

    Raises:
        LigradError: the system refuses it.
    """
    try:
        return ctypes.CDLL(str(library))
    except OSError as error:
        raise LigradError(
            f"cannot load a build: {error}; if programs in {library.parent} may not be "
            f"run, set {VARIABLE} to another directory"
        ) from error


@functools.cache
def build_engine() -> ctypes.CDLL:
    """Compile (once for a content) and load the engine that executes instructions.

    Raises:
        BuildError: with the compiler's message.
        LigradError: there is no compiler, or no cache.
    """
    sources = sorted(ENGINE.glob("*.cpp"))
    headers = [
        *sorted(ENGINE.glob("*.h")),
        INCLUDE / "twin" / "abi.h",
        INCLUDE / "twin" / "numeric.h",
    ]
    flags = [*COMMON_FLAGS, *host_flags(), *ENGINE_FLAGS]
    compiler = find_compiler()
    key = digest(
        [
            *compiler.command,
            compiler.identity,
            *flags,
            *(
                part
                for file in [*sources, *headers]
                for part in (file.name, file.read_bytes())
            ),
        ]
    )

    def make(target: Path) -> None:
        with temporary_directory() as scratch:
            objects = [scratch / f"{source.stem}.o" for source in sources]

            def compile_one(pair: tuple[Path, Path]) -> None:
                compile_to([*compiler.command, *flags, "-c", str(pair[0])], pair[1])

            with ThreadPoolExecutor(2) as pool:
                list(pool.map(compile_one, zip(sources, objects, strict=True)))
            compile_to([*compiler.command, "-shared", *map(str, objects)], target)

    return load(cached(f"engine-{key}", "engine.so", make))


def preprocessed(command: Sequence[str], unit: Path) -> str:
    """The text the compiler really sees: the sources with every header they include."""
    return run_tool([*command, "-E", str(unit)])


def build(
    sources: Sequence[str | os.PathLike[str]],
    entry: str,
    include_dirs: Sequence[str | os.PathLike[str]] = (),
    defines: Mapping[str, str] | None = None,
    *,
    optimize: int = 1,
    strict: bool = True,
) -> Library:
    """
    Compile the kernel `entry` out of `sources` and load it.

    `entry` is the function's name; a template kernel is named with its arguments,
    `"k<half, 1>"`. The sources are compiled together, once as cube code and once as
    vector code. `strict` makes every warning of `-Wall -Wextra` an error; without it
    warnings are off. Builds are cached by the preprocessed text, so an edited header
    counts.

    Raises:
        BuildError: with the compiler's message.
        LigradError: there is no compiler, or no cache.
    """
    compiler = find_compiler()
    flags = [
        *COMMON_FLAGS,
        *host_flags(),
        f"-O{optimize}",
        *(WARNINGS if strict else ("-w",)),
        f"-I{INCLUDE}",
    ]
    flags += [f"-I{Path(directory).resolve()}" for directory in include_dirs]
    flags += [
        f"-D{name}={value}" if value else f"-D{name}"
        for name, value in (defines or {}).items()
    ]
    lines = [f'#include "{Path(source).resolve()}"' for source in sources]
    text = "\n".join(
        [
            "#include <kernel_operator.h>",
            *lines,
            "#include <twin/entry.h>",
            f"TWIN_ENTRY({entry})",
            "",
        ]
    )
    with temporary_directory() as scratch:
        unit = scratch / "unit.cpp"
        unit.write_text(text)

        def compile_core(core: str) -> Path:
            command = [*compiler.command, *flags, f"-D{CORE_MACROS[core]}"]
            seen = preprocessed(command, unit).replace(str(scratch), "")
            key = digest([compiler.identity, *command, seen])
            command += ["-shared", "-Wl,-Bsymbolic", str(unit)]
            return cached(
                f"kernel-{key}", f"{core}.so", lambda to: compile_to(command, to)
            )

        with ThreadPoolExecutor(2) as pool:
            aic, aiv = pool.map(compile_core, CORE_MACROS)
    return Library(build_engine(), load(aic), load(aiv))
