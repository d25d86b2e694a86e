"""What docs/aclnn.md shows is what happens."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.aclnn.conftest import ROOT

DOCS = (ROOT / "docs" / "aclnn.md").read_text(encoding="utf-8")


def test_the_snippet_prints_what_its_comments_say(host: Path, tmp_path: Path) -> None:
    [code] = re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)
    expected = [c.split(":")[0] for c in re.findall(r"print\(.*?\)  # (.*)", code)]
    assert len(expected) == 3
    (tmp_path / "out" / "kernel").mkdir(parents=True)
    (tmp_path / "out" / "kernel" / "host").symlink_to(host)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == expected, done.stderr


def test_the_folders_are_those_that_are_written(host: Path) -> None:
    for name in re.findall(r"\| `out/kernel/host/(\S+)` \|", DOCS):
        assert (host / name).exists(), name


def test_every_variable_is_explained() -> None:
    sources = (ROOT / "backends" / "aclnn" / "runtime").glob("*.cpp")
    texts = "".join(path.read_text(encoding="utf-8") for path in sources)
    used = set(re.findall(r'"(LIGRAD_\w+)"', texts))
    assert used == set(re.findall(r"`(LIGRAD_\w+)=", DOCS))
