// The Ascend C API for Atlas A2 (arch 2201) on a CPU. A kernel source compiles against this header unchanged, once for
// each core type; every call becomes an instruction that the engine checks and executes.
#pragma once
#include "twin/atomic.h"
#include "twin/data_copy.h"
#include "twin/debug.h"
#include "twin/matrix.h"
#include "twin/queue.h"
#include "twin/system.h"
#include "twin/tiling.h"
#include "twin/vector_arith.h"
#include "twin/vector_convert.h"
#include "twin/vector_reduce.h"
