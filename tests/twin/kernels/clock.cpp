// Loops whose time on the chip is known, and small timelines that can be checked by hand.
#include "kernel_operator.h"

using namespace AscendC;

enum Case : int32_t {
    MMADS, ADDS, ROWS, STRIDED, TILES, ND2NZ, SCALARS, REDUCTIONS, PASSES, LOADS, HANDOVER, MEETING, BARRIERS, ATOMICS, REDUCE_ALL, UNIT, SERIAL, OTHERS,
    ACCUMULATE, SINGLE, DIRECT, PRELOAD
};

template <class T>
__aicore__ inline LocalTensor<T> Ub(uint32_t address, uint32_t bytes)
{
    return LocalTensor<T>(TPosition::VECCALC, address, bytes / sizeof(T));
}

template <class T>
__aicore__ inline GlobalTensor<T> Gm(GM_ADDR address)
{
    GlobalTensor<T> tensor;
    tensor.SetGlobalBuffer((__gm__ T*)address);
    return tensor;
}

// n products of 128 x wide x 64 into one tile, with the operands in place.
__aicore__ inline void Mmads(uint32_t n, uint32_t wide, uint8_t unit)
{
    LocalTensor<half> a1(TPosition::A1, 0, 128 * 64), a(TPosition::A2, 0, 128 * 64), b(TPosition::B2, 0, 64 * wide);
    LocalTensor<float> c(TPosition::CO1, 0, 128 * wide);
    LoadData(a, a1, LoadData2DParams(0, 32, 1, 0, 0, false, 0));
    SetFlag<HardEvent::MTE1_M>(0);
    WaitFlag<HardEvent::MTE1_M>(0);
    for (uint32_t i = 0; i < n; ++i) Mmad(c, a, b, MmadParams(128, wide, 64, unit, false, i == 0));
}

// Adds of 64 repeats, the operands at the given addresses.
__aicore__ inline void Adds64(uint32_t n, uint32_t dst, uint32_t src0, uint32_t src1)
{
    for (uint32_t i = 0; i < n; ++i)
        Add(Ub<float>(dst, 16384), Ub<float>(src0, 16384), Ub<float>(src1, 16384), 64, 64, BinaryRepeatParams{1, 1, 1, 8, 8, 8});
}

// n tiles of `rows` rows of `bytes` bytes, `pitch` apart, behind one another for all cores.
__aicore__ inline void Copies(GM_ADDR in, uint32_t n, uint32_t rows, uint32_t bytes, uint32_t pitch)
{
    const uint64_t tile = uint64_t(rows) * bytes;
    for (uint32_t i = 0; i < n; ++i) {
        const uint64_t at = (uint64_t(i) * GetBlockNum() + GetBlockIdx()) * (pitch == bytes ? tile : bytes);
        DataCopyPad(Ub<half>(0, tile), Gm<half>(in + at), DataCopyExtParams{static_cast<uint16_t>(rows), bytes, pitch - bytes, 0, 0},
                    DataCopyPadExtParams<half>{});
    }
}

__aicore__ inline void Nd2Nz(GM_ADDR in, uint32_t n, uint32_t columns)
{
    LocalTensor<half> to(TPosition::A1, 0, 64 * columns);
    for (uint32_t i = 0; i < n; ++i) {
        const uint64_t at = (uint64_t(i) * GetBlockNum() + GetBlockIdx()) * 64 * columns;
        DataCopy(to, Gm<half>(in)[at], Nd2NzParams{1, 64, static_cast<uint16_t>(columns), 0, static_cast<uint16_t>(columns), 64, 1, 0});
    }
}

