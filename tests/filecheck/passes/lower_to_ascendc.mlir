// RUN: ligrad-opt %s -p lower-to-ascendc --split-input-file --verify-diagnostics | filecheck %s

// The frame: tiling data, workspace, views, memories; then the cores.
// CHECK: ascendc.include "kernel_operator.h"
// CHECK: ascendc.tiling_struct @DoubleTiling in "double_tiling.h" {
// CHECK-NEXT: ascendc.tiling_field @B : i64 {comment = "extent of the axis B"}
// CHECK-NEXT: ascendc.tiling_field @S : i64 {comment = "extent of the axis S"}
// CHECK-NEXT: ascendc.tiling_field @T : i64 {comment = "extent of the axis T"}
// CHECK-NEXT: ascendc.tiling_field @mode : i64 {comment = "the attribute mode"}
// CHECK-NEXT: }
// CHECK: ascendc.host_function @DoubleWorkspaceBytes in "double_tiling.h"
// CHECK: ascendc.return_value
// CHECK: ascendc.host_function @DoubleBlocks in "double_tiling.h"
// CHECK: ascendc.arithmetic max
// CHECK: ascendc.arithmetic min %cores
// CHECK-NEXT: ascendc.return_value
// CHECK: ascendc.host_function @DoubleExtentT in "double_tiling.h"
// CHECK: ascendc.arithmetic mul %{{.*}}, %{{.*}}
// CHECK-NEXT: ascendc.return_value
// CHECK: ascendc.kernel @double(%x{{.*}}, %y{{.*}}, %workspace{{.*}}, %tiling{{.*}}) attributes {npu.arrays = ["x", "y"]} {
// CHECK-NEXT: ascendc.register_tiling @DoubleTiling
// CHECK: ascendc.kernel_type mix_aic_1_2
// CHECK: ascendc.set_global_buffer %x_gm, %x
// CHECK: ascendc.set_global_buffer %scratch_gm, %workspace
// CHECK: ascendc.on_aic {
// CHECK: ascendc.cross_core_wait_flag
// CHECK: ascendc.on_aiv {
// CHECK: %ub_memory = ascendc.tbuf : !ascendc.tbuf<veccalc>
// CHECK: %tile = ascendc.get_with_offset %ub_memory
// CHECK: %core = ascendc.get_block_idx
// CHECK: ascendc.arithmetic div %core
// CHECK: ascendc.for %token
// CHECK: ascendc.data_copy_pad_in %tile, %x_gm_tile
// CHECK-NEXT: %{{.*}} = ascendc.constant 0 : i32
// CHECK-NEXT: ascendc.set_flag mte2_v
// CHECK: ascendc.adds %tile, %tile
// CHECK: ascendc.set_atomic_add f32
// CHECK-NEXT: ascendc.data_copy_pad_out
// CHECK-NEXT: ascendc.set_atomic_none
// CHECK: ascendc.cross_core_set_flag 2 mte3
// CHECK: ascendc.pipe_barrier all
func.func @Double(
  %x: memref<?xf32, #npu<space gm>> {npu.name = "x", npu.kind = "input", npu.dims = ["T"]},
  %y: memref<?xf32, #npu<space gm>> {npu.name = "y", npu.kind = "output", npu.dims = ["T"]},
  %b: index {npu.name = "B", npu.kind = "extent"},
  %s: index {npu.name = "S", npu.kind = "extent"},
  %t: index {npu.name = "T", npu.kind = "extent", npu.packs = ["B", "S"]},
  %blocks: index {npu.name = "blocks", npu.kind = "blocks"},
  %mode: index {npu.name = "mode", npu.kind = "attribute"}
) {
  %scratch = npu.workspace @scratch of %t : memref<?xf32, #npu<space gm>>
  npu.launch "ascend910b1" blocks %blocks cube {
    npu.cross_wait 0
  } vector {
    %tile = npu.alloc at 64 : memref<64xf32, #npu<space ub>>
    %block = npu.block_index
    %n = npu.block_count
    %zero = arith.constant 0 : index
    %one = arith.constant 1 : index
    %c64 = arith.constant 64 : index
    %two = arith.constant 2.0 : f32
    scf.for %token = %block to %t step %n {
      npu.load %tile[%zero], %x[%token] rows %one of %c64 pitch %c64, %c64 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
      npu.set_flag mte2 to v id 0
      npu.wait_flag mte2 to v id 0
      npu.binary_scalar add %tile[%zero], %tile[%zero], %two count %c64 : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
      npu.store atomic %y[%token], %tile[%zero] rows %one of %c64 pitch %c64, %c64 : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space ub>>
      npu.store %scratch[%token], %tile[%zero] rows %one of %c64 pitch %c64, %c64 : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space ub>>
    }
    npu.cross_set 0 on mte3
  }
  func.return
}

// -----

// CHECK: lower-to-ascendc: the argument {{.*}} has no npu.name and npu.kind
func.func @Unnamed(%x: index) {
  npu.launch "ascend910b1" blocks %x cube {
    ^bb0:
  } vector {
    ^bb0:
  }
  func.return
}

// -----

// CHECK: lower-to-ascendc: {{.*}} is not placed; run place-buffers first
func.func @Unplaced(%blocks: index {npu.name = "blocks", npu.kind = "blocks"}) {
  npu.launch "ascend910b1" blocks %blocks cube {
    ^bb0:
  } vector {
    %tile = npu.alloc : memref<64xf32, #npu<space ub>>
  }
  func.return
}

// -----

// CHECK: lower-to-ascendc: Empty has 0 launches, a kernel is one
func.func @Empty() {
  func.return
}
