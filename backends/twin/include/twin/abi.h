// What a kernel library and the engine say to each other. Every API call becomes one Instruction: which pipe, which
// operands, which parameters, and where in the source. The engine checks it, then executes it.
#pragma once
#include <cstdint>

#include "numeric.h"

namespace twin {

enum class Memory : uint8_t { GM, UB, L1, L0A, L0B, L0C, BT, FB, NONE };
enum class Pipe : uint8_t { S, V, M, MTE1, MTE2, MTE3, FIX, ALL };
enum class Type : uint8_t { f16, bf16, f32, i8, u8, i16, u16, i32, u32, i64, u64 };
enum class CoreType : uint8_t { AIC, AIV };
enum class Round : uint8_t { NONE, RINT, FLOOR, CEIL, ROUND, TRUNC, ODD };
enum class Compare : uint8_t { LT, GT, EQ, LE, GE, NE };
enum class Atomic : uint8_t { none, add, max, min };

enum class Op : uint8_t {
    // PIPE_V, element by element
    Add, Sub, Mul, Div, Max, Min, And, Or, AddRelu, SubRelu, MulAddDst, FusedMulAdd,
    Adds, Muls, Maxs, Mins, Axpy, LeakyRelu, ShiftLeft, ShiftRight,
    Relu, Abs, Exp, Ln, Sqrt, Rsqrt, Reciprocal, Not, Cast, Copy, Duplicate,
    Compare, Compares, Select,
    // PIPE_V, other shapes
    Brcb, Gather, Gatherb, ReduceRepeat, ReduceBlock, ReducePair, ReduceAll,
    // moves and the matrix unit
    Move, NdToNz, Load2D, Load3D, LoadTransposed, Mmad, Fixpipe,
};

// A place in the kernel source: as a default argument it names the caller's line.
struct Here {
    const char* file;
    int line;
    static constexpr Here at(const char* file = __builtin_FILE(), int line = __builtin_LINE()) { return {file, line}; }
};

struct Operand {
    Memory memory = Memory::NONE;
    Type type = Type::u8;
    bool write = false;
    uint16_t alignment = 1;
    uint64_t address = 0;  // bytes from the start of the memory; a host address for GM
    uint64_t buffer = 0, buffer_bytes = 0;  // what the tensor was made of; 0 bytes if its size is not known
};

// Element-wise work: `repeats` steps of up to 256 bytes of the widest type. Strides are in bytes and belong to the
// operands in their order; in counter mode `count` elements are done and the mask is not looked at.
struct VectorParams {
    uint64_t mask[2];
    uint64_t scalar;
    uint32_t count;
    uint32_t repeats;
    uint32_t block_stride[3];
    uint32_t repeat_stride[3];
    bool counter;
    uint8_t order;     // reductions: what goes to dst, see ReduceOrder
    uint8_t select;    // Select: SELMODE
    Round round;
    Compare compare;
    Op reduce;  // Add, Max or Min
};

// Bursts between memories. Strides are distances between the starts of bursts, in bytes. A burst may be padded on
// the UB side (DataCopyPad); `garbage` counts bytes behind the padding that the hardware leaves undefined.
struct MoveParams {
    uint32_t bursts;
    uint32_t bytes;
    uint64_t source_stride;
    uint64_t destination_stride;
    uint32_t left_bytes;
    uint32_t garbage;
    uint64_t right_bytes;
    uint64_t pad_value;
};

struct NdToNzParams {
    uint32_t matrices, rows, columns, source_matrix, source_row, c0_bytes, row_bytes;
    uint64_t matrix_bytes;
};

struct LoadParams {
    uint32_t start, repeats, source_stride, destination_stride, fraction_stride;  // in 512-byte fractals
    bool transpose;
    uint32_t height, width, channels, k_extent, m_extent, k_start, m_start;  // 3D
};

struct MmadParams {
    uint32_t m, n, k;
    bool accumulate, bias;
    uint8_t unit;  // unit flag: 0, 2 or 3
};

struct FixpipeParams {
    uint32_t n, m, source_stride, destination_stride;  // source_stride in 64-byte units of L0C rows
    uint32_t matrices, source_matrix, destination_matrix;
    bool relu, nz, channel_split;
    uint8_t unit;
};

struct Instruction {
    Op op;
    Pipe pipe;
    uint8_t operands;
    const char* api;
    Here here;
    Operand operand[4];  // the destination first
    union {
        VectorParams vector;
        MoveParams move;
        NdToNzParams nd2nz;
        LoadParams load;
        MmadParams mmad;
        FixpipeParams fixpipe;
    };
};

// What one instruction stream is: fixed for a launch.
struct Identity {
    CoreType type;
    uint32_t block, blocks, sub_block, sub_blocks;
    bool mixed;
};

// Registers of one stream that API calls read and write.
struct State {
    uint64_t mask[2] = {~0ull, ~0ull};
    bool counter = false;
    Atomic atomic = Atomic::none;
    Type atomic_type = Type::f32;
    uint64_t reduce_result = 0;
    void* pipe = nullptr;
    uint8_t event_ids[8][8] = {};  // reserved ids per (source, destination) pipe, one bit each
};

class Engine {
public:
    virtual void issue(const Instruction& instruction) = 0;
    virtual void* scalar(const Operand& operand, uint32_t bytes, const char* api, Here here) = 0;
    virtual void preload(const Operand& operand, const char* api, Here here) = 0;
    virtual void set_flag(Pipe from, Pipe to, int id, const char* api, Here here) = 0;
    virtual void wait_flag(Pipe from, Pipe to, int id, const char* api, Here here) = 0;
    virtual bool flag_is_set(Pipe from, Pipe to, int id) = 0;
    virtual void barrier(Pipe pipe, const char* api, Here here) = 0;
    virtual void settle() = 0;  // waits for all pipes of the core; never fails
    virtual void cross_set(int mode, Pipe pipe, int flag, const char* api, Here here) = 0;
    virtual void cross_wait(int flag, const char* api, Here here) = 0;
    virtual void meet(uint32_t cores, const char* api, Here here) = 0;
    // Two ways to report: the first ends the run.
    virtual void raise(const char* kind, const char* api, Here here, const char* format, ...) = 0;
    virtual void note(const char* kind, const char* api, Here here, const char* format, ...) = 0;
    virtual void print(const char* text) = 0;
    virtual const Identity& identity() = 0;
    virtual State& state() = 0;
    virtual uint64_t size_of(Memory memory) = 0;
    virtual uint64_t tiling_key() = 0;
    virtual void* workspace() = 0;
    virtual void set_workspace(void* workspace) = 0;
    virtual void task_type(int type) = 0;
    virtual void clean(const Operand& operand, bool entire) = 0;

    // Reports an error and ends the run.
    template <class... Values>
    [[noreturn]] void fail(const char* kind, const char* api, Here here, const char* format, Values... values)
    {
        raise(kind, api, here, format, values...);
        __builtin_unreachable();
    }

protected:
    ~Engine() = default;
};

inline Engine* engine = nullptr;

}  // namespace twin
