// SPDX-License-Identifier: GPL-2.0-or-later
// The hashes of what no file system has: a boot sector that was changed is seen by its hash.
//
// Pure, but for the reads.
#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "base/hash/sha256.hpp"
#include "scanner-qube/scan/medium_report.hpp"

namespace scannerqube {

// Of all areas together, in the order in which they come; a larger one is reported without a hash.
inline constexpr std::uint64_t max_hashed = std::uint64_t{2} << 30U;

class AreaHashes {
 public:
  using Clock = std::chrono::steady_clock;

  // `alive` is called while it takes long.
  AreaHashes(const volume::Source& source, Clock::time_point until, std::function<void()> alive)
      : source_(source), until_(until), alive_(std::move(alive)) {}
  HashedArea read(const volume::Area& area);
  // Places that could not be read.
  const std::vector<volume::Finding>& findings() const { return findings_; }

 private:
  const volume::Source& source_;
  Clock::time_point until_;
  std::function<void()> alive_;
  std::uint64_t room_ = max_hashed;
  base::hash::Sha256 sha256_;
  std::vector<std::byte> buffer_;
  std::vector<volume::Finding> findings_;
};

}  // namespace scannerqube
