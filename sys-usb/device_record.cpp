// SPDX-License-Identifier: GPL-2.0-or-later
// The device record's bytes; see the header and docs/protocol.md 3.
#include "sys-usb/device_record.hpp"

#include <algorithm>
#include <optional>

#include "base/wire/writer.hpp"

namespace sysusb {
namespace {

constexpr std::uint8_t usb_class = 'u';

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<Speed> speed_of(std::uint8_t untrusted) {
  switch (const auto speed = static_cast<Speed>(untrusted)) {
    case Speed::low:
    case Speed::full:
    case Speed::high:
    case Speed::super:
    case Speed::unknown:
      return speed;
  }
  return std::nullopt;
}

void append_text(base::wire::Writer& out, std::string_view text) {
  const std::string_view cut = text.substr(0, max_text);
  out.u8(static_cast<std::uint8_t>(cut.size())).text(cut);
}

void append_interfaces(base::wire::Writer& out, const std::vector<Interface>& interfaces,
                       std::size_t most) {
  const std::size_t count = std::min(interfaces.size(), most);
  out.u8(static_cast<std::uint8_t>(count));
  for (std::size_t i = 0; i < count; ++i) {
    const Interface& each = interfaces[i];
    out.u8(each.interface_class).u8(each.subclass).u8(each.protocol);
  }
}

// The count is checked: at most 255 of three bytes each.
std::vector<Interface> take_interfaces(base::wire::Reader& in, std::size_t count) {
  std::vector<Interface> interfaces(count);
  for (Interface& each : interfaces) {
    each.interface_class = in.u8();
    each.subclass = in.u8();
    each.protocol = in.u8();
  }
  return interfaces;
}

std::string take_text(base::wire::Reader& in) {
  return std::string(base::wire::as_text(in.take(in.u8())));
}

}  // namespace

const char* describe(RecordError error) {
  switch (error) {
    case RecordError::truncated:
      return "the device record ends in the middle of a field";
    case RecordError::trailing_bytes:
      return "bytes follow the device record";
    case RecordError::unknown_class:
      return "the device record is not of a USB device";
    case RecordError::bad_port_id:
      return "the device record's port id is no sysfs name of a USB device";
    case RecordError::bad_speed:
      return "the device record's speed does not exist";
    case RecordError::too_many_interfaces:
      return "the device record lists more than 32 interfaces";
    case RecordError::bad_descriptors_hash:
      return "the device record's hash of the descriptors is neither absent nor 32 bytes";
    case RecordError::bad_usbguard_hash:
      return "the device record's USBGuard hash is neither absent nor 32 bytes";
  }
  return "unknown device record error";
}

bool valid_port_id(std::string_view text) {
  if (text.size() > max_port_id) return false;
  bool seen_dash = false;
  bool after_digit = false;
  for (const char c : text) {
    if (is_digit(c)) {
      after_digit = true;
      continue;
    }
    // One dash, then dots only; each between digits.
    const bool separator = seen_dash ? c == '.' : c == '-';
    if (!separator || !after_digit) return false;
    seen_dash = true;
    after_digit = false;
  }
  return seen_dash && after_digit;
}

std::vector<std::byte> encode_record(const DeviceRecord& record) {
  std::vector<std::byte> wire;
  base::wire::Writer out(wire);
  out.u8(usb_class);
  append_text(out, record.port_id);
  out.u8(record.bus).u8(record.device).u8(static_cast<std::uint8_t>(record.speed));
  out.u16(record.vendor_id).u16(record.product_id);
  out.u16(record.device_version).u16(record.usb_version);
  append_text(out, record.manufacturer);
  append_text(out, record.product);
  append_text(out, record.serial);
  append_interfaces(out, record.interfaces, max_interfaces);
  append_text(out, record.descriptors_hash);
  // Left out whole where it says nothing, so that such a record is what it was before there was
  // one.
  if (record.described.empty() && record.usbguard_hash.empty()) return wire;
  append_interfaces(out, record.described, max_described);
  append_text(out, record.usbguard_hash);
  return wire;
}

base::Result<DeviceRecord, RecordError> parse_record(base::wire::Bytes untrusted) {
  base::wire::Reader in(untrusted);
  DeviceRecord record;
  const std::uint8_t kind = in.u8();
  record.port_id = take_text(in);
  record.bus = in.u8();
  record.device = in.u8();
  const auto speed = speed_of(in.u8());
  record.vendor_id = in.u16();
  record.product_id = in.u16();
  record.device_version = in.u16();
  record.usb_version = in.u16();
  record.manufacturer = take_text(in);
  record.product = take_text(in);
  record.serial = take_text(in);
  const std::size_t count = in.u8();
  if (!in.ok()) return base::Unexpected{RecordError::truncated};

  if (kind != usb_class) return base::Unexpected{RecordError::unknown_class};
  if (!valid_port_id(record.port_id)) return base::Unexpected{RecordError::bad_port_id};
  if (!speed) return base::Unexpected{RecordError::bad_speed};
  if (count > max_interfaces) return base::Unexpected{RecordError::too_many_interfaces};
  record.speed = *speed;
  record.interfaces = take_interfaces(in, count);
  record.descriptors_hash = take_text(in);
  if (in.ok() && !in.done()) {
    record.described = take_interfaces(in, in.u8());
    record.usbguard_hash = take_text(in);
    // There is one way to write each record: with nothing to say this is not there.
    if (in.ok() && record.described.empty() && record.usbguard_hash.empty()) {
      return base::Unexpected{RecordError::trailing_bytes};
    }
  }
  if (!in.ok()) return base::Unexpected{RecordError::truncated};
  if (!record.descriptors_hash.empty() && record.descriptors_hash.size() != descriptors_hash_size) {
    return base::Unexpected{RecordError::bad_descriptors_hash};
  }
  if (!record.usbguard_hash.empty() && record.usbguard_hash.size() != usbguard_hash_size) {
    return base::Unexpected{RecordError::bad_usbguard_hash};
  }
  if (!in.done()) return base::Unexpected{RecordError::trailing_bytes};
  return record;
}

}  // namespace sysusb
