// z = x + y over several cores: whole tiles by bursts of blocks, the tail by bytes.

ascendc.include "kernel_operator.h"

ascendc.tiling_struct @VectorAddTiling {
  ascendc.tiling_field @length : ui32
  ascendc.tiling_field @per_core : ui32 {comment = "a multiple of the tile"}
}

ascendc.kernel @vector_add(%x: !ascendc.address, %y: !ascendc.address, %z: !ascendc.address, %workspace: !ascendc.address, %tiling: !ascendc.address) attributes {comment = "z = x + y"} {
  ascendc.register_tiling @VectorAddTiling
  %t = ascendc.get_tiling_data %tiling : !ascendc.tiling<VectorAddTiling>
  ascendc.kernel_type aiv_only
  ascendc.unused %workspace : !ascendc.address
  %length = ascendc.tiling_member %t @length : (!ascendc.tiling<VectorAddTiling>) -> ui32
  %per_core = ascendc.tiling_member %t @per_core : (!ascendc.tiling<VectorAddTiling>) -> ui32
  %tile = ascendc.constexpr 1024 : ui32
  %bytes = ascendc.constant 4096 : ui32
  %0 = ascendc.constant 0 : ui32
  %1 = ascendc.constant 1 : ui16
  %four = ascendc.constant 4 : ui32
  %block = ascendc.get_block_idx
  %core = ascendc.scalar_cast %block : i64 to ui32
  %first = ascendc.arithmetic mul %core, %per_core : ui32
  %idle = ascendc.cmp ge %first, %length : ui32
  ascendc.if %idle {
    ascendc.return
  }
  %rest = ascendc.arithmetic sub %length, %first : ui32
  %mine = ascendc.arithmetic min %rest, %per_core : ui32
  %x_gm = ascendc.global_tensor : !ascendc.global<f32>
  %y_gm = ascendc.global_tensor : !ascendc.global<f32>
  %z_gm = ascendc.global_tensor : !ascendc.global<f32>
  ascendc.set_global_buffer %x_gm, %x, %length : !ascendc.global<f32>, ui32
  ascendc.set_global_buffer %y_gm, %y, %length : !ascendc.global<f32>, ui32
  ascendc.set_global_buffer %z_gm, %z, %length : !ascendc.global<f32>, ui32
  %pipe = ascendc.tpipe
  %ub = ascendc.tbuf : !ascendc.tbuf<veccalc>
  %capacity = ascendc.constant 12288 : ui32
  ascendc.init_buffer %pipe, %ub, %capacity : !ascendc.tpipe, !ascendc.tbuf<veccalc>, ui32
  %eight_k = ascendc.constant 8192 : ui32
  %x_ub = ascendc.get_with_offset %ub, %tile, %0 : !ascendc.tbuf<veccalc> to !ascendc.local<f32, veccalc>
  %y_ub = ascendc.get_with_offset %ub, %tile, %bytes : !ascendc.tbuf<veccalc> to !ascendc.local<f32, veccalc>
  %z_ub = ascendc.get_with_offset %ub, %tile, %eight_k : !ascendc.tbuf<veccalc> to !ascendc.local<f32, veccalc>
  %event = ascendc.constant 0 : i32
  ascendc.set_flag mte3_mte2 %event : i32
  ascendc.for %done = %0 to %mine step %tile : ui32 attributes {comment = "tile by tile"} {
    %left = ascendc.arithmetic sub %mine, %done : ui32
    %count = ascendc.arithmetic min %left, %tile : ui32
    %offset = ascendc.arithmetic add %first, %done : ui32
    %whole = ascendc.cmp eq %count, %tile : ui32
    %x_tile = ascendc.tensor_at %x_gm[%offset] : !ascendc.global<f32>, ui32
    %y_tile = ascendc.tensor_at %y_gm[%offset] : !ascendc.global<f32>, ui32
    %z_tile = ascendc.tensor_at %z_gm[%offset] : !ascendc.global<f32>, ui32
    %size = ascendc.arithmetic mul %count, %four : ui32
    %tail = ascendc.data_copy_ext_params blockCount %1, blockLen %size, srcStride %0, dstStride %0, rsv %0
    ascendc.wait_flag mte3_mte2 %event : i32
    ascendc.if %whole {
      %blocks = ascendc.constant 128 : ui16
      %gap = ascendc.constant 0 : ui16
      %bursts = ascendc.data_copy_params blockCount %1, blockLen %blocks, srcGap %gap, dstGap %gap
      ascendc.data_copy_bursts %x_ub, %x_tile, %bursts : !ascendc.local<f32, veccalc>, !ascendc.global<f32>, !ascendc.params<DataCopyParams>
      ascendc.data_copy %y_ub, %y_tile, %tile : !ascendc.local<f32, veccalc>, !ascendc.global<f32>, ui32
    } else {
      %no = ascendc.constant false
      %none = ascendc.constant 0 : ui8
      %zero = ascendc.constant 0.0 : f32
      %pad = ascendc.data_copy_pad_ext_params isPad %no, leftPadding %none, rightPadding %none, paddingValue %zero : !ascendc.params<DataCopyPadExtParams, f32>
      ascendc.data_copy_pad_in %x_ub, %x_tile, %tail, %pad : !ascendc.local<f32, veccalc>, !ascendc.global<f32>, !ascendc.params<DataCopyExtParams>, !ascendc.params<DataCopyPadExtParams, f32>
      ascendc.data_copy_pad_in %y_ub, %y_tile, %tail, %pad : !ascendc.local<f32, veccalc>, !ascendc.global<f32>, !ascendc.params<DataCopyExtParams>, !ascendc.params<DataCopyPadExtParams, f32>
    }
    ascendc.set_flag mte2_v %event : i32
    ascendc.wait_flag mte2_v %event : i32
    ascendc.add %z_ub, %x_ub, %y_ub, %count {comment = "z = x + y"} : !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, ui32 loc("add.lig":7:1)
    ascendc.set_flag v_mte3 %event : i32
    ascendc.wait_flag v_mte3 %event : i32
    ascendc.data_copy_pad_out %z_tile, %z_ub, %tail : !ascendc.global<f32>, !ascendc.local<f32, veccalc>, !ascendc.params<DataCopyExtParams>
    ascendc.set_flag mte3_mte2 %event : i32
  }
  ascendc.wait_flag mte3_mte2 %event : i32
  ascendc.pipe_barrier all
}
