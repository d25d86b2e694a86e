// RUN: ligrad-opt --split-input-file --verify-diagnostics %s | filecheck %s
// The tests want a case here for every constraint label of the code.

// tensor_c1
// CHECK: a tensor holds one of i8, i16, i32, i64, ui8, ui16, ui32, ui64, f16, bf16, f32, not i1
"test.op"() : () -> !ascendc.global<i1>
// -----
// CHECK-LABEL: // {{-+}}

// tensor_c1
// CHECK: a tensor holds one of i8, i16, i32, i64, ui8, ui16, ui32, ui64, f16, bf16, f32, not index
"test.op"() : () -> !ascendc.local<index, vecin>
// -----
// CHECK-LABEL: // {{-+}}

// comment_c1
// CHECK: a comment is printable and no line of it ends in a backslash
ascendc.comment "a line that goes on \\"
// -----
// CHECK-LABEL: // {{-+}}

// comment_c1
// CHECK: a comment is printable and no line of it ends in a backslash
ascendc.pipe_barrier v {comment = "a\09tab"}
// -----
// CHECK-LABEL: // {{-+}}

// core_c1
// CHECK: ascendc.pipe_barrier works on pipe m, which an aiv core does not have
ascendc.kernel @k() {
  ascendc.on_aiv {
    ascendc.pipe_barrier m
  }
}
// -----
// CHECK-LABEL: // {{-+}}

// core_c1
// CHECK: ascendc.pipe_barrier works on pipe v, which an aic core does not have
ascendc.kernel @k() {
  ascendc.kernel_type aic_only
  ascendc.pipe_barrier v
}
// -----
// CHECK-LABEL: // {{-+}}

// core_c2
// CHECK: ascendc.data_copy uses UB, which an aic core does not have
%g = "test.op"() : () -> !ascendc.global<f32>
%u = "test.op"() : () -> ui32
%x = "test.op"() : () -> !ascendc.local<f32, veccalc>
ascendc.on_aic {
  ascendc.data_copy %x, %g, %u : !ascendc.local<f32, veccalc>, !ascendc.global<f32>, ui32
}
// -----
// CHECK-LABEL: // {{-+}}

// core_c2
// CHECK: ascendc.data_copy_nd2nz uses L1, which an aiv core does not have
%a1 = "test.op"() : () -> !ascendc.local<f16, a1>
%gh = "test.op"() : () -> !ascendc.global<f16>
%nd = "test.op"() : () -> !ascendc.params<Nd2NzParams>
ascendc.on_aiv {
  ascendc.data_copy_nd2nz %a1, %gh, %nd : !ascendc.local<f16, a1>, !ascendc.global<f16>, !ascendc.params<Nd2NzParams>
}
// -----
// CHECK-LABEL: // {{-+}}

// include_c1
// CHECK: 'a.h"' is no file name
ascendc.include "a.h\22"
// -----
// CHECK-LABEL: // {{-+}}

// tiling_field_c1
// CHECK: '1st' is no C++ identifier
ascendc.tiling_struct @T {
  ascendc.tiling_field @"1st" : ui32
}
// -----
// CHECK-LABEL: // {{-+}}

// tiling_field_c2
// CHECK: tiling data has scalar fields, not index
ascendc.tiling_struct @T {
  ascendc.tiling_field @a : index
}
// -----
// CHECK-LABEL: // {{-+}}

// tiling_struct_c1
// CHECK: 'a-b' is no C++ identifier
ascendc.tiling_struct @"a-b" {
  ascendc.tiling_field @a : ui32
}
// -----
// CHECK-LABEL: // {{-+}}

// tiling_struct_c2
// CHECK: a tiling struct has fields, and only those
ascendc.tiling_struct @T {
  ascendc.comment "nothing"
}
// -----
// CHECK-LABEL: // {{-+}}

// host_function_c1
// CHECK: 'a-b' is no C++ identifier
ascendc.host_function @"a-b" {
^bb0(%tiling: !ascendc.tiling<T>, %blocks: i64):
  ascendc.return_value %blocks
}
// -----
// CHECK-LABEL: // {{-+}}

// host_function_c2
// CHECK: a host function takes tiling data and the number of blocks
ascendc.host_function @f {
^bb0(%blocks: i64):
  ascendc.return_value %blocks
}
// -----
// CHECK-LABEL: // {{-+}}

// host_function_c3
// CHECK: a host function ends in a value
ascendc.host_function @f {
^bb0(%tiling: !ascendc.tiling<T>, %blocks: i64):
  ascendc.return
}
// -----
// CHECK-LABEL: // {{-+}}

// expression_c1
// CHECK: an expression ends in an ascendc.yield of i64
%a = "test.op"() : () -> i32
%b = ascendc.expression : i64 {
  %c = ascendc.arithmetic add %a, %a : i32
  ascendc.yield %c : i32
  }
// -----
// CHECK-LABEL: // {{-+}}

// expression_c2
// CHECK: ascendc.variable is no part of an expression
%a = "test.op"() : () -> i32
%b = ascendc.expression : i32 {
  %c = ascendc.variable %a : i32
  ascendc.yield %a : i32
  }
// -----
// CHECK-LABEL: // {{-+}}

// expression_c3
// CHECK: what is used more than once has a statement of its own
%a = "test.op"() : () -> i32
%b = ascendc.expression : i32 {
  %c = ascendc.arithmetic add %a, %a : i32
  %d = ascendc.arithmetic mul %c, %c : i32
  ascendc.yield %d : i32
  }
// -----
// CHECK-LABEL: // {{-+}}

// register_tiling_c1
// CHECK: the module has no tiling struct @T
ascendc.kernel @k() {
  ascendc.register_tiling @T
}
// -----
// CHECK-LABEL: // {{-+}}

// get_tiling_data_c1
// CHECK: the module has no tiling struct @T
ascendc.kernel @k(%arg: !ascendc.address) {
  %t = ascendc.get_tiling_data %arg : !ascendc.tiling<T>
}
// -----
// CHECK-LABEL: // {{-+}}

// get_tiling_data_c2
// CHECK: the kernel has not registered the tiling struct @T
ascendc.tiling_struct @T {
  ascendc.tiling_field @a : ui32
}
ascendc.kernel @k(%arg: !ascendc.address) {
  %t = ascendc.get_tiling_data %arg : !ascendc.tiling<T>
}
// -----
// CHECK-LABEL: // {{-+}}

// tiling_member_c1
// CHECK: T::a is ui32, not i32
ascendc.tiling_struct @T {
  ascendc.tiling_field @a : ui32
}
%t = "test.op"() : () -> !ascendc.tiling<T>
%a = ascendc.tiling_member %t @a : (!ascendc.tiling<T>) -> i32
// -----
// CHECK-LABEL: // {{-+}}

// tiling_member_c1
// CHECK: T::z is missing, not i32
ascendc.tiling_struct @T {
  ascendc.tiling_field @a : ui32
}
%t = "test.op"() : () -> !ascendc.tiling<T>
%z = ascendc.tiling_member %t @z : (!ascendc.tiling<T>) -> i32
// -----
// CHECK-LABEL: // {{-+}}

// kernel_type_c1
// CHECK: the type of a kernel is stated in the kernel's own body
ascendc.on_aic {
  ascendc.kernel_type aic_only
}
// -----
// CHECK-LABEL: // {{-+}}

// kernel_c1
// CHECK: 'a b' is no C++ identifier
ascendc.kernel @"a b"() {
}
// -----
// CHECK-LABEL: // {{-+}}

