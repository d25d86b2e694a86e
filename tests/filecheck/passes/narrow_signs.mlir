// RUN: ligrad-opt %s -p narrow-signs | filecheck %s
// RUN: ligrad-opt %s -p narrow-signs,narrow-signs | filecheck %s

// Only the signs of p are asked for, twice: bfloat16 has them all, whatever half the rest is.
// CHECK-LABEL: func.func @signs(
func.func @signs(%q: !lig.tensor<[G, D], f16>, %k: !lig.tensor<[K, D], f16>, %g: !lig.tensor<[K], f16>, %h: !lig.tensor<[G], f32>) -> (!lig.tensor<[G, K], f16>, !lig.tensor<[G, K], f32>) {
  // CHECK-NEXT: %p = lig.matmul %q, %k over @D
  // CHECK-NEXT: %[[r:.*]] = lig.relu %p : !lig.tensor<[G, K], f32>
  // CHECK-NEXT: %[[n:.*]] = lig.cast %[[r]] : !lig.tensor<[G, K], f32> to !lig.tensor<[G, K], bf16>
  // CHECK-NEXT: %x = lig.relu_grad %g, %[[n]] : (!lig.tensor<[K], f16>, !lig.tensor<[G, K], bf16>) -> !lig.tensor<[G, K], f16>
  // CHECK-NEXT: %y = lig.relu_grad %h, %[[n]] : (!lig.tensor<[G], f32>, !lig.tensor<[G, K], bf16>) -> !lig.tensor<[G, K], f32>
  %p = lig.matmul %q, %k over @D acc f32 : (!lig.tensor<[G, D], f16>, !lig.tensor<[K, D], f16>) -> !lig.tensor<[G, K], f32>
  %x = lig.relu_grad %g, %p : (!lig.tensor<[K], f16>, !lig.tensor<[G, K], f32>) -> !lig.tensor<[G, K], f16>
  %y = lig.relu_grad %h, %p : (!lig.tensor<[G], f32>, !lig.tensor<[G, K], f32>) -> !lig.tensor<[G, K], f32>
  func.return %x, %y : !lig.tensor<[G, K], f16>, !lig.tensor<[G, K], f32>
}

// A relu that is there already, and serves relu_grads alone, is no other use.
// CHECK-LABEL: func.func @relu(
func.func @relu(%q: !lig.tensor<[G, D], bf16>, %k: !lig.tensor<[K, D], bf16>, %g: !lig.tensor<[K], bf16>) -> !lig.tensor<[G, K], bf16> {
  // CHECK: lig.cast %{{.*}} : !lig.tensor<[G, K], f32> to !lig.tensor<[G, K], bf16>
  // CHECK: lig.relu_grad %g, %{{.*}} : (!lig.tensor<[K], bf16>, !lig.tensor<[G, K], bf16>)
  %p = lig.matmul %q, %k over @D acc f32 : (!lig.tensor<[G, D], bf16>, !lig.tensor<[K, D], bf16>) -> !lig.tensor<[G, K], f32>
  %s = lig.relu %p : !lig.tensor<[G, K], f32>
  %x = lig.relu_grad %g, %s : (!lig.tensor<[K], bf16>, !lig.tensor<[G, K], f32>) -> !lig.tensor<[G, K], bf16>
  func.return %x : !lig.tensor<[G, K], bf16>
}

// Its number is needed too.
// CHECK-LABEL: func.func @numbers(
func.func @numbers(%q: !lig.tensor<[G, D], bf16>, %k: !lig.tensor<[K, D], bf16>, %g: !lig.tensor<[K], bf16>) -> (!lig.tensor<[G, K], bf16>, !lig.tensor<[G, K], f32>) {
  // CHECK-NEXT: %p = lig.matmul %q, %k over @D
  // CHECK-NEXT: %s = lig.relu %p
  // CHECK-NEXT: %x = lig.relu_grad %g, %p
  // CHECK-NEXT: func.return
  %p = lig.matmul %q, %k over @D acc f32 : (!lig.tensor<[G, D], bf16>, !lig.tensor<[K, D], bf16>) -> !lig.tensor<[G, K], f32>
  %s = lig.relu %p : !lig.tensor<[G, K], f32>
  %x = lig.relu_grad %g, %p : (!lig.tensor<[K], bf16>, !lig.tensor<[G, K], f32>) -> !lig.tensor<[G, K], bf16>
  func.return %x, %s : !lig.tensor<[G, K], bf16>, !lig.tensor<[G, K], f32>
}

// It is the gradient too.
// CHECK-LABEL: func.func @gradient(
func.func @gradient(%q: !lig.tensor<[G, D], bf16>, %k: !lig.tensor<[K, D], bf16>) -> !lig.tensor<[G, K], f32> {
  // CHECK-NEXT: %p = lig.matmul %q, %k over @D
  // CHECK-NEXT: %x = lig.relu_grad %p, %p
  %p = lig.matmul %q, %k over @D acc f32 : (!lig.tensor<[G, D], bf16>, !lig.tensor<[K, D], bf16>) -> !lig.tensor<[G, K], f32>
  %x = lig.relu_grad %p, %p : (!lig.tensor<[G, K], f32>, !lig.tensor<[G, K], f32>) -> !lig.tensor<[G, K], f32>
  func.return %x : !lig.tensor<[G, K], f32>
}

// Exact reals have no memory to cross; nobody asks for the other's sign.
// CHECK-LABEL: func.func @others(
func.func @others(%q: !lig.tensor<[G, D], !lig.real>, %k: !lig.tensor<[K, D], !lig.real>, %g: !lig.tensor<[K], bf16>) -> !lig.tensor<[G, K], bf16> {
  // CHECK-NEXT: %p = lig.matmul %q, %k over @D
  // CHECK-NEXT: %o = lig.matmul %g, %g over @K
  // CHECK-NEXT: %x = lig.relu_grad %g, %p
  %p = lig.matmul %q, %k over @D acc !lig.real : (!lig.tensor<[G, D], !lig.real>, !lig.tensor<[K, D], !lig.real>) -> !lig.tensor<[G, K], !lig.real>
  %o = lig.matmul %g, %g over @K acc f32 : (!lig.tensor<[K], bf16>, !lig.tensor<[K], bf16>) -> !lig.tensor<[], f32>
  %x = lig.relu_grad %g, %p : (!lig.tensor<[K], bf16>, !lig.tensor<[G, K], !lig.real>) -> !lig.tensor<[G, K], bf16>
  func.return %x : !lig.tensor<[G, K], bf16>
}
