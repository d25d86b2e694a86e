"""What the README shows is what happens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_example_prints_what_its_comments_say(
    capsys: pytest.CaptureFixture[str],
) -> None:
    [code] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    expected = [c.split(":")[0] for c in re.findall(r"print\(.*?\)  # (.*)", code)]
    assert len(expected) == 3
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out.splitlines() == expected


def test_the_linked_places_exist() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)", README):
        assert (ROOT / target).exists(), target


def test_setting_up_takes_the_two_commands() -> None:
    [commands] = re.findall(r"\n((?:    make .*\n)+)", README)
    assert [line.split()[:2] for line in commands.splitlines()] == [
        ["make", "demo"],
        ["make", "test"],
    ]
