// RUN: ligrad-opt %s -p lower-to-npu --split-input-file --verify-diagnostics | filecheck %s --check-prefixes=CHECK,ANY
// RUN: ligrad-opt %s -p 'lower-to-npu{deterministic=true}' --split-input-file --verify-diagnostics | filecheck %s --check-prefixes=CHECK,ORDER
// RUN: ligrad-opt %s -p 'lower-to-npu{soc=x}' --split-input-file --verify-diagnostics | filecheck %s --check-prefix=OPTION

// OPTION: lower-to-npu: there is no chip 'x'

// A product of two arrays, one of which stays in L0; its relu and rounding on the way out of the accumulator.
// CHECK-LABEL: func.func @product(
// CHECK-SAME: npu.name = "q", npu.kind = "input"
// CHECK-SAME: npu.name = "y", npu.kind = "output"
// CHECK-SAME: %blocks: index {npu.name = "blocks", npu.kind = "blocks"}
// CHECK: npu.launch "ascend910b1" blocks %blocks cube {
// CHECK: npu.alloc : memref<16384xf32, #npu<space l0c>>
// CHECK-NOT: npu.sync_all
// CHECK: scf.for %token
// CHECK: scf.for %n
// CHECK: npu.nd2nz %rhs_l1[%{{.*}}], %k[
// CHECK: npu.load_l0 %rhs_l0{{.*}} transpose true
// CHECK: scf.for %m
// CHECK: npu.nd2nz %lhs_l1[%{{.*}}], %q[
// CHECK: npu.load_l0 %lhs_l0{{.*}} transpose false
// CHECK: npu.mmad %product_l0
// CHECK: npu.fixpipe relu %y[
// CHECK: npu.sync_group
// CHECK-NEXT: }
// CHECK: } vector {
// CHECK-NOT: npu.binary
// CHECK: npu.sync_group
// CHECK-NOT: npu.sync_group
// CHECK: func.return
lig.axis @T in 1 to 99
lig.axis @G in 1 to 64
lig.axis @D in 128 to 128
lig.axis @E in 64 to 64
func.func @product(
  %q: !lig.tensor<[T, G, D], f16> {lig.name = "q", lig.dims = ["T", "G", "D"]},
  %k: !lig.tensor<[E, D], f16> {lig.name = "k", lig.dims = ["E", "D"]}
) -> (!lig.tensor<[T, G, E], f16> {lig.name = "y", lig.dims = ["T", "G", "E"]}) {
  %p = lig.matmul %q, %k over @D acc f32 : (!lig.tensor<[T, G, D], f16>, !lig.tensor<[E, D], f16>) -> !lig.tensor<[T, G, E], f32>
  %r = lig.relu %p : !lig.tensor<[T, G, E], f32>
  %y = lig.cast %r : !lig.tensor<[T, G, E], f32> to !lig.tensor<[T, G, E], f16>
  func.return %y : !lig.tensor<[T, G, E], f16>
}

// -----

// A sum over the tokens crosses the cores: every token adds to it, as it comes or, in rounds,
// by whoever owns the elements. What is made of it follows the last token.
// CHECK-LABEL: func.func @over_tokens(
// CHECK: } vector {
// CHECK: npu.store %y[
// CHECK: npu.sync_all
// CHECK: scf.for %token
// ANY: npu.store atomic %y[%c0], %w{{.*}}[%c0] rows %c1 of %G
// ORDER: npu.store %y_workspace[
// ORDER: npu.sync_all
// ORDER: scf.for %token
// ORDER: npu.load %y.term{{.*}}, %y_workspace[
// ORDER: npu.store atomic %y[%{{.*}}], %y.term
// CHECK: npu.sync_all
// CHECK: npu.load {{.*}}, %y[%chunk_offset
// CHECK: npu.binary_scalar mul
// CHECK: npu.store %z[%chunk_offset
lig.axis @T in 1 to 99
lig.axis @G in 1 to 64
func.func @over_tokens(
  %w: !lig.tensor<[T, G], f32> {lig.name = "w", lig.dims = ["T", "G"]}
) -> (
  !lig.tensor<[G], f32> {lig.name = "y", lig.dims = ["G"]},
  !lig.tensor<[G], f32> {lig.name = "z", lig.dims = ["G"]}
) {
  %two = lig.constant 2.000000e+00 : !lig.tensor<[], f32>
  %y = lig.reduce_sum %w over @T acc f32 : (!lig.tensor<[T, G], f32>) -> !lig.tensor<[G], f32>
  %z = lig.mul %two, %y : (!lig.tensor<[], f32>, !lig.tensor<[G], f32>) -> !lig.tensor<[G], f32>
  func.return %y, %z : !lig.tensor<[G], f32>, !lig.tensor<[G], f32>
}

