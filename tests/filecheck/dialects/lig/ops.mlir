// RUN: LIG_ROUNDTRIP
// RUN: LIG_GENERIC_ROUNDTRIP
// RUN: ligrad-opt --print-op-generic %s | filecheck %s --check-prefix=GENERIC

// CHECK-LABEL: builtin.module {
// CHECK-NEXT: lig.axis @B in 1 to 1024
// CHECK-NEXT: lig.axis @S1 in 0 to 131072
// CHECK-NEXT: lig.axis @S2 in 1 to 131072 at_least @K
// CHECK-NEXT: lig.axis @K in 1 to 2048 at_least @B at_most @S1
// CHECK-NEXT: lig.axis @D in 128 to 128
// CHECK-NEXT: lig.axis @E in 1 to 8 at_most @D
// CHECK-NEXT: lig.axis @T packs @B of @S1
// CHECK-NEXT: lig.axis @N packs @B of @S2 uniform
// CHECK-NEXT: lig.axis @X in 1 to 2 {extra}
// GENERIC: "lig.axis"() <{sym_name = "B", minimum = 1 : i64, maximum = 1024 : i64}> : () -> ()
// GENERIC-NEXT: "lig.axis"() <{sym_name = "S1", minimum = 0 : i64, maximum = 131072 : i64}> : () -> ()
// GENERIC-NEXT: "lig.axis"() <{sym_name = "S2", minimum = 1 : i64, maximum = 131072 : i64, at_least = @K}> : () -> ()
// GENERIC-NEXT: "lig.axis"() <{sym_name = "K", minimum = 1 : i64, maximum = 2048 : i64, at_least = @B, at_most = @S1}> : () -> ()
// GENERIC-NEXT: "lig.axis"() <{sym_name = "D", minimum = 128 : i64, maximum = 128 : i64}> : () -> ()
// GENERIC-NEXT: "lig.axis"() <{sym_name = "E", minimum = 1 : i64, maximum = 8 : i64, at_most = @D}> : () -> ()
// GENERIC-NEXT: "lig.axis"() <{sym_name = "T", batch = @B, length = @S1}> : () -> ()
// GENERIC-NEXT: "lig.axis"() <{sym_name = "N", batch = @B, length = @S2, uniform}> : () -> ()
lig.axis @B in 1 to 1024
lig.axis @S1 in 0 to 131072
lig.axis @S2 in 1 to 131072 at_least @K
lig.axis @K in 1 to 2048 at_least @B at_most @S1
lig.axis @D in 128 to 128
lig.axis @E in 1 to 8 at_most @D
lig.axis @T packs @B of @S1
lig.axis @N packs @B of @S2 uniform
lig.axis @X in 1 to 2 {extra}

