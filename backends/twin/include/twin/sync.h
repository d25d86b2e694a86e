// Synchronisation within a core and between cores. Pages: "SetFlag/WaitFlag", "PipeBarrier", "CrossCoreSetFlag",
// "CrossCoreWaitFlag", "SyncAll". Calls for pipes that the core does not have compile to nothing.
#pragma once
#include "types.h"

namespace twin {
constexpr bool event_on_this_core(AscendC::HardEvent event)
{
    return pipe_on_this_core(event_from(event)) && pipe_on_this_core(event_to(event));
}
}  // namespace twin

namespace AscendC {

template <HardEvent event>
void SetFlag(int32_t id, twin::Here here = twin::Here::at())
{
    if constexpr (twin::event_on_this_core(event))
        twin::engine->set_flag(twin::event_from(event), twin::event_to(event), id, "SetFlag", here);
}

template <HardEvent event>
void WaitFlag(int32_t id, twin::Here here = twin::Here::at())
{
    if constexpr (twin::event_on_this_core(event))
        twin::engine->wait_flag(twin::event_from(event), twin::event_to(event), id, "WaitFlag", here);
}

template <pipe_t source, pipe_t destination>
class TQueSync {
public:
    void SetFlag(TEventID id, twin::Here here = twin::Here::at())
    {
        if constexpr (exists) twin::engine->set_flag(twin::pipe_of(source), twin::pipe_of(destination), id, "TQueSync::SetFlag", here);
    }
    void WaitFlag(TEventID id, twin::Here here = twin::Here::at())
    {
        if constexpr (exists) twin::engine->wait_flag(twin::pipe_of(source), twin::pipe_of(destination), id, "TQueSync::WaitFlag", here);
    }

private:
    static constexpr bool exists = twin::pipe_on_this_core(twin::pipe_of(source)) && twin::pipe_on_this_core(twin::pipe_of(destination));
};

template <pipe_t pipe>
void PipeBarrier(twin::Here here = twin::Here::at())
{
    static_assert(pipe != PIPE_S, "PipeBarrier is not legal for PIPE_S");
    if constexpr (twin::pipe_on_this_core(twin::pipe_of(pipe))) twin::engine->barrier(twin::pipe_of(pipe), "PipeBarrier", here);
}

template <MemDsbT kind>
void DataSyncBarrier(twin::Here here = twin::Here::at())
{
    twin::engine->barrier(twin::Pipe::S, "DataSyncBarrier", here);
}

template <uint8_t mode, pipe_t pipe>
void CrossCoreSetFlag(uint16_t flag, twin::Here here = twin::Here::at())
{
    static_assert(mode <= 2, "CrossCoreSetFlag modes of Atlas A2 are 0, 1 and 2");
    static_assert(pipe != PIPE_S && pipe != PIPE_ALL, "CrossCoreSetFlag reports the end of work on one pipe, not PIPE_S or PIPE_ALL");
    if constexpr (twin::pipe_on_this_core(twin::pipe_of(pipe)))
        twin::engine->cross_set(mode, twin::pipe_of(pipe), flag, "CrossCoreSetFlag", here);
}

// On Atlas A2 mode and pipe are ignored: issue to all pipes of the core stops.
template <uint8_t mode = 0, pipe_t pipe = PIPE_S>
void CrossCoreWaitFlag(uint16_t flag, twin::Here here = twin::Here::at())
{
    twin::engine->cross_wait(flag, "CrossCoreWaitFlag", here);
}

// The older spelling of the mode 2 flags.
template <pipe_t pipe>
void NotifyEvent(uint16_t flag, twin::Here here = twin::Here::at())
{
    CrossCoreSetFlag<2, pipe>(flag, here);
}
template <pipe_t pipe = PIPE_S>
void WaitEvent(uint16_t flag, twin::Here here = twin::Here::at())
{
    twin::engine->cross_wait(flag, "WaitEvent", here);
}

// All AIVs (true), or all AIVs and AICs (false): built from cross-core flags 11 to 14, as on the device.
template <bool only_vector = true>
void SyncAll(twin::Here here = twin::Here::at())
{
    twin::uses_sync_all();
    twin::Engine& engine = *twin::engine;
    if constexpr (only_vector && twin::is_aiv) {
        engine.barrier(twin::Pipe::ALL, "SyncAll", here);
        engine.cross_set(0, twin::Pipe::MTE3, 14, "SyncAll", here);
        engine.cross_wait(14, "SyncAll", here);
    } else if constexpr (!only_vector && twin::is_aiv) {
        engine.barrier(twin::Pipe::ALL, "SyncAll", here);
        engine.cross_set(2, twin::Pipe::MTE3, 12, "SyncAll", here);
        engine.cross_wait(13, "SyncAll", here);
    } else if constexpr (!only_vector) {
        engine.barrier(twin::Pipe::ALL, "SyncAll", here);
        engine.cross_wait(12, "SyncAll", here);
        engine.cross_set(0, twin::Pipe::FIX, 11, "SyncAll", here);
        engine.cross_wait(11, "SyncAll", here);
        engine.cross_set(2, twin::Pipe::FIX, 13, "SyncAll", here);
    }
}

}  // namespace AscendC
