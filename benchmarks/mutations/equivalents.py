"""Mutants that change nothing that anybody could see, each with the reason why.

A table of patterns, as narrow as can be. It is held to its word: a mutant that is in it
and found nevertheless is an error of the table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from xdsl.dialects.builtin import IntegerAttr, i64
from xdsl.dialects.scf import ForOp, IfOp
from xdsl.ir import Block, Operation

import ligrad
from benchmarks.mutations.changes import BLOCK
from benchmarks.mutations.schemata import Mutant, statements
from ligrad_ir.dialects.ascendc_base import element, static_int
from ligrad_ir.dialects.ascendc_memory import GetWithOffsetOp
from ligrad_ir.dialects.ascendc_types import element_bytes, memory_of
from ligrad_ir.dialects.npu_launch import AllocOp, LaunchOp
from ligrad_ir.dialects.npu_types import Core
from passes.insert_sync import edges_of
from passes.pipelines import run_passes
from passes.place_buffers import requests_of

ORDER = ("sync", "pipe")


@dataclass(frozen=True)
class Equivalent:
    """Mutants of some kinds whose statement, change and target match the patterns."""

    name: str
    why: str
    kinds: tuple[str, ...]
    statement: str
    change: str = ""
    target: str = ""
    deterministic: bool | None = None
    """Of kernels of that mode only."""

    def covers(self, mutant: Mutant) -> bool:
        """Whether a mutant is one of these."""
        return (
            mutant.kind in self.kinds
            and re.search(self.statement, mutant.statement) is not None
            and re.search(self.change, mutant.change) is not None
            and re.search(self.target, mutant.target) is not None
        )


TABLE = (
    # ---- order
    Equivalent(
        "sync-all-waits",
        "SyncAll begins with a barrier of all pipes of its own; the statement does not "
        "count on it, since its page does not promise it",
        ORDER,
        r"^PipeBarrier<PIPE_ALL>",
        target=r"^SyncAll<",
    ),
    Equivalent(
        "end-of-tpipe",
        "behind it comes the end of the TPipe, which is a barrier of all pipes",
        ORDER,
        r"^PipeBarrier<PIPE_ALL>",
        target=r"^$",
    ),
    Equivalent(
        "rows-apart",
        "insert-sync takes an array in global memory for one place; these are rows apart, "
        "or with a flag between cores in between",
        ORDER,
        r"^PipeBarrier<PIPE_(FIX|MTE3)>",
        target=r"^(Fixpipe|DataCopyPad\(\w+_gm_tile)",
    ),
    Equivalent(
        "loop-with-a-turn",
        "insert-sync takes the loop over a token's entries for one that may have no turn",
        ORDER,
        r"^PipeBarrier<PIPE_MTE2>",
        target=r"^DataCopyPad\(dK_matmul_rows,",
    ),
    Equivalent(
        "loop-with-a-turn",
        "likewise",
        ORDER,
        r"^PipeBarrier<PIPE_V>",
        target=r"^Duplicate<int32_t>\(indices_2,",
        deterministic=True,
    ),
    Equivalent(
        "loop-with-a-turn",
        "likewise, and for the loop over heads",
        ("pair",),
        r"^SetFlag<HardEvent::MTE[23]_V>",
        target=r"^(Duplicate<int32_t>\(indices,|Cast\(dw_tile,)",
        deterministic=True,
    ),
    Equivalent(
        "vector-unit-has-waited",
        "the last vector instruction before it is behind a flag from MTE3",
        ("pipe",),
        r"^CrossCoreSetFlag<2, PIPE_MTE3>\(4\)",
        r"PIPE_V$",
        deterministic=True,
    ),
    Equivalent(
        "loop-with-a-turn",
        "likewise",
        ("pair",),
        r"^SetFlag<HardEvent::MTE2_V>",
        target=r"^Duplicate<int32_t>\(indices_2,",
    ),
    Equivalent(
        "sum-has-a-barrier",
        "npu.sum has a barrier of its own behind the zeros that it begins with",
        ORDER,
        r"^PipeBarrier<PIPE_V>",
        target=r"^Duplicate<float>\(\w+_partial, 0.0f, 64L\)",
    ),
    Equivalent(
        "round-through-the-vector-cores",
        "the cube core has waited for vector cores that waited for this FIX",
        ("pair",),
        r"^SetFlag<HardEvent::FIX_M>",
        target=r"^Mmad\(product_l0, lhs_l0, rhs_l0, product_l0_size_1\)",
    ),
    Equivalent(
        "gather-waits",
        "the gather loads behind its zeros, and the store waits for the loads",
        ("pair",),
        r"^SetFlag<HardEvent::V_MTE3>",
        target=r"^DataCopyPad\(S_rhs_workspace_gm_tile",
    ),
    # ---- parameters without a meaning
    Equivalent(
        "one-burst",
        "the distance to the next burst, matrix or repeat, of which there is none",
        ("count",),
        r"DataCopyExtParams \w+\{1, |Nd2NzParams \w+\{1, "
        r"|^WholeReduceSum\(.*, 64, 1, 1, 1, 8\)",
        r"^(src|dst)(Stride|NdMatrixStride|NzMatrixStride|RepStride) ",
    ),
    Equivalent(
        "one-matrix",
        "the distance to the next matrix of a Fixpipe, of which there is none",
        ("count",),
        r"FixpipeParamsV220 .*, 0, 1, 0, 0, 0\}",
        r"^(src|dst)NdStride ",
    ),
    Equivalent(
        "no-padding",
        "with isPad and no elements to pad, or with elements and no isPad, nothing is "
        "padded",
        ("flag", "value"),
        r"DataCopyPadExtParams<\w+> \w+\{false, 0, 0, ",
        r"^(not isPad|paddingValue \+ 1)$",
    ),
    Equivalent(
        "exact-integers",
        "rows are numbered below 2^24: a float holds the number whatever the rounding",
        ("mode",),
        r"^Cast\(present_scratch, indices_",
    ),
    Equivalent(
        "ties",
        "at a tie both neighbours are as near, and nothing else is rounded otherwise; "
        "CAST_NONE, from float to half, is CAST_RINT",
        ("mode",),
        r"^Cast\(.*CAST_RINT",
        r"CAST_(ROUND|NONE)$",
    ),
    Equivalent(
        "not-negative",
        "what comes out of a relu is greater than 0 where it is not 0",
        ("mode",),
        r"^CompareScalar<float>\(dQ_relu_grad_positive, S, 0.0f, CMPMODE::GT",
        r"CMPMODE::NE$",
    ),
    # ---- more than is needed
    Equivalent(
        "half-a-tile",
        "a tile has room for 128 rows of 128, and there are no more than 64 heads",
        ("size",),
        r"LocalTensor<\w+> lhs_l[01] = ",
    ),
    Equivalent(
        "fractals-nobody-reads",
        "a further fractal is loaded, behind those that the product reads",
        ("loop", "count"),
        r"^for \(int64_t row(_[13])? = 0L; row(_[13])? < nz_rows"
        r"|LoadData2DParams lhs_l0_fractals_2",
        r"^(upper \+ 16|repeatTimes \+ 1)$",
    ),
    Equivalent(
        "turn-without-a-chunk",
        "a further turn finds no chunk that is left",
        ("loop",),
        r"^for \(int64_t turn(_\d)? = 0L;",
        r"^upper \+ 1$",
    ),
    Equivalent(
        "no-token-behind-the-last",
        "a token is behind the runs before its own, so never behind the last one",
        ("loop",),
        r"^for \(int64_t run(_\d)? = 0L; run(_\d)? < B;",
        r"^upper - 1$",
    ),
    Equivalent(
        "nothing-to-do",
        "the loops inside have no turn then, and the copies no bytes",
        ("branch",),
        r"^if \(has_(some(_\d)?|rows(_\d)?)\)$",
        r"^condition = 1$",
    ),
    Equivalent(
        "ordered-neighbours",
        "the bytes that it moves over belong to buffers whose statements are ordered with "
        "its own by flags and barriers that stand there for others, and hold nothing then",
        ("offset",),
        r"LocalTensor<\w+> "
        r"(dw_1|dW|dW_mask|dQ_relu_grad|present_scratch|present|S_rhs_rows) = ",
        r"^offset \+ 32$",
    ),
    Equivalent(
        "ordered-neighbours",
        "likewise",
        ("offset",),
        r"LocalTensor<\w+> (dw_1|dW_mask|dW_mul|weights_cast|indices_1|weights_1) = ",
        r"^offset - 32$",
    ),
    Equivalent(
        "ordered-neighbours",
        "likewise",
        ("offset",),
        r"LocalTensor<\w+> (dQ_lhs|indices_1) = ",
        r"^offset \+ 32$",
        deterministic=True,
    ),
    Equivalent(
        "ordered-neighbours",
        "likewise",
        ("offset",),
        r"LocalTensor<\w+> (dQ_lhs|dy_1) = ",
        r"^offset - 32$",
        deterministic=True,
    ),
    Equivalent(
        "row-of-another-core",
        "the row is loaded, and not added: that has conditions of its own",
        ("branch",),
        r"^if \(is_not_(before|behind)_1\)$",
        r"^condition = 1$",
        deterministic=True,
    ),
    # ---- entries that mean no row: held off three times
    Equivalent(
        "zeros-for-no-row",
        "the row that is gathered for an entry without one is zeros: its score is 0, and "
        "so is the gradient, whether the mask calls it present or not",
        ("statement", "count"),
        r"^Mul\(present_scratch, |^Duplicate<int32_t>\(indices(_1)?, -1, ",
        r"^(deleted|count - 8)$",
    ),
    Equivalent(
        "zeros-for-no-row",
        "likewise",
        ("value",),
        r"^CompareScalar<float>\(present, "
        r"|^Duplicate<int32_t>\(indices(_1)?, -1, |^Select<float>\(dQ_mask, present, ",
        r"^(scalar|src1) \+ 1$",
    ),
    Equivalent(
        "zeros-for-no-row",
        "likewise",
        ("value",),
        r"DataCopyPadExtParams<int32_t> padding_2\{true, 0, behind_2, -1\}",
        r"^paddingValue \+ 1$",
        deterministic=True,
    ),
    Equivalent(
        "mask-for-no-row",
        "behind the valid entries only what is present is kept",
        ("statement", "count"),
        r"^Duplicate<\w+>\(dy_1, |DataCopyPadExtParams<\w+> padding_1\{true, 0, behind_1,",
        r"^(deleted|count - 16|rightPadding - 1)$",
    ),
)


class Equivalents:
    """The table, and what can be proved of an operator's kernel."""

    def __init__(self, operator: ligrad.Operator):
        self._free = set(free_shifts(operator))
        of_mode = (None, operator.deterministic)
        self._table = [each for each in TABLE if each.deterministic in of_mode]

    def name(self, mutant: Mutant) -> str | None:
        """Under which name a mutant is known to be equivalent, if it is."""
        if (mutant.line, mutant.change) in self._free:
            return "room-around-it"
        found = (each.name for each in self._table if each.covers(mutant))
        return next(found, None)


