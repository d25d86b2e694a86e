"""A graph as several graphs, one for each loop over tokens.

What one loop makes and another one takes is an output of the first graph and an input of
the second one. The graph itself is left as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, ModuleOp, StringAttr
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Region, SSAValue

from ligrad_ir.dialects.lig.names import label_of
from ligrad_ir.dialects.lig.ragged import AxisOp, tensor
from ligrad_ir.signature import Signature, entry_function, signature_of
from passes.facts.extents import upper_bounds
from passes.to_npu.loops import Loop, homes, loops
from passes.to_npu.reach import TOKEN_AXIS


@dataclass(frozen=True)
class Part:
    """The graph of one loop. crossing: by the name of an input or output that the whole
    graph has not, the value that it is there."""

    module: ModuleOp
    crossing: Mapping[str, SSAValue]


def split(module: ModuleOp) -> list[Part]:
    """The graphs of the loops of a graph, in order.

    Raises:
        UnsupportedError: a selection has other axes than tokens and entries.
    """
    function = entry_function(module)
    divided = loops(function, upper_bounds(module))
    made_in = homes(divided)
    last = function.body.block.last_op
    assert isinstance(last, ReturnOp)
    crossing: list[dict[SSAValue, None]] = []
    for loop in divided:
        own = {result for op in loop.ops for result in op.results}
        operands = dict.fromkeys(v for op in loop.ops for v in op.operands)
        crossing.append({v: None for v in operands if v in made_in and v not in own})
    names = _names(crossing, signature_of(module))
    parts: list[Part] = []
    for number, loop in enumerate(divided):
        leaving = [
            i
            for i, value in enumerate(last.arguments)
            if made_in.get(value, len(divided) - 1) == number
        ]
        given = [v for v in names if made_in[v] == number and v not in last.arguments]
        parts.append(_part(module, loop, [*crossing[number]], leaving, given, names))
    return parts


def _names(
    crossing: Sequence[Mapping[SSAValue, None]], signature: Signature
) -> dict[SSAValue, str]:
    """Names for what crosses loops, other than those of the signature."""
    taken = {port.name.casefold() for port in (*signature.inputs, *signature.outputs)}
    names: dict[SSAValue, str] = {}
    for value in (v for values in crossing for v in values if v not in names):
        label, number = f"{label_of(value)}_kept", 2
        while label.casefold() in taken:
            label, number = f"{label_of(value)}_kept_{number}", number + 1
        taken.add(label.casefold())
        names.setdefault(value, label)
    return names


def _part(
    module: ModuleOp,
    loop: Loop,
    taken: Sequence[SSAValue],
    leaving: Sequence[int],
    given: Sequence[SSAValue],
    names: Mapping[SSAValue, str],
) -> Part:
    """The graph of a loop. taken, given: what crosses loops; leaving: the numbers
    of the results of the whole graph that they make."""
    function = entry_function(module)
    old = function.body.block
    block = Block(arg_types=[*old.arg_types, *(v.type for v in taken)])
    mapped: dict[SSAValue, SSAValue] = dict(zip((*old.args, *taken), block.args))
    for before, after in mapped.items():
        after.name_hint = before.name_hint
    block.add_ops([op.clone(mapped) for op in loop.ops])
    last = old.last_op
    assert isinstance(last, ReturnOp)
    results = [*(last.arguments[i] for i in leaving), *given]
    returned = ReturnOp(*(mapped[value] for value in results))
    returned.location = last.location
    block.add_op(returned)
    entries = entries_of(function.res_attrs)
    part = FuncOp(
        function.sym_name.data,
        (list(block.arg_types), [value.type for value in results]),
        Region(block),
        arg_attrs=ArrayAttr(
            [*entries_of(function.arg_attrs), *(_port(v, names[v]) for v in taken)]
        ),
        res_attrs=ArrayAttr(
            [*(entries[i] for i in leaving), *(_port(v, names[v]) for v in given)]
        ),
    )
    part.attributes[TOKEN_AXIS] = StringAttr(loop.token)
    axes = [op.clone() for op in module.ops if isinstance(op, AxisOp)]
    found = {names[value]: value for value in (*taken, *given)}
    return Part(ModuleOp([*axes, part]), found)


def _port(value: SSAValue, name: str) -> DictionaryAttr:
    dims = ArrayAttr([StringAttr(axis) for axis in tensor(value).axes])
    return DictionaryAttr({"lig.name": StringAttr(name), "lig.dims": dims})


def entries_of(
    attributes: ArrayAttr[DictionaryAttr] | None,
) -> tuple[DictionaryAttr, ...]:
    """The attributes of each argument or result of a function."""
    return () if attributes is None else attributes.data
