// Flags within a core, flags between cores, and kernel types.
#include "clock.h"

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

const char* mode_text(int mode) { return mode == 0 ? "all cores of its type" : mode == 1 ? "the other AIV of its block" : "the other AIV of its block (the AIC needs both)"; }

}  // namespace

void Machine::set_flag(Pipe from, Pipe to, int id, const char* api, Here here)
{
    if (probing) throw Stop{};
    ++instructions[api];
    if (id < 0 || id > 7) fail("event-id", api, here, "event id %d: ids are 0..7", id);
    if (!listed(stream->identity.type, from, to))
        warn("direction", api, here, "the direction %s to %s is not among those documented for this core type", name_of(from), name_of(to));
    Flag& flag = stream->flag[static_cast<int>(from)][static_cast<int>(to)][id];
    if (flag.set)
        fail("flag-set-twice", api, here, "flag %s->%s id %d is set again before a WaitFlag took it; it was set at line %d", name_of(from), name_of(to), id, flag.here.line);
    flag = {true, here};
    if (clock != nullptr) clock->flag(stream->index, timing::Kind::set, from, to, id, api, here);
}

void Machine::wait_flag(Pipe from, Pipe to, int id, const char* api, Here here)
{
    if (probing) throw Stop{};
    ++instructions[api];
    if (id < 0 || id > 7) fail("event-id", api, here, "event id %d: ids are 0..7", id);
    Flag& flag = stream->flag[static_cast<int>(from)][static_cast<int>(to)][id];
    if (!flag.set) fail("deadlock", api, here, "waits for flag %s->%s id %d, which is not set: PIPE_%s would wait for ever", name_of(from), name_of(to), id, name_of(to));
    flag.set = false;
    if (clock != nullptr) clock->flag(stream->index, timing::Kind::wait, from, to, id, api, here);
}

bool Machine::flag_is_set(Pipe from, Pipe to, int id) { return !probing && stream->flag[static_cast<int>(from)][static_cast<int>(to)][id].set; }

void Machine::barrier(Pipe pipe, const char* api, Here here)
{
    if (probing) throw Stop{};
    ++instructions[api];
    if (clock != nullptr) clock->barrier(stream->index, pipe, api, here);
}

void Machine::deliver(Stream& target, int flag, const char* api, Here here)
{
    target.last_set[flag] = here;
    if (++target.counter[flag] > 15)
        fail("flag-overflow", api, here, "flag %d of %s has more than 15 sets that nobody waited for: a reverse flag is missing", flag, target.name().c_str());
}

// Modes 0 and 1 release every core of the group once all of it has reported; mode 2 links the AIC and its AIVs.
void Machine::cross_set(int mode, Pipe pipe, int flag, const char* api, Here here)
{
    if (probing) throw Stop{};
    ++instructions[api];
    if (flag < 0 || flag > 15) fail("event-id", api, here, "cross-core flag %d: flags are 0..15", flag);
    const bool sync_all = std::string(api) == "SyncAll";
    if (kernel_type == 0 || kernel_type == 1) {
        if (!sync_all) fail("kernel-type", api, here, "flags between cores are delivered in MIX kernels only: declare KERNEL_TYPE_MIX_AIC_1_2 or KERNEL_TYPE_MIX_AIV_1_0");
        warn("kernel-type", api, here, "SyncAll needs a MIX kernel type: declare KERNEL_TYPE_MIX_AIV_1_0");
    }
    if (clock != nullptr) clock->cross(stream->index, timing::Kind::cross_set, mode, pipe, flag, api, here);
    const Identity& me = stream->identity;
    std::vector<Stream*> group;
    for (auto& other : streams) {
        const bool same_block = other->identity.block == me.block;
        if (mode == 2 && me.type == CoreType::AIC && same_block && other->identity.type == CoreType::AIV) deliver(*other, flag, api, here);
        if (other->identity.type == me.type && (mode == 0 || same_block)) group.push_back(other.get());
    }
    if (mode == 2 && me.type == CoreType::AIC) return;
    stream->last_set[flag] = here;
    if (++stream->reported[mode][flag] > 15)
        fail("flag-overflow", api, here, "flag %d was set more than 15 times ahead of %s", flag, mode_text(mode));
    for (Stream* each : group)
        if (each->reported[mode][flag] == 0) return;
    for (Stream* each : group) {
        --each->reported[mode][flag];
        if (mode != 2) deliver(*each, flag, api, here);
    }
    if (mode != 2) return;
    for (auto& other : streams)
        if (other->identity.type == CoreType::AIC && other->identity.block == me.block) deliver(*other, flag, api, here);
}

void Machine::cross_wait(int flag, const char* api, Here here)
{
    if (probing) throw Stop{};
    ++instructions[api];
    if (flag < 0 || flag > 15) fail("event-id", api, here, "cross-core flag %d: flags are 0..15", flag);
    if (clock != nullptr) clock->cross(stream->index, timing::Kind::cross_wait, 0, Pipe::S, flag, api, here);
    stream->wait_flag = flag;
    stream->wait_api = api;
    stream->wait_here = here;
    while (stream->counter[flag] == 0) pause();
    --stream->counter[flag];
}

void Machine::meet(uint32_t cores, const char* api, Here here)
{
    if (probing) throw Stop{};
    if (clock != nullptr) clock->meet(stream->index, cores, api, here);
    stream->wait_flag = -1;
    stream->wait_api = api;
    stream->wait_here = here;
    stream->met = true;
    std::vector<Stream*> here_now;
    for (auto& other : streams)
        if (other->met) here_now.push_back(other.get());
    if (here_now.size() >= cores)
        for (Stream* each : here_now) each->met = false;
    while (stream->met) pause();
}

void Machine::task_type(int type)
{
    if (!probing) return;
    kernel_type = type;
    throw Stop{};
}

}  // namespace twin
