// Vector calls one at a time: `which` picks the case. x and y are inputs in UB at fixed places, out is copied back.
#include "kernel_operator.h"

using namespace AscendC;

constexpr uint32_t BYTES = 8192;

class Vector {
public:
    __aicore__ inline Vector(GM_ADDR x, GM_ADDR y, GM_ADDR out)
    {
        gx.SetGlobalBuffer((__gm__ float*)x, BYTES / 4);
        gy.SetGlobalBuffer((__gm__ float*)y, BYTES / 4);
        go.SetGlobalBuffer((__gm__ float*)out, BYTES / 4);
        pipe.InitBuffer(buffer, 4 * BYTES);
    }
    template <typename T>
    __aicore__ inline LocalTensor<T> X()
    {
        return buffer.GetWithOffset<T>(BYTES / sizeof(T), 0);
    }
    template <typename T>
    __aicore__ inline LocalTensor<T> Y()
    {
        return buffer.GetWithOffset<T>(BYTES / sizeof(T), BYTES);
    }
    template <typename T>
    __aicore__ inline LocalTensor<T> Out()
    {
        return buffer.GetWithOffset<T>(BYTES / sizeof(T), 2 * BYTES);
    }
    __aicore__ inline LocalTensor<uint8_t> Bits() { return buffer.GetWithOffset<uint8_t>(BYTES, 3 * BYTES); }

    __aicore__ inline void Load()
    {
        DataCopy(X<float>(), gx, BYTES / 4);
        DataCopy(Y<float>(), gy, BYTES / 4);
        DataCopy(Out<float>(), go, BYTES / 4);
        TEventID id = GetTPipePtr()->FetchEventID(HardEvent::MTE2_V);
        SetFlag<HardEvent::MTE2_V>(id);
        WaitFlag<HardEvent::MTE2_V>(id);
    }
    __aicore__ inline void Store()
    {
        TEventID id = GetTPipePtr()->AllocEventID<HardEvent::V_MTE3>();
        SetFlag<HardEvent::V_MTE3>(id);
        WaitFlag<HardEvent::V_MTE3>(id);
        GetTPipePtr()->ReleaseEventID<HardEvent::V_MTE3>(id);
        DataCopy(go, Out<float>(), BYTES / 4);
    }

