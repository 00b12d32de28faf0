// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/snapshot/fetch_table.hpp"

#include <algorithm>
#include <iterator>

namespace blockproxy::snapshot {

std::optional<BlockRun> FetchTable::start(const BlockRun& wanted) {
  if (ends_.size() >= max_runs_) return std::nullopt;
  std::uint64_t first = wanted.first;
  auto after = ends_.upper_bound(first);
  if (after != ends_.begin()) first = std::max(first, std::prev(after)->second);
  // Runs that follow one another without a gap are passed over together.
  for (; after != ends_.end() && after->first == first; ++after) first = after->second;
  const std::uint64_t end =
      after == ends_.end() ? wanted.end() : std::min(wanted.end(), after->first);
  if (first >= end) return std::nullopt;
  ends_.emplace(first, end);
  return BlockRun{.first = first, .count = end - first};
}

}  // namespace blockproxy::snapshot
