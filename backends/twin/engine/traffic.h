// GM as the clock sees it: which bytes are in L2, and who gets how much of the ports and of HBM when.
#pragma once
#include "machine.h"

namespace twin::timing {

// Time is counted in 1024ths of a cycle.
using Ticks = int64_t;
constexpr Ticks cycle = 1024;
inline Ticks ticks(double cycles) { return static_cast<Ticks>(cycles * cycle + 0.5); }

// The parameters of backends/twin/timing.py, in its order.
#define TWIN_TIMING(X)                                                                                                  \
    X(issue_transfer) X(issue_load) X(issue_mmad) X(issue_fixpipe) X(issue_vector) X(mask_writes) X(issue_flag)         \
    X(issue_cross) X(scalar_access) X(queue_depth) X(transfer_startup) X(transfer_burst) X(l2_read_rate)                \
    X(l2_write_rate) X(ub_write_rate) X(group_port) X(hbm_rate) X(l2_latency) X(hbm_latency) X(store_latency)           \
    X(atomic_factor) X(l2_holds) X(load_startup) X(l0a_rate) X(l0b_rate) X(mmad_startup) X(mmad_step) X(mmad_latency)   \
    X(fixpipe_startup) X(fixpipe_row) X(vector_startup) X(vector_repeat) X(reduce_repeat) X(reduce_block)               \
    X(special_repeat) X(gather_repeat) X(select_setup) X(bank_read) X(bank_write) X(flag_latency) X(cross_latency)
struct Parameters {
#define X(name) double name;
    TWIN_TIMING(X)
#undef X
};

// Bursts in one allocation of GM, repeated along up to two strides; offsets from its start.
struct Access {
    uint32_t memory = 0;
    uint64_t offset = 0, bytes = 0;
    Axis axis[2] = {{0, 0}, {0, 0}};
    uint64_t total() const { return bytes * axis[0].count * axis[1].count; }
};

// L2, in lines of 512 bytes, which come and go as a whole: a line that was touched stays until half of the capacity has
// been fetched once or twice since. At the start nothing is in it.
class Cache {
public:
    explicit Cache(uint64_t capacity) : generation_bytes(capacity / 2) {}
    void add(uint64_t bytes);
    uint64_t missed(const Access& access);  // touches; the bytes of the lines that were not in L2

private:
    static constexpr uint64_t line = 512;
    std::vector<std::vector<uint32_t>> touched;  // by allocation and line: the generation, or 0
    uint64_t generation_bytes, filled = 0;
    uint32_t generation = 1;
};

// A capacity of so many bytes a cycle, kept for windows of time, so that who comes first need not ask first.
class Port {
public:
    static constexpr Ticks window = 64 * cycle;
    explicit Port(double rate) : capacity(rate * 64), used(64) {}
    double left(int64_t index, int64_t oldest) { return capacity - slot(index, oldest); }
    Ticks take(int64_t index, double bytes, int64_t oldest);  // gives the time at which the share taken so far would end
    const double capacity;

private:
    double& slot(int64_t index, int64_t oldest);
    std::vector<double> used;  // a ring over the windows [first, first + size)
    int64_t first = 0;
};

struct Share {
    Ticks end;      // of the last byte
    bool from_hbm;  // what held it up, if anything did: HBM, else the port
};

class Traffic {
public:
    Traffic(const Parameters& timing, uint32_t cube_cores);
    void add_core(uint32_t group, uint32_t core);
    // No transfer will start before this time.
    void forget(Ticks before) { oldest = before / Port::window; }
    // Moves `bytes`, of them `missed` from or to HBM, at up to `rate` bytes a cycle from `start` on.
    Share move(uint32_t core, bool write, Ticks start, double bytes, double missed, double rate);

private:
    Parameters timing;
    std::vector<std::unique_ptr<Port>> read, written;  // by port
    std::vector<uint32_t> port;                        // by core
    Port memory;
    int64_t oldest = 0;
};

}  // namespace twin::timing
