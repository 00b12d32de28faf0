// SPDX-License-Identifier: GPL-2.0-or-later
// Link: QEMU's bytes, the introduction of the device, and the end. The rest is in link_*.cpp.
#include "usbproxy/guest/link.hpp"

#include "usbproxy/described_tables.hpp"

namespace usbproxy::guest {

using base::wire::Bytes;
using redir::PacketType;

Link::Link(Session& session) : session_(session) {
  session_.to_kernel().set_writer([this](std::span<const Bytes> parts) { return took(parts); });
  redir::append_hello(to_guest_.tail(), our_caps);
}

void Link::arrived(std::size_t count, Time now) {
  now_ = now;
  decoder_.commit(count);
  while (!session_.end()) {
    const auto packet = decoder_.next();
    if (!packet) return broken(redir::describe(packet.error()));
    if (*packet == nullptr) return;
    handle(**packet);
  }
}

void Link::turn(Time now) {
  now_ = now;
  session_.to_kernel().flush();
  if (refusal_) session_.refuse(*std::move(refusal_), now);
  refusal_.reset();
  if (!session_.end()) return poll();
  if (!introduced_ || parted_) return;
  parted_ = true;
  send(PacketType::device_disconnect, 0, redir::Empty{});
}

void Link::broken(std::string_view what) {
  session_.target_broke("the guest's QEMU broke the usbredir protocol: " + std::string(what), now_);
}

void Link::send(PacketType type, std::uint64_t id, const redir::Body& body, Bytes data) {
  redir::append_head(to_guest_.tail(), caps_, type, id, body, data.size());
  to_guest_.add_payload(data);
}

void Link::on_hello() {
  caps_ = decoder_.caps().value_or(0);
  constexpr std::uint32_t needed = redir::cap::connect_device_version |
                                   redir::cap::ep_info_max_packet_size | redir::cap::ids_64bit |
                                   redir::cap::bulk_length_32bit;
  if ((caps_ & needed) != needed) {
    return session_.refuse(
        "the guest's QEMU is too old (64-bit ids, packet sizes and long bulk packets of usbredir "
        "are needed); update it",
        now_);
  }
  introduce();
}

void Link::introduce() {
  tell_tables();
  if (refusal_) return;
  introduced_ = true;
  redir::DeviceConnect connect = session_.device().introduction();
  connect.speed = static_cast<std::uint8_t>(session_.device().speed());
  send(PacketType::device_connect, 0, connect);
}

void Link::tell_tables() {
  const DeviceTable& device = session_.device();
  redir::InterfaceInfo interfaces;
  for (unsigned i = 0; i <= 0xff && interfaces.count < redir::max_interfaces; ++i) {
    const auto number = static_cast<std::uint8_t>(i);
    const auto kind = device.interface_class(number);
    if (!kind) continue;
    interfaces.number[interfaces.count] = number;
    interfaces.interface_class[interfaces.count] = kind->code;
    interfaces.interface_subclass[interfaces.count] = kind->subclass;
    interfaces.interface_protocol[interfaces.count] = kind->protocol;
    ++interfaces.count;
  }
  for (const Endpoint& one : device.endpoints()) {
    const bool periodic = one.type == redir::endpoint_type::interrupt ||
                          one.type == redir::endpoint_type::isochronous;
    if (periodic && one.interval == 0) {  // QEMU divides by it
      refusal_ = "the device has a periodic endpoint without an interval";
      return;
    }
  }
  send(PacketType::interface_info, 0, interfaces);
  redir::EpInfo endpoints = endpoint_table(device.endpoints());
  for (std::size_t slot = 0; slot < redir::endpoint_slots; ++slot) {
    endpoints.max_streams[slot] = session_.max_bulk_streams(redir::address_of(slot));
  }
  send(PacketType::ep_info, 0, endpoints);
}

}  // namespace usbproxy::guest
