// SPDX-License-Identifier: GPL-2.0-or-later
// How a run of blocks is read from a medium of which parts may be unreadable: all at once, then
// block by block, then sector by sector; what cannot be read even alone counts as zeros.
//
// Pure.
#pragma once

#include <optional>
#include <vector>

#include "block-proxy/snapshot/format.hpp"

namespace blockproxy::snapshot {

inline constexpr std::uint64_t max_fetch = 16;  // blocks: 1 MiB, one request

class FetchPlan {
 public:
  // `run` lies within the medium.
  FetchPlan(const Geometry& geometry, const BlockRun& run);

  // What to read next, in bytes of the medium; nothing: the run is whole.
  std::optional<Range> next() const;
  void was_read();
  // True if it is given up: the caller puts zeros in its place.
  bool was_unreadable();

  const BlockRun& run() const { return run_; }
  Range range() const { return geometry_.bytes_of(run_); }
  // One map for each block, of sectors that were given up.
  const std::vector<SectorMap>& bad() const { return bad_; }

 private:
  enum class Step : std::uint8_t { run, block, sector };
  std::uint64_t length() const;
  void advance();

  Geometry geometry_;
  BlockRun run_;
  std::vector<SectorMap> bad_;
  Step step_ = Step::run;
  std::uint64_t at_ = 0;  // bytes into the run
};

}  // namespace blockproxy::snapshot
