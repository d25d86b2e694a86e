// Calls the operator as an application does, from several threads and streams, with random shapes, layouts and strides,
// and with mistakes in between; compares every result with a plain reference.
//
//     aclnn_stress CALLS SEED
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "acl/acl.h"
#include "aclnnop/aclnn_lightning_indexer_grad.h"

namespace {

constexpr int threads = 4, depth = 128;
std::atomic<int> valid{0}, refused{0}, wrong{0};

void complain(const std::string& what)
{
    ++wrong;
    std::fprintf(stderr, "wrong: %s\n", what.c_str());
}

struct Random {
    std::mt19937 engine;
    int to(int low, int high) { return std::uniform_int_distribution<int>(low, high)(engine); }
    bool one_in(int n) { return to(1, n) == 1; }
};

float to_float(uint16_t bits, bool bf16)
{
    if (!bf16) return aclFloat16ToFloat(bits);
    const uint32_t wide = static_cast<uint32_t>(bits) << 16;
    float value;
    std::memcpy(&value, &wide, sizeof value);
    return value;
}

// Exact for the small multiples of 1/4 that are drawn here.
uint16_t to_half(float value, bool bf16)
{
    if (!bf16) return aclFloatToFloat16(value);
    uint32_t wide;
    std::memcpy(&wide, &value, sizeof wide);
    return static_cast<uint16_t>(wide >> 16);
}

// A tensor in device memory, as a view with random strides and offset of a larger storage.
struct Array {
    std::vector<int64_t> shape, strides, storage;
    int64_t offset = 0, stored = 1;
    size_t element;
    aclDataType type;
    void* device = nullptr;
    aclTensor* tensor = nullptr;

    Array(std::vector<int64_t> dims, aclDataType dtype, Random& random) : shape(std::move(dims)), element(aclDataTypeSize(dtype)), type(dtype)
    {
        std::vector<size_t> order(shape.size());
        std::iota(order.begin(), order.end(), 0u);
        const bool strided = random.one_in(3);
        if (strided) std::shuffle(order.begin(), order.end(), random.engine);
        strides.assign(shape.size(), 1);
        for (size_t i = order.size(); i-- > 0;) {
            const int step = strided && random.one_in(4) ? 2 : 1;
            strides[order[i]] = stored * step;
            stored *= std::max<int64_t>(shape[order[i]], 1) * step;
        }
        if (strided) offset = random.to(0, 9);
        stored += offset;
        storage = {stored};
        check(aclrtMalloc(&device, std::max<size_t>(stored * element, 1), ACL_MEM_MALLOC_HUGE_FIRST));
        make();
    }
    Array(const Array&) = delete;
    Array& operator=(const Array&) = delete;
    ~Array()
    {
        if (tensor != nullptr) check(aclDestroyTensor(tensor));
        check(aclrtFree(device));
    }
    static void check(int code)
    {
        if (code == 0) return;
        const char* message = aclGetRecentErrMsg();
        complain(std::string("an ordinary call failed: ") + (message == nullptr ? "without a word" : message));
    }
    void make()
    {
        tensor = aclCreateTensor(shape.data(), shape.size(), type, strides.data(), offset, ACL_FORMAT_ND, storage.data(), storage.size(), device);
        if (tensor == nullptr) complain("aclCreateTensor gives null");
    }
    int64_t size() const { return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>()); }
    int64_t place(int64_t i) const
    {
        int64_t at = offset;
        for (size_t axis = shape.size(); axis-- > 0; i /= shape[axis]) at += i % shape[axis] * strides[axis];
        return at;
    }
    template <class T>
    void put(const std::vector<T>& values, aclrtStream stream)
    {
        std::vector<T> host(stored);
        for (int64_t i = 0; i < size(); ++i) host[place(i)] = values[i];
        check(aclrtMemcpyAsync(device, stored * element, host.data(), stored * element, ACL_MEMCPY_HOST_TO_DEVICE, stream));
        check(aclrtSynchronizeStream(stream));
    }
    template <class T>
    std::vector<T> get() const
    {
        std::vector<T> host(stored), values(size());
        check(aclrtMemcpy(host.data(), stored * element, device, stored * element, ACL_MEMCPY_DEVICE_TO_HOST));
        for (int64_t i = 0; i < size(); ++i) values[i] = host[place(i)];
        return values;
    }
};

