// SPDX-License-Identifier: GPL-2.0-or-later
// String descriptors (USB 2.0, 9.6.7): read as what they are, written as text that harms nobody.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/wire/reader.hpp"
#include "usbproxy/firewall/violation.hpp"

namespace usbproxy::firewall {

inline constexpr std::size_t max_string_units = 126;  // UTF-16 code units, as bLength allows
inline constexpr std::uint16_t english = 0x0409;      // what the kernel asks for by itself

// The first language of string 0. The copy has that one alone.
Checked<std::uint16_t> parse_languages(base::wire::Bytes untrusted);

// Up to the first NUL. Control characters, formatting characters (right-to-left marks, zero
// widths), private and unassigned specials and lone surrogates become U+FFFD.
Checked<std::u16string> parse_string(base::wire::Bytes untrusted, std::uint8_t index);

std::vector<std::byte> language_descriptor(std::uint16_t language);
std::vector<std::byte> string_descriptor(std::u16string_view text);

// The text as dom0 writes a serial number into a device's identity: letters, digits, '.', '_' and
// '-' stay, every other character is one '_'.
std::string identity_text(std::u16string_view text);

}  // namespace usbproxy::firewall
