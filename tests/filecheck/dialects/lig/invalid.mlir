// RUN: ligrad-opt --split-input-file --verify-diagnostics %s | filecheck %s
// The tests want a case here for every constraint label of the code.

// tensor_c1
// CHECK: an axis occurs twice in [T, T]
func.func private @invalid(!lig.tensor<[T, T], f32>) -> ()
// -----
// CHECK-LABEL: // {{-+}}

// tensor_c2
// CHECK: the element type f64 is none of f16, bf16, f32, i32, !lig.real and !lig.row
func.func private @invalid(!lig.tensor<[T], f64>) -> ()
// -----
// CHECK-LABEL: // {{-+}}

// tensor_c2
// CHECK: the element type i64 is none of f16, bf16, f32, i32, !lig.real and !lig.row
func.func private @invalid(!lig.tensor<[T], i64>) -> ()
// -----
// CHECK-LABEL: // {{-+}}

// axis_c1
// CHECK: an axis has bounds (minimum and maximum) or packs runs (batch and length), one of the two
"lig.axis"() <{sym_name = "A"}> : () -> ()
// -----
// CHECK-LABEL: // {{-+}}

// axis_c1
// CHECK: an axis has bounds (minimum and maximum) or packs runs (batch and length), one of the two
"lig.axis"() <{sym_name = "A", minimum = 1 : i64, maximum = 2 : i64, batch = @B, length = @L}> : () -> ()
// -----
// CHECK-LABEL: // {{-+}}

// axis_c1
// CHECK: an axis has bounds (minimum and maximum) or packs runs (batch and length), one of the two
"lig.axis"() <{sym_name = "A", minimum = 1 : i64}> : () -> ()
// -----
// CHECK-LABEL: // {{-+}}

// axis_c1
// CHECK: an axis has bounds (minimum and maximum) or packs runs (batch and length), one of the two
"lig.axis"() <{sym_name = "A", batch = @B}> : () -> ()
// -----
// CHECK-LABEL: // {{-+}}

// axis_c2
// CHECK: the bounds 3 to 2 hold no extent
lig.axis @A in 3 to 2
// -----
// CHECK-LABEL: // {{-+}}

// axis_c2
// CHECK: the bounds -1 to 2 hold no extent
lig.axis @A in -1 to 2
// -----
// CHECK-LABEL: // {{-+}}

// axis_c3
// CHECK: only an axis that packs runs can be uniform
lig.axis @A in 1 to 2 uniform
// -----
// CHECK-LABEL: // {{-+}}

