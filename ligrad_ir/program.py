"""The rules of a program: what a module of the level `lig` is, beside well-formed, if it
can be run or lowered. They are those of docs/spec.md, under the same labels."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import cast

from xdsl.dialects.builtin import (
    ArrayAttr,
    DictionaryAttr,
    Float32Type,
    IntegerAttr,
    IntegerType,
    ModuleOp,
    StringAttr,
    SymbolRefAttr,
    i32,
    i64,
)
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute, Operation

from ligrad_ir.axes import spell
from ligrad_ir.dialects.lig.ragged import AxisOp
from ligrad_ir.dialects.lig.types import HalfElement, RowType, TensorType
from ligrad_ir.errors import IrError, LigradError
from ligrad_ir.places import complaint
from ligrad_ir.program_rows import wrong_selection
from ligrad_ir.signature import (
    ArrayPort,
    Axis,
    Port,
    ScalarPort,
    Signature,
    entry_function,
    signature_of,
)

Wrong = tuple[Operation, str]
"""An operation, and which rule it breaks."""


def check_program(module: ModuleOp) -> Signature:
    """Check the rules of a program on a module that is well-formed; gives its signature.

    Raises:
        IrError: naming the first operation that breaks one, its place and the rule.
    """
    _refuse(_wrong_module(module))
    function = entry_function(module)
    _refuse(_wrong_attributes(function))
    try:
        signature = signature_of(module)
    except LigradError as error:
        raise IrError(complaint(function, str(error))) from error
    _refuse((function, reason) for reason in _wrong_names(function, signature))
    _refuse(_wrong_axes(module, signature.axes))
    _refuse((function, reason) for reason in _wrong_ports(function, signature))
    _refuse(_wrong_body(function, signature))
    return signature


def _refuse(found: Iterator[Wrong]) -> None:
    for op, reason in found:
        raise IrError(complaint(op, reason))


def _wrong_module(module: ModuleOp) -> Iterator[Wrong]:
    functions: list[FuncOp] = []
    for op in module.ops:
        if isinstance(op, FuncOp):
            functions.append(op)
        elif not isinstance(op, AxisOp):  # program_p1
            yield op, "a program is axes (lig.axis) and one function"
    if len(functions) != 1:  # program_p1
        second = functions[1] if functions else module
        yield second, f"a program has one function, this one has {len(functions)}"
    for function in functions:
        if len(function.body.blocks) != 1:  # program_p1
            yield function, "the function of a program has a body of one block"


# ---- what the function says of its arguments and results


def _is_text(attribute: Attribute) -> bool:
    return isinstance(attribute, StringAttr)


def _is_texts(attribute: Attribute) -> bool:
    return isinstance(attribute, ArrayAttr) and all(
        _is_text(item) for item in cast(ArrayAttr[Attribute], attribute)
    )


def _is_symbol(attribute: Attribute) -> bool:
    return isinstance(attribute, SymbolRefAttr) and not attribute.nested_references.data


def _is_number(attribute: Attribute) -> bool:
    return (
        isinstance(attribute, IntegerAttr)
        and cast(IntegerAttr[IntegerType], attribute).type == i64
    )


def _is_numbers(attribute: Attribute) -> bool:
    return isinstance(attribute, ArrayAttr) and all(
        _is_number(item) for item in cast(ArrayAttr[Attribute], attribute)
    )


_ARRAYS, _SCALARS = (TensorType,), (IntegerType,)
_ATTRIBUTES: Mapping[
    str, tuple[tuple[type[Attribute], ...], Callable[[Attribute], bool], str]
] = {
    "lig.name": (_ARRAYS + _SCALARS, _is_text, "a string"),
    "lig.parameter": (_ARRAYS + _SCALARS, _is_text, "a string"),
    "lig.prototype": (_ARRAYS + _SCALARS, _is_text, "a string"),
    "lig.dims": (_ARRAYS, _is_texts, "a list of strings"),
    "lig.aliases": (_ARRAYS, _is_texts, "a list of strings"),
    "lig.ends": (_ARRAYS, _is_symbol, "the symbol of an axis"),
    "lig.selects": (_ARRAYS, _is_symbol, "the symbol of an axis"),
    "lig.default": (_SCALARS, _is_number, "a number of type i64"),
    "lig.choices": (_SCALARS, _is_numbers, "a list of numbers of type i64"),
    "lig.equals": (_SCALARS, _is_symbol, "the symbol of an axis"),
}
"""On which types an attribute stands, and what it is."""


def _wrong_attributes(function: FuncOp) -> Iterator[Wrong]:
    types = function.function_type
    for what, listed, values in (
        ("argument", function.arg_attrs, types.inputs.data),
        ("result", function.res_attrs, types.outputs.data),
    ):
        entries = (DictionaryAttr({}),) * len(values) if listed is None else listed.data
        if len(entries) != len(values):  # program_p2
            yield function, f"{len(entries)} {what}s have attributes, not {len(values)}"
            return
        for i, (entry, type) in enumerate(zip(entries, values)):
            if not isinstance(type, TensorType) and (type != i64 or what == "result"):
                yield function, f"{what} {i} is {type}, no tensor"  # program_p2
            for name, value in entry.data.items():
                reason = _wrong_attribute(name, value, type)
                if reason is not None:  # program_p2
                    yield function, f"{what} {i}: {reason}"


def _wrong_attribute(name: str, value: Attribute, type: Attribute) -> str | None:
    if name not in _ATTRIBUTES:
        unknown = name.startswith("lig.")
        known = ", ".join(_ATTRIBUTES)
        return f"there is no attribute {name}; there are: {known}" if unknown else None
    kinds, is_right, expected = _ATTRIBUTES[name]
    if not isinstance(type, kinds):
        return f"{name} means nothing for {type}"
    return None if is_right(value) else f"{name} is {value}, must be {expected}"


# ---- names

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _wrong_names(function: FuncOp, signature: Signature) -> Iterator[str]:
    taken: set[str] = set()
    for port in (*signature.inputs, *signature.outputs):
        aliases = port.aliases if isinstance(port, ArrayPort) else ()
        for name in (port.name, *aliases):
            if name.lower() in taken:  # program_p4
                yield f"the name {name!r} is taken"
            taken.add(name.lower())
    for name in (function.sym_name.data, *signature.axes, *sorted(taken)):
        if not _IDENTIFIER.fullmatch(name):  # program_p4
            yield f"the name {name!r} is no identifier: letters, digits and _"


# ---- axes


def _wrong_axes(module: ModuleOp, axes: Mapping[str, Axis]) -> Iterator[Wrong]:
    for op in module.ops:
        if not isinstance(op, AxisOp):
            continue
        axis = axes[op.sym_name.data]
        for name in filter(
            None, (axis.at_least, axis.at_most, axis.batch, axis.length)
        ):
            if name not in axes:  # program_p3
                yield op, _no_axis(name, axes)
            elif axes[name].is_packed:  # program_p3
                yield op, f"{name} packs runs itself, it is no part or bound of an axis"


def _no_axis(name: str, axes: Mapping[str, Axis]) -> str:
    return f"there is no axis {name}; there are: {', '.join(axes)}"


# ---- arguments and results


def _wrong_ports(function: FuncOp, signature: Signature) -> Iterator[str]:
    for port in signature.inputs:
        if isinstance(port, ScalarPort):
            yield from _wrong_scalar(port, signature.axes)
    types = function.function_type
    for port, type in zip(signature.inputs, types.inputs):
        if isinstance(port, ArrayPort):
            yield from _wrong_array(port, cast(TensorType, type), signature)
            yield from _wrong_input(port, signature.axes)
    for port, type in zip(signature.outputs, types.outputs):
        yield from _wrong_array(port, cast(TensorType, type), signature)
        if not isinstance(port.element, Float32Type | HalfElement):  # program_p6
            yield f"{port.name} is of {port.element}; results are bf16, f16 or f32"
        if port.ends or port.selects:  # program_p6
            yield f"{port.name} is a result; only arguments have lig.ends or lig.selects"
    yield from _wrong_runs(signature)


def _wrong_scalar(port: ScalarPort, axes: Mapping[str, Axis]) -> Iterator[str]:
    if port.choices and port.default is not None and port.default not in port.choices:
        listed = list(port.choices)  # program_p4
        yield f"{port.name}: the default {port.default} is none of {listed}"
    if port.equals is not None and port.equals not in axes:  # program_p3
        yield f"{port.name}: {_no_axis(port.equals, axes)}"


def _wrong_array(
    port: ArrayPort, type: TensorType, signature: Signature
) -> Iterator[str]:
    names = [dim.axis for dim in port.dims]
    if len(set(names)) < len(names):  # program_p5
        yield f"{port.name}: an axis occurs twice in lig.dims"
        return
    held = signature.tensor_type(port).axes
    if held != type.axes:  # program_p5
        yield (
            f"{port.name} has the dimensions {spell(held)} (beside those that are always "
            f"1), but the axes {spell(type.axes)}"
        )
    for dim in port.dims:
        if dim.optional and not signature.axes[dim.axis].is_unit:  # program_p5
            yield f"{port.name}: only an axis of extent 1 can be left out, not {dim}"


def _wrong_input(port: ArrayPort, axes: Mapping[str, Axis]) -> Iterator[str]:
    roles = [role for role in (port.ends, port.selects) if role is not None]
    for role in roles:
        if role not in axes:  # program_p3
            yield f"{port.name}: {_no_axis(role, axes)}"
            return
    if port.element == i32:
        if len(roles) != 1:  # program_p6
            yield (
                f"{port.name} is i32: it has lig.selects (row numbers) or lig.ends "
                "(prefix sums of run lengths), one of the two"
            )
    elif not isinstance(port.element, Float32Type | HalfElement):  # program_p6
        yield f"{port.name} is of {port.element}; arguments are bf16, f16, f32 or i32"
    elif roles:  # program_p6
        yield f"{port.name} is of {port.element}; row numbers and run ends are i32"
    if port.ends is not None and not axes[port.ends].is_packed:  # program_p7
        yield f"{port.name}: {port.ends} packs no runs, so it has no ends"


def _wrong_runs(signature: Signature) -> Iterator[str]:
    for axis in signature.axes.values():
        if not axis.is_packed:
            continue
        ports = [port for port in signature.arrays if port.ends == axis.name]
        if len(ports) != 1:  # program_p7
            yield (
                f"{len(ports)} arguments hold the ends of {axis.name}, one must: "
                f"lig.ends = @{axis.name} on an i32 array with the axis {axis.batch}"
            )
            continue
        held = [dim.axis for dim in ports[0].dims]
        if held != [axis.batch]:  # program_p7
            yield (
                f"{ports[0].name}: the ends of {axis.name} have the one axis "
                f"{axis.batch}, not {spell(tuple(held))}"
            )


# ---- the body


def _wrong_body(function: FuncOp, signature: Signature) -> Iterator[Wrong]:
    ports: dict[str, Port] = {port.name: port for port in signature.inputs}
    for op in function.body.walk():
        is_lig = op.name.startswith("lig.") and not isinstance(op, AxisOp)
        if not is_lig and not isinstance(op, ReturnOp):
            yield op, "the body of a program is lig operations on tensors"  # program_p8
        for name in _named_axes(op):
            if name not in signature.axes:  # program_p3
                yield op, _no_axis(name, signature.axes)
        if (reason := wrong_selection(op, ports, signature.axes)) is not None:
            yield op, reason


def _named_axes(op: Operation) -> Iterator[str]:
    """The axes of the results, and those that properties mean."""
    for value in op.results:
        if isinstance(value.type, TensorType):
            yield from value.type.axes
            if isinstance(value.type.element_type, RowType):
                yield value.type.element_type.axis.data
    for attribute in op.properties.values():
        if isinstance(attribute, SymbolRefAttr):
            yield attribute.string_value()
