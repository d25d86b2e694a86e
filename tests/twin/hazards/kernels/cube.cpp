// The pipes of a cube core, its layouts and unit flags.
#include "cases.h"

using T = half;

constexpr uint32_t TILE = 256;  // elements of a fractal

__aicore__ inline MmadParams Product(uint16_t m, uint16_t n, uint16_t k, bool fresh = true, uint8_t unit = 0)
{
    return MmadParams(m, n, k, unit, false, fresh);
}
__aicore__ inline LoadData2DParams Fractals(uint8_t count) { return LoadData2DParams(0, count, 1, 0, 0, false, 0); }
__aicore__ inline Nd2NzParams Rows(uint16_t rows, uint16_t height = 16) { return Nd2NzParams{1, rows, 16, 0, 16, height, 1, 0}; }
__aicore__ inline FixpipeParamsV220 Out(uint16_t n, uint16_t m, uint8_t unit = 0)
{
    return FixpipeParamsV220(n, m, 16, 16, false, NoQuant, 0, 1, 0, 0, unit);
}

extern "C" __global__ __mix__(1, 2) void cube_cases(GM_ADDR x_address, GM_ADDR y_address, GM_ADDR workspace, int32_t which)
{
    (void)workspace;
    if ASCEND_IS_AIV return;
    if (GetBlockIdx() != 0) return;
    if ASCEND_IS_AIC {
        auto x = Gm<T>(x_address);
        auto y = Gm(y_address);
        LocalTensor<T> a1(TPosition::A1, 0, 16 * TILE), b1(TPosition::B1, 16 * TILE * 2, 16 * TILE);
        LocalTensor<T> a2(TPosition::A2, 0, 16 * TILE), b2(TPosition::B2, 0, 16 * TILE);
        LocalTensor<float> c(TPosition::CO1, 0, 16 * TILE);
        // Loads both operands, in order.
        auto load = [&](uint8_t fractals) {
            DataCopy(a1, x, Rows(16 * fractals, 16 * fractals));
            DataCopy(b1, x, Rows(16 * fractals, 16 * fractals));
            FLAG(MTE2_MTE1);
            LoadData(a2, a1, Fractals(fractals));
            LoadData(b2, b1, Fractals(fractals));
            FLAG(MTE1_M);
        };
        auto store = [&](uint16_t n, uint16_t m) {
            FLAG(M_FIX);
            Fixpipe<float, float, CFG_ROW_MAJOR>(y, c, Out(n, m));
        };
        if (which == 0) {
        }
        CASE(load_multiply_store)
        {
            load(1);
            Mmad(c, a2, b2, Product(16, 16, 16));
            store(16, 16);
        }
        CASE(l0_loads_before_l1_is_full)
        {
            DataCopy(a1, x, Rows(16));
            LoadData(a2, a1, Fractals(1));  // expect: race
        }
        CASE(product_before_l0_is_full)
        {
            load(1);
            FLAG(M_MTE1);
            PipeBarrier<PIPE_MTE1>();
            LoadData(a2, a1, Fractals(1));
            Mmad(c, a2, b2, Product(16, 16, 16));  // expect: race
        }
        CASE(result_is_stored_too_early)
        {
            load(1);
            Mmad(c, a2, b2, Product(16, 16, 16));
            Fixpipe<float, float, CFG_ROW_MAJOR>(y, c, Out(16, 16));  // expect: race
        }
        CASE(result_is_overwritten_too_early)
        {
            load(1);
            Mmad(c, a2, b2, Product(16, 16, 16));
            store(16, 16);
            PipeBarrier<PIPE_M>();
            Mmad(c, a2, b2, Product(16, 16, 16));  // expect: race
        }
        CASE(result_is_overwritten_in_order)
        {
            load(1);
            Mmad(c, a2, b2, Product(16, 16, 16));
            store(16, 16);
            FLAG(FIX_M);
            Mmad(c, a2, b2, Product(16, 16, 16));
        }
        CASE(l1_is_loaded_again_in_order)
        {
            load(1);
            FLAG(MTE1_MTE2);
            DataCopy(a1, x, Rows(16));
        }
        CASE(l1_is_loaded_again_too_early)
        {
            load(1);
            PipeBarrier<PIPE_MTE2>();
            DataCopy(a1, x, Rows(16));  // expect: race
        }
        CASE(l0_is_loaded_again_in_order)
        {
            load(1);
            Mmad(c, a2, b2, Product(16, 16, 16));
            FLAG(M_MTE1);
            LoadData(a2, a1, Fractals(1));
        }
        CASE(l0_is_loaded_again_too_early)
        {
            load(1);
            Mmad(c, a2, b2, Product(16, 16, 16));
            PipeBarrier<PIPE_MTE1>();
            LoadData(a2, a1, Fractals(1));  // expect: race
        }
        CASE(small_products_add_up_in_order)
        {
            load(3);
            Mmad(c, a2, b2, Product(48, 48, 16));
            PipeBarrier<PIPE_M>();
            Mmad(c, a2, b2, Product(48, 48, 16, false));
        }
        CASE(small_products_add_up)
        {
            load(3);
            Mmad(c, a2, b2, Product(48, 48, 16));
            Mmad(c, a2, b2, Product(48, 48, 16, false));  // expect: race
        }
        CASE(product_adds_to_what_was_never_written)
        {
            load(1);
            Mmad(c, a2, b2, Product(16, 16, 16, false));  // expect: uninitialised
            store(16, 16);
        }
        CASE(large_products_add_up)
        {
            load(4);
            Mmad(c, a2, b2, Product(64, 48, 16));
            Mmad(c, a2, b2, Product(64, 48, 16, false));
        }
        CASE(unit_flags_hand_over)
        {
            load(1);
            for (int i = 0; i < 2; ++i) {
                Mmad(c, a2, b2, Product(16, 16, 16, true, 2));
                PipeBarrier<PIPE_M>();
                Mmad(c, a2, b2, Product(16, 16, 16, false, 3));
                PipeBarrier<PIPE_FIX>();
                Fixpipe<float, float, CFG_ROW_MAJOR>(y, c, Out(16, 16, 3));
                PipeBarrier<PIPE_M>();
            }
        }
        CASE(unit_flag_on_one_side_only)
        {
            load(1);
            Mmad(c, a2, b2, Product(16, 16, 16, true, 3));
            Fixpipe<float, float, CFG_ROW_MAJOR>(y, c, Out(16, 16));  // expect: race, unit-flag
        }
        CASE(unit_flag_of_the_product_only)
        {
            load(1);
            Mmad(c, a2, b2, Product(16, 16, 16, true, 3));
            FLAG(M_FIX);
            Fixpipe<float, float, CFG_ROW_MAJOR>(y, c, Out(16, 16));  // expect: unit-flag
        }
        CASE(unit_flag_of_the_store_only)
        {
            load(1);
            Mmad(c, a2, b2, Product(16, 16, 16));
            FLAG(M_FIX);
            Fixpipe<float, float, CFG_ROW_MAJOR>(y, c, Out(16, 16, 3));  // expect: unit-flag
        }
        CASE(unit_flag_that_the_last_product_keeps)
        {
            load(1);
            Mmad(c, a2, b2, Product(16, 16, 16, true, 2));
            FLAG(M_FIX);
            Fixpipe<float, float, CFG_ROW_MAJOR>(y, c, Out(16, 16, 3));  // expect: unit-flag
        }
        CASE(unit_flag_that_the_store_keeps)
        {
            load(1);
            Mmad(c, a2, b2, Product(16, 16, 16, true, 3));  // expect: unit-flag
            FLAG(M_FIX);
            Fixpipe<float, float, CFG_ROW_MAJOR>(y, c, Out(16, 16, 2));
        }
        CASE(unit_flags_of_two_products_and_no_store)
        {
            load(1);
            for (int i = 0; i < 2; ++i) {
                Mmad(c, a2, b2, Product(16, 16, 16, true, 3));  // expect: unit-flag
                PipeBarrier<PIPE_M>();
            }
            Fixpipe<float, float, CFG_ROW_MAJOR>(y, c, Out(16, 16, 3));
        }
        CASE(unit_flag_of_the_first_of_two_products)
        {
            load(1);
            Mmad(c, a2, b2, Product(16, 16, 16, true, 3));
            PipeBarrier<PIPE_M>();
            Mmad(c, a2, b2, Product(16, 16, 16, false));  // expect: unit-flag
            FLAG(M_FIX);
            Fixpipe<float, float, CFG_ROW_MAJOR>(y, c, Out(16, 16));
        }
        CASE(unit_flags_hand_over_in_two_parts)
        {
            load(2);
            Mmad(c, a2, b2, Product(24, 32, 16, true, 3));
            Fixpipe<float, float, CFG_ROW_MAJOR>(y, c, FixpipeParamsV220(16, 24, 32, 16, false, NoQuant, 0, 1, 0, 0, 3));
            Fixpipe<float, float, CFG_ROW_MAJOR>(y[1024], c[512], FixpipeParamsV220(16, 24, 32, 16, false, NoQuant, 0, 1, 0, 0, 3));
        }
        CASE(two_matrices_in_one_load)
        {
            DataCopy(a1, x, Nd2NzParams{2, 16, 16, TILE, 16, 16, 1, TILE});
        }
        CASE(two_matrices_over_each_other)
        {
            DataCopy(a1, x, Nd2NzParams{2, 16, 16, TILE, 16, 16, 1, 0});  // expect: overlap
        }
        CASE(two_matrices_over_each_other_on_the_way_out)
        {
            load(1);
            Mmad(c, a2, b2, Product(16, 16, 16));
            FLAG(M_FIX);
            Fixpipe<float, float, CFG_ROW_MAJOR>(y, c, FixpipeParamsV220(16, 16, 16, 16, false, NoQuant, 0, 2, 0, 8, 0));  // expect: overlap
        }
        CASE(two_rows)
        {
            load(1);
            Mmad(c, a2, b2, Product(2, 16, 16));
            store(16, 1);
        }
        CASE(one_row)
        {
            load(1);
            Mmad(c, a2, b2, Product(1, 16, 16));  // expect: gemv
            store(16, 1);
        }
        CASE(ten_rows_of_a_fractal)
        {
            DataCopy(a1, x, Rows(10));
            DataCopy(b1, x, Rows(16));
            FLAG(MTE2_MTE1);
            LoadData(a2, a1, Fractals(1));
            LoadData(b2, b1, Fractals(1));
            FLAG(MTE1_M);
            Mmad(c, a2, b2, Product(10, 16, 16));
            store(16, 10);
        }
        CASE(rows_that_were_never_loaded)
        {
            DataCopy(a1, x, Rows(10));
            DataCopy(b1, x, Rows(16));
            FLAG(MTE2_MTE1);
            LoadData(a2, a1, Fractals(1));  // expect: uninitialised
            LoadData(b2, b1, Fractals(1));
            FLAG(MTE1_M);
            Mmad(c, a2, b2, Product(16, 16, 16));
            store(16, 16);
        }
        CASE(depth_that_was_never_loaded)
        {
            DataCopy(a1, x, Nd2NzParams{1, 16, 16, 0, 16, 16, 1, 0});
            DataCopy(b1, x, Rows(10));
            FLAG(MTE2_MTE1);
            LoadData(a2, a1, Fractals(1));
            LoadData(b2, b1, LoadData2DParams(0, 1, 1, 0, 0, true, 0));  // expect: uninitialised
            FLAG(MTE1_M);
            Mmad(c, a2, b2, Product(16, 16, 16));
            store(16, 16);
        }
        CASE(depth_within_what_was_loaded)
        {
            DataCopy(a1, x, Nd2NzParams{1, 16, 16, 0, 16, 16, 1, 0});
            DataCopy(b1, x, Rows(10));
            FLAG(MTE2_MTE1);
            LoadData(a2, a1, Fractals(1));
            LoadData(b2, b1, LoadData2DParams(0, 1, 1, 0, 0, true, 0));
            FLAG(MTE1_M);
            Mmad(c, a2, b2, Product(16, 16, 10));
            store(16, 16);
        }
        CASE(elements_behind_the_product)
        {
            load(1);
            Mmad(c, a2, b2, Product(16, 12, 16));
            FLAG(M_FIX);
            Fixpipe<float, float, CFG_ROW_MAJOR>(y, c, Out(16, 16));  // expect: uninitialised
        }
        CASE(elements_of_the_product)
        {
            load(1);
            Mmad(c, a2, b2, Product(16, 12, 16));
            store(12, 16);
        }
        CASE(row_stride_of_one)
        {
            DataCopy(a1, x, Rows(16));
        }
        CASE(row_stride_left_at_zero)
        {
            DataCopy(a1, x, Nd2NzParams{1, 16, 16, 0, 16, 16, 0, 0});  // expect: parameter
        }
        CASE(stores_from_l0c_to_the_same_place)
        {
            load(1);
            Mmad(c, a2, b2, Product(16, 16, 16));
            store(16, 16);
            Fixpipe<float, float, CFG_ROW_MAJOR>(y[8], c, Out(16, 16));  // expect: race
        }
        CASE(stores_from_l0c_add_up)
        {
            load(1);
            Mmad(c, a2, b2, Product(16, 16, 16));
            SetAtomicAdd<float>();
            store(16, 16);
            Fixpipe<float, float, CFG_ROW_MAJOR>(y, c, Out(16, 16));
            SetAtomicNone();
        }
        CASE(stores_from_l0c_add_another_type)
        {
            load(1);
            Mmad(c, a2, b2, Product(16, 16, 16));
            FLAG(M_FIX);
            SetAtomicAdd<half>();
            Fixpipe<float, float, CFG_ROW_MAJOR>(y, c, Out(16, 16));  // expect: atomic-type
        }
        CASE(aligned_accumulator)
        {
            load(1);
            Mmad(c[TILE], a2, b2, Product(16, 16, 16));
        }
        CASE(misaligned_accumulator)
        {
            load(1);
            Mmad(c[TILE / 2], a2, b2, Product(16, 16, 16));  // expect: misaligned
        }
        CASE(direction_between_pipes)
        {
            SetFlag<HardEvent::FIX_MTE1>(0);
            WaitFlag<HardEvent::FIX_MTE1>(0);
        }
        CASE(direction_that_does_not_exist)
        {
            SetFlag<HardEvent::FIX_MTE2>(0);  // expect: direction
            WaitFlag<HardEvent::FIX_MTE2>(0);
        }
        CASE(from_l0c_to_ub)
        {
            DataCopy(LocalTensor<float>(TPosition::VECIN, 0, 64), c, 64);  // expect: missing-path
        }
    }
}