// kernel_c2
// CHECK: the arguments of a kernel are addresses in global memory
ascendc.kernel @k(%n: i32) {
}
// -----
// CHECK-LABEL: // {{-+}}

// function_c1
// CHECK: 'a b' is no C++ identifier
ascendc.function @"a b"() {
}
// -----
// CHECK-LABEL: // {{-+}}

// function_c2
// CHECK: the arguments of a function are addresses in global memory and tiling data
ascendc.function @f(%n: i32) {
}
// -----
// CHECK-LABEL: // {{-+}}

// for_c1
// CHECK: the body takes the induction variable, of type i32
%i = "test.op"() : () -> i32
"ascendc.for"(%i, %i, %i) ({
^bb0(%n: i64):
}) : (i32, i32, i32) -> ()
// -----
// CHECK-LABEL: // {{-+}}

// if_c1
// CHECK: the branches of an if take no arguments
%b = "test.op"() : () -> i1
"ascendc.if"(%b) ({
^bb0(%n: i64):
}) : (i1) -> ()
// -----
// CHECK-LABEL: // {{-+}}

// on_core_c1
// CHECK: the branch of a core takes no arguments
"ascendc.on_aic"() ({
^bb0(%n: i64):
}) : () -> ()
// -----
// CHECK-LABEL: // {{-+}}

// constant_c1
// CHECK: there is no literal for inf
%c = ascendc.constant 0x7C00 : f16
// -----
// CHECK-LABEL: // {{-+}}

// constant_c1
// CHECK: there is no literal for inf
%c = ascendc.constexpr 0x7F800000 : f32
// -----
// CHECK-LABEL: // {{-+}}

// arithmetic_c1
// CHECK: half types have no operators
%fh = "test.op"() : () -> f16
%c = ascendc.arithmetic add %fh, %fh : f16
// -----
// CHECK-LABEL: // {{-+}}

// arithmetic_c2
// CHECK: f32 has no operator rem
%f = "test.op"() : () -> f32
%c = ascendc.arithmetic rem %f, %f : f32
// -----
// CHECK-LABEL: // {{-+}}

// arithmetic_c2
// CHECK: i1 has no operator add
%b = "test.op"() : () -> i1
%c = ascendc.arithmetic add %b, %b : i1
// -----
// CHECK-LABEL: // {{-+}}

// arithmetic_c3
// CHECK: a division by zero
%zero = ascendc.constant 0 : i32
%i = "test.op"() : () -> i32
%c = ascendc.arithmetic div %i, %zero : i32
// -----
// CHECK-LABEL: // {{-+}}

// arithmetic_c4
// CHECK: a shift is 32, not in 0..31
%far = ascendc.constant 32 : i32
%i = "test.op"() : () -> i32
%c = ascendc.arithmetic shl %i, %far : i32
// -----
// CHECK-LABEL: // {{-+}}

// cmp_c1
// CHECK: half types do not compare
%fh = "test.op"() : () -> f16
%c = ascendc.cmp lt %fh, %fh : f16
// -----
// CHECK-LABEL: // {{-+}}

// scalar_cast_c1
// CHECK: the scalar unit does not convert bf16
%v = "test.op"() : () -> bf16
%c = ascendc.scalar_cast %v : bf16 to f32
// -----
// CHECK-LABEL: // {{-+}}

// init_buffer_c1
// CHECK: the size of a buffer in L0A is 65568, not in 1..65536
%n = ascendc.constant 65568 : ui32
%buf = "test.op"() : () -> !ascendc.tbuf<a2>
%tp = "test.op"() : () -> !ascendc.tpipe
ascendc.init_buffer %tp, %buf, %n : !ascendc.tpipe, !ascendc.tbuf<a2>, ui32
// -----
// CHECK-LABEL: // {{-+}}

// get_with_offset_c1
// CHECK: a buffer at a2 gives tensors at a2
%buf = "test.op"() : () -> !ascendc.tbuf<a2>
%u = "test.op"() : () -> ui32
%t = ascendc.get_with_offset %buf, %u, %u : !ascendc.tbuf<a2> to !ascendc.local<f16, b2>
// -----
// CHECK-LABEL: // {{-+}}

// get_with_offset_c2
// CHECK: the offset in L0A is 256 bytes, not a multiple of 512
%n = ascendc.constant 256 : ui32
%buf = "test.op"() : () -> !ascendc.tbuf<a2>
%u = "test.op"() : () -> ui32
%t = ascendc.get_with_offset %buf, %u, %n : !ascendc.tbuf<a2> to !ascendc.local<f16, a2>
// -----
// CHECK-LABEL: // {{-+}}

// tensor_at_c1
// CHECK: the offset is -1, not in 0..9223372036854775807
%n = ascendc.constant -1 : i32
%g = "test.op"() : () -> !ascendc.global<f32>
%t = ascendc.tensor_at %g[%n] : !ascendc.global<f32>, i32
// -----
// CHECK-LABEL: // {{-+}}

// tensor_at_c2
// CHECK: the offset in L0A is 256 bytes, not a multiple of 512
%n = ascendc.constant 128 : i32
%a2 = "test.op"() : () -> !ascendc.local<f16, a2>
%t = ascendc.tensor_at %a2[%n] : !ascendc.local<f16, a2>, i32
// -----
// CHECK-LABEL: // {{-+}}

// reinterpret_cast_c1
// CHECK: a cast tensor stays where it is
%x = "test.op"() : () -> !ascendc.local<f32, veccalc>
%t = ascendc.reinterpret_cast %x : !ascendc.local<f32, veccalc> to !ascendc.local<i32, vecin>
// -----
// CHECK-LABEL: // {{-+}}

// reinterpret_cast_c1
// CHECK: a cast tensor stays where it is
%x = "test.op"() : () -> !ascendc.local<f32, veccalc>
%t = ascendc.reinterpret_cast %x : !ascendc.local<f32, veccalc> to !ascendc.global<i32>
// -----
// CHECK-LABEL: // {{-+}}

// get_value_c1
// CHECK: the scalar unit reaches GM and UB, not L1
%a1 = "test.op"() : () -> !ascendc.local<f16, a1>
%u = "test.op"() : () -> ui32
%v = ascendc.get_value %a1[%u] : !ascendc.local<f16, a1>, ui32 to f16
// -----
// CHECK-LABEL: // {{-+}}

// get_value_c2
// CHECK: an element of !ascendc.local<f32, veccalc> is no f16
%u = "test.op"() : () -> ui32
%x = "test.op"() : () -> !ascendc.local<f32, veccalc>
%v = ascendc.get_value %x[%u] : !ascendc.local<f32, veccalc>, ui32 to f16
// -----
// CHECK-LABEL: // {{-+}}

// data_cache_preload_c1
// CHECK: what is preloaded is a tensor of ui64, not i32
%g = "test.op"() : () -> !ascendc.global<i32>
%w = "test.op"() : () -> i64
ascendc.data_cache_preload %g, %w : !ascendc.global<i32>, i64
// -----
// CHECK-LABEL: // {{-+}}

// data_cache_preload_c2
// CHECK: the offset is -8, not in 0..9223372036854775807
%g = "test.op"() : () -> !ascendc.global<ui64>
%w = ascendc.constant -8 : i64
ascendc.data_cache_preload %g, %w : !ascendc.global<ui64>, i64
// -----
// CHECK-LABEL: // {{-+}}

// set_value_c1
// CHECK: the scalar unit reaches GM and UB, not L1
%a1 = "test.op"() : () -> !ascendc.local<f16, a1>
%fh = "test.op"() : () -> f16
%u = "test.op"() : () -> ui32
ascendc.set_value %a1[%u], %fh : !ascendc.local<f16, a1>, ui32, f16
// -----
// CHECK-LABEL: // {{-+}}

