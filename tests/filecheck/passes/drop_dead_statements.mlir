// RUN: ligrad-opt %s -p drop-dead-statements --split-input-file | filecheck %s

// A variable that is assigned and never read goes, with all that only it needed: its
// values, the branch around the assignments, the loop around the branch.
// CHECK-LABEL: ascendc.kernel @counts
// CHECK-NEXT: ascendc.unused %x
// CHECK-NEXT: ascendc.unused %workspace
// CHECK-NEXT: ascendc.unused %tiling
// CHECK-NEXT: }
ascendc.kernel @counts(
  %x: !ascendc.address, %workspace: !ascendc.address, %tiling: !ascendc.address
) {
  %zero = ascendc.constant 0 : i64
  %one = ascendc.constant 1 : i64
  %count = ascendc.variable %zero : i64
  ascendc.for %i = %zero to %one step %one : i64 {
    %before = ascendc.read %count : i64
    %next = ascendc.arithmetic add %before, %one : i64
    %is_first = ascendc.cmp eq %i, %zero : i64
    ascendc.if %is_first {
      ascendc.assign %count, %next : i64
    } else {
      ascendc.assign %count, %i : i64
    }
  }
}

// -----

// One that is read is kept, with its assignments and what they stand in; the other one
// of the loop goes.
// CHECK-LABEL: ascendc.kernel @finds
// CHECK-NEXT: ascendc.unused %workspace
// CHECK: %found = ascendc.variable
// CHECK-NOT: %start
// CHECK: ascendc.for
// CHECK: ascendc.if
// CHECK-NEXT: ascendc.assign %found
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: %row = ascendc.read %found
// CHECK-NEXT: ascendc.set_value %x_gm[%row]
ascendc.kernel @finds(%x: !ascendc.address, %workspace: !ascendc.address) {
  %zero = ascendc.constant 0 : i64
  %one = ascendc.constant 1 : i64
  %number = ascendc.constant 7 : i32
  %x_gm = ascendc.global_tensor : !ascendc.global<i32>
  ascendc.set_global_buffer %x_gm, %x, %one : !ascendc.global<i32>, i64
  %found = ascendc.variable %zero : i64
  %start = ascendc.variable %zero : i64
  ascendc.for %i = %zero to %one step %one : i64 {
    %end = ascendc.get_value %x_gm[%i] : !ascendc.global<i32>, i64 to i32
    %is_behind = ascendc.cmp ge %number, %end : i32
    ascendc.if %is_behind {
      ascendc.assign %found, %i : i64
      ascendc.assign %start, %i : i64
    }
  }
  %row = ascendc.read %found : i64
  ascendc.set_value %x_gm[%row], %number : !ascendc.global<i32>, i64, i32
}

// -----

// Views and buffers that nothing accesses go, with the branch of the core; so do what
// says that something is unused, and tiling data that nobody reads.
ascendc.tiling_struct @WorkTiling in "work_tiling.h" {
  ascendc.tiling_field @T : i64
}

// CHECK-LABEL: ascendc.kernel @views
// CHECK-NEXT: ascendc.unused %x
// CHECK-NEXT: ascendc.unused %tiling
// CHECK-NEXT: ascendc.register_tiling @WorkTiling
// CHECK-NEXT: %pipe = ascendc.tpipe
// CHECK-NEXT: ascendc.pipe_barrier all
// CHECK-NEXT: }
ascendc.kernel @views(%x: !ascendc.address, %tiling: !ascendc.address) {
  ascendc.register_tiling @WorkTiling
  %tiling_data = ascendc.get_tiling_data %tiling : !ascendc.tiling<WorkTiling>
  %T = ascendc.tiling_member %tiling_data @T : (!ascendc.tiling<WorkTiling>) -> i64
  %x_gm = ascendc.global_tensor : !ascendc.global<i32>
  ascendc.set_global_buffer %x_gm, %x, %T : !ascendc.global<i32>, i64
  ascendc.unused %T : i64
  %pipe = ascendc.tpipe
  ascendc.on_aiv {
    %bytes = ascendc.constant 64 : ui32
    %start = ascendc.constant 0 : ui32
    %memory = ascendc.tbuf : !ascendc.tbuf<veccalc>
    ascendc.init_buffer %pipe, %memory, %bytes : !ascendc.tpipe, !ascendc.tbuf<veccalc>, ui32
    %tile = ascendc.get_with_offset %memory, %bytes, %start : !ascendc.tbuf<veccalc> to !ascendc.local<i32, veccalc>
  }
  ascendc.pipe_barrier all
}

// -----

// An expression is kept whole, or not at all.
// CHECK-LABEL: ascendc.kernel @expresses
// CHECK-NEXT: ascendc.unused %workspace
// CHECK: %a = ascendc.get_value
// CHECK-NEXT: %place = ascendc.expression : i64 {
// CHECK-NEXT: ascendc.scalar_cast %a
// CHECK-NEXT: ascendc.yield
// CHECK-NEXT: }
// CHECK-NEXT: ascendc.set_value
// CHECK-NEXT: }
ascendc.kernel @expresses(%x: !ascendc.address, %workspace: !ascendc.address) {
  %zero = ascendc.constant 0 : i64
  %x_gm = ascendc.global_tensor : !ascendc.global<i32>
  ascendc.set_global_buffer %x_gm, %x, %zero : !ascendc.global<i32>, i64
  %a = ascendc.get_value %x_gm[%zero] : !ascendc.global<i32>, i64 to i32
  %place = ascendc.expression : i64 {
    %wide = ascendc.scalar_cast %a : i32 to i64
    ascendc.yield %wide : i64
  }
  %dead = ascendc.expression : i64 {
    %sum = ascendc.arithmetic add %place, %place : i64
    ascendc.yield %sum : i64
  }
  ascendc.set_value %x_gm[%place], %a : !ascendc.global<i32>, i64, i32
}

// -----

// What leaves the core is an effect, and so are the branch and its condition.
// CHECK-LABEL: ascendc.kernel @leaves
// CHECK: ascendc.cmp eq
// CHECK-NEXT: ascendc.if
// CHECK-NEXT: ascendc.return
ascendc.kernel @leaves(%x: !ascendc.address) {
  %zero = ascendc.constant 0 : i64
  %core = ascendc.get_block_idx
  %is_first = ascendc.cmp eq %core, %zero : i64
  ascendc.if %is_first {
    ascendc.return
  }
  ascendc.pipe_barrier all
}
