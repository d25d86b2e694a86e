// What each pipe knows to be over: flags, barriers, issue, and flags between cores.
#include "order.h"

namespace twin {

void join(Known& learned, const Known& other)
{
    for (size_t i = 0; i < learned.size(); ++i) learned[i] = learned[i] > other[i] ? learned[i] : other[i];
}

Order::Order(Machine& machine, size_t cores, bool auto_sync) : machine_(machine), auto_sync_(auto_sync), cores_(cores)
{
    for (size_t i = 0; i < cores; ++i) {
        cores_[i].stream = &machine.stream_at(i);
        for (Known& known : cores_[i].known) known.assign(cores * lines, 0);
    }
}

Order::Core& Order::core_of(const Stream& stream) { return cores_[stream.index]; }

// What the scalar unit knows when it issues to a pipe, the pipe knows too. Loads of the scalar unit are over at once.
void Order::inherit(Core& core, const Stream& stream, Pipe pipe)
{
    const int to = static_cast<int>(pipe);
    const uint32_t loads = stream.index * lines;
    if (core.seen[to] != core.version) {
        join(core.known[to], core.known[0]);
        core.seen[to] = core.version;
    } else {
        core.known[to][loads] = core.known[0][loads];
    }
}

void Order::learn(Core& core, Pipe pipe, const Known& learned)
{
    join(core.known[static_cast<int>(pipe)], learned);
    if (pipe == Pipe::S) ++core.version;
}

// A flag takes effect when everything before it on its pipe is over.
Known Order::set(const Stream& stream, Pipe from)
{
    Core& core = core_of(stream);
    inherit(core, stream, from);
    Known learned = core.known[static_cast<int>(from)];
    learned[stream.index * lines + static_cast<int>(from)] = core.issued[static_cast<int>(from)];
    if (from == Pipe::S) learned[stream.index * lines + scalar_stores] = core.issued[scalar_stores];
    return learned;
}

void Order::wait(const Stream& stream, Pipe to, const Known& learned)
{
    Core& core = core_of(stream);
    inherit(core, stream, to);
    learn(core, to, learned);
}

void Order::barrier(const Stream& stream, Pipe pipe)
{
    Core& core = core_of(stream);
    if (pipe == Pipe::ALL) {
        for (int each = 0; each < pipes; ++each) learn(core, Pipe::S, set(stream, static_cast<Pipe>(each)));
        return;
    }
    inherit(core, stream, pipe);
    core.known[static_cast<int>(pipe)][stream.index * lines + static_cast<int>(pipe)] = core.issued[static_cast<int>(pipe)];
    if (pipe != Pipe::S) return;
    core.known[0][stream.index * lines + scalar_stores] = core.issued[scalar_stores];
    ++core.version;
}

uint32_t Order::cross_wait(const Stream& stream, const Known& learned)
{
    Core& core = core_of(stream);
    learn(core, Pipe::S, learned);
    return core.known[0][stream.index * lines] = ++core.issued[0];
}

bool Order::knows(const Known& learned, const Stream& stream, uint32_t waited) const { return learned[stream.index * lines] >= waited; }

Touch Order::touch(Core& core, const Stream& stream, uint32_t line, const char* api, Here here, const Operand& operand)
{
    uint32_t& site = site_of_[{here.line, here.file, api}];
    if (site == 0) {
        site = static_cast<uint32_t>(sites_.size());
        sites_.push_back({api, here});
    }
    if (core.executed.size() <= site) core.executed.resize(sites_.size());
    Touch touch;
    touch.line = stream.index * lines + line;
    touch.number = ++core.issued[line];
    touch.site = site;
    touch.occurrence = ++core.executed[site];
    touch.time = ++now_;
    touch.address = operand.address;
    return touch;
}

void Order::issue(const Stream& stream, const Instruction& instruction, const Regions& regions)
{
    Core& core = core_of(stream);
    inherit(core, stream, instruction.pipe);
    Touch now = touch(core, stream, static_cast<uint32_t>(instruction.pipe), instruction.api, instruction.here, instruction.operand[0]);
    if (instruction.op == Op::Mmad) {
        now.unit = instruction.mmad.unit;
        now.wide = ((instruction.mmad.m + 15) / 16) * ((instruction.mmad.n + 15) / 16) >= 10;
    }
    if (instruction.op == Op::Fixpipe) now.unit = instruction.fixpipe.unit;
    if (instruction.op == Op::Mmad || instruction.op == Op::Fixpipe) hand_over(core, instruction, regions);
    const bool atomic = stream.state.atomic != Atomic::none;
    auto with = [&](const Region& region) {
        Touch each = now;
        each.address = region.operand.address;
        each.buffer = region.operand.buffer;
        each.buffer_bytes = region.operand.buffer_bytes;
        return each;
    };
    for (int i = 0; i < regions.size; ++i)
        if (!regions.region[i].operand.write) access(core, instruction.pipe, with(regions.region[i]), Action::read, regions.region[i]);
    if (instruction.op == Op::Gather || instruction.op == Op::Gatherb) gather(core, now, instruction);
    if (instruction.op == Op::ReduceAll && instruction.vector.counter && instruction.vector.reduce == Op::Add) {
        reduce_sum(core, now, instruction, regions);
        return;
    }
    for (int i = 0; i < regions.size; ++i) {
        const Region& region = regions.region[i];
        if (!region.operand.write) continue;
        access(core, instruction.pipe, with(region), atomic && region.operand.memory == Memory::GM ? Action::atomic : Action::write, region);
    }
}

// The offsets tell which elements are read.
void Order::gather(Core& core, Touch now, const Instruction& instruction)
{
    const bool blocks = instruction.op == Op::Gatherb;
    const uint64_t bytes = blocks ? 32 : size_of_type(instruction.operand[0].type);
    const uint32_t count = blocks ? instruction.vector.repeats * 8 : instruction.vector.count;
    const Operand& source = instruction.operand[1];
    now.address = source.address;
    now.buffer = source.buffer;
    now.buffer_bytes = source.buffer_bytes;
    for (uint32_t i = 0; i < count; ++i) {
        uint32_t offset;
        std::memcpy(&offset, const_cast<Stream*>(core.stream)->at(instruction.operand[2]) + uint64_t(i) * 4, 4);
        const uint64_t begin = source.address + instruction.vector.scalar + offset;
        access(core, instruction.pipe, now, Action::read, {source, begin, bytes, {{1, 0}, {1, 0}, {1, 0}}});
    }
}

// ReduceSum of a count: the scalar unit waits for the sum, stores it, and sets S_V and S_MTE3 for it.
void Order::reduce_sum(Core& core, Touch now, const Instruction& instruction, const Regions& regions)
{
    const Stream& stream = *core.stream;
    learn(core, Pipe::S, set(stream, Pipe::V));
    now.line = stream.index * lines + scalar_stores;
    now.number = ++core.issued[scalar_stores];
    now.address = instruction.operand[0].address;
    now.buffer = instruction.operand[0].buffer;
    now.buffer_bytes = instruction.operand[0].buffer_bytes;
    for (int i = 0; i < regions.size; ++i)
        if (regions.region[i].operand.write) access(core, Pipe::S, now, Action::write, regions.region[i]);
    const Known learned = set(stream, Pipe::S);
    learn(core, Pipe::V, learned);
    learn(core, Pipe::MTE3, learned);
}

void Order::scalar(const Stream& stream, const Operand& operand, uint32_t bytes, const char* api, Here here)
{
    Core& core = core_of(stream);
    Touch now = touch(core, stream, operand.write ? scalar_stores : 0, api, here, operand);
    now.buffer = operand.buffer;
    now.buffer_bytes = operand.buffer_bytes;
    if (!operand.write) core.known[0][now.line] = now.number;
    const Region region = {operand, operand.address, bytes, {{1, 0}, {1, 0}, {1, 0}}};
    if (operand.memory == Memory::GM) {
        if (operand.write) store_lines(core, now, region);
        else load_lines(core, now, region);
    }
    access(core, Pipe::S, now, operand.write ? Action::write : Action::read, region);
}

}  // namespace twin
