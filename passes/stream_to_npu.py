"""A graph with machine types becomes a launch in which entries stream through the cores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import get_args

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.npu.launch import AwaitOp, SyncGroupOp
from ligrad_ir.dialects.npu.types import Pipe
from ligrad_ir.errors import LigradError
from ligrad_ir.program import check_program
from ligrad_ir.signature import Signature, entry_function
from ligrad_ir.soc import find_soc
from passes.facts.extents import upper_bounds
from passes.lower_to_npu import TOKENS, LowerToNpuPass
from passes.split_loops import lower_by_loops
from passes.to_npu.block import BlockEmitter
from passes.to_npu.builder import BodyBuilder, Index
from passes.to_npu.gathering import GATHERS, Gather, VectorGather
from passes.to_npu.group import Group, group
from passes.to_npu.options import require_in_flight, require_one_of
from passes.to_npu.overlap import emit_overlapped
from passes.to_npu.ring import StreamMemory
from passes.to_npu.scatter import emit_scatter_of_window
from passes.to_npu.skew import GATHER, Step, lags
from passes.to_npu.storage import ENTRY_UNIT, Storage, TokenScope
from passes.to_npu.stream import Scatter, Stream, stream
from passes.to_npu.stream_cube import StreamCube
from passes.to_npu.tokens import TokenLowering, Tokens
from passes.to_npu.unsupported import UnsupportedError
from passes.to_npu.values import load_indices
from passes.to_npu.windows import natural_window, window_scope

DEPTH = 2
"""Windows in flight."""
MOST_INDICES = 4096
"""Of a token, in 16 KiB of UB; longer tokens bring those of a window when it comes."""


@dataclass(frozen=True)
class StreamToNpuPass(ModulePass):
    """
    Replaces a graph by a `npu.launch` that computes it token by token, and of each token
    window by window of its entries.

    The cube core gathers the rows of a window straight to L1 and multiplies; products that
    the vector cores work on cross through a ring of `depth` buffers in global memory, in
    pieces that stay in the cache; sums over the entries stay in the accumulator until the
    last window; and while one window is selected, added and scattered, the next one is
    gathered (`passes.to_npu.skew`). What has no entries is computed once a token.

    Tokens, rounds of a deterministic program and final roundings are those of
    `lower-to-npu`, which takes its place where the entries of a graph cannot be cut: where
    something needs a sum over all entries before any of them is through, the vector cores
    need the gathered rows, or a sum is more than a tile of the accumulator.

    With `gather=vector` the vector cores gather the rows instead, a window ahead, and
    leave them in a ring in global memory; with `shared` they leave some of every window
    to the cube core (`passes.to_npu.gathering`).

    With `scatter=cube` the cube core adds updates to their rows itself, row by row on the
    way out of the accumulator, and they cross no memory: fewer bytes for more cycles. Where
    the updates are no product that nothing else needs, and with `deterministic`, whose
    order the vector cores keep, it is as with `vector`.

    Assumes and establishes what `lower-to-npu` does. `window`: a multiple of 64, or 0.
    """

    name = "stream-to-npu"

    soc: str = "ascend910b1"
    deterministic: bool = False
    window: int = 0
    depth: int = DEPTH
    gather: Gather = "cube"
    scatter: Scatter = "vector"

    def check_options(self) -> None:
        """Raises PassFailedException for options that suit no graph."""
        if self.window < 0 or self.window % ENTRY_UNIT:
            raise PassFailedException(
                f"stream-to-npu: window is {self.window}, must be a multiple of "
                f"{ENTRY_UNIT} (0: chosen for the graph)"
            )
        require_in_flight(self.name, "depth", self.depth)
        require_one_of(self.name, "gather", self.gather, GATHERS)
        require_one_of(self.name, "scatter", self.scatter, get_args(Scatter))

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        self.check_options()
        try:
            check_program(op)
            lower_by_loops(op, self._lower_loop)
        except LigradError as error:
            raise PassFailedException(f"stream-to-npu: {error}") from error

    def _lower_loop(self, module: ModuleOp) -> None:
        try:
            scatter = "vector" if self.deterministic else self.scatter
            plan = stream(entry_function(module), scatter)
            bounds, room = upper_bounds(module), find_soc(self.soc).l1_size
            window = self.window or natural_window(plan, bounds, self.depth, room)
            _Streaming(module, plan, replace(self, window=window)).run()
        except UnsupportedError:  # nothing is changed yet
            LowerToNpuPass(self.soc, self.deterministic, TOKENS).lower_loop(module)


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
                gather=options.gather,
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
        plan = self._plan
        storages = {**self.memory.storages, **self.memory.terms}
        gathering = VectorGather(self._options.gather)
        scope = self._with_indices(b, scope)
        self._groups(scope, sub, plan.before, storages, self._made_before())
        b.insert(SyncGroupOp())
        for selection in scope.selections.values():
            if selection.in_ub is not None:
                b.insert(AwaitOp(selection.in_ub, Pipe.S))

        def work(step: Step, window: TokenScope) -> None:
            if step.stage == GATHER:
                here = self.memory.at(step.slot)
                for op in plan.gathers():
                    gathering.emit(window, op, sub, here[op.source], here[op.result])
            elif step.stage % 2 == 0:
                self._vector_window(window, sub, step)

        def ahead(step: Step) -> None:
            if step.stage != GATHER and self._scatters(step.stage):
                gathering.settle(b)

        self._each_window(b, scope, work, ahead)
        b.insert(SyncGroupOp())
        self._groups(scope, sub, plan.behind, storages, self._made_behind())

    def _made_before(self) -> set[SSAValue]:
        return {v for v in self._plan.operands() if v.owner in self._plan.before}

    def _made_behind(self) -> set[SSAValue]:
        """What leaves the program: of what is computed again, the rest is elsewhere."""
        made = {result for op in self._plan.behind for result in op.results}
        storages = self.memory.storages.items()
        leaving = {v for v, storage in storages if storage.per_token and v in made}
        return leaving | made.intersection(self.staging.accumulated)

    # ---- its windows

    def _each_window(
        self,
        b: BodyBuilder,
        scope: TokenScope,
        work: Callable[[Step, TokenScope], None],
        ahead: Callable[[Step], None] = lambda _: None,
    ) -> None:
        """All windows of a token, `depth` of them in an iteration; ahead: what is done
        before a step, whether there is such a window or not."""
        depth, stages = self._options.depth, [*self._plan.stages]
        if self._options.gather != "cube" and self._plan.gathers():
            stages = [GATHER, *stages]
        known, tiles = (self._plan, scope), self.memory.tiles
        emit_overlapped(
            b,
            self._windows(b, scope),
            lags(stages, depth),
            depth,
            "window",
            lambda step, number: work(step, window_scope(*known, number, tiles)),
            ahead,
        )

    def _windows(self, b: BodyBuilder, scope: TokenScope) -> Index:
        """How many windows a token has."""
        reach: Index = scope.padded[self._plan.entries]
        if self._has_padded_output():
            reach = scope.array_extent(self._plan.entries)
        length = self._options.window
        return b.named("windows", b.div(b.add(reach, length - 1), length))

    def _with_indices(self, b: BodyBuilder, scope: TokenScope) -> TokenScope:
        """The token with its indices in UB, if windows need them there and they fit: so
        the scalar unit waits for them once."""
        gathers = self._options.gather != "cube" and self._plan.gathers()
        if not gathers and not any(map(self._scatters, self._plan.stages)):
            return scope
        entries, length = self._plan.entries, self._options.window
        size = -(-scope.capacity(entries) // length) * length
        if size > MOST_INDICES:
            return scope
        count = b.mul(self._windows(b, scope), length)
        row = self._plan.selection.result
        selection = scope.selections[row]
        indices = load_indices(scope, selection, size, count)
        return replace(scope, selections={row: replace(selection, in_ub=indices)})

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
        made = {
            value
            for value in storages
            if value in first and value.owner not in self.staging.final
        }
        self._groups(scope, sub, elementwise, storages, made)
        if not self._scatters(step.stage):
            return
        for op in scatters:
            scope.builder.location = op.location
            updates, result = storages[op.updates], storages[op.result]
            emit_scatter_of_window(
                scope, op, sub, updates, result, self._options.window
            )

    def _scatters(self, stage: int) -> bool:
        """Whether updates are added in a stage of the windows; in a deterministic program
        all groups add them at the end of a round."""
        ops = self._plan.stages[stage]
        return not self.deterministic and any(
            isinstance(op, lig.ScatterAddOp) for op in ops
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
