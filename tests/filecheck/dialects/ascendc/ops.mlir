// RUN: LIG_ROUNDTRIP
// RUN: LIG_GENERIC_ROUNDTRIP

// Every operation in its own syntax, and by way of generic syntax.

// CHECK: ascendc.include "kernel_operator.h"
ascendc.include "kernel_operator.h"
// CHECK-NEXT: ascendc.comment "a line of its own"
ascendc.comment "a line of its own"
// CHECK-NEXT: ascendc.tiling_struct @Tiling in "tiling.h" attributes {comment = "by the host"} {
ascendc.tiling_struct @Tiling in "tiling.h" attributes {comment = "by the host"} {
  // CHECK-NEXT: ascendc.tiling_field @length : ui32
  ascendc.tiling_field @length : ui32
  // CHECK-NEXT: ascendc.tiling_field @scale : f32 {comment = "of x"}
  ascendc.tiling_field @scale : f32 {comment = "of x"}
// CHECK-NEXT: }
}
// CHECK-NEXT: ascendc.tiling_struct @Other {
ascendc.tiling_struct @Other {
  // CHECK-NEXT: ascendc.tiling_field @n : i64
  ascendc.tiling_field @n : i64
// CHECK-NEXT: }
}
// CHECK-NEXT: ascendc.kernel @frame(%x: !ascendc.address, %tiling: !ascendc.address) attributes {comment = "a kernel"} {
ascendc.kernel @frame(%x: !ascendc.address, %tiling: !ascendc.address) attributes {comment = "a kernel"} {
  // CHECK-NEXT: ascendc.kernel_type mix_aic_1_2
  ascendc.kernel_type mix_aic_1_2
  // CHECK-NEXT: ascendc.register_tiling @Tiling
  ascendc.register_tiling @Tiling
  // CHECK-NEXT: %t = ascendc.get_tiling_data %tiling : !ascendc.tiling<Tiling>
  %t = ascendc.get_tiling_data %tiling : !ascendc.tiling<Tiling>
  // CHECK-NEXT: %length = ascendc.tiling_member %t @length : (!ascendc.tiling<Tiling>) -> ui32
  %length = ascendc.tiling_member %t @length : (!ascendc.tiling<Tiling>) -> ui32
  // CHECK-NEXT: ascendc.unused %x : !ascendc.address
  ascendc.unused %x : !ascendc.address
  // CHECK-NEXT: %zero = ascendc.constant 0 : ui32
  %zero = ascendc.constant 0 : ui32
  // CHECK-NEXT: %one = ascendc.constexpr 1 : ui32 {comment = "the step"}
  %one = ascendc.constexpr 1 : ui32 {comment = "the step"}
  // CHECK-NEXT: %pi = ascendc.constant 3.140000e+00 : f32
  %pi = ascendc.constant 3.140000e+00 : f32
  // CHECK-NEXT: %yes = ascendc.constant true
  %yes = ascendc.constant true
  // CHECK-NEXT: %far = ascendc.constant -5 : index
  %far = ascendc.constant -5 : index
  // CHECK-NEXT: ascendc.for %i = %zero to %length step %one : ui32 {
  ascendc.for %i = %zero to %length step %one : ui32 {
    // CHECK-NEXT: %end = ascendc.cmp ge %i, %one : ui32
    %end = ascendc.cmp ge %i, %one : ui32
    // CHECK-NEXT: ascendc.if %end attributes {comment = "early"} {
    ascendc.if %end attributes {comment = "early"} {
      // CHECK-NEXT: ascendc.return
      ascendc.return
    // CHECK-NEXT: } else {
    } else {
      // CHECK-NEXT: ascendc.comment "go on"
      ascendc.comment "go on"
    // CHECK-NEXT: }
    }
  // CHECK-NEXT: }
  }
  // CHECK-NEXT: ascendc.on_aic {
  ascendc.on_aic {
    // CHECK-NEXT: ascendc.if %yes {
    ascendc.if %yes {
      // CHECK-NEXT: ascendc.pipe_barrier m
      ascendc.pipe_barrier m
    // CHECK-NEXT: }
    }
  // CHECK-NEXT: }
  }
  // CHECK-NEXT: ascendc.on_aiv attributes {comment = "vector cores"} {
  ascendc.on_aiv attributes {comment = "vector cores"} {
    // CHECK-NEXT: ascendc.pipe_barrier v
    ascendc.pipe_barrier v
  // CHECK-NEXT: }
  }
// CHECK-NEXT: }
}
// CHECK-NEXT: ascendc.kernel @bare() {
ascendc.kernel @bare() {
// CHECK-NEXT: }
}
// CHECK-NEXT: ascendc.function @part(%x: !ascendc.address, %data: !ascendc.tiling<Tiling>) attributes {comment = "a function"} {
ascendc.function @part(%x: !ascendc.address, %data: !ascendc.tiling<Tiling>) attributes {comment = "a function"} {
// CHECK-NEXT: }
}

