// SPDX-License-Identifier: GPL-2.0-or-later
// A session whose backend is a fake usbip-host, with every request it is asked taken apart.
#pragma once

#include <memory>

#include "tests/usbproxy/session_rig.hpp"
#include "usbproxy/exported/link.hpp"

namespace usbproxy::test {

struct SentCommand {
  usbip::CommandKind kind = usbip::CommandKind::submit;
  usbip::Submit submit = {};
  Bytes data = {};
  Bytes iso = {};
  std::uint32_t seqnum = 0;
  std::uint32_t victim = 0;
};

// One packet of an isochronous answer.
struct IsoAnswer {
  std::uint32_t actual = 0;
  std::int32_t status = 0;
};

// The device is stick_and_keyboard(), unless a test changes what it says.
class ExportedRig {
 public:
  static constexpr std::uint32_t devid = 0x20003;
  static constexpr std::int32_t stall = -32;

  explicit ExportedRig(std::optional<Identity> expected = std::nullopt)
      : session(std::move(expected), now) {
    link.turn(now);
  }

  // What the device is asked about itself is answered as the described device does, until nothing
  // more is asked; how many questions that were.
  int answer_questions() {
    int asked = 0;
    while (!session.end()) {
      const auto all = commands();
      if (all.empty()) break;
      for (const SentCommand& one : all) {
        ++asked;
        answer_control(one);
      }
    }
    return asked;
  }
  void answer_control(const SentCommand& one) {
    const Setup& setup = one.submit.setup;
    if (setup.request_type == 0x80 && setup.request == 0x08) return done(one, 0, from_hex("01"));
    if ((setup.request_type & 0x80U) == 0) return done(one, 0);
    const auto bytes = described.descriptor(setup);
    done(one, bytes ? 0 : stall, bytes.value_or(Bytes{}));
  }
  void connect() {
    answer_questions();
    ASSERT_TRUE(session.ready()) << end_text();
  }

  // What usbip-host answers: device, direction and endpoint are zero.
  void done(const SentCommand& asked, std::int32_t status, const Bytes& data = {}) {
    const bool in = asked.submit.direction == usbip::Direction::in;
    const std::uint32_t sent = status == 0 ? asked.submit.length : 0;
    answer(3, asked.submit.seqnum, status, in ? static_cast<std::uint32_t>(data.size()) : sent,
           data);
  }
  void done_iso(const SentCommand& asked, const std::vector<IsoAnswer>& packets,
                const Bytes& data = {}, std::int32_t status = 0) {
    std::uint32_t sum = 0;
    Bytes tail = data;
    base::wire::BigWriter writer(tail);
    for (const IsoAnswer& one : packets) {
      sum += one.actual;
      writer.u32(0xdead).u32(0xbeef).u32(one.actual).u32(std::bit_cast<std::uint32_t>(one.status));
    }
    answer(3, asked.submit.seqnum, status, sum, tail, static_cast<std::uint32_t>(packets.size()));
  }
  void unlinked(const SentCommand& unlink, std::int32_t status) {
    answer(4, unlink.seqnum, status, 0, {});
  }
  void answer(std::uint32_t command, std::uint32_t seqnum, std::int32_t status,
              std::uint32_t actual, const Bytes& tail, std::uint32_t packets = 0) {
    Bytes out;
    base::wire::BigWriter(out)
        .u32(command)
        .u32(seqnum)
        .zeros(12)
        .u32(std::bit_cast<std::uint32_t>(status))
        .u32(actual)
        .u32(0)
        .u32(packets)
        .zeros(12);
    out.insert(out.end(), tail.begin(), tail.end());
    write(out);
  }
  void write(base::wire::Bytes bytes) {
    while (!bytes.empty() && !session.end()) {
      const auto room = link.prepare();
      const std::size_t count = std::min(room.size(), bytes.size());
      std::copy_n(bytes.begin(), count, room.begin());
      link.arrived(count, now);
      link.turn(now);
      bytes = bytes.subspan(count);
    }
  }

  // What was asked since the last call.
  std::vector<SentCommand> commands() {
    std::vector<SentCommand> result;
    const Bytes sent(link.out().waiting().begin(), link.out().waiting().end());
    link.out().clear();
    for (base::wire::Bytes rest = sent; !rest.empty();) {
      const auto chunk = rest.first(std::min(rest.size(), std::size_t{65536}));
      rest = rest.subspan(chunk.size());
      EXPECT_TRUE(sent_.push(chunk));
      take(result);
    }
    return result;
  }
  SentCommand command() {
    auto all = commands();
    EXPECT_EQ(all.size(), 1U);
    return all.empty() ? SentCommand{} : all.front();
  }

  // The target's kernel.
  void submit(const usbip::Submit& request, Bytes data = {}, const Bytes& iso = {}) {
    if (request.direction == usbip::Direction::out && data.empty()) data = filled(request.length);
    Bytes out;
    usbip::append_cmd_submit(out, request, data, iso);
    session.from_kernel(out, now);
    link.turn(now);
  }
  void unlink(std::uint32_t seqnum, std::uint32_t victim) {
    Bytes out;
    usbip::append_cmd_unlink(out, seqnum, victim);
    session.from_kernel(out, now);
    link.turn(now);
  }
  std::vector<Reply> replies() { return take_replies(session.to_kernel()); }
  Reply reply() {
    auto all = replies();
    EXPECT_EQ(all.size(), 1U);
    return all.empty() ? Reply{} : all.front();
  }
  void pass(std::chrono::milliseconds time) {
    now += time;
    link.tick(now);
    session.tick(now);
    link.turn(now);
  }
  std::string end_text() const { return session.end() ? session.end()->text : ""; }
  void expect_end(EndReason reason, const std::string& text) {
    ASSERT_TRUE(session.end());
    EXPECT_EQ(session.end()->reason, reason);
    EXPECT_EQ(end_text(), text);
  }

  Time now{std::chrono::hours(1)};
  Session session;
  exported::Link link{session, {.devid = devid, .speed = Speed::high}, now};
  DescribedDevice described = stick_and_keyboard();

 private:
  void take(std::vector<SentCommand>& result) {
    for (;;) {
      const auto command = sent_.next();
      ASSERT_TRUE(command) << usbip::describe(command.error());
      if (*command == nullptr) return;
      const usbip::Command& one = **command;
      if (one.kind == usbip::CommandKind::submit) {
        EXPECT_EQ(one.submit.devid, devid);
      }
      result.push_back({.kind = one.kind,
                        .submit = one.submit,
                        .data = Bytes(one.data.begin(), one.data.end()),
                        .iso = Bytes(one.iso.begin(), one.iso.end()),
                        .seqnum = one.seqnum,
                        .victim = one.victim});
    }
  }

  usbip::Parser sent_;
};

}  // namespace usbproxy::test
