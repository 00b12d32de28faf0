// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/scan/zero_hashes.hpp"

#include <algorithm>
#include <array>

namespace scannerqube {
namespace {

constexpr std::array<std::byte, std::size_t{64} * 1024> zeros{};

}  // namespace

std::optional<base::hash::Digest> ZeroHashes::of(std::uint64_t size) {
  if (const auto known = known_.find(size); known != known_.end()) return known->second;
  if (size > left_ || known_.size() == max_sizes) return std::nullopt;
  left_ -= size;
  sha256_.begin();
  for (std::uint64_t rest = size; rest > 0;) {
    const auto bytes = base::wire::Bytes(zeros).first(std::min<std::uint64_t>(rest, zeros.size()));
    sha256_.add(bytes);
    rest -= bytes.size();
  }
  return known_.emplace(size, sha256_.end()).first->second;
}

}  // namespace scannerqube
