// Streams, and events between them.
#include <algorithm>
#include <chrono>
#include <utility>

#include "runtime.h"

namespace ligrad_host {
namespace {

double now_in_milliseconds()
{
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::shared_ptr<Event> find_event(aclrtEvent handle)
{
    std::shared_ptr<Event> found = runtime().events.find(handle);
    if (found == nullptr) fail(ACL_ERROR_RT_INVALID_HANDLE, "%p is no event", handle);
    return found;
}

}  // namespace

Stream::~Stream() { stop(); }

bool Stream::push(Task task)
{
    std::lock_guard lock(mutex_);
    if (stopping_) return false;
    if (!worker_.joinable()) worker_ = std::thread(&Stream::work, this);
    tasks_.push_back(std::move(task));
    changed_.notify_all();
    return true;
}

void Stream::work()
{
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [&] { return stopping_ || !tasks_.empty(); });
        if (tasks_.empty()) return;
        Task task = std::move(tasks_.front());
        tasks_.pop_front();
        busy_ = true;
        lock.unlock();
        Outcome outcome;
        try {
            outcome = task();
        } catch (const std::exception& error) {
            outcome = {ACL_ERROR_RT_INTERNAL_ERROR, error.what()};
        }
        task = nullptr;  // lets go of what it held before the stream is idle
        lock.lock();
        busy_ = false;
        if (outcome.code != 0 && failure_.code == 0) failure_ = std::move(outcome);
        changed_.notify_all();
    }
}

int Stream::wait(int milliseconds)
{
    std::unique_lock lock(mutex_);
    const auto is_done = [&] { return tasks_.empty() && !busy_; };
    if (milliseconds < 0)
        changed_.wait(lock, is_done);
    else if (!changed_.wait_for(lock, std::chrono::milliseconds(milliseconds), is_done))
        return fail(ACL_ERROR_RT_STREAM_SYNC_TIMEOUT, "the stream is not done after %d ms", milliseconds);
    if (failure_.code == 0) return 0;
    const Outcome failure = std::exchange(failure_, {});
    return fail_with(failure.code, failure.message);
}

void Stream::settle()
{
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return tasks_.empty() && !busy_; });
}

bool Stream::idle()
{
    std::lock_guard lock(mutex_);
    return tasks_.empty() && !busy_;
}

// Lets the tasks that are there come to their end.
void Stream::stop()
{
    std::thread worker;
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
        worker = std::move(worker_);
        changed_.notify_all();
    }
    if (worker.joinable()) worker.join();
}

int find_stream(aclrtStream handle, std::shared_ptr<Stream>& stream)
{
    if (handle == nullptr) {
        const std::shared_ptr<Context> context = current_context();
        if (context == nullptr) return ACL_ERROR_RT_CONTEXT_NULL;
        stream = std::shared_ptr<Stream>(context, &context->fallback);
        return 0;
    }
    const std::shared_ptr<OwnedStream> found = runtime().streams.find(handle);
    if (found == nullptr) return fail(ACL_ERROR_RT_INVALID_HANDLE, "%p is no stream", handle);
    stream = std::shared_ptr<Stream>(found, &found->stream);
    return 0;
}

int push(aclrtStream handle, Task task)
{
    std::shared_ptr<Stream> stream;
    if (int code = find_stream(handle, stream)) return code;
    return stream->push(std::move(task)) ? 0 : fail(ACL_ERROR_RT_INVALID_HANDLE, "the stream %p is being destroyed", handle);
}

}  // namespace ligrad_host

using namespace ligrad_host;

