// SPDX-License-Identifier: GPL-2.0-or-later
// A session behind Qubes' own usb-export: what its usbip-host is asked, and what becomes of its
// answers.
#include <cerrno>

#include "tests/usbproxy/exported_rig.hpp"

namespace usbproxy {
namespace {

using namespace test;
using usbip::CommandKind;
using usbip::Direction;

class Exported : public ::testing::Test {
 protected:
  ExportedRig rig;
};

class ConnectedExported : public Exported {
 protected:
  void SetUp() override { rig.connect(); }
  // The keyboard's endpoint is polled.
  std::vector<SentCommand> start_polling() {
    rig.submit(Rig::urb(1, 0x83, 8));
    return rig.commands();
  }
};

TEST_F(Exported, BeginsWithAQuestionForTheDeviceDescriptor) {
  const auto sent = rig.link.out().waiting();
  EXPECT_EQ(Bytes(sent.begin(), sent.end()),
            from_hex("00 00 00 01 00 00 00 01 00 02 00 03 00 00 00 01 00 00 00 00 "
                     "00 00 00 00 00 00 00 12 00 00 00 00 00 00 00 00 00 00 00 00 "
                     "80 06 00 01 00 00 12 00"));
}

TEST_F(Exported, ReadsTheDeviceSetsItsFirstConfigurationAndShowsIt) {
  std::vector<usbip::Setup> asked;
  while (!rig.session.ready() && !rig.session.end()) {
    const auto one = rig.command();
    asked.push_back(one.submit.setup);
    rig.answer_control(one);
    ASSERT_LT(asked.size(), 100U);
  }
  ASSERT_TRUE(rig.session.ready()) << rig.end_text();
  const auto set = std::find(asked.begin(), asked.end(), usbip::Setup{0x00, 0x09, 1, 0, 0});
  ASSERT_NE(set, asked.end());
  // Then the session's own, the first of which is for the configuration in use.
  EXPECT_EQ(*(set + 1), (usbip::Setup{0x80, 0x08, 0, 0, 1}));
  EXPECT_EQ(std::count(asked.begin(), asked.end(), usbip::Setup{0x80, 0x06, 0x0100, 0, 18}), 3);
  const DeviceTable& device = rig.session.device();
  EXPECT_EQ(device.speed(), Speed::high);
  EXPECT_EQ(device.introduction().vendor_id, 0x0951);
  EXPECT_EQ(device.interface_class(0), (InterfaceClass{0x08, 0x06, 0x50}));
  EXPECT_EQ(device.endpoint(0x85).max_packet_size, 512);
}

TEST_F(Exported, RefusesAnotherDeviceThanApproved) {
  ExportedRig other(*Identity::parse("1111:2222:60A44C:u080650u030101"));
  other.answer_questions();
  other.expect_end(EndReason::refused, "device is 0951:1666, but 1111:2222 was approved");
}

TEST_F(ConnectedExported, CarriesControlRequests) {
  rig.submit(Rig::control(1, get_report));
  const auto asked = rig.command();
  EXPECT_EQ(asked.submit.setup, get_report);
  EXPECT_EQ(asked.submit.length, 18U);
  EXPECT_EQ(asked.submit.direction, Direction::in);
  rig.done(asked, 0, filled(7));
  const auto reply = rig.reply();
  EXPECT_EQ(reply.seqnum, 1U);
  EXPECT_EQ(reply.status, 0);
  EXPECT_EQ(reply.data, filled(7));

  rig.submit(Rig::control(2, {0x21, 0x09, 0x0200, 1, 1}), from_hex("05"));
  const auto lights = rig.command();
  EXPECT_EQ(lights.data, from_hex("05"));
  EXPECT_EQ(lights.submit.direction, Direction::out);
  rig.done(lights, ExportedRig::stall);
  EXPECT_EQ(rig.reply().status, -EPIPE);

  // usbip-host takes one without data for OUT only.
  rig.submit(Rig::control(3, {0xa1, 0x01, 0x0100, 1, 0}));
  EXPECT_EQ(rig.command().submit.direction, Direction::out);
}

TEST_F(ConnectedExported, CarriesLargeBulkTransfersBothWays) {
  constexpr std::uint32_t size = 1024 * 1024;
  rig.submit(Rig::urb(1, 0x81, size));
  const auto in = rig.command();
  EXPECT_EQ(in.submit.length, size);
  EXPECT_EQ(in.submit.flags, usbip::flag::scatter_gather);
  rig.done(in, 0, filled(size, 0x17));
  EXPECT_EQ(rig.reply().data, filled(size, 0x17));

  rig.submit(Rig::urb(2, 0x02, size), filled(size, 0x18));
  const auto out = rig.command();
  EXPECT_EQ(out.data, filled(size, 0x18));
  rig.done(out, 0);
  EXPECT_EQ(rig.reply().actual, size);

  rig.submit(Rig::urb(3, 0x81, 512));
  const auto small = rig.command();
  EXPECT_EQ(small.submit.flags, 0U);
  rig.done(small, -EOVERFLOW, filled(100));
  const auto reply = rig.reply();
  EXPECT_EQ(reply.status, -EOVERFLOW);
}

TEST_F(ConnectedExported, SendsTheEmptyPacketBehindATransfer) {
  rig.submit(Rig::urb(1, 0x02, 512, usbip::flag::zero_packet));
  const auto sent = rig.commands();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[1].submit.length, 0U);
  rig.done(sent[0], 0);
  EXPECT_TRUE(rig.replies().empty());
  rig.done(sent[1], 0);
  EXPECT_EQ(rig.reply().actual, 512U);
}

TEST_F(ConnectedExported, KeepsTwoRequestsOnAnInterruptEndpoint) {
  const auto polls = start_polling();
  ASSERT_EQ(polls.size(), exported::Link::polls);
  for (const auto& one : polls) {
    EXPECT_EQ(one.submit.address(), 0x83);
    EXPECT_EQ(one.submit.length, 8U);
    EXPECT_EQ(one.submit.interval, 8U);  // 2^(4-1) microframes
  }
  rig.done(polls[0], 0, from_hex("00 00 04 00 00 00 00 00"));
  EXPECT_EQ(rig.reply().data, from_hex("00 00 04 00 00 00 00 00"));
  EXPECT_EQ(rig.command().submit.address(), 0x83);
  // What comes before the driver asks is kept.
  rig.done(polls[1], 0, filled(8, 0));
  rig.submit(Rig::urb(2, 0x83, 8));
  EXPECT_EQ(rig.reply().data, filled(8, 0));
}

TEST_F(ConnectedExported, GivesPollingUpWithTheTarget) {
  const auto polls = start_polling();
  rig.unlink(2, 1);
  EXPECT_EQ(rig.reply().status, -ECONNRESET);
  EXPECT_TRUE(rig.commands().empty());
  rig.pass(Session::stream_idle);
  const auto unlinks = rig.commands();
  ASSERT_EQ(unlinks.size(), 2U);
  EXPECT_EQ(unlinks[0].kind, CommandKind::unlink);
  EXPECT_EQ(unlinks[0].victim, polls[0].seqnum);
  rig.done(polls[0], 0, filled(8));  // it crossed
  rig.unlinked(unlinks[0], 0);
  rig.unlinked(unlinks[1], -ECONNRESET);
  EXPECT_FALSE(rig.session.end()) << rig.end_text();
  rig.submit(Rig::urb(3, 0x83, 8));
  EXPECT_EQ(rig.commands().size(), 2U);
}

TEST_F(ConnectedExported, EndsPollingWithAnError) {
  const auto polls = start_polling();
  rig.done(polls[0], ExportedRig::stall);
  EXPECT_EQ(rig.reply().status, -EPIPE);
  const auto unlink = rig.command();
  EXPECT_EQ(unlink.victim, polls[1].seqnum);
  rig.unlinked(unlink, -ECONNRESET);
  rig.submit(Rig::urb(2, 0x83, 8));
  EXPECT_EQ(rig.commands().size(), 2U);
}

TEST_F(ConnectedExported, CarriesInterruptOut) {
  rig.submit(Rig::urb(1, 0x04, 8), filled(8));
  const auto sent = rig.command();
  EXPECT_EQ(sent.submit.interval, 8U);
  EXPECT_EQ(sent.data, filled(8));
  rig.done(sent, 0);
  EXPECT_EQ(rig.reply().actual, 8U);
}

TEST_F(ConnectedExported, ChangesSettings) {
  rig.submit(Rig::control(1, {0x01, 0x0b, 1, 1, 0}));
  const auto alt = rig.command();
  EXPECT_EQ(alt.submit.setup, (usbip::Setup{0x01, 0x0b, 1, 1, 0}));
  rig.done(alt, 0);
  EXPECT_EQ(rig.reply().status, 0);
  EXPECT_EQ(rig.session.device().endpoint(0x85).type, redir::endpoint_type::invalid);
  EXPECT_EQ(rig.session.setting().alternates[1], 1);

  rig.submit(Rig::control(2, {0x81, 0x0a, 0, 1, 1}));
  rig.done(rig.command(), 0, from_hex("01"));
  EXPECT_EQ(rig.reply().data, from_hex("01"));

  rig.submit(Rig::control(3, set_config));
  rig.done(rig.command(), 0);
  EXPECT_EQ(rig.reply().status, 0);
  EXPECT_EQ(rig.session.setting().alternates[1], 0);
  EXPECT_EQ(rig.session.device().endpoint(0x85).type, redir::endpoint_type::isochronous);

  rig.submit(Rig::control(4, {0x00, 0x09, 0, 0, 0}));
  rig.done(rig.command(), 0);
  EXPECT_EQ(rig.reply().status, 0);
  EXPECT_EQ(rig.session.device().interface_count(), 0U);
  EXPECT_FALSE(rig.session.end()) << rig.end_text();
}

TEST_F(ConnectedExported, KeepsTheSettingThatTheDeviceDoesNotLeave) {
  rig.submit(Rig::control(1, {0x01, 0x0b, 1, 1, 0}));
  rig.done(rig.command(), ExportedRig::stall);
  EXPECT_EQ(rig.reply().status, -EPIPE);
  EXPECT_EQ(rig.session.device().endpoint(0x85).type, redir::endpoint_type::isochronous);
  rig.submit(Rig::control(2, {0x80, 0x08, 0, 0, 1}));
  rig.done(rig.command(), 0);  // nothing in it
  EXPECT_EQ(rig.reply().status, -EPIPE);
  EXPECT_FALSE(rig.session.end()) << rig.end_text();
}

TEST_F(ConnectedExported, ResetsThePort) {
  rig.submit(Rig::control(1, set_config));
  rig.done(rig.command(), 0);
  rig.submit(Rig::control(2, {0x80, 0x06, 0x0100, 0, 64}));  // what a kernel asks after a reset
  const auto sent = rig.commands();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0].submit.setup, (usbip::Setup{0x23, 0x03, 4, 0, 0}));
  rig.done(sent[0], ExportedRig::stall);
  rig.answer_control(sent[1]);
  EXPECT_GT(rig.answer_questions(), 5);
  EXPECT_FALSE(rig.session.end()) << rig.end_text();
  EXPECT_TRUE(rig.session.ready());
}

