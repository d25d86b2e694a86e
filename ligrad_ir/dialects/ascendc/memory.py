"""Memory objects: buffers, tensors, views of them, and single elements."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd
from typing import ClassVar, cast

from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    BaseAttr,
    VarConstraint,
    irdl_op_definition,
    operand_def,
    result_def,
    traits_def,
)
from xdsl.traits import MemoryReadEffect, Pure

from ligrad_ir.dialects.ascendc.base import (
    COUNT,
    I64,
    SCALAR,
    U32,
    AllocatesResult,
    AscendCOp,
    CallOp,
    MethodOp,
    element,
    require,
    require_multiple,
    require_range,
    string,
    tensor,
)
from ligrad_ir.dialects.ascendc.enums import (
    MEMORY_ALIGNMENT,
    MEMORY_OF_POSITION,
    Memory,
    Position,
)
from ligrad_ir.dialects.ascendc.types import (
    AddressType,
    GlobalType,
    LocalType,
    TBufType,
    TPipeType,
    element_bytes,
    memory_of,
    ui64,
)
from ligrad_ir.divisors import Divisor
from ligrad_ir.soc import Soc

GLOBAL = BaseAttr(GlobalType)
LOCAL = BaseAttr(LocalType)
TENSOR = GLOBAL | LOCAL


class DeclarationOp(AscendCOp):
    """`type result;`"""

    assembly_format: ClassVar[str | None] = "attr-dict `:` type($result)"

    def __init__(self, type: Attribute, comment: str | None = None):
        super().__init__(result_types=[type], properties={"comment": string(comment)})


@irdl_op_definition
class TPipeOp(DeclarationOp):
    """`AscendC::TPipe result;`: one in a kernel. Page "TPipe"."""

    name = "ascendc.tpipe"

    result = result_def(TPipeType)
    assembly_format = "attr-dict"

    def __init__(self, comment: str | None = None):
        super().__init__(TPipeType(), comment)


@irdl_op_definition
class TBufOp(DeclarationOp):
    """`AscendC::TBuf<position> result;`. Page "TBuf"."""

    name = "ascendc.tbuf"

    result = result_def(TBufType)

    traits = traits_def(AllocatesResult())

    def __init__(self, position: Position, comment: str | None = None):
        super().__init__(TBufType(position), comment)


@irdl_op_definition
class InitBufferOp(MethodOp):
    """`tpipe.InitBuffer(tbuf, bytes);`: bytes are rounded up to 32. Page "InitBuffer"."""

    name = "ascendc.init_buffer"
    CPP_NAME: ClassVar = "InitBuffer"
    SETS: ClassVar = ("tbuf",)

    tpipe = operand_def(TPipeType)
    tbuf = operand_def(TBufType)
    bytes = operand_def(U32)

    CAPACITY: ClassVar = {
        Memory.L1: Soc.l1_size,
        Memory.L0A: Soc.l0a_size,
        Memory.L0B: Soc.l0b_size,
        Memory.L0C: Soc.l0c_size,
        Memory.UB: Soc.ub_size,
    }

    def check(self) -> None:
        position = cast(TBufType, self.tbuf.type).position
        memory = MEMORY_OF_POSITION[position]
        require_range(  # init_buffer_c1
            self.bytes, 1, self.CAPACITY[memory], f"the size of a buffer in {memory}"
        )


@irdl_op_definition
class GetWithOffsetOp(MethodOp):
    """
    `LocalTensor<T> result = tbuf.GetWithOffset<T>(count, offset);`

    count: elements; offset: bytes. Page "GetWithOffset".
    """

    name = "ascendc.get_with_offset"
    CPP_NAME: ClassVar = "GetWithOffset"
    CPP_TEMPLATE: ClassVar = ("result",)

    tbuf = operand_def(TBufType)
    count = operand_def(U32)
    offset = operand_def(U32)
    result = result_def(LocalType)

    traits = traits_def(AllocatesResult())
    assembly_format = (
        "$tbuf `,` $count `,` $offset attr-dict `:` type($tbuf) `to` type($result)"
    )

    def check(self) -> None:
        type = self.result.type
        position = cast(TBufType, self.tbuf.type).position
        require(  # get_with_offset_c1
            type.position == position,
            f"a buffer at {position.value} gives tensors at {position.value}",
        )
        alignment = MEMORY_ALIGNMENT[type.memory]
        require_multiple(  # get_with_offset_c2
            self.offset, alignment, 1, f"the offset in {type.memory}"
        )

    def divisor(self, of: Divisor) -> int:
        return of(self.offset)


@irdl_op_definition
class GlobalTensorOp(DeclarationOp):
    """`AscendC::GlobalTensor<T> result;`. Page "GlobalTensor"."""

    name = "ascendc.global_tensor"

    result = result_def(GlobalType)

    traits = traits_def(AllocatesResult())


@irdl_op_definition
class SetGlobalBufferOp(AscendCOp):
    """
    `tensor.SetGlobalBuffer(reinterpret_cast<__gm__ T*>(address), count);`

    count: elements. Page "SetGlobalBuffer".
    """

    name = "ascendc.set_global_buffer"
    SETS: ClassVar = ("tensor",)

    tensor = operand_def(GlobalType)
    address = operand_def(AddressType)
    count = operand_def(COUNT)
    assembly_format = (
        "$tensor `,` $address `,` $count attr-dict `:` type($tensor) `,` type($count)"
    )

    def __init__(
        self,
        tensor: SSAValue | Operation,
        address: SSAValue | Operation,
        count: SSAValue | Operation,
        comment: str | None = None,
    ):
        super().__init__(
            operands=[tensor, address, count], properties={"comment": string(comment)}
        )


@irdl_op_definition
class GetUserWorkspaceOp(CallOp):
    """`GM_ADDR result = GetUserWorkspace(workspace);`. Page "GetUserWorkspace"."""

    name = "ascendc.get_user_workspace"
    CPP_NAME: ClassVar = "GetUserWorkspace"

    workspace = operand_def(AddressType)
    result = result_def(AddressType)

    traits = traits_def(Pure())
    assembly_format = "$workspace attr-dict"

    def __init__(self, workspace: SSAValue | Operation, comment: str | None = None):
        super().__init__(workspace, result=AddressType(), comment=comment)


@irdl_op_definition
class OffsetAddressOp(AscendCOp):
    """`GM_ADDR result = address + bytes;`"""

    name = "ascendc.offset_address"

    address = operand_def(AddressType)
    bytes = operand_def(COUNT)
    result = result_def(AddressType)

    traits = traits_def(Pure())
    assembly_format = "$address `,` $bytes attr-dict `:` type($bytes)"

    def __init__(
        self,
        address: SSAValue | Operation,
        bytes: SSAValue | Operation,
        comment: str | None = None,
    ):
        super().__init__(
            operands=[address, bytes],
            properties={"comment": string(comment)},
            result_types=[AddressType()],
        )


@irdl_op_definition
class TensorAtOp(AscendCOp):
    """
    `Tensor<T> result = tensor[offset];`: the same memory from an element on.

    offset: elements. Pages "LocalTensor", "GlobalTensor".
    """

    name = "ascendc.tensor_at"

    T: ClassVar = VarConstraint("T", TENSOR)

    tensor = operand_def(T)
    offset = operand_def(COUNT)
    result = result_def(T)

    traits = traits_def(Pure())
    assembly_format = (
        "$tensor `[` $offset `]` attr-dict `:` type($tensor) `,` type($offset)"
    )

    def __init__(
        self,
        tensor: SSAValue | Operation,
        offset: SSAValue | Operation,
        comment: str | None = None,
    ):
        tensor = SSAValue.get(tensor)
        super().__init__(
            operands=[tensor, offset],
            properties={"comment": string(comment)},
            result_types=[tensor.type],
        )

    def check(self) -> None:
        memory = memory_of(tensor(self.tensor))
        require_range(self.offset, 0, 2**63 - 1, "the offset")  # tensor_at_c1
        if memory in (Memory.L0A, Memory.L0B):
            require_multiple(  # tensor_at_c2
                self.offset,
                MEMORY_ALIGNMENT[memory],
                element_bytes(element(self.tensor)),
                f"the offset in {memory}",
            )

    def divisor(self, of: Divisor) -> int:
        size = element_bytes(element(self.tensor))
        return gcd(of(self.tensor), of(self.offset) * size)


@irdl_op_definition
class ReinterpretCastOp(MethodOp):
    """`Tensor<U> result = tensor.ReinterpretCast<U>();`. Page "ReinterpretCast"."""

    name = "ascendc.reinterpret_cast"
    CPP_NAME: ClassVar = "ReinterpretCast"
    CPP_TEMPLATE: ClassVar = ("result",)

    tensor = operand_def(TENSOR)
    result = result_def(TENSOR)

    traits = traits_def(Pure())
    assembly_format = "$tensor attr-dict `:` type($tensor) `to` type($result)"

    def check(self) -> None:
        old, new = tensor(self.tensor), self.result.type
        same = (
            old.position == new.position
            if isinstance(old, LocalType) and isinstance(new, LocalType)
            else isinstance(old, GlobalType) and isinstance(new, GlobalType)
        )
        require(same, "a cast tensor stays where it is")  # reinterpret_cast_c1

    def divisor(self, of: Divisor) -> int:
        return of(self.tensor)


@irdl_op_definition
class GetValueOp(MethodOp):
    """
    `const T result = tensor.GetValue(offset);`: an element for the scalar unit.

    offset: elements. Of local memories only UB can be read. Page "GetValue".
    """

    name = "ascendc.get_value"
    CPP_NAME: ClassVar = "GetValue"
    READS: ClassVar = ("tensor",)
    BY_ELEMENT: ClassVar = ("tensor",)

    tensor = operand_def(TENSOR)
    offset = operand_def(COUNT)
    result = result_def(SCALAR)

    traits = traits_def(MemoryReadEffect())
    assembly_format = (
        "$tensor `[` $offset `]` attr-dict `:` "
        "type($tensor) `,` type($offset) `to` type($result)"
    )

    def check(self) -> None:
        _check_scalar_access(self.tensor, self.result)  # get_value_c1 get_value_c2


@irdl_op_definition
class DataCachePreloadOp(CallOp):
    """
    `DataCachePreload(tensor, offset);`: asks for a 64-byte line of global memory, which
    a later GetValue finds in the cache of the scalar unit. Page "DataCachePreload".

    offset: bytes; any of the line. More than a few at once block the scalar unit, or do
    nothing.
    """

    name = "ascendc.data_cache_preload"
    CPP_NAME: ClassVar = "DataCachePreload"
    READS: ClassVar = ("tensor",)

    tensor = operand_def(GlobalType)
    offset = operand_def(I64)

    def check(self) -> None:
        require(  # data_cache_preload_c1
            element(self.tensor) == ui64,
            f"what is preloaded is a tensor of ui64, not {element(self.tensor)}",
        )
        require_range(self.offset, 0, 2**63 - 1, "the offset")  # data_cache_preload_c2


@irdl_op_definition
class SetValueOp(MethodOp):
    """
    `tensor.SetValue(offset, value);`: the scalar unit writes an element.

    offset: elements. Of local memories only UB can be written. Page "SetValue".
    """

    name = "ascendc.set_value"
    CPP_NAME: ClassVar = "SetValue"
    WRITES: ClassVar = ("tensor",)
    BY_ELEMENT: ClassVar = ("tensor",)

    tensor = operand_def(TENSOR)
    offset = operand_def(COUNT)
    value = operand_def(SCALAR)
    assembly_format = (
        "$tensor `[` $offset `]` `,` $value attr-dict `:` "
        "type($tensor) `,` type($offset) `,` type($value)"
    )

    def check(self) -> None:
        _check_scalar_access(self.tensor, self.value)  # set_value_c1 set_value_c2


def _check_scalar_access(operand: SSAValue, value: SSAValue) -> None:
    memory = memory_of(tensor(operand))
    require(
        memory in (Memory.GM, Memory.UB),
        f"the scalar unit reaches GM and UB, not {memory}",
    )
    require(
        element(operand) == value.type,
        f"an element of {operand.type} is no {value.type}",
    )


OPS: Sequence[type[Operation]] = (
    DataCachePreloadOp,
    GetUserWorkspaceOp,
    GetValueOp,
    GetWithOffsetOp,
    GlobalTensorOp,
    InitBufferOp,
    OffsetAddressOp,
    ReinterpretCastOp,
    SetGlobalBufferOp,
    SetValueOp,
    TBufOp,
    TPipeOp,
    TensorAtOp,
)
