// SPDX-License-Identifier: GPL-2.0-or-later
// Our reader of APFS over any bytes, with the checksums that they would have (whoever makes a
// medium makes them too): it ends, and what it lists lies on the medium.
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

#include "scanner-qube/volume/apfs/container.hpp"
#include "scanner-qube/volume/apfs/reader.hpp"
#include "tests/fuzz/lies_on_medium.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace scannerqube::volume;
  const auto input = std::as_bytes(std::span(data, size));
  std::vector<std::byte> bytes(input.begin(), input.end());
  constexpr std::size_t block = apfs::block_size;
  for (std::size_t at = 0; at + block <= bytes.size(); at += block) {
    const std::uint64_t sum = apfs::checksum(std::span(bytes).subspan(at, block));
    std::memcpy(bytes.data() + at, &sum, sizeof sum);
  }
  const MemorySource source(bytes);
  Listing listing;
  apfs::list(source, {.offset = 0, .length = source.size()}, listing);
  fuzz::expect_on_medium(listing, source.size());
  for (const Entry& entry : listing.entries) {
    if (entry.content != Content::extents && !entry.extents.empty()) std::abort();
  }
  static_cast<void>(apfs::look_at_volume(bytes));
  return 0;
}
