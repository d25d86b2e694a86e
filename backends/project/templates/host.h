// What a launch of @name@ needs: Prepare checks the arguments and computes the variant, the tiling data, the number of
// blocks and the workspace. Pure C++17; a CANN tiling function, an aclnn function and a test call it alike.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "@tiling_header@"

namespace @kernel@_host {

enum class Element { Float16, BFloat16, Float32, Int32, Int64, Other };

// A tensor of the caller; shape: as it is viewed. Not present: a null pointer.
struct TensorArgument {
    bool present = false;
    Element element = Element::Other;
    std::vector<int64_t> shape;
};

// Status codes of the vendor.
constexpr int kSuccess = 0;
constexpr int kMissing = 161001;
constexpr int kInvalid = 161002;
// An attribute that the caller leaves to its default.
constexpr int64_t kNotGiven = INT64_MIN;

namespace checks {

// Positions in the lists below; -1 is none.
struct Axis {
    const char* name;
    int64_t minimum;
    int64_t maximum;
    int at_least;
    int at_most;
    int batch;
    int length;
    bool uniform;

    bool IsPacked() const { return batch >= 0; }
    bool IsUnit() const { return !IsPacked() && minimum == 1 && maximum == 1; }
};

struct Dim {
    int axis;
    bool optional;
};

struct Port {
    const char* name;
    Element element;
    std::vector<Dim> dims;
    int ends;
    int selects;
};

struct Number {
    const char* name;
    int64_t standard;
    std::vector<int64_t> choices;
    int equals;
};

struct Signature {
    std::vector<Axis> axes;
    std::vector<Port> inputs;
    std::vector<Number> numbers;
    std::vector<Port> outputs;
};

// An argument, and the values that it holds where the host has to know them.
struct Given {
    const TensorArgument* tensor;
    const std::vector<int64_t>* values;
};

inline const char* Spell(Element element)
{
    switch (element) {
        case Element::Float16: return "float16";
        case Element::BFloat16: return "bfloat16";
        case Element::Float32: return "float32";
        case Element::Int32: return "int32";
        case Element::Int64: return "int64";
        default: return "another";
    }
}

template <class Items, class Spelling>
std::string Join(const Items& items, const char* between, Spelling spell)
{
    std::string text;
    for (const auto& item : items) text += (text.empty() ? "" : between) + std::string(spell(item));
    return text;
}

inline std::string Spell(const std::vector<int64_t>& numbers, const char* between = ", ")
{
    return Join(numbers, between, [](int64_t number) { return std::to_string(number); });
}

inline int Refuse(int code, const std::string& text, std::string& message)
{
    message = text + " [" + std::to_string(code) + "]";
    return code;
}

// The axes of an array's dimensions: two for a packed axis whose runs are equally long.
inline std::vector<int> DimensionsOf(const Signature& signature, const Port& port, bool with_optional)
{
    std::vector<int> names;
    for (const Dim& dim : port.dims) {
        if (dim.optional && !with_optional) continue;
        const Axis& axis = signature.axes[static_cast<size_t>(dim.axis)];
        if (axis.uniform) {
            names.push_back(axis.batch);
            names.push_back(axis.length);
        } else {
            names.push_back(dim.axis);
        }
    }
    return names;
}

// The extents of further axes that their declarations give: those that never vary, and those that equal a known one.
inline void TakeDeclared(const Signature& signature, std::vector<int64_t>& extents)
{
    for (size_t turn = 0; turn < extents.size(); ++turn) {  // an axis may stand before the one that it equals
        for (size_t i = 0; i < extents.size(); ++i) {
            const Axis& axis = signature.axes[i];
            if (extents[i] >= 0 || axis.IsPacked()) continue;
            if (axis.minimum == axis.maximum) {
                extents[i] = axis.minimum;
            } else if (axis.at_least >= 0 && axis.at_least == axis.at_most) {
                extents[i] = extents[static_cast<size_t>(axis.at_least)];
            }
        }
    }
}

// Checks a call against a signature, in the order and with the words of the Python API.
class Binder {
public:
    Binder(const Signature& signature, bool as_vendor, bool ends_on_device, std::string& message)
        : signature_(signature), as_vendor_(as_vendor), ends_on_device_(ends_on_device), message_(message),
          extents(signature.axes.size(), kUnknown), from_(signature.axes.size())
    {
    }

