// RUN: ligrad-opt %s -p assign-layouts --split-input-file --verify-diagnostics | filecheck %s
// RUN: ligrad-opt %s -p assign-layouts,assign-layouts --split-input-file --verify-diagnostics | filecheck %s

// What elementwise work connects has the layout of the output, and needs no cast to it;
// the product is made that way round. The operands stay.
lig.axis @T in 1 to 64
lig.axis @G in 1 to 64
lig.axis @K in 1 to 64
lig.axis @D in 64 to 64
// CHECK-LABEL: func.func @output(
func.func @output(
  %x: !lig.tensor<[T, G, D], bf16> {lig.name = "x"}, %y: !lig.tensor<[T, K, D], bf16> {lig.name = "y"}
) -> (!lig.tensor<[T, G, K], f32> {lig.name = "o"}) {
  // CHECK-NEXT: %p = lig.matmul %y, %x over @D acc f32 : (!lig.tensor<[T, K, D], bf16>, !lig.tensor<[T, G, D], bf16>) -> !lig.tensor<[T, G, K], f32>
  // CHECK-NEXT: %r = lig.relu %p : !lig.tensor<[T, G, K], f32>
  // CHECK-NEXT: func.return %r : !lig.tensor<[T, G, K], f32>
  %p = lig.matmul %y, %x over @D acc f32 : (!lig.tensor<[T, K, D], bf16>, !lig.tensor<[T, G, D], bf16>) -> !lig.tensor<[T, K, G], f32>
  %r = lig.relu %p : !lig.tensor<[T, K, G], f32>
  %o = lig.cast %r : !lig.tensor<[T, K, G], f32> to !lig.tensor<[T, G, K], f32>
  func.return %o : !lig.tensor<[T, G, K], f32>
}

// -----

// Nothing exchanges the axes of an input.
lig.axis @T in 1 to 64
lig.axis @G in 1 to 64
lig.axis @D in 64 to 64
// CHECK: error: no kernel for this: the output o has the axes [T, D, G], the input x [T, G, D]
func.func @transpose(
  %x: !lig.tensor<[T, G, D], f32> {lig.name = "x"}
) -> (!lig.tensor<[T, D, G], f32> {lig.name = "o"}) {
  %o = lig.cast %x : !lig.tensor<[T, G, D], f32> to !lig.tensor<[T, D, G], f32>
  func.return %o : !lig.tensor<[T, D, G], f32>
}
