// SPDX-License-Identifier: GPL-2.0-or-later
// Mass storage ahead of the target: one round trip per command, and the plain way whenever
// something is unusual.
#include <cerrno>

#include "tests/usbproxy/session_rig.hpp"

namespace usbproxy {
namespace {

using namespace test;

Bytes read_command(std::uint32_t length) { return command_block(0x28, length, 0x80); }
Bytes write_command(std::uint32_t length) { return command_block(0x2a, length, 0x00); }

class Bot : public ::testing::Test {
 protected:
  void SetUp() override { rig.connect(); }
  void command_out(std::uint32_t seqnum, const Bytes& block) {
    rig.submit(Rig::urb(seqnum, 0x02, static_cast<std::uint32_t>(block.size())), block);
  }
  // A READ of `length`, with the two packets it makes.
  std::vector<SentPacket> start_read(std::uint32_t seqnum, std::uint32_t length) {
    command_out(seqnum, read_command(length));
    EXPECT_EQ(rig.reply().actual, 31U);  // answered at once
    auto sent = rig.packets();
    EXPECT_EQ(sent.size(), 2U);
    return sent;
  }
  Rig rig;
};

TEST_F(Bot, ReadsInOneRoundTrip) {
  const auto sent = start_read(1, 4096);
  EXPECT_EQ(std::get<redir::BulkPacket>(sent[1].body).length, 4096U);
  rig.bulk_reply(sent[0].id, 0x02, 31);
  rig.submit(Rig::urb(2, 0x81, 4096));  // asked before the data came
  rig.bulk_reply(sent[1].id, 0x81, 4096);
  const auto status = rig.packet();  // asked for before the target does
  EXPECT_EQ(std::get<redir::BulkPacket>(status.body).length, 13U);
  auto reply = rig.reply();
  EXPECT_EQ(reply.seqnum, 2U);
  EXPECT_EQ(reply.data, filled(4096));
  rig.bulk_reply(status.id, 0x81, 13);  // came before it was asked for
  EXPECT_TRUE(rig.replies().empty());
  rig.submit(Rig::urb(3, 0x81, 13));
  reply = rig.reply();
  EXPECT_EQ(reply.seqnum, 3U);
  EXPECT_EQ(reply.actual, 13U);
  EXPECT_TRUE(rig.packets().empty());
  start_read(4, 512);  // and again
  EXPECT_FALSE(rig.session.end());
}

TEST_F(Bot, ServesSmallerRequestsFromOneTransfer) {
  const auto sent = start_read(1, 1024);
  rig.bulk_reply(sent[0].id, 0x02, 31);
  rig.bulk_reply(sent[1].id, 0x81, 1024);
  rig.bulk_reply(rig.packet().id, 0x81, 13);
  rig.submit(Rig::urb(2, 0x81, 512));
  rig.submit(Rig::urb(3, 0x81, 512));
  rig.submit(Rig::urb(4, 0x81, 13));
  const auto replies = rig.replies();
  ASSERT_EQ(replies.size(), 3U);
  EXPECT_EQ(replies[1].actual, 512U);
  EXPECT_EQ(replies[2].actual, 13U);
}

TEST_F(Bot, AStallGoesThePlainWay) {
  const auto sent = start_read(1, 4096);
  rig.bulk_reply(sent[0].id, 0x02, 31);
  rig.submit(Rig::urb(2, 0x81, 4096));
  rig.bulk_reply(sent[1].id, 0x81, 0, redir::status::stall);
  EXPECT_EQ(rig.reply().status, -EPIPE);
  EXPECT_TRUE(rig.packets().empty());
  rig.submit(Rig::urb(3, 0x81, 13));  // the plain way
  EXPECT_EQ(rig.packet().id, 3U);
  rig.bulk_reply(3, 0x81, 13);
  EXPECT_EQ(rig.reply().actual, 13U);
  command_out(4, read_command(512));  // and from here on
  EXPECT_EQ(rig.packet().id, 4U);
  EXPECT_TRUE(rig.replies().empty());
  EXPECT_FALSE(rig.session.end());
}

// Behind an EHCI of QEMU's the data is asked for before the command is out, and the device stalls.
TEST_F(Bot, AStallBeforeTheCommandIsClearedAndAskedAgain) {
  const auto sent = start_read(1, 4096);
  rig.submit(Rig::urb(2, 0x81, 4096));
  rig.bulk_reply(sent[1].id, 0x81, 0, redir::status::stall);
  EXPECT_TRUE(rig.replies().empty());
  const auto clear = rig.packet();
  const auto& body = std::get<redir::ControlPacket>(clear.body);
  EXPECT_EQ(body.request_type, 0x02);
  EXPECT_EQ(body.request, 0x01);
  EXPECT_EQ(body.index, 0x81);
  rig.bulk_reply(sent[0].id, 0x02, 31);
  rig.control_reply(clear, 0);
  const auto again = rig.packet();
  EXPECT_EQ(std::get<redir::BulkPacket>(again.body).length, 4096U);
  rig.bulk_reply(again.id, 0x81, 4096);
  EXPECT_EQ(rig.reply().data, filled(4096));
  rig.bulk_reply(rig.packet().id, 0x81, 13);
  rig.submit(Rig::urb(3, 0x81, 13));
  EXPECT_EQ(rig.reply().actual, 13U);
  command_out(4, read_command(512));  // nothing ahead from here on
  EXPECT_EQ(rig.packet().id, 4U);
  EXPECT_FALSE(rig.session.end());
}

TEST_F(Bot, WhatCannotBeClearedIsTheTargetsToSee) {
  const auto sent = start_read(1, 4096);
  rig.submit(Rig::urb(2, 0x81, 4096));
  rig.bulk_reply(sent[1].id, 0x81, 0, redir::status::stall);
  rig.bulk_reply(sent[0].id, 0x02, 31);
  rig.control_reply(rig.packet(), 0, redir::status::stall);
  EXPECT_EQ(rig.reply().status, -EPIPE);
  rig.submit(Rig::urb(3, 0x81, 13));
  EXPECT_EQ(rig.packet().id, 3U);
  EXPECT_FALSE(rig.session.end());
}

TEST_F(Bot, AResetWhileItIsClearedForgetsBoth) {
  const auto sent = start_read(1, 4096);
  rig.bulk_reply(sent[1].id, 0x81, 0, redir::status::stall);
  const auto clear = rig.packet();
  rig.submit(Rig::control(9, {0x21, 0xff, 0, 0, 0}));  // Bulk-Only Mass Storage Reset
  rig.packets();
  rig.control_reply(clear, 0);
  rig.bulk_reply(sent[0].id, 0x02, 31);
  rig.bulk_reply(sent[1].id, 0x81, 0, redir::status::stall);  // once more: nobody asked
  ASSERT_TRUE(rig.session.end());
  EXPECT_EQ(rig.session.end()->reason, EndReason::violation);
}

TEST_F(Bot, AFailedCommandFailsTheData) {
  const auto sent = start_read(1, 4096);
  rig.submit(Rig::urb(2, 0x81, 4096));
  rig.bulk_reply(sent[0].id, 0x02, 0, redir::status::stall);
  EXPECT_EQ(rig.reply().status, -EPIPE);
  EXPECT_EQ(rig.packet().type, PacketType::cancel_data_packet);
  rig.bulk_reply(sent[1].id, 0x81, 0, redir::status::cancelled);
  EXPECT_FALSE(rig.session.end());
}

TEST_F(Bot, AShortReadEndsTheTransferAndKeepsTheStatus) {
  const auto sent = start_read(1, 4096);
  rig.submit(Rig::urb(2, 0x81, 4096));
  rig.bulk_reply(sent[0].id, 0x02, 31);
  rig.bulk_reply(sent[1].id, 0x81, 512);
  EXPECT_EQ(rig.reply().actual, 512U);
  rig.submit(Rig::urb(3, 0x81, 13));
  rig.bulk_reply(rig.packet().id, 0x81, 13);
  EXPECT_EQ(rig.reply().seqnum, 3U);
}

TEST_F(Bot, AStatusNobodyReadIsCancelledBeforeTheNextCommand) {
  auto sent = start_read(1, 4096);
  rig.submit(Rig::urb(2, 0x81, 4096));
  rig.bulk_reply(sent[0].id, 0x02, 31);
  rig.bulk_reply(sent[1].id, 0x81, 13);  // the device sent its status in place of the data
  rig.replies();
  rig.packets();
  command_out(3, read_command(4096));
  sent = rig.packets();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0].type, PacketType::cancel_data_packet);
  EXPECT_EQ(sent[1].id, 3U);  // the plain way, this time
  EXPECT_TRUE(rig.replies().empty());
}

