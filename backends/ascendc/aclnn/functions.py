"""The two functions of an operator, in C++, from its signature: what `aclnnop/` declares.

Phase one hands its arguments to the operator's host header, which checks them and plans
the launch; phase two is the runtime's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from backends.ascendc.aclnn.library import CORES, HostKernel
from backends.ascendc.aclnn.proto import function_name, parameters
from backends.ascendc.twin.launch import memory_sizes
from backends.ascendc.variants import Family, Variant
from ligrad_ir.soc import Soc

SOURCE = """\
#include "aclnnop/{header}"

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
{parameters})
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

aclnnStatus {function}(void* workspace, uint64_t workspaceSize, aclOpExecutor* executor, aclrtStream stream)
{{
    return guarded("{function}", [&] {{ return run("{function}", workspace, workspaceSize, executor, stream); }});
}}
}}
#pragma GCC visibility pop
"""


def operator_source(
    family: Family, kernels: Sequence[HostKernel], soc: Soc, header: str
) -> str:
    """The source of the functions.

    kernels: of the variants, in their order. header: the file in `aclnnop/` that declares
    the functions.
    """
    return SOURCE.format(
        header=header,
        host_header=f"op_host/{family.kernel}_host.h",
        namespace=f"{family.kernel}_host",
        function=function_name(family),
        declarations="\n".join(_declarations(kernels)),
        soc=soc.name.capitalize(),
        cube_cores=soc.cube_cores,
        sizes=", ".join(map(str, memory_sizes(soc))),
        gm_alignment=soc.gm_alignment,
        hbm=soc.hbm_size,
        kernels="\n".join(map(_kernel, family.variants, kernels)),
        parameters=",\n".join(_parameters(family)),
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
    return (
        f'    {{"{variant.suffix}", {{{", ".join(binds)}}}, {{{", ".join(calls)}}}}},'
    )


def _parameters(family: Family) -> Iterable[str]:
    for each in parameters(family):
        yield f"    {each.ctype}{each.name}"
    yield "    uint64_t *workspaceSize"
    yield "    aclOpExecutor **executor"


def _collect(family: Family) -> Iterable[str]:
    outputs = {port.name for port in family.outputs}
    arrays = {port.name: port for port in (*family.inputs, *family.outputs)}
    for each in parameters(family):
        if (port := arrays.get(each.port)) is None:
            null = f'{each.name} == nullptr ? "" : {each.name}'
            value = f"({null})" if each.ctype.startswith("char") else each.name
            yield f"arguments.{each.port} = {value};"
            continue
        is_output = "true" if each.port in outputs else "false"
        place = f"arguments.{each.port}"
        yield f'call.tensor("{each.port}", {each.name}, {is_output}, {place});'
        if port.ends is not None:
            yield f"call.values({place}_values);"


def _rows(family: Family) -> Iterable[str]:
    """In TND the rows of an array end with the last run; the others are padding."""
    ends = {port.ends: port for port in family.inputs if port.ends is not None}
    for port in (*family.inputs, *family.outputs):
        runs = ends.get(port.dims[0].axis)
        if runs is not None:
            values = f"arguments.{runs.name}_values"
            yield f'if (!{values}.empty()) call.rows("{port.name}", {values}.back());'