extern "C" {

aclError aclrtCreateStream(aclrtStream* stream)
{
    return guarded("aclrtCreateStream", [&] {
        if (stream == nullptr) return fail(ACL_ERROR_INVALID_PARAM, "aclrtCreateStream: stream is null");
        const std::shared_ptr<Context> context = current_context();
        if (context == nullptr) return ACL_ERROR_RT_CONTEXT_NULL;
        auto made = std::make_shared<OwnedStream>();
        made->context = context;
        *stream = runtime().streams.add(std::move(made));
        return ACL_SUCCESS;
    });
}

aclError aclrtCreateStreamWithConfig(aclrtStream* stream, uint32_t, uint32_t) { return aclrtCreateStream(stream); }

aclError aclrtDestroyStream(aclrtStream stream)
{
    return guarded("aclrtDestroyStream", [&] {
        if (stream == nullptr) return fail(ACL_ERROR_INVALID_PARAM, "aclrtDestroyStream: stream is null");
        const std::shared_ptr<OwnedStream> taken = runtime().streams.take(stream);
        if (taken == nullptr) return fail(ACL_ERROR_RT_INVALID_HANDLE, "aclrtDestroyStream: %p is no stream", stream);
        taken->stream.stop();
        return ACL_SUCCESS;
    });
}

aclError aclrtDestroyStreamForce(aclrtStream stream) { return aclrtDestroyStream(stream); }

aclError aclrtSynchronizeStreamWithTimeout(aclrtStream handle, int32_t timeout)
{
    return guarded("aclrtSynchronizeStream", [&] {
        if (timeout < -1) return fail(ACL_ERROR_RT_PARAM_INVALID, "aclrtSynchronizeStreamWithTimeout: timeout is %d", timeout);
        std::shared_ptr<Stream> stream;
        const int code = find_stream(handle, stream);
        return code != 0 ? code : stream->wait(timeout);
    });
}

aclError aclrtSynchronizeStream(aclrtStream stream) { return aclrtSynchronizeStreamWithTimeout(stream, -1); }

aclError aclrtStreamQuery(aclrtStream handle, aclrtStreamStatus* status)
{
    if (status == nullptr) return fail(ACL_ERROR_INVALID_PARAM, "aclrtStreamQuery: status is null");
    std::shared_ptr<Stream> stream;
    if (int code = find_stream(handle, stream)) return code;
    *status = stream->idle() ? ACL_STREAM_STATUS_COMPLETE : ACL_STREAM_STATUS_NOT_READY;
    return ACL_SUCCESS;
}

aclError aclrtCreateEvent(aclrtEvent* event)
{
    return guarded("aclrtCreateEvent", [&] {
        if (event == nullptr) return fail(ACL_ERROR_INVALID_PARAM, "aclrtCreateEvent: event is null");
        if (current_context() == nullptr) return ACL_ERROR_RT_CONTEXT_NULL;
        *event = runtime().events.add(std::make_shared<Event>());
        return ACL_SUCCESS;
    });
}

aclError aclrtCreateEventWithFlag(aclrtEvent* event, uint32_t) { return aclrtCreateEvent(event); }

aclError aclrtDestroyEvent(aclrtEvent event)
{
    if (runtime().events.take(event) == nullptr) return fail(ACL_ERROR_RT_INVALID_HANDLE, "aclrtDestroyEvent: %p is no event", event);
    return ACL_SUCCESS;
}

aclError aclrtRecordEvent(aclrtEvent handle, aclrtStream stream)
{
    return guarded("aclrtRecordEvent", [&] {
        const std::shared_ptr<Event> event = find_event(handle);
        if (event == nullptr) return ACL_ERROR_RT_INVALID_HANDLE;
        std::lock_guard lock(event->mutex);
        const uint64_t number = event->asked + 1;
        const int code = push(stream, [event, number]() -> Outcome {
            std::lock_guard lock(event->mutex);
            event->done = std::max(event->done, number);
            event->milliseconds = now_in_milliseconds();
            event->changed.notify_all();
            return {};
        });
        if (code == 0) event->asked = number;
        return code;
    });
}

aclError aclrtStreamWaitEvent(aclrtStream stream, aclrtEvent handle)
{
    return guarded("aclrtStreamWaitEvent", [&] {
        const std::shared_ptr<Event> event = find_event(handle);
        if (event == nullptr) return ACL_ERROR_RT_INVALID_HANDLE;
        std::lock_guard lock(event->mutex);
        return push(stream, [event, number = event->asked]() -> Outcome {
            std::unique_lock lock(event->mutex);
            event->changed.wait(lock, [&] { return event->done >= number; });
            return {};
        });
    });
}

aclError aclrtQueryEventStatus(aclrtEvent handle, aclrtEventRecordedStatus* status)
{
    if (status == nullptr) return fail(ACL_ERROR_INVALID_PARAM, "aclrtQueryEventStatus: status is null");
    const std::shared_ptr<Event> event = find_event(handle);
    if (event == nullptr) return ACL_ERROR_RT_INVALID_HANDLE;
    std::lock_guard lock(event->mutex);
    *status = event->done == event->asked ? ACL_EVENT_RECORDED_STATUS_COMPLETE : ACL_EVENT_RECORDED_STATUS_NOT_READY;
    return ACL_SUCCESS;
}

aclError aclrtQueryEvent(aclrtEvent handle, aclrtEventStatus* status)
{
    aclrtEventRecordedStatus recorded;
    if (status == nullptr) return fail(ACL_ERROR_INVALID_PARAM, "aclrtQueryEvent: status is null");
    if (int code = aclrtQueryEventStatus(handle, &recorded)) return code;
    *status = recorded == ACL_EVENT_RECORDED_STATUS_COMPLETE ? ACL_EVENT_STATUS_COMPLETE : ACL_EVENT_STATUS_NOT_READY;
    return ACL_SUCCESS;
}

aclError aclrtSynchronizeEvent(aclrtEvent handle)
{
    const std::shared_ptr<Event> event = find_event(handle);
    if (event == nullptr) return ACL_ERROR_RT_INVALID_HANDLE;
    std::unique_lock lock(event->mutex);
    event->changed.wait(lock, [&, number = event->asked] { return event->done >= number; });
    return ACL_SUCCESS;
}

aclError aclrtEventElapsedTime(float* ms, aclrtEvent start, aclrtEvent end)
{
    if (ms == nullptr) return fail(ACL_ERROR_INVALID_PARAM, "aclrtEventElapsedTime: ms is null");
    const std::shared_ptr<Event> first = find_event(start), last = find_event(end);
    if (first == nullptr || last == nullptr) return ACL_ERROR_RT_INVALID_HANDLE;
    double times[2];
    Event* both[2] = {first.get(), last.get()};
    for (int i = 0; i < 2; ++i) {
        std::lock_guard lock(both[i]->mutex);
        if (both[i]->asked == 0 || both[i]->done != both[i]->asked)
            return fail(ACL_ERROR_RT_EVENT_NOT_COMPLETE, "aclrtEventElapsedTime: the %s event has not been recorded", i == 0 ? "first" : "second");
        times[i] = both[i]->milliseconds;
    }
    *ms = static_cast<float>(times[1] - times[0]);
    return ACL_SUCCESS;
}
}
