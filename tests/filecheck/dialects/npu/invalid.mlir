// RUN: ligrad-opt --split-input-file --verify-diagnostics %s | filecheck %s
// The tests want a case here for every constraint label of the code.

// launch_c1
// CHECK: there is no chip 'ascend950'; there are: ascend910b1, ascend910b2,
func.func @invalid(%n: index) {
  npu.launch "ascend950" blocks %n cube {
    ^bb0:
  } vector {
    ^bb0:
  }
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// launch_c2
// CHECK: npu.fixpipe needs a cube core and stands in the vector body
func.func @invalid(%o: index, %n: index, %c: memref<256xf32, #npu<space l0c>>, %x: memref<?xf32, #npu<space gm>>) {
  npu.launch "ascend910b1" blocks %n cube {
    ^bb0:
  } vector {
    npu.fixpipe %x[%o], %c[%o] size %n x %n pitch %n : memref<?xf32, #npu<space gm>>, memref<256xf32, #npu<space l0c>>
  }
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// launch_c2
// CHECK: npu.relu needs a vector core and stands in the cube body
func.func @invalid(%o: index, %n: index, %u: memref<64xf32, #npu<space ub>>) {
  npu.launch "ascend910b1" blocks %n cube {
    npu.relu %u[%o], %u[%o] count %n : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
  } vector {
    ^bb0:
  }
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// alloc_c1
// CHECK: global memory is a npu.workspace
func.func @invalid() {
  %u = npu.alloc : memref<64xf32, #npu<space gm>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// alloc_c2
// CHECK: a buffer on the chip has a static shape
func.func @invalid() {
  %u = npu.alloc : memref<?xf32, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// alloc_c3
// CHECK: a vector core has no l1
func.func @invalid(%n: index) {
  npu.launch "ascend910b1" blocks %n cube {
    ^bb0:
  } vector {
    %u = npu.alloc : memref<64xf32, #npu<space l1>>
  }
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// alloc_c4
// CHECK: a buffer of 188164 bytes at 0 does not fit the 188160 bytes of ub on ascend910b1
func.func @invalid(%n: index) {
  npu.launch "ascend910b1" blocks %n cube {
    ^bb0:
  } vector {
    %u = npu.alloc at 0 : memref<47041xf32, #npu<space ub>>
  }
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// alloc_c4
// CHECK: a buffer of 256 bytes at 187936 does not fit the 188160 bytes of ub on ascend910b1
func.func @invalid(%n: index) {
  npu.launch "ascend910b1" blocks %n cube {
    ^bb0:
  } vector {
    %u = npu.alloc at 187936 : memref<64xf32, #npu<space ub>>
  }
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// alloc_c4
// CHECK: a buffer of 256 bytes at -32 does not fit the 188160 bytes of ub on ascend910b1
func.func @invalid(%n: index) {
  npu.launch "ascend910b1" blocks %n cube {
    ^bb0:
  } vector {
    %u = npu.alloc at -32 : memref<64xf32, #npu<space ub>>
  }
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// alloc_c5
// CHECK: a buffer in ub starts at a multiple of 32, not at 16
func.func @invalid(%n: index) {
  npu.launch "ascend910b1" blocks %n cube {
    ^bb0:
  } vector {
    %u = npu.alloc at 16 : memref<64xf32, #npu<space ub>>
  }
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// alloc_c6
// CHECK: a buffer has bf16, f16, f32, i8 or i32 elements, not f64
func.func @invalid() {
  %u = npu.alloc : memref<64xf64, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// workspace_c1
// CHECK: a workspace lies in ub, must be in gm
func.func @invalid(%n: index) {
  %w = npu.workspace @w of %n : memref<64xf32, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// workspace_c2
// CHECK: a buffer has bf16, f16, f32, i8 or i32 elements, not f64
func.func @invalid(%n: index) {
  %w = npu.workspace @w of %n : memref<?xf64, #npu<space gm>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// workspace_c3
// CHECK: the label 'a b' is no identifier: letters, digits and _
func.func @invalid(%n: index) {
  %w = npu.workspace @"a b" of %n : memref<?xf32, #npu<space gm>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// function_c1
// CHECK: the name 'in valid' is no identifier: letters, digits and _
func.func @"in valid"(%n: index {npu.name = "blocks", npu.kind = "blocks"}) {
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// function_c2
// CHECK: argument 0 (%x): the name 'T?' is no identifier: letters, digits and _
func.func @invalid(%x: memref<?xf32, #npu<space gm>> {npu.name = "T?", npu.kind = "input", npu.dims = ["A"]}, %e: index {npu.name = "A", npu.kind = "extent"}, %n: index {npu.name = "blocks", npu.kind = "blocks"}) {
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// function_c2
// CHECK: argument 1 (%n): the name 'A' is taken
func.func @invalid(%e: index {npu.name = "A", npu.kind = "extent"}, %n: index {npu.name = "A", npu.kind = "blocks"}) {
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// function_c2
// CHECK: argument 1 (%y): it has no npu.name, a string
func.func @invalid(%n: index {npu.name = "blocks", npu.kind = "blocks"}, %y: index) {
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// function_c2
// CHECK: argument 0 (%n): there is no attribute npu.sort; there are: npu.name, npu.kind, npu.dims, npu.packs
func.func @invalid(%n: index {npu.name = "blocks", npu.kind = "blocks", npu.sort = 1 : i64}) {
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// function_c3
// CHECK: argument 0 (%x): its npu.kind is 'T', must be one of: input, output, extent, attribute, blocks
func.func @invalid(%x: memref<?xf32, #npu<space gm>> {npu.name = "x", npu.kind = "T", npu.dims = ["A"]}, %e: index {npu.name = "A", npu.kind = "extent"}, %n: index {npu.name = "blocks", npu.kind = "blocks"}) {
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// function_c4
// CHECK: argument 0 (%x): its npu.kind is 'output', so it is a buffer in gm, not memref<64xf32, #npu<space ub>>
func.func @invalid(%x: memref<64xf32, #npu<space ub>> {npu.name = "x", npu.kind = "output", npu.dims = ["A"]}, %e: index {npu.name = "A", npu.kind = "extent"}, %n: index {npu.name = "blocks", npu.kind = "blocks"}) {
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// function_c4
// CHECK: argument 1 (%e): its npu.kind is 'extent', so its type is index, not i32
func.func @invalid(%n: index {npu.name = "blocks", npu.kind = "blocks"}, %e: i32 {npu.name = "A", npu.kind = "extent"}) {
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// function_c5
// CHECK: argument 0 (%x): it is an array and has no npu.dims, the axes of its dimensions
func.func @invalid(%x: memref<?xf32, #npu<space gm>> {npu.name = "x", npu.kind = "input"}, %e: index {npu.name = "A", npu.kind = "extent"}, %n: index {npu.name = "blocks", npu.kind = "blocks"}) {
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// function_c5
// CHECK: argument 0 (%x): npu.dims has an axis B, which is no extent among the arguments; there are: A
func.func @invalid(%x: memref<?xf32, #npu<space gm>> {npu.name = "x", npu.kind = "input", npu.dims = ["B"]}, %e: index {npu.name = "A", npu.kind = "extent"}, %n: index {npu.name = "blocks", npu.kind = "blocks"}) {
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// function_c5
// CHECK: argument 0 (%n): npu.packs is for an extent, not for blocks
func.func @invalid(%n: index {npu.name = "blocks", npu.kind = "blocks", npu.packs = ["A"]}) {
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// function_c5
// CHECK: argument 0 (%x): npu.dims is a list of strings
func.func @invalid(%x: memref<?xf32, #npu<space gm>> {npu.name = "x", npu.kind = "input", npu.dims = 3 : i64}, %e: index {npu.name = "A", npu.kind = "extent"}, %n: index {npu.name = "blocks", npu.kind = "blocks"}) {
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// function_c6
// CHECK: 0 arguments have npu.kind = "blocks", one must
func.func @invalid(%e: index {npu.name = "A", npu.kind = "extent"}) {
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// find_run_c1
// CHECK: the run ends lies in ub, must be in gm
func.func @invalid(%o: index, %n: index, %e: memref<64xi32, #npu<space ub>>) {
  %r, %a, %b = npu.find_run %e of %n at %o : memref<64xi32, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// find_run_c2
// CHECK: run ends are i32
func.func @invalid(%o: index, %n: index, %e: memref<?xf32, #npu<space gm>>) {
  %r, %a, %b = npu.find_run %e of %n at %o : memref<?xf32, #npu<space gm>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// read_c1
// CHECK: the source lies in l0c, must be in ub or gm
func.func @invalid(%o: index, %c: memref<64xf32, #npu<space l0c>>) {
  %v = npu.read %c[%o] : memref<64xf32, #npu<space l0c>> to f32
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// read_c2
// CHECK: scalars are f32 or i32
func.func @invalid(%o: index, %u: memref<64xbf16, #npu<space ub>>) {
  %v = npu.read %u[%o] : memref<64xbf16, #npu<space ub>> to bf16
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// read_c3
// CHECK: an element of memref<64xf32, #npu<space ub>> is no i32
func.func @invalid(%o: index, %u: memref<64xf32, #npu<space ub>>) {
  %v = npu.read %u[%o] : memref<64xf32, #npu<space ub>> to i32
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// flag_c1
// CHECK: a flag goes from one pipe to another; within one, a npu.barrier orders
func.func @invalid() {
  npu.set_flag v to v id 0
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// flag_c2
// CHECK: event ids are 0 to 7
func.func @invalid() {
  npu.wait_flag v to s id 8
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// barrier_c1
// CHECK: the scalar unit is always in order
func.func @invalid() {
  npu.barrier s
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// await_c1
// CHECK: what is awaited is a core's own buffer
func.func @invalid(%x: memref<?xf32, #npu<space gm>>) {
  npu.await %x on s : memref<?xf32, #npu<space gm>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// cross_c1
// CHECK: cross-core flags are 0 to 10, not 11
func.func @invalid() {
  npu.cross_wait 11
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// cross_set_c1
// CHECK: S sets no cross-core flag
func.func @invalid() {
  npu.cross_set 0 on s
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// rows_c1
// CHECK: a copy does not convert: memref<?xf32, #npu<space gm>> to memref<64xf16, #npu<space ub>>
func.func @invalid(%o: index, %n: index, %u: memref<64xf16, #npu<space ub>>, %x: memref<?xf32, #npu<space gm>>) {
  npu.load %u[%o], %x[%o] rows %n of %n pitch %n, %n : memref<64xf16, #npu<space ub>>, memref<?xf32, #npu<space gm>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// rows_c1
// CHECK: a copy does not convert: memref<64xf16, #npu<space ub>> to memref<?xf32, #npu<space gm>>
func.func @invalid(%o: index, %n: index, %u: memref<64xf16, #npu<space ub>>, %x: memref<?xf32, #npu<space gm>>) {
  npu.store %x[%o], %u[%o] rows %n of %n pitch %n, %n : memref<?xf32, #npu<space gm>>, memref<64xf16, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// load_c1
// CHECK: the destination lies in l1, must be in ub
func.func @invalid(%o: index, %n: index, %u: memref<64xf32, #npu<space l1>>, %x: memref<?xf32, #npu<space gm>>) {
  npu.load %u[%o], %x[%o] rows %n of %n pitch %n, %n : memref<64xf32, #npu<space l1>>, memref<?xf32, #npu<space gm>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// load_c2
// CHECK: the source lies in ub, must be in gm
func.func @invalid(%o: index, %n: index, %u: memref<64xf32, #npu<space ub>>, %x: memref<64xf32, #npu<space ub>>) {
  npu.load %u[%o], %x[%o] rows %n of %n pitch %n, %n : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// store_c1
// CHECK: the destination lies in ub, must be in gm
func.func @invalid(%o: index, %n: index, %u: memref<64xf32, #npu<space ub>>, %x: memref<64xf32, #npu<space ub>>) {
  npu.store %x[%o], %u[%o] rows %n of %n pitch %n, %n : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// store_c2
// CHECK: the source lies in l0c, must be in ub
func.func @invalid(%o: index, %n: index, %u: memref<64xf32, #npu<space l0c>>, %x: memref<?xf32, #npu<space gm>>) {
  npu.store %x[%o], %u[%o] rows %n of %n pitch %n, %n : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// indexed_c1
// CHECK: the index buffer lies in gm, must be in ub
func.func @invalid(%o: index, %n: index, %u: memref<64xf32, #npu<space ub>>, %x: memref<?xf32, #npu<space gm>>, %i: memref<?xi32, #npu<space gm>>) {
  npu.gather_rows %u[%o], %x at %o + %i[%o] rows %n of %n below %n : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>, memref<?xi32, #npu<space gm>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// indexed_c2
// CHECK: indices are i32, not f32
func.func @invalid(%o: index, %n: index, %u: memref<64xf32, #npu<space ub>>, %x: memref<?xf32, #npu<space gm>>, %i: memref<64xf32, #npu<space ub>>) {
  npu.scatter_add_rows %x at %o + %i[%o], %u[%o] rows %n of %n from %o below %n : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// indexed_c3
// CHECK: a copy does not convert: memref<?xf32, #npu<space gm>> to memref<64xf16, #npu<space ub>>
func.func @invalid(%o: index, %n: index, %u: memref<64xf16, #npu<space ub>>, %x: memref<?xf32, #npu<space gm>>, %i: memref<64xi32, #npu<space ub>>) {
  npu.gather_rows %u[%o], %x at %o + %i[%o] rows %n of %n below %n : memref<64xf16, #npu<space ub>>, memref<?xf32, #npu<space gm>>, memref<64xi32, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// gather_rows_c1
// CHECK: the destination lies in l1, must be in ub
func.func @invalid(%o: index, %n: index, %u: memref<64xf32, #npu<space l1>>, %x: memref<?xf32, #npu<space gm>>, %i: memref<64xi32, #npu<space ub>>) {
  npu.gather_rows %u[%o], %x at %o + %i[%o] rows %n of %n below %n : memref<64xf32, #npu<space l1>>, memref<?xf32, #npu<space gm>>, memref<64xi32, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// gather_rows_c2
// CHECK: the source lies in ub, must be in gm
func.func @invalid(%o: index, %n: index, %u: memref<64xf32, #npu<space ub>>, %x: memref<64xf32, #npu<space ub>>, %i: memref<64xi32, #npu<space ub>>) {
  npu.gather_rows %u[%o], %x at %o + %i[%o] rows %n of %n below %n : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>, memref<64xi32, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// gather_rows_nz_c1
// CHECK: the destination lies in ub, must be in l1
func.func @invalid(%o: index, %n: index, %t: memref<64xf16, #npu<space ub>>, %x: memref<?xf16, #npu<space gm>>, %i: memref<?xi32, #npu<space gm>>, %z: memref<?xf16, #npu<space gm>>) {
  npu.gather_rows_nz %t[%o] nz_rows %n, %x at %o + %i[%o] rows %n to %n of %n below %n else %z : memref<64xf16, #npu<space ub>>, memref<?xf16, #npu<space gm>>, memref<?xi32, #npu<space gm>>, memref<?xf16, #npu<space gm>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// gather_rows_nz_c2
// CHECK: the source lies in l1, must be in gm
func.func @invalid(%o: index, %n: index, %t: memref<64xf16, #npu<space l1>>, %x: memref<64xf16, #npu<space l1>>, %i: memref<?xi32, #npu<space gm>>, %z: memref<?xf16, #npu<space gm>>) {
  npu.gather_rows_nz %t[%o] nz_rows %n, %x at %o + %i[%o] rows %n to %n of %n below %n else %z : memref<64xf16, #npu<space l1>>, memref<64xf16, #npu<space l1>>, memref<?xi32, #npu<space gm>>, memref<?xf16, #npu<space gm>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// gather_rows_nz_c3
// CHECK: the zeros lies in l1, must be in gm
func.func @invalid(%o: index, %n: index, %t: memref<64xf16, #npu<space l1>>, %x: memref<?xf16, #npu<space gm>>, %i: memref<?xi32, #npu<space gm>>, %z: memref<64xf16, #npu<space l1>>) {
  npu.gather_rows_nz %t[%o] nz_rows %n, %x at %o + %i[%o] rows %n to %n of %n below %n else %z : memref<64xf16, #npu<space l1>>, memref<?xf16, #npu<space gm>>, memref<?xi32, #npu<space gm>>, memref<64xf16, #npu<space l1>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// gather_rows_nz_c4
// CHECK: the source has f32 elements, must be bf16 or f16
func.func @invalid(%o: index, %n: index, %t: memref<64xf32, #npu<space l1>>, %x: memref<?xf32, #npu<space gm>>, %i: memref<?xi32, #npu<space gm>>, %z: memref<?xf32, #npu<space gm>>) {
  npu.gather_rows_nz %t[%o] nz_rows %n, %x at %o + %i[%o] rows %n to %n of %n below %n else %z : memref<64xf32, #npu<space l1>>, memref<?xf32, #npu<space gm>>, memref<?xi32, #npu<space gm>>, memref<?xf32, #npu<space gm>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// gather_rows_nz_c5
// CHECK: the zeros differ: memref<?xbf16, #npu<space gm>> and memref<?xf16, #npu<space gm>>
func.func @invalid(%o: index, %n: index, %t: memref<64xf16, #npu<space l1>>, %x: memref<?xf16, #npu<space gm>>, %i: memref<?xi32, #npu<space gm>>, %z: memref<?xbf16, #npu<space gm>>) {
  npu.gather_rows_nz %t[%o] nz_rows %n, %x at %o + %i[%o] rows %n to %n of %n below %n else %z : memref<64xf16, #npu<space l1>>, memref<?xf16, #npu<space gm>>, memref<?xi32, #npu<space gm>>, memref<?xbf16, #npu<space gm>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// fixpipe_add_rows_c1
// CHECK: the destination lies in ub, must be in gm
func.func @invalid(%o: index, %n: index, %x: memref<64xf32, #npu<space ub>>, %i: memref<?xi32, #npu<space gm>>, %c: memref<64xf32, #npu<space l0c>>) {
  npu.fixpipe_add_rows %x at %o + %i[%o] column %o, %c[%o] nz_rows %n size %n x %n of %n below %n : memref<64xf32, #npu<space ub>>, memref<?xi32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// fixpipe_add_rows_c2
// CHECK: the source lies in ub, must be in l0c
func.func @invalid(%o: index, %n: index, %x: memref<?xf32, #npu<space gm>>, %i: memref<?xi32, #npu<space gm>>, %c: memref<64xf32, #npu<space ub>>) {
  npu.fixpipe_add_rows %x at %o + %i[%o] column %o, %c[%o] nz_rows %n size %n x %n of %n below %n : memref<?xf32, #npu<space gm>>, memref<?xi32, #npu<space gm>>, memref<64xf32, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// fixpipe_add_rows_c3
// CHECK: the source has f16 elements, must be f32
func.func @invalid(%o: index, %n: index, %x: memref<?xf16, #npu<space gm>>, %i: memref<?xi32, #npu<space gm>>, %c: memref<64xf16, #npu<space l0c>>) {
  npu.fixpipe_add_rows %x at %o + %i[%o] column %o, %c[%o] nz_rows %n size %n x %n of %n below %n : memref<?xf16, #npu<space gm>>, memref<?xi32, #npu<space gm>>, memref<64xf16, #npu<space l0c>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// load_selected_rows_c1
// CHECK: the destination lies in gm, must be in ub
func.func @invalid(%o: index, %n: index, %x: memref<?xf32, #npu<space gm>>, %i: memref<64xi32, #npu<space ub>>) {
  npu.load_selected_rows %x[%o], %x at %o where %i[%o] rows %n of %n from %o below %n : memref<?xf32, #npu<space gm>>, memref<?xf32, #npu<space gm>>, memref<64xi32, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// load_selected_rows_c2
// CHECK: the source lies in ub, must be in gm
func.func @invalid(%o: index, %n: index, %u: memref<64xf32, #npu<space ub>>, %i: memref<64xi32, #npu<space ub>>) {
  npu.load_selected_rows %u[%o], %u at %o where %i[%o] rows %n of %n from %o below %n : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>, memref<64xi32, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// scatter_add_rows_c1
// CHECK: the destination lies in ub, must be in gm
func.func @invalid(%o: index, %n: index, %u: memref<64xf32, #npu<space ub>>, %x: memref<64xf32, #npu<space ub>>, %i: memref<64xi32, #npu<space ub>>) {
  npu.scatter_add_rows %x at %o + %i[%o], %u[%o] rows %n of %n from %o below %n : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>, memref<64xi32, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// scatter_add_rows_c2
// CHECK: the source lies in l0c, must be in ub
func.func @invalid(%o: index, %n: index, %u: memref<64xf32, #npu<space l0c>>, %x: memref<?xf32, #npu<space gm>>, %i: memref<64xi32, #npu<space ub>>) {
  npu.scatter_add_rows %x at %o + %i[%o], %u[%o] rows %n of %n from %o below %n : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>, memref<64xi32, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// scatter_add_rows_c3
// CHECK: the source has i32 elements, must be bf16 or f16 or f32
func.func @invalid(%o: index, %n: index, %u: memref<64xi32, #npu<space ub>>, %x: memref<?xi32, #npu<space gm>>, %i: memref<64xi32, #npu<space ub>>) {
  npu.scatter_add_rows %x at %o + %i[%o], %u[%o] rows %n of %n from %o below %n : memref<?xi32, #npu<space gm>>, memref<64xi32, #npu<space ub>>, memref<64xi32, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// repeat_row_c1
// CHECK: the destination lies in gm, must be in ub
func.func @invalid(%o: index, %n: index, %u: memref<?xf32, #npu<space gm>>, %r: memref<64xf32, #npu<space ub>>) {
  npu.repeat_row %u[%o], %r[%o] rows %n of %n : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// repeat_row_c2
// CHECK: the source lies in gm, must be in ub
func.func @invalid(%o: index, %n: index, %u: memref<64xf32, #npu<space ub>>, %r: memref<?xf32, #npu<space gm>>) {
  npu.repeat_row %u[%o], %r[%o] rows %n of %n : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// repeat_row_c3
// CHECK: a copy does not convert: memref<64xf16, #npu<space ub>> to memref<64xf32, #npu<space ub>>
func.func @invalid(%o: index, %n: index, %u: memref<64xf32, #npu<space ub>>, %r: memref<64xf16, #npu<space ub>>) {
  npu.repeat_row %u[%o], %r[%o] rows %n of %n : memref<64xf32, #npu<space ub>>, memref<64xf16, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// nd2nz_c1
// CHECK: the destination lies in ub, must be in l1
func.func @invalid(%o: index, %n: index, %t: memref<64xbf16, #npu<space ub>>, %x: memref<?xbf16, #npu<space gm>>) {
  npu.nd2nz %t[%o], %x[%o] rows %n of %n pitch %n nz_rows %n : memref<64xbf16, #npu<space ub>>, memref<?xbf16, #npu<space gm>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// nd2nz_c2
// CHECK: the source lies in ub, must be in gm
func.func @invalid(%o: index, %n: index, %t: memref<256xbf16, #npu<space l1>>, %x: memref<64xbf16, #npu<space ub>>) {
  npu.nd2nz %t[%o], %x[%o] rows %n of %n pitch %n nz_rows %n : memref<256xbf16, #npu<space l1>>, memref<64xbf16, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// nd2nz_c3
// CHECK: the source has f32 elements, must be bf16 or f16
func.func @invalid(%o: index, %n: index, %t: memref<256xf32, #npu<space l1>>, %x: memref<?xf32, #npu<space gm>>) {
  npu.nd2nz %t[%o], %x[%o] rows %n of %n pitch %n nz_rows %n : memref<256xf32, #npu<space l1>>, memref<?xf32, #npu<space gm>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// nd2nz_c4
// CHECK: a copy does not convert: memref<?xbf16, #npu<space gm>> to memref<256xf16, #npu<space l1>>
func.func @invalid(%o: index, %n: index, %t: memref<256xf16, #npu<space l1>>, %x: memref<?xbf16, #npu<space gm>>) {
  npu.nd2nz %t[%o], %x[%o] rows %n of %n pitch %n nz_rows %n : memref<256xf16, #npu<space l1>>, memref<?xbf16, #npu<space gm>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// load_l0_c1
// CHECK: the destination lies in l0c, must be in l0a or l0b
func.func @invalid(%o: index, %n: index, %a: memref<256xbf16, #npu<space l0c>>, %t: memref<256xbf16, #npu<space l1>>) {
  npu.load_l0 %a[%o], %t[%o] tile %n x %n nz_rows %n transpose false : memref<256xbf16, #npu<space l0c>>, memref<256xbf16, #npu<space l1>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// load_l0_c2
// CHECK: the source lies in gm, must be in l1
func.func @invalid(%o: index, %n: index, %a: memref<256xbf16, #npu<space l0a>>, %t: memref<?xbf16, #npu<space gm>>) {
  npu.load_l0 %a[%o], %t[%o] tile %n x %n nz_rows %n transpose false : memref<256xbf16, #npu<space l0a>>, memref<?xbf16, #npu<space gm>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// load_l0_c3
// CHECK: the source has f32 elements, must be bf16 or f16
func.func @invalid(%o: index, %n: index, %a: memref<256xf32, #npu<space l0a>>, %t: memref<256xf32, #npu<space l1>>) {
  npu.load_l0 %a[%o], %t[%o] tile %n x %n nz_rows %n transpose false : memref<256xf32, #npu<space l0a>>, memref<256xf32, #npu<space l1>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// load_l0_c4
// CHECK: a load does not convert: memref<256xbf16, #npu<space l1>> to memref<256xf16, #npu<space l0b>>
func.func @invalid(%o: index, %n: index, %a: memref<256xf16, #npu<space l0b>>, %t: memref<256xbf16, #npu<space l1>>) {
  npu.load_l0 %a[%o], %t[%o] tile %n x %n nz_rows %n transpose false : memref<256xf16, #npu<space l0b>>, memref<256xbf16, #npu<space l1>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// mmad_c1
// CHECK: the accumulator lies in l1, must be in l0c
func.func @invalid(%o: index, %n: index, %i1: i1, %c: memref<256xf32, #npu<space l1>>, %a: memref<256xbf16, #npu<space l0a>>, %b: memref<256xbf16, #npu<space l0b>>) {
  npu.mmad %c[%o], %a[%o], %b[%o] size %n x %n x %n start %i1 : memref<256xf32, #npu<space l1>>, memref<256xbf16, #npu<space l0a>>, memref<256xbf16, #npu<space l0b>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// mmad_c2
// CHECK: the left operand lies in l0b, must be in l0a
func.func @invalid(%o: index, %n: index, %i1: i1, %c: memref<256xf32, #npu<space l0c>>, %a: memref<256xbf16, #npu<space l0b>>, %b: memref<256xbf16, #npu<space l0b>>) {
  npu.mmad %c[%o], %a[%o], %b[%o] size %n x %n x %n start %i1 : memref<256xf32, #npu<space l0c>>, memref<256xbf16, #npu<space l0b>>, memref<256xbf16, #npu<space l0b>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// mmad_c3
// CHECK: the right operand lies in l0a, must be in l0b
func.func @invalid(%o: index, %n: index, %i1: i1, %c: memref<256xf32, #npu<space l0c>>, %a: memref<256xbf16, #npu<space l0a>>, %b: memref<256xbf16, #npu<space l0a>>) {
  npu.mmad %c[%o], %a[%o], %b[%o] size %n x %n x %n start %i1 : memref<256xf32, #npu<space l0c>>, memref<256xbf16, #npu<space l0a>>, memref<256xbf16, #npu<space l0a>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// mmad_c4
// CHECK: the accumulator has bf16 elements, must be f32
func.func @invalid(%o: index, %n: index, %i1: i1, %c: memref<256xbf16, #npu<space l0c>>, %a: memref<256xbf16, #npu<space l0a>>, %b: memref<256xbf16, #npu<space l0b>>) {
  npu.mmad %c[%o], %a[%o], %b[%o] size %n x %n x %n start %i1 : memref<256xbf16, #npu<space l0c>>, memref<256xbf16, #npu<space l0a>>, memref<256xbf16, #npu<space l0b>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// mmad_c5
// CHECK: the left operand has f32 elements, must be bf16 or f16
func.func @invalid(%o: index, %n: index, %i1: i1, %c: memref<256xf32, #npu<space l0c>>, %a: memref<256xf32, #npu<space l0a>>, %b: memref<256xbf16, #npu<space l0b>>) {
  npu.mmad %c[%o], %a[%o], %b[%o] size %n x %n x %n start %i1 : memref<256xf32, #npu<space l0c>>, memref<256xf32, #npu<space l0a>>, memref<256xbf16, #npu<space l0b>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// mmad_c6
// CHECK: the operands differ: memref<256xbf16, #npu<space l0a>> and memref<256xf16, #npu<space l0b>>
func.func @invalid(%o: index, %n: index, %i1: i1, %c: memref<256xf32, #npu<space l0c>>, %a: memref<256xbf16, #npu<space l0a>>, %b: memref<256xf16, #npu<space l0b>>) {
  npu.mmad %c[%o], %a[%o], %b[%o] size %n x %n x %n start %i1 : memref<256xf32, #npu<space l0c>>, memref<256xbf16, #npu<space l0a>>, memref<256xf16, #npu<space l0b>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// fixpipe_c1
// CHECK: the destination lies in ub, must be in gm
func.func @invalid(%o: index, %n: index, %x: memref<64xf32, #npu<space ub>>, %c: memref<256xf32, #npu<space l0c>>) {
  npu.fixpipe %x[%o], %c[%o] size %n x %n pitch %n : memref<64xf32, #npu<space ub>>, memref<256xf32, #npu<space l0c>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// fixpipe_c2
// CHECK: the source lies in l0a, must be in l0c
func.func @invalid(%o: index, %n: index, %x: memref<?xf32, #npu<space gm>>, %c: memref<256xf32, #npu<space l0a>>) {
  npu.fixpipe %x[%o], %c[%o] size %n x %n pitch %n : memref<?xf32, #npu<space gm>>, memref<256xf32, #npu<space l0a>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// fixpipe_c3
// CHECK: the source has bf16 elements, must be f32
func.func @invalid(%o: index, %n: index, %x: memref<?xf32, #npu<space gm>>, %c: memref<256xbf16, #npu<space l0c>>) {
  npu.fixpipe %x[%o], %c[%o] size %n x %n pitch %n : memref<?xf32, #npu<space gm>>, memref<256xbf16, #npu<space l0c>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// fixpipe_c4
// CHECK: the destination has i32 elements, must be bf16 or f16 or f32
func.func @invalid(%o: index, %n: index, %x: memref<?xi32, #npu<space gm>>, %c: memref<256xf32, #npu<space l0c>>) {
  npu.fixpipe %x[%o], %c[%o] size %n x %n pitch %n : memref<?xi32, #npu<space gm>>, memref<256xf32, #npu<space l0c>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// vector_c1
// CHECK: an operand lies in gm, must be in ub
func.func @invalid(%o: index, %n: index, %u: memref<64xf32, #npu<space ub>>, %v: memref<?xf32, #npu<space gm>>) {
  npu.binary add %u[%o], %u[%o], %v[%o] count %n : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// vector_c2
// CHECK: an operand has bf16 elements, must be f16 or f32
func.func @invalid(%o: index, %n: index, %u: memref<64xbf16, #npu<space ub>>, %v: memref<64xbf16, #npu<space ub>>) {
  npu.relu %u[%o], %v[%o] count %n : memref<64xbf16, #npu<space ub>>, memref<64xbf16, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// vector_c3
// CHECK: the operands differ: memref<64xf16, #npu<space ub>> and memref<64xf32, #npu<space ub>>
func.func @invalid(%o: index, %n: index, %s: f32, %u: memref<64xf32, #npu<space ub>>, %v: memref<64xf16, #npu<space ub>>) {
  npu.binary_scalar mul %u[%o], %v[%o], %s count %n : memref<64xf32, #npu<space ub>>, memref<64xf16, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// vector_c3
// CHECK: the operands differ: memref<64xf16, #npu<space ub>> and memref<64xf32, #npu<space ub>>
func.func @invalid(%o: index, %n: index, %u: memref<64xf32, #npu<space ub>>, %bits: memref<64xi8, #npu<space ub>>, %v: memref<64xf16, #npu<space ub>>) {
  npu.select %u[%o], %bits[%o], %v[%o] count %n : memref<64xf32, #npu<space ub>>, memref<64xi8, #npu<space ub>>, memref<64xf16, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// binary_scalar_c1
// CHECK: there is no subtraction of a scalar; add its negative
func.func @invalid(%o: index, %n: index, %s: f32, %u: memref<64xf32, #npu<space ub>>) {
  npu.binary_scalar sub %u[%o], %u[%o], %s count %n : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// convert_c1
// CHECK: the destination lies in gm, must be in ub
func.func @invalid(%o: index, %n: index, %u: memref<?xf32, #npu<space gm>>, %v: memref<64xf16, #npu<space ub>>) {
  npu.convert %u[%o], %v[%o] count %n : memref<?xf32, #npu<space gm>>, memref<64xf16, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// convert_c1
// CHECK: the source lies in gm, must be in ub
func.func @invalid(%o: index, %n: index, %u: memref<64xf32, #npu<space ub>>, %v: memref<?xf16, #npu<space gm>>) {
  npu.convert %u[%o], %v[%o] count %n : memref<64xf32, #npu<space ub>>, memref<?xf16, #npu<space gm>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// convert_c2
// CHECK: the destination has i32 elements, must be bf16 or f16 or f32
func.func @invalid(%o: index, %n: index, %u: memref<64xi32, #npu<space ub>>, %v: memref<64xf32, #npu<space ub>>) {
  npu.convert %u[%o], %v[%o] count %n : memref<64xi32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// convert_c2
// CHECK: the source has i32 elements, must be bf16 or f16 or f32
func.func @invalid(%o: index, %n: index, %u: memref<64xf32, #npu<space ub>>, %v: memref<64xi32, #npu<space ub>>) {
  npu.convert %u[%o], %v[%o] count %n : memref<64xf32, #npu<space ub>>, memref<64xi32, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// convert_c3
// CHECK: one side of a conversion is f32, the other half
func.func @invalid(%o: index, %n: index, %u: memref<64xbf16, #npu<space ub>>, %v: memref<64xf16, #npu<space ub>>) {
  npu.convert %u[%o], %v[%o] count %n : memref<64xbf16, #npu<space ub>>, memref<64xf16, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// convert_c3
// CHECK: one side of a conversion is f32, the other half
func.func @invalid(%o: index, %n: index, %u: memref<64xf32, #npu<space ub>>, %v: memref<64xf32, #npu<space ub>>) {
  npu.convert %u[%o], %v[%o] count %n : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// fill_c1
// CHECK: the destination lies in gm, must be in ub
func.func @invalid(%o: index, %n: index, %u: memref<?xf32, #npu<space gm>>) {
  npu.fill %u[%o] with 0.0 count %n : memref<?xf32, #npu<space gm>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// fill_c2
// CHECK: there is no fill of i8
func.func @invalid(%o: index, %n: index, %u: memref<64xi8, #npu<space ub>>) {
  npu.fill %u[%o] with 0.0 count %n : memref<64xi8, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// compare_positive_c1
// CHECK: the destination lies in gm, must be in ub
func.func @invalid(%o: index, %n: index, %bits: memref<?xi8, #npu<space gm>>, %u: memref<64xf32, #npu<space ub>>) {
  npu.compare_positive %bits[%o], %u[%o] count %n : memref<?xi8, #npu<space gm>>, memref<64xf32, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// compare_positive_c1
// CHECK: the source lies in gm, must be in ub
func.func @invalid(%o: index, %n: index, %bits: memref<64xi8, #npu<space ub>>, %u: memref<?xf32, #npu<space gm>>) {
  npu.compare_positive %bits[%o], %u[%o] count %n : memref<64xi8, #npu<space ub>>, memref<?xf32, #npu<space gm>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// compare_positive_c2
// CHECK: the bits are packed in i8
func.func @invalid(%o: index, %n: index, %bits: memref<64xi32, #npu<space ub>>, %u: memref<64xf32, #npu<space ub>>) {
  npu.compare_positive %bits[%o], %u[%o] count %n : memref<64xi32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// compare_positive_c3
// CHECK: the source has bf16 elements, must be f16 or f32
func.func @invalid(%o: index, %n: index, %bits: memref<64xi8, #npu<space ub>>, %u: memref<64xbf16, #npu<space ub>>) {
  npu.compare_positive %bits[%o], %u[%o] count %n : memref<64xi8, #npu<space ub>>, memref<64xbf16, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// compare_positive_c4
// CHECK: the count of a comparison of f32 is not seen to be a multiple of 64
func.func @invalid(%o: index, %bits: memref<64xi8, #npu<space ub>>, %u: memref<64xf32, #npu<space ub>>) {
  %n = arith.constant 32 : index
  npu.compare_positive %bits[%o], %u[%o] count %n : memref<64xi8, #npu<space ub>>, memref<64xf32, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// compare_positive_c4
// CHECK: the count of a comparison of f16 is not seen to be a multiple of 128
func.func @invalid(%o: index, %rows: index, %bits: memref<64xi8, #npu<space ub>>, %u: memref<512xf16, #npu<space ub>>) {
  %unit = arith.constant 64 : index
  %n = arith.muli %rows, %unit : index
  npu.compare_positive %bits[%o], %u[%o] count %n : memref<64xi8, #npu<space ub>>, memref<512xf16, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// select_c1
// CHECK: the bits lies in gm, must be in ub
func.func @invalid(%o: index, %n: index, %u: memref<64xf32, #npu<space ub>>, %bits: memref<?xi8, #npu<space gm>>) {
  npu.select %u[%o], %bits[%o], %u[%o] count %n : memref<64xf32, #npu<space ub>>, memref<?xi8, #npu<space gm>>, memref<64xf32, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// select_c2
// CHECK: the bits are packed in i8
func.func @invalid(%o: index, %n: index, %u: memref<64xf32, #npu<space ub>>, %bits: memref<64xi32, #npu<space ub>>) {
  npu.select %u[%o], %bits[%o], %u[%o] count %n : memref<64xf32, #npu<space ub>>, memref<64xi32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// select_c3
// CHECK: an operand has i32 elements, must be bf16 or f16 or f32
func.func @invalid(%o: index, %n: index, %u: memref<64xi32, #npu<space ub>>, %bits: memref<64xi8, #npu<space ub>>) {
  npu.select %u[%o], %bits[%o], %u[%o] count %n : memref<64xi32, #npu<space ub>>, memref<64xi8, #npu<space ub>>, memref<64xi32, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// present_c1
// CHECK: an operand lies in gm, must be in ub
func.func @invalid(%o: index, %n: index, %bits: memref<64xi8, #npu<space ub>>, %i: memref<?xi32, #npu<space gm>>, %t: memref<64xf32, #npu<space ub>>) {
  npu.present %bits[%o], %i[%o] below %n scratch %t count %n : memref<64xi8, #npu<space ub>>, memref<?xi32, #npu<space gm>>, memref<64xf32, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// present_c2
// CHECK: the bits are packed in i8
func.func @invalid(%o: index, %n: index, %bits: memref<64xi32, #npu<space ub>>, %i: memref<64xi32, #npu<space ub>>, %t: memref<64xf32, #npu<space ub>>) {
  npu.present %bits[%o], %i[%o] below %n scratch %t count %n : memref<64xi32, #npu<space ub>>, memref<64xi32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// present_c3
// CHECK: row numbers are i32
func.func @invalid(%o: index, %n: index, %bits: memref<64xi8, #npu<space ub>>, %i: memref<64xf32, #npu<space ub>>, %t: memref<64xf32, #npu<space ub>>) {
  npu.present %bits[%o], %i[%o] below %n scratch %t count %n : memref<64xi8, #npu<space ub>>, memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// present_c4
// CHECK: the scratch has f16 elements, must be f32
func.func @invalid(%o: index, %n: index, %bits: memref<64xi8, #npu<space ub>>, %i: memref<64xi32, #npu<space ub>>, %t: memref<64xf16, #npu<space ub>>) {
  npu.present %bits[%o], %i[%o] below %n scratch %t count %n : memref<64xi8, #npu<space ub>>, memref<64xi32, #npu<space ub>>, memref<64xf16, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// present_c5
// CHECK: the count of a comparison of f32 is not seen to be a multiple of 64
func.func @invalid(%o: index, %n: index, %bits: memref<64xi8, #npu<space ub>>, %i: memref<64xi32, #npu<space ub>>, %t: memref<64xf32, #npu<space ub>>) {
  npu.present %bits[%o], %i[%o] below %n scratch %t count %n : memref<64xi8, #npu<space ub>>, memref<64xi32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// sum_c1
// CHECK: an operand lies in gm, must be in ub
func.func @invalid(%o: index, %n: index, %u: memref<64xf32, #npu<space ub>>, %v: memref<64xf32, #npu<space ub>>, %t: memref<?xf32, #npu<space gm>>) {
  npu.sum %u[%o], %v[%o] scratch %t count %n : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// sum_c2
// CHECK: an operand has f16 elements, must be f32
func.func @invalid(%o: index, %n: index, %u: memref<64xf16, #npu<space ub>>, %v: memref<64xf16, #npu<space ub>>, %t: memref<64xf32, #npu<space ub>>) {
  npu.sum %u[%o], %v[%o] scratch %t count %n : memref<64xf16, #npu<space ub>>, memref<64xf16, #npu<space ub>>, memref<64xf32, #npu<space ub>>
  func.return
}
