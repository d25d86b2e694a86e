"""The launches of the parts of a graph, one behind the other, as one.

What crosses loops lies in a workspace, unless it is an output of the graph. Between the
loops all cores meet, so that what one loop makes is there for the next one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, ModuleOp, StringAttr
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from ligrad_ir.dialects.lig.ragged import tensor
from ligrad_ir.dialects.npu.launch import LaunchOp, SyncAllOp, WorkspaceOp
from ligrad_ir.signature import ArrayPort, Signature, entry_function, signature_of
from passes.to_npu.builder import BodyBuilder
from passes.to_npu.parts import Part, entries_of
from passes.to_npu.storage import total_elements

KIND, NAME = "npu.kind", "npu.name"
Key = tuple[str, str]
"""The kind and the name of a parameter."""


def join(module: ModuleOp, parts: Sequence[Part]) -> None:
    """Put one launch that does what those of the parts do in the place of the graph."""
    signature, source = signature_of(module), entry_function(module)
    functions = [entry_function(part.module) for part in parts]
    block = Block()
    known, attributes = _parameters(block, signature, functions, parts)
    crossing = {v: name for part in parts for name, v in part.crossing.items()}
    kept = _kept(block, source, signature, known, crossing)
    labels = set(crossing.values())
    bodies, soc = (Block(), Block()), ""
    for function, part in zip(functions, parts):
        _rename_workspaces(function, labels)
        for argument, key in zip(function.body.block.args, _keys(function)):
            crosses = key[1] in part.crossing
            argument.replace_all_uses_with(kept[key[1]] if crosses else known[key])
        [*ahead, launch, _] = function.body.block.ops
        assert isinstance(launch, LaunchOp)
        _move(ahead, block)
        _append(launch, bodies)
        soc = launch.soc.data
    regions = [Region(body) for body in bodies]
    joined = LaunchOp(soc, known["blocks", "blocks"], *regions)
    block.add_ops([joined, ReturnOp()])
    types, entries = list(block.arg_types), ArrayAttr(attributes)
    made = FuncOp(signature.name, (types, []), Region(block), arg_attrs=entries)
    parent = source.parent_block()
    assert parent is not None
    parent.insert_op_before(made, source)
    source.detach()


def _kept(
    block: Block,
    source: FuncOp,
    signature: Signature,
    known: Mapping[Key, SSAValue],
    crossing: Mapping[SSAValue, str],
) -> dict[str, SSAValue]:
    """Where values lie that cross loops, by their name."""
    b = BodyBuilder(block)
    extents = {name: v for (kind, name), v in known.items() if kind == "extent"}
    last = source.body.block.last_op
    assert isinstance(last, ReturnOp)
    outputs = dict(zip(last.arguments, signature.outputs))
    found: dict[str, SSAValue] = {}
    for value, name in crossing.items():
        if value in outputs:
            found[name] = known["output", outputs[value].name]
            continue
        elements = total_elements(b, signature, extents, tensor(value).axes)
        made = WorkspaceOp(name, b.index(elements), tensor(value).element_type)
        found[name] = b.value(made)
        found[name].name_hint = name
    return found


def _append(launch: LaunchOp, bodies: tuple[Block, Block]) -> None:
    """Move what a launch does behind what the bodies of both cores do already, with a
    meeting of all cores between, if there is none."""
    _, vector = bodies
    meets = vector.last_op is not None and not isinstance(vector.last_op, SyncAllOp)
    for body, region in zip(bodies, (launch.cube, launch.vector)):
        if meets:
            body.add_op(SyncAllOp())
        _move(tuple(region.block.ops), body)


def _move(ops: Sequence[Operation], block: Block) -> None:
    for op in ops:
        op.detach()
        block.add_op(op)


def _keys(function: FuncOp) -> list[Key]:
    found: list[Key] = []
    for entry in entries_of(function.arg_attrs):
        kind, name = entry.data[KIND], entry.data[NAME]
        assert isinstance(kind, StringAttr)
        assert isinstance(name, StringAttr)
        found.append((kind.data, name.data))
    return found


def _parameters(
    block: Block,
    signature: Signature,
    functions: Sequence[FuncOp],
    parts: Sequence[Part],
) -> tuple[dict[Key, SSAValue], list[DictionaryAttr]]:
    """The parameters of all parts, each once: inputs and outputs in the order of the
    signature, extents, and the attributes that some part uses."""
    found: dict[Key, tuple[Attribute, DictionaryAttr]] = {}
    for function, part in zip(functions, parts):
        entries = entries_of(function.arg_attrs)
        types = function.function_type.inputs
        for key, type, entry in zip(_keys(function), types, entries):
            if key[1] not in part.crossing:
                found.setdefault(key, (type, entry))
    order = [("input", p.name) for p in signature.inputs if isinstance(p, ArrayPort)]
    order += [("output", port.name) for port in signature.outputs]
    order += [key for key in found if key[0] in ("extent", "blocks")]
    order += [("attribute", port.name) for port in signature.scalars]
    known: dict[Key, SSAValue] = {}
    attributes: list[DictionaryAttr] = []
    for key in (key for key in order if key in found):
        type, entry = found[key]
        known[key] = block.insert_arg(type, len(block.args))
        known[key].name_hint = key[1]
        attributes.append(entry)
    return known, attributes


def _rename_workspaces(function: FuncOp, taken: set[str]) -> None:
    """Labels of workspaces that no other loop has."""
    for op in function.body.block.ops:
        if isinstance(op, WorkspaceOp):
            label, number = op.label.data, 2
            while label in taken:
                label, number = f"{op.label.data}_{number}", number + 1
            taken.add(label)
            op.properties["label"] = StringAttr(label)
            op.result.name_hint = label
