// SPDX-License-Identifier: GPL-2.0-or-later
// Reads the lines of the Admin API's lists; see the header.
#include "cli/device_info.hpp"

#include <algorithm>
#include <array>

#include "base/wire/ascii.hpp"
#include "base/wire/escape.hpp"

namespace cli {
namespace {

using base::device::find_property;
using base::device::Properties;

constexpr std::size_t max_word = 512;

bool word_character(char c) { return c > ' ' && c <= '~'; }
bool name(std::string_view text) {
  return !text.empty() && text.size() <= max_word &&
         std::ranges::all_of(text, base::wire::is_name_character);
}

base::Unexpected<base::Error> bad_line(std::string_view untrusted_line) {
  return base::fail("cannot read a line of the daemon's list: \"" +
                    base::wire::escape(untrusted_line) + "\"");
}

struct Head {
  std::string_view place;  // "2-1" or "sys-usb+2-1"
  std::string_view device_id;
  std::string_view rest;
};

// "PLACE:DEVICE_ID REST"
base::Result<Head> split_head(std::string_view line) {
  const std::size_t blank = line.find(' ');
  const std::string_view identity = line.substr(0, blank);
  const std::size_t colon = identity.find(':');
  if (colon == std::string_view::npos || identity.size() > max_word ||
      !std::ranges::all_of(identity, word_character)) {
    return bad_line(line);
  }
  return Head{.place = identity.substr(0, colon),
              .device_id = identity.substr(colon + 1),
              .rest = blank == std::string_view::npos ? std::string_view{} : line.substr(blank)};
}

std::string value_of(const Properties& properties, std::string_view key) {
  const std::string* value = find_property(properties, key);
  return value == nullptr ? std::string{} : *value;
}

// "u030101u030102" to its codes; a rest that is no whole code is left out.
std::vector<std::string> split_codes(std::string_view codes) {
  std::vector<std::string> out;
  for (; codes.size() >= base::device::interface_code_size;
       codes.remove_prefix(base::device::interface_code_size)) {
    out.emplace_back(codes.substr(0, base::device::interface_code_size));
  }
  return out;
}

// What a line says beyond these is shown as it is.
constexpr std::array known_keys{
    std::string_view("device_id"),      std::string_view("port_id"),
    std::string_view("devclass"),       std::string_view("backend_domain"),
    std::string_view("vendor"),         std::string_view("product"),
    std::string_view("manufacturer"),   std::string_view("name"),
    std::string_view("serial"),         std::string_view("attachment"),
    std::string_view("interfaces"),     std::string_view("parent_port_id"),
    std::string_view("parent_devclass")};

Properties options_of(const Properties& properties) {
  Properties options;
  for (const base::device::Property& each : properties) {
    if (each.key.starts_with('_')) options.push_back({each.key.substr(1), each.value});
  }
  return options;
}

// Without a colon there is no device id: any.
Head head_of_assignment(std::string_view line) {
  const std::string_view identity = line.substr(0, line.find(' '));
  const std::size_t colon = identity.find(':');
  const bool bare = colon == std::string_view::npos;
  return {.place = identity.substr(0, colon),
          .device_id = bare ? any : identity.substr(colon + 1),
          .rest = line.substr(identity.size())};
}

bool device_id_character(char c) {
  return base::wire::is_name_character(c) || c == ':' || c == '*' || c == '?';
}

void take_properties(DeviceInfo& device, const Properties& properties) {
  base::device::DeviceNames& names = device.names;
  names.vendor = value_of(properties, "vendor");
  names.product = value_of(properties, "product");
  names.manufacturer = value_of(properties, "manufacturer");
  names.name = value_of(properties, "name");
  names.serial = value_of(properties, "serial");
  names.interfaces = split_codes(value_of(properties, "interfaces"));
  const std::string parent = value_of(properties, "parent_port_id");
  if (!parent.empty()) names.parent = device.backend + ":" + parent;
  for (const base::device::Property& each : properties) {
    if (std::ranges::find(known_keys, each.key) != known_keys.end()) continue;
    const bool own = each.key.starts_with('_');
    device.extras.push_back({own ? each.key.substr(1) : each.key, each.value});
  }
}

}  // namespace

base::Result<DeviceInfo> parse_available(std::string_view untrusted_line,
                                         std::string_view device_class, std::string_view backend) {
  const auto head = split_head(untrusted_line);
  if (!head) return base::fail(head.error().text);
  if (!name(head->place)) return bad_line(untrusted_line);
  DeviceInfo device;
  device.backend = backend;
  device.port_id = head->place;
  device.device_id = head->device_id;
  device.names.device_class = device_class;

  const auto properties = base::device::parse_properties(head->rest);
  // The head and the properties must speak of the same device.
  const auto agrees = [&properties](std::string_view key, const std::string& expected) {
    const std::string* value = find_property(*properties, key);
    return value == nullptr || *value == expected;
  };
  device.known = properties && agrees("device_id", device.device_id) &&
                 agrees("port_id", device.port_id) && agrees("backend_domain", device.backend);
  if (device.known) {
    take_properties(device, *properties);
  } else {
    device.device_id = unknown_device_id;
  }
  return device;
}

std::string waits_for(const DeviceInfo& device) {
  constexpr std::string_view waiting = "waiting ";
  const std::string* state = find_property(device.extras, "state");
  if (state == nullptr || !state->starts_with(waiting)) return {};
  return state->substr(waiting.size());
}

base::Result<Attachment> parse_attached(std::string_view untrusted_line,
                                        std::string_view frontend) {
  const auto head = split_head(untrusted_line);
  if (!head) return base::fail(head.error().text);
  const std::size_t plus = head->place.find('+');
  const auto properties = base::device::parse_properties(head->rest);
  if (plus == std::string_view::npos || !properties) return bad_line(untrusted_line);
  Attachment attachment{.backend = std::string(head->place.substr(0, plus)),
                        .port_id = std::string(head->place.substr(plus + 1)),
                        .device_id = std::string(head->device_id),
                        .frontend = std::string(frontend),
                        .options = options_of(*properties)};
  if (!name(attachment.backend) || !name(attachment.port_id)) return bad_line(untrusted_line);
  return attachment;
}

base::Result<Attachment> parse_assigned(std::string_view untrusted_line,
                                        std::string_view frontend) {
  const Head head = head_of_assignment(untrusted_line);
  const std::size_t plus = head.place.find('+');
  const auto properties = base::device::parse_properties(head.rest);
  if (plus == std::string_view::npos || !properties) return bad_line(untrusted_line);
  const std::string_view port = head.place.substr(plus + 1);
  const std::string* id = find_property(*properties, "device_id");
  const std::string* mode = find_property(*properties, "mode");
  Attachment assignment{.backend = std::string(head.place.substr(0, plus)),
                        .port_id = std::string(port == "_" ? any : port),
                        .device_id = id != nullptr ? *id : std::string(head.device_id),
                        .frontend = std::string(frontend),
                        .options = options_of(*properties),
                        .mode = mode != nullptr ? *mode : "auto-attach"};
  if (assignment.device_id == "_") assignment.device_id = any;
  const bool good = name(assignment.backend) && name(assignment.mode) &&
                    (assignment.port_id == any || name(assignment.port_id)) &&
                    !assignment.device_id.empty() && assignment.device_id.size() <= max_word &&
                    std::ranges::all_of(assignment.device_id, device_id_character);
  if (!good) return bad_line(untrusted_line);
  return assignment;
}

base::Result<Qube> parse_qube(std::string_view untrusted_line) {
  const std::size_t blank = untrusted_line.find(' ');
  Qube qube{.name = std::string(untrusted_line.substr(0, blank)), .state = {}};
  if (!name(qube.name)) return bad_line(untrusted_line);
  constexpr std::string_view key = " state=";
  const std::size_t at = untrusted_line.find(key);
  if (at != std::string_view::npos) {
    const std::string_view rest = untrusted_line.substr(at + key.size());
    qube.state = base::wire::escape(rest.substr(0, rest.find(' ')), 32);
  }
  return qube;
}

std::string device_argument(std::string_view backend, std::string_view port_id,
                            std::string_view device_id) {
  std::string out =
      std::string(backend) + "+" + std::string(port_id) + "+" + std::string(device_id);
  for (char& c : out) {
    if (c == ':') c = '+';
    if (c == '*' || c == '?') c = '_';
  }
  return out;
}

}  // namespace cli
