// SPDX-License-Identifier: GPL-2.0-or-later
// A full-speed device with a loudspeaker's and a microphone's endpoint, in a session.
#pragma once

#include "tests/usbproxy/session_rig.hpp"

namespace usbproxy::test {

inline constexpr std::uint8_t speaker = 0x01, microphone = 0x82;
inline constexpr std::uint16_t speaker_packet = 192, microphone_packet = 96;

// One interface of a vendor: setting 0 without endpoints, setting 1 with both, each 1 ms.
inline DescribedDevice headset() {
  return {.device = from_hex("12 01 00 02 ff 00 00 40 34 12 78 56 00 01 00 00 00 01"),
          .configurations = {from_hex("09 02 29 00 01 01 00 80 32 09 04 00 00 00 ff 00 00 00 "
                                      "09 04 00 01 02 ff 00 00 00 "
                                      "07 05 01 01 c0 00 01 07 05 82 01 60 00 01")}};
}

struct IsoRig : Rig {
  IsoRig() { described = headset(); }

  // Attached, in setting 1.
  void stream() {
    hello();
    tables(0);
    redir::DeviceConnect introduction;
    introduction.speed = 1;
    introduction.device_class = 0xff;
    introduction.vendor_id = 0x1234;
    introduction.product_id = 0x5678;
    introduction.version_bcd = 0x0100;
    host(PacketType::device_connect, 0, introduction);
    answer_questions();
    ASSERT_TRUE(session.ready()) << end_text();
    set_alternate(1000, 1);
    ASSERT_EQ(reply().status, 0);
  }
  void set_alternate(std::uint32_t seqnum, std::uint8_t value) {
    submit(control(seqnum, {0x01, 0x0b, value, 0, 0}));
    for (const SentPacket& one : packets()) {
      if (one.type == PacketType::stop_iso_stream) stopped(one);
      if (one.type != PacketType::set_alt_setting) continue;
      tables(value);
      host(PacketType::alt_setting_status, one.id, redir::AltSettingStatus{0, 0, value});
    }
  }
  void tables(std::uint8_t alternate) {
    redir::InterfaceInfo info;
    info.count = 1;
    info.interface_class[0] = 0xff;
    redir::EpInfo endpoints;
    endpoints.type.fill(redir::endpoint_type::invalid);
    endpoints.type[0] = endpoints.type[16] = redir::endpoint_type::control;
    const auto set = [&endpoints](std::uint8_t address, std::uint16_t size) {
      const std::size_t slot = redir::slot_of(address);
      endpoints.type[slot] = redir::endpoint_type::isochronous;
      endpoints.max_packet_size[slot] = size;
      endpoints.interval[slot] = 1;
    };
    if (alternate == 1) set(speaker, speaker_packet);
    if (alternate == 1) set(microphone, microphone_packet);
    host(PacketType::interface_info, 0, info);
    host(PacketType::ep_info, 0, endpoints);
  }

  static usbip::Submit iso_urb(std::uint32_t seqnum, std::uint8_t address, std::uint32_t packets) {
    const std::uint32_t size = address == speaker ? speaker_packet : microphone_packet;
    usbip::Submit request = urb(seqnum, address, packets * size);
    request.iso_packets = packets;
    return request;
  }
  static Bytes places_of(const usbip::Submit& request) {
    Bytes places;
    const std::uint32_t size = request.length / request.iso_packets;
    for (std::uint32_t i = 0; i < request.iso_packets; ++i) {
      base::wire::BigWriter(places).u32(i * size).u32(size).u32(0).u32(0);
    }
    return places;
  }
  void submit_iso(std::uint32_t seqnum, std::uint8_t address, std::uint32_t count,
                  const Bytes& data = {}) {
    const auto request = iso_urb(seqnum, address, count);
    submit(request, data, places_of(request));
  }
  void iso_packet(std::uint64_t id, const Bytes& data, std::uint8_t status = 0) {
    host(PacketType::iso_packet, id,
         redir::DataPacket{microphone, status, static_cast<std::uint16_t>(data.size())}, data);
  }
  void status_of(const SentPacket& operation, std::uint8_t endpoint, std::uint8_t status = 0) {
    host(PacketType::iso_stream_status, operation.id, redir::StreamStatus{status, endpoint});
  }
  void stopped(const SentPacket& stop) {
    status_of(stop, std::get<redir::EndpointOnly>(stop.body).endpoint);
  }
  // The first request's start, answered.
  void accept_start(std::uint8_t endpoint) {
    const auto all = packets();
    ASSERT_EQ(all.size(), 1U);
    ASSERT_EQ(all[0].type, PacketType::start_iso_stream);
    status_of(all[0], endpoint);
  }
};

}  // namespace usbproxy::test