TEST_F(Bot, AnUnlinkGivesUpTheWholeCommand) {
  const auto sent = start_read(1, 4096);
  rig.bulk_reply(sent[0].id, 0x02, 31);
  rig.submit(Rig::urb(2, 0x81, 4096));
  rig.unlink(3, 2);
  EXPECT_EQ(rig.reply().status, -ECONNRESET);
  EXPECT_EQ(rig.packet().type, PacketType::cancel_data_packet);
  rig.bulk_reply(sent[1].id, 0x81, 4096);  // crossed: discarded
  EXPECT_TRUE(rig.replies().empty());
  rig.submit(Rig::control(5, {0x21, 0xff, 0, 0, 0}));
  EXPECT_EQ(rig.packet().type, PacketType::control_packet);
  EXPECT_FALSE(rig.session.end());
}

TEST_F(Bot, AsksForAWritesStatusWhenTheDataIsOut) {
  command_out(1, write_command(4096));
  EXPECT_EQ(rig.reply().actual, 31U);
  const auto block = rig.packet();
  rig.submit(Rig::urb(2, 0x02, 4096));
  const auto sent = rig.packet();
  EXPECT_EQ(sent.data.size(), 4096U);
  rig.bulk_reply(block.id, 0x02, 31);
  rig.bulk_reply(sent.id, 0x02, 4096);
  EXPECT_EQ(rig.reply().seqnum, 2U);
  const auto status = rig.packet();
  EXPECT_EQ(std::get<redir::BulkPacket>(status.body).endpoint, 0x81);
  rig.bulk_reply(status.id, 0x81, 13);
  rig.submit(Rig::urb(3, 0x81, 13));
  EXPECT_EQ(rig.reply().actual, 13U);
  EXPECT_TRUE(rig.packets().empty());
}

