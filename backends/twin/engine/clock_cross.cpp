// Flags between cores and meetings, on the clock.
#include <algorithm>

#include "clock.h"

namespace twin::timing {

// As Machine::cross_set, with times: a flag of a group arrives when the last of the group has set it.
void Clock::cross_set(Core& core, const Record& record, Ticks time)
{
    const int flag = record.id;
    const Identity& me = core.identity;
    auto of_block = [&](const Core& other, CoreType type) { return other.identity.type == type && other.identity.block == me.block; };
    if (record.mode == 2 && me.type == CoreType::AIC) {
        for (auto& other : each)
            if (of_block(*other, CoreType::AIV)) deliver(*other, flag, time);
        return;
    }
    core.reported[record.mode][flag].push_back(time);
    std::vector<Core*> group;
    for (auto& other : each)
        if (other->identity.type == me.type && (record.mode == 0 || other->identity.block == me.block)) {
            if (other->reported[record.mode][flag].empty()) return;
            group.push_back(other.get());
        }
    Ticks last = 0;
    for (Core* other : group) {
        last = std::max(last, other->reported[record.mode][flag].front());
        other->reported[record.mode][flag].pop_front();
    }
    if (record.mode != 2) {
        for (Core* other : group) deliver(*other, flag, last);
        return;
    }
    for (auto& other : each)
        if (of_block(*other, CoreType::AIC)) deliver(*other, flag, last);
}

void Clock::meet(Core& core, const Record& record)
{
    core.met = true;
    std::vector<Core*> here;
    Ticks last = 0;
    for (auto& other : each)
        if (other->met) {
            here.push_back(other.get());
            last = std::max(last, other->now[static_cast<int>(Pipe::S)]);
        }
    if (here.size() < record.cores) return;
    for (Core* other : here) {
        other->met = false;
        deliver(*other, meeting, last + cross_latency);
    }
}

void Clock::deliver(Core& core, int flag, Ticks time)
{
    std::vector<Ticks>& arrived = core.arrived[flag];
    arrived.insert(std::upper_bound(arrived.begin(), arrived.end(), time), time);
}

}  // namespace twin::timing
