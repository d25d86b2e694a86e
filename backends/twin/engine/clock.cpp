// The replay: a discrete-event simulation. The units of a core are its scalar unit, which takes records in program order
// and puts them into the queues of the pipes, and the pipes. Cores take turns, and always the earliest event is next.
#include "clock.h"

#include <algorithm>

namespace twin::timing {
namespace {
constexpr int scalar = static_cast<int>(Pipe::S);

int at(Pipe pipe) { return static_cast<int>(pipe); }

// The pipe whose queue a record goes through, or the scalar unit.
int queue_for(const Record& record)
{
    switch (record.kind) {
        case Kind::work:
        case Kind::set:
        case Kind::cross_set: return at(record.pipe);
        case Kind::wait: return at(record.other);
        case Kind::barrier: return record.pipe == Pipe::ALL ? scalar : at(record.pipe);
        default: return scalar;
    }
}

bool drained(const Core& core)
{
    return std::all_of(core.queue.begin(), core.queue.end(), [](const Queue& queue) { return queue.empty(); });
}

}  // namespace

// When a unit can do what it has to do next: `never` if that depends on another unit.
Ticks Clock::next_of(const Core& core, int pipe) const
{
    if (pipe != scalar) {
        const Queue& queue = core.queue[pipe];
        if (queue.empty()) return never;
        const Record& record = queue.front();
        if (record.kind == Kind::wait && core.flag[at(record.pipe)][pipe][record.id].empty()) return never;
        if (record.unit && !may_hand_over(core, record)) return never;
        return std::max(core.now[pipe], queue.issued());
    }
    if (core.head == core.records.size()) return core.complete ? never : core.now[scalar];
    const Record& record = core.records[core.head];
    bool blocked = false;
    if (const int to = queue_for(record); to != scalar) blocked = core.queue[to].full();
    else if (record.kind == Kind::wait) blocked = core.flag[at(record.pipe)][scalar][record.id].empty();
    else if (record.kind == Kind::cross_wait) blocked = core.arrived[record.id].empty();
    else if (record.kind == Kind::drain) blocked = !core.queue[at(record.pipe)].empty();
    else if (record.kind == Kind::barrier) blocked = record.pipe == Pipe::ALL && !drained(core);
    return blocked ? never : core.now[scalar];
}

// The unit of a core that is next, and in core.next when.
int Clock::next_unit(Core& core) const
{
    int unit = scalar;
    core.next = next_of(core, scalar);
    for (int pipe = 1; pipe < pipes; ++pipe)
        if (const Ticks time = next_of(core, pipe); time < core.next) {
            core.next = time;
            unit = pipe;
        }
    return unit;
}

// Time goes on in epochs, in which the cores take their turns, again if flags woke some. Within one, a core that runs out
// of records waits for the kernel to give it more; so what happens does not depend on how far the kernel has run.
void Clock::advance()
{
    for (;;) {
        if (current == each.size() && !next_epoch()) break;
        for (; current < each.size(); ++current)
            if (!take_turn(*each[current])) return forget();
    }
    forget();
}

// False if nothing can happen.
bool Clock::next_epoch()
{
    Ticks earliest = never;
    for (auto& core : each) {
        next_unit(*core);
        earliest = std::min(earliest, core->next);
    }
    if (earliest == never) return false;
    traffic.forget(earliest);
    epoch_end = (earliest / epoch + 1) * epoch;
    current = 0;
    return true;
}

// What a core does in this epoch. False if that is not known as yet.
bool Clock::take_turn(Core& core)
{
    for (int unit = next_unit(core); core.next < epoch_end; unit = next_unit(core)) {
        if (unit != scalar) start(core, unit);
        else if (core.head < core.records.size()) issue(core);
        else return false;
    }
    return true;
}

// Drops records that were replayed.
void Clock::forget()
{
    for (auto& core : each) {
        core->records.erase(core->records.begin(), core->records.begin() + static_cast<std::ptrdiff_t>(core->head));
        core->head = 0;
    }
}

bool Clock::finished() const
{
    return std::all_of(each.begin(), each.end(), [](const auto& core) { return core->complete && core->head == core->records.size() && drained(*core); });
}

// The scalar unit takes its next record.
void Clock::issue(Core& core)
{
    const Record& record = core.records[core.head];
    if (const int to = queue_for(record); to != scalar) {
        stall(core, record, scalar, queue_of + to, core.freed[to]);
        issue_cost(core, record);
        core.queue[to].push(record, core.now[scalar]);
        ++core.head;
        return;
    }
    issue_cost(core, record);
    switch (record.kind) {
        case Kind::scalar: reach(core, record); break;
        case Kind::set: core.flag[scalar][at(record.other)][record.id].push_back(core.now[scalar] + flag_latency); break;
        case Kind::meet: meet(core, record); break;
        case Kind::drain: stall(core, record, scalar, flag_of + at(record.pipe), core.done[at(record.pipe)] + flag_latency); break;
        case Kind::barrier:
            for (int pipe = 1; pipe < pipes && record.pipe == Pipe::ALL; ++pipe) stall(core, record, scalar, at_barrier, std::max(core.now[pipe], core.done[pipe]));
            break;
        default: {
            std::vector<Ticks>& times = record.kind == Kind::cross_wait ? core.arrived[record.id] : core.flag[at(record.pipe)][scalar][record.id];
            stall(core, record, scalar, record.kind == Kind::cross_wait ? int{cross_flag} : flag_of + at(record.pipe), times.front());
            times.erase(times.begin());
        }
    }
    ++core.head;
}

void Clock::issue_cost(Core& core, const Record& record)
{
    if (record.issue == 0) return;
    Ticks& now = core.now[scalar];
    trace(core, scalar, running, record.site, now, now + record.issue);
    now += record.issue;
    core.busy[scalar] += record.issue;
    sites[record.site].issue += record.issue;
}

// Lets a unit stand still until a time, if that is still to come.
void Clock::stall(Core& core, const Record& record, int pipe, int reason, Ticks until)
{
    Ticks& now = core.now[pipe];
    if (until <= now) return;
    core.stall[pipe][reason] += until - now;
    if (reason != not_issued) {
        sites[record.site].stalled += until - now;
        trace(core, pipe, reason, record.site, now, until);
    }
    now = until;
}

// A pipe takes the next record of its queue, which leaves it when it starts.
void Clock::start(Core& core, int pipe)
{
    Queue& queue = core.queue[pipe];
    const Record& record = queue.front();
    const Ticks issued = queue.issued();
    const bool was_full = queue.full();
    if (record.kind == Kind::set || record.kind == Kind::cross_set) {
        // Takes effect when all before it is over, and holds up nothing behind it.
        const Ticks turn = std::max(core.now[pipe], issued), time = std::max(turn, core.done[pipe]);
        if (was_full) core.freed[pipe] = turn;
        if (record.kind == Kind::set) core.flag[pipe][at(record.other)][record.id].push_back(time + flag_latency);
        else cross_set(core, record, time + cross_latency);
        queue.pop();
        return;
    }
    stall(core, record, pipe, not_issued, issued);
    if (record.kind == Kind::wait) {
        std::vector<Ticks>& times = core.flag[at(record.pipe)][pipe][record.id];
        stall(core, record, pipe, flag_of + at(record.pipe), times.front());
        times.erase(times.begin());
    } else if (record.kind == Kind::barrier) stall(core, record, pipe, at_barrier, core.done[pipe]);
    else if (record.unit) take_over(core, record);
    if (was_full) core.freed[pipe] = core.now[pipe];
    if (record.kind == Kind::work) run(core, pipe, record);
    queue.pop();
}

void Clock::run(Core& core, int pipe, const Record& record)
{
    const Ticks start = core.now[pipe];
    Ticks busy = record.busy, latency = record.latency;
    int reason = l2_port;
    const uint64_t bytes = record.access.total();
    Ticks end = bytes > 0 ? transfer(core, record, start, busy, latency, reason) : start + busy;
    core.now[pipe] = start + busy;
    core.busy[pipe] += busy;
    sites[record.site].busy += busy;
    trace(core, pipe, running, record.site, start, start + busy, bytes);
    stall(core, record, pipe, reason, end);
    if (record.unit) hand_over(core, record, end, latency);
    core.done[pipe] = std::max(core.done[pipe], end + latency);
}

// By unit flags a Fixpipe follows the Mmad through a tile: it starts no earlier and ends no earlier. The next Mmad into the
// tile comes behind it.
bool Clock::may_hand_over(const Core& core, const Record& record)
{
    if (record.pipe == Pipe::FIX) return core.mmads_run >= record.behind;
    return record.behind == 0 || core.release.at(record.tile).run >= record.behind;
}

void Clock::take_over(Core& core, const Record& record)
{
    if (record.pipe == Pipe::FIX) stall(core, record, at(Pipe::FIX), flag_of + at(Pipe::M), core.mmad_start);
    else stall(core, record, at(Pipe::M), flag_of + at(Pipe::FIX), core.release[record.tile].time);
}

void Clock::hand_over(Core& core, const Record& record, Ticks& end, Ticks latency)
{
    if (record.pipe == Pipe::M) {
        ++core.mmads_run;
        core.mmad_start = end - record.busy;
        core.mmad_done = end + latency;
        return;
    }
    end = std::max(end, core.mmad_done);
    stall(core, record, at(Pipe::FIX), flag_of + at(Pipe::M), end);
    ++core.release[record.tile].run;
    core.release[record.tile].time = end;
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
    if (record.line == 0) return;
    Ticks& filled = core.filled[record.line - 1];
    if (record.access.total() != 0) {
        Ticks alone = 0, latency = 0;
        int reason = 0;
        const Ticks end = transfer(core, record, core.now[scalar], alone, latency, reason);
        filled = end + latency;
    }
    if (!record.preload) stall(core, record, scalar, in_memory, filled);
}

void Clock::trace(const Core& core, int pipe, int reason, uint32_t site, Ticks start, Ticks end, uint64_t bytes)
{
    if (trace_limit == 0) return;
    if (events.size() == trace_limit) ++dropped;
    else events.push_back({core.index, static_cast<Pipe>(pipe), static_cast<uint8_t>(reason), site, start, end - start, bytes});
}

}  // namespace twin::timing
