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
// How many streams an endpoint of SuperSpeed can have, at most redir::max_bulk_streams; 0: none.
// The same for all of a setting that have some, the least: QEMU's xHCI aborts on different ones.
std::uint32_t described_streams(const firewall::Device& device, const firewall::Setting& setting,
                                std::uint8_t address);
// As a packet has it, with endpoint 0; without streams.
redir::EpInfo endpoint_table(const EndpointArray& endpoints);

}  // namespace usbproxy
