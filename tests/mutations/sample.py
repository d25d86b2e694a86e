"""A part of the mutants, the same for the same kernel."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from tests.mutations.schemata import Mutant


def sample(mutants: Sequence[Mutant], part: int) -> list[Mutant]:
    """About one mutant in `part`: those whose text hashes to it, so that an edit
    elsewhere in the kernel leaves the choice as it is."""
    return [mutant for mutant in mutants if _hash(mutant) % part == 0]


def _hash(mutant: Mutant) -> int:
    text = f"{mutant.core} {mutant.statement} {mutant.target} {mutant.change}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
