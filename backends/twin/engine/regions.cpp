// Which bytes an instruction reads and writes: what bounds checks (and whoever orders accesses) look at.
#include "lanes.h"

namespace twin {
namespace {

void elementwise(Regions& regions, const Instruction& instruction, int index, uint32_t lanes)
{
    const VectorParams& params = instruction.vector;
    const Operand& operand = instruction.operand[index];
    const uint32_t size = size_of_type(operand.type), each = 32 / size;
    if (params.counter && params.block_stride[index] == 32 && params.repeat_stride[index] == lanes * size) {
        regions.add(operand, 0, uint64_t(params.count) * size);
        return;
    }
    const uint32_t repeats = repeats_of(params, lanes);
    if (repeats == 0) return;
    const Lanes active = lanes_of(params, 0, lanes);
    uint32_t used = lanes;
    while (used > 0 && !active[used - 1]) --used;
    const uint32_t blocks = (used + each - 1) / each;
    bool exact = (blocks == 1 || used % each == 0) && !(params.counter && params.count % lanes != 0);
    for (uint32_t lane = 0; lane < used; ++lane) exact = exact && active[lane];
    const Axis within = {blocks, params.block_stride[index]}, over = {repeats, params.repeat_stride[index]};
    regions.add(operand, 0, blocks == 1 ? uint64_t(used) * size : 32, within, over, {1, 0}, exact);
}

void vector_regions(Regions& regions, const Instruction& instruction)
{
    const VectorParams& params = instruction.vector;
    const Operand* operand = instruction.operand;
    const uint32_t size = size_of_type(operand[0].type);
    const uint32_t lanes = lanes_for(instruction);
    const uint32_t repeats = repeats_of(params, lanes);
    switch (instruction.op) {
        case Op::Compare:
        case Op::Compares:
            regions.add(operand[0], 0, uint64_t(repeats) * lanes / 8);
            for (int i = 1; i < instruction.operands; ++i) elementwise(regions, instruction, i, lanes);
            return;
        case Op::Select:
            for (int i = 0; i < 3; ++i) elementwise(regions, instruction, i, lanes);
            regions.add(operand[3], 0, params.select == 0 ? lanes / 8 : (uint64_t(repeats) * lanes + 7) / 8);
            return;
        case Op::Brcb:
            regions.add(operand[0], 0, 32, {8, params.block_stride[0]}, {params.repeats, params.repeat_stride[0]});
            regions.add(operand[1], 0, uint64_t(params.repeats) * 8 * size);
            return;
        case Op::Gather:
            regions.add(operand[0], 0, uint64_t(params.count) * size);
            regions.add(operand[2], 0, uint64_t(params.count) * 4);
            return;
        case Op::Gatherb:
            regions.add(operand[0], 0, 32, {8, params.block_stride[0]}, {params.repeats, params.repeat_stride[0]});
            regions.add(operand[2], 0, uint64_t(params.repeats) * 32);
            return;
        case Op::ReduceRepeat:
        case Op::ReduceBlock:
        case Op::ReducePair:
        case Op::ReduceAll: {
            const uint32_t values = instruction.op == Op::ReduceBlock ? 8 : instruction.op == Op::ReducePair ? lanes / 2 : params.order <= 1 ? 2 : 1;
            const uint32_t results = instruction.op == Op::ReduceAll ? repeats > 0 : repeats;
            regions.add(operand[0], 0, params.order == 3 ? 4 : uint64_t(values) * size, {results, params.repeat_stride[0]});
            elementwise(regions, instruction, 1, lanes);
            return;
        }
        default:
            for (int i = 0; i < instruction.operands; ++i) elementwise(regions, instruction, i, lanes);
            return;
    }
}

void move_regions(Regions& regions, const Instruction& instruction)
{
    const MoveParams& move = instruction.move;
    regions.add(instruction.operand[0], 0, uint64_t(move.left_bytes) + move.bytes + move.right_bytes + move.garbage, {move.bursts, move.destination_stride});
    if (instruction.operands > 1) regions.add(instruction.operand[1], 0, move.bytes, {move.bursts, move.source_stride});
}

void load_regions(Regions& regions, const Instruction& instruction)
{
    const LoadParams& load = instruction.load;
    const Operand* operand = instruction.operand;
    const uint64_t size = size_of_type(operand[0].type);
    if (instruction.op == Op::Load2D) {
        regions.add(operand[0], 0, 512, {load.repeats, load.destination_stride * 512ull});
        regions.add(operand[1], load.start * 512ull, 512, {load.repeats, load.source_stride * 512ull});
    } else if (instruction.op == Op::LoadTransposed) {
        const uint32_t parts = size == 2 ? 1 : 2;
        const uint64_t square = 512ull * parts;
        const uint64_t span = (parts - 1) * load.fraction_stride * 512ull;
        regions.add(operand[0], 0, span + 512, {load.repeats, load.destination_stride * 512ull});
        regions.add(operand[1], load.start * square, square, {load.repeats, load.source_stride * square});
    } else {
        const uint64_t c0 = 32 / size, rows = uint64_t(load.height) * load.width;
        const uint64_t m_blocks = (load.m_extent + 15) / 16, k_blocks = (load.k_extent + c0 - 1) / c0;
        const uint64_t rows_used = load.m_start < rows ? std::min<uint64_t>(rows - load.m_start, m_blocks * 16) : 0;
        regions.add(operand[0], 0, m_blocks * k_blocks * 512);
        regions.add(operand[1], (load.k_start / c0 * rows + load.m_start) * 32, rows_used * 32, {static_cast<uint32_t>(k_blocks), rows * 32});
    }
}

void mmad_regions(Regions& regions, const Instruction& instruction)
{
    const MmadParams& p = instruction.mmad;
    if (p.m == 0 || p.n == 0 || p.k == 0) return;
    const uint64_t c0 = 32 / size_of_type(instruction.operand[1].type);
    const uint64_t m_blocks = (p.m + 15) / 16, n_blocks = (p.n + 15) / 16, k_blocks = (p.k + c0 - 1) / c0;
    regions.add(instruction.operand[0], 0, m_blocks * n_blocks * 1024);
    regions.add(instruction.operand[1], 0, p.m == 1 ? k_blocks * 32 : m_blocks * k_blocks * 512);
    regions.add(instruction.operand[2], 0, k_blocks * n_blocks * 512);
    if (p.bias) regions.add(instruction.operand[3], 0, uint64_t(p.n) * 4);
}

void fixpipe_regions(Regions& regions, const Instruction& instruction)
{
    const FixpipeParams& p = instruction.fixpipe;
    const uint64_t size = size_of_type(instruction.operand[0].type);
    const uint32_t blocks = (p.n + 15) / 16;
    regions.add(instruction.operand[1], 0, p.m * 64ull, {blocks, p.source_stride * 64ull}, {p.matrices, p.source_matrix * 1024ull});
    if (p.nz && p.channel_split) regions.add(instruction.operand[0], 0, p.m * 32ull, {blocks * 2, p.destination_stride * 32ull});
    else if (p.nz) regions.add(instruction.operand[0], 0, p.m * 16 * size, {blocks, p.destination_stride * 32ull});
    else regions.add(instruction.operand[0], 0, p.n * size, {p.m, p.destination_stride * size}, {p.matrices, p.destination_matrix * size});
}

}  // namespace

Regions regions_of(const Instruction& instruction)
{
    Regions regions;
    switch (instruction.op) {
        case Op::Move: move_regions(regions, instruction); break;
        case Op::NdToNz: {
            const NdToNzParams& p = instruction.nd2nz;
            const uint64_t size = size_of_type(instruction.operand[0].type), columns = (p.columns * size + 31) / 32;
            regions.add(instruction.operand[1], 0, p.columns * size, {p.rows, p.source_row * size}, {p.matrices, p.source_matrix * size});
            regions.add(instruction.operand[0], 0, 32, {p.rows, p.row_bytes}, {static_cast<uint32_t>(columns), p.c0_bytes}, {p.matrices, p.matrix_bytes});
            break;
        }
        case Op::Load2D:
        case Op::Load3D:
        case Op::LoadTransposed: load_regions(regions, instruction); break;
        case Op::Mmad: mmad_regions(regions, instruction); break;
        case Op::Fixpipe: fixpipe_regions(regions, instruction); break;
        default: vector_regions(regions, instruction); break;
    }
    return regions;
}

}  // namespace twin
