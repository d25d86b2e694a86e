"""Memory spaces and pipes of the `npu` dialect, and what all its operations share.

A buffer is a `memref` whose memory space is a `#npu.space`: on the chip with a static
shape, in global memory (`gm`) one-dimensional and of any length. Operations address a
buffer by an offset in elements.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from typing import ClassVar, cast

from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    BFloat16Type,
    Float16Type,
    Float32Type,
    IndexType,
    IntegerType,
    MemRefType,
    i8,
    i32,
)
from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import Attribute, SpacedOpaqueSyntaxAttribute, SSAValue
from xdsl.irdl import BaseAttr, IRDLOperation, irdl_attr_definition
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum


class Space(StrEnum):
    """Where a buffer lies."""

    GM = "gm"
    L1 = "l1"
    L0A = "l0a"
    L0B = "l0b"
    L0C = "l0c"
    UB = "ub"


class Pipe(StrEnum):
    """The queue that executes an operation; pipes run side by side."""

    S = "s"
    V = "v"
    M = "m"
    MTE1 = "mte1"
    MTE2 = "mte2"
    MTE3 = "mte3"
    FIX = "fix"


class Core(StrEnum):
    """The kind of core that a body runs on."""

    CUBE = "cube"
    VECTOR = "vector"


CUBE_FLAGS = frozenset(
    {
        (Pipe.M, Pipe.MTE1),
        (Pipe.M, Pipe.MTE2),
        (Pipe.M, Pipe.FIX),
        (Pipe.MTE1, Pipe.M),
        (Pipe.MTE1, Pipe.MTE2),
        (Pipe.MTE1, Pipe.FIX),
        (Pipe.MTE2, Pipe.M),
        (Pipe.MTE2, Pipe.MTE1),
        (Pipe.FIX, Pipe.M),
        (Pipe.FIX, Pipe.MTE1),
    }
)
"""The directions of flags on a cube core; a vector core has all between its pipes.
Source: the Ascend C guide's overview of synchronisation within a core."""


@irdl_attr_definition
class SpaceAttr(EnumAttribute[Space], SpacedOpaqueSyntaxAttribute):
    """`#npu<space ub>`: the memory space of a buffer."""

    name = "npu.space"


@irdl_attr_definition
class PipeAttr(EnumAttribute[Pipe], SpacedOpaqueSyntaxAttribute):
    """`#npu<pipe v>`: a pipe."""

    name = "npu.pipe"


Buffer = BaseAttr(MemRefType)
"""Constraint of a buffer operand; the operation says which spaces."""
Size = BaseAttr(IndexType)
"""Constraint of an offset, a count or a pitch, in elements unless stated otherwise."""

ELEMENT_BYTES: dict[type[Attribute], int] = {
    BFloat16Type: 2,
    Float16Type: 2,
    Float32Type: 4,
}


def buffer_type(space: Space, element: Attribute, shape: Sequence[int]) -> MemRefType:
    """The type of a buffer; a length of DYNAMIC_INDEX is known at run time (gm)."""
    return MemRefType(element, shape, memory_space=SpaceAttr(space))


def gm_type(element: Attribute) -> MemRefType:
    """The type of a buffer in global memory."""
    return buffer_type(Space.GM, element, [DYNAMIC_INDEX])


def buffer(value: SSAValue) -> MemRefType[Attribute]:
    """The type of a value known to be a buffer."""
    return cast(MemRefType[Attribute], value.type)


def space_of(value: SSAValue) -> Space:
    """Where a buffer lies.

    Raises:
        VerifyException: if its memory space is no `#npu.space`.
    """
    space = buffer(value).memory_space
    if not isinstance(space, SpaceAttr):
        raise VerifyException(f"the memory space of {value.type} is no #npu<space ..>")
    return space.data


def element_of(value: SSAValue) -> Attribute:
    """The element type of a buffer."""
    return buffer(value).element_type


def element_bytes(element: Attribute) -> int:
    """The size of an element in bytes."""
    if isinstance(element, IntegerType):
        return cast("IntegerType[int]", element).width.data // 8
    return ELEMENT_BYTES[type(element)]


def buffer_bytes(type: MemRefType[Attribute]) -> int:
    """The size of a buffer on the chip in bytes."""
    count = 1
    for extent in type.get_shape():
        count *= extent
    return count * element_bytes(type.element_type)


def require(condition: bool, message: str) -> None:
    """Verification of a rule.

    Raises:
        VerifyException: with the message, unless the condition holds.
    """
    if not condition:
        raise VerifyException(message)


def require_space(value: SSAValue, what: str, *spaces: Space) -> None:
    """The buffer lies in one of the spaces.

    Raises:
        VerifyException: if it does not.
    """
    found = space_of(value)
    allowed = " or ".join(spaces)
    require(found in spaces, f"{what} lies in {found}, must be in {allowed}")


def require_element(value: SSAValue, what: str, *types: type[Attribute]) -> None:
    """The buffer has one of the element types.

    Raises:
        VerifyException: if it has not.
    """
    element = element_of(value)
    names = " or ".join(sorted(SPELLED[type] for type in types))
    require(
        isinstance(element, types), f"{what} has {element} elements, must be {names}"
    )


SPELLED: dict[type[Attribute], str] = {
    BFloat16Type: "bf16",
    Float16Type: "f16",
    Float32Type: "f32",
    IntegerType: "an integer",
}
HALF: tuple[type[Attribute], ...] = (BFloat16Type, Float16Type)
BITS = i8
"""Element type of a buffer of comparison results, one bit an element."""
ROW_INDEX = i32
"""Element type of a buffer of row numbers; negative means absent."""


def require_known_element(value: SSAValue) -> None:
    """The elements of the buffer are of a type that some operation takes.

    Raises:
        VerifyException: if they are not.
    """
    element = element_of(value)
    require(
        type(element) in ELEMENT_BYTES or element in (BITS, ROW_INDEX),
        f"a buffer has bf16, f16, f32, i8 or i32 elements, not {element}",
    )


class NpuOp(IRDLOperation, ABC):
    """Base of the operations that a pipe executes.

    READS and WRITES name the operands that are buffers; behind the operand `dst` stands
    its offset `dst_offset`. They are what placement and synchronisation go by.
    """

    CORE: ClassVar[Core | None] = None
    READS: ClassVar[tuple[str, ...]] = ()
    WRITES: ClassVar[tuple[str, ...]] = ()

    def pipe(self) -> Pipe:
        """The pipe that executes the operation."""
        raise NotImplementedError(self.name)

    def writing_pipes(self) -> tuple[Pipe, ...]:
        """The pipes that write the result; more than one for an operation of several
        instructions."""
        return (self.pipe(),)

    def scalar_reads(self) -> tuple[SSAValue, ...]:
        """The buffers among those read that the scalar unit reads."""
        return ()

    def reads(self) -> tuple[SSAValue, ...]:
        """The buffers read."""
        return tuple(getattr(self, name) for name in self.READS)

    def writes(self) -> tuple[SSAValue, ...]:
        """The buffers written."""
        return tuple(getattr(self, name) for name in self.WRITES)
