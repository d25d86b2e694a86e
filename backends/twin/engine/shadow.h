// Which bytes hold something defined. Moving or computing with undefined bytes is no fault, many kernels do it in tails:
// what comes out is undefined where it depends on them, and storing that to an argument, or branching on it, is reported.
#pragma once
#include <tuple>

#include "intervals.h"
#include "machine.h"

namespace twin {

class Shadow {
public:
    explicit Shadow(Machine& machine, size_t cores);

    void execute(Stream& stream, const Instruction& instruction, const Regions& regions, Engine& engine);
    void scalar(const Stream& stream, const Operand& operand, uint32_t bytes, const char* api, Here here);

private:
    enum class Cause : uint8_t { never_written, padding, behind_product, scratch };
    // Where undefined bytes come from: the cause, and the first instruction that read them if one did.
    struct Origin {
        Cause cause = Cause::never_written;
        const char* left_by = nullptr;
        Here left_at{nullptr, 0};
        const char* api = nullptr;
        Here here{nullptr, 0};
        std::string core, pipe, range;
    };
    using Set = Intervals<uint32_t>;  // undefined ranges, with an index into origins_
    struct Run {
        Memory memory;
        uint64_t begin, end;
    };

    Set& undefined(const Stream& stream, Memory memory)
    {
        return memory == Memory::GM ? global_ : local_[stream.index * memories + static_cast<uint32_t>(memory)];
    }
    std::vector<Run> inputs(Stream& stream, const Instruction& instruction, const Regions& regions);
    void compute(Stream& stream, const Instruction& instruction, const Regions& regions, const std::vector<Run>& read, Engine& engine);
    void leave(Stream& stream, const Instruction& instruction);
    uint32_t cause(Cause cause, const char* api, Here here);
    uint32_t read_by(uint32_t origin, const Stream& stream, const char* api, Here here, Pipe pipe, const Run& run);
    void report(const Stream& stream, uint32_t origin, const char* api, Here here, const std::string& use);

    Machine& machine_;
    std::vector<Set> local_;
    Set global_;
    std::vector<Origin> origins_{1};
    std::map<std::tuple<uint32_t, int, const char*, const char*>, size_t> reported_;  // entries, by origin and use
};

}  // namespace twin
