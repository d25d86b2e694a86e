"""Compile Ascend C kernels for the CPU: once for each core type, cached by content."""

import ctypes
import fcntl
import functools
import hashlib
import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .launch import Library

HERE = Path(__file__).resolve().parent
INCLUDE = HERE / "include"
ENGINE = HERE / "engine"
COMMON_FLAGS = ("-std=c++17", "-fPIC", "-ffp-contract=off", "-fno-gnu-unique")
ENGINE_FLAGS = ("-O2", "-ftree-vectorize", "-fvect-cost-model=dynamic")
WARNINGS = ("-Wall", "-Wextra", "-Werror")
CORE_MACROS = {"aic": "__DAV_C220_CUBE__", "aiv": "__DAV_C220_VEC__"}


class BuildError(Exception):
    """The compiler rejected a kernel; the message is what it said."""


def cache_directory() -> Path:
    """Where builds are kept: `ligrad/twin` in `$XDG_CACHE_HOME` or `~/.cache`."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "ligrad" / "twin"


@functools.cache
def host_flags() -> tuple[str, ...]:
    """AVX2 where this processor has it; results do not depend on it."""
    try:
        flags = Path("/proc/cpuinfo").read_text().split()
    except OSError:
        return ()
    return (
        ("-march=x86-64-v3",)
        if {"avx2", "fma", "bmi2", "f16c", "movbe"} <= set(flags)
        else ()
    )


def compiler_name() -> str:
    """The C++ compiler: `$CXX`, or g++."""
    return os.environ.get("CXX", "g++")


@functools.cache
def compiler_and_version() -> tuple[str, str]:
    """Name and version line of the compiler."""
    name = compiler_name()
    return name, subprocess.run(
        [name, "--version"], capture_output=True, text=True, check=True
    ).stdout.splitlines()[0]


def run_compiler(command: Sequence[str]) -> str:
    """What a compiler, linker or the like prints.

    Raises:
        BuildError: if it fails, with what it says.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BuildError(
            done.stderr.strip() or f"{command[0]} exited with {done.returncode}"
        )
    return done.stdout


def digest(parts: Sequence[str | bytes]) -> str:
    """A name for a content: different for different parts."""
    found = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        found.update(len(data).to_bytes(8, "little"))
        found.update(data)
    return found.hexdigest()[:32]


def cached(key: str, name: str, make: Callable[[Path], None]) -> Path:
    """The file `name` of the cache, or what `make` writes to the path that it is given,
    moved into place at once. Of processes that want the same file, one makes it."""
    target = cache_directory() / key / name
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if target.exists():
            return target
        handle, scratch = tempfile.mkstemp(dir=target.parent, suffix=target.suffix)
        os.close(handle)
        try:
            make(Path(scratch))
            Path(scratch).chmod(0o755)
            Path(scratch).replace(target)
        finally:
            Path(scratch).unlink(missing_ok=True)
    return target


@functools.cache
def build_engine() -> ctypes.CDLL:
    """Compile (once for a content) and load the engine that executes instructions.

    Raises:
        BuildError: with the compiler's message.
    """
    sources = sorted(ENGINE.glob("*.cpp"))
    headers = [
        *sorted(ENGINE.glob("*.h")),
        INCLUDE / "twin" / "abi.h",
        INCLUDE / "twin" / "numeric.h",
    ]
    flags = [*COMMON_FLAGS, *host_flags(), *ENGINE_FLAGS]
    key = digest(
        [
            *compiler_and_version(),
            *flags,
            *(
                part
                for file in [*sources, *headers]
                for part in (file.name, file.read_bytes())
            ),
        ]
    )
    compiler = compiler_and_version()[0]

    def make(target: Path) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            objects = [f"{scratch}/{source.stem}.o" for source in sources]

            def compile_one(pair: tuple[Path, str]) -> None:
                run_compiler([compiler, *flags, "-c", str(pair[0]), "-o", pair[1]])

            with ThreadPoolExecutor(2) as pool:
                list(pool.map(compile_one, zip(sources, objects, strict=True)))
            run_compiler([compiler, "-shared", *objects, "-o", str(target)])

    target = cached(f"engine-{key}", "engine.so", make)
    return ctypes.CDLL(str(target))


def _compile_to(command: Sequence[str], target: Path) -> None:
    run_compiler([*command, "-o", str(target)])


def preprocessed(command: Sequence[str], unit: Path) -> str:
    """The text the compiler really sees: the sources with every header they include."""
    return run_compiler([*command, "-E", str(unit)])


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
    """
    compiler = compiler_and_version()[0]
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
    with tempfile.TemporaryDirectory() as scratch:
        unit = Path(scratch) / "unit.cpp"
        unit.write_text(text)

        def compile_core(core: str) -> Path:
            command = [compiler, *flags, f"-D{CORE_MACROS[core]}"]
            seen = preprocessed(command, unit).replace(scratch, "")
            key = digest([*compiler_and_version(), *command, seen])
            command += ["-shared", "-Wl,-Bsymbolic", str(unit)]
            return cached(
                f"kernel-{key}", f"{core}.so", lambda to: _compile_to(command, to)
            )

        with ThreadPoolExecutor(2) as pool:
            aic, aiv = pool.map(compile_core, CORE_MACROS)
    return Library(build_engine(), ctypes.CDLL(str(aic)), ctypes.CDLL(str(aiv)))
