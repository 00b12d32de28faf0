// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/snapshot/sampler.hpp"

#include <algorithm>

namespace blockproxy::snapshot {

Sampler::Sampler(std::uint64_t blocks, std::uint64_t one_in, std::uint64_t secret_seed)
    : blocks_(blocks),
      group_(std::max<std::uint64_t>(1, std::min(one_in, blocks / sample_min))),
      random_(secret_seed) {}

std::optional<std::uint64_t> Sampler::next() {
  for (;;) {
    if (!drawn_ && next_group_ < blocks_) {
      const std::uint64_t size = std::min(group_, blocks_ - next_group_);
      drawn_ = next_group_ + std::uniform_int_distribution<std::uint64_t>(0, size - 1)(random_);
      next_group_ += size;
    }
    if (next_edge_ == sample_edge && blocks_ > 2 * sample_edge) next_edge_ = blocks_ - sample_edge;
    const bool edge = next_edge_ < blocks_;
    if (!drawn_ && !edge) return std::nullopt;
    if (edge && (!drawn_ || next_edge_ <= *drawn_)) {
      if (drawn_ == next_edge_) drawn_.reset();
      return next_edge_++;
    }
    const std::uint64_t drawn = *drawn_;
    drawn_.reset();
    // One within an edge that was already given.
    if (drawn < std::min(sample_edge, blocks_) || drawn + sample_edge >= blocks_) continue;
    return drawn;
  }
}

}  // namespace blockproxy::snapshot
