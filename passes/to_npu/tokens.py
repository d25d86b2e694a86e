"""The frame of a launch: the function, tokens shared out over the cores, and what is done
around them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from xdsl.dialects.builtin import ArrayAttr, ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Operation, OpResult, Region, SSAValue

from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.names import name_of
from ligrad_ir.dialects.lig.ragged import RowsOp
from ligrad_ir.dialects.npu.launch import (
    BlockCountOp,
    BlockIndexOp,
    LaunchOp,
    SubBlockIndexOp,
    SyncAllOp,
)
from ligrad_ir.signature import Signature, entry_function, signature_of
from passes.to_npu.builder import BodyBuilder, Index
from passes.to_npu.flat import FlatEmitter
from passes.to_npu.memory import ProgramMemory
from passes.to_npu.scatter import emit_scatter_to_own_rows
from passes.to_npu.selection import Ragged
from passes.to_npu.staging import Staging
from passes.to_npu.storage import Storage, TokenScope
from passes.to_npu.totals import emit_add_own, emit_zero
from passes.to_npu.unsupported import UnsupportedError, apart, called, said


@dataclass(frozen=True)
class Tokens:
    """The tokens of a group: from the first one to the end, so many apart."""

    first: Index
    end: Index
    step: SSAValue


class TokenLowering(ABC):
    """
    Replaces the function of a graph by one with a launch, token by token.

    The memory declares parameters and workspaces in `block`. A subclass says what the cube
    core does for the tokens of its group, and what the vector cores do.
    """

    def __init__(
        self,
        module: ModuleOp,
        soc: str,
        staging: Staging,
        memory: Callable[[FuncOp, Signature, Block], ProgramMemory],
        *,
        deterministic: bool,
    ):
        self.module = module
        self.soc = soc
        self.deterministic = deterministic
        self.source: FuncOp = entry_function(module)
        self.signature: Signature = signature_of(module)
        self.staging = staging
        self.block = Block()
        self.memory = memory(self.source, self.signature, self.block)

    @abstractmethod
    def cube_tokens(self, b: BodyBuilder, index: SSAValue, tokens: Tokens) -> None:
        """What the cube core of the group with the number `index` does."""

    @abstractmethod
    def vector_tokens(
        self, b: BodyBuilder, index: SSAValue, sub: SSAValue, tokens: Tokens
    ) -> None:
        """What a vector core of the group does; `sub` is 0 or 1."""

    def in_turn(
        self,
        b: BodyBuilder,
        index: SSAValue,
        tokens: Tokens,
        work: Callable[[TokenScope], None],
    ) -> None:
        """The tokens of a group, one after the other."""

        def token(at: SSAValue) -> None:
            work(self.scope(b, at, index))

        b.loop(tokens.first, tokens.end, tokens.step, token, "token")

    def run(self) -> None:
        """Build the new function and put it in the place of the graph's."""
        block, blocks = self.block, self.memory.extents["blocks"]
        cube, vector = Block(), Block()
        self._cube_body(cube)
        self._vector_body(vector)
        launch = LaunchOp(self.soc, blocks, Region(cube), Region(vector))
        block.add_ops([launch, ReturnOp()])
        function = FuncOp(
            self.signature.name,
            (list(block.arg_types), []),
            Region(block),
            arg_attrs=ArrayAttr(self.memory.attributes),
        )
        parent = self.source.parent_block()
        assert parent is not None
        parent.insert_op_before(function, self.source)
        self.source.detach()

    # ---- the bodies

    def _cube_body(self, block: Block) -> None:
        b = BodyBuilder(block)
        index = b.value(BlockIndexOp())
        self._each_token(b, index, lambda tokens: self.cube_tokens(b, index, tokens))

    def _vector_body(self, block: Block) -> None:
        b = BodyBuilder(block)
        index, sub = b.value(BlockIndexOp()), b.value(SubBlockIndexOp())
        core = b.index(b.named("vector_core", b.add(b.mul(index, 2), sub)))
        for value in self.staging.accumulated:
            memref = self.memory.storages[value].memref
            elements = self.memory.elements(b, value)
            b.location = value.owner.location if isinstance(value, OpResult) else None
            emit_zero(b, core, memref, elements, name_of(value))
        if self.memory.zeros is not None:
            b.location = None
            elements = self.memory.zero_elements
            emit_zero(b, core, self.memory.zeros, elements, "zero_row")

        def add(first: Index, end: Index) -> None:
            cores = b.mul(b.value(BlockCountOp()), 2)
            b.loop(first, end, 1, lambda at: add_token(at, first, cores), "token")

        def add_token(at: SSAValue, first: Index, cores: Index) -> None:
            scope = self.scope(b, at, b.index(b.sub(at, first)))
            for value in self.staging.accumulated:
                self._add(scope, value.owner, core, cores)

        self._each_token(
            b,
            index,
            lambda tokens: self.vector_tokens(b, index, sub, tokens),
            add,
        )
        for op in self.staging.final:
            if (result := op.results[0]) in self.memory.storages:
                self._finish(b, core, result)

    def _add(
        self, scope: TokenScope, op: Operation | Block, core: Index, cores: Index
    ) -> None:
        """Add what a token adds to a sum, a vector core to its part of the result."""
        assert isinstance(op, lig.ReduceSumOp | lig.ScatterAddOp)
        scope.builder.location = op.location
        result = self.memory.storages[op.result]
        if isinstance(op, lig.ReduceSumOp):
            emit_add_own(scope, op, core, cores, self.memory.terms[op.result], result)
            return
        updates = self.storage(op.updates, op, self.memory.at(0))
        emit_scatter_to_own_rows(scope, op, core, cores, updates, result)

    def _finish(self, b: BodyBuilder, core: SSAValue, value: SSAValue) -> None:
        """Make a result behind the last token, all vector cores together."""
        zero, storages = b.index(0), self.memory.storages
        nobody = TokenScope(b, self.signature, self.memory.extents, zero, zero)
        elements = self.memory.elements(b, value)
        emitter = FlatEmitter(nobody, self.staging.makers(value), storages)
        emitter.emit_chunks(core, elements, storages[value])

    def storage(
        self, value: SSAValue, op: Operation, storages: Mapping[SSAValue, Storage]
    ) -> Storage:
        """Where an operand lies, of those.

        Raises:
            UnsupportedError: it does not leave the vector cores.
        """
        if value not in storages:
            raise UnsupportedError(
                op,
                f"{called(op)} takes {said(value)} from memory, but the vector cores "
                "compute it just before",
                f"apply factors to the operands of a Matmul, or {apart(value)}",
            )
        return storages[value]

    def scope(self, b: BodyBuilder, token: SSAValue, block: SSAValue) -> TokenScope:
        """What a core knows of a token."""
        scope = TokenScope(b, self.signature, self.memory.extents, token, block)
        ragged = Ragged(scope, self.memory.ends, self.memory.uniform, self.memory.modes)
        for op in self.source.body.block.ops:
            if isinstance(op, RowsOp):
                indices = self.memory.storages[op.indices]
                scope.selections[op.result] = ragged.selection(op, indices)
        return scope

    def _each_token(
        self,
        b: BodyBuilder,
        index: SSAValue,
        work: Callable[[Tokens], None],
        add: Callable[[Index, Index], None] | None = None,
    ) -> None:
        """The tokens of this group: every so many-th. A token has about as many valid
        entries as its neighbours, so groups share long and short ones alike.

        Where results are accumulated, all cores meet before the tokens and behind them.
        Where the order matters too, this happens in rounds: of each group a token, and
        then `add(first, end)`, for all tokens of the round, with a meeting before it and
        one before the next round.
        """
        if not self.staging.stages:
            return
        tokens = self.memory.extents[self.staging.token_axis]
        blocks = b.value(BlockCountOp())
        every = Tokens(index, tokens, blocks)
        if not self.staging.accumulated:
            if self.memory.zeros is not None:
                b.insert(SyncAllOp())
            work(every)
            return
        if not self.deterministic:
            b.insert(SyncAllOp())
            work(every)
            b.insert(SyncAllOp())
            return

        def one_round(number: SSAValue) -> None:
            first = b.named("round_start", b.mul(number, blocks))
            end = b.named("round_end", b.min(b.add(first, blocks), tokens))
            b.insert(SyncAllOp())
            work(Tokens(b.add(first, index), end, blocks))
            b.insert(SyncAllOp())
            if add is not None:
                add(first, end)

        rounds = b.div(b.add(tokens, b.sub(blocks, 1)), blocks)
        b.loop(0, rounds, 1, one_round, "round")
        b.insert(SyncAllOp())