__aicore__ inline void Reductions(uint32_t n, uint32_t kind)
{
    auto x = Ub<float>(0, 1024), y = Ub<float>(4096, 256), z = Ub<float>(8192, 256);
    for (uint32_t i = 0; i < n; ++i) {
        if (kind == 0) {
            WholeReduceSum(y, x, 64, 4, 1, 1, 8);
            PipeBarrier<PIPE_V>();
            WholeReduceSum(z, y, 4, 1, 1, 1, 8);
        } else {
            BlockReduceSum(y, x, 4, 64, 1, 1, 8);
            PipeBarrier<PIPE_V>();
            if (kind == 1) {
                BlockReduceSum(z, y, 1, 32, 1, 1, 8);
                PipeBarrier<PIPE_V>();
                BlockReduceSum(z, z, 1, 8, 1, 1, 8);
            } else WholeReduceSum(z, y, 32, 1, 1, 1, 8);
        }
        PipeBarrier<PIPE_V>();
    }
}

// The cube core multiplies and hands over, the vector core waits and adds.
__aicore__ inline void Handover()
{
    if ASCEND_IS_AIC {
        Mmads(1, 16, 0);
        SetFlag<HardEvent::M_FIX>(0);
        WaitFlag<HardEvent::M_FIX>(0);
        CrossCoreSetFlag<2, PIPE_FIX>(3);
    }
    if ASCEND_IS_AIV {
        CrossCoreWaitFlag(3);
        Adds64(1, 65536, 0, 65792);
    }
}

// Loads of one fractal, more of them than the queue takes, behind a long one.
__aicore__ inline void Loads(uint32_t n)
{
    LocalTensor<half> from(TPosition::A1, 0, 65536 / 2), to(TPosition::B2, 0, 65536 / 2);
    LoadData(to, from, LoadData2DParams(0, 128, 1, 0, 0, false, 0));
    for (uint32_t i = 0; i < n; ++i) LoadData(to, from, LoadData2DParams(0, 1, 1, 0, 0, false, 0));
}

__aicore__ inline void Atomics(GM_ADDR in, GM_ADDR out, uint32_t n)
{
    DataCopy(Ub<float>(0, 512), Gm<float>(in), 128);
    SetFlag<HardEvent::MTE2_MTE3>(0);
    WaitFlag<HardEvent::MTE2_MTE3>(0);
    SetAtomicAdd<float>();
    for (uint32_t i = 0; i < n; ++i) DataCopy(Gm<float>(out)[i % 8 * 128], Ub<float>(0, 512), 128);
    SetAtomicNone();
}

