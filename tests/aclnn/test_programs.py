"""C++ programs that link the host library: the vendor's sample, and ours."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ligrad
from ligrad.check import check_outputs
from tests.aclnn.conftest import FILE, ROOT, Program

SEED = ROOT.parent / "shared" / "seed"
EXAMPLE = ROOT / "examples" / "lightning_indexer_grad.cpp"


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample program of the vendor's document, not a byte of it changed."""
    for document in sorted(SEED.glob("*")) if SEED.is_dir() else ():
        text = document.read_text(encoding="utf-8")
        if "int main()" in text:
            source = tmp_path_factory.mktemp("sample") / "sample.cpp"
            source.write_text(text[text.index("#include <iostream>") :], "utf-8")
            return source
    pytest.skip("the vendor's document is not there")


def test_the_vendors_sample_runs(sample: Path, program: Program) -> None:
    done = program(sample)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 30
    # Its inputs are the smallest subnormal halves: their products vanish.
    assert lines == [
        f"mean result[{i}] is: 0.000000" for _ in range(3) for i in range(10)
    ]
    shape, copy = done.stderr.splitlines()
    assert "dy has shape [2, 3, 64, 128]" in shape
    assert "aclrtMemcpy copies 196608 bytes to the host" in copy


def test_the_vendors_sample_fails_in_strict_mode(
    sample: Path, program: Program
) -> None:
    done = program(sample, env={"LIGRAD_ACL_STRICT": "1"})
    assert "copy result from device to host failed. ERROR: 107000" in done.stdout


def test_our_example_is_right(program: Program, tmp_path: Path) -> None:
    done = program(EXAMPLE, str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    shapes = {
        "query": (2, 3, 64, 128),
        "key": (2, 300, 1, 128),
        "dy": (2, 3, 100),
        "sparse_indices": (2, 3, 100),
        "weights": (2, 3, 64),
    }
    shapes |= {"dq": shapes["query"], "dk": shapes["key"], "dw": shapes["weights"]}
    arrays: dict[str, Any] = {
        name: np.fromfile(
            tmp_path / f"{name}.bin",
            np.int32 if name == "sparse_indices" else np.float16,
        ).reshape(shape)
        for name, shape in shapes.items()
    }
    outputs = {name: arrays.pop(name) for name in ("dq", "dk", "dw")}
    operator = ligrad.compile(FILE, dtype="fp16")
    found = check_outputs(operator, arrays, outputs, "mixed")
    for name, comparison in found.items():
        assert comparison.ok, f"{name}: {comparison}"
    printed = dict(re.findall(r"(\w+)\[0\.\.3\] = (\S+)", done.stdout))
    assert float(printed["dq"]) == pytest.approx(float(outputs["dq"].flat[0]), 1e-4)


def test_the_example_of_the_project_runs(host: Path, program: Program) -> None:
    [source] = (host.parent / "examples").glob("*.cpp")
    done = program(source)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 3
