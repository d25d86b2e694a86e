// The kernel of @name@: calls the function that was made for the dtype, the layout and the order of
// sums of a call. The toolchain compiles this file for each dtype (ORIG_DTYPE_*) and for each tiling key.
#include "kernel_operator.h"

#include "@header@"
@includes@
extern "C" __global__ __aicore__ void @kernel@(@parameters@)
{
    REGISTER_TILING_DEFAULT(@struct@);
    GET_TILING_DATA(tiling_data, tiling);
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_MIX_AIC_1_2);
@calls@
}
