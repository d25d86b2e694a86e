// The model of time. While the kernel runs, every call becomes a Record of its core; the clock replays the records of
// all cores and pipes as events, in the order of their own times, not in the order in which the scheduler runs cores.
#pragma once
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "traffic.h"

namespace twin::timing {

enum class Kind : uint8_t { work, set, wait, barrier, cross_set, cross_wait, meet, scalar, drain };

// Why a unit stood still. A pipe waits for the scalar unit to issue, for the flag of a pipe, for a barrier, for its share
// of the L2 port or of HBM; the scalar unit for memory, for room in the queue of a pipe, and for flags of other cores.
enum Reason { running, not_issued, at_barrier, l2_port, at_hbm, cross_flag, in_memory, flag_of, queue_of = flag_of + pipes, reasons = queue_of + pipes };

// What a call costs, in ticks, and what it asks of GM. Made by cost_of from the instruction alone.
struct Record {
    Kind kind = Kind::work;
    Pipe pipe = Pipe::S;  // of a flag: the one that sets it
    Pipe other = Pipe::S; // of a flag: the one that waits
    uint8_t id = 0;       // of a flag
    uint8_t mode = 0;     // of a cross-core flag
    bool write = false, atomic = false;
    bool unit = false;    // Mmad and Fixpipe hand over a tile of L0C by unit flags: this one comes
    uint64_t tile = 0;    // behind so many of the others, of this tile for an Mmad
    uint32_t behind = 0;
    uint16_t line = 0;    // of the data cache, plus 1, that the scalar unit reaches; preloaded without waiting for it
    bool preload = false;
    uint32_t site = 0;
    uint32_t cores = 0;   // of a meeting
    Ticks issue = 0, busy = 0, latency = 0;
    double rate = 0;      // of the access, in bytes a cycle
    Access access;
};

struct Cost {
    double issue = 0, busy = 0, latency = 0;  // in cycles
    bool drains = false;
    uint64_t steps = 0, repeats = 0;  // of the cube unit, of the vector unit
};
Cost cost_of(const Instruction& instruction, const Regions& regions, const Parameters& timing);

// A call in the source and what it came to.
struct Site {
    const char* api;
    Here here;
    uint64_t count = 0, read = 0, written = 0;
    Ticks issue = 0, busy = 0, stalled = 0;
};

// What a pipe still has to do, with the time at which each was issued.
class Queue {
public:
    explicit Queue(size_t depth) : slots(depth) {}
    bool empty() const { return count == 0; }
    bool full() const { return count == slots.size(); }
    const Record& front() const { return slots[head].record; }
    Ticks issued() const { return slots[head].issued; }
    void push(const Record& record, Ticks issued) { slots[(head + count++) % slots.size()] = {record, issued}; }
    void pop()
    {
        head = (head + 1) % slots.size();
        --count;
    }

private:
    struct Slot {
        Record record;
        Ticks issued = 0;
    };
    std::vector<Slot> slots;
    size_t head = 0, count = 0;
};

// One core on the clock: its scalar unit is at now[S], each pipe can start its next instruction at now[pipe], and all
// that it started is over at done[pipe].
struct Core {
    uint32_t index = 0;
    Identity identity{};
    uint32_t group = 0;
    std::vector<Record> records;  // what the scalar unit does next, from head on
    size_t head = 0;
    bool complete = false;        // no more records will come
    bool met = false;             // waits for the others of a meeting
    Ticks next = 0;               // when something can happen here, or never
    std::vector<Queue> queue;     // by pipe
    Ticks now[pipes] = {}, done[pipes] = {}, freed[pipes] = {};  // freed: when a full queue had room again
    std::vector<Ticks> flag[pipes][pipes][8];                    // sets that were not waited for
    std::vector<Ticks> arrived[17];                              // of cross-core flags, in order; last: ends of meetings
    std::deque<Ticks> reported[3][16];
    Ticks busy[pipes] = {}, stall[pipes][reasons] = {};
    // Of the instructions with unit flags: how many Mmads there are and were run, and the last one's times; and by tile
    // how many Fixpipes there are and were run, and when the last one was over.
    uint32_t mmads = 0, mmads_run = 0;
    Ticks mmad_start = 0, mmad_done = 0;
    struct Release {
        uint32_t fixpipes = 0, run = 0;
        Ticks time = 0;
    };
    std::unordered_map<uint64_t, Release> release;
    uint64_t lines[512] = {};         // of the scalar unit's cache: the line that each set holds, plus 1
    Ticks filled[512] = {};           // and when it has it
    uint64_t peak[memories] = {};
    uint64_t steps = 0, repeats = 0;  // of the cube unit, of the vector unit
};
constexpr Ticks never = INT64_MAX / 2;
// How far a core may run ahead of others. What they share is kept by time, not by turn.
constexpr Ticks epoch = 256 * cycle;
constexpr int meeting = 16;  // of cross-core flags: the end of a meeting

struct Event {
    uint32_t core;
    Pipe pipe;
    uint8_t reason;
    uint32_t site;
    Ticks start, ticks;
    uint64_t bytes;
};

// Where a site is: calls with the same text in the same place.
struct SiteKey {
    const char *api, *file;
    int line;
    bool operator==(const SiteKey& other) const { return api == other.api && file == other.file && line == other.line; }
};
struct SiteHash {
    size_t operator()(const SiteKey& key) const { return reinterpret_cast<size_t>(key.api) * 31 + reinterpret_cast<size_t>(key.file) * 17 + static_cast<size_t>(key.line); }
};

class Clock {
public:
    Clock(const Parameters& parameters, uint64_t l2_bytes, uint32_t cube_cores, uint64_t trace_limit);

