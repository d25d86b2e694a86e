"""What this machine has of what ligrad can use."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

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
        _toolkit(),
    ]


def _package(name: str, why: str, required: bool = True) -> Finding:
    try:
        return Finding(name, True, version(name), required)
    except PackageNotFoundError:
        return Finding(name, False, f"not installed: {why}", required)


def _compiler() -> Finding:
    path = shutil.which("g++")
    if path is None:
        return Finding("g++", False, "not found: compiles emitted sources", False)
    shown = subprocess.run(
        [path, "-dumpfullversion"], capture_output=True, text=True, check=False
    )
    return Finding("g++", True, f"{shown.stdout.strip()} at {path}", False)


def _toolkit() -> Finding:
    home = os.environ.get("ASCEND_HOME_PATH", "")
    if not home:
        return Finding(
            "CANN", False, "ASCEND_HOME_PATH is not set: not needed to interpret", False
        )
    found = Path(home).is_dir()
    return Finding("CANN", found, home if found else f"{home} does not exist", False)
