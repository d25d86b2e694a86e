"""Makes a case that fails smaller, as long as it fails in the same way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.random_programs.case import Case, Settings
from tests.random_programs.program import (
    Array,
    Axis,
    InvalidError,
    Node,
    Program,
    named,
)

Fails = Callable[[Case], bool]


def shrink(case: Case, fails: Fails, seconds: float) -> Case:
    """The smallest case found in the time given; `fails` says whether one still fails
    in the same way."""
    end = time.monotonic() + seconds
    smaller = True
    while smaller:
        smaller = False
        for candidate in candidates(case):
            if time.monotonic() > end:
                return case
            if candidate != case and is_valid(candidate) and fails(candidate):
                case, smaller = candidate, True
                break
    return case


def is_valid(case: Case) -> bool:
    """Whether it is a case that could have been drawn."""
    try:
        case.program.values()
        return bool(case.program.outputs) and not case.program.untold()
    except InvalidError:
        return False


def candidates(case: Case) -> Iterator[Case]:
    """Smaller cases, those that cut off most first."""
    for program in programs(case.program):
        yield _fitting(case, program)
    yield from _extents(case)
    yield from _settings(case)
    yield from _axes(case)


def programs(program: Program) -> Iterator[Program]:
    """Smaller programs, some of them wrong."""
    for each in program.outputs:
        if len(program.outputs) > 1:
            rest = tuple(o for o in program.outputs if o is not each)
            yield replace(program, outputs=rest).pruned()
    for i, (name, node) in enumerate(program.formulas):
        for smaller in _smaller(node):
            yield _with_formula(program, i, smaller)
        outputs = {each.name for each in program.outputs}
        if name not in outputs:
            yield _as_input(program, name)
            if node.op == "name":
                yield _inlined(program, name, node)
        elif len(program.formulas) > 1:
            yield _last_output(program, i)


def _smaller(node: Node) -> Iterator[Node]:
    """An operand in the place of a node, or of one of those below it."""
    if node.op == "number" and node.number not in (0, 1, 2):
        yield replace(node, number=2.0)
    yield from node.args
    if node.op in ("name", "number"):
        return
    if node.op in ("sub", "mul", "relu_grad", "matmul"):
        yield Node("add", node.args)
    for i, arg in enumerate(node.args):
        for smaller in _smaller(arg):
            yield replace(
                node,
                args=tuple(smaller if i == j else a for j, a in enumerate(node.args)),
            )


def _with_formula(program: Program, at: int, node: Node) -> Program:
    """With another right side; outputs follow where their axes change."""
    formulas = tuple(
        (name, node if i == at else old)
        for i, (name, old) in enumerate(program.formulas)
    )
    return _declared(replace(program, formulas=formulas)).pruned()


def _declared(program: Program) -> Program:
    """With outputs that have the axes of their formulas."""
    free = replace(program, outputs=())
    try:
        values = free.values()
    except InvalidError:
        return program
    outputs: list[Array] = []
    for each in program.outputs:
        axes = values.get(each.name, frozenset())
        if program.axes_of(each) == axes:
            outputs.append(each)
            continue
        units = [axis.name for axis in program.axes if axis.is_unit]
        dims = [d for d in each.dims if d in axes]
        dims += sorted(axes - set(dims)) or ([] if dims else units[:1])
        outputs.append(replace(each, dims=tuple(dims), optional=frozenset()))
    return replace(program, outputs=tuple(outputs))


def _as_input(program: Program, name: str) -> Program:
    """A formula's value is an input instead."""
    try:
        axes = program.values()[name]
    except InvalidError:
        return program
    dims = tuple(sorted(axes)) or tuple(a.name for a in program.axes if a.is_unit)[:1]
    array = Array(name, "half", dims)
    formulas = tuple(f for f in program.formulas if f[0] != name)
    return replace(program, inputs=(*program.inputs, array), formulas=formulas).pruned()


def _inlined(program: Program, name: str, node: Node) -> Program:
    def swapped(each: Node) -> Node:
        if each.op == "name" and each.name == name:
            return node
        return replace(each, args=tuple(map(swapped, each.args)))

    formulas = tuple((n, swapped(e)) for n, e in program.formulas if n != name)
    return replace(program, formulas=formulas).pruned()


def _last_output(program: Program, at: int) -> Program:
    """The value of an output's formula becomes a plain use of what comes before."""
    others = [n for n, _ in program.formulas[:at]]
    return _with_formula(program, at, named(others[-1])) if others else program


