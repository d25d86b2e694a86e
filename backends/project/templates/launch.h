// The kernels of @name@ for a direct launch, <<<blocks, 0, stream>>>: one for each dtype, layout and order
// of sums, with the tiling data passed by value.
#pragma once
#include "kernel_operator.h"

#include "../op_kernel/@header@"
@includes@
@kernels@
