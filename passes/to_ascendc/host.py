"""The host functions of a kernel: what a launch needs, computed from the tiling data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from xdsl.dialects.builtin import i64
from xdsl.ir import Block, Region

from ligrad_ir.dialects.ascendc.tiling import HostFunctionOp, ReturnValueOp
from ligrad_ir.dialects.ascendc.types import TilingType
from passes.to_ascendc.frame import Parameter, bind_tiling
from passes.to_ascendc.statements import Size, Statements

WORKSPACE = "WorkspaceBytes"
BLOCKS = "Blocks"
EXTENT = "Extent"
"""How host functions are called, behind the name of the program."""


class HostFrame:
    """Builds the host functions of a program."""

    def __init__(
        self, name: str, struct: str, header: str, parameters: Sequence[Parameter]
    ):
        self._name = name
        self._struct = struct
        self._header = header
        self._parameters = parameters

    def functions(
        self, workspace: Callable[[Statements], Size]
    ) -> Iterator[HostFunctionOp]:
        """`<name>WorkspaceBytes(tiling, blocks)`; `<name>Blocks(tiling, cores)`; and for
        every axis that packs equally long runs `<name>Extent<axis>(tiling, blocks)`, which
        looks at the extents of its two axes only.

        workspace: appends the computation of the bytes.
        """
        yield self._function(
            WORKSPACE, "blocks", workspace, "bytes of workspace that a launch needs"
        )
        yield self._function(
            BLOCKS,
            "cores",
            self._blocks,
            "groups of cores that a launch takes: no more than an axis has positions",
        )
        for p in self._parameters:
            if p.packs:
                extents = self._extents(p.packs)
                comment = f"extent of the axis {p.name}"
                yield self._function(EXTENT + p.name, "blocks", extents, comment)

    def _blocks(self, s: Statements) -> Size:
        cores = next(s.of(p.value) for p in self._parameters if p.kind == "blocks")
        most: Size = 1
        for p in self._parameters:
            if p.kind == "extent":
                most = s.max(most, s.of(p.value), "positions")
        return s.min(cores, most, "blocks")

    def _extents(self, packs: tuple[str, ...]) -> Callable[[Statements], Size]:
        def product(s: Statements) -> Size:
            total: Size = 1
            for p in self._parameters:
                if p.kind == "extent" and p.name in packs:
                    total = s.mul(total, s.of(p.value))
            return total

        return product

    def _function(
        self, name: str, number: str, body: Callable[[Statements], Size], comment: str
    ) -> HostFunctionOp:
        block = Block(arg_types=[TilingType(self._struct), i64])
        tiling, blocks = block.args
        tiling.name_hint, blocks.name_hint = "tiling", number
        s = Statements(block, {})
        bind_tiling(s, tiling, blocks, self._parameters)
        s.insert(ReturnValueOp(s.size(body(s))))
        return HostFunctionOp(self._name + name, Region(block), self._header, comment)
