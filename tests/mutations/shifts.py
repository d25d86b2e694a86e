"""Buffers that could as well lie 32 bytes further up or down."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from xdsl.dialects.builtin import IntegerAttr, i64
from xdsl.dialects.scf import ForOp, IfOp
from xdsl.ir import Block, Operation

import ligrad
from ligrad_ir.dialects.ascendc.base import element, static_int
from ligrad_ir.dialects.ascendc.memory import GetWithOffsetOp
from ligrad_ir.dialects.ascendc.types import memory_of
from ligrad_ir.dialects.npu.launch import AllocOp
from ligrad_ir.dialects.npu.types import Core, buffer_bytes, element_of
from passes.insert_sync import edges_of
from passes.order.placement import Request
from passes.place_buffers import requests_of
from passes.to_ascendc.statements import bytes_of, tensor_element
from tests.mutations.changes import BLOCK
from tests.mutations.order import Check, bodies, unordered
from tests.mutations.schemata import statements

_Place = tuple[str, int, int, object]
"""Memory, address, elements and their type, which is what a kernel knows a buffer by."""


def free_shifts(operator: ligrad.Operator) -> Iterator[tuple[int, str]]:
    """The lines of such buffers, with the change: within the memory, over no buffer that
    is in use at the same time, and in order with the flags that are there.

    The lifetimes are those of `place-buffers`, but that branches and innermost loops are
    no one position.
    """
    free: dict[_Place, list[int]] = {}
    for core, body in bodies(unordered(operator)):
        free |= _free_in(core, body)
    for op, (line, _) in statements(operator.module("ascendc")).items():
        if isinstance(op, GetWithOffsetOp):
            at, count = static_int(op.offset), static_int(op.count)
            assert at is not None
            assert count is not None
            place = (memory_of(op.result.type).value, at, count, element(op.result))
            for by in free.get(place, []):
                yield line, f"offset {'+' if by > 0 else '-'} {BLOCK}"


def _free_in(core: Core, body: Block) -> dict[_Place, list[int]]:
    """The buffers of a body that could be moved, with the bytes."""
    asked = requests_of(body, _positions(body, {}))
    usual = edges_of(core, body)
    together: defaultdict[_Place, list[AllocOp]] = defaultdict(list)
    for op in asked:
        together[_place(op)].append(op)
    found: dict[_Place, list[int]] = {}
    for place, ops in together.items():
        top = max(_end(op) for op in asked if op.space is ops[0].space)
        others = [op for op in asked if op not in ops]
        for by in (BLOCK, -BLOCK):
            _move(ops, by)
            inside = _at(ops[0]) >= 0 and _end(ops[0]) <= top
            if (
                inside
                and not any(_meet(a, b, asked) for a in ops for b in others)
                and Check(core, body).holds(usual)
            ):
                found.setdefault(place, []).append(by)
            _move(ops, -by)
    return found


def _place(op: AllocOp) -> _Place:
    count = buffer_bytes(op.result.type) // bytes_of(op.result)
    return op.space.upper(), _at(op), count, tensor_element(element_of(op.result))


def _move(ops: Sequence[AllocOp], by: int) -> None:
    for op in ops:
        op.offset = IntegerAttr(_at(op) + by, i64)


def _at(op: AllocOp) -> int:
    assert op.offset is not None
    return op.offset.value.data


def _end(op: AllocOp) -> int:
    return _at(op) + op.size


def _meet(op: AllocOp, other: AllocOp, asked: dict[AllocOp, Request]) -> bool:
    """Whether two buffers share bytes while both are in use."""
    return (
        op.space is other.space
        and _at(op) < _end(other)
        and _at(other) < _end(op)
        and asked[op].overlaps(asked[other])
    )


def _positions(block: Block, found: dict[Operation, int]) -> dict[Operation, int]:
    """A number for every operation, in branches and loops too."""
    for op in block.ops:
        found[op] = len(found)
        if isinstance(op, ForOp | IfOp):
            for region in op.regions:
                for inner in region.blocks:
                    _positions(inner, found)
    return found
