// RUN: ligrad-opt %s -p cse | filecheck %s

// Equal operations are merged, also behind equal operations.
// CHECK-LABEL: func.func @equal(
func.func @equal(%key: !lig.tensor<[N, D], f32>, %q: !lig.tensor<[T, D], f32>, %i: !lig.tensor<[T, K], i32>)
    -> (!lig.tensor<[T, K], f32>, !lig.tensor<[T, K], f32>) {
  // CHECK-NEXT: %r = lig.rows %i :
  // CHECK-NEXT: %a = lig.gather %key[%r] :
  // CHECK-NEXT: %b = lig.matmul %q, %a over @D acc f32 :
  // CHECK-NEXT: func.return %b, %b :
  %r = lig.rows %i : !lig.tensor<[T, K], i32> to !lig.tensor<[T, K], !lig.row<N>>
  %s = lig.rows %i : !lig.tensor<[T, K], i32> to !lig.tensor<[T, K], !lig.row<N>>
  %a = lig.gather %key[%r] : (!lig.tensor<[N, D], f32>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[T, K, D], f32>
  %b = lig.matmul %q, %a over @D acc f32 : (!lig.tensor<[T, D], f32>, !lig.tensor<[T, K, D], f32>) -> !lig.tensor<[T, K], f32>
  %c = lig.gather %key[%s] : (!lig.tensor<[N, D], f32>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[T, K, D], f32>
  %d = lig.matmul %q, %c over @D acc f32 : (!lig.tensor<[T, D], f32>, !lig.tensor<[T, K, D], f32>) -> !lig.tensor<[T, K], f32>
  func.return %b, %d : !lig.tensor<[T, K], f32>, !lig.tensor<[T, K], f32>
}

// A different axis, operand order, result type or constant is a different operation.
// CHECK-LABEL: func.func @different(
func.func @different(%x: !lig.tensor<[T, D], f32>, %y: !lig.tensor<[T, D], f32>) -> (
  !lig.tensor<[T], f32>, !lig.tensor<[D], f32>, !lig.tensor<[T, D], f32>, !lig.tensor<[T, D], f32>,
  !lig.tensor<[D, T], f32>, !lig.tensor<[], f32>, !lig.tensor<[], f32>
) {
  // CHECK: %a = lig.reduce_sum %x over @D
  // CHECK-NEXT: %b = lig.reduce_sum %x over @T
  // CHECK-NEXT: %c = lig.sub %x, %y
  // CHECK-NEXT: %d = lig.sub %y, %x
  // CHECK-NEXT: %e = lig.sub %x, %y : {{.*}} -> !lig.tensor<[D, T], f32>
  // CHECK-NEXT: %f = lig.constant 0.000000e+00
  // CHECK-NEXT: %g = lig.constant -0.000000e+00
  // CHECK-NEXT: func.return %a, %b, %c, %d, %e, %f, %g :
  %a = lig.reduce_sum %x over @D acc f32 : (!lig.tensor<[T, D], f32>) -> !lig.tensor<[T], f32>
  %b = lig.reduce_sum %x over @T acc f32 : (!lig.tensor<[T, D], f32>) -> !lig.tensor<[D], f32>
  %c = lig.sub %x, %y : (!lig.tensor<[T, D], f32>, !lig.tensor<[T, D], f32>) -> !lig.tensor<[T, D], f32>
  %d = lig.sub %y, %x : (!lig.tensor<[T, D], f32>, !lig.tensor<[T, D], f32>) -> !lig.tensor<[T, D], f32>
  %e = lig.sub %x, %y : (!lig.tensor<[T, D], f32>, !lig.tensor<[T, D], f32>) -> !lig.tensor<[D, T], f32>
  %f = lig.constant 0.0 : !lig.tensor<[], f32>
  %g = lig.constant -0.0 : !lig.tensor<[], f32>
  func.return %a, %b, %c, %d, %e, %f, %g : !lig.tensor<[T], f32>, !lig.tensor<[D], f32>, !lig.tensor<[T, D], f32>, !lig.tensor<[T, D], f32>, !lig.tensor<[D, T], f32>, !lig.tensor<[], f32>, !lig.tensor<[], f32>
}
