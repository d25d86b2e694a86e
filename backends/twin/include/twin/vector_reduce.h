// Reductions, under their older and newer names (the argument order differs). Pages: "WholeReduceSum", "BlockReduceSum",
// "PairReduceSum", "ReduceSum", "WholeReduceMax", "API changes".
// Sums of a repeat add neighbours in a binary tree in the element's type; ReduceSum adds the repeats in their order.
#pragma once
#include "vector.h"

namespace twin {

inline VectorParams reduction(VectorParams params, Op reduce, uint32_t dst_stride_bytes, int32_t block, int32_t repeat)
{
    params.reduce = reduce;
    params.order = static_cast<uint8_t>(AscendC::ReduceOrder::ORDER_ONLY_VALUE);
    params.block_stride[0] = 32;
    params.repeat_stride[0] = dst_stride_bytes;
    strides(params, 1, static_cast<uint32_t>(block), static_cast<uint32_t>(repeat));
    return params;
}

template <class T>
void reduce(Op op, const char* api, Here here, VectorParams params, const AscendC::LocalTensor<T>& dst, const AscendC::LocalTensor<T>& src)
{
    static_assert(one_of<T, half, float>, "reductions: half and float");
    const bool pair = params.order <= static_cast<uint8_t>(AscendC::ReduceOrder::ORDER_INDEX_VALUE);
    const uint16_t alignment = static_cast<uint16_t>(op == Op::ReduceBlock ? 8 * sizeof(T) : op == Op::ReducePair ? 32 : pair ? 2 * sizeof(T) : sizeof(T));
    vector(op, api, here, params, written(dst, alignment), read(src));
}

}  // namespace twin

