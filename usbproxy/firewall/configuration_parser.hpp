// SPDX-License-Identifier: GPL-2.0-or-later
// A configuration with all that follows it (USB 2.0, 9.6.3-9.6.6; USB 3.2, 9.6.3-9.6.8).
#pragma once

#include <array>
#include <optional>
#include <string>

#include "usbproxy/firewall/descriptor.hpp"
#include "usbproxy/firewall/model.hpp"

namespace usbproxy::firewall {

inline constexpr std::size_t configuration_header_size = 9;

// wTotalLength of a configuration whose first 9 bytes these are, or why it is none.
Checked<std::uint16_t> total_length(base::wire::Bytes untrusted, std::size_t index);

// Refuses what the kernel (drivers/usb/core/config.c) would warn of, and more: each length exact,
// alternates from 0 on without gaps, no endpoint twice, no interface without its endpoints, nothing
// left over. `index` is the number that was read; violations name it from 1 on.
class ConfigurationParser {
 public:
  ConfigurationParser(std::size_t index, Speed speed);
  Checked<Configuration> parse(base::wire::Bytes untrusted);

 private:
  using Step = std::optional<Violation>;

  Step take_header(const Descriptor& in, std::size_t size);
  Step take(const Descriptor& in);
  Step take_interface(const Descriptor& in);
  Step take_endpoint(const Descriptor& in);
  Step take_companion(const Descriptor& in);
  Step take_iso_companion(const Descriptor& in);
  Step take_association(const Descriptor& in);
  Step take_class_specific(const Descriptor& in);
  Step end_alternate();
  Step end_endpoint();
  Step check_endpoints() const;
  Step check_whole();
  Violation violation(std::size_t offset, std::string subject, std::string rule) const;

  Block block_;
  Speed speed_;
  Configuration configuration_;
  std::uint8_t said_interfaces_ = 0;
  // Of what is being read; null before the first of its kind. Each points into the last element of
  // its vector, which grows only after the pointer was set anew.
  Alternate* alternate_ = nullptr;
  DescribedEndpoint* endpoint_ = nullptr;
  std::size_t alternate_offset_ = 0;
  std::size_t endpoint_offset_ = 0;
  std::size_t said_endpoints_ = 0;
  std::size_t class_descriptors_ = 0;
  std::uint8_t last_type_ = 0;
};

// Adds one more to a device, whose values must differ; `index` as above.
Checked<base::Ok> add_configuration(Device& device, Configuration configuration, std::size_t index);

}  // namespace usbproxy::firewall
