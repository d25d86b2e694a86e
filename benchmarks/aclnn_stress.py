"""A thousand calls of the C API by a C++ program, under sanitizers.

The program (aclnn_stress.cpp) calls the operator from several threads and streams with
random shapes, layouts and strides, and with mistakes in between. Exits with 1 if a result
is wrong, a mistake is not refused, or a sanitizer has something to report.

    python -m benchmarks.aclnn_stress                # 1000 calls, in minutes
    python -m benchmarks.aclnn_stress --calls 40
    python -m benchmarks.aclnn_stress --plain        # without sanitizers
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from backends.aclnn.host import build_host
from backends.aclnn.library import SANITIZE
from backends.project.project import operator_files
from backends.twin.compiler import find_compiler
from ligrad.family import compile_family

FILE = Path(__file__).parents[1] / "examples" / "lightning_indexer_grad.lig"
SOURCE = Path(__file__).with_suffix(".cpp")
NOTE = "ASan doesn't fully support makecontext/swapcontext"
"""AddressSanitizer says so of every program with fibers; the engine tells it of its own."""


def stress(
    calls: int, seed: int = 0, *, sanitize: bool = True
) -> subprocess.CompletedProcess[str]:
    """Build the library and the program, and run it."""
    family = compile_family(FILE)
    built = build_host(family, operator_files(family), sanitize=sanitize)
    with tempfile.TemporaryDirectory() as folder:
        include, lib = built.write(Path(folder))
        binary = Path(folder) / "stress"
        command = [
            *find_compiler().command,
            "-std=c++17",
            "-pthread",
            "-Wall",
            "-Wextra",
            "-Werror",
        ]
        command += SANITIZE if sanitize else ("-O1",)
        command += [str(SOURCE), f"-I{include}", f"-L{lib}", "-lligrad_host"]
        command += [f"-Wl,-rpath,{lib}", "-o", str(binary)]
        subprocess.run(command, check=True)
        options = {
            "ASAN_OPTIONS": "detect_stack_use_after_return=0:abort_on_error=0",
            "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
        }
        done = subprocess.run(
            [str(binary), str(calls), str(seed)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **options},
        )
        said = [line for line in done.stderr.splitlines(True) if NOTE not in line]
        done.stderr = "".join(said)
        return done


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--plain", action="store_true")
    options = parser.parse_args()
    start = time.perf_counter()
    done = stress(options.calls, options.seed, sanitize=not options.plain)
    sys.stdout.write(done.stdout)
    sys.stderr.write(done.stderr)
    print(f"{time.perf_counter() - start:.0f} s, with the build")
    sys.exit(done.returncode != 0 or bool(done.stderr))


if __name__ == "__main__":
    main()
