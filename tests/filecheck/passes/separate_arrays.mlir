// RUN: ligrad-opt %s -p separate-arrays | filecheck %s
// RUN: ligrad-opt %s -p separate-arrays,separate-arrays | filecheck %s

// What is rounded for two outputs is rounded twice; an input leaves as a copy.
lig.axis @T in 1 to 64
// CHECK-LABEL: func.func @outputs(
func.func @outputs(
  %x: !lig.tensor<[T], f32> {lig.name = "x"}
) -> (!lig.tensor<[T], bf16> {lig.name = "a"}, !lig.tensor<[T], bf16> {lig.name = "b"}, !lig.tensor<[T], f32> {lig.name = "c"}) {
  // CHECK-NEXT: %h = lig.cast %x
  // CHECK-NEXT: %[[again:.*]] = lig.cast %x
  // CHECK-NEXT: %[[one:.*]] = lig.constant 1.000000e+00
  // CHECK-NEXT: %[[copy:.*]] = lig.mul %x, %[[one]]
  // CHECK-NEXT: func.return %h, %[[again]], %[[copy]]
  %h = lig.cast %x : !lig.tensor<[T], f32> to !lig.tensor<[T], bf16>
  func.return %h, %h, %x : !lig.tensor<[T], bf16>, !lig.tensor<[T], bf16>, !lig.tensor<[T], f32>
}
