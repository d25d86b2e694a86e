// Maps from byte ranges to values: neighbouring ranges of one memory that share a history are one node.
#pragma once
#include <cstdint>
#include <map>

namespace twin {

template <class Value>
class Intervals {
public:
    struct Node {
        uint64_t end;
        Value value;
    };
    using Map = std::map<uint64_t, Node>;
    using Iterator = typename Map::iterator;

    // The first node that ends behind `begin`.
    Iterator first(uint64_t begin)
    {
        Iterator node = map_.upper_bound(begin);
        if (node != map_.begin()) {
            Iterator before = std::prev(node);
            if (before->second.end > begin) return before;
        }
        return node;
    }
    Iterator end() { return map_.end(); }
    bool empty() const { return map_.empty(); }

    // Calls f(begin, end, value) for the parts of nodes within a range.
    template <class F>
    void look(uint64_t begin, uint64_t end, F f)
    {
        for (Iterator node = first(begin); node != map_.end() && node->first < end; ++node)
            f(node->first < begin ? begin : node->first, node->second.end > end ? end : node->second.end, node->second.value);
    }
    bool meets(uint64_t begin, uint64_t end)
    {
        if (map_.empty()) return false;
        Iterator node = first(begin);
        return node != map_.end() && node->first < end;
    }

    // Calls f(value) for every part of a range; parts without a node get one of `fresh`.
    template <class F>
    void change(uint64_t begin, uint64_t end, const Value& fresh, F f)
    {
        Iterator node = first(begin);
        if (node != map_.end() && node->first < begin) node = split(node, begin);
        while (begin < end) {
            if (node == map_.end() || node->first >= end) {
                f(map_.emplace_hint(node, begin, Node{end, fresh})->second.value);
                return;
            }
            if (node->first > begin) f(map_.emplace_hint(node, begin, Node{node->first, fresh})->second.value);
            if (node->second.end > end) split(node, end);
            f(node->second.value);
            begin = node->second.end;
            ++node;
        }
    }

    // One node for a range, whatever was there.
    Value& assign(uint64_t begin, uint64_t end, const Value& value)
    {
        Iterator node = first(begin);
        if (node != map_.end() && node->first == begin && node->second.end == end) return node->second.value = value;
        node = clear(begin, end);
        return map_.emplace_hint(node, begin, Node{end, value})->second.value;
    }
    // No node in a range. Returns the node behind it.
    Iterator clear(uint64_t begin, uint64_t end)
    {
        Iterator node = first(begin);
        if (node != map_.end() && node->first < begin) node = split(node, begin);
        while (node != map_.end() && node->first < end) {
            if (node->second.end > end) split(node, end);
            node = map_.erase(node);
        }
        return node;
    }

private:
    // Cuts a node in two; returns the second part.
    Iterator split(Iterator node, uint64_t at)
    {
        Iterator behind = map_.emplace_hint(std::next(node), at, node->second);
        node->second.end = at;
        return behind;
    }

    Map map_;
};

}  // namespace twin