    int Bind(const std::vector<Given>& inputs, const std::vector<Given>& outputs, std::vector<int64_t>& numbers)
    {
        message_.clear();
        for (size_t i = 0; i < inputs.size(); ++i) {
            if (int code = CheckPresence(signature_.inputs[i], *inputs[i].tensor)) return code;
        }
        if (as_vendor_) FindFlat(inputs);
        for (size_t i = 0; i < inputs.size(); ++i) {
            if (!inputs[i].tensor->present) continue;
            const Port& port = signature_.inputs[i];
            const int code = IsFlat(port) ? TakeEntries(port, *inputs[i].tensor) : TakeShape(port, *inputs[i].tensor);
            if (code) return code;
        }
        if (int code = TakeLengths(numbers)) return code;
        if (int code = CheckLimits()) return code;
        for (size_t i = 0; i < inputs.size(); ++i) {
            if (signature_.inputs[i].ends < 0) continue;
            if (int code = TakeEnds(signature_.inputs[i], inputs[i])) return code;
        }
        for (const Port& port : signature_.inputs) {
            if (int code = CheckRuns(port)) return code;
        }
        for (size_t i = 0; i < inputs.size(); ++i) {
            if (!IsFlat(signature_.inputs[i])) continue;
            if (int code = CheckFlat(signature_.inputs[i], *inputs[i].tensor)) return code;
        }
        for (size_t i = 0; i < numbers.size(); ++i) {
            if (int code = TakeNumber(signature_.numbers[i], numbers[i])) return code;
        }
        for (size_t i = 0; i < outputs.size(); ++i) {
            if (int code = CheckPresence(signature_.outputs[i], *outputs[i].tensor)) return code;
            if (int code = TakeShape(signature_.outputs[i], *outputs[i].tensor)) return code;
        }
        TakeTotals();
        return kSuccess;
    }

private:
    static constexpr int64_t kUnknown = -1;

    const Signature& signature_;
    bool as_vendor_;
    bool ends_on_device_;
    std::string& message_;

public:
    // Of every axis, as the caller's arrays have it; behind Bind without padding rows. Where runs are equally long,
    // those of packed axes stay unknown (-1): a host function computes them.
    std::vector<int64_t> extents;

private:
    std::vector<std::string> from_;           // which argument told the extent
    std::vector<std::pair<int, int64_t>> totals_;  // the last run ends
    int entries_ = -1;                        // the axis of arrays that are read flat
    const TensorArgument* told_ = nullptr;

    int Fail(const std::string& text) { return Refuse(kInvalid, text, message_); }

    int FailAt(int axis, const std::string& text)
    {
        const std::string& source = from_[static_cast<size_t>(axis)];
        return Fail((source.empty() ? "" : source + ": ") + text);
    }

    const Axis& AxisAt(int axis) const { return signature_.axes[static_cast<size_t>(axis)]; }
    int64_t& ExtentOf(int axis) { return extents[static_cast<size_t>(axis)]; }
    bool IsKnown(int axis) { return ExtentOf(axis) != kUnknown; }

    int CheckPresence(const Port& port, const TensorArgument& tensor)
    {
        const std::string name = port.name;
        if (port.ends >= 0 && AxisAt(port.ends).uniform) {
            if (!tensor.present) return kSuccess;
            return Fail(name + " is for the layout TND; in BSND every run of " + AxisAt(port.ends).name +
                        " has the same length, so leave it out");
        }
        if (!tensor.present) return Refuse(kMissing, name + " is required and missing", message_);
        if (tensor.element != port.element) {
            return Fail(name + " has dtype " + Spell(tensor.element) + ", expected " + Spell(port.element));
        }
        return kSuccess;
    }

    // ---- shapes

    std::vector<int> Names(const Port& port, bool with_optional) const
    {
        return DimensionsOf(signature_, port, with_optional);
    }

