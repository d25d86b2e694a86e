// One planted fault a case; case 0 has none. The kernel type is MIX 1:2.
#include "kernel_operator.h"

using namespace AscendC;

__aicore__ inline void VectorFault(GM_ADDR x, int32_t which)
{
    GlobalTensor<half> g;
    g.SetGlobalBuffer((__gm__ half*)x, 64);
    LocalTensor<half> t(TPosition::VECCALC, 0, 1024);
    LocalTensor<uint8_t> bits(TPosition::VECCALC, 4096, 1024);
    switch (which) {
        case 0: DataCopy(t, g, 64); break;
        case 1: WaitFlag<HardEvent::MTE2_V>(0); break;
        case 2:
            SetFlag<HardEvent::MTE2_V>(1);
            SetFlag<HardEvent::MTE2_V>(1);
            break;
        case 3: SetFlag<HardEvent::V_MTE3>(2); break;
        case 4: SetFlag<HardEvent::V_MTE3>(8); break;
        case 5: DataCopy(t, g[16], 64); break;
        case 6: Add(t, t, LocalTensor<half>(TPosition::VECCALC, 192 * 1024 - 64, 128), 128); break;
        case 7: Add(t[1], t, t, 32); break;
        case 8: DataCopy(t, g, 40); break;
        case 9: CrossCoreWaitFlag(5); break;
        case 10:
            for (int i = 0; i < 16; ++i) CrossCoreSetFlag<2, PIPE_MTE3>(6);
            break;
        case 11: if (GetBlockIdx() != 1) SyncAll(); break;
        case 12: DataCopy(LocalTensor<half>(TPosition::A1, 0, 64), t, 64); break;
        case 13: Cast(t.ReinterpretCast<bfloat16_t>(), t.ReinterpretCast<float>(), RoundMode::CAST_NONE, 64); break;
        case 14: {
            TPipe pipe;
            TBuf<> big;
            pipe.InitBuffer(big, 192 * 1024);
            break;
        }
        case 15: {
            TPipe pipe;
            TQue<TPosition::VECIN, 1> queue;
            pipe.InitBuffer(queue, 1, 64);
            queue.AllocTensor<half>();
            queue.AllocTensor<half>();
            break;
        }
        case 16: {
            SetAtomicAdd<float>();
            DataCopy(g, t, 64);
            break;
        }
        case 17: CrossCoreSetFlag<2, PIPE_MTE3>(7); break;
        case 18: t.SetValue(200000, (half)1.0f); break;
        case 19: Compare(bits, t, t, CMPMODE::GT, 200); break;
        case 20: LocalTensor<half>().GetValue(0); break;
        case 21: Adds(t, t, (half)1.0f, 129, 1, {1, 1, 8, 8}); break;
        case 22: assert(which == 0, "planted"); break;
        case 23: DataCopyPad(t[4], g, DataCopyExtParams{1, 6, 0, 0, 0}, DataCopyPadExtParams<half>{false, 0, 0, 0}); break;
        default: break;
    }
}

__aicore__ inline void CubeFault(GM_ADDR x, int32_t which)
{
    LocalTensor<half> a(TPosition::A2, 0, 256), b(TPosition::B2, 0, 256);
    LocalTensor<float> c(TPosition::CO1, 0, 256);
    GlobalTensor<half> g;
    g.SetGlobalBuffer((__gm__ half*)x, 64);
    switch (which) {
        case 30: Mmad(LocalTensor<float>(TPosition::CO1, 512, 256), a, b, MmadParams(16, 16, 16, 0, false, true)); break;
        case 31: Mmad(c, a, b, MmadParams(16, 16, 5000, 0, false, true)); break;
        case 32: Fixpipe<half, float, CFG_ROW_MAJOR>(g, c, FixpipeParamsV220(16, 4, 16, 16, false)); break;
        case 33: Fixpipe<float, float, CFG_NZ>(LocalTensor<float>(TPosition::A1, 0, 256), c, FixpipeParamsV220(16, 16, 16, 32, false)); break;
        case 34: Fixpipe<half, float, CFG_ROW_MAJOR>(g, c, FixpipeParamsV220(16, 5, 16, 16, false, F322F16, 0, 1, 0, 0, 0)); break;
        case 35: DataCopy(LocalTensor<half>(TPosition::A1, 0, 64), g, Nd2NzParams{1, 4, 16, 0, 16, 16, 0, 0}); break;
        case 36: Mmad(c, a, b, MmadParams(1, 16, 16, 0, false, true)); break;
        default: break;
    }
}

extern "C" __global__ __mix__(1, 2) void faults(GM_ADDR x, int32_t which)
{
    if ASCEND_IS_AIV {
        VectorFault(x, which);
        if (which == 17) PRINTF("block %d\n", (int)GetBlockIdx());
    }
    if ASCEND_IS_AIC {
        CubeFault(x, which);
    }
}
