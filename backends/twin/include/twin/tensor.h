// LocalTensor and GlobalTensor: addresses with a type. Pages: "LocalTensor", "GlobalTensor", "Static tensor programming".
#pragma once
#include "types.h"

namespace AscendC {

template <class T>
class LocalTensor {
public:
    using PrimType = T;

    LocalTensor() = default;
    LocalTensor(TPosition position, uint32_t byte_address, uint32_t elements)
        : memory_(twin::memory_of(position)), position_(position), address_(byte_address), size_(elements), buffer_(byte_address),
          buffer_bytes_((uint64_t(elements) * sizeof(T) + 31) / 32 * 32)
    {
    }

    T GetValue(uint32_t index, twin::Here here = twin::Here::at()) const
    {
        T value{};
        if (twin::on_this_core(memory_) || memory_ == twin::Memory::NONE)
            std::memcpy(&value, element(index, false, "LocalTensor::GetValue", here), sizeof(T));
        return value;
    }
    template <class V>
    void SetValue(uint32_t index, V value, twin::Here here = twin::Here::at()) const
    {
        if (!twin::on_this_core(memory_) && memory_ != twin::Memory::NONE) return;
        const T converted = static_cast<T>(value);
        std::memcpy(element(index, true, "LocalTensor::SetValue", here), &converted, sizeof(T));
    }
    T& operator()(uint32_t index, twin::Here here = twin::Here::at()) const
    {
        return *static_cast<T*>(element(index, true, "LocalTensor::operator()", here));
    }
    LocalTensor operator[](uint32_t offset) const
    {
        LocalTensor shifted = *this;
        shifted.address_ += uint64_t(offset) * sizeof(T);
        shifted.size_ = size_ > offset ? size_ - offset : 0;
        return shifted;
    }
    template <class U>
    LocalTensor<U> ReinterpretCast() const
    {
        LocalTensor<U> other;
        other.memory_ = memory_;
        other.position_ = position_;
        other.address_ = address_;
        other.size_ = static_cast<uint32_t>(uint64_t(size_) * sizeof(T) / sizeof(U));
        other.buffer_ = buffer_;
        other.buffer_bytes_ = buffer_bytes_;
        return other;
    }
    uint32_t GetSize() const { return size_; }
    uint32_t GetLength() const { return size_ * static_cast<uint32_t>(sizeof(T)); }
    void SetSize(uint32_t elements) { size_ = elements; }
    uint64_t GetPhyAddr(uint32_t offset = 0) const { return address_ + uint64_t(offset) * sizeof(T); }
    TPosition GetPosition() const { return position_; }
    void SetUserTag(int32_t tag) { tag_ = tag; }
    int32_t GetUserTag() const { return tag_; }

    twin::Operand operand(bool write, uint16_t alignment) const
    {
        return {memory_, twin::type_of<T>(), write, alignment, address_, buffer_, buffer_bytes_};
    }
    twin::Memory memory() const { return memory_; }

private:
    template <class U>
    friend class LocalTensor;

    void* element(uint32_t index, bool write, const char* api, twin::Here here) const
    {
        twin::Operand operand = (*this)[index].operand(write, sizeof(T));
        return twin::engine->scalar(operand, sizeof(T), api, here);
    }

    twin::Memory memory_ = twin::Memory::NONE;
    TPosition position_ = TPosition::MAX;
    uint64_t address_ = 0;
    uint32_t size_ = 0;
    int32_t tag_ = 0;
    uint64_t buffer_ = 0, buffer_bytes_ = 0;  // where the tensor was made, before offsets
};

template <class T>
class GlobalTensor {
public:
    using PrimType = T;

    void SetGlobalBuffer(__gm__ T* buffer, uint64_t elements)
    {
        pointer_ = buffer;
        size_ = elements;
        buffer_ = reinterpret_cast<uint64_t>(buffer);
        buffer_bytes_ = elements * sizeof(T);
    }
    void SetGlobalBuffer(__gm__ T* buffer) { SetGlobalBuffer(buffer, 0); }
    __gm__ T* GetPhyAddr(uint64_t offset = 0) const { return pointer_ + offset; }
    uint64_t GetSize() const { return size_; }
    T GetValue(uint64_t index, twin::Here here = twin::Here::at()) const
    {
        T value;
        std::memcpy(&value, element(index, false, "GlobalTensor::GetValue", here), sizeof(T));
        return value;
    }
    template <class V>
    void SetValue(uint64_t index, V value, twin::Here here = twin::Here::at()) const
    {
        const T converted = static_cast<T>(value);
        std::memcpy(element(index, true, "GlobalTensor::SetValue", here), &converted, sizeof(T));
    }
    T& operator()(uint64_t index, twin::Here here = twin::Here::at()) const
    {
        return *static_cast<T*>(element(index, true, "GlobalTensor::operator()", here));
    }
    GlobalTensor operator[](uint64_t offset) const
    {
        GlobalTensor shifted = *this;
        shifted.pointer_ = pointer_ + offset;
        shifted.size_ = size_ > offset ? size_ - offset : 0;
        return shifted;
    }
    template <class U>
    GlobalTensor<U> ReinterpretCast() const
    {
        GlobalTensor<U> other;
        other.pointer_ = reinterpret_cast<U*>(pointer_);
        other.size_ = size_ * sizeof(T) / sizeof(U);
        other.buffer_ = buffer_;
        other.buffer_bytes_ = buffer_bytes_;
        return other;
    }
    template <CacheRwMode mode = CacheRwMode::RW>
    void SetL2CacheHint(CacheMode)
    {
    }

    twin::Operand operand(bool write, uint16_t alignment) const
    {
        return {twin::Memory::GM, twin::type_of<T>(), write, alignment, reinterpret_cast<uint64_t>(pointer_), buffer_, buffer_bytes_};
    }

private:
    template <class U>
    friend class GlobalTensor;

    void* element(uint64_t index, bool write, const char* api, twin::Here here) const
    {
        return twin::engine->scalar((*this)[index].operand(write, sizeof(T)), sizeof(T), api, here);
    }

    __gm__ T* pointer_ = nullptr;
    uint64_t size_ = 0;
    uint64_t buffer_ = 0, buffer_bytes_ = 0;
};

}  // namespace AscendC
