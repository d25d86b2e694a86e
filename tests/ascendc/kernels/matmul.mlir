// c = a * b in tiles of 64, with either operand stored transposed: nd2nz into L1, fractals into L0,
// products accumulated over k in L0C, and out through Fixpipe, with or without relu.

ascendc.include "kernel_operator.h"

ascendc.tiling_struct @MatmulTiling {
  ascendc.tiling_field @m : ui32
  ascendc.tiling_field @n : ui32
  ascendc.tiling_field @k : ui32
  ascendc.tiling_field @transpose_a : ui32
  ascendc.tiling_field @transpose_b : ui32
  ascendc.tiling_field @relu : ui32
}

ascendc.kernel @matmul(%a: !ascendc.address, %b: !ascendc.address, %c: !ascendc.address, %workspace: !ascendc.address, %tiling: !ascendc.address) {
  ascendc.register_tiling @MatmulTiling
  %t = ascendc.get_tiling_data %tiling : !ascendc.tiling<MatmulTiling>
  ascendc.kernel_type aic_only
  %m = ascendc.tiling_member %t @m : (!ascendc.tiling<MatmulTiling>) -> ui32
  %n = ascendc.tiling_member %t @n : (!ascendc.tiling<MatmulTiling>) -> ui32
  %k = ascendc.tiling_member %t @k : (!ascendc.tiling<MatmulTiling>) -> ui32
  %transpose_a = ascendc.tiling_member %t @transpose_a : (!ascendc.tiling<MatmulTiling>) -> ui32
  %transpose_b = ascendc.tiling_member %t @transpose_b : (!ascendc.tiling<MatmulTiling>) -> ui32
  %relu = ascendc.tiling_member %t @relu : (!ascendc.tiling<MatmulTiling>) -> ui32
  ascendc.unused %workspace : !ascendc.address
  %side = ascendc.constexpr 64 : ui32
  %c0 = ascendc.constant 0 : ui32
  %c1 = ascendc.constant 1 : ui32
  %c15 = ascendc.constant 15 : ui32
  %c16 = ascendc.constant 16 : ui32
  %c256 = ascendc.constant 256 : ui32
  %h0 = ascendc.constant 0 : ui16
  %h1 = ascendc.constant 1 : ui16
  %b0 = ascendc.constant 0 : ui8
  %no = ascendc.constant false
  %event = ascendc.constant 0 : i32
  %mk = ascendc.arithmetic mul %m, %k : ui32
  %kn = ascendc.arithmetic mul %k, %n : ui32
  %mn = ascendc.arithmetic mul %m, %n : ui32
  %a_gm = ascendc.global_tensor : !ascendc.global<bf16>
  ascendc.set_global_buffer %a_gm, %a, %mk : !ascendc.global<bf16>, ui32
  %b_gm = ascendc.global_tensor : !ascendc.global<bf16>
  ascendc.set_global_buffer %b_gm, %b, %kn : !ascendc.global<bf16>, ui32
  %c_gm = ascendc.global_tensor : !ascendc.global<f32>
  ascendc.set_global_buffer %c_gm, %c, %mn : !ascendc.global<f32>, ui32
  %ta = ascendc.cmp ne %transpose_a, %c0 : ui32
  %tb = ascendc.cmp ne %transpose_b, %c0 : ui32
  %relu_on = ascendc.cmp ne %relu, %c0 : ui32
  %pipe = ascendc.tpipe
  %eight_k = ascendc.constant 8192 : ui32
  %sixteen_k = ascendc.constant 16384 : ui32
  %elements = ascendc.constant 4096 : ui32
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
  %a1 = ascendc.get_with_offset %buf_a1, %elements, %c0 : !ascendc.tbuf<a1> to !ascendc.local<bf16, a1>
  %b1 = ascendc.get_with_offset %buf_b1, %elements, %c0 : !ascendc.tbuf<b1> to !ascendc.local<bf16, b1>
  %a2 = ascendc.get_with_offset %buf_a2, %elements, %c0 : !ascendc.tbuf<a2> to !ascendc.local<bf16, a2>
  %b2 = ascendc.get_with_offset %buf_b2, %elements, %c0 : !ascendc.tbuf<b2> to !ascendc.local<bf16, b2>
  %co1 = ascendc.get_with_offset %buf_co1, %elements, %c0 : !ascendc.tbuf<co1> to !ascendc.local<f32, co1>
  %block64 = ascendc.get_block_idx
  %blocks64 = ascendc.get_block_num
  %block = ascendc.scalar_cast %block64 : i64 to ui32
  %blocks = ascendc.scalar_cast %blocks64 : i64 to ui32
  %c63 = ascendc.constant 63 : ui32
  %m_up = ascendc.arithmetic add %m, %c63 : ui32
  %m_tiles = ascendc.arithmetic div %m_up, %side : ui32
  %n_up = ascendc.arithmetic add %n, %c63 : ui32
  %n_tiles = ascendc.arithmetic div %n_up, %side : ui32
  %tiles = ascendc.arithmetic mul %m_tiles, %n_tiles : ui32
  ascendc.set_flag mte1_mte2 %event : i32
  ascendc.set_flag m_mte1 %event : i32
  ascendc.set_flag fix_m %event : i32
  ascendc.for %tile = %block to %tiles step %blocks : ui32 {
    %tile_m = ascendc.arithmetic div %tile, %n_tiles : ui32
    %tile_n = ascendc.arithmetic rem %tile, %n_tiles : ui32
    %m0 = ascendc.arithmetic mul %tile_m, %side : ui32
    %n0 = ascendc.arithmetic mul %tile_n, %side : ui32
    %m_left = ascendc.arithmetic sub %m, %m0 : ui32
    %mt = ascendc.arithmetic min %m_left, %side : ui32
    %n_left = ascendc.arithmetic sub %n, %n0 : ui32
    %nt = ascendc.arithmetic min %n_left, %side : ui32
    %m16_up = ascendc.arithmetic add %mt, %c15 : ui32
    %m16 = ascendc.arithmetic div %m16_up, %c16 : ui32
    %n16_up = ascendc.arithmetic add %nt, %c15 : ui32
    %n16 = ascendc.arithmetic div %n16_up, %c16 : ui32
    ascendc.wait_flag fix_m %event : i32
    ascendc.for %k0 = %c0 to %k step %side : ui32 {
      %k_left = ascendc.arithmetic sub %k, %k0 : ui32
      %kt = ascendc.arithmetic min %k_left, %side : ui32
      %k16_up = ascendc.arithmetic add %kt, %c15 : ui32
      %k16 = ascendc.arithmetic div %k16_up, %c16 : ui32
      %a_row = ascendc.choose %ta, %k0, %m0 : ui32
      %a_rows = ascendc.choose %ta, %kt, %mt : ui32
      %a_rows16 = ascendc.choose %ta, %k16, %m16 : ui32
      %a_column = ascendc.choose %ta, %m0, %k0 : ui32
      %a_columns = ascendc.choose %ta, %mt, %kt : ui32
      %a_pitch = ascendc.choose %ta, %m, %k : ui32
      %a_skip = ascendc.arithmetic mul %a_row, %a_pitch : ui32
      %a_from = ascendc.arithmetic add %a_skip, %a_column : ui32
      %a_tile = ascendc.tensor_at %a_gm[%a_from] : !ascendc.global<bf16>, ui32
      %a_aligned = ascendc.arithmetic mul %a_rows16, %c16 : ui32
      %a_n_value = ascendc.scalar_cast %a_rows : ui32 to ui16
      %a_d_value = ascendc.scalar_cast %a_columns : ui32 to ui16
      %a_src_d = ascendc.scalar_cast %a_pitch : ui32 to ui16
      %a_c0_stride = ascendc.scalar_cast %a_aligned : ui32 to ui16
      %a_nd2nz = ascendc.nd2nz_params ndNum %h1, nValue %a_n_value, dValue %a_d_value, srcNdMatrixStride %h0, srcDValue %a_src_d, dstNzC0Stride %a_c0_stride, dstNzNStride %h1, dstNzMatrixStride %h0
      %b_row = ascendc.choose %tb, %n0, %k0 : ui32
      %b_rows = ascendc.choose %tb, %nt, %kt : ui32
      %b_rows16 = ascendc.choose %tb, %n16, %k16 : ui32
      %b_column = ascendc.choose %tb, %k0, %n0 : ui32
      %b_columns = ascendc.choose %tb, %kt, %nt : ui32
      %b_pitch = ascendc.choose %tb, %k, %n : ui32
      %b_skip = ascendc.arithmetic mul %b_row, %b_pitch : ui32
      %b_from = ascendc.arithmetic add %b_skip, %b_column : ui32
      %b_tile = ascendc.tensor_at %b_gm[%b_from] : !ascendc.global<bf16>, ui32
      %b_aligned = ascendc.arithmetic mul %b_rows16, %c16 : ui32
      %b_n_value = ascendc.scalar_cast %b_rows : ui32 to ui16
      %b_d_value = ascendc.scalar_cast %b_columns : ui32 to ui16
      %b_src_d = ascendc.scalar_cast %b_pitch : ui32 to ui16
      %b_c0_stride = ascendc.scalar_cast %b_aligned : ui32 to ui16
      %b_nd2nz = ascendc.nd2nz_params ndNum %h1, nValue %b_n_value, dValue %b_d_value, srcNdMatrixStride %h0, srcDValue %b_src_d, dstNzC0Stride %b_c0_stride, dstNzNStride %h1, dstNzMatrixStride %h0
      ascendc.wait_flag mte1_mte2 %event : i32
      ascendc.data_copy_nd2nz %a1, %a_tile, %a_nd2nz : !ascendc.local<bf16, a1>, !ascendc.global<bf16>, !ascendc.params<Nd2NzParams>
      ascendc.data_copy_nd2nz %b1, %b_tile, %b_nd2nz : !ascendc.local<bf16, b1>, !ascendc.global<bf16>, !ascendc.params<Nd2NzParams>
      ascendc.set_flag mte2_mte1 %event : i32
      ascendc.wait_flag mte2_mte1 %event : i32
      ascendc.wait_flag m_mte1 %event : i32
      %yes = ascendc.constant true
      %not_tb = ascendc.arithmetic xor %tb, %yes : i1
      %k16_b = ascendc.scalar_cast %k16 : ui32 to ui8
      %n16_b = ascendc.scalar_cast %n16 : ui32 to ui8
      %m16_h = ascendc.scalar_cast %m16 : ui32 to ui16
      %k16_h = ascendc.scalar_cast %k16 : ui32 to ui16
      %a_slice = ascendc.arithmetic mul %k16, %c256 : ui32
      %a_step = ascendc.choose %ta, %a_slice, %c256 : ui32
      %a_stride = ascendc.choose %ta, %h1, %m16_h : ui16
      %load_a = ascendc.load_data_2d_params startIndex %h0, repeatTimes %k16_b, srcStride %a_stride, sid %b0, dstGap %h0, ifTranspose %ta, addrMode %b0
      ascendc.for %i = %c0 to %m16 step %c1 : ui32 attributes {comment = "A by rows of fractals"} {
        %a_to = ascendc.arithmetic mul %i, %a_slice : ui32
        %a_at = ascendc.arithmetic mul %i, %a_step : ui32
        %a2_i = ascendc.tensor_at %a2[%a_to] : !ascendc.local<bf16, a2>, ui32
        %a1_i = ascendc.tensor_at %a1[%a_at] : !ascendc.local<bf16, a1>, ui32
        ascendc.load_data %a2_i, %a1_i, %load_a : !ascendc.local<bf16, a2>, !ascendc.local<bf16, a1>, !ascendc.params<LoadData2DParams>
      }
      %b_slice = ascendc.arithmetic mul %n16, %c256 : ui32
      %b_step = ascendc.choose %tb, %b_slice, %c256 : ui32
      %b_stride = ascendc.choose %tb, %h1, %k16_h : ui16
      %load_b = ascendc.load_data_2d_params startIndex %h0, repeatTimes %n16_b, srcStride %b_stride, sid %b0, dstGap %h0, ifTranspose %not_tb, addrMode %b0
      ascendc.for %j = %c0 to %k16 step %c1 : ui32 attributes {comment = "B by columns of fractals"} {
        %b_to = ascendc.arithmetic mul %j, %b_slice : ui32
        %b_at = ascendc.arithmetic mul %j, %b_step : ui32
        %b2_j = ascendc.tensor_at %b2[%b_to] : !ascendc.local<bf16, b2>, ui32
        %b1_j = ascendc.tensor_at %b1[%b_at] : !ascendc.local<bf16, b1>, ui32
        ascendc.load_data %b2_j, %b1_j, %load_b : !ascendc.local<bf16, b2>, !ascendc.local<bf16, b1>, !ascendc.params<LoadData2DParams>
      }
      ascendc.set_flag mte1_m %event : i32
      ascendc.wait_flag mte1_m %event : i32
      ascendc.set_flag mte1_mte2 %event : i32
      %fresh = ascendc.cmp eq %k0, %c0 : ui32
      %c2 = ascendc.constant 2 : ui32
      %mm = ascendc.arithmetic max %mt, %c2 : ui32
      %mm_h = ascendc.scalar_cast %mm : ui32 to ui16
      %nt_h = ascendc.scalar_cast %nt : ui32 to ui16
      %kt_h = ascendc.scalar_cast %kt : ui32 to ui16
      %extents = ascendc.mmad_params m %mm_h, n %nt_h, k %kt_h, unitFlag %b0, cmatrixSource %no, cmatrixInitVal %fresh
      ascendc.mmad %co1, %a2, %b2, %extents : !ascendc.local<f32, co1>, !ascendc.local<bf16, a2>, !ascendc.local<bf16, b2>, !ascendc.params<MmadParams>
      ascendc.pipe_barrier m
      ascendc.set_flag m_mte1 %event : i32
    }
    ascendc.set_flag m_fix %event : i32
    ascendc.wait_flag m_fix %event : i32
    %c_skip = ascendc.arithmetic mul %m0, %n : ui32
    %c_from = ascendc.arithmetic add %c_skip, %n0 : ui32
    %c_tile = ascendc.tensor_at %c_gm[%c_from] : !ascendc.global<f32>, ui32
    %c_n = ascendc.scalar_cast %nt : ui32 to ui16
    %c_m = ascendc.scalar_cast %mt : ui32 to ui16
    %m_aligned = ascendc.arithmetic mul %m16, %c16 : ui32
    %c_stride = ascendc.scalar_cast %m_aligned : ui32 to ui16
    %out = ascendc.fixpipe_params nSize %c_n, mSize %c_m, srcStride %c_stride, dstStride %n, reluEn %relu_on, quantPre no_quant, ndNum %h1, srcNdStride %h0, dstNdStride %h0, unitFlag %b0
    ascendc.fixpipe row_major %c_tile, %co1, %out : !ascendc.global<f32>, !ascendc.local<f32, co1>, !ascendc.params<FixpipeParamsV220>
    ascendc.set_flag fix_m %event : i32
  }
  ascendc.wait_flag mte1_mte2 %event : i32
  ascendc.wait_flag m_mte1 %event : i32
  ascendc.wait_flag fix_m %event : i32
  ascendc.pipe_barrier all
}
