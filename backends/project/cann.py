"""What CANN wants of a custom operator beside its kernels, from the signature."""

from __future__ import annotations

from collections.abc import Iterator

from xdsl.ir import Attribute

from backends.ascendc.reserved import local, member
from backends.project.host_header import host_header
from backends.project.templating import lines, render
from backends.project.variants import CANN_DTYPES, Family
from ligrad_ir.c_interface import c_attributes, c_name, prototype_name
from ligrad_ir.dialects.npu.types import element_bytes
from ligrad_ir.signature import ArrayPort, ScalarPort
from ligrad_ir.soc import COMPUTE_UNITS
from ligrad_ir.spelling import Option

HOST_FOLDER = "op_host"
NUMBER = "the attribute"


def host_files(family: Family) -> dict[str, str]:
    """Prototype, tiling, C interface, and how to build them."""
    name, kernel = family.name, family.kernel
    units = ";".join(COMPUTE_UNITS)
    return {
        f"{HOST_FOLDER}/{kernel}_host.h": host_header(family),
        f"{HOST_FOLDER}/{kernel}.cpp": _operator(family),
        aclnn_path(family): aclnn_header(family),
        "CMakeLists.txt": render("CMakeLists.txt", name=name, kernel=kernel),
        "CMakePresets.json": render("CMakePresets.json", name=name, units=units),
        "build.sh": render("build.sh"),
        f"{HOST_FOLDER}/CMakeLists.txt": render("CMakeLists_host.txt", kernel=kernel),
        "op_kernel/CMakeLists.txt": render(
            "CMakeLists_kernel.txt", name=name, kernel=kernel
        ),
        f"examples/{kernel}.cpp": _example(family),
    }


def aclnn_path(family: Family) -> str:
    """The header of the C interface, in the directory of the project."""
    return f"include/aclnnop/aclnn_{family.kernel}.h"


def aclnn_header(family: Family) -> str:
    """The prototypes of the two phases, as the vendor writes them."""
    tensors = [f"const aclTensor *{local(c_name(p))}," for p in family.inputs]
    results = [f"const aclTensor *{local(c_name(p))}," for p in family.outputs]
    attributes = [_c_parameter(each) for each in _attributes(family)]
    return render(
        "aclnn.h",
        name=family.name,
        guard=family.kernel.upper(),
        parameters=lines(4, [*tensors, *attributes, *results]),
    )


def _attributes(family: Family) -> tuple[ScalarPort | Option, ...]:
    return c_attributes(family.variants[0].signature)


def _c_parameter(attribute: ScalarPort | Option) -> str:
    name = local(c_name(attribute))
    match attribute:
        case Option(name="layout"):
            return f"char *{name},"
        case Option():
            return f"bool {name},"
        case ScalarPort():
            return f"int64_t {name},"


# ---- the prototype, and what is called by it


def _operator(family: Family) -> str:
    return render(
        "op_host.cpp",
        name=family.name,
        kernel=family.kernel,
        take_attributes=lines(4, _take_attributes(family)),
        take_inputs=lines(4, _take_inputs(family, "Tiling")),
        take_outputs=lines(4, _take_outputs(family)),
        infer_inputs=lines(4, _take_inputs(family, "Infer")),
        infer_dtypes=lines(4, _infer_dtypes(family)),
        definitions=lines(8, _definitions(family)),
        configs=lines(8, (f'this->AICore().AddConfig("{u}");' for u in COMPUTE_UNITS)),
    )


def _take_attributes(family: Family) -> Iterator[str]:
    for i, each in enumerate(_attributes(family)):
        match each:
            case Option(name="layout"):
                yield f"if (const char* value = attributes->GetStr({i})) {{"
                yield "    arguments.layout = value;"
                yield "}"
            case Option():
                yield f"if (const bool* value = attributes->GetBool({i})) {{"
                yield "    arguments.deterministic = *value;"
                yield "}"
            case ScalarPort():
                yield f"if (const int64_t* value = attributes->GetInt({i})) {{"
                yield f"    arguments.{member(each.name)} = *value;"
                yield "}"


def _take_inputs(family: Family, phase: str) -> Iterator[str]:
    """Inputs are counted as they are given, optional ones as they are declared."""
    yield "size_t given = 0;"
    for i, port in enumerate(family.inputs):
        storage = "->GetStorageShape()" if phase == "Tiling" else ""
        kind = "gert::StorageShape" if phase == "Tiling" else "gert::Shape"
        dtype = "desc->GetDataType()" if phase == "Tiling" else "ge::DT_UNDEFINED"
        optional = family.optional(port)
        of, at = ("Optional", str(i)) if optional else ("", "given")
        yield f"if (const {kind}* shape = context->Get{of}InputShape({at})) {{"
        if phase == "Tiling":
            yield f"    const auto* desc = context->Get{of}InputDesc({at});"
            yield f'    if (desc == nullptr) return fail("{port.name} has no dtype");'
        shape = f"shape{storage}" if storage else "*shape"
        yield f"    Take({shape}, {dtype}, arguments.{member(port.name)});"
        yield "    ++given;"
        yield "}"


