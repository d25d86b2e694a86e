"""The frame of a kernel: tiling data, arguments, workspace, and the buffers of a core."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, StringAttr, i64
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, SSAValue
from xdsl.utils.exceptions import PassFailedException

from ligrad_ir.dialects.ascendc.core import KernelTypeOp
from ligrad_ir.dialects.ascendc.enums import KernelType, Position
from ligrad_ir.dialects.ascendc.memory import (
    GetWithOffsetOp,
    GlobalTensorOp,
    InitBufferOp,
    OffsetAddressOp,
    SetGlobalBufferOp,
    TBufOp,
)
from ligrad_ir.dialects.ascendc.scalar import GetBlockNumOp
from ligrad_ir.dialects.ascendc.tiling import (
    GetTilingDataOp,
    RegisterTilingOp,
    TilingFieldOp,
    TilingMemberOp,
    TilingStructOp,
)
from ligrad_ir.dialects.ascendc.types import (
    AddressType,
    GlobalType,
    LocalType,
    ui32,
    ui64,
)
from ligrad_ir.dialects.npu import launch as npu
from ligrad_ir.dialects.npu.rows import FixpipeAddRowsOp, GatherRowsNzOp
from ligrad_ir.dialects.npu.types import Space, buffer_bytes, element_of
from ligrad_ir.soc import Soc
from passes.to_ascendc.statements import (
    Size,
    Statements,
    Words,
    bytes_of,
    lower,
    tensor_element,
)

POSITIONS: dict[Space, Position] = {
    Space.L1: Position.A1,
    Space.L0A: Position.A2,
    Space.L0B: Position.B2,
    Space.L0C: Position.CO1,
    Space.UB: Position.VECCALC,
}
"""What the API calls a place in each memory; where it has several names, one of them."""
KINDS = {
    "extent": "extent of the axis {}",
    "attribute": "the attribute {}",
}
"""The parameters that are tiling data, and what is said of them."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of an `npu` function. dims: the axes of an array, outermost first;
    packs: of the extent of an axis whose runs are equally long, the axes that it is the
    product of."""

    name: str
    kind: str
    dims: tuple[str, ...]
    packs: tuple[str, ...]
    value: SSAValue

    @property
    def is_number(self) -> bool:
        """Whether it is no array."""
        return self.kind not in ("input", "output")


def parameters_of(function: FuncOp) -> list[Parameter]:
    """What the attributes of the arguments say.

    Raises:
        PassFailedException: an argument has no `npu.name` and `npu.kind`.
    """
    found: list[Parameter] = []
    nothing = ArrayAttr([DictionaryAttr({}) for _ in function.args])
    attributes = function.arg_attrs or nothing
    for argument, entry in zip(function.args, attributes, strict=True):
        if not {"npu.name", "npu.kind"} <= set(entry.data):
            raise PassFailedException(
                f"lower-to-ascendc: the argument {argument} has no npu.name and npu.kind"
            )
        found.append(
            Parameter(
                cast(StringAttr, entry.data["npu.name"]).data,
                cast(StringAttr, entry.data["npu.kind"]).data,
                _names(entry, "npu.dims"),
                _names(entry, "npu.packs"),
                argument,
            )
        )
    return found


def _names(entry: DictionaryAttr, key: str) -> tuple[str, ...]:
    listed = cast("ArrayAttr[StringAttr]", entry.data.get(key, ArrayAttr([])))
    return tuple(name.data for name in listed)


def snake_case(name: str) -> str:
    """`SomeOperator` as `some_operator`: how the vendor names its kernels."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def tiling_struct(
    name: str, parameters: Sequence[Parameter], header: str
) -> TilingStructOp:
    """The struct of the extents and attributes, in order."""
    fields = [
        TilingFieldOp(p.name, i64, KINDS[p.kind].format(p.name))
        for p in parameters
        if p.kind in KINDS
    ]
    return TilingStructOp(name, fields, header)


def bind_tiling(
    s: Statements, tiling: SSAValue, blocks: SSAValue, parameters: Sequence[Parameter]
) -> None:
    """The values of extents, attributes and the number of blocks."""
    for p in parameters:
        if p.kind in KINDS:
            member = TilingMemberOp(tiling, p.name, i64)
            s.values[p.value] = s.value(member, p.name)
        elif p.kind == "blocks":
            s.values[p.value] = blocks


def is_read_by_word(buffer: SSAValue) -> bool:
    """Whether row numbers are read from an array in global memory."""
    return any(
        isinstance(op := use.operation, FixpipeAddRowsOp | GatherRowsNzOp)
        and op.indices is buffer
        for use in buffer.uses
    )


