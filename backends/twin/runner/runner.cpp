// Runs one kernel in a process of its own, so that whatever it does can be reported and ended:
//
//     runner ENGINE AIC AIV MEMORY PARENT SECONDS
//
// The three libraries; the file descriptor of the memory that is shared with the caller; the caller's process, with which
// this one ends; the time that the kernel may take, 0 for any. The memory begins with a TwinLaunch, in which pointers are
// offsets in the memory. The report goes to stdout, and what a kernel prints by itself to stderr.
#include <dlfcn.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../engine/launch.h"

namespace {

constexpr int exit_failed = 3;

[[noreturn]] void fail(const char* what)
{
    std::fprintf(stderr, "twin: %s\n", what);
    _exit(exit_failed);
}

void* library(const char* path)
{
    void* found = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (found == nullptr) fail(dlerror());
    return found;
}

template <class Function>
Function* symbol(void* library, const char* name)
{
    void* found = dlsym(library, name);
    if (found == nullptr) fail(dlerror());
    return reinterpret_cast<Function*>(found);
}

uint8_t* shared_memory(int descriptor)
{
    struct stat found {};
    if (fstat(descriptor, &found) != 0) fail("there is no memory");
    void* mapped = mmap(nullptr, static_cast<size_t>(found.st_size), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (mapped == MAP_FAILED) fail("the memory cannot be mapped");
    close(descriptor);
    return static_cast<uint8_t*>(mapped);
}

template <class T>
void rebase(T*& pointer, uint8_t* memory)
{
    if (pointer != nullptr) pointer = reinterpret_cast<T*>(memory + reinterpret_cast<uintptr_t>(pointer));
}

void write_all(int descriptor, const char* text)
{
    for (size_t left = std::strlen(text); left > 0;) {
        const ssize_t written = write(descriptor, text, left);
        if (written <= 0) _exit(exit_failed);
        text += written;
        left -= static_cast<size_t>(written);
    }
}

}  // namespace

int main(int count, char** values)
{
    if (count != 7) fail("wrong arguments");
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != std::atoi(values[5])) return exit_failed;
    const int report = dup(STDOUT_FILENO);
    dup2(STDERR_FILENO, STDOUT_FILENO);

    uint8_t* memory = shared_memory(std::atoi(values[4]));
    TwinLaunch& launch = *reinterpret_cast<TwinLaunch*>(memory);
    rebase(launch.arguments, memory);
    for (int i = 0; i < launch.argument_count; ++i) {
        rebase(launch.arguments[i].name, memory);
        rebase(launch.arguments[i].data, memory);
    }
    rebase(launch.workspace, memory);
    rebase(launch.parameters, memory);

    void* engine = library(values[1]);
    for (int i = 0; i < 2; ++i) {
        void* kernel = library(values[2 + i]);
        launch.bind[i] = symbol<void(twin::Engine*)>(kernel, "twin_bind");
        launch.call[i] = symbol<void(void* const*)>(kernel, "twin_call");
    }
    symbol<void(double)>(engine, "twin_guard")(std::atof(values[6]));
    write_all(report, symbol<char*(const TwinLaunch*)>(engine, "twin_launch")(&launch));
    std::fflush(nullptr);
    _exit(0);
}
