// Runs of unequal length: which rows of an array belong to one, and zeros for those that do not.
#pragma once
#include "kernel_operator.h"

// How many of `rows` rows belong to a run: the last of `count` run ends says it, the others are padding.
__aicore__ inline int64_t UsedRows(GM_ADDR ends, int64_t count, int64_t rows)
{
    AscendC::GlobalTensor<int32_t> tensor;
    tensor.SetGlobalBuffer(reinterpret_cast<__gm__ int32_t*>(ends), count);
    const int64_t last = tensor.GetValue(count - 1);
    return last < rows ? last : rows;
}

// Zeros for the padding rows of an output: each vector core clears its share of them.
template <class T>
__aicore__ inline void ClearRows(GM_ADDR array, int64_t used, int64_t rows, int64_t width)
{
    if ASCEND_IS_AIV {
        const int64_t cores = AscendC::GetBlockNum() * @vectors@;
        const int64_t share = (rows - used + cores - 1) / cores;
        const int64_t first = used + AscendC::GetBlockIdx() * share;
        const int64_t last = first + share < rows ? first + share : rows;
        if (first < last) {
            AscendC::TPipe pipe;
            AscendC::GlobalTensor<T> tensor;
            tensor.SetGlobalBuffer(reinterpret_cast<__gm__ T*>(array), rows * width);
            AscendC::InitOutput<T>(tensor[first * width], (last - first) * width, static_cast<T>(0));
            AscendC::PipeBarrier<PIPE_ALL>();
        }
    }
}

