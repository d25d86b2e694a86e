"""The command line: what it prints, what it writes, and its exit codes."""

from __future__ import annotations

import os
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from ligrad.arrays import load_arrays, save_arrays
from ligrad.cli.app import main

ROOT = Path(__file__).parents[2]
FILE = str(ROOT / "examples" / "lightning_indexer_grad.lig")
SMALL = ["--shape", "S1=3,S2=20,N1=4,K=6"]


class Result:
    def __init__(self, code: int, out: str, err: str):
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def ligrad(capfd: pytest.CaptureFixture[str]):
    def call(*args: str) -> Result:
        with pytest.raises(SystemExit) as stop:
            main(args)
        code = stop.value.code
        return Result(code if isinstance(code, int) else 1, *capfd.readouterr())

    return call


def test_run_prints_outputs_and_the_check(ligrad) -> None:
    result = ligrad("run", FILE, *SMALL, "--check")
    assert result.code == 0
    lines = result.out.splitlines()
    assert lines[:3] == [
        "dq: bfloat16[1, 3, 4, 128]",
        "dk: bfloat16[1, 20, 1, 128]",
        "dw: bfloat16[1, 3, 4]",
    ]
    assert [line.split(": ")[:2] for line in lines[3:]] == [
        ["dq", "ok"],
        ["dk", "ok"],
        ["dw", "ok"],
    ]


def test_the_same_seed_gives_the_same_file(ligrad, tmp_path: Path) -> None:
    files = [tmp_path / f"{i}.npz" for i in range(3)]
    for file, seed in zip(files, "778"):
        result = ligrad("run", FILE, *SMALL, "--seed", seed, "--output", str(file))
        assert f"outputs are in {file}" in result.out
    a, b, c = (load_arrays(file) for file in files)
    assert list(a) == ["dq", "dk", "dw"]
    assert all(a[name].tobytes() == b[name].tobytes() for name in a)
    assert any(a[name].tobytes() != c[name].tobytes() for name in a)


def test_inputs_from_a_file(ligrad, tmp_path: Path) -> None:
    half = ml_dtypes.bfloat16
    arrays = {
        "Query": np.ones((2, 1, 128), half),
        "key": np.ones((5, 1, 128), half),
        "dy": np.full((2, 3), 2, half),
        "Indices": np.array([[0, 1, 2], [0, 0, -1]], np.int32),
        "weights": np.full((2, 1), 3, half),
        "actual_seq_lengths_query": np.array([1, 2], np.int32),
        "actual_seq_lengths_key": np.array([3, 5], np.int32),
        "sparse_mode": np.array(0),
    }
    save_arrays(tmp_path / "in.npz", arrays)
    result = ligrad(
        "run", FILE, "--layout", "TND", "--inputs", str(tmp_path / "in.npz"),
        "--output", str(tmp_path / "out.npz"), "--check",
    )  # fmt: skip
    assert (result.code, result.err) == (0, "")
    out = load_arrays(tmp_path / "out.npz")
    assert out["dq"][:, 0, 0].tolist() == [18, 12]  # 3 keys, 2 keys, 2 * 3 each
    assert out["dk"][:, 0, 0].tolist() == [6, 6, 6, 12, 0]
    assert out["dw"].tolist() == [[768], [512]]


def test_a_wrong_result_is_exit_code_1(ligrad, monkeypatch) -> None:
    from backends.graph.blocks import run

    right = run.finished
    monkeypatch.setattr(run, "finished", lambda *args: right(*args) * np.float32(1.02))
    result = ligrad("run", FILE, *SMALL, "--check")
    assert result.code == 1
    assert "dk: WRONG" in result.out
    assert "dq: ok" in result.out


