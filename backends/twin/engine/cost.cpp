// What an instruction costs on its pipe and on the scalar unit, from its parameters and addresses alone.
#include <algorithm>

#include "clock.h"
#include "lanes.h"

namespace twin::timing {
namespace {

// UB has 16 groups of banks, found by address bits 8 to 5, of three banks each, by bits 17 and 16.
constexpr uint32_t groups = 16;
uint32_t group_of(uint64_t address) { return address >> 5 & (groups - 1); }
uint64_t bank_of(uint64_t address) { return address >> 16 << 4 | group_of(address); }

// Cycles that a repeat takes over one: a group of banks gives one block a cycle, and a write is in the way of a read of
// the same bank unless it goes to the very place that is read.
double conflicts_in(const Instruction& instruction, uint32_t repeat, uint32_t lanes, const Parameters& timing)
{
    const VectorParams& params = instruction.vector;
    const int operands = std::min<int>(instruction.operands, 3);
    uint8_t reads[groups] = {}, writes[groups] = {};
    uint64_t read_banks = 0, written_banks = 0;
    bool on_top = false;
    for (int i = 0; i < operands; ++i) {
        const Operand& operand = instruction.operand[i];
        const uint64_t start = operand.address + uint64_t(repeat) * params.repeat_stride[i];
        const uint32_t blocks = std::max(1u, lanes * size_of_type(operand.type) / 32);
        for (uint32_t block = 0; block < (params.block_stride[i] == 0 ? 1 : blocks); ++block) {
            const uint64_t address = start + uint64_t(block) * params.block_stride[i];
            ++(i == 0 ? writes : reads)[group_of(address)];
            (i == 0 ? written_banks : read_banks) |= 1ull << (bank_of(address) & 63);
        }
        on_top |= i > 0 && operand.address == instruction.operand[0].address;
    }
    const int most = std::max(*std::max_element(reads, reads + groups), *std::max_element(writes, writes + groups));
    return (most > 1 ? (most - 1) * timing.bank_read : 0) + (!on_top && (read_banks & written_banks) != 0 ? timing.bank_write : 0);
}

// The mean of the first two repeats, which stand for all: repeats behind one another alternate between halves of the groups.
double conflicts(const Instruction& instruction, uint32_t repeats, uint32_t lanes, const Parameters& timing)
{
    const double first = conflicts_in(instruction, 0, lanes, timing);
    return repeats < 2 ? first : (first + conflicts_in(instruction, 1, lanes, timing)) / 2;
}

Cost vector_cost(const Instruction& instruction, const Parameters& timing)
{
    const VectorParams& params = instruction.vector;
    const uint32_t lanes = lanes_for(instruction), repeats = repeats_of(params, lanes);
    Cost cost;
    cost.issue = timing.issue_vector + (params.counter ? timing.mask_writes : 0);
    cost.busy = timing.vector_startup;
    cost.repeats = repeats;
    double each = timing.vector_repeat;
    switch (instruction.op) {
        case Op::Div:
        case Op::Exp:
        case Op::Ln:
        case Op::Sqrt:
        case Op::Rsqrt:
        case Op::Reciprocal: each = timing.special_repeat; break;
        case Op::ReduceAll: cost.drains = true; [[fallthrough]];
        case Op::ReduceRepeat: each = timing.reduce_repeat; break;
        case Op::ReduceBlock:
        case Op::ReducePair: each = timing.reduce_block; break;
        case Op::Gather: each = timing.gather_repeat; break;
        case Op::Select: cost.busy += params.select != 0 ? timing.select_setup : 0; [[fallthrough]];
        case Op::Brcb:
        case Op::Gatherb:
        case Op::Compare:
        case Op::Compares: break;
        default: each += conflicts(instruction, repeats, lanes, timing);
    }
    cost.busy += repeats * each;
    return cost;
}

Cost move_cost(const Instruction& instruction, const Parameters& timing)
{
    const MoveParams& move = instruction.move;
    const double bytes = double(move.bursts) * move.bytes;
    Cost cost;
    switch (instruction.pipe) {
        case Pipe::V:
            cost.issue = timing.issue_vector;
            cost.repeats = static_cast<uint64_t>((bytes + 255) / 256);
            cost.busy = timing.vector_startup + double(cost.repeats) * timing.vector_repeat;
            return cost;
        case Pipe::MTE1:
        case Pipe::FIX:
            cost.issue = timing.issue_load;
            cost.busy = timing.load_startup + bytes / timing.l0b_rate;
            return cost;
        default:
            cost.issue = timing.issue_transfer;
            cost.busy = timing.transfer_startup + move.bursts * timing.transfer_burst;
            cost.latency = instruction.pipe == Pipe::MTE3 ? timing.store_latency : 0;
            return cost;
    }
}

// f32 operands come in steps of 8 columns that take two cycles each: a quarter of the rate of half.
Cost mmad_cost(const Instruction& instruction, const Parameters& timing)
{
    const MmadParams& p = instruction.mmad;
    const uint32_t size = size_of_type(instruction.operand[1].type), depth = 32 / size;
    const uint64_t steps = uint64_t((p.m + 15) / 16) * ((p.n + 15) / 16) * ((p.k + depth - 1) / depth) * (size == 4 ? 2 : 1);
    return {timing.issue_mmad, timing.mmad_startup + double(steps) * timing.mmad_step, timing.mmad_latency, false, steps, 0};
}

Cost load_cost(const Instruction& instruction, const Regions& regions, const Parameters& timing)
{
    double bytes = 0;
    for (int i = 0; i < regions.size; ++i) {
        const Region& region = regions.region[i];
        if (region.operand.write) bytes += double(region.bytes) * region.axis[0].count * region.axis[1].count * region.axis[2].count;
    }
    if (instruction.pipe == Pipe::MTE2) return {timing.issue_transfer, timing.transfer_startup + instruction.load.repeats * timing.transfer_burst, 0, false, 0, 0};
    const double rate = instruction.operand[0].memory == Memory::L0A ? timing.l0a_rate : timing.l0b_rate;
    return {timing.issue_load, timing.load_startup + bytes / rate, 0, false, 0, 0};
}

}  // namespace

Cost cost_of(const Instruction& instruction, const Regions& regions, const Parameters& timing)
{
    switch (instruction.op) {
        case Op::Move: return move_cost(instruction, timing);
        case Op::NdToNz: {
            const NdToNzParams& p = instruction.nd2nz;
            return {timing.issue_transfer, timing.transfer_startup + double(p.rows) * p.matrices * timing.transfer_burst, 0, false, 0, 0};
        }
        case Op::Load2D:
        case Op::Load3D:
        case Op::LoadTransposed: return load_cost(instruction, regions, timing);
        case Op::Mmad: return mmad_cost(instruction, timing);
        case Op::Fixpipe: {
            const FixpipeParams& p = instruction.fixpipe;
            return {timing.issue_fixpipe, timing.fixpipe_startup + double(p.m) * p.matrices * timing.fixpipe_row, timing.store_latency, false, 0, 0};
        }
        default: return vector_cost(instruction, timing);
    }
}

}  // namespace twin::timing
