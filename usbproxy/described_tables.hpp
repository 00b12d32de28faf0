// SPDX-License-Identifier: GPL-2.0-or-later
// usbredir's tables as descriptors have them: what a backend must say, and what is said of a device
// that has none.
#pragma once

#include <array>

#include "usbproxy/device_table.hpp"
#include "usbproxy/firewall/model.hpp"

namespace usbproxy {

using EndpointArray = std::array<Endpoint, redir::endpoint_slots>;

// Those that move data in `setting`; the others are of no type.
EndpointArray described_endpoints(const firewall::Device& device, const firewall::Setting& setting,
                                  Speed speed);
redir::InterfaceInfo described_interfaces(const firewall::Device& device,
                                          const firewall::Setting& setting);
// As a packet has it, with endpoint 0.
redir::EpInfo endpoint_table(const EndpointArray& endpoints);

}  // namespace usbproxy