// set_value_c2
// CHECK: an element of !ascendc.global<f32> is no f16
%fh = "test.op"() : () -> f16
%g = "test.op"() : () -> !ascendc.global<f32>
%u = "test.op"() : () -> ui32
ascendc.set_value %g[%u], %fh : !ascendc.global<f32>, ui32, f16
// -----
// CHECK-LABEL: // {{-+}}

// data_copy_params_c1
// CHECK: blockCount is 4096, not in 0..4095
%n = ascendc.constant 4096 : ui16
%h = "test.op"() : () -> ui16
%p = ascendc.data_copy_params blockCount %n, blockLen %h, srcGap %h, dstGap %h
// -----
// CHECK-LABEL: // {{-+}}

// data_copy_ext_params_c1
// CHECK: blockCount is 4096, not in 0..4095
%z = ascendc.constant 0 : ui32
%n = ascendc.constant 4096 : ui16
%u = "test.op"() : () -> ui32
%p = ascendc.data_copy_ext_params blockCount %n, blockLen %u, srcStride %u, dstStride %u, rsv %z
// -----
// CHECK-LABEL: // {{-+}}

// data_copy_ext_params_c2
// CHECK: blockLen is 2097152, not in 0..2097151
%z = ascendc.constant 0 : ui32
%n = ascendc.constant 2097152 : ui32
%h = "test.op"() : () -> ui16
%u = "test.op"() : () -> ui32
%p = ascendc.data_copy_ext_params blockCount %h, blockLen %n, srcStride %u, dstStride %u, rsv %z
// -----
// CHECK-LABEL: // {{-+}}

// data_copy_ext_params_c3
// CHECK: rsv is 0
%h = "test.op"() : () -> ui16
%u = "test.op"() : () -> ui32
%p = ascendc.data_copy_ext_params blockCount %h, blockLen %u, srcStride %u, dstStride %u, rsv %u
// -----
// CHECK-LABEL: // {{-+}}

// data_copy_pad_ext_params_c1
// CHECK: the fields are those of DataCopyPadExtParams, not of !ascendc.params<Nd2NzParams, f32>
%b = "test.op"() : () -> i1
%f = "test.op"() : () -> f32
%q = "test.op"() : () -> ui8
%p = ascendc.data_copy_pad_ext_params isPad %b, leftPadding %q, rightPadding %q, paddingValue %f : !ascendc.params<Nd2NzParams, f32>
// -----
// CHECK-LABEL: // {{-+}}

// data_copy_pad_ext_params_c2
// CHECK: a padding of 4-byte elements is 9, not in 0..8
%n = ascendc.constant 9 : ui8
%b = "test.op"() : () -> i1
%f = "test.op"() : () -> f32
%q = "test.op"() : () -> ui8
%p = ascendc.data_copy_pad_ext_params isPad %b, leftPadding %n, rightPadding %q, paddingValue %f : !ascendc.params<DataCopyPadExtParams, f32>
// -----
// CHECK-LABEL: // {{-+}}

// data_copy_pad_ext_params_c3
// CHECK: paddings need isPad
%n = ascendc.constant 1 : ui8
%no = ascendc.constant false
%f = "test.op"() : () -> f32
%q = "test.op"() : () -> ui8
%p = ascendc.data_copy_pad_ext_params isPad %no, leftPadding %q, rightPadding %n, paddingValue %f : !ascendc.params<DataCopyPadExtParams, f32>
// -----
// CHECK-LABEL: // {{-+}}

// data_copy_pad_ext_params_c4
// CHECK: 64-bit elements are padded with 0
%n = ascendc.constant 1 : i64
%b = "test.op"() : () -> i1
%q = "test.op"() : () -> ui8
%p = ascendc.data_copy_pad_ext_params isPad %b, leftPadding %q, rightPadding %q, paddingValue %n : !ascendc.params<DataCopyPadExtParams, i64>
// -----
// CHECK-LABEL: // {{-+}}

// nd2nz_params_c1
// CHECK: ndNum is 4096, not in 0..4095
%n = ascendc.constant 4096 : ui16
%h = "test.op"() : () -> ui16
%p = ascendc.nd2nz_params ndNum %n, nValue %h, dValue %h, srcNdMatrixStride %h, srcDValue %h, dstNzC0Stride %h, dstNzNStride %h, dstNzMatrixStride %h
// -----
// CHECK-LABEL: // {{-+}}

// nd2nz_params_c2
// CHECK: nValue is 16385, not in 0..16384
%n = ascendc.constant 16385 : ui16
%h = "test.op"() : () -> ui16
%p = ascendc.nd2nz_params ndNum %h, nValue %n, dValue %h, srcNdMatrixStride %h, srcDValue %h, dstNzC0Stride %h, dstNzNStride %h, dstNzMatrixStride %h
// -----
// CHECK-LABEL: // {{-+}}

// nd2nz_params_c3
// CHECK: srcDValue is 0, not in 1..65535
%n = ascendc.constant 0 : ui16
%h = "test.op"() : () -> ui16
%p = ascendc.nd2nz_params ndNum %h, nValue %h, dValue %h, srcNdMatrixStride %h, srcDValue %n, dstNzC0Stride %h, dstNzNStride %h, dstNzMatrixStride %h
// -----
// CHECK-LABEL: // {{-+}}

// nd2nz_params_c4
// CHECK: dstNzC0Stride is 0, not in 1..16384
%n = ascendc.constant 0 : ui16
%h = "test.op"() : () -> ui16
%p = ascendc.nd2nz_params ndNum %h, nValue %h, dValue %h, srcNdMatrixStride %h, srcDValue %h, dstNzC0Stride %n, dstNzNStride %h, dstNzMatrixStride %h
// -----
// CHECK-LABEL: // {{-+}}

// nd2nz_params_c5
// CHECK: dstNzNStride is 0, not in 1..16384
%n = ascendc.constant 0 : ui16
%h = "test.op"() : () -> ui16
%p = ascendc.nd2nz_params ndNum %h, nValue %h, dValue %h, srcNdMatrixStride %h, srcDValue %h, dstNzC0Stride %h, dstNzNStride %n, dstNzMatrixStride %h
// -----
// CHECK-LABEL: // {{-+}}

// nd2nz_params_c6
// CHECK: dstNzMatrixStride is 16385, not in 0..16384
%n = ascendc.constant 16385 : ui16
%h = "test.op"() : () -> ui16
%p = ascendc.nd2nz_params ndNum %h, nValue %h, dValue %h, srcNdMatrixStride %h, srcDValue %h, dstNzC0Stride %h, dstNzNStride %h, dstNzMatrixStride %n
// -----
// CHECK-LABEL: // {{-+}}

// data_copy_c1
// CHECK: DataCopy has no path from UB to L1
%a1 = "test.op"() : () -> !ascendc.local<f16, a1>
%u = "test.op"() : () -> ui32
%x = "test.op"() : () -> !ascendc.local<f32, veccalc>
ascendc.data_copy %a1, %x, %u : !ascendc.local<f16, a1>, !ascendc.local<f32, veccalc>, ui32
// -----
// CHECK-LABEL: // {{-+}}

// data_copy_c1
// CHECK: DataCopy has no path from L0C to UB
%co = "test.op"() : () -> !ascendc.local<f32, co1>
%dc = "test.op"() : () -> !ascendc.params<DataCopyParams>
%x = "test.op"() : () -> !ascendc.local<f32, veccalc>
ascendc.data_copy_bursts %x, %co, %dc : !ascendc.local<f32, veccalc>, !ascendc.local<f32, co1>, !ascendc.params<DataCopyParams>
// -----
// CHECK-LABEL: // {{-+}}

