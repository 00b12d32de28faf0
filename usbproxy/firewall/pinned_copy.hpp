// SPDX-License-Identifier: GPL-2.0-or-later
// All that the target's kernel ever learns of a device's descriptors.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/wire/reader.hpp"
#include "usbproxy/firewall/model.hpp"
#include "usbproxy/usb_values.hpp"

namespace usbproxy::firewall {

// Built once; afterwards answers cost no memory.
class PinnedCopy {
 public:
  // Strings and reports as they were checked; `bos` as copy_bos() wrote it, or nothing.
  struct Parts {
    Device device;
    std::optional<std::vector<std::byte>> bos;
    std::optional<std::uint16_t> language;  // nothing: the device has no strings
    std::map<std::uint8_t, std::u16string> strings;
    std::uint8_t reports_of = 0;  // the configuration whose HID report descriptors were read
    std::map<std::uint8_t, std::vector<std::byte>> reports;  // by interface
  };
  PinnedCopy(Parts parts, Speed speed);

  // The descriptor that a GET_DESCRIPTOR asks for, in full; nothing: it is not there, so stall.
  std::optional<base::wire::Bytes> find(const Setup& setup, const Setting& setting) const;

  const Device& device() const { return parts_.device; }
  // HID report descriptors by interface, given ones or not.
  const std::map<std::uint8_t, std::vector<std::byte>>& reports() const { return parts_.reports; }

 private:
  std::optional<base::wire::Bytes> find_string(std::uint8_t index, std::uint16_t language) const;
  std::optional<base::wire::Bytes> find_hid(std::uint16_t value, std::uint16_t interface_number,
                                            const Setting& setting) const;

  Parts parts_;
  std::vector<std::byte> device_;
  std::vector<std::vector<std::byte>> configurations_;  // by index
  std::vector<std::byte> languages_;
  std::map<std::uint8_t, std::vector<std::byte>> strings_;
  // By configuration and interface.
  std::map<std::pair<std::uint8_t, std::uint8_t>, std::vector<std::byte>> hid_descriptors_;
};

}  // namespace usbproxy::firewall
