// RUN: ligrad-opt %s -p fuse-blocks --split-input-file | filecheck %s
// RUN: ligrad-opt %s -p fuse-blocks,fuse-blocks --split-input-file | filecheck %s

// What has the tokens goes into the loop; what has not stays ahead of it or behind it.
// CHECK-LABEL: func.func @around(
func.func @around(
  %key: !lig.tensor<[N, D], bf16>, %indices: !lig.tensor<[T, K], i32>, %w: !lig.tensor<[D], f32>
) -> (!lig.tensor<[N, D], bf16>, !lig.tensor<[T, K, D], f32>) {
  // CHECK-NEXT: %wide = lig.cast %key : !lig.tensor<[N, D], bf16> to !lig.tensor<[N, D], f32>
  // CHECK-NEXT: %p, %dk = lig.blocks @T(%indices_1 = %indices : !lig.tensor<[T, K], i32>) -> (!lig.tensor<[T, K, D], f32>, !lig.tensor<[N, D], f32>) {
  // CHECK-NEXT: %rows = lig.rows %indices_1
  // CHECK-NEXT: %kg = lig.gather %wide[%rows]
  // CHECK-NEXT: %p_1 = lig.mul %kg, %w
  // CHECK-NEXT: %dk_1 = lig.scatter_add %p_1[%rows] acc f32
  // CHECK-NEXT: lig.yield %p_1, %dk_1 : !lig.tensor<[T, K, D], f32>, !lig.tensor<[N, D], f32>
  // CHECK-NEXT: }
  // CHECK-NEXT: %half = lig.cast %dk : !lig.tensor<[N, D], f32> to !lig.tensor<[N, D], bf16>
  // CHECK-NEXT: func.return %half, %p
  %rows = lig.rows %indices : !lig.tensor<[T, K], i32> to !lig.tensor<[T, K], !lig.row<N>>
  %wide = lig.cast %key : !lig.tensor<[N, D], bf16> to !lig.tensor<[N, D], f32>
  %kg = lig.gather %wide[%rows] : (!lig.tensor<[N, D], f32>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[T, K, D], f32>
  %p = lig.mul %kg, %w : (!lig.tensor<[T, K, D], f32>, !lig.tensor<[D], f32>) -> !lig.tensor<[T, K, D], f32>
  %dk = lig.scatter_add %p[%rows] acc f32 : (!lig.tensor<[T, K, D], f32>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[N, D], f32>
  %half = lig.cast %dk : !lig.tensor<[N, D], f32> to !lig.tensor<[N, D], bf16>
  func.return %half, %p : !lig.tensor<[N, D], bf16>, !lig.tensor<[T, K, D], f32>
}

// -----

// A sum over all tokens that tokens use is known behind a first loop; the second one
// finds its rows by itself.
// CHECK-LABEL: func.func @twice(
func.func @twice(
  %x: !lig.tensor<[T, K], f32>, %indices: !lig.tensor<[T, K], i32>
) -> !lig.tensor<[T, K], f32> {
  // CHECK-NEXT: %sum = lig.blocks @T(%indices_1 = %indices : !lig.tensor<[T, K], i32>, %x_1 = %x : !lig.tensor<[T, K], f32>) -> (!lig.tensor<[N], f32>) {
  // CHECK-NEXT: %rows = lig.rows %indices_1
  // CHECK-NEXT: %sum_1 = lig.scatter_add %x_1[%rows] acc f32
  // CHECK-NEXT: lig.yield %sum_1
  // CHECK-NEXT: }
  // CHECK-NEXT: %positive = lig.relu %sum
  // CHECK-NEXT: %back = lig.blocks @T(%indices_2 = %indices : !lig.tensor<[T, K], i32>) -> (!lig.tensor<[T, K], f32>) {
  // CHECK-NEXT: %rows_1 = lig.rows %indices_2
  // CHECK-NEXT: %back_1 = lig.gather %positive[%rows_1]
  // CHECK-NEXT: lig.yield %back_1
  %rows = lig.rows %indices : !lig.tensor<[T, K], i32> to !lig.tensor<[T, K], !lig.row<N>>
  %sum = lig.scatter_add %x[%rows] acc f32 : (!lig.tensor<[T, K], f32>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[N], f32>
  %positive = lig.relu %sum : !lig.tensor<[N], f32>
  %back = lig.gather %positive[%rows] : (!lig.tensor<[N], f32>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[T, K], f32>
  func.return %back : !lig.tensor<[T, K], f32>
}

// -----

// Without a selection, the first axis of the first result is gone through.
// CHECK-LABEL: func.func @dense(
func.func @dense(%x: !lig.tensor<[A, B], f32>) -> !lig.tensor<[A], f32> {
  // CHECK-NEXT: %s = lig.blocks @A(%x_1 = %x : !lig.tensor<[A, B], f32>) -> (!lig.tensor<[A], f32>) {
  // CHECK-NEXT: %s_1 = lig.reduce_sum %x_1 over @B acc f32
  // CHECK-NEXT: lig.yield %s_1
  %s = lig.reduce_sum %x over @B acc f32 : (!lig.tensor<[A, B], f32>) -> !lig.tensor<[A], f32>
  func.return %s : !lig.tensor<[A], f32>
}

// -----

// A loop over one token axis uses what a loop over another one makes.
// CHECK-LABEL: func.func @two_axes(
func.func @two_axes(
  %a: !lig.tensor<[A, K], i32>, %b: !lig.tensor<[B, L], i32>, %n: !lig.tensor<[N], f32>, %x: !lig.tensor<[B], f32>
) -> (!lig.tensor<[A, K, B], f32>, !lig.tensor<[B, L], f32>) {
  // CHECK: %y, %gb = lig.blocks @B(
  // CHECK: %y_1 = lig.relu
  // CHECK: lig.yield %y_1, %gb_1
  // CHECK-NEXT: }
  // CHECK-NEXT: %z = lig.blocks @A(
  // CHECK: %z_1 = lig.mul %{{.*}}, %y
  // CHECK-NEXT: lig.yield %z_1
  %ra = lig.rows %a : !lig.tensor<[A, K], i32> to !lig.tensor<[A, K], !lig.row<N>>
  %rb = lig.rows %b : !lig.tensor<[B, L], i32> to !lig.tensor<[B, L], !lig.row<N>>
  %ga = lig.gather %n[%ra] : (!lig.tensor<[N], f32>, !lig.tensor<[A, K], !lig.row<N>>) -> !lig.tensor<[A, K], f32>
  %y = lig.relu %x : !lig.tensor<[B], f32>
  %z = lig.mul %ga, %y : (!lig.tensor<[A, K], f32>, !lig.tensor<[B], f32>) -> !lig.tensor<[A, K, B], f32>
  %gb = lig.gather %n[%rb] : (!lig.tensor<[N], f32>, !lig.tensor<[B, L], !lig.row<N>>) -> !lig.tensor<[B, L], f32>
  func.return %z, %gb : !lig.tensor<[A, K, B], f32>, !lig.tensor<[B, L], f32>
}

// The tokens are those of the argument where no result has an axis.
// CHECK-LABEL: func.func @number(
func.func @number(%x: !lig.tensor<[M, C], f32>) -> !lig.tensor<[], f32> {
  // CHECK-NEXT: lig.blocks @M(
  %s = lig.reduce_sum %x over @C acc f32 : (!lig.tensor<[M, C], f32>) -> !lig.tensor<[M], f32>
  %y = lig.reduce_sum %s over @M acc f32 : (!lig.tensor<[M], f32>) -> !lig.tensor<[], f32>
  func.return %y : !lig.tensor<[], f32>
}
