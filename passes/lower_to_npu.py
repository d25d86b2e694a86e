"""A graph with machine types becomes a launch of cube and vector cores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import (
    ArrayAttr,
    ModuleOp,
)
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Operation, OpResult, Region, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from ligrad_ir.dialects import lig
from ligrad_ir.dialects.lig_ragged import RowsOp, tensor
from ligrad_ir.dialects.npu_launch import (
    BlockCountOp,
    BlockIndexOp,
    LaunchOp,
    SubBlockIndexOp,
    SyncAllOp,
    SyncGroupOp,
)
from ligrad_ir.errors import LigradError
from ligrad_ir.signature import (
    Signature,
    entry_function,
    signature_of,
)
from ligrad_ir.soc import find_soc
from passes.tiling.builder import BodyBuilder, Index
from passes.tiling.cube import CubeEmitter
from passes.tiling.group import Group, group
from passes.tiling.memory import ProgramMemory
from passes.tiling.names import spoken
from passes.tiling.rows import (
    emit_gather,
    emit_round,
    emit_scatter,
    emit_scatter_to_own_rows,
    emit_zero,
)
from passes.tiling.selection import Ragged
from passes.tiling.staging import Staging, UnsupportedError, is_cube, stage
from passes.tiling.storage import Storage, TokenScope
from passes.tiling.vector import VectorEmitter


@dataclass(frozen=True)
class LowerToNpuPass(ModulePass):
    """
    Replaces a graph by a `npu.launch` that computes it token by token.

    Tokens are shared out over the groups of cores; for each, cube and vector cores run
    the stages of `passes.tiling.staging` in turn and exchange values through a workspace.
    Results of scatter_add are accumulated in float32 in global memory by all groups, and
    rounded at the end. With `deterministic`, they are the same bit for bit whenever and
    on however many groups the program runs: in rounds, every group computes a token, and
    then every vector core adds the updates of the round to the rows that it owns, token
    by token and entry by entry.

    Assumes machine types (`assign-precision` with half matmul operands). Establishes
    buffers that are not placed, and an order between the cores of a group that the chip
    does not have, a `npu.sync_group` behind every stage: `insert-cross-sync` and
    `place-buffers` come behind it.
    """

    name = "lower-to-npu"

    soc: str = "ascend910b1"
    deterministic: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        try:
            find_soc(self.soc)
            _Lowering(op, self.soc, deterministic=self.deterministic).run()
        except (UnsupportedError, LigradError) as error:
            raise PassFailedException(f"lower-to-npu: {error}") from error


class _Lowering:
    def __init__(self, module: ModuleOp, soc: str, *, deterministic: bool):
        self._module = module
        self._soc = soc
        self._deterministic = deterministic
        self._source: FuncOp = entry_function(module)
        self._signature: Signature = signature_of(module)
        self._staging: Staging = stage(self._source)
        self._block = Block()
        self._memory = ProgramMemory(
            self._source, self._signature, self._staging, self._block
        )

    def run(self) -> None:
        """Build the new function and put it in the place of the graph's."""
        block, blocks = self._block, self._memory.extents["blocks"]
        cube, vector = Block(), Block()
        self._cube_body(cube)
        self._vector_body(vector)
        launch = LaunchOp(self._soc, blocks, Region(cube), Region(vector))
        block.add_ops([launch, ReturnOp()])
        function = FuncOp(
            self._signature.name,
            (list(block.arg_types), []),
            Region(block),
            arg_attrs=ArrayAttr(self._memory.attributes),
        )
        parent = self._source.parent_block()
        assert parent is not None
        parent.insert_op_before(function, self._source)
        self._source.detach()

    # ---- the bodies

    def _cube_body(self, block: Block) -> None:
        b = BodyBuilder(block)
        index = b.value(BlockIndexOp())

        def token(at: SSAValue) -> None:
            scope = self._scope(b, at, index)
            emitter = CubeEmitter(scope)
            for _, ops in sorted(self._staging.stages.items()):
                for op in filter(is_cube, ops):
                    assert isinstance(op, lig.MatmulOp)
                    b.location = op.location
                    emitter.emit(
                        op,
                        self._staging.fused[op],
                        self._storage(op.lhs, op),
                        self._storage(op.rhs, op),
                        self._memory.storages[self._memory.out(op)],
                    )
                b.insert(SyncGroupOp())

        self._each_token(b, index, token)

    def _vector_body(self, block: Block) -> None:
        b = BodyBuilder(block)
        index, sub = b.value(BlockIndexOp()), b.value(SubBlockIndexOp())
        core = b.index(b.named("vector_core", b.add(b.mul(index, 2), sub)))
        for value in self._staging.accumulated:
            memref = self._memory.storages[value].memref
            elements = self._memory.elements(b, value)
            b.location = value.owner.location if isinstance(value, OpResult) else None
            emit_zero(b, core, memref, elements, spoken(value))

        def token(at: SSAValue) -> None:
            scope = self._scope(b, at, index)
            for number, ops in sorted(self._staging.stages.items()):
                if number % 2 == 0:
                    self._vector_stage(scope, sub, number, ops)
                b.insert(SyncGroupOp())

        def add(first: Index, end: Index) -> None:
            cores = b.mul(b.value(BlockCountOp()), 2)
            b.loop(first, end, 1, lambda at: add_token(at, first, cores), "token")

        def add_token(at: SSAValue, first: Index, cores: Index) -> None:
            scope = self._scope(b, at, b.index(b.sub(at, first)))
            for op in (op for ops in self._staging.stages.values() for op in ops):
                if isinstance(op, lig.ScatterAddOp):
                    b.location = op.location
                    updates = self._storage(op.updates, op)
                    result = self._memory.storages[op.result]
                    emit_scatter_to_own_rows(scope, op, core, cores, updates, result)

        self._each_token(b, index, token, add)
        for op in self._staging.final:
            [result] = op.results
            [source] = op.operands
            b.location = op.location
            emit_round(
                b,
                core,
                self._memory.storages[source].memref,
                self._memory.storages[result].memref,
                self._memory.elements(b, result),
                spoken(result),
            )

    def _vector_stage(
        self, scope: TokenScope, sub: SSAValue, number: int, ops: list[Operation]
    ) -> None:
        moves = (lig.GatherOp, lig.ScatterAddOp)
        gathers = [op for op in ops if isinstance(op, lig.GatherOp)]
        middle = [op for op in ops if not isinstance(op, moves)]
        scatters = [op for op in ops if isinstance(op, lig.ScatterAddOp)]
        if self._deterministic:  # all groups do them at the end of a round
            scatters = []
        for part in group([*gathers, *middle, *scatters], self._staging.token_axis):
            if isinstance(part, Group):
                _require_own_operands(part, ops)
                first = [
                    op for op in part.ops if self._staging.stages_of(op)[0] == number
                ]
                own = {result for op in first for result in op.results}
                stores = {v: s for v, s in self._memory.storages.items() if v in own}
                VectorEmitter(scope, part, sub, self._memory.storages, stores).emit()
                continue
            scope.builder.location = part.location
            result = self._memory.storages[part.results[0]]
            if isinstance(part, lig.GatherOp):
                source = self._storage(part.source, part)
                emit_gather(scope, part, sub, source, result)
            elif isinstance(part, lig.ScatterAddOp):
                updates = self._storage(part.updates, part)
                emit_scatter(scope, part, sub, updates, result)

    def _storage(self, value: SSAValue, op: Operation) -> Storage:
        if value not in self._memory.storages:
            raise UnsupportedError(op, "an operand is made by the same vector cores")
        return self._memory.storages[value]

    def _scope(self, b: BodyBuilder, token: SSAValue, block: SSAValue) -> TokenScope:
        scope = TokenScope(b, self._signature, self._memory.extents, token, block)
        ragged = Ragged(
            scope, self._memory.ends, self._memory.uniform, self._memory.modes
        )
        for op in self._source.body.block.ops:
            if isinstance(op, RowsOp):
                indices = self._memory.storages[op.indices]
                scope.selections[op.result] = ragged.selection(op, indices)
        return scope

    def _each_token(
        self,
        b: BodyBuilder,
        index: SSAValue,
        body: Callable[[SSAValue], None],
        add: Callable[[Index, Index], None] | None = None,
    ) -> None:
        """The tokens of this group: every so many-th. A token has about as many valid
        entries as its neighbours, so groups share long and short ones alike.

        Where results are accumulated, all cores meet before the tokens and behind them.
        Where the order matters too, this happens in rounds: of each group a token, and
        then `add(first, end)`, for all tokens of the round, with a meeting before it and
        one before the next round.
        """
        tokens = self._memory.extents[self._staging.token_axis]
        blocks = b.value(BlockCountOp())
        if not self._staging.accumulated:
            b.loop(index, tokens, blocks, body, "token")
            return
        if not self._deterministic:
            b.insert(SyncAllOp())
            b.loop(index, tokens, blocks, body, "token")
            b.insert(SyncAllOp())
            return

        def one_round(number: SSAValue) -> None:
            first = b.named("round_start", b.mul(number, blocks))
            end = b.named("round_end", b.min(b.add(first, blocks), tokens))
            b.insert(SyncAllOp())
            b.loop(b.add(first, index), end, blocks, body, "token")
            b.insert(SyncAllOp())
            if add is not None:
                add(first, end)

        rounds = b.div(b.add(tokens, b.sub(blocks, 1)), blocks)
        b.loop(0, rounds, 1, one_round, "round")
        b.insert(SyncAllOp())


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
            entries = tensor(operand).axes[1]
            same_rows = part.rows == entries and not part.sums_rows
            if not (isinstance(maker, lig.GatherOp) and same_rows):
                raise UnsupportedError(op, f"{maker.name} is other work of the stage")
