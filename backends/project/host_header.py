"""The host side of a launch as one C++17 header: checks, variant, tiling data, workspace.

The checks of `templates/host.h` work on tables made of the signature, as those of the
Python API work on the signature itself; the arithmetic is printed from the host functions
of the modules, which `host.py` evaluates.
"""

from __future__ import annotations

from collections.abc import Iterable

from backends.ascendc.printer import print_host_functions
from backends.ascendc.reserved import member
from backends.project.templating import lines, render
from backends.project.variants import CPP_ELEMENTS, Family, Variant
from ligrad_ir.signature import DTYPE_NAMES, ArrayPort, Axis, ScalarPort
from passes.to_ascendc.host import BLOCKS, EXTENT, WORKSPACE


def host_header(family: Family, tiling_header: str | None = None) -> str:
    """The text of `<kernel>_host.h`.

    tiling_header: the file with the tiling struct, as the header includes it; by default
    `../op_kernel/<kernel>_tiling.h`.
    """
    signature = family.variants[0].signature
    axes = list(signature.axes)
    half = family.half_port
    elements = () if half is None else family.elements(half.name)
    names = sorted((DTYPE_NAMES[type(each)] for each in elements), key=len)
    functions = _functions(family)
    return render(
        "host.h",
        name=family.name,
        kernel=family.kernel,
        struct=family.struct,
        tiling_header=tiling_header or f"../op_kernel/{family.header}",
        arguments=lines(4, _arguments(family)),
        layout=family.layouts[0],
        functions="\n".join(
            f"namespace {name} {{\n{text}}}  // namespace {name}\n"
            for text, name in functions.items()
        ),
        variants=lines(8, (_variant(family, v, functions) for v in family.variants)),
        axes=lines(12, (_axis(axis, axes) for axis in signature.axes.values())),
        inputs=lines(12, (_port(family, p, axes) for p in family.inputs)),
        numbers=lines(12, (_number(p, axes) for p in family.scalars)),
        outputs=lines(12, (_port(family, p, axes) for p in family.outputs)),
        packs=_boolean(family.packs),
        half="nullptr" if half is None else f"&arguments.{member(half.name)}",
        half_name="" if half is None else half.name,
        dtypes=" or ".join(names),
        given_inputs=lines(8, map(_given, family.inputs)),
        given_outputs=lines(8, map(_given, family.outputs)),
        given_numbers=", ".join(f"arguments.{member(p.name)}" for p in family.scalars),
        fields=lines(8, _fields(family, axes)),
        arrays=", ".join(f'"{p.name}"' for p in (*family.inputs, *family.outputs)),
    )


def _boolean(value: bool) -> str:
    return "true" if value else "false"


def _arguments(family: Family) -> Iterable[str]:
    for port in (*family.inputs, *family.outputs):
        yield f"TensorArgument {member(port.name)};"
    for port in family.inputs:
        if port.ends is not None:
            yield f"std::vector<int64_t> {member(port.name)}_values;"
    for scalar in family.scalars:
        default = "kNotGiven" if scalar.default is None else scalar.default
        yield f"int64_t {member(scalar.name)} = {default};"


def _functions(family: Family) -> dict[str, str]:
    """The namespace of every text of host functions; most variants share theirs."""
    texts: dict[str, str] = {}
    for variant in family.variants:
        text = print_host_functions(variant.module, locations=False)
        texts.setdefault(text, variant.name)
    return texts


def _variant(family: Family, variant: Variant, functions: dict[str, str]) -> str:
    axes = list(variant.signature.axes)
    text = print_host_functions(variant.module, locations=False)
    program = f"{functions[text]}::{family.name}"
    extents = ", ".join(
        f"{{{axes.index(axis)}, {program}{EXTENT}{axis}}}"
        for axis in variant.kernel.extents()
    )
    defines = " ".join(f"-D{k}={v}" for k, v in variant.defines().items())
    port = family.half_port or family.inputs[0]
    element = CPP_ELEMENTS[type(family.element_in(port, variant))]
    fields = (
        f'"{variant.name}"',
        f'"{family.source}"',
        f'"{family.kernel}"',
        f'"{variant.function}"',
        f'"{defines}"',
        str(variant.key),
        f"Element::{element}",
        f'"{variant.layout}"',
        _boolean(variant.deterministic),
        f"{program}{WORKSPACE}",
        f"{program}{BLOCKS}",
        f"{{{extents}}}",
    )
    return f"{{{', '.join(fields)}}},"


def _position(axes: list[str], name: str | None) -> int:
    return -1 if name is None else axes.index(name)


def _axis(axis: Axis, axes: list[str]) -> str:
    names = (axis.at_least, axis.at_most, axis.batch, axis.length)
    others = ", ".join(str(_position(axes, name)) for name in names)
    uniform = "uniform" if axis.is_packed else "false"
    return f'{{"{axis.name}", {axis.minimum}, {axis.maximum}, {others}, {uniform}}},'


def _port(family: Family, port: ArrayPort, axes: list[str]) -> str:
    varies = len(family.elements(port.name)) > 1
    element = "half" if varies else f"Element::{CPP_ELEMENTS[type(port.element)]}"
    dims = ", ".join(
        f"{{{axes.index(dim.axis)}, {_boolean(dim.optional)}}}" for dim in port.dims
    )
    ends, selects = _position(axes, port.ends), _position(axes, port.selects)
    return f'{{"{port.name}", {element}, {{{dims}}}, {ends}, {selects}}},'


def _number(port: ScalarPort, axes: list[str]) -> str:
    standard = "kNotGiven" if port.default is None else port.default
    choices = ", ".join(map(str, port.choices))
    equals = _position(axes, port.equals)
    return f'{{"{port.name}", {standard}, {{{choices}}}, {equals}}},'


def _given(port: ArrayPort) -> str:
    values = (
        "nullptr" if port.ends is None else f"&arguments.{member(port.name)}_values"
    )
    return f"{{&arguments.{member(port.name)}, {values}}},"


def _fields(family: Family, axes: list[str]) -> Iterable[str]:
    numbers = [port.name for port in family.scalars]
    for name in family.variants[0].kernel.fields:
        if name in numbers:
            yield f"tiling.{member(name)} = numbers[{numbers.index(name)}];"
        else:
            extent = f"extents[{axes.index(name)}]"
            yield f"tiling.{member(name)} = std::max<int64_t>({extent}, 0);"
