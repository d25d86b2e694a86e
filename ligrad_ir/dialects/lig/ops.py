"""The `lig` dialect: a graph of tensor operations over named axes.

Every operation is pure. Nothing is implicit: an operation takes the element types that
it names, and `lig.cast` is the only one that rounds. Over `!lig.real` a graph means exact
arithmetic; the pass `assign-precision` gives every value a machine type. The constraints
are those of `docs/spec.md`, under the same labels.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable, Sequence
from typing import ClassVar, cast

from xdsl.dialects.builtin import (
    FlatSymbolRefAttrConstr,
    Float32Type,
    Float64Type,
    FloatAttr,
    SymbolRefAttr,
    f64,
)
from xdsl.ir import Attribute, Dialect, Operation, SSAValue
from xdsl.irdl import (
    AnyAttr,
    BaseAttr,
    IRDLOperation,
    VarConstraint,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.pattern_rewriter import RewritePattern
from xdsl.traits import HasCanonicalizationPatternsTrait, Pure
from xdsl.utils.exceptions import VerifyException

from ligrad_ir import axes
from ligrad_ir.axes import Axes, AxesError
from ligrad_ir.dialects.lig import blocks as lig_blocks
from ligrad_ir.dialects.lig import ragged as lig_ragged
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.dialects.lig.types import FloatElement, RealType, RowType, TensorType


def row_axis(rows: SSAValue) -> str:
    """The axis whose rows a tensor of row numbers means."""
    return cast(RowType, tensor(rows).element_type).axis.data


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise VerifyException(message)


def _require_axes(result: SSAValue, expected: Callable[[], Axes]) -> None:
    try:
        axes.check_same(tensor(result).axes, expected())
    except AxesError as error:
        raise VerifyException(str(error)) from error


def _require_float(*values: SSAValue) -> None:
    for value in values:
        _require(
            isinstance(tensor(value).element_type, FloatElement),
            f"the element type must be a float or !lig.real, not {value.type}",
        )


def _require_same_element(*values: SSAValue) -> None:
    elements = [tensor(value).element_type for value in values]
    _require(
        len(set(elements)) == 1,
        f"the element types differ ({', '.join(str(e) for e in elements)}); "
        "a lig.cast makes them equal",
    )


def _require_rows(rows: SSAValue) -> None:
    _require(
        isinstance(tensor(rows).element_type, RowType),
        f"row numbers have an element type !lig.row<AXIS>, not {rows.type}",
    )


def _require_accumulator(accumulate: Attribute, result: SSAValue) -> None:
    _require(
        isinstance(accumulate, Float32Type | RealType),
        f"sums are accumulated in f32 (or !lig.real), not {accumulate}",
    )
    _require(
        tensor(result).element_type == accumulate,
        f"the result of an accumulation in {accumulate} has that element type; "
        "a lig.cast behind it rounds",
    )


class _CanonicalPatterns(HasCanonicalizationPatternsTrait):
    @classmethod
    def get_canonicalization_patterns(cls) -> tuple[RewritePattern, ...]:
        from ligrad_ir.dialects.lig.canonicalize import PATTERNS

        return PATTERNS


class LigOp(IRDLOperation, ABC):
    """Base of the tensor operations: no effects, one result."""

    result = result_def(TensorType)
    traits = traits_def(Pure(), _CanonicalPatterns())


@irdl_op_definition
class ConstantOp(LigOp):
    """A number. Result: `[]`, any float type; the value is rounded to it."""

    name = "lig.constant"

    value = prop_def(FloatAttr[Float64Type])
    assembly_format = "$value attr-dict `:` type($result)"

    def __init__(self, value: float, element: Attribute):
        super().__init__(
            properties={"value": FloatAttr(value, f64)},
            result_types=[TensorType((), element)],
        )

    def verify_(self) -> None:
        _require_float(self.result)  # constant_c1
        _require_axes(self.result, lambda: ())  # constant_c2


@irdl_op_definition
class CastOp(LigOp):
    """
    result = input, rounded to nearest even where the new type is narrower.

    The result has the axes of the input, in any order.
    """

    name = "lig.cast"

    input = operand_def(TensorType)
    assembly_format = "$input attr-dict `:` type($input) `to` type($result)"

    def __init__(self, input: SSAValue, element: Attribute, result: Axes | None = None):
        if result is None:
            result = tensor(input).axes
        super().__init__(operands=[input], result_types=[TensorType(result, element)])

    def verify_(self) -> None:
        _require_float(self.input, self.result)  # cast_c1
        _require_axes(self.result, lambda: tensor(self.input).axes)  # cast_c2


class _BinaryOp(LigOp, ABC):
    """Elementwise over the union of the operands' axes."""

    lhs = operand_def(TensorType)
    rhs = operand_def(TensorType)
    assembly_format = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)"

    def __init__(self, lhs: SSAValue, rhs: SSAValue, result: Axes | None = None):
        if result is None:
            result = axes.broadcast(tensor(lhs).axes, tensor(rhs).axes)
        super().__init__(
            operands=[lhs, rhs],
            result_types=[TensorType(result, tensor(lhs).element_type)],
        )

    def verify_(self) -> None:
        _require_float(self.lhs)  # elementwise_c1
        _require_same_element(self.lhs, self.rhs, self.result)  # elementwise_c2
        _require_axes(  # elementwise_c3
            self.result,
            lambda: axes.broadcast(tensor(self.lhs).axes, tensor(self.rhs).axes),
        )


