// Small kernels for one rule each. A case is picked by the line it stands in; a line that must be reported says so in a
// comment `expect: KIND`, and a case without such a line must not be reported at all.
#pragma once
#include "kernel_operator.h"

using namespace AscendC;

#define CASE(name) else if (which == __LINE__)
#define FLAG(event)                  \
    SetFlag<HardEvent::event>(0);    \
    WaitFlag<HardEvent::event>(0)

constexpr uint32_t N = 64;  // floats in a buffer

template <typename T = float>
__aicore__ inline LocalTensor<T> Ub(uint32_t buffer, uint32_t count = N)
{
    return LocalTensor<T>(TPosition::VECCALC, buffer * N * 4, count);
}
template <typename T = float>
__aicore__ inline GlobalTensor<T> Gm(GM_ADDR address, uint32_t count = 0)
{
    GlobalTensor<T> tensor;
    tensor.SetGlobalBuffer((__gm__ T*)address, count);
    return tensor;
}
__aicore__ inline void CleanLine(const GlobalTensor<int32_t>& line)
{
    DataCacheCleanAndInvalid<int32_t, CacheLine::SINGLE_CACHE_LINE, DcciDst::CACHELINE_OUT>(line);
}
