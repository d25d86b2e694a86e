// Lanes of a vector instruction: which are active in a repeat, and how operands are read and written block by block.
#pragma once
#include "machine.h"

namespace twin {

// Half is computed in float (one rounding at the end is exact for + - * / and sqrt), integers wide enough to wrap.
template <class T>
struct Wide {
    using type = T;
};
template <>
struct Wide<half> {
    using type = float;
};
template <>
struct Wide<bfloat16_t> {
    using type = float;
};
template <>
struct Wide<int16_t> {
    using type = int32_t;
};
template <>
struct Wide<int32_t> {
    using type = int64_t;
};
template <class T>
using wide = typename Wide<T>::type;

struct Lanes {
    uint64_t mask[2];
    uint32_t lanes;
    bool full;
    bool operator[](uint32_t lane) const { return mask[lane >> 6] >> (lane & 63) & 1; }
};

// Lanes of a repeat: as many as 256 bytes of the widest operand have.
inline uint32_t lanes_for(const Instruction& instruction)
{
    uint32_t widest = 1;
    for (int i = 0; i < (instruction.op == Op::Select ? 3 : instruction.operands); ++i)
        widest = std::max(widest, size_of_type(instruction.operand[i].type));
    return 256 / widest;
}

inline uint32_t repeats_of(const VectorParams& params, uint32_t lanes)
{
    return params.counter ? (params.count + lanes - 1) / lanes : params.repeats;
}

inline Lanes first_lanes(uint32_t count, uint32_t lanes)
{
    auto low = [](uint32_t bits) { return bits >= 64 ? ~0ull : (1ull << bits) - 1; };
    return {{low(count), count > 64 ? low(count - 64) : 0}, lanes, count >= lanes};
}

inline Lanes lanes_of(const VectorParams& params, uint32_t repeat, uint32_t lanes)
{
    if (params.counter) return first_lanes(params.count - repeat * lanes < lanes ? params.count - repeat * lanes : lanes, lanes);
    const Lanes all = first_lanes(lanes, lanes);
    const uint64_t low = params.mask[0] & all.mask[0], high = params.mask[1] & all.mask[1];
    return {{low, high}, lanes, low == all.mask[0] && high == all.mask[1]};
}

// The general way, lane by lane. Blocks are read only where a lane is active, so that an inactive part may lie outside
// of the memory.
template <uint32_t lanes, class T>
__attribute__((noinline)) void load_some(T* values, const uint8_t* base, uint32_t block_stride, const Lanes& active)
{
    constexpr uint32_t each = 32 / sizeof(T);
    for (uint32_t lane = 0; lane < lanes; ++lane) {
        if (active[lane]) std::memcpy(&values[lane], base + lane / each * uint64_t(block_stride) + lane % each * sizeof(T), sizeof(T));
        else values[lane] = T{};
    }
}
template <uint32_t lanes, class T>
__attribute__((noinline)) void store_some(uint8_t* base, uint32_t block_stride, const T* values, const Lanes& active)
{
    constexpr uint32_t each = 32 / sizeof(T);
    for (uint32_t lane = 0; lane < lanes; ++lane)
        if (active[lane]) std::memcpy(base + lane / each * uint64_t(block_stride) + lane % each * sizeof(T), &values[lane], sizeof(T));
}

template <uint32_t lanes, class T>
void load_lanes(T (&values)[lanes], const uint8_t* base, uint32_t block_stride, const Lanes& active)
{
    if (active.full && block_stride == 32) std::memcpy(values, base, sizeof(values));
    else load_some<lanes, T>(values, base, block_stride, active);
}
template <uint32_t lanes, class T>
void store_lanes(uint8_t* base, uint32_t block_stride, const T (&values)[lanes], const Lanes& active)
{
    if (active.full && block_stride == 32) std::memcpy(base, values, sizeof(values));
    else store_some<lanes, T>(base, block_stride, values, active);
}

template <class T>
T scalar_of(const VectorParams& params)
{
    T value;
    std::memcpy(&value, &params.scalar, sizeof(T));
    return value;
}

}  // namespace twin
