"""The rules of the house: who imports whom, who knows an operator, how long a file is."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FLOORS = ("ligrad_ir", "passes", "backends", "ligrad")
"""From the ground up: a floor imports itself and what is below."""
SOURCES = [path for floor in FLOORS for path in sorted((ROOT / floor).rglob("*.py"))]
LONGEST_FILE = 320
LONGEST_DIALECT = 500


def imports(path: Path) -> set[str]:
    """The top-level packages that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            if node.level == 0:  # a relative import stays on its floor
                found.add((node.module or "").partition(".")[0])
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    floor = FLOORS.index(path.relative_to(ROOT).parts[0])
    above = imports(path) & set(FLOORS[floor + 1 :])
    assert not above, f"{path.relative_to(ROOT)} imports {above}, which is above it"


def test_the_oracle_knows_only_the_syntax_tree() -> None:
    """It judges the compiler, so it must not share its mistakes."""
    allowed = {"ligrad_ir.dsl.syntax", "ligrad_ir.dsl.parse", "ligrad_ir.errors"}
    for path in (ROOT / "backends" / "oracle").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                names = {f"{node.module}.{alias.name}" for alias in node.names}
                for name in names | {node.module}:
                    if name.partition(".")[0] in FLOORS[1:]:
                        assert name.startswith("backends.oracle"), path
                if node.module.partition(".")[0] == "ligrad_ir":
                    assert node.module in allowed or names <= allowed, path


def tracked_files() -> list[Path]:
    shown = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if shown.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in shown.stdout.split()]


def test_only_the_face_knows_the_operator() -> None:
    """Its name and its formulas stand in examples, tests, prose and the thin API."""
    name = re.compile(r"lightning[_ ]?indexer", re.IGNORECASE)
    formula = re.compile(
        r"Relu\(Matmul\(Query|Reduce\(S\s*[*∗]|Matmul\(ReluGrad|Dy\s*[*∗]\s*Weights",
        re.IGNORECASE,
    )
    below = [p for p in SOURCES if p.relative_to(ROOT).parts[0] != "ligrad"]
    below += [
        p
        for floor in FLOORS[:3]
        for p in (ROOT / floor).rglob("*")
        if p.suffix in {".lark", ".h", ".hpp", ".cpp"}
    ]
    for path in below:
        text = path.read_text(encoding="utf-8")
        assert not name.search(text), path
        assert not formula.search(text), path


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_stay_short(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    is_dialect = "dialects" in path.parts
    assert lines <= (LONGEST_DIALECT if is_dialect else LONGEST_FILE)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_public_things_are_documented(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if not tree.body:
        return
    assert ast.get_docstring(tree), f"{path} has no docstring"
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name[0] != "_":
            assert ast.get_docstring(node), f"{path}: {node.name} has no docstring"


def test_nothing_outside_the_repository_is_named() -> None:
    places = re.compile(r"/(work|tmp|root|home)/[a-z]")
    for path in tracked_files():
        if path.suffix in {
            ".py",
            ".md",
            ".lig",
            ".toml",
            ".mlir",
            ".h",
            ".hpp",
            ".cpp",
        }:
            text = path.read_text(encoding="utf-8")
            assert not places.search(text), path


@pytest.mark.parametrize("name", ["passes", "backends", "ligrad_ir"])
def test_a_package_that_hides_ours_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text("")
    code = (
        f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(ROOT)!r}]; import ligrad"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert shown.returncode == 1
    assert (
        f"ImportError: ligrad needs its own package {name!r} at {ROOT}" in shown.stderr
    )
    assert str(tmp_path / name) in shown.stderr


def test_the_formulas_of_the_api_are_those_of_the_example() -> None:
    api = ROOT / "ligrad" / "lightning_indexer_grad.lig"
    example = ROOT / "examples" / "lightning_indexer_grad.lig"
    assert api.read_bytes() == example.read_bytes()


def test_xdsl_finds_our_dialect_and_passes() -> None:
    from xdsl.universe import Universe

    universe = Universe.get_multiverse()
    assert "lig" in universe.all_dialects
    assert "assign-precision" in universe.all_passes


def test_documents_name_files_that_exist() -> None:
    """Paths in backquotes that begin with a package."""
    path = re.compile(r"`((?:ligrad_ir|passes|backends|ligrad|tests)/[\w/]+\.\w+)`")
    documents = {ROOT / "README.md", *(ROOT / "docs").glob("*.md")}
    for document in documents - {ROOT / "docs" / "passes.md"}:  # its reader writes one
        for found in path.findall(document.read_text(encoding="utf-8")):
            assert (ROOT / found).exists(), f"{document.name}: {found}"
