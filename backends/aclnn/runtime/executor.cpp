// Phase one and phase two of operators.
#include "executor.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <set>

namespace ligrad_host {
namespace {

const char check_variable[] = "LIGRAD_ACL_CHECK";

Handles<Executor>& executors()
{
    static Handles<Executor> handles;
    return handles;
}

// The engine and a compiled kernel keep what runs in global variables: one launch at a time.
std::mutex launching;

// Formats whose elements lie in the order of the dimensions.
bool is_plain(aclFormat format)
{
    switch (format) {
        case ACL_FORMAT_ND:
        case ACL_FORMAT_NCHW:
        case ACL_FORMAT_NHWC:
        case ACL_FORMAT_HWCN:
        case ACL_FORMAT_NDHWC:
        case ACL_FORMAT_NCDHW:
        case ACL_FORMAT_NC:
        case ACL_FORMAT_NCL: return true;
        default: return false;
    }
}

uint8_t* first_byte(const Tensor& tensor) { return static_cast<uint8_t*>(tensor.data) + tensor.offset * static_cast<int64_t>(tensor.element_bytes()); }

// Whether the kernel can work on the tensor where it lies.
bool is_direct(const Tensor& tensor) { return tensor.is_contiguous() && reinterpret_cast<uintptr_t>(first_byte(tensor)) % chip.gm_alignment == 0; }

std::string quoted(const Operand& operand) { return std::string(operand.name); }

// What the description of a tensor gets wrong, whatever its address; empty if nothing.
std::string description_fault(const Operand& operand)
{
    const Tensor& tensor = operand.tensor;
    if (!is_plain(tensor.format)) return quoted(operand) + " has the format " + std::to_string(tensor.format) + ", expected ND";
    int64_t stored = 1;
    for (int64_t extent : tensor.storage) stored *= extent;
    if (!tensor.storage.empty() && tensor.reach() > stored)
        return quoted(operand) + " reaches " + std::to_string(tensor.reach()) + " elements far, but its storage has only " + std::to_string(stored);
    if (operand.is_output && tensor.overlaps_itself()) return quoted(operand) + " is an output, but some of its elements lie in the same place";
    return "";
}

// Finds the memory of all operands; says which has none, or shares it with what is written.
std::string memory_fault(const std::vector<Operand>& operands, std::vector<Span>& spans)
{
    struct Range {
        const Operand* operand;
        const uint8_t *begin, *end;
    };
    std::vector<Range> ranges;
    spans.clear();
    for (const Operand& each : operands) {
        if (!each.is_given || each.tensor.elements() == 0) continue;
        spans.push_back(runtime().device.find(each.tensor.data));
        const uint64_t needed = static_cast<uint64_t>(each.tensor.reach()) * each.tensor.element_bytes();
        if (spans.back().block == nullptr) return quoted(each) + " is not in device memory";
        if (needed > spans.back().left)
            return quoted(each) + " needs " + std::to_string(needed) + " bytes, but its allocation has only " + std::to_string(spans.back().left) + " left";
        if (!each.tensor.is_contiguous()) continue;
        const Range range{&each, first_byte(each.tensor), first_byte(each.tensor) + each.bytes()};
        for (const Range& other : ranges)
            if ((each.is_output || other.operand->is_output) && range.begin < other.end && other.begin < range.end)
                return quoted(each) + " and " + quoted(*other.operand) + " share memory, and one of them is an output";
        ranges.push_back(range);
    }
    return "";
}

// A call of phase two, with all that it touches.
struct Work {
    const char* function;
    std::vector<Operand> operands;
    Plan plan;
    uint8_t* workspace;
    std::vector<Span> spans;

