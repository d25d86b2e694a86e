"""Decides which unit computes each operation of a graph, and in which stage.

A token is one position on the token axis; cores share the tokens out, and for each of
them run stages in turn: even ones on the vector cores, odd ones on the cube core. Matrix
products are the cube's, all else is the vector unit's. A value made in one stage and used
in another crosses through global memory.

Pure: reads the IR, changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Operation, SSAValue

from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.ragged import ExtentOp, RowsOp, RunOp, ValidCountOp, tensor
from ligrad_ir.dialects.lig.types import HalfElement
from passes.to_npu.final import final_operations
from passes.to_npu.outer import factors
from passes.to_npu.reach import Reach, reaches, sums_tokens, token_axis
from passes.to_npu.unsupported import UnsupportedError, apart, called

RAGGED_OPS = (ExtentOp, RowsOp, RunOp, ValidCountOp)
"""Become scalar arithmetic of every core; they are of no stage."""
ELEMENTWISE_OPS = (
    lig.AddOp,
    lig.CastOp,
    lig.ConstantOp,
    lig.MaskOp,
    lig.MulOp,
    lig.ReduceSumOp,
    lig.ReluGradOp,
    lig.ReluOp,
    lig.SubOp,
)

Found = TypeVar("Found")


def is_cube(op: Operation) -> bool:
    """Whether the cube unit computes the operation."""
    return isinstance(op, lig.MatmulOp)


def is_cube_or_outer(op: Operation) -> bool:
    """Whether the cube core does the operation, where it does outer products too."""
    return isinstance(op, lig.MatmulOp) or factors(op) is not None


def is_cube_or_gather(op: Operation) -> bool:
    """Whether the cube core does the operation, where it gathers rows too."""
    return isinstance(op, lig.MatmulOp | lig.GatherOp)


@dataclass
class Staging:
    """The decisions for one graph.

    stages: by number, the operations in order; elementwise ones may be in several, and
    what they leave for others they leave in the first. fused: for a matmul, the
    operations that its way out of the accumulator does as well (relu, a cast to half),
    and before them, where another product is added, that one and the sum.
    accumulated: results that all tokens add to. final: operations on those, and those
    without the token axis whose results leave the program, run once at the end.
    """

    token_axis: str
    on_cube: Callable[[Operation], bool] = is_cube
    stages: dict[int, list[Operation]] = field(
        default_factory=dict[int, list[Operation]]
    )
    fused: dict[Operation, list[Operation]] = field(
        default_factory=dict[Operation, list[Operation]]
    )
    accumulated: list[SSAValue] = field(default_factory=list[SSAValue])
    final: list[Operation] = field(default_factory=list[Operation])

    def terms(self, op: lig.MatmulOp) -> list[lig.MatmulOp]:
        """The products that are added up in one accumulator, in order."""
        fused = self.fused[op]
        return [*(each for each in fused if isinstance(each, lig.MatmulOp)), op]

    def operands(self, op: Operation) -> tuple[SSAValue, ...]:
        """What an operation takes: of an outer product, the cube core the half numbers."""
        found = factors(op) if self.on_cube(op) else None
        return found or tuple(op.operands)

    def users(self, value: SSAValue) -> list[Operation]:
        """The operations that take a value."""
        users = (use.operation for use in value.uses)
        return [op for op in users if value in self.operands(op)]

    def uses(self) -> dict[int, set[int]]:
        """By stage, in order, the earlier ones that make what it uses."""
        found: dict[int, set[int]] = {number: set() for number in sorted(self.stages)}
        for number, ops in self.stages.items():
            for op in (each for o in ops for each in (o, *self.fused.get(o, ()))):
                for operand in self.operands(op):
                    if isinstance(maker := operand.owner, Operation):
                        found[number].update(self.stages_of(maker)[:1])
        return {number: made - {number} for number, made in found.items()}

    def makers(self, value: SSAValue) -> list[Operation]:
        """The final operations that make a value, in order."""
        found = {value}
        for op in reversed(self.final):
            if not found.isdisjoint(op.results):
                found.update(op.operands)
        return [op for op in self.final if not found.isdisjoint(op.results)]

    def stages_of(self, op: Operation) -> list[int]:
        """The stages of an operation in order; those of its matmul for a fused one."""
        return [
            number
            for number, ops in sorted(self.stages.items())
            if any(other is op or op in self.fused.get(other, ()) for other in ops)
        ]


def stage(function: FuncOp, on_cube: Callable[[Operation], bool] = is_cube) -> Staging:
    """Decide for the function of a graph with machine types; `on_cube` says which
    operations the cube core does, beside the sums of two products.

    Raises:
        UnsupportedError: it multiplies matrices over the token axis or without it, or
            needs a sum over all tokens for more than `passes.to_npu.final` computes.
    """
    ops = [op for op in function.body.block.ops if not isinstance(op, ReturnOp)]
    staging = Staging(token_axis(function), on_cube)
    token, reach = staging.token_axis, reaches(ops, staging.token_axis)
    last = function.body.block.last_op
    assert isinstance(last, ReturnOp)
    staging.final = final_operations(ops, last, reach, token)
    numbers = [op for op in ops if not isinstance(op, RAGGED_OPS)]
    for op in numbers:
        _check(op, staging, reach[op.results[0]])
    staged = [op for op in numbers if not _is_late(op, reach, token)]
    staging.accumulated = [op.results[0] for op in staged if sums_tokens(op, token)]
    earliest = _earliest_stages(staged, staging, _sums_of_products(staged))
    needed = _needed_stages(ops, staging, earliest)
    for op in ops:
        for number in needed.get(op, ()):
            staging.stages.setdefault(number, []).append(op)
    return staging


def _earliest_stages(
    ops: list[Operation],
    staging: Staging,
    sums: Mapping[Operation, tuple[lig.MatmulOp, lig.AddOp]],
) -> dict[Operation, int]:
    earliest: dict[Operation, int] = {}
    fused: set[Operation] = {first for first, _ in sums.values()}
    for op in ops:
        if op in fused:
            continue
        [result] = op.results
        number = 1 if staging.on_cube(op) else 0
        joined = sums.get(op, ())
        if isinstance(op, lig.MatmulOp) or (number and factors(op)):
            value = joined[1].result if joined else result
            staging.fused[op] = [*joined, *_fusable(value)]
            fused.update(staging.fused[op])
        for operand in (
            v for each in (op, *joined[:1]) for v in staging.operands(each)
        ):
            if (
                isinstance(owner := operand.owner, Operation)
                and (before := _known(owner, earliest, staging)) is not None
            ):
                number = max(number, before + (before % 2 != staging.on_cube(op)))
        earliest[op] = number
    return earliest


def _is_late(op: Operation, reach: Mapping[SSAValue, Reach], token: str) -> bool:
    """Whether an operation waits for the last token, itself no sum over the tokens."""
    [result] = op.results
    return reach[result] is Reach.TOKENS and not sums_tokens(op, token)


def _sums_of_products(
    ops: list[Operation],
) -> dict[Operation, tuple[lig.MatmulOp, lig.AddOp]]:
    """The later of two products that are used for nothing but their sum, with the earlier
    one and the sum: the cube unit accumulates one behind the other."""
    found: dict[Operation, tuple[lig.MatmulOp, lig.AddOp]] = {}
    for op in ops:
        if not isinstance(op, lig.AddOp):
            continue
        terms = [value.owner for value in op.operands if _is_used_once(value)]
        terms = [term for term in terms if isinstance(term, lig.MatmulOp)]
        if len(set(terms)) < 2 or any(
            tensor(term.result) != tensor(op.result) for term in terms
        ):
            continue
        first, last = sorted(terms, key=ops.index)
        if first not in found and last not in found:
            found[last] = first, op
    return found


def _is_used_once(value: SSAValue) -> bool:
    return sum(1 for _ in value.uses) == 1


def _known(
    op: Operation, known: Mapping[Operation, Found], staging: Staging
) -> Found | None:
    if op in known:
        return known[op]
    for matmul, fused in staging.fused.items():
        if op in fused:
            return known[matmul]
    return None


def _check(op: Operation, staging: Staging, reach: Reach) -> None:
    token = staging.token_axis
    known = (*ELEMENTWISE_OPS, lig.GatherOp, lig.MatmulOp, lig.ScatterAddOp)
    if not isinstance(op, known):
        raise UnsupportedError(op, f"no core computes {op.name}")
    if isinstance(op, lig.MatmulOp) and sums_tokens(op, token):
        raise UnsupportedError(
            op,
            f"Matmul sums over {token}, whose positions the cores share out",
            apart(op.result),
        )
    if isinstance(op, lig.MatmulOp):
        _check_operands(op)
    if reach is not Reach.INPUTS:
        return
    reduced = isinstance(op, lig.ReduceSumOp) and len(tensor(op.input).axes) > 1
    if reduced or not isinstance(op, ELEMENTWISE_OPS):
        raise UnsupportedError(
            op,
            f"{called(op)} without the axis {token}, whose positions the cores share out; "
            f"it would be done again for each of them",
            apart(op.results[0]),
        )
    [result] = op.results
    if len(tensor(result).axes) > 1 and any(
        map(staging.on_cube, staging.users(result))
    ):
        raise UnsupportedError(
            op,
            f"an operand of Matmul that is computed, but has no axis {token}, whose "
            "positions the cores share out; it would be computed again for each of them",
            apart(result),
        )


def _check_operands(op: lig.MatmulOp) -> None:
    """assign-precision rounds operands to the half type of the inputs, if there is one."""
    element = tensor(op.lhs).element_type
    if not isinstance(element, HalfElement):
        raise UnsupportedError(
            op,
            f"the cube unit multiplies halves, the operands are {element} and no input "
            "says which half they may be rounded to",
            "declare an input as half",
        )


def _fusable(value: SSAValue) -> list[Operation]:
    """What the way out of the accumulator can do with a product: a relu, a cast to half,
    each the only use of what is before it."""
    found: list[Operation] = []
    for kind in (lig.ReluOp, lig.CastOp):
        uses = [use.operation for use in value.uses]
        if len(uses) == 1 and isinstance(op := uses[0], kind):
            [result] = op.results
            narrows = isinstance(tensor(result).element_type, HalfElement)
            if kind is lig.ReluOp or narrows:
                found.append(op)
                value = result
    return found


def _needed_stages(
    ops: list[Operation], staging: Staging, earliest: dict[Operation, int]
) -> dict[Operation, set[int]]:
    """Elementwise work is done in every vector stage that needs it, and in the one ahead
    of the first product that does: no value goes from one vector stage to another through
    memory, where the two vector cores would have to wait for each other."""
    needed = {op: {number} for op, number in earliest.items()}
    for op in reversed(ops):
        if op not in earliest or not isinstance(op, ELEMENTWISE_OPS):
            continue
        if staging.on_cube(op):
            continue
        [result] = op.results
        uses = staging.users(result)
        if not uses and any(True for _ in result.uses):
            needed[op] = set()  # the cube core takes what is behind it
        at = {
            number
            for user in uses
            for number in _known(user, needed, staging)
            or ()  # else it leaves the program
        }
        products = [number for number in at if number % 2]
        found = {number for number in at if number % 2 == 0}
        if products:
            found.add(min(products) - 1)
        if found:
            needed[op] = found
        elif op in staging.final:
            needed[op] = set()
    return needed
