"""A graph with machine types becomes a launch in which entries stream through the cores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from ligrad_ir.dialects import lig
from ligrad_ir.dialects.npu_launch import SyncGroupOp
from ligrad_ir.errors import LigradError
from ligrad_ir.signature import Signature, entry_function, signature_of
from ligrad_ir.soc import find_soc
from passes.lower_to_npu import TOKENS, LowerToNpuPass
from passes.tiling.block import BlockEmitter
from passes.tiling.builder import BodyBuilder, Index
from passes.tiling.group import Group, group
from passes.tiling.overlap import emit_overlapped
from passes.tiling.ring import StreamMemory
from passes.tiling.rows import emit_scatter_of_window
from passes.tiling.skew import Step, lags
from passes.tiling.staging import UnsupportedError
from passes.tiling.storage import ENTRY_UNIT, Selection, Storage, TokenScope
from passes.tiling.stream import Scatter, Stream, stream
from passes.tiling.stream_cube import StreamCube
from passes.tiling.tokens import TokenLowering, Tokens

WINDOW = 128
"""Entries of a window: its gathered rows are 32 KiB, and two windows are in L1. Wider ones
take the cube core longer before the vector cores have something to do."""
DEPTH = 2
"""Windows in flight."""


@dataclass(frozen=True)
class StreamToNpuPass(ModulePass):
    """
    Replaces a graph by a `npu.launch` that computes it token by token, and of each token
    window by window of its entries.

    The cube core gathers the rows of a window straight to L1 and multiplies; products that
    the vector cores work on cross through a ring of `depth` buffers in global memory, in
    pieces that stay in the cache; sums over the entries stay in the accumulator until the
    last window; and while one window is selected, added and scattered, the next one is
    gathered (`passes.tiling.skew`). What has no entries is computed once a token.

    Tokens, rounds of a deterministic program and final roundings are those of
    `lower-to-npu`, which takes its place where the entries of a graph cannot be cut: where
    something needs a sum over all entries before any of them is through, the vector cores
    need the gathered rows, or a sum is more than a tile of the accumulator.

    scatter: who adds updates to their rows. With `cube` the cube core does so itself, row
    by row on the way out of the accumulator, and the updates cross no memory: fewer bytes
    for more cycles. Where the updates are no product that nothing else needs, and with
    `deterministic`, whose order the vector cores keep, it is as with `vector`.

    Assumes and establishes what `lower-to-npu` does. `window` is a multiple of 64.
    """

    name = "stream-to-npu"

    soc: str = "ascend910b1"
    deterministic: bool = False
    window: int = WINDOW
    depth: int = DEPTH
    scatter: Scatter = "vector"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        if self.window < ENTRY_UNIT or self.window % ENTRY_UNIT or self.depth < 1:
            raise PassFailedException(
                f"stream-to-npu: a window of {self.window} entries and a ring of "
                f"{self.depth} slots; the window must be a multiple of {ENTRY_UNIT}, the "
                "ring have a slot at least"
            )
        if self.scatter not in get_args(Scatter):
            raise PassFailedException(
                f"stream-to-npu: no cores {self.scatter!r} add updates: vector, cube"
            )
        try:
            find_soc(self.soc)
            signature_of(op)  # raises for what is no graph
            scatter = "vector" if self.deterministic else self.scatter
            plan = stream(entry_function(op), scatter)
            _Streaming(op, plan, self).run()  # changes nothing before it is through
        except UnsupportedError:
            LowerToNpuPass(self.soc, self.deterministic, TOKENS).apply(ctx, op)
        except LigradError as error:
            raise PassFailedException(f"stream-to-npu: {error}") from error


class _Streaming(TokenLowering):
    memory: StreamMemory

    def __init__(self, module: ModuleOp, plan: Stream, options: StreamToNpuPass):
        self._plan = plan
        self._options = options

        def memory(source: FuncOp, signature: Signature, block: Block) -> StreamMemory:
            return StreamMemory(
                source,
                signature,
                plan,
                block,
                window=options.window,
                depth=options.depth,
                deterministic=options.deterministic,
            )

        super().__init__(
            module,
            options.soc,
            plan.staging,
            memory,
            deterministic=options.deterministic,
        )

    # ---- tokens

    def cube_tokens(self, b: BodyBuilder, index: SSAValue, tokens: Tokens) -> None:
        self.in_turn(b, index, tokens, lambda scope: self._cube_token(b, scope))

    def vector_tokens(
        self, b: BodyBuilder, index: SSAValue, sub: SSAValue, tokens: Tokens
    ) -> None:
        self.in_turn(b, index, tokens, lambda scope: self._vector_token(b, scope, sub))

    # ---- a token

    def _cube_token(self, b: BodyBuilder, scope: TokenScope) -> None:
        emitter = StreamCube(b, self._plan, self.memory)
        b.insert(SyncGroupOp())
        emitter.load_residents(scope)

        def work(step: Step, window: TokenScope) -> None:
            if step.stage % 2:
                ops = self._plan.stages[step.stage]
                start = window.starts[self._plan.entries]
                emitter.window(window, ops, step.slot, start)

        self._each_window(b, scope, work)
        emitter.store_kept(scope)
        b.insert(SyncGroupOp())

    def _vector_token(self, b: BodyBuilder, scope: TokenScope, sub: SSAValue) -> None:
        plan, storages = self._plan, self.memory.storages
        self._groups(scope, sub, plan.before, storages, self._made_before())
        b.insert(SyncGroupOp())

        def work(step: Step, window: TokenScope) -> None:
            if step.stage % 2 == 0:
                self._vector_window(window, sub, step)

        self._each_window(b, scope, work)
        b.insert(SyncGroupOp())
        self._groups(scope, sub, plan.behind, storages, self._made_behind())

    def _made_before(self) -> set[SSAValue]:
        return {v for v in self._plan.operands() if v.owner in self._plan.before}

    def _made_behind(self) -> set[SSAValue]:
        """What leaves the program: of what is computed again, the rest is elsewhere."""
        made = {result for op in self._plan.behind for result in op.results}
        storages = self.memory.storages.items()
        return {v for v, storage in storages if storage.per_token and v in made}

    # ---- its windows

    def _each_window(
        self,
        b: BodyBuilder,
        scope: TokenScope,
        work: Callable[[Step, TokenScope], None],
    ) -> None:
        """All windows of a token, `depth` of them in an iteration."""
        options = self._options
        reach: Index = scope.padded[self._plan.entries]
        if self._has_padded_output():
            reach = scope.array_extent(self._plan.entries)
        windows = b.div(b.add(reach, options.window - 1), options.window)
        b.named("windows", windows)
        emit_overlapped(
            b,
            windows,
            lags([*self._plan.stages], options.depth),
            options.depth,
            "window",
            lambda step, number: work(step, self._window(b, scope, number)),
        )

    def _has_padded_output(self) -> bool:
        """Whether the caller gets something for every entry, those that are not valid
        too."""
        storages = self.memory.storages
        made = (op for ops in self._plan.stages.values() for op in ops)
        return any(
            result in storages
            and storages[result].per_token
            and self._plan.entries in storages[result].axes
            for op in made
            for result in op.results
        )

    def _window(self, b: BodyBuilder, scope: TokenScope, number: Index) -> TokenScope:
        """What a core knows of a window."""
        entries, length = self._plan.entries, self._options.window
        start = b.named(f"{entries}_start", b.mul(number, length))

        def inside(count: Index, least: int) -> Index:
            return b.min(b.max(b.sub(count, start), least), length)

        whole = scope.selections[self._plan.selection.result]
        count = b.named(f"{entries}_valid_here", inside(whole.count, 0))
        padded = inside(scope.padded[entries], ENTRY_UNIT)
        selection = Selection(
            whole.indices, entries, whole.target, count, whole.start, whole.length
        )
        return TokenScope(
            b,
            scope.signature,
            scope.extents,
            scope.token,
            scope.block,
            {self._plan.selection.result: selection},
            {entries: b.named(f"{entries}_padded_here", padded)},
            {entries: start},
            self.memory.tiles,
        )

    def _vector_window(self, scope: TokenScope, sub: SSAValue, step: Step) -> None:
        ops = self._plan.stages[step.stage]
        storages = self.memory.at(step.slot)
        scatters = [op for op in ops if isinstance(op, lig.ScatterAddOp)]
        elementwise = [op for op in ops if op not in scatters]
        first = {
            result
            for op in elementwise
            if self.staging.stages_of(op)[:1] == [step.stage]
            for result in op.results
        }
        made = {value for value in storages if value in first}
        self._groups(scope, sub, elementwise, storages, made)
        if self.deterministic:  # all groups add at the end of a round
            return
        for op in scatters:
            scope.builder.location = op.location
            updates, result = storages[op.updates], storages[op.result]
            emit_scatter_of_window(
                scope, op, sub, updates, result, self._options.window
            )

    def _groups(
        self,
        scope: TokenScope,
        sub: SSAValue,
        ops: list[Operation],
        storages: dict[SSAValue, Storage],
        made: set[SSAValue],
    ) -> None:
        """Elementwise work; what is in `made` is stored."""
        token = self.staging.token_axis
        own = {result for op in ops for result in op.results}
        loads = {v: s for v, s in storages.items() if v not in own or v in made}
        for part in group(ops, token):
            assert isinstance(part, Group)
            results = {result for op in part.ops for result in op.results}
            stores = {v: storages[v] for v in made if v in results}
            BlockEmitter(scope, part, sub, loads, stores).emit()