    __aicore__ inline void Run(int32_t which, int32_t mode)
    {
        const RoundMode round = static_cast<RoundMode>(mode);
        const CMPMODE compare = static_cast<CMPMODE>(mode);
        const uint64_t odd[2] = {0xaaaaaaaaaaaaaaaaull, 0};
        switch (which) {
            case 0: Cast(Out<half>(), X<float>(), round, 1024); break;
            case 1: Cast(Out<bfloat16_t>(), X<float>(), round, 1024); break;
            case 2: Cast(Out<int32_t>(), X<float>(), round, 1024); break;
            case 3: Cast(Out<float>(), X<half>(), RoundMode::CAST_NONE, 64, 16, {1, 1, 8, 4}); break;
            case 4: Cast(Out<float>(), X<int32_t>(), round, 1000); break;
            case 5: Compare(Out<uint8_t>(), X<float>(), Y<float>(), compare, 1024); break;
            case 6: Compares(Out<uint8_t>(), X<half>(), (half)0.5f, compare, 1024); break;
            case 7: {  // all select modes
                CompareScalar(Bits(), X<float>(), 0.0f, CMPMODE::GT, 1024);
                PipeBarrier<PIPE_V>();
                if (mode == 1) Select(Out<float>(), Bits(), Y<float>(), 7.0f, SELMODE::VSEL_TENSOR_SCALAR_MODE, 1000);
                else Select(Out<float>(), Bits(), Y<float>(), X<float>(), static_cast<SELMODE>(mode), 64, 16, {1, 1, 1, 8, 8, 8});
                break;
            }
            case 8: Brcb(Out<float>(), X<float>(), 8, {1, 8}); break;
            case 9: {  // eight rows of 128, each times its own factor
                Brcb(Bits().ReinterpretCast<float>(), Y<float>(), 1, {1, 8});
                PipeBarrier<PIPE_V>();
                for (int i = 0; i < 2; ++i) Mul(Out<float>()[i * 64], X<float>()[i * 64], Bits().ReinterpretCast<float>(), 64, 8, {1, 1, 0, 16, 16, 1});
                break;
            }
            case 10: Gather(Out<float>(), X<float>(), Y<uint32_t>(), 128, 500); break;
            case 11: {  // the accumulate idiom, then one reduction
                Duplicate(Bits().ReinterpretCast<float>(), 0.0f, 64);
                PipeBarrier<PIPE_V>();
                Add(Bits().ReinterpretCast<float>(), X<float>(), Bits().ReinterpretCast<float>(), 64, 32, {1, 1, 1, 0, 8, 0});
                PipeBarrier<PIPE_V>();
                WholeReduceSum(Out<float>(), Bits().ReinterpretCast<float>(), 64, 1, 1, 1, 8);
                break;
            }
            case 12: WholeReduceSum<float>(Out<float>(), X<float>(), 40, 8, 2, 1, 8); break;
            case 13: BlockReduceSum<float>(Out<float>(), X<float>(), 8, 64, 1, 1, 8); break;
            case 14: PairReduceSum<float>(Out<float>(), X<float>(), 8, 64, 1, 1, 8); break;
            case 15: ReduceSum(Out<float>(), X<float>(), Y<float>(), 1000); break;
            case 16: ReduceMax(Out<float>(), X<float>(), Y<float>(), 1000, true); break;
            case 17: ReduceRepeat<ReduceType::MIN>(Out<float>(), X<float>(), 64, 4, 1, 1, 8); break;
            case 18: Adds(Out<float>(), X<float>(), 3.0f, odd, 4, {1, 1, 8, 8}); break;
            case 19: Axpy(Out<float>(), X<half>(), (half)2.0f, 300); break;
            case 20: MulAddDst(Out<float>(), X<float>(), Y<float>(), 333); break;
            case 21: Copy(Out<half>(), X<half>(), 128, 16, {17, 1, 1, 8}); break;
            case 22: Duplicate(Out<bfloat16_t>(), (bfloat16_t)1.5f, 77); break;
            case 23: {
                SetMaskCount();
                SetVectorMask<float, MaskMode::COUNTER>(0, 130);
                Muls<float, false>(Out<float>(), X<float>(), 2.0f, MASK_PLACEHOLDER, 1, {1, 1, 8, 8});
                SetMaskNorm();
                ResetMask();
                break;
            }
            case 24: And(Out<int16_t>(), X<int16_t>(), Y<int16_t>(), 999); break;
            case 25: Relu(Out<half>(), X<half>(), 1023); break;
            case 26: Not(Out<uint16_t>(), X<uint16_t>(), 100); break;
            case 27: Gatherb(Out<uint32_t>(), X<uint32_t>(), Y<uint32_t>(), 4, {1, 8}); break;
            case 28: Sqrt(Out<half>(), X<half>(), 512); break;
            case 29: Div(Out<half>(), X<half>(), Y<half>(), 512); break;
            case 30: Maxs(Out<int32_t>(), X<int32_t>(), 5, 100); break;
            case 31: Mul(Out<half>(), X<half>(), Y<half>(), 4096); break;
            default: ASSERT(false, "no such case");
        }
    }

private:
    TPipe pipe;
    TBuf<TPosition::VECCALC> buffer;
    GlobalTensor<float> gx, gy, go;
};

extern "C" __global__ __vector__ __aicore__ void vector_case(GM_ADDR x, GM_ADDR y, GM_ADDR out, int32_t which, int32_t mode)
{
    if ASCEND_IS_AIV {
        Vector op(x, y, out);
        op.Load();
        op.Run(which, mode);
        op.Store();
    }
}
