// RUN: ligrad-opt %s -p 'stream-to-npu{window=64}' --split-input-file --verify-diagnostics | filecheck %s --check-prefixes=CHECK,ANY
// RUN: ligrad-opt %s -p 'stream-to-npu{window=64 deterministic=true}' --split-input-file --verify-diagnostics | filecheck %s --check-prefixes=CHECK,ORDER
// RUN: ligrad-opt %s -p 'stream-to-npu{window=96}' --split-input-file --verify-diagnostics | filecheck %s --check-prefix=OPTION
// RUN: ligrad-opt %s -p 'stream-to-npu{window=64 depth=1}' --split-input-file --verify-diagnostics | filecheck %s --check-prefix=ONE
// RUN: ligrad-opt %s -p 'stream-to-npu{window=64 scatter=cube}' --split-input-file --verify-diagnostics | filecheck %s --check-prefix=CUBE
// RUN: ligrad-opt %s -p 'stream-to-npu{window=64 scatter=cube deterministic=true}' --split-input-file --verify-diagnostics | filecheck %s --check-prefixes=CHECK,ORDER
// RUN: ligrad-opt %s -p 'stream-to-npu{window=64 gather=shared}' --split-input-file --verify-diagnostics | filecheck %s --check-prefix=SHARED
// RUN: ligrad-opt %s -p 'stream-to-npu{window=64 gather=vector}' --split-input-file --verify-diagnostics | filecheck %s --check-prefix=VECTOR

// The cube core's rows come first in the window; those of the vector cores are behind them
// in L1, and on their way a window ahead, in the workspace of the other slot.
// SHARED: npu.workspace @g_workspace of
// SHARED: npu.workspace @g_workspace_2 of
// SHARED: npu.gather_rows_nz [[ROWS:%gathered_rows_1]][%c0] {{.*}} to %rows_of_cube
// SHARED-NEXT: arith.muli
// SHARED: npu.nd2nz [[ROWS]][{{.*}}], %g_workspace_1[
// SHARED: } vector {
// SHARED: npu.await %indices on s
// SHARED: scf.for %round_of_windows
// SHARED: npu.gather_rows %g.block[
// SHARED: npu.store %g_workspace[
// SHARED: npu.await %g.block on mte2
// SHARED-NEXT: npu.await %g.block on v
// SHARED: npu.scatter_add_rows
// SHARED: npu.gather_rows %g.block[
// SHARED: npu.store %g_workspace_1[

// VECTOR-NOT: @zero_row
// VECTOR-NOT: npu.gather_rows_nz
// VECTOR: npu.nd2nz %gathered_rows_1[%c0], %g_workspace_1[
// VECTOR: npu.gather_rows %g.block[

// OPTION: stream-to-npu: window is 96, must be a multiple of 64

