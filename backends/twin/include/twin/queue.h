// TQue and TQueBind: buffers handed from a producing pipe to a consuming one. EnQue sets the producer->consumer event
// and DeQue waits for it; FreeTensor sets consumer->producer and AllocTensor waits. Pages: "TQue", "TQueBind".
#pragma once
#include "resource.h"

namespace twin {

constexpr Pipe producer_of(AscendC::TPosition position)
{
    using AscendC::TPosition;
    switch (position) {
        case TPosition::VECOUT:
        case TPosition::VECCALC: return Pipe::V;
        case TPosition::A2:
        case TPosition::B2:
        case TPosition::C2: return Pipe::MTE1;
        case TPosition::CO1: return Pipe::M;
        default: return Pipe::MTE2;
    }
}
constexpr Pipe consumer_of(AscendC::TPosition position)
{
    using AscendC::TPosition;
    switch (position) {
        case TPosition::VECIN:
        case TPosition::VECCALC: return Pipe::V;
        case TPosition::A1:
        case TPosition::B1:
        case TPosition::C1:
        case TPosition::TSCM: return Pipe::MTE1;
        case TPosition::A2:
        case TPosition::B2:
        case TPosition::C2: return Pipe::M;
        case TPosition::CO1:
        case TPosition::CO2: return Pipe::FIX;
        default: return Pipe::MTE3;
    }
}

}  // namespace twin

namespace AscendC {

template <TPosition source, TPosition destination, int32_t depth, int32_t mask = 0>
class TQueBind {
public:
    // The memory of a queue is the local one of its two ends.
    static constexpr TPosition position = twin::memory_of(source) == twin::Memory::GM ? destination : source;

    template <class T>
    LocalTensor<T> AllocTensor(twin::Here here = twin::Here::at())
    {
        for (uint32_t tries = 0; tries < count_; ++tries) {
            twin::QueueBuffer& buffer = first_[next_];
            next_ = (next_ + 1) % count_;
            if (buffer.taken) continue;
            buffer.taken = true;
            if (buffer.free_event >= 0) take_event(consumer, producer, buffer.free_event, "TQue::AllocTensor", here);
            return tensor<T>(buffer);
        }
        twin::engine->fail("queue", "TQue::AllocTensor", here, count_ == 0 ? "the queue has no buffers: call TPipe::InitBuffer first"
                                                                              : "all %u buffers are in use: a FreeTensor is missing", count_);
    }
    template <class T>
    bool EnQue(const LocalTensor<T>& tensor, twin::Here here = twin::Here::at())
    {
        twin::QueueBuffer& buffer = find(tensor.GetPhyAddr(), "TQue::EnQue", here);
        constexpr uint32_t capacity = depth == 0 ? 1 : depth;
        if (waiting_ == capacity)
            twin::engine->fail("queue", "TQue::EnQue", here, "%u tensors wait in a queue of depth %u: a DeQue is missing", waiting_, capacity);
        queue_[(head_ + waiting_++) % capacity] = &buffer;
        if constexpr (here_exists) {
            buffer.full_event = static_cast<int8_t>(twin::reserve_event(producer, consumer, "TQue::EnQue", here));
            twin::engine->set_flag(producer, consumer, buffer.full_event, "TQue::EnQue", here);
        }
        return true;
    }
    template <class T>
    LocalTensor<T> DeQue(twin::Here here = twin::Here::at())
    {
        if (waiting_ == 0) twin::engine->fail("queue", "TQue::DeQue", here, "the queue is empty: the pipe would wait for ever, an EnQue is missing");
        twin::QueueBuffer& buffer = *queue_[head_];
        head_ = (head_ + 1) % (depth == 0 ? 1 : depth);
        --waiting_;
        if (buffer.full_event >= 0) take_event(producer, consumer, buffer.full_event, "TQue::DeQue", here);
        return tensor<T>(buffer);
    }
    template <class T>
    void FreeTensor(const LocalTensor<T>& tensor, twin::Here here = twin::Here::at())
    {
        twin::QueueBuffer& buffer = find(tensor.GetPhyAddr(), "TQue::FreeTensor", here);
        buffer.taken = false;
        if constexpr (here_exists) {
            buffer.free_event = static_cast<int8_t>(twin::reserve_event(consumer, producer, "TQue::FreeTensor", here));
            twin::engine->set_flag(consumer, producer, buffer.free_event, "TQue::FreeTensor", here);
        }
    }
    bool VacantInQue() const { return waiting_ < (depth == 0 ? 1 : depth); }
    bool HasTensorInQue() const { return waiting_ > 0; }
    int32_t GetTensorCountInQue() const { return static_cast<int32_t>(waiting_); }
    bool HasIdleBuffer() const
    {
        for (uint32_t i = 0; i < count_; ++i)
            if (!first_[i].taken) return true;
        return false;
    }

    void bind(twin::QueueBuffer* first, uint32_t count)
    {
        first_ = first;
        count_ = count;
        next_ = head_ = waiting_ = 0;
        for (uint32_t i = 0; i < count; ++i) {
            first[i].producer = producer;
            first[i].consumer = consumer;
        }
    }

private:
    static constexpr twin::Pipe producer = twin::producer_of(source);
    static constexpr twin::Pipe consumer = twin::consumer_of(destination);
    static constexpr bool here_exists = twin::pipe_on_this_core(producer) && twin::pipe_on_this_core(consumer) && twin::on_this_core(twin::memory_of(position));

    static void take_event(twin::Pipe from, twin::Pipe to, int8_t& id, const char* api, twin::Here here)
    {
        twin::engine->wait_flag(from, to, id, api, here);
        twin::release_event(from, to, id);
        id = -1;
    }
    template <class T>
    static LocalTensor<T> tensor(const twin::QueueBuffer& buffer)
    {
        return LocalTensor<T>(position, buffer.address, static_cast<uint32_t>(buffer.bytes / sizeof(T)));
    }
    twin::QueueBuffer& find(uint64_t address, const char* api, twin::Here here)
    {
        for (uint32_t i = 0; i < count_; ++i)
            if (first_[i].taken && first_[i].address <= address && address < first_[i].address + first_[i].bytes) return first_[i];
        twin::engine->fail("queue", api, here, "the tensor at 0x%llx was not allocated from this queue", static_cast<unsigned long long>(address));
    }

    twin::QueueBuffer* first_ = nullptr;
    twin::QueueBuffer* queue_[depth == 0 ? 1 : depth] = {};
    uint32_t count_ = 0, next_ = 0, head_ = 0, waiting_ = 0;
};

template <TPosition position, int32_t depth, int32_t mask = 0>
using TQue = TQueBind<position, position, depth, mask>;

}  // namespace AscendC