    std::string Spelled(const std::vector<int>& names) const
    {
        return "[" + Join(names, ", ", [this](int axis) { return AxisAt(axis).name; }) + "]";
    }

    std::string Mismatch(const Port& port, const TensorArgument& tensor) const
    {
        const std::vector<int> full = Names(port, true);
        const std::vector<int> brief = Names(port, false);
        return std::string(port.name) + " has shape [" + Spell(tensor.shape) + "], expected " + Spelled(brief) +
               (full == brief ? "" : " or " + Spelled(full));
    }

    int TakeShape(const Port& port, const TensorArgument& tensor)
    {
        std::vector<int> names = Names(port, true);
        if (names.size() != tensor.shape.size()) names = Names(port, false);
        if (names.size() != tensor.shape.size()) return Fail(Mismatch(port, tensor));
        for (size_t i = 0; i < names.size(); ++i) {
            if (int code = TakeExtent(port, tensor, names[i], tensor.shape[i])) return code;
        }
        return kSuccess;
    }

    int TakeExtent(const Port& port, const TensorArgument& tensor, int axis, int64_t extent)
    {
        if (extent < 0) return Fail(Mismatch(port, tensor));
        if (!IsKnown(axis)) {
            ExtentOf(axis) = extent;
            from_[static_cast<size_t>(axis)] = port.name;
        }
        if (int code = CheckBounds(axis)) return code;
        const int64_t known = ExtentOf(axis);
        if (known == extent) return kSuccess;
        const std::string& first = from_[static_cast<size_t>(axis)];
        return Fail(Mismatch(port, tensor) + ": " + AxisAt(axis).name + " is " + std::to_string(known) +
                    (first.empty() ? "" : " in " + first) + " and " + std::to_string(extent) + " here");
    }

    int CheckBounds(int axis)
    {
        const Axis& a = AxisAt(axis);
        const int64_t extent = ExtentOf(axis);
        if (a.IsPacked() || (a.minimum <= extent && extent <= a.maximum)) return kSuccess;
        const std::string low = std::to_string(a.minimum);
        const std::string range = a.minimum == a.maximum ? low : low + " to " + std::to_string(a.maximum);
        return FailAt(axis, std::string(a.name) + " is " + std::to_string(extent) + ", must be " + range);
    }

    // The limits that other axes set to the extent of `name`.
    int CheckRelated(const Axis& axis, int name)
    {
        const int64_t extent = ExtentOf(name);
        if (axis.at_least >= 0 && IsKnown(axis.at_least) && extent < ExtentOf(axis.at_least)) {
            return FailRelated(name, "at least", axis.at_least);
        }
        if (axis.at_most >= 0 && IsKnown(axis.at_most) && extent > ExtentOf(axis.at_most)) {
            return FailRelated(name, "at most", axis.at_most);
        }
        return kSuccess;
    }

    int FailRelated(int name, const std::string& word, int other)
    {
        return FailAt(name, std::string(AxisAt(name).name) + " is " + std::to_string(ExtentOf(name)) + ", must be " +
                                word + " " + AxisAt(other).name + " = " + std::to_string(ExtentOf(other)));
    }

    // The extents of axes that no input has, as declared or as attributes say.
    int TakeLengths(const std::vector<int64_t>& numbers)
    {
        TakeDeclared(signature_, extents);
        for (size_t i = 0; i < numbers.size(); ++i) {
            const Number& number = signature_.numbers[i];
            if (number.equals < 0 || numbers[i] == kNotGiven || !IsFree(number.equals)) continue;
            if (int code = CheckChoices(number, numbers[i])) return code;
            from_[static_cast<size_t>(number.equals)] = number.name;
            ExtentOf(number.equals) = numbers[i];
            if (int code = CheckBounds(number.equals)) return code;
        }
        for (const Number& number : signature_.numbers) {
            if (number.equals < 0 || !IsFree(number.equals)) continue;
            return Refuse(kMissing, std::string(number.name) + " is required and missing: no input has the axis " +
                                        AxisAt(number.equals).name, message_);
        }
        TakeDeclared(signature_, extents);
        return kSuccess;
    }

