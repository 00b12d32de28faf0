// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/usbguard_words.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace policy {
namespace {

constexpr std::array operators{
    std::pair{std::string_view("all-of"), UsbguardOperator::all_of},
    std::pair{std::string_view("one-of"), UsbguardOperator::one_of},
    std::pair{std::string_view("none-of"), UsbguardOperator::none_of},
    std::pair{std::string_view("equals"), UsbguardOperator::equals},
    std::pair{std::string_view("equals-ordered"), UsbguardOperator::equals_ordered},
    std::pair{std::string_view("match-all"), UsbguardOperator::match_all}};

constexpr std::size_t id_digits = 4;
constexpr std::size_t class_digits = 2;

template <class Number>
std::optional<Number> hex(std::string_view text, std::size_t digits) {
  Number value = 0;
  if (text.size() != digits) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, value, 16);
  if (error != std::errc{} || end != text.data() + digits) return std::nullopt;
  return value;
}

// "*" is any, and fine.
template <class Number>
bool hex_or_any(std::string_view text, std::size_t digits, std::optional<Number>& out) {
  out = hex<Number>(text, digits);
  return out || text == "*";
}

std::string hex_text(unsigned value, std::size_t digits) {
  constexpr std::string_view letters = "0123456789abcdef";
  std::string out(digits, '0');
  for (std::size_t i = digits; i > 0; --i, value >>= 4U) out[i - 1] = letters[value & 15U];
  return out;
}

template <class Number>
std::string hex_or_any_text(const std::optional<Number>& value, std::size_t digits) {
  return value ? hex_text(*value, digits) : std::string("*");
}

// What stands behind a backslash; `rest` begins after it.
std::optional<char> escape_of(std::string_view& rest) {
  if (rest.empty()) return std::nullopt;
  const char first = rest.front();
  if (first == '\\' || first == '"') {
    rest.remove_prefix(1);
    return first;
  }
  if (first != 'x') return std::nullopt;
  const auto value = hex<std::uint8_t>(rest.substr(1, 2), 2);
  if (value) rest.remove_prefix(3);
  return value ? std::optional(static_cast<char>(*value)) : std::nullopt;
}

}  // namespace

std::optional<UsbguardOperator> usbguard_operator(std::string_view word) {
  for (const auto& [name, op] : operators) {
    if (name == word) return op;
  }
  return std::nullopt;
}

std::string_view name_of(UsbguardOperator op) {
  for (const auto& [name, known] : operators) {
    if (op == known) return name;
  }
  return {};
}

std::optional<UsbguardId> usbguard_id(std::string_view word) {
  UsbguardId id;
  const std::size_t colon = word.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  if (!hex_or_any(word.substr(0, colon), id_digits, id.vendor) ||
      !hex_or_any(word.substr(colon + 1), id_digits, id.product)) {
    return std::nullopt;
  }
  // A product of any vendor means nothing.
  if (!id.vendor && id.product) return std::nullopt;
  return id;
}

std::string text_of(const UsbguardId& id) {
  return hex_or_any_text(id.vendor, id_digits) + ":" + hex_or_any_text(id.product, id_digits);
}

std::optional<UsbguardInterface> usbguard_interface(std::string_view word) {
  const std::size_t first = word.find(':');
  const std::size_t second = first == std::string_view::npos ? first : word.find(':', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto interface_class = hex<std::uint8_t>(word.substr(0, first), class_digits);
  UsbguardInterface found;
  if (!interface_class ||
      !hex_or_any(word.substr(first + 1, second - first - 1), class_digits, found.subclass) ||
      !hex_or_any(word.substr(second + 1), class_digits, found.protocol) ||
      (!found.subclass && found.protocol)) {
    return std::nullopt;
  }
  found.interface_class = *interface_class;
  return found;
}

std::string text_of(const UsbguardInterface& interface) {
  return hex_text(interface.interface_class, class_digits) + ":" +
         hex_or_any_text(interface.subclass, class_digits) + ":" +
         hex_or_any_text(interface.protocol, class_digits);
}

std::optional<std::string> take_usbguard_text(std::string_view& rest) {
  std::string text;
  while (!rest.empty()) {
    const std::string_view here = rest;
    const char c = rest.front();
    rest.remove_prefix(1);
    if (c == '"') return text;
    if (c != '\\') {
      text += c;
      continue;
    }
    const auto escaped = escape_of(rest);
    if (!escaped) {
      rest = here;
      return std::nullopt;
    }
    text += *escaped;
  }
  return std::nullopt;
}

std::string quoted_usbguard_text(std::string_view untrusted) {
  std::string out = "\"";
  for (const char c : untrusted) {
    const bool plain = c > ' ' && c <= '~' && c != '"' && c != '\\';
    out += plain ? std::string(1, c) : "\\x" + hex_text(static_cast<unsigned char>(c), 2);
  }
  return out + "\"";
}

}  // namespace policy
