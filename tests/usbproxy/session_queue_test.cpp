// SPDX-License-Identifier: GPL-2.0-or-later
// The frontend's state machine: what is taken back, what waits, and what is too much.
#include <cerrno>

#include "tests/usbproxy/session_rig.hpp"

namespace usbproxy {
namespace {

using namespace test;
using redir::BulkPacket;
using redir::ControlPacket;

TEST(Session, CancelsAndGivesBack) {
  Rig rig;
  rig.connect();
  rig.submit(Rig::urb(1, 0x81, 512));
  rig.packets();
  rig.unlink(2, 1);
  const auto cancel = rig.packet();
  EXPECT_EQ(cancel.type, PacketType::cancel_data_packet);
  EXPECT_EQ(cancel.id, 1U);
  EXPECT_TRUE(rig.replies().empty());
  rig.bulk_reply(1, 0x81, 0, redir::status::cancelled);
  const auto reply = rig.reply();
  EXPECT_EQ(reply.command, 4U);
  EXPECT_EQ(reply.seqnum, 2U);
  EXPECT_EQ(reply.status, -ECONNRESET);
}

TEST(Session, ACompletionThatCrossesTheCancelComesFirst) {
  Rig rig;
  rig.connect();
  rig.submit(Rig::urb(1, 0x81, 512));
  rig.unlink(2, 1);
  rig.bulk_reply(1, 0x81, 512);
  const auto replies = rig.replies();
  ASSERT_EQ(replies.size(), 2U);
  EXPECT_EQ(replies[0].command, 3U);
  EXPECT_EQ(replies[0].actual, 512U);
  EXPECT_EQ(replies[1].command, 4U);
  EXPECT_EQ(replies[1].status, 0);
}

TEST(Session, AnswersAnUnlinkOfTheUnknownAtOnce) {
  Rig rig;
  rig.connect();
  rig.unlink(2, 1);
  EXPECT_EQ(rig.reply().status, 0);
}

TEST(Session, GivesBackAfterADeadlineWhenTheBackendIgnoresTheCancel) {
  Rig rig;
  rig.connect();
  rig.submit(Rig::urb(1, 0x81, 512));
  rig.unlink(2, 1);
  EXPECT_EQ(rig.session.next_deadline(), rig.now + 2s);
  rig.pass(2s);
  EXPECT_EQ(rig.reply().status, -ECONNRESET);
  rig.bulk_reply(1, 0x81, 512);  // late: discarded
  EXPECT_TRUE(rig.replies().empty());
  EXPECT_FALSE(rig.session.end());
}

TEST(Session, UnlinksAConfigurationRequestWithinASecond) {
  Rig rig;
  rig.connect();
  rig.submit(Rig::control(1, set_config));
  rig.packets();
  rig.unlink(2, 1);
  EXPECT_TRUE(rig.packets().empty());  // it cannot be cancelled
  rig.pass(1s);
  EXPECT_EQ(rig.reply().status, -ECONNRESET);
  rig.host(PacketType::interface_info, 0, Rig::interfaces());
  rig.host(PacketType::ep_info, 0, Rig::endpoints());
  rig.host(PacketType::configuration_status, 1, redir::ConfigurationStatus{0, 1});
  EXPECT_FALSE(rig.session.end());
}

TEST(Session, AnswersAControlRequestBeforeTheKernelGivesUp) {
  Rig rig;
  rig.connect();
  rig.submit(Rig::control(1, get_report));
  rig.packets();
  rig.pass(4900ms);
  EXPECT_EQ(rig.reply().status, -ETIMEDOUT);
  EXPECT_EQ(rig.packet().type, PacketType::cancel_data_packet);
}

TEST(Session, ParksWhatIsTooMuchAndKeepsTheOrder) {
  Rig rig;
  rig.connect();
  for (std::uint32_t i = 1; i <= 20; ++i) rig.submit(Rig::urb(i, 0x81, 512));
  EXPECT_EQ(rig.packets().size(), Session::max_endpoint_in_flight);
  rig.submit(Rig::urb(30, 0x02, 512));  // another endpoint is not held up
  EXPECT_EQ(rig.packet().id, 30U);
  rig.bulk_reply(1, 0x81, 512);
  EXPECT_EQ(rig.packet().id, 17U);
  rig.unlink(40, 18);  // parked: at once
  rig.replies();
  rig.bulk_reply(2, 0x81, 512);
  EXPECT_EQ(rig.packet().id, 19U);
}

TEST(Session, BoundsTheBytesInFlight) {
  Rig rig;
  rig.connect();
  for (std::uint32_t i = 1; i <= 6; ++i) rig.submit(Rig::urb(i, 0x02, 4U << 20U));
  EXPECT_EQ(rig.packets().size(), 4U);
  rig.bulk_reply(1, 0x02, 4U << 20U);
  const auto next = rig.packet();
  EXPECT_EQ(next.id, 5U);
  EXPECT_EQ(next.data.size(), 4U << 20U);
}

TEST(Session, RefusesBeyondWhatItParks) {
  Rig rig;
  rig.connect();
  for (std::uint32_t i = 1; i <= Session::max_urbs; ++i) rig.submit(Rig::urb(i, 0x81, 512));
  EXPECT_TRUE(rig.replies().empty());
  rig.submit(Rig::urb(5000, 0x81, 512));
  EXPECT_EQ(rig.reply().status, -ENOMEM);
}

TEST(Session, EndsOnHalfAPacketAndSilence) {
  Rig introduced;
  introduced.hello();
  introduced.session.from_stream(filled(5, 0), introduced.now);
  introduced.pass(9999ms);
  EXPECT_FALSE(introduced.session.end());
  introduced.pass(1ms);
  EXPECT_EQ(introduced.end_text(), "the backend stopped in the middle of a packet for 10 s");

  Rig rig;
  rig.connect();
  rig.session.from_stream(filled(5, 0), rig.now);
  rig.pass(39999ms);
  EXPECT_FALSE(rig.session.end()) << "its qube may be paused";
  rig.pass(1ms);
  EXPECT_EQ(rig.session.end()->reason, EndReason::silent);
}

}  // namespace
}  // namespace usbproxy
