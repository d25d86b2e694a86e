"""What the scalar unit computes: constants, operators, casts, variables, identities."""

from __future__ import annotations

import math
from abc import ABC
from collections.abc import Sequence
from math import gcd
from typing import ClassVar, TypeAlias, cast

from xdsl.dialects.builtin import (
    BFloat16Type,
    Float32Type,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    f32,
    i1,
    i64,
)
from xdsl.ir import Attribute, Operation, Region, SSAValue
from xdsl.irdl import (
    AnyAttr,
    ParamAttrConstraint,
    VarConstraint,
    eq,
    irdl_op_definition,
    lazy_traits_def,
    operand_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
)
from xdsl.traits import (
    ConstantLike,
    HasParent,
    IsTerminator,
    MemoryReadEffect,
    Pure,
)

from ligrad_ir.dialects.ascendc.base import (
    SCALAR,
    AllocatesResult,
    AscendCOp,
    CallOp,
    require,
    require_range,
    static_int,
    string,
)
from ligrad_ir.dialects.ascendc.enums import (
    Arithmetic,
    ArithmeticAttr,
    CmpMode,
    CmpModeAttr,
)
from ligrad_ir.dialects.ascendc.types import FLOATS, VariableType
from ligrad_ir.divisors import Divisor, quotient


class _Constant(AscendCOp, ABC):
    T: ClassVar = VarConstraint("T", SCALAR)

    value = prop_def(
        ParamAttrConstraint(IntegerAttr, (AnyAttr(), T))
        | ParamAttrConstraint(FloatAttr, (AnyAttr(), T))
    )
    result = result_def(T)

    traits = traits_def(Pure(), ConstantLike())
    assembly_format: ClassVar[str | None] = "$value attr-dict"

    def __init__(self, value: float, type: Attribute, comment: str | None = None):
        attribute = (
            FloatAttr(float(value), cast(Float32Type, type))
            if type in FLOATS
            else IntegerAttr(int(value), cast(IntegerType, type))
        )
        super().__init__(
            properties={"value": attribute, "comment": string(comment)},
            result_types=[type],
        )

    def check(self) -> None:
        value = self.value.value.data
        require(math.isfinite(value), f"there is no literal for {value}")  # constant_c1

    def divisor(self, of: Divisor) -> int:
        value = self.value.value.data
        return abs(value) if isinstance(value, int) else 1


@irdl_op_definition
class ConstantOp(_Constant):
    """`value`: no statement of its own, a literal where it is used."""

    name = "ascendc.constant"


@irdl_op_definition
class ConstexprOp(_Constant):
    """`constexpr type result = value;`: a constant with a name."""

    name = "ascendc.constexpr"


@irdl_op_definition
class ArithmeticOp(AscendCOp):
    """
    `const type result = lhs OPERATOR rhs;`, for min and max with `?:`.

    As in C++: div truncates, and results wrap around to the type. Floats have add,
    sub, mul, div, min and max; i1 has and, or and xor; half types have none.
    """

    name = "ascendc.arithmetic"

    T: ClassVar = VarConstraint("T", SCALAR)

    operator = prop_def(ArithmeticAttr)
    lhs = operand_def(T)
    rhs = operand_def(T)
    result = result_def(T)

    traits = traits_def(Pure())
    assembly_format = "$operator $lhs `,` $rhs attr-dict `:` type($result)"

    def __init__(
        self,
        operator: Arithmetic,
        lhs: SSAValue | Operation,
        rhs: SSAValue | Operation,
        comment: str | None = None,
    ):
        lhs = SSAValue.get(lhs)
        super().__init__(
            operands=[lhs, rhs],
            properties={
                "operator": ArithmeticAttr(operator),
                "comment": string(comment),
            },
            result_types=[lhs.type],
        )

    def check(self) -> None:
        operator, type = self.operator.data, self.result.type
        bits = (Arithmetic.AND, Arithmetic.OR, Arithmetic.XOR)
        whole = (Arithmetic.REM, *bits, Arithmetic.SHL, Arithmetic.SHR)
        require(
            type not in FLOATS or type == f32, "half types have no operators"
        )  # arithmetic_c1
        legal = (
            operator in bits
            if type == i1
            else operator not in whole
            if type == f32
            else True
        )
        require(legal, f"{type} has no operator {operator.value}")  # arithmetic_c2
        if operator in (Arithmetic.DIV, Arithmetic.REM):
            require(static_int(self.rhs) != 0, "a division by zero")  # arithmetic_c3
        if operator in (Arithmetic.SHL, Arithmetic.SHR):
            width = type.width.data if isinstance(type, IntegerType) else 64
            require_range(self.rhs, 0, width - 1, "a shift")  # arithmetic_c4

    def divisor(self, of: Divisor) -> int:
        lhs, rhs = of(self.lhs), of(self.rhs)
        match self.operator.data:
            case Arithmetic.ADD | Arithmetic.SUB | Arithmetic.REM:
                return gcd(lhs, rhs)
            case Arithmetic.MIN | Arithmetic.MAX:
                return gcd(lhs, rhs)
            case Arithmetic.MUL:
                return lhs * rhs
            case Arithmetic.DIV:
                return quotient(lhs, self.rhs)
            case _:
                return 1