// One call of the operator: shapes, inputs, and what it should give.
struct Case {
    Random& random;
    bool bf16, tnd, deterministic;
    int64_t heads, chosen, mode, batch;
    std::vector<int64_t> query_ends, key_ends;  // of the batches
    int64_t tokens = 0, rows = 0;               // with padding
    std::vector<float> q, k, dy, w;
    std::vector<int32_t> indices;

    explicit Case(Random& source)
        : random(source), bf16(random.one_in(2)), tnd(random.one_in(2)), deterministic(random.one_in(2)), heads(random.to(1, 9)), chosen(random.to(1, 40)),
          mode(random.one_in(2) ? 0 : 3), batch(random.to(1, 3))
    {
        const int64_t s1 = random.to(1, 5), s2 = chosen + random.to(0, 30);
        for (int64_t b = 0; b < batch; ++b) {
            const int64_t length = tnd ? random.to(0, 5) : s1, keys = tnd ? random.to(b == 0 ? static_cast<int>(chosen) : 0, 70) : s2;
            query_ends.push_back((tokens += length));
            key_ends.push_back((rows += keys));
        }
        if (tnd) tokens = std::max<int64_t>(tokens + random.to(0, 2), 1), rows += random.to(0, 3);
        q = draw(tokens * heads * depth);
        k = draw(rows * depth);
        dy = draw(tokens * chosen);
        w = draw(tokens * heads);
        for (int64_t t = 0; t < tokens; ++t) {
            const int64_t b = batch_of(t), keys = b < batch ? key_ends[b] - first(key_ends, b) : 0;
            for (int64_t i = 0; i < chosen; ++i) indices.push_back(keys == 0 || random.one_in(9) ? -1 : random.to(0, static_cast<int>(keys) - 1));
        }
    }
    static int64_t first(const std::vector<int64_t>& ends, int64_t b) { return b == 0 ? 0 : ends[b - 1]; }
    int64_t batch_of(int64_t t) const
    {
        int64_t b = 0;
        while (b < batch && query_ends[b] <= t) ++b;
        return b;
    }
    std::vector<float> draw(int64_t count)
    {
        std::vector<float> values(count);
        for (float& each : values) each = static_cast<float>(random.to(-6, 6)) / 4;
        return values;
    }
    std::vector<uint16_t> halves(const std::vector<float>& values) const
    {
        std::vector<uint16_t> bits;
        for (float each : values) bits.push_back(to_half(each, bf16));
        return bits;
    }
    std::vector<int64_t> dims(bool of_key, std::vector<int64_t> rest) const
    {
        std::vector<int64_t> shape = tnd ? std::vector<int64_t>{of_key ? rows : tokens} : std::vector<int64_t>{batch, (of_key ? rows : tokens) / batch};
        shape.insert(shape.end(), rest.begin(), rest.end());
        return shape;
    }

