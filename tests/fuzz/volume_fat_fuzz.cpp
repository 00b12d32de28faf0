// SPDX-License-Identifier: GPL-2.0-or-later
// Our reader of FAT and exFAT over any volume: it ends, and what it lists lies on the medium.
#include "scanner-qube/volume/fat/reader.hpp"
#include "tests/fuzz/lies_on_medium.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace scannerqube::volume;
  if (size < 1) return 0;
  const auto kind = (data[0] & 1) == 0 ? FileSystem::fat : FileSystem::exfat;
  const MemorySource source(std::as_bytes(std::span(data, size)).subspan(1));
  Listing listing;
  fat::list(source, {.offset = 0, .length = source.size()}, kind, listing);
  fuzz::expect_on_medium(listing, source.size());
  return 0;
}
