// In the manner of hand-written mix kernels: rows are gathered into a ring in the workspace, a product with relu comes
// back through another, all flags are set by hand, buffers lie at offsets of one TBuf, and keys pick the type.
//   dw[token, g] = sum over k of relu(q[token, g] * key[index[token, k]]) * dy[token, k]
#include "ascendc/host_api/tiling/template_argument.h"
#include "kernel_operator.h"

using namespace AscendC;

ASCENDC_TPL_ARGS_DECL(Indexer, ASCENDC_TPL_UINT_DECL(dtype, ASCENDC_TPL_4_BW, ASCENDC_TPL_UI_LIST, 0, 1));

struct IndexerTiling {
    uint32_t tokens;
};

constexpr uint32_t HEADS = 16, TOPK = 64, DIM = 64, RING = 2, CHUNK = 8;
constexpr uint16_t V1_C1 = 3, C1_V1 = 4, C1_V2 = 5, V2_C1 = 6;

template <typename T>
struct Workspace {
    GlobalTensor<T> rows;
    GlobalTensor<float> scores;
    __aicore__ inline Workspace(GM_ADDR workspace, int64_t block)
    {
        constexpr uint64_t row_bytes = RING * TOPK * DIM * sizeof(T), bytes = row_bytes + RING * HEADS * TOPK * sizeof(float);
        rows.SetGlobalBuffer((__gm__ T*)(workspace + block * bytes), RING * TOPK * DIM);
        scores.SetGlobalBuffer((__gm__ float*)(workspace + block * bytes + row_bytes), RING * HEADS * TOPK);
    }
};

template <typename T>
class Vector {
public:
    __aicore__ inline void Init(GM_ADDR key, GM_ADDR dy, GM_ADDR index, GM_ADDR dw, TPipe* pipe)
    {
        gkey.SetGlobalBuffer((__gm__ T*)key);
        gdy.SetGlobalBuffer((__gm__ float*)dy);
        gindex.SetGlobalBuffer((__gm__ int32_t*)index);
        gdw.SetGlobalBuffer((__gm__ float*)dw);
        pipe->InitBuffer(ub, 32 * 1024);
        indices = ub.GetWithOffset<int32_t>(TOPK, 0);
        for (uint32_t i = 0; i < 2; ++i) rows[i] = ub.GetWithOffset<T>(CHUNK * DIM, 1024 + i * CHUNK * DIM * sizeof(T));
        scores = ub.GetWithOffset<float>(HEADS / 2 * TOPK, 8192);
        factors = ub.GetWithOffset<float>(TOPK, 16384);
        sums = ub.GetWithOffset<float>(HEADS / 2, 17408);
    }
    // Each core of the block gathers half of a token's rows.
    __aicore__ inline void Gather(const Workspace<T>& w, uint32_t token, uint32_t slot)
    {
        const uint32_t half_rows = TOPK / 2, start = GetSubBlockIdx() * half_rows;
        DataCopy(indices, gindex[token * TOPK + start], half_rows);
        SetFlag<HardEvent::MTE2_S>(0);
        WaitFlag<HardEvent::MTE2_S>(0);
        for (uint32_t r = 0; r < half_rows; r += CHUNK) {
            const uint32_t ping = r / CHUNK % 2;
            WaitFlag<HardEvent::MTE3_MTE2>(ping);
            for (uint32_t j = 0; j < CHUNK; ++j) DataCopy(rows[ping][j * DIM], gkey[indices.GetValue(r + j) * DIM], DIM);
            SetFlag<HardEvent::MTE2_MTE3>(ping);
            WaitFlag<HardEvent::MTE2_MTE3>(ping);
            DataCopy(w.rows[(slot * TOPK + start + r) * DIM], rows[ping], CHUNK * DIM);
            SetFlag<HardEvent::MTE3_MTE2>(ping);
        }
        CrossCoreSetFlag<2, PIPE_MTE3>(V1_C1);
    }
    // Each core sums half of the heads.
    __aicore__ inline void Sum(const Workspace<T>& w, uint32_t token, uint32_t slot)
    {
        const uint32_t heads = HEADS / 2, first = GetSubBlockIdx() * heads;
        WaitEvent(C1_V2);
        WaitFlag<HardEvent::V_MTE2>(0);
        DataCopy(scores, w.scores[(slot * HEADS + first) * TOPK], heads * TOPK);
        DataCopy(factors, gdy[token * TOPK], TOPK);
        NotifyEvent<PIPE_MTE2>(V2_C1);
        SetFlag<HardEvent::MTE2_V>(0);
        WaitFlag<HardEvent::MTE2_V>(0);
        Mul(scores, scores, factors, TOPK, heads, {1, 1, 1, 8, 8, 0});
        PipeBarrier<PIPE_V>();
        WaitFlag<HardEvent::MTE3_V>(0);
        WholeReduceSum(sums, scores, TOPK, heads, 1, 1, 8);
        SetFlag<HardEvent::V_MTE2>(0);
        SetFlag<HardEvent::V_MTE3>(0);
        WaitFlag<HardEvent::V_MTE3>(0);
        DataCopy(gdw[token * HEADS + first], sums, heads);
        SetFlag<HardEvent::MTE3_V>(0);
    }
    __aicore__ inline void Run(const Workspace<T>& w, uint32_t first, uint32_t step, uint32_t tokens)
    {
        for (uint32_t i = 0; i < 2; ++i) SetFlag<HardEvent::MTE3_MTE2>(i);
        SetFlag<HardEvent::V_MTE2>(0);
        SetFlag<HardEvent::MTE3_V>(0);
        uint32_t rounds = 0;
        for (uint32_t token = first; token < tokens + step; token += step, ++rounds) {
            if (token < tokens) {
                if (rounds >= RING) WaitEvent(C1_V1);
                Gather(w, token, rounds % RING);
            }
            if (rounds > 0) Sum(w, token - step, (rounds - 1) % RING);
        }
        const uint32_t done = rounds == 0 ? 0 : rounds - 1;
        for (uint32_t i = 0; i < (done < RING ? done : RING); ++i) WaitEvent(C1_V1);
        for (uint32_t i = 0; i < 2; ++i) WaitFlag<HardEvent::MTE3_MTE2>(i);
        WaitFlag<HardEvent::V_MTE2>(0);
        WaitFlag<HardEvent::MTE3_V>(0);
    }

private:
    TBuf<TPosition::VECCALC> ub;
    GlobalTensor<T> gkey;
    GlobalTensor<float> gdy, gdw;
    GlobalTensor<int32_t> gindex;
    LocalTensor<int32_t> indices;
    LocalTensor<T> rows[2];
    LocalTensor<float> scores, factors, sums;
};

