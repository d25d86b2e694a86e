// Start and end, devices, contexts; errors of a thread.
#include "runtime.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace ligrad_host {
namespace {

struct Self {
    std::string message, shown;
    void* context = nullptr;
};
thread_local Self self;

int check_device(int32_t device)
{
    return device == 0 ? 0 : fail(ACL_ERROR_RT_INVALID_DEVICEID, "there is one device, number 0; not %d", device);
}

// The context that aclrtSetDevice makes current.
void* primary_context(Runtime& all)
{
    if (all.primary == nullptr) {
        all.primary = std::make_shared<Context>();
        all.primary_handle = all.contexts.add(all.primary);
    }
    return all.primary_handle;
}

}  // namespace

int fail_with(int code, std::string message)
{
    self.message = std::move(message);
    return code;
}

int fail(int code, const char* format, ...)
{
    char text[512];
    va_list values;
    va_start(values, format);
    std::vsnprintf(text, sizeof text, format, values);
    va_end(values);
    return fail_with(code, text);
}

bool is_set(const char* variable)
{
    const char* value = std::getenv(variable);
    return value != nullptr && *value != 0 && std::strcmp(value, "0") != 0;
}

Runtime& runtime()
{
    static Runtime all;
    return all;
}

void Runtime::release()
{
    const auto every = [](const auto&) { return true; };
    for (auto& each : streams.take_if(every)) each->stream.stop();
    for (auto& each : contexts.take_if(every)) each->fallback.stop();
    events.take_if(every);
    primary = nullptr;
    primary_handle = nullptr;
    device.clear();
}

std::shared_ptr<Context> current_context()
{
    std::shared_ptr<Context> found = runtime().contexts.find(self.context);
    if (found == nullptr)
        fail(ACL_ERROR_RT_CONTEXT_NULL, "this thread has no context: call aclrtSetDevice or aclrtSetCurrentContext first");
    return found;
}

void settle_device()
{
    for (auto& each : runtime().contexts.all()) each->fallback.settle();
    for (auto& each : runtime().streams.all()) each->stream.settle();
}

}  // namespace ligrad_host

using namespace ligrad_host;

