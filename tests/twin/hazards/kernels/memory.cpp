// Memory: bounds, buffers, alignment, undefined bytes, reserved parts, caches, parameters, paths that do not exist.
#include "cases.h"

__aicore__ inline DataCopyExtParams Bytes(uint32_t bytes) { return DataCopyExtParams{1, bytes, 0, 0, 0}; }

extern "C" __global__ __mix__(1, 2) void memory_cases(GM_ADDR x_address, GM_ADDR y_address, GM_ADDR workspace, int32_t which)
{
    auto x = Gm(x_address), y = Gm(y_address), w = Gm(workspace);
    auto a = Ub(0), b = Ub(1), c = Ub(2);
    const DataCopyPadExtParams<float> none{false, 0, 0, 0.0f};
    if ASCEND_IS_AIV
        if (GetBlockIdx() != 0) return;
    if ASCEND_IS_AIC return;
    if (which == 0) {
    }
    CASE(ten_elements_padded)
    {
        DataCopyPad(a, x, Bytes(40), none);
        FLAG(MTE2_MTE3);
        DataCopyPad(y, a, Bytes(40));
    }
    CASE(ten_elements_rounded_down)
    {
        DataCopy(a, x, 10);  // expect: rounded-down
    }
    CASE(compare_of_whole_repeats)
    {
        Duplicate(a, 1.0f, N);
        PipeBarrier<PIPE_V>();
        CompareScalar(b.ReinterpretCast<uint8_t>(), a, 0.0f, CMPMODE::GT, 64);
    }
    CASE(compare_of_part_of_a_repeat)
    {
        Duplicate(a, 1.0f, N);
        PipeBarrier<PIPE_V>();
        CompareScalar(b.ReinterpretCast<uint8_t>(), a, 0.0f, CMPMODE::GT, 50);  // expect: rounded-down
    }
    CASE(bursts_in_blocks)
    {
        DataCopy(a, x, DataCopyParams{1, N * 4 / 32, 0, 0});
    }
    CASE(bursts_in_bytes)
    {
        DataCopy(a, x, DataCopyParams{1, N * 4, 0, 0});  // expect: out-of-bounds
    }
    CASE(padded_bursts_in_bytes)
    {
        DataCopyPad(a, x, DataCopyExtParams{2, 128, 128, 0, 0}, none);
    }
    CASE(padded_bursts_in_blocks)
    {
        DataCopyPad(a, x[8192 - 96], DataCopyExtParams{2, 128, 128 * 4, 0, 0}, none);  // expect: out-of-bounds
    }
    CASE(end_of_an_argument)
    {
        DataCopy(a, x[8192 - N], N);
    }
    CASE(behind_the_end_of_an_argument)
    {
        DataCopy(a, x[8192 - N + 8], N);  // expect: out-of-bounds
    }
    CASE(behind_the_end_of_the_workspace)
    {
        Duplicate(a, 1.0f, N);
        FLAG(V_MTE3);
        DataCopy(w[65536 / 4 - 8], a, N);  // expect: out-of-bounds
    }
    CASE(behind_the_end_of_a_part_of_the_workspace)
    {
        auto part = Gm(workspace, 32);
        Duplicate(a, 1.0f, N);
        FLAG(V_MTE3);
        DataCopy(part, a, N);  // expect: out-of-bounds
    }
    CASE(whole_part_of_the_workspace)
    {
        auto part = Gm(workspace, N);
        Duplicate(a, 1.0f, N);
        FLAG(V_MTE3);
        DataCopy(part, a, N);
    }
    CASE(behind_the_end_of_ub)
    {
        Duplicate(LocalTensor<float>(TPosition::VECCALC, 192 * 1024 - 128, N), 1.0f, N);  // expect: out-of-bounds
    }
    CASE(whole_buffer)
    {
        TPipe pipe;
        TBuf<> all;
        pipe.InitBuffer(all, 512);
        Duplicate(all.GetWithOffset<float>(N, 256), 1.0f, N);
    }
    CASE(behind_the_end_of_a_buffer)
    {
        TPipe pipe;
        TBuf<> all;
        pipe.InitBuffer(all, 512);
        Duplicate(all.GetWithOffset<float>(N - 8, 0), 1.0f, N);  // expect: out-of-bounds
    }
    CASE(two_views_of_one_buffer)
    {
        Duplicate(a, 1.0f, N);
        PipeBarrier<PIPE_V>();
        Adds(b, LocalTensor<float>(TPosition::VECCALC, 128, 32), 1.0f, 32);
    }
    CASE(two_buffers_overlap)
    {
        auto low = LocalTensor<float>(TPosition::VECCALC, 0, N), high = LocalTensor<float>(TPosition::VECCALC, 224, N);
        Duplicate(low, 1.0f, N);
        PipeBarrier<PIPE_V>();
        Duplicate(high, 2.0f, N);
        PipeBarrier<PIPE_V>();
        Adds(c, low, 1.0f, N);  // expect: overlap
    }
    CASE(all_of_ub)
    {
        TPipe pipe;
        TBuf<> all;
        pipe.InitBuffer(all, 192 * 1024 - 256);
    }
    CASE(more_than_ub)
    {
        TPipe pipe;
        TBuf<> all;
        pipe.InitBuffer(all, 192 * 1024 - 224);  // expect: over-capacity
    }
    CASE(pipes_one_after_the_other)
    {
        for (int i = 0; i < 2; ++i) {
            TPipe pipe;
            TBuf<> all;
            pipe.InitBuffer(all, 256);
            Duplicate(all.Get<float>(), 1.0f, N);
            pipe.Destroy();
        }
    }
    CASE(pipes_at_the_same_time)
    {
        TPipe first;
        TPipe second;  // expect: overlap
    }
    CASE(end_of_ub_of_the_framework)
    {
        Duplicate(LocalTensor<float>(TPosition::VECCALC, 192 * 1024 - 256, N), 1.0f, N);  // expect: reserved
    }
    CASE(select_with_data_below_its_scratch)
    {
        LocalTensor<float> high(TPosition::VECCALC, 184 * 1024 - 256, N);
        Duplicate(high, 1.0f, N);
        PipeBarrier<PIPE_V>();
        CompareScalar(b.ReinterpretCast<uint8_t>(), high, 0.0f, CMPMODE::GT, 64);
        PipeBarrier<PIPE_V>();
        Select(c, b.ReinterpretCast<uint8_t>(), high, 0.0f, SELMODE::VSEL_TENSOR_SCALAR_MODE, N);
    }
    CASE(select_with_data_in_its_scratch)
    {
        LocalTensor<float> high(TPosition::VECCALC, 184 * 1024, N);
        Duplicate(high, 1.0f, N);
        PipeBarrier<PIPE_V>();
        CompareScalar(b.ReinterpretCast<uint8_t>(), high, 0.0f, CMPMODE::GT, 64);
        PipeBarrier<PIPE_V>();
        Select(c, b.ReinterpretCast<uint8_t>(), high, 0.0f, SELMODE::VSEL_TENSOR_SCALAR_MODE, N);  // expect: reserved
    }
    CASE(select_of_mode_0_has_no_scratch)
    {
        LocalTensor<float> high(TPosition::VECCALC, 184 * 1024, N);
        Duplicate(high, 1.0f, N);
        PipeBarrier<PIPE_V>();
        CompareScalar(b.ReinterpretCast<uint8_t>(), high, 0.0f, CMPMODE::GT, 64);
        PipeBarrier<PIPE_V>();
        Select(c, b.ReinterpretCast<uint8_t>(), high, high, SELMODE::VSEL_CMPMASK_SPR, N);
    }
    CASE(tail_is_computed_but_not_stored)
    {
        DataCopyPad(a, x, Bytes(40), none);
        FLAG(MTE2_V);
        Adds(b, a, 1.0f, 16);
        FLAG(V_MTE3);
        DataCopyPad(y, b, Bytes(40));
    }
    CASE(tail_is_stored)
    {
        DataCopyPad(a, x, Bytes(40), none);
        FLAG(MTE2_V);
        Adds(b, a, 1.0f, 16);  // expect: uninitialised
        FLAG(V_MTE3);
        DataCopy(y, b, 16);
    }
    CASE(tail_is_filled_by_the_load)
    {
        DataCopyPad(a, x, Bytes(40), DataCopyPadExtParams<float>{true, 0, 6, 0.0f});
        FLAG(MTE2_V);
        Adds(b, a, 1.0f, 16);
        FLAG(V_MTE3);
        DataCopy(y, b, 16);
    }
    CASE(tail_was_filled_before_the_load)
    {
        Duplicate(a, 0.0f, 16);
        FLAG(V_MTE2);
        DataCopyPad(a, x, Bytes(40), none);
        FLAG(MTE2_V);
        Adds(b, a, 1.0f, 16);  // expect: uninitialised
        FLAG(V_MTE3);
        DataCopy(y, b, 16);
    }
    CASE(never_loaded)
    {
        Adds(b, a, 1.0f, N);  // expect: uninitialised
        FLAG(V_MTE3);
        DataCopy(y, b, N);
    }
    CASE(one_of_two_undefined_sources_is_stored)
    {
        Duplicate(a, 1.0f, N);
        PipeBarrier<PIPE_V>();
        CompareScalar(c.ReinterpretCast<uint8_t>(), a, 0.0f, CMPMODE::GT, 64);
        Adds(Ub(3), Ub(5), 1.0f, N);
        PipeBarrier<PIPE_V>();
        Adds(Ub(4), Ub(6), 1.0f, N);  // expect: uninitialised
        PipeBarrier<PIPE_V>();
        Select(b, c.ReinterpretCast<uint8_t>(), Ub(4), Ub(3), SELMODE::VSEL_CMPMASK_SPR, N);
        FLAG(V_MTE3);
        DataCopy(y, b, N);
    }
    CASE(multiplied_away_is_not_defined)
    {
        Muls(b, a, 0.0f, N);  // expect: uninitialised
        FLAG(V_MTE3);
        DataCopy(y, b, N);
    }
    CASE(masked_away)
    {
        Duplicate(b, 0.0f, N);
        Duplicate(a, 1.0f, 40);
        PipeBarrier<PIPE_V>();
        Adds(b, a, 1.0f, 40, 1, {1, 1, 8, 8});
        FLAG(V_MTE3);
        DataCopy(y, b, N);
    }
    CASE(branch_on_what_was_never_written)
    {
        if (a.GetValue(0) > 0.0f) PRINTF("positive\n");  // expect: uninitialised
    }
    CASE(workspace_written_before)
    {
        Duplicate(a, 1.0f, N);
        FLAG(V_MTE3);
        DataCopy(w, a, N);
        FLAG(MTE3_MTE2);
        DataCopy(b, w, N);
        FLAG(MTE2_MTE3);
        DataCopy(y, b, N);
    }
    CASE(workspace_never_written)
    {
        DataCopy(b, w, N);  // expect: uninitialised
        FLAG(MTE2_MTE3);
        DataCopy(y, b, N);
    }
    CASE(atomic_sum_without_zeroing)
    {
        Duplicate(a, 1.0f, N);
        FLAG(V_MTE3);
        SetAtomicAdd<float>();
        DataCopy(w, a, N);  // expect: uninitialised
        SetAtomicNone();
        FLAG(MTE3_MTE2);
        DataCopy(b, w, N);
        FLAG(MTE2_MTE3);
        DataCopy(y, b, N);
    }
    CASE(gather)
    {
        Duplicate(a, 1.0f, N);
        Duplicate(b.ReinterpretCast<int32_t>(), 8, N);
        PipeBarrier<PIPE_V>();
        Gather(c, a, b.ReinterpretCast<uint32_t>(), 0, N);
    }
    CASE(gather_of_elements_just_written)
    {
        Duplicate(b.ReinterpretCast<int32_t>(), 8, N);
        PipeBarrier<PIPE_V>();
        Duplicate(a, 1.0f, N);
        Gather(c, a, b.ReinterpretCast<uint32_t>(), 0, N);  // expect: race
    }
    CASE(gather_behind_the_end)
    {
        Duplicate(a, 1.0f, N);
        Duplicate(b.ReinterpretCast<int32_t>(), 1 << 20, N);
        PipeBarrier<PIPE_V>();
        Gather(c, a, b.ReinterpretCast<uint32_t>(), 0, N);  // expect: out-of-bounds
    }
    CASE(bf16_through_float)
    {
        Duplicate(a, 1.5f, N);
        PipeBarrier<PIPE_V>();
        Cast(b.ReinterpretCast<bfloat16_t>(), a, RoundMode::CAST_RINT, N);
        PipeBarrier<PIPE_V>();
        Cast(c, b.ReinterpretCast<bfloat16_t>(), RoundMode::CAST_NONE, N);
    }
    CASE(bf16_without_a_round_mode)
    {
        Duplicate(a, 1.5f, N);
        PipeBarrier<PIPE_V>();
        Cast(b.ReinterpretCast<bfloat16_t>(), a, RoundMode::CAST_NONE, N);  // expect: round-mode
    }
    CASE(lanes_of_a_repeat)
    {
        Duplicate(a, 1.0f, 64, 1, 1, 8);
    }
    CASE(more_lanes_than_a_repeat_has)
    {
        Duplicate(a, 1.0f, 65, 1, 1, 8);  // expect: parameter
    }
    CASE(aligned_offset)
    {
        Duplicate(a[8], 1.0f, 32);
    }
    CASE(misaligned_offset)
    {
        Duplicate(a[4], 1.0f, 32);  // expect: misaligned
    }
    CASE(in_place)
    {
        Duplicate(a, 1.0f, N);
        PipeBarrier<PIPE_V>();
        Adds(a, a, 1.0f, N);
    }
    CASE(shifted_in_place)
    {
        auto both = Ub(0, 2 * N);
        Duplicate(both, 1.0f, 2 * N);
        PipeBarrier<PIPE_V>();
        Adds(both[8], both, 1.0f, N);  // expect: overlap
    }
    CASE(accumulating_in_place)
    {
        Duplicate(a, 1.0f, N);
        Duplicate(Ub(4, 4 * N), 1.0f, 4 * N);
        PipeBarrier<PIPE_V>();
        Add(a, Ub(4, 4 * N), a, 64, 4, {1, 1, 1, 0, 8, 0});
    }
    CASE(accumulating_onto_the_first_source)
    {
        Duplicate(a, 1.0f, N);
        Duplicate(Ub(4, 4 * N), 1.0f, 4 * N);
        PipeBarrier<PIPE_V>();
        Add(a, a, Ub(4, 4 * N), 64, 4, {1, 1, 1, 0, 0, 8});  // expect: overlap
    }
    CASE(atomic_of_the_type_that_arrives)
    {
        Duplicate(a, 1.0f, N);
        FLAG(V_MTE3);
        SetAtomicAdd<float>();
        DataCopy(y, a, N);
        SetAtomicNone();
    }
    CASE(atomic_of_another_type)
    {
        Duplicate(a, 1.0f, N);
        FLAG(V_MTE3);
        SetAtomicAdd<half>();
        DataCopy(y, a, N);  // expect: atomic-type
    }
    CASE(from_ub_to_l1)
    {
        DataCopy(LocalTensor<float>(TPosition::A1, 0, N), a, N);  // expect: missing-path
    }
    CASE(from_l1_to_ub)
    {
        DataCopy(a, LocalTensor<float>(TPosition::A1, 0, N), N);  // expect: missing-path
    }
    CASE(from_l0c_to_ub)
    {
        DataCopy(a, LocalTensor<float>(TPosition::CO1, 0, N), N);  // expect: missing-path
    }
    CASE(scalar_store_is_cleaned)
    {
        auto out = Gm<int32_t>(y_address);
        out.SetValue(0, 7);
        CleanLine(out);
        FLAG(S_MTE2);
        DataCopy(a, y, 8);
    }
    CASE(scalar_store_stays_in_the_cache)
    {
        auto out = Gm<int32_t>(y_address);
        out.SetValue(0, 7);
        FLAG(S_MTE2);
        DataCopy(a, y, 8);  // expect: stale
    }
    CASE(scalar_load_after_invalidation)
    {
        auto in = Gm<int32_t>(y_address);
        if (in.GetValue(0) != 0) PRINTF("no\n");
        Duplicate(a, 1.0f, 8);
        FLAG(V_MTE3);
        DataCopy(y, a, 8);
        FLAG(MTE3_S);
        CleanLine(in);
        if (in.GetValue(0) != 0) PRINTF("yes\n");
    }
    CASE(preload_of_what_is_there)
    {
        auto in = Gm<int32_t>(y_address);
        Duplicate(a, 1.0f, 8);
        FLAG(V_MTE3);
        DataCopy(y, a, 8);
        FLAG(MTE3_S);
        DataCachePreload(Gm<uint64_t>(y_address), int64_t(0));
        if (in.GetValue(0) != 0) PRINTF("yes\n");
    }
    CASE(preload_of_an_old_line)
    {
        auto in = Gm<int32_t>(y_address);
        DataCachePreload(Gm<uint64_t>(y_address), int64_t(8));
        Duplicate(a, 1.0f, 8);
        FLAG(V_MTE3);
        DataCopy(y, a, 8);
        FLAG(MTE3_S);
        if (in.GetValue(0) != 0) PRINTF("yes\n");  // expect: stale
    }
    CASE(preload_of_the_last_line)
    {
        DataCachePreload(Gm<uint64_t>(x_address), int64_t(8192 * 4 - 4));
    }
    CASE(preload_behind_the_end)
    {
        DataCachePreload(Gm<uint64_t>(x_address), int64_t(8192 * 4));  // expect: out-of-bounds
    }
    CASE(scalar_load_of_an_old_line)
    {
        auto in = Gm<int32_t>(y_address);
        if (in.GetValue(0) != 0) PRINTF("no\n");
        Duplicate(a, 1.0f, 8);
        FLAG(V_MTE3);
        DataCopy(y, a, 8);
        FLAG(MTE3_S);
        if (in.GetValue(0) != 0) PRINTF("yes\n");  // expect: stale
    }
    CASE(scalar_store_and_transfer_in_one_line)
    {
        auto out = Gm<int32_t>(y_address);
        out.SetValue(0, 7);
        Duplicate(a, 1.0f, 8);
        FLAG(V_MTE3);
        DataCopy(y[8], a, 8);  // expect: cache-line
    }
}
