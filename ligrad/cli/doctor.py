"""What this machine has of what ligrad can use."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from backends.twin.compiler import find_compiler
from ligrad.toolkit import PARTS, VARIABLES, look_at, toolkit_home
from ligrad_ir.errors import LigradError

REQUIRED_PACKAGES = (
    "xdsl",
    "numpy",
    "lark",
    "ml_dtypes",
    "scipy",
    "threadpoolctl",
    "typer",
)
OPTIONAL_PACKAGES = {
    "distributed": "graphs on the processes of a cluster (extra 'dask')",
    "torch": "the second witness of the tests (extra 'torch')",
}


@dataclass(frozen=True)
class Finding:
    """One thing looked for. `required`: nothing works without it."""

    what: str
    ok: bool
    detail: str
    required: bool = True

    def __str__(self) -> str:
        mark = "ok " if self.ok else "MISSING" if self.required else "-  "
        return f"{mark:<8}{self.what:<12}{self.detail}"


def examine() -> list[Finding]:
    """Look at Python, the packages, the compiler and the CANN toolkit."""
    python = ".".join(map(str, sys.version_info[:3]))
    return [
        Finding("Python", sys.version_info >= (3, 11), f"{python} (3.11 or later)"),
        *(_package(name, "required") for name in REQUIRED_PACKAGES),
        *(_package(name, why, False) for name, why in OPTIONAL_PACKAGES.items()),
        _compiler(),
        *_toolkit(),
    ]


def _package(name: str, why: str, required: bool = True) -> Finding:
    try:
        return Finding(name, True, version(name), required)
    except PackageNotFoundError:
        return Finding(name, False, f"not installed: {why}", required)


def _compiler() -> Finding:
    try:
        found = find_compiler()
    except LigradError as error:
        return Finding("C++", False, str(error), False)
    path = shutil.which(found.command[0])
    return Finding("C++", True, f"{found.version} at {path}", False)


def _toolkit() -> list[Finding]:
    """The CANN toolkit and its parts; nothing but a build needs it."""
    named = toolkit_home()
    if named is None:
        what = " and ".join(VARIABLES)
        detail = f"{what} are not set: only `ligrad compile --build` needs a toolkit"
        return [Finding("CANN", False, detail, False)]
    variable, value = named
    if not Path(value).is_dir():
        return [Finding("CANN", False, f"{variable}: {value} does not exist", False)]
    toolkit = look_at(Path(value))
    version = toolkit.version or "of unknown version (no version file)"
    return [
        Finding("CANN", True, f"{version} at {value} ({variable})", False),
        *(
            Finding(
                name, path is not None, str(path or f"missing: {PARTS[name][0]}"), False
            )
            for name, path in toolkit.parts.items()
        ),
        _program("cmake", "builds operator projects"),
    ]


def _program(name: str, why: str) -> Finding:
    path = shutil.which(name)
    return Finding(name, path is not None, path or f"not found: {why}", False)