TEST_F(ConnectedExported, SeesAnotherDeviceAfterAReset) {
  rig.submit(Rig::control(1, set_config));
  rig.done(rig.command(), 0);
  rig.described.device[10] = std::byte{0x67};
  rig.submit(Rig::control(2, {0x80, 0x06, 0x0100, 0, 64}));
  rig.answer_questions();
  ASSERT_TRUE(rig.session.end());
  EXPECT_EQ(rig.session.end()->reason, EndReason::changed);
}

TEST_F(ConnectedExported, CancelsWhatTheTargetGivesUp) {
  rig.submit(Rig::urb(1, 0x81, 512));
  const auto first = rig.command();
  rig.unlink(2, 1);
  const auto unlink = rig.command();
  EXPECT_EQ(unlink.kind, CommandKind::unlink);
  EXPECT_EQ(unlink.victim, first.seqnum);
  rig.unlinked(unlink, -ECONNRESET);
  EXPECT_EQ(rig.reply().status, -ECONNRESET);

  rig.submit(Rig::urb(3, 0x81, 512));  // answered while it is given up
  const auto second = rig.command();
  rig.unlink(4, 3);
  const auto late = rig.command();
  rig.done(second, 0, filled(13));
  rig.unlinked(late, 0);
  const auto replies = rig.replies();
  ASSERT_EQ(replies.size(), 2U);
  EXPECT_EQ(replies[0].data, filled(13));
  EXPECT_EQ(replies[1].command, 4U);
  EXPECT_EQ(replies[1].status, 0);

  rig.submit(Rig::urb(5, 0x81, 512));  // done while it was being unlinked: usbip-host says no more
  rig.command();
  rig.unlink(6, 5);
  rig.unlinked(rig.command(), 0);
  EXPECT_EQ(rig.reply().status, -ECONNRESET);
  EXPECT_FALSE(rig.session.end()) << rig.end_text();
}

