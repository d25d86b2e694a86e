"""`ligrad run` on directories of mapped .npy files, and in threads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import ligrad
from backends.numpy.workload import generate
from ligrad.arrays import (
    ArrayDirectory,
    load_arrays,
    open_arrays,
    save_array,
    save_arrays,
)
from ligrad.cli import main
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
