"""The host build of the shipped operator, made once; a C++ compiler for its callers."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backends.twin.compiler import find_compiler
from ligrad.cli.app import main
from tests.aclnn.support import Library

ROOT = Path(__file__).parents[2]
FILE = ROOT / "examples" / "lightning_indexer_grad.lig"


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder `host` that `ligrad compile --host` writes."""
    directory = tmp_path_factory.mktemp("project")
    with pytest.raises(SystemExit) as stop:
        main(["compile", str(FILE), "-o", str(directory), "--host"])
    assert stop.value.code == 0
    return directory / "host"


@pytest.fixture(scope="session")
def library(host: Path) -> Iterator[Library]:
    """The library in this process."""
    loaded = Library(host / "lib" / "libligrad_host.so")
    yield loaded
    loaded.call("aclFinalize")


Program = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def program(host: Path, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Compiles a C++ source against the host build, and runs it."""

    def run(
        source: Path, *args: str, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        binary = tmp_path_factory.mktemp("program") / "program"
        build = [*find_compiler().command, "-std=c++17", "-pthread", str(source)]
        build += [f"-I{host}/include", f"-L{host}/lib", "-lligrad_host"]
        build += [f"-Wl,-rpath,{host}/lib", "-o", str(binary)]
        subprocess.run(build, check=True)
        return subprocess.run(
            [str(binary), *args],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            env=env,
        )

    return run
