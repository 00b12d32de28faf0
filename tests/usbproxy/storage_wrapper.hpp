// SPDX-License-Identifier: GPL-2.0-or-later
// Command wrappers of bulk-only mass storage, right ones and lying ones.
#pragma once

#include <cstdint>
#include <vector>

#include "base/wire/reader.hpp"
#include "base/wire/writer.hpp"

namespace usbproxy::test {

struct WrapperSpec {
  std::vector<std::uint8_t> block;  // padded with zeros to 16
  std::uint32_t length = 0;         // of the data stage
  bool in = true;
  std::uint8_t lun = 0;
  std::uint32_t tag = 0x11223344;
  int block_length = -1;  // -1: that of `block`
  std::uint32_t signature = 0x43425355;
  std::uint8_t more_flags = 0;
};

inline std::vector<std::byte> wrapper(const WrapperSpec& spec) {
  std::vector<std::byte> bytes;
  base::wire::Writer out(bytes);
  const auto length =
      spec.block_length < 0 ? spec.block.size() : static_cast<std::size_t>(spec.block_length);
  out.u32(spec.signature).u32(spec.tag).u32(spec.length);
  out.u8(static_cast<std::uint8_t>((spec.in ? 0x80 : 0) | spec.more_flags));
  out.u8(spec.lun).u8(static_cast<std::uint8_t>(length));
  for (std::size_t i = 0; i < 16; ++i) out.u8(i < spec.block.size() ? spec.block[i] : 0);
  return bytes;
}

inline WrapperSpec read_10(std::uint32_t length = 512) {
  return {.block = {0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0}, .length = length};
}
inline WrapperSpec write_10(std::uint32_t length = 512) {
  return {.block = {0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0}, .length = length, .in = false};
}
inline WrapperSpec request_sense(std::uint8_t lun = 0) {
  return {.block = {0x03, 0, 0, 0, 18, 0}, .length = 18, .lun = lun};
}

}  // namespace usbproxy::test
