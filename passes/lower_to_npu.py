"""A graph with machine types becomes a launch of cube and vector cores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from xdsl.context import Context
from xdsl.dialects.builtin import (
    ModuleOp,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.dialects.npu.launch import SyncGroupOp
from ligrad_ir.errors import LigradError
from ligrad_ir.program import check_program
from ligrad_ir.signature import Signature, entry_function
from ligrad_ir.soc import find_soc
from passes.split_loops import lower_by_loops
from passes.to_npu.builder import BodyBuilder, Index
from passes.to_npu.cube import CubeEmitter
from passes.to_npu.group import Group, group
from passes.to_npu.memory import ProgramMemory
from passes.to_npu.options import require_in_flight, require_one_of
from passes.to_npu.overlap import emit_overlapped
from passes.to_npu.rows import emit_gather
from passes.to_npu.scatter import emit_scatter
from passes.to_npu.skew import Step, staggered
from passes.to_npu.staging import is_cube, is_cube_or_outer, stage
from passes.to_npu.storage import Storage, TokenScope
from passes.to_npu.tokens import TokenLowering, Tokens
from passes.to_npu.unsupported import computed_apart
from passes.to_npu.vector import VectorEmitter

TOKENS = 2
"""Worked on at once, where nothing else is asked for: cube and vector cores are busy
together, and what crosses has two workspaces."""
Unit = Literal["vector", "cube"]
"""What can compute an outer product."""


@dataclass(frozen=True)
class LowerToNpuPass(ModulePass):
    """
    Replaces a graph by a `npu.launch` that computes it token by token.

    Tokens are shared out over the groups of cores; for each, cube and vector cores run
    the stages of `passes.to_npu.staging` in turn and exchange values through a workspace.
    There are `tokens` such workspaces, and as many tokens are worked on at once: while the
    vector cores are in one stage of a token, the cube core is in another one of the next
    (`passes.to_npu.skew.staggered`). With `outer-products` on the `cube`, the product of
    two arguments that share no axis is the cube unit's too, and crosses to the vector
    cores; else they multiply.
    Results of scatter_add are accumulated in float32 in global memory by all groups, and
    rounded at the end. With `deterministic`, they are the same bit for bit whenever and
    on however many groups the program runs: in rounds, every group computes a token, and
    then every vector core adds the updates of the round to the rows that it owns, token
    by token and entry by entry; so of each group, one token is worked on at once.

    Assumes machine types (`assign-precision` with half matmul operands). Establishes
    buffers that are not placed, and an order between the cores of a group that the chip
    does not have, a `npu.sync_group` behind every stage: `insert-cross-sync` and
    `place-buffers` come behind it.
    """

    name = "lower-to-npu"

    soc: str = "ascend910b1"
    deterministic: bool = False
    tokens: int = 1
    outer_products: Unit = "vector"

    def check_options(self) -> None:
        """Refuse options that suit no graph.

        Raises:
            PassFailedException: says which, and what it may be.
        """
        require_in_flight(self.name, "tokens", self.tokens)
        units = get_args(Unit)
        require_one_of(self.name, "outer-products", self.outer_products, units)

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        self.check_options()
        try:
            find_soc(self.soc)
            check_program(op)
            lower_by_loops(op, self.lower_loop)
        except LigradError as error:
            raise PassFailedException(f"lower-to-npu: {error}") from error

    def lower_loop(self, module: ModuleOp) -> None:
        """Lower a graph of one loop over tokens, in place.

        Raises:
            UnsupportedError: the schedule cannot run it.
        """
        _Lowering(module, self).run()


class _Lowering(TokenLowering):
    def __init__(self, module: ModuleOp, options: LowerToNpuPass):
        on_cube = is_cube_or_outer if options.outer_products == "cube" else is_cube
        staging = stage(entry_function(module), on_cube)
        self._depth = 1 if options.deterministic else options.tokens

        def memory(source: FuncOp, signature: Signature, block: Block) -> ProgramMemory:
            return ProgramMemory(
                source,
                signature,
                staging,
                block,
                self._depth,
                deterministic=options.deterministic,
            )

        super().__init__(
            module,
            options.soc,
            staging,
            memory,
            deterministic=options.deterministic,
        )

    # ---- tokens

    def cube_tokens(self, b: BodyBuilder, index: SSAValue, tokens: Tokens) -> None:
        emitter = CubeEmitter(b)

        def work(scope: TokenScope, step: Step) -> None:
            if step.stage % 2:
                self._cube_stage(scope, emitter, step)

        self._each_stage(b, index, tokens, work)

    def vector_tokens(
        self, b: BodyBuilder, index: SSAValue, sub: SSAValue, tokens: Tokens
    ) -> None:
        def work(scope: TokenScope, step: Step) -> None:
            if step.stage % 2 == 0:
                self._vector_stage(scope, sub, step)

        self._each_stage(b, index, tokens, work)

    def _each_stage(
        self,
        b: BodyBuilder,
        index: SSAValue,
        tokens: Tokens,
        work: Callable[[TokenScope, Step], None],
    ) -> None:
        """All stages of the tokens of a group, one token after the other or several at
        once."""
        if self._depth == 1:

            def stages(scope: TokenScope) -> None:
                for stage in sorted(self.staging.stages):
                    work(scope, Step(stage, 0, 0))
                    b.insert(SyncGroupOp())

            self.in_turn(b, index, tokens, stages)
            return

        def turn(step: Step, number: Index) -> None:
            at = b.add(tokens.first, b.mul(number, tokens.step))
            b.named("token", at)
            work(self.scope(b, b.index(at), index), step)

        left = b.max(b.sub(tokens.end, tokens.first), 0)
        count = b.div(b.add(left, b.sub(tokens.step, 1)), tokens.step)
        b.named("turns", count)
        order = staggered(self.staging.uses(), self._depth)
        emit_overlapped(b, count, order, self._depth, "turn", turn)

    # ---- the stages of a token

    def _cube_stage(self, scope: TokenScope, emitter: CubeEmitter, step: Step) -> None:
        storages = self.memory.at(step.slot)
        for op in self.staging.stages[step.stage]:
            assert isinstance(op, lig.MatmulOp | lig.MulOp)
            scope.builder.location = op.location
            terms = self.staging.terms(op) if isinstance(op, lig.MatmulOp) else [op]
            operands: list[tuple[Storage, Storage]] = []
            for term in terms:
                lhs, rhs = self.staging.operands(term)
                operands.append(
                    (
                        self.storage(lhs, term, storages),
                        self.storage(rhs, term, storages),
                    )
                )
            result = storages[self.memory.out(op)]
            emitter.emit(scope, op, self.staging.fused[op], operands, result)

    def _vector_stage(self, scope: TokenScope, sub: SSAValue, step: Step) -> None:
        number, ops = step.stage, self.staging.stages[step.stage]
        storages = self.memory.at(step.slot)
        moves = (lig.GatherOp, lig.ScatterAddOp)
        gathers = [op for op in ops if isinstance(op, lig.GatherOp)]
        middle = [op for op in ops if not isinstance(op, moves)]
        scatters = [op for op in ops if isinstance(op, lig.ScatterAddOp)]
        if self.deterministic:  # all groups do them at the end of a round
            scatters = []
        made: dict[SSAValue, VectorEmitter] = {}
        for part in group([*gathers, *middle, *scatters], self.staging.token_axis):
            if isinstance(part, Group):
                _require_own_operands(part, ops)
                first = [
                    op for op in part.ops if self.staging.stages_of(op)[0] == number
                ]
                own = {result for op in first for result in op.results}
                stores = {
                    v: s
                    for v, s in storages.items()
                    if v in own and v.owner not in self.staging.final
                }
                emitter = VectorEmitter(scope, part, sub, storages, stores)
                emitter.emit()
                made |= dict.fromkeys(own, emitter)
                continue
            scope.builder.location = part.location
            result = storages[part.results[0]]
            if isinstance(part, lig.GatherOp):
                source = self.storage(part.source, part, storages)
                emit_gather(scope, part, sub, source, result)
            elif isinstance(part, lig.ScatterAddOp):
                updates = self.storage(part.updates, part, storages)
                maker = made.get(part.updates)
                done = maker and maker.done(updates.axes[0])
                emit_scatter(scope, part, sub, updates, result, done)


def _require_own_operands(part: Group, ops: list[Operation]) -> None:
    """What other work of the stage makes may be on the other vector core still.

    Raises:
        UnsupportedError: if a group needs it, but for rows gathered by the same core.
    """
    for op in part.ops:
        for operand in op.operands:
            maker = operand.owner
            if (
                not isinstance(maker, Operation)
                or maker in part.ops
                or maker not in ops
                or isinstance(maker, lig.ConstantOp)
            ):
                continue
            entries = tensor(operand).axes[1:2]
            same_rows = entries == (part.rows,) and not part.sums_rows
            if not (isinstance(maker, lig.GatherOp) and same_rows):
                raise computed_apart(op, operand)
