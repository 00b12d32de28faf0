// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/snapshot/fetch_plan.hpp"

namespace blockproxy::snapshot {

FetchPlan::FetchPlan(const Geometry& geometry, const BlockRun& run)
    : geometry_(geometry), run_(run), bad_(run.count) {}

std::uint64_t FetchPlan::length() const {
  const std::uint64_t left = range().length - at_;
  if (step_ == Step::run) return left;
  // The last block may be shorter, and its last sector too.
  return std::min<std::uint64_t>(left, step_ == Step::block ? block_size : geometry_.sector_size());
}

std::optional<Range> FetchPlan::next() const {
  const Range all = range();
  if (at_ == all.length) return std::nullopt;
  return Range{.offset = all.offset + at_, .length = length()};
}

void FetchPlan::advance() {
  at_ += length();
  if (step_ == Step::sector && at_ % block_size == 0) step_ = Step::block;
}

void FetchPlan::was_read() { advance(); }

bool FetchPlan::was_unreadable() {
  if (step_ == Step::run && run_.count > 1) {
    step_ = Step::block;
    return false;
  }
  if (step_ != Step::sector) {
    step_ = Step::sector;
    return false;
  }
  const std::uint64_t in_block = at_ % block_size;
  SectorMap& map = bad_[at_ / block_size];
  for (std::uint64_t bit = in_block / 512; bit < (in_block + geometry_.sector_size()) / 512;
       ++bit) {
    map[bit / 8] |= std::byte{1} << (bit % 8);
  }
  advance();
  return true;
}

}  // namespace blockproxy::snapshot
