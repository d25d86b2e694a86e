// Positions, events, modes and parameter structs of the API; units as in each struct's comment.
// Pages: "TPosition", "SetFlag/WaitFlag", "DataCopy", "DataCopyPad", "LoadData", "Mmad", "Fixpipe", "Cast", "Select".
#pragma once
#include "qualifiers.h"

namespace AscendC {

enum class TPosition : uint8_t {
    GM, A1, A2, B1, B2, C1, C2, CO1, CO2, VECIN, VECOUT, VECCALC, LCM = VECCALC, TSCM, C2PIPE2GM, MAX
};
using QuePosition = TPosition;
enum class Hardware : uint8_t { GM, UB, L1, L0A, L0B, L0C, BIAS, FIXBUF, MAX };

#define TWIN_HARD_EVENTS(X)                                                                                        \
    X(MTE2, MTE1) X(MTE1, MTE2) X(MTE1, M) X(M, MTE1) X(MTE2, V) X(V, MTE2) X(MTE3, V) X(V, MTE3) X(V, V)         \
    X(MTE3, MTE1) X(MTE1, MTE3) X(MTE2, M) X(M, MTE2) X(M, FIX) X(FIX, M) X(MTE3, MTE2) X(MTE2, MTE3) X(S, V)      \
    X(V, S) X(S, MTE2) X(MTE2, S) X(S, MTE3) X(MTE3, S) X(MTE2, FIX) X(FIX, MTE2) X(FIX, S) X(M, S) X(S, M)        \
    X(FIX, MTE3) X(MTE3, FIX) X(MTE1, FIX) X(FIX, MTE1) X(MTE1, S) X(S, MTE1) X(S, FIX)
enum class HardEvent : uint8_t {
#define X(from, to) from##_##to,
    TWIN_HARD_EVENTS(X)
#undef X
    MAX
};
using TEventID = int8_t;

enum class RoundMode : uint8_t { CAST_NONE, CAST_RINT, CAST_FLOOR, CAST_CEIL, CAST_ROUND, CAST_TRUNC, CAST_ODD };
enum class CMPMODE : uint8_t { LT, GT, EQ, LE, GE, NE };
enum class SELMODE : uint8_t { VSEL_CMPMASK_SPR, VSEL_TENSOR_SCALAR_MODE, VSEL_TENSOR_TENSOR_MODE };
enum class MaskMode : uint8_t { NORMAL, COUNTER };
enum class ReduceType : uint8_t { SUM, MAX, MIN };
enum class ReduceOrder : uint8_t { ORDER_VALUE_INDEX, ORDER_INDEX_VALUE, ORDER_ONLY_VALUE, ORDER_ONLY_INDEX };
enum class CacheMode : uint8_t { CACHE_MODE_DISABLE, CACHE_MODE_NORMAL };
enum class CacheRwMode : uint8_t { READ = 1, WRITE = 2, RW = 3 };
enum class CacheLine : uint8_t { SINGLE_CACHE_LINE, ENTIRE_DATA_CACHE };
enum class DcciDst : uint8_t { CACHELINE_ALL, CACHELINE_UB, CACHELINE_OUT, CACHELINE_ATOMIC };
enum class MemDsbT : uint8_t { ALL, DDR, UB, SEQ };

template <class T, class U>
using IsSameType = std::is_same<T, U>;
template <class T, class U>
constexpr T CeilDivision(T value, U by)
{
    return static_cast<T>((value + by - 1) / by);
}

constexpr uint64_t MASK_PLACEHOLDER = 0;
constexpr uint32_t ONE_BLK_SIZE = 32;
constexpr uint32_t DEFAULT_C0_SIZE = 32;
constexpr uint32_t ONE_REPEAT_BYTE_SIZE = 256;
constexpr uint8_t DEFAULT_BLK_STRIDE = 1;
constexpr uint8_t DEFAULT_REPEAT_STRIDE = 8;

// Strides in 32-byte blocks.
struct BinaryRepeatParams {
    uint8_t dstBlkStride = 1, src0BlkStride = 1, src1BlkStride = 1;
    uint8_t dstRepStride = 8, src0RepStride = 8, src1RepStride = 8;
};
struct UnaryRepeatParams {
    uint16_t dstBlkStride = 1, srcBlkStride = 1;
    uint8_t dstRepStride = 8, srcRepStride = 8;
};
struct CopyRepeatParams {
    uint16_t dstStride = 1, srcStride = 1, dstRepeatSize = 8, srcRepeatSize = 8;
};
struct BrcbRepeatParams {
    uint16_t dstBlkStride = 1, dstRepStride = 8;
};
struct GatherRepeatParams {
    uint8_t dstBlkStride = 1, dstRepStride = 8;
};

// blockLen and gaps in 32-byte blocks; a gap reaches from the end of a burst to the start of the next.
struct DataCopyParams {
    uint16_t blockCount = 1, blockLen = 0;
    union {
        uint16_t srcGap = 0;
        uint16_t srcStride;
    };
    union {
        uint16_t dstGap = 0;
        uint16_t dstStride;
    };
    DataCopyParams() = default;
    DataCopyParams(uint16_t count, uint16_t length, uint16_t source_gap, uint16_t destination_gap)
        : blockCount(count), blockLen(length), srcGap(source_gap), dstGap(destination_gap)
    {
    }
};
// blockLen in bytes; gaps in bytes on the GM side, in 32-byte blocks on the UB side.
struct DataCopyExtParams {
    uint16_t blockCount = 1;
    uint32_t blockLen = 0, srcStride = 0, dstStride = 0, rsv = 0;
};
struct DataCopyPadParams {
    bool isPad = false;
    uint8_t leftPadding = 0, rightPadding = 0;
    uint64_t paddingValue = 0;
};
template <class T>
struct DataCopyPadExtParams {
    bool isPad = false;
    uint8_t leftPadding = 0, rightPadding = 0;
    T paddingValue = T(0);
};
// Source side in elements; dstNzC0Stride and dstNzNStride in 32-byte blocks, dstNzMatrixStride in elements.
struct Nd2NzParams {
    uint16_t ndNum = 0, nValue = 0, dValue = 0, srcNdMatrixStride = 0, srcDValue = 0;
    uint16_t dstNzC0Stride = 0, dstNzNStride = 0, dstNzMatrixStride = 0;
};

// In 512-byte fractals; srcStride from start to start, dstGap from end to start.
struct LoadData2DParams {
    uint16_t startIndex = 0, dstGap = 0, srcStride = 0;
    bool ifTranspose = false;
    uint8_t repeatTimes = 0, sid = 0, addrMode = 0;
    LoadData2DParams() = default;
    LoadData2DParams(uint16_t start, uint8_t repeats, uint16_t stride, uint8_t sid_value, uint16_t gap, bool transpose,
                     uint8_t address_mode)
        : startIndex(start), dstGap(gap), srcStride(stride), ifTranspose(transpose), repeatTimes(repeats),
          sid(sid_value), addrMode(address_mode)
    {
    }
};
// In square blocks (b16: one fractal); dstGap and dstFracGap in 512-byte fractals.
struct LoadData2dTransposeParams {
    uint16_t startIndex = 0;
    uint8_t repeatTimes = 0;
    uint16_t srcStride = 0, dstGap = 0, dstFracGap = 0;
    uint8_t addrMode = 0;
};
template <class T>
struct LoadData3DParamsV2 {
    uint8_t padList[4] = {0, 0, 0, 0};
    uint16_t l1H = 0, l1W = 0, channelSize = 0, kExtension = 0, mExtension = 0, kStartPt = 0, mStartPt = 0;
    uint8_t strideW = 1, strideH = 1, filterW = 1, filterH = 1, dilationFilterW = 1, dilationFilterH = 1;
    bool enTranspose = false, enSmallK = false;
    T padValue = T(0);
    bool filterSizeW = false, filterSizeH = false, fMatrixCtrl = false;
};

// The sizes are logical: operands still occupy whole fractals.
struct MmadParams {
    uint16_t m = 0, n = 0, k = 0;
    bool isBias = false;
    int32_t fmOffset = 0;
    bool enSsparse = false, enWinogradA = false, enWinogradB = false;
    int8_t unitFlag = 0;
    bool kDirectionAlign = false, cmatrixSource = false, cmatrixInitVal = true;
    MmadParams() = default;
    MmadParams(uint16_t rows, uint16_t columns, uint16_t depth, uint8_t unit, bool source, bool initial)
        : m(rows), n(columns), k(depth), unitFlag(static_cast<int8_t>(unit)), cmatrixSource(source), cmatrixInitVal(initial)
    {
    }
    MmadParams(uint16_t rows, uint16_t columns, uint16_t depth, bool bias, int32_t offset, bool sparse, bool winograd_a,
               bool winograd_b)
        : m(rows), n(columns), k(depth), isBias(bias), fmOffset(offset), enSsparse(sparse), enWinogradA(winograd_a),
          enWinogradB(winograd_b)
    {
    }
};

enum class CO2Layout : uint8_t { NZ, ROW_MAJOR };
struct FixpipeConfig {
    CO2Layout format;
    bool isToUB = false;
};
inline constexpr FixpipeConfig CFG_NZ = {CO2Layout::NZ};
inline constexpr FixpipeConfig CFG_ROW_MAJOR = {CO2Layout::ROW_MAJOR};

}  // namespace AscendC