    Outcome run();
    std::string launch(const std::vector<uint8_t*>& addresses);
};

std::string Work::launch(const std::vector<uint8_t*>& addresses)
{
    std::vector<TwinArgument> arguments;
    for (const std::string& name : plan.arrays)
        for (size_t i = 0; i < operands.size(); ++i)
            if (name == operands[i].name) arguments.push_back({operands[i].name, addresses[i], operands[i].real_bytes(), 0, 0});
    Block tiling(std::max<size_t>(plan.tiling.size(), 1), chip.gm_alignment), nothing(chip.gm_alignment, chip.gm_alignment);
    std::copy(plan.tiling.begin(), plan.tiling.end(), tiling.data);
    const bool works = plan.workspace_bytes > 0;
    arguments.push_back({"workspace", works ? workspace : nothing.data, works ? static_cast<uint64_t>(plan.workspace_bytes) : nothing.bytes, 0, 1});
    arguments.push_back({"tiling", tiling.data, plan.tiling.size(), 0, 0});
    TwinLaunch launch{};
    for (int i = 0; i < 2; ++i) {
        launch.bind[i] = plan.kernel->bind[i];
        launch.call[i] = plan.kernel->call[i];
    }
    launch.arguments = arguments.data();
    launch.argument_count = static_cast<int32_t>(arguments.size());
    launch.kernel_type = -1;
    launch.fallback_type = 5;  // one cube and two vector cores a block
    launch.blocks = static_cast<uint32_t>(plan.blocks);
    launch.tiling_key = plan.tiling_key;
    std::copy(std::begin(chip.sizes), std::end(chip.sizes), launch.sizes);
    launch.workspace = arguments[arguments.size() - 2].data;
    launch.cube_cores = chip.cube_cores;
    const char* checks = std::getenv(check_variable);
    launch.check = checks == nullptr || std::strcmp(checks, "0") != 0;
    std::lock_guard lock(launching);
    char* report = twin_hazards(&launch);
    std::string hazards(report);
    twin_free(report);
    return hazards;
}

Outcome Work::run()
{
    for (const Span& each : spans)
        if (each.block->freed) return {ACL_ERROR_RT_PARAM_INVALID, std::string(function) + ": memory was freed before the kernel had run"};
    std::vector<uint8_t*> addresses;
    std::vector<std::unique_ptr<Block>> staged;
    for (const Operand& each : operands) {
        staged.push_back(nullptr);
        if (!each.is_given || is_direct(each.tensor)) {
            addresses.push_back(each.is_given ? first_byte(each.tensor) : nullptr);
            continue;
        }
        staged.back() = std::make_unique<Block>(std::max<uint64_t>(each.bytes(), 1), chip.gm_alignment);
        addresses.push_back(staged.back()->data);
        if (!each.is_output) each.tensor.gather(addresses.back());
    }
    const std::string hazards = launch(addresses);
    if (!hazards.empty())
        return {ACL_ERROR_RT_AICORE_EXCEPTION, std::string(function) + ": the kernel " + plan.kernel->name + " did what the chip would not forgive:\n" + hazards};
    for (size_t i = 0; i < operands.size(); ++i) {
        const Operand& each = operands[i];
        if (!each.is_output || !each.is_given) continue;
        const uint64_t real = std::min(each.real_bytes(), each.bytes());
        if (each.bytes() > real) std::memset(addresses[i] + real, 0, each.bytes() - real);
        if (staged[i] != nullptr) each.tensor.scatter(addresses[i]);
    }
    return {};
}

}  // namespace

const Operand* Call::add(const char* name, const aclTensor* handle, bool is_output)
{
    Operand& operand = operands_.emplace_back();
    operand.name = name;
    operand.is_output = is_output;
    if (handle == nullptr) return nullptr;
    const std::shared_ptr<Tensor> found = tensors().find(handle);
    if (found == nullptr) {
        refuse(ACLNN_ERR_PARAM_INVALID, quoted(operand) + " is no tensor, or was destroyed");
        return nullptr;
    }
    operand.is_given = true;
    operand.tensor = *found;
    return &operand;
}

void Call::refuse(int code, std::string message)
{
    if (failure_.code == 0) failure_ = {code, std::move(message)};
}

void Call::values(std::vector<int64_t>& values)
{
    const Operand& operand = operands_.back();
    const Tensor& tensor = operand.tensor;
    if (!operand.is_given || (tensor.type != ACL_INT32 && tensor.type != ACL_INT64)) return;
    std::vector<Span> spans;
    std::string fault = description_fault(operand);
    if (fault.empty()) fault = memory_fault({operand}, spans);
    if (!fault.empty()) return refuse(ACLNN_ERR_PARAM_INVALID, fault);
    settle_device();
    std::vector<uint8_t> bytes(operand.bytes());
    tensor.gather(bytes.data());
    values.resize(tensor.elements());
    for (size_t i = 0; i < values.size(); ++i) {
        int32_t narrow = 0;
        if (tensor.type == ACL_INT64) std::memcpy(&values[i], bytes.data() + i * sizeof values[i], sizeof values[i]);
        else {
            std::memcpy(&narrow, bytes.data() + i * sizeof narrow, sizeof narrow);
            values[i] = narrow;
        }
    }
}

int Call::check() const
{
    if (workspace_bytes_ == nullptr || executor_ == nullptr) return fail(ACLNN_ERR_PARAM_NULLPTR, "%s: workspaceSize or executor is null", function_);
    return failure_.code == 0 ? 0 : fail_with(failure_.code, failure_.message);
}

void Call::warn(const std::string& text)
{
    static std::mutex mutex;
    static std::set<std::string> told;
    std::lock_guard lock(mutex);
    if (told.insert(text).second) std::fprintf(stderr, "ligrad: warning: %s\n", text.c_str());
}

void Call::rows(const char* name, int64_t rows)
{
    for (Operand& each : operands_)
        if (std::strcmp(each.name, name) == 0) each.rows = rows;
}

int Call::finish(Plan plan)
{
    for (const Operand& each : operands_)
        if (const std::string fault = each.is_given ? description_fault(each) : ""; !fault.empty()) return fail_with(ACLNN_ERR_PARAM_INVALID, fault);
    const bool has_addresses = std::all_of(operands_.begin(), operands_.end(), [](const Operand& each) { return !each.is_given || each.tensor.data != nullptr; });
    std::vector<Span> spans;
    if (const std::string fault = has_addresses ? memory_fault(operands_, spans) : ""; !fault.empty()) return fail_with(ACLNN_ERR_PARAM_INVALID, fault);
    auto made = std::make_shared<Executor>();
    made->function = function_;
    made->operands = std::move(operands_);
    made->plan = std::move(plan);
    *workspace_bytes_ = static_cast<uint64_t>(made->plan.workspace_bytes);
    *executor_ = static_cast<aclOpExecutor*>(executors().add(std::move(made)));
    return ACLNN_SUCCESS;
}

int run(const char* function, void* workspace, uint64_t workspace_bytes, aclOpExecutor* handle, aclrtStream stream)
{
    if (handle == nullptr) return fail(ACLNN_ERR_PARAM_NULLPTR, "%s: executor is null", function);
    std::shared_ptr<Executor> executor = executors().find(handle);
    if (executor != nullptr && !executor->repeatable) executor = executors().take(handle);  // one of two threads gets it
    if (executor == nullptr) return fail(ACLNN_ERR_PARAM_INVALID, "%s: the executor was used or destroyed before, or never made", function);
    if (std::strcmp(executor->function, function) != 0) return fail(ACLNN_ERR_PARAM_INVALID, "%s: the executor is one of %s", function, executor->function);
    const auto needed = static_cast<uint64_t>(executor->plan.workspace_bytes);
    auto work = std::make_shared<Work>();
    Span span;
    if (needed > 0) {
        if (workspace == nullptr) return fail(ACLNN_ERR_PARAM_NULLPTR, "%s: workspace is null, but %llu bytes are needed", function, static_cast<unsigned long long>(needed));
        span = runtime().device.find(workspace);
        if (workspace_bytes < needed || span.block == nullptr || span.left < needed)
            return fail(ACLNN_ERR_PARAM_INVALID, "%s: the workspace has %llu bytes, %llu of them in device memory, but %llu are needed", function,
                        static_cast<unsigned long long>(workspace_bytes), static_cast<unsigned long long>(span.left), static_cast<unsigned long long>(needed));
        if (reinterpret_cast<uintptr_t>(workspace) % chip.gm_alignment != 0)
            return fail(ACLNN_ERR_PARAM_INVALID, "%s: the address of the workspace must be a multiple of %llu", function, static_cast<unsigned long long>(chip.gm_alignment));
    }
    work->function = executor->function;
    work->plan = executor->plan;
    work->workspace = static_cast<uint8_t*>(workspace);
    {
        std::lock_guard lock(executor->mutex);
        work->operands = executor->operands;
    }
    if (const std::string fault = memory_fault(work->operands, work->spans); !fault.empty()) return fail_with(ACLNN_ERR_PARAM_INVALID, fault);
    for (const Operand& each : work->operands) {
        const uint8_t* begin = first_byte(each.tensor);
        if (needed > 0 && each.is_given && each.tensor.is_contiguous() && begin < work->workspace + needed && work->workspace < begin + each.bytes())
            return fail(ACLNN_ERR_PARAM_INVALID, "%s: the workspace shares memory with %s", function, each.name);
    }
    if (span.block != nullptr) work->spans.push_back(span);
    if (push(stream, [work] { return work->run(); }) != 0) return ACLNN_ERR_RUNTIME_ERROR;
    return ACLNN_SUCCESS;
}

}  // namespace ligrad_host

