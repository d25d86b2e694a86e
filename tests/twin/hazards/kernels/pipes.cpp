// The pipes of a vector core: what has to be ordered, and by what.
#include "cases.h"

__aicore__ inline void QueueRounds(GlobalTensor<float> x, GlobalTensor<float> y, bool early)
{
    TPipe pipe;
    TQue<TPosition::VECIN, 1> in;
    TQue<TPosition::VECOUT, 1> out;
    pipe.InitBuffer(in, 1, N * 4);
    pipe.InitBuffer(out, 1, N * 4);
    for (uint32_t i = 0; i < 3; ++i) {
        auto a = in.AllocTensor<float>();
        DataCopy(a, x[i * N], N);
        in.EnQue(a);
        a = in.DeQue<float>();
        auto b = out.AllocTensor<float>();
        if (early) in.FreeTensor(a);
        Adds(b, a, 1.0f, N);
        if (!early) in.FreeTensor(a);
        out.EnQue(b);
        b = out.DeQue<float>();
        DataCopy(y[i * N], b, N);
        out.FreeTensor(b);
    }
}

extern "C" __global__ __mix__(1, 2) void pipes_cases(GM_ADDR x_address, GM_ADDR y_address, GM_ADDR workspace, int32_t which)
{
    if ASCEND_IS_AIC return;
    if (GetBlockIdx() != 0) return;
    auto x = Gm(x_address), y = Gm(y_address), w = Gm(workspace);
    auto a = Ub(0), b = Ub(1), c = Ub(2);
    if (which == 0) {
    }
    CASE(load_then_add)
    {
        DataCopy(a, x, N);
        FLAG(MTE2_V);
        Adds(b, a, 1.0f, N);
    }
    CASE(load_then_add_unordered)
    {
        DataCopy(a, x, N);
        Adds(b, a, 1.0f, N);  // expect: race
    }
    CASE(add_then_store)
    {
        Duplicate(a, 1.0f, N);
        FLAG(V_MTE3);
        DataCopy(y, a, N);
    }
    CASE(add_then_store_with_the_flag_of_loads)
    {
        Duplicate(a, 1.0f, N);
        FLAG(MTE2_MTE3);
        DataCopy(y, a, N);  // expect: race
    }
    CASE(vector_reads_what_vector_wrote)
    {
        Duplicate(a, 1.0f, N);
        PipeBarrier<PIPE_V>();
        Adds(b, a, 1.0f, N);
    }
    CASE(vector_reads_what_vector_wrote_unordered)
    {
        Duplicate(a, 1.0f, N);
        Adds(b, a, 1.0f, N);  // expect: race
    }
    CASE(vector_writes_next_to_what_vector_wrote)
    {
        Duplicate(a, 1.0f, N);
        Duplicate(b, 1.0f, N);
    }
    CASE(vector_writes_what_vector_wrote)
    {
        Duplicate(a, 1.0f, N);
        Duplicate(a[32], 2.0f, 32);  // expect: race
    }
    CASE(input_is_loaded_again)
    {
        for (int i = 0; i < 3; ++i) {
            PipeBarrier<PIPE_MTE2>();
            DataCopy(a, x, N);
            FLAG(MTE2_V);
            PipeBarrier<PIPE_V>();
            Adds(b, a, 1.0f, N);
            FLAG(V_MTE2);
        }
    }
    CASE(input_is_loaded_again_too_early)
    {
        for (int i = 0; i < 3; ++i) {
            PipeBarrier<PIPE_MTE2>();
            DataCopy(a, x, N);  // expect: race
            FLAG(MTE2_V);
            PipeBarrier<PIPE_V>();
            Adds(b, a, 1.0f, N);
        }
    }
    CASE(output_is_computed_again)
    {
        for (int i = 0; i < 3; ++i) {
            Duplicate(a, 1.0f, N);
            FLAG(V_MTE3);
            DataCopy(y[i * N], a, N);
            FLAG(MTE3_V);
        }
    }
    CASE(output_is_computed_again_too_early)
    {
        for (int i = 0; i < 3; ++i) {
            PipeBarrier<PIPE_V>();
            Duplicate(a, 1.0f, N);  // expect: race
            FLAG(V_MTE3);
            DataCopy(y[i * N], a, N);
        }
    }
    CASE(loads_to_the_same_place)
    {
        DataCopy(a, x, N);
        PipeBarrier<PIPE_MTE2>();
        DataCopy(a, x[N], N);
    }
    CASE(loads_to_the_same_place_unordered)
    {
        DataCopy(a, x, N);
        DataCopy(Ub(0, 2 * N)[32], x[N], N);  // expect: race
    }
    CASE(stores_to_the_same_place)
    {
        Duplicate(a, 1.0f, N);
        FLAG(V_MTE3);
        DataCopy(y, a, N);
        PipeBarrier<PIPE_MTE3>();
        DataCopy(y[8], a, N);
    }
    CASE(stores_to_the_same_place_unordered)
    {
        Duplicate(a, 1.0f, N);
        FLAG(V_MTE3);
        DataCopy(y, a, N);
        DataCopy(y[8], a, N);  // expect: race
    }
    CASE(atomic_stores_to_one_row)
    {
        Duplicate(a, 1.0f, N);
        FLAG(V_MTE3);
        SetAtomicAdd<float>();
        for (int i = 0; i < 3; ++i) {
            PipeBarrier<PIPE_MTE3>();
            DataCopy(y, a, N);
        }
        SetAtomicNone();
    }
    CASE(atomic_stores_to_one_row_unordered)
    {
        Duplicate(a, 1.0f, N);
        FLAG(V_MTE3);
        SetAtomicAdd<float>();
        for (int i = 0; i < 3; ++i) DataCopy(y, a, N);  // expect: race
        SetAtomicNone();
    }
    CASE(order_is_passed_on)
    {
        DataCopy(a, x, N);
        FLAG(MTE2_V);
        Duplicate(b, 1.0f, N);
        FLAG(V_MTE3);
        DataCopy(y, a, N);
    }
    CASE(order_is_not_passed_on_backwards)
    {
        Duplicate(b, 1.0f, N);
        FLAG(V_MTE3);
        DataCopy(a, x, N);
        FLAG(MTE2_V);
        DataCopy(y, a, N);  // expect: race
    }
    CASE(barrier_of_all_pipes)
    {
        DataCopy(a, x, N);
        PipeBarrier<PIPE_ALL>();
        Adds(b, a, 1.0f, N);
        PipeBarrier<PIPE_ALL>();
        DataCopy(y, b, N);
    }
    CASE(barrier_of_another_pipe)
    {
        DataCopy(a, x, N);
        PipeBarrier<PIPE_MTE2>();
        Adds(b, a, 1.0f, N);  // expect: race
    }
    CASE(scalar_store_then_vector)
    {
        Duplicate(a, 1.0f, N);
        FLAG(V_S);
        a.SetValue(3, 2.0f);
        FLAG(S_V);
        Adds(b, a, 1.0f, N);
    }
    CASE(scalar_store_then_vector_unordered)
    {
        Duplicate(a, 1.0f, N);
        FLAG(V_S);
        a.SetValue(3, 2.0f);
        PipeBarrier<PIPE_V>();
        Adds(b, a, 1.0f, N);  // expect: race
    }
    CASE(scalar_store_then_store)
    {
        for (uint32_t i = 0; i < 8; ++i) a.SetValue(i, 2.0f);
        FLAG(S_MTE3);
        DataCopy(y, a, 8);
    }
    CASE(scalar_store_then_store_unordered)
    {
        for (uint32_t i = 0; i < 8; ++i) a.SetValue(i, 2.0f);
        DataCopy(y, a, 8);  // expect: race
    }
    CASE(load_then_scalar)
    {
        DataCopy(a, x, N);
        FLAG(MTE2_S);
        if (a.GetValue(0) > 1e30f) PRINTF("large\n");
    }
    CASE(load_then_scalar_unordered)
    {
        DataCopy(a, x, N);
        FLAG(MTE2_V);
        if (a.GetValue(0) > 1e30f) PRINTF("large\n");  // expect: race
    }
    CASE(sum_of_a_count_waits_for_itself)
    {
        Duplicate(a, 1.0f, N);
        Duplicate(b, 0.0f, N);
        PipeBarrier<PIPE_V>();
        ReduceSum(b, a, c, N);
        if (b.GetValue(0) != 64.0f) PRINTF("wrong\n");
        DataCopyPad(y, b, DataCopyExtParams{1, 4, 0, 0, 0});
    }
    CASE(sum_of_a_repeat_does_not)
    {
        Duplicate(a, 1.0f, N);
        PipeBarrier<PIPE_V>();
        WholeReduceSum(b, a, 64, 1, 1, 1, 8);
        if (b.GetValue(0) != 64.0f) PRINTF("wrong\n");  // expect: race
    }
    CASE(two_buffers_in_turn)
    {
        for (int i = 0; i < 2; ++i) SetFlag<HardEvent::V_MTE2>(i);
        for (int i = 0; i < 5; ++i) {
            WaitFlag<HardEvent::V_MTE2>(i % 2);
            DataCopy(Ub(i % 2), x[i * N], N);
            SetFlag<HardEvent::MTE2_V>(i % 2);
            WaitFlag<HardEvent::MTE2_V>(i % 2);
            PipeBarrier<PIPE_V>();
            Adds(c, Ub(i % 2), 1.0f, N);
            SetFlag<HardEvent::V_MTE2>(i % 2);
        }
        for (int i = 0; i < 2; ++i) WaitFlag<HardEvent::V_MTE2>(i);
    }
    CASE(two_buffers_with_each_others_flags)
    {
        for (int i = 0; i < 2; ++i) SetFlag<HardEvent::V_MTE2>(i);
        for (int i = 0; i < 5; ++i) {
            WaitFlag<HardEvent::V_MTE2>(i % 2);
            DataCopy(Ub(1 - (i + 1) / 2 % 2), x[i * N], N);  // expect: race
            SetFlag<HardEvent::MTE2_V>(i % 2);
            WaitFlag<HardEvent::MTE2_V>(i % 2);
            PipeBarrier<PIPE_V>();
            Adds(c, Ub(1 - (i + 1) / 2 % 2), 1.0f, N);
            SetFlag<HardEvent::V_MTE2>(i % 2);
        }
        for (int i = 0; i < 2; ++i) WaitFlag<HardEvent::V_MTE2>(i);
    }
    CASE(queues) { QueueRounds(x, y, false); }
    CASE(queue_without_enque)
    {
        TPipe pipe;
        TQue<TPosition::VECIN, 1> in;
        pipe.InitBuffer(in, 2, N * 4);
        auto t = in.AllocTensor<float>();
        DataCopy(t, x, N);
        Adds(Ub(8), t, 1.0f, N);  // expect: race
    }
    CASE(queue_gives_back_too_early)
    {
        TPipe pipe;
        TQue<TPosition::VECIN, 1> in;
        pipe.InitBuffer(in, 1, N * 4);
        for (int i = 0; i < 2; ++i) {
            auto t = in.AllocTensor<float>();
            DataCopy(t, x, N);  // expect: race
            in.EnQue(t);
            t = in.DeQue<float>();
            in.FreeTensor(t);
            PipeBarrier<PIPE_V>();
            Adds(Ub(8), t, 1.0f, N);
        }
    }
    CASE(flags_over_any_number_of_rounds)
    {
        for (int rounds = 0; rounds < 4; ++rounds) {
            SetFlag<HardEvent::MTE3_V>(1);
            for (int i = 0; i < rounds; ++i) {
                WaitFlag<HardEvent::MTE3_V>(1);
                Duplicate(a, 1.0f, N);
                FLAG(V_MTE3);
                PipeBarrier<PIPE_MTE3>();
                DataCopy(y, a, N);
                SetFlag<HardEvent::MTE3_V>(1);
            }
            WaitFlag<HardEvent::MTE3_V>(1);
        }
    }
    CASE(flag_left_by_short_batches)
    {
        for (int i = 0; i < 2; ++i) {
            if (i == 1) SetFlag<HardEvent::MTE3_V>(1);  // expect: flag-left-set
            if (i == 2) WaitFlag<HardEvent::MTE3_V>(1);
        }
    }
    CASE(flag_set_twice)
    {
        SetFlag<HardEvent::MTE2_V>(3);
        SetFlag<HardEvent::MTE2_V>(3);  // expect: flag-set-twice
    }
    CASE(flag_never_set)
    {
        SetFlag<HardEvent::MTE2_V>(3);
        WaitFlag<HardEvent::MTE2_V>(3);
        WaitFlag<HardEvent::MTE2_V>(3);  // expect: deadlock
    }
    CASE(all_ids_with_a_pipe)
    {
        TPipe pipe;
        for (int i = 0; i < 8; ++i) SetFlag<HardEvent::MTE2_V>(i);
        for (int i = 0; i < 8; ++i) WaitFlag<HardEvent::MTE2_V>(i);
    }
    CASE(event_id_of_the_system)
    {
        SetFlag<HardEvent::MTE2_V>(6);  // expect: event-id
        WaitFlag<HardEvent::MTE2_V>(5);  // expect: deadlock
    }
    CASE(event_id_out_of_range)
    {
        TPipe pipe;
        SetFlag<HardEvent::MTE2_V>(8);  // expect: event-id
    }
    CASE(event_id_of_a_queue)
    {
        TPipe pipe;
        TQue<TPosition::VECIN, 1> in;
        pipe.InitBuffer(in, 1, N * 4);
        auto t = in.AllocTensor<float>();
        DataCopy(t, x, N);
        in.EnQue(t);
        WaitFlag<HardEvent::MTE2_V>(0);  // expect: flag-taken
        Adds(Ub(8), t, 1.0f, N);
    }
    CASE(event_id_beside_a_queue)
    {
        TPipe pipe;
        TQue<TPosition::VECIN, 1> in;
        pipe.InitBuffer(in, 1, N * 4);
        auto t = in.AllocTensor<float>();
        DataCopy(t, x, N);
        in.EnQue(t);
        TEventID id = pipe.AllocEventID<HardEvent::MTE2_V>();
        SetFlag<HardEvent::MTE2_V>(id);
        WaitFlag<HardEvent::MTE2_V>(id);
        pipe.ReleaseEventID<HardEvent::MTE2_V>(id);
        t = in.DeQue<float>();
        Adds(Ub(8), t, 1.0f, N);
        in.FreeTensor(t);
    }
    (void)w;
}
