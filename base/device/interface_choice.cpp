// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/device/interface_choice.hpp"

#include <algorithm>
#include <charconv>

#include "base/device/category.hpp"
#include "base/wire/ascii.hpp"
#include "base/wire/escape.hpp"

namespace base::device {
namespace {

bool is_number(std::string_view item) { return base::wire::is_digit(item.front()); }
bool is_pattern(std::string_view item) { return item.front() == 'u'; }

bool valid_number(std::string_view item) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(item.data(), item.data() + item.size(), number);
  // One spelling for each: "02" is none.
  return error == std::errc{} && end == item.data() + item.size() &&
         number <= InterfaceChoice::max_number && std::to_string(number) == item;
}

bool valid_pattern(std::string_view item) {
  return item.size() == interface_code_size &&
         std::all_of(item.begin() + 1, item.end(), [](char c) {
           return base::wire::is_digit(c) || (c >= 'a' && c <= 'f') || c == '*';
         });
}

// Whether all that `pattern` stands for includes `code`, which may be a pattern itself.
bool pattern_covers(std::string_view pattern, std::string_view code) {
  if (pattern.size() != code.size()) return false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '*' && pattern[i] != code[i]) return false;
  }
  return true;
}

base::Unexpected<base::Error> wrong(std::string_view text) {
  return base::fail("interfaces '" + base::wire::escape(text) +
                    "' are no numbers (0 to 15), interface codes (u08****) or categories "
                    "(USB_Storage), joined by commas");
}

}  // namespace

Result<InterfaceChoice> InterfaceChoice::parse(std::string_view text) {
  if (text.size() > max_text) return wrong(text.substr(0, max_text));
  InterfaceChoice choice;
  for (std::string_view rest = text;;) {
    const std::string_view item = rest.substr(0, rest.find(','));
    if (item.empty() || choice.items_.size() == max_items) return wrong(text);
    const std::string_view category = category_named(item);
    const bool known = is_number(item)    ? valid_number(item)
                       : category.empty() ? is_pattern(item) && valid_pattern(item)
                                          : true;
    if (!known) return wrong(text);
    choice.items_.emplace_back(category.empty() ? item : category);
    if (item.size() == rest.size()) return choice;
    rest.remove_prefix(item.size() + 1);
  }
}

bool InterfaceChoice::has(std::uint8_t number, std::string_view code) const {
  if (is_every()) return true;
  return std::any_of(items_.begin(), items_.end(), [number, code](const std::string& item) {
    if (is_number(item)) return item == std::to_string(number);
    if (is_pattern(item)) return pattern_covers(item, code);
    return category_of(code) == item;
  });
}

bool InterfaceChoice::within(const InterfaceChoice& wider) const {
  if (wider.is_every()) return true;
  return !is_every() && std::all_of(items_.begin(), items_.end(), [&wider](const auto& item) {
    return std::any_of(wider.items_.begin(), wider.items_.end(), [&item](const auto& one) {
      return one == item || (is_pattern(one) && pattern_covers(one, item));
    });
  });
}

std::string InterfaceChoice::text() const {
  std::string text;
  for (const std::string& item : items_) text += (text.empty() ? "" : ",") + item;
  return text;
}

std::string usb_interface_code(std::uint8_t code, std::uint8_t subclass, std::uint8_t protocol) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text = "u";
  for (const std::uint8_t byte : {code, subclass, protocol}) {
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return text;
}

}  // namespace base::device
