"""What `ligrad compile` writes, the compiler of the twin takes without a warning."""

from __future__ import annotations

import subprocess
from functools import cache
from itertools import product
from pathlib import Path

import pytest

import ligrad
from backends.project.project import operator_files
from backends.project.variants import Family, Variant
from backends.twin.build import WARNINGS
from backends.twin.compiler import BuildError, run_tool
from backends.twin.unit import COMMON_FLAGS, CORE_MACROS, INCLUDE
from ligrad_ir.errors import LigradError
from ligrad_ir.soc import Soc
from passes.drop_dead_statements import DropDeadStatementsPass
from passes.pipelines import ASCENDC_PIPELINE
from tests.passes.to_ascendc.sizes import wraps
from tests.project.support import LIGHTNING, SCORES, write
from tests.random_programs.modes import case_of

LENGTHS = """axis B in 1..1024
axis S1 in 1..128K
axis S2 in 1..128K
axis T = B * S1
axis N = B * S2
axis N1 in 1..64
axis D = 128
axis K in 1..2048
input query : half[T, N1, D]
input key : half[N, D]
input indices : int32[T, K] selects N
input tokens : int32[B] ends T
input rows : int32[B] ends N
"""
KINDS = {
    "nothing reads where a run starts": f"""operator Scores
{LENGTHS}output scores : float32[T, N1, K]
scores = Matmul(query, Gather(key, indices))
""",
    "a half predicate": f"""operator Predicate
{LENGTHS}input dy : half[T, K]
output o : half[T, N1, K]
o = ReluGrad(Matmul(query, Gather(key, indices)), dy)
""",
    "nothing is known at run time": """operator Fixed
axis M = 64
axis C = 100
input a : float32[M, C]
output y : float32[M, C]
y = ReluGrad(a, 2 * a)
""",
    "arguments are not used": f"""operator Idle
{LENGTHS}input more : half[N1, K]
attribute window : int64 = 8
output y : float32[T, N1, D]
y = 2 * query
""",
    "rows that may be far apart": """operator Wide
axis T in 1..64
axis R in 1..64
axis D = 128
axis V in 1..128K
input a : half[T, R, D]
input w : half[D, V]
output y : half[T, R, V]
y = Relu(Matmul(a, w))
""",
}
VARIANTS = list(product(("optimized", "baseline"), ("TND", "BSND"), (False, True)))
SEED, NUMBERS = 1, range(12)
"""Of random programs; a third of them lowers."""


def variant(text: str | Path, number: int) -> Variant:
    """A program compiled in one of the ways that there are."""
    schedule, layout, deterministic = VARIANTS[number % len(VARIANTS)]
    dtype = ("bf16", "fp16")[(number // 3) % 2]
    return ligrad.compile(
        text, dtype=dtype, layout=layout, schedule=schedule, deterministic=deterministic
    ).variant()


@pytest.fixture(scope="module")
def header(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The API of the twin, compiled ahead."""
    folder = tmp_path_factory.mktemp("api")
    path = write(folder, {"api.h": "#include <kernel_operator.h>\n"}) / "api.h"
    command = [*compiler(), "-x", "c++-header", str(path), "-o", f"{path}.gch"]
    subprocess.run(command, check=True)
    return path


def compiler() -> list[str]:
    core = f"-D{CORE_MACROS['aiv']}"
    return ["g++", *COMMON_FLAGS, *WARNINGS, f"-I{INCLUDE}", core]


def compile_project(found: Variant, header: Path, folder: Path) -> None:
    """Compile the entry of a project, which includes the kernel.

    Raises:
        BuildError: with the compiler's message.
    """
    family = Family((found,))
    write(folder, operator_files(family))
    defines = [f"-D{name}={value}" for name, value in found.defines().items()]
    source = str(folder / family.source)
    run_tool([*compiler(), *defines, "-fsyntax-only", "-include", str(header), source])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", [0, 5])
def test_kinds(kind: str, number: int, header: Path, tmp_path: Path) -> None:
    found = variant(KINDS[kind], number)
    compile_project(found, header, tmp_path)
    assert not wraps(found)


@pytest.mark.parametrize("number", range(8))
def test_examples(number: int, header: Path, tmp_path: Path) -> None:
    found = variant((LIGHTNING, SCORES)[number % 2], number)
    compile_project(found, header, tmp_path)
    assert not wraps(found)


@cache
def lowered() -> dict[int, Variant]:
    """Random programs, those that lower."""
    found: dict[int, Variant] = {}
    for number in NUMBERS:
        text = case_of("in-class", "source", SEED, number).program.text()
        try:
            found[number] = variant(text, number)
        except LigradError:
            continue
    return found


def test_random_programs(header: Path, tmp_path: Path) -> None:
    assert len(lowered()) > len(NUMBERS) // 4
    for number, found in lowered().items():
        compile_project(found, header, tmp_path / str(number))
        assert not wraps(found)


def test_without_the_pass_it_is_told(
    header: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [p for p in ASCENDC_PIPELINE if not isinstance(p, DropDeadStatementsPass)]
    monkeypatch.setattr("ligrad.compiler.ASCENDC_PIPELINE", tuple(others))
    found = variant(KINDS["nothing reads where a run starts"], 0)
    with pytest.raises(BuildError, match=r"run_start_found.* set but not used"):
        compile_project(found, header, tmp_path)


def test_a_size_that_wraps_around_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Soc, "max_nd2nz_pitch", 2**20)
    found = variant(KINDS["rows that may be far apart"], 4)
    assert set(wraps(found)) == {"srcDValue of ascendc.nd2nz_params: 131072"}
