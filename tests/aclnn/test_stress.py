"""The C++ program that calls the API like an application, a sample of its calls; under
sanitisers, which take minutes to build, it is `python -m benchmarks.aclnn_stress`."""

from __future__ import annotations

import re

from benchmarks.aclnn_stress import stress


def test_calls_like_an_application() -> None:
    done = stress(16, seed=7, sanitize=False)
    assert done.stderr == ""
    assert done.returncode == 0
    counts = re.fullmatch(
        r"16 calls: 16 right, (\d+) mistakes refused, 0 wrong\n", done.stdout
    )
    assert counts is not None
    assert int(counts[1]) > 8