enum QuantMode_t : uint8_t { NoQuant, F322F16, F322BF16, DEQF16, QF322B8_PRE, REQ8, VDEQF16, VQF322B8_PRE, VREQ8 };

namespace AscendC {
// srcStride in 64-byte units of L0C rows between 16-column blocks; dstStride in elements (ND) or 32-byte blocks (NZ).
struct FixpipeParamsV220 {
    uint16_t nSize = 0, mSize = 0, srcStride = 0;
    uint32_t dstStride = 0;
    QuantMode_t quantPre = NoQuant;
    uint64_t deqScalar = 0;
    uint16_t ndNum = 1, srcNdStride = 0, dstNdStride = 0;
    bool reluEn = false;
    uint8_t unitFlag = 0;
    bool isChannelSplit = false;
    FixpipeParamsV220() = default;
    FixpipeParamsV220(uint16_t n, uint16_t m, uint16_t source, uint32_t destination, bool relu)
        : nSize(n), mSize(m), srcStride(source), dstStride(destination), reluEn(relu)
    {
    }
    FixpipeParamsV220(uint16_t n, uint16_t m, uint16_t source, uint32_t destination, bool relu, QuantMode_t quant,
                      int64_t scalar, uint16_t matrices, uint16_t source_matrix, uint16_t destination_matrix,
                      uint8_t unit, bool split = false)
        : nSize(n), mSize(m), srcStride(source), dstStride(destination), quantPre(quant),
          deqScalar(static_cast<uint64_t>(scalar)), ndNum(matrices), srcNdStride(source_matrix),
          dstNdStride(destination_matrix), reluEn(relu), unitFlag(unit), isChannelSplit(split)
    {
    }
};
}  // namespace AscendC

