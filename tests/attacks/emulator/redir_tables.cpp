// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/attacks/emulator/redir_tables.hpp"

namespace attacks {

namespace redir = usbproxy::redir;

redir::InterfaceInfo interfaces_of(const Walked& walked, const Alternates& alternates) {
  redir::InterfaceInfo interfaces;
  for (const WalkedInterface& each : walked.interfaces) {
    if (each.alternate != alternates[each.number] || interfaces.count >= redir::max_interfaces)
      continue;
    const std::uint32_t place = interfaces.count++;
    interfaces.number[place] = each.number;
    interfaces.interface_class[place] = each.code;
    interfaces.interface_subclass[place] = each.subclass;
    interfaces.interface_protocol[place] = each.protocol;
  }
  return interfaces;
}

redir::EpInfo endpoints_of(const Walked& walked, const Alternates& alternates) {
  redir::EpInfo endpoints;
  endpoints.type.fill(redir::endpoint_type::invalid);
  // libusbredirhost knows of endpoint 0 without a descriptor.
  endpoints.type[redir::slot_of(0x00)] = redir::endpoint_type::control;
  endpoints.type[redir::slot_of(0x80)] = redir::endpoint_type::control;
  for (const WalkedInterface& each : walked.interfaces) {
    if (each.alternate != alternates[each.number]) continue;
    for (const WalkedEndpoint& endpoint : each.endpoints) {
      const std::size_t slot = redir::slot_of(endpoint.address);
      endpoints.type[slot] = endpoint.attributes & 3U;
      endpoints.interval[slot] = endpoint.interval;
      endpoints.interface_number[slot] = each.number;
      endpoints.max_packet_size[slot] = endpoint.max_packet;
    }
  }
  return endpoints;
}

redir::DeviceConnect connect_of(Speed speed, Bytes descriptor) {
  redir::DeviceConnect body;
  base::wire::Reader in(descriptor);
  in.take(4);
  body.speed = static_cast<std::uint8_t>(speed);
  body.device_class = in.u8();
  body.device_subclass = in.u8();
  body.device_protocol = in.u8();
  in.u8();
  body.vendor_id = in.u16();
  body.product_id = in.u16();
  body.version_bcd = in.u16();
  return body;
}

}  // namespace attacks