    // The sums, and the sums of what is added up without signs, which the errors are measured against.
    struct Sums {
        std::vector<double> value, weight;
        explicit Sums(size_t n) : value(n), weight(n) {}
        void add(size_t at, double term)
        {
            value[at] += term;
            weight[at] += std::abs(term);
        }
    };
    void check(const char* name, const std::vector<uint16_t>& got, const Sums& want) const
    {
        const double unit = bf16 ? 1.0 / 128 : 1.0 / 1024;
        for (size_t i = 0; i < got.size(); ++i) {
            const double value = to_float(got[i], bf16);
            if (std::abs(value - want.value[i]) <= unit * (2 * want.weight[i] + std::abs(want.value[i]))) continue;
            return complain(std::string(name) + "[" + std::to_string(i) + "] is " + std::to_string(value) + ", expected " + std::to_string(want.value[i]));
        }
    }
    void check_all(const std::vector<uint16_t>& dq, const std::vector<uint16_t>& dk, const std::vector<uint16_t>& dw) const
    {
        Sums q_sums(dq.size()), k_sums(dk.size()), w_sums(dw.size());
        for (int64_t t = 0; t < tokens; ++t) {
            const int64_t b = batch_of(t);
            if (b == batch) continue;
            const int64_t keys = key_ends[b] - first(key_ends, b), queries = query_ends[b] - first(query_ends, b), s = t - first(query_ends, b);
            const int64_t some = mode == 0 ? chosen : std::min(std::max<int64_t>(keys - queries + s + 1, 0), chosen);
            for (int64_t i = 0; i < some; ++i) {
                const int32_t index = indices[t * chosen + i];
                if (index < 0) continue;
                const int64_t row = first(key_ends, b) + index;
                for (int64_t g = 0; g < heads; ++g) {
                    double score = 0;
                    for (int64_t d = 0; d < depth; ++d) score += static_cast<double>(q[(t * heads + g) * depth + d]) * k[row * depth + d];
                    if (score <= 0) continue;
                    const double scale = static_cast<double>(dy[t * chosen + i]) * w[t * heads + g];
                    w_sums.add(t * heads + g, score * dy[t * chosen + i]);
                    for (int64_t d = 0; d < depth; ++d) {
                        q_sums.add((t * heads + g) * depth + d, scale * k[row * depth + d]);
                        k_sums.add(row * depth + d, scale * q[(t * heads + g) * depth + d]);
                    }
                }
            }
        }
        check("dq", dq, q_sums);
        check("dk", dk, k_sums);
        check("dw", dw, w_sums);
    }
};

void expect(int code, int wanted, const char* what)
{
    const char* message = aclGetRecentErrMsg();
    if (code == wanted && message != nullptr && *message != 0) {
        ++refused;
        return;
    }
    complain(std::string(what) + ": the code is " + std::to_string(code) + ", expected " + std::to_string(wanted) + "; " + (message == nullptr ? "no message" : message));
}

