// RUN: ligrad-opt %s -p 'outline-kernel{function="work_bf16"}' --split-input-file | filecheck %s

// The tiling data becomes the last argument; what is the entry's goes.
ascendc.tiling_struct @WorkTiling in "work_tiling.h" {
  ascendc.tiling_field @T : i64
}

// CHECK: ascendc.function @work_bf16(%x: !ascendc.address, %workspace: !ascendc.address, %tiling_data: !ascendc.tiling<WorkTiling>)
// CHECK-SAME: npu.arrays = ["x"]
// CHECK-NEXT: ascendc.unused %x
// CHECK-NEXT: ascendc.unused %workspace
// CHECK-NEXT: %T = ascendc.tiling_member %tiling_data @T
// CHECK-NEXT: ascendc.unused %T
// CHECK-NEXT: }
// CHECK-NOT: ascendc.kernel
ascendc.kernel @work(
  %x: !ascendc.address, %workspace: !ascendc.address, %tiling: !ascendc.address
) attributes {npu.arrays = ["x"]} {
  ascendc.register_tiling @WorkTiling
  %tiling_data = ascendc.get_tiling_data %tiling : !ascendc.tiling<WorkTiling>
  ascendc.kernel_type mix_aic_1_2
  ascendc.unused %x : !ascendc.address
  ascendc.unused %workspace : !ascendc.address
  %T = ascendc.tiling_member %tiling_data @T : (!ascendc.tiling<WorkTiling>) -> i64
  ascendc.unused %T : i64
}

// -----

// Its callers pass tiling data to a kernel that reads none, too.
ascendc.tiling_struct @IdleTiling in "idle_tiling.h" {
  ascendc.tiling_field @T : i64
}

// CHECK: ascendc.function @work_bf16(%x: !ascendc.address, %tiling_data: !ascendc.tiling<IdleTiling>) {
// CHECK-NEXT: ascendc.unused %tiling_data
// CHECK-NEXT: ascendc.unused %x
// CHECK-NEXT: }
ascendc.kernel @idle(%x: !ascendc.address, %tiling: !ascendc.address) {
  ascendc.unused %x : !ascendc.address
  ascendc.unused %tiling : !ascendc.address
  ascendc.register_tiling @IdleTiling
}
