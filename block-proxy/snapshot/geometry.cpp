// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/snapshot/geometry.hpp"

#include <string>

namespace blockproxy::snapshot {

base::Result<Geometry> Geometry::make(std::uint64_t medium_size, std::uint32_t sector_size) {
  if (medium_size > max_medium_size) {
    return base::fail("a medium of " + std::to_string(medium_size) +
                      " bytes: more than the limit of 256 TiB");
  }
  if (sector_size != 512 && sector_size != 4096) {
    return base::fail("sectors of " + std::to_string(sector_size) + " bytes: only 512 and 4096");
  }
  return Geometry(medium_size, sector_size);
}

base::Result<BlockRun> Geometry::blocks_of(const Range& untrusted) const {
  if (untrusted.offset > medium_size_ || untrusted.length > medium_size_ - untrusted.offset) {
    return base::fail("bytes " + std::to_string(untrusted.offset) + "+" +
                      std::to_string(untrusted.length) + ": past the end of the medium at " +
                      std::to_string(medium_size_));
  }
  const std::uint64_t first = untrusted.offset / block_size;
  if (untrusted.length == 0) return BlockRun{.first = first, .count = 0};
  const std::uint64_t last = (untrusted.offset + untrusted.length - 1) / block_size;
  return BlockRun{.first = first, .count = last - first + 1};
}

Piece piece_of(const Range& range, std::uint64_t block) {
  const std::uint64_t start = block * block_size;
  const std::uint64_t from = std::max(range.offset, start);
  const std::uint64_t to = std::min(range.offset + range.length, start + block_size);
  return {.offset = static_cast<std::uint32_t>(from - start),
          .length = static_cast<std::uint32_t>(to - from)};
}

}  // namespace blockproxy::snapshot
