// Element-wise arithmetic on the vector unit.
#include <cmath>

#include "lanes.h"

namespace twin {
namespace {

// dst = f(dst, src0, src1): each repeat is read whole, computed, and written.
template <class D, class S, bool reads_dst, class F>
void repeat3(const Instruction& instruction, Stream& stream, F f)
{
    constexpr uint32_t lanes = 256 / (sizeof(D) > sizeof(S) ? sizeof(D) : sizeof(S));
    const VectorParams& params = instruction.vector;
    uint8_t* base[3] = {};
    for (int i = 0; i < instruction.operands; ++i) base[i] = stream.at(instruction.operand[i]);
    const uint32_t repeats = repeats_of(params, lanes);
    D d[lanes] = {};
    S a[lanes] = {}, b[lanes] = {};
    for (uint32_t r = 0; r < repeats; ++r) {
        const Lanes active = lanes_of(params, r, lanes);
        uint8_t* to = base[0] + uint64_t(r) * params.repeat_stride[0];
        if constexpr (reads_dst) load_lanes(d, to, params.block_stride[0], active);
        if (instruction.operands > 1) load_lanes(a, base[1] + uint64_t(r) * params.repeat_stride[1], params.block_stride[1], active);
        if (instruction.operands > 2) load_lanes(b, base[2] + uint64_t(r) * params.repeat_stride[2], params.block_stride[2], active);
        for (uint32_t i = 0; i < lanes; ++i) d[i] = static_cast<D>(f(wide<D>(d[i]), wide<D>(wide<S>(a[i])), wide<D>(wide<S>(b[i]))));
        store_lanes(to, params.block_stride[0], d, active);
    }
}

template <class W>
W larger(W a, W b)
{
    return a > b || a != a ? a : b;  // a NaN wins
}
template <class W>
W smaller(W a, W b)
{
    return a < b || a != a ? a : b;
}
template <class W>
W relu(W a)
{
    return a > W(0) || a != a ? a : W(0);
}

template <class T>
void binary(const Instruction& instruction, Stream& stream)
{
    using W = wide<T>;
    auto run = [&](auto f) { repeat3<T, T, false>(instruction, stream, [f](W, W a, W b) { return f(a, b); }); };
    switch (instruction.op) {
        case Op::Add: return run([](W a, W b) { return a + b; });
        case Op::Sub: return run([](W a, W b) { return a - b; });
        case Op::Mul: return run([](W a, W b) { return a * b; });
        case Op::Max: return run(larger<W>);
        case Op::Min: return run(smaller<W>);
        case Op::AddRelu: return run([](W a, W b) { return relu(W(a + b)); });
        case Op::SubRelu: return run([](W a, W b) { return relu(W(a - b)); });
        default: break;
    }
    if constexpr (std::is_floating_point_v<W>) {
        if (instruction.op == Op::Div) return run([](W a, W b) { return a / b; });
        repeat3<T, T, true>(instruction, stream, [](W d, W a, W b) { return d * a + b; });  // FusedMulAdd
    }
}

template <class T>
void scalar(const Instruction& instruction, Stream& stream)
{
    using W = wide<T>;
    const W s = W(scalar_of<T>(instruction.vector));
    auto run = [&](auto f) { repeat3<T, T, false>(instruction, stream, [f](W, W a, W) { return f(a); }); };
    switch (instruction.op) {
        case Op::Adds: return run([s](W a) { return a + s; });
        case Op::Muls: return run([s](W a) { return a * s; });
        case Op::Maxs: return run([s](W a) { return larger(a, s); });
        case Op::Mins: return run([s](W a) { return smaller(a, s); });
        case Op::LeakyRelu: return run([s](W a) { return a >= W(0) ? a : W(a * s); });
        default: break;
    }
}

template <class T>
void shift(const Instruction& instruction, Stream& stream)
{
    const T s = scalar_of<T>(instruction.vector);
    if (instruction.op == Op::ShiftLeft) repeat3<T, T, false>(instruction, stream, [s](wide<T>, wide<T> a, wide<T>) { return a << s; });
    else repeat3<T, T, false>(instruction, stream, [s](wide<T>, wide<T> a, wide<T>) { return a >> s; });
}

template <class T>
void unary(const Instruction& instruction, Stream& stream)
{
    using W = wide<T>;
    auto run = [&](auto f) { repeat3<T, T, false>(instruction, stream, [f](W, W a, W) { return f(a); }); };
    if (instruction.op == Op::Relu) return run(relu<W>);
    if constexpr (std::is_floating_point_v<W>) switch (instruction.op) {
            case Op::Abs: return run([](W a) { return std::fabs(a); });
            case Op::Exp: return run([](W a) { return std::exp(a); });
            case Op::Ln: return run([](W a) { return std::log(a); });
            case Op::Sqrt: return run([](W a) { return std::sqrt(a); });
            case Op::Rsqrt: return run([](W a) { return 1.0f / std::sqrt(a); });
            case Op::Reciprocal: return run([](W a) { return 1.0f / a; });
            default: break;
        }
}

template <class D, class S>
void accumulate(const Instruction& instruction, Stream& stream)
{
    using W = wide<D>;
    if (instruction.op == Op::MulAddDst) return repeat3<D, S, true>(instruction, stream, [](W d, W a, W b) { return d + a * b; });
    const W s = W(wide<S>(scalar_of<S>(instruction.vector)));
    repeat3<D, S, true>(instruction, stream, [s](W d, W a, W) { return d + s * a; });
}

template <class T>
void bits(const Instruction& instruction, Stream& stream)
{
    auto run = [&](auto f) { repeat3<T, T, false>(instruction, stream, [f](T, T a, T b) { return f(a, b); }); };
    if (instruction.op == Op::And) run([](T a, T b) { return a & b; });
    else if (instruction.op == Op::Or) run([](T a, T b) { return a | b; });
    else run([](T a, T) { return ~a; });
}

#define TWIN_DISPATCH(function, type)                                       \
    switch (type) {                                                         \
        case Type::f16: return function<half>(instruction, stream);         \
        case Type::f32: return function<float>(instruction, stream);        \
        case Type::i16: return function<int16_t>(instruction, stream);      \
        case Type::i32: return function<int32_t>(instruction, stream);      \
        default: return;                                                    \
    }

}  // namespace

void execute_arithmetic(const Instruction& instruction, Stream& stream)
{
    const Type type = instruction.operand[0].type;
    const Type source = instruction.operand[1].type;
    switch (instruction.op) {
        case Op::MulAddDst:
        case Op::Axpy:
            if (type == Type::f16) return accumulate<half, half>(instruction, stream);
            return source == Type::f16 ? accumulate<float, half>(instruction, stream) : accumulate<float, float>(instruction, stream);
        case Op::And:
        case Op::Or:
        case Op::Not: return bits<uint16_t>(instruction, stream);
        case Op::ShiftLeft:
        case Op::ShiftRight:
            if (type == Type::u16) return shift<uint16_t>(instruction, stream);
            if (type == Type::u32) return shift<uint32_t>(instruction, stream);
            return type == Type::i16 ? shift<int16_t>(instruction, stream) : shift<int32_t>(instruction, stream);
        case Op::Adds:
        case Op::Muls:
        case Op::Maxs:
        case Op::Mins:
        case Op::LeakyRelu: TWIN_DISPATCH(scalar, type)
        case Op::Relu:
        case Op::Abs:
        case Op::Exp:
        case Op::Ln:
        case Op::Sqrt:
        case Op::Rsqrt:
        case Op::Reciprocal: TWIN_DISPATCH(unary, type)
        default: TWIN_DISPATCH(binary, type)
    }
}

}  // namespace twin
