// RUN: ligrad-opt %s -p sink-scaling --verify-diagnostics --split-input-file | filecheck %s --check-prefixes=CHECK,F32
// RUN: ligrad-opt %s -p 'sink-scaling{matmul-operands=half}' --verify-diagnostics --split-input-file | filecheck %s --check-prefixes=CHECK,HALF
// RUN: ligrad-opt %s -p 'sink-scaling{matmul-operands=f16}' --verify-diagnostics --split-input-file | filecheck %s --check-prefix=OPTION

// OPTION: sink-scaling: matmul-operands is one of ('half', 'f32'), not 'f16'

lig.axis @T in 1 to 64
lig.axis @G in 1 to 64
lig.axis @K in 1 to 2048
lig.axis @D in 128 to 128
lig.axis @E in 1 to 128

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

// Where operands are rounded to float16, one that is scaled could underflow.
// CHECK-LABEL: func.func @float16(
func.func @float16(%r: !lig.tensor<[T, G, K], f16>, %w: !lig.tensor<[T, G], f16>, %q: !lig.tensor<[T, G, D], f16>) -> !lig.tensor<[T, K, D], f32> {
  // F32: %[[p:.*]] = lig.mul %b, %a
  // F32-NEXT: lig.matmul %x, %[[p]] over @G
  // HALF: %y = lig.mul %x, %a
  // HALF-NEXT: %m = lig.matmul %y, %b over @G
  %x = lig.cast %r : !lig.tensor<[T, G, K], f16> to !lig.tensor<[T, G, K], !lig.real>
  %a = lig.cast %w : !lig.tensor<[T, G], f16> to !lig.tensor<[T, G], !lig.real>
  %b = lig.cast %q : !lig.tensor<[T, G, D], f16> to !lig.tensor<[T, G, D], !lig.real>
  %y = lig.mul %x, %a : (!lig.tensor<[T, G, K], !lig.real>, !lig.tensor<[T, G], !lig.real>) -> !lig.tensor<[T, G, K], !lig.real>
  %m = lig.matmul %y, %b over @G acc !lig.real : (!lig.tensor<[T, G, K], !lig.real>, !lig.tensor<[T, G, D], !lig.real>) -> !lig.tensor<[T, K, D], !lig.real>
  %o = lig.cast %m : !lig.tensor<[T, K, D], !lig.real> to !lig.tensor<[T, K, D], f32>
  func.return %o : !lig.tensor<[T, K, D], f32>
}

// A factor leaves an operand that is rounded only if half numbers are left.
// CHECK-LABEL: func.func @float16_out(
func.func @float16_out(%r: !lig.tensor<[T, K], f16>, %w: !lig.tensor<[T, G], f16>, %c: !lig.tensor<[T, K, D], f16>) -> (!lig.tensor<[T, G, D], f32>, !lig.tensor<[T, G, D], f32>) {
  // CHECK: %[[m:.*]] = lig.matmul %x, %b over @K
  // CHECK-NEXT: %[[y:.*]] = lig.mul %[[m]], %a
  // F32-NEXT: %[[s:.*]] = lig.add %x, %x
  // F32-NEXT: %[[n:.*]] = lig.matmul %[[s]], %b over @K
  // F32-NEXT: lig.mul %[[n]], %a
  // HALF-NEXT: %s = lig.add %x, %x
  // HALF-NEXT: %z = lig.mul %s, %a
  // HALF-NEXT: %n = lig.matmul %z, %b over @K
  %x = lig.cast %r : !lig.tensor<[T, K], f16> to !lig.tensor<[T, K], !lig.real>
  %a = lig.cast %w : !lig.tensor<[T, G], f16> to !lig.tensor<[T, G], !lig.real>
  %b = lig.cast %c : !lig.tensor<[T, K, D], f16> to !lig.tensor<[T, K, D], !lig.real>
  %y = lig.mul %x, %a : (!lig.tensor<[T, K], !lig.real>, !lig.tensor<[T, G], !lig.real>) -> !lig.tensor<[T, G, K], !lig.real>
  %m = lig.matmul %y, %b over @K acc !lig.real : (!lig.tensor<[T, G, K], !lig.real>, !lig.tensor<[T, K, D], !lig.real>) -> !lig.tensor<[T, G, D], !lig.real>
  %s = lig.add %x, %x : (!lig.tensor<[T, K], !lig.real>, !lig.tensor<[T, K], !lig.real>) -> !lig.tensor<[T, K], !lig.real>
  %z = lig.mul %s, %a : (!lig.tensor<[T, K], !lig.real>, !lig.tensor<[T, G], !lig.real>) -> !lig.tensor<[T, G, K], !lig.real>
  %n = lig.matmul %z, %b over @K acc !lig.real : (!lig.tensor<[T, G, K], !lig.real>, !lig.tensor<[T, K, D], !lig.real>) -> !lig.tensor<[T, G, D], !lig.real>
  %o = lig.cast %m : !lig.tensor<[T, G, D], !lig.real> to !lig.tensor<[T, G, D], f32>
  %p = lig.cast %n : !lig.tensor<[T, G, D], !lig.real> to !lig.tensor<[T, G, D], f32>
  func.return %o, %p : !lig.tensor<[T, G, D], f32>, !lig.tensor<[T, G, D], f32>
}

