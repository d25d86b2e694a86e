// The functional side of the clock: every call of a kernel becomes a record of its core.
#include <algorithm>

#include "clock.h"

namespace twin::timing {

Clock::Clock(const Parameters& parameters_, uint64_t l2_bytes, uint32_t cube_cores, uint64_t trace_limit_)
    : parameters(parameters_), flag_latency(ticks(parameters_.flag_latency)), cross_latency(ticks(parameters_.cross_latency)),
      queue_depth(static_cast<size_t>(parameters_.queue_depth)), cache(static_cast<uint64_t>(double(l2_bytes) * parameters_.l2_holds)),
      traffic(parameters_, cube_cores), trace_limit(trace_limit_)
{
}

void Clock::add_core(const Identity& identity)
{
    auto core = std::make_unique<Core>();
    core->index = static_cast<uint32_t>(each.size());
    core->identity = identity;
    // Without a cube core beside them, vector cores still are neighbours in pairs.
    const bool alone = identity.type == CoreType::AIV && identity.sub_blocks == 1 && (each.empty() || each[0]->identity.type == CoreType::AIV);
    core->group = alone ? identity.block / 2 : identity.block;
    traffic.add_core(core->group, core->index);
    core->queue.assign(pipes, Queue(queue_depth));
    each.push_back(std::move(core));
}

void Clock::add_memory(uint64_t begin, uint64_t bytes)
{
    memory_begin.push_back(begin);
    cache.add(bytes);
}

uint32_t Clock::site_of(const char* api, Here here)
{
    const auto [found, added] = site_index.try_emplace(SiteKey{api, here.file, here.line}, static_cast<uint32_t>(sites.size()));
    if (added) sites.push_back({api, here});
    return found->second;
}

Record& Clock::append(uint32_t core, Kind kind, const char* api, Here here)
{
    std::vector<Record>& records = each[core]->records;
    records.emplace_back();
    Record& record = records.back();
    record.kind = kind;
    record.site = site_of(api, here);
    ++sites[record.site].count;
    return record;
}

void Clock::work(uint32_t index, const Instruction& instruction, const Regions& regions, bool atomic, size_t memory)
{
    Core& core = *each[index];
    Record& record = append(index, Kind::work, instruction.api, instruction.here);
    const Cost cost = cost_of(instruction, regions, parameters);
    record.pipe = instruction.pipe;
    record.issue = ticks(cost.issue);
    record.busy = ticks(cost.busy);
    record.latency = ticks(cost.latency);
    if (instruction.op == Op::Mmad || instruction.op == Op::Fixpipe) {
        record.unit = (instruction.op == Op::Mmad ? instruction.mmad.unit : instruction.fixpipe.unit) != 0;
        record.tile = instruction.operand[instruction.op == Op::Mmad ? 0 : 1].address;
        if (record.unit) record.behind = instruction.op == Op::Mmad ? core.release[record.tile].fixpipes : core.mmads;
        if (record.unit) ++(instruction.op == Op::Mmad ? core.mmads : core.release[record.tile].fixpipes);
    }
    core.steps += cost.steps;
    core.repeats += cost.repeats;
    for (int i = 0; i < regions.size; ++i) {
        const Region& region = regions.region[i];
        if (region.operand.memory != Memory::GM) {
            uint64_t& peak = core.peak[static_cast<int>(region.operand.memory)];
            peak = std::max(peak, region.end());
            continue;
        }
        record.write = region.operand.write;
        record.atomic = atomic && record.write;
        record.access = {static_cast<uint32_t>(memory), region.begin - memory_begin[memory], region.bytes, {region.axis[0], region.axis[1]}};
        record.rate = !record.write ? parameters.l2_read_rate : core.identity.type == CoreType::AIV ? parameters.ub_write_rate : parameters.l2_write_rate;
        Site& site = sites[record.site];
        (record.write ? site.written : site.read) += record.access.total();
    }
    if (!cost.drains) return;
    Record& drain = append(index, Kind::drain, instruction.api, instruction.here);
    --sites[drain.site].count;
    drain.pipe = instruction.pipe;
    drain.issue = ticks(parameters.scalar_access);
}

// The scalar unit reaches GM through its cache, a line of 64 bytes at a time: 16 KiB on a cube core, 32 KiB on a vector core.
void Clock::access(uint32_t index, const Operand& operand, uint32_t bytes, const char* api, Here here, size_t memory, bool preload)
{
    Core& core = *each[index];
    Record& record = append(index, Kind::scalar, api, here);
    record.issue = ticks(parameters.scalar_access);
    if (operand.memory != Memory::GM) {
        uint64_t& peak = core.peak[static_cast<int>(operand.memory)];
        peak = std::max(peak, operand.address + bytes);
        return;
    }
    const uint64_t offset = operand.address - memory_begin[memory], line = offset / 64;
    const uint64_t tag = uint64_t(memory) << 48 | (line + 1);
    const uint64_t place = line % (core.identity.type == CoreType::AIV ? 512 : 256);
    uint64_t& held = core.lines[place];
    record.line = static_cast<uint16_t>(place + 1);
    record.preload = preload;
    if (held == tag) return;
    held = tag;
    record.access = {static_cast<uint32_t>(memory), line * 64, 64, {{1, 0}, {1, 0}}};
    record.rate = parameters.l2_read_rate;
    Site& site = sites[record.site];
    site.read += 64;
    site.written += operand.write ? 64 : 0;
}

// Lines that the scalar unit's cache gives up; which costs nothing here.
void Clock::clean(uint32_t index, const Operand& operand, bool entire)
{
    Core& core = *each[index];
    for (uint64_t& held : core.lines)
        if (entire || (held != 0 && memory_begin[held >> 48] + ((held & 0xffffffffffff) - 1) * 64 == operand.address / 64 * 64)) held = 0;
}

void Clock::flag(uint32_t core, Kind kind, Pipe from, Pipe to, int id, const char* api, Here here)
{
    Record& record = append(core, kind, api, here);
    record.pipe = from;
    record.other = to;
    record.id = static_cast<uint8_t>(id);
    record.issue = ticks(parameters.issue_flag);
}

void Clock::barrier(uint32_t core, Pipe pipe, const char* api, Here here)
{
    Record& record = append(core, Kind::barrier, api, here);
    record.pipe = pipe;
    record.issue = ticks(parameters.issue_flag);
}

void Clock::cross(uint32_t core, Kind kind, int mode, Pipe pipe, int id, const char* api, Here here)
{
    Record& record = append(core, kind, api, here);
    record.pipe = pipe;
    record.mode = static_cast<uint8_t>(mode);
    record.id = static_cast<uint8_t>(id);
    record.issue = ticks(parameters.issue_cross);
}

// Cores that meet through GM drain their pipes, report, and wait.
void Clock::meet(uint32_t core, uint32_t cores, const char* api, Here here)
{
    barrier(core, Pipe::ALL, api, here);
    append(core, Kind::meet, api, here).cores = cores;
    cross(core, Kind::cross_wait, 0, Pipe::S, meeting, api, here);
}

}  // namespace twin::timing
