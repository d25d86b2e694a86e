// Vector calls that only move elements: Duplicate, Brcb, Copy, Gather, Gatherb. Pages of the same names.
#pragma once
#include "vector.h"

namespace twin {
template <class T>
constexpr bool movable = sizeof(T) == 2 || sizeof(T) == 4;
}  // namespace twin

namespace AscendC {

template <class T>
void Duplicate(const LocalTensor<T>& dst, twin::same<T> scalar, int32_t count, twin::Here here = twin::Here::at())
{
    static_assert(twin::movable<T>, "Duplicate: 16-bit and 32-bit types");
    if constexpr (twin::is_aiv) {
        twin::VectorParams params = twin::counted<T>(static_cast<uint32_t>(count), "Duplicate", here);
        params.scalar = twin::bits_of(scalar);
        twin::vector(twin::Op::Duplicate, "Duplicate", here, params, twin::written(dst));
    }
}
template <class T, bool isSetMask = true, class Mask = uint64_t>
void Duplicate(const LocalTensor<T>& dst, twin::same<T> scalar, Mask mask, uint8_t repeatTime, uint16_t dstBlkStride, uint8_t dstRepStride,
               twin::Here here = twin::Here::at())
{
    static_assert(twin::movable<T>, "Duplicate: 16-bit and 32-bit types");
    if constexpr (twin::is_aiv) {
        twin::VectorParams params = twin::masked<T, isSetMask>(mask, repeatTime, "Duplicate", here);
        twin::strides(params, 0, dstBlkStride, dstRepStride);
        params.scalar = twin::bits_of(scalar);
        twin::vector(twin::Op::Duplicate, "Duplicate", here, params, twin::written(dst));
    }
}

// Eight elements a repeat, each into a block of its own.
template <class T>
void Brcb(const LocalTensor<T>& dst, const LocalTensor<T>& src, uint8_t repeatTime, const BrcbRepeatParams& p, twin::Here here = twin::Here::at())
{
    static_assert(twin::movable<T>, "Brcb: 16-bit and 32-bit types");
    if constexpr (twin::is_aiv) {
        twin::VectorParams params = twin::repeated(repeatTime);
        twin::strides(params, 0, p.dstBlkStride, p.dstRepStride);
        params.repeat_stride[1] = 8 * sizeof(T);
        twin::vector(twin::Op::Brcb, "Brcb", here, params, twin::written(dst), twin::read(src));
    }
}

template <class T, bool isSetMask = true, class Mask = uint64_t>
void Copy(const LocalTensor<T>& dst, const LocalTensor<T>& src, Mask mask, uint8_t repeatTime, const CopyRepeatParams& p, twin::Here here = twin::Here::at())
{
    static_assert(twin::movable<T>, "Copy: 16-bit and 32-bit types");
    if constexpr (twin::is_aiv) {
        twin::VectorParams params = twin::masked<T, isSetMask>(mask, repeatTime, "Copy", here);
        twin::strides(params, 0, p.dstStride, p.dstRepeatSize);
        twin::strides(params, 1, p.srcStride, p.srcRepeatSize);
        twin::vector(twin::Op::Copy, "Copy", here, params, twin::written(dst), twin::read(src));
    }
}

// dst[i] = src at byte offset srcBaseAddr + srcOffset[i].
template <class T>
void Gather(const LocalTensor<T>& dst, const LocalTensor<T>& src, const LocalTensor<uint32_t>& srcOffset, uint32_t srcBaseAddr, uint32_t count,
            twin::Here here = twin::Here::at())
{
    static_assert(twin::movable<T>, "Gather: 16-bit and 32-bit types");
    if constexpr (twin::is_aiv) {
        twin::VectorParams params = twin::counted<T, T>(count, "Gather", here);
        params.scalar = srcBaseAddr;
        twin::vector(twin::Op::Gather, "Gather", here, params, twin::written(dst), twin::read(src), twin::read(srcOffset));
    }
}

// Eight blocks a repeat, each from a byte offset that is a multiple of 32.
template <class T>
void Gatherb(const LocalTensor<T>& dst, const LocalTensor<T>& src, const LocalTensor<uint32_t>& offset, uint8_t repeatTime, const GatherRepeatParams& p,
             twin::Here here = twin::Here::at())
{
    static_assert(twin::one_of<T, uint16_t, uint32_t>, "Gatherb: uint16 and uint32, use ReinterpretCast");
    if constexpr (twin::is_aiv) {
        twin::VectorParams params = twin::repeated(repeatTime);
        twin::strides(params, 0, p.dstBlkStride, p.dstRepStride);
        twin::vector(twin::Op::Gatherb, "Gatherb", here, params, twin::written(dst), twin::read(src), twin::read(offset));
    }
}

}  // namespace AscendC
