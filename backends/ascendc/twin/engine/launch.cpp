// The C interface of the engine: one launch from plain pointers, and the report as JSON.
#include <optional>
#include <sstream>

#include "clock.h"
#include "json.h"

namespace twin {

std::string Machine::report() const
{
    std::ostringstream json;
    json << "{\"kernel_type\": " << kernel_type << ", \"output\": " << quoted(output) << ", \"entries\": [";
    const char* comma = "";
    for (const Entry& entry : entries) {
        json << comma << "{\"kind\": " << quoted(entry.kind) << ", \"message\": " << quoted(entry.message)
             << ", \"api\": " << quoted(entry.api) << ", \"file\": " << quoted(entry.file) << ", \"line\": " << entry.line << ", \"core\": " << quoted(entry.core)
             << ", \"count\": " << entry.count << ", \"places\": [";
        for (const Place& place : entry.places)
            json << (&place == entry.places.data() ? "" : ", ") << "{\"api\": " << quoted(place.api)
                 << ", \"file\": " << quoted(place.file) << ", \"line\": " << place.line
                 << ", \"core\": " << quoted(place.core) << ", \"pipe\": " << quoted(place.pipe) << ", \"action\": " << quoted(place.action)
                 << ", \"memory\": " << quoted(place.memory) << ", \"begin\": " << place.begin << ", \"end\": " << place.end
                 << ", \"occurrence\": " << place.occurrence << "}";
        json << "]}";
        comma = ", ";
    }
    json << "], \"instructions\": {";
    std::map<std::string, uint64_t> totals;
    for (const auto& [api, count] : instructions) totals[api] += count;
    comma = "";
    for (const auto& [api, count] : totals) {
        json << comma << quoted(api) << ": " << count;
        comma = ", ";
    }
    json << "}, \"clock\": " << (clock != nullptr && !failed && clock->finished() ? clock->report() : "null") << "}";
    return json.str();
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

// Runs a kernel to its end or to the first error. The result is to be given to twin_free.
char* twin_launch(const TwinLaunch* launch)
{
    twin::Machine machine;
    for (int i = 0; i < twin::memories; ++i) machine.sizes[i] = launch->sizes[i];
    machine.key = launch->tiling_key;
    machine.system_workspace = launch->workspace;
    machine.checked = launch->check != 0;
    machine.auto_sync = launch->auto_sync != 0;
    for (int i = 0; i < 2; ++i) {
        machine.code[i] = {launch->bind[i], launch->call[i]};
        launch->bind[i](&machine);
    }
    std::vector<void*> addresses(launch->argument_count);
    for (int i = 0; i < launch->argument_count; ++i) {
        const TwinArgument& argument = launch->arguments[i];
        addresses[i] = argument.data;
        machine.values.push_back(argument.by_value ? argument.data : static_cast<void*>(&addresses[i]));
        if (argument.by_value) continue;
        machine.allocations.push_back({reinterpret_cast<uint64_t>(argument.data), argument.bytes, argument.name, argument.scratch != 0});
    }
    std::optional<twin::timing::Clock> clock;
    if (launch->parameters != nullptr) {
        clock.emplace(*launch->parameters, launch->l2_bytes, launch->cube_cores, launch->trace_limit);
        for (const twin::Allocation& each : machine.allocations) clock->add_memory(each.begin, each.bytes);
        machine.clock = &*clock;
    }
    machine.reverse = launch->reverse != 0;
    int type = launch->kernel_type;
    for (int i = 0; i < 2 && type < 0; ++i) type = machine.probe_type(machine.code[i]);
    machine.run(type < 0 ? launch->fallback_type : type, launch->blocks);
    const std::string json = machine.report();
    char* result = new char[json.size() + 1];
    std::memcpy(result, json.c_str(), json.size() + 1);
    return result;
}

// The names of the clock's parameters, in their order.
const char* twin_timing_names()
{
#define X(name) #name " "
    return TWIN_TIMING(X);
#undef X
}

void twin_free(char* report) { delete[] report; }

// Conversions for tests: n values each.
void twin_half_to_float(const uint16_t* from, float* to, uint64_t n)
{
    for (uint64_t i = 0; i < n; ++i) to[i] = twin::half_to_float(from[i]);
}
void twin_float_to_half(const float* from, uint16_t* to, uint64_t n)
{
    for (uint64_t i = 0; i < n; ++i) to[i] = twin::float_to_half(from[i]);
}
void twin_bfloat_to_float(const uint16_t* from, float* to, uint64_t n)
{
    for (uint64_t i = 0; i < n; ++i) to[i] = twin::bfloat_to_float(from[i]);
}
void twin_float_to_bfloat(const float* from, uint16_t* to, uint64_t n)
{
    for (uint64_t i = 0; i < n; ++i) to[i] = twin::float_to_bfloat(from[i]);
}
}
