// SPDX-License-Identifier: GPL-2.0-or-later
// A session between a fake kernel and a fake backend, with every message it sends taken apart.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <deque>
#include <string>
#include <vector>

#include "base/wire/writer.hpp"
#include "tests/usbproxy/described_device.hpp"
#include "usbproxy/session.hpp"

namespace usbproxy::test {

using redir::PacketType;

inline constexpr usbip::Setup get_device{0x80, 0x06, 0x0100, 0, 18};
// A request that reaches the device.
inline constexpr usbip::Setup get_report{0xa1, 0x01, 0x0300, 1, 18};
inline constexpr usbip::Setup set_config{0x00, 0x09, 1, 0, 0};

inline Bytes filled(std::size_t size, unsigned value = 0x5a) {
  return Bytes(size, static_cast<std::byte>(value));
}

// The 31 bytes that announce a SCSI command of `block` bytes (Bulk-Only Transport 1.0, 5.1).
inline Bytes command_block(unsigned opcode, std::uint32_t length, unsigned flags,
                           unsigned block = 10) {
  Bytes out;
  base::wire::Writer(out)
      .u32(0x43425355)  // "USBC"
      .u32(1)
      .u32(length)
      .u8(static_cast<std::uint8_t>(flags))
      .u8(0)
      .u8(static_cast<std::uint8_t>(block))
      .u8(static_cast<std::uint8_t>(opcode))
      .zeros(15);
  return out;
}

struct SentPacket {
  PacketType type{};
  std::uint64_t id = 0;
  redir::Body body;
  Bytes data;
};
struct IsoPart {
  std::uint32_t offset = 0, length = 0, actual = 0;
  std::int32_t status = 0;
};
struct Reply {  // RET_SUBMIT (3) or RET_UNLINK (4)
  std::uint32_t command = 0, seqnum = 0;
  std::int32_t status = 0;
  std::uint32_t actual = 0;
  Bytes data;
  std::vector<IsoPart> iso;
};

// What went to the kernel since the last call; checks it as vhci_hcd would.
inline std::vector<Reply> take_replies(OutQueue& to_kernel) {
  const Bytes all(to_kernel.waiting().begin(), to_kernel.waiting().end());
  to_kernel.clear();
  std::vector<Reply> result;
  base::wire::BigReader in(all);
  while (in.ok() && !in.rest().empty()) {
    Reply reply;
    reply.command = in.u32();
    reply.seqnum = in.u32();
    in.u32();
    const std::uint32_t direction = in.u32();
    in.u32();
    reply.status = std::bit_cast<std::int32_t>(in.u32());
    reply.actual = in.u32();
    in.u32();
    const std::uint32_t iso = in.u32();
    in.take(12);
    if (reply.command == 3 && direction == 1) {
      const auto data = in.take(reply.actual);
      reply.data.assign(data.begin(), data.end());
    }
    std::uint32_t sum = 0;
    for (std::uint32_t i = 0; i < iso && in.ok(); ++i) {
      const IsoPart part{in.u32(), in.u32(), in.u32(), std::bit_cast<std::int32_t>(in.u32())};
      EXPECT_LE(part.actual, part.length);
      sum += part.actual;
      reply.iso.push_back(part);
    }
    if (iso != 0) {
      EXPECT_EQ(sum, reply.actual);
    }
    result.push_back(std::move(reply));
  }
  EXPECT_TRUE(in.ok());
  return result;
}

// The device is stick_and_keyboard(), unless a test changes what it says.
class Rig {
 public:
  static constexpr std::uint32_t host_caps = 0xff;

  explicit Rig(std::optional<Identity> expected = std::nullopt, firewall::Rights rights = {},
               std::uint32_t offered = redir::cap::frontend)
      : session(std::move(expected), now, std::move(rights), offered),
        caps(offered),
        sent_(redir::Sender::guest, host_caps) {}

  void hello() {
    Bytes out;
    redir::append_hello(out, offered_by_backend);
    session.from_stream(out, now);
  }
  static redir::InterfaceInfo interfaces() { return interfaces_of_stick_and_keyboard(); }
  static redir::EpInfo endpoints() { return endpoints_of_stick_and_keyboard(); }
  static redir::DeviceConnect device() { return connect_of_stick_and_keyboard(); }
  // Everything up to the device's introduction; the session then asks for descriptors.
  void introduce() {
    hello();
    host(PacketType::interface_info, 0, tables.interfaces);
    host(PacketType::ep_info, 0, tables.endpoints);
    host(PacketType::device_connect, 0, tables.device);
  }
  // Answers what the session asks by itself, as the described device does, until it asks nothing
  // more; returns how many descriptors it asked for.
  int answer_questions() {
    int asked = 0;
    while (!session.end()) {
      const auto all = packets();
      if (all.empty()) break;
      for (const SentPacket& one : all) {
        if (one.type == PacketType::get_configuration) {
          host(PacketType::configuration_status, one.id, redir::ConfigurationStatus{0, 1});
        } else if (one.type == PacketType::control_packet) {
          ++asked;
          answer_question(one);
        }
      }
    }
    return asked;
  }
  void answer_question(const SentPacket& question) {
    const auto [body, data] = described.answer(std::get<redir::ControlPacket>(question.body));
    host(PacketType::control_packet, question.id, body, data);
  }
  void connect() {
    introduce();
    answer_questions();
    ASSERT_TRUE(session.ready()) << end_text();
  }

