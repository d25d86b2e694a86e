// RUN: ligrad-opt %s -p dce | filecheck %s

// Declarations of axes stay, though nothing refers to them by value.
// CHECK: lig.axis @N in 1 to 64
lig.axis @N in 1 to 64

// One unused operation of every kind goes, with all that only it used.
// CHECK-LABEL: func.func @unused(
// CHECK-NEXT: func.return %x : !lig.tensor<[T, D], f32>
func.func @unused(
  %x: !lig.tensor<[T, D], f32>, %key: !lig.tensor<[N, D], f32>, %i: !lig.tensor<[T, K], i32>,
  %mode: i64, %te: !lig.tensor<[B], i32>, %re: !lig.tensor<[B], i32>
) -> !lig.tensor<[T, D], f32> {
  %extent = lig.extent @N : !lig.tensor<[], i32>
  %count = lig.valid_count %mode tokens @T ends %te rows %re entries @K : (i64, !lig.tensor<[B], i32>, !lig.tensor<[B], i32>) -> !lig.tensor<[T], i32>
  %start, %length = lig.run tokens @T ends %te rows %re : (!lig.tensor<[B], i32>, !lig.tensor<[B], i32>) -> (!lig.tensor<[T], i32>, !lig.tensor<[T], i32>)
  %r = lig.rows %i first %count : !lig.tensor<[T], i32> from %start : !lig.tensor<[T], i32> length %length : !lig.tensor<[T], i32> : !lig.tensor<[T, K], i32> to !lig.tensor<[T, K], !lig.row<N>>
  %c = lig.constant 1.0 : !lig.tensor<[], f32>
  %add = lig.add %x, %c : (!lig.tensor<[T, D], f32>, !lig.tensor<[], f32>) -> !lig.tensor<[T, D], f32>
  %sub = lig.sub %add, %c : (!lig.tensor<[T, D], f32>, !lig.tensor<[], f32>) -> !lig.tensor<[T, D], f32>
  %mul = lig.mul %sub, %c : (!lig.tensor<[T, D], f32>, !lig.tensor<[], f32>) -> !lig.tensor<[T, D], f32>
  %relu = lig.relu %mul : !lig.tensor<[T, D], f32>
  %grad = lig.relu_grad %mul, %relu : (!lig.tensor<[T, D], f32>, !lig.tensor<[T, D], f32>) -> !lig.tensor<[T, D], f32>
  %cast = lig.cast %grad : !lig.tensor<[T, D], f32> to !lig.tensor<[T, D], bf16>
  %g = lig.gather %key[%r] : (!lig.tensor<[N, D], f32>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[T, K, D], f32>
  %m = lig.mask %g, %r : !lig.tensor<[T, K, D], f32>, !lig.tensor<[T, K], !lig.row<N>>
  %p = lig.matmul %x, %m over @D acc f32 : (!lig.tensor<[T, D], f32>, !lig.tensor<[T, K, D], f32>) -> !lig.tensor<[T, K], f32>
  %s = lig.reduce_sum %p over @K acc f32 : (!lig.tensor<[T, K], f32>) -> !lig.tensor<[T], f32>
  %dk = lig.scatter_add %m[%r] acc f32 : (!lig.tensor<[T, K, D], f32>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[N, D], f32>
  func.return %x : !lig.tensor<[T, D], f32>
}

// What is used stays, even with one of two results.
// CHECK-LABEL: func.func @used(
func.func @used(%te: !lig.tensor<[B], i32>, %x: !lig.tensor<[T], f32>) -> (!lig.tensor<[T], i32>, !lig.tensor<[T], f32>) {
  // CHECK-NEXT: %start, %length = lig.run tokens @T ends %te rows %te :
  // CHECK-NEXT: %relu = lig.relu %x :
  // CHECK-NEXT: func.return %length, %relu :
  %start, %length = lig.run tokens @T ends %te rows %te : (!lig.tensor<[B], i32>, !lig.tensor<[B], i32>) -> (!lig.tensor<[T], i32>, !lig.tensor<[T], i32>)
  %relu = lig.relu %x : !lig.tensor<[T], f32>
  %unused = lig.relu %x : !lig.tensor<[T], f32>
  func.return %length, %relu : !lig.tensor<[T], i32>, !lig.tensor<[T], f32>
}
