// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys-usb/early/early_record.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/wire/ascii.hpp"
#include "base/wire/escape.hpp"

namespace sysusb::early {
namespace {

constexpr std::string_view root_hub = "usb";
constexpr std::size_t max_name = 31;

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 3 && std::ranges::all_of(text, base::wire::is_digit);
}

// "keyboard 1-2.1 7"
std::optional<Authorised> parse_device(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return std::nullopt;
  Authorised device;
  const std::string_view role = line.substr(0, first);
  if (role != "keyboard" && role != "hub") return std::nullopt;
  device.role = role == "hub" ? Role::hub : Role::keyboard;
  device.name = line.substr(first + 1, last - first - 1);
  const std::string_view number = line.substr(last + 1);
  const char* end = number.data() + number.size();
  const auto parsed = std::from_chars(number.data(), end, device.number);
  if (!valid_device_name(device.name) || parsed.ec != std::errc{} || parsed.ptr != end) {
    return std::nullopt;
  }
  return device;
}

}  // namespace

bool valid_device_name(std::string_view text) {
  if (text.size() > max_name) return false;
  if (text.starts_with(root_hub)) return is_number(text.substr(root_hub.size()));
  const std::size_t dash = text.find('-');
  return dash != std::string_view::npos && is_number(text.substr(0, dash)) &&
         valid_path(text.substr(dash + 1));
}

std::string line_of(const Authorised& device) {
  return (device.role == Role::hub ? "hub " : "keyboard ") + device.name + " " +
         std::to_string(device.number) + "\n";
}

base::Result<EarlyRecord> parse_early_record(std::string_view text) {
  EarlyRecord record;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    const auto device = parse_device(line);
    const bool over = line == over_line.substr(0, over_line.size() - 1);
    if (end == std::string_view::npos || (!device && !over)) {
      return base::fail("'" + base::wire::escape(line, 60) + "' is no line of a record");
    }
    if (over) record.phase = Phase::over;
    if (device) record.devices.push_back(*device);
    text.remove_prefix(end + 1);
  }
  return record;
}

}  // namespace sysusb::early