// Rows are gathered to one buffer a slot, and products of the next window come ahead of the
// sums of this one, which stay in the accumulator; half of the updates are added by each
// vector core, or in rounds, when all of them are there.
// CHECK-LABEL: func.func @sums(
// CHECK-DAG: npu.workspace @h_workspace of
// CHECK-DAG: npu.workspace @h_workspace_2 of
// CHECK-DAG: npu.workspace @zero_row of
// CHECK: npu.launch "ascend910b1" blocks %blocks cube {
// CHECK: %x.sum = npu.alloc : memref<8192xf32, #npu<space l0c>>
// CHECK: scf.for %token
// CHECK: npu.nd2nz %q.l1
// CHECK: scf.for %round_of_windows
// CHECK: scf.if %is_window
// CHECK: npu.gather_rows_nz [[FIRST:%gathered_rows\w*]][{{.*}} rows %K_valid_here{{.*}} to %K_padded_here{{.*}} else %zero_row
// CHECK: npu.load_l0 {{.*}} [[FIRST]][{{.*}} transpose true
// CHECK: npu.fixpipe [[H:%h_workspace\w*]][
// CHECK: npu.sync_group
// CHECK: scf.if %has_begun
// CHECK: npu.nd2nz %e.l1
// CHECK: npu.load_l0 {{.*}} [[SECOND:%gathered_rows\w*]][{{.*}} transpose false
// CHECK: npu.mmad %x.sum
// CHECK: npu.gather_rows_nz [[SECOND]][
// CHECK-NOT: npu.gather_rows_nz
// CHECK: npu.load_l0 {{.*}} [[FIRST]][{{.*}} transpose false
// CHECK: npu.mmad %x.sum
// CHECK: npu.fixpipe %x[{{.*}}], %x.sum[
// CHECK: } vector {
// CHECK: npu.store %zero_row[
// CHECK: npu.sync_all
// CHECK: scf.for %round_of_windows
// CHECK: npu.load {{.*}} %h_workspace
// CHECK: npu.relu
// CHECK: npu.store %e_workspace
// ANY: npu.scatter_add_rows remember %s
// ANY: npu.scatter_add_rows remember %s
// ORDER-NOT: npu.scatter_add_rows
// ORDER: npu.sync_all
// ORDER: npu.load_selected_rows
// ORDER-NEXT: npu.scatter_add_rows %s
// CHECK: func.return
// ONE-LABEL: func.func @sums(
// ONE: npu.gather_rows_nz
// ONE-NOT: npu.gather_rows_nz
// ONE-NOT: %has_begun
// ONE: func.return
// CUBE-LABEL: func.func @sums(
// CUBE: npu.launch "ascend910b1" blocks %blocks cube {
// CUBE: npu.sync_all
// CUBE: npu.mmad %product
// CUBE-NEXT: }
// CUBE: npu.fixpipe_add_rows %s at %c0 + %i[{{.*}}] column %n{{.*}}, %product[%c0] nz_rows {{.*}} of %c128{{.*}} below %N :
// CUBE: npu.fixpipe_add_rows %s
// CUBE-NOT: npu.fixpipe_add_rows
// CUBE: npu.sync_all
// CUBE: } vector {
// CUBE-NOT: npu.scatter_add_rows
// CUBE-NOT: %u_workspace
// CUBE: func.return
lig.axis @T in 1 to 99
lig.axis @G in 1 to 64
lig.axis @D in 128 to 128
lig.axis @K in 1 to 2048
lig.axis @N in 1 to 999
func.func @sums(
  %q: !lig.tensor<[T, G, D], f16> {lig.name = "q", lig.dims = ["T", "G", "D"]},
  %k: !lig.tensor<[N, D], f16> {lig.name = "k", lig.dims = ["N", "D"]},
  %i: !lig.tensor<[T, K], i32> {lig.name = "i", lig.dims = ["T", "K"], lig.selects = @N}
) -> (
  !lig.tensor<[T, G, D], f32> {lig.name = "x", lig.dims = ["T", "G", "D"]},
  !lig.tensor<[N, D], f32> {lig.name = "s", lig.dims = ["N", "D"]}
) {
  %r = lig.rows %i : !lig.tensor<[T, K], i32> to !lig.tensor<[T, K], !lig.row<N>>
  %g = lig.gather %k[%r] : (!lig.tensor<[N, D], f16>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[T, K, D], f16>
  %p = lig.matmul %q, %g over @D acc f32 : (!lig.tensor<[T, G, D], f16>, !lig.tensor<[T, K, D], f16>) -> !lig.tensor<[T, G, K], f32>
  %h = lig.cast %p : !lig.tensor<[T, G, K], f32> to !lig.tensor<[T, G, K], f16>
  %e = lig.relu %h : !lig.tensor<[T, G, K], f16>
  %x = lig.matmul %e, %g over @K acc f32 : (!lig.tensor<[T, G, K], f16>, !lig.tensor<[T, K, D], f16>) -> !lig.tensor<[T, G, D], f32>
  %u = lig.matmul %e, %q over @G acc f32 : (!lig.tensor<[T, G, K], f16>, !lig.tensor<[T, G, D], f16>) -> !lig.tensor<[T, K, D], f32>
  %s = lig.scatter_add %u[%r] acc f32 : (!lig.tensor<[T, K, D], f32>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[N, D], f32>
  func.return %x, %s : !lig.tensor<[T, G, D], f32>, !lig.tensor<[N, D], f32>
}

// -----

// The vector cores need the rows: they gather them, token by token.
// CHECK-LABEL: func.func @rows(
// CHECK-NOT: npu.gather_rows_nz
// CHECK: npu.gather_rows %
// CHECK: func.return
lig.axis @T in 1 to 99
lig.axis @K in 64 to 64
lig.axis @N in 1 to 999
lig.axis @D in 128 to 128
func.func @rows(
  %k: !lig.tensor<[N, D], f16> {lig.name = "k", lig.dims = ["N", "D"]},
  %i: !lig.tensor<[T, K], i32> {lig.name = "i", lig.dims = ["T", "K"], lig.selects = @N}
) -> (!lig.tensor<[T, K, D], f16> {lig.name = "x", lig.dims = ["T", "K", "D"]}) {
  %r = lig.rows %i : !lig.tensor<[T, K], i32> to !lig.tensor<[T, K], !lig.row<N>>
  %g = lig.gather %k[%r] : (!lig.tensor<[N, D], f16>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[T, K, D], f16>
  %x = lig.relu %g : !lig.tensor<[T, K, D], f16>
  func.return %x : !lig.tensor<[T, K, D], f16>
}
