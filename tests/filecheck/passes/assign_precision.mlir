// RUN: ligrad-opt %s -p assign-precision --split-input-file --verify-diagnostics | filecheck %s --check-prefixes=CHECK,HALF
// RUN: ligrad-opt %s -p 'assign-precision{matmul-operands=f32}' --split-input-file --verify-diagnostics | filecheck %s --check-prefixes=CHECK,F32
// RUN: ligrad-opt %s -p assign-precision,assign-precision --split-input-file --verify-diagnostics | filecheck %s --check-prefixes=CHECK,HALF
// RUN: ligrad-opt %s -p 'assign-precision{matmul-operands=f64}' --split-input-file --verify-diagnostics | filecheck %s --check-prefix=OPTION

// OPTION: assign-precision: matmul-operands is one of ('half', 'f32'), not 'f64'

// Data that is moved or selected keeps its type; arithmetic and sums are f32, and so is
// the relu of bf16.
// CHECK-LABEL: func.func @moved(
func.func @moved(
  %key: !lig.tensor<[N, D], bf16>, %w: !lig.tensor<[T], bf16>, %r: !lig.tensor<[T, K], !lig.row<N>>
) -> (!lig.tensor<[T, D], bf16>, !lig.tensor<[N, D], f32>) {
  // CHECK-NEXT: %[[g:.*]] = lig.gather %key[%r] : (!lig.tensor<[N, D], bf16>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[T, K, D], bf16>
  // CHECK-NEXT: %[[m:.*]] = lig.mask %[[g]], %r : !lig.tensor<[T, K, D], bf16>, !lig.tensor<[T, K], !lig.row<N>>
  // CHECK-NEXT: %[[mf:.*]] = lig.cast %[[m]] : !lig.tensor<[T, K, D], bf16> to !lig.tensor<[T, K, D], f32>
  // CHECK-NEXT: %[[relu:.*]] = lig.relu %[[mf]] : !lig.tensor<[T, K, D], f32>
  // CHECK-NEXT: %[[s:.*]] = lig.reduce_sum %[[relu]] over @K acc f32 : (!lig.tensor<[T, K, D], f32>) -> !lig.tensor<[T, D], f32>
  // CHECK-NEXT: %[[grad:.*]] = lig.relu_grad %[[m]], %[[s]] : (!lig.tensor<[T, K, D], bf16>, !lig.tensor<[T, D], f32>) -> !lig.tensor<[T, K, D], bf16>
  // CHECK-NEXT: %[[gf:.*]] = lig.cast %[[grad]] : !lig.tensor<[T, K, D], bf16> to !lig.tensor<[T, K, D], f32>
  // CHECK-NEXT: %[[dk:.*]] = lig.scatter_add %[[gf]][%r] acc f32 : (!lig.tensor<[T, K, D], f32>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[N, D], f32>
  // CHECK-NEXT: %[[c:.*]] = lig.constant 3.750000e-01 : !lig.tensor<[], f32>
  // CHECK-NEXT: %[[w:.*]] = lig.cast %w : !lig.tensor<[T], bf16> to !lig.tensor<[T], f32>
  // CHECK-NEXT: %[[a:.*]] = lig.mul %[[c]], %[[w]] : (!lig.tensor<[], f32>, !lig.tensor<[T], f32>) -> !lig.tensor<[T], f32>
  // CHECK-NEXT: %[[b:.*]] = lig.add %[[s]], %[[a]] : (!lig.tensor<[T, D], f32>, !lig.tensor<[T], f32>) -> !lig.tensor<[T, D], f32>
  // CHECK-NEXT: %[[w2:.*]] = lig.cast %w : !lig.tensor<[T], bf16> to !lig.tensor<[T], f32>
  // CHECK-NEXT: %[[d:.*]] = lig.sub %[[b]], %[[w2]] : (!lig.tensor<[T, D], f32>, !lig.tensor<[T], f32>) -> !lig.tensor<[T, D], f32>
  // CHECK-NEXT: %[[out:.*]] = lig.cast %[[d]] : !lig.tensor<[T, D], f32> to !lig.tensor<[T, D], bf16>
  // CHECK-NEXT: func.return %[[out]], %[[dk]] : !lig.tensor<[T, D], bf16>, !lig.tensor<[N, D], f32>
  %k = lig.cast %key : !lig.tensor<[N, D], bf16> to !lig.tensor<[N, D], !lig.real>
  %v = lig.cast %w : !lig.tensor<[T], bf16> to !lig.tensor<[T], !lig.real>
  %g = lig.gather %k[%r] : (!lig.tensor<[N, D], !lig.real>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[T, K, D], !lig.real>
  %m = lig.mask %g, %r : !lig.tensor<[T, K, D], !lig.real>, !lig.tensor<[T, K], !lig.row<N>>
  %relu = lig.relu %m : !lig.tensor<[T, K, D], !lig.real>
  %s = lig.reduce_sum %relu over @K acc !lig.real : (!lig.tensor<[T, K, D], !lig.real>) -> !lig.tensor<[T, D], !lig.real>
  %grad = lig.relu_grad %m, %s : (!lig.tensor<[T, K, D], !lig.real>, !lig.tensor<[T, D], !lig.real>) -> !lig.tensor<[T, K, D], !lig.real>
  %dk = lig.scatter_add %grad[%r] acc !lig.real : (!lig.tensor<[T, K, D], !lig.real>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[N, D], !lig.real>
  %c = lig.constant 0.375 : !lig.tensor<[], !lig.real>
  %a = lig.mul %c, %v : (!lig.tensor<[], !lig.real>, !lig.tensor<[T], !lig.real>) -> !lig.tensor<[T], !lig.real>
  %b = lig.add %s, %a : (!lig.tensor<[T, D], !lig.real>, !lig.tensor<[T], !lig.real>) -> !lig.tensor<[T, D], !lig.real>
  %d = lig.sub %b, %v : (!lig.tensor<[T, D], !lig.real>, !lig.tensor<[T], !lig.real>) -> !lig.tensor<[T, D], !lig.real>
  %out = lig.cast %d : !lig.tensor<[T, D], !lig.real> to !lig.tensor<[T, D], bf16>
  %dkf = lig.cast %dk : !lig.tensor<[N, D], !lig.real> to !lig.tensor<[N, D], f32>
  func.return %out, %dkf : !lig.tensor<[T, D], bf16>, !lig.tensor<[N, D], f32>
}

// The vector unit takes the relu of f16 as it is; what it sums is f32.
// CHECK-LABEL: func.func @relu_of_f16(
func.func @relu_of_f16(%x: !lig.tensor<[T, D], f16>) -> !lig.tensor<[T], f32> {
  // CHECK-NEXT: %[[relu:.*]] = lig.relu %x : !lig.tensor<[T, D], f16>
  // CHECK-NEXT: %[[wide:.*]] = lig.cast %[[relu]] : !lig.tensor<[T, D], f16> to !lig.tensor<[T, D], f32>
  // CHECK-NEXT: %s = lig.reduce_sum %[[wide]] over @D acc f32
  // CHECK-NEXT: func.return %s
  %r = lig.cast %x : !lig.tensor<[T, D], f16> to !lig.tensor<[T, D], !lig.real>
  %relu = lig.relu %r : !lig.tensor<[T, D], !lig.real>
  %s = lig.reduce_sum %relu over @D acc !lig.real : (!lig.tensor<[T, D], !lig.real>) -> !lig.tensor<[T], !lig.real>
  %out = lig.cast %s : !lig.tensor<[T], !lig.real> to !lig.tensor<[T], f32>
  func.return %out : !lig.tensor<[T], f32>
}

// Two half operands stay half either way; a float32 one is rounded, or the other widened.
// CHECK-LABEL: func.func @matmul(
func.func @matmul(%q: !lig.tensor<[T, D], f16>, %k: !lig.tensor<[T, K, D], f16>) -> !lig.tensor<[T, D], f16> {
  // CHECK-NEXT: %[[p:.*]] = lig.matmul %q, %k over @D acc f32 : (!lig.tensor<[T, D], f16>, !lig.tensor<[T, K, D], f16>) -> !lig.tensor<[T, K], f32>
  // HALF-NEXT: %[[h:.*]] = lig.cast %[[p]] : !lig.tensor<[T, K], f32> to !lig.tensor<[T, K], f16>
  // HALF-NEXT: %[[d:.*]] = lig.matmul %[[h]], %k over @K acc f32 : (!lig.tensor<[T, K], f16>, !lig.tensor<[T, K, D], f16>) -> !lig.tensor<[T, D], f32>
  // F32-NEXT: %[[w:.*]] = lig.cast %k : !lig.tensor<[T, K, D], f16> to !lig.tensor<[T, K, D], f32>
  // F32-NEXT: %[[d:.*]] = lig.matmul %[[p]], %[[w]] over @K acc f32 : (!lig.tensor<[T, K], f32>, !lig.tensor<[T, K, D], f32>) -> !lig.tensor<[T, D], f32>
  // CHECK-NEXT: %[[out:.*]] = lig.cast %[[d]] : !lig.tensor<[T, D], f32> to !lig.tensor<[T, D], f16>
  // CHECK-NEXT: func.return %[[out]]
  %qr = lig.cast %q : !lig.tensor<[T, D], f16> to !lig.tensor<[T, D], !lig.real>
  %kr = lig.cast %k : !lig.tensor<[T, K, D], f16> to !lig.tensor<[T, K, D], !lig.real>
  %p = lig.matmul %qr, %kr over @D acc !lig.real : (!lig.tensor<[T, D], !lig.real>, !lig.tensor<[T, K, D], !lig.real>) -> !lig.tensor<[T, K], !lig.real>
  %d = lig.matmul %p, %kr over @K acc !lig.real : (!lig.tensor<[T, K], !lig.real>, !lig.tensor<[T, K, D], !lig.real>) -> !lig.tensor<[T, D], !lig.real>
  %out = lig.cast %d : !lig.tensor<[T, D], !lig.real> to !lig.tensor<[T, D], f16>
  func.return %out : !lig.tensor<[T, D], f16>
}

// Both operands are float32 by then: `half` rounds both.
// CHECK-LABEL: func.func @both_wide(
func.func @both_wide(%x: !lig.tensor<[T, D], bf16>) -> !lig.tensor<[T], f32> {
  // CHECK: %[[a:.*]] = lig.add
  // HALF-NEXT: %[[l:.*]] = lig.cast %[[a]] : !lig.tensor<[T, D], f32> to !lig.tensor<[T, D], bf16>
  // HALF-NEXT: %[[r:.*]] = lig.cast %[[a]] : !lig.tensor<[T, D], f32> to !lig.tensor<[T, D], bf16>
  // HALF-NEXT: lig.matmul %[[l]], %[[r]] over @D acc f32
  // F32-NEXT: lig.matmul %[[a]], %[[a]] over @D acc f32
  %r = lig.cast %x : !lig.tensor<[T, D], bf16> to !lig.tensor<[T, D], !lig.real>
  %a = lig.add %r, %r : (!lig.tensor<[T, D], !lig.real>, !lig.tensor<[T, D], !lig.real>) -> !lig.tensor<[T, D], !lig.real>
  %p = lig.matmul %a, %a over @D acc !lig.real : (!lig.tensor<[T, D], !lig.real>, !lig.tensor<[T, D], !lig.real>) -> !lig.tensor<[T], !lig.real>
  %out = lig.cast %p : !lig.tensor<[T], !lig.real> to !lig.tensor<[T], f32>
  func.return %out : !lig.tensor<[T], f32>
}

// Without a half argument there is nothing to round to. Values keep their names.
// CHECK-LABEL: func.func @all_float32(
func.func @all_float32(%x: !lig.tensor<[T, D], f32>) -> !lig.tensor<[T], f32> {
  // CHECK-NEXT: %p = lig.matmul %x, %x over @D acc f32 : (!lig.tensor<[T, D], f32>, !lig.tensor<[T, D], f32>) -> !lig.tensor<[T], f32>
  // CHECK-NEXT: func.return %p
  %r = lig.cast %x : !lig.tensor<[T, D], f32> to !lig.tensor<[T, D], !lig.real>
  %p = lig.matmul %r, %r over @D acc !lig.real : (!lig.tensor<[T, D], !lig.real>, !lig.tensor<[T, D], !lig.real>) -> !lig.tensor<[T], !lig.real>
  %out = lig.cast %p : !lig.tensor<[T], !lig.real> to !lig.tensor<[T], f32>
  func.return %out : !lig.tensor<[T], f32>
}

// A graph without exact reals is not touched, whatever its precision.
// CHECK-LABEL: func.func @typed_already(
func.func @typed_already(%x: !lig.tensor<[T, D], f32>, %h: !lig.tensor<[T, D], bf16>) -> !lig.tensor<[T], f32> {
  // CHECK-NEXT: %s = lig.add %h, %h : (!lig.tensor<[T, D], bf16>, !lig.tensor<[T, D], bf16>) -> !lig.tensor<[T, D], bf16>
  // CHECK-NEXT: %p = lig.matmul %x, %x over @D acc f32 : (!lig.tensor<[T, D], f32>, !lig.tensor<[T, D], f32>) -> !lig.tensor<[T], f32>
  // CHECK-NEXT: func.return %p
  %s = lig.add %h, %h : (!lig.tensor<[T, D], bf16>, !lig.tensor<[T, D], bf16>) -> !lig.tensor<[T, D], bf16>
  %p = lig.matmul %x, %x over @D acc f32 : (!lig.tensor<[T, D], f32>, !lig.tensor<[T, D], f32>) -> !lig.tensor<[T], f32>
  func.return %p : !lig.tensor<[T], f32>
}

// -----

// Which half to round to must be clear; where everything is widened it does not matter.
// HALF: inputs of f16 and of bf16; operands of Matmul are rounded to one of them
// F32-LABEL: func.func @mixed(
func.func @mixed(%x: !lig.tensor<[T, D], f16>, %y: !lig.tensor<[T, D], bf16>) -> !lig.tensor<[T], f32> {
  // F32-NEXT: %[[x:.*]] = lig.cast %x : !lig.tensor<[T, D], f16> to !lig.tensor<[T, D], f32>
  // F32-NEXT: %[[y:.*]] = lig.cast %y : !lig.tensor<[T, D], bf16> to !lig.tensor<[T, D], f32>
  // F32-NEXT: lig.matmul %[[x]], %[[y]] over @D acc f32
  %xr = lig.cast %x : !lig.tensor<[T, D], f16> to !lig.tensor<[T, D], !lig.real>
  %yr = lig.cast %y : !lig.tensor<[T, D], bf16> to !lig.tensor<[T, D], !lig.real>
  %p = lig.matmul %xr, %yr over @D acc !lig.real : (!lig.tensor<[T, D], !lig.real>, !lig.tensor<[T, D], !lig.real>) -> !lig.tensor<[T], !lig.real>
  %out = lig.cast %p : !lig.tensor<[T], !lig.real> to !lig.tensor<[T], f32>
  func.return %out : !lig.tensor<[T], f32>
}

// -----

// Exact reals cannot cross the interface.
// CHECK: assign-precision: real_result returns !lig.tensor<[T], !lig.real>; exact reals have no machine type
func.func @real_result(%x: !lig.tensor<[T], f32>) -> !lig.tensor<[T], !lig.real> {
  %r = lig.cast %x : !lig.tensor<[T], f32> to !lig.tensor<[T], !lig.real>
  func.return %r : !lig.tensor<[T], !lig.real>
}

// -----

// CHECK: assign-precision: real_argument takes !lig.tensor<[T], !lig.real>; exact reals have no machine type
func.func @real_argument(%x: !lig.tensor<[T], !lig.real>) -> !lig.tensor<[T], f32> {
  %r = lig.cast %x : !lig.tensor<[T], !lig.real> to !lig.tensor<[T], f32>
  func.return %r : !lig.tensor<[T], f32>
}

// -----

// A declaration has no body to type.
// CHECK: func.func private @declared(!lig.tensor<[T], f32>) -> ()
func.func private @declared(!lig.tensor<[T], f32>) -> ()