// data_copy_c2
// CHECK: DataCopy from f16 to f32
%gh = "test.op"() : () -> !ascendc.global<f16>
%u = "test.op"() : () -> ui32
%x = "test.op"() : () -> !ascendc.local<f32, veccalc>
ascendc.data_copy %x, %gh, %u : !ascendc.local<f32, veccalc>, !ascendc.global<f16>, ui32
// -----
// CHECK-LABEL: // {{-+}}

// data_copy_c3
// CHECK: the count of a DataCopy is 48 bytes, not a multiple of 32
%n = ascendc.constant 12 : ui32
%g = "test.op"() : () -> !ascendc.global<f32>
%x = "test.op"() : () -> !ascendc.local<f32, veccalc>
ascendc.data_copy %x, %g, %n : !ascendc.local<f32, veccalc>, !ascendc.global<f32>, ui32
// -----
// CHECK-LABEL: // {{-+}}

// data_copy_nd2nz_c1
// CHECK: NZ matrices are made in L1, not in UB
%gh = "test.op"() : () -> !ascendc.global<f16>
%nd = "test.op"() : () -> !ascendc.params<Nd2NzParams>
%xh = "test.op"() : () -> !ascendc.local<f16, veccalc>
ascendc.data_copy_nd2nz %xh, %gh, %nd : !ascendc.local<f16, veccalc>, !ascendc.global<f16>, !ascendc.params<Nd2NzParams>
// -----
// CHECK-LABEL: // {{-+}}

// data_copy_nd2nz_c2
// CHECK: DataCopy from f32 to f16
%a1 = "test.op"() : () -> !ascendc.local<f16, a1>
%g = "test.op"() : () -> !ascendc.global<f32>
%nd = "test.op"() : () -> !ascendc.params<Nd2NzParams>
ascendc.data_copy_nd2nz %a1, %g, %nd : !ascendc.local<f16, a1>, !ascendc.global<f32>, !ascendc.params<Nd2NzParams>
// -----
// CHECK-LABEL: // {{-+}}

// data_copy_pad_in_c1
// CHECK: DataCopyPad serves UB, not L1
%ext = "test.op"() : () -> !ascendc.params<DataCopyExtParams>
%f1 = "test.op"() : () -> !ascendc.local<f32, a1>
%g = "test.op"() : () -> !ascendc.global<f32>
%pad = "test.op"() : () -> !ascendc.params<DataCopyPadExtParams, f32>
ascendc.data_copy_pad_in %f1, %g, %ext, %pad : !ascendc.local<f32, a1>, !ascendc.global<f32>, !ascendc.params<DataCopyExtParams>, !ascendc.params<DataCopyPadExtParams, f32>
// -----
// CHECK-LABEL: // {{-+}}

// data_copy_pad_out_c1
// CHECK: DataCopyPad serves UB, not L1
%ext = "test.op"() : () -> !ascendc.params<DataCopyExtParams>
%f1 = "test.op"() : () -> !ascendc.local<f32, a1>
%g = "test.op"() : () -> !ascendc.global<f32>
ascendc.data_copy_pad_out %g, %f1, %ext : !ascendc.global<f32>, !ascendc.local<f32, a1>, !ascendc.params<DataCopyExtParams>
// -----
// CHECK-LABEL: // {{-+}}

// fill_c1
// CHECK: fills have 16-bit and 32-bit elements
%g64 = "test.op"() : () -> !ascendc.global<i64>
%u = "test.op"() : () -> ui32
%w = "test.op"() : () -> i64
ascendc.init_output %g64, %u, %w : !ascendc.global<i64>, ui32, i64
// -----
// CHECK-LABEL: // {{-+}}

// load_data_2d_params_c1
// CHECK: sid is 0
%z = ascendc.constant 0 : ui8
%b = "test.op"() : () -> i1
%h = "test.op"() : () -> ui16
%q = "test.op"() : () -> ui8
%p = ascendc.load_data_2d_params startIndex %h, repeatTimes %q, srcStride %h, sid %q, dstGap %h, ifTranspose %b, addrMode %z
// -----
// CHECK-LABEL: // {{-+}}

// load_data_2d_params_c2
// CHECK: addrMode is 0
%z = ascendc.constant 0 : ui8
%n = ascendc.constant 1 : ui8
%b = "test.op"() : () -> i1
%h = "test.op"() : () -> ui16
%q = "test.op"() : () -> ui8
%p = ascendc.load_data_2d_params startIndex %h, repeatTimes %q, srcStride %h, sid %z, dstGap %h, ifTranspose %b, addrMode %n
// -----
// CHECK-LABEL: // {{-+}}

// load_data_c1
// CHECK: an operand lies in L1, it must be in L0A or L0B
%a1 = "test.op"() : () -> !ascendc.local<f16, a1>
%gh = "test.op"() : () -> !ascendc.global<f16>
%ld = "test.op"() : () -> !ascendc.params<LoadData2DParams>
ascendc.load_data %a1, %gh, %ld : !ascendc.local<f16, a1>, !ascendc.global<f16>, !ascendc.params<LoadData2DParams>
// -----
// CHECK-LABEL: // {{-+}}

// load_data_c2
// CHECK: an operand lies in L0B, it must be in L1 or GM
%a2 = "test.op"() : () -> !ascendc.local<f16, a2>
%b2 = "test.op"() : () -> !ascendc.local<f16, b2>
%ld = "test.op"() : () -> !ascendc.params<LoadData2DParams>
ascendc.load_data %a2, %b2, %ld : !ascendc.local<f16, a2>, !ascendc.local<f16, b2>, !ascendc.params<LoadData2DParams>
// -----
// CHECK-LABEL: // {{-+}}

// load_data_c3
// CHECK: LoadData from bf16 to f16
%a2 = "test.op"() : () -> !ascendc.local<f16, a2>
%b1 = "test.op"() : () -> !ascendc.local<bf16, b1>
%ld = "test.op"() : () -> !ascendc.params<LoadData2DParams>
ascendc.load_data %a2, %b1, %ld : !ascendc.local<f16, a2>, !ascendc.local<bf16, b1>, !ascendc.params<LoadData2DParams>
// -----
// CHECK-LABEL: // {{-+}}

// load_data_c4
// CHECK: ifTranspose is for 16-bit elements that come from L1
%z = ascendc.constant 0 : ui8
%yes = ascendc.constant true
%f1 = "test.op"() : () -> !ascendc.local<f32, a1>
%f2 = "test.op"() : () -> !ascendc.local<f32, a2>
%h = "test.op"() : () -> ui16
%q = "test.op"() : () -> ui8
%p = ascendc.load_data_2d_params startIndex %h, repeatTimes %q, srcStride %h, sid %z, dstGap %h, ifTranspose %yes, addrMode %z
ascendc.load_data %f2, %f1, %p : !ascendc.local<f32, a2>, !ascendc.local<f32, a1>, !ascendc.params<LoadData2DParams>
// -----
// CHECK-LABEL: // {{-+}}

// mmad_params_c1
// CHECK: m is 1, not in 2..4095
%no = ascendc.constant false
%one = ascendc.constant 1 : ui16
%b = "test.op"() : () -> i1
%h = "test.op"() : () -> ui16
%q = "test.op"() : () -> ui8
%p = ascendc.mmad_params m %one, n %h, k %h, unitFlag %q, cmatrixSource %no, cmatrixInitVal %b
// -----
// CHECK-LABEL: // {{-+}}