def region_bytes(s: Statements, op: npu.WorkspaceOp, soc: Soc) -> Size:
    """The size of a part of the workspace, in whole units of the memory."""
    size = s.mul(s.of(op.elements), bytes_of(op.result))
    return s.round_up(size, soc.gm_alignment, f"{op.label.data}_bytes")


class KernelFrame:
    """Builds the top of a kernel's body: an argument for every array, then workspace
    and tiling data; views of them."""

    def __init__(
        self, s: Statements, block: Block, parameters: Sequence[Parameter], soc: Soc
    ):
        self._s = s
        self._block = block
        self._parameters = parameters
        self._arrays = [p for p in parameters if not p.is_number]
        self._soc = soc
        self._addresses = [self._argument(p.name) for p in self._arrays]
        self._workspace = self._argument("workspace")
        self._tiling = self._argument("tiling")

    def declare(self, struct: str) -> None:
        """Read the tiling data and view the arrays.

        Raises:
            PassFailedException: an array has an axis without an extent.
        """
        s = self._s
        s.insert(RegisterTilingOp(struct))
        data = s.value(GetTilingDataOp(self._tiling, struct), "tiling_data")
        s.insert(KernelTypeOp(KernelType.MIX_AIC_1_2))
        blocks = s.value(GetBlockNumOp(), "blocks")
        bind_tiling(s, data, blocks, self._parameters)
        extents = {p.name: p.value for p in self._parameters if p.kind == "extent"}
        for p, address in zip(self._arrays, self._addresses):
            if p.value.first_use is None:
                continue
            count: Size = 1
            for axis in p.dims:
                if axis not in extents:
                    raise PassFailedException(
                        f"lower-to-ascendc: {p.name} has an axis {axis}, which is no "
                        "extent among the arguments"
                    )
                count = s.mul(count, s.of(extents[axis]), f"{p.name}_count")
            self._view(p.value, p.name, address, s.size(count))

    def view_workspaces(self, workspaces: Sequence[npu.WorkspaceOp]) -> None:
        """View the parts of the workspace, one behind the other."""
        s = self._s
        at: Size = 0
        for op in workspaces:
            name, place = op.label.data, self._workspace
            if at != 0:
                offset = OffsetAddressOp(place, s.size(at))
                place = s.value(offset, f"{name}_address")
            self._view(op.result, name, place, s.of(op.elements))
            at = s.add(at, region_bytes(s, op, self._soc), f"{name}_end")

    def _argument(self, name: str) -> SSAValue:
        argument = self._block.insert_arg(AddressType(), len(self._block.args))
        argument.name_hint = name
        return argument

    def _view(
        self, old: SSAValue, name: str, address: SSAValue, count: SSAValue
    ) -> None:
        s = self._s
        element = tensor_element(element_of(old))
        tensor = s.value(GlobalTensorOp(GlobalType(element)), f"{name}_gm")
        s.insert(SetGlobalBufferOp(tensor, address, count))
        s.values[old] = tensor
        if is_read_by_word(old):
            elements = s.div(s.add(count, 1), 2, f"{name}_word_count")
            words = s.value(GlobalTensorOp(GlobalType(ui64)), f"{name}_words")
            s.insert(SetGlobalBufferOp(words, address, s.size(elements)))
            s.words[old] = Words(words, count)


def declare_memories(
    s: Statements, pipe: SSAValue, allocs: Sequence[npu.AllocOp]
) -> None:
    """One TBuf for each memory of a core, and the buffers at their places in it.

    Raises:
        PassFailedException: a buffer has no place.
    """
    for space, position in POSITIONS.items():
        inside = [op for op in allocs if op.space is space]
        if not inside:
            continue
        ends: list[int] = []
        for op in inside:
            if op.offset is None:
                raise PassFailedException(
                    f"lower-to-ascendc: {op.result} is not placed; run place-buffers first"
                )
            ends.append(op.offset.value.data + op.size)
        memory = s.value(TBufOp(position), f"{space.value}_memory")
        s.insert(InitBufferOp(pipe, memory, s.constant(max(ends), ui32)))
        for op in inside:
            assert op.offset is not None
            element = tensor_element(element_of(op.result))
            count = buffer_bytes(op.result.type) // bytes_of(op.result)
            tensor = GetWithOffsetOp(
                memory,
                s.constant(count, ui32),
                s.constant(op.offset.value.data, ui32),
                result=LocalType(element, position),
            )
            s.values[op.result] = s.value(tensor, op.result.name_hint)


@lower.register
def _(op: npu.AllocOp, s: Statements) -> None:
    pass  # declared with its memory
