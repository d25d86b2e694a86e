"""A loop in which stages work on several windows, or tokens, side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from ligrad_ir.dialects.npu.launch import SyncGroupOp
from passes.to_npu.builder import BodyBuilder, Index
from passes.to_npu.skew import Step, most_lag, steps


def emit_overlapped(
    b: BodyBuilder,
    count: Index,
    order: Sequence[tuple[int, int]],
    depth: int,
    what: str,
    work: Callable[[Step, Index], None],
    ahead: Callable[[Step], None] = lambda _: None,
) -> None:
    """
    Loop until every stage has worked on all `count` of `what`, `depth` of them in an
    iteration, with a `npu.sync_group` behind every step.

    order: stages with their lags (`passes.to_npu.skew`); work: emits a stage, given the
    number of what it works on; ahead: what is done before a step in any case.
    """
    rounds = b.div(b.add(count, most_lag(order) + depth - 1), depth)

    def iteration(at: SSAValue) -> None:
        first = b.named(f"first_{what}", b.mul(at, depth))
        for step in steps(order, depth):
            ahead(step)
            number = b.named(what, b.add(first, step.offset))
            if step.offset < 0:
                number = b.named(what, b.sub(first, -step.offset))
            _guarded(b, number, count, step, what, lambda s=step, n=number: work(s, n))
            b.insert(SyncGroupOp())

    b.loop(0, b.named("rounds", rounds), 1, iteration, f"round_of_{what}s")


def _guarded(
    b: BodyBuilder,
    number: Index,
    count: Index,
    step: Step,
    what: str,
    work: Callable[[], None],
) -> None:
    """Does the work if there is one of this number."""
    exists = b.value(arith.CmpiOp(b.index(number), b.index(count), "slt"))
    exists.name_hint = f"is_{what}"
    if step.offset < 0:
        begun = b.value(arith.CmpiOp(b.index(0), b.index(number), "sle"))
        begun.name_hint = "has_begun"
        b.when(begun, lambda: b.when(exists, work))
    else:
        b.when(exists, work)