// Scalars.
// CHECK-NEXT: %i = "test.op"() : () -> i32
%i = "test.op"() : () -> i32
// CHECK-NEXT: %j = "test.op"() : () -> i32
%j = "test.op"() : () -> i32
// CHECK-NEXT: %b = "test.op"() : () -> i1
%b = "test.op"() : () -> i1
// CHECK-NEXT: %f = "test.op"() : () -> f32
%f = "test.op"() : () -> f32
// CHECK-NEXT: %u = "test.op"() : () -> ui32
%u = "test.op"() : () -> ui32
// CHECK-NEXT: %whole = ascendc.constant 512 : ui32
%whole = ascendc.constant 512 : ui32
// CHECK-NEXT: %whole_i64 = ascendc.constant 512 : i64
%whole_i64 = ascendc.constant 512 : i64
// CHECK-NEXT: %whole_index = ascendc.constant 512 : index
%whole_index = ascendc.constant 512 : index
// CHECK-NEXT: %w = "test.op"() : () -> i64
%w = "test.op"() : () -> i64
// CHECK-NEXT: %s_add = ascendc.arithmetic add %i, %j : i32
%s_add = ascendc.arithmetic add %i, %j : i32
// CHECK-NEXT: %s_sub = ascendc.arithmetic sub %i, %j : i32
%s_sub = ascendc.arithmetic sub %i, %j : i32
// CHECK-NEXT: %s_mul = ascendc.arithmetic mul %i, %j : i32
%s_mul = ascendc.arithmetic mul %i, %j : i32
// CHECK-NEXT: %s_div = ascendc.arithmetic div %i, %j : i32
%s_div = ascendc.arithmetic div %i, %j : i32
// CHECK-NEXT: %s_rem = ascendc.arithmetic rem %i, %j : i32
%s_rem = ascendc.arithmetic rem %i, %j : i32
// CHECK-NEXT: %s_and = ascendc.arithmetic and %i, %j : i32
%s_and = ascendc.arithmetic and %i, %j : i32
// CHECK-NEXT: %s_or = ascendc.arithmetic or %i, %j : i32
%s_or = ascendc.arithmetic or %i, %j : i32
// CHECK-NEXT: %s_xor = ascendc.arithmetic xor %i, %j : i32
%s_xor = ascendc.arithmetic xor %i, %j : i32
// CHECK-NEXT: %s_shl = ascendc.arithmetic shl %i, %j : i32
%s_shl = ascendc.arithmetic shl %i, %j : i32
// CHECK-NEXT: %s_shr = ascendc.arithmetic shr %i, %j : i32
%s_shr = ascendc.arithmetic shr %i, %j : i32
// CHECK-NEXT: %s_min = ascendc.arithmetic min %i, %j : i32
%s_min = ascendc.arithmetic min %i, %j : i32
// CHECK-NEXT: %s_max = ascendc.arithmetic max %i, %j : i32
%s_max = ascendc.arithmetic max %i, %j : i32
// CHECK-NEXT: %p_lt = ascendc.cmp lt %f, %f : f32
%p_lt = ascendc.cmp lt %f, %f : f32
// CHECK-NEXT: %p_gt = ascendc.cmp gt %f, %f : f32
%p_gt = ascendc.cmp gt %f, %f : f32
// CHECK-NEXT: %p_eq = ascendc.cmp eq %f, %f : f32
%p_eq = ascendc.cmp eq %f, %f : f32
// CHECK-NEXT: %p_le = ascendc.cmp le %f, %f : f32
%p_le = ascendc.cmp le %f, %f : f32
// CHECK-NEXT: %p_ge = ascendc.cmp ge %f, %f : f32
%p_ge = ascendc.cmp ge %f, %f : f32
// CHECK-NEXT: %p_ne = ascendc.cmp ne %f, %f : f32
%p_ne = ascendc.cmp ne %f, %f : f32
// CHECK-NEXT: %c = ascendc.choose %b, %u, %u : ui32
%c = ascendc.choose %b, %u, %u : ui32
// CHECK-NEXT: %d = ascendc.scalar_cast %i : i32 to ui16
%d = ascendc.scalar_cast %i : i32 to ui16
// CHECK-NEXT: %v = ascendc.variable %i : i32
%v = ascendc.variable %i : i32
// CHECK-NEXT: ascendc.assign %v, %j : i32
ascendc.assign %v, %j : i32
// CHECK-NEXT: %v_now = ascendc.read %v : i32
%v_now = ascendc.read %v : i32
// CHECK-NEXT: %get_block_idx = ascendc.get_block_idx
%get_block_idx = ascendc.get_block_idx
// CHECK-NEXT: %get_block_num = ascendc.get_block_num
%get_block_num = ascendc.get_block_num
// CHECK-NEXT: %get_sub_block_idx = ascendc.get_sub_block_idx
%get_sub_block_idx = ascendc.get_sub_block_idx
// CHECK-NEXT: %get_sub_block_num = ascendc.get_sub_block_num
%get_sub_block_num = ascendc.get_sub_block_num

