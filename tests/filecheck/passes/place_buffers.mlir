// RUN: ligrad-opt %s -p place-buffers --split-input-file --verify-diagnostics | filecheck %s
// RUN: ligrad-opt %s -p place-buffers,place-buffers --split-input-file --verify-diagnostics | filecheck %s

// x is done with when z comes.
// CHECK-LABEL: func.func @shared(
// CHECK: %x = npu.alloc at 0 :
// CHECK-NEXT: %y = npu.alloc at 256 :
// CHECK-NEXT: %z = npu.alloc at 0 :
func.func @shared(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  npu.launch "ascend910b1" blocks %c1 cube {
  ^bb0:
  } vector {
    %x = npu.alloc : memref<64xf32, #npu<space ub>>
    %y = npu.alloc : memref<64xf32, #npu<space ub>>
    %z = npu.alloc : memref<64xf32, #npu<space ub>>
    npu.fill %x[%c0] with 0.0 count %c64 : memref<64xf32, #npu<space ub>>
    npu.relu %y[%c0], %x[%c0] count %c64 : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
    npu.relu %z[%c0], %y[%c0] count %c64 : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
  }
  func.return
}

// Every iteration reads what x was before the loop; z shares with nothing in the loop.
// CHECK-LABEL: func.func @carried(
// CHECK: %x = npu.alloc at 0 :
// CHECK-NEXT: %y = npu.alloc at 256 :
// CHECK-NEXT: %z = npu.alloc at 512 :
func.func @carried(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  npu.launch "ascend910b1" blocks %c1 cube {
  ^bb0:
  } vector {
    %x = npu.alloc : memref<64xf32, #npu<space ub>>
    %y = npu.alloc : memref<64xf32, #npu<space ub>>
    %z = npu.alloc : memref<64xf32, #npu<space ub>>
    npu.fill %x[%c0] with 0.0 count %c64 : memref<64xf32, #npu<space ub>>
    scf.for %t = %c0 to %n step %c1 {
      npu.relu %y[%c0], %x[%c0] count %c64 : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
      npu.relu %z[%c0], %y[%c0] count %c64 : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
    }
  }
  func.return
}

// Written first in every iteration, x is free when z comes.
// CHECK-LABEL: func.func @within(
// CHECK: %x = npu.alloc at 0 :
// CHECK-NEXT: %y = npu.alloc at 256 :
// CHECK-NEXT: %z = npu.alloc at 0 :
func.func @within(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  npu.launch "ascend910b1" blocks %c1 cube {
  ^bb0:
  } vector {
    %x = npu.alloc : memref<64xf32, #npu<space ub>>
    %y = npu.alloc : memref<64xf32, #npu<space ub>>
    %z = npu.alloc : memref<64xf32, #npu<space ub>>
    scf.for %t = %c0 to %n step %c1 {
      npu.fill %x[%c0] with 0.0 count %c64 : memref<64xf32, #npu<space ub>>
      npu.relu %y[%c0], %x[%c0] count %c64 : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
      npu.relu %z[%c0], %y[%c0] count %c64 : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
    }
  }
  func.return
}

// Likewise in a loop over rounds, where the tokens are a loop inside; what is used behind
// that loop too is in use during all of it.
// CHECK-LABEL: func.func @rounds(
// CHECK: %x = npu.alloc at 0 :
// CHECK-NEXT: %y = npu.alloc at 256 :
// CHECK-NEXT: %z = npu.alloc at 0 :
// CHECK-NEXT: %w = npu.alloc at 512 :
// CHECK-NEXT: %v = npu.alloc at 0 :
func.func @rounds(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  npu.launch "ascend910b1" blocks %c1 cube {
  ^bb0:
  } vector {
    %x = npu.alloc : memref<64xf32, #npu<space ub>>
    %y = npu.alloc : memref<64xf32, #npu<space ub>>
    %z = npu.alloc : memref<64xf32, #npu<space ub>>
    %w = npu.alloc : memref<64xf32, #npu<space ub>>
    %v = npu.alloc : memref<64xf32, #npu<space ub>>
    scf.for %r = %c0 to %n step %c1 {
      scf.for %t = %c0 to %n step %c1 {
        npu.fill %x[%c0] with 0.0 count %c64 : memref<64xf32, #npu<space ub>>
        npu.relu %y[%c0], %x[%c0] count %c64 : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
        npu.relu %z[%c0], %y[%c0] count %c64 : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
        scf.for %i = %c0 to %n step %c1 {
          npu.relu %w[%c0], %z[%c0] count %c64 : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
        }
      }
      npu.relu %v[%c0], %w[%c0] count %c64 : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
    }
  }
  func.return
}

// One iteration of a loop without loops writes a part of y: x may not use its bytes.
// CHECK-LABEL: func.func @parts(
// CHECK: %x = npu.alloc at 0 :
// CHECK-NEXT: %y = npu.alloc at 256 :
// CHECK-NEXT: %z = npu.alloc at 0 :
func.func @parts(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  npu.launch "ascend910b1" blocks %c1 cube {
  ^bb0:
  } vector {
    %x = npu.alloc : memref<64xf32, #npu<space ub>>
    %y = npu.alloc : memref<64xf32, #npu<space ub>>
    %z = npu.alloc : memref<64xf32, #npu<space ub>>
    scf.for %t = %c0 to %n step %c1 {
      scf.for %i = %c0 to %n step %c1 {
        npu.fill %x[%c0] with 0.0 count %c64 : memref<64xf32, #npu<space ub>>
        npu.relu %y[%c0], %x[%c0] count %c64 : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
      }
      npu.relu %z[%c0], %y[%c0] count %c64 : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
    }
  }
  func.return
}

// No launch, no memory.
// CHECK-LABEL: func.func @nothing(
// CHECK-NEXT: func.return
func.func @nothing() {
  func.return
}

// -----

// Both at once are 196,608 bytes.
// CHECK: error: no kernel for this: 196608 bytes of UB are in use together, 8448 more than the 188160 of a core: x (98304), y (98304)
func.func @full(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  npu.launch "ascend910b1" blocks %c1 cube {
  ^bb0:
  } vector {
    %x = npu.alloc : memref<24576xf32, #npu<space ub>>
    %y = npu.alloc : memref<24576xf32, #npu<space ub>>
    npu.fill %x[%c0] with 0.0 count %c64 : memref<24576xf32, #npu<space ub>>
    npu.fill %y[%c0] with 0.0 count %c64 : memref<24576xf32, #npu<space ub>>
    npu.fill %x[%c0] with 0.0 count %c64 : memref<24576xf32, #npu<space ub>>
  }
  func.return
}