// -----

// A matrix product over the tokens would cross the cube cores.
// CHECK: error: no kernel for this: Matmul sums over T, whose positions the cores share out
lig.axis @T in 1 to 99
lig.axis @G in 1 to 64
lig.axis @D in 64 to 64
func.func @product_over_tokens(
  %w: !lig.tensor<[T, G], f16> {lig.name = "w", lig.dims = ["T", "G"]},
  %v: !lig.tensor<[T, D], f16> {lig.name = "v", lig.dims = ["T", "D"]}
) -> (!lig.tensor<[G, D], f32> {lig.name = "x", lig.dims = ["G", "D"]}) {
  %x = lig.matmul %w, %v over @T acc f32 : (!lig.tensor<[T, G], f16>, !lig.tensor<[T, D], f16>) -> !lig.tensor<[G, D], f32>
  func.return %x : !lig.tensor<[G, D], f32>
}

// -----

// Three axes beside the tokens are more than rows and columns.
// CHECK: error: no kernel for this: a product has the axes [G, D, E] beside T; the vector unit takes two at most
lig.axis @T in 1 to 99
lig.axis @G in 1 to 64
lig.axis @D in 128 to 128
lig.axis @E in 64 to 64
func.func @deep(
  %w: !lig.tensor<[T, G, D], f32> {lig.name = "w", lig.dims = ["T", "G", "D"]},
  %v: !lig.tensor<[T, E], f32> {lig.name = "v", lig.dims = ["T", "E"]}
) -> (!lig.tensor<[T, G, D, E], f32> {lig.name = "x", lig.dims = ["T", "G", "D", "E"]}) {
  %x = lig.mul %w, %v : (!lig.tensor<[T, G, D], f32>, !lig.tensor<[T, E], f32>) -> !lig.tensor<[T, G, D, E], f32>
  func.return %x : !lig.tensor<[T, G, D, E], f32>
}

// -----

// All groups add to the rows: as they come to it, half of the entries on each vector core;
// or in rounds, between which all cores meet, each vector core to rows of its own.
// CHECK-LABEL: func.func @sums(
// ANY: npu.sync_all
// ANY-NEXT: scf.for %token
// ANY: npu.sync_all
// ANY-NEXT: } vector {
// ANY: npu.sync_all
// ANY-NEXT: scf.for %token
// ANY: scf.for %first_row
// ANY: npu.scatter_add_rows remember %s {{.*}} from %c0{{.*}} below %N
// ANY: npu.sync_all
// ANY-NOT: npu.sync_all
// ORDER-NOT: npu.sync_all
// ORDER: scf.for %round
// ORDER: npu.sync_all
// ORDER: scf.for %token
// ORDER: npu.sync_all
// ORDER-NEXT: }
// ORDER-NEXT: npu.sync_all
// ORDER-NEXT: } vector {
// ORDER-NOT: npu.sync_all
// ORDER: scf.for %round
// ORDER: npu.sync_all
// ORDER: scf.for %token
// ORDER: npu.sync_all
// ORDER: scf.for %token
// ORDER: [[END:%\w+]] = arith.minsi %{{.*}}, %N
// ORDER: scf.for %first_row
// ORDER: npu.load_selected_rows %u.block{{.*}} from [[FIRST:%\w+]] below [[END]]
// ORDER: npu.scatter_add_rows %s {{.*}} from [[FIRST]] below [[END]]
// ORDER: npu.sync_all
// ORDER-NOT: npu.sync_all
// CHECK: func.return
lig.axis @T in 1 to 99
lig.axis @K in 64 to 64
lig.axis @N in 1 to 999
lig.axis @D in 128 to 128
func.func @sums(
  %i: !lig.tensor<[T, K], i32> {lig.name = "i", lig.dims = ["T", "K"], lig.selects = @N},
  %u: !lig.tensor<[T, K, D], f32> {lig.name = "u", lig.dims = ["T", "K", "D"]}
) -> (!lig.tensor<[N, D], f32> {lig.name = "s", lig.dims = ["N", "D"]}) {
  %r = lig.rows %i : !lig.tensor<[T, K], i32> to !lig.tensor<[T, K], !lig.row<N>>
  %s = lig.scatter_add %u[%r] acc f32 : (!lig.tensor<[T, K, D], f32>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[N, D], f32>
  func.return %s : !lig.tensor<[N, D], f32>
}