// The product of two bfloat16 operands can be two halves.
// CHECK-LABEL: func.func @bfloat16(
func.func @bfloat16(%r: !lig.tensor<[T, G, K], bf16>, %w: !lig.tensor<[T, G], bf16>, %q: !lig.tensor<[T, G, D], bf16>) -> !lig.tensor<[T, K, D], f32> {
  // CHECK: %[[p:.*]] = lig.mul %b, %a
  // CHECK-NEXT: lig.matmul %x, %[[p]] over @G
  %x = lig.cast %r : !lig.tensor<[T, G, K], bf16> to !lig.tensor<[T, G, K], !lig.real>
  %a = lig.cast %w : !lig.tensor<[T, G], bf16> to !lig.tensor<[T, G], !lig.real>
  %b = lig.cast %q : !lig.tensor<[T, G, D], bf16> to !lig.tensor<[T, G, D], !lig.real>
  %y = lig.mul %x, %a : (!lig.tensor<[T, G, K], !lig.real>, !lig.tensor<[T, G], !lig.real>) -> !lig.tensor<[T, G, K], !lig.real>
  %m = lig.matmul %y, %b over @G acc !lig.real : (!lig.tensor<[T, G, K], !lig.real>, !lig.tensor<[T, G, D], !lig.real>) -> !lig.tensor<[T, K, D], !lig.real>
  %o = lig.cast %m : !lig.tensor<[T, K, D], !lig.real> to !lig.tensor<[T, K, D], f32>
  func.return %o : !lig.tensor<[T, K, D], f32>
}

// One with the entries of a selection is too large for that.
// CHECK-LABEL: func.func @entries(
func.func @entries(%r: !lig.tensor<[T, G, K], bf16>, %w: !lig.tensor<[T, G], bf16>, %q: !lig.tensor<[T, G, E], bf16>, %i: !lig.tensor<[T, E], i32>) -> !lig.tensor<[N, K], f32> {
  // F32: %[[p:.*]] = lig.mul %b, %a
  // F32-NEXT: lig.matmul %x, %[[p]] over @G
  // HALF: %y = lig.mul %x, %a
  // HALF-NEXT: lig.matmul %y, %b over @G
  %n = lig.rows %i : !lig.tensor<[T, E], i32> to !lig.tensor<[T, E], !lig.row<N>>
  %x = lig.cast %r : !lig.tensor<[T, G, K], bf16> to !lig.tensor<[T, G, K], !lig.real>
  %a = lig.cast %w : !lig.tensor<[T, G], bf16> to !lig.tensor<[T, G], !lig.real>
  %b = lig.cast %q : !lig.tensor<[T, G, E], bf16> to !lig.tensor<[T, G, E], !lig.real>
  %y = lig.mul %x, %a : (!lig.tensor<[T, G, K], !lig.real>, !lig.tensor<[T, G], !lig.real>) -> !lig.tensor<[T, G, K], !lig.real>
  %m = lig.matmul %y, %b over @G acc !lig.real : (!lig.tensor<[T, G, K], !lig.real>, !lig.tensor<[T, G, E], !lig.real>) -> !lig.tensor<[T, K, E], !lig.real>
  %s = lig.scatter_add %m[%n] acc !lig.real : (!lig.tensor<[T, K, E], !lig.real>, !lig.tensor<[T, E], !lig.row<N>>) -> !lig.tensor<[N, K], !lig.real>
  %o = lig.cast %s : !lig.tensor<[N, K], !lig.real> to !lig.tensor<[N, K], f32>
  func.return %o : !lig.tensor<[N, K], f32>
}