// extent_c1
// CHECK: an extent is a scalar i32
func.func @invalid() {
  %r = lig.extent @N : !lig.tensor<[], f32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// extent_c1
// CHECK: an extent is a scalar i32
func.func @invalid() {
  %r = lig.extent @N : !lig.tensor<[N], i32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// valid_count_c1
// CHECK: the token ends must be i32 over one batch axis or none: !lig.tensor<[B], f32>
func.func @invalid(%m: i64, %e: !lig.tensor<[B], f32>, %f: !lig.tensor<[B], i32>) {
  %r = lig.valid_count %m tokens @T ends %e rows %f entries @K : (i64, !lig.tensor<[B], f32>, !lig.tensor<[B], i32>) -> !lig.tensor<[T], i32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// valid_count_c1
// CHECK: the row ends must be i32 over one batch axis or none: !lig.tensor<[B, C], i32>
func.func @invalid(%m: i64, %e: !lig.tensor<[B], i32>, %f: !lig.tensor<[B, C], i32>) {
  %r = lig.valid_count %m tokens @T ends %e rows %f entries @K : (i64, !lig.tensor<[B], i32>, !lig.tensor<[B, C], i32>) -> !lig.tensor<[T], i32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// valid_count_c2
// CHECK: a count is i32 over the tokens
func.func @invalid(%m: i64, %e: !lig.tensor<[B], i32>) {
  %r = lig.valid_count %m tokens @T ends %e rows %e entries @K : (i64, !lig.tensor<[B], i32>, !lig.tensor<[B], i32>) -> !lig.tensor<[K], i32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// run_c1
// CHECK: the token ends must be i32 over one batch axis or none: !lig.tensor<[B, C], i32>
func.func @invalid(%e: !lig.tensor<[B, C], i32>, %f: !lig.tensor<[B], i32>) {
  %s, %l = lig.run tokens @T ends %e rows %f : (!lig.tensor<[B, C], i32>, !lig.tensor<[B], i32>) -> (!lig.tensor<[T], i32>, !lig.tensor<[T], i32>)
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// run_c1
// CHECK: the row ends must be i32 over one batch axis or none: !lig.tensor<[B], f32>
func.func @invalid(%e: !lig.tensor<[B], i32>, %f: !lig.tensor<[B], f32>) {
  %s, %l = lig.run tokens @T ends %e rows %f : (!lig.tensor<[B], i32>, !lig.tensor<[B], f32>) -> (!lig.tensor<[T], i32>, !lig.tensor<[T], i32>)
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// run_c2
// CHECK: tokens and rows are packed by the same batch axis
func.func @invalid(%e: !lig.tensor<[B], i32>, %f: !lig.tensor<[], i32>) {
  %s, %l = lig.run tokens @T ends %e rows %f : (!lig.tensor<[B], i32>, !lig.tensor<[], i32>) -> (!lig.tensor<[T], i32>, !lig.tensor<[T], i32>)
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// run_c3
// CHECK: start and length are i32 over the tokens
func.func @invalid(%e: !lig.tensor<[B], i32>) {
  %s, %l = lig.run tokens @T ends %e rows %e : (!lig.tensor<[B], i32>, !lig.tensor<[B], i32>) -> (!lig.tensor<[T], i32>, !lig.tensor<[T, K], i32>)
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// run_c3
// CHECK: start and length are i32 over the tokens
func.func @invalid(%e: !lig.tensor<[B], i32>) {
  %s, %l = lig.run tokens @T ends %e rows %e : (!lig.tensor<[B], i32>, !lig.tensor<[B], i32>) -> (!lig.tensor<[B], i32>, !lig.tensor<[T], i32>)
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// rows_c1
// CHECK: indices are i32 with at least one axis: !lig.tensor<[T, K], f32>
func.func @invalid(%i: !lig.tensor<[T, K], f32>) {
  %r = lig.rows %i : !lig.tensor<[T, K], f32> to !lig.tensor<[T, K], !lig.row<N>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// rows_c1
// CHECK: indices are i32 with at least one axis: !lig.tensor<[], i32>
func.func @invalid(%i: !lig.tensor<[], i32>) {
  %r = lig.rows %i : !lig.tensor<[], i32> to !lig.tensor<[], !lig.row<N>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// rows_c2
// CHECK: the result has the axes [T, K] and a row type: !lig.tensor<[K, T], !lig.row<N>>
func.func @invalid(%i: !lig.tensor<[T, K], i32>) {
  %r = lig.rows %i : !lig.tensor<[T, K], i32> to !lig.tensor<[K, T], !lig.row<N>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// rows_c2
// CHECK: the result has the axes [T, K] and a row type: !lig.tensor<[T, K], i32>
func.func @invalid(%i: !lig.tensor<[T, K], i32>) {
  %r = lig.rows %i : !lig.tensor<[T, K], i32> to !lig.tensor<[T, K], i32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// rows_c3
// CHECK: the count is i32 over axes among [T]: !lig.tensor<[T], f32>
func.func @invalid(%i: !lig.tensor<[T, K], i32>, %c: !lig.tensor<[T], f32>) {
  %r = lig.rows %i first %c : !lig.tensor<[T], f32> : !lig.tensor<[T, K], i32> to !lig.tensor<[T, K], !lig.row<N>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// rows_c3
// CHECK: the start is i32 over axes among [T]: !lig.tensor<[K], i32>
func.func @invalid(%i: !lig.tensor<[T, K], i32>, %c: !lig.tensor<[T], i32>, %s: !lig.tensor<[K], i32>) {
  %r = lig.rows %i from %s : !lig.tensor<[K], i32> length %c : !lig.tensor<[T], i32> : !lig.tensor<[T, K], i32> to !lig.tensor<[T, K], !lig.row<N>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// rows_c3
// CHECK: the length is i32 over axes among [T]: !lig.tensor<[K], i32>
func.func @invalid(%i: !lig.tensor<[T, K], i32>, %c: !lig.tensor<[T], i32>, %s: !lig.tensor<[K], i32>) {
  %r = lig.rows %i from %c : !lig.tensor<[T], i32> length %s : !lig.tensor<[K], i32> : !lig.tensor<[T, K], i32> to !lig.tensor<[T, K], !lig.row<N>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// rows_c4
// CHECK: start and length come together
func.func @invalid(%i: !lig.tensor<[T, K], i32>, %s: !lig.tensor<[T], i32>) {
  %r = "lig.rows"(%i, %s) <{operandSegmentSizes = array<i32: 1, 0, 1, 0>}> : (!lig.tensor<[T, K], i32>, !lig.tensor<[T], i32>) -> !lig.tensor<[T, K], !lig.row<N>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// constant_c1
// CHECK: the element type must be a float or !lig.real, not !lig.tensor<[], i32>
func.func @invalid() {
  %r = lig.constant 1.0 : !lig.tensor<[], i32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// constant_c2
// CHECK: the result has axes [T], not []
func.func @invalid() {
  %r = lig.constant 1.0 : !lig.tensor<[T], f32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// cast_c1
// CHECK: the element type must be a float or !lig.real, not !lig.tensor<[T], i32>
func.func @invalid(%x: !lig.tensor<[T], i32>) {
  %r = lig.cast %x : !lig.tensor<[T], i32> to !lig.tensor<[T], f32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// cast_c1
// CHECK: the element type must be a float or !lig.real, not !lig.tensor<[T], !lig.row<N>>
func.func @invalid(%x: !lig.tensor<[T], f32>) {
  %r = lig.cast %x : !lig.tensor<[T], f32> to !lig.tensor<[T], !lig.row<N>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// cast_c2
// CHECK: the result has axes [T], not [T, D]
func.func @invalid(%x: !lig.tensor<[T, D], f32>) {
  %r = lig.cast %x : !lig.tensor<[T, D], f32> to !lig.tensor<[T], bf16>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// elementwise_c1
// CHECK: the element type must be a float or !lig.real, not !lig.tensor<[T], i32>
func.func @invalid(%x: !lig.tensor<[T], i32>) {
  %r = lig.add %x, %x : (!lig.tensor<[T], i32>, !lig.tensor<[T], i32>) -> !lig.tensor<[T], i32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// elementwise_c2
// CHECK: the element types differ (f32, bf16, f32); a lig.cast makes them equal
func.func @invalid(%x: !lig.tensor<[T], f32>, %y: !lig.tensor<[T], bf16>) {
  %r = lig.add %x, %y : (!lig.tensor<[T], f32>, !lig.tensor<[T], bf16>) -> !lig.tensor<[T], f32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// elementwise_c3
// CHECK: the result has axes [T], not [T, D]
func.func @invalid(%x: !lig.tensor<[T], f32>, %y: !lig.tensor<[D], f32>) {
  %r = lig.add %x, %y : (!lig.tensor<[T], f32>, !lig.tensor<[D], f32>) -> !lig.tensor<[T], f32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// elementwise_c1
// CHECK: the element type must be a float or !lig.real, not !lig.tensor<[T], i32>
func.func @invalid(%x: !lig.tensor<[T], i32>) {
  %r = lig.sub %x, %x : (!lig.tensor<[T], i32>, !lig.tensor<[T], i32>) -> !lig.tensor<[T], i32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// elementwise_c2
// CHECK: the element types differ (f32, bf16, f32); a lig.cast makes them equal
func.func @invalid(%x: !lig.tensor<[T], f32>, %y: !lig.tensor<[T], bf16>) {
  %r = lig.sub %x, %y : (!lig.tensor<[T], f32>, !lig.tensor<[T], bf16>) -> !lig.tensor<[T], f32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// elementwise_c3
// CHECK: the result has axes [T], not [T, D]
func.func @invalid(%x: !lig.tensor<[T], f32>, %y: !lig.tensor<[D], f32>) {
  %r = lig.sub %x, %y : (!lig.tensor<[T], f32>, !lig.tensor<[D], f32>) -> !lig.tensor<[T], f32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// elementwise_c1
// CHECK: the element type must be a float or !lig.real, not !lig.tensor<[T], i32>
func.func @invalid(%x: !lig.tensor<[T], i32>) {
  %r = lig.mul %x, %x : (!lig.tensor<[T], i32>, !lig.tensor<[T], i32>) -> !lig.tensor<[T], i32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// elementwise_c2
// CHECK: the element types differ (f32, bf16, f32); a lig.cast makes them equal
func.func @invalid(%x: !lig.tensor<[T], f32>, %y: !lig.tensor<[T], bf16>) {
  %r = lig.mul %x, %y : (!lig.tensor<[T], f32>, !lig.tensor<[T], bf16>) -> !lig.tensor<[T], f32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// elementwise_c3
// CHECK: the result has axes [T], not [T, D]
func.func @invalid(%x: !lig.tensor<[T], f32>, %y: !lig.tensor<[D], f32>) {
  %r = lig.mul %x, %y : (!lig.tensor<[T], f32>, !lig.tensor<[D], f32>) -> !lig.tensor<[T], f32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// relu_c1
// CHECK: the element type must be a float or !lig.real, not !lig.tensor<[T], i32>
func.func @invalid(%x: !lig.tensor<[T], i32>) {
  %r = lig.relu %x : !lig.tensor<[T], i32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// relu_grad_c1
// CHECK: the element type must be a float or !lig.real, not !lig.tensor<[T], i32>
func.func @invalid(%x: !lig.tensor<[T], f32>, %y: !lig.tensor<[T], i32>) {
  %r = lig.relu_grad %x, %y : (!lig.tensor<[T], f32>, !lig.tensor<[T], i32>) -> !lig.tensor<[T], f32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// relu_grad_c1
// CHECK: the element type must be a float or !lig.real, not !lig.tensor<[T], i32>
func.func @invalid(%x: !lig.tensor<[T], i32>, %y: !lig.tensor<[T], f32>) {
  %r = lig.relu_grad %x, %y : (!lig.tensor<[T], i32>, !lig.tensor<[T], f32>) -> !lig.tensor<[T], i32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// relu_grad_c2
// CHECK: the element types differ (bf16, f32); a lig.cast makes them equal
func.func @invalid(%x: !lig.tensor<[T], bf16>, %y: !lig.tensor<[T], f32>) {
  %r = lig.relu_grad %x, %y : (!lig.tensor<[T], bf16>, !lig.tensor<[T], f32>) -> !lig.tensor<[T], f32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// relu_grad_c3
// CHECK: the result has axes [T], not [T, K]
func.func @invalid(%x: !lig.tensor<[T], f32>, %y: !lig.tensor<[T, K], f32>) {
  %r = lig.relu_grad %x, %y : (!lig.tensor<[T], f32>, !lig.tensor<[T, K], f32>) -> !lig.tensor<[T], f32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// mask_c1
// CHECK: the element type must be a float or !lig.real, not !lig.tensor<[T, K], i32>
func.func @invalid(%x: !lig.tensor<[T, K], i32>, %r: !lig.tensor<[T, K], !lig.row<N>>) {
  %y = lig.mask %x, %r : !lig.tensor<[T, K], i32>, !lig.tensor<[T, K], !lig.row<N>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// mask_c2
// CHECK: row numbers have an element type !lig.row<AXIS>, not !lig.tensor<[T, K], i32>
func.func @invalid(%x: !lig.tensor<[T, K], f32>, %r: !lig.tensor<[T, K], i32>) {
  %y = lig.mask %x, %r : !lig.tensor<[T, K], f32>, !lig.tensor<[T, K], i32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// mask_c3
// CHECK: the input lacks the axes ['K'] of the rows
func.func @invalid(%x: !lig.tensor<[T], f32>, %r: !lig.tensor<[T, K], !lig.row<N>>) {
  %y = lig.mask %x, %r : !lig.tensor<[T], f32>, !lig.tensor<[T, K], !lig.row<N>>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// gather_c1
// CHECK: the element type must be a float or !lig.real, not !lig.tensor<[N, D], i32>
func.func @invalid(%x: !lig.tensor<[N, D], i32>, %r: !lig.tensor<[T, K], !lig.row<N>>) {
  %y = lig.gather %x[%r] : (!lig.tensor<[N, D], i32>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[T, K, D], i32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// gather_c2
// CHECK: row numbers have an element type !lig.row<AXIS>, not !lig.tensor<[T, K], i32>
func.func @invalid(%x: !lig.tensor<[N, D], f32>, %r: !lig.tensor<[T, K], i32>) {
  %y = lig.gather %x[%r] : (!lig.tensor<[N, D], f32>, !lig.tensor<[T, K], i32>) -> !lig.tensor<[T, K, D], f32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// gather_c3
// CHECK: the element types differ (bf16, f32); a lig.cast makes them equal
func.func @invalid(%x: !lig.tensor<[N, D], bf16>, %r: !lig.tensor<[T, K], !lig.row<N>>) {
  %y = lig.gather %x[%r] : (!lig.tensor<[N, D], bf16>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[T, K, D], f32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// gather_c4
// CHECK: the indices point into axis N, which [M, D] lacks
func.func @invalid(%x: !lig.tensor<[M, D], f32>, %r: !lig.tensor<[T, K], !lig.row<N>>) {
  %y = lig.gather %x[%r] : (!lig.tensor<[M, D], f32>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[T, K, D], f32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// gather_c4
// CHECK: the source [N, K] has the index axes ['K'] too
func.func @invalid(%x: !lig.tensor<[N, K], f32>, %r: !lig.tensor<[T, K], !lig.row<N>>) {
  %y = lig.gather %x[%r] : (!lig.tensor<[N, K], f32>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[T, K], f32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// gather_c4
// CHECK: the result has axes [T, D], not [T, K, D]
func.func @invalid(%x: !lig.tensor<[N, D], f32>, %r: !lig.tensor<[T, K], !lig.row<N>>) {
  %y = lig.gather %x[%r] : (!lig.tensor<[N, D], f32>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[T, D], f32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// scatter_add_c1
// CHECK: the element type must be a float or !lig.real, not !lig.tensor<[T, K], i32>
func.func @invalid(%x: !lig.tensor<[T, K], i32>, %r: !lig.tensor<[T, K], !lig.row<N>>) {
  %y = lig.scatter_add %x[%r] acc f32 : (!lig.tensor<[T, K], i32>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[N], f32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// scatter_add_c2
// CHECK: row numbers have an element type !lig.row<AXIS>, not !lig.tensor<[T, K], i32>
func.func @invalid(%x: !lig.tensor<[T, K, D], f32>, %r: !lig.tensor<[T, K], i32>) {
  %y = lig.scatter_add %x[%r] acc f32 : (!lig.tensor<[T, K, D], f32>, !lig.tensor<[T, K], i32>) -> !lig.tensor<[N, D], f32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// scatter_add_c3
// CHECK: sums are accumulated in f32 (or !lig.real), not bf16
func.func @invalid(%x: !lig.tensor<[T, K, D], f32>, %r: !lig.tensor<[T, K], !lig.row<N>>) {
  %y = lig.scatter_add %x[%r] acc bf16 : (!lig.tensor<[T, K, D], f32>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[N, D], bf16>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// scatter_add_c3
// CHECK: the result of an accumulation in f32 has that element type; a lig.cast behind it rounds
func.func @invalid(%x: !lig.tensor<[T, K, D], f32>, %r: !lig.tensor<[T, K], !lig.row<N>>) {
  %y = lig.scatter_add %x[%r] acc f32 : (!lig.tensor<[T, K, D], f32>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[N, D], bf16>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// scatter_add_c4
// CHECK: the updates [T, D] lack the index axes ['K']
func.func @invalid(%x: !lig.tensor<[T, D], f32>, %r: !lig.tensor<[T, K], !lig.row<N>>) {
  %y = lig.scatter_add %x[%r] acc f32 : (!lig.tensor<[T, D], f32>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[N, D], f32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// scatter_add_c4
// CHECK: the updates [T, K, N] have the target N already
func.func @invalid(%x: !lig.tensor<[T, K, N], f32>, %r: !lig.tensor<[T, K], !lig.row<N>>) {
  %y = lig.scatter_add %x[%r] acc f32 : (!lig.tensor<[T, K, N], f32>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[N], f32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// scatter_add_c4
// CHECK: the result has axes [M, D], not [N, D]
func.func @invalid(%x: !lig.tensor<[T, K, D], f32>, %r: !lig.tensor<[T, K], !lig.row<N>>) {
  %y = lig.scatter_add %x[%r] acc f32 : (!lig.tensor<[T, K, D], f32>, !lig.tensor<[T, K], !lig.row<N>>) -> !lig.tensor<[M, D], f32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// matmul_c1
// CHECK: the element type must be a float or !lig.real, not !lig.tensor<[T, D], i32>
func.func @invalid(%x: !lig.tensor<[T, D], i32>, %y: !lig.tensor<[D, C], i32>) {
  %r = lig.matmul %x, %y over @D acc f32 : (!lig.tensor<[T, D], i32>, !lig.tensor<[D, C], i32>) -> !lig.tensor<[T, C], f32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// matmul_c2
// CHECK: the element types differ (f32, bf16); a lig.cast makes them equal
func.func @invalid(%x: !lig.tensor<[T, D], f32>, %y: !lig.tensor<[D, C], bf16>) {
  %r = lig.matmul %x, %y over @D acc f32 : (!lig.tensor<[T, D], f32>, !lig.tensor<[D, C], bf16>) -> !lig.tensor<[T, C], f32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// matmul_c3
// CHECK: sums are accumulated in f32 (or !lig.real), not bf16
func.func @invalid(%x: !lig.tensor<[T, D], f32>, %y: !lig.tensor<[D, C], f32>) {
  %r = lig.matmul %x, %y over @D acc bf16 : (!lig.tensor<[T, D], f32>, !lig.tensor<[D, C], f32>) -> !lig.tensor<[T, C], bf16>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// matmul_c3
// CHECK: the result of an accumulation in f32 has that element type; a lig.cast behind it rounds
func.func @invalid(%x: !lig.tensor<[T, D], f32>, %y: !lig.tensor<[D, C], f32>) {
  %r = lig.matmul %x, %y over @D acc f32 : (!lig.tensor<[T, D], f32>, !lig.tensor<[D, C], f32>) -> !lig.tensor<[T, C], bf16>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// matmul_c4
// CHECK: the right operand [D, C] has no axis T to contract
func.func @invalid(%x: !lig.tensor<[T, D], f32>, %y: !lig.tensor<[D, C], f32>) {
  %r = lig.matmul %x, %y over @T acc f32 : (!lig.tensor<[T, D], f32>, !lig.tensor<[D, C], f32>) -> !lig.tensor<[T, C], f32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// matmul_c4
// CHECK: the left operand [T, D] has no axis C to contract
func.func @invalid(%x: !lig.tensor<[T, D], f32>, %y: !lig.tensor<[D, C], f32>) {
  %r = lig.matmul %x, %y over @C acc f32 : (!lig.tensor<[T, D], f32>, !lig.tensor<[D, C], f32>) -> !lig.tensor<[T, C], f32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// matmul_c4
// CHECK: the result has axes [T, D, C], not [T, C]
func.func @invalid(%x: !lig.tensor<[T, D], f32>, %y: !lig.tensor<[D, C], f32>) {
  %r = lig.matmul %x, %y over @D acc f32 : (!lig.tensor<[T, D], f32>, !lig.tensor<[D, C], f32>) -> !lig.tensor<[T, D, C], f32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// reduce_sum_c1
// CHECK: the element type must be a float or !lig.real, not !lig.tensor<[T, K], i32>
func.func @invalid(%x: !lig.tensor<[T, K], i32>) {
  %r = lig.reduce_sum %x over @K acc f32 : (!lig.tensor<[T, K], i32>) -> !lig.tensor<[T], f32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// reduce_sum_c2
// CHECK: sums are accumulated in f32 (or !lig.real), not f16
func.func @invalid(%x: !lig.tensor<[T, K], f32>) {
  %r = lig.reduce_sum %x over @K acc f16 : (!lig.tensor<[T, K], f32>) -> !lig.tensor<[T], f16>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// reduce_sum_c2
// CHECK: the result of an accumulation in !lig.real has that element type; a lig.cast behind it rounds
func.func @invalid(%x: !lig.tensor<[T, K], f32>) {
  %r = lig.reduce_sum %x over @K acc !lig.real : (!lig.tensor<[T, K], f32>) -> !lig.tensor<[T], f32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// reduce_sum_c3
// CHECK: there is no axis D among [T, K] to sum over
func.func @invalid(%x: !lig.tensor<[T, K], f32>) {
  %r = lig.reduce_sum %x over @D acc f32 : (!lig.tensor<[T, K], f32>) -> !lig.tensor<[T], f32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// reduce_sum_c3
// CHECK: the result has axes [T, K], not [T]
func.func @invalid(%x: !lig.tensor<[T, K], f32>) {
  %r = lig.reduce_sum %x over @K acc f32 : (!lig.tensor<[T, K], f32>) -> !lig.tensor<[T, K], f32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// blocks_c1
// CHECK: the operands have the axis T, and the body takes their slices as arguments of the same types
func.func @invalid(%x: !lig.tensor<[N], f32>) {
  "lig.blocks"(%x) <{axis = @T}> ({
  ^bb1(%b: !lig.tensor<[N], f32>):
    lig.yield
  }) : (!lig.tensor<[N], f32>) -> ()
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// blocks_c1
// CHECK: the operands have the axis T, and the body takes their slices as arguments of the same types
func.func @invalid(%x: !lig.tensor<[T], f32>) {
  "lig.blocks"(%x) <{axis = @T}> ({
  ^bb1:
    lig.yield
  }) : (!lig.tensor<[T], f32>) -> ()
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// blocks_c2
// CHECK: the results have the types of what the body yields
func.func @invalid(%x: !lig.tensor<[T], f32>) {
  %y = "lig.blocks"(%x) <{axis = @T}> ({
  ^bb1(%b: !lig.tensor<[T], f32>):
    lig.yield
  }) : (!lig.tensor<[T], f32>) -> !lig.tensor<[T], f32>
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// blocks_c3
// CHECK: the extent of T is not known in its blocks
func.func @invalid() {
  lig.blocks @T() -> () {
    %t = lig.extent @T : !lig.tensor<[], i32>
    lig.yield
  }
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// blocks_c3
// CHECK: a value over the axis T comes into the body as an argument
func.func @invalid(%x: !lig.tensor<[T], f32>) {
  %y = lig.blocks @T() -> (!lig.tensor<[T], f32>) {
    %r = lig.relu %x : !lig.tensor<[T], f32>
    lig.yield %r : !lig.tensor<[T], f32>
  }
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// blocks_c4
// CHECK: lig.reduce_sum sums over the T of a block; only a lig.yield adds the sums of all blocks up
func.func @invalid(%x: !lig.tensor<[T, D], f32>) {
  %y = lig.blocks @T(%b = %x : !lig.tensor<[T, D], f32>) -> (!lig.tensor<[T, D], f32>) {
    %s = lig.reduce_sum %b over @T acc f32 : (!lig.tensor<[T, D], f32>) -> !lig.tensor<[D], f32>
    %r = lig.add %b, %s : (!lig.tensor<[T, D], f32>, !lig.tensor<[D], f32>) -> !lig.tensor<[T, D], f32>
    lig.yield %r : !lig.tensor<[T, D], f32>
  }
  func.return
}
// -----
// CHECK-LABEL: // {{-+}}

// blocks_c5
// CHECK: a yielded value without the axis T is the f32 (or !lig.real) result of an operation that sums over it
func.func @invalid(%x: !lig.tensor<[D], f32>) {
  %y = lig.blocks @T() -> (!lig.tensor<[D], f32>) {
    lig.yield %x : !lig.tensor<[D], f32>
  }
  func.return
}