// Memory.
// CHECK-NEXT: %addr = "test.op"() : () -> !ascendc.address
%addr = "test.op"() : () -> !ascendc.address
// CHECK-NEXT: %i0 = "test.op"() : () -> index
%i0 = "test.op"() : () -> index
// CHECK-NEXT: %pipe = ascendc.tpipe
%pipe = ascendc.tpipe
// CHECK-NEXT: %buf = ascendc.tbuf : !ascendc.tbuf<a1>
%buf = ascendc.tbuf : !ascendc.tbuf<a1>
// CHECK-NEXT: ascendc.init_buffer %pipe, %buf, %u : !ascendc.tpipe, !ascendc.tbuf<a1>, ui32
ascendc.init_buffer %pipe, %buf, %u : !ascendc.tpipe, !ascendc.tbuf<a1>, ui32
// CHECK-NEXT: %l1 = ascendc.get_with_offset %buf, %whole, %whole : !ascendc.tbuf<a1> to !ascendc.local<f16, a1>
%l1 = ascendc.get_with_offset %buf, %whole, %whole : !ascendc.tbuf<a1> to !ascendc.local<f16, a1>
// CHECK-NEXT: %g = ascendc.global_tensor : !ascendc.global<f32>
%g = ascendc.global_tensor : !ascendc.global<f32>
// CHECK-NEXT: ascendc.set_global_buffer %g, %addr, %u : !ascendc.global<f32>, ui32
ascendc.set_global_buffer %g, %addr, %u : !ascendc.global<f32>, ui32
// CHECK-NEXT: %gh = ascendc.global_tensor : !ascendc.global<f16>
%gh = ascendc.global_tensor : !ascendc.global<f16>
// CHECK-NEXT: ascendc.set_global_buffer %gh, %addr, %w : !ascendc.global<f16>, i64
ascendc.set_global_buffer %gh, %addr, %w : !ascendc.global<f16>, i64
// CHECK-NEXT: %user = ascendc.get_user_workspace %addr
%user = ascendc.get_user_workspace %addr
// CHECK-NEXT: %slot = ascendc.offset_address %user, %w : i64
%slot = ascendc.offset_address %user, %w : i64
// CHECK-NEXT: %g1 = ascendc.tensor_at %g[%u] : !ascendc.global<f32>, ui32
%g1 = ascendc.tensor_at %g[%u] : !ascendc.global<f32>, ui32
// CHECK-NEXT: %l1_1 = ascendc.tensor_at %l1[%i0] : !ascendc.local<f16, a1>, index
%l1_1 = ascendc.tensor_at %l1[%i0] : !ascendc.local<f16, a1>, index
// CHECK-NEXT: %gb = ascendc.reinterpret_cast %g : !ascendc.global<f32> to !ascendc.global<i32>
%gb = ascendc.reinterpret_cast %g : !ascendc.global<f32> to !ascendc.global<i32>
// CHECK-NEXT: %l1_b = ascendc.reinterpret_cast %l1 : !ascendc.local<f16, a1> to !ascendc.local<bf16, a1>
%l1_b = ascendc.reinterpret_cast %l1 : !ascendc.local<f16, a1> to !ascendc.local<bf16, a1>
// CHECK-NEXT: %e = ascendc.get_value %g[%w] : !ascendc.global<f32>, i64 to f32
%e = ascendc.get_value %g[%w] : !ascendc.global<f32>, i64 to f32
// CHECK-NEXT: %gw = ascendc.reinterpret_cast %g : !ascendc.global<f32> to !ascendc.global<ui64>
%gw = ascendc.reinterpret_cast %g : !ascendc.global<f32> to !ascendc.global<ui64>
// CHECK-NEXT: ascendc.data_cache_preload %gw, %w : !ascendc.global<ui64>, i64
ascendc.data_cache_preload %gw, %w : !ascendc.global<ui64>, i64
// CHECK-NEXT: ascendc.set_value %g[%w], %e : !ascendc.global<f32>, i64, f32
ascendc.set_value %g[%w], %e : !ascendc.global<f32>, i64, f32

// Moves.
// CHECK-NEXT: %h = "test.op"() : () -> ui16
%h = "test.op"() : () -> ui16
// CHECK-NEXT: %q = "test.op"() : () -> ui8
%q = "test.op"() : () -> ui8
// CHECK-NEXT: %x = "test.op"() : () -> !ascendc.local<f32, vecin>
%x = "test.op"() : () -> !ascendc.local<f32, vecin>
// CHECK-NEXT: %y = "test.op"() : () -> !ascendc.local<f32, vecout>
%y = "test.op"() : () -> !ascendc.local<f32, vecout>
// CHECK-NEXT: %z = "test.op"() : () -> !ascendc.local<f32, veccalc>
%z = "test.op"() : () -> !ascendc.local<f32, veccalc>
// CHECK-NEXT: %bursts = ascendc.data_copy_params blockCount %h, blockLen %h, srcGap %h, dstGap %h
%bursts = ascendc.data_copy_params blockCount %h, blockLen %h, srcGap %h, dstGap %h
// CHECK-NEXT: %r = "test.op"() : () -> ui32
%r = "test.op"() : () -> ui32
// CHECK-NEXT: %nil = ascendc.constant 0 : ui32
%nil = ascendc.constant 0 : ui32
// CHECK-NEXT: %ext = ascendc.data_copy_ext_params blockCount %h, blockLen %u, srcStride %u, dstStride %u, rsv %nil
%ext = ascendc.data_copy_ext_params blockCount %h, blockLen %u, srcStride %u, dstStride %u, rsv %nil
// CHECK-NEXT: %pad = ascendc.data_copy_pad_ext_params isPad %b, leftPadding %q, rightPadding %q, paddingValue %f : !ascendc.params<DataCopyPadExtParams, f32>
%pad = ascendc.data_copy_pad_ext_params isPad %b, leftPadding %q, rightPadding %q, paddingValue %f : !ascendc.params<DataCopyPadExtParams, f32>
// CHECK-NEXT: %nz = ascendc.nd2nz_params ndNum %h, nValue %h, dValue %h, srcNdMatrixStride %h, srcDValue %h, dstNzC0Stride %h, dstNzNStride %h, dstNzMatrixStride %h
%nz = ascendc.nd2nz_params ndNum %h, nValue %h, dValue %h, srcNdMatrixStride %h, srcDValue %h, dstNzC0Stride %h, dstNzNStride %h, dstNzMatrixStride %h
// CHECK-NEXT: ascendc.data_copy %x, %g, %whole {comment = "in"} : !ascendc.local<f32, vecin>, !ascendc.global<f32>, ui32
ascendc.data_copy %x, %g, %whole {comment = "in"} : !ascendc.local<f32, vecin>, !ascendc.global<f32>, ui32
// CHECK-NEXT: ascendc.data_copy %g, %y, %whole_i64 : !ascendc.global<f32>, !ascendc.local<f32, vecout>, i64
ascendc.data_copy %g, %y, %whole_i64 : !ascendc.global<f32>, !ascendc.local<f32, vecout>, i64
// CHECK-NEXT: ascendc.data_copy %z, %x, %whole_index : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, index
ascendc.data_copy %z, %x, %whole_index : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, index
// CHECK-NEXT: ascendc.data_copy_bursts %x, %g, %bursts : !ascendc.local<f32, vecin>, !ascendc.global<f32>, !ascendc.params<DataCopyParams>
ascendc.data_copy_bursts %x, %g, %bursts : !ascendc.local<f32, vecin>, !ascendc.global<f32>, !ascendc.params<DataCopyParams>
// CHECK-NEXT: ascendc.data_copy_nd2nz %l1, %gh, %nz : !ascendc.local<f16, a1>, !ascendc.global<f16>, !ascendc.params<Nd2NzParams>
ascendc.data_copy_nd2nz %l1, %gh, %nz : !ascendc.local<f16, a1>, !ascendc.global<f16>, !ascendc.params<Nd2NzParams>
// CHECK-NEXT: ascendc.data_copy_pad_in %x, %g, %ext, %pad : !ascendc.local<f32, vecin>, !ascendc.global<f32>, !ascendc.params<DataCopyExtParams>, !ascendc.params<DataCopyPadExtParams, f32>
ascendc.data_copy_pad_in %x, %g, %ext, %pad : !ascendc.local<f32, vecin>, !ascendc.global<f32>, !ascendc.params<DataCopyExtParams>, !ascendc.params<DataCopyPadExtParams, f32>
// CHECK-NEXT: ascendc.data_copy_pad_out %g, %y, %ext : !ascendc.global<f32>, !ascendc.local<f32, vecout>, !ascendc.params<DataCopyExtParams>
ascendc.data_copy_pad_out %g, %y, %ext : !ascendc.global<f32>, !ascendc.local<f32, vecout>, !ascendc.params<DataCopyExtParams>
// CHECK-NEXT: ascendc.init_output %g, %u, %f : !ascendc.global<f32>, ui32, f32
ascendc.init_output %g, %u, %f : !ascendc.global<f32>, ui32, f32
// CHECK-NEXT: ascendc.fill %g, %w, %f : !ascendc.global<f32>, i64, f32
ascendc.fill %g, %w, %f : !ascendc.global<f32>, i64, f32