// mmad_params_c2
// CHECK: n is 4096, not in 0..4095
%no = ascendc.constant false
%big = ascendc.constant 4096 : ui16
%b = "test.op"() : () -> i1
%h = "test.op"() : () -> ui16
%q = "test.op"() : () -> ui8
%p = ascendc.mmad_params m %h, n %big, k %h, unitFlag %q, cmatrixSource %no, cmatrixInitVal %b
// -----
// CHECK-LABEL: // {{-+}}

// mmad_params_c3
// CHECK: k is 4096, not in 0..4095
%no = ascendc.constant false
%big = ascendc.constant 4096 : ui16
%b = "test.op"() : () -> i1
%h = "test.op"() : () -> ui16
%q = "test.op"() : () -> ui8
%p = ascendc.mmad_params m %h, n %h, k %big, unitFlag %q, cmatrixSource %no, cmatrixInitVal %b
// -----
// CHECK-LABEL: // {{-+}}

// mmad_params_c4
// CHECK: unitFlag is 1, not 0, 2 or 3
%no = ascendc.constant false
%one = ascendc.constant 1 : ui8
%b = "test.op"() : () -> i1
%h = "test.op"() : () -> ui16
%p = ascendc.mmad_params m %h, n %h, k %h, unitFlag %one, cmatrixSource %no, cmatrixInitVal %b
// -----
// CHECK-LABEL: // {{-+}}

// mmad_params_c5
// CHECK: a bias table is not supported
%b = "test.op"() : () -> i1
%h = "test.op"() : () -> ui16
%q = "test.op"() : () -> ui8
%p = ascendc.mmad_params m %h, n %h, k %h, unitFlag %q, cmatrixSource %b, cmatrixInitVal %b
// -----
// CHECK-LABEL: // {{-+}}

// mmad_c1
// CHECK: an operand lies in UB, it must be in L0C
%a2 = "test.op"() : () -> !ascendc.local<f16, a2>
%b2 = "test.op"() : () -> !ascendc.local<f16, b2>
%mm = "test.op"() : () -> !ascendc.params<MmadParams>
%x = "test.op"() : () -> !ascendc.local<f32, veccalc>
ascendc.mmad %x, %a2, %b2, %mm : !ascendc.local<f32, veccalc>, !ascendc.local<f16, a2>, !ascendc.local<f16, b2>, !ascendc.params<MmadParams>
// -----
// CHECK-LABEL: // {{-+}}

// mmad_c2
// CHECK: an operand lies in L0B, it must be in L0A
%b2 = "test.op"() : () -> !ascendc.local<f16, b2>
%co = "test.op"() : () -> !ascendc.local<f32, co1>
%mm = "test.op"() : () -> !ascendc.params<MmadParams>
ascendc.mmad %co, %b2, %b2, %mm : !ascendc.local<f32, co1>, !ascendc.local<f16, b2>, !ascendc.local<f16, b2>, !ascendc.params<MmadParams>
// -----
// CHECK-LABEL: // {{-+}}

// mmad_c3
// CHECK: an operand lies in L0A, it must be in L0B
%a2 = "test.op"() : () -> !ascendc.local<f16, a2>
%co = "test.op"() : () -> !ascendc.local<f32, co1>
%mm = "test.op"() : () -> !ascendc.params<MmadParams>
ascendc.mmad %co, %a2, %a2, %mm : !ascendc.local<f32, co1>, !ascendc.local<f16, a2>, !ascendc.local<f16, a2>, !ascendc.params<MmadParams>
// -----
// CHECK-LABEL: // {{-+}}

// mmad_c4
// CHECK: Mmad has no f16 * bf16 into f32
%a2 = "test.op"() : () -> !ascendc.local<f16, a2>
%bb2 = "test.op"() : () -> !ascendc.local<bf16, b2>
%co = "test.op"() : () -> !ascendc.local<f32, co1>
%mm = "test.op"() : () -> !ascendc.params<MmadParams>
ascendc.mmad %co, %a2, %bb2, %mm : !ascendc.local<f32, co1>, !ascendc.local<f16, a2>, !ascendc.local<bf16, b2>, !ascendc.params<MmadParams>
// -----
// CHECK-LABEL: // {{-+}}

// fixpipe_params_c1
// CHECK: nSize is 4096, not in 1..4095
%n = ascendc.constant 4096 : ui16
%b = "test.op"() : () -> i1
%h = "test.op"() : () -> ui16
%q = "test.op"() : () -> ui8
%u = "test.op"() : () -> ui32
%p = ascendc.fixpipe_params nSize %n, mSize %h, srcStride %h, dstStride %u, reluEn %b, quantPre no_quant, ndNum %h, srcNdStride %h, dstNdStride %h, unitFlag %q
// -----
// CHECK-LABEL: // {{-+}}

// fixpipe_params_c2
// CHECK: mSize is 0, not in 1..65535
%n = ascendc.constant 0 : ui16
%b = "test.op"() : () -> i1
%h = "test.op"() : () -> ui16
%q = "test.op"() : () -> ui8
%u = "test.op"() : () -> ui32
%p = ascendc.fixpipe_params nSize %h, mSize %n, srcStride %h, dstStride %u, reluEn %b, quantPre no_quant, ndNum %h, srcNdStride %h, dstNdStride %h, unitFlag %q
// -----
// CHECK-LABEL: // {{-+}}

// fixpipe_params_c3
// CHECK: ndNum is 0, not in 1..65535
%n = ascendc.constant 0 : ui16
%b = "test.op"() : () -> i1
%h = "test.op"() : () -> ui16
%q = "test.op"() : () -> ui8
%u = "test.op"() : () -> ui32
%p = ascendc.fixpipe_params nSize %h, mSize %h, srcStride %h, dstStride %u, reluEn %b, quantPre no_quant, ndNum %n, srcNdStride %h, dstNdStride %h, unitFlag %q
// -----
// CHECK-LABEL: // {{-+}}

// fixpipe_params_c4
// CHECK: srcNdStride is 513, not in 0..512
%n = ascendc.constant 513 : ui16
%b = "test.op"() : () -> i1
%h = "test.op"() : () -> ui16
%q = "test.op"() : () -> ui8
%u = "test.op"() : () -> ui32
%p = ascendc.fixpipe_params nSize %h, mSize %h, srcStride %h, dstStride %u, reluEn %b, quantPre no_quant, ndNum %h, srcNdStride %n, dstNdStride %h, unitFlag %q
// -----
// CHECK-LABEL: // {{-+}}

// fixpipe_params_c5
// CHECK: unitFlag is 1, not 0, 2 or 3
%n = ascendc.constant 1 : ui8
%b = "test.op"() : () -> i1
%h = "test.op"() : () -> ui16
%u = "test.op"() : () -> ui32
%p = ascendc.fixpipe_params nSize %h, mSize %h, srcStride %h, dstStride %u, reluEn %b, quantPre no_quant, ndNum %h, srcNdStride %h, dstNdStride %h, unitFlag %n
// -----
// CHECK-LABEL: // {{-+}}

// fixpipe_c1
// CHECK: an operand lies in UB, it must be in L0C
%fx = "test.op"() : () -> !ascendc.params<FixpipeParamsV220>
%g = "test.op"() : () -> !ascendc.global<f32>
%x = "test.op"() : () -> !ascendc.local<f32, veccalc>
ascendc.fixpipe row_major %g, %x, %fx : !ascendc.global<f32>, !ascendc.local<f32, veccalc>, !ascendc.params<FixpipeParamsV220>
// -----
// CHECK-LABEL: // {{-+}}

