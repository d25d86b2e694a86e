// Atomic mode of all later writes of the core to GM. Pages: "SetAtomicAdd", "SetAtomicNone".
#pragma once
#include "types.h"

namespace twin {
template <class T>
void set_atomic(Atomic mode)
{
    static_assert(one_of<T, float, half, bfloat16_t, int16_t, int32_t, int8_t>, "atomics: float, half, bf16, int16, int32 or int8");
    engine->state().atomic = mode;
    engine->state().atomic_type = type_of<T>();
}
}  // namespace twin

namespace AscendC {
template <class T>
void SetAtomicAdd()
{
    twin::set_atomic<T>(twin::Atomic::add);
}
template <class T>
void SetAtomicMax()
{
    twin::set_atomic<T>(twin::Atomic::max);
}
template <class T>
void SetAtomicMin()
{
    twin::set_atomic<T>(twin::Atomic::min);
}
inline void SetAtomicNone() { twin::engine->state().atomic = twin::Atomic::none; }
inline void DisableDmaAtomic() { SetAtomicNone(); }
}  // namespace AscendC
