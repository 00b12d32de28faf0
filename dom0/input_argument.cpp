// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/input_argument.hpp"

#include <algorithm>
#include <charconv>

namespace dom0 {
namespace {

constexpr std::string_view usb_bus = "3";  // BUS_USB

// The front of `text` up to `end`, which is taken off as well.
std::string_view cut(std::string_view& text, char end) {
  const std::string_view head = text.substr(0, text.find(end));
  text.remove_prefix(std::min(text.size(), head.size() + 1));
  return head;
}

std::optional<std::uint16_t> hex(std::string_view text) {
  std::uint16_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_path(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char each) {
    return (each >= '0' && each <= '9') || each == '.';
  });
}

}  // namespace

std::optional<InputArgument> parse_input_argument(std::string_view untrusted) {
  if (!untrusted.starts_with('+')) return std::nullopt;
  untrusted.remove_prefix(1);
  const std::string_view port = cut(untrusted, '+');
  std::string_view product = cut(untrusted, '+');
  if (!port.starts_with("usb-")) return std::nullopt;
  InputArgument result;
  result.port_path = port.substr(port.rfind('-') + 1);
  const bool usb = cut(product, '-') == usb_bus;
  const auto vendor_id = hex(cut(product, '-'));
  const auto product_id = hex(cut(product, '-'));
  if (!usb || !vendor_id || !product_id || !is_path(result.port_path)) return std::nullopt;
  result.vendor_id = *vendor_id;
  result.product_id = *product_id;
  return result;
}

std::string input_place(std::string_view untrusted_argument) {
  std::string_view rest = untrusted_argument;
  if (rest.starts_with('+')) rest.remove_prefix(1);
  const std::string_view port = cut(rest, '+');
  return std::string(port.starts_with("usb-") ? port : untrusted_argument);
}

bool is_input_service(std::string_view service) {
  return service == "qubes.InputMouse" || service == "qubes.InputTablet" ||
         is_keyboard_service(service);
}

bool is_keyboard_service(std::string_view service) { return service == "qubes.InputKeyboard"; }

}  // namespace dom0
