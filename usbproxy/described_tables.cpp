// SPDX-License-Identifier: GPL-2.0-or-later
#include "usbproxy/described_tables.hpp"

#include <algorithm>

namespace usbproxy {
namespace {

// libusbredirhost's number for it: with its further transactions only for isochronous endpoints of
// high speed.
std::uint16_t table_packet_size(const firewall::DescribedEndpoint& endpoint, Speed speed) {
  const auto size = static_cast<std::uint16_t>(endpoint.max_packet_size & 0x07ffU);
  if (speed != Speed::high || endpoint.type() != redir::endpoint_type::isochronous) return size;
  return static_cast<std::uint16_t>(size * ((endpoint.max_packet_size >> 11U) + 1U));
}

}  // namespace

EndpointArray described_endpoints(const firewall::Device& device, const firewall::Setting& setting,
                                  Speed speed) {
  EndpointArray endpoints{};
  const firewall::Configuration* active = device.configuration(setting.configuration);
  if (active == nullptr) return endpoints;
  for (const firewall::DescribedInterface& interface : active->interfaces) {
    const firewall::Alternate* alternate = device.alternate(setting, interface.number);
    if (alternate == nullptr) continue;
    for (const firewall::DescribedEndpoint& one : alternate->endpoints) {
      const std::uint16_t size = table_packet_size(one, speed);
      if (size == 0) continue;  // it moves no data: the table leaves it out
      endpoints[redir::slot_of(one.address)] = {.type = one.type(),
                                                .interface_number = interface.number,
                                                .interval = one.interval,
                                                .max_packet_size = size};
    }
  }
  return endpoints;
}

redir::InterfaceInfo described_interfaces(const firewall::Device& device,
                                          const firewall::Setting& setting) {
  redir::InterfaceInfo info;
  const firewall::Configuration* active = device.configuration(setting.configuration);
  if (active == nullptr) return info;
  for (const firewall::DescribedInterface& interface : active->interfaces) {
    const firewall::Alternate* alternate = device.alternate(setting, interface.number);
    if (alternate == nullptr || info.count == redir::max_interfaces) continue;
    info.number[info.count] = interface.number;
    info.interface_class[info.count] = alternate->kind.code;
    info.interface_subclass[info.count] = alternate->kind.subclass;
    info.interface_protocol[info.count] = alternate->kind.protocol;
    ++info.count;
  }
  return info;
}

std::uint32_t described_streams(const firewall::Device& device, const firewall::Setting& setting,
                                std::uint8_t address) {
  const firewall::Configuration* active = device.configuration(setting.configuration);
  if (active == nullptr) return 0;
  bool has_some = false;
  std::uint32_t least = redir::max_bulk_streams;
  for (const firewall::DescribedInterface& interface : active->interfaces) {
    const firewall::Alternate* alternate = device.alternate(setting, interface.number);
    if (alternate == nullptr) continue;
    for (const firewall::DescribedEndpoint& one : alternate->endpoints) {
      if (one.type() != redir::endpoint_type::bulk || !one.companion) continue;
      const unsigned power = one.companion->attributes & 0x1fU;  // USB 3.2, 9.6.7
      if (power == 0) continue;
      least = std::min(least, 1U << std::min(power, 16U));
      has_some = has_some || one.address == address;
    }
  }
  return has_some ? least : 0;
}

redir::EpInfo endpoint_table(const EndpointArray& endpoints) {
  redir::EpInfo info;
  for (std::size_t slot = 0; slot < endpoints.size(); ++slot) {
    const Endpoint& one = endpoints[slot];
    info.type[slot] = slot % 16 == 0 ? redir::endpoint_type::control : one.type;
    info.interval[slot] = one.interval;
    info.interface_number[slot] = one.interface_number;
    info.max_packet_size[slot] = one.max_packet_size;
  }
  return info;
}

}  // namespace usbproxy
