// Moves between memories. Pages: "DataCopy (GM and UB)", "DataCopy (GM to L1)", "DataCopyPad", "DataCopy (ND to NZ)".
#pragma once
#include "tensor.h"

namespace twin {

// The pipe that moves data from one memory to another; PIPE_ALL where Atlas A2 has no such path.
inline Pipe move_pipe(Memory from, Memory to)
{
    if (from == Memory::GM && (to == Memory::UB || to == Memory::L1)) return Pipe::MTE2;
    if (to == Memory::GM && (from == Memory::UB || from == Memory::L1)) return Pipe::MTE3;
    if (from == Memory::UB && to == Memory::UB) return Pipe::V;
    if (from == Memory::L1 && to == Memory::BT) return Pipe::MTE1;
    if (from == Memory::L1 && to == Memory::FB) return Pipe::FIX;
    return Pipe::ALL;
}

// False if the call is meant for the other core type and compiles to nothing there.
inline bool begin_move(Instruction& instruction, Op op, const char* api, Here here, Operand destination, Operand source)
{
    const Memory local = source.memory == Memory::GM ? destination.memory : source.memory;
    if (destination.memory == Memory::UB && (source.memory == Memory::L0C || source.memory == Memory::L1))
        engine->fail("missing-path", api, here,
            "Atlas A2 has no path from %s to UB, the call does nothing: go through GM, with Fixpipe or DataCopy and a cross-core flag",
                     source.memory == Memory::L0C ? "L0C" : "L1");
    if (is_aiv && source.memory == Memory::GM && destination.memory == Memory::L1)
        engine->fail("missing-path", api, here, "GM to L1 on a vector core does not move data but sends a message to the AIC: guard it with ASCEND_IS_AIC");
    if (is_aiv && source.memory == Memory::UB && destination.memory == Memory::L1)
        engine->fail("missing-path", api, here, "Atlas A2 has no path from UB to L1: store to GM, set a cross-core flag, and load on the AIC");
    if (!on_this_core(local) && local != Memory::NONE && local != Memory::GM) return false;
    instruction.op = op;
    instruction.api = api;
    instruction.here = here;
    instruction.operands = 2;
    instruction.operand[0] = destination;
    instruction.operand[1] = source;
    instruction.pipe = move_pipe(source.memory, destination.memory);
    if (instruction.pipe == Pipe::ALL && source.memory != Memory::NONE && destination.memory != Memory::NONE)
        engine->fail("missing-path", api, here, "Atlas A2 has no such path (%s): go through GM, or use LoadData or Fixpipe",
                     source.memory == Memory::L0C ? "from L0C" : source.memory == Memory::L1 ? "from L1" : "between these memories");
    return true;
}

inline uint16_t move_alignment(Memory memory, size_t element)
{
    return memory == Memory::GM ? static_cast<uint16_t>(element) : memory == Memory::BT ? 64 : 32;
}

template <class Destination, class Source>
void copy_count(const Destination& destination, const Source& source, uint32_t count, const char* api, Here here)
{
    using T = typename Destination::PrimType;
    Instruction instruction;
    Operand to = destination.operand(true, 1), from = source.operand(false, 1);
    to.alignment = move_alignment(to.memory, sizeof(T));
    from.alignment = move_alignment(from.memory, sizeof(T));
    if (!begin_move(instruction, Op::Move, api, here, to, from)) return;
    const uint64_t bytes = uint64_t(count) * sizeof(T);
    if (bytes % 32 != 0)
        engine->note("rounded-down", api, here,
            "%u elements are %llu bytes: only %llu are copied, the count is rounded down to 32 bytes; use DataCopyPad",
                     count, static_cast<unsigned long long>(bytes), static_cast<unsigned long long>(bytes / 32 * 32));
    if (bytes / 32 > 65535) engine->fail("parameter", api, here, "%llu bytes in one burst: at most 65535 blocks of 32 bytes", static_cast<unsigned long long>(bytes));
    instruction.move = {};
    instruction.move.bursts = bytes >= 32;
    instruction.move.bytes = static_cast<uint32_t>(bytes / 32 * 32);
    engine->issue(instruction);
}

template <class Destination, class Source>
void copy_bursts(const Destination& destination, const Source& source, const AscendC::DataCopyParams& p, const char* api, Here here)
{
    using T = typename Destination::PrimType;
    Instruction instruction;
    Operand to = destination.operand(true, 1), from = source.operand(false, 1);
    to.alignment = move_alignment(to.memory, sizeof(T));
    from.alignment = move_alignment(from.memory, sizeof(T));
    if (!begin_move(instruction, Op::Move, api, here, to, from)) return;
    if (to.memory == Memory::BT || to.memory == Memory::FB)
        engine->fail("unknown", api, here, "the unit of blockLen for this destination is not modelled: use the count form");
    if (p.blockCount > 4095) engine->fail("parameter", api, here, "blockCount %u: at most 4095", p.blockCount);
    instruction.move = {};
    instruction.move.bursts = p.blockLen == 0 ? 0 : p.blockCount;
    instruction.move.bytes = p.blockLen * 32u;
    instruction.move.source_stride = (uint64_t(p.blockLen) + p.srcGap) * 32;
    instruction.move.destination_stride = (uint64_t(p.blockLen) + p.dstGap) * 32;
    engine->issue(instruction);
}

template <class Destination, class Source>
void copy_padded(const Destination& destination, const Source& source, const AscendC::DataCopyExtParams& p, bool pad, uint32_t left,
                 uint32_t right, uint64_t value, const char* api, Here here)
{
    using T = typename Destination::PrimType;
    Instruction instruction;
    Operand to = destination.operand(true, 1), from = source.operand(false, 1);
    const bool inbound = from.memory == Memory::GM;
    to.alignment = inbound ? 32 : 1;
    from.alignment = inbound ? 1 : 32;
    if ((inbound ? to : from).memory == Memory::L1)
        engine->fail("missing-path", api, here, "DataCopyPad between GM and L1 does not exist on Atlas A2: use DataCopy");
    if (!begin_move(instruction, Op::Move, api, here, to, from)) return;
    if (p.blockCount > 4095) engine->fail("parameter", api, here, "blockCount %u: at most 4095", p.blockCount);
    if (p.blockLen > 2097151) engine->fail("parameter", api, here, "blockLen %u bytes: at most 2097151", p.blockLen);
    if (p.blockLen % sizeof(T) != 0) engine->fail("parameter", api, here, "blockLen %u bytes is not a multiple of the element's %zu bytes", p.blockLen, sizeof(T));
    if (left * sizeof(T) > 32 || right * sizeof(T) > 32) engine->fail("parameter", api, here, "paddings of %u and %u elements: at most 32 bytes each", left, right);
    if (!pad && left + right > 0) engine->fail("parameter", api, here, "leftPadding and rightPadding need isPad = true");
    if (sizeof(T) == 8 && value != 0) engine->fail("parameter", api, here, "64-bit types can only be padded with 0");
    MoveParams& move = instruction.move = {};
    move.bursts = p.blockLen == 0 ? 0 : p.blockCount;
    move.bytes = p.blockLen;
    move.left_bytes = left * static_cast<uint32_t>(sizeof(T));
    move.right_bytes = right * static_cast<uint32_t>(sizeof(T));
    move.pad_value = value;
    const uint64_t filled = uint64_t(move.left_bytes) + p.blockLen + move.right_bytes;
    const uint64_t blocks = (filled + 31) / 32 * 32;
    if (inbound) {
        move.garbage = static_cast<uint32_t>(blocks - filled);
        move.source_stride = uint64_t(p.blockLen) + p.srcStride;
        move.destination_stride = blocks + uint64_t(p.dstStride) * 32;
    } else {
        move.source_stride = blocks + uint64_t(p.srcStride) * 32;
        move.destination_stride = uint64_t(p.blockLen) + p.dstStride;
    }
    engine->issue(instruction);
}

}  // namespace twin