// Cube.
// CHECK-NEXT: %a2 = "test.op"() : () -> !ascendc.local<f16, a2>
%a2 = "test.op"() : () -> !ascendc.local<f16, a2>
// CHECK-NEXT: %b2 = "test.op"() : () -> !ascendc.local<f16, b2>
%b2 = "test.op"() : () -> !ascendc.local<f16, b2>
// CHECK-NEXT: %co = "test.op"() : () -> !ascendc.local<f32, co1>
%co = "test.op"() : () -> !ascendc.local<f32, co1>
// CHECK-NEXT: %nzl1 = "test.op"() : () -> !ascendc.local<bf16, b1>
%nzl1 = "test.op"() : () -> !ascendc.local<bf16, b1>
// CHECK-NEXT: %b0 = ascendc.constant 0 : ui8
%b0 = ascendc.constant 0 : ui8
// CHECK-NEXT: %no = ascendc.constant false
%no = ascendc.constant false
// CHECK-NEXT: %ld = ascendc.load_data_2d_params startIndex %h, repeatTimes %q, srcStride %h, sid %b0, dstGap %h, ifTranspose %b, addrMode %b0
%ld = ascendc.load_data_2d_params startIndex %h, repeatTimes %q, srcStride %h, sid %b0, dstGap %h, ifTranspose %b, addrMode %b0
// CHECK-NEXT: ascendc.load_data %a2, %l1, %ld : !ascendc.local<f16, a2>, !ascendc.local<f16, a1>, !ascendc.params<LoadData2DParams>
ascendc.load_data %a2, %l1, %ld : !ascendc.local<f16, a2>, !ascendc.local<f16, a1>, !ascendc.params<LoadData2DParams>
// CHECK-NEXT: ascendc.load_data %b2, %gh, %ld : !ascendc.local<f16, b2>, !ascendc.global<f16>, !ascendc.params<LoadData2DParams>
ascendc.load_data %b2, %gh, %ld : !ascendc.local<f16, b2>, !ascendc.global<f16>, !ascendc.params<LoadData2DParams>
// CHECK-NEXT: %mm = ascendc.mmad_params m %h, n %h, k %h, unitFlag %q, cmatrixSource %no, cmatrixInitVal %b
%mm = ascendc.mmad_params m %h, n %h, k %h, unitFlag %q, cmatrixSource %no, cmatrixInitVal %b
// CHECK-NEXT: ascendc.mmad %co, %a2, %b2, %mm : !ascendc.local<f32, co1>, !ascendc.local<f16, a2>, !ascendc.local<f16, b2>, !ascendc.params<MmadParams>
ascendc.mmad %co, %a2, %b2, %mm : !ascendc.local<f32, co1>, !ascendc.local<f16, a2>, !ascendc.local<f16, b2>, !ascendc.params<MmadParams>
// CHECK-NEXT: %fx = ascendc.fixpipe_params nSize %h, mSize %h, srcStride %h, dstStride %u, reluEn %b, quantPre no_quant, ndNum %h, srcNdStride %h, dstNdStride %h, unitFlag %q
%fx = ascendc.fixpipe_params nSize %h, mSize %h, srcStride %h, dstStride %u, reluEn %b, quantPre no_quant, ndNum %h, srcNdStride %h, dstNdStride %h, unitFlag %q
// CHECK-NEXT: %fxb = ascendc.fixpipe_params nSize %h, mSize %h, srcStride %h, dstStride %u, reluEn %b, quantPre f322bf16, ndNum %h, srcNdStride %h, dstNdStride %h, unitFlag %q
%fxb = ascendc.fixpipe_params nSize %h, mSize %h, srcStride %h, dstStride %u, reluEn %b, quantPre f322bf16, ndNum %h, srcNdStride %h, dstNdStride %h, unitFlag %q
// CHECK-NEXT: %fxh = ascendc.fixpipe_params nSize %h, mSize %h, srcStride %h, dstStride %u, reluEn %b, quantPre f322f16, ndNum %h, srcNdStride %h, dstNdStride %h, unitFlag %q
%fxh = ascendc.fixpipe_params nSize %h, mSize %h, srcStride %h, dstStride %u, reluEn %b, quantPre f322f16, ndNum %h, srcNdStride %h, dstNdStride %h, unitFlag %q
// CHECK-NEXT: ascendc.fixpipe row_major %g, %co, %fx : !ascendc.global<f32>, !ascendc.local<f32, co1>, !ascendc.params<FixpipeParamsV220>
ascendc.fixpipe row_major %g, %co, %fx : !ascendc.global<f32>, !ascendc.local<f32, co1>, !ascendc.params<FixpipeParamsV220>
// CHECK-NEXT: ascendc.fixpipe nz %nzl1, %co, %fxb : !ascendc.local<bf16, b1>, !ascendc.local<f32, co1>, !ascendc.params<FixpipeParamsV220>
ascendc.fixpipe nz %nzl1, %co, %fxb : !ascendc.local<bf16, b1>, !ascendc.local<f32, co1>, !ascendc.params<FixpipeParamsV220>
// CHECK-NEXT: ascendc.fixpipe row_major %gh, %co, %fxh : !ascendc.global<f16>, !ascendc.local<f32, co1>, !ascendc.params<FixpipeParamsV220>
ascendc.fixpipe row_major %gh, %co, %fxh : !ascendc.global<f16>, !ascendc.local<f32, co1>, !ascendc.params<FixpipeParamsV220>

