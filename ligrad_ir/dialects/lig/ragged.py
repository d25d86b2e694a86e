"""The part of the `lig` dialect that makes raggedness explicit: axes that pack runs of
different lengths, how many entries of a token are valid, and which row each one means."""

from __future__ import annotations

from typing import ClassVar, cast

from xdsl.dialects.builtin import (
    I64,
    FlatSymbolRefAttrConstr,
    IntegerAttr,
    StringAttr,
    SymbolNameConstraint,
    SymbolRefAttr,
    UnitAttr,
    i32,
    i64,
)
from xdsl.ir import Operation, SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import Pure, SymbolOpInterface
from xdsl.utils.exceptions import VerifyException

from ligrad_ir.axes import Axes, spell
from ligrad_ir.dialects.lig.types import RowType, TensorType


def tensor(value: SSAValue) -> TensorType:
    """The type of a value known to be a tensor."""
    return cast(TensorType, value.type)


def _int64(value: int) -> IntegerAttr[I64]:
    return IntegerAttr(value, i64)


def _symbol(name: str | None) -> SymbolRefAttr | None:
    return None if name is None else SymbolRefAttr(name)


@irdl_op_definition
class AxisOp(IRDLOperation):
    """
    Declares an axis; its extent is a run-time parameter of the program.

    A dense axis has an extent from `minimum` to `maximum`, and, where `at_least` or
    `at_most` name another axis, within that axis' extent too. A packed axis holds
    `batch` runs of `length` entries one behind the other; `uniform` says that all runs
    are equally long.
    """

    name = "lig.axis"

    sym_name = prop_def(SymbolNameConstraint())
    minimum = opt_prop_def(IntegerAttr[I64])
    maximum = opt_prop_def(IntegerAttr[I64])
    at_least = opt_prop_def(FlatSymbolRefAttrConstr)
    at_most = opt_prop_def(FlatSymbolRefAttrConstr)
    batch = opt_prop_def(FlatSymbolRefAttrConstr)
    length = opt_prop_def(FlatSymbolRefAttrConstr)
    uniform = opt_prop_def(UnitAttr)

    traits = traits_def(SymbolOpInterface())
    irdl_options = (ParsePropInAttrDict(),)

    assembly_format = (
        "$sym_name (`in` $minimum^ `to` $maximum)? (`at_least` $at_least^)? "
        "(`at_most` $at_most^)? (`packs` $batch^ `of` $length)? (`uniform` $uniform^)? "
        "attr-dict"
    )

    def __init__(
        self,
        name: str,
        *,
        minimum: int | None = None,
        maximum: int | None = None,
        at_least: str | None = None,
        at_most: str | None = None,
        batch: str | None = None,
        length: str | None = None,
        uniform: bool = False,
    ):
        super().__init__(
            properties={
                "sym_name": StringAttr(name),
                "minimum": None if minimum is None else _int64(minimum),
                "maximum": None if maximum is None else _int64(maximum),
                "at_least": _symbol(at_least),
                "at_most": _symbol(at_most),
                "batch": _symbol(batch),
                "length": _symbol(length),
                "uniform": UnitAttr() if uniform else None,
            }
        )

    def verify_(self) -> None:
        bounds = [x is not None for x in (self.minimum, self.maximum)]
        runs = [x is not None for x in (self.batch, self.length)]
        if bounds + runs not in (
            [True, True, False, False],
            [False, False, True, True],
        ):
            raise VerifyException(  # axis_c1
                "an axis has bounds (minimum and maximum) or packs runs (batch and "
                "length), one of the two"
            )
        if self.minimum is not None and self.maximum is not None:
            low, high = self.minimum.value.data, self.maximum.value.data
            if not 0 <= low <= high:  # axis_c2
                raise VerifyException(f"the bounds {low} to {high} hold no extent")
        if self.uniform is not None and self.batch is None:  # axis_c3
            raise VerifyException("only an axis that packs runs can be uniform")


def _check_ends(ends: SSAValue, what: str) -> None:
    """A tensor of i32 run ends has one axis (the batch), or none (a single run)."""
    type = tensor(ends)
    if type.element_type != i32 or len(type.axes) > 1:
        raise VerifyException(f"{what} must be i32 over one batch axis or none: {type}")


@irdl_op_definition
class ExtentOp(IRDLOperation):
    """The extent of an axis as a scalar. Result: `[]` i32."""

    name = "lig.extent"

    axis = prop_def(FlatSymbolRefAttrConstr)
    result = result_def(TensorType)

    traits = traits_def(Pure())
    assembly_format = "$axis attr-dict `:` type($result)"

    def __init__(self, axis: str):
        super().__init__(
            properties={"axis": SymbolRefAttr(axis)},
            result_types=[TensorType((), i32)],
        )

    def verify_(self) -> None:
        if tensor(self.result) != TensorType((), i32):  # extent_c1
            raise VerifyException("an extent is a scalar i32")


