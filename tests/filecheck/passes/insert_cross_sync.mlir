// RUN: ligrad-opt %s -p insert-cross-sync --split-input-file --verify-diagnostics | filecheck %s

// One flag to the reader, and one back, which is set ahead of the first token.
// CHECK-LABEL: func.func @there_and_back(
// CHECK: cube {
// CHECK-NOT: npu.cross_set
// CHECK: scf.for
// CHECK-NEXT: npu.cross_wait 1
// CHECK-NEXT: npu.fixpipe
// CHECK-NEXT: npu.cross_set 0 on fix
// CHECK-NEXT: }
// CHECK-NEXT: npu.cross_wait 1
// CHECK-NEXT: } vector {
// CHECK: npu.cross_set 1 on mte2
// CHECK-NEXT: scf.for
// CHECK-NEXT: npu.cross_wait 0
// CHECK-NEXT: npu.load
// CHECK-NEXT: npu.cross_set 1 on mte2
// CHECK-NEXT: }
// CHECK-NOT: npu.cross_wait
// CHECK: func.return
func.func @there_and_back(%n: index, %g: memref<?xf32, #npu<space gm>>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  npu.launch "ascend910b1" blocks %c1 cube {
    %a = npu.alloc : memref<64xf32, #npu<space l0c>>
    scf.for %t = %c0 to %n step %c1 {
      npu.fixpipe %g[%c0], %a[%c0] size %c1 x %c64 pitch %c64 : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>
    }
  } vector {
    %b = npu.alloc : memref<64xf32, #npu<space ub>>
    scf.for %t = %c0 to %n step %c1 {
      npu.load %b[%c0], %g[%c0] rows %c1 of %c64 pitch %c64, %c64 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
    }
  }
  func.return
}

// -----

// Behind the last access of one side, ahead of the first of the other.
// CHECK-LABEL: func.func @twice(
// CHECK: npu.cross_wait 1
// CHECK-NEXT: npu.fixpipe
// CHECK-NEXT: npu.fixpipe
// CHECK-NEXT: npu.cross_set 0 on fix
// CHECK: npu.cross_wait 0
// CHECK-NEXT: npu.load
// CHECK-NEXT: npu.load
// CHECK-NEXT: npu.cross_set 1 on mte2
func.func @twice(%n: index, %g: memref<?xf32, #npu<space gm>>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  npu.launch "ascend910b1" blocks %c1 cube {
    %a = npu.alloc : memref<64xf32, #npu<space l0c>>
    scf.for %t = %c0 to %n step %c1 {
      npu.fixpipe %g[%c0], %a[%c0] size %c1 x %c64 pitch %c64 : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>
      npu.fixpipe %g[%c0], %a[%c0] size %c1 x %c64 pitch %c64 : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>
    }
  } vector {
    %b = npu.alloc : memref<64xf32, #npu<space ub>>
    scf.for %t = %c0 to %n step %c1 {
      npu.load %b[%c0], %g[%c0] rows %c1 of %c64 pitch %c64, %c64 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
      npu.load %b[%c0], %g[%c0] rows %c1 of %c64 pitch %c64, %c64 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
    }
  }
  func.return
}

// -----

// Nothing is written on one side and read on the other.
// CHECK-LABEL: func.func @not_shared(
// CHECK-NOT: npu.cross
// CHECK: func.return
func.func @not_shared(%n: index, %g: memref<?xf32, #npu<space gm>>, %h: memref<?xf32, #npu<space gm>>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  npu.launch "ascend910b1" blocks %c1 cube {
    %a = npu.alloc : memref<64xf32, #npu<space l0c>>
    scf.for %t = %c0 to %n step %c1 {
      npu.fixpipe %g[%c0], %a[%c0] size %c1 x %c64 pitch %c64 : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>
    }
  } vector {
    %b = npu.alloc : memref<64xf32, #npu<space ub>>
    scf.for %t = %c0 to %n step %c1 {
      npu.load %b[%c0], %h[%c0] rows %c1 of %c64 pitch %c64, %c64 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
    }
  }
  func.return
}

// -----

