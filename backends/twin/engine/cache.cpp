// The data caches of the scalar units: 64-byte lines of GM, loaded and stored whole, not coherent.
#include <algorithm>

#include "order.h"

namespace twin {
namespace {
constexpr uint64_t line_bytes = 64;

// One bit for each byte of a line that a range covers.
uint64_t bits_within(uint64_t line, uint64_t begin, uint64_t end)
{
    uint64_t bits = 0;
    for (uint64_t at = std::max(begin, line * line_bytes); at < std::min(end, (line + 1) * line_bytes); ++at) bits |= 1ull << at % line_bytes;
    return bits;
}
}  // namespace

// A load finds the line in the cache as it was when it was loaded.
void Order::load_lines(Core& core, const Touch& now, const Region& region)
{
    const auto found = core.fetched.try_emplace(region.begin / line_bytes, now.time);
    if (found.second) return;
    const uint64_t loaded = found.first->second;
    auto look = [&](uint64_t begin, uint64_t end, const Touch& store, Action action) {
        if (store.number == 0 || store.time <= loaded || store.line == core.stream->index * lines + scalar_stores) return;
        report("stale", store, action, now, Action::read, region, begin, end,
               "the 64-byte line may be in the data cache since an earlier load; DataCacheCleanAndInvalid before the load is missing");
    };
    global_.look(region.begin, region.end(), [&](uint64_t begin, uint64_t end, const History& history) {
        look(begin, end, history.write, Action::write);
        for (const Touch& each : history.atomics) look(begin, end, each, Action::atomic);
    });
}

// A store stays in the cache; the line goes back whole, with whatever the other bytes were.
void Order::store_lines(Core& core, const Touch& now, const Region& region)
{
    const uint64_t address = region.begin / line_bytes;
    CacheLine& line = cache_lines_[address];
    const Touch& before = line.store;
    if (before.number != 0 && before.line != now.line && (line.dirty || core.known[0][before.line] < before.number))
        report("cache-line", before, Action::write, now, Action::write, region, region.begin, region.end(),
               "both are in one 64-byte line, which each core writes back whole: the stores of one of them are lost");
    if (before.line != now.line) line.bytes = 0;
    line.store = now;
    line.bytes |= bits_within(address, region.begin, region.end());
    line.dirty = true;
    core.fetched.try_emplace(address, now.time);
}

void Order::meet_lines(const Touch& now, Action action, const Region& region, uint64_t begin, uint64_t end)
{
    if (now.line % lines == scalar_stores) return;
    for (auto each = cache_lines_.lower_bound(begin / line_bytes); each != cache_lines_.end() && each->first * line_bytes < end; ++each) {
        const CacheLine& line = each->second;
        if (!line.dirty || (now.line % lines == 0 && now.line / lines == line.store.line / lines)) continue;
        const uint64_t from = std::max(begin, each->first * line_bytes), to = std::min(end, (each->first + 1) * line_bytes);
        if (action != Action::read)
            report("cache-line", line.store, Action::write, now, action, region, from, to,
                   "the scalar store is still in the data cache, and its 64-byte line will be written back whole over these bytes");
        else if (bits_within(each->first, begin, end) & line.bytes)
            report("stale", line.store, Action::write, now, action, region, from, to,
                   "the scalar store is still in the data cache; DataCacheCleanAndInvalid behind the store is missing");
    }
}

void Order::clean(const Stream& stream, const Operand& operand, bool entire)
{
    Core& core = core_of(stream);
    const uint32_t own = stream.index * lines + scalar_stores;
    if (entire) {
        for (auto& [address, line] : cache_lines_)
            if (line.store.line == own) line.dirty = false;
        core.fetched.clear();
    } else {
        const auto found = cache_lines_.find(operand.address / line_bytes);
        if (found != cache_lines_.end() && found->second.store.line == own) found->second.dirty = false;
        core.fetched.erase(operand.address / line_bytes);
    }
    core.known[0][own] = core.issued[scalar_stores];
    ++core.version;
}

}  // namespace twin
