// SPDX-License-Identifier: GPL-2.0-or-later
// What sys-usb says of one device, as it crosses to dom0 (docs/protocol.md 3). Every text in it is
// a claim of the device; only the backend's name and the port id are facts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/wire/reader.hpp"
#include "base/wire/result.hpp"

namespace sysusb {

inline constexpr std::size_t max_port_id = 31;
inline constexpr std::size_t max_interfaces = 32;
inline constexpr std::size_t max_described = 255;  // interfaces, used or not; what a u8 counts
inline constexpr std::size_t max_text = 255;       // each string of a device; what a str8 holds
inline constexpr std::size_t descriptors_hash_size = 32;  // BLAKE2b-256
inline constexpr std::size_t usbguard_hash_size = 32;     // SHA-256

struct Interface {
  std::uint8_t interface_class = 0;
  std::uint8_t subclass = 0;
  std::uint8_t protocol = 0;
  friend auto operator<=>(const Interface&, const Interface&) = default;
};

// usbredir's numbers (usbredirproto.h).
enum class Speed : std::uint8_t { low = 0, full = 1, high = 2, super = 3, unknown = 255 };

struct DeviceRecord {
  std::string port_id;  // "2-1.4", valid_port_id()
  std::uint8_t bus = 0;
  std::uint8_t device = 0;
  Speed speed = Speed::unknown;
  std::uint16_t vendor_id = 0;
  std::uint16_t product_id = 0;
  std::uint16_t device_version = 0;  // bcdDevice
  std::uint16_t usb_version = 0;     // bcdUSB
  std::string manufacturer;          // these three: raw bytes of the device, at most 255 each
  std::string product;
  std::string serial;
  std::vector<Interface> interfaces;  // at most max_interfaces, in descriptor order
  // Hash of all descriptors as the kernel read them (sysfs's `descriptors`), raw; empty: unknown.
  std::string descriptors_hash = {};
  // Every interface of every configuration and alternate setting (sys-usb/described_interfaces);
  // empty: unknown.
  std::vector<Interface> described = {};
  // What USBGuard calls the device's hash, 32 raw bytes; empty: unknown.
  std::string usbguard_hash = {};

  friend bool operator==(const DeviceRecord&, const DeviceRecord&) = default;
};

enum class RecordError {
  truncated,
  trailing_bytes,
  unknown_class,
  bad_port_id,
  bad_speed,
  too_many_interfaces,
  bad_descriptors_hash,
  bad_usbguard_hash
};
const char* describe(RecordError error);

// `^[0-9]+-[0-9]+(\.[0-9]+)*$`, 1 to max_port_id characters: a sysfs name of a USB device.
bool valid_port_id(std::string_view text);

// The record must fit its bounds (longer strings are cut at 255 bytes).
std::vector<std::byte> encode_record(const DeviceRecord& record);
base::Result<DeviceRecord, RecordError> parse_record(base::wire::Bytes untrusted);

}  // namespace sysusb
