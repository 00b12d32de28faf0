// SPDX-License-Identifier: GPL-2.0-or-later
// A target that sends anything to read-only storage. Checks that nothing but whole command wrappers
// of commands that only read reach the device, by a list of its own, and that answers are no longer
// than asked.
//
// Input: records of one byte: bits 7..6 0 a write, 1 a read, 2 a reset; of a write one byte length
// follows and that many bytes, of a read one byte length.
#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/wire/reader.hpp"
#include "usbproxy/storage_filter.hpp"

namespace {

using usbproxy::StorageFilter;

void require(bool condition) {
  if (!condition) std::abort();
}

// Nothing of the filter's own table: bytes of the wrapper, by their places.
void reads_only(base::wire::Bytes wrapper) {
  require(wrapper.size() == 31);
  const auto at = [wrapper](std::size_t i) { return std::to_integer<unsigned>(wrapper[i]); };
  require(at(0) == 'U' && at(1) == 'S' && at(2) == 'B' && at(3) == 'C');
  const bool has_data = (at(8) | at(9) | at(10) | at(11)) != 0;
  require((at(12) & 0x7fU) == 0 && at(13) < 16 && at(14) >= 6 && at(14) <= 16);
  require(!has_data || at(12) == 0x80);
  constexpr std::array<unsigned, 18> reads{0x00, 0x03, 0x08, 0x12, 0x1b, 0x1e, 0x23, 0x25, 0x28,
                                           0x43, 0x46, 0x4a, 0x51, 0x52, 0x88, 0x9e, 0xa0, 0xa8};
  require(std::find(reads.begin(), reads.end(), at(15)) != reads.end());
  require(at(15) != 0x9e || (at(16) & 0x1fU) == 0x10);
  require(at(15) != 0x1b || at(19) < 2);
  const unsigned group = at(15) >> 5U;
  const std::size_t size = group == 0 ? 6 : group < 3 ? 10 : group == 4 ? 16 : 12;
  for (std::size_t i = 15 + size; i < 31; ++i) require(at(i) == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  base::wire::Reader in(std::as_bytes(std::span(data, size)));
  StorageFilter filter;
  while (!in.done()) {
    const unsigned kind = in.u8() >> 6U;
    if (kind == 0) {
      const std::size_t length = in.u8();
      const auto bytes = in.take(std::min(length, in.rest().size()));
      if (filter.write(bytes) == StorageFilter::Verdict::pass) reads_only(bytes);
    } else if (kind == 1) {
      const std::uint32_t length = in.u8();
      const auto answer = filter.read(length);
      require(!answer || answer->size() <= length);
    } else {
      filter.reset();
    }
    if (!in.ok()) return 0;
  }
  return 0;
}
