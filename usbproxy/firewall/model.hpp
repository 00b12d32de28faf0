// SPDX-License-Identifier: GPL-2.0-or-later
// What a device says it is, after every check: the only thing that a copy is made of.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "usbproxy/usb_values.hpp"

namespace usbproxy::firewall {

// The kernel's own bounds are 8, 32, 128, 30 and 16 (include/linux/usb.h,
// drivers/usb/core/config.c).
inline constexpr std::size_t max_configurations = 4;
inline constexpr std::size_t max_device_interfaces = 16;
inline constexpr std::size_t max_alternates = 32;  // of one interface
inline constexpr std::size_t max_endpoints = 15;   // of each direction
inline constexpr std::size_t max_associations = 8;
inline constexpr std::size_t max_class_descriptors =
    128;  // of one alternate setting, endpoints too
// libusb carries no longer control transfer.
inline constexpr std::size_t max_configuration_size = 4096;

struct DeviceDescriptor {
  std::uint16_t usb_version = 0;
  InterfaceClass kind;
  std::uint8_t max_packet_size = 0;  // of endpoint 0, as written: 9 means 512 on SuperSpeed
  std::uint16_t vendor_id = 0, product_id = 0, version = 0;
  std::uint8_t manufacturer_string = 0, product_string = 0, serial_string = 0;
  std::uint8_t configurations = 0;
};

// A class-specific descriptor that was understood, from its bLength on, which fits.
struct ClassDescriptor {
  std::size_t offset = 0;  // where the device had it
  std::vector<std::byte> bytes = {};

  std::uint8_t type() const { return std::to_integer<std::uint8_t>(bytes[1]); }
};

struct Companion {  // USB 3.2, 9.6.7
  std::uint8_t max_burst = 0, attributes = 0;
  std::uint16_t bytes_per_interval = 0;
  std::optional<std::uint32_t> iso_bytes_per_interval;  // USB 3.2, 9.6.8
};

struct DescribedEndpoint {
  std::uint8_t address = 0, attributes = 0;
  std::uint16_t max_packet_size = 0;  // as written, with the high-bandwidth bits
  std::uint8_t interval = 0;
  struct Audio {  // bRefresh and bSynchAddress (Audio 1.0, 4.6.1.1)
    std::uint8_t refresh = 0, synch_address = 0;
  };
  std::optional<Audio> audio = {};
  std::optional<Companion> companion = {};
  std::vector<ClassDescriptor> class_descriptors = {};

  std::uint8_t type() const { return attributes & 0x03U; }
};

struct Alternate {
  std::uint8_t number = 0;
  InterfaceClass kind;
  std::uint8_t name_string = 0;
  std::vector<ClassDescriptor> class_descriptors = {};
  std::vector<DescribedEndpoint> endpoints = {};
  std::optional<std::uint16_t> report_size = {};  // of a HID report descriptor, as announced
};

struct DescribedInterface {
  std::uint8_t number = 0;
  std::vector<Alternate> alternates;  // by number, from 0 on; never empty
};

struct Association {
  std::uint8_t first = 0, count = 0;
  InterfaceClass kind;
  std::uint8_t name_string = 0;
};

struct Configuration {
  std::uint8_t value = 0;
  std::uint8_t name_string = 0;
  std::uint8_t attributes = 0;
  std::uint8_t max_power = 0;
  std::vector<Association> associations = {};
  std::vector<DescribedInterface> interfaces;  // in the device's order
  std::size_t dropped = 0;                     // descriptors that were not understood

  const DescribedInterface* interface(std::uint8_t number) const {
    for (const DescribedInterface& one : interfaces) {
      if (one.number == number) return &one;
    }
    return nullptr;
  }
};

// What of it is in use: a configuration, 0 for none, and the alternate setting of each interface.
struct Setting {
  std::uint8_t configuration = 0;
  std::array<std::uint8_t, max_device_interfaces> alternates{};
  friend bool operator==(const Setting&, const Setting&) = default;
};

struct Device {
  DeviceDescriptor descriptor;
  std::vector<Configuration> configurations;

  const Configuration* configuration(std::uint8_t value) const {
    for (const Configuration& one : configurations) {
      if (one.value == value) return &one;
    }
    return nullptr;
  }
  // Null unless the configuration in use has it.
  const Alternate* alternate(const Setting& setting, std::uint8_t interface_number) const {
    const Configuration* one = configuration(setting.configuration);
    const DescribedInterface* found = one == nullptr ? nullptr : one->interface(interface_number);
    if (found == nullptr) return nullptr;
    const std::size_t number = setting.alternates[interface_number];  // below the bound: it exists
    return number < found->alternates.size() ? &found->alternates[number] : nullptr;
  }
};

}  // namespace usbproxy::firewall
