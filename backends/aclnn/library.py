"""Compiles the host library: engine, runtime, an operator's functions, all its kernels.

Kernels are compiled one by one, for cube and for vector cores, into objects that show
nothing but their two entries: all else in them has the same names and different contents.
Objects and the library are cached by content, like the builds of the twin.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from backends.leftovers import temporary_directory
from backends.twin.build import (
    ENGINE,
    ENGINE_FLAGS,
)
from backends.twin.cache import cached, digest
from backends.twin.compiler import (
    compile_to,
    find_compiler,
    host_flags,
    run_tool,
)
from backends.twin.unit import (
    COMMON_FLAGS,
    CORE_MACROS,
    INCLUDE,
    preprocessed,
)

HERE = Path(__file__).resolve().parent
HEADERS = HERE / "include"
RUNTIME = HERE / "runtime"
LIBRARY = "libligrad_host.so"
OPTIMIZE = ("-O2",)
KERNEL = ("-O1",)
"""Behind OPTIMIZE: the engine does the work, and kernels are compiled in half the time."""
SANITIZE = ("-O1", "-fsanitize=address,undefined", "-g1", "-fno-omit-frame-pointer")
"""Behind OPTIMIZE, which it overrules."""
SANITIZED_KERNEL = ("-O0",)
"""Behind that: optimised, a sanitised kernel takes three times as long to compile."""
CORES = tuple(CORE_MACROS)


@dataclass(frozen=True)
class HostKernel:
    """A kernel of the library. symbol: what its entries begin with; source: the file that
    defines the function `entry`, with these macros."""

    symbol: str
    source: Path
    entry: str
    defines: Mapping[str, str]

    def entries(self, core: str) -> tuple[str, str]:
        """The names of the entries of an object: to give it the engine, and to run it."""
        return f"{self.symbol}_{core}_bind", f"{self.symbol}_{core}_call"

    def unit(self, core: str) -> str:
        """What is compiled for a kind of core."""
        bind, call = self.entries(core)
        return f"""\
