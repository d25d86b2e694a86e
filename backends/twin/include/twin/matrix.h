// The matrix unit: LoadData, Mmad, Fixpipe. Pages: "LoadData 2D", "LoadData 3D", "LoadDataWithTranspose", "Mmad", "Fixpipe".
#pragma once
#include "tensor.h"

namespace twin {

inline Instruction cube(Op op, Pipe pipe, const char* api, Here here, uint8_t operands)
{
    twin::uses_cube();
    Instruction instruction;
    instruction.op = op;
    instruction.pipe = pipe;
    instruction.api = api;
    instruction.here = here;
    instruction.operands = operands;
    return instruction;
}

inline void require(bool condition, const char* kind, const char* api, Here here, const char* message)
{
    if (!condition) engine->fail(kind, api, here, "%s", message);
}

template <class Source, class T>
void load_2d(const AscendC::LocalTensor<T>& dst, const Source& src, const AscendC::LoadData2DParams& p, Here here)
{
    if constexpr (is_aic) {
        const bool global = src.operand(false, 1).memory == Memory::GM;
        Instruction instruction = cube(Op::Load2D, global ? Pipe::MTE2 : Pipe::MTE1, "LoadData", here, 2);
        const bool to_l1 = global && dst.memory() == Memory::L1;
        require(to_l1 || dst.memory() == Memory::L0A || dst.memory() == Memory::L0B, "missing-path", "LoadData", here, "the destination must be L0A or L0B");
        require(!p.ifTranspose || (sizeof(T) == 2 && !global), "parameter", "LoadData", here, "ifTranspose needs a 16-bit type and a source in L1");
        instruction.operand[0] = dst.operand(true, to_l1 ? 32 : 512);
        instruction.operand[1] = src.operand(false, global ? 1 : 32);
        instruction.load = {};
        instruction.load.start = p.startIndex;
        instruction.load.repeats = p.repeatTimes;
        instruction.load.source_stride = p.srcStride;
        instruction.load.destination_stride = p.dstGap + 1u;
        instruction.load.transpose = p.ifTranspose;
        engine->issue(instruction);
    }
}

}  // namespace twin

