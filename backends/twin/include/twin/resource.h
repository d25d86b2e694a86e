// TPipe, TBuf, event ids, LocalMemAllocator. Pages: "TPipe", "InitBuffer", "TBuf", "AllocEventID", "LocalMemAllocator".
#pragma once
#include "sync.h"
#include "tensor.h"

namespace twin {

constexpr uint32_t max_queue_buffers = 64;

// One buffer of a queue, with the event that has to be waited for before it is handed out again.
struct QueueBuffer {
    uint32_t address = 0, bytes = 0;
    bool taken = false;
    int8_t full_event = -1, free_event = -1;
    Pipe producer = Pipe::S, consumer = Pipe::S;
};

inline int reserve_event(Pipe from, Pipe to, const char* api, Here here)
{
    uint8_t& used = engine->state().event_ids[static_cast<int>(from)][static_cast<int>(to)];
    for (int id = 0; id < 8; ++id)
        if (!(used >> id & 1)) {
            used = static_cast<uint8_t>(used | 1u << id);
            return id;
        }
    engine->fail("event-ids", api, here, "all 8 event ids of this pair of pipes are taken; release one first");
}
inline void release_event(Pipe from, Pipe to, int id)
{
    uint8_t& used = engine->state().event_ids[static_cast<int>(from)][static_cast<int>(to)];
    used = static_cast<uint8_t>(used & ~(1u << id));
}

}  // namespace twin

namespace AscendC {

template <TPosition position = TPosition::LCM, uint32_t mask = 0>
class TBuf;
template <TPosition source, TPosition destination, int32_t depth, int32_t mask>
class TQueBind;

class TPipe {
public:
    TPipe(twin::Here here = twin::Here::at()) { Init(here); }
    ~TPipe() { Destroy(); }
    TPipe(const TPipe&) = delete;
    TPipe& operator=(const TPipe&) = delete;

    void Init(twin::Here here = twin::Here::at())
    {
        Reset();
        alive_ = true;
        void*& current = twin::engine->state().pipe;
        if (current != nullptr && current != this)
            twin::engine->note("overlap", "TPipe", here,
                "another TPipe is alive, and both hand out their buffers from address 0: Destroy() it first");
        current = this;
    }
    void Destroy()
    {
        if (!alive_) return;
        alive_ = false;
        drain();
        twin::engine->settle();  // ends with PipeBarrier<PIPE_ALL>
        if (twin::engine->state().pipe == this) twin::engine->state().pipe = nullptr;
    }
    void Reset()
    {
        drain();
        buffers_ = 0;
        for (uint32_t& top : top_) top = 0;
    }

    template <TPosition source, TPosition destination, int32_t depth, int32_t mask>
    bool InitBuffer(TQueBind<source, destination, depth, mask>& queue, uint8_t count, uint32_t bytes, twin::Here here = twin::Here::at())
    {
        if (count == 0 || buffers_ + count > twin::max_queue_buffers)
            twin::engine->fail("parameter", "TPipe::InitBuffer", here, "%u buffers on top of %u: a TPipe has 1 to %u", count, buffers_, twin::max_queue_buffers);
        twin::QueueBuffer* first = &buffer_[buffers_];
        buffers_ += count;
        for (uint32_t i = 0; i < count; ++i) {
            first[i] = {};
            first[i].bytes = (bytes + 31) / 32 * 32;
            first[i].address = take(twin::memory_of(queue.position), first[i].bytes, here);
        }
        queue.bind(first, count);
        return true;
    }
    template <TPosition position, uint32_t mask>
    bool InitBuffer(TBuf<position, mask>& buffer, uint32_t bytes, twin::Here here = twin::Here::at())
    {
        const uint32_t rounded = (bytes + 31) / 32 * 32;
        buffer.bind(take(twin::memory_of(position), rounded, here), rounded);
        return true;
    }

