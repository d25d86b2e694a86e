// The simulated chip: streams (one AIC or AIV each) with their memories, flags between them, GM, and the report.
#pragma once
#include <signal.h>
#include <ucontext.h>

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "../include/twin/abi.h"

namespace twin {

constexpr int memories = static_cast<int>(Memory::NONE);
constexpr int pipes = 7;
constexpr uint64_t select_scratch = 184 * 1024;  // where in UB Select of modes 1 and 2 begins to write; how far is not stated

// Bytes that an instruction touches: pieces of `bytes`, repeated along up to three strides.
struct Axis {
    uint32_t count;
    uint64_t stride;
};
struct Region {
    Operand operand;
    uint64_t begin, bytes;
    Axis axis[3];
    bool exact = true;  // false if some of the bytes may be left out, by a mask for instance

    uint64_t end() const
    {
        uint64_t last = begin + bytes;
        for (const Axis& each : axis) last += (each.count - 1) * each.stride;
        return last;
    }
};
struct Regions {
    Region region[4];
    int size = 0;
    void add(const Operand& operand, uint64_t offset, uint64_t bytes, Axis first = {1, 0}, Axis second = {1, 0}, Axis third = {1, 0},
             bool exact = true)
    {
        if (bytes == 0 || first.count == 0 || second.count == 0 || third.count == 0) return;
        region[size++] = {operand, operand.address + offset, bytes, {first, second, third}, exact};
    }
};
Regions regions_of(const Instruction& instruction);

namespace timing {
class Clock;
}
// For each line of instructions of each core: how many of its first ones are over.
using Known = std::vector<uint32_t>;

struct Flag {
    bool set = false;
    Here here{nullptr, 0};
    const char* api = "";
    Known known;
};
// Cross-core flags that arrived at a core, and its own sets that wait for the rest of a group.
struct Counter {
    uint32_t count() const { return static_cast<uint32_t>(known.size()); }
    std::deque<Known> known;
};

enum class Status { ready, waiting, finished };

// The stack of a fiber, with a page below it that nobody may touch.
class Stack {
public:
    static constexpr size_t bytes = 1 << 20;
    Stack();
    ~Stack();
    Stack(const Stack&) = delete;
    Stack& operator=(const Stack&) = delete;
    uint8_t* bottom() const { return begin + guard; }
    bool is_guard(uint64_t address) const { return address - reinterpret_cast<uint64_t>(begin) < guard; }

private:
    static constexpr size_t guard = 1 << 16;  // as large as the largest page
    uint8_t* begin;
};

struct Stream {
    Identity identity{};
    State state;
    std::unique_ptr<uint8_t[]> arena[memories];
    uint64_t arena_bytes[memories] = {};
    Flag flag[pipes][pipes][8];
    uint32_t index = 0;         // among the streams of the launch
    uint32_t ran = 0;           // instructions since it was resumed
    Counter counter[16];        // cross-core flags that arrived and were not waited for
    Counter reported[3][16];    // own sets that wait for the other cores of a group, by mode
    std::vector<uint32_t> waited[16];  // which of the scalar unit's instructions each wait for a flag was
    uint32_t arrived[16] = {};  // sets of each flag that this core was told of
    Here last_set[16] = {};     // where each of these flags was set last
    uint8_t sets[16] = {};      // modes in which this core set each flag, one bit each
    Pipe set_pipe[16] = {};     // on which pipe it did last
    ucontext_t context;
    Stack stack;
    Status status = Status::ready;
    int wait_flag = -1;  // cross-core flag, or -1 for a meeting
    const char* wait_api = "";
    Here wait_here{nullptr, 0};
    bool met = false;
    Known meeting;  // what is over when a meeting ends
    bool scratch_used = false, scratch_touched = false;  // UB from 184 KiB: by Select, by the kernel
    void* workspace = nullptr;

