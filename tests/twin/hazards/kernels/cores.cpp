// Several cores: flags between them, barriers, atomics, rings in the workspace. Two groups of one AIC and two AIVs.
#include "cases.h"

constexpr uint32_t SLOT = 256;  // floats of one exchange

// Both vector cores store half of a slot each.
template <pipe_t pipe>
__aicore__ inline void Produce(const GlobalTensor<float>& slot, uint16_t flag)
{
    const uint32_t part = GetSubBlockIdx() * SLOT / 2;
    LocalTensor<float> t(TPosition::VECCALC, 0, SLOT / 2);
    FLAG(MTE3_V);
    PipeBarrier<PIPE_V>();
    Duplicate(t, 1.0f, SLOT / 2);
    FLAG(V_MTE3);
    PipeBarrier<PIPE_MTE3>();
    DataCopy(slot[part], t, SLOT / 2);
    CrossCoreSetFlag<2, pipe>(flag);
}
// The cube core loads a slot into L1.
__aicore__ inline void Load(const GlobalTensor<float>& slot, twin::Here here = twin::Here::at())
{
    PipeBarrier<PIPE_MTE2>();
    DataCopy(LocalTensor<float>(TPosition::A1, 0, SLOT), slot, SLOT, here);
}

extern "C" __global__ __mix__(1, 2) void cores_cases(GM_ADDR x_address, GM_ADDR y_address, GM_ADDR workspace, int32_t which)
{
    const int64_t block = g_coreType == AscendC::AIC ? GetBlockIdx() : GetBlockIdx() / 2;
    auto y = Gm(y_address), w = Gm(workspace);
    auto ring = w[block * 4 * SLOT];
    LocalTensor<float> a(TPosition::VECCALC, 0, 64), b(TPosition::VECCALC, 256, 64);
    LocalTensor<half> a2(TPosition::A2, 0, 256), b2(TPosition::B2, 0, 256);
    LocalTensor<half> a1(TPosition::A1, 0, 256);
    LocalTensor<float> c(TPosition::CO1, 0, 256);
    auto product = [&] {
        if ASCEND_IS_AIC {
            DataCopy(a1, Gm<half>(x_address), Nd2NzParams{1, 16, 16, 0, 16, 16, 1, 0});
            FLAG(MTE2_MTE1);
            LoadData(a2, a1, LoadData2DParams(0, 1, 1, 0, 0, false, 0));
            LoadData(b2, a1, LoadData2DParams(0, 1, 1, 0, 0, false, 0));
            FLAG(MTE1_M);
            Mmad(c, a2, b2, MmadParams(16, 16, 16, 0, false, true));
            FLAG(M_FIX);
        }
    };
    const FixpipeParamsV220 out(16, 16, 16, 16, false);
    if (which == 0) {
    }
    CASE(vector_to_cube)
    {
        if ASCEND_IS_AIV Produce<PIPE_MTE3>(ring, 0);
        if ASCEND_IS_AIC {
            CrossCoreWaitFlag(0);
            Load(ring);
        }
    }
    CASE(vector_to_cube_reported_by_the_wrong_pipe)
    {
        if ASCEND_IS_AIV Produce<PIPE_MTE2>(ring, 0);
        if ASCEND_IS_AIC {
            CrossCoreWaitFlag(0);
            Load(ring);  // expect: race
        }
    }
    CASE(vector_to_cube_without_a_flag)
    {
        if ASCEND_IS_AIV {
            Duplicate(a, 1.0f, 64);
            FLAG(V_MTE3);
            DataCopy(ring[GetSubBlockIdx() * 64], a, 64);
        }
        if ASCEND_IS_AIC DataCopy(LocalTensor<float>(TPosition::A1, 0, 64), ring, 64);  // expect: race
        if ASCEND_IS_AIV CrossCoreSetFlag<2, PIPE_MTE3>(0);
        if ASCEND_IS_AIC CrossCoreWaitFlag(0);
    }
    CASE(cube_to_vector)
    {
        product();
        if ASCEND_IS_AIC {
            Fixpipe<float, float, CFG_ROW_MAJOR>(ring, c, out);
            CrossCoreSetFlag<2, PIPE_FIX>(1);
        }
        if ASCEND_IS_AIV {
            CrossCoreWaitFlag(1);
            DataCopy(a, ring[GetSubBlockIdx() * 64], 64);
        }
    }
    CASE(cube_to_vector_reported_before_the_store)
    {
        product();
        if ASCEND_IS_AIC {
            CrossCoreSetFlag<2, PIPE_FIX>(1);
            Fixpipe<float, float, CFG_ROW_MAJOR>(ring, c, out);
        }
        if ASCEND_IS_AIV {
            CrossCoreWaitFlag(1);
            DataCopy(a, ring[GetSubBlockIdx() * 64], 64);  // expect: race
        }
    }
    CASE(wait_holds_back_every_pipe)
    {
        product();
        if ASCEND_IS_AIC {
            Fixpipe<float, float, CFG_ROW_MAJOR>(ring, c, out);
            CrossCoreSetFlag<2, PIPE_FIX>(1);
        }
        if ASCEND_IS_AIV {
            CrossCoreWaitFlag<2, PIPE_V>(1);
            DataCopy(a, ring[GetSubBlockIdx() * 64], 64);
        }
    }
    CASE(wait_does_not_hold_back_what_was_issued)
    {
        product();
        if ASCEND_IS_AIV {
            DataCopy(a, ring[GetSubBlockIdx() * 64], 64);  // expect: race
            CrossCoreWaitFlag(1);
        }
        if ASCEND_IS_AIC {
            Fixpipe<float, float, CFG_ROW_MAJOR>(ring, c, out);
            CrossCoreSetFlag<2, PIPE_FIX>(1);
        }
    }
    CASE(two_vector_cores)
    {
        if ASCEND_IS_AIV {
            Duplicate(a, 1.0f, 64);
            FLAG(V_MTE3);
            DataCopy(ring[GetSubBlockIdx() * 64], a, 64);
            CrossCoreSetFlag<1, PIPE_MTE3>(2);
            CrossCoreWaitFlag(2);
            DataCopy(b, ring[(1 - GetSubBlockIdx()) * 64], 64);
        }
    }
    CASE(two_vector_cores_without_a_flag)
    {
        if ASCEND_IS_AIV {
            Duplicate(a, 1.0f, 64);
            FLAG(V_MTE3);
            DataCopy(ring[GetSubBlockIdx() * 64], a, 64);
            FLAG(MTE3_MTE2);
            DataCopy(b, ring[(1 - GetSubBlockIdx()) * 64], 64);  // expect: race
        }
    }
    CASE(two_blocks)
    {
        if ASCEND_IS_AIV {
            Duplicate(a, 1.0f, 64);
            FLAG(V_MTE3);
            DataCopy(w[GetBlockIdx() * 64], a, 64);
            SyncAll();
            DataCopy(b, w[(3 - GetBlockIdx()) * 64], 64);
        }
    }
    CASE(two_blocks_with_a_flag_within_the_block)
    {
        if ASCEND_IS_AIV {
            Duplicate(a, 1.0f, 64);
            FLAG(V_MTE3);
            DataCopy(w[GetBlockIdx() * 64], a, 64);
            CrossCoreSetFlag<1, PIPE_MTE3>(2);
            CrossCoreWaitFlag(2);
            DataCopy(b, w[(3 - GetBlockIdx()) * 64], 64);  // expect: race
        }
    }
    CASE(sums_of_all_cores)
    {
        if ASCEND_IS_AIV {
            Duplicate(a, 0.0f, 64);
            FLAG(V_MTE3);
            if (GetBlockIdx() == 0) DataCopy(w, a, 64);
            SyncAll();
            SetAtomicAdd<float>();
            DataCopy(w, a, 64);
            SetAtomicNone();
            SyncAll();
            if (GetBlockIdx() == 1) DataCopy(b, w, 64);
        }
    }
    CASE(sums_before_the_zero)
    {
        if ASCEND_IS_AIV {
            Duplicate(a, 0.0f, 64);
            FLAG(V_MTE3);
            if (GetBlockIdx() == 0) {
                DataCopy(w, a, 64);
                PipeBarrier<PIPE_MTE3>();
            }
            SetAtomicAdd<float>();
            DataCopy(w, a, 64);  // expect: race
            SetAtomicNone();
        }
    }
    CASE(sum_is_read_too_early)
    {
        if ASCEND_IS_AIV {
            Duplicate(a, 0.0f, 64);
            FLAG(V_MTE3);
            SetAtomicAdd<float>();
            DataCopy(y, a, 64);
            SetAtomicNone();
            FLAG(MTE3_MTE2);
            if (GetBlockIdx() == 3) DataCopy(b, y, 64);  // expect: race
        }
    }
    CASE(all_cores_meet)
    {
        if ASCEND_IS_AIV {
            Duplicate(a, 1.0f, 64);
            FLAG(V_MTE3);
            DataCopy(w[GetBlockIdx() * 64], a, 64);
        }
        SyncAll<false>();
        if ASCEND_IS_AIC DataCopy(LocalTensor<float>(TPosition::A1, 0, 256), w, 256);
    }
    CASE(only_vector_cores_meet)
    {
        if ASCEND_IS_AIV {
            Duplicate(a, 1.0f, 64);
            FLAG(V_MTE3);
            DataCopy(w[GetBlockIdx() * 64], a, 64);
            SyncAll<true>();
        }
        if ASCEND_IS_AIC DataCopy(LocalTensor<float>(TPosition::A1, 0, 256), w, 256);  // expect: race
    }
    CASE(ring_with_a_reverse_flag)
    {
        for (uint32_t i = 0; i < 20; ++i) {
            if ASCEND_IS_AIV {
                if (i >= 2) CrossCoreWaitFlag(4);
                Produce<PIPE_MTE3>(ring[i % 2 * SLOT], 3);
            }
            if ASCEND_IS_AIC {
                CrossCoreWaitFlag(3);
                Load(ring[i % 2 * SLOT]);
                CrossCoreSetFlag<2, PIPE_MTE2>(4);
            }
        }
        if ASCEND_IS_AIV
            for (uint32_t i = 0; i < 2; ++i) CrossCoreWaitFlag(4);
    }
    CASE(ring_whose_reverse_flags_are_not_drained)
    {
        for (uint32_t i = 0; i < 20; ++i) {
            if ASCEND_IS_AIV {
                if (i >= 2) CrossCoreWaitFlag(4);
                Produce<PIPE_MTE3>(ring[i % 2 * SLOT], 3);
            }
            if ASCEND_IS_AIC {
                CrossCoreWaitFlag(3);
                Load(ring[i % 2 * SLOT]);
                CrossCoreSetFlag<2, PIPE_MTE2>(4);  // expect: flag-left-set
            }
        }
    }
    CASE(ring_without_a_reverse_flag)
    {
        for (uint32_t i = 0; i < 4; ++i) {
            if ASCEND_IS_AIV Produce<PIPE_MTE3>(ring[i % 4 * SLOT], 3);
            if ASCEND_IS_AIC {
                CrossCoreWaitFlag(3);
                Load(ring[i % 2 * SLOT]);
            }
        }
    }
    CASE(slot_is_overwritten_while_it_is_read)
    {
        for (uint32_t i = 0; i < 4; ++i) {
            if ASCEND_IS_AIV {
                FLAG(MTE3_V);
                PipeBarrier<PIPE_V>();
                Duplicate(a, 1.0f, 64);
                FLAG(V_MTE3);
                PipeBarrier<PIPE_MTE3>();
                DataCopy(ring[i % 2 * SLOT + GetSubBlockIdx() * 64], a, 64);
                CrossCoreSetFlag<2, PIPE_MTE3>(3);
            }
            if ASCEND_IS_AIC {
                CrossCoreWaitFlag(3);
                PipeBarrier<PIPE_MTE2>();
                DataCopy(LocalTensor<float>(TPosition::A1, 0, 128), ring[i % 2 * SLOT], 128);  // expect: race
            }
        }
    }
    CASE(sixteen_sets)
    {
        if ASCEND_IS_AIV
            for (int i = 0; i < 16; ++i) CrossCoreSetFlag<2, PIPE_MTE3>(3);  // expect: flag-overflow
    }
    CASE(sixteen_sets_if_the_other_side_is_late)
    {
        if ASCEND_IS_AIC
            for (int i = 0; i < 16; ++i) {
                CrossCoreSetFlag<2, PIPE_FIX>(3);  // expect: flag-overflow
                if (i % 8 == 0) CrossCoreWaitFlag(4);
            }
        if ASCEND_IS_AIV {
            for (int i = 0; i < 2; ++i) CrossCoreSetFlag<2, PIPE_MTE3>(4);
            for (int i = 0; i < 16; ++i) CrossCoreWaitFlag(3);
        }
    }
    CASE(fifteen_sets)
    {
        if ASCEND_IS_AIC
            for (int i = 0; i < 15; ++i) CrossCoreSetFlag<2, PIPE_FIX>(3);
        if ASCEND_IS_AIV
            for (int i = 0; i < 15; ++i) CrossCoreWaitFlag(3);
    }
    CASE(one_id_in_both_directions)
    {
        if ASCEND_IS_AIC {
            CrossCoreSetFlag<2, PIPE_FIX>(3);
            CrossCoreWaitFlag(3);
        }
        if ASCEND_IS_AIV {
            CrossCoreWaitFlag(3);
            CrossCoreSetFlag<2, PIPE_MTE3>(3);  // expect: flag-both-ways
        }
    }
    CASE(one_id_for_a_direction)
    {
        if ASCEND_IS_AIC {
            CrossCoreSetFlag<2, PIPE_FIX>(3);
            CrossCoreWaitFlag(4);
        }
        if ASCEND_IS_AIV {
            CrossCoreWaitFlag(3);
            CrossCoreSetFlag<2, PIPE_MTE3>(4);
        }
    }
    CASE(one_id_on_two_pipes)
    {
        if ASCEND_IS_AIV {
            CrossCoreSetFlag<2, PIPE_MTE2>(3);
            CrossCoreSetFlag<2, PIPE_MTE3>(3);  // expect: flag-pipes
        }
        if ASCEND_IS_AIC
            for (int i = 0; i < 2; ++i) CrossCoreWaitFlag(3);
    }
    CASE(id_of_sync_all)
    {
        if ASCEND_IS_AIC CrossCoreSetFlag<2, PIPE_FIX>(14);
        if ASCEND_IS_AIV {
            CrossCoreWaitFlag(14);
            SyncAll();  // expect: reserved, flag-both-ways
        }
    }
    CASE(id_out_of_range)
    {
        if ASCEND_IS_AIV CrossCoreSetFlag<2, PIPE_MTE3>(16);  // expect: event-id
        if ASCEND_IS_AIC CrossCoreWaitFlag(15);
    }
    CASE(each_waits_for_the_other)
    {
        if ASCEND_IS_AIC {
            CrossCoreWaitFlag(4);  // expect: deadlock
            CrossCoreSetFlag<2, PIPE_FIX>(3);
        }
        if ASCEND_IS_AIV {
            CrossCoreWaitFlag(3);
            CrossCoreSetFlag<2, PIPE_MTE3>(4);
        }
    }
    CASE(half_of_a_group_sets)
    {
        if ASCEND_IS_AIV
            if (GetSubBlockIdx() == 0) CrossCoreSetFlag<2, PIPE_MTE3>(4);
        if ASCEND_IS_AIC CrossCoreWaitFlag(4);  // expect: deadlock
    }
    CASE(half_of_the_cores_meet)
    {
        if ASCEND_IS_AIV
            if (block == 0) SyncAll();  // expect: deadlock
    }
    CASE(scalar_stores_in_lines_of_their_own)
    {
        auto out = Gm<int32_t>(y_address);
        if ASCEND_IS_AIV {
            out.SetValue(GetBlockIdx() * 16, 7);
            CleanLine(out[GetBlockIdx() * 16]);
            SyncAll();
            if (out.GetValue((GetBlockIdx() ^ 1) * 16) != 7) PRINTF("wrong\n");
        }
    }
    CASE(scalar_stores_in_one_line)
    {
        auto out = Gm<int32_t>(y_address);
        if ASCEND_IS_AIV {
            out.SetValue(GetBlockIdx() * 8, 7);  // expect: cache-line
            CleanLine(out[GetBlockIdx() * 8]);
        }
    }
    CASE(scalar_stores_are_not_cleaned)
    {
        auto out = Gm<int32_t>(y_address);
        if ASCEND_IS_AIV {
            out.SetValue(GetBlockIdx() * 16, 7);
            SyncAll();
            if (out.GetValue((GetBlockIdx() ^ 1) * 16) != 7) PRINTF("wrong\n");  // expect: stale
        }
    }
    (void)b2;
}