    // Whether an axis has no extent yet, and will not get it from run ends.
    bool IsFree(int axis)
    {
        if (IsKnown(axis) || AxisAt(axis).IsPacked()) return false;
        const std::vector<Axis>& axes = signature_.axes;
        return std::none_of(axes.begin(), axes.end(), [axis](const Axis& each) {
            return each.IsPacked() && !each.uniform && each.length == axis;
        });
    }

    int CheckLimits()
    {
        for (size_t i = 0; i < extents.size(); ++i) {
            const Axis& axis = signature_.axes[i];
            if (axis.IsPacked() || extents[i] == kUnknown) continue;
            if (int code = CheckRelated(axis, static_cast<int>(i))) return code;
        }
        return kSuccess;
    }

    // ---- runs

    int CheckKnown(int axis, const Axis& packed)
    {
        if (IsKnown(axis)) return kSuccess;
        return Fail(std::string("the extent of ") + AxisAt(axis).name + " is unknown: no input has the axis " +
                    packed.name);
    }

    int TakeEnds(const Port& port, const Given& given)
    {
        const Axis& axis = AxisAt(port.ends);
        const std::string name = port.name;
        if (axis.uniform) {
            if (int code = CheckKnown(axis.batch, axis)) return code;
            return CheckKnown(axis.length, axis);
        }
        const std::vector<int64_t>& ends = *given.values;
        if (ends.empty() && ends_on_device_) return kSuccess;
        if (ends.size() != static_cast<size_t>(given.tensor->shape[0])) {
            return Fail(name + " has " + std::to_string(given.tensor->shape[0]) + " entries, but " +
                        std::to_string(ends.size()) + " values are known on the host");
        }
        int64_t before = 0;
        for (size_t i = 0; i < ends.size(); ++i) {
            if (ends[i] < before) {
                return Fail(name + " holds prefix sums, which never decrease, but entry " + std::to_string(i) +
                            " is " + std::to_string(ends[i]) + " behind " + std::to_string(before));
            }
            before = ends[i];
        }
        if (IsKnown(port.ends) && before > ExtentOf(port.ends)) {
            return Fail(name + " ends at " + std::to_string(before) + ", but " +
                        from_[static_cast<size_t>(port.ends)] + " has only " + std::to_string(ExtentOf(port.ends)) +
                        " rows of " + axis.name);
        }
        totals_.emplace_back(port.ends, before);
        if (!IsKnown(port.ends)) {
            ExtentOf(port.ends) = before;
            from_[static_cast<size_t>(port.ends)] = name;
        }
        longest_.push_back(0);
        before = 0;
        for (int64_t end : ends) {
            longest_.back() = std::max(longest_.back(), end - before);
            before = end;
        }
        return kSuccess;
    }

    std::vector<int64_t> longest_;  // of the runs of each of totals_

    int CheckRuns(const Port& port)
    {
        if (port.ends < 0 || AxisAt(port.ends).uniform) return kSuccess;
        const Axis& axis = AxisAt(port.ends);
        const Axis& length = AxisAt(axis.length);
        for (size_t i = 0; i < totals_.size(); ++i) {
            if (totals_[i].first != port.ends || longest_[i] <= length.maximum) continue;
            return Fail(std::string(port.name) + ": the longest run is " + std::to_string(longest_[i]) + ", " +
                        length.name + " must be at most " + std::to_string(length.maximum));
        }
        if (!IsKnown(port.ends)) return kSuccess;
        if (ExtentOf(port.ends) < length.minimum) {
            return FailAt(port.ends, std::string(axis.name) + " is " + std::to_string(ExtentOf(port.ends)) +
                                         ", must be at least " + std::to_string(length.minimum));
        }
        return CheckRelated(length, port.ends);
    }

    void TakeTotals()
    {
        for (const auto& total : totals_) ExtentOf(total.first) = total.second;
        for (size_t i = 0; i < extents.size(); ++i) {
            if (extents[i] == kUnknown && !signature_.axes[i].uniform) extents[i] = 0;
        }
    }

    // ---- attributes

