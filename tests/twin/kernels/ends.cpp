// Kernels that end otherwise than they should, one a case.
#include <cstdlib>

#include "kernel_operator.h"

using namespace AscendC;

__aicore__ int ratio(int a, int b)
{
    return a / b;
}

__attribute__((noinline)) __aicore__ int deep(volatile int* above)
{
    volatile int here[256] = {};
    here[0] = *above + 1;
    return deep(here) + here[1];
}

extern "C" __global__ __aicore__ void ends(GM_ADDR memory, int32_t number, int32_t zero)
{
    GlobalTensor<int32_t> gm;
    gm.SetGlobalBuffer(reinterpret_cast<__gm__ int32_t*>(memory), 8);
    LocalTensor<int32_t> ub(TPosition::VECCALC, 0, 64);
    volatile int one = 1;
    gm.SetValue(0, 7);
    PRINTF("begun\n");
    if (GetBlockIdx() != 1) return;
    switch (number) {
        case 1:
            gm.SetValue(1, 5 % zero);
            break;
        case 2:
            gm.SetValue(1, ratio(5, zero));
            break;
        case 3:
            gm.SetValue(1, *reinterpret_cast<int32_t*>(static_cast<int64_t>(zero) + 16));
            break;
        case 4:
            gm.SetValue(1, deep(&one));
            break;
        case 5:
            std::abort();
            break;
        case 6:
            throw 1;
            break;
        case 7:
            std::exit(0);
            break;
        case 8:
            std::_Exit(5);
            break;
        case 9:
            while (one) {
            }
            break;
        case 10:
            while (one) Duplicate(ub, 1, 64);
            break;
        case 11:
            while (one) {
                SetFlag<HardEvent::MTE2_V>(0);
                WaitFlag<HardEvent::MTE2_V>(0);
            }
            break;
        case 12:
            while (gm.GetValue(0) == 7) {
            }
            break;
        case 13:
            SetFlag<HardEvent::MTE2_V>(0);
            SetFlag<HardEvent::MTE2_V>(1);
            gm.SetValue(1, 5 / zero);
            break;
        default: break;
    }
    gm.SetValue(2, 9);
}
