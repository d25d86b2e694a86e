// What all vector calls share: masks, repeats, strides. Pages: "SetVectorMask", "Mask operations", "repeatTime".
#pragma once
#include "tensor.h"

namespace twin {

// A run of contiguous elements: counter mode, one instruction; the mask registers are reset afterwards.
template <class... Types>
VectorParams counted(uint32_t count, const char* api, Here here)
{
    if (static_cast<int32_t>(count) < 0) engine->fail("parameter", api, here, "count is negative: %d", static_cast<int32_t>(count));
    constexpr uint32_t sizes[] = {sizeof(Types)...};
    uint32_t widest = 1;
    for (uint32_t size : sizes) widest = size > widest ? size : widest;
    VectorParams params{};
    params.counter = true;
    params.count = count;
    int i = 0;
    for (uint32_t size : sizes) {
        params.block_stride[i] = 32;
        params.repeat_stride[i++] = 256 / widest * size;
    }
    engine->state().counter = false;
    engine->state().mask[0] = engine->state().mask[1] = ~0ull;
    return params;
}

inline VectorParams repeated(uint32_t repeats)
{
    VectorParams params{};
    params.repeats = repeats;
    const State& state = engine->state();
    params.mask[0] = state.mask[0];
    params.mask[1] = state.mask[1];
    params.counter = state.counter;
    params.count = static_cast<uint32_t>(state.mask[0]);
    return params;
}

// The first `mask` lanes of every repeat; in counter mode the number of elements in all.
template <class Widest, bool set_mask>
VectorParams masked(uint64_t mask, uint32_t repeats, const char* api, Here here)
{
    if constexpr (set_mask) {
        State& state = engine->state();
        constexpr uint32_t lanes = 256 / sizeof(Widest);
        if (!state.counter && (mask == 0 || mask > lanes))
            engine->fail("parameter", api, here, "mask is %llu: with elements of %zu bytes it must be in 1..%u", static_cast<unsigned long long>(mask), sizeof(Widest), lanes);
        state.mask[0] = state.counter || mask >= 64 ? (state.counter ? mask : ~0ull) : (1ull << mask) - 1;
        state.mask[1] = state.counter || mask <= 64 ? 0 : mask == 128 ? ~0ull : (1ull << (mask - 64)) - 1;
    }
    if (repeats > 255) engine->fail("parameter", api, here, "repeatTime is %u: at most 255", repeats);
    return repeated(repeats);
}
template <class Widest, bool set_mask>
VectorParams masked(const uint64_t mask[], uint32_t repeats, const char* api, Here here)
{
    if constexpr (set_mask) {
        State& state = engine->state();
        state.mask[0] = mask[0];
        state.mask[1] = sizeof(Widest) == 2 ? mask[1] : 0;
    }
    if (repeats > 255) engine->fail("parameter", api, here, "repeatTime is %u: at most 255", repeats);
    return repeated(repeats);
}

inline void strides(VectorParams& params, int operand, uint32_t block, uint32_t repeat)
{
    params.block_stride[operand] = block * 32;
    params.repeat_stride[operand] = repeat * 32;
}
inline VectorParams with(VectorParams params, const AscendC::BinaryRepeatParams& p)
{
    strides(params, 0, p.dstBlkStride, p.dstRepStride);
    strides(params, 1, p.src0BlkStride, p.src0RepStride);
    strides(params, 2, p.src1BlkStride, p.src1RepStride);
    return params;
}
inline VectorParams with(VectorParams params, const AscendC::UnaryRepeatParams& p)
{
    strides(params, 0, p.dstBlkStride, p.dstRepStride);
    strides(params, 1, p.srcBlkStride, p.srcRepStride);
    return params;
}

template <class... Operands>
void vector(Op op, const char* api, Here here, const VectorParams& params, const Operands&... operands)
{
    twin::uses_vector();
    Instruction instruction;
    instruction.op = op;
    instruction.pipe = Pipe::V;
    instruction.api = api;
    instruction.here = here;
    instruction.operands = sizeof...(operands);
    int i = 0;
    ((instruction.operand[i++] = operands), ...);
    instruction.vector = params;
    engine->issue(instruction);
}

template <class Tensor>
Operand written(const Tensor& tensor, uint16_t alignment = 32)
{
    return tensor.operand(true, alignment);
}
template <class Tensor>
Operand read(const Tensor& tensor, uint16_t alignment = 32)
{
    return tensor.operand(false, alignment);
}

}  // namespace twin

namespace AscendC {

template <class T, MaskMode mode = MaskMode::NORMAL>
void SetVectorMask(uint64_t high, uint64_t low)
{
    twin::engine->state().mask[0] = low;
    twin::engine->state().mask[1] = mode == MaskMode::COUNTER ? 0 : high;
}
template <class T, MaskMode mode = MaskMode::NORMAL>
void SetVectorMask(int32_t length)
{
    if constexpr (mode == MaskMode::COUNTER) SetVectorMask<T, mode>(0, static_cast<uint64_t>(length));
    else SetVectorMask<T, mode>(length > 64 ? (length >= 128 ? ~0ull : (1ull << (length - 64)) - 1) : 0, length >= 64 ? ~0ull : (1ull << length) - 1);
}
inline void SetMaskCount() { twin::engine->state().counter = true; }
inline void SetMaskNorm() { twin::engine->state().counter = false; }
inline void ResetMask() { twin::engine->state().mask[0] = twin::engine->state().mask[1] = ~0ull; }
// Start of a kernel without TPipe: atomics off, masks and mask mode reset.
inline void InitSocState()
{
    SetMaskNorm();
    ResetMask();
    twin::engine->state().atomic = twin::Atomic::none;
}

}  // namespace AscendC
