"""What `$CXX` may be, and what is said where it is no compiler."""

from __future__ import annotations

from pathlib import Path

import pytest

from backends.twin import compiler
from backends.twin.compiler import (
    BuildError,
    compile_to,
    find_compiler,
    run_tool,
    shortened,
)
from ligrad_ir.errors import LigradError


def program(folder: Path, name: str, text: str) -> str:
    """The path of a shell script."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def test_a_compiler_with_arguments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as `ccache g++`."""
    log = tmp_path / "log"
    wrapper = program(tmp_path, "my cache", f'echo "$@" >> {log}; exec "$@"')
    monkeypatch.setenv("CXX", f"'{wrapper}' g++ -DMINE=1")
    found = find_compiler()
    assert found.command == (wrapper, "g++", "-DMINE=1")
    assert found.version[0].isdigit()
    unit = tmp_path / "unit.cpp"
    unit.write_text("int mine = MINE;\n", encoding="utf-8")
    compile_to([*found.command, "-c", str(unit)], tmp_path / "unit.o")
    assert log.read_text(encoding="utf-8").count("g++ -DMINE=1") == 2


@pytest.mark.parametrize("name", ["", "  "])
def test_no_name_is_gcc(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", name)
    assert find_compiler().command == ("g++",)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (
            "no-such-program",
            "there is no program no-such-program; kernels are compiled",
        ),
        ("'open", "No closing quotation"),
        (".", "CXX is '.': . is a directory, must be a C++ compiler"),
        (__file__, "cannot be executed"),
        ("true", "which is no C++ compiler; true -dM"),
        ("echo", "which is no C++ compiler; echo -dM"),
        ("false", "false ended with exit code 1, and said nothing"),
        ("cat", "which is no C++ compiler"),
    ],
)
def test_what_is_no_compiler(
    script: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXX", script)
    with pytest.raises(LigradError) as refused:
        find_compiler()
    assert str(refused.value).startswith(f"CXX is {script!r}")
    assert message in str(refused.value)


def test_a_compiler_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "PROBE_SECONDS", 0.2)
    name = program(tmp_path, "hangs", "sleep 14.1421")
    monkeypatch.setenv("CXX", name)
    with pytest.raises(LigradError, match=rf"CXX is '{name}': {name} took 0.2 s"):
        find_compiler()


def test_there_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(compiler, "DEFAULT", "no-g++")
    compiler._examined.cache_clear()  # pyright: ignore[reportPrivateUsage]
    with pytest.raises(
        LigradError, match=r"CXX is not set: there is no program no-g\+\+"
    ):
        find_compiler()


@pytest.mark.parametrize(
    ("script", "error", "message"),
    [
        ("exit 3", BuildError, "ended with exit code 3, and said nothing"),
        ("kill -KILL $$", BuildError, "was ended by SIGKILL (is there enough memory?)"),
        ("echo said; echo wrong >&2; exit 1", BuildError, "wrong"),
        ("echo said; exit 1", BuildError, "said"),
        ("exit 0", LigradError, "reports success, but has written no file"),
        ("sleep 17.3205", LigradError, "took 0.2 s"),
    ],
)
def test_compilers_that_fail(
    tmp_path: Path,
    script: str,
    error: type[Exception],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(compiler, "COMPILE_SECONDS", 0.2 if "sleep" in script else 60)
    with pytest.raises(error) as failed:
        compile_to([program(tmp_path, "c", script)], tmp_path / "out")
    assert type(failed.value) is error
    assert message in str(failed.value)


def test_what_a_compiler_says_is_shortened() -> None:
    assert shortened("error\n") == "error"
    lines = shortened("\n".join(["x" * 1000] * 50)).splitlines()
    assert lines[0] == "x" * 400 + "..."
    assert lines[20:] == ["... and 30 more lines"]


def test_temporary_files_of_compilers_go(tmp_path: Path) -> None:
    script = program(tmp_path, "c", 'touch "$TMPDIR/x.s"; echo "$TMPDIR"')
    assert not Path(run_tool([script]).strip()).exists()
