// RUN: LIG_ROUNDTRIP
// RUN: LIG_GENERIC_ROUNDTRIP
// RUN: ligrad-opt --print-op-generic %s | filecheck %s --check-prefix=GENERIC

// CHECK-LABEL: func.func @every(
// GENERIC: sym_name = "every"
// GENERIC-NEXT: ^bb0(
func.func @every(%blocks: index, %o: index, %n: index, %x: memref<?xf32, #npu<space gm>>, %h: memref<?xbf16, #npu<space gm>>, %ends: memref<?xi32, #npu<space gm>>, %start: i1, %scale: f32) {
  // CHECK-NEXT: %ws = npu.workspace @partial of %n : memref<?xf16, #npu<space gm>>
  // GENERIC-NEXT: %ws = "npu.workspace"(%n) <{label = "partial"}> : (index) -> memref<?xf16, #npu<space gm>>
  %ws = npu.workspace @partial of %n : memref<?xf16, #npu<space gm>>
  // CHECK-NEXT: npu.launch "ascend910b1" blocks %blocks cube {
  // GENERIC-NEXT: "npu.launch"(%blocks) <{soc = "ascend910b1"}> ({
  npu.launch "ascend910b1" blocks %blocks cube {
    // CHECK-NEXT: %block = npu.block_index
    // GENERIC-NEXT: %block = "npu.block_index"() : () -> index
    %block = npu.block_index
    // CHECK-NEXT: %count = npu.block_count
    // GENERIC-NEXT: %count = "npu.block_count"() : () -> index
    %count = npu.block_count
    // CHECK-NEXT: %sub = npu.sub_block_index
    // GENERIC-NEXT: %sub = "npu.sub_block_index"() : () -> index
    %sub = npu.sub_block_index
    // CHECK-NEXT: %tile = npu.alloc at 512 : memref<4096xbf16, #npu<space l1>>
    // GENERIC-NEXT: %tile = "npu.alloc"() <{offset = 512 : i64}> : () -> memref<4096xbf16, #npu<space l1>>
    %tile = npu.alloc at 512 : memref<4096xbf16, #npu<space l1>>
    // CHECK-NEXT: %left = npu.alloc at 0 : memref<4096xbf16, #npu<space l0a>>
    // GENERIC-NEXT: %left = "npu.alloc"() <{offset = 0 : i64}> : () -> memref<4096xbf16, #npu<space l0a>>
    %left = npu.alloc at 0 : memref<4096xbf16, #npu<space l0a>>
    // CHECK-NEXT: %right = npu.alloc : memref<4096xbf16, #npu<space l0b>>
    // GENERIC-NEXT: %right = "npu.alloc"() : () -> memref<4096xbf16, #npu<space l0b>>
    %right = npu.alloc : memref<4096xbf16, #npu<space l0b>>
    // CHECK-NEXT: %sums = npu.alloc at 0 {extra} : memref<4096xf32, #npu<space l0c>>
    // GENERIC-NEXT: %sums = "npu.alloc"() <{offset = 0 : i64}> {extra} : () -> memref<4096xf32, #npu<space l0c>>
    %sums = npu.alloc at 0 {extra} : memref<4096xf32, #npu<space l0c>>
    // CHECK-NEXT: npu.nd2nz %tile[%o], %h[%o] rows %n of %n pitch %n nz_rows %n : memref<4096xbf16, #npu<space l1>>, memref<?xbf16, #npu<space gm>>
    // GENERIC-NEXT: "npu.nd2nz"(%tile, %o, %h, %o, %n, %n, %n, %n) : (memref<4096xbf16, #npu<space l1>>, index, memref<?xbf16, #npu<space gm>>, index, index, index, index, index) -> ()
    npu.nd2nz %tile[%o], %h[%o] rows %n of %n pitch %n nz_rows %n : memref<4096xbf16, #npu<space l1>>, memref<?xbf16, #npu<space gm>>
    // CHECK-NEXT: npu.gather_rows_nz %tile[%o] nz_rows %n, %h at %o + %ends[%o] rows %n to %n of %n below %n else %h : memref<4096xbf16, #npu<space l1>>, memref<?xbf16, #npu<space gm>>, memref<?xi32, #npu<space gm>>, memref<?xbf16, #npu<space gm>>
    // GENERIC-NEXT: "npu.gather_rows_nz"(%h, %n, %n, %tile, %h, %o, %o, %ends, %o, %n, %n, %n) : (memref<?xbf16, #npu<space gm>>, index, index, memref<4096xbf16, #npu<space l1>>, memref<?xbf16, #npu<space gm>>, index, index, memref<?xi32, #npu<space gm>>, index, index, index, index) -> ()
    npu.gather_rows_nz %tile[%o] nz_rows %n, %h at %o + %ends[%o] rows %n to %n of %n below %n else %h : memref<4096xbf16, #npu<space l1>>, memref<?xbf16, #npu<space gm>>, memref<?xi32, #npu<space gm>>, memref<?xbf16, #npu<space gm>>
    // CHECK-NEXT: npu.fixpipe_add_rows relu %x at %o + %ends[%o] column %n, %sums[%o] nz_rows %n size %n x %n of %n below %n : memref<?xf32, #npu<space gm>>, memref<?xi32, #npu<space gm>>, memref<4096xf32, #npu<space l0c>>
    // GENERIC-NEXT: "npu.fixpipe_add_rows"(%n, %n, %n, %x, %sums, %o, %o, %ends, %o, %n, %n, %n) <{relu}> : (index, index, index, memref<?xf32, #npu<space gm>>, memref<4096xf32, #npu<space l0c>>, index, index, memref<?xi32, #npu<space gm>>, index, index, index, index) -> ()
    npu.fixpipe_add_rows relu %x at %o + %ends[%o] column %n, %sums[%o] nz_rows %n size %n x %n of %n below %n : memref<?xf32, #npu<space gm>>, memref<?xi32, #npu<space gm>>, memref<4096xf32, #npu<space l0c>>
    // CHECK-NEXT: npu.load_l0 %left[%o], %tile[%o] tile %n x %n nz_rows %n transpose false : memref<4096xbf16, #npu<space l0a>>, memref<4096xbf16, #npu<space l1>>
    // GENERIC-NEXT: "npu.load_l0"(%left, %o, %tile, %o, %n, %n, %n) <{transpose = false}> : (memref<4096xbf16, #npu<space l0a>>, index, memref<4096xbf16, #npu<space l1>>, index, index, index, index) -> ()
    npu.load_l0 %left[%o], %tile[%o] tile %n x %n nz_rows %n transpose false : memref<4096xbf16, #npu<space l0a>>, memref<4096xbf16, #npu<space l1>>
    // CHECK-NEXT: npu.load_l0 %right[%o], %tile[%o] tile %n x %n nz_rows %n transpose true : memref<4096xbf16, #npu<space l0b>>, memref<4096xbf16, #npu<space l1>>
    // GENERIC-NEXT: "npu.load_l0"(%right, %o, %tile, %o, %n, %n, %n) <{transpose = true}> : (memref<4096xbf16, #npu<space l0b>>, index, memref<4096xbf16, #npu<space l1>>, index, index, index, index) -> ()
    npu.load_l0 %right[%o], %tile[%o] tile %n x %n nz_rows %n transpose true : memref<4096xbf16, #npu<space l0b>>, memref<4096xbf16, #npu<space l1>>
    // CHECK-NEXT: npu.mmad %sums[%o], %left[%o], %right[%o] size %n x %n x %n start %start : memref<4096xf32, #npu<space l0c>>, memref<4096xbf16, #npu<space l0a>>, memref<4096xbf16, #npu<space l0b>>
    // GENERIC-NEXT: "npu.mmad"(%sums, %o, %left, %o, %right, %o, %n, %n, %n, %start) : (memref<4096xf32, #npu<space l0c>>, index, memref<4096xbf16, #npu<space l0a>>, index, memref<4096xbf16, #npu<space l0b>>, index, index, index, index, i1) -> ()
    npu.mmad %sums[%o], %left[%o], %right[%o] size %n x %n x %n start %start : memref<4096xf32, #npu<space l0c>>, memref<4096xbf16, #npu<space l0a>>, memref<4096xbf16, #npu<space l0b>>
    // CHECK-NEXT: npu.fixpipe %x[%o], %sums[%o] size %n x %n pitch %n : memref<?xf32, #npu<space gm>>, memref<4096xf32, #npu<space l0c>>
    // GENERIC-NEXT: "npu.fixpipe"(%x, %o, %sums, %o, %n, %n, %n) : (memref<?xf32, #npu<space gm>>, index, memref<4096xf32, #npu<space l0c>>, index, index, index, index) -> ()
    npu.fixpipe %x[%o], %sums[%o] size %n x %n pitch %n : memref<?xf32, #npu<space gm>>, memref<4096xf32, #npu<space l0c>>
    // CHECK-NEXT: npu.fixpipe relu %ws[%o], %sums[%o] size %n x %n pitch %n : memref<?xf16, #npu<space gm>>, memref<4096xf32, #npu<space l0c>>
    // GENERIC-NEXT: "npu.fixpipe"(%ws, %o, %sums, %o, %n, %n, %n) <{relu}> : (memref<?xf16, #npu<space gm>>, index, memref<4096xf32, #npu<space l0c>>, index, index, index, index) -> ()
    npu.fixpipe relu %ws[%o], %sums[%o] size %n x %n pitch %n : memref<?xf16, #npu<space gm>>, memref<4096xf32, #npu<space l0c>>
    // CHECK-NEXT: npu.fixpipe atomic %x[%o], %sums[%o] size %n x %n pitch %n : memref<?xf32, #npu<space gm>>, memref<4096xf32, #npu<space l0c>>
    // GENERIC-NEXT: "npu.fixpipe"(%x, %o, %sums, %o, %n, %n, %n) <{atomic}> : (memref<?xf32, #npu<space gm>>, index, memref<4096xf32, #npu<space l0c>>, index, index, index, index) -> ()
    npu.fixpipe atomic %x[%o], %sums[%o] size %n x %n pitch %n : memref<?xf32, #npu<space gm>>, memref<4096xf32, #npu<space l0c>>
    // CHECK-NEXT: npu.fixpipe relu atomic %h[%o], %sums[%o] size %n x %n pitch %n : memref<?xbf16, #npu<space gm>>, memref<4096xf32, #npu<space l0c>>
    // GENERIC-NEXT: "npu.fixpipe"(%h, %o, %sums, %o, %n, %n, %n) <{relu, atomic}> : (memref<?xbf16, #npu<space gm>>, index, memref<4096xf32, #npu<space l0c>>, index, index, index, index) -> ()
    npu.fixpipe relu atomic %h[%o], %sums[%o] size %n x %n pitch %n : memref<?xbf16, #npu<space gm>>, memref<4096xf32, #npu<space l0c>>
    // CHECK-NEXT: npu.set_flag mte2 to mte1 id 0
    // GENERIC-NEXT: "npu.set_flag"() <{source = #npu<pipe mte2>, target = #npu<pipe mte1>, event = 0 : i64}> : () -> ()
    npu.set_flag mte2 to mte1 id 0
    // CHECK-NEXT: npu.wait_flag mte2 to mte1 id 0
    // GENERIC-NEXT: "npu.wait_flag"() <{source = #npu<pipe mte2>, target = #npu<pipe mte1>, event = 0 : i64}> : () -> ()
    npu.wait_flag mte2 to mte1 id 0
    // CHECK-NEXT: npu.barrier m
    // GENERIC-NEXT: "npu.barrier"() <{on = #npu<pipe m>}> : () -> ()
    npu.barrier m
    // CHECK-NEXT: npu.cross_set 10 on fix
    // GENERIC-NEXT: "npu.cross_set"() <{flag = 10 : i64, on = #npu<pipe fix>}> : () -> ()
    npu.cross_set 10 on fix
    // CHECK-NEXT: npu.cross_wait 0
    // GENERIC-NEXT: "npu.cross_wait"() <{flag = 0 : i64}> : () -> ()
    npu.cross_wait 0
    // CHECK-NEXT: npu.sync_all
    // GENERIC-NEXT: "npu.sync_all"() : () -> ()
    npu.sync_all
    // CHECK-NEXT: npu.sync_group
    // GENERIC-NEXT: "npu.sync_group"() : () -> ()
    npu.sync_group
    // CHECK-NEXT: %run, %first, %last = npu.find_run %ends of %n at %o : memref<?xi32, #npu<space gm>>
    // GENERIC-NEXT: %run, %first, %last = "npu.find_run"(%ends, %n, %o) : (memref<?xi32, #npu<space gm>>, index, index) -> (index, index, index)
    %run, %first, %last = npu.find_run %ends of %n at %o : memref<?xi32, #npu<space gm>>
    // CHECK-NEXT: %length = npu.read %ends[%o] : memref<?xi32, #npu<space gm>> to i32
    // GENERIC-NEXT: %length = "npu.read"(%ends, %o) : (memref<?xi32, #npu<space gm>>, index) -> i32
    %length = npu.read %ends[%o] : memref<?xi32, #npu<space gm>> to i32
  // CHECK-NEXT: } vector {
  // GENERIC-NEXT: }, {
  } vector {
    // CHECK-NEXT: %f = npu.alloc at 0 : memref<64xf32, #npu<space ub>>
    // GENERIC-NEXT: %f = "npu.alloc"() <{offset = 0 : i64}> : () -> memref<64xf32, #npu<space ub>>
    %f = npu.alloc at 0 : memref<64xf32, #npu<space ub>>
    // CHECK-NEXT: %g = npu.alloc at 256 : memref<64xf16, #npu<space ub>>
    // GENERIC-NEXT: %g = "npu.alloc"() <{offset = 256 : i64}> : () -> memref<64xf16, #npu<space ub>>
    %g = npu.alloc at 256 : memref<64xf16, #npu<space ub>>
    // CHECK-NEXT: %b = npu.alloc at 512 : memref<64xbf16, #npu<space ub>>
    // GENERIC-NEXT: %b = "npu.alloc"() <{offset = 512 : i64}> : () -> memref<64xbf16, #npu<space ub>>
    %b = npu.alloc at 512 : memref<64xbf16, #npu<space ub>>
    // CHECK-NEXT: %bits = npu.alloc at 768 : memref<64xi8, #npu<space ub>>
    // GENERIC-NEXT: %bits = "npu.alloc"() <{offset = 768 : i64}> : () -> memref<64xi8, #npu<space ub>>
    %bits = npu.alloc at 768 : memref<64xi8, #npu<space ub>>
    // CHECK-NEXT: %rows = npu.alloc at 1024 : memref<64xi32, #npu<space ub>>
    // GENERIC-NEXT: %rows = "npu.alloc"() <{offset = 1024 : i64}> : () -> memref<64xi32, #npu<space ub>>
    %rows = npu.alloc at 1024 : memref<64xi32, #npu<space ub>>
    // CHECK-NEXT: npu.load %f[%o], %x[%o] rows %n of %n pitch %n, %n : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
    // GENERIC-NEXT: "npu.load"(%f, %o, %x, %o, %n, %n, %n, %n) : (memref<64xf32, #npu<space ub>>, index, memref<?xf32, #npu<space gm>>, index, index, index, index, index) -> ()
    npu.load %f[%o], %x[%o] rows %n of %n pitch %n, %n : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
    // CHECK-NEXT: npu.load %f[%o], %x[%o] rows %n of %n pitch %n, %n padding -1.000000e+00 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
    // GENERIC-NEXT: "npu.load"(%f, %o, %x, %o, %n, %n, %n, %n) <{padding = -1.000000e+00 : f64}>
    npu.load %f[%o], %x[%o] rows %n of %n pitch %n, %n padding -1.000000e+00 : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>
    // CHECK-NEXT: npu.store %x[%o], %f[%o] rows %n of %n pitch %n, %n : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space ub>>
    // GENERIC-NEXT: "npu.store"(%x, %o, %f, %o, %n, %n, %n, %n) : (memref<?xf32, #npu<space gm>>, index, memref<64xf32, #npu<space ub>>, index, index, index, index, index) -> ()
    npu.store %x[%o], %f[%o] rows %n of %n pitch %n, %n : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space ub>>
    // CHECK-NEXT: npu.store atomic %h[%o], %b[%o] rows %n of %n pitch %n, %n : memref<?xbf16, #npu<space gm>>, memref<64xbf16, #npu<space ub>>
    // GENERIC-NEXT: "npu.store"(%h, %o, %b, %o, %n, %n, %n, %n) <{atomic}> : (memref<?xbf16, #npu<space gm>>, index, memref<64xbf16, #npu<space ub>>, index, index, index, index, index) -> ()
    npu.store atomic %h[%o], %b[%o] rows %n of %n pitch %n, %n : memref<?xbf16, #npu<space gm>>, memref<64xbf16, #npu<space ub>>
    // CHECK-NEXT: npu.await %f on v : memref<64xf32, #npu<space ub>>
    // GENERIC-NEXT: "npu.await"(%f) <{on = #npu<pipe v>}> : (memref<64xf32, #npu<space ub>>) -> ()
    npu.await %f on v : memref<64xf32, #npu<space ub>>
    // CHECK-NEXT: npu.gather_rows %b[%o], %h at %o + %rows[%o] rows %n of %n below %n : memref<64xbf16, #npu<space ub>>, memref<?xbf16, #npu<space gm>>, memref<64xi32, #npu<space ub>>
    // GENERIC-NEXT: "npu.gather_rows"(%b, %h, %o, %o, %rows, %o, %n, %n, %n) : (memref<64xbf16, #npu<space ub>>, memref<?xbf16, #npu<space gm>>, index, index, memref<64xi32, #npu<space ub>>, index, index, index, index) -> ()
    npu.gather_rows %b[%o], %h at %o + %rows[%o] rows %n of %n below %n : memref<64xbf16, #npu<space ub>>, memref<?xbf16, #npu<space gm>>, memref<64xi32, #npu<space ub>>
    // CHECK-NEXT: npu.load_selected_rows %f[%o], %x at %o where %rows[%o] rows %n of %n from %o below %n : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>, memref<64xi32, #npu<space ub>>
    // GENERIC-NEXT: "npu.load_selected_rows"(%o, %f, %x, %o, %o, %rows, %o, %n, %n, %n) : (index, memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>, index, index, memref<64xi32, #npu<space ub>>, index, index, index, index) -> ()
    npu.load_selected_rows %f[%o], %x at %o where %rows[%o] rows %n of %n from %o below %n : memref<64xf32, #npu<space ub>>, memref<?xf32, #npu<space gm>>, memref<64xi32, #npu<space ub>>
    // CHECK-NEXT: npu.scatter_add_rows %x at %o + %rows[%o], %f[%o] rows %n of %n from %o below %n : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space ub>>, memref<64xi32, #npu<space ub>>
    // GENERIC-NEXT: "npu.scatter_add_rows"(%o, %x, %f, %o, %o, %rows, %o, %n, %n, %n) : (index, memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space ub>>, index, index, memref<64xi32, #npu<space ub>>, index, index, index, index) -> ()
    npu.scatter_add_rows %x at %o + %rows[%o], %f[%o] rows %n of %n from %o below %n : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space ub>>, memref<64xi32, #npu<space ub>>
    // CHECK-NEXT: npu.scatter_add_rows remember %x at %o + %rows[%o], %f[%o] rows %n of %n from %o below %n : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space ub>>, memref<64xi32, #npu<space ub>>
    // GENERIC-NEXT: "npu.scatter_add_rows"(%o, %x, %f, %o, %o, %rows, %o, %n, %n, %n) <{remember}> : (index, memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space ub>>, index, index, memref<64xi32, #npu<space ub>>, index, index, index, index) -> ()
    npu.scatter_add_rows remember %x at %o + %rows[%o], %f[%o] rows %n of %n from %o below %n : memref<?xf32, #npu<space gm>>, memref<64xf32, #npu<space ub>>, memref<64xi32, #npu<space ub>>
    // CHECK-NEXT: npu.repeat_row %f[%o], %f[%o] rows %n of %n : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
    // GENERIC-NEXT: "npu.repeat_row"(%f, %o, %f, %o, %n, %n) : (memref<64xf32, #npu<space ub>>, index, memref<64xf32, #npu<space ub>>, index, index, index) -> ()
    npu.repeat_row %f[%o], %f[%o] rows %n of %n : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
    // CHECK-NEXT: npu.binary add %f[%o], %f[%o], %f[%o] count %n : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
    // GENERIC-NEXT: "npu.binary"(%f, %o, %f, %o, %f, %o, %n) <{kind = #npu<binary_kind add>}> : (memref<64xf32, #npu<space ub>>, index, memref<64xf32, #npu<space ub>>, index, memref<64xf32, #npu<space ub>>, index, index) -> ()
    npu.binary add %f[%o], %f[%o], %f[%o] count %n : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
    // CHECK-NEXT: npu.binary sub %g[%o], %g[%o], %g[%o] count %n : memref<64xf16, #npu<space ub>>, memref<64xf16, #npu<space ub>>, memref<64xf16, #npu<space ub>>
    // GENERIC-NEXT: "npu.binary"(%g, %o, %g, %o, %g, %o, %n) <{kind = #npu<binary_kind sub>}> : (memref<64xf16, #npu<space ub>>, index, memref<64xf16, #npu<space ub>>, index, memref<64xf16, #npu<space ub>>, index, index) -> ()
    npu.binary sub %g[%o], %g[%o], %g[%o] count %n : memref<64xf16, #npu<space ub>>, memref<64xf16, #npu<space ub>>, memref<64xf16, #npu<space ub>>
    // CHECK-NEXT: npu.binary mul %f[%o], %f[%o], %f[%o] count %n : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
    // GENERIC-NEXT: "npu.binary"(%f, %o, %f, %o, %f, %o, %n) <{kind = #npu<binary_kind mul>}> : (memref<64xf32, #npu<space ub>>, index, memref<64xf32, #npu<space ub>>, index, memref<64xf32, #npu<space ub>>, index, index) -> ()
    npu.binary mul %f[%o], %f[%o], %f[%o] count %n : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
    // CHECK-NEXT: npu.binary max %f[%o], %f[%o], %f[%o] count %n : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
    // GENERIC-NEXT: "npu.binary"(%f, %o, %f, %o, %f, %o, %n) <{kind = #npu<binary_kind max>}> : (memref<64xf32, #npu<space ub>>, index, memref<64xf32, #npu<space ub>>, index, memref<64xf32, #npu<space ub>>, index, index) -> ()
    npu.binary max %f[%o], %f[%o], %f[%o] count %n : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
    // CHECK-NEXT: npu.binary min %f[%o], %f[%o], %f[%o] count %n : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
    // GENERIC-NEXT: "npu.binary"(%f, %o, %f, %o, %f, %o, %n) <{kind = #npu<binary_kind min>}> : (memref<64xf32, #npu<space ub>>, index, memref<64xf32, #npu<space ub>>, index, memref<64xf32, #npu<space ub>>, index, index) -> ()
    npu.binary min %f[%o], %f[%o], %f[%o] count %n : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
    // CHECK-NEXT: npu.binary_scalar add %f[%o], %f[%o], %scale count %n : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
    // GENERIC-NEXT: "npu.binary_scalar"(%f, %o, %scale, %f, %o, %n) <{kind = #npu<binary_kind add>}> : (memref<64xf32, #npu<space ub>>, index, f32, memref<64xf32, #npu<space ub>>, index, index) -> ()
    npu.binary_scalar add %f[%o], %f[%o], %scale count %n : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
    // CHECK-NEXT: npu.binary_scalar mul %g[%o], %g[%o], %scale count %n : memref<64xf16, #npu<space ub>>, memref<64xf16, #npu<space ub>>
    // GENERIC-NEXT: "npu.binary_scalar"(%g, %o, %scale, %g, %o, %n) <{kind = #npu<binary_kind mul>}> : (memref<64xf16, #npu<space ub>>, index, f32, memref<64xf16, #npu<space ub>>, index, index) -> ()
    npu.binary_scalar mul %g[%o], %g[%o], %scale count %n : memref<64xf16, #npu<space ub>>, memref<64xf16, #npu<space ub>>
    // CHECK-NEXT: npu.binary_scalar max %f[%o], %f[%o], %scale count %n : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
    // GENERIC-NEXT: "npu.binary_scalar"(%f, %o, %scale, %f, %o, %n) <{kind = #npu<binary_kind max>}> : (memref<64xf32, #npu<space ub>>, index, f32, memref<64xf32, #npu<space ub>>, index, index) -> ()
    npu.binary_scalar max %f[%o], %f[%o], %scale count %n : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
    // CHECK-NEXT: npu.binary_scalar min %f[%o], %f[%o], %scale count %n : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
    // GENERIC-NEXT: "npu.binary_scalar"(%f, %o, %scale, %f, %o, %n) <{kind = #npu<binary_kind min>}> : (memref<64xf32, #npu<space ub>>, index, f32, memref<64xf32, #npu<space ub>>, index, index) -> ()
    npu.binary_scalar min %f[%o], %f[%o], %scale count %n : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
    // CHECK-NEXT: npu.relu %f[%o], %f[%o] count %n : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
    // GENERIC-NEXT: "npu.relu"(%f, %o, %f, %o, %n) : (memref<64xf32, #npu<space ub>>, index, memref<64xf32, #npu<space ub>>, index, index) -> ()
    npu.relu %f[%o], %f[%o] count %n : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
    // CHECK-NEXT: npu.convert %b[%o], %f[%o] count %n : memref<64xbf16, #npu<space ub>>, memref<64xf32, #npu<space ub>>
    // GENERIC-NEXT: "npu.convert"(%f, %o, %b, %o, %n) : (memref<64xf32, #npu<space ub>>, index, memref<64xbf16, #npu<space ub>>, index, index) -> ()
    npu.convert %b[%o], %f[%o] count %n : memref<64xbf16, #npu<space ub>>, memref<64xf32, #npu<space ub>>
    // CHECK-NEXT: npu.convert %f[%o], %g[%o] count %n : memref<64xf32, #npu<space ub>>, memref<64xf16, #npu<space ub>>
    // GENERIC-NEXT: "npu.convert"(%g, %o, %f, %o, %n) : (memref<64xf16, #npu<space ub>>, index, memref<64xf32, #npu<space ub>>, index, index) -> ()
    npu.convert %f[%o], %g[%o] count %n : memref<64xf32, #npu<space ub>>, memref<64xf16, #npu<space ub>>
    // CHECK-NEXT: npu.fill %f[%o] with 5.000000e-01 count %n : memref<64xf32, #npu<space ub>>
    // GENERIC-NEXT: "npu.fill"(%f, %o, %n) <{value = 5.000000e-01 : f64}> : (memref<64xf32, #npu<space ub>>, index, index) -> ()
    npu.fill %f[%o] with 0.5 count %n : memref<64xf32, #npu<space ub>>
    // CHECK-NEXT: npu.fill %rows[%o] with -1.000000e+00 count %n : memref<64xi32, #npu<space ub>>
    // GENERIC-NEXT: "npu.fill"(%rows, %o, %n) <{value = -1.000000e+00 : f64}> : (memref<64xi32, #npu<space ub>>, index, index) -> ()
    npu.fill %rows[%o] with -1.0 count %n : memref<64xi32, #npu<space ub>>
    // CHECK-NEXT: %w = arith.constant 64 : index
    // GENERIC-NEXT: %w = "arith.constant"() <{value = 64 : index}> : () -> index
    %w = arith.constant 64 : index
    // CHECK-NEXT: npu.compare_positive %bits[%o], %f[%o] count %w : memref<64xi8, #npu<space ub>>, memref<64xf32, #npu<space ub>>
    // GENERIC-NEXT: "npu.compare_positive"(%f, %o, %bits, %o, %w) : (memref<64xf32, #npu<space ub>>, index, memref<64xi8, #npu<space ub>>, index, index) -> ()
    npu.compare_positive %bits[%o], %f[%o] count %w : memref<64xi8, #npu<space ub>>, memref<64xf32, #npu<space ub>>
    // CHECK-NEXT: npu.select %f[%o], %bits[%o], %f[%o] count %n : memref<64xf32, #npu<space ub>>, memref<64xi8, #npu<space ub>>, memref<64xf32, #npu<space ub>>
    // GENERIC-NEXT: "npu.select"(%bits, %o, %f, %o, %f, %o, %n) : (memref<64xi8, #npu<space ub>>, index, memref<64xf32, #npu<space ub>>, index, memref<64xf32, #npu<space ub>>, index, index) -> ()
    npu.select %f[%o], %bits[%o], %f[%o] count %n : memref<64xf32, #npu<space ub>>, memref<64xi8, #npu<space ub>>, memref<64xf32, #npu<space ub>>
    // CHECK-NEXT: npu.present %bits[%o], %rows[%o] below %n scratch %f count %w : memref<64xi8, #npu<space ub>>, memref<64xi32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
    // GENERIC-NEXT: "npu.present"(%rows, %o, %n, %f, %bits, %o, %w) : (memref<64xi32, #npu<space ub>>, index, index, memref<64xf32, #npu<space ub>>, memref<64xi8, #npu<space ub>>, index, index) -> ()
    npu.present %bits[%o], %rows[%o] below %n scratch %f count %w : memref<64xi8, #npu<space ub>>, memref<64xi32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
    // CHECK-NEXT: npu.sum %f[%o], %f[%o] scratch %f count %n : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
    // GENERIC-NEXT: "npu.sum"(%f, %o, %f, %f, %o, %n) : (memref<64xf32, #npu<space ub>>, index, memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>, index, index) -> ()
    npu.sum %f[%o], %f[%o] scratch %f count %n : memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>, memref<64xf32, #npu<space ub>>
    // CHECK-NEXT: %value = npu.read %f[%o] : memref<64xf32, #npu<space ub>> to f32
    // GENERIC-NEXT: %value = "npu.read"(%f, %o) : (memref<64xf32, #npu<space ub>>, index) -> f32
    %value = npu.read %f[%o] : memref<64xf32, #npu<space ub>> to f32
  // CHECK-NEXT: }
  // GENERIC-NEXT: }) : (index) -> ()
  }
  // CHECK-NEXT: npu.launch "ascend910b3" blocks %n cube {
  // GENERIC-NEXT: "npu.launch"(%n) <{soc = "ascend910b3"}> ({
  npu.launch "ascend910b3" blocks %n cube {
  // CHECK-NEXT: ^bb0:
  // GENERIC-NEXT: ^bb0:
  ^bb0:
  // CHECK-NEXT: } vector {
  // GENERIC-NEXT: }, {
  } vector {
    // CHECK-NEXT: npu.barrier mte3
    // GENERIC-NEXT: "npu.barrier"() <{on = #npu<pipe mte3>}> : () -> ()
    npu.barrier mte3
  // CHECK-NEXT: }
  // GENERIC-NEXT: }) : (index) -> ()
  }
  // CHECK-NEXT: func.return
  // GENERIC-NEXT: "func.return"() : () -> ()
  func.return
// CHECK-NEXT: }
// GENERIC-NEXT: }) : () -> ()
}