def _fitting(case: Case, program: Program) -> Case:
    """The case with another program: what it says of axes that are gone goes."""
    kept = {axis.name for axis in program.axes}
    return replace(
        case,
        program=program,
        extents={k: v for k, v in case.extents.items() if k in kept},
        runs={k: v for k, v in case.runs.items() if k in kept},
        padding={k: v for k, v in case.padding.items() if k in kept},
    )


def _extents(case: Case) -> Iterator[Case]:
    batches = {axis.packs[0] for axis in case.program.axes if axis.packs}
    fixed = {axis.name for axis in case.program.axes if axis.low == axis.high}
    bound = {axis.name for axis in case.program.axes if axis.same_as}
    for name, extent in case.extents.items():
        if name in bound:
            continue
        for less in dict.fromkeys((1, 2, extent // 2, extent - 1)):
            if (name in fixed) < less < extent:  # of one, it would be no axis
                yield _resized(case, name, less, batches)
    if any(case.padding.values()):
        yield replace(case, padding=dict.fromkeys(case.padding, 0))
    for name, runs in case.runs.items():
        for i, run in enumerate(runs):
            for less in dict.fromkeys((0, 1, run // 2)):
                if less < run:
                    changed = (*runs[:i], less, *runs[i + 1 :])
                    yield replace(case, runs={**case.runs, name: changed})


def _resized(case: Case, name: str, extent: int, batches: set[str]) -> Case:
    """With another extent of an axis, and of the declaration if that is fixed."""

    def changed(axis: Axis) -> Axis:
        if axis.name != name or axis.packs or axis.low != axis.high:
            return axis
        return replace(axis, low=extent, high=extent)

    runs = case.runs
    if name in batches:
        runs = {k: v[:extent] for k, v in case.runs.items()}
    program = replace(case.program, axes=tuple(map(changed, case.program.axes)))
    alike = {a.name for a in program.axes if a.same_as == name} | {name}
    extents = {k: extent if k in alike else v for k, v in case.extents.items()}
    return replace(case, program=program, extents=extents, runs=runs)


def _settings(case: Case) -> Iterator[Case]:
    plain = Settings()
    for name in (
        *("deterministic", "cores", "workers", "precision", "dtype", "schedule"),
        *("poison", "style", "mode"),
    ):
        value = getattr(plain, name)
        if getattr(case.settings, name) != value:
            yield replace(case, settings=replace(case.settings, **{name: value}))
    if case.settings.layout == "TND":
        flat = replace(case.settings, layout="BSND")
        yield replace(case, settings=flat, runs={}, padding={})


def _axes(case: Case) -> Iterator[Case]:
    """Plain declarations: dense axes, no modes, halves, no dimensions of one."""
    program = case.program
    for i, axis in enumerate(program.axes):
        if axis.same_as or axis.at_least:
            plain = replace(axis, same_as=None, at_least=None)
            axes = (*program.axes[:i], plain, *program.axes[i + 1 :])
            yield _fitting(case, replace(program, axes=axes).pruned())
    for axis in program.axes:
        if axis.packs and not any(
            other.packs and other.name != axis.name and other.packs[0] == axis.packs[0]
            for other in program.axes
        ):
            yield _unpacked(case, axis)
    for each in program.inputs:
        for plain in _plain(each, program):
            inputs = tuple(plain if e is each else e for e in program.inputs)
            yield _fitting(case, replace(program, inputs=inputs).pruned())
    for each in program.outputs:
        for plain in _plain(each, program):
            outputs = tuple(plain if e is each else e for e in program.outputs)
            yield _fitting(case, replace(program, outputs=outputs).pruned())


def _plain(array: Array, program: Program) -> Iterator[Array]:
    if array.mode:
        yield replace(array, mode=None)
    if array.dtype in ("float32", "fp16", "bf16"):
        yield replace(array, dtype="half")
    units = {axis.name for axis in program.axes if axis.is_unit}
    if units & set(array.dims) and len(array.dims) > 1:
        dims = tuple(dim for dim in array.dims if dim not in units)
        yield replace(array, dims=dims, optional=frozenset())
    if tuple(sorted(array.dims)) != array.dims and not array.selects:
        yield replace(array, dims=tuple(sorted(array.dims)))


def _unpacked(case: Case, axis: Axis) -> Case:
    """A packed axis becomes a dense one."""
    batch, length = axis.packs or ("", "")
    extent = case.extents[batch] * case.extents[length]
    axes = tuple(
        Axis(axis.name, 1, 4096) if each is axis else each for each in case.program.axes
    )
    inputs = tuple(e for e in case.program.inputs if e.ends != axis.name)
    program = replace(case.program, axes=axes, inputs=inputs).pruned()
    changed = _fitting(case, program)
    return replace(changed, extents={**changed.extents, axis.name: max(extent, 1)})
