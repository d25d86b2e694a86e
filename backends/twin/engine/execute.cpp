// Which function executes an instruction.
#include "machine.h"

namespace twin {

void execute(const Instruction& instruction, Stream& stream, Engine& engine)
{
    switch (instruction.op) {
        case Op::Cast: return execute_cast(instruction, stream);
        case Op::Compare:
        case Op::Compares: return execute_compare(instruction, stream);
        case Op::Select: return execute_select(instruction, stream);
        case Op::Duplicate:
        case Op::Copy:
        case Op::Brcb:
        case Op::Gather:
        case Op::Gatherb: return execute_vector_move(instruction, stream, engine);
        case Op::ReduceRepeat:
        case Op::ReduceBlock:
        case Op::ReducePair:
        case Op::ReduceAll: return execute_reduce(instruction, stream);
        case Op::Move: return execute_move(instruction, stream);
        case Op::NdToNz: return execute_nd2nz(instruction, stream);
        case Op::Load2D:
        case Op::Load3D:
        case Op::LoadTransposed: return execute_load(instruction, stream);
        case Op::Mmad: return execute_mmad(instruction, stream);
        case Op::Fixpipe: return execute_fixpipe(instruction, stream);
        default: return execute_arithmetic(instruction, stream);
    }
}

}  // namespace twin
