// SPDX-License-Identifier: GPL-2.0-or-later
// What dom0 knows of the device that a call is about, as far as rules ask.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace policy {

// Texts of a device that are as long as this may have been cut (sys-usb/device_record).
inline constexpr std::size_t max_device_text = 255;

// Everything but backend, port and history is the device's own claim.
struct DeviceFacts {
  // Fresh: no qube ever got it as it is; known: one did, with these descriptors; changed: it was
  // here with other ones.
  enum class History : std::uint8_t { fresh, known, changed };

  std::string backend = {};
  std::string port_id = {};  // "2-1.4"
  History history = History::fresh;
  std::vector<std::string> interfaces = {};  // "u080650", in the order of the descriptors
  std::uint16_t vendor_id = 0;
  std::uint16_t product_id = 0;
  std::string serial = {};
  std::string name = {};

  // What the scanner said of the medium; none: nobody scanned it.
  enum class Scan : std::uint8_t { none, clean, suspicious, incomplete, failed, infected };
  Scan scan = Scan::none;
  // How old the scanner's signatures are now, in seconds; nothing: it cannot be told.
  std::optional<std::uint64_t> scan_age = {};

  // Every interface of every configuration and alternate setting, as `interfaces`; empty: unknown.
  std::vector<std::string> described = {};
  // USBGuard's hash of the device as sys-usb tells it, in base64; empty: unknown.
  std::string usbguard_hash = {};
};

std::string_view name_of(DeviceFacts::Scan scan);
std::optional<DeviceFacts::Scan> scan_named(std::string_view name);

}  // namespace policy
