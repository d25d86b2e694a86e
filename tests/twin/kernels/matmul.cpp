// c[M,N] = op(a) * op(b), tiled 64 x 128 x 128, with every way of loading L0A and L0B.
#include "kernel_operator.h"

using namespace AscendC;

struct MatmulTiling {
    uint32_t m, n, k, transposeA, transposeB, loader, relu, atomic;
};

constexpr uint32_t TILE_M = 64, TILE_N = 128, TILE_K = 128;

__aicore__ inline uint32_t Align16(uint32_t x) { return (x + 15) / 16 * 16; }

template <typename T, typename C>
class Matmul {
public:
    __aicore__ inline Matmul(GM_ADDR a, GM_ADDR b, GM_ADDR c, const MatmulTiling& tiling) : t(tiling)
    {
        ga.SetGlobalBuffer((__gm__ T*)a, uint64_t(t.m) * t.k);
        gb.SetGlobalBuffer((__gm__ T*)b, uint64_t(t.k) * t.n);
        gc.SetGlobalBuffer((__gm__ C*)c, uint64_t(t.m) * t.n);
        l1a = LocalTensor<T>(TPosition::A1, 0, TILE_M * TILE_K);
        l1b = LocalTensor<T>(TPosition::B1, TILE_M * TILE_K * sizeof(T), TILE_K * TILE_N);
        l0a = LocalTensor<T>(TPosition::A2, 0, TILE_M * TILE_K);
        l0b = LocalTensor<T>(TPosition::B2, 0, TILE_K * TILE_N);
        l0c = LocalTensor<float>(TPosition::CO1, 0, TILE_M * TILE_N);
    }

    __aicore__ inline void Process()
    {
        const uint32_t mTiles = (t.m + TILE_M - 1) / TILE_M, nTiles = (t.n + TILE_N - 1) / TILE_N;
        for (uint32_t i = GetBlockIdx(); i < mTiles * nTiles; i += GetBlockNum()) Tile(i / nTiles * TILE_M, i % nTiles * TILE_N);
    }

private:
    __aicore__ inline void CopyTile(const LocalTensor<T>& dst, const GlobalTensor<T>& src, uint32_t rows, uint32_t columns, uint32_t pitch)
    {
        Nd2NzParams p;
        p.ndNum = 1;
        p.nValue = rows;
        p.dValue = columns;
        p.srcDValue = pitch;
        p.dstNzC0Stride = Align16(rows);
        p.dstNzNStride = 1;
        DataCopy(dst, src, p);
    }

    __aicore__ inline void Load3D(const LocalTensor<T>& dst, const LocalTensor<T>& src, uint32_t rows, uint32_t columns, bool transpose)
    {
        LoadData3DParamsV2<T> p;
        p.l1H = 1;
        p.l1W = Align16(rows);
        p.channelSize = Align16(columns);
        p.kExtension = Align16(columns);
        p.mExtension = Align16(rows);
        p.enTranspose = transpose;
        LoadData(dst, src, p);
    }

    // Fractals of one slice: with a transposition of each, or without.
    __aicore__ inline void LoadSlice(const LocalTensor<T>& dst, const LocalTensor<T>& src, uint32_t repeat, uint32_t stride, bool transpose)
    {
        if (transpose && t.loader == 2) {
            LoadData2dTransposeParams p;
            p.repeatTimes = repeat;
            p.srcStride = stride;
            LoadDataWithTranspose(dst, src, p);
            return;
        }
        LoadData2DParams p;
        p.repeatTimes = repeat;
        p.srcStride = stride;
        p.ifTranspose = transpose;
        LoadData(dst, src, p);
    }

    __aicore__ inline void LoadA(uint32_t m, uint32_t k)
    {
        const uint32_t m16 = Align16(m) / 16, k16 = Align16(k) / 16;
        if (t.loader == 1) {
            t.transposeA ? Load3D(l0a, l1a, k, m, true) : Load3D(l0a, l1a, m, k, false);
            return;
        }
        for (uint32_t i = 0; i < m16; ++i)
            t.transposeA ? LoadSlice(l0a[i * k16 * 256], l1a[i * k16 * 256], k16, 1, true) : LoadSlice(l0a[i * k16 * 256], l1a[i * 256], k16, m16, false);
    }

