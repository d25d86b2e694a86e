// Device memory, and copies with the bounds of the allocations.
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <new>

#include "runtime.h"

namespace ligrad_host {
namespace {

constexpr uint64_t unit = 32;  // device memory comes in multiples of so many bytes
constexpr uint64_t host_alignment = 64;
const char strict_variable[] = "LIGRAD_ACL_STRICT";
std::once_flag told;

enum class Side { host, device };

// One end of a copy: an address, and what holds it if that is device memory.
struct End {
    const char* name;
    uint8_t* address;
    Span span;
};

// Finds the block; a failure if the address is not on the side that it must be on.
int locate(End& end, Side side, const char* function)
{
    if (end.address == nullptr) return fail(ACL_ERROR_INVALID_PARAM, "%s: %s is null", function, end.name);
    end.span = runtime().device.find(end.address);
    if (side == Side::device && end.span.block == nullptr)
        return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: %s %p is not in device memory", function, end.name, static_cast<void*>(end.address));
    if (side == Side::host && end.span.block != nullptr)
        return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: %s %p is in device memory", function, end.name, static_cast<void*>(end.address));
    return 0;
}

int past_end(const char* function, const End& end, uint64_t count)
{
    return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: %" PRIu64 " bytes, but the allocation of %s has only %" PRIu64 " left", function, count, end.name, end.span.left);
}

bool gone(const End& end) { return end.span.block != nullptr && end.span.block->freed; }

// Checks a copy and gives the task that does it.
int plan_copy(const char* function, void* dst, size_t limit, const void* src, size_t count, aclrtMemcpyKind kind, Task& task)
{
    End to{"dst", static_cast<uint8_t*>(dst), {}}, from{"src", static_cast<uint8_t*>(const_cast<void*>(src)), {}};
    Side target = Side::device, source = Side::device;
    switch (kind) {
        case ACL_MEMCPY_HOST_TO_HOST: target = source = Side::host; break;
        case ACL_MEMCPY_HOST_TO_DEVICE:
        case ACL_MEMCPY_HOST_TO_BUF_TO_DEVICE: source = Side::host; break;
        case ACL_MEMCPY_DEVICE_TO_HOST: target = Side::host; break;
        case ACL_MEMCPY_DEVICE_TO_DEVICE:
        case ACL_MEMCPY_INNER_DEVICE_TO_DEVICE:
        case ACL_MEMCPY_INTER_DEVICE_TO_DEVICE: break;
        case ACL_MEMCPY_DEFAULT:
            target = runtime().device.find(dst).block != nullptr ? Side::device : Side::host;
            source = runtime().device.find(src).block != nullptr ? Side::device : Side::host;
            break;
        default: return fail(ACL_ERROR_INVALID_PARAM, "%s: there is no kind %d", function, static_cast<int>(kind));
    }
    if (int code = locate(to, target, function)) return code;
    if (int code = locate(from, source, function)) return code;
    if (count == 0) return fail(ACL_ERROR_INVALID_PARAM, "%s: count is 0", function);
    if (count > limit) return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: count %zu is more than destMax %zu", function, count, limit);
    if (target == Side::device && count > to.span.left) return past_end(function, to, count);
    uint64_t held = count;
    if (source == Side::device && count > from.span.left) {
        if (target == Side::device || is_set(strict_variable)) return past_end(function, from, count);
        held = from.span.left;
        std::call_once(told, [&] {
            std::fprintf(stderr,
                         "ligrad: %s copies %zu bytes to the host, but the device allocation ends after %" PRIu64
                         ": the rest are zeros (said once; with %s=1 it is an error)\n",
                         function, count, held, strict_variable);
        });
    }
    task = [=]() -> Outcome {
        if (gone(to) || gone(from)) return {ACL_ERROR_RT_PARAM_INVALID, std::string(function) + ": the memory was freed before the copy was done"};
        std::memmove(to.address, from.address, held);
        std::memset(to.address + held, 0, count - held);
        return {};
    };
    return 0;
}

int plan_fill(const char* function, void* address, size_t limit, int32_t value, size_t count, Task& task)
{
    End end{"devPtr", static_cast<uint8_t*>(address), {}};
    if (int code = locate(end, Side::device, function)) return code;
    if (count > limit) return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: count %zu is more than maxCount %zu", function, count, limit);
    if (count > end.span.left) return past_end(function, end, count);
    task = [=]() -> Outcome {
        if (gone(end)) return {ACL_ERROR_RT_PARAM_INVALID, std::string(function) + ": the memory was freed before it was filled"};
        std::memset(end.address, value, count);
        return {};
    };
    return 0;
}

// Does a task now; needs a context, as all that touches the device does.
int do_now(int code, const Task& task)
{
    if (code != 0) return code;
    if (current_context() == nullptr) return ACL_ERROR_RT_CONTEXT_NULL;
    const Outcome outcome = task();
    return outcome.code == 0 ? 0 : fail_with(outcome.code, outcome.message);
}

int do_later(int code, Task task, aclrtStream handle)
{
    return code != 0 ? code : push(handle, std::move(task));
}

int allocate(const char* function, void** address, size_t size, int policy, uint64_t extra)
{
    if (address == nullptr) return fail(ACL_ERROR_INVALID_PARAM, "%s: devPtr is null", function);
    if (size == 0) return fail(ACL_ERROR_INVALID_PARAM, "%s: size is 0", function);
    (void)policy;  // any value is one: unknown ones mean what the size suggests, and all pages are alike here
    if (current_context() == nullptr) return ACL_ERROR_RT_CONTEXT_NULL;
    if (size <= chip.hbm_bytes) *address = runtime().device.allocate((size + unit - 1) / unit * unit + extra, chip.gm_alignment, chip.hbm_bytes);
    if (size > chip.hbm_bytes || *address == nullptr)
        return fail(ACL_ERROR_RT_MEMORY_ALLOCATION, "%s: %zu bytes, but %" PRIu64 " of %" PRIu64 " are in use", function, size, runtime().device.used(), chip.hbm_bytes);
    return ACL_SUCCESS;
}

}  // namespace

Block::Block(uint64_t size, uint64_t alignment)
    : data(static_cast<uint8_t*>(::operator new(size, std::align_val_t(alignment)))), bytes(size), alignment(alignment)
{
    std::memset(data, 0xff, size);  // NaN in every float type: what is not initialised shows
}

Block::~Block() { ::operator delete(data, std::align_val_t(alignment)); }

void* Memory::allocate(uint64_t bytes, uint64_t alignment, uint64_t limit)
{
    std::lock_guard lock(mutex_);
    if (bytes > limit || used_ > limit - bytes) return nullptr;
    try {
        auto block = std::make_shared<Block>(bytes, alignment);
        void* address = block->data;
        blocks_[reinterpret_cast<uintptr_t>(address)] = std::move(block);
        used_ += bytes;
        return address;
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

bool Memory::release(void* address)
{
    std::lock_guard lock(mutex_);
    const auto found = blocks_.find(reinterpret_cast<uintptr_t>(address));
    if (found == blocks_.end()) return false;
    found->second->freed = true;
    used_ -= found->second->bytes;
    blocks_.erase(found);
    return true;
}

Span Memory::find(const void* address) const
{
    std::lock_guard lock(mutex_);
    const uintptr_t at = reinterpret_cast<uintptr_t>(address);
    auto behind = blocks_.upper_bound(at);
    if (behind == blocks_.begin()) return {};
    const auto& [begin, block] = *--behind;
    return at - begin < block->bytes ? Span{block, block->bytes - (at - begin)} : Span{};
}

uint64_t Memory::used() const
{
    std::lock_guard lock(mutex_);
    return used_;
}

void Memory::clear()
{
    std::lock_guard lock(mutex_);
    for (auto& each : blocks_) each.second->freed = true;
    blocks_.clear();
    used_ = 0;
}

}  // namespace ligrad_host

using namespace ligrad_host;

extern "C" {

aclError aclrtMalloc(void** address, size_t size, aclrtMemMallocPolicy policy)
{
    return guarded("aclrtMalloc", [&] { return allocate("aclrtMalloc", address, size, policy, unit); });
}

aclError aclrtMallocAlign32(void** address, size_t size, aclrtMemMallocPolicy policy)
{
    return guarded("aclrtMallocAlign32", [&] { return allocate("aclrtMallocAlign32", address, size, policy, 0); });
}

aclError aclrtFree(void* address)
{
    if (address == nullptr) return fail(ACL_ERROR_INVALID_PARAM, "aclrtFree: devPtr is null");
    if (current_context() == nullptr) return ACL_ERROR_RT_CONTEXT_NULL;
    if (!runtime().device.release(address)) return fail(ACL_ERROR_RT_PARAM_INVALID, "aclrtFree: %p is not what aclrtMalloc has given", address);
    return ACL_SUCCESS;
}

aclError aclrtMallocHost(void** address, size_t size)
{
    return guarded("aclrtMallocHost", [&] {
        if (address == nullptr || size == 0) return fail(ACL_ERROR_INVALID_PARAM, "aclrtMallocHost: hostPtr is null, or size is 0");
        if (current_context() == nullptr) return ACL_ERROR_RT_CONTEXT_NULL;
        *address = size > UINT64_MAX / 2 ? nullptr : runtime().host.allocate(size, host_alignment, UINT64_MAX);
        if (*address == nullptr) return fail(ACL_ERROR_RT_MEMORY_ALLOCATION, "aclrtMallocHost: this machine has not %zu bytes", size);
        return ACL_SUCCESS;
    });
}

aclError aclrtFreeHost(void* address)
{
    if (address == nullptr) return fail(ACL_ERROR_INVALID_PARAM, "aclrtFreeHost: hostPtr is null");
    if (!runtime().host.release(address)) return fail(ACL_ERROR_RT_PARAM_INVALID, "aclrtFreeHost: %p is not what aclrtMallocHost has given", address);
    return ACL_SUCCESS;
}

aclError aclrtMemset(void* address, size_t limit, int32_t value, size_t count)
{
    return guarded("aclrtMemset", [&] {
        Task task;
        const int code = plan_fill("aclrtMemset", address, limit, value, count, task);
        return do_now(code, task);
    });
}

aclError aclrtMemsetAsync(void* address, size_t limit, int32_t value, size_t count, aclrtStream stream)
{
    return guarded("aclrtMemsetAsync", [&] {
        Task task;
        const int code = plan_fill("aclrtMemsetAsync", address, limit, value, count, task);
        return do_later(code, std::move(task), stream);
    });
}

aclError aclrtMemcpy(void* dst, size_t limit, const void* src, size_t count, aclrtMemcpyKind kind)
{
    return guarded("aclrtMemcpy", [&] {
        Task task;
        const int code = plan_copy("aclrtMemcpy", dst, limit, src, count, kind, task);
        return do_now(code, task);
    });
}

aclError aclrtMemcpyAsync(void* dst, size_t limit, const void* src, size_t count, aclrtMemcpyKind kind, aclrtStream stream)
{
    return guarded("aclrtMemcpyAsync", [&] {
        Task task;
        const int code = plan_copy("aclrtMemcpyAsync", dst, limit, src, count, kind, task);
        return do_later(code, std::move(task), stream);
    });
}

aclError aclrtGetMemInfo(aclrtMemAttr attribute, size_t* free, size_t* total)
{
    if (free == nullptr || total == nullptr) return fail(ACL_ERROR_INVALID_PARAM, "aclrtGetMemInfo: a null pointer");
    if (attribute < ACL_DDR_MEM || attribute > ACL_HBM_MEM_P2P_HUGE1G) return fail(ACL_ERROR_INVALID_PARAM, "aclrtGetMemInfo: there is no attribute %d", attribute);
    if (current_context() == nullptr) return ACL_ERROR_RT_CONTEXT_NULL;
    *total = chip.hbm_bytes;
    *free = chip.hbm_bytes - runtime().device.used();
    return ACL_SUCCESS;
}
}
