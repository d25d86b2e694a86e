// What is in L2, and how the cores share the ports to it and HBM: first come, first served, window by window.
#include "traffic.h"

#include <algorithm>

namespace twin::timing {

void Cache::add(uint64_t bytes) { touched.emplace_back((bytes + line - 1) / line); }

uint64_t Cache::missed(const Access& access)
{
    std::vector<uint32_t>& lines = touched[access.memory];
    uint64_t missed = 0;
    for (uint32_t j = 0; j < access.axis[1].count; ++j)
        for (uint32_t i = 0; i < access.axis[0].count; ++i) {
            uint64_t at = access.offset + i * access.axis[0].stride + j * access.axis[1].stride;
            const uint64_t end = at + access.bytes;
            while (at < end) {
                const uint64_t until = std::min(end, (at / line + 1) * line);
                uint32_t& seen = lines[at / line];
                if (seen == 0 || seen + 1 < generation) {
                    missed += line;
                    filled += line;
                }
                seen = generation;
                if (filled >= generation_bytes) {
                    filled = 0;
                    ++generation;
                }
                at = until;
            }
        }
    return missed;
}

double& Port::slot(int64_t index, int64_t oldest)
{
    int64_t size = static_cast<int64_t>(used.size());
    if (index - first >= size) {
        for (; first < oldest && index - first >= size; ++first) used[first % size] = 0;
        if (first == oldest && index - first >= size) {
            std::vector<double> larger(std::max<size_t>(used.size() * 2, 64));
            while (index - first >= static_cast<int64_t>(larger.size())) larger.resize(larger.size() * 2);
            for (int64_t i = first; i < first + size; ++i) larger[i % static_cast<int64_t>(larger.size())] = used[i % size];
            used = std::move(larger);
            size = static_cast<int64_t>(used.size());
        }
    }
    return used[index % size];
}

Ticks Port::take(int64_t index, double bytes, int64_t oldest)
{
    double& taken = slot(index, oldest);
    taken += bytes;
    return index * window + static_cast<Ticks>(taken / capacity * window);
}

Traffic::Traffic(const Parameters& timing_, uint32_t cube_cores) : timing(timing_), memory(timing.hbm_rate * cube_cores) {}

void Traffic::add_core(uint32_t group, uint32_t core)
{
    port.push_back(timing.group_port != 0 ? group : core);
    while (read.size() <= port.back()) {
        read.push_back(std::make_unique<Port>(timing.l2_read_rate));
        written.push_back(std::make_unique<Port>(timing.l2_write_rate));
    }
}

Share Traffic::move(uint32_t core, bool write, Ticks start, double bytes, double missed, double rate)
{
    Port& side = *(write ? written : read)[port[core]];
    const double part = missed / bytes;
    Share share{start, false};
    Ticks held[2] = {0, 0};  // by the port, by HBM
    Ticks at = start;
    for (int64_t index = start / Port::window; bytes > 0; ++index) {
        const Ticks window_end = (index + 1) * Port::window;
        const double own = std::min(bytes, rate * static_cast<double>(window_end - at) / cycle);
        double amount = own;
        bool by_memory = false;
        const double at_port = side.left(index, oldest);
        if (at_port < amount) amount = at_port;
        if (part > 0) {
            const double at_memory = memory.left(index, oldest) / part;
            by_memory = at_memory < amount;
            if (by_memory) amount = at_memory;
        }
        if (amount > 0) {
            const Ticks on_port = side.take(index, amount, oldest), on_memory = part > 0 ? memory.take(index, amount * part, oldest) : 0;
            const Ticks alone = at + ticks(amount / rate);
            share.end = std::max({alone, on_port, on_memory});
            bytes = amount < bytes ? bytes - amount : 0;
            held[on_memory > on_port] += share.end - alone;
        }
        if (amount < own) held[by_memory] += window_end - at;
        at = window_end;
    }
    share.from_hbm = held[1] > held[0];
    return share;
}

}  // namespace twin::timing
