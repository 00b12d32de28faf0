// SPDX-License-Identifier: GPL-2.0-or-later
// The `key='value'` form; see the header.
#include "base/device/properties.hpp"

#include <algorithm>

#include "base/wire/escape.hpp"

namespace base::device {
namespace {

bool printable(char c) { return c >= ' ' && c <= '~'; }

bool key_character(char c) {
  return printable(c) && std::string_view(" \"'=`").find(c) == std::string_view::npos;
}

// Takes "key=" off the front.
Result<std::string> take_key(std::string_view& rest) {
  const std::size_t end = rest.find('=');
  if (end == std::string_view::npos || end == 0) {
    return fail("expected key='value', found \"" + wire::escape(rest, 40) + "\"");
  }
  const std::string_view key = rest.substr(0, end);
  if (key.size() > max_property_key || !std::ranges::all_of(key, key_character)) {
    return fail("not a property name: \"" + wire::escape(key, max_property_key) + "\"");
  }
  rest.remove_prefix(end + 1);
  return std::string(key);
}

// Takes the quoted value off the front.
Result<std::string> take_value(std::string_view& rest, const std::string& key) {
  if (!rest.starts_with('\'')) return fail("the value of " + key + " must stand in quotes");
  std::string value;
  for (std::size_t at = 1; at < rest.size(); ++at) {
    const bool escaped_quote = rest[at] == '\\' && at + 1 < rest.size() && rest[at + 1] == '\'';
    if (rest[at] == '\'') {
      rest.remove_prefix(at + 1);
      return value;
    }
    if (escaped_quote) ++at;
    if (!printable(rest[at])) return fail("the value of " + key + " is not printable ASCII");
    if (value.size() == max_property_value) {
      return fail("the value of " + key + " is longer than " + std::to_string(max_property_value) +
                  " characters");
    }
    value += rest[at];
  }
  return fail("the value of " + key + " has no closing quote");
}

void append_value(std::string& out, std::string_view value) {
  value = value.substr(0, max_property_value);
  for (std::size_t at = 0; at < value.size(); ++at) {
    const bool last = at + 1 == value.size();
    if (value[at] == '\'') {
      out += "\\'";
    } else if (value[at] == '\\' && (last || value[at + 1] == '\'')) {
      out += '_';
    } else {
      out += printable(value[at]) ? value[at] : '_';
    }
  }
}

// How many bytes the character at the front takes; 1 for a byte that starts none.
std::size_t character_size(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  if (size > text.size()) return 1;
  const bool whole = std::ranges::all_of(text.substr(1, size - 1), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
  });
  return whole ? size : 1;
}

}  // namespace

Result<Properties> parse_properties(std::string_view untrusted) {
  Properties properties;
  for (;;) {
    while (untrusted.starts_with(' ')) untrusted.remove_prefix(1);
    if (untrusted.empty()) return properties;
    if (properties.size() == max_properties) {
      return fail("more than " + std::to_string(max_properties) + " properties");
    }
    auto key = take_key(untrusted);
    if (!key) return fail(key.error().text);
    if (find_property(properties, *key) != nullptr) return fail(*key + " is given twice");
    auto value = take_value(untrusted, *key);
    if (!value) return fail(value.error().text);
    if (!untrusted.empty() && !untrusted.starts_with(' ')) {
      return fail("no blank after the value of " + *key);
    }
    properties.push_back({*std::move(key), *std::move(value)});
  }
}

std::string format_properties(const Properties& properties) {
  std::string out;
  for (const Property& each : properties) {
    if (!out.empty()) out += ' ';
    for (const char c : std::string_view(each.key).substr(0, max_property_key)) {
      out += key_character(c) ? c : '_';
    }
    out += "='";
    append_value(out, each.value);
    out += '\'';
  }
  return out;
}

const std::string* find_property(const Properties& properties, std::string_view key) {
  const auto found = std::ranges::find(properties, key, &Property::key);
  return found == properties.end() ? nullptr : &found->value;
}

std::string sanitise_text(std::string_view untrusted) {
  std::string out;
  while (!untrusted.empty()) {
    const char c = untrusted.front();
    out += printable(c) ? c : '_';
    untrusted.remove_prefix(character_size(untrusted));
  }
  return out;
}

}  // namespace base::device
