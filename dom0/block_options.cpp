// SPDX-License-Identifier: GPL-2.0-or-later
#include "dom0/block_options.hpp"

#include <algorithm>
#include <vector>

#include "base/device/snapshot_name.hpp"
#include "base/wire/escape.hpp"

namespace dom0 {
namespace {

using base::device::find_property;
using base::device::Properties;

constexpr std::string_view read_only = "read-only";
constexpr std::string_view frontend_dev = "frontend-dev";
constexpr std::string_view devtype = "devtype";
constexpr std::string_view snapshot = "snapshot";
constexpr std::string_view fill = "fill";
constexpr std::string_view seal = "seal";
constexpr std::string_view commit = "commit";
static_assert(base::device::max_snapshot_name == sysusb::max_block_id);

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
  if (key == snapshot) {
    if (value.size() <= base::device::max_snapshot_name && sysusb::valid_block_id(value))
      return value;
    return base::fail("Invalid snapshot option value: " + base::wire::escape(value) +
                      "; a name has a-z, 0-9 and -, a letter first, at most 31");
  }
  if (key == fill) {
    if (one_of(value, {"lazy", "in-order"})) return value;
    return base::fail("fill option can only have 'lazy' or 'in-order' value");
  }
  if (key == seal || key == commit) {
    if (one_of(value, {"yes", "no"})) return value;
    return base::fail(key + " option can only have 'yes' or 'no' value");
  }
  return base::fail("Unsupported option " + base::wire::escape(key));
}

bool is_for_snapshots(std::string_view key) { return one_of(key, {snapshot, fill, seal, commit}); }

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
                                                const std::set<std::string>& taken,
                                                DefaultAccess access) {
  auto options = check_block_options(given);
  if (!options) return options;
  for (const auto& each : *options) {
    if (is_for_snapshots(each.key)) {
      return base::fail("option " + each.key + " is for a qube that stores snapshots");
    }
  }
  const std::string* type = find_property(*options, devtype);
  // A disc is none that is written, whatever it is made of.
  const bool only_reads =
      device.mode == sysusb::BlockMode::read_only || (type != nullptr && *type == "cdrom");
  if (const std::string* value = find_property(*options, read_only); value == nullptr) {
    const bool reads = only_reads || access == DefaultAccess::reads;
    options->push_back({std::string(read_only), reads ? "yes" : "no"});
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

base::Result<Properties> complete_snapshot_options(const Properties& given,
                                                   const std::string& default_name) {
  auto options = check_block_options(given);
  if (!options) return options;
  for (const auto& each : *options) {
    if (each.key != read_only && !is_for_snapshots(each.key)) {
      return base::fail("option " + each.key + " has no meaning in a qube that stores snapshots");
    }
  }
  const std::string* written = find_property(*options, commit);
  const bool commits = written != nullptr && *written == "yes";
  if (commits && find_property(*options, snapshot) == nullptr) {
    return base::fail("commit=yes needs the name of the snapshot: snapshot=NAME");
  }
  if (const std::string* value = find_property(*options, read_only); value == nullptr) {
    options->push_back({std::string(read_only), commits ? "no" : "yes"});
  } else if (*value == (commits ? "yes" : "no")) {
    return base::fail(commits ? "commit=yes writes to the device: leave read-only out"
                              : "a snapshot only reads the device: leave read-only=no out");
  }
  if (find_property(*options, snapshot) == nullptr) {
    options->push_back({std::string(snapshot), default_name});
  }
  return options;
}

std::string server_words(const Properties& options) {
  const std::string* value = find_property(options, read_only);
  return value != nullptr && *value == "yes" ? "read-only=yes" : "";
}

}  // namespace dom0