namespace AscendC {

template <class T>
void LoadData(const LocalTensor<T>& dst, const LocalTensor<T>& src, const LoadData2DParams& params, twin::Here here = twin::Here::at())
{
    twin::load_2d(dst, src, params, here);
}
template <class T>
void LoadData(const LocalTensor<T>& dst, const GlobalTensor<T>& src, const LoadData2DParams& params, twin::Here here = twin::Here::at())
{
    twin::load_2d(dst, src, params, here);
}

// Only the matrix case: filters, strides and dilations of 1 and no padding, where the feature map [l1H*l1W, channelSize]
// is a matrix in NZ and (mStartPt, kStartPt, mExtension, kExtension) cuts a tile out of it.
template <class T>
void LoadData(const LocalTensor<T>& dst, const LocalTensor<T>& src, const LoadData3DParamsV2<twin::same<T>>& p, twin::Here here = twin::Here::at())
{
    if constexpr (twin::is_aic) {
        const char* api = "LoadData(3Dv2)";
        twin::Instruction instruction = twin::cube(twin::Op::Load3D, twin::Pipe::MTE1, api, here, 2);
        const bool plain = p.strideW == 1 && p.strideH == 1 && p.filterW == 1 && p.filterH == 1 && p.dilationFilterW == 1 && p.dilationFilterH == 1 &&
                           p.padList[0] + p.padList[1] + p.padList[2] + p.padList[3] == 0;
        constexpr uint32_t c0 = 32 / sizeof(T);
        twin::require(plain, "unknown", api, here, "only filters, strides and dilations of 1 without padding are modelled");
        twin::require(dst.memory() == twin::Memory::L0A || dst.memory() == twin::Memory::L0B, "missing-path", api, here, "the destination must be L0A or L0B");
        twin::require(p.kStartPt % c0 == 0 && p.mStartPt % 16 == 0, "parameter", api, here, "kStartPt must be a multiple of 32 bytes and mStartPt one of 16");
        twin::require(!p.enTranspose || dst.memory() == twin::Memory::L0A, "parameter", api, here, "enTranspose is for L0A: loads to L0B always transpose");
        twin::require((!p.enTranspose && dst.memory() == twin::Memory::L0A) || sizeof(T) == 2, "unknown", api, here, "transposition is modelled for 16-bit types");
        twin::require(p.kExtension > 0 && p.mExtension > 0, "parameter", api, here, "kExtension and mExtension must be positive");
        instruction.operand[0] = dst.operand(true, 512);
        instruction.operand[1] = src.operand(false, 32);
        instruction.load = {};
        instruction.load.transpose = p.enTranspose || dst.memory() == twin::Memory::L0B;
        instruction.load.height = p.l1H;
        instruction.load.width = p.l1W;
        instruction.load.channels = p.channelSize;
        instruction.load.k_extent = p.kExtension;
        instruction.load.m_extent = p.mExtension;
        instruction.load.k_start = p.kStartPt;
        instruction.load.m_start = p.mStartPt;
        twin::engine->issue(instruction);
    }
}

template <class T>
void LoadDataWithTranspose(const LocalTensor<T>& dst, const LocalTensor<T>& src, const LoadData2dTransposeParams& p, twin::Here here = twin::Here::at())
{
    if constexpr (twin::is_aic) {
        const char* api = "LoadDataWithTranspose";
        twin::Instruction instruction = twin::cube(twin::Op::LoadTransposed, twin::Pipe::MTE1, api, here, 2);
        twin::require(dst.memory() == twin::Memory::L0A || dst.memory() == twin::Memory::L0B, "missing-path", api, here, "the destination must be L0A or L0B");
        instruction.operand[0] = dst.operand(true, 512);
        instruction.operand[1] = src.operand(false, 32);
        instruction.load = {};
        instruction.load.start = p.startIndex;
        instruction.load.repeats = p.repeatTimes;
        instruction.load.source_stride = p.srcStride;
        instruction.load.destination_stride = p.dstGap + 1u;
        instruction.load.fraction_stride = p.dstFracGap + 1u;
        twin::engine->issue(instruction);
    }
}

// Padding and feature-map registers matter only for the cases of LoadData 3D that are refused above.
template <class T>
void SetLoadDataPaddingValue(T)
{
}
inline void SetFmatrix(uint16_t, uint16_t, const uint8_t[4]) {}

template <class C, class A, class B>
void Mmad(const LocalTensor<C>& c, const LocalTensor<A>& a, const LocalTensor<B>& b, const MmadParams& p, twin::Here here = twin::Here::at())
{
    Mmad(c, a, b, LocalTensor<C>(), p, here);
}
template <class C, class A, class B, class Bias>
void Mmad(const LocalTensor<C>& c, const LocalTensor<A>& a, const LocalTensor<B>& b, const LocalTensor<Bias>& bias, const MmadParams& p,
          twin::Here here = twin::Here::at())
{
    constexpr bool floating = std::is_same_v<C, float> && std::is_same_v<A, B> && twin::one_of<A, half, bfloat16_t, float>;
    constexpr bool integral = std::is_same_v<C, int32_t> && std::is_same_v<A, int8_t> && std::is_same_v<B, int8_t>;
    static_assert(floating || integral, "Mmad of Atlas A2: half, bf16 or float operands into float, int8 operands into int32");
    static_assert(std::is_same_v<Bias, C>, "the bias has the type of the accumulator");
    if constexpr (twin::is_aic) {
        const bool from_table = !p.cmatrixInitVal && p.cmatrixSource;
        twin::Instruction instruction = twin::cube(twin::Op::Mmad, twin::Pipe::M, "Mmad", here, from_table ? 4 : 3);
        twin::require(p.m <= 4095 && p.n <= 4095 && p.k <= 4095, "parameter", "Mmad", here, "m, n and k are at most 4095");
        twin::require(!p.kDirectionAlign, "unknown", "Mmad", here, "kDirectionAlign is not modelled");
        if (p.m == 1) twin::engine->note("gemv", "Mmad", here,
            "m = 1 switches to the matrix-vector mode, which reads A as a plain vector: pass m = 2");
        instruction.operand[0] = c.operand(true, 1024);
        instruction.operand[1] = a.operand(false, 512);
        instruction.operand[2] = b.operand(false, 512);
        if (from_table) instruction.operand[3] = bias.operand(false, 64);
        instruction.mmad = {p.m, p.n, p.k, !(p.cmatrixInitVal && !p.isBias) && !from_table, from_table, static_cast<uint8_t>(p.unitFlag)};
        twin::engine->issue(instruction);
    }
}

}  // namespace AscendC

