// A cube product through a ring of two workspace slots to the vector cores: s = relu(a * b^T), and
// y = s > 0 ? w * s : 0 in half precision. Flag 3 says a slot is full, flag 4 that it is free again.

ascendc.include "kernel_operator.h"

ascendc.tiling_struct @MixTiling {
  ascendc.tiling_field @rounds : ui32
}

ascendc.kernel @mix(%a: !ascendc.address, %b: !ascendc.address, %w: !ascendc.address, %y: !ascendc.address, %workspace: !ascendc.address, %tiling: !ascendc.address) attributes {comment = "y = relu_grad(w * relu(a * b^T)) in half precision"} {
  ascendc.register_tiling @MixTiling
  %t = ascendc.get_tiling_data %tiling : !ascendc.tiling<MixTiling>
  ascendc.kernel_type mix_aic_1_2
  %rounds = ascendc.tiling_member %t @rounds : (!ascendc.tiling<MixTiling>) -> ui32
  %c0 = ascendc.constant 0 : ui32
  %c1 = ascendc.constant 1 : ui32
  %c2 = ascendc.constant 2 : ui32
  %h0 = ascendc.constant 0 : ui16
  %h1 = ascendc.constant 1 : ui16
  %h4 = ascendc.constant 4 : ui16
  %h16 = ascendc.constant 16 : ui16
  %h64 = ascendc.constant 64 : ui16
  %b0 = ascendc.constant 0 : ui8
  %b4 = ascendc.constant 4 : ui8
  %yes = ascendc.constant true
  %no = ascendc.constant false
  %event = ascendc.constant 0 : i32
  %ready = ascendc.constexpr 3 : ui32
  %free = ascendc.constexpr 4 : ui32
  %elements = ascendc.constexpr 4096 : ui32
  %depth = ascendc.constant 2 : ui32
  %slot_bytes = ascendc.constant 16384 : ui64
  %ring = ascendc.get_user_workspace %workspace
  %index64 = ascendc.get_block_idx
  %subs64 = ascendc.get_sub_block_num
  %blocks64 = ascendc.get_block_num
  %block64 = ascendc.arithmetic div %index64, %subs64 : i64
  %block = ascendc.scalar_cast %block64 : i64 to ui32
  %blocks = ascendc.scalar_cast %blocks64 : i64 to ui32
  %total = ascendc.arithmetic mul %blocks, %rounds : ui32
  %all_elements = ascendc.arithmetic mul %total, %elements : ui32
  %first_slot = ascendc.arithmetic mul %block, %depth : ui32
  %eight_k = ascendc.constant 8192 : ui32
  %sixteen_k = ascendc.constant 16384 : ui32
  %pipe = ascendc.tpipe
  ascendc.on_aic {
    %buf_a1 = ascendc.tbuf : !ascendc.tbuf<a1>
    ascendc.init_buffer %pipe, %buf_a1, %eight_k : !ascendc.tpipe, !ascendc.tbuf<a1>, ui32
    %buf_b1 = ascendc.tbuf : !ascendc.tbuf<b1>
    ascendc.init_buffer %pipe, %buf_b1, %eight_k : !ascendc.tpipe, !ascendc.tbuf<b1>, ui32
    %buf_a2 = ascendc.tbuf : !ascendc.tbuf<a2>
    ascendc.init_buffer %pipe, %buf_a2, %eight_k : !ascendc.tpipe, !ascendc.tbuf<a2>, ui32
    %buf_b2 = ascendc.tbuf : !ascendc.tbuf<b2>
    ascendc.init_buffer %pipe, %buf_b2, %eight_k : !ascendc.tpipe, !ascendc.tbuf<b2>, ui32
    %buf_co1 = ascendc.tbuf : !ascendc.tbuf<co1>
    ascendc.init_buffer %pipe, %buf_co1, %sixteen_k : !ascendc.tpipe, !ascendc.tbuf<co1>, ui32
    %a1 = ascendc.get_with_offset %buf_a1, %elements, %c0 : !ascendc.tbuf<a1> to !ascendc.local<f16, a1>
    %b1 = ascendc.get_with_offset %buf_b1, %elements, %c0 : !ascendc.tbuf<b1> to !ascendc.local<f16, b1>
    %a2 = ascendc.get_with_offset %buf_a2, %elements, %c0 : !ascendc.tbuf<a2> to !ascendc.local<f16, a2>
    %b2 = ascendc.get_with_offset %buf_b2, %elements, %c0 : !ascendc.tbuf<b2> to !ascendc.local<f16, b2>
    %co1 = ascendc.get_with_offset %buf_co1, %elements, %c0 : !ascendc.tbuf<co1> to !ascendc.local<f32, co1>
    %a_gm = ascendc.global_tensor : !ascendc.global<f16>
    ascendc.set_global_buffer %a_gm, %a, %all_elements : !ascendc.global<f16>, ui32
    %b_gm = ascendc.global_tensor : !ascendc.global<f16>
    ascendc.set_global_buffer %b_gm, %b, %elements : !ascendc.global<f16>, ui32
    %nd2nz = ascendc.nd2nz_params ndNum %h1, nValue %h64, dValue %h64, srcNdMatrixStride %h0, srcDValue %h64, dstNzC0Stride %h64, dstNzNStride %h1, dstNzMatrixStride %h0
    %rows = ascendc.load_data_2d_params startIndex %h0, repeatTimes %b4, srcStride %h4, sid %b0, dstGap %h0, ifTranspose %no, addrMode %b0
    %b16 = ascendc.constant 16 : ui8
    %whole = ascendc.load_data_2d_params startIndex %h0, repeatTimes %b16, srcStride %h1, sid %b0, dstGap %h0, ifTranspose %no, addrMode %b0
    %extents = ascendc.mmad_params m %h64, n %h64, k %h64, unitFlag %b0, cmatrixSource %no, cmatrixInitVal %yes
    %c64 = ascendc.constant 64 : ui32
    %out = ascendc.fixpipe_params nSize %h64, mSize %h64, srcStride %h64, dstStride %c64, reluEn %yes, quantPre no_quant, ndNum %h1, srcNdStride %h0, dstNdStride %h0, unitFlag %b0
    ascendc.data_copy_nd2nz %b1, %b_gm, %nd2nz : !ascendc.local<f16, b1>, !ascendc.global<f16>, !ascendc.params<Nd2NzParams>
    ascendc.set_flag mte2_mte1 %event : i32
    ascendc.wait_flag mte2_mte1 %event : i32
    ascendc.load_data %b2, %b1, %whole : !ascendc.local<f16, b2>, !ascendc.local<f16, b1>, !ascendc.params<LoadData2DParams>
    ascendc.set_flag mte1_mte2 %event : i32
    ascendc.set_flag m_mte1 %event : i32
    ascendc.set_flag fix_m %event : i32
    ascendc.for %i = %c0 to %rounds step %c1 : ui32 {
      %turn = ascendc.arithmetic rem %i, %depth : ui32
      %place = ascendc.arithmetic add %first_slot, %turn : ui32
      %place64 = ascendc.scalar_cast %place : ui32 to ui64
      %skip = ascendc.arithmetic mul %place64, %slot_bytes : ui64
      %slot_at = ascendc.offset_address %ring, %skip : ui64
      %slot = ascendc.global_tensor : !ascendc.global<f32>
      ascendc.set_global_buffer %slot, %slot_at, %elements : !ascendc.global<f32>, ui32
      %round = ascendc.arithmetic mul %i, %blocks : ui32
      %which = ascendc.arithmetic add %round, %block : ui32
      %from = ascendc.arithmetic mul %which, %elements : ui32
      %a_tile = ascendc.tensor_at %a_gm[%from] : !ascendc.global<f16>, ui32
      ascendc.wait_flag mte1_mte2 %event : i32
      ascendc.data_copy_nd2nz %a1, %a_tile, %nd2nz : !ascendc.local<f16, a1>, !ascendc.global<f16>, !ascendc.params<Nd2NzParams>
      ascendc.set_flag mte2_mte1 %event : i32
      ascendc.wait_flag mte2_mte1 %event : i32
      ascendc.wait_flag m_mte1 %event : i32
      %c4 = ascendc.constant 4 : ui32
      %c256 = ascendc.constant 256 : ui32
      %c1024 = ascendc.constant 1024 : ui32
      ascendc.for %r = %c0 to %c4 step %c1 : ui32 {
        %to = ascendc.arithmetic mul %r, %c1024 : ui32
        %at = ascendc.arithmetic mul %r, %c256 : ui32
        %a2_r = ascendc.tensor_at %a2[%to] : !ascendc.local<f16, a2>, ui32
        %a1_r = ascendc.tensor_at %a1[%at] : !ascendc.local<f16, a1>, ui32
        ascendc.load_data %a2_r, %a1_r, %rows : !ascendc.local<f16, a2>, !ascendc.local<f16, a1>, !ascendc.params<LoadData2DParams>
      }
      ascendc.set_flag mte1_m %event : i32
      ascendc.wait_flag mte1_m %event : i32
      ascendc.set_flag mte1_mte2 %event : i32
      ascendc.wait_flag fix_m %event : i32
      ascendc.mmad %co1, %a2, %b2, %extents : !ascendc.local<f32, co1>, !ascendc.local<f16, a2>, !ascendc.local<f16, b2>, !ascendc.params<MmadParams>
      ascendc.set_flag m_mte1 %event : i32
      ascendc.set_flag m_fix %event : i32
      ascendc.wait_flag m_fix %event : i32
      %reused = ascendc.cmp ge %i, %depth : ui32
      ascendc.if %reused {
        ascendc.cross_core_wait_flag %free : ui32
      }
      ascendc.fixpipe row_major %slot, %co1, %out : !ascendc.global<f32>, !ascendc.local<f32, co1>, !ascendc.params<FixpipeParamsV220>
      ascendc.set_flag fix_m %event : i32
      ascendc.cross_core_set_flag 2 fix %ready : ui32
    }
    ascendc.wait_flag mte1_mte2 %event : i32
    ascendc.wait_flag m_mte1 %event : i32
    ascendc.wait_flag fix_m %event : i32
    %pending = ascendc.arithmetic min %rounds, %depth : ui32
    ascendc.for %p = %c0 to %pending step %c1 : ui32 {
      ascendc.cross_core_wait_flag %free : ui32
    }
  }
  ascendc.on_aiv {
    %sub64 = ascendc.get_sub_block_idx
    %sub = ascendc.scalar_cast %sub64 : i64 to ui32
    %half_count = ascendc.constexpr 2048 : ui32
    %ub_bytes = ascendc.constant 32768 : ui32
    %ub = ascendc.tbuf : !ascendc.tbuf<veccalc>
    ascendc.init_buffer %pipe, %ub, %ub_bytes : !ascendc.tpipe, !ascendc.tbuf<veccalc>, ui32
    %at_s = ascendc.constant 0 : ui32
    %s = ascendc.get_with_offset %ub, %half_count, %at_s : !ascendc.tbuf<veccalc> to !ascendc.local<f32, veccalc>
    %at_wide = ascendc.constant 8192 : ui32
    %wide = ascendc.get_with_offset %ub, %half_count, %at_wide : !ascendc.tbuf<veccalc> to !ascendc.local<f32, veccalc>
    %at_narrow = ascendc.constant 16384 : ui32
    %narrow = ascendc.get_with_offset %ub, %half_count, %at_narrow : !ascendc.tbuf<veccalc> to !ascendc.local<f16, veccalc>
    %at_w_half = ascendc.constant 20480 : ui32
    %w_half = ascendc.get_with_offset %ub, %half_count, %at_w_half : !ascendc.tbuf<veccalc> to !ascendc.local<f16, veccalc>
    %at_bits = ascendc.constant 24576 : ui32
    %n256 = ascendc.constant 256 : ui32
    %bits = ascendc.get_with_offset %ub, %n256, %at_bits : !ascendc.tbuf<veccalc> to !ascendc.local<ui8, veccalc>
    %w_gm = ascendc.global_tensor : !ascendc.global<f16>
    ascendc.set_global_buffer %w_gm, %w, %all_elements : !ascendc.global<f16>, ui32
    %y_gm = ascendc.global_tensor : !ascendc.global<f16>
    ascendc.set_global_buffer %y_gm, %y, %all_elements : !ascendc.global<f16>, ui32
    %zero = ascendc.constant 0.0 : f32
    %half_skip = ascendc.arithmetic mul %sub, %half_count : ui32
    ascendc.set_flag v_mte2 %event : i32
    ascendc.set_flag mte3_v %event : i32
    ascendc.for %i2 = %c0 to %rounds step %c1 : ui32 {
      ascendc.cross_core_wait_flag %ready : ui32
      %turn = ascendc.arithmetic rem %i2, %depth : ui32
      %place = ascendc.arithmetic add %first_slot, %turn : ui32
      %place64 = ascendc.scalar_cast %place : ui32 to ui64
      %skip = ascendc.arithmetic mul %place64, %slot_bytes : ui64
      %slot_at = ascendc.offset_address %ring, %skip : ui64
      %slot = ascendc.global_tensor : !ascendc.global<f32>
      ascendc.set_global_buffer %slot, %slot_at, %elements : !ascendc.global<f32>, ui32
      %round = ascendc.arithmetic mul %i2, %blocks : ui32
      %which = ascendc.arithmetic add %round, %block : ui32
      %from = ascendc.arithmetic mul %which, %elements : ui32
      %s_gm = ascendc.tensor_at %slot[%half_skip] : !ascendc.global<f32>, ui32
      %my_from = ascendc.arithmetic add %from, %half_skip : ui32
      %w_tile = ascendc.tensor_at %w_gm[%my_from] : !ascendc.global<f16>, ui32
      %y_tile = ascendc.tensor_at %y_gm[%my_from] : !ascendc.global<f16>, ui32
      ascendc.wait_flag v_mte2 %event : i32
      ascendc.data_copy %s, %s_gm, %half_count : !ascendc.local<f32, veccalc>, !ascendc.global<f32>, ui32
      ascendc.data_copy %w_half, %w_tile, %half_count : !ascendc.local<f16, veccalc>, !ascendc.global<f16>, ui32
      ascendc.cross_core_set_flag 2 mte2 %free : ui32
      ascendc.set_flag mte2_v %event : i32
      ascendc.wait_flag mte2_v %event : i32
      ascendc.compare_scalar gt %bits, %s, %zero, %half_count : !ascendc.local<ui8, veccalc>, !ascendc.local<f32, veccalc>, f32, ui32
      ascendc.cast none %wide, %w_half, %half_count : !ascendc.local<f32, veccalc>, !ascendc.local<f16, veccalc>, ui32
      ascendc.pipe_barrier v
      ascendc.mul %wide, %wide, %s, %half_count : !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, ui32
      ascendc.pipe_barrier v
      ascendc.select_scalar tensor_scalar %wide, %bits, %wide, %zero, %half_count : !ascendc.local<f32, veccalc>, !ascendc.local<ui8, veccalc>, !ascendc.local<f32, veccalc>, f32, ui32
      ascendc.pipe_barrier v
      ascendc.wait_flag mte3_v %event : i32
      ascendc.cast rint %narrow, %wide, %half_count : !ascendc.local<f16, veccalc>, !ascendc.local<f32, veccalc>, ui32
      ascendc.set_flag v_mte2 %event : i32
      ascendc.set_flag v_mte3 %event : i32
      ascendc.wait_flag v_mte3 %event : i32
      ascendc.data_copy %y_tile, %narrow, %half_count : !ascendc.global<f16>, !ascendc.local<f16, veccalc>, ui32
      ascendc.set_flag mte3_v %event : i32
    }
    ascendc.wait_flag v_mte2 %event : i32
    ascendc.wait_flag mte3_v %event : i32
  }
  ascendc.pipe_barrier all
}
