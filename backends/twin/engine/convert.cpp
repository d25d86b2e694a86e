// Cast, Compare and Select. Narrowing past the largest value gives infinity (the default INF/NAN mode), conversion to an
// integer saturates and turns NaN into 0; the page states saturation, the case of NaN is not stated.
#include <cmath>
#include <limits>

#include "lanes.h"

namespace twin {
namespace {

float integral(float value, Round round)
{
    switch (round) {
        case Round::FLOOR: return std::floor(value);
        case Round::CEIL: return std::ceil(value);
        case Round::ROUND: return std::round(value);
        case Round::TRUNC: return std::trunc(value);
        default: return std::nearbyint(value);
    }
}

// The neighbour towards zero is the bit pattern minus one, for both 16-bit formats.
template <class T>
T narrow(float value, Round round)
{
    const T nearest(value);
    if (round == Round::RINT || round == Round::NONE || value != value) return nearest;
    const float back = nearest;
    if (back == value) return nearest;
    T inner = nearest, outer = nearest;  // the two neighbours by magnitude
    if (std::fabs(back) > std::fabs(value)) inner.bits = static_cast<uint16_t>(inner.bits - 1);
    else outer.bits = static_cast<uint16_t>(outer.bits + 1);
    switch (round) {
        case Round::TRUNC: return inner;
        case Round::FLOOR: return value < 0 ? outer : inner;
        case Round::CEIL: return value < 0 ? inner : outer;
        case Round::ODD: return inner.bits & 1 ? inner : outer;
        default: break;
    }
    // Ties away from zero; an infinite neighbour stands for the next power of two.
    T below = inner;
    below.bits = static_cast<uint16_t>(below.bits - 1);
    const double low = std::fabs(double(float(inner)));
    const double step = std::isinf(float(outer)) ? low - std::fabs(double(float(below))) : std::fabs(double(float(outer))) - low;
    return std::fabs(double(value)) - low >= step / 2 ? outer : inner;
}

template <class To, class From>
To convert(From from, Round round)
{
    if constexpr (std::is_integral_v<To> && !std::is_integral_v<From>) {
        const float value = integral(float(from), round);
        if (value != value) return 0;
        constexpr float limit = static_cast<float>(std::numeric_limits<To>::max());
        if (value >= limit) return std::numeric_limits<To>::max();
        return value <= -limit ? std::numeric_limits<To>::min() : static_cast<To>(value);
    } else if constexpr (std::is_integral_v<From>) {
        const float nearest = static_cast<float>(from);
        const int64_t exact = from, back = static_cast<int64_t>(nearest);
        if (round == Round::RINT || round == Round::NONE || back == exact) return nearest;
        const float down = back < exact ? nearest : std::nextafter(nearest, -INFINITY);
        const float up = back > exact ? nearest : std::nextafter(nearest, INFINITY);
        if (round == Round::FLOOR || (round == Round::TRUNC && exact > 0)) return down;
        if (round == Round::CEIL || round == Round::TRUNC) return up;
        const int64_t below = exact - static_cast<int64_t>(down), above = static_cast<int64_t>(up) - exact;
        return below == above ? (exact > 0 ? up : down) : nearest;
    } else if constexpr (std::is_same_v<To, From>) {
        return integral(from, round);
    } else if constexpr (sizeof(To) == 2) {
        return narrow<To>(from, round);
    } else {
        return To(float(from));
    }
}

template <class To, class From>
void cast(const Instruction& instruction, Stream& stream)
{
    constexpr uint32_t lanes = 256 / (sizeof(To) > sizeof(From) ? sizeof(To) : sizeof(From));
    const VectorParams& params = instruction.vector;
    uint8_t* to = stream.at(instruction.operand[0]);
    const uint8_t* from = stream.at(instruction.operand[1]);
    const uint32_t repeats = repeats_of(params, lanes);
    for (uint32_t r = 0; r < repeats; ++r) {
        const Lanes active = lanes_of(params, r, lanes);
        From source[lanes];
        To result[lanes];
        load_lanes(source, from + uint64_t(r) * params.repeat_stride[1], params.block_stride[1], active);
        if (sizeof(To) == 2 && params.round == Round::RINT && !std::is_integral_v<To>)
            for (uint32_t i = 0; i < lanes; ++i) result[i] = To(float(source[i]));
        else
            for (uint32_t i = 0; i < lanes; ++i) result[i] = convert<To, From>(source[i], params.round);
        store_lanes(to + uint64_t(r) * params.repeat_stride[0], params.block_stride[0], result, active);
    }
}

template <class T>
bool holds(T a, T b, Compare mode)
{
    switch (mode) {
        case Compare::LT: return a < b;
        case Compare::GT: return a > b;
        case Compare::EQ: return a == b;
        case Compare::LE: return a <= b;
        case Compare::GE: return a >= b;
        default: return a != b;
    }
}

template <class T>
void compare(const Instruction& instruction, Stream& stream)
{
    constexpr uint32_t lanes = 256 / sizeof(T);
    const VectorParams& params = instruction.vector;
    uint8_t* bits = stream.at(instruction.operand[0]);
    const uint8_t* first = stream.at(instruction.operand[1]);
    const uint8_t* second = instruction.operands > 2 ? stream.at(instruction.operand[2]) : nullptr;
    const Lanes all = first_lanes(lanes, lanes);
    T a[lanes], b[lanes];
    for (T& value : b) value = scalar_of<T>(params);
    const uint32_t repeats = repeats_of(params, lanes);
    for (uint32_t r = 0; r < repeats; ++r) {
        load_lanes(a, first + uint64_t(r) * params.repeat_stride[1], params.block_stride[1], all);
        if (second) load_lanes(b, second + uint64_t(r) * params.repeat_stride[2], params.block_stride[2], all);
        for (uint32_t byte = 0; byte < lanes / 8; ++byte) {
            uint32_t result = 0;
            for (uint32_t i = 0; i < 8; ++i) result |= uint32_t(holds(wide<T>(a[byte * 8 + i]), wide<T>(b[byte * 8 + i]), params.compare)) << i;
            bits[uint64_t(r) * (lanes / 8) + byte] = static_cast<uint8_t>(result);
        }
    }
}

// Bits of 1 take src0. Mode 0 reuses the bits of one repeat, the other modes go on through them.
template <class T>
void select(const Instruction& instruction, Stream& stream)
{
    constexpr uint32_t lanes = 256 / sizeof(T);
    const VectorParams& params = instruction.vector;
    const uint8_t* bits = stream.at(instruction.operand[3]);
    const uint32_t repeats = repeats_of(params, lanes);
    T a[lanes], b[lanes];
    for (T& value : b) value = scalar_of<T>(params);
    for (uint32_t r = 0; r < repeats; ++r) {
        const Lanes active = lanes_of(params, r, lanes);
        const uint8_t* chosen = bits + (params.select == 0 ? 0 : uint64_t(r) * (lanes / 8));
        load_lanes(a, stream.at(instruction.operand[1]) + uint64_t(r) * params.repeat_stride[1], params.block_stride[1], active);
        if (params.select != 1) load_lanes(b, stream.at(instruction.operand[2]) + uint64_t(r) * params.repeat_stride[2], params.block_stride[2], active);
        for (uint32_t i = 0; i < lanes; ++i)
            if (active[i] && !(chosen[i / 8] >> (i % 8) & 1)) a[i] = b[i];
        store_lanes(stream.at(instruction.operand[0]) + uint64_t(r) * params.repeat_stride[0], params.block_stride[0], a, active);
    }
}

}  // namespace

void execute_cast(const Instruction& instruction, Stream& stream)
{
    const Type to = instruction.operand[0].type, from = instruction.operand[1].type;
    if (from == Type::f16) return cast<float, half>(instruction, stream);
    if (from == Type::bf16) return to == Type::f32 ? cast<float, bfloat16_t>(instruction, stream) : cast<int32_t, bfloat16_t>(instruction, stream);
    if (from == Type::i32) return cast<float, int32_t>(instruction, stream);
    switch (to) {
        case Type::f16: return cast<half, float>(instruction, stream);
        case Type::bf16: return cast<bfloat16_t, float>(instruction, stream);
        case Type::i16: return cast<int16_t, float>(instruction, stream);
        case Type::i32: return cast<int32_t, float>(instruction, stream);
        case Type::i64: return cast<int64_t, float>(instruction, stream);
        default: return cast<float, float>(instruction, stream);
    }
}

void execute_compare(const Instruction& instruction, Stream& stream)
{
    switch (instruction.operand[1].type) {
        case Type::f16: return compare<half>(instruction, stream);
        case Type::f32: return compare<float>(instruction, stream);
        default: return compare<int32_t>(instruction, stream);
    }
}

void execute_select(const Instruction& instruction, Stream& stream)
{
    if (instruction.operand[0].type == Type::f16) select<half>(instruction, stream);
    else select<float>(instruction, stream);
    const uint64_t size = stream.arena_bytes[static_cast<int>(Memory::UB)];
    if (instruction.vector.select != 0 && size > select_scratch)
        std::memset(stream.arena[static_cast<int>(Memory::UB)].get() + select_scratch, 0xff, size - select_scratch);
}

}  // namespace twin
