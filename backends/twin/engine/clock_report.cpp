// What the clock found, as JSON; times in ticks.
#include <algorithm>
#include <map>
#include <sstream>
#include <tuple>

#include "clock.h"
#include "json.h"

namespace twin::timing {
namespace {

std::string reason_text(int reason)
{
    constexpr const char* names[] = {"running", "issue", "barrier", "L2 port", "HBM", "cross-core flag", "memory"};
    if (reason < flag_of) return names[reason];
    const bool queue = reason >= queue_of;
    return (queue ? "queue of " : "flag of ") + std::string(name_of(static_cast<Pipe>(reason - (queue ? queue_of : flag_of))));
}

bool has(CoreType type, int pipe)
{
    const Pipe each = static_cast<Pipe>(pipe);
    if (each == Pipe::V) return type == CoreType::AIV;
    return type == CoreType::AIC || (each != Pipe::M && each != Pipe::MTE1 && each != Pipe::FIX);
}

void report_core(std::ostream& json, const Core& core)
{
    Ticks end = 0;
    for (int pipe = 0; pipe < pipes; ++pipe) end = std::max({end, core.now[pipe], core.done[pipe]});
    const Identity& me = core.identity;
    json << "{\"type\": \"" << (me.type == CoreType::AIC ? "AIC" : "AIV") << "\", \"block\": " << me.block << ", \"sub_block\": " << me.sub_block
         << ", \"end\": " << end << ", \"steps\": " << core.steps << ", \"repeats\": " << core.repeats << ", \"pipes\": {";
    const char* comma = "";
    for (int pipe = 0; pipe < pipes; ++pipe) {
        if (!has(me.type, pipe)) continue;
        json << comma << "\"" << name_of(static_cast<Pipe>(pipe)) << "\": {\"busy\": " << core.busy[pipe] << ", \"until\": " << core.now[pipe]
             << ", \"stalls\": {";
        comma = "";
        for (int reason = 1; reason < reasons; ++reason) {
            if (core.stall[pipe][reason] == 0) continue;
            json << comma << "\"" << reason_text(reason) << "\": " << core.stall[pipe][reason];
            comma = ", ";
        }
        json << "}}";
        comma = ", ";
    }
    json << "}, \"peaks\": {";
    comma = "";
    for (int memory = 1; memory < memories; ++memory) {
        if (core.peak[memory] == 0) continue;
        json << comma << "\"" << name_of(static_cast<Memory>(memory)) << "\": " << core.peak[memory];
        comma = ", ";
    }
    json << "}}";
}

}  // namespace

std::string Clock::report() const
{
    // The two libraries of a kernel have names of their own for one place in the source.
    using Place = std::tuple<std::string, std::string, int>;
    std::map<Place, uint32_t> number;
    for (const Site& site : sites) number.try_emplace({site.here.file ? site.here.file : "", site.api, site.here.line}, 0);
    std::vector<Site> total;
    std::ostringstream json;
    json << "{\"sites\": [";
    for (auto& [place, index] : number) {
        index = static_cast<uint32_t>(total.size());
        total.push_back({nullptr, {nullptr, 0}});
    }
    std::vector<uint32_t> renumbered;
    for (const Site& site : sites) {
        renumbered.push_back(number[{site.here.file ? site.here.file : "", site.api, site.here.line}]);
        Site& sum = total[renumbered.back()];
        sum.count += site.count;
        sum.read += site.read;
        sum.written += site.written;
        sum.issue += site.issue;
        sum.busy += site.busy;
        sum.stalled += site.stalled;
    }
    const char* comma = "";
    for (const auto& [place, index] : number) {
        const Site& site = total[index];
        const auto& [file, api, line] = place;
        json << comma << "{\"api\": " << quoted(api) << ", \"file\": " << quoted(file) << ", \"line\": " << line << ", \"count\": " << site.count
             << ", \"issue\": " << site.issue << ", \"busy\": " << site.busy << ", \"stalled\": " << site.stalled << ", \"read\": " << site.read
             << ", \"written\": " << site.written << "}";
        comma = ", ";
    }
    json << "], \"cores\": [";
    comma = "";
    for (const auto& core : each) {
        json << comma;
        report_core(json, *core);
        comma = ", ";
    }
    json << "], \"hbm_read\": " << hbm_read << ", \"hbm_written\": " << hbm_written << ", \"dropped\": " << dropped << ", \"reasons\": [";
    for (int reason = 0; reason < reasons; ++reason) json << (reason ? ", \"" : "\"") << reason_text(reason) << "\"";
    json << "], \"events\": [";
    comma = "";
    for (const Event& event : events) {
        json << comma << "[" << event.core << "," << static_cast<int>(event.pipe) << "," << static_cast<int>(event.reason) << "," << renumbered[event.site] << "," << event.start
             << "," << event.ticks << "," << event.bytes << "]";
        comma = ",";
    }
    json << "]}";
    return json.str();
}

}  // namespace twin::timing