// CHECK-LABEL: func.func @ragged
// GENERIC: sym_name = "ragged"
func.func @ragged(
  %mode: i64, %te: !lig.tensor<[B], i32>, %re: !lig.tensor<[B], i32>,
  %idx: !lig.tensor<[T, K], i32>
) {
  // CHECK: %extent = lig.extent @N : !lig.tensor<[], i32>
  // GENERIC: %extent = "lig.extent"() <{axis = @N}> : () -> !lig.tensor<[], i32>
  %extent = lig.extent @N : !lig.tensor<[], i32>
  // CHECK-NEXT: %count = lig.valid_count %mode tokens @T ends %te rows %re entries @K : (i64, !lig.tensor<[B], i32>, !lig.tensor<[B], i32>) -> !lig.tensor<[T], i32>
  // GENERIC-NEXT: %count = "lig.valid_count"(%mode, %te, %re) <{tokens = @T, entries = @K}> : (i64, !lig.tensor<[B], i32>, !lig.tensor<[B], i32>) -> !lig.tensor<[T], i32>
  %count = lig.valid_count %mode tokens @T ends %te rows %re entries @K : (i64, !lig.tensor<[B], i32>, !lig.tensor<[B], i32>) -> !lig.tensor<[T], i32>
  // CHECK-NEXT: %one = lig.valid_count %mode tokens @T ends %te rows %extent entries @K : (i64, !lig.tensor<[B], i32>, !lig.tensor<[], i32>) -> !lig.tensor<[T], i32>
  %one = lig.valid_count %mode tokens @T ends %te rows %extent entries @K : (i64, !lig.tensor<[B], i32>, !lig.tensor<[], i32>) -> !lig.tensor<[T], i32>
  // CHECK-NEXT: %start, %length = lig.run tokens @T ends %te rows %re : (!lig.tensor<[B], i32>, !lig.tensor<[B], i32>) -> (!lig.tensor<[T], i32>, !lig.tensor<[T], i32>)
  // GENERIC: %start, %length = "lig.run"(%te, %re) <{tokens = @T}> : (!lig.tensor<[B], i32>, !lig.tensor<[B], i32>) -> (!lig.tensor<[T], i32>, !lig.tensor<[T], i32>)
  %start, %length = lig.run tokens @T ends %te rows %re : (!lig.tensor<[B], i32>, !lig.tensor<[B], i32>) -> (!lig.tensor<[T], i32>, !lig.tensor<[T], i32>)
  // CHECK-NEXT: %r0 = lig.rows %idx : !lig.tensor<[T, K], i32> to !lig.tensor<[T, K], !lig.row<N>>
  // GENERIC-NEXT: %r0 = "lig.rows"(%idx) <{operandSegmentSizes = array<i32: 1, 0, 0, 0>}> : (!lig.tensor<[T, K], i32>) -> !lig.tensor<[T, K], !lig.row<N>>
  %r0 = lig.rows %idx : !lig.tensor<[T, K], i32> to !lig.tensor<[T, K], !lig.row<N>>
  // CHECK-NEXT: %r1 = lig.rows %idx first %count : !lig.tensor<[T], i32> : !lig.tensor<[T, K], i32> to !lig.tensor<[T, K], !lig.row<N>>
  // GENERIC-NEXT: %r1 = "lig.rows"(%idx, %count) <{operandSegmentSizes = array<i32: 1, 1, 0, 0>}> : (!lig.tensor<[T, K], i32>, !lig.tensor<[T], i32>) -> !lig.tensor<[T, K], !lig.row<N>>
  %r1 = lig.rows %idx first %count : !lig.tensor<[T], i32> : !lig.tensor<[T, K], i32> to !lig.tensor<[T, K], !lig.row<N>>
  // CHECK-NEXT: %r2 = lig.rows %idx from %start : !lig.tensor<[T], i32> length %length : !lig.tensor<[T], i32> : !lig.tensor<[T, K], i32> to !lig.tensor<[T, K], !lig.row<N>>
  // GENERIC-NEXT: %r2 = "lig.rows"(%idx, %start, %length) <{operandSegmentSizes = array<i32: 1, 0, 1, 1>}> : (!lig.tensor<[T, K], i32>, !lig.tensor<[T], i32>, !lig.tensor<[T], i32>) -> !lig.tensor<[T, K], !lig.row<N>>
  %r2 = lig.rows %idx from %start : !lig.tensor<[T], i32> length %length : !lig.tensor<[T], i32> : !lig.tensor<[T, K], i32> to !lig.tensor<[T, K], !lig.row<N>>
  // CHECK-NEXT: %r3 = lig.rows %idx first %extent : !lig.tensor<[], i32> from %start : !lig.tensor<[T], i32> length %length : !lig.tensor<[T], i32> {extra} : !lig.tensor<[T, K], i32> to !lig.tensor<[T, K], !lig.row<N>>
  // GENERIC-NEXT: %r3 = "lig.rows"(%idx, %extent, %start, %length) <{operandSegmentSizes = array<i32: 1, 1, 1, 1>}> {extra}
  %r3 = lig.rows %idx first %extent : !lig.tensor<[], i32> from %start : !lig.tensor<[T], i32> length %length : !lig.tensor<[T], i32> {extra} : !lig.tensor<[T, K], i32> to !lig.tensor<[T, K], !lig.row<N>>
  func.return
}