// Vector.
// CHECK-NEXT: %m = "test.op"() : () -> ui64
%m = "test.op"() : () -> ui64
// CHECK-NEXT: %bits = "test.op"() : () -> !ascendc.local<ui8, veccalc>
%bits = "test.op"() : () -> !ascendc.local<ui8, veccalc>
// CHECK-NEXT: %xh = "test.op"() : () -> !ascendc.local<f16, vecin>
%xh = "test.op"() : () -> !ascendc.local<f16, vecin>
// CHECK-NEXT: %fh = "test.op"() : () -> f16
%fh = "test.op"() : () -> f16
// CHECK-NEXT: %bin = ascendc.binary_repeat_params dstBlkStride %q, src0BlkStride %q, src1BlkStride %q, dstRepStride %q, src0RepStride %q, src1RepStride %q
%bin = ascendc.binary_repeat_params dstBlkStride %q, src0BlkStride %q, src1BlkStride %q, dstRepStride %q, src0RepStride %q, src1RepStride %q
// CHECK-NEXT: %un = ascendc.unary_repeat_params dstBlkStride %h, srcBlkStride %h, dstRepStride %q, srcRepStride %q
%un = ascendc.unary_repeat_params dstBlkStride %h, srcBlkStride %h, dstRepStride %q, srcRepStride %q
// CHECK-NEXT: %br = ascendc.brcb_repeat_params dstBlkStride %h, dstRepStride %h
%br = ascendc.brcb_repeat_params dstBlkStride %h, dstRepStride %h
// CHECK-NEXT: ascendc.add %z, %x, %y, %u : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui32
ascendc.add %z, %x, %y, %u : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui32
// CHECK-NEXT: ascendc.add_repeat %z, %x, %y, %m, %q, %bin : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui64, ui8, !ascendc.params<BinaryRepeatParams>
ascendc.add_repeat %z, %x, %y, %m, %q, %bin : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui64, ui8, !ascendc.params<BinaryRepeatParams>
// CHECK-NEXT: ascendc.sub %z, %x, %y, %u : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui32
ascendc.sub %z, %x, %y, %u : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui32
// CHECK-NEXT: ascendc.sub_repeat %z, %x, %y, %m, %q, %bin : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui64, ui8, !ascendc.params<BinaryRepeatParams>
ascendc.sub_repeat %z, %x, %y, %m, %q, %bin : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui64, ui8, !ascendc.params<BinaryRepeatParams>
// CHECK-NEXT: ascendc.mul %z, %x, %y, %u : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui32
ascendc.mul %z, %x, %y, %u : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui32
// CHECK-NEXT: ascendc.mul_repeat %z, %x, %y, %m, %q, %bin : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui64, ui8, !ascendc.params<BinaryRepeatParams>
ascendc.mul_repeat %z, %x, %y, %m, %q, %bin : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui64, ui8, !ascendc.params<BinaryRepeatParams>
// CHECK-NEXT: ascendc.max %z, %x, %y, %u : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui32
ascendc.max %z, %x, %y, %u : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui32
// CHECK-NEXT: ascendc.max_repeat %z, %x, %y, %m, %q, %bin : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui64, ui8, !ascendc.params<BinaryRepeatParams>
ascendc.max_repeat %z, %x, %y, %m, %q, %bin : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui64, ui8, !ascendc.params<BinaryRepeatParams>
// CHECK-NEXT: ascendc.min %z, %x, %y, %u : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui32
ascendc.min %z, %x, %y, %u : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui32
// CHECK-NEXT: ascendc.min_repeat %z, %x, %y, %m, %q, %bin : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui64, ui8, !ascendc.params<BinaryRepeatParams>
ascendc.min_repeat %z, %x, %y, %m, %q, %bin : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui64, ui8, !ascendc.params<BinaryRepeatParams>
// CHECK-NEXT: ascendc.adds %z, %x, %f, %u : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, f32, ui32
ascendc.adds %z, %x, %f, %u : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, f32, ui32
// CHECK-NEXT: ascendc.adds_repeat %z, %x, %f, %m, %q, %un : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, f32, ui64, ui8, !ascendc.params<UnaryRepeatParams>
ascendc.adds_repeat %z, %x, %f, %m, %q, %un : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, f32, ui64, ui8, !ascendc.params<UnaryRepeatParams>
// CHECK-NEXT: ascendc.muls %z, %x, %f, %u : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, f32, ui32
ascendc.muls %z, %x, %f, %u : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, f32, ui32
// CHECK-NEXT: ascendc.muls_repeat %z, %x, %f, %m, %q, %un : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, f32, ui64, ui8, !ascendc.params<UnaryRepeatParams>
ascendc.muls_repeat %z, %x, %f, %m, %q, %un : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, f32, ui64, ui8, !ascendc.params<UnaryRepeatParams>
// CHECK-NEXT: ascendc.maxs %z, %x, %f, %u : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, f32, ui32
ascendc.maxs %z, %x, %f, %u : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, f32, ui32
// CHECK-NEXT: ascendc.maxs_repeat %z, %x, %f, %m, %q, %un : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, f32, ui64, ui8, !ascendc.params<UnaryRepeatParams>
ascendc.maxs_repeat %z, %x, %f, %m, %q, %un : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, f32, ui64, ui8, !ascendc.params<UnaryRepeatParams>
// CHECK-NEXT: ascendc.mins %z, %x, %f, %u : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, f32, ui32
ascendc.mins %z, %x, %f, %u : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, f32, ui32
// CHECK-NEXT: ascendc.mins_repeat %z, %x, %f, %m, %q, %un : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, f32, ui64, ui8, !ascendc.params<UnaryRepeatParams>
ascendc.mins_repeat %z, %x, %f, %m, %q, %un : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, f32, ui64, ui8, !ascendc.params<UnaryRepeatParams>
// CHECK-NEXT: ascendc.axpy %z, %x, %f, %u : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, f32, ui32
ascendc.axpy %z, %x, %f, %u : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, f32, ui32
// CHECK-NEXT: ascendc.axpy_repeat %z, %x, %f, %m, %q, %un : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, f32, ui64, ui8, !ascendc.params<UnaryRepeatParams>
ascendc.axpy_repeat %z, %x, %f, %m, %q, %un : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, f32, ui64, ui8, !ascendc.params<UnaryRepeatParams>
// CHECK-NEXT: ascendc.axpy %z, %xh, %fh, %u : !ascendc.local<f32, veccalc>, !ascendc.local<f16, vecin>, f16, ui32
ascendc.axpy %z, %xh, %fh, %u : !ascendc.local<f32, veccalc>, !ascendc.local<f16, vecin>, f16, ui32
// CHECK-NEXT: ascendc.relu %z, %x, %u : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, ui32
ascendc.relu %z, %x, %u : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, ui32
// CHECK-NEXT: ascendc.relu_repeat %z, %x, %m, %q, %un : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, ui64, ui8, !ascendc.params<UnaryRepeatParams>
ascendc.relu_repeat %z, %x, %m, %q, %un : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, ui64, ui8, !ascendc.params<UnaryRepeatParams>
// CHECK-NEXT: ascendc.cast rint %xh, %x, %u : !ascendc.local<f16, vecin>, !ascendc.local<f32, vecin>, ui32
ascendc.cast rint %xh, %x, %u : !ascendc.local<f16, vecin>, !ascendc.local<f32, vecin>, ui32
// CHECK-NEXT: ascendc.cast floor %xh, %x, %u : !ascendc.local<f16, vecin>, !ascendc.local<f32, vecin>, ui32
ascendc.cast floor %xh, %x, %u : !ascendc.local<f16, vecin>, !ascendc.local<f32, vecin>, ui32
// CHECK-NEXT: ascendc.cast ceil %xh, %x, %u : !ascendc.local<f16, vecin>, !ascendc.local<f32, vecin>, ui32
ascendc.cast ceil %xh, %x, %u : !ascendc.local<f16, vecin>, !ascendc.local<f32, vecin>, ui32
// CHECK-NEXT: ascendc.cast round %xh, %x, %u : !ascendc.local<f16, vecin>, !ascendc.local<f32, vecin>, ui32
ascendc.cast round %xh, %x, %u : !ascendc.local<f16, vecin>, !ascendc.local<f32, vecin>, ui32
// CHECK-NEXT: ascendc.cast trunc %xh, %x, %u : !ascendc.local<f16, vecin>, !ascendc.local<f32, vecin>, ui32
ascendc.cast trunc %xh, %x, %u : !ascendc.local<f16, vecin>, !ascendc.local<f32, vecin>, ui32
// CHECK-NEXT: ascendc.cast odd %xh, %x, %u : !ascendc.local<f16, vecin>, !ascendc.local<f32, vecin>, ui32
ascendc.cast odd %xh, %x, %u : !ascendc.local<f16, vecin>, !ascendc.local<f32, vecin>, ui32
// CHECK-NEXT: ascendc.cast none %xh, %x, %u : !ascendc.local<f16, vecin>, !ascendc.local<f32, vecin>, ui32
ascendc.cast none %xh, %x, %u : !ascendc.local<f16, vecin>, !ascendc.local<f32, vecin>, ui32
// CHECK-NEXT: ascendc.cast_repeat none %z, %xh, %m, %q, %un : !ascendc.local<f32, veccalc>, !ascendc.local<f16, vecin>, ui64, ui8, !ascendc.params<UnaryRepeatParams>
ascendc.cast_repeat none %z, %xh, %m, %q, %un : !ascendc.local<f32, veccalc>, !ascendc.local<f16, vecin>, ui64, ui8, !ascendc.params<UnaryRepeatParams>
// CHECK-NEXT: ascendc.compare lt %bits, %x, %y, %whole : !ascendc.local<ui8, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui32
ascendc.compare lt %bits, %x, %y, %whole : !ascendc.local<ui8, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui32
// CHECK-NEXT: ascendc.compare gt %bits, %x, %y, %whole : !ascendc.local<ui8, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui32
ascendc.compare gt %bits, %x, %y, %whole : !ascendc.local<ui8, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui32
// CHECK-NEXT: ascendc.compare eq %bits, %x, %y, %whole : !ascendc.local<ui8, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui32
ascendc.compare eq %bits, %x, %y, %whole : !ascendc.local<ui8, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui32
// CHECK-NEXT: ascendc.compare le %bits, %x, %y, %whole : !ascendc.local<ui8, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui32
ascendc.compare le %bits, %x, %y, %whole : !ascendc.local<ui8, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui32
// CHECK-NEXT: ascendc.compare ge %bits, %x, %y, %whole : !ascendc.local<ui8, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui32
ascendc.compare ge %bits, %x, %y, %whole : !ascendc.local<ui8, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui32
// CHECK-NEXT: ascendc.compare ne %bits, %x, %y, %whole : !ascendc.local<ui8, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui32
ascendc.compare ne %bits, %x, %y, %whole : !ascendc.local<ui8, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui32
// CHECK-NEXT: ascendc.compare_repeat lt %bits, %x, %y, %m, %q, %bin : !ascendc.local<ui8, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui64, ui8, !ascendc.params<BinaryRepeatParams>
ascendc.compare_repeat lt %bits, %x, %y, %m, %q, %bin : !ascendc.local<ui8, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui64, ui8, !ascendc.params<BinaryRepeatParams>
// CHECK-NEXT: ascendc.compare_scalar gt %bits, %x, %f, %whole : !ascendc.local<ui8, veccalc>, !ascendc.local<f32, vecin>, f32, ui32
ascendc.compare_scalar gt %bits, %x, %f, %whole : !ascendc.local<ui8, veccalc>, !ascendc.local<f32, vecin>, f32, ui32
// CHECK-NEXT: ascendc.compare_scalar_repeat gt %bits, %x, %f, %m, %q, %un : !ascendc.local<ui8, veccalc>, !ascendc.local<f32, vecin>, f32, ui64, ui8, !ascendc.params<UnaryRepeatParams>
ascendc.compare_scalar_repeat gt %bits, %x, %f, %m, %q, %un : !ascendc.local<ui8, veccalc>, !ascendc.local<f32, vecin>, f32, ui64, ui8, !ascendc.params<UnaryRepeatParams>
// CHECK-NEXT: ascendc.select cmpmask_spr %z, %bits, %x, %y, %u : !ascendc.local<f32, veccalc>, !ascendc.local<ui8, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui32
ascendc.select cmpmask_spr %z, %bits, %x, %y, %u : !ascendc.local<f32, veccalc>, !ascendc.local<ui8, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui32
// CHECK-NEXT: ascendc.select tensor_tensor %z, %bits, %x, %y, %u : !ascendc.local<f32, veccalc>, !ascendc.local<ui8, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui32
ascendc.select tensor_tensor %z, %bits, %x, %y, %u : !ascendc.local<f32, veccalc>, !ascendc.local<ui8, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui32
// CHECK-NEXT: ascendc.select_repeat tensor_tensor %z, %bits, %x, %y, %m, %q, %bin : !ascendc.local<f32, veccalc>, !ascendc.local<ui8, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui64, ui8, !ascendc.params<BinaryRepeatParams>
ascendc.select_repeat tensor_tensor %z, %bits, %x, %y, %m, %q, %bin : !ascendc.local<f32, veccalc>, !ascendc.local<ui8, veccalc>, !ascendc.local<f32, vecin>, !ascendc.local<f32, vecout>, ui64, ui8, !ascendc.params<BinaryRepeatParams>
// CHECK-NEXT: ascendc.select_scalar tensor_scalar %z, %bits, %x, %f, %u : !ascendc.local<f32, veccalc>, !ascendc.local<ui8, veccalc>, !ascendc.local<f32, vecin>, f32, ui32
ascendc.select_scalar tensor_scalar %z, %bits, %x, %f, %u : !ascendc.local<f32, veccalc>, !ascendc.local<ui8, veccalc>, !ascendc.local<f32, vecin>, f32, ui32
// CHECK-NEXT: ascendc.select_scalar_repeat tensor_scalar %z, %bits, %x, %f, %m, %q, %bin : !ascendc.local<f32, veccalc>, !ascendc.local<ui8, veccalc>, !ascendc.local<f32, vecin>, f32, ui64, ui8, !ascendc.params<BinaryRepeatParams>
ascendc.select_scalar_repeat tensor_scalar %z, %bits, %x, %f, %m, %q, %bin : !ascendc.local<f32, veccalc>, !ascendc.local<ui8, veccalc>, !ascendc.local<f32, vecin>, f32, ui64, ui8, !ascendc.params<BinaryRepeatParams>
// CHECK-NEXT: ascendc.duplicate %z, %f, %u : !ascendc.local<f32, veccalc>, f32, ui32
ascendc.duplicate %z, %f, %u : !ascendc.local<f32, veccalc>, f32, ui32
// CHECK-NEXT: ascendc.duplicate_repeat %z, %f, %m, %q, %h, %q : !ascendc.local<f32, veccalc>, f32, ui64, ui8, ui16, ui8
ascendc.duplicate_repeat %z, %f, %m, %q, %h, %q : !ascendc.local<f32, veccalc>, f32, ui64, ui8, ui16, ui8
// CHECK-NEXT: ascendc.brcb %z, %x, %q, %br : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, ui8, !ascendc.params<BrcbRepeatParams>
ascendc.brcb %z, %x, %q, %br : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, ui8, !ascendc.params<BrcbRepeatParams>
// CHECK-NEXT: ascendc.whole_reduce_sum %z, %x, %i, %i, %i, %i, %i : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, i32, i32, i32, i32, i32
ascendc.whole_reduce_sum %z, %x, %i, %i, %i, %i, %i : !ascendc.local<f32, veccalc>, !ascendc.local<f32, vecin>, i32, i32, i32, i32, i32

