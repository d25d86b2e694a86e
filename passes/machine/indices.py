"""Row numbers in global memory: two in an access of the scalar unit, their lines asked for
ahead of their use."""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects.builtin import i32
from xdsl.ir import SSAValue

from ligrad_ir.dialects.ascendc_enums import Arithmetic, CmpMode
from ligrad_ir.dialects.ascendc_memory import DataCachePreloadOp, GetValueOp
from ligrad_ir.dialects.ascendc_scalar import (
    ArithmeticOp,
    AssignOp,
    ReadOp,
    VariableOp,
)
from ligrad_ir.dialects.ascendc_types import ui64
from ligrad_ir.soc import Soc
from passes.machine.statements import SIZE, Size, Statements

INDEX_BYTES = 4
WORD = 2
"""Indices in 64 bits."""
LINE = Soc.cache_line // INDEX_BYTES
"""Indices in a line of the scalar unit's cache."""
AHEAD = LINE
"""How many indices ahead a line is asked for: while one is worked through, which takes
longer than the next one needs from L2."""


def each_index(
    s: Statements,
    buffer: SSAValue,
    first: Size,
    count: Size,
    visit: Callable[[SSAValue, SSAValue], None],
) -> None:
    """
    visit(i, buffer[first + i]) for i < count, for an array of int32 in global memory.

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
        pair = s.value(VariableOp(s.constant(0, ui64)), "index_pair")

        def read_word() -> None:
            both = GetValueOp(words.tensor, word, result=ui64)
            s.insert(AssignOp(pair, s.value(both, "two_indices")))

        def read_index() -> None:
            one = s.value(GetValueOp(s.of(buffer), s.size(at), result=i32), "one_index")
            s.insert(AssignOp(pair, s.cast(one, ui64, "one_index_word")))

        is_whole = s.compare(CmpMode.LT, word, whole, "is_whole_word")
        s.when(is_whole, read_word, read_index)
        start = s.sub(at, first, "entry_of_word")
        s.loop(
            s.min(s.add(start, WORD, "next_word"), count, "entries_end"),
            1,
            lambda i: visit(i, _half(s, pair, s.add(first, i))),
            "i",
            s.max(start, 0, "entries_start"),
        )

    s.loop(end, 1, try_word, "word", s.div(first, WORD, "first_word"))


def _half(s: Statements, pair: SSAValue, place: Size) -> SSAValue:
    """The index of a place in the array, from its word; a size."""
    odd = ArithmeticOp(Arithmetic.REM, s.size(place), s.size(WORD))
    bits = s.mul(s.value(odd, "half"), 8 * INDEX_BYTES, "bits")
    word = s.value(ReadOp(pair), "indices_read")
    moved = ArithmeticOp(Arithmetic.SHR, word, s.cast(bits, ui64, "shift"))
    index = s.cast(s.value(moved, "index_bits"), i32, "index")
    return s.cast(index, SIZE, "row")
