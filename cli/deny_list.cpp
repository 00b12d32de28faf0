// SPDX-License-Identifier: GPL-2.0-or-later
// Reads deny lists and compares with them; see the header.
#include "cli/deny_list.hpp"

#include <algorithm>

#include "base/device/category.hpp"
#include "base/wire/escape.hpp"

namespace cli {
namespace {

using base::device::interface_code_size;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return lower(c); });
  return out;
}

bool is_pattern(std::string_view text) {
  constexpr std::string_view classes = "bump?*";
  constexpr std::string_view digits = "0123456789abcdef*";
  return text.size() == interface_code_size &&
         classes.find(text.front()) != std::string_view::npos &&
         text.substr(1).find_first_not_of(digits) == std::string_view::npos;
}

bool matches(std::string_view pattern, std::string_view code) {
  if (pattern.size() != code.size()) return false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '*' && pattern[i] != lower(code[i])) return false;
  }
  return true;
}

}  // namespace

base::Result<InterfacePatterns> parse_denied(std::string_view untrusted) {
  InterfacePatterns patterns;
  while (!untrusted.empty()) {
    if (untrusted.front() == '\n' || untrusted.front() == ' ') {
      untrusted.remove_prefix(1);
      continue;
    }
    std::string pattern = lower(untrusted.substr(0, interface_code_size));
    if (!is_pattern(pattern)) {
      return base::fail("the daemon's deny list holds what is no interface: \"" +
                        base::wire::escape(untrusted, 40) + "\"");
    }
    if (patterns.size() == max_denied) {
      return base::fail("the daemon's deny list is longer than " + std::to_string(max_denied));
    }
    patterns.push_back(std::move(pattern));
    untrusted.remove_prefix(interface_code_size);
  }
  return patterns;
}

base::Result<std::string> parse_pattern(std::string_view text) {
  std::string pattern = lower(text);
  if (!pattern.empty() && pattern.size() < interface_code_size) {
    pattern.resize(interface_code_size, '*');
  }
  if (!is_pattern(pattern)) {
    return base::fail("not an interface: \"" + base::wire::escape(text, 40) +
                      "\"; expected one of b, u, m, p, * and up to six of 0-9, a-f, *: u0e for "
                      "every USB camera, u03**01 for keyboards");
  }
  return pattern;
}

base::Result<InterfacePatterns, AdminFailure> denied_interfaces(const Admin& admin,
                                                                const std::string& qube) {
  const auto answer = admin(
      {.method = "admin.vm.device.denied.List", .argument = {}, .target = qube, .payload = {}});
  if (!answer) return base::Unexpected<AdminFailure>{answer.error()};
  auto patterns = parse_denied(*answer);
  if (patterns) return *std::move(patterns);
  return base::Unexpected<AdminFailure>{AdminFailure{
      .kind = AdminFailure::Kind::malformed, .type = {}, .text = patterns.error().text}};
}

bool is_denied(const InterfacePatterns& patterns, const std::vector<std::string>& codes) {
  return std::ranges::any_of(patterns, [&codes](const std::string& pattern) {
    return std::ranges::any_of(
        codes, [&pattern](const std::string& code) { return matches(pattern, code); });
  });
}

}  // namespace cli
