// RUN: ligrad-opt %s -p 'fold-reduction,dce' | filecheck %s

lig.axis @T in 1 to 64
lig.axis @G in 1 to 64
lig.axis @K in 1 to 2048
lig.axis @D in 128 to 128

// The sum over K of relu(q b) * g is the sum over D of q * u.
// CHECK-LABEL: func.func @relu(
func.func @relu(%q: !lig.tensor<[T, G, D], !lig.real>, %b: !lig.tensor<[T, K, D], !lig.real>, %g: !lig.tensor<[T, K], !lig.real>) -> (!lig.tensor<[T, G], !lig.real>, !lig.tensor<[T, G, D], !lig.real>) {
  // CHECK: %p = lig.matmul %q, %b over @D
  // CHECK-NEXT: %s = lig.relu %p
  // CHECK-NEXT: %[[r:.*]] = lig.relu_grad %g, %s
  // CHECK-NEXT: %[[u:.*]] = lig.matmul %[[r]], %b over @K
  // CHECK-NEXT: %[[x:.*]] = lig.mul %q, %[[u]]
  // CHECK-NEXT: %[[w:.*]] = lig.reduce_sum %[[x]] over @D
  // CHECK: func.return %[[w]], %u
  %p = lig.matmul %q, %b over @D acc !lig.real : (!lig.tensor<[T, G, D], !lig.real>, !lig.tensor<[T, K, D], !lig.real>) -> !lig.tensor<[T, G, K], !lig.real>
  %s = lig.relu %p : !lig.tensor<[T, G, K], !lig.real>
  %x = lig.mul %s, %g : (!lig.tensor<[T, G, K], !lig.real>, !lig.tensor<[T, K], !lig.real>) -> !lig.tensor<[T, G, K], !lig.real>
  %w = lig.reduce_sum %x over @K acc !lig.real : (!lig.tensor<[T, G, K], !lig.real>) -> !lig.tensor<[T, G], !lig.real>
  %r = lig.relu_grad %g, %s : (!lig.tensor<[T, K], !lig.real>, !lig.tensor<[T, G, K], !lig.real>) -> !lig.tensor<[T, G, K], !lig.real>
  %u = lig.matmul %r, %b over @K acc !lig.real : (!lig.tensor<[T, G, K], !lig.real>, !lig.tensor<[T, K, D], !lig.real>) -> !lig.tensor<[T, G, D], !lig.real>
  func.return %w, %u : !lig.tensor<[T, G], !lig.real>, !lig.tensor<[T, G, D], !lig.real>
}

// Nobody has summed with b: the sum stays.
// CHECK-LABEL: func.func @alone(
func.func @alone(%q: !lig.tensor<[T, G, D], !lig.real>, %b: !lig.tensor<[T, K, D], !lig.real>, %g: !lig.tensor<[T, K], !lig.real>) -> !lig.tensor<[T, G], !lig.real> {
  // CHECK: %w = lig.reduce_sum %x over @K
  %p = lig.matmul %q, %b over @D acc !lig.real : (!lig.tensor<[T, G, D], !lig.real>, !lig.tensor<[T, K, D], !lig.real>) -> !lig.tensor<[T, G, K], !lig.real>
  %x = lig.mul %p, %g : (!lig.tensor<[T, G, K], !lig.real>, !lig.tensor<[T, K], !lig.real>) -> !lig.tensor<[T, G, K], !lig.real>
  %w = lig.reduce_sum %x over @K acc !lig.real : (!lig.tensor<[T, G, K], !lig.real>) -> !lig.tensor<[T, G], !lig.real>
  func.return %w : !lig.tensor<[T, G], !lig.real>
}
