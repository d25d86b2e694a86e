// A kernel that says that it runs, and never ends.
#include "kernel_operator.h"

extern "C" long write(int file, const void* text, unsigned long bytes);

extern "C" __global__ __aicore__ void endless(GM_ADDR memory)
{
    KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
    AscendC::GlobalTensor<float> gm;
    gm.SetGlobalBuffer(reinterpret_cast<__gm__ float*>(memory), 64);
    const bool on = write(2, "ready\n", 6) == 6;
    while (on) gm.SetValue(0, 1.0f);
}
