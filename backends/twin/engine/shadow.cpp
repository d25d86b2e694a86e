// Tracking of undefined bytes. Where an instruction reads some, it is executed again with other bytes in their place:
// the bytes of the result that change depend on them.
#include "shadow.h"

#include <algorithm>

#include "order.h"

namespace twin {
namespace {

bool reads_destination(const Instruction& instruction, const Stream& stream)
{
    switch (instruction.op) {
        case Op::MulAddDst:
        case Op::FusedMulAdd:
        case Op::Axpy: return true;
        case Op::Mmad: return instruction.mmad.accumulate;
        default: return instruction.operand[0].memory == Memory::GM && stream.state.atomic != Atomic::none;
    }
}

uint8_t* host(Stream& stream, Memory memory, uint64_t address)
{
    Operand operand;
    operand.memory = memory;
    operand.address = address;
    return stream.at(operand);
}

}  // namespace

Shadow::Shadow(Machine& machine, size_t cores) : machine_(machine), local_(cores * memories)
{
    for (size_t core = 0; core < cores; ++core)
        for (int memory = 1; memory < memories; ++memory)
            if (const uint64_t bytes = machine.stream_at(core).arena_bytes[memory]) local_[core * memories + static_cast<uint32_t>(memory)].assign(0, bytes, 0);
    for (const Allocation& each : machine.allocations)
        if (each.scratch && each.bytes > 0) global_.assign(each.begin, each.begin + each.bytes, 0);
}

// The undefined parts of what an instruction reads.
std::vector<Shadow::Run> Shadow::inputs(Stream& stream, const Instruction& instruction, const Regions& regions)
{
    std::vector<Run> found;
    auto look = [&](Memory memory, uint64_t begin, uint64_t end) {
        Set& set = undefined(stream, memory);
        if (set.empty()) return;
        set.look(begin, end, [&](uint64_t from, uint64_t to, uint32_t) { found.push_back({memory, from, to}); });
    };
    const bool accumulates = reads_destination(instruction, stream);
    for (int i = 0; i < regions.size; ++i) {
        const Region& region = regions.region[i];
        if (region.operand.write && region.exact && !accumulates) continue;
        each_run(region, [&](uint64_t begin, uint64_t end) { look(region.operand.memory, begin, end); });
    }
    if (instruction.op != Op::Gather && instruction.op != Op::Gatherb) return found;
    const Operand& source = instruction.operand[1];
    const bool blocks = instruction.op == Op::Gatherb;
    const uint32_t count = blocks ? instruction.vector.repeats * 8 : instruction.vector.count;
    const uint64_t bytes = blocks ? 32 : size_of_type(source.type);
    if (!found.empty()) {
        const Run& first = found[0];
        const uint32_t found_there = undefined(stream, first.memory).first(first.begin)->second.value;
        const uint32_t origin = read_by(found_there, stream, instruction.api, instruction.here, instruction.pipe, first);
        report(stream, origin, instruction.api, instruction.here, "takes them as offsets");
        for (const Run& run : found) undefined(stream, run.memory).clear(run.begin, run.end);
        found.clear();
    }
    for (uint32_t i = 0; i < count; ++i) {
        uint32_t offset;
        std::memcpy(&offset, stream.at(instruction.operand[2]) + uint64_t(i) * 4, 4);
        const uint64_t begin = source.address + instruction.vector.scalar + offset;
        look(source.memory, begin, begin + bytes);
    }
    return found;
}

void Shadow::execute(Stream& stream, const Instruction& instruction, const Regions& regions, Engine& engine)
{
    const std::vector<Run> read = inputs(stream, instruction, regions);
    if (read.empty()) {
        twin::execute(instruction, stream, engine);
        for (int i = 0; i < regions.size; ++i) {
            const Region& region = regions.region[i];
            Set& set = undefined(stream, region.operand.memory);
            if (region.operand.write && !set.empty())
                each_run(region, [&](uint64_t begin, uint64_t end) {
                    if (set.meets(begin, end)) set.clear(begin, end);
                });
        }
    } else {
        compute(stream, instruction, regions, read, engine);
    }
    leave(stream, instruction);
}

void Shadow::compute(Stream& stream, const Instruction& instruction, const Regions& regions, const std::vector<Run>& read, Engine& engine)
{
    struct Piece {
        Run run;
        std::vector<uint8_t> before;
        uint32_t origin;
    };
    std::vector<Piece> written, filled;
    auto save = [&](std::vector<Piece>& list, const Run& run, uint32_t origin) {
        const uint8_t* at = host(stream, run.memory, run.begin);
        list.push_back({run, {at, at + (run.end - run.begin)}, origin});
    };
    auto restore = [&](const std::vector<Piece>& list) {
        for (const Piece& each : list) std::memcpy(host(stream, each.run.memory, each.run.begin), each.before.data(), each.before.size());
    };
    for (int i = 0; i < regions.size; ++i) {
        const Region& region = regions.region[i];
        if (region.operand.write) each_run(region, [&](uint64_t begin, uint64_t end) { save(written, {region.operand.memory, begin, end}, 0); });
    }
    std::map<uint32_t, uint32_t> readers;  // origins of what is read, with this instruction as their reader if they have none
    for (const Run& run : read) {
        const uint32_t origin = undefined(stream, run.memory).first(run.begin)->second.value;
        save(filled, run, origin);
        if (readers.count(origin) == 0) readers[origin] = read_by(origin, stream, instruction.api, instruction.here, instruction.pipe, run);
    }
    auto run = [&](auto fill) {
        restore(written);
        restore(filled);
        for (const Piece& each : filled) std::memset(host(stream, each.run.memory, each.run.begin), fill(each.origin), each.before.size());
        twin::execute(instruction, stream, engine);
        std::vector<uint8_t> result;
        for (const Piece& each : written) {
            const uint8_t* at = host(stream, each.run.memory, each.run.begin);
            result.insert(result.end(), at, at + each.before.size());
        }
        return result;
    };
    constexpr uint8_t low = 0x3f, high = 0xbf;  // positive and negative in every type; what is there is NaN or -1
    const std::vector<uint8_t> base = run([](uint32_t) { return low; }), other = run([](uint32_t) { return high; });
    std::map<uint32_t, std::vector<uint8_t>> changed;  // if only the bytes of one origin are others
    for (const auto& [origin, reader] : readers)
        if (readers.size() > 1) changed[reader] = run([each = origin](uint32_t from) { return from == each ? high : low; });
    restore(written);
    restore(filled);
    twin::execute(instruction, stream, engine);
    const uint64_t element = size_of_type(instruction.operand[0].type);
    size_t at = 0;
    for (const Piece& each : written) {
        const uint8_t* last = host(stream, each.run.memory, each.run.begin);
        Set& set = undefined(stream, each.run.memory);
        const Allocation* owner = each.run.memory == Memory::GM ? machine_.allocation_of(each.run.begin) : nullptr;
        set.clear(each.run.begin, each.run.end);
        uint64_t begin = 0, end = 0;  // of a run of undefined elements that come from one origin
        uint32_t origin = 0;
        auto flush = [&] {
            if (begin == end) return;
            const uint64_t from = each.run.begin + begin, to = each.run.begin + end;
            const std::string target = range_text(machine_, each.run.memory, from, to);
            if (owner == nullptr || owner->scratch) set.assign(from, to, origin);
            else report(stream, origin, instruction.api, instruction.here, "stores what depends on them to " + target);
        };
        for (uint64_t i = 0; i < each.before.size(); i += element) {
            const uint64_t stop = std::min<uint64_t>(i + element, each.before.size());
            auto differs = [&](const uint8_t* bytes) { return std::memcmp(&base[at + i], bytes, stop - i) != 0; };
            if (!differs(&other[at + i]) && !differs(&last[i])) continue;
            uint32_t from = readers.begin()->second;
            for (const auto& [reader, bytes] : changed)
                if (differs(&bytes[at + i])) from = reader;
            if (i != end || from != origin) {
                flush();
                begin = i;
            }
            origin = from;
            end = stop;
        }
        flush();
        at += each.before.size();
    }
}

// What instructions leave behind that nobody may use.
void Shadow::leave(Stream& stream, const Instruction& instruction)
{
    const Operand& to = instruction.operand[0];
    Set& set = undefined(stream, to.memory);
    if (instruction.op == Op::Move && instruction.move.garbage > 0) {
        const MoveParams& move = instruction.move;
        const uint32_t origin = cause(Cause::padding, instruction.api, instruction.here);
        for (uint32_t burst = 0; burst < move.bursts; ++burst) {
            const uint64_t begin = to.address + burst * move.destination_stride + move.left_bytes + move.bytes + move.right_bytes;
            set.assign(begin, begin + move.garbage, origin);
        }
    } else if (instruction.op == Op::Mmad && instruction.mmad.m > 0 && instruction.mmad.n > 0 && instruction.mmad.k > 0) {
        const MmadParams& p = instruction.mmad;
        const uint32_t origin = cause(Cause::behind_product, instruction.api, instruction.here);
        const uint64_t m_blocks = (p.m + 15) / 16, n_blocks = (p.n + 15) / 16;
        for (uint64_t n = 0; n < n_blocks && p.m % 16; ++n)
            set.assign(to.address + (n * m_blocks * 16 + p.m) * 64, to.address + (n + 1) * m_blocks * 1024, origin);
        for (uint64_t m = 0; m < p.m && p.n % 16; ++m) {
            const uint64_t row = to.address + ((n_blocks - 1) * m_blocks * 16 + m) * 64;
            set.assign(row + p.n % 16 * 4, row + 64, origin);
        }
    } else if (instruction.op == Op::Select && instruction.vector.select != 0) {
        const uint64_t size = stream.arena_bytes[static_cast<int>(Memory::UB)];
        if (size > select_scratch) set.assign(select_scratch, size, cause(Cause::scratch, instruction.api, instruction.here));
    }
}

void Shadow::scalar(const Stream& stream, const Operand& operand, uint32_t bytes, const char* api, Here here)
{
    Set& set = undefined(stream, operand.memory);
    if (!set.meets(operand.address, operand.address + bytes)) return;
    if (!operand.write) {
        const Run run = {operand.memory, operand.address, operand.address + bytes};
        report(stream, read_by(set.first(operand.address)->second.value, stream, api, here, Pipe::S, run), api, here, "takes the value");
    }
    set.clear(operand.address, operand.address + bytes);
}

uint32_t Shadow::cause(Cause cause, const char* api, Here here)
{
    for (uint32_t i = 1; i < origins_.size(); ++i) {
        const Origin& each = origins_[i];
        if (each.cause == cause && each.left_at.line == here.line && each.left_at.file == here.file && each.api == nullptr) return i;
    }
    Origin origin;
    origin.cause = cause;
    origin.left_by = api;
    origin.left_at = here;
    origins_.push_back(origin);
    return static_cast<uint32_t>(origins_.size() - 1);
}

uint32_t Shadow::read_by(uint32_t origin, const Stream& stream, const char* api, Here here, Pipe pipe, const Run& run)
{
    if (origins_[origin].api != nullptr) return origin;
    Origin read = origins_[origin];
    read.api = api;
    read.here = here;
    read.core = stream.name();
    read.pipe = name_of(pipe);
    read.range = range_text(machine_, run.memory, run.begin, run.end);
    for (uint32_t i = 1; i < origins_.size(); ++i) {
        const Origin& each = origins_[i];
        const bool same_left = each.cause == read.cause && each.left_at.line == read.left_at.line && each.left_at.file == read.left_at.file;
        if (same_left && each.api == api && each.here.line == here.line && each.here.file == here.file) return i;
    }
    origins_.push_back(read);
    return static_cast<uint32_t>(origins_.size() - 1);
}

void Shadow::report(const Stream& stream, uint32_t origin, const char* api, Here here, const std::string& use)
{
    const auto [found, fresh] = reported_.try_emplace({origin, here.line, here.file, api}, 0);
    if (!fresh) {
        ++machine_.entries[found->second].count;
        return;
    }
    const Origin& from = origins_[origin];
    std::string text = from.pipe + " reads " + from.range;
    const std::string left = from.left_by ? std::string(from.left_by) + " at " + source_text(from.left_at) : "";
    switch (from.cause) {
        case Cause::never_written: text += ", which was never written"; break;
        case Cause::padding: text += ", undefined bytes behind the last element that " + left + " loaded"; break;
        case Cause::behind_product: text += ", undefined elements behind m and n of " + left; break;
        case Cause::scratch: text += ", which " + left + " used as its scratch"; break;
    }
    const bool same = from.here.line == here.line && from.here.file == here.file && from.api == api;
    text += same ? ", and " : ", and " + std::string(api) + " at " + source_text(here) + " (" + stream.name() + ") ";
    text += use;
    found->second = machine_.find("uninitialised", from.api, from.here, text);
    machine_.entries[found->second].core = from.core;
}

}  // namespace twin
