// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/block_options.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "base/wire/escape.hpp"

namespace dom0 {
namespace {

using base::device::find_property;
using base::device::Properties;

constexpr std::string_view read_only = "read-only";
constexpr std::string_view frontend_dev = "frontend-dev";
constexpr std::string_view devtype = "devtype";

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, text) != words.end();
}

// "xvdi", "sdaa": no partition of something, and nothing with a path in it.
bool valid_frontend_dev(std::string_view name) {
  for (const std::string_view prefix : {"xvd", "sd"}) {
    if (!name.starts_with(prefix)) continue;
    const std::string_view letters = name.substr(prefix.size());
    return !letters.empty() && letters.size() <= 2 &&
           std::ranges::all_of(letters, [](char c) { return c >= 'a' && c <= 'z'; });
  }
  return false;
}

base::Result<std::string> checked(const base::device::Property& option) {
  const auto& [key, value] = option;
  std::string lower = value;
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (key == read_only) {
    if (one_of(lower, {"1", "yes", "true", "on"})) return std::string("yes");
    if (one_of(lower, {"0", "no", "false", "off"})) return std::string("no");
    return base::fail("Invalid read-only option value: " + base::wire::escape(value));
  }
  if (key == frontend_dev) {
    if (valid_frontend_dev(value)) return value;
    return base::fail("Invalid frontend-dev option value: " + base::wire::escape(value));
  }
  if (key == devtype) {
    if (one_of(value, {"disk", "cdrom"})) return value;
    return base::fail("devtype option can only have 'disk' or 'cdrom' value");
  }
  return base::fail("Unsupported option " + base::wire::escape(key));
}

// xvdi to xvdz, xvdaa to xvdzz, then what qubes often use themselves: xvda to xvdh.
std::string first_free(const std::set<std::string>& taken) {
  const std::string prefix = "xvd";
  const auto free = [&taken](const std::string& name) { return !taken.contains(name); };
  const auto single = [&](char from, char to) -> std::string {
    for (char c = from; c <= to; ++c) {
      if (std::string name = prefix + c; free(name)) return name;
    }
    return {};
  };
  if (std::string name = single('i', 'z'); !name.empty()) return name;
  for (char first = 'a'; first <= 'z'; ++first) {
    for (char second = 'a'; second <= 'z'; ++second) {
      if (std::string name = prefix + first + second; free(name)) return name;
    }
  }
  return single('a', 'h');
}

}  // namespace

base::Result<Properties> check_block_options(const Properties& given) {
  Properties options;
  for (const auto& each : given) {
    auto value = checked(each);
    if (!value) return base::fail(value.error().text);
    options.push_back({each.key, *std::move(value)});
  }
  return options;
}

base::Result<Properties> complete_block_options(const Properties& given,
                                                const sysusb::BlockRecord& device,
                                                const std::set<std::string>& taken) {
  auto options = check_block_options(given);
  if (!options) return options;
  const std::string* type = find_property(*options, devtype);
  // A disc is none that is written, whatever it is made of.
  const bool only_reads =
      device.mode == sysusb::BlockMode::read_only || (type != nullptr && *type == "cdrom");
  if (const std::string* value = find_property(*options, read_only); value == nullptr) {
    options->push_back({std::string(read_only), only_reads ? "yes" : "no"});
  } else if (only_reads && *value == "no") {
    return base::fail("This device can be attached only read-only");
  }
  if (const std::string* name = find_property(*options, frontend_dev); name == nullptr) {
    const bool disc = device.kind == sysusb::BlockKind::cdrom && !taken.contains("xvdd");
    std::string chosen = disc ? "xvdd" : first_free(taken);
    if (chosen.empty()) return base::fail("no free device name left in the qube; detach one first");
    options->push_back({std::string(frontend_dev), std::move(chosen)});
  } else if (taken.contains(*name)) {
    return base::fail("frontend-dev " + *name + " is another attached device's in the qube");
  }
  if (device.kind == sysusb::BlockKind::cdrom && find_property(*options, devtype) == nullptr) {
    options->push_back({std::string(devtype), "cdrom"});
  }
  return options;
}

std::string server_words(const Properties& options) {
  const std::string* value = find_property(options, read_only);
  return value != nullptr && *value == "yes" ? "read-only=yes" : "";
}

}  // namespace dom0
