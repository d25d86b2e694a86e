// RUN: ligrad-opt %s -p canonicalize --split-input-file | filecheck %s

// Every pattern where it applies, then where it does not.

// CHECK-LABEL: func.func @drop_cast(
// CHECK-SAME: %x: !lig.tensor<[T], bf16>, %y: !lig.tensor<[T], f32>
func.func @drop_cast(%x: !lig.tensor<[T], bf16>, %y: !lig.tensor<[T], f32>)
    -> (!lig.tensor<[T], bf16>, !lig.tensor<[T], f32>, !lig.tensor<[T], bf16>, !lig.tensor<[T], f16>) {
  // CHECK-NEXT: %[[narrow:.*]] = lig.cast %y : !lig.tensor<[T], f32> to !lig.tensor<[T], bf16>
  // CHECK-NEXT: %[[other:.*]] = lig.cast %x : !lig.tensor<[T], bf16> to !lig.tensor<[T], f16>
  // CHECK-NEXT: func.return %x, %y, %[[narrow]], %[[other]] :
  %same = lig.cast %x : !lig.tensor<[T], bf16> to !lig.tensor<[T], bf16>
  %wide = lig.cast %y : !lig.tensor<[T], f32> to !lig.tensor<[T], !lig.real>
  %back = lig.cast %wide : !lig.tensor<[T], !lig.real> to !lig.tensor<[T], f32>
  %narrow = lig.cast %wide : !lig.tensor<[T], !lig.real> to !lig.tensor<[T], bf16>
  %up = lig.cast %x : !lig.tensor<[T], bf16> to !lig.tensor<[T], f32>
  %other = lig.cast %up : !lig.tensor<[T], f32> to !lig.tensor<[T], f16>
  func.return %same, %back, %narrow, %other : !lig.tensor<[T], bf16>, !lig.tensor<[T], f32>, !lig.tensor<[T], bf16>, !lig.tensor<[T], f16>
}

// A cast that rounds is never skipped.
// CHECK-LABEL: func.func @keep_cast(
func.func @keep_cast(%x: !lig.tensor<[T], f32>, %h: !lig.tensor<[T], f16>)
    -> (!lig.tensor<[T], f32>, !lig.tensor<[T], f16>) {
  // CHECK-NEXT: %[[a:.*]] = lig.cast %x : !lig.tensor<[T], f32> to !lig.tensor<[T], bf16>
  // CHECK-NEXT: %[[b:.*]] = lig.cast %[[a]] : !lig.tensor<[T], bf16> to !lig.tensor<[T], f32>
  // CHECK-NEXT: %[[c:.*]] = lig.cast %h : !lig.tensor<[T], f16> to !lig.tensor<[T], bf16>
  // CHECK-NEXT: %[[d:.*]] = lig.cast %[[c]] : !lig.tensor<[T], bf16> to !lig.tensor<[T], f16>
  // CHECK-NEXT: func.return %[[b]], %[[d]] :
  %a = lig.cast %x : !lig.tensor<[T], f32> to !lig.tensor<[T], bf16>
  %b = lig.cast %a : !lig.tensor<[T], bf16> to !lig.tensor<[T], f32>
  %c = lig.cast %h : !lig.tensor<[T], f16> to !lig.tensor<[T], bf16>
  %d = lig.cast %c : !lig.tensor<[T], bf16> to !lig.tensor<[T], f16>
  func.return %b, %d : !lig.tensor<[T], f32>, !lig.tensor<[T], f16>
}

