"""The windows of a token on one core: which there are, and what is known of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from xdsl.dialects import arith

from passes.tiling.builder import BodyBuilder, Index
from passes.tiling.skew import Step
from passes.tiling.storage import ENTRY_UNIT, Selection, TokenScope
from passes.tiling.stream import Stream


def when_there(
    b: BodyBuilder,
    number: Index,
    windows: Index,
    step: Step,
    work: Callable[[], None],
) -> None:
    """Does the work if there is a window of this number."""
    below = arith.CmpiOp(b.index(number), b.index(windows), "slt")
    exists = b.value(below)
    exists.name_hint = "is_window"
    if step.offset < 0:
        begun = b.value(arith.CmpiOp(b.index(0), b.index(number), "sle"))
        begun.name_hint = "has_begun"
        b.when(begun, lambda: b.when(exists, work))
    else:
        b.when(exists, work)


def window_scope(
    plan: Stream, scope: TokenScope, number: Index, tiles: Mapping[str, int]
) -> TokenScope:
    """What a core knows of a window of a token; tiles: how long windows are."""
    b, entries = scope.builder, plan.entries
    length = tiles[entries]
    start = b.named(f"{entries}_start", b.mul(number, length))

    def inside(count: Index, least: int) -> Index:
        return b.min(b.max(b.sub(count, start), least), length)

    whole = scope.selections[plan.selection.result]
    count = b.named(f"{entries}_valid_here", inside(whole.count, 0))
    padded = inside(scope.padded[entries], ENTRY_UNIT)
    selection = Selection(
        *(whole.indices, entries, whole.target, count, whole.start, whole.length),
        whole.in_ub,
    )
    return TokenScope(
        b,
        scope.signature,
        scope.extents,
        scope.token,
        scope.block,
        {plan.selection.result: selection},
        {entries: b.named(f"{entries}_padded_here", padded)},
        {entries: start},
        tiles,
    )