// The two do not meet once a token.
// CHECK: insert-cross-sync: buffers are shared outside the one loop over tokens
func.func @outside(%n: index, %g: memref<?xf32, #npu<space gm>>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  npu.launch "ascend910b1" blocks %c1 cube {
    %a = npu.alloc : memref<64xf32, #npu<space l0c>>
    scf.for %t = %c0 to %n step %c1 {
      npu.fixpipe %g[%c0], %a[%c0] size %c1 x %c64 pitch %c64 : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>
    }
  } vector {
    %b = npu.alloc : memref<64xf32, #npu<space ub>>
    npu.load %b[%c0], %g[%c0] rows %c1 of %c64 pitch %c64, %c64 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
  }
  func.return
}

// -----

// Flags would count twice.
// CHECK: insert-cross-sync: there are cross-core flags already
func.func @already(%n: index, %g: memref<?xf32, #npu<space gm>>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  npu.launch "ascend910b1" blocks %c1 cube {
    %a = npu.alloc : memref<64xf32, #npu<space l0c>>
    scf.for %t = %c0 to %n step %c1 {
      npu.fixpipe %g[%c0], %a[%c0] size %c1 x %c64 pitch %c64 : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>
      npu.cross_set 0 on fix
    }
  } vector {
    %b = npu.alloc : memref<64xf32, #npu<space ub>>
    scf.for %t = %c0 to %n step %c1 {
      npu.cross_wait 0
      npu.load %b[%c0], %g[%c0] rows %c1 of %c64 pitch %c64, %c64 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
    }
  }
  func.return
}

// -----

// Ten flags of five buffers are as many pairs as there can be.
// CHECK-LABEL: func.func @five(
// CHECK: npu.cross_wait 9
func.func @five(%n: index, %g0: memref<?xf32, #npu<space gm>>, %g1: memref<?xf32, #npu<space gm>>, %g2: memref<?xf32, #npu<space gm>>, %g3: memref<?xf32, #npu<space gm>>, %g4: memref<?xf32, #npu<space gm>>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  npu.launch "ascend910b1" blocks %c1 cube {
    %a = npu.alloc : memref<64xf32, #npu<space l0c>>
    scf.for %t = %c0 to %n step %c1 {
      npu.fixpipe %g0[%c0], %a[%c0] size %c1 x %c64 pitch %c64 : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>
      npu.fixpipe %g1[%c0], %a[%c0] size %c1 x %c64 pitch %c64 : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>
      npu.fixpipe %g2[%c0], %a[%c0] size %c1 x %c64 pitch %c64 : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>
      npu.fixpipe %g3[%c0], %a[%c0] size %c1 x %c64 pitch %c64 : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>
      npu.fixpipe %g4[%c0], %a[%c0] size %c1 x %c64 pitch %c64 : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>
    }
  } vector {
    %b = npu.alloc : memref<64xf32, #npu<space ub>>
    scf.for %t = %c0 to %n step %c1 {
      npu.load %b[%c0], %g0[%c0] rows %c1 of %c64 pitch %c64, %c64 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
      npu.load %b[%c0], %g1[%c0] rows %c1 of %c64 pitch %c64, %c64 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
      npu.load %b[%c0], %g2[%c0] rows %c1 of %c64 pitch %c64, %c64 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
      npu.load %b[%c0], %g3[%c0] rows %c1 of %c64 pitch %c64, %c64 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
      npu.load %b[%c0], %g4[%c0] rows %c1 of %c64 pitch %c64, %c64 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
    }
  }
  func.return
}

// -----

// Twelve are too many, where they come in another order at the other end.
// CHECK: hand values over in 12 orders, for each of which there is a flag; a chip has 11
func.func @six(%n: index, %g0: memref<?xf32, #npu<space gm>>, %g1: memref<?xf32, #npu<space gm>>, %g2: memref<?xf32, #npu<space gm>>, %g3: memref<?xf32, #npu<space gm>>, %g4: memref<?xf32, #npu<space gm>>, %g5: memref<?xf32, #npu<space gm>>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  npu.launch "ascend910b1" blocks %c1 cube {
    %a = npu.alloc : memref<64xf32, #npu<space l0c>>
    scf.for %t = %c0 to %n step %c1 {
      npu.fixpipe %g0[%c0], %a[%c0] size %c1 x %c64 pitch %c64 : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>
      npu.fixpipe %g1[%c0], %a[%c0] size %c1 x %c64 pitch %c64 : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>
      npu.fixpipe %g2[%c0], %a[%c0] size %c1 x %c64 pitch %c64 : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>
      npu.fixpipe %g3[%c0], %a[%c0] size %c1 x %c64 pitch %c64 : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>
      npu.fixpipe %g4[%c0], %a[%c0] size %c1 x %c64 pitch %c64 : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>
      npu.fixpipe %g5[%c0], %a[%c0] size %c1 x %c64 pitch %c64 : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>
    }
  } vector {
    %b = npu.alloc : memref<64xf32, #npu<space ub>>
    scf.for %t = %c0 to %n step %c1 {
      npu.load %b[%c0], %g5[%c0] rows %c1 of %c64 pitch %c64, %c64 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
      npu.load %b[%c0], %g4[%c0] rows %c1 of %c64 pitch %c64, %c64 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
      npu.load %b[%c0], %g3[%c0] rows %c1 of %c64 pitch %c64, %c64 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
      npu.load %b[%c0], %g2[%c0] rows %c1 of %c64 pitch %c64, %c64 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
      npu.load %b[%c0], %g1[%c0] rows %c1 of %c64 pitch %c64, %c64 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
      npu.load %b[%c0], %g0[%c0] rows %c1 of %c64 pitch %c64, %c64 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
    }
  }
  func.return
}

