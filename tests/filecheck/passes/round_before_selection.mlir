// RUN: ligrad-opt %s -p round-before-selection | filecheck %s
// RUN: ligrad-opt %s -p round-before-selection,round-before-selection | filecheck %s

// What is selected is rounded first; the product can do that on its way out.
// CHECK-LABEL: func.func @rounded(
func.func @rounded(%g: !lig.tensor<[K], f32>, %s: !lig.tensor<[G, K], f32>) -> !lig.tensor<[G, K], bf16> {
  // CHECK-NEXT: %[[n:.*]] = lig.cast %g : !lig.tensor<[K], f32> to !lig.tensor<[K], bf16>
  // CHECK-NEXT: %{{.*}} = lig.relu_grad %[[n]], %s : (!lig.tensor<[K], bf16>, !lig.tensor<[G, K], f32>) -> !lig.tensor<[G, K], bf16>
  // CHECK-NEXT: func.return
  %r = lig.relu_grad %g, %s : (!lig.tensor<[K], f32>, !lig.tensor<[G, K], f32>) -> !lig.tensor<[G, K], f32>
  %y = lig.cast %r : !lig.tensor<[G, K], f32> to !lig.tensor<[G, K], bf16>
  func.return %y : !lig.tensor<[G, K], bf16>
}

// It is needed as it was, too; and what gets wider loses nothing anywhere.
// CHECK-LABEL: func.func @kept(
func.func @kept(%g: !lig.tensor<[K], f32>, %h: !lig.tensor<[K], bf16>, %s: !lig.tensor<[K], f32>) -> (!lig.tensor<[K], bf16>, !lig.tensor<[K], f32>, !lig.tensor<[K], f32>) {
  // CHECK-NEXT: %r = lig.relu_grad %g, %s
  // CHECK-NEXT: %y = lig.cast %r
  // CHECK-NEXT: %q = lig.relu_grad %h, %s
  // CHECK-NEXT: %z = lig.cast %q
  %r = lig.relu_grad %g, %s : (!lig.tensor<[K], f32>, !lig.tensor<[K], f32>) -> !lig.tensor<[K], f32>
  %y = lig.cast %r : !lig.tensor<[K], f32> to !lig.tensor<[K], bf16>
  %q = lig.relu_grad %h, %s : (!lig.tensor<[K], bf16>, !lig.tensor<[K], f32>) -> !lig.tensor<[K], bf16>
  %z = lig.cast %q : !lig.tensor<[K], bf16> to !lig.tensor<[K], f32>
  func.return %y, %r, %z : !lig.tensor<[K], bf16>, !lig.tensor<[K], f32>, !lig.tensor<[K], f32>
}