@pytest.mark.parametrize("precision", ["float32", "mixed"])
@pytest.mark.parametrize("dtype", ["bf16", "fp16"])
def test_options_reach_the_program(ligrad, precision: str, dtype: str) -> None:
    result = ligrad(
        "run", FILE, "--shape", "S1=3+0+5,S2=20+4+9,N1=2,K=6", "--layout", "TND",
        "--dtype", dtype, "--precision", precision, "--sparse-mode", "0", "--check",
    )  # fmt: skip
    assert result.code == 0, result.out + result.err
    assert {"bf16": "bfloat16", "fp16": "float16"}[dtype] + "[8, 2, 128]" in result.out


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["run", "none.lig"], "cannot read none.lig: No such file or directory"),
        (["run", FILE, "--dtype", "f8"], "dtype is 'f8', must be one of: bf16, fp16"),
        (["run", FILE, "--layout", "X"], "layout is 'X', must be one of: BSND, TND"),
        (["run", FILE, "--level", "x"], "must be one of: graph, tiled, source"),
        (["run", FILE, "--level", "silicon"], "level is 'silicon', must be one of"),
        (
            ["run", FILE, "--level", "source", "--project", "."],
            "has no op_kernel/lightning_indexer_grad.cpp; `ligrad compile",
        ),
        (["run", FILE, "--project", "."], "--project is for the level source"),
        (["run", FILE, "--report", "r.json"], "--report is for the level source"),
        *(
            (
                ["run", FILE, "--level", "source", "--bisect", option, "x"],
                f"--bisect runs the program after every pass; {option} is not for it",
            )
            for option in ("--project", "--report")
        ),
        (["run", FILE, "--cores", "3"], "--cores is for the levels tiled and source"),
        (["run", FILE, "--soc", "x"], "there is no chip 'x'; there are: ascend910b1"),
        (["run", FILE, "--schedule", "x"], "must be one of: optimized, baseline"),
        (["run", FILE, "--precision", "x"], "must be one of: float32, mixed"),
        (["run", FILE, "--sparse-mode", "1"], "sparse_mode is 1, must be 0 or 3"),
        (["run", FILE, "--shape", "S1"], "'S1' is not of the form AXIS=NUMBER"),
        (["run", FILE, "--shape", "S1=-1"], "is not of the form AXIS=NUMBER"),
        (["run", FILE, "--shape", "X=1"], "there is no axis 'X' to set; there are: B"),
        (["run", FILE, "--shape", "T=1"], "there is no axis 'T' to set"),
        (["run", FILE, "--shape", "K=4096"], "K is 4096, must be 1 to 2048"),
        (["run", FILE, "--shape", "S1=1+2"], "S1 takes one number"),
        (["run", FILE, "--layout", "TND", "--shape", "K=1+2"], "K takes one number"),
        (
            ["run", FILE, "--layout", "TND", "--shape", "B=3,S1=1+2,S2=4+4"],
            "S1 has 2 lengths for B=3 runs",
        ),
        (["run", FILE, "--inputs", "none.npz"], "cannot read none.npz"),
        (["run", FILE, "--inputs", "a" * 300], "File name too long"),
        (["run", FILE, "--inputs", "x.npz", "--shape", "K=1"], "brings its own"),
        (
            ["compile", FILE, "-o", FILE, "--dtype", "bf16", "--layout", "TND"],
            "cannot write",
        ),
        (["run", FILE, "--seed", "-1"], "--seed"),
        (["run"], "Missing argument"),
        (["nothing"], "No such command"),
        (["opt", "-p", "nope"], "Unrecognized passes: ['nope']"),
        (["opt", "-p", "assign-precision{a=1}"], "not found in expected arguments"),
        (["opt", "none.mlir"], "none.mlir: No such file or directory"),
    ],
)
def test_the_users_mistakes_are_exit_code_2(ligrad, args: list[str], says: str) -> None:
    result = ligrad(*args)
    assert result.code == 2
    assert says in " ".join(result.err.replace("│", " ").split())
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    ("name", "content"),
    [("bad.lig", b"\xff\xfe"), ("bad.mlir", b"lig.nothing"), ("dir.lig", None)],
)
def test_unreadable_programs(
    ligrad, tmp_path: Path, name: str, content: bytes | None
) -> None:
    path = tmp_path / name
    path.mkdir() if content is None else path.write_bytes(content)
    result = ligrad("run", str(path))
    assert result.code == 2
    assert name in result.err


