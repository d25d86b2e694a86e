"""Decides how many loops over tokens a graph takes, and what each of them does.

A loop goes over its tokens once. What a token needs of a sum over all tokens is the work of
a second loop behind it. What has no token axis, but is more than elementwise work, or is
the operand of a Matmul or Gather, has a loop of its own, over an axis that it has: ahead of
the tokens, or behind the sums that it is made of. What has the token axis crosses no loops,
a later loop computes it again.

Pure: reads the IR, changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Operation, SSAValue

from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.dialects.lig.types import TensorType
from passes.to_npu.final import FINAL_OPS, is_of_one_shape
from passes.to_npu.reach import sums_tokens, token_axis, token_axis_of
from passes.to_npu.staging import RAGGED_OPS

MOST_SUMMED_AGAIN = 4096
"""Numbers that every token sums for itself, rather than that a loop of their own does."""


@dataclass(frozen=True, order=True)
class Place:
    """behind: so many sums over the tokens, one made of the other; tokens: whether it is a
    loop over the tokens. In the order of the program."""

    behind: int
    tokens: bool


@dataclass(frozen=True)
class Loop:
    """token: the axis that it goes over; ops: what it does, in order."""

    token: str
    ops: list[Operation]


def loops(function: FuncOp, bounds: Mapping[str, int]) -> list[Loop]:
    """The loops of a graph, in order; some operations are in several. bounds: the largest
    extents of the axes.

    Raises:
        UnsupportedError: a selection has other axes than tokens and entries.
    """
    [*ops, last] = function.body.block.ops
    assert isinstance(last, ReturnOp)
    return _divide(ops, token_axis(function), last.arguments, bounds)


def _divide(
    ops: Sequence[Operation],
    token: str,
    outputs: Collection[SSAValue],
    bounds: Mapping[str, int],
) -> list[Loop]:
    plan = _Plan(token, bounds)
    for op in ops:
        plan.place(op)
    plan.place_arrays(ops, outputs)
    places = sorted({place for place in plan.places.values() if place is not None})
    if len(places) < 2 or not any(place.tokens for place in places):
        return [Loop(token, [*ops])]

    def leaves(op: Operation) -> bool:
        return any(result in outputs for result in op.results)

    found: list[Loop] = []
    for place in places:
        own = {op for op in ops if plan.places[op] == place}
        if place == next(p for p in places if p.tokens):
            own.update(op for op in plan.shared(ops) if leaves(op))
        whole = plan.complete(own, ops)
        if place.tokens:
            found.append(Loop(token, whole))
            continue
        users = {v for op in ops if op not in own for v in op.operands}
        made = [r for op in whole if op in own for r in op.results]
        leaving = [value for value in made if value in users or value in outputs]
        axis = token_axis_of(whole, _inputs(whole), leaving)
        found += _divide(whole, axis, leaving, bounds)
    return found


def _inputs(ops: Sequence[Operation]) -> list[SSAValue]:
    """What operations take that they do not make."""
    made = {result for op in ops for result in op.results}
    taken = dict.fromkeys(v for op in ops for v in op.operands if v not in made)
    return [value for value in taken if isinstance(value.type, TensorType)]


@dataclass
class _Plan:
    """places: of operations, None for those that are in every loop that uses them; behind:
    of values, how many sums over the tokens they are made of, one of the other."""

    token: str
    bounds: Mapping[str, int]
    places: dict[Operation, Place | None] = field(
        default_factory=dict[Operation, Place | None]
    )
    behind: dict[SSAValue, int] = field(default_factory=dict[SSAValue, int])

    def place(self, op: Operation) -> None:
        """Settle an operation whose operands are settled."""
        behind = max((self.behind.get(v, 0) for v in op.operands), default=0)
        makers = [v.owner for v in op.operands if isinstance(v.owner, Operation)]
        known = [maker for maker in makers if maker in self.places]
        self.places[op] = self._place(op, known, behind)
        for result in op.results:
            adds = isinstance(result.type, TensorType) and sums_tokens(op, self.token)
            self.behind[result] = behind + adds

    def _place(
        self, op: Operation, makers: Sequence[Operation], behind: int
    ) -> Place | None:
        if isinstance(op, RAGGED_OPS):
            return None
        if any(map(self._is_of_token, (*op.operands, *op.results))):
            return Place(behind, tokens=True)
        made = [self.places[maker] for maker in makers]
        if not any(made):
            is_again = isinstance(op, FINAL_OPS) or self._sums_row(op)
            return None if is_again else Place(behind, tokens=False)
        if _is_plain(op) and behind and Place(behind, tokens=False) not in made:
            return Place(behind - 1, tokens=True)
        return Place(behind, tokens=False)

    def _sums_row(self, op: Operation) -> bool:
        """Whether it makes a number of one axis that is short."""
        if not isinstance(op, lig.ReduceSumOp) or len(tensor(op.input).axes) > 1:
            return False
        return self.bounds[op.over.string_value()] <= MOST_SUMMED_AGAIN

    def _is_behind(self, op: Operation) -> bool:
        place = self.places[op]
        if place is None or not place.tokens:
            return False
        return not any(map(self._is_of_token, (*op.operands, *op.results)))

    def _is_of_token(self, value: SSAValue) -> bool:
        return self.token in tensor(value).axes

    def place_arrays(
        self, ops: Sequence[Operation], outputs: Collection[SSAValue]
    ) -> None:
        """What is made of inputs, without the tokens, needs a loop of its own where it is
        the operand of a Matmul or Gather, or where it is needed behind the tokens, or
        leaves, and is made by more than elementwise work on arrays of one shape."""
        operands = _operands_in_memory(ops)
        late = {v for op in ops if self._is_behind(op) for v in op.operands}
        for op in ops:
            if self.places[op] is not None or isinstance(op, RAGGED_OPS):
                continue
            made = [
                o for o in self.complete({op}, ops) if not isinstance(o, RAGGED_OPS)
            ]
            is_wide = not all(map(_is_plain, made))
            [result] = op.results
            if result in operands or (
                is_wide and (result in late or result in outputs)
            ):
                self.places[op] = Place(0, tokens=False)

    def shared(self, ops: Sequence[Operation]) -> list[Operation]:
        """What is in every loop that uses it."""
        return [op for op in ops if self.places[op] is None]

    def complete(
        self, own: Collection[Operation], ops: Sequence[Operation]
    ) -> list[Operation]:
        """Operations, and all that is computed again for them, in order."""
        found = {*own}
        for op in reversed(ops):
            if op not in found:
                continue
            for value in op.operands:
                maker = value.owner
                if isinstance(maker, Operation) and maker in self.places:
                    if self.places[maker] is None or self._is_of_token(value):
                        found.add(maker)
        return [op for op in ops if op in found]


def _is_plain(op: Operation) -> bool:
    """Whether it can be computed behind the tokens."""
    return isinstance(op, FINAL_OPS) and is_of_one_shape(op)


def _operands_in_memory(ops: Sequence[Operation]) -> set[SSAValue]:
    """The matrices that a Matmul takes, and the tables of a Gather."""
    found: set[SSAValue] = set()
    for op in ops:
        if isinstance(op, lig.MatmulOp):
            found.update(v for v in op.operands if len(tensor(v).axes) > 1)
        elif isinstance(op, lig.GatherOp):
            found.add(op.source)
    return found


def homes(divided: Sequence[Loop]) -> Mapping[SSAValue, int]:
    """The number of the first loop that makes each value."""
    found: dict[SSAValue, int] = {}
    for number, loop in enumerate(divided):
        for op in loop.ops:
            for result in op.results:
                found.setdefault(result, number)
    return found
