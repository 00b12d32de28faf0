// SPDX-License-Identifier: GPL-2.0-or-later
// Appends integers and bytes to a buffer; the counterpart of Reader.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/wire/reader.hpp"

namespace base::wire {

// Appends to a vector that the caller owns, so that a buffer can be used again and again without
// allocating. Lengths are the caller's: everything written here is our own.
template <Endian order>
class BasicWriter {
 public:
  explicit BasicWriter(std::vector<std::byte>& out) noexcept : out_(out) {}

  BasicWriter& u8(std::uint8_t value) { return integer(value); }
  BasicWriter& u16(std::uint16_t value) { return integer(value); }
  BasicWriter& u32(std::uint32_t value) { return integer(value); }
  BasicWriter& u64(std::uint64_t value) { return integer(value); }
  BasicWriter& bytes(Bytes value) {
    out_.insert(out_.end(), value.begin(), value.end());
    return *this;
  }
  BasicWriter& text(std::string_view value) { return bytes(as_bytes(value)); }
  BasicWriter& zeros(std::size_t count) {
    out_.insert(out_.end(), count, std::byte{0});
    return *this;
  }

 private:
  template <std::unsigned_integral T>
  BasicWriter& integer(T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      const std::size_t shift = order == Endian::little ? i : sizeof(T) - 1 - i;
      out_.push_back(static_cast<std::byte>(value >> (8 * shift)));
    }
    return *this;
  }

  std::vector<std::byte>& out_;
};

using Writer = BasicWriter<Endian::little>;
using BigWriter = BasicWriter<Endian::big>;

}  // namespace base::wire
