// Moves: bursts with padding, ND to NZ, atomic stores, and the vector calls that only move elements.
#include "lanes.h"

namespace twin {
namespace {

template <class T>
void combine(uint8_t* destination, const uint8_t* source, uint64_t bytes, Atomic mode)
{
    for (uint64_t i = 0; i + sizeof(T) <= bytes; i += sizeof(T)) {
        T old, value;
        std::memcpy(&old, destination + i, sizeof(T));
        std::memcpy(&value, source + i, sizeof(T));
        if (mode == Atomic::add) value = static_cast<T>(wide<T>(old) + wide<T>(value));
        else if (mode == Atomic::max ? old > value : old < value) value = old;
        std::memcpy(destination + i, &value, sizeof(T));
    }
}

template <class T>
void duplicate(const Instruction& instruction, Stream& stream)
{
    constexpr uint32_t lanes = 256 / sizeof(T);
    const VectorParams& params = instruction.vector;
    T values[lanes];
    for (T& value : values) value = scalar_of<T>(params);
    const uint32_t repeats = repeats_of(params, lanes);
    for (uint32_t r = 0; r < repeats; ++r)
        store_lanes(stream.at(instruction.operand[0]) + uint64_t(r) * params.repeat_stride[0], params.block_stride[0], values, lanes_of(params, r, lanes));
}

template <class T>
void copy(const Instruction& instruction, Stream& stream)
{
    constexpr uint32_t lanes = 256 / sizeof(T);
    const VectorParams& params = instruction.vector;
    T values[lanes];
    const uint32_t repeats = repeats_of(params, lanes);
    for (uint32_t r = 0; r < repeats; ++r) {
        const Lanes active = lanes_of(params, r, lanes);
        load_lanes(values, stream.at(instruction.operand[1]) + uint64_t(r) * params.repeat_stride[1], params.block_stride[1], active);
        store_lanes(stream.at(instruction.operand[0]) + uint64_t(r) * params.repeat_stride[0], params.block_stride[0], values, active);
    }
}

// The offsets are data: they are checked where they are used.
const uint8_t* gathered(const Instruction& instruction, Stream& stream, Engine& engine, uint32_t index, uint64_t bytes)
{
    uint32_t offset;
    std::memcpy(&offset, stream.at(instruction.operand[2]) + uint64_t(index) * 4, 4);
    const Operand& source = instruction.operand[1];
    const uint64_t address = source.address + instruction.vector.scalar + offset;
    const uint64_t size = stream.arena_bytes[static_cast<int>(source.memory)];
    if (address + bytes > size)
        engine.fail("out-of-bounds", instruction.api, instruction.here, "offset[%u] = %u leads to byte %llu of a memory of %llu bytes", index, offset,
                    static_cast<unsigned long long>(address), static_cast<unsigned long long>(size));
    if (offset % bytes != 0)
        engine.fail("misaligned", instruction.api, instruction.here, "offset[%u] = %u is not a multiple of %llu bytes", index, offset, static_cast<unsigned long long>(bytes));
    return stream.arena[static_cast<int>(source.memory)].get() + address;
}

}  // namespace

void store(uint8_t* destination, const uint8_t* source, uint64_t bytes, const Stream& stream)
{
    const Atomic mode = stream.state.atomic;
    if (mode == Atomic::none) {
        std::memcpy(destination, source, bytes);
        return;
    }
    switch (stream.state.atomic_type) {
        case Type::f32: return combine<float>(destination, source, bytes, mode);
        case Type::f16: return combine<half>(destination, source, bytes, mode);
        case Type::bf16: return combine<bfloat16_t>(destination, source, bytes, mode);
        case Type::i16: return combine<int16_t>(destination, source, bytes, mode);
        case Type::i32: return combine<int32_t>(destination, source, bytes, mode);
        default: return combine<int8_t>(destination, source, bytes, mode);
    }
}

void execute_move(const Instruction& instruction, Stream& stream)
{
    const MoveParams& move = instruction.move;
    const uint32_t element = size_of_type(instruction.operand[0].type);
    const bool global = instruction.operand[0].memory == Memory::GM;
    uint8_t pattern[32];
    for (uint32_t i = 0; i < 32; i += element) std::memcpy(pattern + i, &move.pad_value, element);
    uint8_t* to = stream.at(instruction.operand[0]);
    for (uint32_t burst = 0; burst < move.bursts; ++burst) {
        uint8_t* at = to + burst * move.destination_stride;
        for (uint32_t i = 0; i < move.left_bytes; i += element) std::memcpy(at + i, pattern, element);
        at += move.left_bytes;
        if (instruction.operands > 1) {
            const uint8_t* from = stream.at(instruction.operand[1]) + burst * move.source_stride;
            if (global) store(at, from, move.bytes, stream);
            else std::memmove(at, from, move.bytes);
        }
        at += move.bytes;
        for (uint64_t i = 0; i < move.right_bytes; i += 32) {
            const uint64_t bytes = move.right_bytes - i < 32 ? move.right_bytes - i : 32;
            if (global) store(at + i, pattern, bytes, stream);
            else std::memcpy(at + i, pattern, bytes);
        }
        std::memset(at + move.right_bytes, 0xff, move.garbage);
    }
}

void execute_nd2nz(const Instruction& instruction, Stream& stream)
{
    const NdToNzParams& p = instruction.nd2nz;
    const uint64_t element = size_of_type(instruction.operand[0].type), row_bytes = p.columns * element;
    for (uint32_t matrix = 0; matrix < p.matrices; ++matrix) {
        const uint8_t* from = stream.at(instruction.operand[1]) + matrix * uint64_t(p.source_matrix) * element;
        uint8_t* to = stream.at(instruction.operand[0]) + matrix * p.matrix_bytes;
        for (uint32_t row = 0; row < p.rows; ++row) {
            const uint8_t* source = from + row * uint64_t(p.source_row) * element;
            uint8_t* block = to + row * uint64_t(p.row_bytes);
            uint64_t column = 0;
            for (; column + 32 <= row_bytes; column += 32, block += p.c0_bytes) std::memcpy(block, source + column, 32);
            if (column < row_bytes) {
                std::memcpy(block, source + column, row_bytes - column);
                std::memset(block + row_bytes - column, 0, 32 - (row_bytes - column));
            }
        }
    }
}

void execute_vector_move(const Instruction& instruction, Stream& stream, Engine& engine)
{
    const VectorParams& params = instruction.vector;
    const uint32_t size = size_of_type(instruction.operand[0].type);
    uint8_t* to = stream.at(instruction.operand[0]);
    switch (instruction.op) {
        case Op::Duplicate: return size == 2 ? duplicate<uint16_t>(instruction, stream) : duplicate<uint32_t>(instruction, stream);
        case Op::Copy: return size == 2 ? copy<uint16_t>(instruction, stream) : copy<uint32_t>(instruction, stream);
        case Op::Brcb:
            for (uint32_t i = 0; i < params.repeats * 8; ++i) {
                uint8_t* block = to + i / 8 * uint64_t(params.repeat_stride[0]) + i % 8 * uint64_t(params.block_stride[0]);
                for (uint32_t byte = 0; byte < 32; byte += size) std::memcpy(block + byte, stream.at(instruction.operand[1]) + uint64_t(i) * size, size);
            }
            return;
        case Op::Gather:
            for (uint32_t i = 0; i < params.count; ++i) std::memcpy(to + uint64_t(i) * size, gathered(instruction, stream, engine, i, size), size);
            return;
        default:  // Gatherb
            for (uint32_t i = 0; i < params.repeats * 8; ++i)
                std::memcpy(to + i / 8 * uint64_t(params.repeat_stride[0]) + i % 8 * uint64_t(params.block_stride[0]), gathered(instruction, stream, engine, i, 32), 32);
            return;
    }
}

}  // namespace twin
