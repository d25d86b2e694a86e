// Scalar operators, casts, constants and variables, each stored into its own element.

ascendc.comment "Everything that the scalar unit computes."
ascendc.include "kernel_operator.h"

ascendc.tiling_struct @ScalarsTiling {
  ascendc.tiling_field @a : i32
  ascendc.tiling_field @b : i32
  ascendc.tiling_field @u : ui32
  ascendc.tiling_field @x : f32
  ascendc.tiling_field @big : i64
}

ascendc.host_function @scalars_bytes attributes {comment = "bytes of workspace"} {
^bb0(%tiling: !ascendc.tiling<ScalarsTiling>, %blocks: i64):
  %big = ascendc.tiling_member %tiling @big : (!ascendc.tiling<ScalarsTiling>) -> i64
  %unit = ascendc.constant 512 : i64
  %bytes = ascendc.expression : i64 {
    %more = ascendc.arithmetic add %big, %blocks : i64
    %units = ascendc.arithmetic div %more, %unit : i64
    %all = ascendc.arithmetic mul %units, %unit : i64
    ascendc.yield %all : i64
  }
  ascendc.return_value %bytes
}

ascendc.function @part(%x: !ascendc.address, %data: !ascendc.tiling<ScalarsTiling>) attributes {comment = "called by an entry"} {
  ascendc.unused %x : !ascendc.address
  %a = ascendc.tiling_member %data @a : (!ascendc.tiling<ScalarsTiling>) -> i32
  ascendc.unused %a : i32
}

