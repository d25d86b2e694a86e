// Tensors, scalars and arrays.
#include "tensor.h"

#include <algorithm>
#include <cstring>

#include "twin/numeric.h"

namespace ligrad_host {
namespace {

// Calls `visit` with the place of every element in the storage, in row-major order of the view; the last axis as a run.
template <class Visit>
void each_run(const Tensor& tensor, Visit visit)
{
    const size_t rank = tensor.shape.size();
    if (tensor.elements() == 0) return;
    if (rank == 0) return visit(tensor.offset, int64_t{1}, int64_t{1});
    std::vector<int64_t> at(rank - 1, 0);
    int64_t place = tensor.offset;
    for (;;) {
        visit(place, tensor.shape[rank - 1], tensor.strides[rank - 1]);
        size_t axis = rank - 1;
        while (axis > 0) {
            --axis;
            place += tensor.strides[axis];
            if (++at[axis] < tensor.shape[axis]) break;
            place -= tensor.strides[axis] * tensor.shape[axis];
            at[axis] = 0;
            if (axis == 0) return;
        }
        if (rank == 1) return;
    }
}

struct Scalar {
    std::vector<uint8_t> value;
    aclDataType type;
};
template <class T>
struct Array {
    std::vector<T> values;
};
using TensorList = std::vector<const aclTensor*>;

template <class T>
Handles<T>& table()
{
    static Handles<T> handles;
    return handles;
}

template <class T>
int destroy(const void* handle, const char* function)
{
    if (handle == nullptr) return fail(ACLNN_ERR_PARAM_NULLPTR, "%s: a null pointer", function);
    if (table<T>().take(handle) == nullptr) return fail(ACLNN_ERR_PARAM_INVALID, "%s: %p is not what was created, or was destroyed before", function, handle);
    return 0;
}

template <class T, class Handle>
Handle* create_array(const T* values, uint64_t size)
{
    if (values == nullptr && size > 0) return nullptr;
    auto made = std::make_shared<Array<T>>();
    made->values.assign(values, values + size);
    return static_cast<Handle*>(table<Array<T>>().add(std::move(made)));
}

template <class T>
int size_of(const void* handle, uint64_t* size, const char* function)
{
    if (handle == nullptr || size == nullptr) return fail(ACLNN_ERR_PARAM_NULLPTR, "%s: a null pointer", function);
    const auto found = table<Array<T>>().find(handle);
    if (found == nullptr) return fail(ACLNN_ERR_PARAM_INVALID, "%s: %p is no such array", function, handle);
    *size = found->values.size();
    return 0;
}

int find_tensor(const aclTensor* handle, const void* result, std::shared_ptr<Tensor>& tensor, const char* function)
{
    if (handle == nullptr || result == nullptr) return fail(ACLNN_ERR_PARAM_NULLPTR, "%s: a null pointer", function);
    tensor = tensors().find(handle);
    return tensor == nullptr ? fail(ACLNN_ERR_PARAM_INVALID, "%s: %p is no tensor, or was destroyed", function, static_cast<const void*>(handle)) : 0;
}

int give(const aclTensor* handle, int64_t** values, uint64_t* count, std::vector<int64_t> Tensor::* member, const char* function)
{
    return guarded(function, [&] {
        std::shared_ptr<Tensor> tensor;
        if (int code = find_tensor(count == nullptr ? nullptr : handle, values, tensor, function)) return code;
        const std::vector<int64_t>& from = (*tensor).*member;
        *values = new int64_t[from.size()];
        std::copy(from.begin(), from.end(), *values);
        *count = from.size();
        return 0;
    });
}

}  // namespace

Handles<Tensor>& tensors() { return table<Tensor>(); }

int64_t Tensor::elements() const
{
    int64_t count = 1;
    for (int64_t extent : shape) count *= extent;
    return count;
}

bool Tensor::is_contiguous() const
{
    int64_t step = 1;
    for (size_t i = shape.size(); i-- > 0;) {
        if (shape[i] != 1 && strides[i] != step) return elements() == 0;
        step *= shape[i];
    }
    return true;
}

int64_t Tensor::reach() const
{
    if (elements() == 0) return 0;
    int64_t last = offset;
    for (size_t i = 0; i < shape.size(); ++i) last += (shape[i] - 1) * strides[i];
    return last + 1;
}

bool Tensor::overlaps_itself() const
{
    if (elements() <= 1) return false;
    std::vector<std::pair<int64_t, int64_t>> axes;
    for (size_t i = 0; i < shape.size(); ++i)
        if (shape[i] > 1) axes.push_back({strides[i], shape[i]});
    std::sort(axes.begin(), axes.end());
    int64_t reached = 0;
    bool nested = true;
    for (const auto& [stride, extent] : axes) {
        nested = nested && stride > reached;
        reached += stride * (extent - 1);
    }
    if (nested) return false;
    std::vector<bool> seen(static_cast<size_t>(reach() - offset));
    bool twice = false;
    each_run(*this, [&](int64_t place, int64_t count, int64_t stride) {
        for (int64_t i = 0; i < count; ++i) {
            const auto at = static_cast<size_t>(place - offset + i * stride);
            twice = twice || seen[at];
            seen[at] = true;
        }
    });
    return twice;
}

void Tensor::gather(uint8_t* to) const
{
    const auto bytes = static_cast<int64_t>(element_bytes());
    const auto* from = static_cast<const uint8_t*>(data);
    each_run(*this, [&](int64_t place, int64_t count, int64_t stride) {
        if (stride == 1) std::memcpy(to, from + place * bytes, count * bytes);
        else
            for (int64_t i = 0; i < count; ++i) std::memcpy(to + i * bytes, from + (place + i * stride) * bytes, bytes);
        to += count * bytes;
    });
}

void Tensor::scatter(const uint8_t* from) const
{
    const auto bytes = static_cast<int64_t>(element_bytes());
    auto* to = static_cast<uint8_t*>(data);
    each_run(*this, [&](int64_t place, int64_t count, int64_t stride) {
        for (int64_t i = 0; i < count; ++i) std::memcpy(to + (place + i * stride) * bytes, from + i * bytes, bytes);
        from += count * bytes;
    });
}

}  // namespace ligrad_host

