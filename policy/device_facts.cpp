// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/device_facts.hpp"

#include <array>
#include <utility>

namespace policy {
namespace {

using Scan = DeviceFacts::Scan;

constexpr std::array names{std::pair{Scan::none, std::string_view("none")},
                           std::pair{Scan::clean, std::string_view("clean")},
                           std::pair{Scan::suspicious, std::string_view("suspicious")},
                           std::pair{Scan::incomplete, std::string_view("incomplete")},
                           std::pair{Scan::failed, std::string_view("failed")},
                           std::pair{Scan::infected, std::string_view("infected")}};

}  // namespace

std::string_view name_of(Scan scan) {
  for (const auto& [known, name] : names) {
    if (known == scan) return name;
  }
  return {};
}

std::optional<Scan> scan_named(std::string_view name) {
  for (const auto& [scan, known] : names) {
    if (known == name) return scan;
  }
  return std::nullopt;
}

}  // namespace policy