template <typename T>
class Cube {
public:
    __aicore__ inline void Run(const Workspace<T>& w, GM_ADDR query, uint32_t first, uint32_t step, uint32_t tokens)
    {
        GlobalTensor<T> gq;
        gq.SetGlobalBuffer((__gm__ T*)query);
        LocalTensor<T> q1(TPosition::A1, 0, HEADS * DIM), k1(TPosition::B1, HEADS * DIM * sizeof(T), TOPK * DIM);
        LocalTensor<T> q2(TPosition::A2, 0, HEADS * DIM), k2(TPosition::B2, 0, TOPK * DIM);
        LocalTensor<float> c(TPosition::CO1, 0, HEADS * TOPK);
        SetFlag<HardEvent::MTE1_MTE2>(1);
        SetFlag<HardEvent::M_MTE1>(1);
        SetFlag<HardEvent::FIX_M>(1);
        uint32_t rounds = 0;
        for (uint32_t token = first; token < tokens; token += step, ++rounds) {
            const uint32_t slot = rounds % RING;
            WaitFlag<HardEvent::MTE1_MTE2>(1);
            DataCopy(q1, gq[token * HEADS * DIM], Nd2NzParams{1, HEADS, DIM, 0, DIM, HEADS, 1, 0});
            WaitEvent(V1_C1);
            DataCopy(k1, w.rows[slot * TOPK * DIM], Nd2NzParams{1, TOPK, DIM, 0, DIM, TOPK, 1, 0});
            NotifyEvent<PIPE_MTE2>(C1_V1);
            SetFlag<HardEvent::MTE2_MTE1>(1);
            WaitFlag<HardEvent::MTE2_MTE1>(1);
            WaitFlag<HardEvent::M_MTE1>(1);
            LoadData(q2, q1, LoadData2DParams(0, DIM / 16, 1, 0, 0, false, 0));
            LoadData(k2, k1, LoadData2DParams(0, TOPK / 16 * DIM / 16, 1, 0, 0, false, 0));
            SetFlag<HardEvent::MTE1_MTE2>(1);
            SetFlag<HardEvent::MTE1_M>(1);
            WaitFlag<HardEvent::MTE1_M>(1);
            WaitFlag<HardEvent::FIX_M>(1);
            Mmad(c, q2, k2, MmadParams(HEADS, TOPK, DIM, 0, false, true));
            SetFlag<HardEvent::M_MTE1>(1);
            SetFlag<HardEvent::M_FIX>(1);
            WaitFlag<HardEvent::M_FIX>(1);
            if (rounds >= RING) WaitEvent(V2_C1);
            Fixpipe<float, float, CFG_ROW_MAJOR>(w.scores[slot * HEADS * TOPK], c, FixpipeParamsV220(TOPK, HEADS, HEADS, TOPK, true));
            SetFlag<HardEvent::FIX_M>(1);
            NotifyEvent<PIPE_FIX>(C1_V2);
        }
        for (uint32_t i = 0; i < (rounds < RING ? rounds : RING); ++i) WaitEvent(V2_C1);
        WaitFlag<HardEvent::MTE1_MTE2>(1);
        WaitFlag<HardEvent::M_MTE1>(1);
        WaitFlag<HardEvent::FIX_M>(1);
    }
};

template <int dtype>
__global__ __aicore__ void indexer(GM_ADDR query, GM_ADDR key, GM_ADDR dy, GM_ADDR index, GM_ADDR dw, GM_ADDR workspace, GM_ADDR tiling)
{
    REGISTER_TILING_DEFAULT(IndexerTiling);
    GET_TILING_DATA(t, tiling);
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_MIX_AIC_1_2);
    using T = std::conditional_t<dtype == 0, half, bfloat16_t>;
    const uint32_t block = g_coreType == AscendC::AIC ? GetBlockIdx() : GetBlockIdx() / GetSubBlockNum(), blocks = GetBlockNum();
    const Workspace<T> w(GetUserWorkspace(workspace), block);
    TPipe pipe;
    if ASCEND_IS_AIC {
        Cube<T> cube;
        cube.Run(w, query, block, blocks, t.tokens);
    }
    if ASCEND_IS_AIV {
        Vector<T> vector;
        vector.Init(key, dy, index, dw, &pipe);
        vector.Run(w, block, blocks, t.tokens);
    }
}