@irdl_op_definition
class CmpOp(AscendCOp):
    """`const bool result = lhs PREDICATE rhs;`"""

    name = "ascendc.cmp"

    T: ClassVar = VarConstraint("T", SCALAR)

    predicate = prop_def(CmpModeAttr)
    lhs = operand_def(T)
    rhs = operand_def(T)
    result = result_def(eq(i1))

    traits = traits_def(Pure())
    assembly_format = "$predicate $lhs `,` $rhs attr-dict `:` type($lhs)"

    def __init__(
        self,
        predicate: CmpMode,
        lhs: SSAValue | Operation,
        rhs: SSAValue | Operation,
        comment: str | None = None,
    ):
        super().__init__(
            operands=[lhs, rhs],
            properties={
                "predicate": CmpModeAttr(predicate),
                "comment": string(comment),
            },
            result_types=[i1],
        )

    def check(self) -> None:
        type = self.lhs.type
        require(
            type not in FLOATS or type == f32, "half types do not compare"
        )  # cmp_c1


@irdl_op_definition
class ChooseOp(AscendCOp):
    """`const type result = condition ? positive : negative;`"""

    name = "ascendc.choose"

    T: ClassVar = VarConstraint("T", SCALAR)

    condition = operand_def(eq(i1))
    positive = operand_def(T)
    negative = operand_def(T)
    result = result_def(T)

    traits = traits_def(Pure())
    assembly_format = (
        "$condition `,` $positive `,` $negative attr-dict `:` type($result)"
    )

    def __init__(
        self,
        condition: SSAValue | Operation,
        positive: SSAValue | Operation,
        negative: SSAValue | Operation,
        comment: str | None = None,
    ):
        positive = SSAValue.get(positive)
        super().__init__(
            operands=[condition, positive, negative],
            properties={"comment": string(comment)},
            result_types=[positive.type],
        )

    def divisor(self, of: Divisor) -> int:
        return gcd(of(self.positive), of(self.negative))


@irdl_op_definition
class ScalarCastOp(AscendCOp):
    """`const type result = static_cast<type>(input);`: wraps around, or truncates."""

    name = "ascendc.scalar_cast"

    input = operand_def(SCALAR)
    result = result_def(SCALAR)

    traits = traits_def(Pure())
    assembly_format = "$input attr-dict `:` type($input) `to` type($result)"

    def __init__(
        self,
        input: SSAValue | Operation,
        type: Attribute,
        comment: str | None = None,
    ):
        super().__init__(
            operands=[input],
            properties={"comment": string(comment)},
            result_types=[type],
        )

    def check(self) -> None:
        types = (self.input.type, self.result.type)
        require(  # scalar_cast_c1
            not any(isinstance(type, BFloat16Type) for type in types),
            "the scalar unit does not convert bf16",
        )

    def divisor(self, of: Divisor) -> int:
        """A narrower type keeps what divides its range."""
        type = self.result.type
        width = type.width.data if isinstance(type, IntegerType) else 64
        return gcd(of(self.input), 2**width)


@irdl_op_definition
class VariableOp(AscendCOp):
    """`type result = init;`: a scalar that `ascendc.assign` changes."""

    name = "ascendc.variable"

    T: ClassVar = VarConstraint("T", SCALAR)

    init = operand_def(T)
    result = result_def(ParamAttrConstraint(VariableType, (T,)))

    traits = traits_def(AllocatesResult())
    assembly_format = "$init attr-dict `:` type($init)"

    def __init__(self, init: SSAValue | Operation, comment: str | None = None):
        init = SSAValue.get(init)
        super().__init__(
            operands=[init],
            properties={"comment": string(comment)},
            result_types=[VariableType(init.type)],
        )


@irdl_op_definition
class AssignOp(AscendCOp):
    """`variable = value;`"""

    name = "ascendc.assign"
    SETS: ClassVar = ("variable",)

    T: ClassVar = VarConstraint("T", SCALAR)

    variable = operand_def(ParamAttrConstraint(VariableType, (T,)))
    value = operand_def(T)

    assembly_format = "$variable `,` $value attr-dict `:` type($value)"

    def __init__(
        self,
        variable: SSAValue | Operation,
        value: SSAValue | Operation,
        comment: str | None = None,
    ):
        super().__init__(
            operands=[variable, value], properties={"comment": string(comment)}
        )


