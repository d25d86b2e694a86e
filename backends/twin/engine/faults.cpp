// What ends a kernel other than its last statement: a signal, exit() or too long a time. In a process that runs nothing
// but one kernel (see twin_guard), each of them ends the run with an entry of the report instead of the process.
#include <dlfcn.h>
#include <link.h>
#include <signal.h>
#include <sys/time.h>
#include <unwind.h>

#include <cstdio>
#include <cstdlib>

#include "machine.h"

namespace twin {

volatile sig_atomic_t expired = 0;

namespace {
constexpr int exit_called = -1;
constexpr long next_look = 5000;  // microseconds: a kernel is stopped in its own code, or at its next instruction
bool guarded = false;
double most_seconds = 0;

uint64_t program_counter(const void* context)
{
    const auto& registers = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
    return static_cast<uint64_t>(registers.gregs[REG_RIP]);
#elif defined(__aarch64__)
    return registers.pc;
#else
    (void)registers;
    return 0;
#endif
}

int find_code(dl_phdr_info* info, size_t, void* data)
{
    Code& code = *static_cast<Code*>(data);
    if (info->dlpi_addr != code.base) return 0;
    for (int i = 0; i < info->dlpi_phnum; ++i) {
        const auto& part = info->dlpi_phdr[i];
        if (part.p_type != PT_LOAD || !(part.p_flags & PF_X)) continue;
        code.begin = info->dlpi_addr + part.p_vaddr;
        code.end = code.begin + part.p_memsz;
    }
    return 1;
}

_Unwind_Reason_Code add_frame(_Unwind_Context* context, void* data)
{
    Fault& fault = *static_cast<Fault*>(data);
    int is_next = 0;  // the instruction itself for the frame that a signal has interrupted, else the one behind a call
    const uint64_t at = _Unwind_GetIPInfo(context, &is_next) - (is_next ? 0 : 1);
    if (fault.code.holds(at)) fault.frame[fault.frames++] = at - fault.code.base;
    return fault.frames < Fault::most_frames ? _URC_NO_REASON : _URC_END_OF_STACK;
}

void on_signal(int number, siginfo_t* info, void* context)
{
    Machine* machine = Machine::active;
    const bool inside = machine != nullptr && machine->in_kernel();
    if (number == SIGALRM) {
        expired = 1;
        if (!inside || !machine->code_of_stream().holds(program_counter(context))) return;
    }
    if (inside) machine->abandon(number, info->si_addr);
    signal(number, SIG_DFL);  // not in the kernel: it comes again, and ends the process
}

void on_exit()
{
    Machine* machine = Machine::active;
    if (machine != nullptr && machine->in_kernel()) machine->abandon(exit_called, nullptr);
}
}  // namespace

bool is_guarded() { return guarded; }

Code code_of(const void* function)
{
    Code code;
    Dl_info found;
    if (dladdr(function, &found) == 0) return code;
    code.base = reinterpret_cast<uint64_t>(found.dli_fbase);
    dl_iterate_phdr(find_code, &code);
    return code;
}

// Leaves the fiber of the stream that runs, never to come back, for the scheduler.
void Machine::abandon(int number, const void* address)
{
    fault = {};
    fault.number = number;
    fault.address = reinterpret_cast<uint64_t>(address);
    fault.code = code_of_stream();
    _Unwind_Backtrace(add_frame, &fault);
    failed = true;
    setcontext(&scheduler);
    __builtin_unreachable();
}

void Machine::report_fault()
{
    const char* kind = "crash";
    std::string message;
    switch (fault.number) {
        case 0: return;
        case exit_called:
            kind = "exit";
            message = "the kernel calls exit()";
            break;
        case SIGALRM:
            kind = "timeout";
            message = late_message();
            break;
        case SIGFPE:
            kind = "division";
            message = "integer division by zero, or of the least integer by -1";
            break;
        case SIGILL: message = "the compiler has put a trap here: this cannot be reached, or has no meaning"; break;
        case SIGABRT: message = "abort() is called, or an exception is not caught"; break;
        default:
            if (stream->stack.is_guard(fault.address)) {
                kind = "stack-overflow";
                message = "more than " + std::to_string(Stack::bytes >> 10) + " KiB of stack are needed: by a recursion without end, or by large local arrays";
                break;
            }
            char hex[32];
            std::snprintf(hex, sizeof(hex), "0x%llx", static_cast<unsigned long long>(fault.address));
            message = std::string("a pointer is used that points to no memory (") + hex + ")";
    }
    add_entry(kind, message, "", {nullptr, 0});
    entries.back().code.assign(fault.frame, fault.frame + fault.frames);
    fault.number = 0;
}

std::string Machine::late_message() const
{
    char text[64];
    std::snprintf(text, sizeof(text), "the kernel has not ended after %g s", most_seconds);
    return text;
}

// Called for an instruction after the time is over.
void Machine::late(const char* api, Here here)
{
    add_entry("timeout", late_message(), api, here);
    failed = true;
    throw Stop{};
}

}  // namespace twin

extern "C" void twin_guard(double seconds)
{
    twin::guarded = true;
    twin::most_seconds = seconds;
    static uint8_t stack[64 * 1024];  // the kernel's may be used up
    const stack_t other{stack, 0, sizeof(stack)};
    sigaltstack(&other, nullptr);
    struct sigaction action {};
    action.sa_sigaction = twin::on_signal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    for (int number : {SIGFPE, SIGSEGV, SIGBUS, SIGILL, SIGABRT, SIGALRM}) sigaction(number, &action, nullptr);
    std::atexit(twin::on_exit);
    at_quick_exit(twin::on_exit);
    if (seconds <= 0) return;
    const auto whole = static_cast<time_t>(seconds);
    const itimerval timer{{0, twin::next_look}, {whole, static_cast<suseconds_t>((seconds - double(whole)) * 1e6)}};
    setitimer(ITIMER_REAL, &timer, nullptr);
}
