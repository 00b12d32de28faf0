// SPDX-License-Identifier: GPL-2.0-or-later
// A session between a hostile backend, a kernel that sends anything, and time. Checks what the
// kernel relies on: every reply names a pending request, once, and is no longer than it asked.
//
// Input: records of one byte kind (bits 0, 1: backend, kernel, time, backend's own packet), one
// byte length, then that many bytes.
#include <cstdlib>
#include <map>

#include "usbproxy/session.hpp"

namespace {

using namespace usbproxy;
using base::wire::Bytes;

class Kernel {
 public:
  void sent(Bytes bytes) {
    if (!parser_.push(bytes)) std::abort();
    for (;;) {
      const auto command = parser_.next();
      if (!command || *command == nullptr) return;
      const usbip::Command& one = **command;
      if (one.kind == usbip::CommandKind::unlink) {
        repeated_ = repeated_ || unlinks_.contains(one.seqnum);
        unlinks_.emplace(one.seqnum, one.victim);
      } else {
        pending_.emplace(one.seqnum, one.submit);
      }
    }
  }
  // vhci_hcd's own checks, and ours.
  void received(Bytes bytes) {
    base::wire::BigReader in(bytes);
    while (!in.rest().empty()) {
      const std::uint32_t command = in.u32();
      const std::uint32_t seqnum = in.u32();
      in.take(12);
      const std::uint32_t status = in.u32();
      const std::uint32_t actual = in.u32();
      in.u32();
      const std::uint32_t iso = in.u32();
      in.take(12);
      if (command == 4) {
        const auto unlink = unlinks_.find(seqnum);
        if (unlink == unlinks_.end()) std::abort();
        if (status != 0) pending_.erase(unlink->second);
        unlinks_.erase(unlink);
        continue;
      }
      const auto urb = pending_.find(seqnum);
      if (command != 3 || urb == pending_.end() || actual > urb->second.length) std::abort();
      if (urb->second.direction == usbip::Direction::in) in.take(actual);
      in.take(std::size_t{iso} * usbip::iso_descriptor_size);
      pending_.erase(urb);
      if (!in.ok()) std::abort();
    }
  }
  // An unlink's number used twice cannot be matched; the real kernel counts up.
  bool idle() const { return repeated_ || (pending_.empty() && unlinks_.empty()); }

 private:
  usbip::Parser parser_;
  bool repeated_ = false;
  std::multimap<std::uint32_t, usbip::Submit> pending_;
  std::multimap<std::uint32_t, std::uint32_t> unlinks_;
};

void introduce(Session& session, Time now) {
  std::vector<std::byte> out;
  redir::append_hello(out, 0xff);
  redir::InterfaceInfo interfaces;
  interfaces.count = 2;
  interfaces.number = {0, 1};
  interfaces.interface_class = {8, 3};
  interfaces.interface_subclass = {6, 1};
  interfaces.interface_protocol = {0x50, 1};
  redir::EpInfo endpoints;
  endpoints.type.fill(redir::endpoint_type::invalid);
  endpoints.max_packet_size.fill(64);
  endpoints.type[redir::slot_of(0x81)] = endpoints.type[redir::slot_of(0x02)] = 2;
  endpoints.type[redir::slot_of(0x83)] = endpoints.type[redir::slot_of(0x04)] = 3;
  endpoints.interface_number[redir::slot_of(0x83)] = 1;
  redir::append_packet(out, 0xfe, redir::PacketType::interface_info, 0, interfaces);
  redir::append_packet(out, 0xfe, redir::PacketType::ep_info, 0, endpoints);
  redir::append_packet(out, 0xfe, redir::PacketType::device_connect, 0,
                       redir::DeviceConnect{2, 0, 0, 0, 1, 2, 3});
  session.from_stream(out, now);
}

// Answers built from few bytes, so that the fuzzer gets past the codec quickly.
void backend_packet(Session& session, Bytes input, Time now) {
  base::wire::Reader in(input);
  const unsigned kind = in.u8();
  const std::uint64_t id =
      in.u8() | (std::uint64_t{in.u8()} << 32U) | (std::uint64_t{in.u8()} << 56U);
  const std::uint8_t endpoint = in.u8();
  const std::uint8_t status = in.u8();
  const std::uint16_t length = in.u16();
  std::vector<std::byte> data((endpoint & 0x80U) != 0 ? length : 0);
  std::vector<std::byte> out;
  const auto packet = [&](redir::PacketType type, const redir::Body& body,
                          const std::vector<std::byte>& payload) {
    redir::append_packet(out, 0xfe, type, id, body, payload);
  };
  switch (kind % 6) {
    case 0:
      packet(redir::PacketType::bulk_packet, redir::BulkPacket{endpoint, status, length, 0}, data);
      break;
    case 1:
      packet(redir::PacketType::interrupt_packet, redir::DataPacket{endpoint, status, length},
             data);
      break;
    case 2:
      packet(redir::PacketType::interrupt_receiving_status, redir::StreamStatus{status, endpoint},
             {});
      break;
    case 3: {
      const redir::ControlPacket body{static_cast<std::uint8_t>(endpoint & 0x80U),
                                      in.u8(),
                                      endpoint,
                                      status,
                                      in.u16(),
                                      in.u16(),
                                      length};
      packet(redir::PacketType::control_packet, body, data);
      break;
    }
    case 4:
      packet(redir::PacketType::configuration_status, redir::ConfigurationStatus{status, endpoint},
             {});
      break;
    default:
      packet(redir::PacketType::alt_setting_status,
             redir::AltSettingStatus{status, endpoint, in.u8()}, {});
      break;
  }
  session.from_stream(out, now);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Time now{std::chrono::hours(1)};
  Session session(std::nullopt, now);
  Kernel kernel;
  Bytes input = std::as_bytes(std::span(data, size));
  if (!input.empty() && (data[0] & 0x80U) == 0) introduce(session, now);
  const auto check = [&] {
    kernel.received(session.to_kernel().waiting());
    session.to_kernel().clear();
    session.to_stream().clear();
    if (session.end() && !kernel.idle() && session.end()->reason != EndReason::kernel_violation) {
      std::abort();  // something was left unanswered
    }
  };
  while (input.size() >= 2 && !session.end()) {
    const unsigned kind = std::to_integer<unsigned>(input[0]) & 3U;
    const std::size_t length = std::min(std::to_integer<std::size_t>(input[1]), input.size() - 2);
    const Bytes chunk = input.subspan(2, length);
    input = input.subspan(2 + length);
    if (kind == 0) {
      session.from_stream(chunk, now);
    } else if (kind == 1) {
      kernel.sent(chunk);
      session.from_kernel(chunk, now);
    } else if (kind == 2) {
      now += std::chrono::milliseconds(100 * static_cast<int>(length));
      if (session.next_deadline() <= now) session.tick(now);
    } else {
      backend_packet(session, chunk, now);
    }
    check();
  }
  session.stream_closed(now);
  check();
  return 0;
}
