// What the two phases of an operator do, whatever the operator is.
#pragma once
#include "engine/launch.h"
#include "tensor.h"

namespace ligrad_host {

// A kernel, compiled for both kinds of cores.
struct Kernel {
    const char* name;
    void (*bind[2])(twin::Engine*);
    void (*call[2])(void* const*);
};

// How a kernel is to be launched. arrays: the names of its array arguments in order.
struct Plan {
    const Kernel* kernel = nullptr;
    std::vector<uint8_t> tiling;
    uint64_t tiling_key = 0;
    int64_t blocks = 0, workspace_bytes = 0;
    std::vector<std::string> arrays;
};

// A tensor argument. rows: of the first axis, so many are real; those behind them are padding. -1: all are.
struct Operand {
    const char* name = "";
    bool is_output = false;
    bool is_given = false;
    Tensor tensor;
    int64_t rows = -1;

    uint64_t bytes() const { return static_cast<uint64_t>(tensor.elements()) * tensor.element_bytes(); }
    uint64_t real_bytes() const { return rows < 0 || tensor.shape.empty() || tensor.shape[0] == 0 ? bytes() : bytes() / tensor.shape[0] * rows; }
};

struct Executor {
    const char* function;  // of phase two
    std::vector<Operand> operands;
    Plan plan;
    std::atomic<bool> repeatable{false};
    std::mutex mutex;
};

// Phase one: collects the arguments for the checks of an operator's host code, and makes the executor.
class Call {
public:
    Call(const char* function, uint64_t* workspace_bytes, aclOpExecutor** executor)
        : function_(function), workspace_bytes_(workspace_bytes), executor_(executor)
    {
    }

    // Argument is the TensorArgument of the operator's host code.
    template <class Argument>
    void tensor(const char* name, const aclTensor* handle, bool is_output, Argument& argument)
    {
        using Element = decltype(argument.element);
        const Operand* operand = add(name, handle, is_output);
        argument.present = handle != nullptr;
        if (operand == nullptr) return;
        argument.shape = operand->tensor.shape;
        switch (operand->tensor.type) {
            case ACL_FLOAT16: argument.element = Element::Float16; break;
            case ACL_BF16: argument.element = Element::BFloat16; break;
            case ACL_FLOAT: argument.element = Element::Float32; break;
            case ACL_INT32: argument.element = Element::Int32; break;
            case ACL_INT64: argument.element = Element::Int64; break;
            default: argument.element = Element::Other;
        }
    }
    // What the last tensor added holds, integers of 4 or 8 bytes; waits for the device, as its tasks may write them.
    void values(std::vector<int64_t>& values);
    // What went wrong so far: no place for the results, or a handle of nothing.
    int check() const;
    // A warning of the host code; every text is said once in a process.
    static void warn(const std::string& text);
    // The number of real rows of a tensor.
    void rows(const char* name, int64_t rows);
    int finish(Plan plan);

private:
    const Operand* add(const char* name, const aclTensor* handle, bool is_output);
    void refuse(int code, std::string message);
    const char* function_;
    uint64_t* workspace_bytes_;
    aclOpExecutor** executor_;
    std::vector<Operand> operands_;
    Outcome failure_;
};

// Phase two: `function` is that of the executor.
int run(const char* function, void* workspace, uint64_t workspace_bytes, aclOpExecutor* executor, aclrtStream stream);

}  // namespace ligrad_host
