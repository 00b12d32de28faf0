// SPDX-License-Identifier: GPL-2.0-or-later
// The frontend's state machine: connecting, transfers and ends.
#include <cerrno>

#include "tests/usbproxy/session_rig.hpp"

namespace usbproxy {
namespace {

using namespace test;
using redir::BulkPacket;
using redir::ControlPacket;

TEST(Session, AcceptsTheTablesInEitherOrder) {
  for (const bool interfaces_first : {true, false}) {
    Rig rig;
    rig.hello();
    if (interfaces_first) rig.host(PacketType::interface_info, 0, Rig::interfaces());
    rig.host(PacketType::ep_info, 0, Rig::endpoints());
    if (!interfaces_first) rig.host(PacketType::interface_info, 0, Rig::interfaces());
    EXPECT_FALSE(rig.session.ready());
    rig.host(PacketType::device_connect, 0, Rig::device());
    EXPECT_FALSE(rig.session.ready());  // not before its descriptors are known
    rig.answer_questions();
    EXPECT_TRUE(rig.session.ready());
    EXPECT_EQ(rig.session.device().speed(), Speed::high);
  }
}

TEST(Session, RefusesADeviceWithoutTables) {
  Rig rig;
  rig.hello();
  rig.host(PacketType::interface_info, 0, Rig::interfaces());
  rig.host(PacketType::device_connect, 0, Rig::device());
  EXPECT_EQ(rig.end_text(), "protocol violation: device introduced without its interface tables");
}

TEST(Session, RefusesAnotherDeviceThanApproved) {
  Rig rig(*Identity::parse("0951:1667:60A44C:u080650u030101"));
  rig.hello();
  rig.host(PacketType::interface_info, 0, Rig::interfaces());
  rig.host(PacketType::ep_info, 0, Rig::endpoints());
  rig.host(PacketType::device_connect, 0, Rig::device());
  ASSERT_TRUE(rig.session.end());
  EXPECT_EQ(rig.session.end()->reason, EndReason::refused);
  EXPECT_EQ(rig.end_text(), "device is 0951:1666, but 0951:1667 was approved");
}

TEST(Session, RefusesAnInterfaceThatWasNotApproved) {
  Rig rig(*Identity::parse("0951:1666:60A44C:u080650"));
  rig.hello();
  rig.host(PacketType::interface_info, 0, Rig::interfaces());
  EXPECT_EQ(rig.end_text(),
            "device has an interface u030101 that the approved identity does not have");
}

TEST(Session, AcceptsTheApprovedDevice) {
  Rig rig(*Identity::parse("0951:1666:60A44C:u080650u030101"));
  rig.connect();
}

TEST(Session, EndsWhenTheBackendIsSilent) {
  Rig rig;
  rig.hello();
  EXPECT_EQ(rig.session.next_deadline(), rig.now + 15s);
  rig.pass(14999ms);
  EXPECT_FALSE(rig.session.end());
  rig.pass(1ms);
  EXPECT_EQ(rig.session.end()->reason, EndReason::silent);
}

TEST(Session, MapsAControlReadAndItsReply) {
  Rig rig;
  rig.connect();
  rig.submit(Rig::control(15, get_report));
  const auto request = rig.packet();
  EXPECT_EQ(request.type, PacketType::control_packet);
  EXPECT_EQ(request.id, 15U);
  const auto& body = std::get<ControlPacket>(request.body);
  EXPECT_EQ(body.endpoint, 0x80);
  EXPECT_EQ(body.value, get_report.value);
  EXPECT_EQ(body.length, 18);
  rig.control_reply(request, 18);
  const auto reply = rig.reply();
  EXPECT_EQ(reply.seqnum, 15U);
  EXPECT_EQ(reply.status, 0);
  EXPECT_EQ(reply.data, filled(18));
}

TEST(Session, MapsEveryStatus) {
  const std::array<std::pair<std::uint8_t, std::int32_t>, 9> expected{{{0, 0},
                                                                       {1, -EPROTO},
                                                                       {2, -EINVAL},
                                                                       {3, -EPROTO},
                                                                       {4, -EPIPE},
                                                                       {5, -ETIMEDOUT},
                                                                       {6, -EOVERFLOW},
                                                                       {7, -EIO},
                                                                       {255, -EIO}}};
  Rig rig;
  rig.connect();
  std::uint32_t seqnum = 1;
  for (const auto& [status, code] : expected) {
    rig.submit(Rig::urb(seqnum, 0x81, 512));
    rig.bulk_reply(seqnum, 0x81, status == 0 ? 512 : 0, status);
    EXPECT_EQ(rig.reply().status, code) << int{status};
    ++seqnum;
  }
  rig.submit(Rig::control(seqnum, get_report));
  rig.packets();
  rig.host(PacketType::control_packet, seqnum,
           ControlPacket{0x80, 1, 0xa1, 2, get_report.value, 1, 0});
  EXPECT_EQ(rig.reply().status, -EPIPE);
}

TEST(Session, ChecksAControlReplyAgainstItsRequest) {
  using Change = void (*)(ControlPacket&);
  const Change changes[] = {
      [](ControlPacket& c) { c.request = 5; }, [](ControlPacket& c) { c.request_type = 0x81; },
      [](ControlPacket& c) { c.value = 1; }, [](ControlPacket& c) { c.index = 0; },
      [](ControlPacket& c) { c.endpoint = 0x81; }};
  for (const Change change : changes) {
    Rig rig;
    rig.connect();
    rig.submit(Rig::control(1, get_report));
    auto body = std::get<ControlPacket>(rig.packet().body);
    change(body);
    rig.host(PacketType::control_packet, 1, body, filled(18));
    EXPECT_EQ(rig.end_text(), "protocol violation: control reply to another request");
    EXPECT_EQ(rig.reply().status, -ENODEV);
  }
}

TEST(Session, EndsOnAReplyLongerThanAsked) {
  {
    Rig rig;
    rig.connect();
    rig.submit(Rig::control(1, get_report));
    rig.control_reply(rig.packet(), 19);
    EXPECT_EQ(rig.end_text(), "protocol violation: control reply longer than asked");
  }
  for (const std::uint32_t length : {513U, 4608U}) {
    Rig rig;
    rig.connect();
    rig.submit(Rig::urb(1, 0x81, 512));
    rig.bulk_reply(1, 0x81, length);
    EXPECT_EQ(rig.end_text(), "protocol violation: bulk reply longer than asked");
    EXPECT_EQ(rig.reply().status, -ENODEV);
  }
}

TEST(Session, EndsOnRepliesNobodyAskedFor) {
  const auto ends = [](const std::function<void(Rig&)>& act, const std::string& text) {
    Rig rig;
    rig.connect();
    act(rig);
    EXPECT_EQ(rig.end_text(), "protocol violation: " + text);
  };
  ends([](Rig& rig) { rig.bulk_reply(9, 0x81, 1); }, "bulk reply that answers no request");
  ends(
      [](Rig& rig) {
        rig.submit(Rig::urb(1, 0x81, 512));
        rig.bulk_reply(1, 0x82, 1);
      },
      "bulk reply for another endpoint");
  ends(
      [](Rig& rig) {
        rig.submit(Rig::urb(1, 0x81, 512));
        rig.bulk_reply(1, 0x81, 1);
        rig.bulk_reply(1, 0x81, 1);
      },
      "bulk reply that answers no request");
  ends(
      [](Rig& rig) {
        rig.submit(Rig::urb(1, 0x81, 512));
        rig.bulk_reply(1 + (std::uint64_t{1} << 32U), 0x81, 1);
      },
      "bulk reply that answers no request");
  ends(
      [](Rig& rig) {
        rig.submit(Rig::control(1, get_report));
        rig.bulk_reply(1, 0x81, 1);
      },
      "bulk reply that answers no request");
  ends(
      [](Rig& rig) {
        rig.host(PacketType::interrupt_packet, 0, redir::DataPacket{0x83, 0, 8}, filled(8));
      },
      "interrupt packet nobody asked for");
  ends(
      [](Rig& rig) {
        rig.host(PacketType::interrupt_packet, 0, redir::DataPacket{0xf3, 0, 8}, filled(8));
      },
      "interrupt packet of no endpoint");
  ends([](Rig& rig) { rig.host(PacketType::ep_info, 0, Rig::endpoints()); },
       "interface or endpoint table that nobody asked for");
  ends([](Rig& rig) { rig.host(PacketType::device_connect, 0, Rig::device()); },
       "second device on one stream");
  ends(
      [](Rig& rig) {
        rig.host(PacketType::iso_packet, 0, redir::DataPacket{0x85, 0, 8}, filled(8));
      },
      "isochronous packet nobody asked for");
  ends(
      [](Rig& rig) {
        rig.host(PacketType::iso_stream_status, 0, redir::StreamStatus{0, 0x85});
      },
      "isochronous status nobody asked for");
  ends(
      [](Rig& rig) {
        rig.host(PacketType::iso_packet, 0, redir::DataPacket{0xf5, 0, 8}, filled(8));
      },
      "isochronous packet of no endpoint");
  ends(
      [](Rig& rig) {
        rig.host(PacketType::configuration_status, 3, redir::ConfigurationStatus{0, 1});
      },
      "configuration status that answers no request");
}

TEST(Session, KeepsShortNotOkAndActualLength) {
  Rig rig;
  rig.connect();
  rig.submit(Rig::urb(1, 0x81, 512, usbip::flag::short_not_ok));
  rig.bulk_reply(1, 0x81, 100);
  const auto reply = rig.reply();
  EXPECT_EQ(reply.status, -EREMOTEIO);
  EXPECT_EQ(reply.actual, 100U);
}

TEST(Session, SendsTheZeroPacketAndWaitsForBothReplies) {
  Rig rig;
  rig.connect();
  rig.submit(Rig::urb(1, 0x02, 1024, usbip::flag::zero_packet));
  const auto sent = rig.packets();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0].data.size(), 1024U);
  EXPECT_EQ(std::get<BulkPacket>(sent[1].body).length, 0U);
  rig.bulk_reply(sent[0].id, 0x02, 1024);
  EXPECT_TRUE(rig.replies().empty());
  rig.bulk_reply(sent[1].id, 0x02, 0);
  const auto reply = rig.reply();
  EXPECT_EQ(reply.status, 0);
  EXPECT_EQ(reply.actual, 1024U);
  rig.submit(Rig::urb(2, 0x02, 1000, usbip::flag::zero_packet));
  EXPECT_EQ(rig.packets().size(), 1U);
}

