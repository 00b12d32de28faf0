// SPDX-License-Identifier: GPL-2.0-or-later
// How much of the store each snapshot may take, so that all of them together stay within it.
//
// A snapshot's share is fixed when it is made: all of its medium twice (the blocks and an overlay
// over all of them) with the records, and no more than the largest share. What is promised to all
// never exceeds the store, so no snapshot fails because another one grew. Pure.
#pragma once

#include <cstdint>
#include <span>

namespace blockproxy::snapshot {

struct StoreLimits {
  std::uint64_t total = std::uint64_t{64} << 30U;    // bytes, of all snapshots
  std::uint64_t largest = std::uint64_t{32} << 30U;  // of one
};

// Of a snapshot of a medium of so many bytes.
std::uint64_t share_of(std::uint64_t medium_size, const StoreLimits& limits);

// What a new snapshot may take, of a medium that nobody knows yet, beside those of these media.
// 0: there is no room for one.
std::uint64_t share_left(std::span<const std::uint64_t> medium_sizes, const StoreLimits& limits);

}  // namespace blockproxy::snapshot
