"""`ligrad run --bisect`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import ligrad
from ligrad.arrays import save_arrays
from ligrad.cli.app import main
from ligrad.workload import generate
from ligrad_ir.dialects.ascendc.vector import AddOp
from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.npu.vector import BinaryKind
from passes.pipelines import ASCENDC_PIPELINE, PIPELINES, npu_pipeline
from passes.to_ascendc import vectors
from passes.to_ascendc.statements import Statements
from passes.to_npu import elementwise

EXAMPLES = Path(__file__).parents[2] / "examples"
FILE = str(EXAMPLES / "lightning_indexer_grad.lig")
SMALL = ["--shape", "S1=3,S2=20,N1=4,K=6", "--schedule", "baseline"]
PASSES = (
    *PIPELINES["graph-mixed"],
    *npu_pipeline("ascend910b1"),
    *ASCENDC_PIPELINE,
)
STEPS = 1 + len(PASSES)


def call(capfd: pytest.CaptureFixture[str], *args: str) -> tuple[object, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(["run", *args, "--bisect"])
    out, err = capfd.readouterr()
    assert "Traceback" not in err
    return stop.value.code, out, err


@pytest.mark.parametrize(
    "args",
    [
        ["--cores", "2", "--dtype", "fp16", "--seed", "3", "--sparse-mode", "0"],
        ["--level", "tiled", "--layout", "TND"],
    ],
)
def test_a_clean_pipeline(capfd: pytest.CaptureFixture[str], args: list[str]) -> None:
    code, out, err = call(capfd, FILE, *SMALL, *args)
    assert (code, err) == (0, "")
    first, *steps = out.splitlines()
    assert first.startswith(f"bisect: {STEPS} steps, inputs ")
    assert "K=6" in first
    named = [line.split()[:2] for line in steps]
    assert named == [
        ["ok", name] for name in ("parse", *(each.name for each in PASSES))
    ]
    assert {"assign-precision", "lower-to-npu", "insert-sync"} <= {s[1] for s in named}


def test_a_wrong_pass(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(elementwise.KINDS, lig.MulOp, BinaryKind.MAX)
    code, out, err = call(capfd, FILE, *SMALL)
    assert (code, err) == (1, "")
    *_, bad, text = out.splitlines()
    assert bad.startswith("  BAD  lower-to-npu       d")
    assert f"; first wrong: npu.binary at {FILE}:33:" in bad
    assert text.startswith(f"       {FILE}:33:")
    assert "npu.binary max %S.times_dy[" in text
    assert "insert-cross-sync" not in out


def test_ir_and_given_inputs(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A file of IR is taken as right; an index that is not there ends it."""
    program = ligrad.compile(FILE)
    file = tmp_path / "graph.mlir"
    file.write_text(str(program.source))
    shape = {"S1": 2, "S2": 9, "N1": 2, "K": 3}
    values = generate(program.signature, shape, attributes={"sparse_mode": 0})
    for index, expected in ((0, 0), (9, 2)):
        values["sparse_indices"][0, 1, 2] = index
        save_arrays(tmp_path / "in.npz", {n: np.asarray(v) for n, v in values.items()})
        given = ("--inputs", str(tmp_path / "in.npz"), "--schedule", "baseline")
        code, out, err = call(capfd, str(file), *given)
        assert code == expected
        assert ("the index 9 is outside [0, 9)" in err) == bool(expected)
        assert ("ok   parse              (taken as right)" in out) != bool(expected)


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--check"], "--bisect compares by itself"),
        (["--output", "out.npz"], "--bisect compares by itself"),
        (["--cores", "25"], "1 to 24 cores, not 25"),
        (["--soc", "x"], "there is no chip"),
        (["--shape", "Z=1"], "there is no axis 'Z'"),
    ],
)
def test_mistakes_are_exit_code_2(
    capfd: pytest.CaptureFixture[str], args: list[str], says: str
) -> None:
    code, _, err = call(capfd, FILE, *SMALL, *args)
    assert code == 2
    assert says in err


def test_a_wrong_statement(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(vectors.BINARY, BinaryKind.MUL, AddOp)
    code, out, err = call(capfd, FILE, *SMALL)
    assert (code, err) == (1, "")
    [bad] = [line for line in out.splitlines() if line.startswith("  BAD")]
    assert bad.startswith("  BAD  lower-to-ascendc   dw")
    assert f"; first wrong: npu.store at {FILE}:33:" in bad


def test_a_lost_flag_between_statements(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Statements, "order", lambda self, event: None)
    code, out, err = call(capfd, FILE, *SMALL)
    assert (code, err) == (1, "")
    [bad] = [line for line in out.splitlines() if line.startswith("  BAD")]
    assert bad.startswith("  BAD  lower-to-ascendc   ")
    assert "error[race] DataCopy" in bad