namespace AscendC {

#define TWIN_DATA_COPY(Destination, Source)                                                                               \
    template <class T>                                                                                                    \
    void DataCopy(const Destination<T>& dst, const Source<T>& src, uint32_t count, twin::Here here = twin::Here::at())    \
    {                                                                                                                     \
        twin::copy_count(dst, src, count, "DataCopy", here);                                                              \
    }                                                                                                                     \
    template <class T>                                                                                                    \
    void DataCopy(const Destination<T>& dst, const Source<T>& src, const DataCopyParams& params,                          \
                  twin::Here here = twin::Here::at())                                                                     \
    {                                                                                                                     \
        twin::copy_bursts(dst, src, params, "DataCopy", here);                                                            \
    }
TWIN_DATA_COPY(LocalTensor, GlobalTensor)
TWIN_DATA_COPY(GlobalTensor, LocalTensor)
TWIN_DATA_COPY(LocalTensor, LocalTensor)
#undef TWIN_DATA_COPY

template <class T>
void DataCopyPad(const LocalTensor<T>& dst, const GlobalTensor<T>& src, const DataCopyExtParams& params,
                 const DataCopyPadExtParams<twin::same<T>>& pad, twin::Here here = twin::Here::at())
{
    twin::copy_padded(dst, src, params, pad.isPad, pad.leftPadding, pad.rightPadding, twin::bits_of(pad.paddingValue), "DataCopyPad", here);
}
template <class T>
void DataCopyPad(const GlobalTensor<T>& dst, const LocalTensor<T>& src, const DataCopyExtParams& params, twin::Here here = twin::Here::at())
{
    twin::copy_padded(dst, src, params, false, 0, 0, 0, "DataCopyPad", here);
}
// The older structs: blockLen in bytes here too.
template <class T>
void DataCopyPad(const LocalTensor<T>& dst, const GlobalTensor<T>& src, const DataCopyParams& p, const DataCopyPadParams& pad,
                 twin::Here here = twin::Here::at())
{
    twin::copy_padded(dst, src, {p.blockCount, p.blockLen, p.srcGap, p.dstGap, 0}, pad.isPad, pad.leftPadding, pad.rightPadding, pad.paddingValue,
                      "DataCopyPad", here);
}
template <class T>
void DataCopyPad(const GlobalTensor<T>& dst, const LocalTensor<T>& src, const DataCopyParams& p, twin::Here here = twin::Here::at())
{
    twin::copy_padded(dst, src, {p.blockCount, p.blockLen, p.srcGap, p.dstGap, 0}, false, 0, 0, 0, "DataCopyPad", here);
}

// Rows behind nValue are not written, columns behind dValue are zero up to 32 bytes.
template <class T>
void DataCopy(const LocalTensor<T>& dst, const GlobalTensor<T>& src, const Nd2NzParams& p, twin::Here here = twin::Here::at())
{
    twin::Instruction instruction;
    if (!twin::begin_move(instruction, twin::Op::NdToNz, "DataCopy(Nd2Nz)", here, dst.operand(true, 32), src.operand(false, 1))) return;
    auto range = [&](const char* name, uint32_t value, uint32_t low, uint32_t high) {
        if (value < low || value > high)
            twin::engine->fail("parameter", "DataCopy(Nd2Nz)", here, "%s is %u: it must be in %u..%u", name, value, low, high);
    };
    range("ndNum", p.ndNum, 0, 4095);
    range("nValue", p.nValue, 0, 16384);
    if (p.ndNum == 0 || p.nValue == 0 || p.dValue == 0) return;
    // Kernels that copy a single row leave the row strides at 0, which then have no effect.
    if (p.nValue > 1) {
        range("srcDValue", p.srcDValue, 1, 65535);
        range("dstNzNStride", p.dstNzNStride, 1, 16384);
    }
    range("dstNzC0Stride", p.dstNzC0Stride, 1, 16384);
    if (p.ndNum > 1) range("dstNzMatrixStride", p.dstNzMatrixStride, 0, 16384);
    instruction.nd2nz = {p.ndNum, p.nValue, p.dValue, p.srcNdMatrixStride, p.srcDValue, p.dstNzC0Stride * 32u, p.dstNzNStride * 32u,
                         uint64_t(p.dstNzMatrixStride) * sizeof(T)};
    twin::engine->issue(instruction);
}

}  // namespace AscendC
