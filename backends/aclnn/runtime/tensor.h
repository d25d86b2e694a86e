// Tensors as operators see them.
#pragma once
#include "runtime.h"

namespace ligrad_host {

struct Tensor {
    std::vector<int64_t> shape, strides, storage;
    int64_t offset = 0;  // of the first element, like the strides in elements
    aclDataType type = ACL_DT_UNDEFINED;
    aclFormat format = ACL_FORMAT_UNDEFINED;
    void* data = nullptr;  // where the storage begins

    uint64_t element_bytes() const { return aclDataTypeSize(type); }
    int64_t elements() const;
    bool is_contiguous() const;
    // One more than the largest element of the storage that the view has; 0 if it is empty.
    int64_t reach() const;
    // Whether two positions of the view are the same element.
    bool overlaps_itself() const;
    // The elements in row-major order, to and from a contiguous buffer.
    void gather(uint8_t* to) const;
    void scatter(const uint8_t* from) const;
};

Handles<Tensor>& tensors();

}  // namespace ligrad_host
