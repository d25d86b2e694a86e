"""`ligrad compile`, and `ligrad run --level source` on what it wrote, edited or not."""

from __future__ import annotations

import json
import tempfile
from functools import cache
from pathlib import Path

import pytest

import ligrad
from ligrad.arrays import load_arrays
from ligrad.cli.app import main

FILE = Path(__file__).parents[2] / "examples" / "lightning_indexer_grad.lig"
SHAPE = ["--shape", "S1=3,S2=20,N1=18,K=6"]
KEYS = {
    *("cores", "cycles", "gm_read_bytes", "gm_write_bytes", "hazards"),
    "instructions",
}
"""Of a report."""


def call(capfd: pytest.CaptureFixture[str], *args: str) -> tuple[object, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(list(args))
    out, err = capfd.readouterr()
    assert "Traceback" not in err
    return stop.value.code, out, " ".join(err.replace("│", " ").split())


@cache
def written() -> dict[str, str]:
    """The files of a project, by their paths in it."""
    with tempfile.TemporaryDirectory() as folder:
        paths = ligrad.compile(FILE).emit(folder)
        return {
            str(path.relative_to(folder)): path.read_text(encoding="utf-8")
            for path in paths
        }


KERNEL = "op_kernel/lightning_indexer_grad_bf16_bsnd.cpp"
HEADER = "op_kernel/lightning_indexer_grad_tiling.h"


def project(folder: Path, *edits: tuple[str, str, str]) -> Path:
    """A project in which, for every edit (file, old, new), all old are new."""
    files = dict(written())
    for name, old, new in edits:
        assert old in files[name], old
        files[name] = files[name].replace(old, new)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def run(
    capfd: pytest.CaptureFixture[str], folder: Path, *args: str
) -> tuple[object, str, str]:
    common = [str(FILE), "--level", "source", "--project", str(folder), *SHAPE]
    return call(capfd, "run", *common, *args)


def test_what_compile_writes_runs(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    options = ["--dtype", "bf16", "--layout", "BSND"]
    command = ["compile", str(FILE), "-o", str(tmp_path / "p"), *options]
    code, out, err = call(capfd, *command)
    assert (code, err) == (0, "")
    names = [str(Path(line).relative_to(tmp_path / "p")) for line in out.splitlines()]
    ordered = KERNEL.replace(".cpp", "_deterministic.cpp")
    assert sorted(names) == sorted([*written(), ordered])
    report = tmp_path / "deep" / "report.json"
    options = ["--check", "--cores", "2", "--report", str(report)]
    code, out, err = run(capfd, tmp_path / "p", *options)
    assert (code, err) == (0, "")
    assert out.count(": ok: rms error") == 3
    found = json.loads(report.read_text(encoding="utf-8"))
    assert set(found) >= KEYS
    assert (found["cores"], found["hazards"]) == (2, [])
    assert found["instructions"]["Mmad"] > 0


def test_sources_in_a_project_are_those_that_are_printed(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    files = [tmp_path / "a.npz", tmp_path / "b.npz"]
    project(tmp_path / "p")
    assert run(capfd, tmp_path / "p", "--output", str(files[0]))[0] == 0
    common = [str(FILE), "--level", "source", *SHAPE]
    assert call(capfd, "run", *common, "--output", str(files[1]))[0] == 0
    ours, theirs = map(load_arrays, files)
    assert all(ours[name].tobytes() == theirs[name].tobytes() for name in theirs)


WRONG = {
    "a wrong constant": (KERNEL, "CAST_RINT", "CAST_FLOOR"),
    "a wrong comparison": (KERNEL, "CMPMODE::GT", "CMPMODE::LT"),
    "a macro in the header": (
        HEADER,
        "#include",
        "#define CAST_RINT CAST_CEIL\n#include",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_edit_is_exit_code_1(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, name: str
) -> None:
    code, out, err = run(capfd, project(tmp_path, WRONG[name]), "--check")
    assert (code, err) == (1, "")
    assert ": WRONG" in out


def test_a_hazard_is_exit_code_1_and_in_the_report(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A write behind an array, with a check or without."""
    far = (KERNEL, "dw_gm_tile = dw_gm[", "dw_gm_tile = dw_gm[1000000L + ")
    report = tmp_path / "report.json"
    args = ["--report", str(report), "--output", str(tmp_path / "out.npz")]
    code, _, err = run(capfd, project(tmp_path / "p", far), *args)
    assert code == 1
    assert "lightning_indexer_grad_bf16_bsnd.cpp:" in err
    assert not (tmp_path / "out.npz").exists()
    [hazard, *_] = json.loads(report.read_text(encoding="utf-8"))["hazards"]
    assert hazard["kind"] == "out-of-bounds"
    assert hazard["file"].endswith(KERNEL)
    lines = (tmp_path / "p" / KERNEL).read_text(encoding="utf-8").splitlines()
    assert "dw_gm_tile" in lines[hazard["line"] - 1]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (KERNEL, "lightning_indexer_grad_bf16_bsnd.cpp"),
        (HEADER, "lightning_indexer_grad_tiling.h"),
    ],
)
def test_what_does_not_compile_is_exit_code_2(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, name: str, says: str
) -> None:
    edit = (name, "int64_t", "int65_t")
    code, out, err = run(capfd, project(tmp_path, edit), "--check")
    assert (code, out) == (2, "")
    assert "does not compile: " in err
    assert f"{says}:" in err
    assert "error: " in err
    assert "int65_t" in err


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--level", "source", "--project", "."], "has no op_kernel/lightning_indexer"),
        (["--project", "."], "--project is for the level source"),
        (["--report", "r.json"], "--report is for the level source"),
        (["--level", "source", "--cores", "25"], "1 to 24 cores, not 25"),
    ],
)
def test_mistakes_are_exit_code_2(
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    args: list[str],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = call(capfd, "run", str(FILE), *SHAPE, *args)
    assert code == 2
    assert says in err


def test_a_report_that_cannot_be_written_is_exit_code_2(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    args = ["--report", str(tmp_path / "file" / "report.json")]
    code, _, err = run(capfd, project(tmp_path / "p"), *args)
    assert code == 2
    assert "cannot write" in err


# ---- emission that fails


def test_what_has_no_schedule_leaves_no_files(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    text = FILE.read_text(encoding="utf-8")
    text = text.replace("output dw : half[T, N1]", "output dw : half[N1, K]")
    (tmp_path / "sum.lig").write_text(
        text.replace("Reduce(S * dy)", "Matmul(S, dy over T)")
    )
    args = [str(tmp_path / "sum.lig"), "-o", str(tmp_path / "p")]
    code, _, err = call(capfd, "compile", *args)
    assert code == 2
    assert "Matmul sums over T, whose positions the cores share out" in err
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize("blocked", [KERNEL, HEADER, "README.md"])
def test_files_are_whole_or_as_they_were(tmp_path: Path, blocked: str) -> None:
    """A folder stands where a file should go."""
    for name in written():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name == blocked:
            path.mkdir()
        else:
            path.write_text("old")
    with pytest.raises(ligrad.LigradError) as caught:
        ligrad.compile(FILE).emit(tmp_path)
    assert f"cannot write {tmp_path / blocked}" in str(caught.value)
    found = {
        str(path.relative_to(tmp_path)): path.read_text(encoding="utf-8")
        for path in tmp_path.rglob("*")
        if path.is_file()
    }
    assert set(found) == set(written()) - {blocked}
    assert set(found.values()) == {"old"}