TEST(Session, AnswersWhatNeverLeaves) {
  Rig rig;
  rig.connect();
  const std::array<std::pair<usbip::Setup, std::int32_t>, 7> cases{
      {{{0x00, 0x05, 3, 0, 0}, 0},
       {{0x00, 0x31, 40, 0, 0}, 0},
       {{0x00, 0x30, 0, 0, 6}, 0},
       {{0x00, 0x03, 2, 0x100, 0}, -EPIPE},
       {{0x00, 0x07, 0x100, 0, 18}, -EPIPE},
       {{0x23, 0x03, 8, 1, 0}, -EPIPE},
       {{0xc0, 0x01, 0, 0, 5000}, -EPIPE}}};
  std::uint32_t seqnum = 1;
  for (const auto& [setup, status] : cases) {
    rig.submit(Rig::control(seqnum, setup));
    const auto reply = rig.reply();
    EXPECT_EQ(reply.seqnum, seqnum);
    EXPECT_EQ(reply.status, status) << seqnum;
    ++seqnum;
  }
  EXPECT_TRUE(rig.packets().empty());
}

TEST(Session, TurnsConfigurationRequestsIntoTheirPackets) {
  Rig rig;
  rig.connect();
  rig.submit(Rig::control(1, set_config));
  EXPECT_EQ(rig.packet().type, PacketType::set_configuration);
  rig.host(PacketType::interface_info, 0, Rig::interfaces());
  rig.host(PacketType::ep_info, 0, Rig::endpoints());
  EXPECT_TRUE(rig.replies().empty());
  rig.host(PacketType::configuration_status, 1, redir::ConfigurationStatus{0, 1});
  EXPECT_EQ(rig.reply().status, 0);
  rig.submit(Rig::control(2, {0x80, 0x08, 0, 0, 1}));
  EXPECT_EQ(rig.packet().type, PacketType::get_configuration);
  rig.host(PacketType::configuration_status, 2, redir::ConfigurationStatus{0, 1});
  EXPECT_EQ(rig.reply().data, filled(1, 1));
  rig.submit(Rig::control(3, {0x01, 0x0b, 1, 1, 0}));
  EXPECT_EQ(rig.packet().type, PacketType::set_alt_setting);
  rig.host(PacketType::alt_setting_status, 3, redir::AltSettingStatus{4, 1, 255});
  EXPECT_EQ(rig.reply().status, -EPIPE);
  rig.submit(Rig::control(4, {0x81, 0x0a, 0, 1, 1}));
  EXPECT_EQ(rig.packet().type, PacketType::get_alt_setting);
  rig.host(PacketType::alt_setting_status, 4, redir::AltSettingStatus{0, 1, 0});
  EXPECT_EQ(rig.reply().data, filled(1, 0));
  EXPECT_FALSE(rig.session.end());
}

