"""The C++ program that calls the API like an application, a sample of its calls."""

from __future__ import annotations

import re

from benchmarks.aclnn_stress import stress


def test_forty_calls_under_sanitizers() -> None:
    done = stress(40, seed=7)
    assert done.stderr == ""
    assert done.returncode == 0
    counts = re.fullmatch(
        r"40 calls: 40 right, (\d+) mistakes refused, 0 wrong\n", done.stdout
    )
    assert counts is not None
    assert int(counts[1]) > 20
