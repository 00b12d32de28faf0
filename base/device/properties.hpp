// SPDX-License-Identifier: GPL-2.0-or-later
// `key='value' key='value'`: how the Admin API writes a device's properties, in payloads and lines.
//
// Pure. Keys are printable ASCII without blank, quotes, backtick and '='; values printable ASCII,
// a quote in them written \'. A key that starts with '_' is an option or a datum of its own.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/wire/result.hpp"

namespace base::device {

inline constexpr std::size_t max_properties = 64;
inline constexpr std::size_t max_property_key = 64;
inline constexpr std::size_t max_property_value = 1024;

struct Property {
  std::string key;
  std::string value;
  friend bool operator==(const Property&, const Property&) = default;
};
using Properties = std::vector<Property>;

// In the order written; a key given twice is an error, for nobody could say which one counts.
Result<Properties> parse_properties(std::string_view untrusted);

// "key='value'" for each, separated by one blank. What the form cannot carry becomes '_', and so
// does a backslash before a quote or at the end, which would read as an escaped quote.
std::string format_properties(const Properties& properties);

const std::string* find_property(const Properties& properties, std::string_view key);

// 1.4 of Qubes' rules for text of a device: ASCII letters, digits, punctuation and blank stay; any
// other character (one per UTF-8 sequence, one per stray byte) becomes '_'.
std::string sanitise_text(std::string_view untrusted);

}  // namespace base::device