namespace AscendC {

// One value a repeat; dstRepStride in elements (for maxima and minima with an index: in pairs).
template <class T, bool isSetMask = true, class Mask = int32_t>
void WholeReduceSum(const LocalTensor<T>& dst, const LocalTensor<T>& src, Mask mask, int32_t repeatTime, int32_t dstRepStride, int32_t srcBlkStride,
                    int32_t srcRepStride, twin::Here here = twin::Here::at())
{
    if constexpr (twin::is_aiv)
        twin::reduce(twin::Op::ReduceRepeat, "WholeReduceSum", here,
                     twin::reduction(twin::masked<T, isSetMask>(mask, static_cast<uint32_t>(repeatTime), "WholeReduceSum", here), twin::Op::Add,
                                     static_cast<uint32_t>(dstRepStride * sizeof(T)), srcBlkStride, srcRepStride), dst, src);
}
template <class T, bool isSetMask = true, class Mask = int32_t>
void RepeatReduceSum(const LocalTensor<T>& dst, const LocalTensor<T>& src, int32_t repeatTime, Mask mask, int32_t, int32_t srcBlkStride,
                     int32_t dstRepStride, int32_t srcRepStride, twin::Here here = twin::Here::at())
{
    WholeReduceSum<T, isSetMask>(dst, src, mask, repeatTime, dstRepStride, srcBlkStride, srcRepStride, here);
}
#define TWIN_WHOLE(Name, op)                                                                                                               \
    template <class T, bool isSetMask = true, class Mask = int32_t>                                                                        \
    void Name(const LocalTensor<T>& dst, const LocalTensor<T>& src, Mask mask, int32_t repeatTime, int32_t dstRepStride,                   \
              int32_t srcBlkStride, int32_t srcRepStride, ReduceOrder order = ReduceOrder::ORDER_VALUE_INDEX, twin::Here here = twin::Here::at()) \
    {                                                                                                                                      \
        if constexpr (twin::is_aiv) {                                                                                                      \
            const uint32_t unit = order <= ReduceOrder::ORDER_INDEX_VALUE ? 2 * sizeof(T) : order == ReduceOrder::ORDER_ONLY_INDEX ? 4 : sizeof(T); \
            twin::VectorParams params = twin::reduction(twin::masked<T, isSetMask>(mask, static_cast<uint32_t>(repeatTime), #Name, here), op, \
                                                        static_cast<uint32_t>(dstRepStride) * unit, srcBlkStride, srcRepStride);           \
            params.order = static_cast<uint8_t>(order);                                                                                    \
            twin::reduce(twin::Op::ReduceRepeat, #Name, here, params, dst, src);                                                           \
        }                                                                                                                                  \
    }
TWIN_WHOLE(WholeReduceMax, twin::Op::Max)
TWIN_WHOLE(WholeReduceMin, twin::Op::Min)
#undef TWIN_WHOLE

// Eight values a repeat (one for each block) and 32 or 64 (one for each pair of neighbours).
#define TWIN_PARTIAL(Name, op, kind, stride_bytes)                                                                                       \
    template <class T, bool isSetMask = true, class Mask = int32_t>                                                                      \
    void Name(const LocalTensor<T>& dst, const LocalTensor<T>& src, int32_t repeatTime, Mask mask, int32_t dstRepStride,                 \
              int32_t srcBlkStride, int32_t srcRepStride, twin::Here here = twin::Here::at())                                            \
    {                                                                                                                                    \
        if constexpr (twin::is_aiv)                                                                                                      \
            twin::reduce(kind, #Name, here,                                                                                              \
                         twin::reduction(twin::masked<T, isSetMask>(mask, static_cast<uint32_t>(repeatTime), #Name, here), op,           \
                                         static_cast<uint32_t>(dstRepStride * (stride_bytes)), srcBlkStride, srcRepStride), dst, src);   \
    }
TWIN_PARTIAL(BlockReduceSum, twin::Op::Add, twin::Op::ReduceBlock, 8 * sizeof(T))
TWIN_PARTIAL(BlockReduceMax, twin::Op::Max, twin::Op::ReduceBlock, 8 * sizeof(T))
TWIN_PARTIAL(BlockReduceMin, twin::Op::Min, twin::Op::ReduceBlock, 8 * sizeof(T))
TWIN_PARTIAL(PairReduceSum, twin::Op::Add, twin::Op::ReducePair, 128)
#undef TWIN_PARTIAL

template <ReduceType kind, class T, bool isSetMask = true, class Mask = int32_t>
void ReduceRepeat(const LocalTensor<T>& dst, const LocalTensor<T>& src, Mask mask, int32_t repeatTime, int32_t dstRepStride, int32_t srcBlkStride,
                  int32_t srcRepStride, ReduceOrder order = ReduceOrder::ORDER_VALUE_INDEX, twin::Here here = twin::Here::at())
{
    if constexpr (kind == ReduceType::SUM) WholeReduceSum<T, isSetMask>(dst, src, mask, repeatTime, dstRepStride, srcBlkStride, srcRepStride, here);
    else if constexpr (kind == ReduceType::MAX) WholeReduceMax<T, isSetMask>(dst, src, mask, repeatTime, dstRepStride, srcBlkStride, srcRepStride, order, here);
    else WholeReduceMin<T, isSetMask>(dst, src, mask, repeatTime, dstRepStride, srcBlkStride, srcRepStride, order, here);
}
template <ReduceType kind, class T, bool isSetMask = true, class Mask = int32_t>
void ReduceDataBlock(const LocalTensor<T>& dst, const LocalTensor<T>& src, Mask mask, int32_t repeatTime, int32_t dstRepStride, int32_t srcBlkStride,
                     int32_t srcRepStride, twin::Here here = twin::Here::at())
{
    if constexpr (kind == ReduceType::SUM) BlockReduceSum<T, isSetMask>(dst, src, repeatTime, mask, dstRepStride, srcBlkStride, srcRepStride, here);
    else if constexpr (kind == ReduceType::MAX) BlockReduceMax<T, isSetMask>(dst, src, repeatTime, mask, dstRepStride, srcBlkStride, srcRepStride, here);
    else BlockReduceMin<T, isSetMask>(dst, src, repeatTime, mask, dstRepStride, srcBlkStride, srcRepStride, here);
}
template <ReduceType kind, class T, bool isSetMask = true, class Mask = int32_t>
void ReducePairElem(const LocalTensor<T>& dst, const LocalTensor<T>& src, Mask mask, int32_t repeatTime, int32_t dstRepStride, int32_t srcBlkStride,
                    int32_t srcRepStride, twin::Here here = twin::Here::at())
{
    static_assert(kind == ReduceType::SUM, "ReducePairElem only sums");
    PairReduceSum<T, isSetMask>(dst, src, repeatTime, mask, dstRepStride, srcBlkStride, srcRepStride, here);
}

// The whole tensor to dst[0]; the maximum and minimum may put the index behind it. The work tensor is not needed on A2
// for sums; for maxima it is not written here either.
template <class T>
void ReduceSum(const LocalTensor<T>& dst, const LocalTensor<T>& src, const LocalTensor<T>&, int32_t count, twin::Here here = twin::Here::at())
{
    if constexpr (twin::is_aiv)
        twin::reduce(twin::Op::ReduceAll, "ReduceSum", here, twin::reduction(twin::counted<T, T>(static_cast<uint32_t>(count), "ReduceSum", here), twin::Op::Add, 0, 1, 8), dst, src);
}
template <class T, class Mask>
void ReduceSum(const LocalTensor<T>& dst, const LocalTensor<T>& src, const LocalTensor<T>&, Mask mask, int32_t repeatTime, int32_t srcRepStride,
               twin::Here here = twin::Here::at())
{
    if constexpr (twin::is_aiv)
        twin::reduce(twin::Op::ReduceAll, "ReduceSum", here,
                     twin::reduction(twin::masked<T, true>(mask, static_cast<uint32_t>(repeatTime), "ReduceSum", here), twin::Op::Add, 0, 1, srcRepStride), dst, src);
}
#define TWIN_EXTREME(Name, op)                                                                                                              \
    template <class T>                                                                                                                      \
    void Name(const LocalTensor<T>& dst, const LocalTensor<T>& src, const LocalTensor<T>&, int32_t count, bool calIndex = false,            \
              twin::Here here = twin::Here::at())                                                                                           \
    {                                                                                                                                       \
        if constexpr (twin::is_aiv) {                                                                                                       \
            twin::VectorParams params = twin::reduction(twin::counted<T, T>(static_cast<uint32_t>(count), #Name, here), op, 0, 1, 8);       \
            if (calIndex) params.order = static_cast<uint8_t>(ReduceOrder::ORDER_VALUE_INDEX);                                              \
            twin::reduce(twin::Op::ReduceAll, #Name, here, params, dst, src);                                                               \
        }                                                                                                                                   \
    }
TWIN_EXTREME(ReduceMax, twin::Op::Max)
TWIN_EXTREME(ReduceMin, twin::Op::Min)
#undef TWIN_EXTREME

// The value register that a sum over whole repeats leaves behind.
template <class T>
T GetAccVal()
{
    return twin::bit_cast<T>(static_cast<std::conditional_t<sizeof(T) == 2, uint16_t, uint32_t>>(twin::engine->state().reduce_result));
}

}  // namespace AscendC
