// Calls aclnn@name@ once, on arrays of zeros in the layout @layout@, and prints the first
// elements of each result.
#include <cstdint>
#include <cstdio>
#include <vector>

#include "acl/acl.h"
#include "aclnnop/aclnn_@kernel@.h"

namespace {

bool Ok(int status, const char* what)
{
    if (status == ACL_SUCCESS) return true;
    const char* message = aclGetRecentErrMsg();
    std::fprintf(stderr, "%s failed with %d: %s\n", what, status, message == nullptr ? "" : message);
    return false;
}

struct Array {
    std::vector<int64_t> shape;
    aclDataType type;
    int64_t element_bytes;
    void* address = nullptr;
    aclTensor* tensor = nullptr;

    int64_t Bytes() const
    {
        int64_t bytes = element_bytes;
        for (int64_t extent : shape) bytes *= extent;
        return bytes;
    }

    bool Make()
    {
        std::vector<int64_t> strides(shape.size(), 1);
        for (size_t i = shape.size() - 1; i > 0; --i) strides[i - 1] = strides[i] * shape[i];
        const size_t bytes = static_cast<size_t>(Bytes());
        if (!Ok(aclrtMalloc(&address, bytes, ACL_MEM_MALLOC_HUGE_FIRST), "aclrtMalloc")) return false;
        if (!Ok(aclrtMemset(address, bytes, 0, bytes), "aclrtMemset")) return false;
        tensor = aclCreateTensor(shape.data(), shape.size(), type, strides.data(), 0, ACL_FORMAT_ND, shape.data(),
                                 shape.size(), address);
        return tensor != nullptr;
    }

    void Free()
    {
        if (tensor != nullptr) aclDestroyTensor(tensor);
        if (address != nullptr) aclrtFree(address);
    }
};

}  // namespace

int main()
{
    if (!Ok(aclInit(nullptr), "aclInit") || !Ok(aclrtSetDevice(0), "aclrtSetDevice")) return 1;
    aclrtStream stream = nullptr;
    if (!Ok(aclrtCreateStream(&stream), "aclrtCreateStream")) return 1;

@arrays@
    Array* const all[] = {@all@};
    bool ok = true;
    for (Array* each : all) ok = ok && each->Make();
    char layout[] = "@layout@";
    (void)layout;

    uint64_t bytes = 0;
    void* workspace = nullptr;
    aclOpExecutor* executor = nullptr;
    ok = ok && Ok(aclnn@name@GetWorkspaceSize(
                      @arguments@, &bytes, &executor),
                  "phase one");
    if (ok && bytes > 0) ok = Ok(aclrtMalloc(&workspace, bytes, ACL_MEM_MALLOC_HUGE_FIRST), "aclrtMalloc");
    ok = ok && Ok(aclnn@name@(workspace, bytes, executor, stream), "phase two");
    ok = ok && Ok(aclrtSynchronizeStream(stream), "aclrtSynchronizeStream");
    for (Array* each : {@results@}) {
        if (!ok) break;
        std::vector<unsigned char> host(static_cast<size_t>(each->Bytes()));
        ok = Ok(aclrtMemcpy(host.data(), host.size(), each->address, host.size(), ACL_MEMCPY_DEVICE_TO_HOST), "aclrtMemcpy");
        std::printf("%zu bytes:", host.size());
        for (size_t i = 0; i < 8 && i < host.size(); ++i) std::printf(" %02x", host[i]);
        std::printf("\n");
    }

    for (Array* each : all) each->Free();
    if (workspace != nullptr) aclrtFree(workspace);
    aclrtDestroyStream(stream);
    aclrtResetDevice(0);
    aclFinalize();
    return ok ? 0 : 1;
}
