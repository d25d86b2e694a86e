// Who am I, workspace, caches, zero fill. Pages: "GetBlockIdx", "GetTaskRatio", "GetUserWorkspace", "InitOutput",
// "DataCacheCleanAndInvalid", "DataCachePreload".
#pragma once
#include "data_copy.h"
#include "vector_move.h"

namespace twin {
struct BlockIndex {
    operator int64_t() const { return engine->identity().block; }
};
}  // namespace twin

// The built-in variable: the same for both vector cores of a block.
inline constexpr twin::BlockIndex block_idx{};

namespace AscendC {

inline int64_t GetBlockNum() { return twin::engine->identity().blocks; }
inline int64_t GetBlockIdx()
{
    const twin::Identity& me = twin::engine->identity();
    return twin::is_aiv ? me.block * me.sub_blocks + me.sub_block : me.block;
}
inline int64_t GetSubBlockIdx() { return twin::engine->identity().sub_block; }
inline int64_t GetSubBlockNum() { return twin::is_aiv ? twin::engine->identity().sub_blocks : 1; }
inline int64_t GetTaskRatio() { return GetSubBlockNum(); }
inline int64_t GetTaskRation() { return GetTaskRatio(); }

inline void SetSysWorkspace(GM_ADDR workspace) { twin::engine->set_workspace(workspace); }
inline void SetSysWorkSpace(GM_ADDR workspace) { twin::engine->set_workspace(workspace); }
inline GM_ADDR GetSysWorkSpacePtr() { return static_cast<GM_ADDR>(twin::engine->workspace()); }
// The workspace argument already is the user's part.
inline GM_ADDR GetUserWorkspace(GM_ADDR workspace) { return workspace; }

// Values are coherent here; the engine reports where those of the device would be stale or lost.
template <class T, CacheLine lines, DcciDst destination = DcciDst::CACHELINE_OUT>
void DataCacheCleanAndInvalid(const GlobalTensor<T>& gm)
{
    twin::engine->clean(gm.operand(true, 1), lines == CacheLine::ENTIRE_DATA_CACHE);
}

// Loads a 64-byte line into the data cache, ahead of a GetValue; the offset is in bytes.
template <class T>
void DataCachePreload(const GlobalTensor<uint64_t>& gm, const T cacheOffset, twin::Here here = twin::Here::at())
{
    static_assert(std::is_same_v<T, int16_t> || std::is_same_v<T, int64_t>, "DataCachePreload: an offset of int16 or int64");
    twin::engine->preload(gm[static_cast<uint64_t>(cacheOffset) / sizeof(uint64_t)].operand(false, 1), "DataCachePreload", here);
}

// Spins through GM on the device: gm holds 32 bytes a core and is zeroed; here the cores simply meet.
template <bool only_vector = true>
void SyncAll(const GlobalTensor<int32_t>&, const LocalTensor<int32_t>&, int32_t usedCores = 0, twin::Here here = twin::Here::at())
{
    static_assert(only_vector, "the soft SyncAll is for vector cores");
    if constexpr (twin::is_aiv) {
        const twin::Identity& me = twin::engine->identity();
        twin::engine->meet(usedCores > 0 ? static_cast<uint32_t>(usedCores) : me.blocks * me.sub_blocks, "SyncAll", here);
    }
}

// Fills GM from a vector core; the position of its temporary in UB is not documented, so no UB is touched here.
template <class T>
void InitOutput(const GlobalTensor<T>& gm, uint64_t elements, T value, twin::Here here = twin::Here::at())
{
    if constexpr (twin::is_aiv) {
        twin::uses_vector();
        twin::Instruction instruction;
        instruction.op = twin::Op::Move;
        instruction.pipe = twin::Pipe::MTE3;
        instruction.api = "InitOutput";
        instruction.here = here;
        instruction.operands = 1;
        instruction.operand[0] = gm.operand(true, sizeof(T));
        instruction.move = {};
        instruction.move.bursts = elements > 0;
        instruction.move.right_bytes = elements * sizeof(T);
        instruction.move.pad_value = twin::bits_of(value);
        twin::engine->issue(instruction);
    }
}
template <class T>
void Fill(const GlobalTensor<T>& gm, uint64_t elements, T value, twin::Here here = twin::Here::at())
{
    InitOutput(gm, elements, value, here);
}

}  // namespace AscendC