    std::string name() const;
    uint8_t* at(const Operand& operand)
    {
        return operand.memory == Memory::GM ? reinterpret_cast<uint8_t*>(operand.address) : arena[static_cast<int>(operand.memory)].get() + operand.address;
    }
};

struct Allocation {
    uint64_t begin, bytes;
    std::string name;
    bool scratch;  // no bytes of it are defined at the start, and what is left in it is not looked at
};

// One of the two instructions of a finding.
struct Place {
    std::string api, file, core, pipe, action, memory;
    int line;
    uint64_t begin, end;
    uint32_t occurrence;
};
struct Entry {
    std::string kind, message, api, file, core;
    int line;
    uint32_t count;
    std::vector<Place> places;
    std::vector<uint64_t> code;  // of a fault: where it was in the kernel's library, and from where that was called
};

// Streams take turns of so many instructions, unless they have to wait before.
constexpr uint32_t turn = 8192;

struct Stop {};  // thrown to end a run

struct KernelCode {
    void (*bind)(Engine*);
    void (*call)(void* const*);
};

// The code of a library: its addresses, and where its offsets count from.
struct Code {
    uint64_t base = 0, begin = 0, end = 0;
    bool holds(uint64_t address) const { return begin <= address && address < end; }
};
Code code_of(const void* function);
bool is_guarded();

// What has ended a kernel, as a signal handler can write it down.
struct Fault {
    static constexpr int most_frames = 16;
    int number = 0;
    uint64_t address = 0;
    Code code;
    uint64_t frame[most_frames] = {};  // offsets in the code, the innermost first
    int frames = 0;
};

extern volatile sig_atomic_t expired;  // the time that a kernel may take is over

class Order;
class Shadow;

class Machine final : public Engine {
public:
    Machine();
    ~Machine();
    void issue(const Instruction& instruction) override;
    void* scalar(const Operand& operand, uint32_t bytes, const char* api, Here here) override;
    void preload(const Operand& operand, const char* api, Here here) override;
    void set_flag(Pipe from, Pipe to, int id, const char* api, Here here) override;
    void wait_flag(Pipe from, Pipe to, int id, const char* api, Here here) override;
    bool flag_is_set(Pipe from, Pipe to, int id) override;
    void barrier(Pipe pipe, const char* api, Here here) override;
    void settle() override;
    void cross_set(int mode, Pipe pipe, int flag, const char* api, Here here) override;
    void cross_wait(int flag, const char* api, Here here) override;
    void meet(uint32_t cores, const char* api, Here here) override;
    void raise(const char* kind, const char* api, Here here, const char* format, ...) override;
    void note(const char* kind, const char* api, Here here, const char* format, ...) override;
    void print(const char* text) override
    {
        if (!probing) output += text;
    }
    const Identity& identity() override { return stream->identity; }
    State& state() override { return stream->state; }
    uint64_t size_of(Memory memory) override { return memory == Memory::NONE || memory == Memory::GM ? 0 : sizes[static_cast<int>(memory)]; }
    uint64_t tiling_key() override { return key; }
    void* workspace() override { return stream->workspace; }
    void set_workspace(void* workspace) override { stream->workspace = workspace; }
    void task_type(int type) override;
    void clean(const Operand& operand, bool entire) override;

    // Adds a finding and goes on; returns its index in `entries`. Without places, one for a line and kind is enough.
    size_t find(const char* kind, const char* api, Here here, const std::string& message, std::vector<Place> places = {});
    const Stream& stream_at(size_t index) const { return *streams[index]; }
    const Allocation* allocation_of(uint64_t address) const;

    static Machine* active;  // whose kernel runs
    bool in_kernel() const { return on_stream && fault.number == 0; }
    const Code& code_of_stream() const { return library[static_cast<int>(stream->identity.type)]; }
    [[noreturn]] void abandon(int number, const void* address);

    int probe_type(const KernelCode& code);
    void run(int type, uint32_t blocks);
    std::string report() const;

