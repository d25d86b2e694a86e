// Stands in for CANN's header of the same name: as much of the public interface of operator prototypes, tiling contexts
// and inference as the emitted host code uses, with state that a test can fill and look at.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <map>
#include <string>
#include <vector>

namespace ge {
using graphStatus = uint32_t;
constexpr graphStatus GRAPH_SUCCESS = 0;
constexpr graphStatus GRAPH_FAILED = 0xFFFFFFFF;
enum DataType { DT_FLOAT = 0, DT_FLOAT16 = 1, DT_INT32 = 3, DT_INT64 = 9, DT_BF16 = 27, DT_UNDEFINED = 28 };
enum Format { FORMAT_ND = 2 };
}  // namespace ge

namespace fe {
struct PlatFormInfos {
    uint32_t cores = 24;
};
}  // namespace fe

namespace gert {

class Shape {
public:
    Shape() = default;
    Shape(std::initializer_list<int64_t> dims) : dims_(dims) {}
    size_t GetDimNum() const { return dims_.size(); }
    int64_t GetDim(size_t i) const { return dims_[i]; }
    void SetDimNum(size_t count) { dims_.resize(count); }
    Shape& AppendDim(int64_t extent) { dims_.push_back(extent); return *this; }

private:
    std::vector<int64_t> dims_;
};

class StorageShape {
public:
    explicit StorageShape(Shape shape) : shape_(shape) {}
    const Shape& GetStorageShape() const { return shape_; }

private:
    Shape shape_;
};

class CompileTimeTensorDesc {
public:
    explicit CompileTimeTensorDesc(ge::DataType type) : type_(type) {}
    ge::DataType GetDataType() const { return type_; }

private:
    ge::DataType type_;
};

class RuntimeAttrs {
public:
    const int64_t* GetInt(size_t i) const { return Find(numbers, i); }
    const bool* GetBool(size_t i) const { return Find(flags, i); }
    const char* GetStr(size_t i) const
    {
        const std::string* text = Find(texts, i);
        return text == nullptr ? nullptr : text->c_str();
    }

    std::map<size_t, int64_t> numbers;
    std::map<size_t, bool> flags;
    std::map<size_t, std::string> texts;

private:
    template <class Value>
    static const Value* Find(const std::map<size_t, Value>& values, size_t i)
    {
        const auto at = values.find(i);
        return at == values.end() ? nullptr : &at->second;
    }
};

class TilingData {
public:
    void* GetData() { return bytes; }
    size_t GetCapacity() const { return sizeof(bytes); }
    void SetDataSize(size_t count) { size = count; }

    unsigned char bytes[2048] = {};
    size_t size = 0;
};

// Inputs as they are given, one behind the other; a missing optional one is at no place among them.
struct Operands {
    std::vector<StorageShape> shapes;
    std::vector<CompileTimeTensorDesc> descs;
    std::map<size_t, size_t> optional;  // by its place in the prototype

    const StorageShape* ShapeAt(size_t i) const { return i < shapes.size() ? &shapes[i] : nullptr; }
    const CompileTimeTensorDesc* DescAt(size_t i) const { return i < descs.size() ? &descs[i] : nullptr; }
    size_t Place(size_t i) const { return optional.count(i) ? optional.at(i) : SIZE_MAX; }
};

class TilingContext {
public:
    const char* GetNodeName() const { return "node"; }
    const StorageShape* GetInputShape(size_t i) const { return inputs.ShapeAt(i); }
    const CompileTimeTensorDesc* GetInputDesc(size_t i) const { return inputs.DescAt(i); }
    const StorageShape* GetOptionalInputShape(size_t i) const { return inputs.ShapeAt(inputs.Place(i)); }
    const CompileTimeTensorDesc* GetOptionalInputDesc(size_t i) const { return inputs.DescAt(inputs.Place(i)); }
    const StorageShape* GetOutputShape(size_t i) const { return outputs.ShapeAt(i); }
    const CompileTimeTensorDesc* GetOutputDesc(size_t i) const { return outputs.DescAt(i); }
    const RuntimeAttrs* GetAttrs() const { return &attributes; }
    fe::PlatFormInfos* GetPlatformInfo() const { return &platform; }
    TilingData* GetRawTilingData() { return &tiling; }
    size_t* GetWorkspaceSizes(size_t) { return &workspace; }
    ge::graphStatus SetBlockDim(uint32_t count) { blocks = count; return ge::GRAPH_SUCCESS; }
    ge::graphStatus SetTilingKey(uint64_t value) { key = value; return ge::GRAPH_SUCCESS; }
    ge::graphStatus SetScheduleMode(uint32_t value) { mode = value; return ge::GRAPH_SUCCESS; }

