// total[index[t]] += source[index[t]] for every token t with a valid index: rows by scalar index, added
// atomically after one core has cleared the sum.

ascendc.include "kernel_operator.h"

ascendc.tiling_struct @ScatterTiling {
  ascendc.tiling_field @tokens : ui32
  ascendc.tiling_field @rows : i32
}

ascendc.kernel @gather_scatter(%source: !ascendc.address, %index: !ascendc.address, %total: !ascendc.address, %workspace: !ascendc.address, %tiling: !ascendc.address) {
  ascendc.register_tiling @ScatterTiling
  %t = ascendc.get_tiling_data %tiling : !ascendc.tiling<ScatterTiling>
  ascendc.kernel_type mix_aiv_1_0
  %tokens = ascendc.tiling_member %t @tokens : (!ascendc.tiling<ScatterTiling>) -> ui32
  %rows = ascendc.tiling_member %t @rows : (!ascendc.tiling<ScatterTiling>) -> i32
  ascendc.unused %workspace : !ascendc.address
  %width = ascendc.constexpr 128 : i32
  %c0 = ascendc.constant 0 : ui32
  %c1 = ascendc.constant 1 : ui32
  %c2 = ascendc.constant 2 : ui32
  %index_bytes = ascendc.constant 4 : i64
  %ahead = ascendc.constant 16 : i64
  %h1 = ascendc.constant 1 : ui16
  %none = ascendc.constant 0 : i32
  %event = ascendc.constant 0 : i32
  %zero = ascendc.constant 0.0 : f32
  %width_u = ascendc.constant 128 : ui32
  %width_as_u = ascendc.scalar_cast %width : i32 to ui32
  %rows_u = ascendc.scalar_cast %rows : i32 to ui32
  %size = ascendc.arithmetic mul %rows_u, %width_as_u : ui32
  %source_gm = ascendc.global_tensor : !ascendc.global<f32>
  ascendc.set_global_buffer %source_gm, %source, %size : !ascendc.global<f32>, ui32
  %index_gm = ascendc.global_tensor : !ascendc.global<i32>
  ascendc.set_global_buffer %index_gm, %index, %tokens : !ascendc.global<i32>, ui32
  %words = ascendc.arithmetic div %tokens, %c2 : ui32
  %index_words = ascendc.global_tensor : !ascendc.global<ui64>
  ascendc.set_global_buffer %index_words, %index, %words : !ascendc.global<ui64>, ui32
  %total_gm = ascendc.global_tensor : !ascendc.global<f32>
  ascendc.set_global_buffer %total_gm, %total, %size : !ascendc.global<f32>, ui32
  %me64 = ascendc.get_block_idx
  %all64 = ascendc.get_block_num
  %me = ascendc.scalar_cast %me64 : i64 to ui32
  %all = ascendc.scalar_cast %all64 : i64 to ui32
  %first_core = ascendc.constant 0 : ui32
  %is_first = ascendc.cmp eq %me, %first_core : ui32
  ascendc.if %is_first {
    ascendc.init_output %total_gm, %size, %zero : !ascendc.global<f32>, ui32, f32
  }
  ascendc.sync_all true
  %pipe = ascendc.tpipe
  %bytes = ascendc.constant 512 : ui32
  %ub = ascendc.tbuf : !ascendc.tbuf<vecin>
  ascendc.init_buffer %pipe, %ub, %bytes : !ascendc.tpipe, !ascendc.tbuf<vecin>, ui32
  %row = ascendc.get_with_offset %ub, %width_u, %c0 : !ascendc.tbuf<vecin> to !ascendc.local<f32, vecin>
  %burst = ascendc.data_copy_ext_params blockCount %h1, blockLen %bytes, srcStride %c0, dstStride %c0, rsv %c0
  ascendc.set_flag mte3_mte2 %event : i32
  ascendc.for %token = %me to %tokens step %all : ui32 {
    %here = ascendc.scalar_cast %token : ui32 to i64
    %next = ascendc.arithmetic add %here, %ahead : i64
    %all_tokens = ascendc.scalar_cast %tokens : ui32 to i64
    %has_next = ascendc.cmp lt %next, %all_tokens : i64
    ascendc.if %has_next {
      %next_byte = ascendc.arithmetic mul %next, %index_bytes : i64
      ascendc.data_cache_preload %index_words, %next_byte : !ascendc.global<ui64>, i64
    }
    %key = ascendc.get_value %index_gm[%token] : !ascendc.global<i32>, ui32 to i32
    %is_row = ascendc.cmp ge %key, %none : i32
    %is_small = ascendc.cmp lt %key, %rows : i32
    %valid = ascendc.arithmetic and %is_row, %is_small : i1
    ascendc.if %valid attributes {comment = "an absent row adds nothing"} {
      %at = ascendc.arithmetic mul %key, %width : i32
      %from = ascendc.tensor_at %source_gm[%at] : !ascendc.global<f32>, i32
      %to = ascendc.tensor_at %total_gm[%at] : !ascendc.global<f32>, i32
      ascendc.wait_flag mte3_mte2 %event : i32
      ascendc.data_copy %row, %from, %width_u : !ascendc.local<f32, vecin>, !ascendc.global<f32>, ui32
      ascendc.set_flag mte2_mte3 %event : i32
      ascendc.wait_flag mte2_mte3 %event : i32
      ascendc.set_atomic_add f32
      ascendc.data_copy_pad_out %to, %row, %burst : !ascendc.global<f32>, !ascendc.local<f32, vecin>, !ascendc.params<DataCopyExtParams>
      ascendc.set_atomic_none
      ascendc.set_flag mte3_mte2 %event : i32
    }
  }
  ascendc.wait_flag mte3_mte2 %event : i32
  ascendc.pipe_barrier all
}
