// z = x + y with queues; any length, tails through DataCopyPad.
#include "kernel_operator.h"

using namespace AscendC;

template <typename T>
class Adder {
public:
    __aicore__ inline void Init(GM_ADDR x, GM_ADDR y, GM_ADDR z, uint32_t length, TPipe* pipe)
    {
        const uint32_t share = (length + GetBlockNum() - 1) / GetBlockNum();
        const uint32_t first = share * GetBlockIdx();
        count = first >= length ? 0 : (length - first < share ? length - first : share);
        gx.SetGlobalBuffer((__gm__ T*)x + first, count);
        gy.SetGlobalBuffer((__gm__ T*)y + first, count);
        gz.SetGlobalBuffer((__gm__ T*)z + first, count);
        pipe->InitBuffer(qx, 2, TILE * sizeof(T));
        pipe->InitBuffer(qy, 2, TILE * sizeof(T));
        pipe->InitBuffer(qz, 2, TILE * sizeof(T));
    }
    __aicore__ inline void Process()
    {
        for (uint32_t at = 0; at < count; at += TILE) Step(at, count - at < TILE ? count - at : TILE);
    }

private:
    static constexpr uint32_t TILE = 256;

    __aicore__ inline void Step(uint32_t at, uint32_t n)
    {
        LocalTensor<T> x = qx.template AllocTensor<T>(), y = qy.template AllocTensor<T>();
        DataCopyExtParams p{1, static_cast<uint32_t>(n * sizeof(T)), 0, 0, 0};
        const uint8_t pad = static_cast<uint8_t>((16 - n % 16) % 16);
        DataCopyPad(x, gx[at], p, {true, 0, pad, T(0)});
        DataCopyPad(y, gy[at], p, {true, 0, pad, T(0)});
        qx.EnQue(x);
        qy.EnQue(y);
        x = qx.template DeQue<T>();
        y = qy.template DeQue<T>();
        LocalTensor<T> z = qz.template AllocTensor<T>();
        Add(z, x, y, n + pad);
        qz.EnQue(z);
        qx.FreeTensor(x);
        qy.FreeTensor(y);
        z = qz.template DeQue<T>();
        DataCopyPad(gz[at], z, p);
        qz.FreeTensor(z);
    }

    TQue<QuePosition::VECIN, 1> qx, qy;
    TQue<QuePosition::VECOUT, 1> qz;
    GlobalTensor<T> gx, gy, gz;
    uint32_t count;
};

template <typename T>
__global__ __aicore__ void add(GM_ADDR x, GM_ADDR y, GM_ADDR z, uint32_t length)
{
    TPipe pipe;
    Adder<T> op;
    op.Init(x, y, z, length, &pipe);
    op.Process();
}
