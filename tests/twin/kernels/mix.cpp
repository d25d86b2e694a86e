// Cube and vector together: y = leaky_relu(a * b) through a workspace ring, then row gather and atomic scatter.
#include "kernel_operator.h"

using namespace AscendC;

struct MixTiling {
    uint32_t rounds, rows;
};

constexpr uint32_t SIDE = 64, DEPTH = 2, READY = 3, FREE = 4;

class Cube {
public:
    __aicore__ inline void Run(GM_ADDR a, GM_ADDR b, __gm__ float* ring, uint32_t rounds)
    {
        TPipe pipe;
        TQue<TPosition::A1, 1> qa;
        TQue<TPosition::B1, 1> qb;
        TQue<TPosition::A2, 1> qa2;
        TQue<TPosition::B2, 1> qb2;
        TQue<TPosition::CO1, 1> qc;
        constexpr uint32_t bytes = SIDE * SIDE * sizeof(bfloat16_t);
        pipe.InitBuffer(qa, 2, bytes);
        pipe.InitBuffer(qb, 2, bytes);
        pipe.InitBuffer(qa2, 2, bytes);
        pipe.InitBuffer(qb2, 2, bytes);
        pipe.InitBuffer(qc, 2, SIDE * SIDE * sizeof(float));
        for (uint32_t i = 0; i < rounds; ++i) {
            GlobalTensor<bfloat16_t> ga, gb;
            const uint64_t at = (uint64_t(i) * GetBlockNum() + GetBlockIdx()) * SIDE * SIDE;
            ga.SetGlobalBuffer((__gm__ bfloat16_t*)a + at, SIDE * SIDE);
            gb.SetGlobalBuffer((__gm__ bfloat16_t*)b, SIDE * SIDE);
            auto a1 = qa.AllocTensor<bfloat16_t>();
            auto b1 = qb.AllocTensor<bfloat16_t>();
            Nd2NzParams p{1, SIDE, SIDE, 0, SIDE, SIDE, 1, 0};
            DataCopy(a1, ga, p);
            DataCopy(b1, gb, p);
            qa.EnQue(a1);
            qb.EnQue(b1);
            a1 = qa.DeQue<bfloat16_t>();
            b1 = qb.DeQue<bfloat16_t>();
            auto a2 = qa2.AllocTensor<bfloat16_t>();
            auto b2 = qb2.AllocTensor<bfloat16_t>();
            for (uint32_t r = 0; r < SIDE / 16; ++r) {
                LoadData(a2[r * 16 * SIDE], a1[r * 256], LoadData2DParams(0, SIDE / 16, SIDE / 16, 0, 0, false, 0));
                LoadData(b2[r * 16 * SIDE], b1[r * 256], LoadData2DParams(0, SIDE / 16, SIDE / 16, 0, 0, true, 0));
            }
            qa2.EnQue(a2);
            qb2.EnQue(b2);
            qa.FreeTensor(a1);
            qb.FreeTensor(b1);
            a2 = qa2.DeQue<bfloat16_t>();
            b2 = qb2.DeQue<bfloat16_t>();
            auto c = qc.AllocTensor<float>();
            Mmad(c, a2, b2, MmadParams(SIDE, SIDE, SIDE, 0, false, true));
            qc.EnQue(c);
            qa2.FreeTensor(a2);
            qb2.FreeTensor(b2);
            c = qc.DeQue<float>();
            if (i >= DEPTH) CrossCoreWaitFlag(FREE);
            GlobalTensor<float> slot;
            slot.SetGlobalBuffer(ring + (uint64_t(GetBlockIdx()) * DEPTH + i % DEPTH) * SIDE * SIDE, SIDE * SIDE);
            Fixpipe<float, float, CFG_ROW_MAJOR>(slot, c, FixpipeParamsV220(SIDE, SIDE, SIDE, SIDE, false));
            CrossCoreSetFlag<2, PIPE_FIX>(READY);
            qc.FreeTensor(c);
        }
        for (uint32_t i = 0; i < (rounds < DEPTH ? rounds : DEPTH); ++i) CrossCoreWaitFlag(FREE);
    }
};

class Leaky {
public:
    __aicore__ inline void Run(__gm__ float* ring, GM_ADDR y, GM_ADDR index, GM_ADDR sum, const MixTiling& t)
    {
        TPipe pipe;
        TQue<TPosition::VECIN, 1> in;
        TQue<TPosition::VECOUT, 1> out;
        constexpr uint32_t half_rows = SIDE / 2, count = half_rows * SIDE;
        pipe.InitBuffer(in, 2, count * sizeof(float));
        pipe.InitBuffer(out, 2, count * sizeof(float));
        const uint64_t block = GetBlockIdx() / GetSubBlockNum();
        GlobalTensor<float> gy, gsum;
        gsum.SetGlobalBuffer((__gm__ float*)sum);
        if (GetBlockIdx() == 0) InitOutput<float>(gsum, uint64_t(t.rows) * SIDE, 0.0f);
        SyncAll();
        GlobalTensor<int32_t> gi;
        gi.SetGlobalBuffer((__gm__ int32_t*)index);
        for (uint32_t i = 0; i < t.rounds; ++i) {
            WaitEvent(READY);
            GlobalTensor<float> slot;
            slot.SetGlobalBuffer(ring + (block * DEPTH + i % DEPTH) * SIDE * SIDE + GetSubBlockIdx() * count, count);
            auto x = in.AllocTensor<float>();
            DataCopy(x, slot, count);
            NotifyEvent<PIPE_MTE2>(FREE);
            in.EnQue(x);
            x = in.DeQue<float>();
            auto r = out.AllocTensor<float>();
            LeakyRelu(r, x, 0.25f, count);
            out.EnQue(r);
            in.FreeTensor(x);
            r = out.DeQue<float>();
            const uint64_t row = ((uint64_t(i) * GetBlockNum() + block) * SIDE + GetSubBlockIdx() * half_rows);
            gy.SetGlobalBuffer((__gm__ float*)y + row * SIDE, count);
            DataCopy(gy, r, count);
            SetAtomicAdd<float>();
            for (uint32_t k = 0; k < half_rows; ++k) {
                const int32_t to = gi.GetValue(row + k);
                PipeBarrier<PIPE_MTE3>();
                if (to >= 0) DataCopyPad(gsum[uint64_t(to) * SIDE], r[k * SIDE], DataCopyExtParams{1, SIDE * sizeof(float), 0, 0, 0});
            }
            SetAtomicNone();
            out.FreeTensor(r);
        }
    }
};

extern "C" __global__ __aicore__ void mix(GM_ADDR a, GM_ADDR b, GM_ADDR index, GM_ADDR y, GM_ADDR sum, GM_ADDR workspace, GM_ADDR tiling)
{
    REGISTER_TILING_DEFAULT(MixTiling);
    GET_TILING_DATA(t, tiling);
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_MIX_AIC_1_2);
    __gm__ float* ring = (__gm__ float*)GetUserWorkspace(workspace);
    if ASCEND_IS_AIC {
        Cube cube;
        cube.Run(a, b, ring, t.rounds);
    }
    if ASCEND_IS_AIV {
        Leaky leaky;
        leaky.Run(ring, y, index, sum, t);
    }
}
