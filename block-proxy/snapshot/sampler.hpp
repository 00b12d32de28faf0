// SPDX-License-Identifier: GPL-2.0-or-later
// Which blocks to read a second time to catch a medium that answers differently.
//
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <random>

namespace blockproxy::snapshot {

inline constexpr std::uint64_t sample_min = 64;       // blocks
inline constexpr std::uint64_t sample_edge = 16;      // blocks: the first and the last MiB
inline constexpr std::uint64_t default_one_in = 100;  // 1 %

// Gives blocks in rising order: all of the first and last MiB, and one at random of each group of
// `one_in` (of fewer, where that would give less than 64). The seed must come from a secret source:
// a stick that knew it could lie elsewhere.
class Sampler {
 public:
  Sampler(std::uint64_t blocks, std::uint64_t one_in, std::uint64_t secret_seed);
  std::optional<std::uint64_t> next();

 private:
  std::uint64_t blocks_;
  std::uint64_t group_;
  std::uint64_t next_edge_ = 0;
  std::uint64_t next_group_ = 0;  // its first block
  std::optional<std::uint64_t> drawn_;
  std::mt19937_64 random_;
};

}  // namespace blockproxy::snapshot
