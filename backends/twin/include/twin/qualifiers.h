// The language part of Ascend C: core types, qualifiers, address spaces.
// Pages: "Function qualifiers", "Set kernel type", "GetBlockIdx".
#pragma once
#include "abi.h"

#if defined(__DAV_C220_CUBE__) == defined(__DAV_C220_VEC__)
#error "compile a kernel once with -D__DAV_C220_CUBE__ and once with -D__DAV_C220_VEC__"
#endif

#ifndef __NPU_ARCH__
#define __NPU_ARCH__ 2201
#endif
#ifndef __CCE_AICORE__
#define __CCE_AICORE__ 220
#endif

#define __aicore__
#define __gm__
#define __ubuf__
#define __cbuf__
#define __ca__
#define __cb__
#define __cc__
#define __fbuf__
#define __inline__ inline
#define __schedmode__(mode)
#define __global__ __attribute__((visibility("default"), noinline))
// A qualifier that names the kernel type puts the function into a section of that name, where the launcher finds it.
#define __vector__ __attribute__((section("twin_kernel_aiv_only")))
#define __cube__ __attribute__((section("twin_kernel_aic_only")))
#define __mix__(aic, aiv) __attribute__((section("twin_kernel_mix_" #aic "_" #aiv)))

using GM_ADDR = __gm__ uint8_t*;

enum KernelMetaType : int {
    KERNEL_TYPE_AIV_ONLY,
    KERNEL_TYPE_AIC_ONLY,
    KERNEL_TYPE_MIX_AIV_1_0,
    KERNEL_TYPE_MIX_AIC_1_0,
    KERNEL_TYPE_MIX_AIC_1_1,
    KERNEL_TYPE_MIX_AIC_1_2,
};

enum pipe_t { PIPE_S, PIPE_V, PIPE_M, PIPE_MTE1, PIPE_MTE2, PIPE_MTE3, PIPE_FIX, PIPE_ALL };

namespace AscendC {
enum CoreMode { AIC = 1, AIV = 2, MIX = 3 };
#ifdef __DAV_C220_CUBE__
constexpr int g_coreType = AIC;
#else
constexpr int g_coreType = AIV;
#endif
}  // namespace AscendC

#define ASCEND_IS_AIC constexpr(::AscendC::g_coreType == ::AscendC::AIC)
#define ASCEND_IS_AIV constexpr(::AscendC::g_coreType == ::AscendC::AIV)
#define ASCEND_IS_NOT_AIC constexpr(::AscendC::g_coreType != ::AscendC::AIC)
#define ASCEND_IS_NOT_AIV constexpr(::AscendC::g_coreType != ::AscendC::AIV)

namespace twin {

// Instantiated, and so present in a library, exactly when its source uses the unit: for kernels that name no type.
template <int = 0>
__attribute__((noinline)) void uses_cube()
{
    asm volatile("");
}
template <int = 0>
__attribute__((noinline)) void uses_vector()
{
    asm volatile("");
}
template <int = 0>
__attribute__((noinline)) void uses_sync_all()
{
    asm volatile("");
}

constexpr bool is_aic = AscendC::g_coreType == AscendC::AIC;
constexpr bool is_aiv = AscendC::g_coreType == AscendC::AIV;

template <class...>
constexpr bool never = false;

template <class T>
constexpr Type type_of()
{
    if constexpr (std::is_same_v<T, half>) return Type::f16;
    else if constexpr (std::is_same_v<T, bfloat16_t>) return Type::bf16;
    else if constexpr (std::is_same_v<T, float>) return Type::f32;
    else if constexpr (std::is_same_v<T, int8_t> || std::is_same_v<T, bool>) return Type::i8;
    else if constexpr (std::is_same_v<T, uint8_t>) return Type::u8;
    else if constexpr (std::is_same_v<T, int16_t>) return Type::i16;
    else if constexpr (std::is_same_v<T, uint16_t>) return Type::u16;
    else if constexpr (std::is_same_v<T, int32_t>) return Type::i32;
    else if constexpr (std::is_same_v<T, uint32_t>) return Type::u32;
    else if constexpr (std::is_integral_v<T> && std::is_signed_v<T> && sizeof(T) == 8) return Type::i64;
    else if constexpr (std::is_integral_v<T> && sizeof(T) == 8) return Type::u64;
    else static_assert(never<T>, "a tensor element must be a scalar type of the device");
}

template <class T, class... Allowed>
constexpr bool one_of = (std::is_same_v<T, Allowed> || ...);

// A parameter type that takes no part in template argument deduction.
template <class T>
struct Same {
    using type = T;
};
template <class T>
using same = typename Same<T>::type;

constexpr Pipe pipe_of(pipe_t pipe) { return static_cast<Pipe>(pipe); }

template <class T>
inline uint64_t bits_of(T value)
{
    uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof(T));
    return bits;
}

}  // namespace twin
