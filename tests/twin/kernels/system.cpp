// Identity, barriers and flags between cores, allocators, tiling keys: the tiling key picks the case.
#include "ascendc/host_api/tiling/template_argument.h"
#include "kernel_operator.h"

using namespace AscendC;

ASCENDC_TPL_ARGS_DECL(System, ASCENDC_TPL_UINT_DECL(kind, ASCENDC_TPL_4_BW, ASCENDC_TPL_UI_LIST, 0, 1));

constexpr int64_t ROW = 16;  // words: a cache line for each core, or stores of two cores would meet in one

__aicore__ inline void Clean(const GlobalTensor<int32_t>& line)
{
    DataCacheCleanAndInvalid<int32_t, CacheLine::SINGLE_CACHE_LINE, DcciDst::CACHELINE_OUT>(line);
}

__aicore__ inline void WriteIdentity(GM_ADDR out)
{
    GlobalTensor<int32_t> g;
    g.SetGlobalBuffer((__gm__ int32_t*)out);
    const int64_t slot = (g_coreType == AscendC::AIC ? 0 : GetBlockNum()) + GetBlockIdx();
    const int64_t values[8] = {GetBlockIdx(), GetBlockNum(), GetSubBlockIdx(), GetSubBlockNum(), GetTaskRation(), block_idx, 1, 1};
    for (int i = 0; i < 8; ++i) g.SetValue(slot * ROW + i, values[i]);
    Clean(g[slot * ROW]);
}

// Every core writes its number, meets the others, and adds up what all wrote.
template <typename Meet>
__aicore__ inline void SumAfter(GM_ADDR out, int64_t cores, Meet meet)
{
    GlobalTensor<int32_t> g;
    g.SetGlobalBuffer((__gm__ int32_t*)out);
    g.SetValue(GetBlockIdx() * ROW, GetBlockIdx() + 1);
    Clean(g[GetBlockIdx() * ROW]);
    meet();
    int32_t sum = 0;
    for (int64_t i = 0; i < cores; ++i) sum += g.GetValue(i * ROW);
    g.SetValue((cores + GetBlockIdx()) * ROW, sum);
}

extern "C" __global__ __aicore__ void system_case(GM_ADDR out)
{
    KERNEL_TASK_TYPE(1, KERNEL_TYPE_MIX_AIC_1_1);
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_MIX_AIC_1_2);
    if (TILING_KEY_IS(0) || TILING_KEY_IS(1)) WriteIdentity(out);
    if (TILING_KEY_IS(2)) {
        if ASCEND_IS_AIV SumAfter(out, GetBlockNum() * 2, [] { SyncAll(); });
    }
    if (TILING_KEY_IS(3)) {
        GlobalTensor<int32_t> g;
        g.SetGlobalBuffer((__gm__ int32_t*)out);
        if ASCEND_IS_AIC {
            g.SetValue(GetBlockIdx() * ROW, 7);
            Clean(g[GetBlockIdx() * ROW]);
        }
        SyncAll<false>();
        if ASCEND_IS_AIV g.SetValue((64 + GetBlockIdx()) * ROW, g.GetValue((GetBlockNum() - 1 - GetBlockIdx() / 2) * ROW));
    }
    if (TILING_KEY_IS(4)) {  // mode 1: the two vector cores of a block
        if ASCEND_IS_AIV {
            GlobalTensor<int32_t> g;
            g.SetGlobalBuffer((__gm__ int32_t*)out);
            g.SetValue(GetBlockIdx() * ROW, GetBlockIdx() + 10);
            Clean(g[GetBlockIdx() * ROW]);
            CrossCoreSetFlag<1, PIPE_MTE3>(2);
            CrossCoreWaitFlag(2);
            g.SetValue((64 + GetBlockIdx()) * ROW, g.GetValue((GetBlockIdx() ^ 1) * ROW));
        }
    }
    if (TILING_KEY_IS(5)) {
        if ASCEND_IS_AIV SumAfter(out, GetBlockNum() * 2, [] { SyncAll(GlobalTensor<int32_t>(), LocalTensor<int32_t>()); });
    }
    if (TILING_KEY_IS(6)) {
        if ASCEND_IS_AIV {
            InitSocState();
            LocalMemAllocator<Hardware::UB> ub;
            auto first = ub.Alloc<TPosition::VECIN, float, 64>();
            auto second = ub.Alloc<float, 64>();
            PRINTF("%d %d\n", (int)first.GetPhyAddr(), (int)second.GetPhyAddr());
            Duplicate(second, 1.5f, 64);
            SetFlag<HardEvent::V_S>(0);
            WaitFlag<HardEvent::V_S>(0);
            DumpTensor(second, 9, 2);
            TPipe pipe;
            TQueBind<TPosition::VECIN, TPosition::VECOUT, 1> copy;
            pipe.InitBuffer(copy, 2, 256);
            GlobalTensor<float> g;
            g.SetGlobalBuffer((__gm__ float*)out);
            for (int i = 0; i < 3; ++i) {
                auto tensor = copy.AllocTensor<float>();
                DataCopy(tensor, g, 64);
                copy.EnQue(tensor);
                tensor = copy.DeQue<float>();
                DataCopy(g[64 + 64 * i + 512 * GetSubBlockIdx()], tensor, 64);
                copy.FreeTensor(tensor);
            }
            PipeBarrier<PIPE_ALL>();
        }
    }
}
