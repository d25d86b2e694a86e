// Scalar types of the device: half (IEEE binary16) and bfloat16_t. Conversions round to nearest, ties to even,
// and are branch free so that loops over them vectorise.
#pragma once
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace twin {

template <class To, class From>
inline To bit_cast(From from)
{
    static_assert(sizeof(To) == sizeof(From));
    To to;
    std::memcpy(&to, &from, sizeof(To));
    return to;
}

inline float half_to_float(uint16_t half_bits)
{
    const uint32_t magnitude = (half_bits & 0x7fffu) << 13;
    const uint32_t scaled = bit_cast<uint32_t>(bit_cast<float>(magnitude) * 0x1p112f);
    const uint32_t special = magnitude >= 0x0f800000u ? 0x7f800000u : 0u;
    return bit_cast<float>(scaled | special | (half_bits & 0x8000u) << 16);
}

inline uint16_t float_to_half(float value)
{
    const uint32_t bits = bit_cast<uint32_t>(value);
    const uint32_t magnitude = bits & 0x7fffffffu;
    const uint32_t clamped = magnitude < 0x47800000u ? magnitude : 0x47800000u;
    const uint32_t normal = (clamped - 0x38000000u + 0xfffu + (clamped >> 13 & 1u)) >> 13;
    // Adding 0.5 leaves the multiple of 2^-24 (the spacing of subnormals) in the low bits of the sum.
    const uint32_t small = bit_cast<uint32_t>(bit_cast<float>(magnitude) + 0.5f) - 0x3f000000u;
    const uint32_t finite = magnitude < 0x38800000u ? small : normal;
    const uint32_t result = magnitude > 0x7f800000u ? 0x7e00u | (magnitude >> 13 & 0x3ffu) : finite;
    return static_cast<uint16_t>(result | (bits >> 16 & 0x8000u));
}

inline float bfloat_to_float(uint16_t bfloat_bits)
{
    return bit_cast<float>(static_cast<uint32_t>(bfloat_bits) << 16);
}

inline uint16_t float_to_bfloat(float value)
{
    const uint32_t bits = bit_cast<uint32_t>(value);
    const uint32_t rounded = (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
    const uint32_t quiet = bits >> 16 | 0x40u;
    return static_cast<uint16_t>((bits & 0x7fffffffu) > 0x7f800000u ? quiet : rounded);
}

// A 16-bit float stored as its bits; arithmetic happens in float through the implicit conversion.
template <float (*Widen)(uint16_t), uint16_t (*Narrow)(float)>
struct Float16 {
    uint16_t bits;

    Float16() = default;
    template <class N, class = std::enable_if_t<std::is_arithmetic_v<N>>>
    Float16(N value) : bits(Narrow(static_cast<float>(value)))
    {
    }
    operator float() const { return Widen(bits); }
    Float16& operator+=(float other) { return *this = Float16(float(*this) + other); }
    Float16& operator-=(float other) { return *this = Float16(float(*this) - other); }
    Float16& operator*=(float other) { return *this = Float16(float(*this) * other); }
    Float16& operator/=(float other) { return *this = Float16(float(*this) / other); }
};

}  // namespace twin

using half = twin::Float16<twin::half_to_float, twin::float_to_half>;
using bfloat16_t = twin::Float16<twin::bfloat_to_float, twin::float_to_bfloat>;
using float16_t = half;
static_assert(sizeof(half) == 2 && sizeof(bfloat16_t) == 2 && !std::is_same_v<half, bfloat16_t>);
