"""A CANN toolkit: where it is, what it lacks, and building a project with it."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from backends.programs import run_program
from ligrad_ir.errors import LigradError

VARIABLES = ("ASCEND_HOME_PATH", "ASCEND_TOOLKIT_HOME")
"""Where `set_env.sh` of a toolkit says that it is."""
VERSION_FILES = (
    "compiler/version.info",
    "runtime/version.info",
    "toolkit/version.info",
    "version.cfg",
)
PARTS = {
    "bisheng": (
        "the compiler of kernels",
        (
            "bin/bisheng",
            "compiler/ccec_compiler/bin/bisheng",
            "*/ccec_compiler/bin/bisheng",
        ),
    ),
    "msopgen": (
        "the generator of operator projects",
        (
            "bin/msopgen",
            "python/site-packages/bin/msopgen",
            "tools/msopgen/bin/msopgen",
        ),
    ),
    "ASC": (
        "the CMake package of operator projects",
        (
            "**/ASCConfig.cmake",
            "**/asc-config.cmake",
            "**/ascConfig.cmake",
        ),
    ),
    "acl": ("the headers of the runtime", ("include/acl/acl.h", "*/include/acl/acl.h")),
    "opdef": (
        "the headers of operator prototypes",
        (
            "include/register/op_def_registry.h",
            "*/include/register/op_def_registry.h",
        ),
    ),
}
"""What a build takes of a toolkit: what it is, and where it may lie."""
NEEDED = ("bisheng", "ASC", "acl", "opdef")
"""What a build cannot do without; it calls no msopgen, whose project is written already."""


@dataclass(frozen=True)
class Toolkit:
    """A toolkit's directory, its version, and where its parts are; None: not found."""

    home: Path
    version: str | None
    parts: dict[str, Path | None]

    @property
    def missing(self) -> tuple[str, ...]:
        """What a build would lack."""
        return tuple(name for name in NEEDED if self.parts[name] is None)


def toolkit_home() -> tuple[str, str] | None:
    """The variable that names a toolkit, and its value; None if none does."""
    for variable in VARIABLES:
        if value := os.environ.get(variable, ""):
            return variable, value
    return None


def look_at(home: Path) -> Toolkit:
    """What a toolkit has."""
    return Toolkit(home, _version(home), {name: _part(home, name) for name in PARTS})


def find_toolkit() -> Toolkit:
    """The toolkit that the environment names, and everything that a build takes.

    Raises:
        LigradError: there is none, or it is not whole; says what is missing.
    """
    named = toolkit_home()
    if named is None:
        raise LigradError(
            "--build needs a CANN toolkit, and none is named: source its set_env.sh, "
            f"which sets {VARIABLES[0]} (without --build, the project is written)"
        )
    variable, value = named
    if not Path(value).is_dir():
        raise LigradError(f"{variable} is {value}, which is no directory")
    toolkit = look_at(Path(value))
    if toolkit.missing:
        lacking = "; ".join(f"{name}, {PARTS[name][0]}" for name in toolkit.missing)
        raise LigradError(f"the CANN toolkit at {value} lacks: {lacking}")
    if shutil.which("cmake") is None:
        raise LigradError("--build needs cmake, and there is none on PATH")
    return toolkit


def build_project(toolkit: Toolkit, directory: Path) -> list[Path]:
    """Build a project with its `build.sh`; returns the packages.

    Raises:
        LigradError: the build failed, or left no package; with the end of what it said.
    """
    done = run_program(
        ["sh", "build.sh"],
        folder=directory,
        environment={**os.environ, VARIABLES[0]: str(toolkit.home)},
    )
    packages = sorted((directory / "build_out").glob("*.run"))
    if done.code != 0 or not packages:
        said = "\n".join((done.output + done.errors).splitlines()[-20:])
        what = f"failed with {done.code}" if done.code else "left no package"
        raise LigradError(f"the build in {directory} {what}:\n{said}")
    return packages


def _version(home: Path) -> str | None:
    for name in VERSION_FILES:
        try:
            text = (home / name).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        found = re.search(r"(?im)version\w*\s*[=:]\s*\[?([\w.]+)", text)
        if found is not None:
            return found[1]
    return None


def _part(home: Path, name: str) -> Path | None:
    for pattern in PARTS[name][1]:
        for path in sorted(home.glob(pattern)):
            return path
    on_path = shutil.which(name) if name in ("bisheng", "msopgen") else None
    return None if on_path is None else Path(on_path)