@irdl_op_definition
class AddOp(_BinaryOp):
    """result = lhs + rhs"""

    name = "lig.add"


@irdl_op_definition
class SubOp(_BinaryOp):
    """result = lhs - rhs"""

    name = "lig.sub"


@irdl_op_definition
class MulOp(_BinaryOp):
    """result = lhs * rhs"""

    name = "lig.mul"


@irdl_op_definition
class ReluOp(LigOp):
    """result = max(input, 0); NaN stays NaN."""

    name = "lig.relu"

    T: ClassVar = VarConstraint("T", BaseAttr(TensorType))

    input = operand_def(T)
    result = result_def(T)
    assembly_format = "$input attr-dict `:` type($input)"

    def __init__(self, input: SSAValue):
        super().__init__(operands=[input], result_types=[input.type])

    def verify_(self) -> None:
        _require_float(self.input)  # relu_c1


@irdl_op_definition
class ReluGradOp(LigOp):
    """
    result = gradient where output > 0, else 0 (0 at output = 0, and where it is NaN).

    gradient: the derivative by the relu's output; output: what the relu gave (its
    element type is free: only the sign matters). Result: the union of the axes.
    """

    name = "lig.relu_grad"

    gradient = operand_def(TensorType)
    output = operand_def(TensorType)
    assembly_format = (
        "$gradient `,` $output attr-dict `:` functional-type(operands, results)"
    )

    def __init__(
        self, gradient: SSAValue, output: SSAValue, result: Axes | None = None
    ):
        if result is None:
            result = axes.broadcast(tensor(gradient).axes, tensor(output).axes)
        super().__init__(
            operands=[gradient, output],
            result_types=[TensorType(result, tensor(gradient).element_type)],
        )

    def verify_(self) -> None:
        _require_float(self.gradient, self.output)  # relu_grad_c1
        _require_same_element(self.gradient, self.result)  # relu_grad_c2
        _require_axes(  # relu_grad_c3
            self.result,
            lambda: axes.broadcast(
                tensor(self.gradient).axes, tensor(self.output).axes
            ),
        )


@irdl_op_definition
class MaskOp(LigOp):
    """
    result = input where `rows` holds a row, 0 where it is absent.

    The axes of rows are among those of input, which the result keeps.
    """

    name = "lig.mask"

    T: ClassVar = VarConstraint("T", BaseAttr(TensorType))

    input = operand_def(T)
    rows = operand_def(TensorType)
    result = result_def(T)
    assembly_format = "$input `,` $rows attr-dict `:` type($input) `,` type($rows)"

    def __init__(self, input: SSAValue, rows: SSAValue):
        super().__init__(operands=[input, rows], result_types=[input.type])

    def verify_(self) -> None:
        _require_float(self.input)  # mask_c1
        _require_rows(self.rows)  # mask_c2
        missing = set(tensor(self.rows).axes) - set(tensor(self.input).axes)
        _require(  # mask_c3
            not missing, f"the input lacks the axes {sorted(missing)} of the rows"
        )


@irdl_op_definition
class GatherOp(LigOp):
    """
    result[rows' axes, ..] = source[row, ..], or 0 where the row is absent.

    source: has the axis N that rows refers to, e.g. `[N, D]`; rows: `!lig.row<N>`, e.g.
    `[T, K]`. Result: source's axes with N replaced by those of rows, e.g. `[T, K, D]`.
    """

    name = "lig.gather"

    source = operand_def(TensorType)
    rows = operand_def(TensorType)
    assembly_format = (
        "$source `[` $rows `]` attr-dict `:` functional-type(operands, results)"
    )

    def __init__(self, source: SSAValue, rows: SSAValue):
        result = axes.gather(tensor(source).axes, tensor(rows).axes, row_axis(rows))
        super().__init__(
            operands=[source, rows],
            result_types=[TensorType(result, tensor(source).element_type)],
        )

    def verify_(self) -> None:
        _require_float(self.source)  # gather_c1
        _require_rows(self.rows)  # gather_c2
        _require_same_element(self.source, self.result)  # gather_c3
        _require_axes(  # gather_c4
            self.result,
            lambda: axes.gather(
                tensor(self.source).axes, tensor(self.rows).axes, row_axis(self.rows)
            ),
        )