    template <HardEvent event>
    TEventID AllocEventID(twin::Here here = twin::Here::at())
    {
        return static_cast<TEventID>(twin::reserve_event(twin::event_from(event), twin::event_to(event), "AllocEventID", here));
    }
    template <HardEvent event>
    void ReleaseEventID(TEventID id)
    {
        twin::release_event(twin::event_from(event), twin::event_to(event), id);
    }
    // Finds a free id without reserving it: two calls may give the same one.
    TEventID FetchEventID(HardEvent event, twin::Here here = twin::Here::at())
    {
        const int id = twin::reserve_event(twin::event_from(event), twin::event_to(event), "FetchEventID", here);
        twin::release_event(twin::event_from(event), twin::event_to(event), id);
        return static_cast<TEventID>(id);
    }
    template <HardEvent event>
    TEventID FetchEventID(twin::Here here = twin::Here::at())
    {
        return FetchEventID(event, here);
    }

private:
    uint32_t take(twin::Memory memory, uint32_t bytes, twin::Here here)
    {
        uint32_t& top = top_[static_cast<int>(memory)];
        const uint64_t size = twin::engine->size_of(memory);
        const bool reserved = twin::engine->identity().mixed && (memory == twin::Memory::UB || memory == twin::Memory::L1);
        const uint64_t limit = size - (reserved ? 256 : 0);
        if (uint64_t(top) + bytes > limit)
            twin::engine->fail("over-capacity", "TPipe::InitBuffer", here,
                               "%u bytes on top of %u exceed the %llu usable bytes of this memory by %llu%s", bytes, top,
                               static_cast<unsigned long long>(limit), static_cast<unsigned long long>(top + bytes - limit),
                               reserved ? " (256 of them are kept by the framework in mix kernels)" : "");
        const uint32_t address = top;
        top += bytes;
        return address;
    }
    // Waits for the buffers that consumers have handed back, so that no event stays set.
    void drain()
    {
        for (uint32_t i = 0; i < buffers_; ++i) {
            twin::QueueBuffer& buffer = buffer_[i];
            if (buffer.free_event < 0 || !twin::engine->flag_is_set(buffer.consumer, buffer.producer, buffer.free_event)) continue;
            twin::engine->wait_flag(buffer.consumer, buffer.producer, buffer.free_event, "TPipe::Destroy", twin::Here::at());
            twin::release_event(buffer.consumer, buffer.producer, buffer.free_event);
            buffer.free_event = -1;
        }
    }

    twin::QueueBuffer buffer_[twin::max_queue_buffers];
    bool alive_ = false;
    uint32_t buffers_ = 0;
    uint32_t top_[static_cast<int>(twin::Memory::NONE) + 1] = {};
};

inline TPipe* GetTPipePtr() { return static_cast<TPipe*>(twin::engine->state().pipe); }

template <TPosition position, uint32_t mask>
class TBuf {
public:
    template <class T>
    LocalTensor<T> Get(twin::Here here = twin::Here::at())
    {
        return Get<T>(bytes_ / sizeof(T), here);
    }
    template <class T>
    LocalTensor<T> Get(uint32_t elements, twin::Here here = twin::Here::at())
    {
        return GetWithOffset<T>(elements, 0, here);
    }
    template <class T>
    LocalTensor<T> GetWithOffset(uint32_t elements, uint32_t byte_offset, twin::Here here = twin::Here::at())
    {
        if (byte_offset % 32 != 0)
            twin::engine->fail("misaligned", "TBuf::GetWithOffset", here, "offset %u bytes is not a multiple of 32", byte_offset);
        if (uint64_t(byte_offset) + uint64_t(elements) * sizeof(T) > bytes_)
            twin::engine->fail("out-of-bounds", "TBuf::GetWithOffset", here, "%u elements of %zu bytes at offset %u do not fit into the %u bytes of the TBuf",
                               elements, sizeof(T), byte_offset, bytes_);
        return LocalTensor<T>(position, address_ + byte_offset, elements);
    }
    uint32_t GetBufLen() const { return bytes_; }
    void bind(uint32_t address, uint32_t bytes)
    {
        address_ = address;
        bytes_ = bytes;
    }

private:
    uint32_t address_ = 0, bytes_ = 0;
};

template <Hardware hardware>
class LocalMemAllocator {
public:
    template <TPosition position, class T, uint32_t elements>
    LocalTensor<T> Alloc(twin::Here here = twin::Here::at())
    {
        return Alloc<position, T>(elements, here);
    }
    template <class T, uint32_t elements>
    LocalTensor<T> Alloc(twin::Here here = twin::Here::at())
    {
        return Alloc<default_position(), T>(elements, here);
    }
    template <TPosition position, class T>
    LocalTensor<T> Alloc(uint32_t elements, twin::Here here = twin::Here::at())
    {
        const uint32_t bytes = static_cast<uint32_t>((elements * sizeof(T) + 31) / 32 * 32);
        const uint64_t size = twin::engine->size_of(twin::memory_of(position));
        if (top_ + uint64_t(bytes) > size)
            twin::engine->fail("over-capacity", "LocalMemAllocator::Alloc", here, "%u bytes on top of %u exceed the memory's %llu bytes", bytes, top_,
                               static_cast<unsigned long long>(size));
        const uint32_t address = top_;
        top_ += bytes;
        return LocalTensor<T>(position, address, elements);
    }
    uint32_t GetCurAddr() const { return top_; }

private:
    static constexpr TPosition default_position()
    {
        switch (hardware) {
            case Hardware::L1: return TPosition::A1;
            case Hardware::L0A: return TPosition::A2;
            case Hardware::L0B: return TPosition::B2;
            case Hardware::L0C: return TPosition::CO1;
            case Hardware::BIAS: return TPosition::C2;
            case Hardware::FIXBUF: return TPosition::C2PIPE2GM;
            default: return TPosition::VECCALC;
        }
    }
    uint32_t top_ = 0;
};

}  // namespace AscendC
