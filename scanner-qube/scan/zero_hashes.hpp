// SPDX-License-Identifier: GPL-2.0-or-later
// SHA-256 of files of nothing but zeros, which nobody reads to scan them. A medium can have very
// many and very large ones at no cost of its own, so what is computed has an end.
//
// Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "base/hash/sha256.hpp"

namespace scannerqube {

class ZeroHashes {
 public:
  // Hashed at most, over all sizes: about a second and a half of a processor.
  static constexpr std::uint64_t max_bytes = std::uint64_t{2} << 30U;
  static constexpr std::size_t max_sizes = 4096;  // that are remembered

  // nullopt: it would be too much.
  std::optional<base::hash::Digest> of(std::uint64_t size);

 private:
  base::hash::Sha256 sha256_;
  std::map<std::uint64_t, base::hash::Digest> known_;
  std::uint64_t left_ = max_bytes;
};

}  // namespace scannerqube
