"""`ligrad run --level tiled`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from backends.call.dtypes import Array
from ligrad.arrays import load_arrays
from ligrad.cli.app import main

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.lig"))
SMALL = ["--shape", "S1=3,S2=20,N1=4,K=6"]


def call(capfd: pytest.CaptureFixture[str], *args: str) -> tuple[object, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(["run", *args])
    out, err = capfd.readouterr()
    assert "Traceback" not in err
    return stop.value.code, out, " ".join(err.replace("│", " ").split())


@pytest.mark.parametrize("cores", [[], ["--cores", "1"], ["--cores", "24"]])
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_are_right(
    capfd: pytest.CaptureFixture[str], path: Path, cores: list[str]
) -> None:
    args = [str(path), "--level", "tiled", "--check", *SMALL, *cores]
    code, out, err = call(capfd, *args)
    assert (code, err) == (0, "")
    verdicts = [line for line in out.splitlines() if ": ok: rms error" in line]
    assert len(verdicts) == len(out.splitlines()) / 2 >= 1


def test_deterministic_outputs_do_not_depend_on_the_cores(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = next(path for path in EXAMPLES if path.stem == "lightning_indexer_grad")
    found: list[bytes] = []
    for cores in ("1", "4"):
        file = tmp_path / f"{cores}.npz"
        args = ["--cores", cores, "--output", str(file), "--check", "--deterministic"]
        assert call(capfd, str(path), "--level", "tiled", *args, *SMALL)[0] == 0
        arrays = load_arrays(file)
        found.append(b"".join(array.tobytes() for array in arrays.values()))
    assert found[0] == found[1]


def test_a_wrong_result_is_exit_code_1(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ligrad import compiler

    right = compiler.run_tiled

    def doubled(*args: Any) -> tuple[Array, ...]:
        return tuple(value + value for value in right(*args))

    monkeypatch.setattr(compiler, "run_tiled", doubled)
    path = next(path for path in EXAMPLES if path.stem == "forward_scores")
    code, out, _ = call(capfd, str(path), "--level", "tiled", "--check", *SMALL)
    assert code == 1
    assert "scores: WRONG" in out


def test_outputs_are_written(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    files = [tmp_path / "graph.npz", tmp_path / "tiled.npz"]
    for level, file in zip(("graph", "tiled"), files):
        args = ["--level", level, "--precision", "mixed", "--output", str(file)]
        assert call(capfd, str(EXAMPLES[0]), *args, *SMALL)[0] == 0
    graph, tiled = (load_arrays(file) for file in files)
    assert {k: v.shape for k, v in graph.items()} == {
        k: v.shape for k, v in tiled.items()
    }


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--level", "tiled", "--cores", "25"], "has 1 to 24 cores, not 25"),
        (["--level", "tiled", "--cores", "0"], "--cores"),
        (["--level", "tiled", "--cores", "x"], "--cores"),
        (
            ["--level", "tiled", "--soc", "ascend910b4", "--cores", "21"],
            "1 to 20 cores",
        ),
        (["--cores", "2"], "--cores is for the levels tiled and source"),
    ],
)
def test_mistakes_are_exit_code_2(
    capfd: pytest.CaptureFixture[str], args: list[str], says: str
) -> None:
    code, _, err = call(capfd, str(EXAMPLES[0]), *SMALL, *args)
    assert code == 2
    assert says in err
