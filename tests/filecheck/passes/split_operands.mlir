// RUN: ligrad-opt %s -p split-operands | filecheck %s
// RUN: ligrad-opt %s -p split-operands,split-operands | filecheck %s
// RUN: ligrad-opt %s -p split-operands,canonicalize,cse,split-operands | filecheck %s

// What x loses is another operand, on either side; the result keeps its order of axes.
// CHECK-LABEL: func.func @split(
func.func @split(%a: !lig.tensor<[T, G, K], bf16>, %x: !lig.tensor<[T, G, D], f32>) -> (!lig.tensor<[T, K, D], f32>, !lig.tensor<[T, D, K], f32>) {
  // CHECK-NEXT: %h = lig.cast %x : !lig.tensor<[T, G, D], f32> to !lig.tensor<[T, G, D], bf16>
  // CHECK-NEXT: %[[w:.*]] = lig.cast %h : !lig.tensor<[T, G, D], bf16> to !lig.tensor<[T, G, D], f32>
  // CHECK-NEXT: %[[s:.*]] = lig.sub %x, %[[w]]
  // CHECK-NEXT: %[[l:.*]] = lig.cast %[[s]] : !lig.tensor<[T, G, D], f32> to !lig.tensor<[T, G, D], bf16>
  // CHECK-NEXT: %[[p:.*]] = lig.matmul %a, %h over @G acc f32
  // CHECK-NEXT: %[[q:.*]] = lig.matmul %a, %[[l]] over @G acc f32
  // CHECK-NEXT: %[[m:.*]] = lig.add %[[p]], %[[q]] : (!lig.tensor<[T, K, D], f32>, !lig.tensor<[T, K, D], f32>) -> !lig.tensor<[T, K, D], f32>
  // CHECK: lig.matmul %h, %a over @G
  // CHECK-NEXT: lig.matmul %{{.*}}, %a over @G
  // CHECK-NEXT: %[[n:.*]] = lig.add
  // CHECK-NEXT: func.return %[[m]], %[[n]]
  %h = lig.cast %x : !lig.tensor<[T, G, D], f32> to !lig.tensor<[T, G, D], bf16>
  %m = lig.matmul %a, %h over @G acc f32 : (!lig.tensor<[T, G, K], bf16>, !lig.tensor<[T, G, D], bf16>) -> !lig.tensor<[T, K, D], f32>
  %n = lig.matmul %h, %a over @G acc f32 : (!lig.tensor<[T, G, D], bf16>, !lig.tensor<[T, G, K], bf16>) -> !lig.tensor<[T, D, K], f32>
  func.return %m, %n : !lig.tensor<[T, K, D], f32>, !lig.tensor<[T, D, K], f32>
}

// float16 has no range for what is lost.
// CHECK-LABEL: func.func @float16(
func.func @float16(%a: !lig.tensor<[T, G, K], f16>, %x: !lig.tensor<[T, G, D], f32>) -> !lig.tensor<[T, K, D], f32> {
  // CHECK-NEXT: %h = lig.cast
  // CHECK-NEXT: %m = lig.matmul %a, %h
  // CHECK-NEXT: func.return
  %h = lig.cast %x : !lig.tensor<[T, G, D], f32> to !lig.tensor<[T, G, D], f16>
  %m = lig.matmul %a, %h over @G acc f32 : (!lig.tensor<[T, G, K], f16>, !lig.tensor<[T, G, D], f16>) -> !lig.tensor<[T, K, D], f32>
  func.return %m : !lig.tensor<[T, K, D], f32>
}

// Half numbers that are selected in float32 lose nothing.
// CHECK-LABEL: func.func @half(
func.func @half(%a: !lig.tensor<[T, G, K], bf16>, %y: !lig.tensor<[T, G, D], bf16>) -> !lig.tensor<[T, K, D], f32> {
  // CHECK-NEXT: %x = lig.cast
  // CHECK-NEXT: %r = lig.relu %x
  // CHECK-NEXT: %h = lig.cast %r
  // CHECK-NEXT: %m = lig.matmul %a, %h
  // CHECK-NEXT: func.return
  %x = lig.cast %y : !lig.tensor<[T, G, D], bf16> to !lig.tensor<[T, G, D], f32>
  %r = lig.relu %x : !lig.tensor<[T, G, D], f32>
  %h = lig.cast %r : !lig.tensor<[T, G, D], f32> to !lig.tensor<[T, G, D], bf16>
  %m = lig.matmul %a, %h over @G acc f32 : (!lig.tensor<[T, G, K], bf16>, !lig.tensor<[T, G, D], bf16>) -> !lig.tensor<[T, K, D], f32>
  func.return %m : !lig.tensor<[T, K, D], f32>
}

// Of two that are rounded, neither: the error of the other would be left.
// CHECK-LABEL: func.func @both(
func.func @both(%z: !lig.tensor<[T, G, C], f32>, %x: !lig.tensor<[T, G, D], f32>) -> !lig.tensor<[T, C, D], f32> {
  // CHECK-NEXT: %h = lig.cast
  // CHECK-NEXT: %b = lig.cast
  // CHECK-NEXT: %a = lig.relu %b
  // CHECK-NEXT: %m = lig.matmul %a, %h
  // CHECK-NEXT: func.return
  %h = lig.cast %x : !lig.tensor<[T, G, D], f32> to !lig.tensor<[T, G, D], bf16>
  %b = lig.cast %z : !lig.tensor<[T, G, C], f32> to !lig.tensor<[T, G, C], bf16>
  %a = lig.relu %b : !lig.tensor<[T, G, C], bf16>
  %m = lig.matmul %a, %h over @G acc f32 : (!lig.tensor<[T, G, C], bf16>, !lig.tensor<[T, G, D], bf16>) -> !lig.tensor<[T, C, D], f32>
  func.return %m : !lig.tensor<[T, C, D], f32>
}

// One with the entries of a selection is large.
// CHECK-LABEL: func.func @entries(
func.func @entries(%i: !lig.tensor<[T, K], i32>, %x: !lig.tensor<[T, G, K], f32>, %q: !lig.tensor<[T, G, D], bf16>) -> !lig.tensor<[N, D], f32> {
  // CHECK-NEXT: %r = lig.rows
  // CHECK-NEXT: %h = lig.cast
  // CHECK-NEXT: %m = lig.matmul %h, %q
  // CHECK-NEXT: %s = lig.scatter_add
  %r = lig.rows %i : !lig.tensor<[T, K], i32> to !lig.tensor<[T, K], !lig.row<N>>
  %h = lig.cast %x : !lig.tensor<[T, G, K], f32> to !lig.tensor<[T, G, K], bf16>
  %m = lig.matmul %h, %q over @G acc f32 : (!lig.tensor<[T, G, K], bf16>, !lig.tensor<[T, G, D], bf16>) -> !lig.tensor<[T, K, D], f32>
  %s = lig.scatter_add %m[%r] acc f32 : (!lig.tensor<[T, K, D], f32>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[N, D], f32>
  func.return %s : !lig.tensor<[N, D], f32>
}