TEST(Session, RefusesAnotherConfigurationThanAskedFor) {
  Rig rig;
  rig.connect();
  rig.submit(Rig::control(1, set_config));
  rig.host(PacketType::configuration_status, 1, redir::ConfigurationStatus{0, 2});
  EXPECT_EQ(rig.end_text(), "protocol violation: another configuration than asked for");
}

TEST(Session, InfersAResetAndDropsLateReplies) {
  Rig rig;
  rig.connect();
  rig.submit(Rig::control(1, set_config));
  rig.host(PacketType::configuration_status, 1, redir::ConfigurationStatus{0, 1});
  rig.submit(Rig::urb(2, 0x81, 512));
  rig.packets();
  rig.replies();
  rig.submit(Rig::control(3, {0x80, 0x06, 0x0100, 0, 64}));
  const auto sent = rig.packets();
  ASSERT_EQ(sent.size(), 3U);
  EXPECT_EQ(sent[0].type, PacketType::cancel_data_packet);
  EXPECT_EQ(sent[1].type, PacketType::reset);
  EXPECT_EQ(sent[2].type, PacketType::control_packet);  // the device shows itself again
  const auto replies = rig.replies();
  ASSERT_EQ(replies.size(), 2U);
  EXPECT_EQ(replies[0].status, -EPROTO);
  EXPECT_EQ(replies[1].seqnum, 3U);
  EXPECT_EQ(replies[1].data, rig.described.device);
  rig.bulk_reply(2, 0x81, 0, redir::status::cancelled);  // late: discarded once
  EXPECT_FALSE(rig.session.end());
  rig.answer_question(sent[2]);
  rig.answer_questions();
  rig.submit(Rig::urb(4, 0x81, 512));
  EXPECT_EQ(rig.packet().id, (std::uint64_t{1} << 32U) + 4);
  rig.bulk_reply(2, 0x81, 0, redir::status::cancelled);  // twice
  EXPECT_EQ(rig.session.end()->reason, EndReason::violation);
}