def free_shifts(operator: ligrad.Operator) -> Iterator[tuple[int, str]]:
    """The lines of buffers that could as well lie 32 bytes further up or down: within the
    memory, over no buffer that is in use at the same time, and in such a way that
    `insert-sync` asks for the flags that are there.

    The lifetimes are those of `place-buffers`, but that a branch is no one position.
    """
    module = operator.source.clone()
    run_passes(module, operator.pipeline()[:-1])
    free: dict[tuple[str, str, int, int], list[int]] = {}
    for launch in module.walk():
        if isinstance(launch, LaunchOp):
            for core, region in (
                (Core.CUBE, launch.cube),
                (Core.VECTOR, launch.vector),
            ):
                for op, by in _free_in(core, region.block):
                    assert op.offset is not None
                    name, at = op.result.name_hint or "", op.offset.value.data
                    key = (name, op.space.upper(), at, op.size)
                    free.setdefault(key, []).append(by)
    for op, (line, _) in statements(operator.module("ascendc")).items():
        if isinstance(op, GetWithOffsetOp):
            at, count = static_int(op.offset), static_int(op.count)
            assert at is not None
            assert count is not None
            size = count * element_bytes(element(op.result))
            key = (op.result.name_hint or "", memory_of(op.result.type).value, at, size)
            for by in free.get(key, []):
                yield line, f"offset {'+' if by > 0 else '-'} {BLOCK}"


