// SPDX-License-Identifier: GPL-2.0-or-later
// Writes and reads the Admin API's device texts; see the header.
#include "dom0/device_lines.hpp"

#include <algorithm>
#include <vector>

#include "base/wire/ascii.hpp"
#include "base/wire/escape.hpp"
#include "dom0/device_description.hpp"

namespace dom0 {
namespace {

using base::device::Properties;

constexpr std::string_view any = "*";
constexpr std::string_view any_in_argument = "_";
constexpr std::string_view unknown_interface = "?******";
constexpr std::string_view unknown_interface_in_argument = "_______";
constexpr std::string_view block_interface_in_argument = "b______";
constexpr std::size_t max_backend = 63;
constexpr std::size_t min_identity_parts = 4;  // vendor, product, serial, interfaces
constexpr std::size_t max_identity_parts = 6;  // and two levels of parts inside

bool word(std::string_view text) {
  return std::ranges::all_of(text, base::wire::is_name_character);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

void add_if_known(Properties& properties, std::string_view key, const std::string& value) {
  if (!value.empty() && value != "unknown") properties.push_back({std::string(key), value});
}

void add_options(Properties& properties, const Properties& options) {
  for (const base::device::Property& each : options) {
    properties.push_back({"_" + each.key, each.value});
  }
}

// All interface codes in a row, as one word.
std::string codes_of(const Device& device) {
  std::string codes;
  for (const std::string& each : interface_codes(device)) codes += each;
  return codes.empty() ? std::string(unknown_interface) : codes;
}

Properties identity_properties(const Device& device, std::string_view backend) {
  return {{"device_id", device_id(device)},
          {"port_id", device.port_id()},
          {"devclass", std::string(device.device_class().name)},
          {"backend_domain", std::string(backend)}};
}

base::Unexpected<base::Error> bad_argument(std::string_view why, std::string_view untrusted) {
  return base::fail("the request's argument names no device (" + std::string(why) + "): \"" +
                    base::wire::escape(untrusted) + "\"; expected BACKEND+PORT+DEVICE_ID");
}

// "0951+1666+60A4+u080650" to "0951:1666:60A4:u080650".
base::Result<std::string> identity_of(const std::vector<std::string_view>& parts,
                                      std::string_view untrusted) {
  if (parts.size() == 1 && parts.front() == any_in_argument) return std::string(any);
  if (parts.size() < min_identity_parts || parts.size() > max_identity_parts) {
    return bad_argument("its device id has not four parts", untrusted);
  }
  std::string id;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!word(parts[i])) return bad_argument("its device id has other characters", untrusted);
    if (i > 0) id += ':';
    // A serial of seven underscores is a serial; only at the interfaces' place it means "unknown".
    const bool codes = i + 1 == min_identity_parts;
    if (codes && parts[i] == unknown_interface_in_argument) {
      id += unknown_interface;
    } else {
      id += codes && parts[i] == block_interface_in_argument ? block_interface : parts[i];
    }
  }
  if (id.size() > max_device_id) return bad_argument("its device id is too long", untrusted);
  return id;
}

}  // namespace

base::Result<DeviceRef> parse_device_ref(std::string_view untrusted) {
  if (untrusted.size() > max_backend + sysusb::max_port_id + max_device_id + 2) {
    return bad_argument("it is too long", untrusted);
  }
  std::vector<std::string_view> parts = split(untrusted, '+');
  if (parts.size() < 2) return bad_argument("it has no port", untrusted);
  const std::string_view backend = parts[0];
  const std::string_view port = parts[1];
  if (backend.empty() || backend.size() > max_backend || !word(backend)) {
    return bad_argument("its backend is no name", untrusted);
  }
  if (port.empty() || port.size() > sysusb::max_port_id || !word(port)) {
    return bad_argument("its port is no port id", untrusted);
  }
  parts.erase(parts.begin(), parts.begin() + 2);
  DeviceRef ref{.backend = std::string(backend),
                .port_id = std::string(port == any_in_argument ? any : port),
                .device_id = std::string(any)};
  if (parts.empty()) return ref;
  auto id = identity_of(parts, untrusted);
  if (!id) return base::fail(id.error().text);
  ref.device_id = *std::move(id);
  return ref;
}

std::string format_device_ref(const DeviceRef& ref) {
  std::string out = ref.backend + "+" + ref.port_id + "+" + ref.device_id;
  for (char& c : out) {
    if (c == ':') c = '+';
    if (c == '*' || c == '?') c = '_';
  }
  return out;
}

bool matches(const DeviceRef& ref, const Device& device) {
  if (ref.port_id != any && ref.port_id != device.port_id()) return false;
  return ref.device_id == any || ref.device_id == device_id(device);
}

std::string available_line(const Device& device, const UsbIds& ids, std::string_view backend,
                           std::string_view attachment, const Properties& extras) {
  base::device::DeviceNames names = names_of(device, ids);
  if (device.block() != nullptr && names.manufacturer.empty()) {
    names.manufacturer = "hosted by " + std::string(backend);
  }
  Properties properties = identity_properties(device, backend);
  add_if_known(properties, "vendor", names.vendor);
  add_if_known(properties, "product", names.product);
  add_if_known(properties, "manufacturer", names.manufacturer);
  add_if_known(properties, "name", names.name);
  add_if_known(properties, "serial", names.serial);
  add_if_known(properties, "attachment", std::string(attachment));
  properties.push_back({"interfaces", codes_of(device)});
  if (const Device::Parent parent = device.parent(); !parent.port_id.empty()) {
    properties.push_back({"parent_port_id", parent.port_id});
    properties.push_back({"parent_devclass", std::string(parent.device_class->name)});
  }
  add_options(properties, extras);
  return device.port_id() + ":" + device_id(device) + " " +
         base::device::format_properties(properties) + "\n";
}

std::string options_text(const Properties& options) {
  std::string text;
  for (const auto& each : options) {
    text += (text.empty() ? "'" : ", '") + each.key + "': '" + each.value + "'";
  }
  return "{" + text + "}";
}

std::string attached_line(const Device& device, std::string_view backend, std::string_view frontend,
                          const Properties& options) {
  Properties properties = identity_properties(device, backend);
  properties.push_back({"mode", "manual"});
  properties.push_back({"frontend_domain", std::string(frontend)});
  add_options(properties, options);
  return std::string(backend) + "+" + device.port_id() + ":" + device_id(device) + " " +
         base::device::format_properties(properties) + "\n";
}

}  // namespace dom0
