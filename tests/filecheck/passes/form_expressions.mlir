// RUN: ligrad-opt %s -p form-expressions --split-input-file | filecheck %s

// What is used once joins its user; the number of names stays small.
// CHECK-LABEL: ascendc.host_function @rounded
// CHECK-NEXT: ^bb0(
// CHECK-NEXT: %unit = ascendc.constant 16 : i64
// CHECK-NEXT: %rest = ascendc.constant 15 : i64
// CHECK-NEXT: %up = ascendc.expression : i64 {
// CHECK-NEXT:   %more = ascendc.arithmetic add %blocks, %rest : i64
// CHECK-NEXT:   %units = ascendc.arithmetic div %more, %unit : i64
// CHECK-NEXT:   %up_1 = ascendc.arithmetic mul %units, %unit : i64
// CHECK-NEXT:   ascendc.yield %up_1 : i64
// CHECK-NEXT: }
// CHECK-NEXT: ascendc.return_value %up
ascendc.host_function @rounded {
^bb0(%tiling: !ascendc.tiling<T>, %blocks: i64):
  %unit = ascendc.constant 16 : i64
  %rest = ascendc.constant 15 : i64
  %more = ascendc.arithmetic add %blocks, %rest : i64
  %units = ascendc.arithmetic div %more, %unit : i64
  %up = ascendc.arithmetic mul %units, %unit : i64
  ascendc.return_value %up
}

// -----

// Used twice; a choice; what a choice would write twice: they keep their statements.
// CHECK-LABEL: ascendc.host_function @apart
// CHECK-NOT: ascendc.expression
// CHECK: ascendc.return_value
ascendc.host_function @apart {
^bb0(%tiling: !ascendc.tiling<T>, %blocks: i64):
  %twice = ascendc.arithmetic add %blocks, %blocks : i64
  %square = ascendc.arithmetic mul %twice, %twice : i64
  %least = ascendc.arithmetic min %square, %blocks : i64
  %next = ascendc.arithmetic add %least, %blocks : i64
  ascendc.return_value %next
}

// -----

// What stands in a loop is not computed outside of it, nor the other way round.
// CHECK-LABEL: ascendc.kernel @loop
// CHECK-NOT: ascendc.expression
ascendc.kernel @loop() {
  %zero = ascendc.constant 0 : i64
  %one = ascendc.constant 1 : i64
  %n = ascendc.get_block_num
  %before = ascendc.arithmetic add %n, %one : i64
  ascendc.for %i = %zero to %n step %one : i64 {
    %inside = ascendc.arithmetic mul %before, %i : i64
    %v = ascendc.variable %inside : i64
  }
}

// -----

// Six names would be too many.
// CHECK-LABEL: ascendc.host_function @long
// CHECK: %d = ascendc.expression : i64 {
// CHECK: %f = ascendc.arithmetic add %d, %blocks : i64
// CHECK-NEXT: ascendc.return_value %f
ascendc.host_function @long {
^bb0(%tiling: !ascendc.tiling<T>, %blocks: i64):
  %c = ascendc.constant 3 : i64
  %a = ascendc.arithmetic add %blocks, %c : i64
  %b = ascendc.arithmetic mul %a, %c : i64
  %e = ascendc.arithmetic add %b, %blocks : i64
  %d = ascendc.arithmetic mul %e, %c : i64
  %f = ascendc.arithmetic add %d, %blocks : i64
  ascendc.return_value %f
}
