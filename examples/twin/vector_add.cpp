// z = x + y, a tile at a time, on all vector cores:
//
//     cd examples/twin
//     ligrad twin vector_add.cpp --entry vector_add --args vector_add.json
#include "kernel_operator.h"

using namespace AscendC;

struct AddTiling {
    int64_t count;
    int32_t tile;
};

extern "C" __global__ __aicore__ void vector_add(GM_ADDR x, GM_ADDR y, GM_ADDR z, GM_ADDR tiling)
{
    REGISTER_TILING_DEFAULT(AddTiling);
    GET_TILING_DATA(sizes, tiling);
    const int64_t tile = sizes.tile;
    GlobalTensor<half> x_gm, y_gm, z_gm;
    x_gm.SetGlobalBuffer(reinterpret_cast<__gm__ half*>(x), sizes.count);
    y_gm.SetGlobalBuffer(reinterpret_cast<__gm__ half*>(y), sizes.count);
    z_gm.SetGlobalBuffer(reinterpret_cast<__gm__ half*>(z), sizes.count);

    TPipe pipe;
    TQue<QuePosition::VECIN, 2> x_queue, y_queue;
    TQue<QuePosition::VECOUT, 2> z_queue;
    const uint32_t bytes = static_cast<uint32_t>(tile * sizeof(half));
    pipe.InitBuffer(x_queue, 2, bytes);
    pipe.InitBuffer(y_queue, 2, bytes);
    pipe.InitBuffer(z_queue, 2, bytes);

    for (int64_t at = GetBlockIdx() * tile; at < sizes.count; at += GetBlockNum() * tile) {
        LocalTensor<half> x_in = x_queue.AllocTensor<half>();
        LocalTensor<half> y_in = y_queue.AllocTensor<half>();
        DataCopy(x_in, x_gm[at], sizes.tile);
        DataCopy(y_in, y_gm[at], sizes.tile);
        x_queue.EnQue(x_in);
        y_queue.EnQue(y_in);

        LocalTensor<half> x_ub = x_queue.DeQue<half>();
        LocalTensor<half> y_ub = y_queue.DeQue<half>();
        LocalTensor<half> sum = z_queue.AllocTensor<half>();
        Add(sum, x_ub, y_ub, sizes.tile);
        z_queue.EnQue(sum);
        x_queue.FreeTensor(x_ub);
        y_queue.FreeTensor(y_ub);

        LocalTensor<half> z_out = z_queue.DeQue<half>();
        DataCopy(z_gm[at], z_out, sizes.tile);
        z_queue.FreeTensor(z_out);
    }
}
