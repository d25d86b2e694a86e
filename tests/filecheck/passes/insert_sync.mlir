// RUN: ligrad-opt --split-input-file --verify-diagnostics -p insert-sync %s | filecheck %s

// What is loaded is awaited before it is computed on; the next turn of the loop waits until
// the buffers are free again. By these flags mte2 knows that its own loads are over, and v
// that what it computed in the turn before is: barriers would say it again.
func.func @loop(%x: memref<?xf32, #npu<space gm>>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  npu.launch "ascend910b1" blocks %c1 cube {
  ^bb0:
  } vector {
    %a = npu.alloc at 0 : memref<64xf32, #npu<space ub>>
    %b = npu.alloc at 256 : memref<64xf32, #npu<space ub>>
    scf.for %i = %c0 to %n step %c1 {
      npu.load %a[%c0], %x[%c0] rows %c1 of %n pitch %n, %n : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
      npu.relu %b[%c0], %a[%c0] count %n : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
      npu.relu %b[%c0], %b[%c0] count %n : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
    }
  }
  func.return
}
// CHECK-LABEL: @loop
// CHECK:      scf.for
// CHECK-NEXT:   npu.set_flag v to mte2 id 0
// CHECK-NEXT:   npu.wait_flag v to mte2 id 0
// CHECK-NEXT:   npu.load
// CHECK-NEXT:   npu.set_flag mte2 to v id 0
// CHECK-NEXT:   npu.wait_flag mte2 to v id 0
// CHECK-NEXT:   npu.relu
// CHECK-NEXT:   npu.barrier v
// CHECK-NEXT:   npu.relu
// CHECK-NEXT: }

// -----

// npu.sync_all ends all that is before it.
func.func @met(%x: memref<?xf32, #npu<space gm>>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  npu.launch "ascend910b1" blocks %c1 cube {
  ^bb0:
  } vector {
    %a = npu.alloc at 0 : memref<64xf32, #npu<space ub>>
    npu.fill %a[%c0] with 0.0 count %n : memref<64xf32, #npu<space ub>>
    npu.sync_all
    npu.load %a[%c0], %x[%c0] rows %c1 of %n pitch %n, %n : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
  }
  func.return
}
// CHECK-LABEL: @met
// CHECK:      npu.fill
// CHECK-NEXT: npu.sync_all
// CHECK-NEXT: npu.load

// -----

// Nothing is shared, nothing is inserted.
func.func @apart(%c1: index, %n: index) {
  %c0 = arith.constant 0 : index
  npu.launch "ascend910b1" blocks %c1 cube {
  ^bb0:
  } vector {
    %a = npu.alloc at 0 : memref<64xf32, #npu<space ub>>
    %b = npu.alloc at 256 : memref<64xf32, #npu<space ub>>
    npu.fill %a[%c0] with 0.0 count %n : memref<64xf32, #npu<space ub>>
    npu.fill %b[%c0] with 0.0 count %n : memref<64xf32, #npu<space ub>>
  }
  func.return
}
// CHECK-LABEL: @apart
// CHECK-NOT:   npu.barrier
// CHECK:       func.return

// -----

// Buffers at common addresses count as one.
func.func @alias(%c1: index, %n: index) {
  %c0 = arith.constant 0 : index
  npu.launch "ascend910b1" blocks %c1 cube {
  ^bb0:
  } vector {
    %a = npu.alloc at 0 : memref<64xf32, #npu<space ub>>
    %b = npu.alloc at 224 : memref<64xf32, #npu<space ub>>
    npu.fill %a[%c0] with 0.0 count %n : memref<64xf32, #npu<space ub>>
    npu.fill %b[%c0] with 0.0 count %n : memref<64xf32, #npu<space ub>>
  }
  func.return
}
// CHECK-LABEL: @alias
// CHECK:       npu.fill
// CHECK-NEXT:  npu.barrier v
// CHECK-NEXT:  npu.fill

// -----

// CHECK: insert-sync: place-buffers comes first
func.func @unplaced(%c1: index) {
  npu.launch "ascend910b1" blocks %c1 cube {
  ^bb0:
  } vector {
    %a = npu.alloc : memref<64xf32, #npu<space ub>>
  }
  func.return
}

// -----

// What is awaited ahead of a loop is not awaited in it; a store that comes behind the wait
// holds up nothing that is waited for, and no pipe waits for one that was only awaited.
func.func @awaited(%x: memref<?xf32, #npu<space gm>>, %y: memref<?xf32, #npu<space gm>>, %i: memref<?xi32, #npu<space gm>>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  npu.launch "ascend910b1" blocks %c1 cube {
  ^bb0:
  } vector {
    %a = npu.alloc at 0 : memref<64xf32, #npu<space ub>>
    %b = npu.alloc at 256 : memref<64xi32, #npu<space ub>>
    %c = npu.alloc at 512 : memref<64xf32, #npu<space ub>>
    npu.load %b[%c0], %i[%c0] rows %c1 of %n pitch %n, %n : memref<64xi32, #npu<space ub>>, memref<?xi32, #npu<space gm>>
    npu.await %b on s : memref<64xi32, #npu<space ub>>
    scf.for %k = %c0 to %n step %c1 {
      npu.gather_rows %a[%c0], %x at %c0 + %b[%k] rows %c1 of %n below %n : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>, memref<64xi32, #npu<space ub>>
      npu.store %y[%c0], %a[%c0] rows %c1 of %n pitch %n, %n : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space ub>>
      npu.await %a on v : memref<64xf32, #npu<space ub>>
      npu.await %a on mte2 : memref<64xf32, #npu<space ub>>
      npu.store %y[%c0], %c[%c0] rows %c1 of %n pitch %n, %n : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space ub>>
    }
  }
  func.return
}
// CHECK-LABEL: @awaited
// CHECK:      npu.load
// CHECK-NEXT: npu.set_flag mte2 to s id 0
// CHECK-NEXT: npu.wait_flag mte2 to s id 0
// CHECK-NEXT: npu.await %b on s
// CHECK-NEXT: scf.for
// CHECK-NEXT:   npu.gather_rows
// CHECK-NEXT:   npu.set_flag mte2 to mte3 id 0
// CHECK:        npu.store
// CHECK-NEXT:   npu.set_flag mte3 to v id 0
// CHECK-NEXT:   npu.wait_flag mte3 to v id 0
// CHECK-NEXT:   npu.await %a on v
// CHECK-NEXT:   npu.set_flag v to mte2 id 0
// CHECK-NEXT:   npu.wait_flag v to mte2 id 0
// CHECK-NEXT:   npu.await %a on mte2
// CHECK-NEXT:   npu.barrier mte3
// CHECK-NEXT:   npu.store