// -----

// What sync_all keeps apart in both directions needs no flag; what is exchanged between
// two of them has its flags around the loop over tokens, and they are down at its end.
// CHECK-LABEL: func.func @rounds(
// CHECK: scf.for %r
// CHECK-NEXT: npu.sync_all
// CHECK-NEXT: scf.for %t
// CHECK-NEXT: npu.cross_wait 1
// CHECK-NEXT: npu.fixpipe %g
// CHECK-NEXT: npu.cross_set 0 on fix
// CHECK-NEXT: npu.fixpipe %h
// CHECK-NEXT: }
// CHECK-NEXT: npu.cross_wait 1
// CHECK-NEXT: npu.sync_all
// CHECK-NEXT: }
// CHECK-NEXT: npu.sync_all
// CHECK-NEXT: } vector {
// CHECK: scf.for %r
// CHECK-NEXT: npu.sync_all
// CHECK-NEXT: npu.cross_set 1 on mte2
// CHECK-NEXT: scf.for %t
// CHECK-NEXT: npu.cross_wait 0
// CHECK-NEXT: npu.load %b[%{{.*}}], %g
// CHECK-NEXT: npu.cross_set 1 on mte2
// CHECK-NEXT: }
// CHECK-NEXT: npu.sync_all
// CHECK-NEXT: npu.load %b[%{{.*}}], %h
// CHECK-NEXT: }
// CHECK-NEXT: npu.sync_all
// CHECK-NEXT: }
// CHECK-NEXT: func.return
func.func @rounds(%n: index, %g: memref<?xf32, #npu<space gm>>, %h: memref<?xf32, #npu<space gm>>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  npu.launch "ascend910b1" blocks %c1 cube {
    %a = npu.alloc : memref<64xf32, #npu<space l0c>>
    scf.for %r = %c0 to %n step %c1 {
      npu.sync_all
      scf.for %t = %c0 to %n step %c1 {
        npu.fixpipe %g[%c0], %a[%c0] size %c1 x %c64 pitch %c64 : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>
        npu.fixpipe %h[%c0], %a[%c0] size %c1 x %c64 pitch %c64 : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>
      }
      npu.sync_all
    }
    npu.sync_all
  } vector {
    %b = npu.alloc : memref<64xf32, #npu<space ub>>
    scf.for %r = %c0 to %n step %c1 {
      npu.sync_all
      scf.for %t = %c0 to %n step %c1 {
        npu.load %b[%c0], %g[%c0] rows %c1 of %c64 pitch %c64, %c64 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
      }
      npu.sync_all
      npu.load %b[%c0], %h[%c0] rows %c1 of %c64 pitch %c64, %c64 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
    }
    npu.sync_all
  }
  func.return
}

// -----

