"""The interface of a program: its axes, its inputs and its outputs.

A module states its signature itself, in `lig.axis` operations and in the attributes of
the function's arguments and results; the classes here are the readable form of that.
Layouts are the vendor's: in BSND an array carries a packed axis as two dimensions
(batch, length), in TND as one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast, get_args

from xdsl.dialects.builtin import (
    ArrayAttr,
    BFloat16Type,
    DictionaryAttr,
    Float16Type,
    Float32Type,
    IntegerAttr,
    IntegerType,
    ModuleOp,
    StringAttr,
    SymbolRefAttr,
    i64,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute

from ligrad_ir.dialects.lig.ragged import AxisOp
from ligrad_ir.dialects.lig.types import TensorType
from ligrad_ir.errors import LigradError
from ligrad_ir.spelling import USUAL, Option, Spelling, read_options

Layout = Literal["BSND", "TND"]
Half = Literal["bf16", "fp16"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)
HALF_NAMES: tuple[Half, ...] = get_args(Half)
HALVES: Mapping[Half, Attribute] = {"bf16": BFloat16Type(), "fp16": Float16Type()}
DTYPE_NAMES: Mapping[type[Attribute], str] = {
    BFloat16Type: "bfloat16",
    Float16Type: "float16",
    Float32Type: "float32",
    IntegerType: "int32",
}


@dataclass(frozen=True)
class Axis:
    """A dense axis with bounds on its extent, or one that packs `batch` runs of
    `length` entries each. `uniform`: all runs are equally long (BSND)."""

    name: str
    minimum: int = 0
    maximum: int = 0
    at_least: str | None = None
    at_most: str | None = None
    batch: str | None = None
    length: str | None = None
    uniform: bool = False

    @property
    def is_packed(self) -> bool:
        """Whether the axis packs runs."""
        return self.batch is not None

    @property
    def is_unit(self) -> bool:
        """Whether the extent is always 1, so that formulas can leave the axis out."""
        return not self.is_packed and self.minimum == self.maximum == 1


@dataclass(frozen=True)
class Dim:
    """One dimension of an array; an `optional` one may be left out."""

    axis: str
    optional: bool = False

    def __str__(self) -> str:
        return self.axis + "?" * self.optional


@dataclass(frozen=True)
class ArrayPort:
    """An array that goes in or out.

    ends: the axis whose run ends (prefix sums) it holds; selects: the axis whose rows
    its entries mean.
    """

    name: str
    aliases: tuple[str, ...]
    dims: tuple[Dim, ...]
    element: Attribute
    ends: str | None = None
    selects: str | None = None
    spelling: Spelling = USUAL

    @property
    def dtype_name(self) -> str:
        """The NumPy name of the element type."""
        return DTYPE_NAMES[type(self.element)]


@dataclass(frozen=True)
class ScalarPort:
    """An int64 attribute. equals: the axis whose extent it must state, if given."""

    name: str
    default: int | None = None
    choices: tuple[int, ...] = ()
    equals: str | None = None
    spelling: Spelling = USUAL


Port = ArrayPort | ScalarPort


@dataclass(frozen=True)
class Signature:
    """What a caller must know of a program; inputs in the order of its arguments.

    options: those that an interface spells otherwise.
    """

    name: str
    axes: Mapping[str, Axis]
    inputs: tuple[Port, ...]
    outputs: tuple[ArrayPort, ...]
    options: tuple[Option, ...] = ()

    @property
    def arrays(self) -> tuple[ArrayPort, ...]:
        """The inputs that are arrays."""
        return tuple(port for port in self.inputs if isinstance(port, ArrayPort))

    @property
    def scalars(self) -> tuple[ScalarPort, ...]:
        """The inputs that are attributes."""
        return tuple(port for port in self.inputs if isinstance(port, ScalarPort))

    @property
    def layout(self) -> Layout:
        """BSND where packed axes are uniform, else TND."""
        ragged = any(a.is_packed and not a.uniform for a in self.axes.values())
        return "TND" if ragged else "BSND"

    def longest(self, name: str) -> int:
        """The largest extent that an axis can have."""
        axis = self.axes[name]
        if axis.batch is None or axis.length is None:
            return axis.maximum
        return self.longest(axis.batch) * self.longest(axis.length)

    def tensor_type(self, port: ArrayPort) -> TensorType:
        """The type of the value behind a port: its dimensions less the unit axes."""
        axes = [dim.axis for dim in port.dims if not self.axes[dim.axis].is_unit]
        return TensorType(axes, port.element)


def axis_op(axis: Axis) -> AxisOp:
    """The operation that declares an axis."""
    if axis.is_packed:
        return AxisOp(
            axis.name, batch=axis.batch, length=axis.length, uniform=axis.uniform
        )
    return AxisOp(
        axis.name,
        minimum=axis.minimum,
        maximum=axis.maximum,
        at_least=axis.at_least,
        at_most=axis.at_most,
    )


def port_attributes(port: Port) -> DictionaryAttr:
    """The attributes of the function argument (or result) behind a port."""
    entries: dict[str, Attribute] = {"lig.name": StringAttr(port.name)}
    entries |= port.spelling.entries()
    if isinstance(port, ArrayPort):
        entries["lig.dims"] = ArrayAttr([StringAttr(str(dim)) for dim in port.dims])
        if port.aliases:
            entries["lig.aliases"] = ArrayAttr([StringAttr(a) for a in port.aliases])
        if port.ends is not None:
            entries["lig.ends"] = SymbolRefAttr(port.ends)
        if port.selects is not None:
            entries["lig.selects"] = SymbolRefAttr(port.selects)
    else:
        if port.default is not None:
            entries["lig.default"] = IntegerAttr(port.default, i64)
        if port.choices:
            entries["lig.choices"] = ArrayAttr(
                [IntegerAttr(choice, i64) for choice in port.choices]
            )
        if port.equals is not None:
            entries["lig.equals"] = SymbolRefAttr(port.equals)
    return DictionaryAttr(entries)


def entry_function(module: ModuleOp) -> FuncOp:
    """The one function of a module.

    Raises:
        LigradError: if there is none, or more than one.
    """
    functions = [op for op in module.ops if isinstance(op, FuncOp)]
    if len(functions) != 1:
        raise LigradError(f"a module has one function, this one has {len(functions)}")
    return functions[0]


def signature_of(module: ModuleOp) -> Signature:
    """Read the signature of a module.

    Raises:
        LigradError: if an argument does not say what it is, or names an unknown axis.
    """
    function = entry_function(module)
    ops = [op for op in module.ops if isinstance(op, AxisOp)]
    axes = {op.sym_name.data: _axis(op) for op in ops}
    types = function.function_type
    signature = Signature(
        name=function.sym_name.data,
        axes=axes,
        inputs=tuple(
            _port(entry, type, f"argument {i}")
            for i, (entry, type) in enumerate(
                zip(_entries(function.arg_attrs, len(types.inputs)), types.inputs)
            )
        ),
        outputs=tuple(
            cast(ArrayPort, _port(entry, type, f"result {i}"))
            for i, (entry, type) in enumerate(
                zip(_entries(function.res_attrs, len(types.outputs)), types.outputs)
            )
        ),
        options=read_options(function.attributes.get("lig.options")),
    )
    for port in (*signature.arrays, *signature.outputs):
        if unknown := [dim.axis for dim in port.dims if dim.axis not in axes]:
            raise LigradError(f"{port.name}: the axes {unknown} have no lig.axis")
    return signature


def _axis(op: AxisOp) -> Axis:
    def text(symbol: SymbolRefAttr | None) -> str | None:
        return None if symbol is None else symbol.string_value()

    return Axis(
        name=op.sym_name.data,
        minimum=0 if op.minimum is None else op.minimum.value.data,
        maximum=0 if op.maximum is None else op.maximum.value.data,
        at_least=text(op.at_least),
        at_most=text(op.at_most),
        batch=text(op.batch),
        length=text(op.length),
        uniform=op.uniform is not None,
    )


def _entries(
    attributes: ArrayAttr[DictionaryAttr] | None, count: int
) -> tuple[DictionaryAttr, ...]:
    if attributes is None:
        return (DictionaryAttr({}),) * count
    return attributes.data


def _port(entry: DictionaryAttr, type: Attribute, what: str) -> Port:
    data = entry.data
    if not isinstance(name := data.get("lig.name"), StringAttr):
        raise LigradError(f'{what} has no name: give it {{lig.name = "..."}}')
    spelling = Spelling.read(data)
    if isinstance(type, TensorType):
        dims = _strings(data.get("lig.dims")) or type.axes
        return ArrayPort(
            name=name.data,
            aliases=_strings(data.get("lig.aliases")),
            dims=tuple(Dim(dim.removesuffix("?"), dim.endswith("?")) for dim in dims),
            element=type.element_type,
            ends=_symbol(data.get("lig.ends")),
            selects=_symbol(data.get("lig.selects")),
            spelling=spelling,
        )
    choices = data.get("lig.choices")
    default = data.get("lig.default")
    return ScalarPort(
        name=name.data,
        default=_integer(default) if default is not None else None,
        choices=tuple(_integer(c) for c in cast(ArrayAttr[Attribute], choices))
        if choices is not None
        else (),
        equals=_symbol(data.get("lig.equals")),
        spelling=spelling,
    )


def _integer(attribute: Attribute) -> int:
    return cast(IntegerAttr[IntegerType], attribute).value.data


def _strings(attribute: Attribute | None) -> tuple[str, ...]:
    if not isinstance(attribute, ArrayAttr):
        return ()
    return tuple(item.data for item in cast(ArrayAttr[StringAttr], attribute))


def _symbol(attribute: Attribute | None) -> str | None:
    return attribute.string_value() if isinstance(attribute, SymbolRefAttr) else None