@irdl_op_definition
class ScatterAddOp(LigOp):
    """
    result[row, ..] = the sum of all updates whose row it is; 0 for a row without any.

    updates: has the axes of rows, e.g. `[T, K, D]`; rows: `!lig.row<N>`, e.g. `[T, K]`.
    Absent rows add nothing, repeated rows add up. Result: N and the other axes of the
    updates, e.g. `[N, D]`, accumulated in `accumulate`.
    """

    name = "lig.scatter_add"

    accumulate = prop_def(AnyAttr())
    updates = operand_def(TensorType)
    rows = operand_def(TensorType)
    assembly_format = (
        "$updates `[` $rows `]` `acc` $accumulate "
        "attr-dict `:` functional-type(operands, results)"
    )

    def __init__(self, updates: SSAValue, rows: SSAValue, accumulate: Attribute):
        result = axes.scatter(tensor(updates).axes, tensor(rows).axes, row_axis(rows))
        super().__init__(
            operands=[updates, rows],
            properties={"accumulate": accumulate},
            result_types=[TensorType(result, accumulate)],
        )

    def verify_(self) -> None:
        _require_float(self.updates)  # scatter_add_c1
        _require_rows(self.rows)  # scatter_add_c2
        _require_accumulator(self.accumulate, self.result)  # scatter_add_c3
        _require_axes(  # scatter_add_c4
            self.result,
            lambda: axes.scatter(
                tensor(self.updates).axes, tensor(self.rows).axes, row_axis(self.rows)
            ),
        )


@irdl_op_definition
class MatmulOp(LigOp):
    """
    result = the sum over the axis `over` of lhs * rhs.

    Shared axes other than `over` are batch axes. Products are exact for half operands
    and rounded to f32 for f32 ones; the sum is accumulated in `accumulate`, in any order.
    """

    name = "lig.matmul"

    over = prop_def(FlatSymbolRefAttrConstr)
    accumulate = prop_def(AnyAttr())
    lhs = operand_def(TensorType)
    rhs = operand_def(TensorType)
    assembly_format = (
        "$lhs `,` $rhs `over` $over `acc` $accumulate "
        "attr-dict `:` functional-type(operands, results)"
    )

    def __init__(self, lhs: SSAValue, rhs: SSAValue, over: str, accumulate: Attribute):
        result = axes.matmul(tensor(lhs).axes, tensor(rhs).axes, over)
        super().__init__(
            operands=[lhs, rhs],
            properties={"over": SymbolRefAttr(over), "accumulate": accumulate},
            result_types=[TensorType(result, accumulate)],
        )

    def verify_(self) -> None:
        _require_float(self.lhs)  # matmul_c1
        _require_same_element(self.lhs, self.rhs)  # matmul_c2
        _require_accumulator(self.accumulate, self.result)  # matmul_c3
        _require_axes(  # matmul_c4
            self.result,
            lambda: axes.matmul(
                tensor(self.lhs).axes, tensor(self.rhs).axes, self.over.string_value()
            ),
        )


@irdl_op_definition
class ReduceSumOp(LigOp):
    """result = the sum of input over the axis `over`, accumulated in `accumulate`."""

    name = "lig.reduce_sum"

    over = prop_def(FlatSymbolRefAttrConstr)
    accumulate = prop_def(AnyAttr())
    input = operand_def(TensorType)
    assembly_format = (
        "$input `over` $over `acc` $accumulate "
        "attr-dict `:` functional-type(operands, results)"
    )

    def __init__(self, input: SSAValue, over: str, accumulate: Attribute):
        result = axes.without(tensor(input).axes, over)
        super().__init__(
            operands=[input],
            properties={"over": SymbolRefAttr(over), "accumulate": accumulate},
            result_types=[TensorType(result, accumulate)],
        )

    def verify_(self) -> None:
        _require_float(self.input)  # reduce_sum_c1
        _require_accumulator(self.accumulate, self.result)  # reduce_sum_c2
        _require_axes(  # reduce_sum_c3
            self.result,
            lambda: axes.without(tensor(self.input).axes, self.over.string_value()),
        )


OPS: Sequence[type[Operation]] = (
    AddOp,
    CastOp,
    ConstantOp,
    GatherOp,
    MaskOp,
    MatmulOp,
    MulOp,
    ReduceSumOp,
    ReluGradOp,
    ReluOp,
    ScatterAddOp,
    SubOp,
)

Lig = Dialect(
    "lig", [*OPS, *lig_blocks.OPS, *lig_ragged.OPS], [RealType, RowType, TensorType]
)
