"""Syntax tree to IR: `lig` operations over exact reals, one function a program."""

from __future__ import annotations

from collections.abc import Iterator

from xdsl.builder import Builder
from xdsl.dialects.builtin import (
    ArrayAttr,
    FileLineColLoc,
    ModuleOp,
    UnknownLoc,
    i64,
)
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.rewriter import InsertPoint

from ligrad_ir.dialects.lig import ops as lig
from ligrad_ir.dialects.lig.ragged import ExtentOp, RowsOp, RunOp, ValidCountOp, tensor
from ligrad_ir.dialects.lig.types import RealType
from ligrad_ir.dsl import syntax
from ligrad_ir.dsl.declare import Declarations
from ligrad_ir.dsl.declare_axes import AxisTable
from ligrad_ir.dsl.diagnostics import Diagnostics
from ligrad_ir.dsl.emit import location_of
from ligrad_ir.dsl.formulas import Formulas, Scope
from ligrad_ir.dsl.parse import parse
from ligrad_ir.dsl.spellings import Spellings
from ligrad_ir.dsl.syntax import fold
from ligrad_ir.lengths import missing_extents, no_extent
from ligrad_ir.signature import (
    ArrayPort,
    Half,
    Layout,
    Signature,
    axis_op,
    port_attributes,
)
from ligrad_ir.spelling import options_attribute


def module_from_text(
    text: str, filename: str = "<string>", *, dtype: Half = "bf16", layout: Layout
) -> ModuleOp:
    """Parse and lower a `.lig` text.

    Raises:
        DslError: with one message for every mistake that could be told apart.
    """
    return lower(parse(text, filename), dtype=dtype, layout=layout)


def lower(program: syntax.Program, *, dtype: Half, layout: Layout) -> ModuleOp:
    """The module of a program: `lig.axis` declarations and one function.

    `dtype` binds the generic `half`; `layout` says how arrays carry packed axes. Float
    inputs are cast to `!lig.real`, results back to the declared type.

    Raises:
        DslError: with one message for every mistake that could be told apart.
    """
    diagnostics = Diagnostics(program.text, program.filename)
    declarations = _declare(program, diagnostics, dtype, layout)
    spellings = Spellings(program.statements, diagnostics)
    diagnostics.raise_if_any()
    signature = spellings.applied(declarations.signature())
    _require_ends(program, signature, diagnostics)
    _require_extents(program, signature, diagnostics)

    block = Block(
        arg_types=[
            signature.tensor_type(port) if isinstance(port, ArrayPort) else i64
            for port in signature.inputs
        ]
    )
    declared = _places(program, syntax.Input, syntax.Attribute)
    for port, value in zip(signature.inputs, block.args):
        value.name_hint = port.name
        value.location = declared[fold(port.name)]
    builder = Builder(InsertPoint.at_end(block))
    scope = _bind_inputs(program, signature, declarations.modes, block, builder)
    definitions = [s for s in program.statements if isinstance(s, syntax.Formula)]
    names = [each.name for each in definitions]
    formulas = Formulas(scope, signature, builder, diagnostics, program.filename, names)
    for definition in definitions:
        formulas.define(definition)
    results = _results(program, signature, formulas, builder)
    diagnostics.raise_if_any()
    builder.insert(ReturnOp(*results))
    return _module(program, signature, block)


def _declare(
    program: syntax.Program, diagnostics: Diagnostics, dtype: Half, layout: Layout
) -> Declarations:
    names = [s for s in program.statements if isinstance(s, syntax.Operator)]
    if not names:
        diagnostics.error_at("the text has no line 'operator NAME'", 1, 1)
    for extra in names[1:]:
        diagnostics.error("a text describes one operator, this is another", extra.name)
    axes = AxisTable(program.statements, diagnostics, layout)
    name = str(names[0].name) if names else ""
    if any(fold(axis) == fold(name) for axis in axes.axes):
        diagnostics.error(
            f"there is an axis {name!r} too; give one of them another name",
            names[0].name,
        )
    declarations = Declarations(axes, diagnostics, dtype, name)
    for statement in program.statements:
        if isinstance(statement, syntax.Attribute):
            declarations.attribute(statement)
    for statement in program.statements:
        match statement:
            case syntax.Input():
                declarations.input(statement)
            case syntax.Output():
                declarations.output(statement)
            case _:
                pass
    if not any(isinstance(s, syntax.Output) for s in program.statements):
        diagnostics.error_at("the text declares no output", 1, 1)
    return declarations


def _require_ends(
    program: syntax.Program, signature: Signature, diagnostics: Diagnostics
) -> None:
    have = {port.ends for port in signature.arrays}
    for node in program.statements:
        if isinstance(node, syntax.PackedAxis) and node.name not in have:
            diagnostics.error(
                f"the packed axis {node.name} needs an input with its run ends: "
                f"input NAME : int32[{node.batch}] ends {node.name}",
                node.name,
            )