    int TakeNumber(const Number& number, int64_t& value)
    {
        if (value != kNotGiven) {
            if (int code = CheckChoices(number, value)) return code;
        }
        if (number.equals >= 0) return TakeExtentNumber(number, value);
        if (value == kNotGiven) value = number.standard;
        if (value != kNotGiven) return kSuccess;
        return Refuse(kMissing, std::string(number.name) + " is required and missing", message_);
    }

    int CheckChoices(const Number& number, int64_t value)
    {
        const std::vector<int64_t>& choices = number.choices;
        if (choices.empty() || std::find(choices.begin(), choices.end(), value) != choices.end()) return kSuccess;
        return Fail(std::string(number.name) + " is " + std::to_string(value) + ", must be " +
                    Spell(choices, " or "));
    }

    // An attribute that states the extent of an axis; where runs differ in length, at least that of the longest.
    int TakeExtentNumber(const Number& number, int64_t& value)
    {
        const Axis& axis = AxisAt(number.equals);
        const bool known = IsKnown(number.equals) || axis.uniform;
        const int64_t extent = !known         ? LongestOf(number.equals)
                               : axis.uniform ? ExtentOf(axis.batch) * ExtentOf(axis.length)
                                              : ExtentOf(number.equals);
        const bool fits = known ? value == extent : value >= extent;
        if (value == kNotGiven) value = extent;
        else if (!fits) {
            const std::string what = !known                     ? std::string("the longest run of ") + axis.name + " is "
                                     : IsOfInput(number.equals) ? std::string("the arrays have ") + axis.name + " = "
                                                                : std::string(axis.name) + " is ";
            return Fail(std::string(number.name) + " is " + std::to_string(value) + ", but " + what +
                        std::to_string(extent));
        }
        return kSuccess;
    }

    int64_t LongestOf(int length) const
    {
        int64_t longest = 0;
        for (size_t i = 0; i < totals_.size(); ++i) {
            if (AxisAt(totals_[i].first).length == length) longest = std::max(longest, longest_[i]);
        }
        return longest;
    }

    bool IsOfInput(int axis) const
    {
        for (const Port& port : signature_.inputs) {
            if (port.ends >= 0 && AxisAt(port.ends).uniform) continue;
            const std::vector<int> names = Names(port, true);
            if (std::find(names.begin(), names.end(), axis) != names.end()) return true;
        }
        return false;
    }

    // ---- arrays that the vendor's implementation reads flat

    // The axis of an array's entries: the last one of those that are not always 1.
    int Last(const Port& port) const
    {
        int last = -1;
        for (const Dim& dim : port.dims) {
            if (!AxisAt(dim.axis).IsUnit()) last = dim.axis;
        }
        return last;
    }

    bool IsFlat(const Port& port) const { return entries_ >= 0 && port.ends < 0 && Last(port) == entries_; }

    // Floats over the entries of a selection whose shape does not fit: their last extent counts the entries.
    void FindFlat(const std::vector<Given>& inputs)
    {
        for (const Port& selection : signature_.inputs) {
            if (selection.selects < 0) continue;
            for (size_t i = 0; i < inputs.size(); ++i) {
                const Port& port = signature_.inputs[i];
                const std::vector<int64_t>& shape = inputs[i].tensor->shape;
                if (port.selects >= 0 || port.ends >= 0 || Last(port) != Last(selection) || shape.empty()) continue;
                if (Fits(port, shape)) continue;
                entries_ = Last(selection);
                told_ = inputs[i].tensor;
                const std::string name = AxisAt(entries_).name;
                message_ = Mismatch(port, *told_) + ": taken as the vendor's implementation takes it, with " + name +
                           " = " + std::to_string(shape.back()) + ", its last extent; arrays with " + name +
                           " are read as if they had no further elements";
                return;
            }
        }
    }

    bool Fits(const Port& port, const std::vector<int64_t>& shape) const
    {
        if (shape.size() == Names(port, false).size()) return true;
        const std::vector<int> full = Names(port, true);
        if (shape.size() != full.size()) return false;
        for (size_t i = 0; i < full.size(); ++i) {
            if (AxisAt(full[i]).IsUnit() && shape[i] != 1) return false;
        }
        return true;
    }