TEST_F(ConnectedExported, StreamsIsochronousIn) {
  Bytes iso;
  const std::array places{usbip::IsoPlace{0, 512}};
  usbip::append_iso_places(iso, places);
  usbip::Submit request = Rig::urb(1, 0x85, 512);
  request.iso_packets = 1;
  rig.submit(request, {}, iso);
  const auto asked = rig.commands();
  ASSERT_GE(asked.size(), 2U);
  const std::uint32_t packets = asked[0].submit.iso_packets;
  EXPECT_EQ(asked[0].submit.length, packets * 512);
  EXPECT_EQ(asked[0].submit.flags, usbip::flag::iso_asap);
  EXPECT_EQ(asked[0].submit.interval, 1U);
  std::vector<IsoAnswer> answer(packets, IsoAnswer{.actual = 0});
  answer[0] = {.actual = 3};
  answer[1] = {.actual = 2, .status = -EILSEQ};
  rig.done_iso(asked[0], answer, from_hex("01 02 03 04 05"));
  EXPECT_EQ(rig.commands().size(), 1U);  // in its place
  rig.pass(200ms);
  EXPECT_EQ(rig.reply().data, from_hex("01 02 03"));
  EXPECT_EQ(rig.session.counters().iso.failed, 1U);

  rig.pass(Session::stream_idle);
  const auto unlinks = rig.commands();
  EXPECT_EQ(unlinks.size(), asked.size());
  EXPECT_EQ(unlinks.front().kind, CommandKind::unlink);
  for (const auto& one : unlinks) rig.unlinked(one, -ECONNRESET);
  EXPECT_FALSE(rig.session.end()) << rig.end_text();
}

