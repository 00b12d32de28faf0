// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/denied_interfaces.hpp"

#include <algorithm>

#include "base/device/category.hpp"
#include "base/wire/escape.hpp"

namespace dom0 {
namespace {

using base::device::interface_code_size;

bool valid(std::string_view pattern) {
  const auto digit = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '*';
  };
  return std::string_view("bump*").find(pattern.front()) != std::string_view::npos &&
         std::ranges::all_of(pattern.substr(1), digit);
}

bool covers(std::string_view pattern, std::string_view code) {
  for (std::size_t i = 0; i < interface_code_size; ++i) {
    if (pattern[i] != '*' && pattern[i] != code[i]) return false;
  }
  return true;
}

}  // namespace

base::Result<std::vector<std::string>> parse_interface_list(std::string_view untrusted) {
  std::vector<std::string> list;
  if (untrusted.size() > max_denied_interfaces * interface_code_size) {
    return base::fail("more than " + std::to_string(max_denied_interfaces) + " interfaces");
  }
  for (std::string_view rest = untrusted; !rest.empty();) {
    std::string pattern(rest.substr(0, interface_code_size));
    rest.remove_prefix(pattern.size());
    for (char& c : pattern) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (pattern.size() != interface_code_size || !valid(pattern)) {
      return base::fail("'" + base::wire::escape(pattern) +
                        "' is no device interface; write a class (b, u, m, p or *) and six hex "
                        "digits or *, such as u0e****");
    }
    list.push_back(std::move(pattern));
  }
  return list;
}

std::string format_interface_list(std::vector<std::string> interfaces) {
  std::ranges::sort(interfaces);
  interfaces.erase(std::unique(interfaces.begin(), interfaces.end()), interfaces.end());
  std::string text;
  for (const std::string& each : interfaces) text += each;
  return text;
}

std::string denied_interface(std::string_view denied, const Device& device) {
  for (std::size_t at = 0; at + interface_code_size <= denied.size(); at += interface_code_size) {
    const std::string_view pattern = denied.substr(at, interface_code_size);
    for (const std::string& code : interface_codes(device)) {
      if (covers(pattern, code)) return code;
    }
  }
  return {};
}

}  // namespace dom0
