// Flags within a core, flags between cores, and kernel types.
#include <algorithm>

#include "clock.h"
#include "order.h"

namespace twin {
namespace {

// Directions that the page on synchronisation within a core lists for Atlas A2.
bool listed(CoreType type, Pipe from, Pipe to)
{
    if (from == to || from == Pipe::ALL || to == Pipe::ALL) return false;
    auto vector_side = [](Pipe pipe) { return pipe == Pipe::S || pipe == Pipe::V || pipe == Pipe::MTE2 || pipe == Pipe::MTE3; };
    if (type == CoreType::AIV) return vector_side(from) && vector_side(to);
    auto any = [](Pipe pipe, std::initializer_list<Pipe> list) {
        for (Pipe each : list)
            if (each == pipe) return true;
        return false;
    };
    switch (from) {
        case Pipe::M: return any(to, {Pipe::MTE1, Pipe::MTE2, Pipe::FIX});
        case Pipe::MTE1: return any(to, {Pipe::M, Pipe::MTE2, Pipe::MTE3, Pipe::FIX});
        case Pipe::MTE2: return any(to, {Pipe::M, Pipe::MTE1, Pipe::MTE3});
        case Pipe::MTE3: return any(to, {Pipe::MTE1, Pipe::MTE2});
        case Pipe::FIX: return any(to, {Pipe::M, Pipe::MTE1});
        default: return false;
    }
}

// Queues take event ids for themselves.
bool by_queue(const char* api) { return api[0] == 'T' && (api[1] == 'P' || (api[1] == 'Q' && api[4] == ':')); }

const char* mode_text(int mode) { return mode == 0 ? "all cores of its type" : mode == 1 ? "the other AIV of its block" : "the other AIV of its block (the AIC needs both)"; }

}  // namespace

void Machine::set_flag(Pipe from, Pipe to, int id, const char* api, Here here)
{
    begin(api, here);
    ++instructions[api];
    if (id < 0 || id > 7) fail("event-id", api, here, "event id %d: ids are 0..7", id);
    if (stream->state.pipe == nullptr && id > 5)
        find("event-id", api, here, "event id " + std::to_string(id) + " without a TPipe: 6 and 7 are kept by the system, take 0..5");
    if (!listed(stream->identity.type, from, to))
        note("direction", api, here, "the direction %s to %s is not among those documented for this core type", name_of(from), name_of(to));
    Flag& flag = stream->flag[static_cast<int>(from)][static_cast<int>(to)][id];
    if (flag.set)
        fail("flag-set-twice", api, here, "flag %s->%s id %d is set again before a WaitFlag took it; it was set at line %d", name_of(from), name_of(to), id, flag.here.line);
    flag.set = true;
    flag.here = here;
    flag.api = api;
    if (order) flag.known = order->set(*stream, from);
    if (clock != nullptr) clock->flag(stream->index, timing::Kind::set, from, to, id, api, here);
}

void Machine::wait_flag(Pipe from, Pipe to, int id, const char* api, Here here)
{
    begin(api, here);
    ++instructions[api];
    if (id < 0 || id > 7) fail("event-id", api, here, "event id %d: ids are 0..7", id);
    Flag& flag = stream->flag[static_cast<int>(from)][static_cast<int>(to)][id];
    if (!flag.set) fail("deadlock", api, here, "waits for flag %s->%s id %d, which is not set: PIPE_%s would wait for ever", name_of(from), name_of(to), id, name_of(to));
    if (checked && by_queue(flag.api) != by_queue(api))
        find("flag-taken", api, here,
             std::string("takes flag ") + name_of(from) + "->" + name_of(to) + " id " + std::to_string(id) + ", which " + flag.api + " at line " +
                 std::to_string(flag.here.line) + " set: ids of queues are not for SetFlag and WaitFlag, take one with AllocEventID");
    flag.set = false;
    if (clock != nullptr) clock->flag(stream->index, timing::Kind::wait, from, to, id, api, here);
    if (order) order->wait(*stream, to, flag.known);
}

bool Machine::flag_is_set(Pipe from, Pipe to, int id) { return !probing && stream->flag[static_cast<int>(from)][static_cast<int>(to)][id].set; }

void Machine::barrier(Pipe pipe, const char* api, Here here)
{
    begin(api, here);
    ++instructions[api];
    if (clock != nullptr) clock->barrier(stream->index, pipe, api, here);
    if (order) order->barrier(*stream, pipe);
}

void Machine::settle()
{
    if (probing || failed) return;
    if (order) order->barrier(*stream, Pipe::ALL);
    if (clock != nullptr) clock->barrier(stream->index, Pipe::ALL, "PipeBarrier of TPipe::Destroy", {"", 0});
}

// With any timing, the set before the last 15 has to be waited for when a set takes effect.
void Machine::deliver(Stream& target, int flag, const Known& known, const char* api, Here here)
{
    target.last_set[flag] = here;
    target.counter[flag].known.push_back(known);
    const uint32_t set = ++target.arrived[flag];
    if (target.counter[flag].count() > 15)
        fail("flag-overflow", api, here, "flag %d of %s has more than 15 sets that nobody waited for: a reverse flag is missing", flag, target.name().c_str());
    if (order && set > 15 && !order->knows(known, target, target.waited[flag][set - 16]))
        find("flag-overflow", api, here, "flag " + std::to_string(flag) + " of " + target.name() +
                                             " can come to more than 15 sets: nothing makes this core wait until the one 15 sets ago was taken; a reverse flag is missing");
}

// One id in one direction, on one pipe, and not one of those that SyncAll uses.
void Machine::check_directions(int mode, Pipe pipe, int flag, const char* api, Here here)
{
    if (!checked) return;
    const std::string name = "cross-core flag " + std::to_string(flag);
    const bool sync_all = std::string(api) == "SyncAll";
    if (sync_all) sync_all_flags |= 1 << flag;
    else user_flags |= 1 << flag;
    if (sync_all_flags & user_flags & ~clashes & 1 << flag) find("reserved", api, here, name + " is used by SyncAll and by the kernel itself");
    clashes = sync_all_flags & user_flags;
    if (stream->sets[flag] != 0 && stream->set_pipe[flag] != pipe)
        find("flag-pipes", api, here, name + " is set on PIPE_" + name_of(pipe) + " and was set on PIPE_" + name_of(stream->set_pipe[flag]) +
                                          " by the same core: nothing orders sets on two pipes, a wait does not know which of them it takes");
    stream->sets[flag] = static_cast<uint8_t>(stream->sets[flag] | 1 << mode);
    stream->set_pipe[flag] = pipe;
    for (auto& other : streams) {
        if (other->identity.block != stream->identity.block) continue;
        if (mode == 2 && other->identity.type != stream->identity.type && other->sets[flag] & 4)
            find("flag-both-ways", api, here,
                 name + " is set by the AIC and by the AIVs of a block: a core can take its own side's count; use one id for a direction");
        if (other->sets[flag] & ~(1 << mode))
            find("flag-both-ways", api, here,
                 name + " is set in mode " + std::to_string(mode) + " and in another one: they count on the same counter");
    }
}

// Modes 0 and 1 release every core of the group once all of it has reported; mode 2 links the AIC and its AIVs.
void Machine::cross_set(int mode, Pipe pipe, int flag, const char* api, Here here)
{
    begin(api, here);
    ++instructions[api];
    if (flag < 0 || flag > 15) fail("event-id", api, here, "cross-core flag %d: flags are 0..15", flag);
    const bool sync_all = std::string(api) == "SyncAll";
    if (kernel_type == 0 || kernel_type == 1) {
        if (!sync_all) fail("kernel-type", api, here, "flags between cores are delivered in MIX kernels only: declare KERNEL_TYPE_MIX_AIC_1_2 or KERNEL_TYPE_MIX_AIV_1_0");
        note("kernel-type", api, here, "SyncAll needs a MIX kernel type: declare KERNEL_TYPE_MIX_AIV_1_0");
    }
    if (clock != nullptr) clock->cross(stream->index, timing::Kind::cross_set, mode, pipe, flag, api, here);
    check_directions(mode, pipe, flag, api, here);
    const Identity& me = stream->identity;
    Known known = order ? order->set(*stream, pipe) : Known{};
    std::vector<Stream*> group;
    for (auto& other : streams) {
        const bool same_block = other->identity.block == me.block;
        const bool listens = mode == 2 && me.type == CoreType::AIC && same_block && other->identity.type == CoreType::AIV;
        if (listens) deliver(*other, flag, known, api, here);
        if (other->identity.type == me.type && (mode == 0 || same_block)) group.push_back(other.get());
    }
    if (mode == 2 && me.type == CoreType::AIC) return;
    stream->last_set[flag] = here;
    stream->reported[mode][flag].known.push_back(known);
    if (stream->reported[mode][flag].count() > 15)
        fail("flag-overflow", api, here, "flag %d was set more than 15 times ahead of %s", flag, mode_text(mode));
    for (Stream* each : group)
        if (each->reported[mode][flag].count() == 0) return;
    for (Stream* each : group) {
        std::deque<Known>& sets = each->reported[mode][flag].known;
        join(known, sets.front());
        sets.pop_front();
    }
    for (auto& other : streams) {
        const bool aic = other->identity.type == CoreType::AIC && other->identity.block == me.block;
        const bool member = std::find(group.begin(), group.end(), other.get()) != group.end();
        if (mode == 2 ? aic : member) deliver(*other, flag, known, api, here);
    }
}

void Machine::cross_wait(int flag, const char* api, Here here)
{
    begin(api, here);
    ++instructions[api];
    if (flag < 0 || flag > 15) fail("event-id", api, here, "cross-core flag %d: flags are 0..15", flag);
    if (clock != nullptr) clock->cross(stream->index, timing::Kind::cross_wait, 0, Pipe::S, flag, api, here);
    stream->wait_flag = flag;
    stream->wait_api = api;
    stream->wait_here = here;
    while (stream->counter[flag].count() == 0) pause();
    const Known known = std::move(stream->counter[flag].known.front());
    stream->counter[flag].known.pop_front();
    if (order) stream->waited[flag].push_back(order->cross_wait(*stream, known));
}

void Machine::meet(uint32_t cores, const char* api, Here here)
{
    begin(api, here);
    if (clock != nullptr) clock->meet(stream->index, cores, api, here);
    stream->wait_flag = -1;
    stream->wait_api = api;
    stream->wait_here = here;
    stream->met = true;
    if (order) {
        order->barrier(*stream, Pipe::ALL);
        const Known known = order->set(*stream, Pipe::S);
        if (meeting.empty()) meeting = known;
        else join(meeting, known);
    }
    std::vector<Stream*> here_now;
    for (auto& other : streams)
        if (other->met) here_now.push_back(other.get());
    if (here_now.size() >= cores) {
        for (Stream* each : here_now) {
            each->met = false;
            each->meeting = meeting;
        }
        meeting.clear();
    }
    while (stream->met) pause();
    if (order) order->cross_wait(*stream, stream->meeting);
}

void Machine::clean(const Operand& operand, bool entire)
{
    if (probing) return;
    if (order) order->clean(*stream, operand, entire);
    if (clock != nullptr) clock->clean(stream->index, operand, entire);
}

void Machine::task_type(int type)
{
    if (!probing) return;
    kernel_type = type;
    throw Stop{};
}

}  // namespace twin
