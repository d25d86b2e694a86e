#include "kernel_operator.h"

struct ScatterTiling {
    uint32_t tokens;
    int32_t rows;
};

extern "C" __global__ __aicore__ void gather_scatter(GM_ADDR source, GM_ADDR index, GM_ADDR total, GM_ADDR workspace, GM_ADDR tiling)
{
    REGISTER_TILING_DEFAULT(ScatterTiling);
    GET_TILING_DATA(t, tiling);
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_MIX_AIV_1_0);
    const uint32_t tokens = t.tokens;
    const int32_t rows = t.rows;
    (void)workspace;
    constexpr int32_t width = 128;
    const uint32_t width_as_u = static_cast<uint32_t>(width);
    const uint32_t rows_u = static_cast<uint32_t>(rows);
    const uint32_t size = rows_u * width_as_u;
    AscendC::GlobalTensor<float> source_gm;
    source_gm.SetGlobalBuffer(reinterpret_cast<__gm__ float*>(source), size);
    AscendC::GlobalTensor<int32_t> index_gm;
    index_gm.SetGlobalBuffer(reinterpret_cast<__gm__ int32_t*>(index), tokens);
    const uint32_t words = tokens / 2u;
    AscendC::GlobalTensor<uint64_t> index_words;
    index_words.SetGlobalBuffer(reinterpret_cast<__gm__ uint64_t*>(index), words);
    AscendC::GlobalTensor<float> total_gm;
    total_gm.SetGlobalBuffer(reinterpret_cast<__gm__ float*>(total), size);
    const int64_t me64 = AscendC::GetBlockIdx();
    const int64_t all64 = AscendC::GetBlockNum();
    const uint32_t me = static_cast<uint32_t>(me64);
    const uint32_t all = static_cast<uint32_t>(all64);
    const bool is_first = me == 0u;
    if (is_first) {
        AscendC::InitOutput<float>(total_gm, size, 0.0f);
    }
    AscendC::SyncAll<true>();
    AscendC::TPipe pipe;
    AscendC::TBuf<AscendC::TPosition::VECIN> ub;
    pipe.InitBuffer(ub, 512u);
    AscendC::LocalTensor<float> row = ub.GetWithOffset<float>(128u, 0u);
    const AscendC::DataCopyExtParams burst{1, 512u, 0u, 0u, 0u};
    AscendC::SetFlag<AscendC::HardEvent::MTE3_MTE2>(0);
    for (uint32_t token = me; token < tokens; token += all) {
        const int64_t here = static_cast<int64_t>(token);
        const int64_t next = here + 16L;
        const int64_t all_tokens = static_cast<int64_t>(tokens);
        const bool has_next = next < all_tokens;
        if (has_next) {
            const int64_t next_byte = next * 4L;
            AscendC::DataCachePreload(index_words, next_byte);
        }
        const int32_t key = index_gm.GetValue(token);
        const bool is_row = key >= 0;
        const bool is_small = key < rows;
        const bool valid = is_row & is_small;
        // an absent row adds nothing
        if (valid) {
            const int32_t at = key * width;
            AscendC::GlobalTensor<float> from = source_gm[at];
            AscendC::GlobalTensor<float> to = total_gm[at];
            AscendC::WaitFlag<AscendC::HardEvent::MTE3_MTE2>(0);
            AscendC::DataCopy(row, from, 128u);
            AscendC::SetFlag<AscendC::HardEvent::MTE2_MTE3>(0);
            AscendC::WaitFlag<AscendC::HardEvent::MTE2_MTE3>(0);
            AscendC::SetAtomicAdd<float>();
            AscendC::DataCopyPad(to, row, burst);
            AscendC::SetAtomicNone();
            AscendC::SetFlag<AscendC::HardEvent::MTE3_MTE2>(0);
        }
    }
    AscendC::WaitFlag<AscendC::HardEvent::MTE3_MTE2>(0);
    AscendC::PipeBarrier<PIPE_ALL>();
}
