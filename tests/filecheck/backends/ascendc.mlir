// RUN: ligrad-opt %s -t ascendc | filecheck %s
// RUN: ligrad-opt %s -t 'ascendc{locations=false}' | filecheck %s --check-prefix=BARE
// RUN: ligrad-opt %s -t 'ascendc{tiling-header=true}' | filecheck %s --check-prefix=HEADER

// HEADER: #pragma once
// HEADER-NEXT: #include <cstdint>
// HEADER: // What the host decides.
// HEADER-NEXT: struct Tiling {
// HEADER-NEXT:   uint32_t length;
// HEADER-NEXT:   // of the output
// HEADER-NEXT:   float scale;
// HEADER-NEXT: };
// HEADER-NOT: kernel

// BARE-NOT: // scale.lig

// CHECK: #include "kernel_operator.h"
ascendc.include "kernel_operator.h"

// CHECK: // What the host decides.
// CHECK-NEXT: #include "scale_tiling.h"
ascendc.tiling_struct @Tiling in "scale_tiling.h" attributes {comment = "What the host decides."} {
  ascendc.tiling_field @length : ui32
  ascendc.tiling_field @scale : f32 {comment = "of the output"}
}

// CHECK: // out = scale * in,
// CHECK-NEXT: // element by element
// CHECK-NEXT: extern "C" __global__ __aicore__ void scale(GM_ADDR in, GM_ADDR out, GM_ADDR workspace, GM_ADDR tiling)
// CHECK-NEXT: {
ascendc.kernel @scale(%in: !ascendc.address, %out: !ascendc.address, %workspace: !ascendc.address, %tiling: !ascendc.address)
    attributes {comment = "out = scale * in,\nelement by element"} {
  // CHECK-NEXT: REGISTER_TILING_DEFAULT(Tiling);
  // CHECK-NEXT: GET_TILING_DATA(data, tiling);
  // CHECK-NEXT: KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_MIX_AIC_1_2);
  // CHECK-NEXT: (void)workspace;
  ascendc.register_tiling @Tiling
  %data = ascendc.get_tiling_data %tiling : !ascendc.tiling<Tiling>
  ascendc.kernel_type mix_aic_1_2
  ascendc.unused %workspace : !ascendc.address
  // The names of kernels and structs, of keywords and of other values are taken.
  // CHECK-NEXT: const float scale_1 = data.scale;
  // CHECK-NEXT: constexpr uint32_t int_1 = 64u;
  // CHECK-NEXT: const uint32_t v = int_1 * 4u;
  // CHECK-NEXT: const uint32_t v_1 = v < 0u ? v : 0u;
  // CHECK-NEXT: const int64_t a_b = AscendC::GetBlockIdx();
  %scale = ascendc.tiling_member %data @scale : (!ascendc.tiling<Tiling>) -> f32
  %int = ascendc.constexpr 64 : ui32
  %four = ascendc.constant 4 : ui32
  %zero = ascendc.constant 0 : ui32
  %0 = ascendc.arithmetic mul %int, %four : ui32
  %1 = ascendc.arithmetic min %0, %zero : ui32
  %a.b = ascendc.get_block_idx
  // CHECK-NEXT: // scale.lig:3
  // CHECK-NEXT: if ASCEND_IS_AIV {
  // CHECK-NEXT:   AscendC::GlobalTensor<half> in_gm;
  // CHECK-NEXT:   in_gm.SetGlobalBuffer(reinterpret_cast<__gm__ half*>(in), int_1);
  ascendc.on_aiv {
    %in_gm = ascendc.global_tensor : !ascendc.global<f16> loc("scale.lig":3:5)
    ascendc.set_global_buffer %in_gm, %in, %int : !ascendc.global<f16>, ui32
    // CHECK-NEXT:   AscendC::TPipe pipe;
    // CHECK-NEXT:   AscendC::TBuf<AscendC::TPosition::VECIN> ub;
    // CHECK-NEXT:   pipe.InitBuffer(ub, 128u);
    // CHECK-NEXT:   AscendC::LocalTensor<half> x = ub.GetWithOffset<half>(int_1, 0u);
    %pipe = ascendc.tpipe
    %ub = ascendc.tbuf : !ascendc.tbuf<vecin>
    %bytes = ascendc.constant 128 : ui32
    ascendc.init_buffer %pipe, %ub, %bytes : !ascendc.tpipe, !ascendc.tbuf<vecin>, ui32
    %x = ascendc.get_with_offset %ub, %int, %zero : !ascendc.tbuf<vecin> to !ascendc.local<f16, vecin>
    // CHECK-NEXT:   AscendC::DataCopy(x, in_gm, int_1);
    // CHECK-NEXT:   // scale.lig:4
    // CHECK-NEXT:   // by a constant
    // CHECK-NEXT:   AscendC::Muls<half>(x, x, static_cast<half>(0.5f), int_1);
    // CHECK-NEXT:   AscendC::PipeBarrier<PIPE_V>();
    // CHECK-NEXT:   AscendC::Duplicate<half>(x, static_cast<half>(-0.0f), int_1);
    ascendc.data_copy %x, %in_gm, %int : !ascendc.local<f16, vecin>, !ascendc.global<f16>, ui32 loc("scale.lig":3:9)
    %half = ascendc.constant 0.5 : f16
    ascendc.muls %x, %x, %half, %int {comment = "by a constant"} : !ascendc.local<f16, vecin>, !ascendc.local<f16, vecin>, f16, ui32 loc("scale.lig":4:1)
    ascendc.pipe_barrier v loc("scale.lig":4:2)
    %minus_zero = ascendc.constant -0.0 : f16
    ascendc.duplicate %x, %minus_zero, %int : !ascendc.local<f16, vecin>, f16, ui32
  } loc("scale.lig":3:1)
  // CHECK-NEXT: }
  // CHECK-NEXT: if ASCEND_IS_AIC {
  // CHECK-NEXT:   AscendC::CrossCoreWaitFlag(1);
  // CHECK-NEXT: }
  ascendc.on_aic {
    %flag = ascendc.constant 1 : i32
    ascendc.cross_core_wait_flag %flag : i32
  }
  // CHECK-NEXT: const bool done = a_b >= 9223372036854775807L;
  // CHECK-NEXT: if (done) {
  // CHECK-NEXT:   return;
  // CHECK-NEXT: } else {
  // CHECK-NEXT:   // scale.lig:5
  // CHECK-NEXT:   for (int64_t i = (-9223372036854775807L - 1); i < a_b; i += 1L) {
  // CHECK-NEXT:     // nothing
  // CHECK-NEXT:   }
  // CHECK-NEXT: }
  // CHECK-NEXT: }
  %largest = ascendc.constant 9223372036854775807 : i64
  %smallest = ascendc.constant -9223372036854775808 : i64
  %step = ascendc.constant 1 : i64
  %done = ascendc.cmp ge %a.b, %largest : i64
  ascendc.if %done {
    ascendc.return
  } else {
    ascendc.for %i = %smallest to %a.b step %step : i64 {
      ascendc.comment "nothing"
    } loc("scale.lig":5:1)
  }
}
