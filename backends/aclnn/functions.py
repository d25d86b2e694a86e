"""The two functions of an operator, in C++, from its signature: what `aclnnop/` declares.

Phase one hands its arguments to the operator's host header, which checks them and plans
the launch; phase two is the runtime's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from backends.aclnn.library import CORES, HostKernel
from backends.ascendc.reserved import local, member
from backends.project.variants import Family, Variant
from backends.twin.launch import memory_sizes
from ligrad_ir.c_interface import c_attributes, c_name
from ligrad_ir.signature import ScalarPort
from ligrad_ir.spelling import Option

SOURCE = """\
#include "{header}"

#include "{host_header}"
#include "runtime/executor.h"

using namespace ligrad_host;

extern "C" {{
{declarations}
}}

namespace ligrad_host {{
const Chip chip = {{"{soc}", {cube_cores}, {{{sizes}}}, {gm_alignment}, {hbm}}};
}}

namespace {{
const Kernel kernels[] = {{
{kernels}
}};
}}  // namespace

#pragma GCC visibility push(default)
extern "C" {{

aclnnStatus {function}GetWorkspaceSize(
{parameters}
    uint64_t* workspaceSize,
    aclOpExecutor** executor)
{{
    return guarded("{function}GetWorkspaceSize", [&]() -> int {{
        {namespace}::Arguments arguments;
        Call call("{function}", workspaceSize, executor);
{collect}
        arguments.cores = chip.cube_cores;
        arguments.as_vendor = true;
        if (int code = call.check()) return code;
        {namespace}::Launch launch;
        std::string message;
        if (int code = {namespace}::Prepare(arguments, launch, message))
            return fail_with(code, "{function}: " + message);
        if (!message.empty()) Call::warn("{function}: " + message);
{rows}
        Plan plan;
        plan.kernel = &kernels[launch.variant];
        plan.tiling.assign(launch.tiling.begin(), launch.tiling.end());
        plan.tiling_key = static_cast<uint64_t>(launch.tiling_key);
        plan.blocks = launch.blocks;
        plan.workspace_bytes = launch.workspace_bytes;
        plan.arrays = launch.arrays;
        return call.finish(std::move(plan));
    }});
}}

aclnnStatus {function}(
    void* workspace, uint64_t bytes, aclOpExecutor* executor, aclrtStream stream)
{{
    return guarded("{function}", [&] {{
        return run("{function}", workspace, bytes, executor, stream);
    }});
}}
}}
#pragma GCC visibility pop
"""


def operator_source(
    family: Family, kernels: Sequence[HostKernel], header: str, host_header: str
) -> str:
    """The source of the functions.

    kernels: of the variants, in their order. header: the file that declares the
    functions. host_header: the file with the checks.
    """
    soc = family.variants[0].soc
    return SOURCE.format(
        header=header,
        host_header=host_header,
        namespace=f"{family.kernel}_host",
        function=f"aclnn{family.name}",
        declarations="\n".join(_declarations(kernels)),
        soc=soc.name.capitalize(),
        cube_cores=soc.cube_cores,
        sizes=", ".join(map(str, memory_sizes(soc))),
        gm_alignment=soc.gm_alignment,
        hbm=soc.hbm_size,
        kernels="\n".join(map(_kernel, family.variants, kernels)),
        parameters="\n".join(f"    {line}," for line in _parameters(family)),
        collect="\n".join(f"        {line}" for line in _collect(family)),
        rows="\n".join(f"        {line}" for line in _rows(family)),
    )


def _declarations(kernels: Iterable[HostKernel]) -> Iterable[str]:
    for kernel in kernels:
        for core in CORES:
            bind, call = kernel.entries(core)
            yield f"void {bind}(twin::Engine*);"
            yield f"void {call}(void* const*);"


def _kernel(variant: Variant, kernel: HostKernel) -> str:
    binds, calls = zip(*(kernel.entries(core) for core in CORES))
    return f'    {{"{variant.name}", {{{", ".join(binds)}}}, {{{", ".join(calls)}}}}},'


def _parameters(family: Family) -> Iterable[str]:
    yield from (f"const aclTensor* {local(c_name(port))}" for port in family.inputs)
    for each in c_attributes(family.variants[0].signature):
        match each:
            case ScalarPort():
                yield f"int64_t {local(c_name(each))}"
            case Option(name="layout"):
                yield f"char* {local(c_name(each))}"
            case Option():
                yield f"bool {local(c_name(each))}"
    yield from (f"const aclTensor* {local(c_name(port))}" for port in family.outputs)


def _collect(family: Family) -> Iterable[str]:
    for port in (*family.inputs, *family.outputs):
        is_output = "true" if port in family.outputs else "false"
        place = f"arguments.{member(port.name)}"
        value = local(c_name(port))
        yield f'call.tensor("{port.name}", {value}, {is_output}, {place});'
        if port.ends is not None:
            yield f"call.values({place}_values);"
    for each in c_attributes(family.variants[0].signature):
        value = local(c_name(each))
        if isinstance(each, Option) and each.name == "layout":
            value = f'{value} == nullptr ? "" : {value}'
        name = member(each.name) if isinstance(each, ScalarPort) else each.name
        yield f"arguments.{name} = {value};"


def _rows(family: Family) -> Iterable[str]:
    """In TND the rows of an array end with the last run; the others are padding."""
    ends = {port.ends: port for port in family.inputs if port.ends is not None}
    for port in (*family.inputs, *family.outputs):
        runs = ends.get(port.dims[0].axis)
        if runs is not None:
            values = f"arguments.{member(runs.name)}_values"
            yield f'if (!{values}.empty()) call.rows("{port.name}", {values}.back());'
