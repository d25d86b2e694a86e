// Output and checks from within a kernel. Pages: "printf", "assert", "DumpTensor".
#pragma once
#include <cstdarg>

#include "tensor.h"

extern "C" int vsnprintf(char* text, size_t size, const char* format, va_list arguments);

namespace AscendC {

__attribute__((format(printf, 1, 2))) inline void printf(const char* format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    twin::engine->print(text);
}
#define PRINTF(...) ::AscendC::printf(__VA_ARGS__)

template <class Tensor>
void DumpTensor(const Tensor& tensor, uint32_t description, uint32_t count, twin::Here here = twin::Here::at())
{
    if constexpr (std::is_same_v<Tensor, LocalTensor<typename Tensor::PrimType>>)
        if (!twin::on_this_core(tensor.memory())) return;
    printf("DumpTensor %u, line %d:", description, here.line);
    for (uint32_t i = 0; i < count; ++i) printf(" %g", static_cast<double>(tensor.GetValue(i, here)));
    printf("\n");
}

}  // namespace AscendC

namespace twin {
inline void check(bool condition, const char* text, Here here = Here::at())
{
    if (!condition) engine->fail("assert", "assert", here, "%s does not hold", text);
}
}  // namespace twin

#undef assert
#define assert(condition, ...) ::twin::check(static_cast<bool>(condition), #condition)
#define ASSERT(condition, ...) ::twin::check(static_cast<bool>(condition), #condition)
#define ASCENDC_ASSERT(condition, behavior)            \
    do {                                               \
        if (!(condition)) behavior;                    \
        ::twin::check(static_cast<bool>(condition), #condition); \
    } while (false)