void call(Random& random, aclrtStream stream)
{
    Case work(random);
    const aclDataType half = work.bf16 ? ACL_BF16 : ACL_FLOAT16;
    Array q(work.dims(false, {work.heads, depth}), half, random), k(work.dims(true, {1, depth}), half, random);
    Array dy(work.dims(false, {work.chosen}), half, random), w(work.dims(false, {work.heads}), half, random);
    Array indices(work.dims(false, {work.chosen}), ACL_INT32, random);
    Array dq(q.shape, half, random), dk(k.shape, half, random), dw(w.shape, half, random);
    Array query_ends({work.batch}, ACL_INT32, random), key_ends({work.batch}, ACL_INT32, random);
    q.put(work.halves(work.q), stream);
    k.put(work.halves(work.k), stream);
    dy.put(work.halves(work.dy), stream);
    w.put(work.halves(work.w), stream);
    indices.put(work.indices, stream);
    query_ends.put(std::vector<int32_t>(work.query_ends.begin(), work.query_ends.end()), stream);
    key_ends.put(std::vector<int32_t>(work.key_ends.begin(), work.key_ends.end()), stream);

    char layout[] = "BSND", tnd[] = "TND", unknown[] = "SBH";
    uint64_t bytes = 0;
    aclOpExecutor* executor = nullptr;
    struct Arguments {
        const aclTensor *q, *k, *dy, *indices, *w, *query_ends, *key_ends, *dq, *dk, *dw;
        int64_t heads;
        char* layout;
        int64_t mode;
        uint64_t* bytes;
        aclOpExecutor** executor;
    };
    const Arguments good = {q.tensor, k.tensor, dy.tensor, indices.tensor, w.tensor, work.tnd ? query_ends.tensor : nullptr, work.tnd ? key_ends.tensor : nullptr,
                            dq.tensor, dk.tensor, dw.tensor, work.heads, work.tnd ? tnd : layout, work.mode, &bytes, &executor};
    const auto plan = [&](const Arguments& a) {
        return aclnnLightningIndexerGradGetWorkspaceSize(a.q, a.k, a.dy, a.indices, a.w, a.query_ends, a.key_ends, a.heads, a.layout, a.mode, 65536, 65536,
                                                         work.deterministic, a.dq, a.dk, a.dw, a.bytes, a.executor);
    };
    const auto refuse = [&](int code, const char* what, auto change) {
        Arguments bad = good;
        change(bad);
        expect(plan(bad), code, what);
    };
    switch (random.to(0, 30)) {  // a mistake in phase one, now and then
        case 0: refuse(161001, "no query", [](Arguments& a) { a.q = nullptr; }); break;
        case 1: refuse(161001, "no dw", [](Arguments& a) { a.dw = nullptr; }); break;
        case 2: refuse(161001, "no layout", [](Arguments& a) { a.layout = nullptr; }); break;
        case 3: refuse(161001, "no place for the size", [](Arguments& a) { a.bytes = nullptr; }); break;
        case 4: refuse(161001, "no place for the executor", [](Arguments& a) { a.executor = nullptr; }); break;
        case 5: refuse(161002, "an unknown layout", [&](Arguments& a) { a.layout = unknown; }); break;
        case 6: refuse(161002, "the mode 7", [](Arguments& a) { a.mode = 7; }); break;
        case 7: refuse(161002, "a wrong number of heads", [](Arguments& a) { ++a.heads; }); break;
        case 8: refuse(161002, "indices for weights", [&](Arguments& a) { a.w = indices.tensor; }); break;
        case 9: refuse(161002, "a key for a query", [&](Arguments& a) { a.q = query_ends.tensor; }); break;
        case 10: refuse(161002, "a number for a tensor", [](Arguments& a) { a.k = reinterpret_cast<const aclTensor*>(uintptr_t{48}); }); break;
        case 11: {
            const int64_t none[4] = {0, 0, 0, 0};
            aclTensor* flat = aclCreateTensor(dq.shape.data(), dq.shape.size(), half, none, 0, ACL_FORMAT_ND, dq.storage.data(), 1, dq.device);
            if (dq.size() > 1) refuse(161002, "an output that overlaps itself", [&](Arguments& a) { a.dq = flat; });
            Array::check(aclDestroyTensor(flat));
            expect(aclDestroyTensor(flat), 161002, "a tensor destroyed twice");
            refuse(161002, "a tensor that was destroyed", [&](Arguments& a) { a.dq = flat; });
            break;
        }
        case 12: refuse(work.tnd ? 161001 : 161002, "run ends of the other layout", [&](Arguments& a) {
                     a.query_ends = work.tnd ? nullptr : query_ends.tensor;
                 });
            break;
        case 13: {
            aclTensor* beyond = aclCreateTensor(q.shape.data(), q.shape.size(), half, nullptr, q.stored + 64, ACL_FORMAT_ND, nullptr, 0, q.device);
            refuse(161002, "a view outside of its memory", [&](Arguments& a) { a.q = beyond; });
            Array::check(aclDestroyTensor(beyond));
            break;
        }
        default: break;
    }
    if (plan(good) != 0) {
        const char* message = aclGetRecentErrMsg();
        return complain(std::string("phase one refuses a valid call: ") + (message == nullptr ? "without a word" : message));
    }
    void* workspace = nullptr;
    if (bytes > 0) Array::check(aclrtMalloc(&workspace, bytes, ACL_MEM_MALLOC_HUGE_FIRST));
    const auto launch = [&](void* memory, uint64_t size, aclOpExecutor* which, aclrtStream on) { return aclnnLightningIndexerGrad(memory, size, which, on); };
    const bool repeats = random.one_in(4);
    if (repeats) Array::check(aclSetAclOpExecutorRepeatable(executor));
    switch (random.to(0, 12)) {  // mistakes in phase two
        case 0: expect(launch(workspace, bytes, nullptr, stream), 161001, "no executor"); break;
        case 1: expect(launch(workspace, bytes, reinterpret_cast<aclOpExecutor*>(uintptr_t{64}), stream), 161002, "a number for an executor"); break;
        case 2:
            if (repeats && bytes > 0) expect(launch(nullptr, bytes, executor, stream), 161001, "no workspace");
            break;
        case 3:
            if (repeats && bytes > 0) expect(launch(workspace, bytes - 1, executor, stream), 161002, "a workspace that is too small");
            break;
        case 4: expect(launch(workspace, bytes, executor, &bytes), 361001, "an address for a stream"); break;
        case 5: expect(aclrtMemcpy(dq.device, dq.stored * 2 + 96, work.q.data(), dq.stored * 2 + 96, ACL_MEMCPY_HOST_TO_DEVICE), 107000, "a copy past the end"); break;
        case 6: expect(aclrtFree(work.q.data()), 107000, "host memory given to aclrtFree"); break;
        default: break;
    }
    const int runs = repeats ? random.to(1, 2) : 1;
    int code = 0;
    for (int i = 0; i < runs && code == 0; ++i) {
        code = launch(workspace, bytes, executor, stream);
        if (code == 161002 && !repeats && i == 0) {  // the executor went with the mistake before
            aclGetRecentErrMsg();
            Array::check(plan(good));
            code = launch(workspace, bytes, executor, stream);
        }
    }
    if (repeats) Array::check(aclDestroyAclOpExecutor(executor));
    if (random.one_in(8)) expect(launch(workspace, bytes, executor, stream), 161002, "an executor used twice");
    if (code == 0) code = aclrtSynchronizeStream(stream);
    if (code != 0) {
        const char* message = aclGetRecentErrMsg();
        complain("the call fails with " + std::to_string(code) + ": " + (message == nullptr ? "without a word" : message));
    } else {
        work.check_all(dq.get<uint16_t>(), dk.get<uint16_t>(), dw.get<uint16_t>());
        ++valid;
    }
    if (workspace != nullptr) Array::check(aclrtFree(workspace));
}

