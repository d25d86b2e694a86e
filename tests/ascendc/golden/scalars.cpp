// Everything that the scalar unit computes.
#include "kernel_operator.h"

struct ScalarsTiling {
    int32_t a;
    int32_t b;
    uint32_t u;
    float x;
    int64_t big;
};

// bytes of workspace
inline int64_t scalars_bytes(const ScalarsTiling& tiling, int64_t blocks)
{
    const int64_t big = tiling.big;
    const int64_t bytes = (big + blocks) / 512L * 512L;
    return bytes;
}

// called by an entry
__aicore__ inline void part(GM_ADDR x, const ScalarsTiling& data)
{
    (void)x;
    const int32_t a = data.a;
    (void)a;
}

extern "C" __global__ __aicore__ void scalars(GM_ADDR out, GM_ADDR real, GM_ADDR workspace, GM_ADDR tiling)
{
    REGISTER_TILING_DEFAULT(ScalarsTiling);
    GET_TILING_DATA(t, tiling);
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_MIX_AIV_1_0);
    const int32_t a = t.a;
    const int32_t b = t.b;
    const uint32_t u = t.u;
    const float x = t.x;
    const int64_t big = t.big;
    (void)workspace;
    AscendC::GlobalTensor<int32_t> out_gm;
    out_gm.SetGlobalBuffer(reinterpret_cast<__gm__ int32_t*>(out), 64ul);
    AscendC::GlobalTensor<float> real_gm;
    real_gm.SetGlobalBuffer(reinterpret_cast<__gm__ float*>(real), 64ul);
    AscendC::Fill<int32_t>(out_gm, 64ul, 9);
    AscendC::SyncAll<true>();
    const int32_t r_add = a + b;
    out_gm.SetValue(0u, r_add);
    const int32_t r_sub = a - b;
    out_gm.SetValue(1u, r_sub);
    const int32_t r_mul = a * b;
    out_gm.SetValue(2u, r_mul);
    const int32_t r_div = a / b;
    out_gm.SetValue(3u, r_div);
    const int32_t r_rem = a % b;
    out_gm.SetValue(4u, r_rem);
    const int32_t r_and = a & b;
    out_gm.SetValue(5u, r_and);
    const int32_t r_or = a | b;
    out_gm.SetValue(6u, r_or);
    const int32_t r_xor = a ^ b;
    out_gm.SetValue(7u, r_xor);
    const int32_t r_min = a < b ? a : b;
    out_gm.SetValue(8u, r_min);
    const int32_t r_max = a > b ? a : b;
    out_gm.SetValue(9u, r_max);
    const int32_t r_shl = a << 3;
    out_gm.SetValue(10u, r_shl);
    const int32_t r_shr = a >> 3;
    out_gm.SetValue(11u, r_shr);
    const bool is_lt = a < b;
    const int32_t is_lt_i = static_cast<int32_t>(is_lt);
    out_gm.SetValue(12u, is_lt_i);
    const bool is_gt = a > b;
    const int32_t is_gt_i = static_cast<int32_t>(is_gt);
    out_gm.SetValue(13u, is_gt_i);
    const bool is_eq = a == b;
    const int32_t is_eq_i = static_cast<int32_t>(is_eq);
    out_gm.SetValue(14u, is_eq_i);
    const bool is_le = a <= b;
    const int32_t is_le_i = static_cast<int32_t>(is_le);
    out_gm.SetValue(15u, is_le_i);
    const bool is_ge = a >= b;
    const int32_t is_ge_i = static_cast<int32_t>(is_ge);
    out_gm.SetValue(16u, is_ge_i);
    const bool is_ne = a != b;
    const int32_t is_ne_i = static_cast<int32_t>(is_ne);
    out_gm.SetValue(17u, is_ne_i);
    const int32_t chosen = is_lt ? a : b;
    out_gm.SetValue(18u, chosen);
    constexpr int32_t lowest = (-2147483647 - 1);
    out_gm.SetValue(19u, lowest);
    const int64_t high = big / 4294967296L;
    const int32_t high_i = static_cast<int32_t>(high);
    out_gm.SetValue(20u, high_i);
    const uint32_t wrapped = u + 4000000000u;
    const int32_t wrapped_i = static_cast<int32_t>(wrapped);
    out_gm.SetValue(21u, wrapped_i);
    const uint8_t small = static_cast<uint8_t>(a);
    const int32_t small_i = static_cast<int32_t>(small);
    out_gm.SetValue(22u, small_i);
    const int32_t floor = static_cast<int32_t>(x);
    out_gm.SetValue(23u, floor);
    const float from_half = static_cast<float>(static_cast<half>(1.5f));
    const float product = x * 0.1f;
    const float total = product + from_half;
    real_gm.SetValue(0L, total);
    const int64_t position = static_cast<int64_t>(a);
    const int64_t folded = position % 8L;
    const int32_t folded_i = static_cast<int32_t>(folded);
    out_gm.SetValue(24u, folded_i);
    int32_t sum = 0;
    for (int32_t i = 0; i < b; i += 1) {
        const int32_t now = sum;
        const int32_t next = now + i;
        sum = next;
    }
    const int32_t final = sum;
    out_gm.SetValue(25u, final);
    const int32_t first = out_gm.GetValue(0u);
    const int32_t again = first + 1;
    out_gm.SetValue(26u, again);
    const int32_t mixed = ((b * (a - (b - 1))) ^ 9) < a ? b : 9;
    out_gm.SetValue(27u, mixed);
    AscendC::PipeBarrier<PIPE_ALL>();
}