namespace twin {

template <class To, class From, class Destination>
void fixpipe(const Destination& dst, const AscendC::LocalTensor<From>& src, const AscendC::FixpipeParamsV220& p, bool nz, Here here)
{
    if constexpr (is_aic) {
        Instruction instruction = cube(Op::Fixpipe, Pipe::FIX, "Fixpipe", here, 2);
        const Operand to = dst.operand(true, nz ? 32 : 1);
        const QuantMode_t needed = std::is_same_v<To, From> ? NoQuant : std::is_same_v<To, half> ? F322F16 : F322BF16;
        require(to.memory == Memory::GM || to.memory == Memory::L1, "missing-path", "Fixpipe", here, "L0C empties to GM or L1 only: Atlas A2 has no path to UB");
        require(to.memory == Memory::GM || (nz && !std::is_same_v<To, float>), "parameter", "Fixpipe", here,
                "into L1 Fixpipe writes NZ of a 16-bit or 8-bit type: use CFG_NZ and a quantPre");
        require((std::is_same_v<From, float> && (std::is_same_v<To, half> || std::is_same_v<To, bfloat16_t>)) || std::is_same_v<To, From>, "unknown", "Fixpipe", here,
                "only float to float, half and bf16 and int32 to int32 are modelled");
        require(p.quantPre == needed, "parameter", "Fixpipe", here,
                "quantPre does not fit the types: NoQuant for float, F322F16 for half, F322BF16 for bf16");
        require(p.nSize > 0 && p.nSize <= 4095, "parameter", "Fixpipe", here, "nSize must be in 1..4095");
        require(p.mSize > 0 && (nz || p.mSize <= 8192), "parameter", "Fixpipe", here, "mSize must be in 1..8192 (ND) or 1..65535 (NZ)");
        require(!nz || p.nSize % 16 == 0, "parameter", "Fixpipe", here, "nSize must be a multiple of 16 for NZ");
        require(p.ndNum >= 1 && p.srcNdStride <= 512, "parameter", "Fixpipe", here, "ndNum is at least 1 and srcNdStride at most 512");
        require(!p.isChannelSplit || (nz && std::is_same_v<To, float>), "parameter", "Fixpipe", here, "isChannelSplit is for float to float in NZ");
        instruction.operand[0] = to;
        instruction.operand[1] = src.operand(false, 64);
        instruction.fixpipe = {p.nSize, p.mSize, p.srcStride, p.dstStride, nz ? 1u : p.ndNum, p.srcNdStride, p.dstNdStride,
                               p.reluEn, nz, p.isChannelSplit, p.unitFlag};
        engine->issue(instruction);
    }
}

}  // namespace twin

namespace AscendC {

template <class To, class From, const FixpipeConfig& config = CFG_ROW_MAJOR>
void Fixpipe(const GlobalTensor<To>& dst, const LocalTensor<From>& src, const FixpipeParamsV220& params, twin::Here here = twin::Here::at())
{
    twin::fixpipe<To, From>(dst, src, params, config.format == CO2Layout::NZ, here);
}
template <class To, class From, const FixpipeConfig& config = CFG_ROW_MAJOR>
void Fixpipe(const LocalTensor<To>& dst, const LocalTensor<From>& src, const FixpipeParamsV220& params, twin::Here here = twin::Here::at())
{
    twin::fixpipe<To, From>(dst, src, params, config.format == CO2Layout::NZ, here);
}

// The order in which a unit-flag pair walks the result; it does not change values.
inline void SetMMRowMajor() {}
inline void SetMMColumnMajor() {}

}  // namespace AscendC
