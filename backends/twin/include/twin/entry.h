// How the launcher calls a kernel: arguments come as pointers to their values.
#pragma once
#include <utility>

#include "qualifiers.h"

#define TWIN_KERNEL_SECTION(name)                                    \
    extern "C" const char __start_twin_kernel_##name[] __attribute__((weak)); \
    extern "C" const char __stop_twin_kernel_##name[] __attribute__((weak));
TWIN_KERNEL_SECTION(aiv_only)
TWIN_KERNEL_SECTION(aic_only)
TWIN_KERNEL_SECTION(mix_0_1)
TWIN_KERNEL_SECTION(mix_1_0)
TWIN_KERNEL_SECTION(mix_1_1)
TWIN_KERNEL_SECTION(mix_1_2)
#undef TWIN_KERNEL_SECTION

namespace twin {

template <class... Arguments, std::size_t... index>
void call(void (*kernel)(Arguments...), void* const* values, std::index_sequence<index...>)
{
    kernel(*static_cast<std::decay_t<Arguments>*>(values[index])...);
}
template <class... Arguments>
void call(void (*kernel)(Arguments...), void* const* values)
{
    call(kernel, values, std::index_sequence_for<Arguments...>{});
}
template <class... Arguments>
constexpr int arity(void (*)(Arguments...))
{
    return sizeof...(Arguments);
}
// Bytes of the argument if it is passed by value, 0 for a pointer into GM.
template <class... Arguments>
int argument_bytes(void (*)(Arguments...), int index)
{
    constexpr int bytes[] = {(std::is_pointer_v<std::decay_t<Arguments>> ? 0 : static_cast<int>(sizeof(std::decay_t<Arguments>)))..., 0};
    return bytes[index];
}
// The KernelMetaType that a function qualifier states, or -1.
template <class... Arguments>
int qualified_type(void (*kernel)(Arguments...))
{
    const char* address = reinterpret_cast<const char*>(kernel);
#define TWIN_IN(name, type) \
    if (__start_twin_kernel_##name <= address && address < __stop_twin_kernel_##name) return type
    TWIN_IN(aiv_only, KERNEL_TYPE_AIV_ONLY);
    TWIN_IN(aic_only, KERNEL_TYPE_AIC_ONLY);
    TWIN_IN(mix_0_1, KERNEL_TYPE_MIX_AIV_1_0);
    TWIN_IN(mix_1_0, KERNEL_TYPE_MIX_AIC_1_0);
    TWIN_IN(mix_1_1, KERNEL_TYPE_MIX_AIC_1_1);
    TWIN_IN(mix_1_2, KERNEL_TYPE_MIX_AIC_1_2);
#undef TWIN_IN
    return -1;
}

}  // namespace twin

#define TWIN_ENTRY(...)                                                                                      \
    extern "C" __attribute__((visibility("default"))) void twin_bind(::twin::Engine* engine) { ::twin::engine = engine; } \
    extern "C" __attribute__((visibility("default"))) void twin_call(void* const* values) { ::twin::call(&__VA_ARGS__, values); } \
    extern "C" __attribute__((visibility("default"))) int twin_arity() { return ::twin::arity(&__VA_ARGS__); } \
    extern "C" __attribute__((visibility("default"))) int twin_argument_bytes(int index) { return ::twin::argument_bytes(&__VA_ARGS__, index); } \
    extern "C" __attribute__((visibility("default"))) int twin_qualified_type() { return ::twin::qualified_type(&__VA_ARGS__); }
