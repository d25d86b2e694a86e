"""The cache of builds: one process makes a file, whole, where nobody else can write."""

from __future__ import annotations

import os
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from backends.twin.cache import cache_directory, cached
from ligrad_ir.errors import LigradError


@pytest.fixture(autouse=True)
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own for each test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def make(log: Path, target: Path) -> None:
    with log.open("a", encoding="utf-8") as file:
        file.write("made\n")
    time.sleep(0.1)
    target.write_text("whole", encoding="utf-8")


def wanted(log: Path, _: int = 0) -> str:
    return cached("some-key", "file.txt", partial(make, log)).read_text(
        encoding="utf-8"
    )


def test_one_of_several_processes_makes_a_file(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with ProcessPoolExecutor(4) as pool:
        assert list(pool.map(partial(wanted, log), range(8))) == ["whole"] * 8
    assert log.read_text(encoding="utf-8") == "made\n"


def test_what_fails_leaves_nothing_and_may_be_tried_again(tmp_path: Path) -> None:
    def fail(target: Path) -> None:
        target.write_text("half", encoding="utf-8")
        raise RuntimeError("no room")

    with pytest.raises(RuntimeError, match="no room"):
        cached("some-key", "file.txt", fail)
    assert wanted(tmp_path / "log") == "whole"
    left = {path.name for path in (cache_directory() / "some-key").iterdir()}
    assert left == {"file.txt", "file.txt.sha256", "lock"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("file.txt", b""),
        ("file.txt", b"whol"),
        ("file.txt", b"\0" * 5),
        ("file.txt", None),
        ("file.txt.sha256", b""),
        ("file.txt.sha256", None),
    ],
)
def test_what_is_not_as_it_was_made_is_made_again(
    tmp_path: Path, name: str, content: bytes | None
) -> None:
    wanted(tmp_path / "log")
    file = cache_directory() / "some-key" / name
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    assert wanted(tmp_path / "log") == wanted(tmp_path / "log") == "whole"
    assert (tmp_path / "log").read_text(encoding="utf-8") == "made\n" * 2


def test_what_killed_processes_left_goes(tmp_path: Path) -> None:
    folder = cache_directory() / "some-key"
    folder.mkdir()
    (folder / ".file.txt.0123.part").write_text("half", encoding="utf-8")
    wanted(tmp_path / "log")
    assert not list(folder.glob(".*"))


def test_a_cache_of_others(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache_directory()
    mine = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: 4321)
    if mine:
        with pytest.raises(
            LigradError, match=rf"{base} belongs to .*, not to user 4321"
        ):
            cache_directory()
    else:  # a directory of root may hold those of others
        with pytest.raises(LigradError, match="/ligrad belongs to root, not to user"):
            cache_directory()


@pytest.mark.parametrize("folder", ["", "ligrad", "ligrad/twin"])
@pytest.mark.parametrize("mode", [0o777, 0o770])
def test_a_cache_that_others_can_write_to(base: Path, folder: str, mode: int) -> None:
    cache_directory()
    (base / folder).chmod(mode)
    with pytest.raises(LigradError) as refused:
        cache_directory()
    assert f"is writable by others (mode {mode:o})" in str(refused.value)
    assert str(refused.value).endswith("set XDG_CACHE_HOME to a directory of your own")


def test_a_directory_of_temporary_files_may_hold_the_cache(base: Path) -> None:
    """Where others cannot touch what is ours."""
    base.mkdir()
    base.chmod(0o1777)
    assert cache_directory().stat().st_mode & 0o777 == 0o700


def test_a_cache_that_can_only_be_read(
    tmp_path: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is in it is used; nothing is written to it."""
    wanted(tmp_path / "log")
    for path in (*base.rglob("*"), base):
        path.chmod(path.stat().st_mode & ~0o222)
    if os.geteuid():
        with pytest.raises(LigradError, match=r"Permission denied; set XDG_CACHE_HOME"):
            cached("other-key", "file.txt", partial(make, tmp_path / "log"))
    before = base.stat().st_mtime_ns
    assert wanted(tmp_path / "log") == "whole"
    assert base.stat().st_mtime_ns == before
    for path in (base, *base.rglob("*")):
        path.chmod(path.stat().st_mode | 0o200)


def test_no_cache_can_be_made(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base.write_text("a file", encoding="utf-8")
    with pytest.raises(
        LigradError, match=r"cannot write the cache of builds, .*cache: "
    ):
        cache_directory()
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", no_home)
    with pytest.raises(LigradError, match=r"no home directory .* set XDG_CACHE_HOME"):
        cache_directory()


def no_home() -> Path:
    raise RuntimeError("Could not determine home directory.")


def test_no_place_for_temporary_files(monkeypatch: pytest.MonkeyPatch) -> None:
    from backends.leftovers import temporary_directory

    monkeypatch.setattr("tempfile.gettempdir", lambda: "/proc/none")
    with pytest.raises(LigradError, match=r"temporary files: .*; set TMPDIR"):
        with temporary_directory():
            pass
