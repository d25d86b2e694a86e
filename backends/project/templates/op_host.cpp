// @name@ as CANN knows it: its prototype, how shapes and dtypes of the results follow from the inputs,
// and what a launch needs. All checks and all arithmetic are in @kernel@_host.h.
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "@kernel@_host.h"
#include "register/op_def_registry.h"
#include "tiling/platform/platform_ascendc.h"

namespace {

@kernel@_host::Element ElementOf(ge::DataType type)
{
    using @kernel@_host::Element;
    switch (type) {
        case ge::DT_FLOAT16: return Element::Float16;
        case ge::DT_BF16: return Element::BFloat16;
        case ge::DT_FLOAT: return Element::Float32;
        case ge::DT_INT32: return Element::Int32;
        case ge::DT_INT64: return Element::Int64;
        default: return Element::Other;
    }
}

void Take(const gert::Shape& shape, ge::DataType type, @kernel@_host::TensorArgument& argument)
{
    argument.present = true;
    argument.element = ElementOf(type);
    for (size_t i = 0; i < shape.GetDimNum(); ++i) argument.shape.push_back(shape.GetDim(i));
}

void TakeAttributes(const gert::RuntimeAttrs* attributes, @kernel@_host::Arguments& arguments)
{
    if (attributes == nullptr) return;
@take_attributes@
}

}  // namespace

namespace optiling {

static ge::graphStatus Tiling(gert::TilingContext* context)
{
    const auto fail = [context](const char* what) {
        std::fprintf(stderr, "%s: %s\n", context->GetNodeName(), what);
        return ge::GRAPH_FAILED;
    };
    @kernel@_host::Arguments arguments;
@take_inputs@
@take_outputs@
    TakeAttributes(context->GetAttrs(), arguments);
    auto platform = platform_ascendc::PlatformAscendC(context->GetPlatformInfo());
    arguments.cores = platform.GetCoreNumAic();
    arguments.ends_on_device = true;  // what tensors hold is not known here
    arguments.as_vendor = true;
    @kernel@_host::Launch launch;
    std::string message;
    if (@kernel@_host::Prepare(arguments, launch, message) != 0) return fail(message.c_str());
    if (!message.empty()) std::fprintf(stderr, "%s: %s\n", context->GetNodeName(), message.c_str());
    auto* data = context->GetRawTilingData();
    if (data == nullptr || data->GetCapacity() < launch.tiling.size()) return fail("there is no room for the tiling data");
    std::memcpy(data->GetData(), launch.tiling.data(), launch.tiling.size());
    data->SetDataSize(launch.tiling.size());
    size_t* workspace = context->GetWorkspaceSizes(1);
    if (workspace == nullptr) return fail("there is no workspace");
    workspace[0] = static_cast<size_t>(launch.workspace_bytes) + platform.GetLibApiWorkSpaceSize();
    context->SetBlockDim(static_cast<uint32_t>(launch.blocks));
    context->SetTilingKey(static_cast<uint64_t>(launch.tiling_key));
    context->SetScheduleMode(1);  // all blocks at a time: they meet
    return ge::GRAPH_SUCCESS;
}

}  // namespace optiling

namespace ge {

static graphStatus InferShape(gert::InferShapeContext* context)
{
    @kernel@_host::Arguments arguments;
@infer_inputs@
    TakeAttributes(context->GetAttrs(), arguments);
    const std::vector<std::vector<int64_t>> shapes = @kernel@_host::InferShapes(arguments);
    for (size_t i = 0; i < shapes.size(); ++i) {
        gert::Shape* shape = context->GetOutputShape(i);
        if (shape == nullptr) return GRAPH_FAILED;
        shape->SetDimNum(0);
        for (int64_t extent : shapes[i]) shape->AppendDim(extent);
    }
    return GRAPH_SUCCESS;
}

static graphStatus InferDataType(gert::InferDataTypeContext* context)
{
@infer_dtypes@
    return GRAPH_SUCCESS;
}

}  // namespace ge

namespace ops {

class @name@ : public OpDef {
public:
    explicit @name@(const char* name) : OpDef(name)
    {
@definitions@
        this->SetInferShape(ge::InferShape).SetInferDataType(ge::InferDataType);
        this->AICore().SetTiling(optiling::Tiling);
@configs@
    }
};

OP_ADD(@name@);

}  // namespace ops
