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
from .compiler import BuildError, compile_to, find_compiler, host_flags
from .launch import Library
from .process import Program
from .unit import COMMON_FLAGS, CORE_MACROS, INCLUDE, Unit

__all__ = ["BuildError", "build", "build_engine"]

HERE = Path(__file__).resolve().parent
ENGINE = HERE / "engine"
RUNNER = HERE / "runner" / "runner.cpp"
ENGINE_FLAGS = ("-O2", "-ftree-vectorize", "-fvect-cost-model=dynamic")
WARNINGS = ("-Wall", "-Wextra", "-Werror")


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
def build_engine() -> Path:
    """Compile (once for a content) the library that executes instructions.

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

    def make(target: Path) -> None:
        with temporary_directory() as scratch:
            objects = [scratch / f"{source.stem}.o" for source in sources]

            def compile_one(pair: tuple[Path, Path]) -> None:
                compile_to([*compiler.command, *flags, "-c", str(pair[0])], pair[1])

            with ThreadPoolExecutor(2) as pool:
                list(pool.map(compile_one, zip(sources, objects, strict=True)))
            link = [*compiler.command, "-shared", *map(str, objects), "-ldl"]
            compile_to(link, target)

    return cached(f"engine-{_key(flags, [*sources, *headers])}", "engine.so", make)


@functools.cache
def build_runner() -> Path:
    """Compile the program that runs a kernel in a process of its own.

    Raises:
        BuildError, LigradError: as `build_engine`.
    """
    command = [*find_compiler().command, "-std=c++17", "-O1", str(RUNNER), "-ldl"]
    key = _key(command[1:], [RUNNER, ENGINE / "launch.h"])
    return cached(f"runner-{key}", "runner", lambda to: compile_to(command, to))


def _key(flags: Sequence[str], files: Sequence[Path]) -> str:
    compiler = find_compiler()
    contents = [part for file in files for part in (file.name, file.read_bytes())]
    return digest([*compiler.command, compiler.identity, *flags, *contents])


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
        "-fstack-clash-protection",
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
    unit = Unit(text, tuple([*compiler.command, *flags]))
    with ThreadPoolExecutor(2) as pool:
        aic, aiv = pool.map(unit.build, CORE_MACROS)
    libraries = build_engine(), aic, aiv
    source = Path(sources[0]).resolve()
    program = Program(build_runner(), libraries, entry, source, unit.locate)
    return Library(program, load(aic), load(aiv))
