// Element-wise arithmetic: binary, scalar, unary and fused calls, each in its count, mask and bit-mask form.
// Pages: "Add" to "Mins", "Relu", "Abs", "Exp", "Ln", "Sqrt", "Axpy", "MulAddDst", "And", "Or", "Not", "ShiftLeft".
// Not stated there and chosen here: integer arithmetic wraps around; MulAddDst and Axpy round the product and the sum to
// float; Exp, Ln, Rsqrt and Reciprocal are the host's.
#pragma once
#include "vector.h"

namespace twin {
template <class T>
constexpr bool arithmetic = one_of<T, half, float, int32_t, int16_t>;
template <class T>
constexpr bool floating = one_of<T, half, float>;
template <class T>
constexpr bool bitwise = one_of<T, int16_t, uint16_t>;
template <class T>
constexpr bool shiftable = one_of<T, int16_t, uint16_t, int32_t, uint32_t>;
template <class T, class U>
constexpr bool widening = floating<T> && (std::is_same_v<T, U> || (std::is_same_v<T, float> && std::is_same_v<U, half>));
}  // namespace twin

namespace AscendC {

#define TWIN_BINARY(Name, supported)                                                                                           \
    template <class T>                                                                                                         \
    void Name(const LocalTensor<T>& dst, const LocalTensor<T>& src0, const LocalTensor<T>& src1, int32_t count,                \
              twin::Here here = twin::Here::at())                                                                              \
    {                                                                                                                          \
        static_assert(supported, #Name " does not exist for this type on Atlas A2");                                           \
        if constexpr (twin::is_aiv)                                                                                            \
            twin::vector(twin::Op::Name, #Name, here, twin::counted<T, T, T>(count, #Name, here), twin::written(dst),          \
                         twin::read(src0), twin::read(src1));                                                                  \
    }                                                                                                                          \
    template <class T, bool isSetMask = true, class Mask = uint64_t>                                                           \
    void Name(const LocalTensor<T>& dst, const LocalTensor<T>& src0, const LocalTensor<T>& src1, Mask mask,                    \
              uint8_t repeatTime, const BinaryRepeatParams& params, twin::Here here = twin::Here::at())                        \
    {                                                                                                                          \
        static_assert(supported, #Name " does not exist for this type on Atlas A2");                                           \
        if constexpr (twin::is_aiv)                                                                                            \
            twin::vector(twin::Op::Name, #Name, here, twin::with(twin::masked<T, isSetMask>(mask, repeatTime, #Name, here), params), \
                         twin::written(dst), twin::read(src0), twin::read(src1));                                              \
    }
TWIN_BINARY(Add, twin::arithmetic<T>)
TWIN_BINARY(Sub, twin::arithmetic<T>)
TWIN_BINARY(Mul, twin::arithmetic<T>)
TWIN_BINARY(Div, twin::floating<T>)
TWIN_BINARY(Max, twin::arithmetic<T>)
TWIN_BINARY(Min, twin::arithmetic<T>)
TWIN_BINARY(And, twin::bitwise<T>)
TWIN_BINARY(Or, twin::bitwise<T>)
#define TWIN_RELU_TYPES (twin::floating<T> || std::is_same_v<T, int16_t>)
TWIN_BINARY(AddRelu, TWIN_RELU_TYPES)
TWIN_BINARY(SubRelu, TWIN_RELU_TYPES)
#undef TWIN_RELU_TYPES
TWIN_BINARY(FusedMulAdd, twin::floating<T>)
#undef TWIN_BINARY

// dst += src0 * src1, where dst may be float over half sources.
template <class T, class U>
void MulAddDst(const LocalTensor<T>& dst, const LocalTensor<U>& src0, const LocalTensor<U>& src1, int32_t count, twin::Here here = twin::Here::at())
{
    static_assert(twin::widening<T, U>, "MulAddDst: half or float, or float over half");
    if constexpr (twin::is_aiv)
        twin::vector(twin::Op::MulAddDst, "MulAddDst", here, twin::counted<T, U, U>(count, "MulAddDst", here), twin::written(dst), twin::read(src0), twin::read(src1));
}
template <class T, class U, bool isSetMask = true, class Mask = uint64_t>
void MulAddDst(const LocalTensor<T>& dst, const LocalTensor<U>& src0, const LocalTensor<U>& src1, Mask mask, uint8_t repeatTime,
               const BinaryRepeatParams& params, twin::Here here = twin::Here::at())
{
    static_assert(twin::widening<T, U>, "MulAddDst: half or float, or float over half");
    if constexpr (twin::is_aiv)
        twin::vector(twin::Op::MulAddDst, "MulAddDst", here, twin::with(twin::masked<T, isSetMask>(mask, repeatTime, "MulAddDst", here), params),
                     twin::written(dst), twin::read(src0), twin::read(src1));
}

#define TWIN_SCALAR(Name, supported, scalar_bits, T, U, Scalar, Extra)                                                                      \
    template <class T Extra>                                                                                                                \
    void Name(const LocalTensor<T>& dst, const LocalTensor<U>& src, Scalar scalar, int32_t count, twin::Here here = twin::Here::at())       \
    {                                                                                                                                       \
        static_assert(supported, #Name " does not exist for these types on Atlas A2");                                                      \
        if constexpr (twin::is_aiv) {                                                                                                       \
            twin::VectorParams params = twin::counted<T, U>(count, #Name, here);                                                            \
            params.scalar = scalar_bits;                                                                                                    \
            twin::vector(twin::Op::Name, #Name, here, params, twin::written(dst), twin::read(src));                                         \
        }                                                                                                                                   \
    }                                                                                                                                       \
    template <class T Extra, bool isSetMask = true, class Mask = uint64_t>                                                                  \
    void Name(const LocalTensor<T>& dst, const LocalTensor<U>& src, Scalar scalar, Mask mask, uint8_t repeatTime,                           \
              const UnaryRepeatParams& repeat, twin::Here here = twin::Here::at())                                                          \
    {                                                                                                                                       \
        static_assert(supported, #Name " does not exist for these types on Atlas A2");                                                      \
        if constexpr (twin::is_aiv) {                                                                                                       \
            twin::VectorParams params = twin::with(twin::masked<T, isSetMask>(mask, repeatTime, #Name, here), repeat);                      \
            params.scalar = scalar_bits;                                                                                                    \
            twin::vector(twin::Op::Name, #Name, here, params, twin::written(dst), twin::read(src));                                         \
        }                                                                                                                                   \
    }
#define TWIN_NOTHING
#define TWIN_SECOND , class U
#define TWIN_SAME_SCALAR(Name, supported) \
    TWIN_SCALAR(Name, supported, twin::bits_of(scalar), T, T, twin::same<T>, TWIN_NOTHING)
TWIN_SAME_SCALAR(Adds, twin::arithmetic<T>)
TWIN_SAME_SCALAR(Muls, twin::arithmetic<T>)
TWIN_SAME_SCALAR(Maxs, twin::arithmetic<T>)
TWIN_SAME_SCALAR(Mins, twin::arithmetic<T>)
TWIN_SAME_SCALAR(LeakyRelu, twin::floating<T>)
TWIN_SAME_SCALAR(ShiftLeft, twin::shiftable<T>)
TWIN_SAME_SCALAR(ShiftRight, twin::shiftable<T>)
#undef TWIN_SAME_SCALAR
#define TWIN_AXPY_TYPES (twin::widening<T, U>)
TWIN_SCALAR(Axpy, TWIN_AXPY_TYPES, twin::bits_of(scalar), T, U, twin::same<U>, TWIN_SECOND)
#undef TWIN_AXPY_TYPES
#undef TWIN_SECOND
#undef TWIN_NOTHING
#undef TWIN_SCALAR

#define TWIN_UNARY(Name, supported)                                                                                                 \
    template <class T>                                                                                                              \
    void Name(const LocalTensor<T>& dst, const LocalTensor<T>& src, int32_t count, twin::Here here = twin::Here::at())              \
    {                                                                                                                               \
        static_assert(supported, #Name " does not exist for this type on Atlas A2");                                                \
        if constexpr (twin::is_aiv)                                                                                                 \
            twin::vector(twin::Op::Name, #Name, here, twin::counted<T, T>(count, #Name, here), twin::written(dst), twin::read(src)); \
    }                                                                                                                               \
    template <class T, bool isSetMask = true, class Mask = uint64_t>                                                                \
    void Name(const LocalTensor<T>& dst, const LocalTensor<T>& src, Mask mask, uint8_t repeatTime, const UnaryRepeatParams& params, \
              twin::Here here = twin::Here::at())                                                                                   \
    {                                                                                                                               \
        static_assert(supported, #Name " does not exist for this type on Atlas A2");                                                \
        if constexpr (twin::is_aiv)                                                                                                 \
            twin::vector(twin::Op::Name, #Name, here, twin::with(twin::masked<T, isSetMask>(mask, repeatTime, #Name, here), params), \
                         twin::written(dst), twin::read(src));                                                                      \
    }
#define TWIN_RELU_TYPES (twin::floating<T> || std::is_same_v<T, int32_t>)
TWIN_UNARY(Relu, TWIN_RELU_TYPES)
#undef TWIN_RELU_TYPES
TWIN_UNARY(Abs, twin::floating<T>)
TWIN_UNARY(Exp, twin::floating<T>)
TWIN_UNARY(Ln, twin::floating<T>)
TWIN_UNARY(Sqrt, twin::floating<T>)
TWIN_UNARY(Rsqrt, twin::floating<T>)
TWIN_UNARY(Reciprocal, twin::floating<T>)
TWIN_UNARY(Not, twin::bitwise<T>)
#undef TWIN_UNARY

}  // namespace AscendC