using namespace ligrad_host;

namespace {

int find_executor(aclOpExecutor* handle, const char* function, std::shared_ptr<Executor>& executor)
{
    if (handle == nullptr) return fail(ACLNN_ERR_INNER_NULLPTR, "%s: executor is null", function);
    executor = executors().find(handle);
    return executor == nullptr ? fail(ACLNN_ERR_PARAM_INVALID, "%s: the executor was used or destroyed before, or never made", function) : 0;
}

// side: 0 all, 1 inputs, 2 outputs.
int set_address(aclOpExecutor* handle, size_t index, const aclTensor* tensor, void* address, int side, const char* function)
{
    std::shared_ptr<Executor> executor;
    if (int code = find_executor(handle, function, executor)) return code;
    if (tensor == nullptr) return fail(ACLNN_ERR_INNER_NULLPTR, "%s: tensor is null", function);
    std::lock_guard lock(executor->mutex);
    size_t at = 0;
    for (Operand& each : executor->operands) {
        if (side != 0 && each.is_output != (side == 2)) continue;
        if (at++ != index) continue;
        if (!each.is_given) return fail(ACLNN_ERR_PARAM_INVALID, "%s: tensor %zu was not given in phase one", function, index);
        each.tensor.data = address;
        if (const std::shared_ptr<Tensor> found = tensors().find(tensor)) found->data = address;
        return ACLNN_SUCCESS;
    }
    return fail(ACLNN_ERR_PARAM_INVALID, "%s: there are %zu tensors, not one of index %zu", function, at, index);
}

}  // namespace

