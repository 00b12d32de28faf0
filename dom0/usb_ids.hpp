// SPDX-License-Identifier: GPL-2.0-or-later
// Vendor and product names from the usb.ids database, so that they never come from the device.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/wire/result.hpp"

namespace dom0 {

// Debian's package usb.ids; the daemon reads it with at most max_usb_ids bytes.
inline constexpr std::string_view usb_ids_path = "usr/share/misc/usb.ids";
inline constexpr std::size_t max_usb_ids = std::size_t{8} * 1024 * 1024;
inline constexpr std::size_t max_usb_ids_entries = 200'000;

// Names are printable ASCII (base::device::sanitise_text), at most 120 characters.
struct UsbName {
  std::string vendor;
  std::string product;
  friend bool operator==(const UsbName&, const UsbName&) = default;
};

// Owns the text and an index into it. An empty one knows nothing.
class UsbIds {
 public:
  UsbIds() = default;
  // Lines that are no vendor or product are skipped; too large a text or too many entries is an
  // error.
  static base::Result<UsbIds> parse(std::string text);

  // Both "unknown" unless vendor and product are both listed, as Qubes has it: half a name
  // misleads.
  UsbName find(std::uint16_t vendor_id, std::uint16_t product_id) const;
  std::size_t size() const { return vendors_.size() + products_.size(); }

 private:
  struct Entry {
    std::uint32_t id = 0;  // vendor, or vendor << 16 | product
    std::uint32_t offset = 0;
    std::uint32_t size = 0;
  };
  const Entry* find_entry(const std::vector<Entry>& entries, std::uint32_t id) const;
  std::string name_of(const Entry& entry) const;

  std::string text_;
  std::vector<Entry> vendors_;   // sorted by id
  std::vector<Entry> products_;  // sorted by id
};

}  // namespace dom0
