// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/inventory_file.hpp"

#include <charconv>
#include <optional>
#include <string>

#include "agent/block_line.hpp"

namespace agent {
namespace {

// The next key=value of a line; nothing at its end. False in `ok`: not a key=value.
std::optional<std::pair<std::string, std::string>> next_field(std::string_view& line, bool& ok) {
  const std::size_t start = line.find_first_not_of(" \t");
  if (start == std::string_view::npos || line[start] == '#') return std::nullopt;
  line.remove_prefix(start);
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    ok = false;
    return std::nullopt;
  }
  std::string key(line.substr(0, equals));
  line.remove_prefix(equals + 1);
  const bool quoted = line.starts_with('"');
  if (quoted) line.remove_prefix(1);
  const std::size_t end = quoted ? line.find('"') : line.find_first_of(" \t");
  if (quoted && end == std::string_view::npos) {
    ok = false;
    return std::nullopt;
  }
  std::string value(line.substr(0, end));
  line.remove_prefix(end == std::string_view::npos ? line.size() : end + (quoted ? 1 : 0));
  return std::pair(std::move(key), std::move(value));
}

template <class T>
bool number(const KeyValues& fields, std::string_view key, int base, T& out) {
  const auto found = fields.find(key);
  if (found == fields.end()) return true;
  const std::string& text = found->second;
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size() ||
      value > static_cast<unsigned>(static_cast<T>(~T{0}))) {
    return false;
  }
  out = static_cast<T>(value);
  return true;
}

bool interfaces(const KeyValues& fields, std::string_view key, std::size_t most,
                std::vector<sysusb::Interface>& out) {
  const auto found = fields.find(key);
  if (found == fields.end()) return true;
  out.clear();
  std::string_view rest = found->second;
  while (!rest.empty()) {
    const std::string one(rest.substr(0, rest.find(',')));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    unsigned code = 0;
    const auto [end, error] = std::from_chars(one.data(), one.data() + one.size(), code, 16);
    if (one.size() != 6 || error != std::errc{} || end != one.data() + 6) return false;
    out.push_back({.interface_class = static_cast<std::uint8_t>(code >> 16U),
                   .subclass = static_cast<std::uint8_t>(code >> 8U & 0xffU),
                   .protocol = static_cast<std::uint8_t>(code & 0xffU)});
  }
  return out.size() <= most;
}

// 64 hex digits; absent: unknown.
bool hash(const KeyValues& fields, std::string_view key, std::string& out) {
  const auto found = fields.find(key);
  if (found == fields.end()) return true;
  std::string_view rest = found->second;
  if (rest.size() != 2 * sysusb::descriptors_hash_size) return false;
  for (; !rest.empty(); rest.remove_prefix(2)) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + 2, value, 16);
    if (error != std::errc{} || end != rest.data() + 2) return false;
    out += static_cast<char>(value);
  }
  return true;
}

std::optional<sysusb::Speed> speed_of(const std::string& name) {
  if (name == "low") return sysusb::Speed::low;
  if (name == "full") return sysusb::Speed::full;
  if (name == "high") return sysusb::Speed::high;
  if (name == "super") return sysusb::Speed::super;
  return std::nullopt;
}

// The name of the field that is wrong; empty: none.
std::string fill(const KeyValues& fields, sysusb::DeviceRecord& record) {
  const auto text = [&fields](std::string_view key) {
    const auto found = fields.find(key);
    return found == fields.end() ? std::string() : found->second;
  };
  record.port_id = text("port");
  record.manufacturer = text("manufacturer");
  record.product = text("name");
  record.serial = text("serial");
  record.speed = sysusb::Speed::high;
  if (!sysusb::valid_port_id(record.port_id)) return "port";
  for (const char* key : {"manufacturer", "name", "serial"}) {
    if (text(key).size() > sysusb::max_text) return key;
  }
  if (fields.contains("speed")) {
    const auto speed = speed_of(text("speed"));
    if (!speed) return "speed";
    record.speed = *speed;
  }
  if (!number(fields, "bus", 10, record.bus)) return "bus";
  if (!number(fields, "device", 10, record.device)) return "device";
  if (!number(fields, "vendor", 16, record.vendor_id)) return "vendor";
  if (!number(fields, "product", 16, record.product_id)) return "product";
  if (!number(fields, "version", 16, record.device_version)) return "version";
  if (!number(fields, "usb", 16, record.usb_version)) return "usb";
  if (!interfaces(fields, "interfaces", sysusb::max_interfaces, record.interfaces)) {
    return "interfaces";
  }
  if (!hash(fields, "descriptors-hash", record.descriptors_hash)) return "descriptors-hash";
  // A device on paper has one configuration without alternate settings unless it says otherwise.
  record.described = record.interfaces;
  if (!interfaces(fields, "described", sysusb::max_described, record.described)) {
    return "described";
  }
  if (!hash(fields, "usbguard-hash", record.usbguard_hash)) return "usbguard-hash";
  return {};
}

template <class Record>
base::Result<sysusb::InventoryRecord> filled(const KeyValues& fields, const std::string& where,
                                             std::string (*fill_one)(const KeyValues&, Record&)) {
  Record record;
  const std::string wrong = fill_one(fields, record);
  if (!wrong.empty()) return base::fail(where + "bad value for '" + wrong + "'");
  return sysusb::InventoryRecord{std::move(record)};
}

}  // namespace

base::Result<std::vector<sysusb::InventoryRecord>> parse_inventory_file(std::string_view text,
                                                                        std::string_view file) {
  std::vector<sysusb::InventoryRecord> records;
  std::size_t line_number = 0;
  while (!text.empty()) {
    ++line_number;
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::string where = std::string(file) + ":" + std::to_string(line_number) + ": ";
    KeyValues fields;
    bool ok = true;
    while (auto field = next_field(line, ok)) fields.insert(*std::move(field));
    if (!ok) return base::fail(where + "expected key=value");
    if (fields.empty()) continue;
    auto record =
        fields.contains("block") ? filled(fields, where, fill_block) : filled(fields, where, fill);
    if (!record) return base::fail(record.error().text);
    records.push_back(*std::move(record));
  }
  return records;
}

}  // namespace agent
