"""Decides how a token's entries stream through the cores, window by window.

The entries of a token (the axis of its selection) are cut into windows. For each of them
the stages run in turn: the cube core gathers rows and multiplies, the vector cores select,
and so on. What has no entries is computed once a token: before the windows where they need
it, behind them where it needs their sums.

Pure: reads the IR, changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from xdsl.dialects.builtin import Float32Type
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import BlockArgument, Operation, SSAValue

from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.ragged import RowsOp, tensor
from passes.to_npu.group import numbers
from passes.to_npu.staging import ELEMENTWISE_OPS, Staging, is_cube_or_gather, stage
from passes.to_npu.unsupported import UnsupportedError

Scatter = Literal["vector", "cube"]
"""The cores that add updates to their rows."""


@dataclass(frozen=True)
class Stream:
    """
    The decisions for one graph.

    stages: by number, what is done for every window, in order; before and behind: what the
    vector cores do once a token, ahead of the windows and after them. kept: products
    summed over the entries, which stay in the accumulator until the last window.
    scattered: products whose rows the cube core adds to those of a result itself, each
    with the scatter, which is in no stage.
    """

    staging: Staging
    selection: RowsOp
    before: list[Operation]
    stages: dict[int, list[Operation]]
    behind: list[Operation]
    kept: list[lig.MatmulOp]
    scattered: Mapping[lig.MatmulOp, lig.ScatterAddOp] = field(
        default_factory=dict[lig.MatmulOp, lig.ScatterAddOp]
    )

    @property
    def entries(self) -> str:
        """The axis that is cut into windows."""
        return tensor(self.selection.result).axes[-1]

    def out(self, op: Operation) -> SSAValue:
        """What an operation leaves, with all that is fused to it."""
        return [op, *self.staging.fused.get(op, ())][-1].results[0]

    def gathers(self) -> list[lig.GatherOp]:
        """What takes rows for the products."""
        ops = (op for ops in self.stages.values() for op in ops)
        return [op for op in ops if isinstance(op, lig.GatherOp)]

    def products(self) -> list[lig.MatmulOp]:
        """All products, those that are added up as one."""
        ops = (op for ops in self.stages.values() for op in ops)
        return [op for op in ops if isinstance(op, lig.MatmulOp)]

    def operands(self) -> list[SSAValue]:
        """What products take, in order."""
        terms = [term for op in self.products() for term in self.staging.terms(op)]
        return list(dict.fromkeys(v for term in terms for v in term.operands))


def stream(function: FuncOp, scatter: Scatter = "vector") -> Stream:
    """Decide for the function of a graph with machine types. scatter: the cores that add
    updates, where these are a product that nothing else needs; else the vector cores do.

    Raises:
        UnsupportedError: the entries cannot be cut into windows: says what prevents it.
    """
    staging = stage(function, is_cube_or_gather)
    selections = [op for op in function.body.block.ops if isinstance(op, RowsOp)]
    if len(selections) != 1:
        raise UnsupportedError(function, f"{len(selections)} selections, not one")
    [selection] = selections
    entries = tensor(selection.result).axes[-1]
    ops = [op for op in function.body.block.ops if staging.stages_of(op)]
    fused = {op for each in staging.fused.values() for op in each}
    ops = [op for op in ops if op not in fused]
    late = _late(ops, staging, entries)
    for op in ops:
        _check(op, entries, staging, late)
    stages = {
        number: _with_needed(
            [op for op in done if is_windowed(op, entries)], ops, entries, late
        )
        for number, done in sorted(staging.stages.items())
    }
    decided = Stream(staging, selection, [], stages, [], _kept(ops, entries))
    scattered = _scattered(decided) if scatter == "cube" else {}
    for done in stages.values():
        done[:] = [op for op in done if op not in scattered.values()]
    stages = {number: done for number, done in stages.items() if done}
    small = [op for op in ops if not is_windowed(op, entries)]
    makers = {value.owner for value in decided.operands()}
    before = [op for op in small if op in makers]
    returned = function.body.block.last_op
    assert isinstance(returned, ReturnOp)
    leaving = {value.owner for value in returned.arguments}
    leaving.update(value.owner for value in staging.accumulated)
    leaving.difference_update(staging.final)
    behind = [op for op in small if op in late or op in leaving]
    return Stream(
        staging,
        selection,
        _with_needed(before, ops, entries, late),
        stages,
        _with_needed(behind, ops, entries, set()),
        decided.kept,
        scattered,
    )


def _scattered(plan: Stream) -> dict[lig.MatmulOp, lig.ScatterAddOp]:
    """The products that leave the accumulator as updates in float32, for one scatter."""
    found: dict[lig.MatmulOp, lig.ScatterAddOp] = {}
    for op in plan.products():
        value = plan.out(op)
        users = [use.operation for use in value.uses]
        if op in plan.kept or len(users) != 1:
            continue
        [user] = users
        is_wide = isinstance(tensor(value).element_type, Float32Type)
        if isinstance(user, lig.ScatterAddOp) and is_wide:
            found[op] = user
    return found


def is_windowed(op: Operation, entries: str) -> bool:
    """Whether an operation takes or gives something for each entry."""
    return any(entries in tensor(v).axes for v in (*op.operands, *op.results))


def _kept(ops: Iterable[Operation], entries: str) -> list[lig.MatmulOp]:
    return [
        op
        for op in ops
        if isinstance(op, lig.MatmulOp) and op.over.string_value() == entries
    ]


def _late(ops: Sequence[Operation], staging: Staging, entries: str) -> set[Operation]:
    """What needs something that is known behind the last window only."""
    late: set[Operation] = set()
    sums = {[op, *staging.fused[op]][-1].results[0] for op in _kept(ops, entries)}
    for op in ops:
        if any(v in sums or v.owner in late for v in op.operands):
            late.add(op)
    return late


def _check(op: Operation, entries: str, staging: Staging, late: set[Operation]) -> None:
    windowed = is_windowed(op, entries)
    if windowed and op in late:
        raise UnsupportedError(op, f"it needs a sum over all of {entries}")
    match op:
        case lig.GatherOp():
            users = [use.operation for use in op.result.uses]
            if not all(isinstance(user, lig.MatmulOp) for user in users):
                raise UnsupportedError(op, "the cube core gathers for products only")
            if not isinstance(op.source, BlockArgument):
                raise UnsupportedError(op, "rows are gathered from inputs only")
            if len(tensor(op.source).axes) < 2:
                raise UnsupportedError(op, "a table of one axis has no rows")
        case lig.MatmulOp():
            if not windowed:
                raise UnsupportedError(op, f"a product without {entries}")
            arguments = [v for v in op.operands if isinstance(v, BlockArgument)]
            if any(entries in tensor(v).axes for v in arguments):
                raise UnsupportedError(op, f"an operand is an input over {entries}")
        case lig.ScatterAddOp():
            maker = op.updates.owner
            if not any(maker in (m, *f) for m, f in staging.fused.items()):
                raise UnsupportedError(op, "only products are scattered")
        case lig.ReduceSumOp():
            if op.over.string_value() == entries:
                raise UnsupportedError(op, f"a sum over {entries} on the vector unit")
            if windowed and op.result in staging.accumulated:
                raise UnsupportedError(op, f"a sum over the tokens that has {entries}")
        case _:
            pass


def _with_needed(
    roots: Iterable[Operation],
    ops: Sequence[Operation],
    entries: str,
    late: set[Operation],
) -> list[Operation]:
    """Operations, and the elementwise ones without entries whose results they take, which
    are done again where they are needed; in order."""
    found = set(roots)
    for op in reversed(ops):
        if op not in found or not isinstance(op, (*ELEMENTWISE_OPS, lig.ScatterAddOp)):
            continue
        for value in numbers(op):
            maker = value.owner
            if (
                isinstance(maker, ELEMENTWISE_OPS)
                and maker in ops
                and maker not in late
                and not is_windowed(maker, entries)
            ):
                found.add(maker)
    return [op for op in ops if op in found]