// CHECK-LABEL: func.func @elementwise
// GENERIC: sym_name = "elementwise"
func.func @elementwise(
  %tk: !lig.tensor<[T, K], f32>, %tg: !lig.tensor<[T, G], f32>,
  %h: !lig.tensor<[T, G, K], f16>, %rows: !lig.tensor<[T, K], !lig.row<N>>
) {
  // CHECK: %c = lig.constant 5.000000e-01 : !lig.tensor<[], f32>
  // GENERIC: %c = "lig.constant"() <{value = 5.000000e-01 : f64}> : () -> !lig.tensor<[], f32>
  %c = lig.constant 0.5 : !lig.tensor<[], f32>
  // CHECK-NEXT: %minus = lig.constant -1.000000e+00 : !lig.tensor<[], !lig.real>
  %minus = lig.constant -1.0 : !lig.tensor<[], !lig.real>
  // CHECK-NEXT: %real = lig.cast %h : !lig.tensor<[T, G, K], f16> to !lig.tensor<[T, G, K], !lig.real>
  // GENERIC: %real = "lig.cast"(%h) : (!lig.tensor<[T, G, K], f16>) -> !lig.tensor<[T, G, K], !lig.real>
  %real = lig.cast %h : !lig.tensor<[T, G, K], f16> to !lig.tensor<[T, G, K], !lig.real>
  // CHECK-NEXT: %bf = lig.cast %real {extra} : !lig.tensor<[T, G, K], !lig.real> to !lig.tensor<[K, T, G], bf16>
  %bf = lig.cast %real {extra} : !lig.tensor<[T, G, K], !lig.real> to !lig.tensor<[K, T, G], bf16>
  // CHECK-NEXT: %add = lig.add %tk, %c : (!lig.tensor<[T, K], f32>, !lig.tensor<[], f32>) -> !lig.tensor<[T, K], f32>
  // GENERIC: %add = "lig.add"(%tk, %c) : (!lig.tensor<[T, K], f32>, !lig.tensor<[], f32>) -> !lig.tensor<[T, K], f32>
  %add = lig.add %tk, %c : (!lig.tensor<[T, K], f32>, !lig.tensor<[], f32>) -> !lig.tensor<[T, K], f32>
  // CHECK-NEXT: %sub = lig.sub %tk, %add : (!lig.tensor<[T, K], f32>, !lig.tensor<[T, K], f32>) -> !lig.tensor<[K, T], f32>
  // GENERIC-NEXT: %sub = "lig.sub"(%tk, %add) : (!lig.tensor<[T, K], f32>, !lig.tensor<[T, K], f32>) -> !lig.tensor<[K, T], f32>
  %sub = lig.sub %tk, %add : (!lig.tensor<[T, K], f32>, !lig.tensor<[T, K], f32>) -> !lig.tensor<[K, T], f32>
  // CHECK-NEXT: %mul = lig.mul %tk, %tg {extra} : (!lig.tensor<[T, K], f32>, !lig.tensor<[T, G], f32>) -> !lig.tensor<[T, G, K], f32>
  // GENERIC-NEXT: %mul = "lig.mul"(%tk, %tg) {extra} : (!lig.tensor<[T, K], f32>, !lig.tensor<[T, G], f32>) -> !lig.tensor<[T, G, K], f32>
  %mul = lig.mul %tk, %tg {extra} : (!lig.tensor<[T, K], f32>, !lig.tensor<[T, G], f32>) -> !lig.tensor<[T, G, K], f32>
  // CHECK-NEXT: %relu = lig.relu %mul : !lig.tensor<[T, G, K], f32>
  // GENERIC-NEXT: %relu = "lig.relu"(%mul) : (!lig.tensor<[T, G, K], f32>) -> !lig.tensor<[T, G, K], f32>
  %relu = lig.relu %mul : !lig.tensor<[T, G, K], f32>
  // CHECK-NEXT: %grad = lig.relu_grad %h, %relu : (!lig.tensor<[T, G, K], f16>, !lig.tensor<[T, G, K], f32>) -> !lig.tensor<[T, G, K], f16>
  // GENERIC-NEXT: %grad = "lig.relu_grad"(%h, %relu) : (!lig.tensor<[T, G, K], f16>, !lig.tensor<[T, G, K], f32>) -> !lig.tensor<[T, G, K], f16>
  %grad = lig.relu_grad %h, %relu : (!lig.tensor<[T, G, K], f16>, !lig.tensor<[T, G, K], f32>) -> !lig.tensor<[T, G, K], f16>
  // CHECK-NEXT: %mask = lig.mask %grad, %rows {extra} : !lig.tensor<[T, G, K], f16>, !lig.tensor<[T, K], !lig.row<N>>
  // GENERIC-NEXT: %mask = "lig.mask"(%grad, %rows) {extra} : (!lig.tensor<[T, G, K], f16>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[T, G, K], f16>
  %mask = lig.mask %grad, %rows {extra} : !lig.tensor<[T, G, K], f16>, !lig.tensor<[T, K], !lig.row<N>>
  func.return
}

