#include "kernel_operator.h"

struct VectorAddTiling {
    uint32_t length;
    // a multiple of the tile
    uint32_t per_core;
};

// z = x + y
extern "C" __global__ __aicore__ void vector_add(GM_ADDR x, GM_ADDR y, GM_ADDR z, GM_ADDR workspace, GM_ADDR tiling)
{
    REGISTER_TILING_DEFAULT(VectorAddTiling);
    GET_TILING_DATA(t, tiling);
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    (void)workspace;
    const uint32_t length = t.length;
    const uint32_t per_core = t.per_core;
    constexpr uint32_t tile = 1024u;
    const int64_t block = AscendC::GetBlockIdx();
    const uint32_t core = static_cast<uint32_t>(block);
    const uint32_t first = core * per_core;
    const bool idle = first >= length;
    if (idle) {
        return;
    }
    const uint32_t rest = length - first;
    const uint32_t mine = rest < per_core ? rest : per_core;
    AscendC::GlobalTensor<float> x_gm;
    AscendC::GlobalTensor<float> y_gm;
    AscendC::GlobalTensor<float> z_gm;
    x_gm.SetGlobalBuffer(reinterpret_cast<__gm__ float*>(x), length);
    y_gm.SetGlobalBuffer(reinterpret_cast<__gm__ float*>(y), length);
    z_gm.SetGlobalBuffer(reinterpret_cast<__gm__ float*>(z), length);
    AscendC::TPipe pipe;
    AscendC::TBuf<AscendC::TPosition::VECCALC> ub;
    pipe.InitBuffer(ub, 12288u);
    AscendC::LocalTensor<float> x_ub = ub.GetWithOffset<float>(tile, 0u);
    AscendC::LocalTensor<float> y_ub = ub.GetWithOffset<float>(tile, 4096u);
    AscendC::LocalTensor<float> z_ub = ub.GetWithOffset<float>(tile, 8192u);
    AscendC::SetFlag<AscendC::HardEvent::MTE3_MTE2>(0);
    // tile by tile
    for (uint32_t done = 0u; done < mine; done += tile) {
        const uint32_t left = mine - done;
        const uint32_t count = left < tile ? left : tile;
        const uint32_t offset = first + done;
        const bool whole = count == tile;
        AscendC::GlobalTensor<float> x_tile = x_gm[offset];
        AscendC::GlobalTensor<float> y_tile = y_gm[offset];
        AscendC::GlobalTensor<float> z_tile = z_gm[offset];
        const uint32_t size = count * 4u;
        const AscendC::DataCopyExtParams tail{1, size, 0u, 0u, 0u};
        AscendC::WaitFlag<AscendC::HardEvent::MTE3_MTE2>(0);
        if (whole) {
            const AscendC::DataCopyParams bursts{1, 128, 0, 0};
            AscendC::DataCopy(x_ub, x_tile, bursts);
            AscendC::DataCopy(y_ub, y_tile, tile);
        } else {
            const AscendC::DataCopyPadExtParams<float> pad{false, 0, 0, 0.0f};
            AscendC::DataCopyPad(x_ub, x_tile, tail, pad);
            AscendC::DataCopyPad(y_ub, y_tile, tail, pad);
        }
        AscendC::SetFlag<AscendC::HardEvent::MTE2_V>(0);
        AscendC::WaitFlag<AscendC::HardEvent::MTE2_V>(0);
        // add.lig:7
        // z = x + y
        AscendC::Add(z_ub, x_ub, y_ub, count);
        AscendC::SetFlag<AscendC::HardEvent::V_MTE3>(0);
        AscendC::WaitFlag<AscendC::HardEvent::V_MTE3>(0);
        AscendC::DataCopyPad(z_tile, z_ub, tail);
        AscendC::SetFlag<AscendC::HardEvent::MTE3_MTE2>(0);
    }
    AscendC::WaitFlag<AscendC::HardEvent::MTE3_MTE2>(0);
    AscendC::PipeBarrier<PIPE_ALL>();
}