    uint64_t sizes[memories] = {};
    uint64_t key = 0;
    void* system_workspace = nullptr;
    KernelCode code[2] = {};  // AIC, AIV
    Code library[2];          // the same, in guarded processes
    std::vector<void*> values;
    std::vector<Allocation> allocations;
    timing::Clock* clock = nullptr;  // optional
    bool reverse = false;            // streams are run in the other order
    int kernel_type = -1;
    std::vector<Entry> entries;
    bool checked = true;    // order, defined bytes and caches are looked at
    bool auto_sync = false;  // the compiler's option of that name is on

private:
    void check_buffer(const Region& region, const char* api, Here here);
    void check_reserved(const Region& region, const char* api, Here here);
    void check_scratch(const Instruction& instruction);
    void check_directions(int mode, Pipe pipe, int flag, const char* api, Here here);
    void check(const Regions& regions, const char* api, Here here);
    void check_local(const Region& region, const char* api, Here here);
    void check_global(const Region& region, const char* api, Here here);
    void add_stream(CoreType type, uint32_t block, uint32_t blocks, uint32_t sub_block, uint32_t sub_blocks, bool mixed);
    void enter();
    static void trampoline();
    void schedule();
    void pause();
    void breathe();
    // Of every call but those of the scalar unit: a kernel that is only asked for its type, or has no time left, ends here.
    void begin(const char* api, Here here)
    {
        if (expired) late(api, here);
        if (probing) throw Stop{};
    }
    [[noreturn]] void late(const char* api, Here here);
    std::string late_message() const;
    void report_fault();
    void report_deadlock();
    void report_leftovers();
    void deliver(Stream& target, int flag, const Known& known, const char* api, Here here);
    std::string wait_cycle() const;
    void add_entry(const char* kind, const std::string& message, const char* api, Here here);

    std::vector<std::unique_ptr<Stream>> streams;
    Stream* stream = nullptr;
    ucontext_t scheduler{};
    bool failed = false, probing = false, on_stream = false;
    Fault fault;
    std::string output;
    std::map<const char*, uint64_t> instructions;
    size_t last_allocation = 0;
    Known meeting;  // of those that have arrived at one
    uint32_t sync_all_flags = 0, user_flags = 0, clashes = 0;  // cross-core flags, one bit each
    std::unique_ptr<Order> order;
    std::unique_ptr<Shadow> shadow;
};

// What a rule of the API says against an instruction's operands or parameters; empty if nothing.
std::string overlap_fault(const Instruction& instruction);
std::string matrices_fault(const Instruction& instruction);

void execute(const Instruction& instruction, Stream& stream, Engine& engine);
void execute_arithmetic(const Instruction& instruction, Stream& stream);
void execute_cast(const Instruction& instruction, Stream& stream);
void execute_compare(const Instruction& instruction, Stream& stream);
void execute_select(const Instruction& instruction, Stream& stream);
void execute_vector_move(const Instruction& instruction, Stream& stream, Engine& engine);
void execute_reduce(const Instruction& instruction, Stream& stream);
void execute_move(const Instruction& instruction, Stream& stream);
void execute_nd2nz(const Instruction& instruction, Stream& stream);
void execute_load(const Instruction& instruction, Stream& stream);
void execute_mmad(const Instruction& instruction, Stream& stream);
void execute_fixpipe(const Instruction& instruction, Stream& stream);

// Stores to GM under the stream's atomic mode.
void store(uint8_t* destination, const uint8_t* source, uint64_t bytes, const Stream& stream);

const char* name_of(Memory memory);
const char* name_of(Pipe pipe);
constexpr uint32_t size_of_type(Type type)
{
    switch (type) {
        case Type::i8:
        case Type::u8: return 1;
        case Type::f16:
        case Type::bf16:
        case Type::i16:
        case Type::u16: return 2;
        case Type::i64:
        case Type::u64: return 8;
        default: return 4;
    }
}

}  // namespace twin