// fixpipe_c2
// CHECK: an operand lies in UB, it must be in GM or L1
%co = "test.op"() : () -> !ascendc.local<f32, co1>
%fx = "test.op"() : () -> !ascendc.params<FixpipeParamsV220>
%x = "test.op"() : () -> !ascendc.local<f32, veccalc>
ascendc.fixpipe row_major %x, %co, %fx : !ascendc.local<f32, veccalc>, !ascendc.local<f32, co1>, !ascendc.params<FixpipeParamsV220>
// -----
// CHECK-LABEL: // {{-+}}

// fixpipe_c3
// CHECK: Fixpipe has no f32 to i32
%co = "test.op"() : () -> !ascendc.local<f32, co1>
%fx = "test.op"() : () -> !ascendc.params<FixpipeParamsV220>
%gi = "test.op"() : () -> !ascendc.global<i32>
ascendc.fixpipe row_major %gi, %co, %fx : !ascendc.global<i32>, !ascendc.local<f32, co1>, !ascendc.params<FixpipeParamsV220>
// -----
// CHECK-LABEL: // {{-+}}

// fixpipe_c4
// CHECK: into L1 Fixpipe writes NZ of half or bf16
%b1 = "test.op"() : () -> !ascendc.local<bf16, b1>
%co = "test.op"() : () -> !ascendc.local<f32, co1>
%fx = "test.op"() : () -> !ascendc.params<FixpipeParamsV220>
ascendc.fixpipe row_major %b1, %co, %fx : !ascendc.local<bf16, b1>, !ascendc.local<f32, co1>, !ascendc.params<FixpipeParamsV220>
// -----
// CHECK-LABEL: // {{-+}}

// fixpipe_c4
// CHECK: into L1 Fixpipe writes NZ of half or bf16
%co = "test.op"() : () -> !ascendc.local<f32, co1>
%f1 = "test.op"() : () -> !ascendc.local<f32, a1>
%fx = "test.op"() : () -> !ascendc.params<FixpipeParamsV220>
ascendc.fixpipe nz %f1, %co, %fx : !ascendc.local<f32, a1>, !ascendc.local<f32, co1>, !ascendc.params<FixpipeParamsV220>
// -----
// CHECK-LABEL: // {{-+}}

// fixpipe_c5
// CHECK: f32 to bf16 takes quantPre f322bf16
%b = "test.op"() : () -> i1
%co = "test.op"() : () -> !ascendc.local<f32, co1>
%gb = "test.op"() : () -> !ascendc.global<bf16>
%h = "test.op"() : () -> ui16
%q = "test.op"() : () -> ui8
%u = "test.op"() : () -> ui32
%p = ascendc.fixpipe_params nSize %h, mSize %h, srcStride %h, dstStride %u, reluEn %b, quantPre no_quant, ndNum %h, srcNdStride %h, dstNdStride %h, unitFlag %q
ascendc.fixpipe row_major %gb, %co, %p : !ascendc.global<bf16>, !ascendc.local<f32, co1>, !ascendc.params<FixpipeParamsV220>
// -----
// CHECK-LABEL: // {{-+}}

// fixpipe_c6
// CHECK: mSize is 8193, not in 1..8192
%n = ascendc.constant 8193 : ui16
%b = "test.op"() : () -> i1
%co = "test.op"() : () -> !ascendc.local<f32, co1>
%g = "test.op"() : () -> !ascendc.global<f32>
%h = "test.op"() : () -> ui16
%q = "test.op"() : () -> ui8
%u = "test.op"() : () -> ui32
%p = ascendc.fixpipe_params nSize %h, mSize %n, srcStride %h, dstStride %u, reluEn %b, quantPre no_quant, ndNum %h, srcNdStride %h, dstNdStride %h, unitFlag %q
ascendc.fixpipe row_major %g, %co, %p : !ascendc.global<f32>, !ascendc.local<f32, co1>, !ascendc.params<FixpipeParamsV220>
// -----
// CHECK-LABEL: // {{-+}}

// binary_repeat_params_c1
// CHECK: dstBlkStride is 0, not in 1..255
%n = ascendc.constant 0 : ui8
%q = "test.op"() : () -> ui8
%p = ascendc.binary_repeat_params dstBlkStride %n, src0BlkStride %q, src1BlkStride %q, dstRepStride %q, src0RepStride %q, src1RepStride %q
// -----
// CHECK-LABEL: // {{-+}}

// unary_repeat_params_c1
// CHECK: dstBlkStride is 0, not in 1..65535
%n = ascendc.constant 0 : ui16
%h = "test.op"() : () -> ui16
%q = "test.op"() : () -> ui8
%p = ascendc.unary_repeat_params dstBlkStride %n, srcBlkStride %h, dstRepStride %q, srcRepStride %q
// -----
// CHECK-LABEL: // {{-+}}

// brcb_repeat_params_c1
// CHECK: dstBlkStride is 0, not in 1..65535
%n = ascendc.constant 0 : ui16
%h = "test.op"() : () -> ui16
%p = ascendc.brcb_repeat_params dstBlkStride %n, dstRepStride %h
// -----
// CHECK-LABEL: // {{-+}}

// vector_c1
// CHECK: Add mixes f16, f32
%u = "test.op"() : () -> ui32
%x = "test.op"() : () -> !ascendc.local<f32, veccalc>
%xh = "test.op"() : () -> !ascendc.local<f16, veccalc>
ascendc.add %x, %x, %xh, %u : !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, !ascendc.local<f16, veccalc>, ui32
// -----
// CHECK-LABEL: // {{-+}}

// vector_c1
// CHECK: Muls mixes f16, f32
%fh = "test.op"() : () -> f16
%u = "test.op"() : () -> ui32
%x = "test.op"() : () -> !ascendc.local<f32, veccalc>
ascendc.muls %x, %x, %fh, %u : !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, f16, ui32
// -----
// CHECK-LABEL: // {{-+}}

// vector_c2
// CHECK: Mul does not exist for bf16
%u = "test.op"() : () -> ui32
%xb = "test.op"() : () -> !ascendc.local<bf16, veccalc>
ascendc.mul %xb, %xb, %xb, %u : !ascendc.local<bf16, veccalc>, !ascendc.local<bf16, veccalc>, !ascendc.local<bf16, veccalc>, ui32
// -----
// CHECK-LABEL: // {{-+}}

// vector_c2
// CHECK: WholeReduceSum does not exist for i32
%i = "test.op"() : () -> i32
%xi = "test.op"() : () -> !ascendc.local<i32, veccalc>
ascendc.whole_reduce_sum %xi, %xi, %i, %i, %i, %i, %i : !ascendc.local<i32, veccalc>, !ascendc.local<i32, veccalc>, i32, i32, i32, i32, i32
// -----
// CHECK-LABEL: // {{-+}}

// vector_c3
// CHECK: an operand lies in L1, it must be in UB
%f1 = "test.op"() : () -> !ascendc.local<f32, a1>
%u = "test.op"() : () -> ui32
%x = "test.op"() : () -> !ascendc.local<f32, veccalc>
ascendc.relu %x, %f1, %u : !ascendc.local<f32, veccalc>, !ascendc.local<f32, a1>, ui32
// -----
// CHECK-LABEL: // {{-+}}

