"""The shapes of statements that `ascendc` operations share, and what verifiers ask.

An operation says as data how it is spelled and what it does to memory; printers and
passes read that data and know no operation by name.
"""

from __future__ import annotations

import re
from abc import ABC
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import ClassVar, cast

from xdsl.dialects.builtin import IntegerAttr, StringAttr, i1, i32, i64
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    AttrSetConstraint,
    IRDLOperation,
    ParsePropInAttrDict,
    eq,
    opt_prop_def,
)
from xdsl.traits import EffectInstance, MemoryEffect, MemoryEffectKind
from xdsl.utils.exceptions import VerifyException

from ligrad_ir.dialects.ascendc.enums import (
    MEMORY_ALIGNMENT,
    PIPES_OF_CORE,
    Core,
    Memory,
    Pipe,
)
from ligrad_ir.dialects.ascendc.types import (
    ELEMENTS,
    FLOATS,
    INTEGERS,
    SCALARS,
    GlobalType,
    LocalType,
    ParamsType,
    TensorType,
    index,
    memory_of,
    ui8,
    ui16,
    ui32,
    ui64,
)
from ligrad_ir.divisors import (
    Divisor,
    divisor,
    divisor_of_result,
    divisor_of_unknown,
)

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

U8, U16, U32, U64, I64 = eq(ui8), eq(ui16), eq(ui32), eq(ui64), eq(i64)
BOOL = eq(i1)
INTEGER = AttrSetConstraint.get(*INTEGERS)
FLOAT = AttrSetConstraint.get(*FLOATS)
SCALAR = AttrSetConstraint.get(*SCALARS)
ELEMENT = AttrSetConstraint.get(*ELEMENTS)
COUNT = AttrSetConstraint.get(i32, i64, index, ui32, ui64)
"""An argument that the API takes as an integer of its own width: any wide enough."""


def string(text: str | None) -> StringAttr | None:
    """The attribute of an optional text."""
    return None if text is None else StringAttr(text)


def require(condition: bool, message: str) -> None:
    """Raise a VerifyException with `message` unless the condition holds."""
    if not condition:
        raise VerifyException(message)


def require_identifier(name: str) -> None:
    """Raise unless C++ takes the name."""
    require(IDENTIFIER.fullmatch(name) is not None, f"{name!r} is no C++ identifier")


def static_int(value: SSAValue) -> int | None:
    """The value of an integer constant, or None for what only a run knows."""
    constant = getattr(value.owner, "value", None)
    return constant.value.data if isinstance(constant, IntegerAttr) else None


def require_range(value: SSAValue, low: int, high: int, what: str) -> None:
    """Raise unless the value is in the range, or not known."""
    known = static_int(value)
    if known is not None:
        require(low <= known <= high, f"{what} is {known}, not in {low}..{high}")


def require_multiple(value: SSAValue, factor: int, size: int, what: str) -> None:
    """Raise unless value * size is seen to be a multiple of the factor in every run."""
    known = static_int(value)
    told = "not seen to be" if known is None else f"{known * size} bytes, not"
    require(
        divisor(value) * size % factor == 0,
        f"{what} is {told} a multiple of {factor}" + " bytes" * (known is None),
    )


def tensor(value: SSAValue) -> TensorType:
    """The type of a value known to be a global or local tensor."""
    return cast(TensorType, value.type)


def element(value: SSAValue) -> Attribute:
    """The element type of a tensor."""
    return tensor(value).element


def require_memory(value: SSAValue, *memories: Memory) -> None:
    """Raise unless the tensor lies in one of the memories."""
    memory = memory_of(tensor(value))
    names = " or ".join(memories)
    require(memory in memories, f"an operand lies in {memory}, it must be in {names}")


def core_of(op: Operation) -> Core | None:
    """The kind of core that executes the operation; None if both may, or unknown."""
    parent = op.parent_op()
    while parent is not None:
        if isinstance(parent, CoreScope) and (core := parent.core()) is not None:
            return core
        parent = parent.parent_op()
    return None


class AllocatesResult(MemoryEffect):
    """The operation makes an object of its own: dead if unused, and never the same as
    another one."""

    @classmethod
    def get_effects(cls, op: Operation) -> AbstractSet[EffectInstance]:
        return {EffectInstance(MemoryEffectKind.ALLOC, r) for r in op.results}