// CHECK-LABEL: func.func @sums
// GENERIC: sym_name = "sums"
func.func @sums(
  %q: !lig.tensor<[T, G, D], bf16>, %key: !lig.tensor<[N, D], bf16>,
  %rows: !lig.tensor<[T, K], !lig.row<N>>, %x: !lig.tensor<[T, K, D], !lig.real>
) {
  // CHECK: %g = lig.gather %key[%rows] : (!lig.tensor<[N, D], bf16>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[T, K, D], bf16>
  // GENERIC: %g = "lig.gather"(%key, %rows) : (!lig.tensor<[N, D], bf16>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[T, K, D], bf16>
  %g = lig.gather %key[%rows] : (!lig.tensor<[N, D], bf16>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[T, K, D], bf16>
  // CHECK-NEXT: %p = lig.matmul %q, %g over @D acc f32 : (!lig.tensor<[T, G, D], bf16>, !lig.tensor<[T, K, D], bf16>) -> !lig.tensor<[T, G, K], f32>
  // GENERIC-NEXT: %p = "lig.matmul"(%q, %g) <{over = @D, accumulate = f32}> : (!lig.tensor<[T, G, D], bf16>, !lig.tensor<[T, K, D], bf16>) -> !lig.tensor<[T, G, K], f32>
  %p = lig.matmul %q, %g over @D acc f32 : (!lig.tensor<[T, G, D], bf16>, !lig.tensor<[T, K, D], bf16>) -> !lig.tensor<[T, G, K], f32>
  // CHECK-NEXT: %s = lig.reduce_sum %p over @K acc f32 {extra} : (!lig.tensor<[T, G, K], f32>) -> !lig.tensor<[G, T], f32>
  // GENERIC-NEXT: %s = "lig.reduce_sum"(%p) <{over = @K, accumulate = f32}> {extra} : (!lig.tensor<[T, G, K], f32>) -> !lig.tensor<[G, T], f32>
  %s = lig.reduce_sum %p over @K acc f32 {extra} : (!lig.tensor<[T, G, K], f32>) -> !lig.tensor<[G, T], f32>
  // CHECK-NEXT: %dk = lig.scatter_add %x[%rows] acc !lig.real : (!lig.tensor<[T, K, D], !lig.real>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[N, D], !lig.real>
  // GENERIC-NEXT: %dk = "lig.scatter_add"(%x, %rows) <{accumulate = !lig.real}> : (!lig.tensor<[T, K, D], !lig.real>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[N, D], !lig.real>
  %dk = lig.scatter_add %x[%rows] acc !lig.real : (!lig.tensor<[T, K, D], !lig.real>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[N, D], !lig.real>
  func.return
}

// CHECK-LABEL: func.func @blocks
// GENERIC: sym_name = "blocks"
func.func @blocks(%x: !lig.tensor<[T, D], f32>, %w: !lig.tensor<[D], f32>) {
  // CHECK: %y, %s = lig.blocks @T(%b = %x : !lig.tensor<[T, D], f32>) -> (!lig.tensor<[T, D], f32>, !lig.tensor<[D], f32>) attributes {extra} {
  // CHECK-NEXT: %p = lig.mul %b, %w : (!lig.tensor<[T, D], f32>, !lig.tensor<[D], f32>) -> !lig.tensor<[T, D], f32>
  // CHECK-NEXT: %q = lig.reduce_sum %p over @T acc f32 : (!lig.tensor<[T, D], f32>) -> !lig.tensor<[D], f32>
  // CHECK-NEXT: lig.yield {more} %p, %q : !lig.tensor<[T, D], f32>, !lig.tensor<[D], f32>
  // GENERIC: %y, %s = "lig.blocks"(%x) <{axis = @T}> ({
  // GENERIC-NEXT: ^bb{{.*}}(%b: !lig.tensor<[T, D], f32>):
  // GENERIC: "lig.yield"(%p, %q) {more} : (!lig.tensor<[T, D], f32>, !lig.tensor<[D], f32>) -> ()
  // GENERIC-NEXT: }) {extra} : (!lig.tensor<[T, D], f32>) -> (!lig.tensor<[T, D], f32>, !lig.tensor<[D], f32>)
  %y, %s = lig.blocks @T(%b = %x : !lig.tensor<[T, D], f32>) -> (!lig.tensor<[T, D], f32>, !lig.tensor<[D], f32>) attributes {extra} {
    %p = lig.mul %b, %w : (!lig.tensor<[T, D], f32>, !lig.tensor<[D], f32>) -> !lig.tensor<[T, D], f32>
    %q = lig.reduce_sum %p over @T acc f32 : (!lig.tensor<[T, D], f32>) -> !lig.tensor<[D], f32>
    lig.yield {more} %p, %q : !lig.tensor<[T, D], f32>, !lig.tensor<[D], f32>
  }
  // CHECK-NEXT: }
  // CHECK-NEXT: lig.blocks @T() -> () {
  // CHECK-NEXT: lig.yield
  lig.blocks @T() -> () {
    lig.yield
  }
  func.return
}
