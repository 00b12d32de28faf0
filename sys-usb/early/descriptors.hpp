// SPDX-License-Identifier: GPL-2.0-or-later
// What a USB device says it is, from the bytes that the kernel shows as sysfs's `descriptors`.
//
// Strict: one configuration, every length as it must be, interfaces in order, no descriptor of a
// type that neither a keyboard nor a hub has. Whatever is odd is refused, not repaired: the kernel
// repairs in its own way, and the two must not see different devices.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/wire/reader.hpp"
#include "base/wire/result.hpp"

namespace sysusb::early {

// Far beyond any keyboard.
inline constexpr std::size_t max_descriptors = 4096;
inline constexpr std::size_t max_described = 32;  // interfaces, with their alternate settings

inline constexpr std::uint8_t hid_class = 3;
inline constexpr std::uint8_t hub_class = 9;

struct DescribedInterface {
  std::uint8_t number = 0;
  std::uint8_t alternate = 0;
  std::uint8_t interface_class = 0;
  std::uint8_t subclass = 0;
  std::uint8_t protocol = 0;
  unsigned interrupt_endpoints = 0;
  unsigned other_endpoints = 0;
  unsigned hid_descriptors = 0;
  friend bool operator==(const DescribedInterface&, const DescribedInterface&) = default;
};

struct DescribedDevice {
  std::uint16_t vendor = 0;
  std::uint16_t product = 0;
  std::uint8_t device_class = 0;
  std::vector<DescribedInterface> interfaces = {};  // in the order of the bytes
  friend bool operator==(const DescribedDevice&, const DescribedDevice&) = default;
};

enum class DescriptorError {
  too_long,
  truncated,
  no_device,
  several_configurations,
  no_configuration,
  wrong_total_length,
  wrong_length,
  unexpected_descriptor,
  interfaces_out_of_order,
  too_many_interfaces,
  wrong_interface_count,
  wrong_endpoint_count
};
const char* describe(DescriptorError error);

base::Result<DescribedDevice, DescriptorError> parse_descriptors(base::wire::Bytes untrusted);

}  // namespace sysusb::early
