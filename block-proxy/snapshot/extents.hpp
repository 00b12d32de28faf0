// SPDX-License-Identifier: GPL-2.0-or-later
// Which blocks, as a sorted list of runs with a bound on its length.
//
// Pure.
#pragma once

#include <cstddef>
#include <vector>

#include "block-proxy/snapshot/geometry.hpp"

namespace blockproxy::snapshot {

class ExtentSet {
 public:
  // A list that would grow past `max_runs` says so (truncated()) and keeps its count of blocks; the
  // runs that do not fit are left out, never joined over a gap: it does not claim what is not so.
  explicit ExtentSet(std::size_t max_runs) : max_runs_(max_runs) {}

  // In rising order, each block once: what walking an index gives.
  void append(std::uint64_t block);

  const std::vector<BlockRun>& runs() const { return runs_; }
  std::uint64_t blocks() const { return blocks_; }
  bool truncated() const { return truncated_; }
  bool contains(std::uint64_t block) const;

 private:
  std::size_t max_runs_;
  std::vector<BlockRun> runs_;
  std::uint64_t blocks_ = 0;
  bool truncated_ = false;
};

}  // namespace blockproxy::snapshot