// Order.
// CHECK-NEXT: ascendc.set_flag m_mte1 %i : i32
ascendc.set_flag m_mte1 %i : i32
// CHECK-NEXT: ascendc.set_flag m_mte2 %i : i32
ascendc.set_flag m_mte2 %i : i32
// CHECK-NEXT: ascendc.set_flag m_fix %i : i32
ascendc.set_flag m_fix %i : i32
// CHECK-NEXT: ascendc.set_flag mte1_m %i : i32
ascendc.set_flag mte1_m %i : i32
// CHECK-NEXT: ascendc.set_flag mte1_mte2 %i : i32
ascendc.set_flag mte1_mte2 %i : i32
// CHECK-NEXT: ascendc.set_flag mte1_mte3 %i : i32
ascendc.set_flag mte1_mte3 %i : i32
// CHECK-NEXT: ascendc.set_flag mte1_fix %i : i32
ascendc.set_flag mte1_fix %i : i32
// CHECK-NEXT: ascendc.set_flag mte2_m %i : i32
ascendc.set_flag mte2_m %i : i32
// CHECK-NEXT: ascendc.set_flag mte2_mte1 %i : i32
ascendc.set_flag mte2_mte1 %i : i32
// CHECK-NEXT: ascendc.set_flag mte2_mte3 %i : i32
ascendc.set_flag mte2_mte3 %i : i32
// CHECK-NEXT: ascendc.set_flag mte3_mte1 %i : i32
ascendc.set_flag mte3_mte1 %i : i32
// CHECK-NEXT: ascendc.set_flag mte3_mte2 %i : i32
ascendc.set_flag mte3_mte2 %i : i32
// CHECK-NEXT: ascendc.set_flag fix_m %i : i32
ascendc.set_flag fix_m %i : i32
// CHECK-NEXT: ascendc.set_flag fix_mte1 %i : i32
ascendc.set_flag fix_mte1 %i : i32
// CHECK-NEXT: ascendc.set_flag s_v %i : i32
ascendc.set_flag s_v %i : i32
// CHECK-NEXT: ascendc.set_flag s_mte2 %i : i32
ascendc.set_flag s_mte2 %i : i32
// CHECK-NEXT: ascendc.set_flag s_mte3 %i : i32
ascendc.set_flag s_mte3 %i : i32
// CHECK-NEXT: ascendc.set_flag v_s %i : i32
ascendc.set_flag v_s %i : i32
// CHECK-NEXT: ascendc.set_flag v_mte2 %i : i32
ascendc.set_flag v_mte2 %i : i32
// CHECK-NEXT: ascendc.set_flag v_mte3 %i : i32
ascendc.set_flag v_mte3 %i : i32
// CHECK-NEXT: ascendc.set_flag mte2_s %i : i32
ascendc.set_flag mte2_s %i : i32
// CHECK-NEXT: ascendc.set_flag mte2_v %i : i32
ascendc.set_flag mte2_v %i : i32
// CHECK-NEXT: ascendc.set_flag mte3_s %i : i32
ascendc.set_flag mte3_s %i : i32
// CHECK-NEXT: ascendc.set_flag mte3_v %i : i32
ascendc.set_flag mte3_v %i : i32
// CHECK-NEXT: ascendc.wait_flag v_s %w : i64
ascendc.wait_flag v_s %w : i64
// CHECK-NEXT: ascendc.pipe_barrier v
ascendc.pipe_barrier v
// CHECK-NEXT: ascendc.pipe_barrier m
ascendc.pipe_barrier m
// CHECK-NEXT: ascendc.pipe_barrier mte1
ascendc.pipe_barrier mte1
// CHECK-NEXT: ascendc.pipe_barrier mte2
ascendc.pipe_barrier mte2
// CHECK-NEXT: ascendc.pipe_barrier mte3
ascendc.pipe_barrier mte3
// CHECK-NEXT: ascendc.pipe_barrier fix
ascendc.pipe_barrier fix
// CHECK-NEXT: ascendc.pipe_barrier all
ascendc.pipe_barrier all
// CHECK-NEXT: ascendc.cross_core_set_flag 0 mte3 %u : ui32
ascendc.cross_core_set_flag 0 mte3 %u : ui32
// CHECK-NEXT: ascendc.cross_core_set_flag 1 v %u : ui32
ascendc.cross_core_set_flag 1 v %u : ui32
// CHECK-NEXT: ascendc.cross_core_set_flag 2 fix %u : ui32
ascendc.cross_core_set_flag 2 fix %u : ui32
// CHECK-NEXT: ascendc.cross_core_wait_flag %u : ui32
ascendc.cross_core_wait_flag %u : ui32
// CHECK-NEXT: ascendc.sync_all true
ascendc.sync_all true
// CHECK-NEXT: ascendc.sync_all false
ascendc.sync_all false
// CHECK-NEXT: ascendc.set_atomic_add f32
ascendc.set_atomic_add f32
// CHECK-NEXT: ascendc.set_atomic_add f16
ascendc.set_atomic_add f16
// CHECK-NEXT: ascendc.set_atomic_add bf16
ascendc.set_atomic_add bf16
// CHECK-NEXT: ascendc.set_atomic_add i16
ascendc.set_atomic_add i16
// CHECK-NEXT: ascendc.set_atomic_add i32
ascendc.set_atomic_add i32
// CHECK-NEXT: ascendc.set_atomic_add i8
ascendc.set_atomic_add i8
// CHECK-NEXT: ascendc.set_atomic_none
ascendc.set_atomic_none