TEST(Session, MatchesInterruptPacketsInOrder) {
  Rig rig;
  rig.connect();
  rig.submit(Rig::urb(1, 0x83, 8));
  rig.submit(Rig::urb(2, 0x83, 4));
  const auto start = rig.packet();
  EXPECT_EQ(start.type, PacketType::start_interrupt_receiving);
  rig.host(PacketType::interrupt_receiving_status, start.id, redir::StreamStatus{0, 0x83});
  rig.host(PacketType::interrupt_packet, 0, redir::DataPacket{0x83, 0, 8}, filled(8, 1));
  rig.host(PacketType::interrupt_packet, 1, redir::DataPacket{0x83, 0, 8}, filled(8, 2));
  rig.host(PacketType::interrupt_packet, 2, redir::DataPacket{0x83, 0, 3}, filled(3, 3));
  auto replies = rig.replies();
  ASSERT_EQ(replies.size(), 2U);
  EXPECT_EQ(replies[0].seqnum, 1U);
  EXPECT_EQ(replies[0].data, filled(8, 1));
  EXPECT_EQ(replies[1].status, -EOVERFLOW);
  EXPECT_EQ(replies[1].actual, 4U);
  rig.submit(Rig::urb(3, 0x83, 8));  // served from the buffer
  EXPECT_EQ(rig.reply().data, filled(3, 3));
}