@irdl_op_definition
class ReadOp(AscendCOp):
    """`const type result = variable;`: what the variable holds at this place."""

    name = "ascendc.read"

    T: ClassVar = VarConstraint("T", SCALAR)

    variable = operand_def(ParamAttrConstraint(VariableType, (T,)))
    result = result_def(T)

    traits = traits_def(MemoryReadEffect())
    assembly_format = "$variable attr-dict `:` type($result)"

    def __init__(self, variable: SSAValue | Operation, comment: str | None = None):
        variable = SSAValue.get(variable)
        super().__init__(
            operands=[variable],
            properties={"comment": string(comment)},
            result_types=[cast(VariableType, variable.type).element],
        )


@irdl_op_definition
class YieldOp(AscendCOp):
    """`expression`: the value of an `ascendc.expression`; no statement of its own."""

    name = "ascendc.yield"

    value = operand_def(SCALAR)

    traits = lazy_traits_def(lambda: (Pure(), IsTerminator(), HasParent(ExpressionOp)))
    assembly_format = "$value attr-dict `:` type($value)"

    def __init__(self, value: SSAValue | Operation):
        super().__init__(operands=[value])


@irdl_op_definition
class ExpressionOp(AscendCOp):
    """
    `const type result = expression;`: scalar operations, each used once by the next, as
    one statement.

    The body computes from values around it and ends in `ascendc.yield`.
    """

    name = "ascendc.expression"

    result = result_def(SCALAR)
    body = region_def("single_block")

    traits = traits_def(Pure())
    assembly_format = "attr-dict-with-keyword `:` type($result) $body"

    def __init__(self, body: Region, type: Attribute, comment: str | None = None):
        super().__init__(
            properties={"comment": string(comment)},
            result_types=[type],
            regions=[body],
        )

    def check(self) -> None:
        last = self.body.block.last_op
        require(  # expression_c1
            isinstance(last, YieldOp) and last.value.type == self.result.type,
            f"an expression ends in an ascendc.yield of {self.result.type}",
        )
        for op in self.body.block.ops:
            require(  # expression_c2
                isinstance(op, TERMS) or op is last,
                f"{op.name} is no part of an expression",
            )
            require(  # expression_c3
                op is last or op.results[0].has_one_use(),
                "what is used more than once has a statement of its own",
            )

    def divisor(self, of: Divisor) -> int:
        last = self.body.block.last_op
        return of(last.value) if isinstance(last, YieldOp) else 1


class _Identity(CallOp, ABC):
    """A question to the core about itself."""

    result = result_def(eq(i64))

    traits = traits_def(Pure())
    assembly_format: ClassVar[str | None] = "attr-dict"

    def __init__(self, comment: str | None = None):
        super().__init__(result=i64, comment=comment)


@irdl_op_definition
class GetBlockIdxOp(_Identity):
    """`GetBlockIdx()`: 0 to n-1 on cube cores; block * 2 + sub-block on vector cores of
    a kernel that mixes both. Page "GetBlockIdx"."""

    name = "ascendc.get_block_idx"
    CPP_NAME: ClassVar = "GetBlockIdx"


@irdl_op_definition
class GetBlockNumOp(_Identity):
    """`GetBlockNum()`: the blocks of the launch. Page "GetBlockNum"."""

    name = "ascendc.get_block_num"
    CPP_NAME: ClassVar = "GetBlockNum"


@irdl_op_definition
class GetSubBlockIdxOp(_Identity):
    """`GetSubBlockIdx()`: 0 on a cube core, 0 or 1 on the vector cores of a block.
    Page "GetSubBlockIdx"."""

    name = "ascendc.get_sub_block_idx"
    CPP_NAME: ClassVar = "GetSubBlockIdx"


@irdl_op_definition
class GetSubBlockNumOp(_Identity):
    """`GetSubBlockNum()`: the vector cores of a block. Page "GetSubBlockNum"."""

    name = "ascendc.get_sub_block_num"
    CPP_NAME: ClassVar = "GetSubBlockNum"


Term: TypeAlias = ArithmeticOp | ChooseOp | CmpOp | ScalarCastOp
TERMS = (ArithmeticOp, ChooseOp, CmpOp, ScalarCastOp)
"""What an expression is made of."""

OPS: Sequence[type[Operation]] = (
    ArithmeticOp,
    AssignOp,
    ChooseOp,
    CmpOp,
    ConstantOp,
    ConstexprOp,
    ExpressionOp,
    GetBlockIdxOp,
    GetBlockNumOp,
    GetSubBlockIdxOp,
    GetSubBlockNumOp,
    ReadOp,
    ScalarCastOp,
    VariableOp,
    YieldOp,
)
