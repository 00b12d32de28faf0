// SPDX-License-Identifier: GPL-2.0-or-later
// A medium in memory that can lie, fail, hang, read short and change its size.
#pragma once

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <vector>

#include "block-proxy/snapshot/io/medium.hpp"

namespace tests {

class FakeMedium : public blockproxy::snapshot::Medium {
 public:
  using Fault = blockproxy::snapshot::MediumFault;

  explicit FakeMedium(std::size_t size, unsigned seed = 1) : content(size) {
    std::mt19937_64 random(seed);
    // Every fourth MiB is empty, as on a real stick.
    for (std::size_t at = 0; at < size; at += 8) {
      if ((at >> 20U) % 4 == 3) continue;
      const std::uint64_t word = random();
      std::memcpy(content.data() + at, &word, std::min<std::size_t>(8, size - at));
    }
  }

  std::uint64_t size() override { return claimed.value_or(content.size()); }

  base::Result<std::size_t, Fault> read(std::uint64_t offset, std::span<std::byte> out) override {
    ++reads;
    if (hang) return base::Unexpected{Fault::timeout};
    if (offset >= content.size()) return std::size_t{0};
    std::size_t count = std::min<std::size_t>(out.size(), content.size() - offset);
    if (longest_read != 0) count = std::min(count, longest_read);
    for (const std::uint64_t sector : bad_sectors) {
      if (sector * 512 < offset + count && (sector + 1) * 512 > offset) {
        return base::Unexpected{Fault::unreadable};
      }
    }
    std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(offset), count, out.begin());
    for (std::uint64_t block = offset / 65536; block * 65536 < offset + count; ++block) {
      // Lies only where it was asked before.
      if (lie_again && !asked.insert(block).second) out[0] ^= std::byte{1};
    }
    return count;
  }

  base::Result<base::Ok, Fault> write(std::uint64_t offset, base::wire::Bytes data) override {
    if (writes_left && (*writes_left)-- == 0) {
      writes_left = 0;
      return base::Unexpected{Fault::gone};
    }
    ++writes;
    std::copy(data.begin(), data.end(), content.begin() + static_cast<std::ptrdiff_t>(offset));
    return base::Ok{};
  }
  base::Result<base::Ok, Fault> flush() override { return base::Ok{}; }

  std::vector<std::byte> content;
  std::set<std::uint64_t> bad_sectors;
  std::set<std::uint64_t> asked;
  std::optional<std::uint64_t> claimed;
  std::optional<int> writes_left;
  std::size_t longest_read = 0;
  bool lie_again = false;
  bool hang = false;
  int reads = 0;
  int writes = 0;
};

}  // namespace tests
