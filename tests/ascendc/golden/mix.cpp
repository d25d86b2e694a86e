#include "kernel_operator.h"

struct MixTiling {
    uint32_t rounds;
};

// y = relu_grad(w * relu(a * b^T)) in half precision
extern "C" __global__ __aicore__ void mix(GM_ADDR a, GM_ADDR b, GM_ADDR w, GM_ADDR y, GM_ADDR workspace, GM_ADDR tiling)
{
    REGISTER_TILING_DEFAULT(MixTiling);
    GET_TILING_DATA(t, tiling);
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_MIX_AIC_1_2);
    const uint32_t rounds = t.rounds;
    constexpr uint32_t ready = 3u;
    constexpr uint32_t free = 4u;
    constexpr uint32_t elements = 4096u;
    GM_ADDR ring = AscendC::GetUserWorkspace(workspace);
    const int64_t index64 = AscendC::GetBlockIdx();
    const int64_t subs64 = AscendC::GetSubBlockNum();
    const int64_t blocks64 = AscendC::GetBlockNum();
    const int64_t block64 = index64 / subs64;
    const uint32_t block = static_cast<uint32_t>(block64);
    const uint32_t blocks = static_cast<uint32_t>(blocks64);
    const uint32_t total = blocks * rounds;
    const uint32_t all_elements = total * elements;
    const uint32_t first_slot = block * 2u;
    AscendC::TPipe pipe;
    if ASCEND_IS_AIC {
        AscendC::TBuf<AscendC::TPosition::A1> buf_a1;
        pipe.InitBuffer(buf_a1, 8192u);
        AscendC::TBuf<AscendC::TPosition::B1> buf_b1;
        pipe.InitBuffer(buf_b1, 8192u);
        AscendC::TBuf<AscendC::TPosition::A2> buf_a2;
        pipe.InitBuffer(buf_a2, 8192u);
        AscendC::TBuf<AscendC::TPosition::B2> buf_b2;
        pipe.InitBuffer(buf_b2, 8192u);
        AscendC::TBuf<AscendC::TPosition::CO1> buf_co1;
        pipe.InitBuffer(buf_co1, 16384u);
        AscendC::LocalTensor<half> a1 = buf_a1.GetWithOffset<half>(elements, 0u);
        AscendC::LocalTensor<half> b1 = buf_b1.GetWithOffset<half>(elements, 0u);
        AscendC::LocalTensor<half> a2 = buf_a2.GetWithOffset<half>(elements, 0u);
        AscendC::LocalTensor<half> b2 = buf_b2.GetWithOffset<half>(elements, 0u);
        AscendC::LocalTensor<float> co1 = buf_co1.GetWithOffset<float>(elements, 0u);
        AscendC::GlobalTensor<half> a_gm;
        a_gm.SetGlobalBuffer(reinterpret_cast<__gm__ half*>(a), all_elements);
        AscendC::GlobalTensor<half> b_gm;
        b_gm.SetGlobalBuffer(reinterpret_cast<__gm__ half*>(b), elements);
        const AscendC::Nd2NzParams nd2nz{1, 64, 64, 0, 64, 64, 1, 0};
        const AscendC::LoadData2DParams rows{0, 4, 4, 0, 0, false, 0};
        const AscendC::LoadData2DParams whole{0, 16, 1, 0, 0, false, 0};
        const AscendC::MmadParams extents{64, 64, 64, 0, false, true};
        const AscendC::FixpipeParamsV220 out{64, 64, 64, 64u, true, QuantMode_t::NoQuant, 0, 1, 0, 0, 0};
        AscendC::DataCopy(b1, b_gm, nd2nz);
        AscendC::SetFlag<AscendC::HardEvent::MTE2_MTE1>(0);
        AscendC::WaitFlag<AscendC::HardEvent::MTE2_MTE1>(0);
        AscendC::LoadData(b2, b1, whole);
        AscendC::SetFlag<AscendC::HardEvent::MTE1_MTE2>(0);
        AscendC::SetFlag<AscendC::HardEvent::M_MTE1>(0);
        AscendC::SetFlag<AscendC::HardEvent::FIX_M>(0);
        for (uint32_t i = 0u; i < rounds; i += 1u) {
            const uint32_t turn = i % 2u;
            const uint32_t place = first_slot + turn;
            const uint64_t place64 = static_cast<uint64_t>(place);
            const uint64_t skip = place64 * 16384ul;
            GM_ADDR slot_at = ring + skip;
            AscendC::GlobalTensor<float> slot;
            slot.SetGlobalBuffer(reinterpret_cast<__gm__ float*>(slot_at), elements);
            const uint32_t round = i * blocks;
            const uint32_t which = round + block;
            const uint32_t from = which * elements;
            AscendC::GlobalTensor<half> a_tile = a_gm[from];
            AscendC::WaitFlag<AscendC::HardEvent::MTE1_MTE2>(0);
            AscendC::DataCopy(a1, a_tile, nd2nz);
            AscendC::SetFlag<AscendC::HardEvent::MTE2_MTE1>(0);
            AscendC::WaitFlag<AscendC::HardEvent::MTE2_MTE1>(0);
            AscendC::WaitFlag<AscendC::HardEvent::M_MTE1>(0);
            for (uint32_t r = 0u; r < 4u; r += 1u) {
                const uint32_t to = r * 1024u;
                const uint32_t at = r * 256u;
                AscendC::LocalTensor<half> a2_r = a2[to];
                AscendC::LocalTensor<half> a1_r = a1[at];
                AscendC::LoadData(a2_r, a1_r, rows);
            }
            AscendC::SetFlag<AscendC::HardEvent::MTE1_M>(0);
            AscendC::WaitFlag<AscendC::HardEvent::MTE1_M>(0);
            AscendC::SetFlag<AscendC::HardEvent::MTE1_MTE2>(0);
            AscendC::WaitFlag<AscendC::HardEvent::FIX_M>(0);
            AscendC::Mmad(co1, a2, b2, extents);
            AscendC::SetFlag<AscendC::HardEvent::M_MTE1>(0);
            AscendC::SetFlag<AscendC::HardEvent::M_FIX>(0);
            AscendC::WaitFlag<AscendC::HardEvent::M_FIX>(0);
            const bool reused = i >= 2u;
            if (reused) {
                AscendC::CrossCoreWaitFlag(free);
            }
            AscendC::Fixpipe<float, float, AscendC::CFG_ROW_MAJOR>(slot, co1, out);
            AscendC::SetFlag<AscendC::HardEvent::FIX_M>(0);
            AscendC::CrossCoreSetFlag<2, PIPE_FIX>(ready);
        }
        AscendC::WaitFlag<AscendC::HardEvent::MTE1_MTE2>(0);
        AscendC::WaitFlag<AscendC::HardEvent::M_MTE1>(0);
        AscendC::WaitFlag<AscendC::HardEvent::FIX_M>(0);
        const uint32_t pending = rounds < 2u ? rounds : 2u;
        for (uint32_t p = 0u; p < pending; p += 1u) {
            AscendC::CrossCoreWaitFlag(free);
        }
    }
    if ASCEND_IS_AIV {
        const int64_t sub64 = AscendC::GetSubBlockIdx();
        const uint32_t sub = static_cast<uint32_t>(sub64);
        constexpr uint32_t half_count = 2048u;
        AscendC::TBuf<AscendC::TPosition::VECCALC> ub;
        pipe.InitBuffer(ub, 32768u);
        AscendC::LocalTensor<float> s = ub.GetWithOffset<float>(half_count, 0u);
        AscendC::LocalTensor<float> wide = ub.GetWithOffset<float>(half_count, 8192u);
        AscendC::LocalTensor<half> narrow = ub.GetWithOffset<half>(half_count, 16384u);
        AscendC::LocalTensor<half> w_half = ub.GetWithOffset<half>(half_count, 20480u);
        AscendC::LocalTensor<uint8_t> bits = ub.GetWithOffset<uint8_t>(256u, 24576u);
        AscendC::GlobalTensor<half> w_gm;
        w_gm.SetGlobalBuffer(reinterpret_cast<__gm__ half*>(w), all_elements);
        AscendC::GlobalTensor<half> y_gm;
        y_gm.SetGlobalBuffer(reinterpret_cast<__gm__ half*>(y), all_elements);
        const uint32_t half_skip = sub * half_count;
        AscendC::SetFlag<AscendC::HardEvent::V_MTE2>(0);
        AscendC::SetFlag<AscendC::HardEvent::MTE3_V>(0);
        for (uint32_t i2 = 0u; i2 < rounds; i2 += 1u) {
            AscendC::CrossCoreWaitFlag(ready);
            const uint32_t turn_1 = i2 % 2u;
            const uint32_t place_1 = first_slot + turn_1;
            const uint64_t place64_1 = static_cast<uint64_t>(place_1);
            const uint64_t skip_1 = place64_1 * 16384ul;
            GM_ADDR slot_at_1 = ring + skip_1;
            AscendC::GlobalTensor<float> slot_1;
            slot_1.SetGlobalBuffer(reinterpret_cast<__gm__ float*>(slot_at_1), elements);
            const uint32_t round_1 = i2 * blocks;
            const uint32_t which_1 = round_1 + block;
            const uint32_t from_1 = which_1 * elements;
            AscendC::GlobalTensor<float> s_gm = slot_1[half_skip];
            const uint32_t my_from = from_1 + half_skip;
            AscendC::GlobalTensor<half> w_tile = w_gm[my_from];
            AscendC::GlobalTensor<half> y_tile = y_gm[my_from];
            AscendC::WaitFlag<AscendC::HardEvent::V_MTE2>(0);
            AscendC::DataCopy(s, s_gm, half_count);
            AscendC::DataCopy(w_half, w_tile, half_count);
            AscendC::CrossCoreSetFlag<2, PIPE_MTE2>(free);
            AscendC::SetFlag<AscendC::HardEvent::MTE2_V>(0);
            AscendC::WaitFlag<AscendC::HardEvent::MTE2_V>(0);
            AscendC::CompareScalar<float>(bits, s, 0.0f, AscendC::CMPMODE::GT, half_count);
            AscendC::Cast(wide, w_half, AscendC::RoundMode::CAST_NONE, half_count);
            AscendC::PipeBarrier<PIPE_V>();
            AscendC::Mul(wide, wide, s, half_count);
            AscendC::PipeBarrier<PIPE_V>();
            AscendC::Select<float>(wide, bits, wide, 0.0f, AscendC::SELMODE::VSEL_TENSOR_SCALAR_MODE, half_count);
            AscendC::PipeBarrier<PIPE_V>();
            AscendC::WaitFlag<AscendC::HardEvent::MTE3_V>(0);
            AscendC::Cast(narrow, wide, AscendC::RoundMode::CAST_RINT, half_count);
            AscendC::SetFlag<AscendC::HardEvent::V_MTE2>(0);
            AscendC::SetFlag<AscendC::HardEvent::V_MTE3>(0);
            AscendC::WaitFlag<AscendC::HardEvent::V_MTE3>(0);
            AscendC::DataCopy(y_tile, narrow, half_count);
            AscendC::SetFlag<AscendC::HardEvent::MTE3_V>(0);
        }
        AscendC::WaitFlag<AscendC::HardEvent::V_MTE2>(0);
        AscendC::WaitFlag<AscendC::HardEvent::MTE3_V>(0);
    }
    AscendC::PipeBarrier<PIPE_ALL>();
}