def test_the_documented_messages_are_what_is_printed(ligrad, monkeypatch) -> None:
    monkeypatch.chdir(ROOT)
    document = (ROOT / "docs" / "messages.md").read_text(encoding="utf-8")
    files = sorted((ROOT / "docs" / "broken").iterdir())
    assert len(files) == 8
    for path in files:
        words = ["run", path.relative_to(ROOT).as_posix()]
        words += ["--level", "tiled"] * ("kernel" in path.name)
        result = ligrad(*words)
        assert result.code == 2
        shown = f"$ ligrad {' '.join(words)}\n{result.err.rstrip()}\n```"
        assert shown in document
        assert path.read_text(encoding="utf-8") in document


def test_ir_is_run_but_cannot_be_checked(ligrad, tmp_path: Path) -> None:
    import ligrad as package

    path = tmp_path / "op.mlir"
    path.write_text(str(package.compile(FILE).module()))
    assert ligrad("run", str(path), *SMALL).code == 0
    result = ligrad("run", str(path), *SMALL, "--check")
    assert result.code == 2
    assert "IR has no formulas" in result.err


def test_opt_is_xdsl_opt(ligrad, tmp_path: Path) -> None:
    path = tmp_path / "x.mlir"
    path.write_text("%0 = lig.constant 1.0 : !lig.tensor<[], f32>")
    with pytest.raises(SystemExit):
        main(["opt", "--help"])
    main_args = ["opt", str(path), "-p", "canonicalize,dce", "--print-between-passes"]
    result = ligrad(*main_args)
    assert result.code == 0
    assert "IR after canonicalize:" in result.out


def test_opt_reads_formulas(ligrad, tmp_path: Path) -> None:
    result = ligrad("opt", FILE, "-p", "canonicalize,cse,assign-precision")
    assert result.code == 0
    assert "lig.relu_grad" in result.out
    assert "!lig.real" not in result.out
    path = tmp_path / "wrong.lig"
    path.write_text("y = ")
    result = ligrad("opt", str(path))
    assert result.code == 2
    assert f"{path}:1:4: error: the statement ends too early" in result.err


def test_doctor_names_what_is_there_and_what_is_not(ligrad, monkeypatch) -> None:
    monkeypatch.delenv("ASCEND_HOME_PATH", raising=False)
    monkeypatch.delenv("ASCEND_TOOLKIT_HOME", raising=False)
    monkeypatch.setenv("PATH", "")
    result = ligrad("doctor")
    assert result.code == 0
    assert "ok      xdsl" in result.out
    assert "-       C++         CXX is not set: there is no program g++" in result.out
    assert (
        "-       CANN        ASCEND_HOME_PATH and ASCEND_TOOLKIT_HOME are not set"
        in result.out
    )
    monkeypatch.setenv("ASCEND_HOME_PATH", "/does/not/exist")
    assert "/does/not/exist does not exist" in ligrad("doctor").out


def test_doctor_fails_without_a_required_package(ligrad, monkeypatch) -> None:
    from ligrad.cli import doctor

    monkeypatch.setattr(doctor, "REQUIRED_PACKAGES", ("no_such_package",))
    result = ligrad("doctor")
    assert result.code == 1
    assert "MISSING no_such_package" in result.out


def test_opt_writes_a_whole_file_or_none(ligrad, tmp_path: Path) -> None:
    path = tmp_path / "new" / "x.mlir"
    assert ligrad("opt", FILE, "-p", "cse", "-o", str(path)).code == 0
    text = path.read_text(encoding="utf-8")
    assert ligrad("opt", str(path), "-p", "nothing", "-o", str(path)).code == 2
    assert ligrad("opt", str(path), "-p", "lower-to-ascendc", "-o", str(path)).code == 2
    assert path.read_text(encoding="utf-8") == text
    assert ligrad("opt", FILE, "-o", str(path / "y")).code == 2
    assert [each.name for each in path.parent.iterdir()] == ["x.mlir"]


def test_what_is_no_file_is_written_to_and_not_replaced(ligrad, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    assert ligrad("opt", FILE, "-o", str(fifo)).code == 0
    assert os.read(reader, 1 << 20).startswith(b"builtin.module {")
    os.close(reader)
    assert fifo.is_fifo()