    __aicore__ inline void LoadB(uint32_t k, uint32_t n)
    {
        const uint32_t n16 = Align16(n) / 16, k16 = Align16(k) / 16;
        if (t.transposeB) {
            LoadSlice(l0b, l1b, n16 * k16, 1, false);
            return;
        }
        if (t.loader == 1) {
            Load3D(l0b, l1b, k, n, false);
            return;
        }
        for (uint32_t i = 0; i < k16; ++i) LoadSlice(l0b[i * n16 * 256], l1b[i * 256], n16, k16, true);
    }

    __aicore__ inline void Tile(uint32_t m0, uint32_t n0)
    {
        const uint32_t m = t.m - m0 < TILE_M ? t.m - m0 : TILE_M, n = t.n - n0 < TILE_N ? t.n - n0 : TILE_N;
        for (uint32_t k0 = 0; k0 < t.k; k0 += TILE_K) {
            const uint32_t k = t.k - k0 < TILE_K ? t.k - k0 : TILE_K;
            t.transposeA ? CopyTile(l1a, ga[k0 * t.m + m0], k, m, t.m) : CopyTile(l1a, ga[m0 * t.k + k0], m, k, t.k);
            t.transposeB ? CopyTile(l1b, gb[n0 * t.k + k0], n, k, t.k) : CopyTile(l1b, gb[k0 * t.n + n0], k, n, t.n);
            SetFlag<HardEvent::MTE2_MTE1>(0);
            WaitFlag<HardEvent::MTE2_MTE1>(0);
            LoadA(m, k);
            LoadB(k, n);
            SetFlag<HardEvent::MTE1_M>(0);
            WaitFlag<HardEvent::MTE1_M>(0);
            MmadParams p;
            p.m = m == 1 ? 2 : m;
            p.n = n;
            p.k = k;
            p.cmatrixInitVal = k0 == 0;
            Mmad(l0c, l0a, l0b, p);
            PipeBarrier<PIPE_M>();
            SetFlag<HardEvent::M_MTE1>(0);
            WaitFlag<HardEvent::M_MTE1>(0);
            SetFlag<HardEvent::MTE1_MTE2>(0);
            WaitFlag<HardEvent::MTE1_MTE2>(0);
        }
        SetFlag<HardEvent::M_FIX>(0);
        WaitFlag<HardEvent::M_FIX>(0);
        FixpipeParamsV220 f;
        f.nSize = n;
        f.mSize = m;
        f.srcStride = Align16(m);
        f.dstStride = t.n;
        f.reluEn = t.relu;
        if constexpr (IsSameType<C, half>::value) f.quantPre = F322F16;
        if constexpr (IsSameType<C, bfloat16_t>::value) f.quantPre = F322BF16;
        if (t.atomic) SetAtomicAdd<C>();
        Fixpipe<C, float, CFG_ROW_MAJOR>(gc[m0 * t.n + n0], l0c, f);
        SetAtomicNone();
        SetFlag<HardEvent::FIX_M>(0);
        WaitFlag<HardEvent::FIX_M>(0);
    }

    MatmulTiling t;
    GlobalTensor<T> ga, gb;
    GlobalTensor<C> gc;
    LocalTensor<T> l1a, l1b, l0a, l0b;
    LocalTensor<float> l0c;
};

template <typename T, typename C>
__global__ __aicore__ void matmul(GM_ADDR a, GM_ADDR b, GM_ADDR c, GM_ADDR tiling)
{
    GET_TILING_DATA_WITH_STRUCT(MatmulTiling, data, tiling);
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIC_ONLY);
    if ASCEND_IS_AIC {
        Matmul<T, C> op(a, b, c, data);
        op.Process();
    }
}