    Operands inputs, outputs;
    RuntimeAttrs attributes;
    mutable fe::PlatFormInfos platform;
    TilingData tiling;
    size_t workspace = 0;
    uint32_t blocks = 0, mode = 0;
    uint64_t key = 0;
};

class InferShapeContext {
public:
    const Shape* GetInputShape(size_t i) const { return i < inputs.size() ? &inputs[i] : nullptr; }
    const Shape* GetOptionalInputShape(size_t) const { return nullptr; }
    Shape* GetOutputShape(size_t i) { return i < outputs.size() ? &outputs[i] : nullptr; }
    const RuntimeAttrs* GetAttrs() const { return &attributes; }

    std::vector<Shape> inputs, outputs;
    RuntimeAttrs attributes;
};

class InferDataTypeContext {
public:
    ge::DataType GetInputDataType(size_t i) const { return i < inputs.size() ? inputs[i] : ge::DT_UNDEFINED; }
    ge::graphStatus SetOutputDataType(size_t i, ge::DataType type) { outputs[i] = type; return ge::GRAPH_SUCCESS; }

    std::vector<ge::DataType> inputs, outputs;
};

using TilingFunction = ge::graphStatus (*)(TilingContext*);

}  // namespace gert

namespace ops {

enum Option { REQUIRED, OPTIONAL };

struct OpParamDef {
    std::string name;
    Option option = REQUIRED;
    std::vector<ge::DataType> types = {};
    size_t formats = 0;

    OpParamDef& ParamType(Option value) { option = value; return *this; }
    OpParamDef& DataType(std::vector<ge::DataType> values) { types = values; return *this; }
    OpParamDef& Format(std::vector<ge::Format> values) { formats = values.size(); return *this; }
    OpParamDef& UnknownShapeFormat(std::vector<ge::Format> values) { formats += values.size(); return *this; }
    OpParamDef& AutoContiguous() { return *this; }
};

struct OpAttrDef {
    std::string name;
    Option option = REQUIRED;
    std::string value = {};

    OpAttrDef& AttrType(Option given) { option = given; return *this; }
    OpAttrDef& Int() { return *this; }
    OpAttrDef& Int(int64_t given) { value = std::to_string(given); return *this; }
    OpAttrDef& String(const char* given) { value = given; return *this; }
    OpAttrDef& Bool(bool given) { value = given ? "true" : "false"; return *this; }
};

struct OpAICoreDef {
    gert::TilingFunction tiling = nullptr;
    std::vector<std::string> units;

    OpAICoreDef& SetTiling(gert::TilingFunction function) { tiling = function; return *this; }
    OpAICoreDef& AddConfig(const char* unit) { units.push_back(unit); return *this; }
};

class OpDef {
public:
    explicit OpDef(const char*) {}
    OpParamDef& Input(const char* name) { inputs.push_back({name}); return inputs.back(); }
    OpParamDef& Output(const char* name) { outputs.push_back({name}); return outputs.back(); }
    OpAttrDef& Attr(const char* name) { attributes.push_back({name}); return attributes.back(); }
    OpAICoreDef& AICore() { return core; }
    OpDef& SetInferShape(ge::graphStatus (*function)(gert::InferShapeContext*)) { shape = function; return *this; }
    OpDef& SetInferDataType(ge::graphStatus (*function)(gert::InferDataTypeContext*)) { type = function; return *this; }

    std::vector<OpParamDef> inputs, outputs;
    std::vector<OpAttrDef> attributes;
    OpAICoreDef core;
    ge::graphStatus (*shape)(gert::InferShapeContext*) = nullptr;
    ge::graphStatus (*type)(gert::InferDataTypeContext*) = nullptr;
};

}  // namespace ops

#define OP_ADD(Type) static const Type registered_operator(#Type)