ascendc.kernel @scalars(%out: !ascendc.address, %real: !ascendc.address, %workspace: !ascendc.address, %tiling: !ascendc.address) {
  ascendc.register_tiling @ScalarsTiling
  %t = ascendc.get_tiling_data %tiling : !ascendc.tiling<ScalarsTiling>
  ascendc.kernel_type mix_aiv_1_0
  %a = ascendc.tiling_member %t @a : (!ascendc.tiling<ScalarsTiling>) -> i32
  %b = ascendc.tiling_member %t @b : (!ascendc.tiling<ScalarsTiling>) -> i32
  %u = ascendc.tiling_member %t @u : (!ascendc.tiling<ScalarsTiling>) -> ui32
  %x = ascendc.tiling_member %t @x : (!ascendc.tiling<ScalarsTiling>) -> f32
  %big = ascendc.tiling_member %t @big : (!ascendc.tiling<ScalarsTiling>) -> i64
  ascendc.unused %workspace : !ascendc.address
  %count = ascendc.constant 64 : ui64
  %out_gm = ascendc.global_tensor : !ascendc.global<i32>
  ascendc.set_global_buffer %out_gm, %out, %count : !ascendc.global<i32>, ui64
  %real_gm = ascendc.global_tensor : !ascendc.global<f32>
  ascendc.set_global_buffer %real_gm, %real, %count : !ascendc.global<f32>, ui64
  %nine = ascendc.constant 9 : i32
  ascendc.fill %out_gm, %count, %nine : !ascendc.global<i32>, ui64, i32
  ascendc.sync_all true
  %r_add = ascendc.arithmetic add %a, %b : i32
  %n0 = ascendc.constant 0 : ui32
  ascendc.set_value %out_gm[%n0], %r_add : !ascendc.global<i32>, ui32, i32
  %r_sub = ascendc.arithmetic sub %a, %b : i32
  %n1 = ascendc.constant 1 : ui32
  ascendc.set_value %out_gm[%n1], %r_sub : !ascendc.global<i32>, ui32, i32
  %r_mul = ascendc.arithmetic mul %a, %b : i32
  %n2 = ascendc.constant 2 : ui32
  ascendc.set_value %out_gm[%n2], %r_mul : !ascendc.global<i32>, ui32, i32
  %r_div = ascendc.arithmetic div %a, %b : i32
  %n3 = ascendc.constant 3 : ui32
  ascendc.set_value %out_gm[%n3], %r_div : !ascendc.global<i32>, ui32, i32
  %r_rem = ascendc.arithmetic rem %a, %b : i32
  %n4 = ascendc.constant 4 : ui32
  ascendc.set_value %out_gm[%n4], %r_rem : !ascendc.global<i32>, ui32, i32
  %r_and = ascendc.arithmetic and %a, %b : i32
  %n5 = ascendc.constant 5 : ui32
  ascendc.set_value %out_gm[%n5], %r_and : !ascendc.global<i32>, ui32, i32
  %r_or = ascendc.arithmetic or %a, %b : i32
  %n6 = ascendc.constant 6 : ui32
  ascendc.set_value %out_gm[%n6], %r_or : !ascendc.global<i32>, ui32, i32
  %r_xor = ascendc.arithmetic xor %a, %b : i32
  %n7 = ascendc.constant 7 : ui32
  ascendc.set_value %out_gm[%n7], %r_xor : !ascendc.global<i32>, ui32, i32
  %r_min = ascendc.arithmetic min %a, %b : i32
  %n8 = ascendc.constant 8 : ui32
  ascendc.set_value %out_gm[%n8], %r_min : !ascendc.global<i32>, ui32, i32
  %r_max = ascendc.arithmetic max %a, %b : i32
  %n9 = ascendc.constant 9 : ui32
  ascendc.set_value %out_gm[%n9], %r_max : !ascendc.global<i32>, ui32, i32
  %three = ascendc.constant 3 : i32
  %r_shl = ascendc.arithmetic shl %a, %three : i32
  %n10 = ascendc.constant 10 : ui32
  ascendc.set_value %out_gm[%n10], %r_shl : !ascendc.global<i32>, ui32, i32
  %r_shr = ascendc.arithmetic shr %a, %three : i32
  %n11 = ascendc.constant 11 : ui32
  ascendc.set_value %out_gm[%n11], %r_shr : !ascendc.global<i32>, ui32, i32
  %is_lt = ascendc.cmp lt %a, %b : i32
  %n12 = ascendc.constant 12 : ui32
  %is_lt_i = ascendc.scalar_cast %is_lt : i1 to i32
  ascendc.set_value %out_gm[%n12], %is_lt_i : !ascendc.global<i32>, ui32, i32
  %is_gt = ascendc.cmp gt %a, %b : i32
  %n13 = ascendc.constant 13 : ui32
  %is_gt_i = ascendc.scalar_cast %is_gt : i1 to i32
  ascendc.set_value %out_gm[%n13], %is_gt_i : !ascendc.global<i32>, ui32, i32
  %is_eq = ascendc.cmp eq %a, %b : i32
  %n14 = ascendc.constant 14 : ui32
  %is_eq_i = ascendc.scalar_cast %is_eq : i1 to i32
  ascendc.set_value %out_gm[%n14], %is_eq_i : !ascendc.global<i32>, ui32, i32
  %is_le = ascendc.cmp le %a, %b : i32
  %n15 = ascendc.constant 15 : ui32
  %is_le_i = ascendc.scalar_cast %is_le : i1 to i32
  ascendc.set_value %out_gm[%n15], %is_le_i : !ascendc.global<i32>, ui32, i32
  %is_ge = ascendc.cmp ge %a, %b : i32
  %n16 = ascendc.constant 16 : ui32
  %is_ge_i = ascendc.scalar_cast %is_ge : i1 to i32
  ascendc.set_value %out_gm[%n16], %is_ge_i : !ascendc.global<i32>, ui32, i32
  %is_ne = ascendc.cmp ne %a, %b : i32
  %n17 = ascendc.constant 17 : ui32
  %is_ne_i = ascendc.scalar_cast %is_ne : i1 to i32
  ascendc.set_value %out_gm[%n17], %is_ne_i : !ascendc.global<i32>, ui32, i32
  %chosen = ascendc.choose %is_lt, %a, %b : i32
  %n18 = ascendc.constant 18 : ui32
  ascendc.set_value %out_gm[%n18], %chosen : !ascendc.global<i32>, ui32, i32
  %lowest = ascendc.constexpr -2147483648 : i32
  %n19 = ascendc.constant 19 : ui32
  ascendc.set_value %out_gm[%n19], %lowest : !ascendc.global<i32>, ui32, i32
  %far = ascendc.constant 4294967296 : i64
  %high = ascendc.arithmetic div %big, %far : i64
  %n20 = ascendc.constant 20 : ui32
  %high_i = ascendc.scalar_cast %high : i64 to i32
  ascendc.set_value %out_gm[%n20], %high_i : !ascendc.global<i32>, ui32, i32
  %w4000000000 = ascendc.constant 4000000000 : ui32
  %wrapped = ascendc.arithmetic add %u, %w4000000000 : ui32
  %n21 = ascendc.constant 21 : ui32
  %wrapped_i = ascendc.scalar_cast %wrapped : ui32 to i32
  ascendc.set_value %out_gm[%n21], %wrapped_i : !ascendc.global<i32>, ui32, i32
  %small = ascendc.scalar_cast %a : i32 to ui8
  %n22 = ascendc.constant 22 : ui32
  %small_i = ascendc.scalar_cast %small : ui8 to i32
  ascendc.set_value %out_gm[%n22], %small_i : !ascendc.global<i32>, ui32, i32
  %floor = ascendc.scalar_cast %x : f32 to i32
  %n23 = ascendc.constant 23 : ui32
  ascendc.set_value %out_gm[%n23], %floor : !ascendc.global<i32>, ui32, i32
  %half = ascendc.constant 1.5 : f16
  %from_half = ascendc.scalar_cast %half : f16 to f32
  %tenth = ascendc.constant 0.1 : f32
  %product = ascendc.arithmetic mul %x, %tenth : f32
  %total = ascendc.arithmetic add %product, %from_half : f32
  %i0 = ascendc.constant 0 : index
  ascendc.set_value %real_gm[%i0], %total : !ascendc.global<f32>, index, f32
  %position = ascendc.scalar_cast %a : i32 to index
  %i8 = ascendc.constant 8 : index
  %folded = ascendc.arithmetic rem %position, %i8 : index
  %n24 = ascendc.constant 24 : ui32
  %folded_i = ascendc.scalar_cast %folded : index to i32
  ascendc.set_value %out_gm[%n24], %folded_i : !ascendc.global<i32>, ui32, i32
  %zero = ascendc.constant 0 : i32
  %one = ascendc.constant 1 : i32
  %sum = ascendc.variable %zero : i32
  ascendc.for %i = %zero to %b step %one : i32 {
    %now = ascendc.read %sum : i32
    %next = ascendc.arithmetic add %now, %i : i32
    ascendc.assign %sum, %next : i32
  }
  %final = ascendc.read %sum : i32
  %n25 = ascendc.constant 25 : ui32
  ascendc.set_value %out_gm[%n25], %final : !ascendc.global<i32>, ui32, i32
  %first = ascendc.get_value %out_gm[%n0] : !ascendc.global<i32>, ui32 to i32
  %again = ascendc.arithmetic add %first, %one : i32
  %n26 = ascendc.constant 26 : ui32
  ascendc.set_value %out_gm[%n26], %again : !ascendc.global<i32>, ui32, i32
  %n27 = ascendc.constant 27 : ui32
  %mixed = ascendc.expression : i32 {
    %less = ascendc.arithmetic sub %b, %one : i32
    %difference = ascendc.arithmetic sub %a, %less : i32
    %scaled = ascendc.arithmetic mul %b, %difference : i32
    %bits = ascendc.arithmetic xor %scaled, %nine : i32
    %is_small = ascendc.cmp lt %bits, %a : i32
    %picked = ascendc.choose %is_small, %b, %nine : i32
    ascendc.yield %picked : i32
  }
  ascendc.set_value %out_gm[%n27], %mixed : !ascendc.global<i32>, ui32, i32
  ascendc.pipe_barrier all
}