namespace twin {

constexpr Memory memory_of(AscendC::TPosition position)
{
    using AscendC::TPosition;
    switch (position) {
        case TPosition::VECIN:
        case TPosition::VECOUT:
        case TPosition::VECCALC: return Memory::UB;
        case TPosition::A1:
        case TPosition::B1:
        case TPosition::C1:
        case TPosition::TSCM: return Memory::L1;
        case TPosition::A2: return Memory::L0A;
        case TPosition::B2: return Memory::L0B;
        case TPosition::CO1: return Memory::L0C;
        case TPosition::C2: return Memory::BT;
        case TPosition::C2PIPE2GM: return Memory::FB;
        case TPosition::GM:
        case TPosition::CO2: return Memory::GM;
        default: return Memory::NONE;
    }
}

constexpr bool on_this_core(Memory memory) { return memory == Memory::UB ? is_aiv : memory != Memory::GM && is_aic; }

constexpr Pipe event_from(AscendC::HardEvent event)
{
    constexpr Pipe table[] = {
#define X(from, to) Pipe::from,
        TWIN_HARD_EVENTS(X)
#undef X
    };
    return table[static_cast<int>(event)];
}
constexpr Pipe event_to(AscendC::HardEvent event)
{
    constexpr Pipe table[] = {
#define X(from, to) Pipe::to,
        TWIN_HARD_EVENTS(X)
#undef X
    };
    return table[static_cast<int>(event)];
}
constexpr bool pipe_on_this_core(Pipe pipe)
{
    const bool cube = pipe == Pipe::M || pipe == Pipe::MTE1 || pipe == Pipe::FIX;
    return pipe == Pipe::V ? is_aiv : !cube || is_aic;
}

}  // namespace twin
#undef TWIN_HARD_EVENTS
