#include "kernel_operator.h"

struct MatmulTiling {
    uint32_t m;
    uint32_t n;
    uint32_t k;
    uint32_t transpose_a;
    uint32_t transpose_b;
    uint32_t relu;
};

extern "C" __global__ __aicore__ void matmul(GM_ADDR a, GM_ADDR b, GM_ADDR c, GM_ADDR workspace, GM_ADDR tiling)
{
    REGISTER_TILING_DEFAULT(MatmulTiling);
    GET_TILING_DATA(t, tiling);
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIC_ONLY);
    const uint32_t m = t.m;
    const uint32_t n = t.n;
    const uint32_t k = t.k;
    const uint32_t transpose_a = t.transpose_a;
    const uint32_t transpose_b = t.transpose_b;
    const uint32_t relu = t.relu;
    (void)workspace;
    constexpr uint32_t side = 64u;
    const uint32_t mk = m * k;
    const uint32_t kn = k * n;
    const uint32_t mn = m * n;
    AscendC::GlobalTensor<bfloat16_t> a_gm;
    a_gm.SetGlobalBuffer(reinterpret_cast<__gm__ bfloat16_t*>(a), mk);
    AscendC::GlobalTensor<bfloat16_t> b_gm;
    b_gm.SetGlobalBuffer(reinterpret_cast<__gm__ bfloat16_t*>(b), kn);
    AscendC::GlobalTensor<float> c_gm;
    c_gm.SetGlobalBuffer(reinterpret_cast<__gm__ float*>(c), mn);
    const bool ta = transpose_a != 0u;
    const bool tb = transpose_b != 0u;
    const bool relu_on = relu != 0u;
    AscendC::TPipe pipe;
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
    AscendC::LocalTensor<bfloat16_t> a1 = buf_a1.GetWithOffset<bfloat16_t>(4096u, 0u);
    AscendC::LocalTensor<bfloat16_t> b1 = buf_b1.GetWithOffset<bfloat16_t>(4096u, 0u);
    AscendC::LocalTensor<bfloat16_t> a2 = buf_a2.GetWithOffset<bfloat16_t>(4096u, 0u);
    AscendC::LocalTensor<bfloat16_t> b2 = buf_b2.GetWithOffset<bfloat16_t>(4096u, 0u);
    AscendC::LocalTensor<float> co1 = buf_co1.GetWithOffset<float>(4096u, 0u);
    const int64_t block64 = AscendC::GetBlockIdx();
    const int64_t blocks64 = AscendC::GetBlockNum();
    const uint32_t block = static_cast<uint32_t>(block64);
    const uint32_t blocks = static_cast<uint32_t>(blocks64);
    const uint32_t m_up = m + 63u;
    const uint32_t m_tiles = m_up / side;
    const uint32_t n_up = n + 63u;
    const uint32_t n_tiles = n_up / side;
    const uint32_t tiles = m_tiles * n_tiles;
    AscendC::SetFlag<AscendC::HardEvent::MTE1_MTE2>(0);
    AscendC::SetFlag<AscendC::HardEvent::M_MTE1>(0);
    AscendC::SetFlag<AscendC::HardEvent::FIX_M>(0);
    for (uint32_t tile = block; tile < tiles; tile += blocks) {
        const uint32_t tile_m = tile / n_tiles;
        const uint32_t tile_n = tile % n_tiles;
        const uint32_t m0 = tile_m * side;
        const uint32_t n0 = tile_n * side;
        const uint32_t m_left = m - m0;
        const uint32_t mt = m_left < side ? m_left : side;
        const uint32_t n_left = n - n0;
        const uint32_t nt = n_left < side ? n_left : side;
        const uint32_t m16_up = mt + 15u;
        const uint32_t m16 = m16_up / 16u;
        const uint32_t n16_up = nt + 15u;
        const uint32_t n16 = n16_up / 16u;
        AscendC::WaitFlag<AscendC::HardEvent::FIX_M>(0);
        for (uint32_t k0 = 0u; k0 < k; k0 += side) {
            const uint32_t k_left = k - k0;
            const uint32_t kt = k_left < side ? k_left : side;
            const uint32_t k16_up = kt + 15u;
            const uint32_t k16 = k16_up / 16u;
            const uint32_t a_row = ta ? k0 : m0;
            const uint32_t a_rows = ta ? kt : mt;
            const uint32_t a_rows16 = ta ? k16 : m16;
            const uint32_t a_column = ta ? m0 : k0;
            const uint32_t a_columns = ta ? mt : kt;
            const uint32_t a_pitch = ta ? m : k;
            const uint32_t a_skip = a_row * a_pitch;
            const uint32_t a_from = a_skip + a_column;
            AscendC::GlobalTensor<bfloat16_t> a_tile = a_gm[a_from];
            const uint32_t a_aligned = a_rows16 * 16u;
            const uint16_t a_n_value = static_cast<uint16_t>(a_rows);
            const uint16_t a_d_value = static_cast<uint16_t>(a_columns);
            const uint16_t a_src_d = static_cast<uint16_t>(a_pitch);
            const uint16_t a_c0_stride = static_cast<uint16_t>(a_aligned);
            const AscendC::Nd2NzParams a_nd2nz{1, a_n_value, a_d_value, 0, a_src_d, a_c0_stride, 1, 0};
            const uint32_t b_row = tb ? n0 : k0;
            const uint32_t b_rows = tb ? nt : kt;
            const uint32_t b_rows16 = tb ? n16 : k16;
            const uint32_t b_column = tb ? k0 : n0;
            const uint32_t b_columns = tb ? kt : nt;
            const uint32_t b_pitch = tb ? k : n;
            const uint32_t b_skip = b_row * b_pitch;
            const uint32_t b_from = b_skip + b_column;
            AscendC::GlobalTensor<bfloat16_t> b_tile = b_gm[b_from];
            const uint32_t b_aligned = b_rows16 * 16u;
            const uint16_t b_n_value = static_cast<uint16_t>(b_rows);
            const uint16_t b_d_value = static_cast<uint16_t>(b_columns);
            const uint16_t b_src_d = static_cast<uint16_t>(b_pitch);
            const uint16_t b_c0_stride = static_cast<uint16_t>(b_aligned);
            const AscendC::Nd2NzParams b_nd2nz{1, b_n_value, b_d_value, 0, b_src_d, b_c0_stride, 1, 0};
            AscendC::WaitFlag<AscendC::HardEvent::MTE1_MTE2>(0);
            AscendC::DataCopy(a1, a_tile, a_nd2nz);
            AscendC::DataCopy(b1, b_tile, b_nd2nz);
            AscendC::SetFlag<AscendC::HardEvent::MTE2_MTE1>(0);
            AscendC::WaitFlag<AscendC::HardEvent::MTE2_MTE1>(0);
            AscendC::WaitFlag<AscendC::HardEvent::M_MTE1>(0);
            const bool not_tb = tb ^ true;
            const uint8_t k16_b = static_cast<uint8_t>(k16);
            const uint8_t n16_b = static_cast<uint8_t>(n16);
            const uint16_t m16_h = static_cast<uint16_t>(m16);
            const uint16_t k16_h = static_cast<uint16_t>(k16);
            const uint32_t a_slice = k16 * 256u;
            const uint32_t a_step = ta ? a_slice : 256u;
            const uint16_t a_stride = ta ? 1 : m16_h;
            const AscendC::LoadData2DParams load_a{0, k16_b, a_stride, 0, 0, ta, 0};
            // A by rows of fractals
            for (uint32_t i = 0u; i < m16; i += 1u) {
                const uint32_t a_to = i * a_slice;
                const uint32_t a_at = i * a_step;
                AscendC::LocalTensor<bfloat16_t> a2_i = a2[a_to];
                AscendC::LocalTensor<bfloat16_t> a1_i = a1[a_at];
                AscendC::LoadData(a2_i, a1_i, load_a);
            }
            const uint32_t b_slice = n16 * 256u;
            const uint32_t b_step = tb ? b_slice : 256u;
            const uint16_t b_stride = tb ? 1 : k16_h;
            const AscendC::LoadData2DParams load_b{0, n16_b, b_stride, 0, 0, not_tb, 0};
            // B by columns of fractals
            for (uint32_t j = 0u; j < k16; j += 1u) {
                const uint32_t b_to = j * b_slice;
                const uint32_t b_at = j * b_step;
                AscendC::LocalTensor<bfloat16_t> b2_j = b2[b_to];
                AscendC::LocalTensor<bfloat16_t> b1_j = b1[b_at];
                AscendC::LoadData(b2_j, b1_j, load_b);
            }
            AscendC::SetFlag<AscendC::HardEvent::MTE1_M>(0);
            AscendC::WaitFlag<AscendC::HardEvent::MTE1_M>(0);
            AscendC::SetFlag<AscendC::HardEvent::MTE1_MTE2>(0);
            const bool fresh = k0 == 0u;
            const uint32_t mm = mt > 2u ? mt : 2u;
            const uint16_t mm_h = static_cast<uint16_t>(mm);
            const uint16_t nt_h = static_cast<uint16_t>(nt);
            const uint16_t kt_h = static_cast<uint16_t>(kt);
            const AscendC::MmadParams extents{mm_h, nt_h, kt_h, 0, false, fresh};
            AscendC::Mmad(co1, a2, b2, extents);
            AscendC::PipeBarrier<PIPE_M>();
            AscendC::SetFlag<AscendC::HardEvent::M_MTE1>(0);
        }
        AscendC::SetFlag<AscendC::HardEvent::M_FIX>(0);
        AscendC::WaitFlag<AscendC::HardEvent::M_FIX>(0);
        const uint32_t c_skip = m0 * n;
        const uint32_t c_from = c_skip + n0;
        AscendC::GlobalTensor<float> c_tile = c_gm[c_from];
        const uint16_t c_n = static_cast<uint16_t>(nt);
        const uint16_t c_m = static_cast<uint16_t>(mt);
        const uint32_t m_aligned = m16 * 16u;
        const uint16_t c_stride = static_cast<uint16_t>(m_aligned);
        const AscendC::FixpipeParamsV220 out{c_n, c_m, c_stride, n, relu_on, QuantMode_t::NoQuant, 0, 1, 0, 0, 0};
        AscendC::Fixpipe<float, float, AscendC::CFG_ROW_MAJOR>(c_tile, co1, out);
        AscendC::SetFlag<AscendC::HardEvent::FIX_M>(0);
    }
    AscendC::WaitFlag<AscendC::HardEvent::MTE1_MTE2>(0);
    AscendC::WaitFlag<AscendC::HardEvent::M_MTE1>(0);
    AscendC::WaitFlag<AscendC::HardEvent::FIX_M>(0);
    AscendC::PipeBarrier<PIPE_ALL>();
}
