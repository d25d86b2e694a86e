/* Calls aclnnLightningIndexerGrad as on a chip: float16, layout BSND, dy of shape [B, S1, K].

       ligrad compile examples/lightning_indexer_grad.lig -o out/kernel --host
       g++ -std=c++17 examples/lightning_indexer_grad.cpp -o out/example \
           -I out/kernel/host/include -L out/kernel/host/lib -lligrad_host -Wl,-rpath,$PWD/out/kernel/host/lib
       out/example [DIRECTORY]

   With a directory, all arrays are written there as they lie in memory, one file each. */
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "acl/acl.h"
#include "aclnnop/aclnn_lightning_indexer_grad.h"

// Ends the program with what a failed call had to say.
static void check(int code, const char* call)
{
    if (code == 0) return;
    const char* message = aclGetRecentErrMsg();
    std::fprintf(stderr, "%s: error %d: %s\n", call, code, message == nullptr ? "" : message);
    std::exit(1);
}
#define CHECK(call) check(call, #call)

// An array on the host, its copy in device memory, and the tensor that describes that.
template <class T>
struct Array {
    const char* name;
    std::vector<int64_t> shape;
    std::vector<T> host;
    void* device = nullptr;
    aclTensor* tensor = nullptr;

    Array(const char* name, std::vector<int64_t> dims, aclDataType type) : name(name), shape(std::move(dims))
    {
        size_t count = 1;
        for (int64_t extent : shape) count *= extent;
        host.resize(count);
        CHECK(aclrtMalloc(&device, bytes(), ACL_MEM_MALLOC_HUGE_FIRST));
        // Without strides the tensor is contiguous.
        tensor = aclCreateTensor(shape.data(), shape.size(), type, nullptr, 0, ACL_FORMAT_ND, shape.data(), shape.size(), device);
        if (tensor == nullptr) check(-1, "aclCreateTensor");
    }
    ~Array()
    {
        aclDestroyTensor(tensor);
        aclrtFree(device);
    }
    Array(const Array&) = delete;
    Array& operator=(const Array&) = delete;

    size_t bytes() const { return host.size() * sizeof(T); }
    void to_device() { CHECK(aclrtMemcpy(device, bytes(), host.data(), bytes(), ACL_MEMCPY_HOST_TO_DEVICE)); }
    void to_host() { CHECK(aclrtMemcpy(host.data(), bytes(), device, bytes(), ACL_MEMCPY_DEVICE_TO_HOST)); }
    void write(const std::string& directory) const
    {
        std::ofstream file(directory + "/" + name + ".bin", std::ios::binary);
        file.write(reinterpret_cast<const char*>(host.data()), static_cast<std::streamsize>(bytes()));
    }
};

static void run(aclrtStream stream, const char* directory)
{
    const int64_t B = 2, S1 = 3, S2 = 300, N1 = 64, D = 128, K = 100;
    using Halves = Array<aclFloat16>;
    Halves query("query", {B, S1, N1, D}, ACL_FLOAT16), key("key", {B, S2, 1, D}, ACL_FLOAT16);
    Halves dy("dy", {B, S1, K}, ACL_FLOAT16), weights("weights", {B, S1, N1}, ACL_FLOAT16);
    Array<int32_t> indices("sparse_indices", {B, S1, K}, ACL_INT32);
    Halves dq("dq", query.shape, ACL_FLOAT16), dk("dk", key.shape, ACL_FLOAT16), dw("dw", weights.shape, ACL_FLOAT16);

    std::mt19937 engine(1);
    std::normal_distribution<float> normal;
    for (Halves* each : {&query, &key, &dy, &weights}) {
        for (aclFloat16& value : each->host) value = aclFloatToFloat16(normal(engine));
        each->to_device();
    }
    std::uniform_int_distribution<int32_t> row(0, S2 - 1);
    for (int32_t& index : indices.host) index = row(engine);
    indices.to_device();

    // Phase one checks the arguments and says how much memory phase two needs.
    char layout[] = "BSND";
    uint64_t workspace_bytes = 0;
    aclOpExecutor* executor = nullptr;
    CHECK(aclnnLightningIndexerGradGetWorkspaceSize(query.tensor, key.tensor, dy.tensor, indices.tensor, weights.tensor, nullptr, nullptr, N1, layout, 3,
                                                    65536, 65536, false, dq.tensor, dk.tensor, dw.tensor, &workspace_bytes, &executor));
    void* workspace = nullptr;
    if (workspace_bytes > 0) CHECK(aclrtMalloc(&workspace, workspace_bytes, ACL_MEM_MALLOC_HUGE_FIRST));
    // Phase two is asynchronous.
    CHECK(aclnnLightningIndexerGrad(workspace, workspace_bytes, executor, stream));
    CHECK(aclrtSynchronizeStream(stream));
    if (workspace != nullptr) CHECK(aclrtFree(workspace));

    for (Halves* each : {&dq, &dk, &dw}) {
        each->to_host();
        std::printf("%s[0..3] = %g %g %g %g\n", each->name, aclFloat16ToFloat(each->host[0]), aclFloat16ToFloat(each->host[1]),
                    aclFloat16ToFloat(each->host[2]), aclFloat16ToFloat(each->host[3]));
    }
    if (directory == nullptr) return;
    for (const Halves* each : {&query, &key, &dy, &weights, &dq, &dk, &dw}) each->write(directory);
    indices.write(directory);
}

int main(int count, char** arguments)
{
    CHECK(aclInit(nullptr));
    CHECK(aclrtSetDevice(0));
    aclrtStream stream = nullptr;
    CHECK(aclrtCreateStream(&stream));
    run(stream, count > 1 ? arguments[1] : nullptr);
    CHECK(aclrtDestroyStream(stream));
    CHECK(aclrtResetDevice(0));
    CHECK(aclFinalize());
    return 0;
}
