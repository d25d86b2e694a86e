// Two accesses to the same bytes, one of them a write, that nothing orders; and what is said about them.
#include <algorithm>

#include "order.h"

namespace twin {
namespace {

Pipe pipe_of(const Touch& touch)
{
    const uint32_t line = touch.line % lines;
    return line == scalar_stores ? Pipe::S : static_cast<Pipe>(line);
}

// Pairs of pipes between which --cce-auto-sync=on puts what is missing, on vector cores.
bool automatic(Pipe a, Pipe b)
{
    if (a == b) return a == Pipe::V;
    if (b == Pipe::S) std::swap(a, b);
    return a == Pipe::S && (b == Pipe::V || b == Pipe::MTE2 || b == Pipe::MTE3);
}

bool within(const Touch& a, const Touch& b) { return a.buffer >= b.buffer && a.buffer + a.buffer_bytes <= b.buffer + b.buffer_bytes; }

const char* verb(Action action) { return action == Action::read ? "reads" : action == Action::write ? "writes" : "adds atomically to"; }
const char* participle(Action action) { return action == Action::read ? "read" : action == Action::write ? "written" : "added to atomically"; }

}  // namespace

std::string source_text(Here here)
{
    const std::string path = here.file ? here.file : "?";
    return path.substr(path.rfind('/') + 1) + ":" + std::to_string(here.line);
}

std::string range_text(const Machine& machine, Memory memory, uint64_t begin, uint64_t end)
{
    char text[96];
    const Allocation* owner = memory == Memory::GM ? machine.allocation_of(begin) : nullptr;
    if (owner != nullptr) begin -= owner->begin, end -= owner->begin;
    std::snprintf(text, sizeof(text), "[0x%llx..0x%llx)", static_cast<unsigned long long>(begin), static_cast<unsigned long long>(end));
    return (owner != nullptr ? owner->name : std::string(name_of(memory))) + text;
}

bool Order::ordered(Core& core, Pipe pipe, const Touch& before, Action earlier, const Touch& now, Action action, Memory memory)
{
    Known& known = core.known[static_cast<int>(pipe)];
    if (known[before.line] >= before.number || (before.line == now.line && before.number == now.number)) return true;
    const bool atomics = earlier == Action::atomic && action == Action::atomic;
    if (before.line / lines != now.line / lines) return atomics;
    const Pipe from = pipe_of(before), to = pipe_of(now);
    if (from == Pipe::S && to == Pipe::S) return true;
    if (atomics) return !(from == Pipe::MTE3 && to == Pipe::MTE3);
    if (memory == Memory::L0C && from == Pipe::M && to == Pipe::M && before.wide && now.wide && before.address == now.address) return true;
    if (memory == Memory::L0C && before.unit != 0 && now.unit != 0 && from != to) return true;
    if (!auto_sync_ || core.stream->identity.type != CoreType::AIV || !automatic(from, to)) return false;
    known[before.line] = before.number;
    if (to == Pipe::S) ++core.version;
    return true;
}

void Order::access(Core& core, Pipe pipe, Touch now, Action action, const Region& region)
{
    const Memory memory = region.operand.memory;
    Intervals<History>& map = memory == Memory::GM ? global_ : core.memory[static_cast<int>(memory)];
    auto check = [&](uint64_t begin, uint64_t end, const History& history) {
        if (history.write.number != 0) compare(core, pipe, history.write, Action::write, now, action, region, begin, end);
        if (action != Action::read)
            for (const Touch& each : history.reads) compare(core, pipe, each, Action::read, now, action, region, begin, end);
        for (const Touch& each : history.atomics) compare(core, pipe, each, Action::atomic, now, action, region, begin, end);
        if (action == Action::read && memory != Memory::GM) overlapping(history.write, now, region, begin, end);
    };
    // Accesses that are over before this one starts are over before all that comes behind it.
    const Known& known = core.known[static_cast<int>(pipe)];
    auto add = [&](std::vector<Touch>& list) {
        size_t kept = 0;
        for (size_t i = 0; i < list.size(); ++i)
            if (list[i].line != now.line && known[list[i].line] < list[i].number) list[kept++] = list[i];
        list.resize(kept);
        list.push_back(now);
    };
    each_run(region, [&](uint64_t begin, uint64_t end) {
        map.look(begin, end, check);
        if (memory == Memory::GM && !cache_lines_.empty()) meet_lines(now, action, region, begin, end);
        if (action == Action::write) {
            History& history = map.assign(begin, end, {});
            history.write = now;
            return;
        }
        map.change(begin, end, {}, [&](History& history) { add(action == Action::read ? history.reads : history.atomics); });
    });
}

void Order::compare(Core& core, Pipe pipe, const Touch& before, Action earlier, const Touch& now, Action action, const Region& region,
                    uint64_t begin, uint64_t end)
{
    if (ordered(core, pipe, before, earlier, now, action, region.operand.memory)) return;
    // Which of two cores came first is chance: the one that reads is reported.
    if (before.line / lines != now.line / lines && earlier == Action::read) {
        report("race", now, action, before, earlier, region, begin, end, missing(now, before, region.operand.memory));
        return;
    }
    report("race", before, earlier, now, action, region, begin, end, missing(before, now, region.operand.memory));
}

std::string Order::missing(const Touch& before, const Touch& now, Memory memory) const
{
    const Stream& from = *cores_[before.line / lines].stream;
    const Stream& to = *cores_[now.line / lines].stream;
    if (&from == &to) {
        const std::string pipe = name_of(pipe_of(before));
        if (memory == Memory::L0C && pipe_of(before) == Pipe::M && pipe_of(now) == Pipe::M)
            return "no PipeBarrier<PIPE_M> in between, and one of the two has less than ten blocks of 16 x 16";
        if (pipe_of(before) == pipe_of(now)) return "no PipeBarrier<PIPE_" + pipe + "> in between";
        return "no " + pipe + "->" + name_of(pipe_of(now)) + " flag in between";
    }
    const bool same_block = from.identity.block == to.identity.block;
    const std::string mode = !same_block ? "0" : from.identity.type == to.identity.type ? "1" : "2";
    auto set = [&](const Touch& touch, const Stream& core) {
        const std::string pipe = pipe_of(touch) == Pipe::S ? "" : std::string(", PIPE_") + name_of(pipe_of(touch));
        return "CrossCoreSetFlag<" + mode + pipe + "> of " + core.name();
    };
    return std::string("nothing orders the two cores here, neither ") + (same_block ? "" : "SyncAll nor ") + set(before, from) +
           " behind this nor " + set(now, to) + " behind that, with a wait before the other";
}

// Bytes that are read through one buffer although they were written through another that covers part of it.
void Order::overlapping(const Touch& before, const Touch& now, const Region& region, uint64_t begin, uint64_t end)
{
    if (before.number == 0 || before.buffer_bytes == 0 || now.buffer_bytes == 0 || within(before, now) || within(now, before)) return;
    auto text = [&](const Touch& touch) { return range_text(machine_, region.operand.memory, touch.buffer, touch.buffer + touch.buffer_bytes); };
    report("overlap", before, Action::write, now, Action::read, region, begin, end,
           "it was written through the buffer " + text(before) + ", which overlaps the buffer " + text(now) + " that is read");
}

Place Order::place(const Touch& touch, Action action, const Region& region) const
{
    constexpr const char* actions[] = {"read", "write", "atomic"};
    const Site& site = sites_[touch.site];
    Place place;
    place.api = site.api;
    place.file = site.here.file ? site.here.file : "";
    place.line = site.here.line;
    place.core = cores_[touch.line / lines].stream->name();
    place.pipe = name_of(pipe_of(touch));
    place.action = actions[static_cast<int>(action)];
    place.memory = name_of(region.operand.memory);
    place.occurrence = touch.occurrence;
    return place;
}

// One finding for two places in the source, however often they meet.
void Order::report(const char* kind, const Touch& before, Action earlier, const Touch& now, Action action, const Region& region, uint64_t begin,
                   uint64_t end, const std::string& reason)
{
    const bool swap = before.line / lines != now.line / lines && before.site > now.site;
    const uint64_t first = swap ? now.site : before.site, second = swap ? before.site : now.site;
    const uint64_t key = first << 40 | second << 16 | static_cast<uint64_t>(kind[0]) << 4 | static_cast<uint64_t>(earlier == Action::read);
    const auto found = reported_.find(key);
    if (found != reported_.end()) {
        machine_.entries[found->second.entry].count += found->second.number != now.number;
        found->second.number = now.number;
        return;
    }
    Place places[2] = {place(now, action, region), place(before, earlier, region)};
    const Allocation* owner = region.operand.memory == Memory::GM ? machine_.allocation_of(begin) : nullptr;
    for (Place& each : places) {
        if (owner != nullptr) each.memory = owner->name;
        each.begin = begin - (owner != nullptr ? owner->begin : 0);
        each.end = end - (owner != nullptr ? owner->begin : 0);
    }
    const Site& site = sites_[now.site];
    const Site& other = sites_[before.site];
    const std::string where = places[0].core == places[1].core ? "" : " of " + places[1].core;
    auto execution = [](const Touch& touch) { return " (execution " + std::to_string(touch.occurrence) + ")"; };
    const std::string message = places[0].pipe + " " + verb(action) + " " + range_text(machine_, region.operand.memory, begin, end) +
                                execution(now) + ", " + participle(earlier) + " by " + places[1].pipe + " " + other.api + " at " +
                                source_text(other.here) + where + execution(before) + ": " + reason;
    reported_[key] = {machine_.find(kind, site.api, site.here, message, {places[0], places[1]}), now.number};
}

}  // namespace twin
