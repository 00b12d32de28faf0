// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/firewall/cached_descriptors.hpp"

#include <algorithm>

#include "usbproxy/firewall/configuration_parser.hpp"
#include "usbproxy/firewall/descriptor.hpp"
#include "usbproxy/firewall/device_descriptor.hpp"

namespace usbproxy::firewall {

Checked<Device> parse_cached_descriptors(base::wire::Bytes untrusted, Speed speed) {
  const auto header = untrusted.first(std::min(untrusted.size(), device_descriptor_size));
  const auto descriptor = parse_device(header, speed);
  if (!descriptor) return base::Unexpected{descriptor.error()};
  Device device{.descriptor = *descriptor, .configurations = {}};
  base::wire::Bytes rest = untrusted.subspan(header.size());
  for (std::uint8_t i = 0; i < descriptor->configurations; ++i) {
    const auto total =
        total_length(rest.first(std::min(rest.size(), configuration_header_size)), i);
    if (!total) return base::Unexpected{total.error()};
    // One that is cut short is refused by the parser, which compares the total.
    const auto bytes = rest.first(std::min<std::size_t>(*total, rest.size()));
    auto parsed = ConfigurationParser(i, speed).parse(bytes);
    if (!parsed) return base::Unexpected{parsed.error()};
    if (auto added = add_configuration(device, std::move(*parsed), i); !added) {
      return base::Unexpected{added.error()};
    }
    rest = rest.subspan(bytes.size());
  }
  return device;
}

}  // namespace usbproxy::firewall
