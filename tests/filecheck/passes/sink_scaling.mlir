// RUN: ligrad-opt %s -p sink-scaling | filecheck %s

lig.axis @T in 1 to 64
lig.axis @G in 1 to 64
lig.axis @K in 1 to 2048
lig.axis @D in 128 to 128

// A factor without the contracted axis leaves, if the result is smaller than what it multiplied.
// CHECK-LABEL: func.func @out(
func.func @out(%x: !lig.tensor<[T, K], !lig.real>, %w: !lig.tensor<[T, G], !lig.real>, %s: !lig.tensor<[T, G, K], !lig.real>, %b: !lig.tensor<[T, K, D], !lig.real>) -> !lig.tensor<[T, G, D], !lig.real> {
  // CHECK-NEXT: %[[r:.*]] = lig.relu_grad %x, %s
  // CHECK-NEXT: %[[u:.*]] = lig.matmul %[[r]], %b over @K
  // CHECK-NEXT: %[[p:.*]] = lig.mul %[[u]], %w
  // CHECK-NEXT: func.return %[[p]]
  %y = lig.mul %x, %w : (!lig.tensor<[T, K], !lig.real>, !lig.tensor<[T, G], !lig.real>) -> !lig.tensor<[T, G, K], !lig.real>
  %r = lig.relu_grad %y, %s : (!lig.tensor<[T, G, K], !lig.real>, !lig.tensor<[T, G, K], !lig.real>) -> !lig.tensor<[T, G, K], !lig.real>
  %m = lig.matmul %r, %b over @K acc !lig.real : (!lig.tensor<[T, G, K], !lig.real>, !lig.tensor<[T, K, D], !lig.real>) -> !lig.tensor<[T, G, D], !lig.real>
  func.return %m : !lig.tensor<[T, G, D], !lig.real>
}

// One with the contracted axis goes to the other operand, if that is smaller.
// CHECK-LABEL: func.func @across(
func.func @across(%r: !lig.tensor<[T, G, K], !lig.real>, %w: !lig.tensor<[T, G], !lig.real>, %q: !lig.tensor<[T, G, D], !lig.real>) -> !lig.tensor<[T, K, D], !lig.real> {
  // CHECK-NEXT: %[[p:.*]] = lig.mul %q, %w
  // CHECK-NEXT: %[[m:.*]] = lig.matmul %r, %[[p]] over @G
  // CHECK-NEXT: func.return %[[m]]
  %y = lig.mul %r, %w : (!lig.tensor<[T, G, K], !lig.real>, !lig.tensor<[T, G], !lig.real>) -> !lig.tensor<[T, G, K], !lig.real>
  %m = lig.matmul %y, %q over @G acc !lig.real : (!lig.tensor<[T, G, K], !lig.real>, !lig.tensor<[T, G, D], !lig.real>) -> !lig.tensor<[T, K, D], !lig.real>
  func.return %m : !lig.tensor<[T, K, D], !lig.real>
}

// Out of a sum.
// CHECK-LABEL: func.func @sum(
func.func @sum(%x: !lig.tensor<[T, K], !lig.real>, %w: !lig.tensor<[T, G], !lig.real>) -> !lig.tensor<[T, G], !lig.real> {
  // CHECK-NEXT: %[[s:.*]] = lig.reduce_sum %x over @K
  // CHECK-NEXT: %[[p:.*]] = lig.mul %[[s]], %w
  // CHECK-NEXT: func.return %[[p]]
  %y = lig.mul %x, %w : (!lig.tensor<[T, K], !lig.real>, !lig.tensor<[T, G], !lig.real>) -> !lig.tensor<[T, G, K], !lig.real>
  %s = lig.reduce_sum %y over @K acc !lig.real : (!lig.tensor<[T, G, K], !lig.real>) -> !lig.tensor<[T, G], !lig.real>
  func.return %s : !lig.tensor<[T, G], !lig.real>
}

// Rounded arithmetic stays as it is.
// CHECK-LABEL: func.func @rounded(
func.func @rounded(%x: !lig.tensor<[T, K], f32>, %w: !lig.tensor<[T, G], f32>) -> !lig.tensor<[T, G], f32> {
  // CHECK-NEXT: %y = lig.mul %x, %w
  // CHECK-NEXT: %s = lig.reduce_sum %y over @K
  %y = lig.mul %x, %w : (!lig.tensor<[T, K], f32>, !lig.tensor<[T, G], f32>) -> !lig.tensor<[T, G, K], f32>
  %s = lig.reduce_sum %y over @K acc f32 : (!lig.tensor<[T, G, K], f32>) -> !lig.tensor<[T, G], f32>
  func.return %s : !lig.tensor<[T, G], f32>
}
