// Streams are fibers of one thread, resumed round robin: a run is reproducible, and a deadlock is a round without progress.
#include <sys/mman.h>

#include <algorithm>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

#include "clock.h"
#include "order.h"
#include "shadow.h"

namespace twin {
namespace {
// A stack to switch to, told to AddressSanitizer, which keeps books of each.
struct Target {
    const void* bottom = nullptr;
    size_t bytes = 0;
};
Target scheduler_stack;

#if defined(__SANITIZE_ADDRESS__)
// frames: what is kept of the stack that is left; null if it is left for good.
void leave_stack(void** frames, const Target& target) { __sanitizer_start_switch_fiber(frames, target.bottom, target.bytes); }
void reach_stack(void* frames, Target* source)
{
    __sanitizer_finish_switch_fiber(frames, source != nullptr ? &source->bottom : nullptr, source != nullptr ? &source->bytes : nullptr);
}
#else
void leave_stack(void**, const Target&) {}
void reach_stack(void*, Target*) {}
#endif

void to_scheduler(ucontext_t& from, ucontext_t& scheduler)
{
    void* frames = nullptr;
    leave_stack(&frames, scheduler_stack);
    swapcontext(&from, &scheduler);
    reach_stack(frames, &scheduler_stack);
}
}  // namespace

Machine* Machine::active = nullptr;

Stack::Stack()
{
    void* mapped = mmap(nullptr, guard + bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED || mprotect(mapped, guard, PROT_NONE) != 0) throw std::bad_alloc();
    begin = static_cast<uint8_t*>(mapped);
}

Stack::~Stack() { munmap(begin, guard + bytes); }

void Machine::add_stream(CoreType type, uint32_t block, uint32_t blocks, uint32_t sub_block, uint32_t sub_blocks, bool mixed)
{
    auto added = std::make_unique<Stream>();
    added->identity = {type, block, blocks, sub_block, sub_blocks, mixed};
    for (int memory = 1; memory < memories && !probing; ++memory) {
        if ((static_cast<Memory>(memory) == Memory::UB) != (type == CoreType::AIV)) continue;
        // Vector code reads whole blocks; one repeat behind the end keeps the host safe.
        added->arena[memory] = std::unique_ptr<uint8_t[]>(new uint8_t[sizes[memory] + 256]);
        added->arena_bytes[memory] = sizes[memory];
        std::memset(added->arena[memory].get(), 0xff, sizes[memory] + 256);
    }
    added->index = static_cast<uint32_t>(streams.size());
    added->workspace = system_workspace;
    getcontext(&added->context);
    added->context.uc_stack.ss_sp = added->stack.bottom();
    added->context.uc_stack.ss_size = Stack::bytes;
    added->context.uc_link = &scheduler;
    makecontext(&added->context, &Machine::trampoline, 0);
    added->index = static_cast<uint32_t>(streams.size());
    if (clock != nullptr && !probing) clock->add_core(added->identity);
    streams.push_back(std::move(added));
}

void Machine::trampoline() { active->enter(); }

void Machine::enter()
{
    reach_stack(nullptr, &scheduler_stack);
    try {
        code[static_cast<int>(stream->identity.type)].call(values.data());
    } catch (const Stop&) {
    }
    stream->status = Status::finished;
    leave_stack(nullptr, scheduler_stack);
}

void Machine::pause()
{
    stream->status = Status::waiting;
    to_scheduler(stream->context, scheduler);
    stream->status = Status::ready;
}

// Lets the other streams go on.
void Machine::breathe()
{
    stream->ran = 0;
    if (!failed) to_scheduler(stream->context, scheduler);
}

void Machine::schedule()
{
    active = this;
    std::vector<Stream*> turns;
    for (auto& each : streams) turns.push_back(each.get());
    if (reverse) std::reverse(turns.begin(), turns.end());
    for (bool progress = true; progress && !failed;) {
        progress = false;
        for (Stream* each : turns) {
            const bool arrived = each->wait_flag >= 0 ? each->counter[each->wait_flag].count() > 0 : !each->met;
            const bool can_run = each->status == Status::ready || (each->status == Status::waiting && arrived);
            if (!can_run) continue;
            progress = true;
            stream = each;
            void* frames = nullptr;
            leave_stack(&frames, {stream->stack.bottom(), Stack::bytes});
            on_stream = true;
            swapcontext(&scheduler, &stream->context);
            on_stream = false;
            if (!probing || expired) report_fault();
            reach_stack(frames, nullptr);
            if (failed) break;
            if (clock != nullptr && !probing && each->status == Status::finished) clock->complete(each->index);
        }
        if (clock != nullptr && !probing && !failed) clock->advance();
    }
    stream = nullptr;
}

// Runs the kernel up to its first instruction, to hear which type it declares.
int Machine::probe_type(const KernelCode& probed)
{
    probing = true;
    const CoreType type = probed.call == code[0].call ? CoreType::AIC : CoreType::AIV;
    add_stream(type, 0, 1, 0, 1, false);
    schedule();
    streams.clear();
    probing = failed = false;
    fault.number = 0;
    return kernel_type;
}

void Machine::run(int type, uint32_t blocks)
{
    kernel_type = type;
    const bool aic = type == 1 || type >= 3;
    const uint32_t aivs = type == 0 || type == 2 || type == 4 ? 1 : type == 5 ? 2 : 0;
    for (uint32_t block = 0; block < blocks; ++block) {
        if (aic) add_stream(CoreType::AIC, block, blocks, 0, aivs, type >= 2);
        for (uint32_t sub = 0; sub < aivs; ++sub) add_stream(CoreType::AIV, block, blocks, sub, aivs, type >= 2);
    }
    if (checked) {
        order = std::make_unique<Order>(*this, streams.size(), auto_sync);
        shadow = std::make_unique<Shadow>(*this, streams.size());
    }
    schedule();
    if (failed) return;
    report_deadlock();
    if (!failed) report_leftovers();
}

// Who could set the flag that a core waits for: the other side of its block if the flag is one of mode 2 (as it is unless
// somebody has set it in another mode), else its own group. The cycle is one of cores of which each waits for the next.
std::string Machine::wait_cycle() const
{
    auto next = [&](const Stream& from) -> const Stream* {
        int mode = 2;
        for (auto& each : streams)
            for (int other = 0; other < 2; ++other)
                if (from.wait_flag >= 0 && each->sets[from.wait_flag] >> other & 1) mode = other;
        for (auto& each : streams) {
            const bool same_block = each->identity.block == from.identity.block, same_type = each->identity.type == from.identity.type;
            bool setter = mode == 2 ? same_block && !same_type : same_type && (mode == 0 || same_block);
            if (from.wait_flag < 0) setter = same_type && !each->met;
            if (!setter || each.get() == &from) continue;
            if (from.wait_flag >= 0 && each->reported[mode][from.wait_flag].count() > 0) continue;
            return each.get();
        }
        return nullptr;
    };
    const Stream* at = nullptr;
    for (auto& each : streams)
        if (at == nullptr && each->status == Status::waiting) at = each.get();
    for (size_t i = 0; at != nullptr && at->status == Status::waiting && i < streams.size(); ++i)
        at = next(*at);  // into the cycle, if there is one
    if (at == nullptr) return "";
    if (at->status == Status::finished) return "; nobody can set it any more: " + at->name() + " has come to its end";
    std::string text = "; the cycle: ";
    const Stream* start = at;
    do {
        text += at->name() + " (line " + std::to_string(at->wait_here.line) + ") waits for ";
        at = next(*at);
    } while (at != nullptr && at != start);
    return text + (at != nullptr ? at->name() : "nobody");
}

void Machine::report_deadlock()
{
    std::string waiting;
    const Stream* first = nullptr;
    int more = 0;
    for (auto& each : streams) {
        if (each->status != Status::waiting) continue;
        if (first == nullptr) first = each.get();
        if (waiting.size() > 1500) {
            ++more;
            continue;
        }
        waiting += "; " + each->name() + " waits in " + each->wait_api + " at line " + std::to_string(each->wait_here.line);
        if (each->wait_flag < 0) {
            waiting += " for other cores";
            continue;
        }
        waiting += " for flag " + std::to_string(each->wait_flag);
        for (auto& other : streams)
            for (int mode = 0; mode < 3; ++mode)
                if (other->reported[mode][each->wait_flag].count() > 0 && waiting.size() < 1500)
                    waiting += " (" + other->name() + " has set it in mode " + std::to_string(mode) + ", the rest of its group has not)";
    }
    if (first == nullptr) return;
    if (more > 0) waiting += "; and " + std::to_string(more) + " more";
    stream = const_cast<Stream*>(first);
    add_entry("deadlock", "every stream that is left waits" + waiting + wait_cycle(), first->wait_api, first->wait_here);
    stream = nullptr;
    failed = true;
}

void Machine::report_leftovers()
{
    for (auto& each : streams) {
        stream = each.get();
        if (order) order->finish(*stream);
        for (int from = 0; from < pipes; ++from)
            for (int to = 0; to < pipes; ++to)
                for (int id = 0; id < 8; ++id) {
                    const Flag& flag = each->flag[from][to][id];
                    if (!flag.set) continue;
                    add_entry("flag-left-set", std::string("flag ") + name_of(static_cast<Pipe>(from)) + "->"
                        + name_of(static_cast<Pipe>(to)) + " id " +
                                                         std::to_string(id) + " is still set at the end of the kernel and would reach the next one",
                              "SetFlag", flag.here);
                }
        for (int flag = 0; flag < 16; ++flag) {
            uint32_t count = each->counter[flag].count();
            for (auto& mode : each->reported) count += mode[flag].count();
            if (count > 0)
                add_entry("flag-left-set", "cross-core flag " + std::to_string(flag) + " still counts " + std::to_string(count)
                    + " at the end of the kernel",
                          "CrossCoreSetFlag", each->last_set[flag]);
        }
    }
    stream = nullptr;
}

}  // namespace twin
