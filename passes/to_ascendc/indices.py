"""Row numbers in global memory: two in an access of the scalar unit, their lines asked for
ahead of their use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xdsl.dialects.builtin import i32
from xdsl.ir import SSAValue

from ligrad_ir.dialects.ascendc.enums import Arithmetic, CmpMode
from ligrad_ir.dialects.ascendc.memory import DataCachePreloadOp, GetValueOp
from ligrad_ir.dialects.ascendc.scalar import (
    ArithmeticOp,
    AssignOp,
    ChooseOp,
    ReadOp,
    VariableOp,
)
from ligrad_ir.dialects.ascendc.types import ui64
from ligrad_ir.soc import Soc
from passes.to_ascendc.statements import SIZE, Size, Statements

INDEX_BYTES = 4
WORD = 2
"""Indices in 64 bits."""
HALF_BITS = 8 * INDEX_BYTES
LINE = Soc.cache_line // INDEX_BYTES
"""Indices in a line of the scalar unit's cache."""
AHEAD = LINE
"""How many indices ahead a line is asked for: while one is worked through, which takes
longer than the next one needs from L2."""


@dataclass(frozen=True)
class Pair:
    """What is done with two indices at once, and whether it can be."""

    fits: Callable[[SSAValue, SSAValue], SSAValue]
    visit: Callable[[SSAValue, SSAValue, SSAValue], None]


def each_index(
    s: Statements,
    buffer: SSAValue,
    first: Size,
    count: Size,
    visit: Callable[[SSAValue, SSAValue], None],
    pair: Pair,
) -> None:
    """
    visit(i, buffer[first + i]) for i < count, for an array of int32 in global memory; or
    pair.visit(i, buffer[first + i], buffer[first + i + 1]) for both at once, where they are
    of one word and pair.fits.

    The words that hold the indices are read one by one; of the first and of the last one
    only a half may be wanted. The last index of an odd number of them is no whole word of
    the array, and is read by itself. With the first word of a line the next line is asked
    for, or the last one of the array: nothing behind it is touched.
    """
    words = s.words[buffer]
    last = s.sub(words.count, 1, "last_index")
    whole = s.div(words.count, WORD, "whole_words")
    end = s.div(s.add(s.add(first, count), WORD - 1), WORD, "end_word")

    def ask(at: Size) -> None:
        index = s.min(s.add(at, AHEAD, "next_line"), last, "index_ahead")
        place = s.size(s.mul(index, INDEX_BYTES, "byte_ahead"))
        s.insert(DataCachePreloadOp(words.tensor, place))

    def try_word(word: SSAValue) -> None:
        at = s.mul(word, WORD, "index_at")
        place = ArithmeticOp(Arithmetic.REM, word, s.size(LINE // WORD))
        begins = s.compare(CmpMode.EQ, s.value(place, "place"), 0, "begins_line")
        s.when(begins, lambda: ask(at))
        pair_read = s.value(VariableOp(s.constant(0, ui64)), "index_pair")

        def read_word() -> None:
            both = GetValueOp(words.tensor, word, result=ui64)
            s.insert(AssignOp(pair_read, s.value(both, "two_indices")))

        def read_index() -> None:
            one = s.value(GetValueOp(s.of(buffer), s.size(at), result=i32), "one_index")
            s.insert(AssignOp(pair_read, s.cast(one, ui64, "one_index_word")))

        is_whole = s.compare(CmpMode.LT, word, whole, "is_whole_word")
        s.when(is_whole, read_word, read_index)
        word_read = s.value(ReadOp(pair_read), "indices_read")
        moved = ArithmeticOp(Arithmetic.SHR, word_read, s.constant(HALF_BITS, ui64))
        low = _index(s, word_read, "low")
        high = _index(s, s.value(moved, "high_bits"), "high")
        start = s.size(s.sub(at, first, "entry_of_word"))
        behind = s.add(start, WORD, "next_word")

        def each() -> None:
            def one(i: SSAValue) -> None:
                is_low = s.compare(CmpMode.EQ, i, start, "is_low")
                visit(i, s.value(ChooseOp(is_low, low, high), "row"))

            entries = s.min(behind, count, "entries_end"), s.max(start, 0, "entry")
            s.loop(entries[0], 1, one, "i", entries[1])

        is_pair = s.all(
            s.compare(CmpMode.GE, start, 0, "has_low"),
            s.compare(CmpMode.LE, behind, count, "has_high"),
            pair.fits(low, high),
            name="is_pair",
        )
        s.when(is_pair, lambda: pair.visit(start, low, high), each)

    s.loop(end, 1, try_word, "word", s.div(first, WORD, "first_word"))


def _index(s: Statements, word: SSAValue, name: str) -> SSAValue:
    """The lower half of a word as an index; a size."""
    return s.cast(s.cast(word, i32, f"{name}_index"), SIZE, f"{name}_row")
