// RUN: ligrad-opt %s -t ascendc --split-input-file --verify-diagnostics 2>&1 | filecheck %s

// CHECK: a.lig:7:1: test.op is no statement of Ascend C
"test.op"() : () -> () loc("a.lig":7:1)
