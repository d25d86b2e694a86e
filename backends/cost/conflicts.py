"""What conflicts of UB banks add to a repeat of a vector instruction.

UB has 16 groups of banks, found by bits 8 to 5 of an address, of three banks each, by bits
17 and 16, as on the twin's clock (docs/timing.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from backends.ascendc.twin.timing import Timing
from ligrad_ir.soc import Soc

BLOCK = Soc.block_bytes
GROUPS = 16

Operand = tuple[int, int, int]
"""Address, bytes of an element, bytes from repeat to repeat; the destination first."""


def conflicts(
    operands: Sequence[Operand], repeats: int, lanes: int, timing: Timing
) -> float:
    """Cycles a repeat: the mean of the first two, which stand for all."""
    costs = timing["bank_read"], timing["bank_write"]
    return _mean(tuple(operands), min(repeats, 2), lanes, *costs)


@cache
def _mean(
    operands: tuple[Operand, ...], repeats: int, lanes: int, read: float, write: float
) -> float:
    each = [_once(operands, number, lanes, read, write) for number in range(repeats)]
    return sum(each) / len(each) if each else 0.0


def _once(
    operands: tuple[Operand, ...], repeat: int, lanes: int, read: float, write: float
) -> float:
    """A group gives one block a cycle, and a write is in the way of a read of the same
    bank unless it goes to the very place that is read."""
    counts = [0] * GROUPS, [0] * GROUPS
    banks: tuple[set[int], set[int]] = set(), set()
    for number, (address, size, stride) in enumerate(operands):
        kind = number > 0
        for block in range(max(1, lanes * size // BLOCK)):
            place = (address + repeat * stride + block * BLOCK) // BLOCK
            counts[kind][place % GROUPS] += 1
            banks[kind].add((place * BLOCK >> 16) * GROUPS + place % GROUPS)
    most = max(map(max, counts))
    on_top = any(address == operands[0][0] for address, _, _ in operands[1:])
    clash = not on_top and bool(banks[0] & banks[1])
    return (most - 1) * read * (most > 1) + write * clash
