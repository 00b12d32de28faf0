// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys-usb/early/early_config.hpp"

#include <algorithm>
#include <charconv>

#include "base/wire/escape.hpp"
#include "base/wire/pci_address.hpp"

namespace sysusb::early {
namespace {

constexpr std::size_t max_entries = 64;
constexpr std::size_t max_tiers = 6;  // USB 2.0, 4.1.1: five hubs below the root hub
constexpr unsigned max_port = 255;

std::string quoted(std::string_view text) { return "'" + base::wire::escape(text, 80) + "'"; }

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blank = " \t\r";
  const std::size_t first = text.find_first_not_of(blank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

// All of the text, or nothing of it, is the number.
template <class Number>
bool read_number(std::string_view text, int base, Number& out) {
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, out, base);
  return parsed.ec == std::errc{} && parsed.ptr == end;
}

base::Status add_port(std::string_view value, EarlyConfig& config) {
  if (value == "any") {
    config.which = Ports::any;
    return base::Ok{};
  }
  constexpr std::size_t size = base::wire::pci_address_size;
  if (value.size() < size + 2 || !base::wire::is_pci_address(value.substr(0, size)) ||
      value[size] != '-' || !valid_path(value.substr(size + 1))) {
    return base::fail(quoted(value) +
                      " is not a port; write the PCI address of the controller in lower case, '-' "
                      "and the path of ports, such as 0000:00:14.0-2 or 0000:00:14.0-2.1, or any");
  }
  if (config.ports.size() == max_entries) {
    return base::fail("more than " + std::to_string(max_entries) + " ports; leave some out");
  }
  config.ports.push_back({.controller = std::string(value.substr(0, size)),
                          .path = std::string(value.substr(size + 1))});
  return base::Ok{};
}

base::Status add_model(std::string_view value, EarlyConfig& config) {
  Model model;
  if (value.size() != 9 || value[4] != ':' || !read_number(value.substr(0, 4), 16, model.vendor) ||
      !read_number(value.substr(5), 16, model.product)) {
    return base::fail(quoted(value) +
                      " is not a vendor and product as lsusb writes them, such as 046d:c31c");
  }
  if (config.models.size() == max_entries) {
    return base::fail("more than " + std::to_string(max_entries) + " vendors; leave some out");
  }
  config.models.push_back(model);
  return base::Ok{};
}

base::Status set(EarlyConfig& config, std::string_view key, std::string_view value) {
  if (key == "port") return add_port(value, config);
  if (key == "vendor") return add_model(value, config);
  if (key == "max-keyboards") {
    unsigned number = 0;
    if (!read_number(value, 10, number) || number < 1 || number > most_keyboards) {
      return base::fail(quoted(value) + " is not a number from 1 to " +
                        std::to_string(most_keyboards));
    }
    config.max_keyboards = number;
    return base::Ok{};
  }
  if (key == "allow-extra-hid") {
    if (value != "yes" && value != "no")
      return base::fail(quoted(value) + " is neither yes nor no");
    config.extra_hid = value == "yes" ? ExtraHid::permitted : ExtraHid::refused;
    return base::Ok{};
  }
  return base::fail("unknown key " + quoted(key) +
                    "; known are: port vendor max-keyboards allow-extra-hid");
}

base::Status parse_line(std::string_view line, EarlyConfig& config,
                        std::vector<std::string>& seen) {
  line = trimmed(line.substr(0, line.find('#')));
  if (line.empty()) return base::Ok{};
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) {
    return base::fail("no '=' in " + quoted(line) + "; a line is KEY = VALUE");
  }
  const std::string key(trimmed(line.substr(0, equals)));
  const bool list = key == "port" || key == "vendor";
  if (!list && std::ranges::find(seen, key) != seen.end()) {
    return base::fail("key " + quoted(key) + " is given twice; keep one");
  }
  seen.push_back(key);
  return set(config, key, trimmed(line.substr(equals + 1)));
}

}  // namespace

std::string text_of(const Place& place) {
  return place.path.empty() ? place.controller : place.controller + "-" + place.path;
}

bool valid_path(std::string_view text) {
  for (std::size_t tier = 0; tier < max_tiers; ++tier) {
    const std::string_view port = text.substr(0, text.find('.'));
    unsigned number = 0;
    if (port.starts_with('0') || !read_number(port, 10, number) || number > max_port) return false;
    if (port.size() == text.size()) return true;
    text.remove_prefix(port.size() + 1);
  }
  return false;
}

base::Result<EarlyConfig> parse_early_config(std::string_view text, std::string_view file) {
  EarlyConfig config;
  std::vector<std::string> seen;
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (auto done = parse_line(line, config, seen); !done) {
      return base::fail(std::string(file) + ":" + std::to_string(number) + ": " +
                        done.error().text);
    }
  }
  if (config.which == Ports::listed && config.ports.empty()) {
    return base::fail(std::string(file) +
                      ": no port is named, so no keyboard could type; add for example: port = any");
  }
  return config;
}

}  // namespace sysusb::early
