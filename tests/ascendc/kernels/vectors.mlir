// Every vector instruction, in both of its forms, into a row of the output of its own.
// The repeat forms have a mask of 50 of 64 lanes; what they leave is -1.

ascendc.include "kernel_operator.h"

ascendc.tiling_struct @VectorsTiling {
  ascendc.tiling_field @scale : f32
}

ascendc.kernel @vectors(%x: !ascendc.address, %y: !ascendc.address, %out: !ascendc.address, %workspace: !ascendc.address, %tiling: !ascendc.address) {
  ascendc.register_tiling @VectorsTiling
  %t = ascendc.get_tiling_data %tiling : !ascendc.tiling<VectorsTiling>
  ascendc.kernel_type aiv_only
  %scale = ascendc.tiling_member %t @scale : (!ascendc.tiling<VectorsTiling>) -> f32
  ascendc.unused %workspace : !ascendc.address
  %count = ascendc.constexpr 512 : ui32
  %c0 = ascendc.constant 0 : ui32
  %event = ascendc.constant 0 : i32
  %all = ascendc.constant 64000 : ui32
  %x_gm = ascendc.global_tensor : !ascendc.global<f32>
  ascendc.set_global_buffer %x_gm, %x, %count : !ascendc.global<f32>, ui32
  %y_gm = ascendc.global_tensor : !ascendc.global<f32>
  ascendc.set_global_buffer %y_gm, %y, %count : !ascendc.global<f32>, ui32
  %out_gm = ascendc.global_tensor : !ascendc.global<f32>
  ascendc.set_global_buffer %out_gm, %out, %all : !ascendc.global<f32>, ui32
  %pipe = ascendc.tpipe
  %capacity = ascendc.constant 16384 : ui32
  %ub = ascendc.tbuf : !ascendc.tbuf<veccalc>
  ascendc.init_buffer %pipe, %ub, %capacity : !ascendc.tpipe, !ascendc.tbuf<veccalc>, ui32
  %at_a = ascendc.constant 0 : ui32
  %a = ascendc.get_with_offset %ub, %count, %at_a : !ascendc.tbuf<veccalc> to !ascendc.local<f32, veccalc>
  %at_b = ascendc.constant 2048 : ui32
  %b = ascendc.get_with_offset %ub, %count, %at_b : !ascendc.tbuf<veccalc> to !ascendc.local<f32, veccalc>
  %at_r = ascendc.constant 4096 : ui32
  %r = ascendc.get_with_offset %ub, %count, %at_r : !ascendc.tbuf<veccalc> to !ascendc.local<f32, veccalc>
  %at_h = ascendc.constant 6144 : ui32
  %h = ascendc.get_with_offset %ub, %count, %at_h : !ascendc.tbuf<veccalc> to !ascendc.local<f16, veccalc>
  %at_g = ascendc.constant 7168 : ui32
  %g = ascendc.get_with_offset %ub, %count, %at_g : !ascendc.tbuf<veccalc> to !ascendc.local<f16, veccalc>
  %at_bits = ascendc.constant 8192 : ui32
  %n64 = ascendc.constant 64 : ui32
  %bits = ascendc.get_with_offset %ub, %n64, %at_bits : !ascendc.tbuf<veccalc> to !ascendc.local<ui8, veccalc>
  ascendc.data_copy %a, %x_gm, %count : !ascendc.local<f32, veccalc>, !ascendc.global<f32>, ui32
  ascendc.data_copy %b, %y_gm, %count : !ascendc.local<f32, veccalc>, !ascendc.global<f32>, ui32
  ascendc.set_flag mte2_v %event : i32
  ascendc.wait_flag mte2_v %event : i32
  %mask = ascendc.constexpr 50 : ui64
  %m64 = ascendc.constant 64 : ui64
  %r8 = ascendc.constant 8 : ui8
  %s0 = ascendc.constant 0 : ui8
  %t0 = ascendc.constant 0 : ui16
  %s1 = ascendc.constant 1 : ui8
  %t1 = ascendc.constant 1 : ui16
  %s4 = ascendc.constant 4 : ui8
  %t4 = ascendc.constant 4 : ui16
  %s8 = ascendc.constant 8 : ui8
  %t8 = ascendc.constant 8 : ui16
  %binary = ascendc.binary_repeat_params dstBlkStride %s1, src0BlkStride %s1, src1BlkStride %s1, dstRepStride %s8, src0RepStride %s8, src1RepStride %s8
  %unary = ascendc.unary_repeat_params dstBlkStride %t1, srcBlkStride %t1, dstRepStride %s8, srcRepStride %s8
  %narrowing = ascendc.unary_repeat_params dstBlkStride %t1, srcBlkStride %t1, dstRepStride %s4, srcRepStride %s8
  %widening = ascendc.unary_repeat_params dstBlkStride %t1, srcBlkStride %t1, dstRepStride %s8, srcRepStride %s4
  %spread = ascendc.brcb_repeat_params dstBlkStride %t1, dstRepStride %t8
  %minus = ascendc.constant -1.0 : f32
  %zero = ascendc.constant 0.0 : f32
  ascendc.duplicate %r, %minus, %count : !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.pipe_barrier v
  ascendc.add %r, %a, %b, %count : !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag v_mte3 %event : i32
  ascendc.wait_flag v_mte3 %event : i32
  %row0 = ascendc.constant 0 : ui32
  %torow0 = ascendc.tensor_at %out_gm[%row0] : !ascendc.global<f32>, ui32
  ascendc.data_copy %torow0, %r, %count : !ascendc.global<f32>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag mte3_v %event : i32
  ascendc.wait_flag mte3_v %event : i32
  ascendc.duplicate %r, %minus, %count : !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.pipe_barrier v
  ascendc.add_repeat %r, %a, %b, %mask, %r8, %binary : !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, ui64, ui8, !ascendc.params<BinaryRepeatParams>
  ascendc.set_flag v_mte3 %event : i32
  ascendc.wait_flag v_mte3 %event : i32
  %row1 = ascendc.constant 512 : ui32
  %torow1 = ascendc.tensor_at %out_gm[%row1] : !ascendc.global<f32>, ui32
  ascendc.data_copy %torow1, %r, %count : !ascendc.global<f32>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag mte3_v %event : i32
  ascendc.wait_flag mte3_v %event : i32
  ascendc.duplicate %r, %minus, %count : !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.pipe_barrier v
  ascendc.sub %r, %a, %b, %count : !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag v_mte3 %event : i32
  ascendc.wait_flag v_mte3 %event : i32
  %row2 = ascendc.constant 1024 : ui32
  %torow2 = ascendc.tensor_at %out_gm[%row2] : !ascendc.global<f32>, ui32
  ascendc.data_copy %torow2, %r, %count : !ascendc.global<f32>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag mte3_v %event : i32
  ascendc.wait_flag mte3_v %event : i32
  ascendc.duplicate %r, %minus, %count : !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.pipe_barrier v
  ascendc.sub_repeat %r, %a, %b, %mask, %r8, %binary : !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, ui64, ui8, !ascendc.params<BinaryRepeatParams>
  ascendc.set_flag v_mte3 %event : i32
  ascendc.wait_flag v_mte3 %event : i32
  %row3 = ascendc.constant 1536 : ui32
  %torow3 = ascendc.tensor_at %out_gm[%row3] : !ascendc.global<f32>, ui32
  ascendc.data_copy %torow3, %r, %count : !ascendc.global<f32>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag mte3_v %event : i32
  ascendc.wait_flag mte3_v %event : i32
  ascendc.duplicate %r, %minus, %count : !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.pipe_barrier v
  ascendc.mul %r, %a, %b, %count : !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag v_mte3 %event : i32
  ascendc.wait_flag v_mte3 %event : i32
  %row4 = ascendc.constant 2048 : ui32
  %torow4 = ascendc.tensor_at %out_gm[%row4] : !ascendc.global<f32>, ui32
  ascendc.data_copy %torow4, %r, %count : !ascendc.global<f32>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag mte3_v %event : i32
  ascendc.wait_flag mte3_v %event : i32
  ascendc.duplicate %r, %minus, %count : !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.pipe_barrier v
  ascendc.mul_repeat %r, %a, %b, %mask, %r8, %binary : !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, ui64, ui8, !ascendc.params<BinaryRepeatParams>
  ascendc.set_flag v_mte3 %event : i32
  ascendc.wait_flag v_mte3 %event : i32
  %row5 = ascendc.constant 2560 : ui32
  %torow5 = ascendc.tensor_at %out_gm[%row5] : !ascendc.global<f32>, ui32
  ascendc.data_copy %torow5, %r, %count : !ascendc.global<f32>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag mte3_v %event : i32
  ascendc.wait_flag mte3_v %event : i32
  ascendc.duplicate %r, %minus, %count : !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.pipe_barrier v
  ascendc.max %r, %a, %b, %count : !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag v_mte3 %event : i32
  ascendc.wait_flag v_mte3 %event : i32
  %row6 = ascendc.constant 3072 : ui32
  %torow6 = ascendc.tensor_at %out_gm[%row6] : !ascendc.global<f32>, ui32
  ascendc.data_copy %torow6, %r, %count : !ascendc.global<f32>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag mte3_v %event : i32
  ascendc.wait_flag mte3_v %event : i32
  ascendc.duplicate %r, %minus, %count : !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.pipe_barrier v
  ascendc.max_repeat %r, %a, %b, %mask, %r8, %binary : !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, ui64, ui8, !ascendc.params<BinaryRepeatParams>
  ascendc.set_flag v_mte3 %event : i32
  ascendc.wait_flag v_mte3 %event : i32
  %row7 = ascendc.constant 3584 : ui32
  %torow7 = ascendc.tensor_at %out_gm[%row7] : !ascendc.global<f32>, ui32
  ascendc.data_copy %torow7, %r, %count : !ascendc.global<f32>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag mte3_v %event : i32
  ascendc.wait_flag mte3_v %event : i32
  ascendc.duplicate %r, %minus, %count : !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.pipe_barrier v
  ascendc.min %r, %a, %b, %count : !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag v_mte3 %event : i32
  ascendc.wait_flag v_mte3 %event : i32
  %row8 = ascendc.constant 4096 : ui32
  %torow8 = ascendc.tensor_at %out_gm[%row8] : !ascendc.global<f32>, ui32
  ascendc.data_copy %torow8, %r, %count : !ascendc.global<f32>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag mte3_v %event : i32
  ascendc.wait_flag mte3_v %event : i32
  ascendc.duplicate %r, %minus, %count : !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.pipe_barrier v
  ascendc.min_repeat %r, %a, %b, %mask, %r8, %binary : !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, ui64, ui8, !ascendc.params<BinaryRepeatParams>
  ascendc.set_flag v_mte3 %event : i32
  ascendc.wait_flag v_mte3 %event : i32
  %row9 = ascendc.constant 4608 : ui32
  %torow9 = ascendc.tensor_at %out_gm[%row9] : !ascendc.global<f32>, ui32
  ascendc.data_copy %torow9, %r, %count : !ascendc.global<f32>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag mte3_v %event : i32
  ascendc.wait_flag mte3_v %event : i32
  ascendc.duplicate %r, %minus, %count : !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.pipe_barrier v
  ascendc.adds %r, %a, %scale, %count : !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.set_flag v_mte3 %event : i32
  ascendc.wait_flag v_mte3 %event : i32
  %row10 = ascendc.constant 5120 : ui32
  %torow10 = ascendc.tensor_at %out_gm[%row10] : !ascendc.global<f32>, ui32
  ascendc.data_copy %torow10, %r, %count : !ascendc.global<f32>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag mte3_v %event : i32
  ascendc.wait_flag mte3_v %event : i32
  ascendc.duplicate %r, %minus, %count : !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.pipe_barrier v
  ascendc.adds_repeat %r, %a, %scale, %mask, %r8, %unary : !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, f32, ui64, ui8, !ascendc.params<UnaryRepeatParams>
  ascendc.set_flag v_mte3 %event : i32
  ascendc.wait_flag v_mte3 %event : i32
  %row11 = ascendc.constant 5632 : ui32
  %torow11 = ascendc.tensor_at %out_gm[%row11] : !ascendc.global<f32>, ui32
  ascendc.data_copy %torow11, %r, %count : !ascendc.global<f32>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag mte3_v %event : i32
  ascendc.wait_flag mte3_v %event : i32
  ascendc.duplicate %r, %minus, %count : !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.pipe_barrier v
  ascendc.muls %r, %a, %scale, %count : !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.set_flag v_mte3 %event : i32
  ascendc.wait_flag v_mte3 %event : i32
  %row12 = ascendc.constant 6144 : ui32
  %torow12 = ascendc.tensor_at %out_gm[%row12] : !ascendc.global<f32>, ui32
  ascendc.data_copy %torow12, %r, %count : !ascendc.global<f32>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag mte3_v %event : i32
  ascendc.wait_flag mte3_v %event : i32
  ascendc.duplicate %r, %minus, %count : !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.pipe_barrier v
  ascendc.muls_repeat %r, %a, %scale, %mask, %r8, %unary : !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, f32, ui64, ui8, !ascendc.params<UnaryRepeatParams>
  ascendc.set_flag v_mte3 %event : i32
  ascendc.wait_flag v_mte3 %event : i32
  %row13 = ascendc.constant 6656 : ui32
  %torow13 = ascendc.tensor_at %out_gm[%row13] : !ascendc.global<f32>, ui32
  ascendc.data_copy %torow13, %r, %count : !ascendc.global<f32>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag mte3_v %event : i32
  ascendc.wait_flag mte3_v %event : i32
  ascendc.duplicate %r, %minus, %count : !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.pipe_barrier v
  ascendc.maxs %r, %a, %scale, %count : !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.set_flag v_mte3 %event : i32
  ascendc.wait_flag v_mte3 %event : i32
  %row14 = ascendc.constant 7168 : ui32
  %torow14 = ascendc.tensor_at %out_gm[%row14] : !ascendc.global<f32>, ui32
  ascendc.data_copy %torow14, %r, %count : !ascendc.global<f32>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag mte3_v %event : i32
  ascendc.wait_flag mte3_v %event : i32
  ascendc.duplicate %r, %minus, %count : !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.pipe_barrier v
  ascendc.maxs_repeat %r, %a, %scale, %mask, %r8, %unary : !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, f32, ui64, ui8, !ascendc.params<UnaryRepeatParams>
  ascendc.set_flag v_mte3 %event : i32
  ascendc.wait_flag v_mte3 %event : i32
  %row15 = ascendc.constant 7680 : ui32
  %torow15 = ascendc.tensor_at %out_gm[%row15] : !ascendc.global<f32>, ui32
  ascendc.data_copy %torow15, %r, %count : !ascendc.global<f32>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag mte3_v %event : i32
  ascendc.wait_flag mte3_v %event : i32
  ascendc.duplicate %r, %minus, %count : !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.pipe_barrier v
  ascendc.mins %r, %a, %scale, %count : !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.set_flag v_mte3 %event : i32
  ascendc.wait_flag v_mte3 %event : i32
  %row16 = ascendc.constant 8192 : ui32
  %torow16 = ascendc.tensor_at %out_gm[%row16] : !ascendc.global<f32>, ui32
  ascendc.data_copy %torow16, %r, %count : !ascendc.global<f32>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag mte3_v %event : i32
  ascendc.wait_flag mte3_v %event : i32
  ascendc.duplicate %r, %minus, %count : !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.pipe_barrier v
  ascendc.mins_repeat %r, %a, %scale, %mask, %r8, %unary : !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, f32, ui64, ui8, !ascendc.params<UnaryRepeatParams>
  ascendc.set_flag v_mte3 %event : i32
  ascendc.wait_flag v_mte3 %event : i32
  %row17 = ascendc.constant 8704 : ui32
  %torow17 = ascendc.tensor_at %out_gm[%row17] : !ascendc.global<f32>, ui32
  ascendc.data_copy %torow17, %r, %count : !ascendc.global<f32>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag mte3_v %event : i32
  ascendc.wait_flag mte3_v %event : i32
  ascendc.duplicate %r, %minus, %count : !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.pipe_barrier v
  ascendc.axpy %r, %a, %scale, %count : !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.set_flag v_mte3 %event : i32
  ascendc.wait_flag v_mte3 %event : i32
  %row18 = ascendc.constant 9216 : ui32
  %torow18 = ascendc.tensor_at %out_gm[%row18] : !ascendc.global<f32>, ui32
  ascendc.data_copy %torow18, %r, %count : !ascendc.global<f32>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag mte3_v %event : i32
  ascendc.wait_flag mte3_v %event : i32
  ascendc.duplicate %r, %minus, %count : !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.pipe_barrier v
  ascendc.axpy_repeat %r, %a, %scale, %mask, %r8, %unary : !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, f32, ui64, ui8, !ascendc.params<UnaryRepeatParams>
  ascendc.set_flag v_mte3 %event : i32
  ascendc.wait_flag v_mte3 %event : i32
  %row19 = ascendc.constant 9728 : ui32
  %torow19 = ascendc.tensor_at %out_gm[%row19] : !ascendc.global<f32>, ui32
  ascendc.data_copy %torow19, %r, %count : !ascendc.global<f32>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag mte3_v %event : i32
  ascendc.wait_flag mte3_v %event : i32
  ascendc.duplicate %r, %minus, %count : !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.pipe_barrier v
  ascendc.relu %r, %a, %count : !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag v_mte3 %event : i32
  ascendc.wait_flag v_mte3 %event : i32
  %row20 = ascendc.constant 10240 : ui32
  %torow20 = ascendc.tensor_at %out_gm[%row20] : !ascendc.global<f32>, ui32
  ascendc.data_copy %torow20, %r, %count : !ascendc.global<f32>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag mte3_v %event : i32
  ascendc.wait_flag mte3_v %event : i32
  ascendc.duplicate %r, %minus, %count : !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.pipe_barrier v
  ascendc.relu_repeat %r, %a, %mask, %r8, %unary : !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, ui64, ui8, !ascendc.params<UnaryRepeatParams>
  ascendc.set_flag v_mte3 %event : i32
  ascendc.wait_flag v_mte3 %event : i32
  %row21 = ascendc.constant 10752 : ui32
  %torow21 = ascendc.tensor_at %out_gm[%row21] : !ascendc.global<f32>, ui32
  ascendc.data_copy %torow21, %r, %count : !ascendc.global<f32>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag mte3_v %event : i32
  ascendc.wait_flag mte3_v %event : i32
  ascendc.duplicate %r, %minus, %count : !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.pipe_barrier v
  ascendc.cast rint %h, %a, %count : !ascendc.local<f16, veccalc>, !ascendc.local<f32, veccalc>, ui32
  ascendc.pipe_barrier v
  ascendc.cast none %r, %h, %count : !ascendc.local<f32, veccalc>, !ascendc.local<f16, veccalc>, ui32
  ascendc.set_flag v_mte3 %event : i32
  ascendc.wait_flag v_mte3 %event : i32
  %row22 = ascendc.constant 11264 : ui32
  %torow22 = ascendc.tensor_at %out_gm[%row22] : !ascendc.global<f32>, ui32
  ascendc.data_copy %torow22, %r, %count : !ascendc.global<f32>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag mte3_v %event : i32
  ascendc.wait_flag mte3_v %event : i32
  ascendc.duplicate %r, %minus, %count : !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.pipe_barrier v
  ascendc.cast_repeat trunc %h, %a, %m64, %r8, %narrowing : !ascendc.local<f16, veccalc>, !ascendc.local<f32, veccalc>, ui64, ui8, !ascendc.params<UnaryRepeatParams>
  ascendc.pipe_barrier v
  ascendc.cast_repeat none %r, %h, %mask, %r8, %widening : !ascendc.local<f32, veccalc>, !ascendc.local<f16, veccalc>, ui64, ui8, !ascendc.params<UnaryRepeatParams>
  ascendc.set_flag v_mte3 %event : i32
  ascendc.wait_flag v_mte3 %event : i32
  %row23 = ascendc.constant 11776 : ui32
  %torow23 = ascendc.tensor_at %out_gm[%row23] : !ascendc.global<f32>, ui32
  ascendc.data_copy %torow23, %r, %count : !ascendc.global<f32>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag mte3_v %event : i32
  ascendc.wait_flag mte3_v %event : i32
  ascendc.duplicate %r, %minus, %count : !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.pipe_barrier v
  ascendc.compare lt %bits, %a, %b, %count : !ascendc.local<ui8, veccalc>, !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, ui32
  ascendc.pipe_barrier v
  ascendc.select tensor_tensor %r, %bits, %a, %b, %count : !ascendc.local<f32, veccalc>, !ascendc.local<ui8, veccalc>, !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag v_mte3 %event : i32
  ascendc.wait_flag v_mte3 %event : i32
  %row24 = ascendc.constant 12288 : ui32
  %torow24 = ascendc.tensor_at %out_gm[%row24] : !ascendc.global<f32>, ui32
  ascendc.data_copy %torow24, %r, %count : !ascendc.global<f32>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag mte3_v %event : i32
  ascendc.wait_flag mte3_v %event : i32
  ascendc.duplicate %r, %minus, %count : !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.pipe_barrier v
  ascendc.compare_repeat ge %bits, %a, %b, %m64, %r8, %binary : !ascendc.local<ui8, veccalc>, !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, ui64, ui8, !ascendc.params<BinaryRepeatParams>
  ascendc.pipe_barrier v
  ascendc.select_repeat tensor_tensor %r, %bits, %a, %b, %mask, %r8, %binary : !ascendc.local<f32, veccalc>, !ascendc.local<ui8, veccalc>, !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, ui64, ui8, !ascendc.params<BinaryRepeatParams>
  ascendc.set_flag v_mte3 %event : i32
  ascendc.wait_flag v_mte3 %event : i32
  %row25 = ascendc.constant 12800 : ui32
  %torow25 = ascendc.tensor_at %out_gm[%row25] : !ascendc.global<f32>, ui32
  ascendc.data_copy %torow25, %r, %count : !ascendc.global<f32>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag mte3_v %event : i32
  ascendc.wait_flag mte3_v %event : i32
  ascendc.duplicate %r, %minus, %count : !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.pipe_barrier v
  ascendc.compare_scalar gt %bits, %a, %scale, %count : !ascendc.local<ui8, veccalc>, !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.pipe_barrier v
  ascendc.select_scalar tensor_scalar %r, %bits, %a, %zero, %count : !ascendc.local<f32, veccalc>, !ascendc.local<ui8, veccalc>, !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.set_flag v_mte3 %event : i32
  ascendc.wait_flag v_mte3 %event : i32
  %row26 = ascendc.constant 13312 : ui32
  %torow26 = ascendc.tensor_at %out_gm[%row26] : !ascendc.global<f32>, ui32
  ascendc.data_copy %torow26, %r, %count : !ascendc.global<f32>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag mte3_v %event : i32
  ascendc.wait_flag mte3_v %event : i32
  ascendc.duplicate %r, %minus, %count : !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.pipe_barrier v
  ascendc.compare_scalar_repeat le %bits, %a, %scale, %m64, %r8, %unary : !ascendc.local<ui8, veccalc>, !ascendc.local<f32, veccalc>, f32, ui64, ui8, !ascendc.params<UnaryRepeatParams>
  ascendc.pipe_barrier v
  ascendc.select_scalar_repeat tensor_scalar %r, %bits, %a, %scale, %mask, %r8, %binary : !ascendc.local<f32, veccalc>, !ascendc.local<ui8, veccalc>, !ascendc.local<f32, veccalc>, f32, ui64, ui8, !ascendc.params<BinaryRepeatParams>
  ascendc.set_flag v_mte3 %event : i32
  ascendc.wait_flag v_mte3 %event : i32
  %row27 = ascendc.constant 13824 : ui32
  %torow27 = ascendc.tensor_at %out_gm[%row27] : !ascendc.global<f32>, ui32
  ascendc.data_copy %torow27, %r, %count : !ascendc.global<f32>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag mte3_v %event : i32
  ascendc.wait_flag mte3_v %event : i32
  ascendc.duplicate %r, %minus, %count : !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.pipe_barrier v
  ascendc.duplicate_repeat %r, %scale, %mask, %r8, %t1, %s8 : !ascendc.local<f32, veccalc>, f32, ui64, ui8, ui16, ui8
  ascendc.set_flag v_mte3 %event : i32
  ascendc.wait_flag v_mte3 %event : i32
  %row28 = ascendc.constant 14336 : ui32
  %torow28 = ascendc.tensor_at %out_gm[%row28] : !ascendc.global<f32>, ui32
  ascendc.data_copy %torow28, %r, %count : !ascendc.global<f32>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag mte3_v %event : i32
  ascendc.wait_flag mte3_v %event : i32
  ascendc.duplicate %r, %minus, %count : !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.pipe_barrier v
  ascendc.brcb %r, %a, %r8, %spread : !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, ui8, !ascendc.params<BrcbRepeatParams>
  ascendc.set_flag v_mte3 %event : i32
  ascendc.wait_flag v_mte3 %event : i32
  %row29 = ascendc.constant 14848 : ui32
  %torow29 = ascendc.tensor_at %out_gm[%row29] : !ascendc.global<f32>, ui32
  ascendc.data_copy %torow29, %r, %count : !ascendc.global<f32>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag mte3_v %event : i32
  ascendc.wait_flag mte3_v %event : i32
  %i1 = ascendc.constant 1 : i32
  %i8 = ascendc.constant 8 : i32
  %i50 = ascendc.constant 50 : i32
  ascendc.duplicate %r, %minus, %count : !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.pipe_barrier v
  ascendc.whole_reduce_sum %r, %a, %i50, %i8, %i1, %i1, %i8 : !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, i32, i32, i32, i32, i32
  ascendc.set_flag v_mte3 %event : i32
  ascendc.wait_flag v_mte3 %event : i32
  %row30 = ascendc.constant 15360 : ui32
  %torow30 = ascendc.tensor_at %out_gm[%row30] : !ascendc.global<f32>, ui32
  ascendc.data_copy %torow30, %r, %count : !ascendc.global<f32>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag mte3_v %event : i32
  ascendc.wait_flag mte3_v %event : i32
  ascendc.duplicate %r, %minus, %count : !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.pipe_barrier v
  ascendc.cast rint %h, %a, %count : !ascendc.local<f16, veccalc>, !ascendc.local<f32, veccalc>, ui32
  ascendc.pipe_barrier v
  %half_scale = ascendc.constant 0.5 : f16
  ascendc.axpy %r, %h, %half_scale, %count : !ascendc.local<f32, veccalc>, !ascendc.local<f16, veccalc>, f16, ui32
  ascendc.set_flag v_mte3 %event : i32
  ascendc.wait_flag v_mte3 %event : i32
  %row31 = ascendc.constant 15872 : ui32
  %torow31 = ascendc.tensor_at %out_gm[%row31] : !ascendc.global<f32>, ui32
  ascendc.data_copy %torow31, %r, %count : !ascendc.global<f32>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag mte3_v %event : i32
  ascendc.wait_flag mte3_v %event : i32
  %one_h = ascendc.constant 1.0 : f16
  ascendc.duplicate %r, %minus, %count : !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.pipe_barrier v
  ascendc.duplicate %g, %one_h, %count : !ascendc.local<f16, veccalc>, f16, ui32
  ascendc.cast rint %h, %a, %count : !ascendc.local<f16, veccalc>, !ascendc.local<f32, veccalc>, ui32
  ascendc.pipe_barrier v
  ascendc.max %h, %h, %g, %count : !ascendc.local<f16, veccalc>, !ascendc.local<f16, veccalc>, !ascendc.local<f16, veccalc>, ui32
  ascendc.pipe_barrier v
  ascendc.cast none %r, %h, %count : !ascendc.local<f32, veccalc>, !ascendc.local<f16, veccalc>, ui32
  ascendc.set_flag v_mte3 %event : i32
  ascendc.wait_flag v_mte3 %event : i32
  %row32 = ascendc.constant 16384 : ui32
  %torow32 = ascendc.tensor_at %out_gm[%row32] : !ascendc.global<f32>, ui32
  ascendc.data_copy %torow32, %r, %count : !ascendc.global<f32>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag mte3_v %event : i32
  ascendc.wait_flag mte3_v %event : i32
  ascendc.duplicate %r, %minus, %count : !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.pipe_barrier v
  %r_bits = ascendc.reinterpret_cast %r : !ascendc.local<f32, veccalc> to !ascendc.local<i32, veccalc>
  ascendc.set_flag v_s %event : i32
  ascendc.wait_flag v_s %event : i32
  %i2 = ascendc.constant 2 : index
  %was = ascendc.get_value %r_bits[%i2] : !ascendc.local<i32, veccalc>, index to i32
  %sign = ascendc.constant 2147483647 : i32
  %abs = ascendc.arithmetic and %was, %sign : i32
  ascendc.set_value %r_bits[%i2], %abs : !ascendc.local<i32, veccalc>, index, i32
  ascendc.set_flag s_v %event : i32
  ascendc.wait_flag s_v %event : i32
  ascendc.adds %r, %r, %zero, %count : !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, f32, ui32
  ascendc.set_flag v_mte3 %event : i32
  ascendc.wait_flag v_mte3 %event : i32
  %row33 = ascendc.constant 16896 : ui32
  %torow33 = ascendc.tensor_at %out_gm[%row33] : !ascendc.global<f32>, ui32
  ascendc.data_copy %torow33, %r, %count : !ascendc.global<f32>, !ascendc.local<f32, veccalc>, ui32
  ascendc.set_flag mte3_v %event : i32
  ascendc.wait_flag mte3_v %event : i32
  ascendc.pipe_barrier all
}
