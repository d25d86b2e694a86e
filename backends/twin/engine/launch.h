// What a program says to the engine to run a kernel: plain structs, and functions with C linkage.
#pragma once
#include <cstdint>

namespace twin {
class Engine;
namespace timing {
struct Parameters;
}
}  // namespace twin

extern "C" {

struct TwinArgument {
    const char* name;
    void* data;
    uint64_t bytes;
    int32_t by_value;  // passed as it is, not as an address in GM
    int32_t scratch;   // workspace: nothing in it is defined
};

struct TwinLaunch {
    void (*bind[2])(twin::Engine*);  // AIC, AIV
    void (*call[2])(void* const*);
    TwinArgument* arguments;
    int32_t argument_count;
    int32_t kernel_type;     // KernelMetaType, or -1 to ask the kernel
    int32_t fallback_type;   // if the kernel does not say
    uint32_t blocks;
    uint64_t tiling_key;
    uint64_t sizes[8];       // by Memory; GM unused
    void* workspace;         // what GetSysWorkSpacePtr gives
    int32_t reverse;         // run the streams in the other order
    const twin::timing::Parameters* parameters;  // of the clock; none: no clock
    uint64_t l2_bytes;
    uint32_t cube_cores;     // of the chip
    uint64_t trace_limit;    // events that are kept
    int32_t check;           // 0: order, defined bytes and caches are not looked at
    int32_t auto_sync;       // as with --cce-auto-sync=on
};

// For a process that runs nothing but one kernel: its faults become findings of the report, and so does a run of more than
// so many seconds (0: any time).
void twin_guard(double seconds);

// Run a kernel to its end or to the first error; what they return is to be given to twin_free.
char* twin_launch(const TwinLaunch* launch);   // the report as JSON
char* twin_hazards(const TwinLaunch* launch);  // the hazards alone, one a line
void twin_free(char* report);
}