void worker(int seed, std::atomic<int>& left)
{
    Random random{std::mt19937(static_cast<unsigned>(seed))};
    aclrtStream streams[3] = {};
    expect(aclrtCreateStream(&streams[0]), 107002, "a stream without a context");
    Array::check(aclrtSetDevice(0));
    for (int i = 0; i < 2; ++i) Array::check(aclrtCreateStream(&streams[i]));
    while (left-- > 0) call(random, streams[random.to(0, 2)]);  // the third one is the default stream
    for (int i = 0; i < 2; ++i) Array::check(aclrtDestroyStream(streams[i]));
    expect(aclrtSynchronizeStream(streams[0]), 107017, "a stream that was destroyed");
}

}  // namespace

int main(int count, char** arguments)
{
    const int calls = count > 1 ? std::atoi(arguments[1]) : 1000, seed = count > 2 ? std::atoi(arguments[2]) : 0;
    Array::check(aclInit(nullptr));
    expect(aclInit(nullptr), 100002, "a second aclInit");
    std::atomic<int> left{calls};
    std::vector<std::thread> running;
    for (int i = 0; i < threads; ++i) running.emplace_back(worker, seed * threads + i, std::ref(left));
    for (std::thread& each : running) each.join();
    Array::check(aclFinalize());
    std::printf("%d calls: %d right, %d mistakes refused, %d wrong\n", calls, valid.load(), refused.load(), wrong.load());
    return wrong == 0 && valid == calls ? 0 : 1;
}