def _take_outputs(family: Family) -> Iterator[str]:
    for i, port in enumerate(family.outputs):
        yield f"if (const gert::StorageShape* shape = context->GetOutputShape({i})) {{"
        yield f"    const auto* desc = context->GetOutputDesc({i});"
        yield f'    if (desc == nullptr) return fail("{port.name} has no dtype");'
        yield (
            "    Take(shape->GetStorageShape(), desc->GetDataType(), "
            f"arguments.{member(port.name)});"
        )
        yield "}"


def _infer_dtypes(family: Family) -> Iterator[str]:
    half = family.half_port
    for i, port in enumerate(family.outputs):
        if len(family.elements(port.name)) > 1 and half is not None:
            dtype = f"context->GetInputDataType({family.inputs.index(half)})"
        else:
            dtype = f"DT_{CANN_DTYPES[type(port.element)].removeprefix('DT_')}"
        yield f"context->SetOutputDataType({i}, {dtype});"


def _definitions(family: Family) -> Iterator[str]:
    for kind, ports in (("Input", family.inputs), ("Output", family.outputs)):
        for port in ports:
            needed = "OPTIONAL" if family.optional(port) else "REQUIRED"
            dtypes = [f"ge::{CANN_DTYPES[type(e)]}" for e in _dtypes(family, port)]
            formats = ["ge::FORMAT_ND"] * len(dtypes)
            yield f'this->{kind}("{prototype_name(port)}")'
            yield f"    .ParamType({needed})"
            yield f"    .DataType({{{', '.join(dtypes)}}})"
            yield f"    .Format({{{', '.join(formats)}}})"
            yield f"    .UnknownShapeFormat({{{', '.join(formats)}}})"
            yield "    .AutoContiguous();"
    for each in _attributes(family):
        match each:
            case Option(name="layout"):
                needed, value = "OPTIONAL", f'String("{family.layouts[0]}")'
            case Option():
                needed, value = "OPTIONAL", "Bool(false)"
            case ScalarPort(default=None):
                needed, value = "REQUIRED", "Int()"
            case ScalarPort():
                needed, value = "OPTIONAL", f"Int({each.default})"
        yield f'this->Attr("{prototype_name(each)}").AttrType({needed}).{value};'


def _dtypes(family: Family, port: ArrayPort) -> list[Attribute]:
    """The dtype of a port in each combination that the operator serves."""
    half = family.half_port
    if half is None:
        return [port.element]
    found: dict[Attribute, Attribute] = {}
    for variant in family.variants:
        found[family.element_in(half, variant)] = family.element_in(port, variant)
    return list(found.values())


# ---- an example program


def _example(family: Family) -> str:
    signature = family.variants[0].signature
    given = [p for p in family.inputs if p.name in family.variants[0].kernel.arrays]
    arrays = [*given, *family.outputs]
    extents = {
        name: 1 if axis.at_least is None else 0 for name, axis in signature.axes.items()
    }
    for name, axis in signature.axes.items():
        extents[name] = max(axis.minimum, min(axis.maximum, 16)) or 1
    for axis in signature.axes.values():
        if axis.is_packed and axis.batch and axis.length:
            extents[axis.name] = extents[axis.batch] * extents[axis.length]
    made: list[str] = []
    for port in arrays:
        shape: list[int] = []
        for dim in port.dims:
            axis = signature.axes[dim.axis]
            if axis.uniform and axis.batch and axis.length:
                shape += [extents[axis.batch], extents[axis.length]]
            elif not dim.optional:
                shape.append(extents[axis.name])
        dtype = CANN_DTYPES[type(port.element)].replace("DT_", "ACL_")
        size = element_bytes(port.element)
        extent = ", ".join(map(str, shape))
        made.append(f"Array {local(c_name(port))}{{{{{extent}}}, {dtype}, {size}}};")
    arguments = [
        f"{local(c_name(p))}.tensor" if p in given else "nullptr" for p in family.inputs
    ]
    for each in _attributes(family):
        match each:
            case Option(name="layout"):
                arguments.append("layout")
            case Option():
                arguments.append(str(family.variants[0].deterministic).lower())
            case ScalarPort(equals=str() as axis):
                arguments.append(str(extents[axis]))
            case ScalarPort():
                arguments.append(str(each.default or 0))
    arguments += [f"{local(c_name(p))}.tensor" for p in family.outputs]
    return render(
        "example.cpp",
        name=family.name,
        kernel=family.kernel,
        layout=family.layouts[0],
        arrays=lines(4, made),
        all=", ".join(f"&{local(c_name(p))}" for p in arrays),
        results=", ".join(f"&{local(c_name(p))}" for p in family.outputs),
        arguments=", ".join(arguments),
    )