class AscendCOp(IRDLOperation, ABC):
    """
    One C++ statement. `comment` is printed above it.

    READS and WRITES name the operands whose memory the statement reads and writes. SETS
    names those that it gives a value, such as a variable, and does nothing else: it is
    dead where no other statement uses them.
    """

    READS: ClassVar[tuple[str, ...]] = ()
    WRITES: ClassVar[tuple[str, ...]] = ()
    SETS: ClassVar[tuple[str, ...]] = ()
    BY_ELEMENT: ClassVar[tuple[str, ...]] = ()
    """Operands whose memory may start at any element, not at a unit of it only."""

    comment = opt_prop_def(StringAttr)
    irdl_options = (ParsePropInAttrDict(),)

    def pipe(self) -> Pipe:
        """The pipe that the statement is issued on."""
        return Pipe.S

    def reads(self) -> tuple[SSAValue, ...]:
        """The tensors whose elements the statement reads."""
        return tuple(getattr(self, name) for name in self.READS)

    def writes(self) -> tuple[SSAValue, ...]:
        """The tensors whose elements the statement writes."""
        return tuple(getattr(self, name) for name in self.WRITES)

    def sets(self) -> tuple[SSAValue, ...]:
        """The operands that the statement gives a value."""
        return tuple(getattr(self, name) for name in self.SETS)

    def check(self) -> None:
        """What the API forbids, as far as it is known statically."""

    def divisor(self, of: Divisor) -> int:
        """What is seen to divide the result, of that of operands (`divisors.py`)."""
        return divisor_of_unknown(self)

    def verify_(self) -> None:
        if self.comment is not None:
            lines = self.comment.data.split("\n")
            require(  # comment_c1
                all(line.isprintable() and line[-1:] != "\\" for line in lines),
                "a comment is printable and no line of it ends in a backslash",
            )
        _check_core(self)
        self.check()
        _check_starts(self)


@divisor_of_result.register
def _(op: AscendCOp, of: Divisor) -> int:
    return op.divisor(of)


def _check_core(op: AscendCOp) -> None:
    core = core_of(op)
    if core is None:
        return
    pipe = op.pipe()
    require(  # core_c1
        pipe in PIPES_OF_CORE[core],
        f"{op.name} works on pipe {pipe.value}, which an {core} core does not have",
    )
    for value in (*op.reads(), *op.writes()):
        if isinstance(value.type, LocalType):
            memory = value.type.memory
            require(  # core_c2
                (memory == Memory.UB) == (core == Core.AIV),
                f"{op.name} uses {memory}, which an {core} core does not have",
            )


def _check_starts(op: AscendCOp) -> None:
    for name in dict.fromkeys((*op.READS, *op.WRITES)):
        type = (value := cast(SSAValue, getattr(op, name))).type
        if isinstance(type, LocalType) and name not in op.BY_ELEMENT:
            unit = MEMORY_ALIGNMENT[type.memory]
            require(  # start_c1
                divisor(value) % unit == 0,
                f"{name} is not seen to start at a multiple of {unit} bytes of "
                f"{type.memory}",
            )


class CoreScope(AscendCOp, ABC):
    """A statement with a body that may be for one kind of core only."""

    def core(self) -> Core | None:
        """The kind of core that executes the body, None if both may."""
        return None


class CallOp(AscendCOp, ABC):
    """
    A free function: `[type result =] AscendC::CPP_NAME<CPP_TEMPLATE>(CPP_ARGUMENTS);`.

    CPP_TEMPLATE names properties (their spelling) and tensor operands (their element
    type); CPP_ARGUMENTS names operands and properties, by default all operands. A name
    with an ending `[]` is an operand that indexes the one before it.
    """

    CPP_NAME: ClassVar[str]
    CPP_TEMPLATE: ClassVar[tuple[str, ...]] = ()
    CPP_ARGUMENTS: ClassVar[tuple[str, ...] | None] = None

    assembly_format: ClassVar[str | None] = "operands attr-dict `:` type(operands)"

    def __init__(
        self,
        *operands: SSAValue | Operation,
        properties: Mapping[str, Attribute] | None = None,
        result: Attribute | None = None,
        comment: str | None = None,
    ):
        given: dict[str, Attribute | None] = dict(properties or {})
        given["comment"] = string(comment)
        super().__init__(
            operands=operands,
            properties=given,
            result_types=[] if result is None else [result],
        )

    def arguments(self) -> Iterator[SSAValue | Attribute]:
        """The arguments of the call in the order of the API."""
        if self.CPP_ARGUMENTS is None:
            yield from self.operands
        else:
            for name in self.CPP_ARGUMENTS:
                yield getattr(self, name)


class MethodOp(CallOp, ABC):
    """A method: `[type result =] first.CPP_NAME<CPP_TEMPLATE>(others);`, where the
    first of the arguments is the object. An empty CPP_NAME is the operator `[]`."""


class ParamsOp(AscendCOp, ABC):
    """
    `const AscendC::CPP_NAME result{fields};`, every field given.

    The operands are the fields under the API's names, in the order of the struct's
    constructor, which is not always the order of its members.
    """

    CPP_NAME: ClassVar[str]

    def __init__(
        self,
        result: ParamsType | None = None,
        *,
        comment: str | None = None,
        properties: Mapping[str, Attribute] | None = None,
        **fields: SSAValue | Operation,
    ):
        names = [name for name, _ in self.get_irdl_definition().operands]
        assert sorted(fields) == sorted(names), f"the fields are {names}"
        given: dict[str, Attribute | None] = dict(properties or {})
        given["comment"] = string(comment)
        super().__init__(
            operands=[fields[name] for name in names],
            properties=given,
            result_types=[ParamsType(self.CPP_NAME) if result is None else result],
        )

    def fields(self) -> Iterator[SSAValue | Attribute | int]:
        """The fields in the order of the constructor."""
        yield from self.operands


def is_global(value: SSAValue) -> bool:
    """Whether the tensor lies in global memory."""
    return isinstance(value.type, GlobalType)