TEST(Session, BoundsBufferedInterruptPackets) {
  Rig rig(std::nullopt, *firewall::Rights::parse("auto-typing=yes"));
  rig.connect();
  rig.submit(Rig::urb(1, 0x83, 8));
  rig.host(PacketType::interrupt_receiving_status, rig.packet().id, redir::StreamStatus{0, 0x83});
  for (unsigned i = 0; i < Session::max_buffered_packets + 11; ++i) {
    rig.host(PacketType::interrupt_packet, i, redir::DataPacket{0x83, 0, 1}, filled(1, i & 0xffU));
  }
  EXPECT_EQ(rig.session.counters().dropped_packets, 10U);
  rig.replies();
  rig.submit(Rig::urb(2, 0x83, 8));
  EXPECT_EQ(rig.reply().data, filled(1, 11));  // the oldest went
}

TEST(Session, EndsOnAnInterruptPacketThatIsTooLong) {
  Rig rig;
  rig.connect();
  rig.submit(Rig::urb(1, 0x83, 64));
  rig.host(PacketType::interrupt_packet, 0, redir::DataPacket{0x83, 0, 9}, filled(9));
  EXPECT_EQ(rig.end_text(),
            "protocol violation: interrupt packet longer than the endpoint's packets");
}

TEST(Session, StopsAnIdleInterruptStreamAndRestartsIt) {
  Rig rig;
  rig.connect();
  rig.submit(Rig::urb(1, 0x83, 8));
  rig.host(PacketType::interrupt_receiving_status, rig.packet().id, redir::StreamStatus{0, 0x83});
  rig.unlink(2, 1);
  EXPECT_EQ(rig.reply().status, -ECONNRESET);
  EXPECT_TRUE(rig.packets().empty());
  rig.pass(250ms);
  const auto stop = rig.packet();
  EXPECT_EQ(stop.type, PacketType::stop_interrupt_receiving);
  rig.host(PacketType::interrupt_packet, 0, redir::DataPacket{0x83, 0, 8}, filled(8));  // crossed
  rig.submit(Rig::urb(3, 0x83, 8));
  EXPECT_TRUE(rig.packets().empty());
  rig.host(PacketType::interrupt_receiving_status, stop.id, redir::StreamStatus{0, 0x83});
  EXPECT_EQ(rig.packet().type, PacketType::start_interrupt_receiving);
}

