// SPDX-License-Identifier: GPL-2.0-or-later
// Keeps what was used last, up to a total cost.
//
// Pure.
#pragma once

#include <cstddef>
#include <iterator>
#include <list>
#include <unordered_map>
#include <utility>

namespace blockproxy::snapshot {

// A pointer that find() gave holds until the next put().
template <class Key, class Value>
class Lru {
 public:
  explicit Lru(std::size_t max_cost) : max_cost_(max_cost) {}

  Value* find(const Key& key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return &found->second->value;
  }

  // Replaces; what costs more than all is kept until the next put.
  Value& put(const Key& key, Value value, std::size_t cost) {
    erase(key);
    entries_.push_front({key, std::move(value), cost});
    places_.emplace(key, entries_.begin());
    cost_ += cost;
    while (cost_ > max_cost_ && entries_.size() > 1) {
      const Key last = entries_.back().key;
      erase(last);
    }
    return entries_.front().value;
  }

  void erase(const Key& key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return;
    cost_ -= found->second->cost;
    entries_.erase(found->second);
    places_.erase(found);
  }

  void clear() {
    entries_.clear();
    places_.clear();
    cost_ = 0;
  }

  std::size_t cost() const { return cost_; }

 private:
  struct Entry {
    Key key;
    Value value;
    std::size_t cost;
  };
  std::size_t max_cost_;
  std::size_t cost_ = 0;
  std::list<Entry> entries_;
  std::unordered_map<Key, typename std::list<Entry>::iterator> places_;
};

}  // namespace blockproxy::snapshot
