"""One name in four places: registry, file, class, filecheck test."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from xdsl.passes import ModulePass

from passes.pipelines import PIPELINES
from passes.registry import OUR_PASSES

ROOT = Path(__file__).parents[2]


def defined_passes() -> set[str]:
    """The stems of the files that define a pass."""
    return {
        path.stem
        for path in (ROOT / "passes").glob("*.py")
        if re.search(r"^class \w+\(.*\bModulePass\b", path.read_text(), re.MULTILINE)
    }


def test_every_pass_is_registered() -> None:
    assert defined_passes() == {name.replace("-", "_") for name in OUR_PASSES}


@pytest.mark.parametrize("name", OUR_PASSES)
def test_names_agree(name: str) -> None:
    cls = OUR_PASSES[name]()
    stem = name.replace("-", "_")
    assert issubclass(cls, ModulePass)
    assert cls.name == name
    assert cls.__name__ == f"{stem.title().replace('_', '')}Pass"
    assert Path(inspect.getfile(cls)) == ROOT / "passes" / f"{stem}.py"
    assert cls.__doc__
    assert not cls.__doc__.startswith(f"{cls.__name__}(")  # what a dataclass makes up


@pytest.mark.parametrize(
    "name", sorted({*OUR_PASSES, *(p.name for ps in PIPELINES.values() for p in ps)})
)
def test_pass_has_a_filecheck_test(name: str) -> None:
    """Ours, and what our pipelines take from xDSL."""
    path = ROOT / "tests/filecheck/passes" / f"{name.replace('-', '_')}.mlir"
    runs = [line for line in path.read_text().splitlines() if "RUN:" in line]
    assert runs
    assert all(name in run for run in runs)
