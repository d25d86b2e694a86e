// Happens-before between the instructions of all cores. Each pipe of a core is a line of its own: instructions start in
// the order of issue, and what is known to be over when one starts comes from flags, barriers and the issuing scalar unit.
#pragma once
#include <tuple>
#include <unordered_map>

#include "intervals.h"
#include "machine.h"

namespace twin {

constexpr uint32_t lines = 8;       // of a core: its pipes, by Pipe, and then the stores of the scalar unit
constexpr uint32_t scalar_stores = 7;

// One access by one instruction. `line` counts over all cores; `number` from 1 within the line.
struct Touch {
    uint32_t line = 0, number = 0;
    uint32_t site = 0, occurrence = 0;
    uint64_t time = 0;                      // position in the run, over all cores
    uint64_t address = 0;                   // of the operand
    uint64_t buffer = 0, buffer_bytes = 0;  // the buffer it was made from
    uint8_t unit = 0;                       // unit flag
    bool wide = false;                      // an Mmad of ten blocks or more, which is over before the next one gets there
};
// What was done to bytes since they were last written.
struct History {
    Touch write;
    std::vector<Touch> reads, atomics;
};
enum class Action : uint8_t { read, write, atomic };

class Order {
public:
    Order(Machine& machine, size_t cores, bool auto_sync);

    void issue(const Stream& stream, const Instruction& instruction, const Regions& regions);
    void scalar(const Stream& stream, const Operand& operand, uint32_t bytes, const char* api, Here here);
    void clean(const Stream& stream, const Operand& operand, bool entire);

    // What is over when a flag that is set now takes effect; and what a waiting pipe learns from it.
    Known set(const Stream& stream, Pipe from);
    void wait(const Stream& stream, Pipe to, const Known& learned);
    void barrier(const Stream& stream, Pipe pipe);
    // The scalar unit waited for the flag of another core: `waited` numbers the wait among all that it issued.
    uint32_t cross_wait(const Stream& stream, const Known& learned);
    bool knows(const Known& learned, const Stream& stream, uint32_t waited) const;
    void finish(const Stream& stream);  // what a core leaves behind at the end of the kernel

    Place place(const Touch& touch, Action action, const Region& region) const;

private:
    struct Site {
        const char* api;
        Here here;
    };
    struct Tile {  // of L0C, handed over with a unit flag
        uint64_t begin, end;
        uint8_t unit;
        Here here;
    };
    struct Core {
        std::vector<Tile> tiles;
        Known known[pipes];
        uint32_t seen[pipes] = {};  // version of the scalar unit's knowledge that a pipe has got
        uint32_t version = 0;
        uint32_t issued[lines] = {};
        Intervals<History> memory[memories];
        std::vector<uint32_t> executed;                   // times, by site
        std::unordered_map<uint64_t, uint64_t> fetched;   // lines of GM in the data cache, with the time of their loading
        const Stream* stream = nullptr;
    };
    struct CacheLine {
        Touch store;
        uint64_t bytes = 0;  // one bit each
        bool dirty = false;
    };

    Core& core_of(const Stream& stream);
    void inherit(Core& core, const Stream& stream, Pipe pipe);
    void learn(Core& core, Pipe pipe, const Known& learned);
    Touch touch(Core& core, const Stream& stream, uint32_t line, const char* api, Here here, const Operand& operand);
    void access(Core& core, Pipe pipe, Touch now, Action action, const Region& region);
    void hand_over(Core& core, const Instruction& instruction, const Regions& regions);
    void gather(Core& core, Touch now, const Instruction& instruction);
    void reduce_sum(Core& core, Touch now, const Instruction& instruction, const Regions& regions);
    void compare(Core& core, Pipe pipe, const Touch& before, Action earlier, const Touch& now, Action action, const Region& region,
                 uint64_t begin, uint64_t end);
    bool ordered(Core& core, Pipe pipe, const Touch& before, Action earlier, const Touch& now, Action action, Memory memory);
    std::string missing(const Touch& before, const Touch& now, Memory memory) const;
    void overlapping(const Touch& before, const Touch& now, const Region& region, uint64_t begin, uint64_t end);
    void load_lines(Core& core, const Touch& now, const Region& region);
    void store_lines(Core& core, const Touch& now, const Region& region);
    void meet_lines(const Touch& now, Action action, const Region& region, uint64_t begin, uint64_t end);
    void report(const char* kind, const Touch& before, Action earlier, const Touch& now, Action action, const Region& region,
                uint64_t begin, uint64_t end, const std::string& reason);

    Machine& machine_;
    bool auto_sync_;
    uint64_t now_ = 0;
    std::vector<Core> cores_;
    std::vector<Site> sites_{{nullptr, {nullptr, 0}}};
    std::map<std::tuple<int, const char*, const char*>, uint32_t> site_of_;
    struct Reported {
        size_t entry;
        uint32_t number;
    };
    std::unordered_map<uint64_t, Reported> reported_;
    Intervals<History> global_;
    std::map<uint64_t, CacheLine> cache_lines_;  // last stored to by a scalar unit, by address / 64
};

void join(Known& learned, const Known& other);
std::string range_text(const Machine& machine, Memory memory, uint64_t begin, uint64_t end);
std::string source_text(Here here);

// Calls f(begin, end) for the runs of bytes of a region.
template <class F>
void each_run(const Region& region, F f)
{
    Axis axes[3];
    int size = 0;
    for (const Axis& axis : region.axis)
        if (axis.count > 1 && axis.stride > 0) {
            int at = size++;
            for (; at > 0 && axes[at - 1].stride > axis.stride; --at) axes[at] = axes[at - 1];
            axes[at] = axis;
        }
    uint64_t bytes = region.bytes;
    int dense = 0;
    for (; dense < size && axes[dense].stride <= bytes; ++dense) bytes += (axes[dense].count - 1) * axes[dense].stride;
    for (int i = size; i < 3; ++i) axes[i] = {1, 0};
    for (int i = 0; i < dense; ++i) axes[i] = {1, 0};
    for (uint32_t i = 0; i < axes[0].count; ++i)
        for (uint32_t j = 0; j < axes[1].count; ++j)
            for (uint32_t k = 0; k < axes[2].count; ++k) {
                const uint64_t begin = region.begin + i * axes[0].stride + j * axes[1].stride + k * axes[2].stride;
                f(begin, begin + bytes);
            }
}

}  // namespace twin