extern "C" {

aclError aclInit(const char*)
{
    Runtime& all = runtime();
    std::lock_guard lock(all.mutex);
    if (all.initialised) return fail(ACL_ERROR_REPEAT_INITIALIZE, "aclInit has been called before");
    all.initialised = true;
    return ACL_SUCCESS;
}

aclError aclFinalize()
{
    Runtime& all = runtime();
    std::lock_guard lock(all.mutex);
    if (!all.initialised) return fail(ACL_ERROR_UNINITIALIZE, "aclFinalize: aclInit has not been called");
    all.initialised = false;
    all.device_users = 0;
    all.release();
    return ACL_SUCCESS;
}

const char* aclGetRecentErrMsg()
{
    if (self.message.empty()) return nullptr;
    self.shown.swap(self.message);
    self.message.clear();
    return self.shown.c_str();
}

aclError aclrtGetVersion(int32_t* major, int32_t* minor, int32_t* patch)
{
    if (major == nullptr || minor == nullptr || patch == nullptr) return fail(ACL_ERROR_INVALID_PARAM, "aclrtGetVersion: a null pointer");
    *major = 1;
    *minor = *patch = 0;
    return ACL_SUCCESS;
}

const char* aclrtGetSocName() { return chip.name; }

aclError aclrtGetDeviceCount(uint32_t* count)
{
    if (count == nullptr) return fail(ACL_ERROR_INVALID_PARAM, "aclrtGetDeviceCount: count is null");
    *count = 1;
    return ACL_SUCCESS;
}

aclError aclrtSetDevice(int32_t device)
{
    return guarded("aclrtSetDevice", [&] {
        if (int code = check_device(device)) return code;
        Runtime& all = runtime();
        std::lock_guard lock(all.mutex);
        self.context = primary_context(all);
        ++all.device_users;
        return ACL_SUCCESS;
    });
}

aclError aclrtResetDevice(int32_t device)
{
    return guarded("aclrtResetDevice", [&] {
        if (int code = check_device(device)) return code;
        Runtime& all = runtime();
        std::lock_guard lock(all.mutex);
        if (all.device_users > 0 && --all.device_users > 0) return ACL_SUCCESS;
        all.release();
        return ACL_SUCCESS;
    });
}

aclError aclrtResetDeviceForce(int32_t device)
{
    if (int code = check_device(device)) return code;
    Runtime& all = runtime();
    std::lock_guard lock(all.mutex);
    all.device_users = 0;
    all.release();
    return ACL_SUCCESS;
}

aclError aclrtGetDevice(int32_t* device)
{
    if (device == nullptr) return fail(ACL_ERROR_INVALID_PARAM, "aclrtGetDevice: deviceId is null");
    if (current_context() == nullptr) return ACL_ERROR_RT_CONTEXT_NULL;
    *device = 0;
    return ACL_SUCCESS;
}

aclError aclrtGetRunMode(aclrtRunMode* mode)
{
    if (mode == nullptr) return fail(ACL_ERROR_INVALID_PARAM, "aclrtGetRunMode: runMode is null");
    *mode = ACL_HOST;
    return ACL_SUCCESS;
}

aclError aclrtSynchronizeDevice()
{
    return guarded("aclrtSynchronizeDevice", [] {
        if (current_context() == nullptr) return ACL_ERROR_RT_CONTEXT_NULL;
        int code = 0;
        for (auto& each : runtime().contexts.all()) code = std::max(code, each->fallback.wait());
        for (auto& each : runtime().streams.all()) code = std::max(code, each->stream.wait());
        return code;
    });
}

aclError aclrtCreateContext(aclrtContext* context, int32_t device)
{
    return guarded("aclrtCreateContext", [&] {
        if (context == nullptr) return fail(ACL_ERROR_INVALID_PARAM, "aclrtCreateContext: context is null");
        if (int code = check_device(device)) return code;
        self.context = *context = runtime().contexts.add(std::make_shared<Context>());
        return ACL_SUCCESS;
    });
}

aclError aclrtDestroyContext(aclrtContext context)
{
    return guarded("aclrtDestroyContext", [&] {
        Runtime& all = runtime();
        if (context == nullptr) return fail(ACL_ERROR_INVALID_PARAM, "aclrtDestroyContext: context is null");
        if (context == all.primary_handle)
            return fail(ACL_ERROR_RT_PARAM_INVALID, "aclrtDestroyContext: this is the default context, which aclrtResetDevice releases");
        std::shared_ptr<Context> taken = all.contexts.take(context);
        if (taken == nullptr) return fail(ACL_ERROR_RT_INVALID_HANDLE, "aclrtDestroyContext: %p is no context", context);
        for (auto& each : all.streams.take_if([&](const OwnedStream& stream) { return stream.context.lock() == taken; })) each->stream.stop();
        taken->fallback.stop();
        return ACL_SUCCESS;
    });
}

aclError aclrtSetCurrentContext(aclrtContext context)
{
    if (context == nullptr) return fail(ACL_ERROR_INVALID_PARAM, "aclrtSetCurrentContext: context is null");
    if (runtime().contexts.find(context) == nullptr) return fail(ACL_ERROR_RT_INVALID_HANDLE, "aclrtSetCurrentContext: %p is no context", context);
    self.context = context;
    return ACL_SUCCESS;
}

aclError aclrtGetCurrentContext(aclrtContext* context)
{
    if (context == nullptr) return fail(ACL_ERROR_INVALID_PARAM, "aclrtGetCurrentContext: context is null");
    if (current_context() == nullptr) return ACL_ERROR_RT_CONTEXT_NULL;
    *context = self.context;
    return ACL_SUCCESS;
}

aclError aclrtSetSysParamOpt(aclSysParamOpt option, int64_t value)
{
    if (option < 0 || option > ACL_OPT_STRONG_CONSISTENCY) return fail(ACL_ERROR_RT_PARAM_INVALID, "there is no option %d", option);
    Runtime& all = runtime();
    std::lock_guard lock(all.mutex);
    all.options[option] = value;
    return ACL_SUCCESS;
}

aclError aclrtGetSysParamOpt(aclSysParamOpt option, int64_t* value)
{
    if (value == nullptr) return fail(ACL_ERROR_INVALID_PARAM, "aclrtGetSysParamOpt: value is null");
    if (option < 0 || option > ACL_OPT_STRONG_CONSISTENCY) return fail(ACL_ERROR_RT_PARAM_INVALID, "there is no option %d", option);
    Runtime& all = runtime();
    std::lock_guard lock(all.mutex);
    *value = all.options[option];
    return ACL_SUCCESS;
}

aclError aclrtCtxSetSysParamOpt(aclSysParamOpt option, int64_t value) { return aclrtSetSysParamOpt(option, value); }
aclError aclrtCtxGetSysParamOpt(aclSysParamOpt option, int64_t* value) { return aclrtGetSysParamOpt(option, value); }
}
