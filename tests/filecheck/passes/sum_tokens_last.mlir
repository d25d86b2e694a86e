// RUN: ligrad-opt %s -p sum-tokens-last --split-input-file | filecheck %s
// RUN: ligrad-opt %s -p sum-tokens-last,sum-tokens-last --split-input-file | filecheck %s

// A sum over another axis goes ahead of that over the tokens.
// CHECK-LABEL: func.func @swapped(
func.func @swapped(%x: !lig.tensor<[T, G, D], f32>) -> !lig.tensor<[], f32> {
  // CHECK-NEXT: %{{.*}} = lig.reduce_sum %x over @G acc f32 : (!lig.tensor<[T, G, D], f32>) -> !lig.tensor<[T, D], f32>
  // CHECK-NEXT: %{{.*}} = lig.reduce_sum %{{.*}} over @D acc f32 : (!lig.tensor<[T, D], f32>) -> !lig.tensor<[T], f32>
  // CHECK-NEXT: %y = lig.reduce_sum %{{.*}} over @T acc f32 : (!lig.tensor<[T], f32>) -> !lig.tensor<[], f32>
  // CHECK-NEXT: func.return %y
  %s = lig.reduce_sum %x over @T acc f32 : (!lig.tensor<[T, G, D], f32>) -> !lig.tensor<[G, D], f32>
  %r = lig.reduce_sum %s over @G acc f32 : (!lig.tensor<[G, D], f32>) -> !lig.tensor<[D], f32>
  %y = lig.reduce_sum %r over @D acc f32 : (!lig.tensor<[D], f32>) -> !lig.tensor<[], f32>
  func.return %y : !lig.tensor<[], f32>
}

// -----

// What is needed itself stays.
// CHECK-LABEL: func.func @both(
func.func @both(%x: !lig.tensor<[T, D], f32>) -> (!lig.tensor<[D], f32>, !lig.tensor<[], f32>) {
  // CHECK-NEXT: %s = lig.reduce_sum %x over @T
  // CHECK-NEXT: %[[r:.*]] = lig.reduce_sum %x over @D
  // CHECK-NEXT: %y = lig.reduce_sum %[[r]] over @T
  // CHECK-NEXT: func.return %s, %y
  %s = lig.reduce_sum %x over @T acc f32 : (!lig.tensor<[T, D], f32>) -> !lig.tensor<[D], f32>
  %y = lig.reduce_sum %s over @D acc f32 : (!lig.tensor<[D], f32>) -> !lig.tensor<[], f32>
  func.return %s, %y : !lig.tensor<[D], f32>, !lig.tensor<[], f32>
}

// -----

// A product over the tokens that gives one axis of numbers is the vector unit's. A factor
// that was rounded for the cube unit is taken as it was.
// CHECK-LABEL: func.func @spelled(
func.func @spelled(%x: !lig.tensor<[T], bf16>, %y: !lig.tensor<[T, D], f32>) -> !lig.tensor<[D], f32> {
  // CHECK: %[[wide:.*]] = lig.cast %x : !lig.tensor<[T], bf16> to !lig.tensor<[T], f32>
  // CHECK-NEXT: %[[product:.*]] = lig.mul %[[wide]], %y
  // CHECK-NEXT: %p = lig.reduce_sum %[[product]] over @T acc f32 : (!lig.tensor<[T, D], f32>) -> !lig.tensor<[D], f32>
  // CHECK-NEXT: func.return %p
  %n = lig.cast %y : !lig.tensor<[T, D], f32> to !lig.tensor<[T, D], bf16>
  %p = lig.matmul %x, %n over @T acc f32 : (!lig.tensor<[T], bf16>, !lig.tensor<[T, D], bf16>) -> !lig.tensor<[D], f32>
  func.return %p : !lig.tensor<[D], f32>
}

// -----

// One that gives a matrix stays the cube unit's; so does one over another axis.
// CHECK-LABEL: func.func @kept(
func.func @kept(%x: !lig.tensor<[T, G], bf16>, %y: !lig.tensor<[T, D], bf16>) -> (!lig.tensor<[G, D], f32>, !lig.tensor<[T], f32>) {
  // CHECK-NEXT: %p = lig.matmul
  // CHECK-NEXT: %q = lig.matmul
  // CHECK-NEXT: func.return
  %p = lig.matmul %x, %y over @T acc f32 : (!lig.tensor<[T, G], bf16>, !lig.tensor<[T, D], bf16>) -> !lig.tensor<[G, D], f32>
  %q = lig.matmul %y, %y over @D acc f32 : (!lig.tensor<[T, D], bf16>, !lig.tensor<[T, D], bf16>) -> !lig.tensor<[T], f32>
  func.return %p, %q : !lig.tensor<[G, D], f32>, !lig.tensor<[T], f32>
}
