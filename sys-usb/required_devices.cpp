// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys-usb/required_devices.hpp"

#include <algorithm>

#include "base/device/properties.hpp"

namespace sysusb {
namespace {

using base::device::Properties;

// Both lists have a line for each, "NAME key='value' ...".
template <class Take>
void each_line(std::string_view untrusted, Take take) {
  while (!untrusted.empty()) {
    std::string_view line = untrusted.substr(0, untrusted.find('\n'));
    untrusted.remove_prefix(std::min(untrusted.size(), line.size() + 1));
    line.remove_prefix(std::min(line.size(), line.find(' ')));
    line.remove_prefix(std::min(line.size(), line.find_first_not_of(' ')));
    if (const auto properties = base::device::parse_properties(line)) take(*properties);
  }
}

std::string value_of(const Properties& properties, std::string_view key) {
  const std::string* found = base::device::find_property(properties, key);
  return found == nullptr ? std::string() : *found;
}

bool covers(const std::string& wanted, const std::string& there) {
  return wanted == "*" || wanted == there;
}

}  // namespace

std::vector<RequiredDevice> required_devices(std::string_view untrusted_assigned) {
  std::vector<RequiredDevice> required;
  each_line(untrusted_assigned, [&required](const Properties& line) {
    if (value_of(line, "mode") != "required") return;
    required.push_back({.backend = value_of(line, "backend_domain"),
                        .port_id = value_of(line, "port_id"),
                        .device_id = value_of(line, "device_id")});
  });
  return required;
}

bool is_available(const RequiredDevice& device, std::string_view untrusted_available) {
  bool found = false;
  each_line(untrusted_available, [&device, &found](const Properties& line) {
    found = found || (covers(device.port_id, value_of(line, "port_id")) &&
                      covers(device.device_id, value_of(line, "device_id")));
  });
  return found;
}

}  // namespace sysusb