#include <kernel_operator.h>
#include "{self.source}"
#include <twin/entry.h>
extern "C" void {bind}(::twin::Engine* engine)
{{
    ::twin::engine = engine;
}}
extern "C" void {call}(void* const* values)
{{
    ::twin::call(&{self.entry}, values);
}}
"""


def build_library(
    kernels: Sequence[HostKernel],
    operator: str,
    include: Sequence[Path],
    *,
    sanitize: bool = False,
) -> Path:
    """The library of an operator.

    operator: the source of its functions. include: where that finds its headers.
    sanitize: with AddressSanitizer and UndefinedBehaviorSanitizer, which takes minutes.

    Raises:
        BuildError: with the compiler's message.
        LigradError: there is no compiler, or no cache.
    """
    flags = (*COMMON_FLAGS, *host_flags(), "-fvisibility=hidden", "-pthread", *OPTIMIZE)
    folders = tuple(map(str, include))
    if sanitize:
        checked = (*flags, *SANITIZE)
        build = _Build(checked, (*checked, *SANITIZED_KERNEL), folders)
    else:
        build = _Build(flags, (*flags, *KERNEL), folders)
    shared = [
        *_texts(ENGINE, "*"),
        *_texts(RUNTIME, "*"),
        *_texts(HEADERS, "**/*.h"),
        *_texts(INCLUDE, "**/*.h"),
    ]
    sources = [part for path in include for part in _texts(path, "**/*")]
    units = [str((kernel, core)) for kernel in kernels for core in CORES]
    key = digest([build.name, operator, *units, *shared, *sources])
    return cached(f"host-{key}", LIBRARY, lambda to: build.link(kernels, operator, to))


def _texts(directory: Path, pattern: str) -> list[bytes]:
    """Names and contents of the files of a directory."""
    files = sorted(path for path in directory.glob(pattern) if path.is_file())
    return [
        part
        for path in files
        for part in (str(path.relative_to(directory)).encode(), path.read_bytes())
    ]


@dataclass(frozen=True)
class _Build:
    flags: tuple[str, ...]
    kernel_flags: tuple[str, ...]
    include: tuple[str, ...]

    @property
    def command(self) -> list[str]:
        return [*find_compiler().command, *self.flags]

    @property
    def name(self) -> str:
        return repr((find_compiler(), self.flags, self.kernel_flags, ENGINE_FLAGS))

    def link(self, kernels: Sequence[HostKernel], operator: str, target: Path) -> None:
        """The library, of objects that are compiled two at a time."""
        with temporary_directory() as scratch, ExitStack() as stack:
            source = scratch / "operator.cpp"
            source.write_text(operator, encoding="utf-8")
            pool = ThreadPoolExecutor(2)
            stack.callback(pool.shutdown, cancel_futures=True)
            objects = [
                *(pool.submit(self.kernel, k, core) for k in kernels for core in CORES),
                *(pool.submit(self.unit, e) for e in (source, *RUNTIME.glob("*.cpp"))),
                pool.submit(self.engine),
            ]
            found = [str(each.result()) for each in objects]
        link = [*self.command, "-shared", f"-Wl,-soname,{LIBRARY}", "-Wl,-z,defs"]
        compile_to([*link, "-Wl,-Bsymbolic", *found, "-ldl"], target)

    def kernel(self, kernel: HostKernel, core: str) -> Path:
        """The object of a kernel for a kind of core."""
        compiler = find_compiler()
        defines = [f"-D{k}={v}" if v else f"-D{k}" for k, v in kernel.defines.items()]
        command = [*compiler.command, *self.kernel_flags]
        command += ["-w", f"-I{INCLUDE}", *defines]
        command.append(f"-D{CORE_MACROS[core]}")
        with temporary_directory() as scratch:
            unit = scratch / "unit.cpp"
            unit.write_text(kernel.unit(core), encoding="utf-8")
            seen = preprocessed(command, unit).replace(str(scratch), "")
            key = digest([compiler.identity, *command, seen])

            def make(target: Path) -> None:
                whole, alone = scratch / "whole.o", scratch / "alone.o"
                compile_to([*command, "-c", str(unit)], whole)
                # Without groups, the linker does not take code of one kernel for that of
                # another of the same name.
                join = ["-r", "-nostdlib", "-Wl,--force-group-allocation"]
                compile_to([*compiler.command, *join, str(whole)], alone)
                keep = [f"--keep-global-symbol={e}" for e in kernel.entries(core)]
                run_tool(["objcopy", *keep, str(alone), str(target)])

            return cached(f"object-{key}", "kernel.o", make)

    def unit(self, source: Path) -> Path:
        """The object of a source of the runtime, or of the operator."""
        paths = [HEADERS, INCLUDE, ENGINE.parent, HERE, RUNTIME, *self.include]
        warn = ["-Wall", "-Wextra", "-Werror"]
        command = [*self.command, *warn, *(f"-I{path}" for path in paths)]
        seen = preprocessed(command, source).replace(str(source.parent), "")
        key = digest([self.name, *command, seen])
        return cached(
            f"object-{key}",
            f"{source.stem}.o",
            lambda to: compile_to([*command, "-c", str(source)], to),
        )

    def engine(self) -> Path:
        """The engine as one object."""
        key = digest([self.name, *_texts(ENGINE, "*"), *_texts(INCLUDE, "**/*.h")])
        compiler = find_compiler().command

        def make(target: Path) -> None:
            with temporary_directory() as scratch:
                objects: list[str] = []
                for source in sorted(ENGINE.glob("*.cpp")):
                    objects.append(str(scratch / f"{source.stem}.o"))
                    options = [*ENGINE_FLAGS, *self.flags, "-c", str(source)]
                    compile_to([*compiler, *options], Path(objects[-1]))
                compile_to([*compiler, "-r", "-nostdlib", *objects], target)

        return cached(f"object-{key}", "engine.o", make)