// Nothing keeps the reads of a round and the writes of the next one apart.
// CHECK: insert-cross-sync: buffers are shared outside the one loop over tokens
func.func @next_round(%n: index, %g: memref<?xf32, #npu<space gm>>, %h: memref<?xf32, #npu<space gm>>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  npu.launch "ascend910b1" blocks %c1 cube {
    %a = npu.alloc : memref<64xf32, #npu<space l0c>>
    scf.for %r = %c0 to %n step %c1 {
      scf.for %t = %c0 to %n step %c1 {
        npu.fixpipe %g[%c0], %a[%c0] size %c1 x %c64 pitch %c64 : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>
        npu.fixpipe %h[%c0], %a[%c0] size %c1 x %c64 pitch %c64 : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>
      }
      npu.sync_all
    }
  } vector {
    %b = npu.alloc : memref<64xf32, #npu<space ub>>
    scf.for %r = %c0 to %n step %c1 {
      scf.for %t = %c0 to %n step %c1 {
        npu.load %b[%c0], %g[%c0] rows %c1 of %c64 pitch %c64, %c64 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
      }
      npu.sync_all
      npu.load %b[%c0], %h[%c0] rows %c1 of %c64 pitch %c64, %c64 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
    }
  }
  func.return
}

// -----

// There are as many sync_alls, but in other places.
// CHECK: insert-cross-sync: buffers are shared outside the one loop over tokens
func.func @other_places(%n: index, %g: memref<?xf32, #npu<space gm>>, %h: memref<?xf32, #npu<space gm>>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  npu.launch "ascend910b1" blocks %c1 cube {
    %a = npu.alloc : memref<64xf32, #npu<space l0c>>
    scf.for %r = %c0 to %n step %c1 {
      npu.sync_all
      scf.for %t = %c0 to %n step %c1 {
        npu.fixpipe %g[%c0], %a[%c0] size %c1 x %c64 pitch %c64 : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>
        npu.fixpipe %h[%c0], %a[%c0] size %c1 x %c64 pitch %c64 : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>
      }
      npu.sync_all
    }
  } vector {
    %b = npu.alloc : memref<64xf32, #npu<space ub>>
    scf.for %r = %c0 to %n step %c1 {
      npu.sync_all
      scf.for %t = %c0 to %n step %c1 {
        npu.load %b[%c0], %g[%c0] rows %c1 of %c64 pitch %c64, %c64 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
      }
      npu.load %b[%c0], %h[%c0] rows %c1 of %c64 pitch %c64, %c64 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
    }
    npu.sync_all
  }
  func.return
}

// -----

// Meetings of the group go, needed or not.
// CHECK-LABEL: func.func @met(
// CHECK: npu.cross_set
// CHECK-NOT: npu.sync_group
// CHECK: func.return
func.func @met(%n: index, %g: memref<?xf32, #npu<space gm>>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  npu.launch "ascend910b1" blocks %c1 cube {
    %a = npu.alloc : memref<64xf32, #npu<space l0c>>
    scf.for %t = %c0 to %n step %c1 {
      npu.fixpipe %g[%c0], %a[%c0] size %c1 x %c64 pitch %c64 : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>
      npu.sync_group
      npu.sync_group
    }
  } vector {
    %b = npu.alloc : memref<64xf32, #npu<space ub>>
    scf.for %t = %c0 to %n step %c1 {
      npu.sync_group
      npu.load %b[%c0], %g[%c0] rows %c1 of %c64 pitch %c64, %c64 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
      npu.sync_group
    }
  }
  func.return
}

// -----

// CHECK-LABEL: func.func @nothing_shared(
// CHECK-NOT: npu.sync_group
// CHECK: func.return
func.func @nothing_shared(%n: index) {
  npu.launch "ascend910b1" blocks %n cube {
    npu.sync_group
  } vector {
    npu.sync_group
  }
  func.return
}

// -----