def _require_extents(
    program: syntax.Program, signature: Signature, diagnostics: Diagnostics
) -> None:
    axes = {str(s.name): s for s in program.statements if isinstance(s, syntax.Axis)}
    taken = {fold(name) for name in _names(program)}
    for name in missing_extents(signature):
        attribute = f"num_{name.lower()}"
        while attribute in taken:
            attribute += "_"
        diagnostics.error(
            f"{no_extent(name)}: attribute {attribute} : int64 = {name}",
            axes[name].name,
        )


def _names(program: syntax.Program) -> Iterator[str]:
    """The names of all values that a program declares or computes."""
    for statement in program.statements:
        match statement:
            case syntax.Input() | syntax.Output():
                yield from (statement.name, *statement.aliases.names)
            case syntax.Attribute() | syntax.Formula():
                yield statement.name
            case _:
                pass


def _places(
    program: syntax.Program, *kinds: type[syntax.Statement]
) -> dict[str, FileLineColLoc]:
    """Where the statements of some kinds stand, by folded name."""
    return {
        fold(statement.name): location_of(statement.name, program.filename)
        for statement in program.statements
        if isinstance(statement, kinds)
    }


def _bind_inputs(
    program: syntax.Program,
    signature: Signature,
    modes: dict[str, str],
    block: Block,
    builder: Builder,
) -> Scope:
    """Name every input; floats as exact reals, indices as rows."""
    scope, places = Scope(), _places(program, syntax.Input)
    arguments = dict(zip((port.name for port in signature.inputs), block.args))
    ends: dict[str, SSAValue] = {
        port.ends: arguments[port.name] for port in signature.arrays if port.ends
    }
    for port in signature.arrays:
        value: SSAValue = arguments[port.name]
        if port.selects is not None:
            mode = modes.get(fold(port.name))
            rows = _resolve(
                value, port, signature, ends, arguments[mode] if mode else None, builder
            )
            rows.name_hint = f"{port.name}_rows"
            scope.selections[tensor(rows).axes[-1]] = rows
            value = rows
        elif port.ends is None:
            value = builder.insert(lig.CastOp(value, RealType())).result
            value.name_hint = port.name
        for op in block.ops:
            if isinstance(op.location, UnknownLoc):
                op.location = places[fold(port.name)]
        for name in (port.name, *port.aliases):
            scope.values[fold(name)] = value
    return scope


def _resolve(
    indices: SSAValue,
    port: ArrayPort,
    signature: Signature,
    ends: dict[str, SSAValue],
    mode: SSAValue | None,
    builder: Builder,
) -> SSAValue:
    """Make explicit which entries are valid and which row each of them means."""

    def ends_of(axis: str) -> SSAValue:
        if axis in ends:
            return ends[axis]
        return builder.insert(ExtentOp(axis)).result

    assert port.selects is not None
    target = signature.axes[port.selects]
    axes = tensor(indices).axes
    count, start, length = None, None, None
    if mode is not None:
        op = ValidCountOp(
            mode,
            ends_of(axes[0]),
            ends_of(target.name),
            tokens=axes[0],
            entries=axes[1],
        )
        count = builder.insert(op).result
        count.name_hint = "count"
    if target.is_packed:
        [tokens] = [a for a in axes if signature.axes[a].batch == target.batch]
        run = builder.insert(
            RunOp(ends_of(tokens), ends_of(target.name), tokens=tokens)
        )
        start, length = run.start, run.length
        start.name_hint, length.name_hint = "start", "length"
    rows = RowsOp(indices, target=target.name, count=count, start=start, length=length)
    return builder.insert(rows).result


def _results(
    program: syntax.Program,
    signature: Signature,
    formulas: Formulas,
    builder: Builder,
) -> list[SSAValue]:
    results: list[SSAValue] = []
    declared = {
        fold(s.name): s.name for s in program.statements if isinstance(s, syntax.Output)
    }
    for port in signature.outputs:
        place = declared[fold(port.name)]
        if (value := formulas.output(port, place)) is not None:
            cast = builder.insert(
                lig.CastOp(value, port.element, signature.tensor_type(port).axes)
            )
            if isinstance(value.owner, Operation):
                cast.location = value.owner.location
            cast.result.name_hint = port.name
            results.append(cast.result)
    return results


def _module(program: syntax.Program, signature: Signature, block: Block) -> ModuleOp:
    types: list[Attribute] = [signature.tensor_type(port) for port in signature.outputs]
    function = FuncOp(
        signature.name,
        (list(block.arg_types), types),
        Region(block),
        arg_attrs=ArrayAttr([port_attributes(port) for port in signature.inputs]),
        res_attrs=ArrayAttr([port_attributes(port) for port in signature.outputs]),
    )
    if signature.options:
        function.attributes["lig.options"] = options_attribute(signature.options)
    places = _places(program, syntax.Axis, syntax.PackedAxis)
    axes = [axis_op(axis) for axis in signature.axes.values()]
    for op in axes:
        op.location = places[fold(op.sym_name.data)]
    return ModuleOp([*axes, function])
