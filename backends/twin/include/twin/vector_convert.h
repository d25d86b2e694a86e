// Cast, Compare, Select. Pages: "Cast", "Compare", "Compares", "Select".
#pragma once
#include "vector.h"

namespace twin {

constexpr bool rounds(AscendC::RoundMode mode) { return mode >= AscendC::RoundMode::CAST_RINT && mode <= AscendC::RoundMode::CAST_TRUNC; }

// Which round modes the Cast page allows for Atlas A2.
template <class To, class From>
constexpr bool cast_allowed(AscendC::RoundMode mode)
{
    const bool none = mode == AscendC::RoundMode::CAST_NONE;
    const bool odd = mode == AscendC::RoundMode::CAST_ODD;
    if (std::is_same_v<From, half> && std::is_same_v<To, float>) return none;
    if (std::is_same_v<From, bfloat16_t> && std::is_same_v<To, float>) return none;
    if (std::is_same_v<From, float> && std::is_same_v<To, half>) return rounds(mode) || none || odd;
    if (std::is_same_v<From, float> && one_of<To, float, bfloat16_t, int16_t, int32_t, int64_t>) return rounds(mode);
    if (std::is_same_v<From, bfloat16_t> && std::is_same_v<To, int32_t>) return rounds(mode);
    if (std::is_same_v<From, int32_t> && std::is_same_v<To, float>) return rounds(mode) || none;
    return false;
}
template <class To, class From>
constexpr bool cast_exists = cast_allowed<To, From>(AscendC::RoundMode::CAST_NONE) || cast_allowed<To, From>(AscendC::RoundMode::CAST_RINT);

template <class To, class From>
void cast(VectorParams params, const AscendC::LocalTensor<To>& dst, const AscendC::LocalTensor<From>& src, AscendC::RoundMode mode, Here here)
{
    if (!cast_allowed<To, From>(mode))
        engine->fail("round-mode", "Cast", here, "this RoundMode is not allowed for these types%s",
                     std::is_same_v<To, bfloat16_t> ? ": float to bf16 needs an explicit one, CAST_RINT for instance" : "");
    params.round = static_cast<Round>(mode);
    vector(Op::Cast, "Cast", here, params, written(dst), read(src));
}

template <class T>
constexpr bool comparable(AscendC::CMPMODE mode)
{
    return one_of<T, half, float> || (std::is_same_v<T, int32_t> && mode == AscendC::CMPMODE::EQ);
}

template <class T>
VectorParams compare_params(VectorParams params, AscendC::CMPMODE mode, const char* api, Here here)
{
    if (!comparable<T>(mode)) engine->fail("type", api, here, "int32 can only be compared with CMPMODE::EQ");
    params.compare = static_cast<Compare>(mode);
    params.mask[0] = params.mask[1] = ~0ull;  // the hardware does not look at the mask
    return params;
}
template <class T>
VectorParams compare_count(uint32_t count, const char* api, Here here)
{
    VectorParams params = counted<uint8_t, T, T>(count, api, here);
    const uint32_t lanes = 256 / sizeof(T);
    if (count % lanes != 0) engine->note("rounded-down", api, here,
        "%u elements: the last %u are not compared, whole repeats of 256 bytes are", count, count % lanes);
    params.count = count / lanes * lanes;
    for (uint32_t& stride : params.repeat_stride) stride = 256;
    return params;
}

template <class T, class U>
void select(VectorParams params, const AscendC::LocalTensor<T>& dst, const AscendC::LocalTensor<U>& bits, const AscendC::LocalTensor<T>& src0,
            const AscendC::LocalTensor<T>* src1, T scalar, AscendC::SELMODE mode, Here here)
{
    static_assert(one_of<T, half, float>, "Select works on half and float: use ReinterpretCast for bf16 and int32");
    params.select = static_cast<uint8_t>(mode);
    params.scalar = bits_of(scalar);
    if ((mode == AscendC::SELMODE::VSEL_TENSOR_SCALAR_MODE) != (src1 == nullptr))
        engine->fail("parameter", "Select", here, "VSEL_TENSOR_SCALAR_MODE takes a scalar as its second source, the other modes a tensor");
    if (src1 != nullptr) vector(Op::Select, "Select", here, params, written(dst), read(src0), read(*src1), read(bits));
    else {
        params.block_stride[2] = params.repeat_stride[2] = 0;
        vector(Op::Select, "Select", here, params, written(dst), read(src0), read(src0), read(bits));
    }
}

}  // namespace twin