// CHECK-LABEL: func.func @drop_mask(
func.func @drop_mask(
  %x: !lig.tensor<[T, K], f32>, %key: !lig.tensor<[N, D], f32>, %r: !lig.tensor<[T, K], !lig.row<N>>
) -> (!lig.tensor<[T, K], f32>, !lig.tensor<[T, K, D], f32>) {
  // CHECK: %[[m:.*]] = lig.mask %x, %r :
  // CHECK-NEXT: %[[g:.*]] = lig.gather %key[%r] :
  // CHECK-NEXT: func.return %[[m]], %[[g]] :
  %once = lig.mask %x, %r : !lig.tensor<[T, K], f32>, !lig.tensor<[T, K], !lig.row<N>>
  %twice = lig.mask %once, %r : !lig.tensor<[T, K], f32>, !lig.tensor<[T, K], !lig.row<N>>
  %g = lig.gather %key[%r] : (!lig.tensor<[N, D], f32>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[T, K, D], f32>
  %gm = lig.mask %g, %r : !lig.tensor<[T, K, D], f32>, !lig.tensor<[T, K], !lig.row<N>>
  func.return %twice, %gm : !lig.tensor<[T, K], f32>, !lig.tensor<[T, K, D], f32>
}

// Other rows may be absent elsewhere; what is computed from a masked value may be anything.
// CHECK-LABEL: func.func @keep_mask(
func.func @keep_mask(
  %x: !lig.tensor<[T, K], f32>, %key: !lig.tensor<[N, D], f32>,
  %r: !lig.tensor<[T, K], !lig.row<N>>, %s: !lig.tensor<[T, K], !lig.row<N>>
) -> (!lig.tensor<[T, K], f32>, !lig.tensor<[T, K, D], f32>, !lig.tensor<[T, K], f32>) {
  // CHECK: %[[a:.*]] = lig.mask %x, %r :
  // CHECK-NEXT: %[[b:.*]] = lig.mask %[[a]], %s :
  // CHECK-NEXT: %[[g:.*]] = lig.gather %key[%r] :
  // CHECK-NEXT: %[[gm:.*]] = lig.mask %[[g]], %s :
  // CHECK-NEXT: %[[sum:.*]] = lig.add %[[a]], %x :
  // CHECK-NEXT: %[[c:.*]] = lig.mask %[[sum]], %r :
  // CHECK-NEXT: func.return %[[b]], %[[gm]], %[[c]] :
  %a = lig.mask %x, %r : !lig.tensor<[T, K], f32>, !lig.tensor<[T, K], !lig.row<N>>
  %b = lig.mask %a, %s : !lig.tensor<[T, K], f32>, !lig.tensor<[T, K], !lig.row<N>>
  %g = lig.gather %key[%r] : (!lig.tensor<[N, D], f32>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[T, K, D], f32>
  %gm = lig.mask %g, %s : !lig.tensor<[T, K, D], f32>, !lig.tensor<[T, K], !lig.row<N>>
  %sum = lig.add %a, %x : (!lig.tensor<[T, K], f32>, !lig.tensor<[T, K], f32>) -> !lig.tensor<[T, K], f32>
  %c = lig.mask %sum, %r : !lig.tensor<[T, K], f32>, !lig.tensor<[T, K], !lig.row<N>>
  func.return %b, %gm, %c : !lig.tensor<[T, K], f32>, !lig.tensor<[T, K, D], f32>, !lig.tensor<[T, K], f32>
}

// CHECK-LABEL: func.func @relu(
func.func @relu(%x: !lig.tensor<[T], f32>) -> (!lig.tensor<[T], f32>, !lig.tensor<[T], f32>) {
  // CHECK-NEXT: %[[a:.*]] = lig.relu %x :
  // CHECK-NEXT: %[[n:.*]] = lig.sub %x, %[[a]] :
  // CHECK-NEXT: %[[c:.*]] = lig.relu %[[n]] :
  // CHECK-NEXT: func.return %[[a]], %[[c]] :
  %a = lig.relu %x : !lig.tensor<[T], f32>
  %b = lig.relu %a : !lig.tensor<[T], f32>
  %n = lig.sub %x, %b : (!lig.tensor<[T], f32>, !lig.tensor<[T], f32>) -> !lig.tensor<[T], f32>
  %c = lig.relu %n : !lig.tensor<[T], f32>
  func.return %b, %c : !lig.tensor<[T], f32>, !lig.tensor<[T], f32>
}

// CHECK-LABEL: func.func @relu_grad(
func.func @relu_grad(%g: !lig.tensor<[T], f32>, %s: !lig.tensor<[T], f32>, %t: !lig.tensor<[T], f32>)
    -> (!lig.tensor<[T], f32>, !lig.tensor<[T], f32>, !lig.tensor<[T], f32>) {
  // CHECK-NEXT: %[[a:.*]] = lig.relu_grad %g, %s :
  // CHECK-NEXT: %[[c:.*]] = lig.relu_grad %[[a]], %t :
  // CHECK-NEXT: %[[d:.*]] = lig.relu_grad %s, %[[a]] :
  // CHECK-NEXT: func.return %[[a]], %[[c]], %[[d]] :
  %a = lig.relu_grad %g, %s : (!lig.tensor<[T], f32>, !lig.tensor<[T], f32>) -> !lig.tensor<[T], f32>
  %b = lig.relu_grad %a, %s : (!lig.tensor<[T], f32>, !lig.tensor<[T], f32>) -> !lig.tensor<[T], f32>
  %c = lig.relu_grad %a, %t : (!lig.tensor<[T], f32>, !lig.tensor<[T], f32>) -> !lig.tensor<[T], f32>
  %d = lig.relu_grad %s, %a : (!lig.tensor<[T], f32>, !lig.tensor<[T], f32>) -> !lig.tensor<[T], f32>
  func.return %b, %c, %d : !lig.tensor<[T], f32>, !lig.tensor<[T], f32>, !lig.tensor<[T], f32>
}

// The sign of a relu's output is that of its input, as long as nobody else needs the relu.
// CHECK-LABEL: func.func @sign(
func.func @sign(%g: !lig.tensor<[T], f32>, %x: !lig.tensor<[T], f32>, %y: !lig.tensor<[T], f32>)
    -> (!lig.tensor<[T], f32>, !lig.tensor<[T], f32>, !lig.tensor<[T], f32>) {
  // CHECK-NEXT: %[[s:.*]] = lig.relu %y :
  // CHECK-NEXT: %[[a:.*]] = lig.relu_grad %g, %x :
  // CHECK-NEXT: %[[b:.*]] = lig.relu_grad %g, %[[s]] :
  // CHECK-NEXT: func.return %[[a]], %[[b]], %[[s]] :
  %r = lig.relu %x : !lig.tensor<[T], f32>
  %s = lig.relu %y : !lig.tensor<[T], f32>
  %a = lig.relu_grad %g, %r : (!lig.tensor<[T], f32>, !lig.tensor<[T], f32>) -> !lig.tensor<[T], f32>
  %b = lig.relu_grad %g, %s : (!lig.tensor<[T], f32>, !lig.tensor<[T], f32>) -> !lig.tensor<[T], f32>
  func.return %a, %b, %s : !lig.tensor<[T], f32>, !lig.tensor<[T], f32>, !lig.tensor<[T], f32>
}

// The gradient of a relu of scores with gathered keys is 0 where there is no key; what sums
// over the keys is not.
// CHECK-LABEL: func.func @absent(
func.func @absent(%g: !lig.tensor<[T, K], f32>, %q: !lig.tensor<[T, D], f32>, %key: !lig.tensor<[N, D], f32>, %r: !lig.tensor<[T, K], !lig.row<N>>)
    -> (!lig.tensor<[T, K], f32>, !lig.tensor<[T, K], f32>) {
  // CHECK: %[[p:.*]] = lig.matmul %q, %{{.*}} over @D
  // CHECK-NEXT: %[[u:.*]] = lig.reduce_sum %[[p]] over @K
  // CHECK-NEXT: %[[x:.*]] = lig.mul %g, %[[u]] :
  // CHECK-NEXT: %[[a:.*]] = lig.relu_grad %g, %[[p]] :
  // CHECK-NEXT: %[[b:.*]] = lig.relu_grad %g, %[[x]] :
  // CHECK-NEXT: %[[m:.*]] = lig.mask %[[b]], %r :
  // CHECK-NEXT: func.return %[[a]], %[[m]] :
  %k = lig.gather %key[%r] : (!lig.tensor<[N, D], f32>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[T, K, D], f32>
  %p = lig.matmul %q, %k over @D acc f32 : (!lig.tensor<[T, D], f32>, !lig.tensor<[T, K, D], f32>) -> !lig.tensor<[T, K], f32>
  %u = lig.reduce_sum %p over @K acc f32 : (!lig.tensor<[T, K], f32>) -> !lig.tensor<[T], f32>
  %x = lig.mul %g, %u : (!lig.tensor<[T, K], f32>, !lig.tensor<[T], f32>) -> !lig.tensor<[T, K], f32>
  %a = lig.relu_grad %g, %p : (!lig.tensor<[T, K], f32>, !lig.tensor<[T, K], f32>) -> !lig.tensor<[T, K], f32>
  %b = lig.relu_grad %g, %x : (!lig.tensor<[T, K], f32>, !lig.tensor<[T, K], f32>) -> !lig.tensor<[T, K], f32>
  %c = lig.mask %a, %r : !lig.tensor<[T, K], f32>, !lig.tensor<[T, K], !lig.row<N>>
  %d = lig.mask %b, %r : !lig.tensor<[T, K], f32>, !lig.tensor<[T, K], !lig.row<N>>
  func.return %c, %d : !lig.tensor<[T, K], f32>, !lig.tensor<[T, K], f32>
}

// CHECK-LABEL: func.func @unit_factor(
func.func @unit_factor(%x: !lig.tensor<[T], f32>)
    -> (!lig.tensor<[T], f32>, !lig.tensor<[T], f32>, !lig.tensor<[T], f32>, !lig.tensor<[T], f32>) {
  // CHECK-NEXT: %[[one:.*]] = lig.constant 1.000000e+00 :
  // CHECK-NEXT: %[[two:.*]] = lig.constant 2.000000e+00 :
  // CHECK-NEXT: %[[c:.*]] = lig.mul %[[two]], %x :
  // CHECK-NEXT: %[[d:.*]] = lig.add %[[one]], %x :
  // CHECK-NEXT: func.return %x, %x, %[[c]], %[[d]] :
  %one = lig.constant 1.0 : !lig.tensor<[], f32>
  %two = lig.constant 2.0 : !lig.tensor<[], f32>
  %a = lig.mul %one, %x : (!lig.tensor<[], f32>, !lig.tensor<[T], f32>) -> !lig.tensor<[T], f32>
  %b = lig.mul %x, %one : (!lig.tensor<[T], f32>, !lig.tensor<[], f32>) -> !lig.tensor<[T], f32>
  %c = lig.mul %two, %x : (!lig.tensor<[], f32>, !lig.tensor<[T], f32>) -> !lig.tensor<[T], f32>
  %d = lig.add %one, %x : (!lig.tensor<[], f32>, !lig.tensor<[T], f32>) -> !lig.tensor<[T], f32>
  func.return %a, %b, %c, %d : !lig.tensor<[T], f32>, !lig.tensor<[T], f32>, !lig.tensor<[T], f32>, !lig.tensor<[T], f32>
}
