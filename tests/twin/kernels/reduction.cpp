// out[0] = sum of x: every vector core adds up its share in 64 lanes, folds them, and adds the result atomically.
#include "kernel_operator.h"

using namespace AscendC;

constexpr uint32_t TILE = 2048;

class Reduction {
public:
    __aicore__ inline void Init(GM_ADDR x, GM_ADDR out, uint32_t length, TPipe* pipe)
    {
        const uint32_t tiles = length / TILE;
        first = tiles * GetBlockIdx() / GetBlockNum();
        last = tiles * (GetBlockIdx() + 1) / GetBlockNum();
        gx.SetGlobalBuffer((__gm__ float*)x, length);
        go.SetGlobalBuffer((__gm__ float*)out, 8);
        pipe->InitBuffer(in, 2, TILE * sizeof(float));
        pipe->InitBuffer(result, 1, 32);
        pipe->InitBuffer(lanes, 256);
    }
    __aicore__ inline void Process()
    {
        if (GetBlockIdx() == 0) InitOutput<float>(go, 8, 0.0f);
        SyncAll();
        LocalTensor<float> sum = lanes.Get<float>();
        Duplicate(sum, 0.0f, 64);
        for (uint32_t i = first; i < last; ++i) {
            LocalTensor<float> tile = in.AllocTensor<float>();
            DataCopy(tile, gx[i * TILE], TILE);
            in.EnQue(tile);
            tile = in.DeQue<float>();
            PipeBarrier<PIPE_V>();
            Add(sum, tile, sum, 64, TILE / 64, {1, 1, 1, 0, 8, 0});
            in.FreeTensor(tile);
        }
        LocalTensor<float> total = result.AllocTensor<float>();
        PipeBarrier<PIPE_V>();
        WholeReduceSum(total, sum, 64, 1, 1, 1, 8);
        result.EnQue(total);
        total = result.DeQue<float>();
        SetAtomicAdd<float>();
        DataCopyPad(go, total, DataCopyExtParams{1, sizeof(float), 0, 0, 0});
        SetAtomicNone();
        result.FreeTensor(total);
    }

private:
    TQue<TPosition::VECIN, 1> in;
    TQue<TPosition::VECOUT, 1> result;
    TBuf<TPosition::VECCALC> lanes;
    GlobalTensor<float> gx, go;
    uint32_t first, last;
};

extern "C" __global__ __aicore__ void reduction(GM_ADDR x, GM_ADDR out, uint32_t length)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_MIX_AIV_1_0);
    TPipe pipe;
    Reduction op;
    op.Init(x, out, length, &pipe);
    op.Process();
}
