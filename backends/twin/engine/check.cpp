// What every instruction must satisfy: operands inside their memories, aligned, and atomics of the right type.
#include <cstdarg>
#include <cstdio>

#include "clock.h"
#include "order.h"
#include "shadow.h"

namespace twin {

Machine::Machine() = default;
Machine::~Machine() = default;

const char* name_of(Memory memory)
{
    constexpr const char* names[] = {"GM", "UB", "L1", "L0A", "L0B", "L0C", "BT", "FB", "no memory"};
    return names[static_cast<int>(memory)];
}
const char* name_of(Pipe pipe)
{
    constexpr const char* names[] = {"S", "V", "M", "MTE1", "MTE2", "MTE3", "FIX", "ALL"};
    return names[static_cast<int>(pipe)];
}

std::string Stream::name() const
{
    const std::string block = "block " + std::to_string(identity.block);
    return identity.type == CoreType::AIC ? block + " AIC" : block + " AIV" + std::to_string(identity.sub_block);
}

void Machine::add_entry(const char* kind, const std::string& message, const char* api, Here here)
{
    const std::string core = stream ? stream->name() : "";
    for (Entry& entry : entries)
        if (entry.line == here.line && entry.message == message && entry.api == api) {
            ++entry.count;
            return;
        }
    entries.push_back({kind, message, api, here.file ? here.file : "", core, here.line, 1, {}, {}});
}

size_t Machine::find(const char* kind, const char* api, Here here, const std::string& message, std::vector<Place> places)
{
    const std::string file = here.file ? here.file : "";
    for (size_t i = 0; i < entries.size() && places.empty(); ++i)
        if (entries[i].kind == kind && entries[i].line == here.line && entries[i].api == api && entries[i].file == file) {
            ++entries[i].count;
            return i;
        }
    entries.push_back({kind, message, api, file, stream ? stream->name() : "", here.line, 1, std::move(places), {}});
    return entries.size() - 1;
}

const Allocation* Machine::allocation_of(uint64_t address) const
{
    for (const Allocation& each : allocations)
        if (address >= each.begin && address < each.begin + each.bytes) return &each;
    return nullptr;
}

void Machine::raise(const char* kind, const char* api, Here here, const char* format, ...)
{
    char text[1024];
    va_list values;
    va_start(values, format);
    std::vsnprintf(text, sizeof(text), format, values);
    va_end(values);
    if (!probing) add_entry(kind, text, api, here);
    failed = true;
    throw Stop{};
}

void Machine::note(const char* kind, const char* api, Here here, const char* format, ...)
{
    char text[1024];
    va_list values;
    va_start(values, format);
    std::vsnprintf(text, sizeof(text), format, values);
    va_end(values);
    if (!probing) add_entry(kind, text, api, here);
}

void Machine::check_local(const Region& region, const char* api, Here here)
{
    const Operand& operand = region.operand;
    if (operand.memory == Memory::NONE) fail("no-memory", api, here, "an operand was never given memory: take it from a TQue, TBuf or an address");
    const uint64_t size = stream->arena_bytes[static_cast<int>(operand.memory)];
    if (size == 0)
        fail("missing-path", api, here, "%s does not belong to %s", name_of(operand.memory), stream->name().c_str());
    if (region.begin > size || region.end() > size)
        fail("out-of-bounds", api, here, "%s %s[0x%llx..0x%llx), which has 0x%llx bytes", operand.write ? "writes" : "reads", name_of(operand.memory),
             static_cast<unsigned long long>(region.begin), static_cast<unsigned long long>(region.end()), static_cast<unsigned long long>(size));
}

void Machine::check_global(const Region& region, const char* api, Here here)
{
    const uint64_t begin = region.begin, end = region.end();
    auto inside = [&](const Allocation& each) { return begin >= each.begin && end <= each.begin + each.bytes; };
    if (last_allocation < allocations.size() && inside(allocations[last_allocation])) return;
    // Whose bounds are crossed: the allocation that the access starts in, else one it reaches into, else the one before.
    const Allocation *nearest = nullptr, *reached = nullptr;
    for (size_t i = 0; i < allocations.size(); ++i) {
        const Allocation& each = allocations[i];
        if (inside(each)) {
            last_allocation = i;
            return;
        }
        if (begin >= each.begin && (nearest == nullptr || each.begin > nearest->begin)) nearest = &each;
        if (begin < each.begin && end > each.begin) reached = &each;
    }
    const char* verb = region.operand.write ? "writes" : "reads";
    if (reached != nullptr && (nearest == nullptr || begin >= nearest->begin + nearest->bytes)) nearest = reached;
    if (nearest == nullptr) fail("out-of-bounds", api, here, "%s GM at 0x%llx, which belongs to no argument", verb, static_cast<unsigned long long>(begin));
    const long long offset = static_cast<long long>(begin - nearest->begin);
    fail("out-of-bounds", api, here, "%s bytes [%lld..%lld) of %s, which has %llu", verb, offset, offset + static_cast<long long>(end - begin),
         nearest->name.c_str(), static_cast<unsigned long long>(nearest->bytes));
}

void Machine::check(const Regions& regions, const char* api, Here here)
{
    for (int i = 0; i < regions.size; ++i) {
        const Region& region = regions.region[i];
        const Operand& operand = region.operand;
        if (operand.memory == Memory::GM) check_global(region, api, here);
        else check_local(region, api, here);
        check_buffer(region, api, here);
        check_reserved(region, api, here);
        if (operand.address % operand.alignment != 0)
            fail("misaligned", api, here, "%s address 0x%llx of %s must be a multiple of %u bytes", operand.write ? "destination" : "source",
                 static_cast<unsigned long long>(operand.address), name_of(operand.memory), operand.alignment);
    }
}

void Machine::issue(const Instruction& instruction)
{
    begin(instruction.api, instruction.here);
    if (++stream->ran >= turn) breathe();
    ++instructions[instruction.api];
    for (int i = 0; i < instruction.operands; ++i)
        if (instruction.operand[i].memory == Memory::NONE) {
            const Operand& operand = instruction.operand[i];
            check_local({operand, operand.address, 1, {{1, 0}, {1, 0}, {1, 0}}, true}, instruction.api, instruction.here);
        }
    if (instruction.pipe == Pipe::V)
        for (int i = 0; i < instruction.operands; ++i)
            if (instruction.operand[i].memory != Memory::UB)
                fail("missing-path", instruction.api, instruction.here, "the vector unit works in UB, operand %d is in %s", i, name_of(instruction.operand[i].memory));
    if (instruction.op == Op::Mmad && (instruction.operand[0].memory != Memory::L0C || instruction.operand[1].memory != Memory::L0A || instruction.operand[2].memory != Memory::L0B))
        fail("missing-path", instruction.api, instruction.here, "Mmad multiplies L0A by L0B into L0C");
    if (instruction.op == Op::Fixpipe && instruction.operand[1].memory != Memory::L0C) fail("missing-path", instruction.api, instruction.here, "Fixpipe empties L0C");
    const Regions regions = regions_of(instruction);
    check(regions, instruction.api, instruction.here);
    const Operand& destination = instruction.operand[0];
    if (destination.memory == Memory::GM && stream->state.atomic != Atomic::none && destination.type != stream->state.atomic_type)
        fail("atomic-type", instruction.api, instruction.here, "the atomic mode was set for another type than the data that arrives in GM");
    if (clock != nullptr) clock->work(stream->index, instruction, regions, stream->state.atomic != Atomic::none, last_allocation);
    const std::string fault = !checked ? "" : instruction.pipe == Pipe::V ? overlap_fault(instruction) : matrices_fault(instruction);
    if (!fault.empty()) find("overlap", instruction.api, instruction.here, fault);
    check_scratch(instruction);
    if (order) order->issue(*stream, instruction, regions);
    if (shadow) shadow->execute(*stream, instruction, regions, *this);
    else execute(instruction, *stream, *this);
}

void* Machine::scalar(const Operand& operand, uint32_t bytes, const char* api, Here here)
{
    static thread_local uint64_t nowhere;
    if (expired) late(api, here);
    if (probing) {
        if (operand.memory == Memory::GM) return reinterpret_cast<void*>(operand.address);
        nowhere = 0;
        return &nowhere;
    }
    Regions regions;
    regions.add(operand, 0, bytes);
    if (operand.memory != Memory::GM && operand.memory != Memory::UB && operand.memory != Memory::NONE)
        fail("missing-path", api, here, "the scalar unit reads and writes UB and GM, not %s", name_of(operand.memory));
    check(regions, api, here);
    if (clock != nullptr) clock->access(stream->index, operand, bytes, api, here, last_allocation);
    if (++stream->ran >= turn) breathe();
    if (order) order->scalar(*stream, operand, bytes, api, here);
    if (shadow) shadow->scalar(*stream, operand, bytes, api, here);
    return stream->at(operand);
}

// A line that lies in the data cache from now on; nothing waits for it.
void Machine::preload(const Operand& operand, const char* api, Here here)
{
    if (probing) return;
    Regions regions;
    regions.add(operand, 0, 1);
    check(regions, api, here);
    if (clock != nullptr) clock->access(stream->index, operand, 1, api, here, last_allocation, true);
    if (order) order->scalar(*stream, operand, 1, api, here);
}

}  // namespace twin
