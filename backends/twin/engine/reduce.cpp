// Reductions. A repeat's sum adds neighbours in a binary tree, rounding every partial sum to the element's type;
// inactive lanes count as 0 in sums and are left out of maxima and minima, whose first index wins.
#include "lanes.h"

namespace twin {
namespace {

template <class T>
T tree_sum(const T* values, uint32_t count)
{
    T partial[128];
    std::memcpy(partial, values, count * sizeof(T));
    for (; count > 1; count /= 2)
        for (uint32_t i = 0; i < count / 2; ++i) partial[i] = T(wide<T>(partial[2 * i]) + wide<T>(partial[2 * i + 1]));
    return partial[0];
}

template <class T>
uint32_t extreme(const T* values, const Lanes& active, uint32_t first, uint32_t count, Op op)
{
    uint32_t best = first + count;
    for (uint32_t i = first; i < first + count; ++i) {
        if (!active[i]) continue;
        if (best == first + count || (op == Op::Max ? float(values[i]) > float(values[best]) : float(values[i]) < float(values[best]))) best = i;
    }
    return best;
}

template <class T>
void put(uint8_t* to, T value, uint32_t index, uint8_t order)
{
    const uint64_t index_bits = index;
    switch (order) {
        case 0:
            std::memcpy(to, &value, sizeof(T));
            std::memcpy(to + sizeof(T), &index_bits, sizeof(T));
            return;
        case 1:
            std::memcpy(to, &index_bits, sizeof(T));
            std::memcpy(to + sizeof(T), &value, sizeof(T));
            return;
        case 2: std::memcpy(to, &value, sizeof(T)); return;
        default: std::memcpy(to, &index, sizeof(index)); return;
    }
}

template <class T>
struct Best {
    bool any = false;
    T value = T(0.0f);
    uint32_t index = 0;
};

template <class T>
void reduce(const Instruction& instruction, Stream& stream)
{
    constexpr uint32_t lanes = 256 / sizeof(T), each = 32 / sizeof(T);
    const VectorParams& params = instruction.vector;
    uint8_t* to = stream.at(instruction.operand[0]);
    const uint8_t* from = stream.at(instruction.operand[1]);
    const uint32_t repeats = repeats_of(params, lanes);
    T values[lanes];
    T total = T(0.0f);
    Best<T> best;
    for (uint32_t r = 0; r < repeats; ++r) {
        const Lanes active = lanes_of(params, r, lanes);
        load_lanes(values, from + uint64_t(r) * params.repeat_stride[1], params.block_stride[1], active);
        if (!active.full && params.reduce == Op::Add)
            for (uint32_t i = 0; i < lanes; ++i)
                if (!active[i]) values[i] = T(0.0f);
        uint8_t* result = to + uint64_t(r) * params.repeat_stride[0];
        if (instruction.op == Op::ReducePair) {
            for (uint32_t i = 0; i < lanes / 2; ++i) put(result + i * sizeof(T), tree_sum(values + 2 * i, 2), 0, 2);
        } else if (instruction.op == Op::ReduceBlock) {
            for (uint32_t block = 0; block < 8; ++block) {
                if (params.reduce == Op::Add) {
                    put(result + block * sizeof(T), tree_sum(values + block * each, each), 0, 2);
                } else {
                    const uint32_t index = extreme(values, active, block * each, each, params.reduce);
                    if (index < (block + 1) * each) put(result + block * sizeof(T), values[index], 0, 2);
                }
            }
        } else if (params.reduce == Op::Add) {
            const T sum = tree_sum(values, lanes);
            if (instruction.op == Op::ReduceRepeat) put(result, sum, 0, 2);
            total = T(wide<T>(total) + wide<T>(sum));
        } else {
            const uint32_t index = extreme(values, active, 0, lanes, params.reduce);
            if (index == lanes) continue;
            if (instruction.op == Op::ReduceRepeat) put(result, values[index], index, params.order);
            const bool better = params.reduce == Op::Max ? float(values[index]) > float(best.value) : float(values[index]) < float(best.value);
            if (!best.any || better) best = {true, values[index], r * lanes + index};
        }
    }
    if (params.reduce == Op::Add) stream.state.reduce_result = 0;
    if (params.reduce == Op::Add) std::memcpy(&stream.state.reduce_result, &total, sizeof(T));
    if (instruction.op != Op::ReduceAll || repeats == 0) return;
    if (params.reduce == Op::Add) put(to, total, 0, 2);
    else put(to, best.value, best.index, params.order);
}

}  // namespace

void execute_reduce(const Instruction& instruction, Stream& stream)
{
    if (instruction.operand[0].type == Type::f16) reduce<half>(instruction, stream);
    else reduce<float>(instruction, stream);
}

}  // namespace twin
