// The C interface of the engine: one launch from plain pointers, and the report as JSON.
#include <optional>
#include <sstream>

#include "clock.h"
#include "json.h"
#include "launch.h"

namespace twin {

std::string Machine::report() const
{
    std::ostringstream json;
    json << "{\"kernel_type\": " << kernel_type << ", \"output\": " << quoted(output) << ", \"entries\": [";
    const char* comma = "";
    for (const Entry& entry : entries) {
        json << comma << "{\"kind\": " << quoted(entry.kind) << ", \"message\": " << quoted(entry.message)
             << ", \"api\": " << quoted(entry.api) << ", \"file\": " << quoted(entry.file) << ", \"line\": " << entry.line << ", \"core\": " << quoted(entry.core)
             << ", \"count\": " << entry.count << ", \"code\": [";
        for (size_t i = 0; i < entry.code.size(); ++i) json << (i == 0 ? "" : ", ") << entry.code[i];
        json << "], \"places\": [";
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
    json << "}, \"clock\": " << (clock != nullptr && !failed && !streams.empty() && clock->finished() ? clock->report() : "null") << "}";
    return json.str();
}

}  // namespace twin

namespace {

// Runs a kernel to its end or to the first error.
void run(const TwinLaunch& launch, twin::Machine& machine, std::optional<twin::timing::Clock>& clock)
{
    for (int i = 0; i < twin::memories; ++i) machine.sizes[i] = launch.sizes[i];
    machine.key = launch.tiling_key;
    machine.system_workspace = launch.workspace;
    machine.checked = launch.check != 0;
    machine.auto_sync = launch.auto_sync != 0;
    for (int i = 0; i < 2; ++i) {
        machine.code[i] = {launch.bind[i], launch.call[i]};
        if (twin::is_guarded()) machine.library[i] = twin::code_of(reinterpret_cast<const void*>(launch.call[i]));
        launch.bind[i](&machine);
    }
    std::vector<void*> addresses(launch.argument_count);
    for (int i = 0; i < launch.argument_count; ++i) {
        const TwinArgument& argument = launch.arguments[i];
        addresses[i] = argument.data;
        machine.values.push_back(argument.by_value ? argument.data : static_cast<void*>(&addresses[i]));
        if (argument.by_value) continue;
        machine.allocations.push_back({reinterpret_cast<uint64_t>(argument.data), argument.bytes, argument.name, argument.scratch != 0});
    }
    if (launch.parameters != nullptr) {
        clock.emplace(*launch.parameters, launch.l2_bytes, launch.cube_cores, launch.trace_limit);
        for (const twin::Allocation& each : machine.allocations) clock->add_memory(each.begin, each.bytes);
        machine.clock = &*clock;
    }
    machine.reverse = launch.reverse != 0;
    int type = launch.kernel_type;
    for (int i = 0; i < 2 && type < 0 && machine.entries.empty(); ++i) type = machine.probe_type(machine.code[i]);
    machine.kernel_type = type < 0 ? launch.fallback_type : type;
    if (machine.entries.empty()) machine.run(machine.kernel_type, launch.blocks);  // else the time is over
}

char* copied(const std::string& text)
{
    char* result = new char[text.size() + 1];
    std::memcpy(result, text.c_str(), text.size() + 1);
    return result;
}

}  // namespace

extern "C" {

char* twin_launch(const TwinLaunch* launch)
{
    twin::Machine machine;
    std::optional<twin::timing::Clock> clock;
    run(*launch, machine, clock);
    return copied(machine.report());
}

char* twin_hazards(const TwinLaunch* launch)
{
    twin::Machine machine;
    std::optional<twin::timing::Clock> clock;
    run(*launch, machine, clock);
    std::string lines;
    for (const twin::Entry& entry : machine.entries)
        lines += entry.file + ":" + std::to_string(entry.line) + ": error[" + entry.kind + "] " + entry.api + " (" + entry.core + "): " + entry.message + "\n";
    return copied(lines);
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
