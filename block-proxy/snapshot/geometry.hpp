// SPDX-License-Identifier: GPL-2.0-or-later
// A medium cut into blocks of 64 KiB, and which of them a range of bytes touches.
//
// Pure.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/wire/result.hpp"

namespace blockproxy::snapshot {

inline constexpr std::uint32_t block_size = 65536;
// 256 TiB: more than any medium, and block numbers fit into what the tests can walk.
inline constexpr std::uint64_t max_blocks = std::uint64_t{1} << 32;
inline constexpr std::uint64_t max_medium_size = max_blocks * block_size;
inline constexpr std::uint32_t sectors_per_block = block_size / 512;

// Bytes of a medium; length 0 is allowed and touches no block.
struct Range {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

// `count` blocks from `first` on.
struct BlockRun {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  std::uint64_t end() const { return first + count; }
  friend bool operator==(const BlockRun&, const BlockRun&) = default;
};

// The part of one block that a range covers.
struct Piece {
  std::uint32_t offset = 0;  // within the block
  std::uint32_t length = 0;  // 1 to block_size
  friend bool operator==(const Piece&, const Piece&) = default;
};

// Built by make() only, so that sizes are within bounds.
class Geometry {
 public:
  // `medium_size` in bytes (0 and odd sizes too), `sector_size` 512 or 4096.
  static base::Result<Geometry> make(std::uint64_t medium_size, std::uint32_t sector_size);

  std::uint64_t medium_size() const { return medium_size_; }
  std::uint32_t sector_size() const { return sector_size_; }
  std::uint64_t blocks() const {
    return medium_size_ / block_size + (medium_size_ % block_size != 0 ? 1 : 0);
  }
  // The last block may be shorter; a block past the end has no length.
  std::uint32_t length_of(std::uint64_t block) const {
    if (block >= blocks()) return 0;
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(block_size, medium_size_ - block * block_size));
  }
  // All bytes of a run, which must lie within the medium.
  Range bytes_of(const BlockRun& run) const {
    const std::uint64_t offset = run.first * block_size;
    return {.offset = offset,
            .length = std::min<std::uint64_t>(run.count * block_size, medium_size_ - offset)};
  }
  // The blocks that a range touches; an error where it leaves the medium.
  base::Result<BlockRun> blocks_of(const Range& untrusted) const;
  friend bool operator==(const Geometry&, const Geometry&) = default;

 private:
  Geometry(std::uint64_t medium_size, std::uint32_t sector_size)
      : medium_size_(medium_size), sector_size_(sector_size) {}
  std::uint64_t medium_size_;
  std::uint32_t sector_size_;
};

// The part of `block` within `range`; `block` is one of those that the range touches.
Piece piece_of(const Range& range, std::uint64_t block);

}  // namespace blockproxy::snapshot