// Twelve flags, and eleven ids: those that come in the same order at both ends share one.
// CHECK-LABEL: func.func @shared_ids(
// CHECK: cube {
// CHECK: scf.for
// CHECK-NEXT: npu.cross_wait 1
// CHECK-NEXT: npu.fixpipe %g0[
// CHECK-NEXT: npu.cross_set 0 on fix
// CHECK-NEXT: npu.cross_wait 1
// CHECK-NEXT: npu.fixpipe %g1[
// CHECK-NEXT: npu.cross_set 0 on fix
// CHECK-NEXT: npu.cross_wait 1
// CHECK-NEXT: npu.fixpipe %g2[
// CHECK-NEXT: npu.cross_set 0 on fix
// CHECK-NEXT: npu.cross_wait 1
// CHECK-NEXT: npu.fixpipe %g3[
// CHECK-NEXT: npu.cross_set 0 on fix
// CHECK-NEXT: npu.cross_wait 1
// CHECK-NEXT: npu.fixpipe %g4[
// CHECK-NEXT: npu.cross_set 0 on fix
// CHECK-NEXT: npu.cross_wait 1
// CHECK-NEXT: npu.fixpipe %g5[
// CHECK-NEXT: npu.cross_set 0 on fix
// CHECK-NEXT: }
// CHECK-NEXT: npu.cross_wait 1
// CHECK-NEXT: npu.cross_wait 1
// CHECK-NEXT: npu.cross_wait 1
// CHECK-NEXT: npu.cross_wait 1
// CHECK-NEXT: npu.cross_wait 1
// CHECK-NEXT: npu.cross_wait 1
// CHECK-NEXT: } vector {
// CHECK-NEXT: %b = npu.alloc
// CHECK-NEXT: npu.cross_set 1 on mte2
// CHECK-NEXT: npu.cross_set 1 on mte2
// CHECK-NEXT: npu.cross_set 1 on mte2
// CHECK-NEXT: npu.cross_set 1 on mte2
// CHECK-NEXT: npu.cross_set 1 on mte2
// CHECK-NEXT: npu.cross_set 1 on mte2
// CHECK-NEXT: scf.for
// CHECK-NEXT: npu.cross_wait 0
// CHECK-NEXT: npu.load {{.*}} %g0[
// CHECK-NEXT: npu.cross_set 1 on mte2
// CHECK-NEXT: npu.cross_wait 0
// CHECK-NEXT: npu.load {{.*}} %g1[
// CHECK-NEXT: npu.cross_set 1 on mte2
// CHECK-NEXT: npu.cross_wait 0
// CHECK-NEXT: npu.load {{.*}} %g2[
// CHECK-NEXT: npu.cross_set 1 on mte2
// CHECK-NEXT: npu.cross_wait 0
// CHECK-NEXT: npu.load {{.*}} %g3[
// CHECK-NEXT: npu.cross_set 1 on mte2
// CHECK-NEXT: npu.cross_wait 0
// CHECK-NEXT: npu.load {{.*}} %g4[
// CHECK-NEXT: npu.cross_set 1 on mte2
// CHECK-NEXT: npu.cross_wait 0
// CHECK-NEXT: npu.load {{.*}} %g5[
// CHECK-NEXT: npu.cross_set 1 on mte2
// CHECK-NEXT: }
// CHECK: func.return
func.func @shared_ids(%n: index, %g0: memref<?xf32, #npu<space gm>>, %g1: memref<?xf32, #npu<space gm>>, %g2: memref<?xf32, #npu<space gm>>, %g3: memref<?xf32, #npu<space gm>>, %g4: memref<?xf32, #npu<space gm>>, %g5: memref<?xf32, #npu<space gm>>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  npu.launch "ascend910b1" blocks %c1 cube {
    %a = npu.alloc : memref<64xf32, #npu<space l0c>>
    scf.for %t = %c0 to %n step %c1 {
      npu.fixpipe %g0[%c0], %a[%c0] size %c1 x %c64 pitch %c64 : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>
      npu.fixpipe %g1[%c0], %a[%c0] size %c1 x %c64 pitch %c64 : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>
      npu.fixpipe %g2[%c0], %a[%c0] size %c1 x %c64 pitch %c64 : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>
      npu.fixpipe %g3[%c0], %a[%c0] size %c1 x %c64 pitch %c64 : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>
      npu.fixpipe %g4[%c0], %a[%c0] size %c1 x %c64 pitch %c64 : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>
      npu.fixpipe %g5[%c0], %a[%c0] size %c1 x %c64 pitch %c64 : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>
      npu.sync_group
    }
  } vector {
    %b = npu.alloc : memref<64xf32, #npu<space ub>>
    scf.for %t = %c0 to %n step %c1 {
      npu.sync_group
      npu.load %b[%c0], %g0[%c0] rows %c1 of %c64 pitch %c64, %c64 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
      npu.load %b[%c0], %g1[%c0] rows %c1 of %c64 pitch %c64, %c64 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
      npu.load %b[%c0], %g2[%c0] rows %c1 of %c64 pitch %c64, %c64 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
      npu.load %b[%c0], %g3[%c0] rows %c1 of %c64 pitch %c64, %c64 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
      npu.load %b[%c0], %g4[%c0] rows %c1 of %c64 pitch %c64, %c64 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
      npu.load %b[%c0], %g5[%c0] rows %c1 of %c64 pitch %c64, %c64 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
    }
  }
  func.return
}