  void host(PacketType type, std::uint64_t id, const redir::Body& body, const Bytes& data = {}) {
    Bytes out;
    redir::append_packet(out, caps, type, id, body, data);
    session.from_stream(out, now);
  }
  void bulk_reply(std::uint64_t id, std::uint8_t endpoint, std::uint32_t length,
                  std::uint8_t status = 0) {
    const bool in = (endpoint & 0x80U) != 0;
    host(
        PacketType::bulk_packet, id,
        redir::BulkPacket{.endpoint = endpoint, .status = status, .length = length, .stream_id = 0},
        in ? filled(length) : Bytes{});
  }
  void control_reply(const SentPacket& request, std::uint16_t length, std::uint8_t status = 0) {
    auto body = std::get<redir::ControlPacket>(request.body);
    body.length = length;
    body.status = status;
    const bool in = (body.endpoint & 0x80U) != 0;
    host(PacketType::control_packet, request.id, body, in ? filled(length) : Bytes{});
  }

  static usbip::Submit urb(std::uint32_t seqnum, std::uint8_t address, std::uint32_t length,
                           std::uint32_t flags = 0) {
    usbip::Submit submit;
    submit.seqnum = seqnum;
    submit.devid = 0x10002;
    submit.direction = (address & 0x80U) != 0 ? usbip::Direction::in : usbip::Direction::out;
    submit.endpoint = address & 0x0fU;
    submit.length = length;
    submit.flags = flags;
    return submit;
  }
  static usbip::Submit control(std::uint32_t seqnum, usbip::Setup setup) {
    usbip::Submit submit = urb(seqnum, setup.request_type & 0x80U, setup.length);
    submit.setup = setup;
    return submit;
  }
  void submit(const usbip::Submit& request, Bytes data = {}, const Bytes& iso = {}) {
    if (request.direction == usbip::Direction::out && data.empty()) data = filled(request.length);
    Bytes out;
    usbip::append_cmd_submit(out, request, data, iso);
    session.from_kernel(out, now);
  }
  void unlink(std::uint32_t seqnum, std::uint32_t victim) {
    Bytes out;
    usbip::append_cmd_unlink(out, seqnum, victim);
    session.from_kernel(out, now);
  }
  void pass(std::chrono::milliseconds time) {
    now += time;
    session.tick(now);
  }

  // What went to the backend since the last call, without the hello.
  std::vector<SentPacket> packets() {
    std::vector<SentPacket> result;
    for (base::wire::Bytes rest = session.to_stream().waiting();;) {
      const auto chunk = rest.first(std::min(rest.size(), std::size_t{65536}));
      rest = rest.subspan(chunk.size());
      EXPECT_TRUE(sent_.push(chunk));
      take_packets(result);
      if (rest.empty()) break;
    }
    session.to_stream().clear();
    return result;
  }
  SentPacket packet() {
    auto all = packets();
    EXPECT_EQ(all.size(), 1U);
    return all.empty() ? SentPacket{} : all.front();
  }
  std::vector<Reply> replies() { return take_replies(session.to_kernel()); }
  Reply reply() {
    auto all = replies();
    EXPECT_EQ(all.size(), 1U);
    return all.empty() ? Reply{} : all.front();
  }
  std::string end_text() const { return session.end() ? session.end()->text : ""; }

  Time now{std::chrono::hours(1)};
  Session session;
  DescribedDevice described = stick_and_keyboard();
  TablesOfDevice tables = tables_of_stick_and_keyboard();
  std::uint32_t offered_by_backend = host_caps;
  std::uint32_t caps = 0;  // agreed with it

 private:
  void take_packets(std::vector<SentPacket>& result) {
    for (;;) {
      const auto packet = sent_.next();
      ASSERT_TRUE(packet) << redir::describe(packet.error());
      if (*packet == nullptr) return;
      const redir::Packet& one = **packet;
      if (one.type == PacketType::hello) continue;
      result.push_back({one.type, one.id, one.body, Bytes(one.data.begin(), one.data.end())});
    }
  }

  redir::Decoder sent_;
};

}  // namespace usbproxy::test