using namespace ligrad_host;

struct aclDataBuffer {
    void* data;
    size_t bytes;
};

extern "C" {

float aclFloat16ToFloat(aclFloat16 value) { return twin::half_to_float(value); }
aclFloat16 aclFloatToFloat16(float value) { return twin::float_to_half(value); }

size_t aclDataTypeSize(aclDataType type)
{
    switch (type) {
        case ACL_INT8:
        case ACL_UINT8:
        case ACL_BOOL:
        case ACL_HIFLOAT8:
        case ACL_FLOAT8_E5M2:
        case ACL_FLOAT8_E4M3FN:
        case ACL_FLOAT8_E8M0: return 1;
        case ACL_FLOAT16:
        case ACL_BF16:
        case ACL_INT16:
        case ACL_UINT16: return 2;
        case ACL_FLOAT:
        case ACL_INT32:
        case ACL_UINT32:
        case ACL_COMPLEX32: return 4;
        case ACL_INT64:
        case ACL_UINT64:
        case ACL_DOUBLE:
        case ACL_COMPLEX64: return 8;
        case ACL_COMPLEX128: return 16;
        default: return 0;
    }
}

aclDataBuffer* aclCreateDataBuffer(void* data, size_t size) { return new (std::nothrow) aclDataBuffer{data, size}; }
aclError aclDestroyDataBuffer(const aclDataBuffer* buffer)
{
    if (buffer == nullptr) return fail(ACL_ERROR_INVALID_PARAM, "aclDestroyDataBuffer: dataBuffer is null");
    delete buffer;
    return ACL_SUCCESS;
}
void* aclGetDataBufferAddr(const aclDataBuffer* buffer) { return buffer == nullptr ? nullptr : buffer->data; }
size_t aclGetDataBufferSizeV2(const aclDataBuffer* buffer) { return buffer == nullptr ? 0 : buffer->bytes; }

aclTensor* aclCreateTensor(const int64_t* dims, uint64_t rank, aclDataType type, const int64_t* strides, int64_t offset, aclFormat format,
                           const int64_t* storage, uint64_t storage_rank, void* data)
{
    void* handle = nullptr;
    guarded("aclCreateTensor", [&] {
        constexpr uint64_t most = 8;
        constexpr int64_t limit = int64_t{1} << 40;  // elements, so that no product overflows
        if ((rank > 0 && dims == nullptr) || (storage_rank > 0 && storage == nullptr)) return fail(ACLNN_ERR_PARAM_NULLPTR, "aclCreateTensor: dims are null");
        if (rank > most || storage_rank > most) return fail(ACLNN_ERR_PARAM_INVALID, "aclCreateTensor: more than %d dimensions", static_cast<int>(most));
        if (aclDataTypeSize(type) == 0) return fail(ACLNN_ERR_PARAM_INVALID, "aclCreateTensor: the data type %d has no size", type);
        auto made = std::make_shared<Tensor>();
        made->shape.assign(dims, dims + rank);
        made->storage.assign(storage, storage + storage_rank);
        made->strides.assign(rank, 1);
        int64_t step = 1, stored = 1;
        for (uint64_t i = rank; i-- > 0;) {
            made->strides[i] = strides == nullptr ? step : strides[i];
            if (dims[i] < 0 || made->strides[i] < 0 || dims[i] > limit || made->strides[i] > limit || step > limit || (dims[i] > 0 && step > limit / dims[i]))
                return fail(ACLNN_ERR_PARAM_INVALID, "aclCreateTensor: dimension %d has the extent %lld and the stride %lld", static_cast<int>(i),
                            static_cast<long long>(dims[i]), static_cast<long long>(made->strides[i]));
            step *= dims[i];
            if (dims[i] > 1 && made->strides[i] > limit / dims[i]) return fail(ACLNN_ERR_PARAM_INVALID, "aclCreateTensor: the view is too large");
        }
        for (int64_t extent : made->storage) {
            if (extent < 0 || (extent > 0 && stored > limit / extent)) return fail(ACLNN_ERR_PARAM_INVALID, "aclCreateTensor: the storage has the extent %lld", static_cast<long long>(extent));
            stored *= extent;
        }
        if (offset < 0 || offset > limit) return fail(ACLNN_ERR_PARAM_INVALID, "aclCreateTensor: the offset is %lld", static_cast<long long>(offset));
        made->offset = offset;
        made->type = type;
        made->format = format;
        made->data = data;
        handle = tensors().add(std::move(made));
        return 0;
    });
    return static_cast<aclTensor*>(handle);
}

aclScalar* aclCreateScalar(void* value, aclDataType type)
{
    void* handle = nullptr;
    guarded("aclCreateScalar", [&] {
        if (value == nullptr || aclDataTypeSize(type) == 0) return fail(ACLNN_ERR_PARAM_INVALID, "aclCreateScalar: no value, or a type without size");
        auto made = std::make_shared<Scalar>();
        made->value.assign(static_cast<uint8_t*>(value), static_cast<uint8_t*>(value) + aclDataTypeSize(type));
        made->type = type;
        handle = table<Scalar>().add(std::move(made));
        return 0;
    });
    return static_cast<aclScalar*>(handle);
}

aclIntArray* aclCreateIntArray(const int64_t* value, uint64_t size) { return create_array<int64_t, aclIntArray>(value, size); }
aclFloatArray* aclCreateFloatArray(const float* value, uint64_t size) { return create_array<float, aclFloatArray>(value, size); }
aclBoolArray* aclCreateBoolArray(const bool* value, uint64_t size) { return create_array<bool, aclBoolArray>(value, size); }
aclTensorList* aclCreateTensorList(const aclTensor* const* value, uint64_t size)
{
    if (value == nullptr && size > 0) return nullptr;
    return static_cast<aclTensorList*>(table<TensorList>().add(std::make_shared<TensorList>(value, value + size)));
}

aclnnStatus aclDestroyTensor(const aclTensor* tensor) { return destroy<Tensor>(tensor, "aclDestroyTensor"); }
aclnnStatus aclDestroyScalar(const aclScalar* scalar) { return destroy<Scalar>(scalar, "aclDestroyScalar"); }
aclnnStatus aclDestroyIntArray(const aclIntArray* array) { return destroy<Array<int64_t>>(array, "aclDestroyIntArray"); }
aclnnStatus aclDestroyFloatArray(const aclFloatArray* array) { return destroy<Array<float>>(array, "aclDestroyFloatArray"); }
aclnnStatus aclDestroyBoolArray(const aclBoolArray* array) { return destroy<Array<bool>>(array, "aclDestroyBoolArray"); }
aclnnStatus aclDestroyTensorList(const aclTensorList* list)
{
    if (const auto found = table<TensorList>().find(list))
        for (const aclTensor* each : *found) tensors().take(each);
    return destroy<TensorList>(list, "aclDestroyTensorList");
}

aclnnStatus aclGetViewShape(const aclTensor* tensor, int64_t** dims, uint64_t* count) { return give(tensor, dims, count, &Tensor::shape, "aclGetViewShape"); }
aclnnStatus aclGetStorageShape(const aclTensor* tensor, int64_t** dims, uint64_t* count) { return give(tensor, dims, count, &Tensor::storage, "aclGetStorageShape"); }
aclnnStatus aclGetViewStrides(const aclTensor* tensor, int64_t** strides, uint64_t* count) { return give(tensor, strides, count, &Tensor::strides, "aclGetViewStrides"); }

aclnnStatus aclGetViewOffset(const aclTensor* handle, int64_t* offset)
{
    std::shared_ptr<Tensor> tensor;
    if (int code = find_tensor(handle, offset, tensor, "aclGetViewOffset")) return code;
    *offset = tensor->offset;
    return 0;
}

aclnnStatus aclGetFormat(const aclTensor* handle, aclFormat* format)
{
    std::shared_ptr<Tensor> tensor;
    if (int code = find_tensor(handle, format, tensor, "aclGetFormat")) return code;
    *format = tensor->format;
    return 0;
}

aclnnStatus aclGetDataType(const aclTensor* handle, aclDataType* type)
{
    std::shared_ptr<Tensor> tensor;
    if (int code = find_tensor(handle, type, tensor, "aclGetDataType")) return code;
    *type = tensor->type;
    return 0;
}

aclnnStatus aclGetIntArraySize(const aclIntArray* array, uint64_t* size) { return size_of<int64_t>(array, size, "aclGetIntArraySize"); }
aclnnStatus aclGetFloatArraySize(const aclFloatArray* array, uint64_t* size) { return size_of<float>(array, size, "aclGetFloatArraySize"); }
aclnnStatus aclGetBoolArraySize(const aclBoolArray* array, uint64_t* size) { return size_of<bool>(array, size, "aclGetBoolArraySize"); }
aclnnStatus aclGetTensorListSize(const aclTensorList* list, uint64_t* size)
{
    const auto found = list == nullptr || size == nullptr ? nullptr : table<TensorList>().find(list);
    if (found == nullptr) return fail(ACLNN_ERR_PARAM_NULLPTR, "aclGetTensorListSize: no list, or no place for its size");
    *size = found->size();
    return 0;
}
}