extern "C" {

aclnnStatus aclSetAclOpExecutorRepeatable(aclOpExecutor* handle)
{
    std::shared_ptr<Executor> executor;
    if (int code = find_executor(handle, "aclSetAclOpExecutorRepeatable", executor)) return code;
    executor->repeatable = true;
    return ACLNN_SUCCESS;
}

aclnnStatus aclDestroyAclOpExecutor(aclOpExecutor* handle)
{
    std::shared_ptr<Executor> executor;
    if (int code = find_executor(handle, "aclDestroyAclOpExecutor", executor)) return code;
    executors().take(handle);
    return ACLNN_SUCCESS;
}

aclnnStatus aclSetTensorAddr(aclOpExecutor* executor, const size_t index, aclTensor* tensor, void* address)
{
    return set_address(executor, index, tensor, address, 0, "aclSetTensorAddr");
}

aclnnStatus aclSetInputTensorAddr(aclOpExecutor* executor, const size_t index, aclTensor* tensor, void* address)
{
    return set_address(executor, index, tensor, address, 1, "aclSetInputTensorAddr");
}

aclnnStatus aclSetOutputTensorAddr(aclOpExecutor* executor, const size_t index, aclTensor* tensor, void* address)
{
    return set_address(executor, index, tensor, address, 2, "aclSetOutputTensorAddr");
}
}