// -----

// Read ahead of the meeting that it is written behind: what the iteration before wrote. The
// flag to the reader is set ahead of the loop, and the one back is not.
// CHECK-LABEL: func.func @from_the_iteration_before(
// CHECK: cube {
// CHECK: npu.cross_set 0 on fix
// CHECK-NEXT: scf.for
// CHECK-NEXT: npu.cross_wait 1
// CHECK-NEXT: npu.fixpipe
// CHECK-NEXT: npu.cross_set 0 on fix
// CHECK-NEXT: }
// CHECK-NEXT: } vector {
// CHECK: scf.for
// CHECK-NEXT: npu.cross_wait 0
// CHECK-NEXT: npu.load
// CHECK-NEXT: npu.cross_set 1 on mte2
// CHECK-NEXT: }
// CHECK-NEXT: npu.cross_wait 0
// CHECK: func.return
func.func @from_the_iteration_before(%n: index, %g: memref<?xf32, #npu<space gm>>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  npu.launch "ascend910b1" blocks %c1 cube {
    %a = npu.alloc : memref<64xf32, #npu<space l0c>>
    scf.for %t = %c0 to %n step %c1 {
      npu.sync_group
      npu.fixpipe %g[%c0], %a[%c0] size %c1 x %c64 pitch %c64 : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>
    }
  } vector {
    %b = npu.alloc : memref<64xf32, #npu<space ub>>
    scf.for %t = %c0 to %n step %c1 {
      npu.load %b[%c0], %g[%c0] rows %c1 of %c64 pitch %c64, %c64 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
      npu.sync_group
    }
  }
  func.return
}

// -----

// A slot of a ring: read on in the next iteration, and written again behind that.
// CHECK-LABEL: func.func @and_from_the_iteration_before(
// CHECK: npu.launch {{.*}} cube {
// CHECK-NOT: npu.cross
// CHECK: scf.for
// CHECK-NEXT: npu.cross_wait 1
// CHECK-NEXT: npu.fixpipe
// CHECK-NEXT: npu.cross_set 0 on fix
// CHECK-NEXT: }
// CHECK-NEXT: } vector {
// CHECK-NOT: npu.cross
// CHECK: scf.for
// CHECK-NEXT: npu.load
// CHECK-NEXT: npu.cross_set 1 on mte2
// CHECK-NEXT: npu.cross_wait 0
// CHECK-NEXT: npu.load
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK: func.return
func.func @and_from_the_iteration_before(%n: index, %g: memref<?xf32, #npu<space gm>>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  npu.launch "ascend910b1" blocks %c1 cube {
    %a = npu.alloc : memref<64xf32, #npu<space l0c>>
    scf.for %t = %c0 to %n step %c1 {
      npu.sync_group
      npu.fixpipe %g[%c0], %a[%c0] size %c1 x %c64 pitch %c64 : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>
      npu.sync_group
    }
  } vector {
    %b = npu.alloc : memref<64xf32, #npu<space ub>>
    scf.for %t = %c0 to %n step %c1 {
      npu.load %b[%c0], %g[%c0] rows %c1 of %c64 pitch %c64, %c64 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
      npu.sync_group
      npu.sync_group
      npu.load %b[%c0], %g[%c0] rows %c1 of %c64 pitch %c64, %c64 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
    }
  }
  func.return
}

// -----

// Written on behind what reads it.
// CHECK: insert-cross-sync: a buffer is written again while it is read
func.func @while_read(%n: index, %g: memref<?xf32, #npu<space gm>>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  npu.launch "ascend910b1" blocks %c1 cube {
    %a = npu.alloc : memref<64xf32, #npu<space l0c>>
    scf.for %t = %c0 to %n step %c1 {
      npu.fixpipe %g[%c0], %a[%c0] size %c1 x %c64 pitch %c64 : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>
      npu.sync_group
      npu.sync_group
      npu.fixpipe %g[%c0], %a[%c0] size %c1 x %c64 pitch %c64 : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space l0c>>
    }
  } vector {
    %b = npu.alloc : memref<64xf32, #npu<space ub>>
    scf.for %t = %c0 to %n step %c1 {
      npu.sync_group
      npu.load %b[%c0], %g[%c0] rows %c1 of %c64 pitch %c64, %c64 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
      npu.sync_group
    }
  }
  func.return
}
