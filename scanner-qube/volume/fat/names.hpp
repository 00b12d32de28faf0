// SPDX-License-Identifier: GPL-2.0-or-later
// Names as FAT and exFAT store them.
#pragma once

#include <string>

#include "base/wire/reader.hpp"

namespace scannerqube::volume::fat {

// UTF-16 up to a zero, as UTF-8; half a surrogate pair becomes three bytes that are no UTF-8.
std::string from_utf16(std::u16string_view text);
// Eleven bytes and the flags for lower case: "NAME.EXT". Bytes from 0x80 on stay as they are.
std::string short_name(base::wire::Bytes name, std::uint8_t flags);
// What ties a long name to its short one.
std::uint8_t short_checksum(base::wire::Bytes name);

}  // namespace scannerqube::volume::fat