@irdl_op_definition
class ValidCountOp(IRDLOperation):
    """
    How many entries of each token's row are valid: the first n of them.

    For position s of a token in its run, Sq and Sk the lengths of that run among the
    tokens and among the rows, and K the extent of `entries`: n = K in mode 0, and
    n = clamp(Sk - Sq + s + 1, 0, K) in mode 3 (right-down causal).

    Operands: mode i64; token_ends, row_ends: `[B]` i32 prefix sums, or `[]` for one run.
    Result: `[T]` i32 over the axis `tokens`.
    """

    name = "lig.valid_count"

    tokens = prop_def(FlatSymbolRefAttrConstr)
    entries = prop_def(FlatSymbolRefAttrConstr)
    mode = operand_def(i64)
    token_ends = operand_def(TensorType)
    row_ends = operand_def(TensorType)
    result = result_def(TensorType)

    traits = traits_def(Pure())
    assembly_format = (
        "$mode `tokens` $tokens `ends` $token_ends `rows` $row_ends `entries` $entries "
        "attr-dict `:` functional-type(operands, results)"
    )

    def __init__(
        self,
        mode: SSAValue,
        token_ends: SSAValue,
        row_ends: SSAValue,
        *,
        tokens: str,
        entries: str,
    ):
        super().__init__(
            operands=[mode, token_ends, row_ends],
            properties={
                "tokens": SymbolRefAttr(tokens),
                "entries": SymbolRefAttr(entries),
            },
            result_types=[TensorType((tokens,), i32)],
        )

    def verify_(self) -> None:
        _check_ends(self.token_ends, "the token ends")  # valid_count_c1
        _check_ends(self.row_ends, "the row ends")
        if self.result.type != TensorType(
            (self.tokens.string_value(),), i32
        ):  # valid_count_c2
            raise VerifyException("a count is i32 over the tokens")


@irdl_op_definition
class RunOp(IRDLOperation):
    """
    Which run of rows belongs to each token: that of the token's own batch.

    Operands: token_ends, row_ends: `[B]` i32 prefix sums over the same batch axis.
    Results: start, length: `[T]` i32 over `tokens`; the first row of the run and the
    number of its rows.
    """

    name = "lig.run"

    tokens = prop_def(FlatSymbolRefAttrConstr)
    token_ends = operand_def(TensorType)
    row_ends = operand_def(TensorType)
    start = result_def(TensorType)
    length = result_def(TensorType)

    traits = traits_def(Pure())
    assembly_format = (
        "`tokens` $tokens `ends` $token_ends `rows` $row_ends "
        "attr-dict `:` functional-type(operands, results)"
    )

    def __init__(self, token_ends: SSAValue, row_ends: SSAValue, *, tokens: str):
        result = TensorType((tokens,), i32)
        super().__init__(
            operands=[token_ends, row_ends],
            properties={"tokens": SymbolRefAttr(tokens)},
            result_types=[result, result],
        )

    def verify_(self) -> None:
        _check_ends(self.token_ends, "the token ends")  # run_c1
        _check_ends(self.row_ends, "the row ends")
        if tensor(self.token_ends).axes != tensor(self.row_ends).axes:  # run_c2
            raise VerifyException("tokens and rows are packed by the same batch axis")
        expected = TensorType((self.tokens.string_value(),), i32)
        if self.start.type != expected or self.length.type != expected:  # run_c3
            raise VerifyException("start and length are i32 over the tokens")


@irdl_op_definition
class RowsOp(IRDLOperation):
    """
    Resolves indices to rows of the axis `target`.

    Entry k of a token is absent if k >= count of the token, or if the index is -1; else
    it is the row start + index. An index outside [0, length) among the valid entries is
    an error of the caller: interpreters raise, kernels treat it as absent. What stands
    behind the count is never read as an index.

    Operands: indices i32, its last axis the entries; count (all are valid without it);
    start and length (the whole axis without them): i32 over a subset of the indices'
    other axes. Result: the axes of the indices, `!lig.row<target>`.
    """

    name = "lig.rows"

    indices = operand_def(TensorType)
    count = opt_operand_def(TensorType)
    start = opt_operand_def(TensorType)
    length = opt_operand_def(TensorType)
    result = result_def(TensorType)

    traits = traits_def(Pure())
    irdl_options = (AttrSizedOperandSegments(as_property=True),)
    assembly_format = (
        "$indices (`first` $count^ `:` type($count))? "
        "(`from` $start^ `:` type($start) `length` $length `:` type($length))? "
        "attr-dict `:` type($indices) `to` type($result)"
    )

    TOKEN_OPERANDS: ClassVar[tuple[str, ...]] = ("count", "start", "length")

    def __init__(
        self,
        indices: SSAValue,
        *,
        target: str,
        count: SSAValue | None = None,
        start: SSAValue | None = None,
        length: SSAValue | None = None,
    ):
        super().__init__(
            operands=[indices, count, start, length],
            result_types=[TensorType(tensor(indices).axes, RowType(target))],
        )

    @property
    def target(self) -> str:
        """The axis whose rows are meant."""
        return cast(RowType, tensor(self.result).element_type).axis.data

    def verify_(self) -> None:
        indices, result = tensor(self.indices), tensor(self.result)
        if indices.element_type != i32 or not indices.axes:  # rows_c1
            raise VerifyException(f"indices are i32 with at least one axis: {indices}")
        if result.axes != indices.axes or not isinstance(result.element_type, RowType):
            raise VerifyException(  # rows_c2
                f"the result has the axes {spell(indices.axes)} and a row type: {result}"
            )
        for what in self.TOKEN_OPERANDS:
            value = cast(SSAValue | None, getattr(self, what))
            if value is not None:
                _check_token_operand(what, tensor(value), indices.axes)  # rows_c3
        if (self.start is None) != (self.length is None):  # rows_c4
            raise VerifyException("start and length come together")


def _check_token_operand(what: str, type: TensorType, axes: Axes) -> None:
    if type.element_type != i32 or not set(type.axes) <= set(axes[:-1]):
        raise VerifyException(
            f"the {what} is i32 over axes among {spell(axes[:-1])}: {type}"
        )


OPS: tuple[type[Operation], ...] = (AxisOp, ExtentOp, RowsOp, RunOp, ValidCountOp)
