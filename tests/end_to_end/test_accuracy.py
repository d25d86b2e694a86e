"""A covering subset of the accuracy matrix; `benchmarks/accuracy.py` runs all of it."""

from __future__ import annotations

from itertools import product

import pytest

from benchmarks.accuracy import ENTRIES, HEADS, TOKENS, Case, worst

KINDS = list(product(("bf16", "fp16"), ("BSND", "TND"), (0, 3)))


def covering() -> list[Case]:
    """Every pair of heads and entries once, with kinds and token counts in rotation."""
    chosen: list[Case] = []
    for i, (heads, entries) in enumerate(product(HEADS, ENTRIES)):
        tokens = TOKENS[i % 3] if entries < 2048 else TOKENS[i % 2]
        precision = ("float32", "mixed")[i % 7 == 6]
        chosen.append(Case(*KINDS[i % 8], precision, heads, entries, tokens))
    for i, kind in enumerate(KINDS):
        chosen.append(Case(*kind, "float32", HEADS[i % 5], 16, 130))
        chosen.append(Case(*kind, "mixed", HEADS[-1], 129, 3))
    return chosen


@pytest.mark.parametrize("case", covering(), ids=str)
def test_errors_stay_within_what_rounding_explains(case: Case) -> None:
    _, rms, ratio, ok = worst(case)
    assert ok, f"rms {rms:.3g} ulp, {ratio:.3g} of the bound"
    if case.precision == "float32":
        assert rms <= 1
    assert ratio <= 1
