// SPDX-License-Identifier: GPL-2.0-or-later
// QEMU's usb-redir as far as it counts: what it sends, and what it takes for granted of what it
// gets (hw/usb/redirect.c, hw/usb/core.c of QEMU 7.2). Whatever would make it abort, read beyond a
// buffer, wait for ever, or throw the device out is said.
#pragma once

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/usbproxy/described_device.hpp"
#include "usbproxy/redir_decoder.hpp"
#include "usbproxy/redir_packet.hpp"

namespace usbproxy::test {

class Qemu {
 public:
  static constexpr std::uint32_t qemu_caps = 0xff;  // with streams and buffered bulk
  static constexpr std::uint32_t caps = 0x7f;       // agreed

  struct Packet {
    redir::PacketType type{};
    std::uint64_t id = 0;
    redir::Body body;
    Bytes data;
  };

  // What it sends.
  void hello() { redir::append_hello(out_, qemu_caps); }
  void raw(base::wire::Bytes bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
  void send(redir::PacketType type, std::uint64_t id, const redir::Body& body,
            const Bytes& data = {}) {
    redir::append_packet(out_, caps, type, id, body, data);
  }
  void control(std::uint64_t id, const Setup& setup, const Bytes& data = {}) {
    expect(0, id, redir::PacketType::control_packet, setup.length);
    send(redir::PacketType::control_packet, id,
         redir::ControlPacket{static_cast<std::uint8_t>(setup.request_type & 0x80U), setup.request,
                              setup.request_type, 0, setup.value, setup.index, setup.length},
         data);
  }
  void bulk(std::uint64_t id, std::uint8_t endpoint, std::uint32_t length,
            std::uint32_t stream = 0) {
    expect(endpoint, id, redir::PacketType::bulk_packet, length, stream);
    send(
        redir::PacketType::bulk_packet, id,
        redir::BulkPacket{.endpoint = endpoint, .status = 0, .length = length, .stream_id = stream},
        (endpoint & 0x80U) == 0 ? Bytes(length) : Bytes{});
  }
  // All with the same id, and it does not wait for an answer.
  void alloc_streams(std::uint32_t endpoints, std::uint32_t streams) {
    ++streams_asked_;
    send(redir::PacketType::alloc_bulk_streams, 0, redir::AllocBulkStreams{endpoints, streams});
  }
  void free_streams(std::uint32_t endpoints) {
    ++streams_asked_;
    send(redir::PacketType::free_bulk_streams, 0, redir::FreeBulkStreams{endpoints});
  }
  void set_configuration(std::uint64_t id, std::uint8_t value) {
    expect(0, id, redir::PacketType::configuration_status, 0);
    send(redir::PacketType::set_configuration, id, redir::Configuration{value});
  }
  void set_alt(std::uint64_t id, std::uint8_t interface_number, std::uint8_t alt) {
    expect(0, id, redir::PacketType::alt_setting_status, 0);
    send(redir::PacketType::set_alt_setting, id, redir::AltSetting{interface_number, alt});
  }
  // Done for QEMU as soon as it is sent.
  void interrupt_out(std::uint64_t id, std::uint8_t endpoint, const Bytes& data) {
    send(redir::PacketType::interrupt_packet, id,
         redir::DataPacket{endpoint, 0, static_cast<std::uint16_t>(data.size())}, data);
  }
  void start_interrupts(std::uint8_t endpoint) {
    started_.at(endpoint & 0x0fU) = true;
    send(redir::PacketType::start_interrupt_receiving, 0, redir::EndpointOnly{endpoint});
  }
  void stop_interrupts(std::uint8_t endpoint) {
    started_.at(endpoint & 0x0fU) = false;
    send(redir::PacketType::stop_interrupt_receiving, 0, redir::EndpointOnly{endpoint});
  }
  void cancel(std::uint64_t id) {
    for (auto& queue : queues_) {
      std::erase_if(queue, [id](const Pending& one) { return one.id == id; });
    }
    ++cancelled_[id];
    send(redir::PacketType::cancel_data_packet, id, redir::Empty{});
  }
  // Whether a request of this id waits.
  bool waits_for(std::uint64_t id) const {
    return std::any_of(queues_.begin(), queues_.end(), [id](const auto& queue) {
      return std::any_of(queue.begin(), queue.end(),
                         [id](const Pending& one) { return one.id == id; });
    });
  }
  Bytes take_sent() { return std::exchange(out_, {}); }

  // What it gets. The packets since the last call.
  std::vector<Packet> received(base::wire::Bytes bytes) {
    std::vector<Packet> all;
    while (true) {
      const auto chunk = bytes.first(std::min(bytes.size(), std::size_t{65536}));
      bytes = bytes.subspan(chunk.size());
      if (!decoder_.push(chunk)) complain("more than a packet at once");
      for (;;) {
        const auto packet = decoder_.next();
        if (!packet) {
          complain(redir::describe(packet.error()));
          return all;
        }
        if (*packet == nullptr) break;
        take(**packet);
        all.push_back({(*packet)->type, (*packet)->id, (*packet)->body,
                       Bytes((*packet)->data.begin(), (*packet)->data.end())});
      }
      if (bytes.empty()) return all;
    }
  }

  bool attached() const { return attached_; }
  // It did not get the streams that it wanted, and throws the device out.
  bool without_streams() const { return without_streams_; }
  // Of its requests for streams, those without an answer.
  std::size_t streams_waiting() const { return streams_asked_; }
  bool parted() const { return parted_; }
  std::size_t pending() const {
    std::size_t count = 0;
    for (const auto& queue : queues_) count += queue.size();
    return count;
  }
  std::size_t cancelled() const {
    std::size_t count = 0;
    for (const auto& [id, times] : cancelled_) count += times;
    return count;
  }
  // Of its assumptions, those that were broken; empty: all is well.
  const std::string& complaints() const { return complaints_; }
  const redir::EpInfo& endpoints() const { return endpoints_; }
  bool starts(std::uint8_t endpoint) const { return started_.at(endpoint & 0x0fU); }

 private:
  struct Pending {
    std::uint64_t id = 0;
    redir::PacketType answer{};
    std::uint32_t length = 0;
    std::uint32_t stream = 0;
  };

  void complain(const std::string& what) { complaints_ += what + "\n"; }
  static std::size_t queue_of(std::uint8_t endpoint) {
    return (endpoint & 0x0fU) == 0 ? 0 : redir::slot_of(endpoint);
  }
  void expect(std::uint8_t endpoint, std::uint64_t id, redir::PacketType answer,
              std::uint32_t length, std::uint32_t stream = 0) {
    queues_.at(queue_of(endpoint)).push_back({id, answer, length, stream});
  }

  void take(const redir::Packet& packet) {
    using redir::PacketType;
    if (parted_) complain("a packet after the end of the device");
    switch (packet.type) {
      case PacketType::hello:
        return;
      case PacketType::interface_info:
        tables_ |= 1U;
        return;
      case PacketType::ep_info:
        tables_ |= 2U;
        return take_endpoints(std::get<redir::EpInfo>(packet.body));
      case PacketType::device_connect:
        if (attached_ || tables_ != 3) complain("a device twice, or without its tables");
        if (std::get<redir::DeviceConnect>(packet.body).speed > 3) complain("unknown speed");
        attached_ = true;
        return;
      case PacketType::device_disconnect:
        parted_ = true;
        attached_ = false;
        for (auto& queue : queues_) queue.clear();
        cancelled_.clear();
        return;
      case PacketType::control_packet:
        return answered(0, packet, std::get<redir::ControlPacket>(packet.body).length);
      case PacketType::configuration_status:
      case PacketType::alt_setting_status:
        return answered(0, packet, 0);
      case PacketType::bulk_packet: {
        const auto& body = std::get<redir::BulkPacket>(packet.body);
        return answered(body.endpoint, packet, body.length, body.stream_id);
      }
      case PacketType::bulk_streams_status:
        if (streams_asked_ == 0) return complain("streams that nobody asked for");
        --streams_asked_;
        if (std::get<redir::BulkStreamsStatus>(packet.body).status != redir::status::success) {
          without_streams_ = true;
        }
        return;
      case PacketType::interrupt_packet:
        return interrupt(std::get<redir::DataPacket>(packet.body), packet.data);
      case PacketType::interrupt_receiving_status: {
        const auto& body = std::get<redir::StreamStatus>(packet.body);
        if (body.status == redir::status::stall) started_.at(body.endpoint & 0x0fU) = false;
        return;
      }
      case PacketType::iso_stream_status:
        return;
      default:
        complain(std::string("unexpected ") + redir::name_of(packet.type));
    }
  }

  void take_endpoints(const redir::EpInfo& info) {
    endpoints_ = info;
    std::uint32_t most = 0;
    for (std::size_t slot = 0; slot < redir::endpoint_slots; ++slot) {
      const std::uint8_t type = info.type[slot];
      const bool known = type <= 3 || type == redir::endpoint_type::invalid;
      const bool periodic = type == 1 || type == 3;
      if (!known || (periodic && info.interval[slot] == 0)) complain("QEMU throws this device out");
      if (type == 2 && info.max_packet_size[slot] == 0) complain("a bulk endpoint of no size");
      const std::uint32_t streams = info.max_streams[slot];
      if (streams != 0) {
        if (most != 0 && streams != most) complain("different numbers of streams: QEMU aborts");
        most = streams;
      }
    }
  }

  void answered(std::uint8_t endpoint, const redir::Packet& packet, std::size_t length,
                std::uint32_t stream = 0) {
    const auto gone = cancelled_.find(packet.id);
    if (gone != cancelled_.end()) {
      if (--gone->second == 0) cancelled_.erase(gone);
      return;
    }
    auto& queue = queues_.at(queue_of(endpoint));
    const auto found = std::find_if(queue.begin(), queue.end(),
                                    [&packet](const Pending& one) { return one.id == packet.id; });
    if (found == queue.end()) return complain("an answer to nothing");  // QEMU only logs it
    if (found->stream != stream) complain("an answer on another stream");
    if (stream == 0 && found != queue.begin()) complain("an answer out of turn: QEMU aborts");
    if (found->answer != packet.type) complain("an answer of another type");
    if (length > found->length || packet.data.size() > found->length) {
      complain("an answer longer than asked");
    }
    queue.erase(found);
  }

  void interrupt(const redir::DataPacket& body, base::wire::Bytes data) {
    if (endpoints_.type.at(redir::slot_of(body.endpoint)) != redir::endpoint_type::interrupt) {
      complain("an interrupt packet of an endpoint that is none");
    }
    if ((body.endpoint & 0x80U) == 0) return;
    if (data.size() > endpoints_.max_packet_size.at(redir::slot_of(body.endpoint))) {
      complain("an interrupt packet that is too long");
    }
  }

  redir::Decoder decoder_{redir::Sender::host, qemu_caps};
  Bytes out_;
  std::array<std::deque<Pending>, redir::endpoint_slots> queues_;
  std::map<std::uint64_t, std::size_t> cancelled_;
  std::array<bool, 16> started_{};
  redir::EpInfo endpoints_;
  unsigned tables_ = 0;
  std::size_t streams_asked_ = 0;
  bool without_streams_ = false;
  bool attached_ = false;
  bool parted_ = false;
  std::string complaints_;
};

}  // namespace usbproxy::test
