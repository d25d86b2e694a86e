// The matrix unit on its real layouts: NZ in L1 and L0C, row-major fractals in row order (zZ) in L0A, column-major
// fractals (nZ) in L0B. Sums run over k in order, in float; products of half and bf16 are exact there.
#include "lanes.h"

namespace twin {
namespace {

void transpose_fractal(uint8_t* to, const uint8_t* from)
{
    uint16_t source[256], result[256];
    std::memcpy(source, from, 512);
    for (int row = 0; row < 16; ++row)
        for (int column = 0; column < 16; ++column) result[column * 16 + row] = source[row * 16 + column];
    std::memcpy(to, result, 512);
}

void load_2d(const Instruction& instruction, Stream& stream)
{
    const LoadParams& load = instruction.load;
    for (uint32_t i = 0; i < load.repeats; ++i) {
        uint8_t* to = stream.at(instruction.operand[0]) + uint64_t(i) * load.destination_stride * 512;
        const uint8_t* from = stream.at(instruction.operand[1]) + (load.start + uint64_t(i) * load.source_stride) * 512;
        if (load.transpose) transpose_fractal(to, from);
        else std::memcpy(to, from, 512);
    }
}

// A tile of an NZ matrix into L0: fractal rows of the tile outer, or of its transpose. Rows behind the matrix are 0.
void load_3d(const Instruction& instruction, Stream& stream)
{
    const LoadParams& load = instruction.load;
    const uint32_t size = size_of_type(instruction.operand[0].type), c0 = 32 / size;
    const uint64_t rows = uint64_t(load.height) * load.width;
    const uint32_t m_blocks = (load.m_extent + 15) / 16, k_blocks = (load.k_extent + c0 - 1) / c0;
    const bool to_a = instruction.operand[0].memory == Memory::L0A;
    for (uint32_t m = 0; m < m_blocks; ++m)
        for (uint32_t k = 0; k < k_blocks; ++k) {
            uint8_t fractal[512] = {};
            const uint64_t first = load.m_start + m * 16ull;
            const uint64_t count = first >= rows ? 0 : rows - first < 16 ? rows - first : 16;
            std::memcpy(fractal, stream.at(instruction.operand[1]) + ((load.k_start / c0 + k) * rows + first) * 32, count * 32);
            // A transposed load into L0A gives the fractals of the transposed tile in row order.
            const uint64_t index = load.transpose && to_a ? uint64_t(k) * m_blocks + m : uint64_t(m) * k_blocks + k;
            uint8_t* to = stream.at(instruction.operand[0]) + index * 512;
            if (load.transpose) transpose_fractal(to, fractal);
            else std::memcpy(to, fractal, 512);
        }
}

// Square blocks: one fractal for 16-bit types, else several of which the transposed square is made of.
void load_transposed(const Instruction& instruction, Stream& stream)
{
    const LoadParams& load = instruction.load;
    const uint32_t size = size_of_type(instruction.operand[0].type), c0 = 32 / size;
    const uint32_t parts = size == 2 ? 1 : 2, side = size == 1 ? 32 : 16;
    for (uint32_t i = 0; i < load.repeats; ++i) {
        const uint8_t* from = stream.at(instruction.operand[1]) + (load.start + uint64_t(i) * load.source_stride) * 512 * parts;
        uint8_t* to = stream.at(instruction.operand[0]) + uint64_t(i) * load.destination_stride * 512;
        uint8_t square[1024];
        std::memcpy(square, from, 512 * parts);
        for (uint32_t row = 0; row < side; ++row)
            for (uint32_t column = 0; column < side; ++column) {
                // 32-bit squares lie side by side, 8-bit ones one above the other.
                auto at = [&](uint32_t r, uint32_t c, uint64_t part_stride) {
                    const uint32_t part = size == 4 ? c / c0 : r / 16;
                    return part * part_stride + (size == 4 ? r * 32 + c % c0 * size : (r % 16) * 32 + c * size);
                };
                std::memcpy(to + at(column, row, 512ull * load.fraction_stride), square + at(row, column, 512), size);
            }
    }
}

template <class T>
struct Product {
    using type = float;
};
template <>
struct Product<int8_t> {
    using type = int32_t;
};

// Sixteen columns of the result at a time, four rows together.
template <class P, uint32_t rows>
void tile(P* c, const P* a, const P* b, uint32_t k, uint32_t a_stride)
{
    typedef P Row __attribute__((vector_size(64)));
    Row sum[rows];
    std::memcpy(sum, c, sizeof(sum));
    for (uint32_t p = 0; p < k; ++p) {
        Row column;
        std::memcpy(&column, b + p * 16, sizeof(column));
        for (uint32_t r = 0; r < rows; ++r) sum[r] += a[r * a_stride + p] * column;
    }
    std::memcpy(c, sum, sizeof(sum));
}

template <class T>
void multiply(const Instruction& instruction, Stream& stream)
{
    using P = typename Product<T>::type;
    constexpr uint32_t c0 = 32 / sizeof(T);
    const MmadParams& p = instruction.mmad;
    const uint32_t m_blocks = (p.m + 15) / 16, n_blocks = (p.n + 15) / 16, k_blocks = (p.k + c0 - 1) / c0, k = k_blocks * c0;
    static thread_local std::vector<P> a, b;
    a.resize(uint64_t(m_blocks) * 16 * k);
    b.resize(uint64_t(n_blocks) * k * 16);
    const T* left = reinterpret_cast<const T*>(stream.at(instruction.operand[1]));
    const T* right = reinterpret_cast<const T*>(stream.at(instruction.operand[2]));
    if (p.m == 1) {
        for (uint32_t i = 0; i < p.k; ++i) a[i] = P(left[i]);
    } else {
        for (uint32_t mb = 0; mb < m_blocks; ++mb)
            for (uint32_t kb = 0; kb < k_blocks; ++kb)
                for (uint32_t row = 0; row < 16; ++row)
                    for (uint32_t i = 0; i < c0; ++i)
                        a[(mb * 16 + row) * uint64_t(k) + kb * c0 + i] = P(left[(uint64_t(mb) * k_blocks + kb) * 16 * c0 + row * c0 + i]);
    }
    for (uint32_t kb = 0; kb < k_blocks; ++kb)
        for (uint32_t nb = 0; nb < n_blocks; ++nb)
            for (uint32_t column = 0; column < 16; ++column)
                for (uint32_t i = 0; i < c0; ++i)
                    b[(uint64_t(nb) * k + kb * c0 + i) * 16 + column] = P(right[(uint64_t(kb) * n_blocks + nb) * 16 * c0 + column * c0 + i]);
    P* result = reinterpret_cast<P*>(stream.at(instruction.operand[0]));
    const P* bias = p.bias ? reinterpret_cast<const P*>(stream.at(instruction.operand[3])) : nullptr;
    for (uint32_t nb = 0; nb < n_blocks; ++nb) {
        P* c = result + uint64_t(nb) * m_blocks * 256;
        if (!p.accumulate)
            for (uint32_t i = 0; i < p.m * 16; ++i) c[i] = bias && nb * 16 + i % 16 < p.n ? bias[nb * 16 + i % 16] : P(0);
        uint32_t row = 0;
        for (; row + 4 <= p.m; row += 4) tile<P, 4>(c + row * 16, &a[row * uint64_t(k)], &b[uint64_t(nb) * k * 16], p.k, k);
        for (; row < p.m; ++row) tile<P, 1>(c + row * 16, &a[row * uint64_t(k)], &b[uint64_t(nb) * k * 16], p.k, k);
        // What stands behind m and n in the last fractals is unspecified.
        std::memset(static_cast<void*>(c + p.m * 16), 0xff, (uint64_t(m_blocks) * 16 - p.m) * 16 * sizeof(P));
        if (nb * 16 + 16 > p.n)
            for (uint32_t i = 0; i < p.m; ++i) std::memset(static_cast<void*>(c + i * 16 + p.n % 16), 0xff, (16 - p.n % 16) * sizeof(P));
    }
}

}  // namespace

void execute_load(const Instruction& instruction, Stream& stream)
{
    if (instruction.op == Op::Load2D) load_2d(instruction, stream);
    else if (instruction.op == Op::Load3D) load_3d(instruction, stream);
    else load_transposed(instruction, stream);
}

void execute_mmad(const Instruction& instruction, Stream& stream)
{
    const MmadParams& p = instruction.mmad;
    if (p.m == 0 || p.n == 0 || p.k == 0) return;
    switch (instruction.operand[1].type) {
        case Type::f16: return multiply<half>(instruction, stream);
        case Type::bf16: return multiply<bfloat16_t>(instruction, stream);
        case Type::f32: return multiply<float>(instruction, stream);
        default: return multiply<int8_t>(instruction, stream);
    }
}

// Row by row: relu, conversion to nearest even, then one store a run of 16 columns (NZ) or a row (ND).
void execute_fixpipe(const Instruction& instruction, Stream& stream)
{
    const FixpipeParams& p = instruction.fixpipe;
    const Type type = instruction.operand[0].type;
    const uint64_t size = size_of_type(type);
    const bool global = instruction.operand[0].memory == Memory::GM;
    uint8_t* to = stream.at(instruction.operand[0]);
    const uint8_t* from = stream.at(instruction.operand[1]);
    auto put = [&](uint8_t* destination, const uint8_t* source, uint64_t bytes) {
        if (global) store(destination, source, bytes, stream);
        else std::memcpy(destination, source, bytes);
    };
    std::vector<uint32_t> row((p.n + 15) / 16 * 16);
    std::vector<uint16_t> narrow(row.size());
    for (uint32_t matrix = 0; matrix < p.matrices; ++matrix)
        for (uint32_t m = 0; m < p.m; ++m) {
            for (uint32_t block = 0; block * 16 < p.n; ++block)
                std::memcpy(&row[block * 16], from + matrix * p.source_matrix * 1024ull + (uint64_t(block) * p.source_stride + m) * 64, 64);
            if (p.relu && type == Type::i32)
                for (uint32_t& bits : row) bits = static_cast<int32_t>(bits) > 0 ? bits : 0;
            else if (p.relu)
                for (uint32_t& bits : row) bits = bit_cast<float>(bits) <= 0.0f ? 0u : bits;
            if (type == Type::f16)
                for (size_t i = 0; i < row.size(); ++i) narrow[i] = float_to_half(bit_cast<float>(row[i]));
            else if (type == Type::bf16)
                for (size_t i = 0; i < row.size(); ++i) narrow[i] = float_to_bfloat(bit_cast<float>(row[i]));
            const uint8_t* source = size == 2 ? reinterpret_cast<const uint8_t*>(narrow.data()) : reinterpret_cast<const uint8_t*>(row.data());
            if (!p.nz) {
                put(to + (matrix * uint64_t(p.destination_matrix) + m * uint64_t(p.destination_stride)) * size, source, p.n * size);
                continue;
            }
            const uint32_t each = p.channel_split ? 8 : 16;
            for (uint32_t block = 0; block * each < p.n; ++block)
                put(to + block * uint64_t(p.destination_stride) * 32 + m * each * size, source + block * each * size, each * size);
        }
}

}  // namespace twin
