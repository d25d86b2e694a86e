"""A window of a token: what a core knows of it."""

from __future__ import annotations

from collections.abc import Mapping

from passes.tiling.builder import Index
from passes.tiling.storage import ENTRY_UNIT, Selection, TokenScope
from passes.tiling.stream import Stream


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