TEST_F(Bot, AReadInPlaceOfTheDataEndsTheWrite) {
  command_out(1, write_command(4096));
  rig.submit(Rig::urb(2, 0x02, 512));
  rig.packets();
  rig.submit(Rig::urb(3, 0x81, 13));
  EXPECT_EQ(rig.packet().id, 3U);
  command_out(4, Bytes(31));
  EXPECT_EQ(rig.packet().id, 4U);
}

TEST_F(Bot, UnusualCommandsGoThePlainWay) {
  const std::array blocks{command_block(0x28, 4096, 0x00),
                          command_block(0x2a, 4096, 0x80),
                          command_block(0x12, 512, 0x80, 6),
                          command_block(0x28, 100, 0x80),
                          command_block(0x28, 0, 0x80),
                          command_block(0x28, 0x100200, 0x80),
                          command_block(0x28, 512, 0x81),
                          command_block(0x28, 512, 0x80, 16),
                          Bytes(31)};
  std::uint32_t seqnum = 1;
  for (const Bytes& block : blocks) {
    command_out(seqnum, block);
    EXPECT_EQ(rig.packet().id, seqnum);
    rig.bulk_reply(seqnum, 0x02, 31);
    EXPECT_EQ(rig.reply().seqnum, seqnum);
    ++seqnum;
  }
}

TEST_F(Bot, RepliesThatLieEndTheSession) {
  const auto ends = [](const std::function<void(Rig&, const std::vector<SentPacket>&)>& act) {
    Rig one;
    one.connect();
    one.submit(Rig::urb(1, 0x02, 31), read_command(4096));
    act(one, one.packets());
    return one.session.end() && one.session.end()->reason == EndReason::violation;
  };
  using Sent = std::vector<SentPacket>;
  EXPECT_TRUE(ends([](Rig& r, const Sent& s) { r.bulk_reply(s[1].id, 0x81, 4097); }));
  EXPECT_TRUE(ends([](Rig& r, const Sent& s) {
    r.bulk_reply(s[1].id, 0x81, 4096);
    r.bulk_reply(r.packet().id, 0x81, 14);
  }));
  EXPECT_TRUE(ends([](Rig& r, const Sent& s) { r.bulk_reply(s[1].id, 0x82, 5); }));
  EXPECT_TRUE(ends([](Rig& r, const Sent& s) { r.bulk_reply(s[0].id, 0x04, 31); }));
  EXPECT_TRUE(ends([](Rig& r, const Sent& s) { r.bulk_reply(s[1].id + 1, 0x81, 5); }));
  EXPECT_TRUE(ends([](Rig& r, const Sent& s) {
    r.bulk_reply(s[1].id, 0x81, 5);
    r.bulk_reply(s[1].id, 0x81, 5);
  }));
  EXPECT_FALSE(ends([](Rig& r, const Sent& s) { r.bulk_reply(s[1].id, 0x81, 4096); }));
}

TEST_F(Bot, AResetForgetsIt) {
  rig.submit(Rig::control(10, {0x00, 0x09, 1, 0, 0}));
  rig.host(PacketType::configuration_status, 10, redir::ConfigurationStatus{0, 1});
  rig.packets();
  rig.replies();
  const auto sent = start_read(1, 4096);
  rig.submit(Rig::urb(2, 0x81, 4096));
  rig.submit(Rig::control(3, {0x80, 0x06, 0x0100, 0, 64}));
  EXPECT_EQ(rig.replies().front().status, -EPROTO);
  for (const SentPacket& one : sent) {
    rig.bulk_reply(one.id, one.id == sent[0].id ? 0x02 : 0x81, 0, redir::status::cancelled);
  }
  EXPECT_FALSE(rig.session.end());
}

}  // namespace
}  // namespace usbproxy
