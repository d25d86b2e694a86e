// Tiling data and keys, kernel types. Pages: "GET_TILING_DATA", "REGISTER_TILING_DEFAULT", "TILING_KEY_IS", "Set kernel
// type", "Template tiling keys".
#pragma once
#include "qualifiers.h"

namespace twin {
template <class T>
T tiling_from(GM_ADDR tiling)
{
    T data;
    std::memcpy(static_cast<void*>(&data), tiling, sizeof(T));
    return data;
}
}  // namespace twin

#define REGISTER_TILING_DEFAULT(Struct)       \
    struct twin_default_tiling {              \
        using type [[maybe_unused]] = Struct; \
    }
#define REGISTER_TILING_FOR_TILINGKEY(condition, Struct) static_assert(sizeof(Struct) > 0)
#define GET_TILING_DATA(name, tiling) const auto name = ::twin::tiling_from<typename twin_default_tiling::type>(tiling)
#define GET_TILING_DATA_WITH_STRUCT(Struct, name, tiling) const Struct name = ::twin::tiling_from<Struct>(tiling)
#define GET_TILING_DATA_MEMBER(Struct, member, name, tiling) const auto name = ::twin::tiling_from<Struct>(tiling).member
#define COPY_TILING_WITH_STRUCT(Struct, source, destination) \
    Struct twin_tiling_copy = ::twin::tiling_from<Struct>((GM_ADDR)(source)); \
    const Struct* destination = &twin_tiling_copy
// A toolchain compiles a kernel once for each tiling key, with TILING_KEY_VAR defined as that key.
#ifdef TILING_KEY_VAR
#define TILING_KEY_IS(key) (static_cast<uint64_t>(TILING_KEY_VAR) == static_cast<uint64_t>(key))
#else
#define TILING_KEY_IS(key) (::twin::engine->tiling_key() == static_cast<uint64_t>(key))
#endif

// The dtypes of a custom operator's operands: it is compiled with -DORIG_DTYPE_<OPERAND>=DT_<DTYPE> for each of them.
#define DT_FLOAT 0
#define DT_FLOAT16 1
#define DT_INT8 2
#define DT_INT32 3
#define DT_UINT8 4
#define DT_INT16 6
#define DT_UINT16 7
#define DT_UINT32 8
#define DT_INT64 9
#define DT_UINT64 10
#define DT_BF16 27

#define KERNEL_TASK_TYPE_DEFAULT(type) ::twin::engine->task_type(type)
#define KERNEL_TASK_TYPE(key, type) \
    do {                            \
        if (TILING_KEY_IS(key)) ::twin::engine->task_type(type); \
    } while (false)

// Template tiling keys: the launcher is given the template arguments, so the declarations declare nothing here.
#define ASCENDC_TPL_ARGS_DECL(...) static_assert(true)
#define ASCENDC_TPL_SEL(...) static_assert(true)
#define ASCENDC_TPL_4_BW 4
#define ASCENDC_TPL_8_BW 8
