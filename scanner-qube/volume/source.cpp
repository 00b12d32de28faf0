// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/source.hpp"

#include <algorithm>

namespace scannerqube::volume {

base::Result<std::size_t, ReadError> MemorySource::read(std::uint64_t offset,
                                                        std::span<std::byte> out) const {
  if (offset >= bytes_.size()) return std::size_t{0};
  const auto from = bytes_.subspan(static_cast<std::size_t>(offset));
  const std::size_t count = std::min(from.size(), out.size());
  std::copy_n(from.begin(), count, out.begin());
  return count;
}

base::Result<std::vector<std::byte>, ReadError> read_some(const Source& source,
                                                          std::uint64_t offset,
                                                          std::size_t length) {
  std::vector<std::byte> bytes(length);
  const auto got = source.read(offset, bytes);
  if (!got) return base::Unexpected{got.error()};
  bytes.resize(*got);
  return bytes;
}

}  // namespace scannerqube::volume