TEST_F(ConnectedExported, EndsTheStreamOfAnEndpointThatFails) {
  Bytes iso;
  const std::array places{usbip::IsoPlace{0, 512}};
  usbip::append_iso_places(iso, places);
  usbip::Submit request = Rig::urb(1, 0x85, 512);
  request.iso_packets = 1;
  rig.submit(request, {}, iso);
  const auto asked = rig.commands();
  rig.done_iso(asked[0], std::vector<IsoAnswer>(asked[0].submit.iso_packets), {}, -EPROTO);
  EXPECT_EQ(rig.commands().size(), asked.size() - 1);
  EXPECT_EQ(rig.session.counters().iso.failed, 1U);
  EXPECT_FALSE(rig.session.end()) << rig.end_text();
}

TEST(IsoSender, HoldsBackHalfAndBeginsAnewWhenItRanDry) {
  exported::IsoSender sender(4, 2, 4);
  const auto push_request = [&sender](unsigned value) {
    sender.push(filled(3, value));
    sender.push(filled(1, value));
  };
  push_request(1);
  sender.push(filled(4));  // half a request is none
  EXPECT_FALSE(sender.next(0));
  sender.push(filled(4));
  const auto first = sender.next(0);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->data, from_hex("01 01 01 00 01 00 00 00"));
  EXPECT_EQ(first->places[1].offset, 4U);
  EXPECT_EQ(first->places[1].length, 1U);
  EXPECT_TRUE(sender.next(1));
  EXPECT_FALSE(sender.next(2));
  push_request(3);
  EXPECT_FALSE(sender.next(4));  // as many as may be
  EXPECT_TRUE(sender.next(3));
  EXPECT_FALSE(sender.next(0));
  push_request(4);
  EXPECT_FALSE(sender.next(0));
  for (unsigned i = 5; i < 10; ++i) push_request(i);
  EXPECT_EQ(sender.next(0)->data.front(), std::byte{6});  // the oldest two are gone
}

}  // namespace
}  // namespace usbproxy
