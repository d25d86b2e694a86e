// The replay: cores take turns, always the one whose scalar unit is earliest; within a core records go in program order,
// which is the order of issue, and each pipe works through its queue.
#include "clock.h"

#include <algorithm>

namespace twin::timing {
namespace {
// How far a core may run ahead of the next one. What they share is kept by time, not by turn.
constexpr Ticks ahead = 256 * cycle;
constexpr Ticks never = INT64_MAX / 2;
int at(Pipe pipe) { return static_cast<int>(pipe); }
}  // namespace

int Clock::earliest()
{
    int first = -1;
    Ticks earliest = never, second = never;
    for (auto& core : each) {
        if (core->finished || core->blocked >= 0) continue;
        if (core->scalar < earliest) {
            second = earliest;
            earliest = core->scalar;
            first = static_cast<int>(core->index);
        } else second = std::min(second, core->scalar);
    }
    if (first >= 0) traffic.forget(earliest);
    limit = second < never ? second + ahead : never;
    return first;
}

void Clock::advance()
{
    while (current >= 0 || (current = earliest()) >= 0) {
        Core& core = *each[current];
        bool turn = true;
        while (turn && core.head < core.records.size()) turn = step(static_cast<uint32_t>(current)) && core.scalar <= limit;
        if (core.head == core.records.size()) {
            core.records.clear();
            core.head = 0;
        }
        if (turn && !core.complete) return;
        core.finished = turn;
        current = -1;
    }
}

bool Clock::finished() const
{
    return std::all_of(each.begin(), each.end(), [](const auto& core) { return core->finished; });
}

// False if the core has to wait for another one: the record then stays.
bool Clock::step(uint32_t index)
{
    Core& core = *each[index];
    const Record& record = core.records[core.head];
    switch (record.kind) {
        case Kind::work: run(core, record); break;
        case Kind::scalar: reach(core, record); break;
        case Kind::set:
        case Kind::wait:
        case Kind::barrier: order(core, record); break;
        case Kind::cross_set: cross_set(core, record); break;
        case Kind::cross_wait:
            if (!take(core, record)) return false;
            break;
        case Kind::meet: gather(core, record); break;
    }
    ++core.head;
    return true;
}

void Clock::issue(Core& core, const Record& record)
{
    if (record.issue == 0) return;
    trace(core, Pipe::S, running, record.site, core.scalar, core.scalar + record.issue);
    core.scalar += record.issue;
    core.busy[at(Pipe::S)] += record.issue;
    sites[record.site].issue += record.issue;
}

// Into the queue of a pipe; the scalar unit blocks while it is full.
void Clock::enter(Core& core, const Record& record, Pipe pipe)
{
    issue(core, record);
    std::deque<Ticks>& queue = core.leaves[at(pipe)];
    while (!queue.empty() && queue.front() <= core.scalar) queue.pop_front();
    if (queue.size() < queue_depth) return;
    stall(core, record, Pipe::S, queue_of + at(pipe), queue.front());
    queue.pop_front();
}

// Lets a unit stand still until a time, if that is still to come.
void Clock::stall(Core& core, const Record& record, Pipe pipe, int reason, Ticks until)
{
    Ticks& now = pipe == Pipe::S ? core.scalar : core.ready[at(pipe)];
    if (until <= now) return;
    core.stall[at(pipe)][reason] += until - now;
    if (reason != not_issued) sites[record.site].stalled += until - now;
    if (reason != not_issued) trace(core, pipe, reason, record.site, now, until);
    now = until;
}

void Clock::run(Core& core, const Record& record)
{
    const int pipe = at(record.pipe);
    enter(core, record, record.pipe);
    stall(core, record, record.pipe, not_issued, core.scalar);
    const Ticks start = core.ready[pipe];
    core.leaves[pipe].push_back(start);
    Ticks busy = record.busy, latency = record.latency;
    int reason = l2_port;
    const uint64_t bytes = record.access.total();
    const Ticks end = bytes > 0 ? transfer(core, record, start, busy, latency, reason) : start + busy;
    core.ready[pipe] = start + busy;
    core.busy[pipe] += busy;
    sites[record.site].busy += busy;
    trace(core, record.pipe, running, record.site, start, start + busy, bytes);
    stall(core, record, record.pipe, reason, end);
    core.done[pipe] = std::max(core.done[pipe], end + latency);
    if (!record.drains) return;
    stall(core, record, Pipe::S, flag_of + pipe, core.done[pipe] + flag_latency);
    core.scalar += ticks(parameters.scalar_access);
    core.busy[at(Pipe::S)] += ticks(parameters.scalar_access);
}

// The end of an access to GM that starts at a time. `alone`: how long it takes without the others; in: without its bytes.
Ticks Clock::transfer(Core& core, const Record& record, Ticks start, Ticks& alone, Ticks& latency, int& reason)
{
    const uint64_t missed = cache.missed(record.access);
    const double factor = record.atomic ? parameters.atomic_factor : 1, bytes = double(record.access.total()) * factor;
    const Share share = traffic.move(core.index, record.write, start, bytes, double(missed) * factor, record.rate);
    (record.write ? hbm_written : hbm_read) += missed;
    alone = std::max(alone, ticks(bytes / record.rate));
    reason = share.from_hbm ? at_hbm : l2_port;
    if (!record.write) latency += ticks(missed > 0 ? parameters.hbm_latency : parameters.l2_latency);
    return std::max(start + alone, share.end);
}

// The scalar unit reads or writes UB, or GM through its cache.
void Clock::reach(Core& core, const Record& record)
{
    issue(core, record);
    if (record.access.total() == 0) return;
    Ticks alone = 0, latency = 0;
    int reason = 0;
    const Ticks end = transfer(core, record, core.scalar, alone, latency, reason);
    stall(core, record, Pipe::S, in_memory, end + latency);
}

// Flags and barriers within a core.
void Clock::order(Core& core, const Record& record)
{
    const int pipe = at(record.pipe);
    if (record.kind == Kind::barrier && record.pipe == Pipe::ALL) {
        issue(core, record);
        for (int i = 1; i < pipes; ++i) stall(core, record, Pipe::S, at_barrier, std::max(core.ready[i], core.done[i]));
        return;
    }
    if (record.kind == Kind::wait) {
        const Ticks time = core.flag[pipe][at(record.other)][record.id];
        if (record.other == Pipe::S) {
            issue(core, record);
            stall(core, record, Pipe::S, flag_of + pipe, time);
            return;
        }
        enter(core, record, record.other);
        stall(core, record, record.other, not_issued, core.scalar);
        stall(core, record, record.other, flag_of + pipe, time);
        core.leaves[at(record.other)].push_back(core.ready[at(record.other)]);
        return;
    }
    if (record.pipe == Pipe::S) {
        issue(core, record);
        if (record.kind == Kind::set) core.flag[pipe][at(record.other)][record.id] = core.scalar + flag_latency;
        return;
    }
    enter(core, record, record.pipe);
    if (record.kind == Kind::set) {
        core.flag[pipe][at(record.other)][record.id] = passed(core, record.pipe) + flag_latency;
        return;
    }
    stall(core, record, record.pipe, not_issued, core.scalar);
    stall(core, record, record.pipe, at_barrier, core.done[pipe]);
    core.leaves[pipe].push_back(core.ready[pipe]);
}

// A set in the queue of a pipe: it leaves when its turn comes, and takes effect when all before it is done.
Ticks Clock::passed(Core& core, Pipe pipe)
{
    const Ticks turn = std::max(core.ready[at(pipe)], core.scalar);
    core.leaves[at(pipe)].push_back(turn);
    return std::max(turn, core.done[at(pipe)]);
}

// As Machine::cross_set, with times: a flag of a group arrives when the last of the group has set it.
void Clock::cross_set(Core& core, const Record& record)
{
    enter(core, record, record.pipe);
    const int flag = record.id;
    const Ticks time = passed(core, record.pipe) + cross_latency;
    const Identity& me = core.identity;
    auto of_block = [&](const Core& other, CoreType type) { return other.identity.type == type && other.identity.block == me.block; };
    if (record.mode == 2 && me.type == CoreType::AIC) {
        for (auto& other : each)
            if (of_block(*other, CoreType::AIV)) deliver(*other, flag, time);
        return;
    }
    core.reported[record.mode][flag].push_back(time);
    std::vector<Core*> group;
    for (auto& other : each)
        if (other->identity.type == me.type && (record.mode == 0 || other->identity.block == me.block)) {
            if (other->reported[record.mode][flag].empty()) return;
            group.push_back(other.get());
        }
    Ticks last = 0;
    for (Core* other : group) {
        last = std::max(last, other->reported[record.mode][flag].front());
        other->reported[record.mode][flag].pop_front();
    }
    if (record.mode != 2) {
        for (Core* other : group) deliver(*other, flag, last);
        return;
    }
    for (auto& other : each)
        if (of_block(*other, CoreType::AIC)) deliver(*other, flag, last);
}

void Clock::gather(Core& core, const Record& record)
{
    core.met = true;
    std::vector<Core*> here;
    Ticks last = 0;
    for (auto& other : each)
        if (other->met) {
            here.push_back(other.get());
            last = std::max(last, other->scalar);
        }
    if (here.size() < record.cores) return;
    for (Core* other : here) {
        other->met = false;
        deliver(*other, meeting, last + cross_latency);
    }
}

void Clock::deliver(Core& core, int flag, Ticks time)
{
    std::vector<Ticks>& arrived = core.arrived[flag];
    arrived.insert(std::upper_bound(arrived.begin(), arrived.end(), time), time);
    if (core.blocked != flag) return;
    core.blocked = -1;
    limit = std::min(limit, std::max(core.scalar, time) + ahead);
}

bool Clock::take(Core& core, const Record& record)
{
    std::vector<Ticks>& arrived = core.arrived[record.id];
    if (arrived.empty()) {
        core.blocked = record.id;
        return false;
    }
    issue(core, record);
    stall(core, record, Pipe::S, cross_flag, arrived.front());
    arrived.erase(arrived.begin());
    return true;
}

void Clock::trace(const Core& core, Pipe pipe, int reason, uint32_t site, Ticks start, Ticks end, uint64_t bytes)
{
    if (trace_limit == 0) return;
    if (events.size() == trace_limit) ++dropped;
    else events.push_back({core.index, pipe, static_cast<uint8_t>(reason), site, start, end - start, bytes});
}

}  // namespace twin::timing