TEST(Session, FailsQueuedInterruptRequestsWhenTheStreamFails) {
  Rig rig;
  rig.connect();
  rig.submit(Rig::urb(1, 0x83, 8));
  rig.submit(Rig::urb(2, 0x83, 8));
  const auto start = rig.packet();
  rig.host(PacketType::interrupt_receiving_status, start.id, redir::StreamStatus{0, 0x83});
  rig.host(PacketType::interrupt_receiving_status, 0, redir::StreamStatus{4, 0x83});
  const auto replies = rig.replies();
  ASSERT_EQ(replies.size(), 2U);
  EXPECT_EQ(replies[0].status, -EPIPE);
  rig.submit(Rig::urb(3, 0x83, 8));
  EXPECT_EQ(rig.packet().type, PacketType::start_interrupt_receiving);
}

TEST(Session, SendsInterruptOut) {
  Rig rig;
  rig.connect();
  rig.submit(Rig::urb(1, 0x04, 8));
  const auto sent = rig.packet();
  EXPECT_EQ(sent.type, PacketType::interrupt_packet);
  EXPECT_EQ(sent.data.size(), 8U);
  rig.host(PacketType::interrupt_packet, 1, redir::DataPacket{0x04, 0, 8});
  EXPECT_EQ(rig.reply().actual, 8U);
  rig.submit(Rig::urb(2, 0x04, 9));
  EXPECT_EQ(rig.reply().status, -EINVAL);
}

TEST(Session, StopsAStreamBeforeItsHaltIsCleared) {
  Rig rig;
  rig.connect();
  rig.submit(Rig::urb(1, 0x83, 8));
  rig.host(PacketType::interrupt_receiving_status, rig.packet().id, redir::StreamStatus{0, 0x83});
  rig.submit(Rig::control(2, {0x02, 0x01, 0, 0x83, 0}));
  const auto sent = rig.packets();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0].type, PacketType::stop_interrupt_receiving);
  EXPECT_EQ(sent[1].type, PacketType::control_packet);
  rig.host(PacketType::interrupt_receiving_status, sent[0].id, redir::StreamStatus{0, 0x83});
  rig.control_reply(sent[1], 0);
  EXPECT_EQ(rig.packet().type, PacketType::start_interrupt_receiving);
}

TEST(Session, AnswersEverythingWhenTheDeviceGoes) {
  Rig rig;
  rig.connect();
  rig.submit(Rig::urb(1, 0x81, 512));
  rig.submit(Rig::control(2, get_report));
  rig.submit(Rig::urb(3, 0x83, 8));
  for (std::uint32_t i = 10; i < 30; ++i) rig.submit(Rig::urb(i, 0x02, 512));
  rig.unlink(50, 1);
  rig.packets();
  rig.host(PacketType::device_disconnect, 0, redir::Empty{});
  const auto replies = rig.replies();
  EXPECT_EQ(replies.size(), 23U);
  for (const Reply& reply : replies) {
    EXPECT_EQ(reply.status, reply.command == 4 ? -ECONNRESET : -ENODEV);
  }
  EXPECT_EQ(rig.packet().type, PacketType::device_disconnect_ack);
  EXPECT_EQ(rig.end_text(), "device unplugged in sys-usb");
}

TEST(Session, TellsTheBackendWhenTheTargetDetaches) {
  Rig rig;
  rig.connect();
  rig.submit(Rig::urb(1, 0x81, 512));
  rig.packets();
  rig.session.kernel_closed(rig.now);
  const auto sent = rig.packets();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0].type, PacketType::cancel_data_packet);
  EXPECT_EQ(sent[1].type, PacketType::filter_reject);
  EXPECT_EQ(rig.end_text(), "target detached the device");
}

TEST(Session, RefusesRubbishFromTheKernel) {
  Rig rig;
  rig.connect();
  rig.session.from_kernel(filled(48, 0xff), rig.now);
  EXPECT_EQ(rig.session.end()->reason, EndReason::kernel_violation);
}

TEST(Session, NeedsAModernBackend) {
  Rig rig;
  Bytes out;
  redir::append_hello(out, 0x7e & ~redir::cap::ids_64bit);
  rig.session.from_stream(out, rig.now);
  EXPECT_EQ(rig.session.end()->reason, EndReason::refused);
}

}  // namespace
}  // namespace usbproxy
