// Unit flags: an Mmad with one hands its tile of L0C over to Fixpipes with one, and waits until they have given it back.
#include "order.h"

namespace twin {
namespace {

constexpr uint8_t keep = 2, release = 3;

// The columns of fractals that a Fixpipe takes out of L0C, whole ones.
Region fractals_of(const Region& region, const FixpipeParams& params)
{
    Region whole = region;
    whole.bytes = (params.m + 15) / 16 * 1024ull;
    return whole;
}

}  // namespace

void Order::hand_over(Core& core, const Instruction& instruction, const Regions& regions)
{
    const bool product = instruction.op == Op::Mmad;
    const uint8_t unit = product ? instruction.mmad.unit : instruction.fixpipe.unit;
    if (unit == 0 && core.tiles.empty()) return;
    auto report = [&](const std::string& message) {
        machine_.find("unit-flag", instruction.api, instruction.here, "unitFlag is " + std::to_string(unit) + ": " + message);
    };
    for (int i = 0; i < regions.size; ++i) {
        if (regions.region[i].operand.memory != Memory::L0C || regions.region[i].operand.write != product) continue;
        const Region region = product ? regions.region[i] : fractals_of(regions.region[i], instruction.fixpipe);
        each_run(region, [&](uint64_t begin, uint64_t end) {
            const Tile* met = nullptr;
            std::vector<Tile> left;
            for (const Tile& tile : core.tiles) {
                const bool apart = tile.end <= begin || end <= tile.begin;
                if (!apart) met = &tile;
                if (apart || (!product && unit == keep)) {
                    left.push_back(tile);
                    continue;
                }
                if (tile.begin < begin) left.push_back({tile.begin, begin, tile.unit, tile.here});
                if (end < tile.end) left.push_back({end, tile.end, tile.unit, tile.here});
            }
            if (product && unit != 0 && met != nullptr && met->unit == release)
                report("waits for a tile that no Fixpipe gives back with unitFlag 3 since line " + std::to_string(met->here.line) + " handed it over");
            if (!product && unit != 0 && (met == nullptr || met->unit != release)) report("waits for a tile that no Mmad hands over with unitFlag 3");
            if (product && unit == 0 && met != nullptr)
                report("writes over the tile that the Mmad at line " + std::to_string(met->here.line) + " keeps for Fixpipes with unitFlag " +
                       std::to_string(met->unit));
            if (!product && unit == 0 && met != nullptr)
                report("does not give back the tile that the Mmad at line " + std::to_string(met->here.line) + " hands over with unitFlag " +
                       std::to_string(met->unit));
            if (product && unit != 0) left.push_back({begin, end, unit, instruction.here});
            core.tiles = std::move(left);
        });
    }
}

void Order::finish(const Stream& stream)
{
    for (const Tile& tile : core_of(stream).tiles)
        machine_.find("unit-flag", "Mmad", tile.here,
                      "unitFlag is " + std::to_string(tile.unit) + ": no Fixpipe gives the tile back with unitFlag 3 before the kernel ends");
}

}  // namespace twin