namespace AscendC {

template <class To, class From>
void Cast(const LocalTensor<To>& dst, const LocalTensor<From>& src, const RoundMode& mode, uint32_t count, twin::Here here = twin::Here::at())
{
    static_assert(twin::cast_exists<To, From>, "Cast between these types does not exist on Atlas A2 or is not modelled");
    if constexpr (twin::is_aiv) twin::cast(twin::counted<To, From>(count, "Cast", here), dst, src, mode, here);
}
template <class To, class From, bool isSetMask = true, class Mask = uint64_t>
void Cast(const LocalTensor<To>& dst, const LocalTensor<From>& src, const RoundMode& mode, Mask mask, uint8_t repeatTime,
          const UnaryRepeatParams& params, twin::Here here = twin::Here::at())
{
    static_assert(twin::cast_exists<To, From>, "Cast between these types does not exist on Atlas A2 or is not modelled");
    using Widest = std::conditional_t<(sizeof(To) > sizeof(From)), To, From>;
    if constexpr (twin::is_aiv) twin::cast(twin::with(twin::masked<Widest, isSetMask>(mask, repeatTime, "Cast", here), params), dst, src, mode, here);
}

template <class T, class U>
void Compare(const LocalTensor<U>& dst, const LocalTensor<T>& src0, const LocalTensor<T>& src1, CMPMODE mode, uint32_t count, twin::Here here = twin::Here::at())
{
    static_assert(twin::one_of<T, half, float, int32_t> && sizeof(U) == 1, "Compare: half, float (int32 with EQ) into uint8 bits");
    if constexpr (twin::is_aiv)
        twin::vector(twin::Op::Compare, "Compare", here, twin::compare_params<T>(twin::compare_count<T>(count, "Compare", here), mode, "Compare", here),
                     twin::written(dst), twin::read(src0), twin::read(src1));
}
template <class T, class U, bool isSetMask = true, class Mask = uint64_t>
void Compare(const LocalTensor<U>& dst, const LocalTensor<T>& src0, const LocalTensor<T>& src1, CMPMODE mode, Mask, uint8_t repeatTime,
             const BinaryRepeatParams& params, twin::Here here = twin::Here::at())
{
    static_assert(twin::one_of<T, half, float, int32_t> && sizeof(U) == 1, "Compare: half, float (int32 with EQ) into uint8 bits");
    if constexpr (twin::is_aiv)
        twin::vector(twin::Op::Compare, "Compare", here, twin::compare_params<T>(twin::with(twin::repeated(repeatTime), params), mode, "Compare", here),
                     twin::written(dst), twin::read(src0), twin::read(src1));
}
#define TWIN_COMPARES(Name)                                                                                                                   \
    template <class T, class U>                                                                                                               \
    void Name(const LocalTensor<U>& dst, const LocalTensor<T>& src, twin::same<T> scalar, CMPMODE mode, uint32_t count,                       \
              twin::Here here = twin::Here::at())                                                                                             \
    {                                                                                                                                         \
        static_assert(twin::one_of<T, half, float, int32_t> && sizeof(U) == 1, #Name ": half, float (int32 with EQ) into uint8 bits");        \
        if constexpr (twin::is_aiv) {                                                                                                         \
            twin::VectorParams p = twin::compare_params<T>(twin::compare_count<T>(count, #Name, here), mode, #Name, here);                    \
            p.scalar = twin::bits_of(scalar);                                                                                                 \
            twin::vector(twin::Op::Compares, #Name, here, p, twin::written(dst), twin::read(src));                                            \
        }                                                                                                                                     \
    }                                                                                                                                         \
    template <class T, class U, bool isSetMask = true, class Mask = uint64_t>                                                                 \
    void Name(const LocalTensor<U>& dst, const LocalTensor<T>& src, twin::same<T> scalar, CMPMODE mode, Mask, uint8_t repeatTime,             \
              const UnaryRepeatParams& params, twin::Here here = twin::Here::at())                                                            \
    {                                                                                                                                         \
        static_assert(twin::one_of<T, half, float, int32_t> && sizeof(U) == 1, #Name ": half, float (int32 with EQ) into uint8 bits");        \
        if constexpr (twin::is_aiv) {                                                                                                         \
            twin::VectorParams p = twin::compare_params<T>(twin::with(twin::repeated(repeatTime), params), mode, #Name, here);                \
            p.scalar = twin::bits_of(scalar);                                                                                                 \
            twin::vector(twin::Op::Compares, #Name, here, p, twin::written(dst), twin::read(src));                                            \
        }                                                                                                                                     \
    }
TWIN_COMPARES(Compares)
TWIN_COMPARES(CompareScalar)
#undef TWIN_COMPARES

template <class T, class U>
void Select(const LocalTensor<T>& dst, const LocalTensor<U>& bits, const LocalTensor<T>& src0, const LocalTensor<T>& src1, SELMODE mode,
            uint32_t count, twin::Here here = twin::Here::at())
{
    if constexpr (twin::is_aiv) twin::select(twin::counted<T, T, T>(count, "Select", here), dst, bits, src0, &src1, T(0), mode, here);
}
template <class T, class U>
void Select(const LocalTensor<T>& dst, const LocalTensor<U>& bits, const LocalTensor<T>& src0, twin::same<T> scalar, SELMODE mode, uint32_t count,
            twin::Here here = twin::Here::at())
{
    if constexpr (twin::is_aiv) twin::select<T, U>(twin::counted<T, T, T>(count, "Select", here), dst, bits, src0, nullptr, scalar, mode, here);
}
template <class T, class U, bool isSetMask = true, class Mask = uint64_t>
void Select(const LocalTensor<T>& dst, const LocalTensor<U>& bits, const LocalTensor<T>& src0, const LocalTensor<T>& src1, SELMODE mode,
            Mask mask, uint8_t repeatTime, const BinaryRepeatParams& params, twin::Here here = twin::Here::at())
{
    if constexpr (twin::is_aiv)
        twin::select(twin::with(twin::masked<T, isSetMask>(mask, repeatTime, "Select", here), params), dst, bits, src0, &src1, T(0), mode, here);
}
template <class T, class U, bool isSetMask = true, class Mask = uint64_t>
void Select(const LocalTensor<T>& dst, const LocalTensor<U>& bits, const LocalTensor<T>& src0, twin::same<T> scalar, SELMODE mode, Mask mask,
            uint8_t repeatTime, const BinaryRepeatParams& params, twin::Here here = twin::Here::at())
{
    if constexpr (twin::is_aiv)
        twin::select<T, U>(twin::with(twin::masked<T, isSetMask>(mask, repeatTime, "Select", here), params), dst, bits, src0, nullptr, scalar, mode, here);
}

}  // namespace AscendC
