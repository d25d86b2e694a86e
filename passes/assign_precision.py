"""Give every exact real of a `lig` graph a machine type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import BFloat16Type, Float32Type, ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import IRDLOperation
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter
from xdsl.utils.exceptions import PassFailedException

from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.dialects.lig.types import HalfElement, RealType, TensorType
from passes.facts.halves import HalfType, check_matmul_operands, half_type, half_types
from passes.to_npu.unsupported import UnsupportedError

F32 = Float32Type()


@dataclass(frozen=True)
class AssignPrecisionPass(ModulePass):
    """
    Replaces `!lig.real` by machine types; every rounding becomes a `lig.cast`.

    Data that is only moved or selected (gather, mask, relu_grad's gradient) keeps the
    type it has. Arithmetic is done in f32, and so are sums (reduce_sum, scatter_add):
    their operands are widened. The vector unit takes the relu of f16, but has no
    arithmetic on bf16: that is widened too. Two half operands of a matmul stay half.
    Where one is not half, `matmul-operands` decides: `half` rounds it, as the cube unit
    wants; `f32` widens the other one instead.

    Assumes that a function's half arguments are all of one type. Establishes that no
    `!lig.real` is left. Idempotent.
    """

    name = "assign-precision"

    matmul_operands: str = "half"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        check_matmul_operands(self, self.matmul_operands)
        for function in op.ops:
            if isinstance(function, FuncOp) and function.body.blocks:
                _check_interface(function)
                half = _half_of(function) if self.matmul_operands == "half" else None
                _Assigner(half).run(function)


def _check_interface(function: FuncOp) -> None:
    """A caller passes machine numbers, and gets them."""
    types = function.function_type
    for what, of in (("takes", types.inputs), ("returns", types.outputs)):
        for type in of:
            if isinstance(type, TensorType) and isinstance(type.element_type, RealType):
                raise PassFailedException(
                    f"assign-precision: {function.sym_name.data} {what} {type}; exact "
                    "reals have no machine type, put a lig.cast at the interface"
                )


def _half_of(function: FuncOp) -> HalfType | None:
    """The half type of the arguments, if they have one."""
    found = half_types(function)
    if len(found) > 1:
        arguments = {half_type(value): value for value in function.body.block.args}
        first, other, *_ = sorted(found, key=str)
        raise UnsupportedError(
            arguments[other],
            f"inputs of {other} and of {first}; operands of Matmul are rounded to one of "
            "them",
            "declare them all as half",
        )
    return next(iter(found), None)


class _Assigner:
    """Rebuilds the operations over reals behind each other, typed."""

    def __init__(self, half: Attribute | None):
        self._half = half
        self._typed: dict[SSAValue, SSAValue] = {}
        self._at: Operation

    def run(self, function: FuncOp) -> None:
        replaced: list[Operation] = []
        for op in tuple(function.body.block.ops):
            if not isinstance(op, IRDLOperation) or not _is_over_reals(op):
                continue
            self._at = op
            if (build := self._rules().get(type(op))) is None:
                raise PassFailedException(f"assign-precision: no rule for {op.name}")
            new = build(op)
            [old_result] = op.results
            if new.name_hint is None:
                new.name_hint = old_result.name_hint
            if _is_real(old_result):
                self._typed[old_result] = new
            else:
                old_result.replace_all_uses_with(new)
            replaced.append(op)
        for op in reversed(replaced):
            Rewriter.erase_op(op)

    def _rules(self) -> dict[type[Operation], Callable[[Operation], SSAValue]]:
        return {
            lig.CastOp: self._cast,
            lig.ConstantOp: self._constant,
            lig.AddOp: self._arithmetic,
            lig.SubOp: self._arithmetic,
            lig.MulOp: self._arithmetic,
            lig.ReluOp: self._relu,
            lig.ReluGradOp: self._move,
            lig.MaskOp: self._move,
            lig.GatherOp: self._move,
            lig.ReduceSumOp: self._sum,
            lig.ScatterAddOp: self._sum,
            lig.MatmulOp: self._matmul,
        }

    # ---- one rule a kind of operation

    def _cast(self, op: Operation) -> SSAValue:
        assert isinstance(op, lig.CastOp)
        value = self._operand(op.input)
        result = tensor(op.result)
        element = tensor(value).element_type if _is_real(op.result) else result.element
        if tensor(value) == TensorType(result.axes, element):
            return value
        return self._insert(lig.CastOp(value, element, result.axes))

    def _constant(self, op: Operation) -> SSAValue:
        assert isinstance(op, lig.ConstantOp)
        return self._insert(lig.ConstantOp(op.value.value.data, F32))

    def _arithmetic(self, op: Operation) -> SSAValue:
        operands = [self._as(self._operand(value), F32) for value in op.operands]
        return self._rebuild(op, operands, F32)

    def _move(self, op: Operation) -> SSAValue:
        operands = [self._operand(value) for value in op.operands]
        return self._rebuild(op, operands, tensor(operands[0]).element_type)

    def _relu(self, op: Operation) -> SSAValue:
        [value] = map(self._operand, op.operands)
        if isinstance(tensor(value).element_type, BFloat16Type):
            value = self._as(value, F32)
        return self._rebuild(op, [value], tensor(value).element_type)

    def _sum(self, op: Operation) -> SSAValue:
        summed, *rows = map(self._operand, op.operands)
        return self._rebuild(op, [self._as(summed, F32), *rows], F32)

    def _matmul(self, op: Operation) -> SSAValue:
        operands = [self._operand(value) for value in op.operands]
        elements = {tensor(value).element_type for value in operands}
        if len(elements) > 1 or not all(isinstance(e, HalfElement) for e in elements):
            target = self._half or F32
            operands = [self._as(value, target) for value in operands]
        return self._rebuild(op, operands, F32)

    # ---- building

    def _operand(self, value: SSAValue) -> SSAValue:
        return self._typed.get(value, value)

    def _as(self, value: SSAValue, element: Attribute) -> SSAValue:
        if tensor(value).element_type == element:
            return value
        return self._insert(lig.CastOp(value, element))

    def _rebuild(
        self, op: Operation, operands: list[SSAValue], element: Attribute
    ) -> SSAValue:
        [result] = op.results
        properties = dict(op.properties)
        if "accumulate" in properties:
            properties["accumulate"] = F32
        return self._insert(
            type(op).create(
                operands=operands,
                result_types=[tensor(result).with_element(element)],
                properties=properties,
            )
        )

    def _insert(self, op: Operation) -> SSAValue:
        op.location = self._at.location
        Rewriter.insert_op(op, InsertPoint.before(self._at))
        return op.results[0]


def _is_real(value: SSAValue) -> bool:
    type = value.type
    return isinstance(type, TensorType) and isinstance(type.element_type, RealType)


def _is_over_reals(op: Operation) -> bool:
    return any(_is_real(value) for value in (*op.operands, *op.results))