extern "C" __global__ __aicore__ void clock_case(GM_ADDR in, GM_ADDR out, int32_t which, uint32_t n, uint32_t x, uint32_t y)
{
    if (which == MMADS) Mmads(n, x, 0);
    if (which == ADDS) Adds64(n, 65536 * 2, x, y);
    if (which == ROWS) Copies(in, n, 1, x, x);
    if (which == STRIDED) Copies(in, n, 64, 128, 128 * y);
    if (which == TILES) Copies(in, n, 1, x, x);
    if (which == ND2NZ) Nd2Nz(in, n, x);
    // A line is asked for ahead of its use, with so many scalar accesses of 11 cycles between.
    if (which == PRELOAD) {
        for (uint32_t i = 0; i < n; ++i) {
            if (x > 0) DataCachePreload(Gm<uint64_t>(in), int64_t(64 * i + 8));
            for (uint32_t j = 0; j < y; ++j) Ub<float>(0, 256).SetValue(0, 1);
            Gm<int32_t>(in).GetValue(16 * i);
        }
    }
    if (which == SCALARS && x > 0) {
        for (uint32_t i = 0; i < n; ++i) {
            if (x == 1) Gm<int32_t>(in).GetValue(i);
            else if (x == 3) {
                Gm<int32_t>(in).GetValue(i % 2 * 16);
                DataCacheCleanAndInvalid<int32_t, CacheLine::SINGLE_CACHE_LINE, DcciDst::CACHELINE_OUT>(Gm<int32_t>(in));
            }
            else Gm<int32_t>(out).SetValue(i, 1);
        }
    }
    if (which == SCALARS && x == 0) {
        for (uint32_t i = 0; i < n; ++i) Ub<float>(0, 256).SetValue(0, Ub<float>(0, 256).GetValue(1) + Ub<float>(0, 256).GetValue(2));
    }
    if (which == REDUCTIONS) Reductions(n, x);
    // x passes over y parts of the data, one part after the other.
    if (which == PASSES) {
        for (uint32_t part = 0; part < y; ++part)
            for (uint32_t i = 0; i < x; ++i) Copies(in + uint64_t(part) * n * GetBlockNum() * 131072, n, 1, 131072, 131072);
    }
    if (which == LOADS) Loads(n);
    if (which == HANDOVER) Handover();
    if (which == MEETING) {
        if (GetBlockIdx() == 0) Adds64(n, 65536, 0, 65792);
        if (x == 0) SyncAll();
        else SyncAll(Gm<int32_t>(in), Ub<int32_t>(0, 32));
    }
    if (which == BARRIERS && x > 0) {
        for (uint32_t i = 0; i < n; ++i) {
            DataCopy(Gm<float>(out), Ub<float>(0, 512), 128);
            if (x == 1) PipeBarrier<PIPE_MTE3>();
            else PipeBarrier<PIPE_ALL>();
        }
    }
    if (which == BARRIERS && x == 0) {
        Adds64(1, 65536, 0, 65792);
        PipeBarrier<PIPE_ALL>();
        Adds64(1, 65536, 0, 65792);
    }
    if (which == ATOMICS) Atomics(in, out, n);
    if (which == REDUCE_ALL) {
        for (uint32_t i = 0; i < n; ++i) ReduceSum(Ub<float>(65536, 32), Ub<float>(0, 256), Ub<float>(8192, 256), 64);
    }
    if (which == UNIT) {
        LocalTensor<float> c(TPosition::CO1, 0, 128 * 16);
        for (uint32_t i = 0; i < n; ++i) {
            Mmads(1, 16, 3);
            Fixpipe<float, float, CFG_ROW_MAJOR>(Gm<float>(out), c, FixpipeParamsV220(16, 128, 128, 16, false, NoQuant, 0, 1, 0, 0, 3));
        }
    }
    if (which == ACCUMULATE) Add(Ub<float>(0, 256), Ub<float>(65536, 16384), Ub<float>(0, 256), 64, 64, BinaryRepeatParams{1, 1, 1, 0, 8, 0});
    if (which == SINGLE) {
        LocalTensor<float> a(TPosition::A2, 0, 64 * 64), b(TPosition::B2, 0, 64 * 64), c(TPosition::CO1, 0, 64 * 64);
        Mmad(c, a, b, MmadParams(64, 64, 64, 0, false, true));
    }
    if (which == DIRECT) LoadData(LocalTensor<half>(TPosition::A2, 0, 2048), Gm<half>(in), LoadData2DParams(0, 8, 1, 0, 0, false, 0));
    if (which == OTHERS) {
        Div(Ub<float>(0, 256), Ub<float>(256, 256), Ub<float>(512, 256), 64);
        Duplicate(Ub<uint32_t>(512, 256), 0, 64);
        Gather(Ub<float>(0, 256), Ub<float>(256, 256), Ub<uint32_t>(512, 256), 0, 64);
        Select(Ub<float>(0, 256), Ub<uint8_t>(1024, 32), Ub<float>(256, 256), 0.0f, SELMODE::VSEL_TENSOR_SCALAR_MODE, 64);
    }
    if (which == SERIAL) {
        for (uint32_t i = 0; i < n; ++i) {
            DataCopy(Ub<half>(0, 256), Gm<half>(in)[i * 128], 128);
            SetFlag<HardEvent::MTE2_MTE3>(0);
            WaitFlag<HardEvent::MTE2_MTE3>(0);
            DataCopy(Gm<half>(out)[i * 128], Ub<half>(0, 256), 128);
            SetFlag<HardEvent::MTE3_MTE2>(0);
            WaitFlag<HardEvent::MTE3_MTE2>(0);
        }
    }
}
