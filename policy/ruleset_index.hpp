// SPDX-License-Identifier: GPL-2.0-or-later
// Finds the rules that may match a call without looking at all of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "policy/rule.hpp"

namespace policy {

// Rules are listed by service, argument and the name of the source ("" for keywords); a call has at
// most nine lists in which its rules can be, and they are walked as one, in the rules' own order.
// What is listed is a superset: lists are kept by hash, so the rule itself is asked in the end.
class RulesetIndex {
 public:
  using Place = std::uint32_t;  // of a rule in its Ruleset

  explicit RulesetIndex(const std::vector<Rule>& rules);

  class Walk {
   public:
    static constexpr std::size_t max_lists = 9;

    void add(std::span<const Place> list) {
      if (!list.empty()) lists_[count_++] = list;
    }
    // The next rule of all lists, first to last; or, from the other end, last to first. False at
    // the end. One walk goes one way.
    bool next(Place& place);
    bool previous(Place& place);

   private:
    std::array<std::span<const Place>, max_lists> lists_;
    std::size_t count_ = 0;
  };
  // `source`: nullptr for a caller that dom0 does not know.
  Walk walk(const Request& request, const QubeFacts* source) const;

 private:
  // A list within places_, found by its key. The table has a free slot for each one that is taken,
  // and a key stands at its own place or behind it, before the next free slot.
  struct Slot {
    std::size_t key = 0;
    Place first = 0;
    Place count = 0;  // 0: free
  };

  std::size_t slot_of(std::size_t key) const;
  std::span<const Place> list(std::size_t key) const;

  std::vector<Place> places_;
  std::vector<Slot> slots_;  // a power of two
  bool uuids_ = false;       // some rule names its source by uuid
};

}  // namespace policy
