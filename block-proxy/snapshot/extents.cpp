// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/snapshot/extents.hpp"

#include <algorithm>

namespace blockproxy::snapshot {

void ExtentSet::append(std::uint64_t block) {
  ++blocks_;
  if (truncated_) return;
  if (!runs_.empty() && runs_.back().end() == block) {
    ++runs_.back().count;
  } else if (runs_.size() == max_runs_) {
    truncated_ = true;
  } else {
    runs_.push_back({.first = block, .count = 1});
  }
}

bool ExtentSet::contains(std::uint64_t block) const {
  const auto after =
      std::upper_bound(runs_.begin(), runs_.end(), block,
                       [](std::uint64_t each, const BlockRun& run) { return each < run.first; });
  return after != runs_.begin() && block < std::prev(after)->end();
}

}  // namespace blockproxy::snapshot
