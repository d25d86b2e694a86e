// Inside the host library: the process's device, its contexts, streams and memory, and how a call fails.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "acl/acl.h"
#include "aclnn/aclnn_base.h"

namespace ligrad_host {

// The chip that the library was compiled for; sizes in bytes, of memories in the order of twin::Memory.
struct Chip {
    const char* name;
    uint32_t cube_cores;
    uint64_t sizes[8];
    uint64_t gm_alignment;
    uint64_t hbm_bytes;
};
extern const Chip chip;

// Remembers for this thread what went wrong, and gives the code back.
int fail(int code, const char* format, ...) __attribute__((format(printf, 2, 3)));
int fail_with(int code, std::string message);

// A setting of the environment: set, and not to "0".
bool is_set(const char* variable);

// Objects that callers hold by handles. A handle is never given twice, so a stale one is found out.
template <class T>
class Handles {
public:
    void* add(std::shared_ptr<T> object)
    {
        std::lock_guard lock(mutex_);
        next_ += 16;
        objects_[next_] = std::move(object);
        return reinterpret_cast<void*>(next_);
    }
    std::shared_ptr<T> find(const void* handle) const
    {
        std::lock_guard lock(mutex_);
        const auto found = objects_.find(reinterpret_cast<uintptr_t>(handle));
        return found == objects_.end() ? nullptr : found->second;
    }
    std::shared_ptr<T> take(const void* handle)
    {
        std::lock_guard lock(mutex_);
        const auto found = objects_.find(reinterpret_cast<uintptr_t>(handle));
        if (found == objects_.end()) return nullptr;
        std::shared_ptr<T> object = std::move(found->second);
        objects_.erase(found);
        return object;
    }
    std::vector<std::shared_ptr<T>> take_if(const std::function<bool(const T&)>& wanted)
    {
        std::lock_guard lock(mutex_);
        std::vector<std::shared_ptr<T>> taken;
        for (auto at = objects_.begin(); at != objects_.end();) {
            if (!wanted(*at->second)) {
                ++at;
                continue;
            }
            taken.push_back(std::move(at->second));
            at = objects_.erase(at);
        }
        return taken;
    }
    std::vector<std::shared_ptr<T>> all() const
    {
        std::lock_guard lock(mutex_);
        std::vector<std::shared_ptr<T>> objects;
        for (const auto& each : objects_) objects.push_back(each.second);
        return objects;
    }

private:
    mutable std::mutex mutex_;
    std::unordered_map<uintptr_t, std::shared_ptr<T>> objects_;
    uintptr_t next_ = 0x1000;
};

// Memory that a caller has; tasks that use it keep it alive, so that a free too early is an error and no crash.
struct Block {
    uint8_t* data;
    uint64_t bytes, alignment;
    std::atomic<bool> freed{false};
    Block(uint64_t size, uint64_t alignment);
    ~Block();
    Block(const Block&) = delete;
    Block& operator=(const Block&) = delete;
};

// A part of a block: from an address inside to its end.
struct Span {
    std::shared_ptr<Block> block;
    uint64_t left = 0;
};

class Memory {
public:
    // Null if it would be more than `limit` in all, or the machine has not so much.
    void* allocate(uint64_t bytes, uint64_t alignment, uint64_t limit);
    bool release(void* address);
    // The block that holds an address; none if no block does.
    Span find(const void* address) const;
    uint64_t used() const;
    void clear();

private:
    mutable std::mutex mutex_;
    std::map<uintptr_t, std::shared_ptr<Block>> blocks_;
    uint64_t used_ = 0;
};

// What a task found wrong: 0 is nothing.
struct Outcome {
    int code = 0;
    std::string message;
};
using Task = std::function<Outcome()>;

class Stream {
public:
    Stream() = default;
    ~Stream();
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    // False if the stream is being destroyed.
    bool push(Task task);
    // Waits for all tasks, and fails with the first failure since the last time. milliseconds: -1 for no limit.
    int wait(int milliseconds = -1);
    // Waits for all tasks; what failed stays to be told.
    void settle();
    bool idle();
    void stop();

private:
    void work();
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Task> tasks_;
    bool busy_ = false, stopping_ = false;
    std::thread worker_;
    Outcome failure_;
};

struct Context {
    Stream fallback;
};

// A stream that a caller made; it belongs to a context.
struct OwnedStream {
    std::weak_ptr<Context> context;
    Stream stream;
};

struct Event {
    std::mutex mutex;
    std::condition_variable changed;
    uint64_t asked = 0, done = 0;  // recordings
    double milliseconds = 0;       // when the last one was done
};

struct Runtime {
    std::mutex mutex;
    bool initialised = false;
    int device_users = 0;  // threads that set the device, less those that reset it
    std::shared_ptr<Context> primary;
    void* primary_handle = nullptr;
    int64_t options[3] = {};
    Memory device, host;
    Handles<Context> contexts;
    Handles<OwnedStream> streams;
    Handles<Event> events;

    void release();  // everything on the device
    ~Runtime() { release(); }
};
Runtime& runtime();

// The current context of this thread, or a failure.
std::shared_ptr<Context> current_context();
// A stream by its handle, or the default stream for null.
int find_stream(aclrtStream handle, std::shared_ptr<Stream>& stream);
// Hands a task to a stream.
int push(aclrtStream handle, Task task);
// Waits until the device has nothing to do; what failed stays to be told.
void settle_device();

// Runs the body of an API function; what it throws becomes a failure.
template <class Body>
int guarded(const char* name, Body body) noexcept
{
    try {
        return body();
    } catch (const std::bad_alloc&) {
        return fail(ACL_ERROR_BAD_ALLOC, "%s: this machine has not so much memory", name);
    } catch (const std::exception& error) {
        return fail(ACL_ERROR_INTERNAL_ERROR, "%s: %s", name, error.what());
    }
}

}  // namespace ligrad_host
