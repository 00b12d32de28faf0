// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/release/format.hpp"

#include <algorithm>

namespace scannerqube::release {

std::uint32_t serial_of(const Contents& contents) {
  return base::wire::Reader(contents.digest()).u32();
}

std::uint64_t round_up(std::uint64_t value, std::uint64_t to) { return (value + to - 1) / to * to; }

void fill_words(std::uint64_t offset, std::span<std::byte> out,
                const std::function<std::uint32_t(std::uint32_t)>& word) {
  for (std::size_t i = 0; i < out.size();) {
    const std::uint64_t at = offset + i;
    const std::uint32_t value = word(static_cast<std::uint32_t>(at / 4));
    for (std::size_t byte = at % 4; byte < 4 && i < out.size(); ++byte) {
      out[i++] = static_cast<std::byte>(value >> (8 * byte));
    }
  }
}

void copy_overlap(base::wire::Bytes from, std::uint64_t start, std::uint64_t offset,
                  std::span<std::byte> out) {
  const std::uint64_t first = std::max(start, offset);
  const std::uint64_t last = std::min(start + from.size(), offset + out.size());
  if (first >= last) return;
  std::ranges::copy(
      from.subspan(static_cast<std::size_t>(first - start), static_cast<std::size_t>(last - first)),
      out.subspan(static_cast<std::size_t>(first - offset)).begin());
}

}  // namespace scannerqube::release
