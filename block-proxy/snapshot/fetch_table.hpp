// SPDX-License-Identifier: GPL-2.0-or-later
// Which blocks are on their way from the medium, so that of several readers only the first asks.
//
// Pure.
#pragma once

#include <cstddef>
#include <map>
#include <optional>

#include "block-proxy/snapshot/geometry.hpp"

namespace blockproxy::snapshot {

// For a program with many readers on one loop. A reader that needs blocks which Store::missing()
// names calls start(); with a run it fetches that and calls finish() when the run was accepted or
// failed; without one it waits for the next finish() and looks again.
class FetchTable {
 public:
  explicit FetchTable(std::size_t max_runs) : max_runs_(max_runs) {}

  // The first part of `wanted` that nobody fetches, from now on under way. Nothing where all of it
  // is, and where max_runs are.
  std::optional<BlockRun> start(const BlockRun& wanted);
  // Of a run that start() gave.
  void finish(const BlockRun& run) { ends_.erase(run.first); }
  std::size_t under_way() const { return ends_.size(); }

 private:
  std::size_t max_runs_;
  std::map<std::uint64_t, std::uint64_t> ends_;  // first block -> end; runs do not overlap
};

}  // namespace blockproxy::snapshot