// vector_c4
// CHECK: the mask is 65, not in 1..64
%n = ascendc.constant 65 : ui64
%bin = "test.op"() : () -> !ascendc.params<BinaryRepeatParams>
%q = "test.op"() : () -> ui8
%x = "test.op"() : () -> !ascendc.local<f32, veccalc>
%y = "test.op"() : () -> !ascendc.local<f32, veccalc>
ascendc.add_repeat %x, %x, %y, %n, %q, %bin : !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, ui64, ui8, !ascendc.params<BinaryRepeatParams>
// -----
// CHECK-LABEL: // {{-+}}

// vector_c5
// CHECK: the count is -8, not in 0..2147483647
%n = ascendc.constant -8 : i32
%x = "test.op"() : () -> !ascendc.local<f32, veccalc>
%y = "test.op"() : () -> !ascendc.local<f32, veccalc>
ascendc.add %x, %x, %y, %n : !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, i32
// -----
// CHECK-LABEL: // {{-+}}

// axpy_c1
// CHECK: Axpy does not add f32 to f16
%f = "test.op"() : () -> f32
%u = "test.op"() : () -> ui32
%x = "test.op"() : () -> !ascendc.local<f32, veccalc>
%xh = "test.op"() : () -> !ascendc.local<f16, veccalc>
ascendc.axpy %xh, %x, %f, %u : !ascendc.local<f16, veccalc>, !ascendc.local<f32, veccalc>, f32, ui32
// -----
// CHECK-LABEL: // {{-+}}

// axpy_c2
// CHECK: the scalar of this Axpy is f16
%f = "test.op"() : () -> f32
%u = "test.op"() : () -> ui32
%x = "test.op"() : () -> !ascendc.local<f32, veccalc>
%xh = "test.op"() : () -> !ascendc.local<f16, veccalc>
ascendc.axpy %x, %xh, %f, %u : !ascendc.local<f32, veccalc>, !ascendc.local<f16, veccalc>, f32, ui32
// -----
// CHECK-LABEL: // {{-+}}

// cast_c1
// CHECK: Cast has no f16 to bf16
%u = "test.op"() : () -> ui32
%xb = "test.op"() : () -> !ascendc.local<bf16, veccalc>
%xh = "test.op"() : () -> !ascendc.local<f16, veccalc>
ascendc.cast rint %xb, %xh, %u : !ascendc.local<bf16, veccalc>, !ascendc.local<f16, veccalc>, ui32
// -----
// CHECK-LABEL: // {{-+}}

// cast_c2
// CHECK: Cast from f32 to bf16 does not round by none
%u = "test.op"() : () -> ui32
%x = "test.op"() : () -> !ascendc.local<f32, veccalc>
%xb = "test.op"() : () -> !ascendc.local<bf16, veccalc>
ascendc.cast none %xb, %x, %u : !ascendc.local<bf16, veccalc>, !ascendc.local<f32, veccalc>, ui32
// -----
// CHECK-LABEL: // {{-+}}

// cast_c2
// CHECK: Cast from f16 to f32 does not round by rint
%m = "test.op"() : () -> ui64
%q = "test.op"() : () -> ui8
%un = "test.op"() : () -> !ascendc.params<UnaryRepeatParams>
%x = "test.op"() : () -> !ascendc.local<f32, veccalc>
%xh = "test.op"() : () -> !ascendc.local<f16, veccalc>
ascendc.cast_repeat rint %x, %xh, %m, %q, %un : !ascendc.local<f32, veccalc>, !ascendc.local<f16, veccalc>, ui64, ui8, !ascendc.params<UnaryRepeatParams>
// -----
// CHECK-LABEL: // {{-+}}

// whole_reduce_sum_c1
// CHECK: repeatTime is 256, not in 0..255
%n = ascendc.constant 256 : i32
%i = "test.op"() : () -> i32
%x = "test.op"() : () -> !ascendc.local<f32, veccalc>
ascendc.whole_reduce_sum %x, %x, %i, %n, %i, %i, %i : !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, i32, i32, i32, i32, i32
// -----
// CHECK-LABEL: // {{-+}}

// whole_reduce_sum_c2
// CHECK: a stride is 65536, not in 0..65535
%n = ascendc.constant 65536 : i32
%i = "test.op"() : () -> i32
%x = "test.op"() : () -> !ascendc.local<f32, veccalc>
ascendc.whole_reduce_sum %x, %x, %i, %i, %i, %i, %n : !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, i32, i32, i32, i32, i32
// -----
// CHECK-LABEL: // {{-+}}

// compare_c1
// CHECK: Compare mixes f32, f16
%bits = "test.op"() : () -> !ascendc.local<ui8, veccalc>
%u = "test.op"() : () -> ui32
%x = "test.op"() : () -> !ascendc.local<f32, veccalc>
%xh = "test.op"() : () -> !ascendc.local<f16, veccalc>
ascendc.compare lt %bits, %x, %xh, %u : !ascendc.local<ui8, veccalc>, !ascendc.local<f32, veccalc>, !ascendc.local<f16, veccalc>, ui32
// -----
// CHECK-LABEL: // {{-+}}

// compare_c2
// CHECK: Compare lt does not exist for i32
%bits = "test.op"() : () -> !ascendc.local<ui8, veccalc>
%u = "test.op"() : () -> ui32
%xi = "test.op"() : () -> !ascendc.local<i32, veccalc>
ascendc.compare lt %bits, %xi, %xi, %u : !ascendc.local<ui8, veccalc>, !ascendc.local<i32, veccalc>, !ascendc.local<i32, veccalc>, ui32
// -----
// CHECK-LABEL: // {{-+}}

// compare_c3
// CHECK: the bits of a comparison are ui8, not i32
%f = "test.op"() : () -> f32
%u = "test.op"() : () -> ui32
%x = "test.op"() : () -> !ascendc.local<f32, veccalc>
%xi = "test.op"() : () -> !ascendc.local<i32, veccalc>
ascendc.compare_scalar gt %xi, %x, %f, %u : !ascendc.local<i32, veccalc>, !ascendc.local<f32, veccalc>, f32, ui32
// -----
// CHECK-LABEL: // {{-+}}

// compare_c4
// CHECK: the count of a comparison is 384 bytes, not a multiple of 256
%n = ascendc.constant 96 : ui32
%bits = "test.op"() : () -> !ascendc.local<ui8, veccalc>
%x = "test.op"() : () -> !ascendc.local<f32, veccalc>
%y = "test.op"() : () -> !ascendc.local<f32, veccalc>
ascendc.compare lt %bits, %x, %y, %n : !ascendc.local<ui8, veccalc>, !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, ui32
// -----
// CHECK-LABEL: // {{-+}}

// compare_scalar_c1
// CHECK: the count of a comparison is 128 bytes, not a multiple of 256
%n = ascendc.constant 32 : ui32
%bits = "test.op"() : () -> !ascendc.local<ui8, veccalc>
%f = "test.op"() : () -> f32
%x = "test.op"() : () -> !ascendc.local<f32, veccalc>
ascendc.compare_scalar gt %bits, %x, %f, %n : !ascendc.local<ui8, veccalc>, !ascendc.local<f32, veccalc>, f32, ui32
// -----
// CHECK-LABEL: // {{-+}}

// select_c1
// CHECK: Select mixes f16, f32
%bits = "test.op"() : () -> !ascendc.local<ui8, veccalc>
%u = "test.op"() : () -> ui32
%x = "test.op"() : () -> !ascendc.local<f32, veccalc>
%xh = "test.op"() : () -> !ascendc.local<f16, veccalc>
ascendc.select tensor_tensor %x, %bits, %x, %xh, %u : !ascendc.local<f32, veccalc>, !ascendc.local<ui8, veccalc>, !ascendc.local<f32, veccalc>, !ascendc.local<f16, veccalc>, ui32
// -----
// CHECK-LABEL: // {{-+}}

