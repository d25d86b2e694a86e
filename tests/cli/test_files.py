"""`ligrad run` on directories of mapped .npy files, and in threads."""

from __future__ import annotations

import subprocess
from collections.abc import Generator
from pathlib import Path

import numpy as np
import pytest

import ligrad
from ligrad.arrays import (
    ArrayDirectory,
    load_arrays,
    open_arrays,
    save_array,
    save_arrays,
)
from ligrad.cli.app import main
from ligrad.workload import generate
from ligrad_ir.errors import LigradError

FILE = Path(__file__).parents[2] / "examples" / "lightning_indexer_grad.lig"
SHAPE = {"B": 2, "S1": 5, "S2": 24, "N1": 4, "K": 8}


def ligrad_run(*args: object) -> int:
    with pytest.raises(SystemExit) as exit:
        main(["run", str(FILE), *map(str, args)])
    return int(exit.value.code or 0)


@pytest.fixture
def values() -> dict:
    return generate(ligrad.compile(FILE).signature, SHAPE)


def test_a_directory_is_as_good_as_a_file(tmp_path: Path, values: dict) -> None:
    save_arrays(tmp_path / "in.npz", values)
    for name, array in values.items():
        save_array(tmp_path / "in" / f"{name}.npy", np.asarray(array))
    assert (
        ligrad_run("--inputs", tmp_path / "in.npz", "--output", tmp_path / "a.npz") == 0
    )
    args = ("--inputs", tmp_path / "in", "--output", tmp_path / "b", "--workers", 2)
    assert ligrad_run(*args, "--check") == 0
    one, other = load_arrays(tmp_path / "a.npz"), open_arrays(tmp_path / "b")
    assert one.keys() == other.keys() == {"dq", "dk", "dw"}
    for name, array in one.items():
        assert isinstance(other[name].base, np.memmap | np.ndarray)
        np.testing.assert_array_equal(array, other[name])


def test_a_run_that_fails_leaves_nothing(tmp_path: Path, values: dict) -> None:
    values["sparse_indices"][1, 4, 2] = 24
    save_arrays(tmp_path / "in.npz", values)
    assert (
        ligrad_run("--inputs", tmp_path / "in.npz", "--output", tmp_path / "out") == 2
    )
    assert [path.name for path in tmp_path.iterdir()] == ["in.npz"]


def test_a_partial_result_has_another_name(tmp_path: Path) -> None:
    with ArrayDirectory(tmp_path / "out") as directory:
        directory.make("x", (3,), np.dtype("f4"))[...] = 1
        directory.make("none", (0, 3), np.dtype("f4"))
        assert not (tmp_path / "out").exists()
        [part] = tmp_path.iterdir()
        assert part.name.startswith(".out.")
        assert part.name.endswith(".part")
        directory.finish()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (open_arrays(tmp_path / "out")["x"] == 1).all()


def test_files_have_their_room_before_they_are_mapped(tmp_path: Path) -> None:
    """A write to a mapped page that finds the disk full is no error, but a signal."""
    with ArrayDirectory(tmp_path / "out") as directory:
        array = directory.make("x", (1 << 16,), np.dtype("f4"))
        [file] = tmp_path.glob(".out.*/x.npy")
        assert file.stat().st_blocks * 512 >= array.nbytes


@pytest.fixture
def small_disk(tmp_path: Path) -> Generator[Path]:
    """A file system of 64 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("mounting is not allowed")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.mark.parametrize("name", ["new/out.npz", "new/out"])
def test_a_full_disk(
    small_disk: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    args = ("--shape", "B=1,S1=8,S2=512,N1=4,K=8", "--output", small_disk / name)
    assert ligrad_run(*args) == 2
    said = f"ligrad: cannot write {small_disk / name}: No space left on device\n"
    assert capsys.readouterr().err == said
    assert not list(small_disk.iterdir())


def test_results_are_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "x.npy").write_text("mine")
    with pytest.raises(LigradError, match="not empty"), ArrayDirectory(tmp_path):
        pass
    assert (tmp_path / "x.npy").read_text() == "mine"


def test_a_directory_without_arrays(tmp_path: Path) -> None:
    with pytest.raises(LigradError, match=r"holds no \.npy files"):
        open_arrays(tmp_path)


def test_workers_are_for_the_graph(capsys: pytest.CaptureFixture[str]) -> None:
    assert ligrad_run("--level", "tiled", "--workers", "2") == 2
    assert "--workers is for the level graph" in capsys.readouterr().err


@pytest.mark.parametrize("level", ["graph", "tiled", "source"])
@pytest.mark.parametrize(
    ("output", "says"),
    [
        (".", "cannot write .: it is not empty"),
        ("", "cannot write .: it is not empty"),
        ("empty/..", "cannot write empty/..: it is not empty"),
        ("file", "cannot write file: Not a directory"),
        ("file/out.npz", "cannot write file/out.npz: Not a directory"),
        ("file/out", "cannot write file/out: Not a directory"),
        ("dir.npz", "cannot write dir.npz: Is a directory"),
        ("full", "cannot write full: it is not empty"),
        ("x" * 300, "File name too long"),
        ("x" * 300 + ".npz", "File name too long"),
    ],
)
def test_outputs_that_cannot_be_written_are_refused_before_the_work(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    level: str,
    output: str,
    says: str,
) -> None:
    def work(*args: object, **options: object) -> None:
        raise AssertionError("it is refused before the work")

    for name in ("run", "run_source", "interpret"):
        monkeypatch.setattr(ligrad.Operator, name, work)
    monkeypatch.chdir(tmp_path)
    for folder in ("empty", "dir.npz", "full"):
        Path(folder).mkdir()
    for path in ("file", "full/x"):
        Path(path).write_text("mine", encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    assert ligrad_run("--level", level, "--output", output) == 2
    assert says in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before


def test_the_working_directory_is_no_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert ligrad_run("--output", ".") == 2
    assert "cannot write .: it ends in no name for a file or a new directory" in (
        capsys.readouterr().err
    )


def test_missing_folders_are_made(tmp_path: Path) -> None:
    shape = ("--shape", "S1=2,S2=8,N1=2,K=4")
    assert ligrad_run(*shape, "--output", tmp_path / "a" / "b" / "out.npz") == 0
    assert ligrad_run(*shape, "--output", tmp_path / "c" / "d" / "out") == 0
    found = load_arrays(tmp_path / "a/b/out.npz").keys()
    assert found == open_arrays(tmp_path / "c/d/out").keys() == {"dq", "dk", "dw"}