    // While the kernel runs: what a core does next. Allocations are numbered in the order in which they were added.
    void add_core(const Identity& identity);
    void add_memory(uint64_t begin, uint64_t bytes);
    void work(uint32_t core, const Instruction& instruction, const Regions& regions, bool atomic, size_t memory);
    void access(uint32_t core, const Operand& operand, uint32_t bytes, const char* api, Here here, size_t memory, bool preload = false);
    void clean(uint32_t core, const Operand& operand, bool entire);
    void flag(uint32_t core, Kind kind, Pipe from, Pipe to, int id, const char* api, Here here);
    void barrier(uint32_t core, Pipe pipe, const char* api, Here here);
    void cross(uint32_t core, Kind kind, int mode, Pipe pipe, int id, const char* api, Here here);
    void meet(uint32_t core, uint32_t cores, const char* api, Here here);
    void complete(uint32_t core) { each[core]->complete = true; }

    void advance();  // replays what there is, up to where the next record of a core is missing
    bool finished() const;
    std::string report() const;

private:
    Record& append(uint32_t core, Kind kind, const char* api, Here here);
    uint32_t site_of(const char* api, Here here);
    void forget();
    bool next_epoch();
    bool take_turn(Core& core);
    Ticks next_of(const Core& core, int pipe) const;
    int next_unit(Core& core) const;
    void issue(Core& core);
    void issue_cost(Core& core, const Record& record);
    void start(Core& core, int pipe);
    void stall(Core& core, const Record& record, int pipe, int reason, Ticks until);
    void run(Core& core, int pipe, const Record& record);
    static bool may_hand_over(const Core& core, const Record& record);
    void take_over(Core& core, const Record& record);
    void hand_over(Core& core, const Record& record, Ticks& end, Ticks latency);
    Ticks transfer(Core& core, const Record& record, Ticks start, Ticks& alone, Ticks& latency, int& reason);
    void reach(Core& core, const Record& record);
    void cross_set(Core& core, const Record& record, Ticks time);
    void meet(Core& core, const Record& record);
    void deliver(Core& core, int flag, Ticks time);
    void trace(const Core& core, int pipe, int reason, uint32_t site, Ticks start, Ticks end, uint64_t bytes = 0);

    Parameters parameters;
    Ticks flag_latency, cross_latency;
    size_t queue_depth;
    std::vector<std::unique_ptr<Core>> each;
    std::vector<Site> sites;
    std::unordered_map<SiteKey, uint32_t, SiteHash> site_index;
    std::vector<uint64_t> memory_begin;
    Cache cache;
    Traffic traffic;
    size_t current = 0;  // the core whose turn it is; all had theirs at the end
    Ticks epoch_end = 0;
    uint64_t hbm_read = 0, hbm_written = 0;
    std::vector<Event> events;
    uint64_t trace_limit, dropped = 0;
};

}  // namespace twin::timing
