// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/snapshot/reservation.hpp"

#include <algorithm>

#include "block-proxy/snapshot/format.hpp"

namespace blockproxy::snapshot {
namespace {

// Events, the index' pages, and the files that are always there.
constexpr std::uint64_t fixed = std::uint64_t{16} << 20U;

}  // namespace

std::uint64_t share_of(std::uint64_t medium_size, const StoreLimits& limits) {
  const std::uint64_t size = std::min(medium_size, limits.largest);  // so that nothing overflows
  const std::uint64_t records = (size / block_size + 1) * record_size;
  return std::min(limits.largest, 2 * (size + records) + fixed);
}

std::uint64_t share_left(std::span<const std::uint64_t> medium_sizes, const StoreLimits& limits) {
  std::uint64_t left = limits.total;
  for (const std::uint64_t size : medium_sizes) {
    const std::uint64_t share = share_of(size, limits);
    if (share >= left) return 0;
    left -= share;
  }
  const std::uint64_t share = std::min(left, limits.largest);
  return share > fixed ? share : 0;
}

}  // namespace blockproxy::snapshot
