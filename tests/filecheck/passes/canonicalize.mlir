// RUN: ligrad-opt %s -p canonicalize | filecheck %s

// What the patterns do together, along a chain: one run reaches the end.
// CHECK-LABEL: func.func @chain(
func.func @chain(%key: !lig.tensor<[N, D], bf16>, %r: !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[T, K, D], f32> {
  // CHECK-NEXT: %[[g:.*]] = lig.gather %key[%r] : (!lig.tensor<[N, D], bf16>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[T, K, D], bf16>
  // CHECK-NEXT: %[[w:.*]] = lig.cast %[[g]] : !lig.tensor<[T, K, D], bf16> to !lig.tensor<[T, K, D], f32>
  // CHECK-NEXT: func.return %[[w]] : !lig.tensor<[T, K, D], f32>
  %one = lig.constant 1.0 : !lig.tensor<[], bf16>
  %g = lig.gather %key[%r] : (!lig.tensor<[N, D], bf16>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[T, K, D], bf16>
  %m = lig.mask %g, %r : !lig.tensor<[T, K, D], bf16>, !lig.tensor<[T, K], !lig.row<N>>
  %u = lig.mul %one, %m : (!lig.tensor<[], bf16>, !lig.tensor<[T, K, D], bf16>) -> !lig.tensor<[T, K, D], bf16>
  %n = lig.mask %u, %r : !lig.tensor<[T, K, D], bf16>, !lig.tensor<[T, K], !lig.row<N>>
  %real = lig.cast %n : !lig.tensor<[T, K, D], bf16> to !lig.tensor<[T, K, D], !lig.real>
  %wide = lig.cast %real : !lig.tensor<[T, K, D], !lig.real> to !lig.tensor<[T, K, D], f32>
  func.return %wide : !lig.tensor<[T, K, D], f32>
}

// Nothing to do: the graph stays as it is.
// CHECK-LABEL: func.func @nothing(
func.func @nothing(%x: !lig.tensor<[T, D], f32>, %y: !lig.tensor<[D], f32>) -> !lig.tensor<[T], f32> {
  // CHECK-NEXT: %p = lig.mul %x, %y : (!lig.tensor<[T, D], f32>, !lig.tensor<[D], f32>) -> !lig.tensor<[T, D], f32>
  // CHECK-NEXT: %s = lig.reduce_sum %p over @D acc f32 : (!lig.tensor<[T, D], f32>) -> !lig.tensor<[T], f32>
  // CHECK-NEXT: func.return %s : !lig.tensor<[T], f32>
  %p = lig.mul %x, %y : (!lig.tensor<[T, D], f32>, !lig.tensor<[D], f32>) -> !lig.tensor<[T, D], f32>
  %s = lig.reduce_sum %p over @D acc f32 : (!lig.tensor<[T, D], f32>) -> !lig.tensor<[T], f32>
  func.return %s : !lig.tensor<[T], f32>
}