// select_c2
// CHECK: Select does not exist for bf16
%bits = "test.op"() : () -> !ascendc.local<ui8, veccalc>
%u = "test.op"() : () -> ui32
%xb = "test.op"() : () -> !ascendc.local<bf16, veccalc>
ascendc.select tensor_tensor %xb, %bits, %xb, %xb, %u : !ascendc.local<bf16, veccalc>, !ascendc.local<ui8, veccalc>, !ascendc.local<bf16, veccalc>, !ascendc.local<bf16, veccalc>, ui32
// -----
// CHECK-LABEL: // {{-+}}

// select_c3
// CHECK: the bits of a Select are ui8, not i32
%u = "test.op"() : () -> ui32
%x = "test.op"() : () -> !ascendc.local<f32, veccalc>
%xi = "test.op"() : () -> !ascendc.local<i32, veccalc>
%y = "test.op"() : () -> !ascendc.local<f32, veccalc>
ascendc.select tensor_tensor %x, %xi, %x, %y, %u : !ascendc.local<f32, veccalc>, !ascendc.local<i32, veccalc>, !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, ui32
// -----
// CHECK-LABEL: // {{-+}}

// select_c4
// CHECK: this Select takes the second source from a tensor
%bits = "test.op"() : () -> !ascendc.local<ui8, veccalc>
%u = "test.op"() : () -> ui32
%x = "test.op"() : () -> !ascendc.local<f32, veccalc>
%y = "test.op"() : () -> !ascendc.local<f32, veccalc>
ascendc.select tensor_scalar %x, %bits, %x, %y, %u : !ascendc.local<f32, veccalc>, !ascendc.local<ui8, veccalc>, !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, ui32
// -----
// CHECK-LABEL: // {{-+}}

// select_scalar_c1
// CHECK: this Select takes the second source from a scalar
%bits = "test.op"() : () -> !ascendc.local<ui8, veccalc>
%f = "test.op"() : () -> f32
%u = "test.op"() : () -> ui32
%x = "test.op"() : () -> !ascendc.local<f32, veccalc>
ascendc.select_scalar tensor_tensor %x, %bits, %x, %f, %u : !ascendc.local<f32, veccalc>, !ascendc.local<ui8, veccalc>, !ascendc.local<f32, veccalc>, f32, ui32
// -----
// CHECK-LABEL: // {{-+}}

// flag_c1
// CHECK: an event id is 8, not in 0..7
%n = ascendc.constant 8 : i32
ascendc.set_flag mte2_v %n : i32
// -----
// CHECK-LABEL: // {{-+}}

// flag_c2
// CHECK: an aic core has no event mte2_v
%i = "test.op"() : () -> i32
ascendc.on_aic {
  ascendc.wait_flag mte3_mte2 %i : i32
  ascendc.set_flag mte2_v %i : i32
}
// -----
// CHECK-LABEL: // {{-+}}

// flag_c2
// CHECK: an aiv core has no event mte1_mte2
%i = "test.op"() : () -> i32
ascendc.on_aiv {
  ascendc.wait_flag mte1_mte2 %i : i32
}
// -----
// CHECK-LABEL: // {{-+}}

// pipe_barrier_c1
// CHECK: pipe s has no barrier
ascendc.pipe_barrier s
// -----
// CHECK-LABEL: // {{-+}}

// cross_core_set_flag_c1
// CHECK: mode 4 is not in 0..2
%u = "test.op"() : () -> ui32
ascendc.cross_core_set_flag 4 mte3 %u : ui32
// -----
// CHECK-LABEL: // {{-+}}

// cross_core_set_flag_c2
// CHECK: a flag between cores does not follow pipe all
%u = "test.op"() : () -> ui32
ascendc.cross_core_set_flag 2 all %u : ui32
// -----
// CHECK-LABEL: // {{-+}}

// cross_core_set_flag_c3
// CHECK: a flag id is 11, not in 0..10
%n = ascendc.constant 11 : ui32
ascendc.cross_core_set_flag 2 fix %n : ui32
// -----
// CHECK-LABEL: // {{-+}}

// cross_core_set_flag_c4
// CHECK: mode 1 is between vector cores
%u = "test.op"() : () -> ui32
ascendc.on_aic {
  ascendc.cross_core_set_flag 1 fix %u : ui32
}
// -----
// CHECK-LABEL: // {{-+}}

// cross_core_wait_flag_c1
// CHECK: a flag id is 11, not in 0..10
%n = ascendc.constant 11 : ui32
ascendc.cross_core_wait_flag %n : ui32
// -----
// CHECK-LABEL: // {{-+}}

// sync_all_c1
// CHECK: a barrier of the vector cores is for vector cores
ascendc.on_aic {
  ascendc.sync_all true
}
// -----
// CHECK-LABEL: // {{-+}}

// set_atomic_add_c1
// CHECK: atomics add f32, f16, bf16, i16, i32, i8, not i64
ascendc.set_atomic_add i64
// -----
// CHECK-LABEL: // {{-+}}

// return_c1
// CHECK: 'ascendc.return' must be the last operation in its parent block
ascendc.kernel @k() {
  ascendc.return
  ascendc.pipe_barrier all
}
// -----
// CHECK-LABEL: // {{-+}}

// start_c1
// CHECK: src0 is not seen to start at a multiple of 32 bytes of UB
%n = ascendc.constant 64 : ui32
%at = ascendc.constant 4 : i64
%x = "test.op"() : () -> !ascendc.local<f32, veccalc>
%part = ascendc.tensor_at %x[%at] : !ascendc.local<f32, veccalc>, i64
ascendc.add %x, %part, %x, %n : !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, !ascendc.local<f32, veccalc>, ui32
// -----
// CHECK-LABEL: // {{-+}}

// start_c1
// CHECK: dst is not seen to start at a multiple of 32 bytes of UB
%n = ascendc.constant 64 : ui32
%row = "test.op"() : () -> i64
%eight = ascendc.constant 8 : i64
%at = ascendc.arithmetic mul %row, %eight : i64
%x = "test.op"() : () -> !ascendc.local<f16, veccalc>
%part = ascendc.tensor_at %x[%at] : !ascendc.local<f16, veccalc>, i64
ascendc.add %part, %x, %x, %n : !ascendc.local<f16, veccalc>, !ascendc.local<f16, veccalc>, !ascendc.local<f16, veccalc>, ui32
// -----
// CHECK-LABEL: // {{-+}}

// compare_scalar_c1
// CHECK: the count of a comparison is not seen to be a multiple of 256 bytes
%rows = "test.op"() : () -> i64
%unit = ascendc.constant 64 : i64
%n = ascendc.arithmetic mul %rows, %unit : i64
%bits = "test.op"() : () -> !ascendc.local<ui8, veccalc>
%zero = ascendc.constant 0.0 : f16
%x = "test.op"() : () -> !ascendc.local<f16, veccalc>
ascendc.compare_scalar gt %bits, %x, %zero, %n : !ascendc.local<ui8, veccalc>, !ascendc.local<f16, veccalc>, f16, i64
// -----
// CHECK-LABEL: // {{-+}}

// data_copy_c3
// CHECK: the count of a DataCopy is not seen to be a multiple of 32 bytes
%n = "test.op"() : () -> i64
%x = "test.op"() : () -> !ascendc.global<f32>
%y = "test.op"() : () -> !ascendc.local<f32, veccalc>
ascendc.data_copy %y, %x, %n : !ascendc.local<f32, veccalc>, !ascendc.global<f32>, i64
