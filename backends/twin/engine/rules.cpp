// Rules about operands that need no history: buffers, reserved parts of memories, operands that overlap.
#include <algorithm>

#include "order.h"

namespace twin {
namespace {

constexpr uint64_t framework_bytes = 256;

struct Walk {
    uint64_t begin, block_stride, repeat_stride;
};

// The one exception: an operation that accumulates onto its second source, both standing still over the repeats.
bool accumulates(const Instruction& instruction, int source)
{
    switch (instruction.op) {
        case Op::Add:
        case Op::Sub:
        case Op::Mul:
        case Op::Max:
        case Op::Min:
        case Op::AddRelu:
        case Op::SubRelu: break;
        default: return false;
    }
    return source == 2 && (instruction.vector.repeat_stride[0] == 0 || instruction.vector.repeat_stride[2] == 0);
}

}  // namespace

// A tensor with its offsets stays in the buffer that it was made from.
void Machine::check_buffer(const Region& region, const char* api, Here here)
{
    const Operand& operand = region.operand;
    const uint64_t end = operand.buffer + operand.buffer_bytes;
    if (!checked || operand.buffer_bytes == 0 || (region.begin >= operand.buffer && region.end() <= end)) return;
    find("out-of-bounds", api, here,
         (operand.write ? "writes " : "reads ") + range_text(*this, operand.memory, region.begin, region.end()) + ", outside of the buffer " +
             range_text(*this, operand.memory, operand.buffer, end) + " that the tensor was made from");
}

void Machine::check_reserved(const Region& region, const char* api, Here here)
{
    const Memory memory = region.operand.memory;
    const uint64_t size = memory == Memory::GM ? 0 : stream->arena_bytes[static_cast<int>(memory)];
    if (!checked || (memory != Memory::UB && memory != Memory::L1)) return;
    if (stream->identity.mixed && region.end() > size - framework_bytes)
        find("reserved", api, here,
             "touches the last 256 bytes of " + std::string(name_of(memory)) + ", which the framework keeps in mix kernels");
    if (memory != Memory::UB || region.end() <= select_scratch) return;
    stream->scratch_touched = true;
    if (stream->scratch_used)
        find("reserved", api, here, "touches UB from 184 KiB, the scratch of a Select of mode 1 or 2 that this core executed before");
}

void Machine::check_scratch(const Instruction& instruction)
{
    if (!checked || instruction.op != Op::Select || instruction.vector.select == 0) return;
    stream->scratch_used = true;
    if (!stream->scratch_touched) return;
    find("reserved", instruction.api, instruction.here, "takes UB from 184 KiB as its scratch, which this core has used for data before");
}

// The matrices of one instruction go to places of their own: nothing says which of two comes last.
std::string matrices_fault(const Instruction& instruction)
{
    uint64_t matrices = 0, stride = 0, bytes = 0;
    if (instruction.op == Op::NdToNz) {
        const NdToNzParams& p = instruction.nd2nz;
        matrices = p.matrices, stride = p.matrix_bytes;
        bytes = (p.rows - 1) * uint64_t(p.row_bytes) + 32;
    } else if (instruction.op == Op::Fixpipe && !instruction.fixpipe.nz) {
        matrices = instruction.fixpipe.matrices, stride = instruction.fixpipe.destination_matrix, bytes = instruction.fixpipe.n;
    }
    if (matrices < 2 || stride >= bytes) return "";
    return std::to_string(matrices) + " matrices are written over each other: the first ends behind the beginning of the second";
}

// Within a repeat a destination coincides with a source or is apart from it; no repeat reads what an earlier one wrote.
std::string overlap_fault(const Instruction& instruction)
{
    const VectorParams& params = instruction.vector;
    if (instruction.op >= Op::Brcb || instruction.op == Op::Compare || instruction.op == Op::Compares || instruction.op == Op::Select)
        return "";
    const uint32_t width = size_of_type(instruction.operand[0].type);
    uint32_t widest = 1;
    for (int i = 0; i < instruction.operands; ++i) widest = std::max(widest, size_of_type(instruction.operand[i].type));
    const uint32_t lanes = 256 / widest;
    const uint32_t repeats = params.counter ? (params.count + lanes - 1) / lanes : params.repeats;
    if (repeats == 0) return "";
    auto walk = [&](int i) {
        return Walk{instruction.operand[i].address, params.block_stride[i], params.repeat_stride[i]};
    };
    auto last = [&](const Walk& w) { return w.begin + (repeats - 1) * w.repeat_stride + 7 * w.block_stride + 32; };
    const Walk to = walk(0);
    for (int i = 1; i < instruction.operands; ++i) {
        const Walk from = walk(i);
        if (to.begin >= last(from) || from.begin >= last(to) || accumulates(instruction, i)) continue;
        const bool steps = repeats == 1 || (to.repeat_stride == from.repeat_stride && to.repeat_stride >= 8 * to.block_stride);
        const bool same_width = width == size_of_type(instruction.operand[i].type);
        if (to.begin == from.begin && to.block_stride == from.block_stride && steps && same_width) continue;
        // Contiguous operands of different widths, and whatever else has no simple answer: block by block.
        const uint32_t to_blocks = lanes * width / 32, from_blocks = lanes * size_of_type(instruction.operand[i].type) / 32;
        for (uint32_t late = 0; late < repeats; ++late)
            for (uint32_t early = 0; early <= late; ++early)
                for (uint32_t a = 0; a < from_blocks; ++a)
                    for (uint32_t b = 0; b < to_blocks; ++b) {
                        const uint64_t read = from.begin + late * from.repeat_stride + a * from.block_stride;
                        const uint64_t written = to.begin + early * to.repeat_stride + b * to.block_stride;
                        const bool meet = read < written + 32 && written < read + 32;
                        if (!meet || (early == late && a == b && read == written && to_blocks == from_blocks)) continue;
                        if (params.counter && late + 1 == repeats && params.count % lanes != 0) continue;
                        const std::string overlap = "the destination overlaps source " + std::to_string(i - 1);
                        if (early == late) return overlap + " within a repeat without coinciding with it";
                        return overlap + ": repeat " + std::to_string(late) + " reads what repeat " + std::to_string(early) + " wrote";
                    }
    }
    return "";
}

}  // namespace twin