def _free_in(core: Core, body: Block) -> Iterator[tuple[AllocOp, int]]:
    """The buffers of a body that could be moved, with the bytes."""
    asked = requests_of(body, _positions(body, {}))
    usual = edges_of(core, body)
    tops = {
        each.space: max(_end(op) for op in asked if op.space is each.space)
        for each in asked
    }
    for op, request in asked.items():
        for by in (BLOCK, -BLOCK):
            meets = any(
                _meet(op, other, by) and request.overlaps(life)
                for other, life in asked.items()
                if other is not op
            )
            place = op.offset
            assert place is not None
            at = place.value.data + by
            if meets or at < 0 or at + op.size > tops[op.space]:
                continue
            op.offset = IntegerAttr(at, i64)
            moved = edges_of(core, body)
            op.offset = place
            if moved == usual:
                yield op, by


def _end(op: AllocOp) -> int:
    assert op.offset is not None
    return op.offset.value.data + op.size


def _meet(op: AllocOp, other: AllocOp, by: int) -> bool:
    """Whether a buffer shares bytes with another one when it is moved."""
    assert op.offset is not None
    assert other.offset is not None
    at, there = op.offset.value.data + by, other.offset.value.data
    return op.space is other.space and at < there + other.size and there < at + op.size


def _positions(block: Block, found: dict[Operation, int]) -> dict[Operation, int]:
    """A number for every operation, in branches too, but not in innermost loops."""
    for op in block.ops:
        found[op] = len(found)
        is_loop = isinstance(op, ForOp)
        has_loop = any(
            isinstance(inner, ForOp) for inner in op.walk() if inner is not op
        )
        is_outermost = is_loop and not isinstance(op.parent_op(), ForOp | IfOp)
        if isinstance(op, IfOp) or has_loop or is_outermost:
            for region in op.regions:
                for inner in region.blocks:
                    _positions(inner, found)
    return found
