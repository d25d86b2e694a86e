"""Files of a project are written together, or not at all."""

from __future__ import annotations

import resource
from collections.abc import Generator
from pathlib import Path

import pytest

from backends.files import write_files
from ligrad_ir.errors import LigradError

FILES = {"README.md": "read", "a/b/kernel.cpp": "kernel", "build.sh": "build"}


@pytest.fixture
def small_files() -> Generator[None]:
    """No file may be longer than 1000 bytes, as if the disk were full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def shown(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("place", ["new", "new/er", ""])
def test_a_new_directory(tmp_path: Path, place: str) -> None:
    write_files(tmp_path / place, FILES, ["build.sh"])
    assert shown(tmp_path / place) == FILES
    assert (tmp_path / place / "build.sh").stat().st_mode & 0o777 == 0o755
    assert len(shown(tmp_path)) == len(FILES)


def test_a_directory_that_holds_something(tmp_path: Path) -> None:
    mine = {"README.md": "old", "a/mine.cpp": "mine"}
    write_files(tmp_path / "out", mine)
    (tmp_path / "copied").write_text("copied", encoding="utf-8")
    write_files(tmp_path / "out", {**FILES, "lib/copy": tmp_path / "copied"})
    expected = {**mine, **FILES, "lib/copy": "copied"}
    assert shown(tmp_path / "out") == expected
    assert not list(tmp_path.rglob(".*"))


@pytest.mark.usefixtures("small_files")
@pytest.mark.parametrize("place", ["new/er", "out"])
def test_a_full_disk(tmp_path: Path, place: str) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "README.md").write_text("old", encoding="utf-8")
    files = {**FILES, "z/long.cpp": "long" * 1000}
    with pytest.raises(LigradError, match=r"cannot write .*: File too large"):
        write_files(tmp_path / place, files)
    assert shown(tmp_path) == {"out/README.md": "old"}
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["README.md", "out"]


@pytest.mark.parametrize(
    ("taken", "said"),
    [
        ("out/build.sh/x", "it is a directory"),
        ("out/a", "a is not a directory"),
        ("out", ""),
    ],
)
def test_something_in_the_way(tmp_path: Path, taken: str, said: str) -> None:
    (tmp_path / taken).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / taken).write_text("mine", encoding="utf-8")
    with pytest.raises(LigradError, match=f"cannot write .*out.*: .*{said}"):
        write_files(tmp_path / "out", FILES)
    assert shown(tmp_path) == {taken: "mine"}
