// Stores what it was given: members of a struct, numbers, macros, the tiling key.
#include "eleven.h"
#include "kernel_operator.h"

using namespace AscendC;

#ifndef FLAG
#error "FLAG is not defined"
#endif

struct Fields {
    int8_t a;
    int64_t b;
    float c;
    uint16_t d[3];
    double e;
    bool f;
};

template <typename T>
__global__ __aicore__ void fields(GM_ADDR h, GM_ADDR b, GM_ADDR sum, GM_ADDR seen, int16_t count, float factor, Fields by_value)
{
    LocalTensor<T> numbers(TPosition::VECCALC, 0, 16), wide(TPosition::VECCALC, 128, 16), other(TPosition::VECCALC, 256, 16);
    LocalTensor<bfloat16_t> x(TPosition::VECCALC, 512, 16), y(TPosition::VECCALC, 576, 16);
    GlobalTensor<bfloat16_t> h_gm, b_gm, sum_gm;
    GlobalTensor<T> seen_gm;
    h_gm.SetGlobalBuffer((__gm__ bfloat16_t*)h, 16);
    b_gm.SetGlobalBuffer((__gm__ bfloat16_t*)b, 16);
    sum_gm.SetGlobalBuffer((__gm__ bfloat16_t*)sum, 16);
    seen_gm.SetGlobalBuffer((__gm__ T*)seen, 16);
    DataCopy(x, h_gm, 16);
    DataCopy(y, b_gm, 16);
    PipeBarrier<PIPE_ALL>();
    Cast(wide, x, RoundMode::CAST_NONE, 16);
    Cast(other, y, RoundMode::CAST_NONE, 16);
    PipeBarrier<PIPE_V>();
    Add(wide, wide, other, 16);
    PipeBarrier<PIPE_V>();
    Cast(x, wide, RoundMode::CAST_RINT, 16);
    const float high = by_value.b == -(int64_t(1) << 62) ? -1.0f : 0.0f;
    const float key = TILING_KEY_IS(5) ? 5.0f : 0.0f;
    const float all[] = {float(by_value.a), high, by_value.c, float(by_value.d[0]), float(by_value.d[1]), float(by_value.d[2]),
                         float(by_value.e), by_value.f ? 1.0f : 0.0f, float(count), factor, float(EXTRA), float(ELEVEN), key};
    for (int i = 0; i < 13; ++i) numbers.SetValue(i, all[i]);
    PipeBarrier<PIPE_ALL>();
    DataCopy(sum_gm, x, 16);
    DataCopyPad(seen_gm, numbers, {1, 13 * sizeof(T), 0, 0, 0});
    AscendC::printf("printed by block %d\n", int(GetBlockIdx()));
    PipeBarrier<PIPE_ALL>();
}
