"""A graph with machine types becomes a launch of cube and vector cores."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import (
    ModuleOp,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from ligrad_ir.dialects import lig
from ligrad_ir.dialects.lig_ragged import tensor
from ligrad_ir.dialects.npu_launch import (
    SyncGroupOp,
)
from ligrad_ir.errors import LigradError
from ligrad_ir.signature import (
    Signature,
    entry_function,
    signature_of,
)
from ligrad_ir.soc import find_soc
from passes.tiling.builder import BodyBuilder
from passes.tiling.cube import CubeEmitter
from passes.tiling.group import Group, group
from passes.tiling.memory import ProgramMemory
from passes.tiling.rows import (
    emit_gather,
    emit_scatter,
)
from passes.tiling.staging import UnsupportedError, is_cube, stage
from passes.tiling.storage import TokenScope
from passes.tiling.tokens import TokenLowering
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


class _Lowering(TokenLowering):
    def __init__(self, module: ModuleOp, soc: str, *, deterministic: bool):
        signature_of(module)  # raises for what is no graph
        staging = stage(entry_function(module))

        def memory(source: FuncOp, signature: Signature, block: Block) -> ProgramMemory:
            return ProgramMemory(source, signature, staging, block)

        super().__init__(module, soc, staging, memory, deterministic=deterministic)

    def cube_token(self, b: BodyBuilder, scope: TokenScope) -> None:
        emitter = CubeEmitter(scope)
        for _, ops in sorted(self.staging.stages.items()):
            for op in filter(is_cube, ops):
                assert isinstance(op, lig.MatmulOp)
                b.location = op.location
                operands = [
                    (self.storage(term.lhs, term), self.storage(term.rhs, term))
                    for term in self.staging.terms(op)
                ]
                result = self.memory.storages[self.memory.out(op)]
                emitter.emit(op, self.staging.fused[op], operands, result)
            b.insert(SyncGroupOp())

    def vector_token(self, b: BodyBuilder, scope: TokenScope, sub: SSAValue) -> None:
        for number, ops in sorted(self.staging.stages.items()):
            if number % 2 == 0:
                self._vector_stage(scope, sub, number, ops)
            b.insert(SyncGroupOp())

    def _vector_stage(
        self, scope: TokenScope, sub: SSAValue, number: int, ops: list[Operation]
    ) -> None:
        moves = (lig.GatherOp, lig.ScatterAddOp)
        gathers = [op for op in ops if isinstance(op, lig.GatherOp)]
        middle = [op for op in ops if not isinstance(op, moves)]
        scatters = [op for op in ops if isinstance(op, lig.ScatterAddOp)]
        if self.deterministic:  # all groups do them at the end of a round
            scatters = []
        for part in group([*gathers, *middle, *scatters], self.staging.token_axis):
            if isinstance(part, Group):
                _require_own_operands(part, ops)
                first = [
                    op for op in part.ops if self.staging.stages_of(op)[0] == number
                ]
                own = {result for op in first for result in op.results}
                stores = {v: s for v, s in self.memory.storages.items() if v in own}
                VectorEmitter(scope, part, sub, self.memory.storages, stores).emit()
                continue
            scope.builder.location = part.location
            result = self.memory.storages[part.results[0]]
            if isinstance(part, lig.GatherOp):
                source = self.storage(part.source, part)
                emit_gather(scope, part, sub, source, result)
            elif isinstance(part, lig.ScatterAddOp):
                updates = self.storage(part.updates, part)
                emit_scatter(scope, part, sub, updates, result)


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