    int TakeEntries(const Port& port, const TensorArgument& tensor)
    {
        return &tensor == told_ ? TakeExtent(port, tensor, entries_, tensor.shape.back()) : kSuccess;
    }

    int CheckFlat(const Port& port, const TensorArgument& tensor)
    {
        int64_t have = 1;
        for (int64_t extent : tensor.shape) have *= extent;
        int64_t need = 1;
        std::vector<int> names = Names(port, false);
        for (int axis : names) {
            if (int code = CheckKnown(axis, AxisAt(entries_))) return code;
            need *= ExtentOf(axis);
        }
        if (have >= need) return kSuccess;
        return Fail(Mismatch(port, tensor) + ": it has " + std::to_string(have) + " elements, " +
                    Spelled(names) + " are " + std::to_string(need));
    }
};

}  // namespace checks

// A call. *_values: what the array holds, where the host has to know it. Numbers left at kNotGiven take their default.
// cores: cube cores of the chip. as_vendor: an array in the shape that the vendor's table prints is taken as the vendor's
// kernel takes it. ends_on_device: run ends that are not known here are the kernel's to look up.
struct Arguments {
@arguments@
    std::string layout = "@layout@";
    bool deterministic = false;
    int64_t cores = 0;
    bool as_vendor = false;
    bool ends_on_device = false;
};

// arrays: the arguments of the kernel, in front of workspace and tiling data; null where the caller has given none.
struct Launch {
    int variant = -1;
    std::string variant_name;
    int64_t tiling_key = 0;
    std::vector<unsigned char> tiling;
    int64_t blocks = 0;
    int64_t workspace_bytes = 0;
    std::vector<std::string> arrays;
};

using HostFunction = int64_t (*)(const @struct@&, int64_t);

// One kernel. source: from the directory of the project; entry: the function in it, to be compiled with the macros
// `defines`; function: what it calls; extents: those that the host computes, by axis.
struct Variant {
    const char* name;
    const char* source;
    const char* entry;
    const char* function;
    const char* defines;
    int64_t tiling_key;
    Element half;
    const char* layout;
    bool deterministic;
    HostFunction workspace;
    HostFunction blocks;
    std::vector<std::pair<int, HostFunction>> extents;
};

@functions@
inline const std::vector<Variant>& Variants()
{
    static const std::vector<Variant> variants = {
@variants@
    };
    return variants;
}

// The interface, for a dtype of the arrays that leave it open, and for runs that are equally long (BSND) or not.
inline checks::Signature Describe(Element half, bool uniform)
{
    (void)half;
    (void)uniform;
    return {
        {
@axes@
        },
        {
@inputs@
        },
        {
@numbers@
        },
        {
@outputs@
        },
    };
}

// The kernel that serves a call: by layout, by dtype and by the order of its sums.
inline int Choose(const Arguments& arguments, int& chosen, std::string& message)
{
    constexpr bool has_layouts = @packs@;
    const TensorArgument* half = @half@;
    const std::string half_name = "@half_name@";
    const std::string& layout = arguments.layout;
    const std::vector<Variant>& variants = Variants();
    if (has_layouts && layout.empty()) return checks::Refuse(kMissing, "layout is required and missing", message);
    if (has_layouts && layout != "BSND" && layout != "TND") {
        return checks::Refuse(kInvalid, "layout is '" + layout + "', must be BSND or TND", message);
    }
    if (half != nullptr && !half->present) {
        return checks::Refuse(kMissing, half_name + " is required and missing", message);
    }
    bool known = half == nullptr;
    chosen = -1;
    for (size_t i = 0; i < variants.size(); ++i) {
        const Variant& variant = variants[i];
        const bool same = half == nullptr || variant.half == half->element;
        known = known || same;
        // A fixed order of sums is as good as any.
        const bool ordered = variant.deterministic || !arguments.deterministic;
        if (!same || !ordered || (has_layouts && variant.layout != layout)) continue;
        if (chosen < 0 || !variant.deterministic) chosen = static_cast<int>(i);
    }
    if (!known) {
        return checks::Refuse(kInvalid, half_name + " has dtype " + checks::Spell(half->element) + ", must be @dtypes@",
                              message);
    }
    if (chosen >= 0) return kSuccess;
    const std::string names = checks::Join(variants, ", ", [](const Variant& variant) { return variant.name; });
    return checks::Refuse(kInvalid, "there is no kernel for the layout " + layout +
                                        (arguments.deterministic ? " that is deterministic" : "") +
                                        "; there are: " + names, message);
}

// The shapes of the outputs, as far as those of the inputs tell them; else -1.
inline std::vector<std::vector<int64_t>> InferShapes(const Arguments& arguments)
{
    const std::vector<checks::Given> inputs = {
@given_inputs@
    };
    const checks::Signature signature = Describe(Element::Other, arguments.layout == "BSND");
    std::vector<int64_t> extents(signature.axes.size(), -1);
    for (size_t i = 0; i < inputs.size(); ++i) {
        const std::vector<int64_t>& shape = inputs[i].tensor->shape;
        for (const bool with_optional : {true, false}) {
            const std::vector<int> names = checks::DimensionsOf(signature, signature.inputs[i], with_optional);
            for (size_t j = 0; j < names.size() && names.size() == shape.size(); ++j) {
                int64_t& extent = extents[static_cast<size_t>(names[j])];
                if (extent < 0) extent = shape[j];
            }
        }
    }
    for (size_t i = 0; i < inputs.size(); ++i) {
        const int ends = signature.inputs[i].ends;
        if (ends < 0 || inputs[i].values->empty()) continue;
        int64_t& extent = extents[static_cast<size_t>(ends)];
        if (extent < 0) extent = inputs[i].values->back();
    }
    const std::vector<int64_t> numbers = {@given_numbers@};
    checks::TakeDeclared(signature, extents);
    for (size_t i = 0; i < numbers.size(); ++i) {
        const int axis = signature.numbers[i].equals;
        if (axis < 0 || numbers[i] == kNotGiven) continue;
        int64_t& extent = extents[static_cast<size_t>(axis)];
        if (extent < 0) extent = numbers[i];
    }
    checks::TakeDeclared(signature, extents);
    std::vector<std::vector<int64_t>> shapes;
    for (const checks::Port& port : signature.outputs) {
        shapes.emplace_back();
        for (int axis : checks::DimensionsOf(signature, port, true)) {
            shapes.back().push_back(extents[static_cast<size_t>(axis)]);
        }
    }
    return shapes;
}

// Returns 0, or a status code of the vendor. message: what is wrong; with 0, a warning or nothing.
inline int Prepare(const Arguments& arguments, Launch& launch, std::string& message)
{
    const std::vector<checks::Given> inputs = {
@given_inputs@
    };
    const std::vector<checks::Given> outputs = {
@given_outputs@
    };
    std::vector<int64_t> numbers = {@given_numbers@};
    if (int code = Choose(arguments, launch.variant, message)) return code;
    const Variant& variant = Variants()[static_cast<size_t>(launch.variant)];
    const checks::Signature signature = Describe(variant.half, std::string(variant.layout) == "BSND");
    checks::Binder binder(signature, arguments.as_vendor, arguments.ends_on_device, message);
    if (int code = binder.Bind(inputs, outputs, numbers)) return code;
    std::vector<int64_t>& extents = binder.extents;
    @struct@ tiling = {};
    const auto take = [&]() {
@fields@
    };
    take();
    for (const auto& each : variant.extents) extents[static_cast<size_t>(each.first)] = each.second(tiling, 0);
    take();
    launch.variant_name = variant.name;
    launch.tiling_key = variant.tiling_key;
    launch.blocks = variant.blocks(tiling, std::max<int64_t>(arguments.cores, 1));
    launch.workspace_bytes = variant.workspace(tiling, launch.blocks);
    launch.tiling.resize(sizeof(tiling));
    std::memcpy(launch.tiling.data(), &tiling, sizeof(tiling));
    launch.arrays = {@arrays@};
    return kSuccess;
}

}  // namespace @kernel@_host
