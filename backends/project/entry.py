"""The kernels of a project: the functions of all variants, and what calls them."""

from __future__ import annotations

from collections.abc import Iterator

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from backends.ascendc.names import cpp_type
from backends.ascendc.printer import print_kernel, print_tiling_struct
from backends.ascendc.reserved import member
from backends.project.templating import lines, render
from backends.project.variants import CANN_DTYPES, KERNEL_FOLDER, Family, Variant
from ligrad_ir.signature import ArrayPort
from passes.outline_kernel import OutlineKernelPass

LAUNCH_FOLDER = "launch"


def kernel_files(family: Family) -> dict[str, str]:
    """The entry, the functions that it calls, and their tiling data."""
    first = family.variants[0]
    files = {
        family.source: _entry(family),
        f"{KERNEL_FOLDER}/{family.header}": print_tiling_struct(first.module),
    }
    if family.ragged:
        vectors = first.soc.vector_cores_per_cube
        files[f"{KERNEL_FOLDER}/{rows_header(family)}"] = render(
            "rows.h", vectors=vectors
        )
    for variant in family.variants:
        files[variant.source] = print_kernel(outlined(variant))
    return files


def launch_files(family: Family) -> dict[str, str]:
    """The same kernels for a direct launch, and how to launch them."""
    includes = [f'#include "../{v.source}"' for v in family.variants]
    if family.ragged:
        includes[:0] = [f'#include "../{KERNEL_FOLDER}/{rows_header(family)}"', ""]
    return {
        f"{LAUNCH_FOLDER}/{family.kernel}_launch.h": render(
            "launch.h",
            name=family.name,
            header=family.header,
            includes=lines(0, includes),
            kernels="\n\n".join(_launched(family, v) for v in family.variants),
        ),
        f"{LAUNCH_FOLDER}/{family.kernel}.asc": render(
            "launch.asc",
            name=family.name,
            kernel=family.kernel,
            struct=family.struct,
            cases=lines(8, _cases(family)),
        ),
    }


def outlined(variant: Variant) -> ModuleOp:
    """The module of a variant with a device function in place of its kernel."""
    module = variant.module.clone()
    OutlineKernelPass(variant.function).apply(Context(), module)
    return module


def rows_header(family: Family) -> str:
    """The file with what runs of unequal length need."""
    return f"{family.kernel}_rows.h"


def _entry(family: Family) -> str:
    return render(
        "entry.cpp",
        name=family.name,
        kernel=family.kernel,
        header=family.header,
        struct=family.struct,
        includes=lines(0, _includes(family)),
        parameters=", ".join(
            f"GM_ADDR {name}"
            for name in (*map(member, _arrays(family)), "workspace", "tiling")
        ),
        calls=lines(0, _dispatch(family)),
    )


def _arrays(family: Family) -> list[str]:
    return [port.name for port in (*family.inputs, *family.outputs)]


def _by_dtype(family: Family) -> Iterator[tuple[str, list[Variant]]]:
    """The variants of each dtype under the line of the preprocessor that selects it."""
    port = family.half_port
    if port is None:
        yield "", list(family.variants)
        return
    for i, element in enumerate(family.elements(port.name)):
        test = f"ORIG_DTYPE_{port.name.upper()} == {CANN_DTYPES[type(element)]}"
        chosen = [v for v in family.variants if family.element_in(port, v) == element]
        yield f"#{'elif' if i else 'if'} {test}", chosen


def _includes(family: Family) -> Iterator[str]:
    if family.ragged:
        yield f'#include "{rows_header(family)}"'
    yield ""
    for test, variants in _by_dtype(family):
        if test:
            yield test
        for variant in variants:
            yield f'#include "{variant.function}.cpp"'
    if family.half_port is not None:
        yield "#endif"


def _dispatch(family: Family) -> Iterator[str]:
    for test, variants in _by_dtype(family):
        if test:
            yield test
        used = {name for variant in variants for name in variant.kernel.arrays}
        for name in _arrays(family):
            if name not in used:
                yield f"    (void){member(name)};"
        for i, variant in enumerate(variants):
            head = "    } else if" if i else "    if"
            yield f"{head} (TILING_KEY_IS({variant.key})) {{"
            yield from (f"        {line}" for line in _call(family, variant))
        yield "    }"
    if family.half_port is not None:
        yield "#endif"


def _call(family: Family, variant: Variant) -> Iterator[str]:
    """Statements that run a variant, with `tiling_data` in reach."""
    arguments = ", ".join((*map(member, variant.kernel.arrays), "workspace"))
    ends = _ends(variant)
    if not ends:
        yield f"{variant.function}({arguments}, tiling_data);"
        return
    yield f"{family.struct} used = tiling_data;"
    for port in ends:
        packed = variant.signature.axes[str(port.ends)]
        axis, batch = member(packed.name), member(str(packed.batch))
        rows = f"tiling_data.{batch}, tiling_data.{axis}"
        yield f"used.{axis} = UsedRows({member(port.name)}, {rows});"
    yield f"{variant.function}({arguments}, used);"
    for output in variant.signature.outputs:
        axes = variant.signature.tensor_type(output).axes
        for port in ends:
            if axes[0] == port.ends:
                others = [f"tiling_data.{member(axis)}" for axis in axes[1:]]
                width = " * ".join(others) or "1"
                axis = member(str(port.ends))
                rows = f"used.{axis}, tiling_data.{axis}"
                type = cpp_type(output.element)
                yield f"ClearRows<{type}>({member(output.name)}, {rows}, {width});"


def _ends(variant: Variant) -> list[ArrayPort]:
    """The run ends that the kernel is passed."""
    arrays = variant.signature.arrays
    return [p for p in arrays if p.ends and p.name in variant.kernel.arrays]


def _launched(family: Family, variant: Variant) -> str:
    arrays = map(member, variant.kernel.arrays)
    parameters = ", ".join(f"GM_ADDR {name}" for name in arrays)
    vectors = variant.soc.vector_cores_per_cube
    head = (
        f"__global__ __mix__(1, {vectors}) __schedmode__(1) void {variant.function}"
        f"_launch({parameters}, GM_ADDR workspace, {family.struct} tiling_data)"
    )
    return "\n".join([head, "{", lines(4, _call(family, variant)), "}"])


def _cases(family: Family) -> Iterator[str]:
    arrays = _arrays(family)
    for variant in family.variants:
        given = [f"at[{arrays.index(name)}]" for name in variant.kernel.arrays]
        yield f"case {variant.key}:"
        yield f"    {variant.function}_launch<<<blocks, 0, stream>>>("
        yield f"        {', '.join(given)}, scratch, tiling);"
        yield "    break;"
