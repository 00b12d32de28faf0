// SPDX-License-Identifier: GPL-2.0-or-later
// What QEMU asks of the link, and what it gets.
#include "tests/usbproxy/guest_rig.hpp"

namespace usbproxy {
namespace {

using namespace test;
using redir::BulkPacket;
using redir::ControlPacket;
namespace status = redir::status;

TEST(GuestLink, ShowsTheDeviceOnceItIsKnownAndQemuIsThere) {
  GuestRig guest;
  guest.rig.connect();
  EXPECT_EQ(guest.turn().size(), 1U);  // hello
  guest.qemu.hello();
  const auto told = guest.turn();
  ASSERT_EQ(told.size(), 3U);
  const auto& interfaces = body_of<redir::InterfaceInfo>(told[0]);
  EXPECT_EQ(interfaces.count, 2U);
  EXPECT_EQ(interfaces.interface_class[1], 3);
  EXPECT_EQ(guest.qemu.endpoints().type[redir::slot_of(0x83)], redir::endpoint_type::interrupt);
  EXPECT_EQ(guest.qemu.endpoints().max_packet_size[redir::slot_of(0x81)], 512);
  const auto& connect = body_of<redir::DeviceConnect>(told[2]);
  EXPECT_EQ(connect.vendor_id, 0x0951);
  EXPECT_EQ(connect.speed, 2);
}

TEST(GuestLink, AnnouncesNothingThatIsNotCarried) {
  EXPECT_EQ(guest::Link::our_caps & redir::cap::bulk_receiving, 0U);
  GuestRig guest;
  guest.connect();
  guest.qemu.send(PacketType::start_bulk_receiving, 0, redir::StartBulkReceiving{0, 512, 0x81, 4});
  guest.turn();
  EXPECT_EQ(guest.rig.end_text(),
            "the guest's QEMU broke the usbredir protocol: packet of a capability that was not "
            "agreed");
}

TEST(GuestLink, AnswersDescriptorsWithoutTheDevice) {
  GuestRig guest;
  guest.connect();
  guest.qemu.control(0x7000, get_device);
  EXPECT_TRUE(guest.asked().empty());
  EXPECT_EQ(guest.qemu.pending(), 0U);
  guest.qemu.control(0x7010, {0x80, 0x06, 0x0200, 0, 255});
  const auto told = guest.turn();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].id, 0x7010U);
  EXPECT_EQ(told[0].data, guest.rig.described.configurations[0]);
}

TEST(GuestLink, PassesAControlRequestWithAnIdOfItsOwn) {
  GuestRig guest;
  guest.connect();
  guest.qemu.control(0x123456789a, get_report);
  const auto sent = guest.asked();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_NE(sent[0].id, 0x123456789aU);
  guest.rig.control_reply(sent[0], 8);
  const auto told = guest.turn();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].id, 0x123456789aU);
  EXPECT_EQ(told[0].data, filled(8));
  EXPECT_EQ(body_of<ControlPacket>(told[0]).index, 1);
}

TEST(GuestLink, RefusesAControlRequestAgainstTheRules) {
  GuestRig guest;
  guest.connect();
  guest.qemu.control(1, {0x40, 0xa0, 0, 0, 4}, Bytes(4));  // a vendor's, to a device of classes
  const auto told = guest.turn();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(body_of<ControlPacket>(told[0]).status, status::stall);
  EXPECT_TRUE(guest.rig.packets().empty());
}

TEST(GuestLink, ConfiguresAndTellsTheTablesOfAnotherSetting) {
  GuestRig guest;
  guest.connect();
  guest.configure();
  guest.qemu.set_alt(2, 1, 1);
  const auto sent = guest.asked();
  ASSERT_EQ(sent.size(), 1U);
  auto fewer = Rig::endpoints();
  const std::size_t slot = redir::slot_of(0x85);
  fewer.type[slot] = redir::endpoint_type::invalid;
  fewer.max_packet_size[slot] = fewer.interval[slot] = fewer.interface_number[slot] = 0;
  guest.rig.host(PacketType::interface_info, 0, Rig::interfaces());
  guest.rig.host(PacketType::ep_info, 0, fewer);
  guest.rig.host(PacketType::alt_setting_status, sent[0].id, redir::AltSettingStatus{0, 1, 1});
  const auto told = guest.turn();
  ASSERT_EQ(told.size(), 3U);
  EXPECT_EQ(guest.qemu.endpoints().type[slot], redir::endpoint_type::invalid);
  EXPECT_EQ(body_of<redir::AltSettingStatus>(told[2]).alt, 1);
  EXPECT_EQ(guest.qemu.pending(), 0U);
}

TEST(GuestLink, MovesBulkBothWays) {
  GuestRig guest;
  guest.connect();
  guest.configure();
  guest.qemu.bulk(10, 0x02, 600);
  guest.qemu.bulk(11, 0x81, 100000);
  const auto sent = guest.asked();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0].data.size(), 600U);
  guest.rig.bulk_reply(sent[1].id, 0x81, 70000);
  guest.rig.bulk_reply(sent[0].id, 0x02, 600);
  const auto told = guest.turn();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].id, 11U);
  EXPECT_EQ(told[0].data, filled(70000));
  EXPECT_EQ(body_of<BulkPacket>(told[1]).length, 600U);
}

// QEMU aborts otherwise.
TEST(GuestLink, HoldsAnAnswerUntilThoseBeforeItCame) {
  GuestRig guest;
  guest.connect();
  guest.configure();
  for (std::uint64_t id = 20; id < 23; ++id) guest.qemu.bulk(id, 0x81, 20000);
  const auto sent = guest.asked();
  ASSERT_EQ(sent.size(), 3U);
  guest.rig.bulk_reply(sent[2].id, 0x81, 20000);
  guest.rig.bulk_reply(sent[1].id, 0x81, 9000);
  EXPECT_TRUE(guest.turn().empty());
  guest.rig.bulk_reply(sent[0].id, 0x81, 5);
  const auto told = guest.turn();
  ASSERT_EQ(told.size(), 3U);
  EXPECT_EQ(told[1].id, 21U);
  EXPECT_EQ(told[1].data, filled(9000));
  EXPECT_EQ(told[2].data, filled(20000));
}

TEST(GuestLink, AnswersACancelledRequestAtOnceAndOnlyOnce) {
  GuestRig guest;
  guest.connect();
  guest.configure();
  for (std::uint64_t id = 30; id < 33; ++id) guest.qemu.bulk(id, 0x81, 64);
  auto sent = guest.asked();
  ASSERT_EQ(sent.size(), 3U);
  guest.rig.bulk_reply(sent[1].id, 0x81, 64);
  EXPECT_TRUE(guest.turn().empty());
  guest.qemu.cancel(30);
  const auto told = guest.turn();
  ASSERT_EQ(told.size(), 2U);  // and the one behind it, which waited
  EXPECT_EQ(body_of<BulkPacket>(told[0]).status, status::cancelled);
  EXPECT_EQ(told[1].id, 31U);
  EXPECT_EQ(guest.qemu.cancelled(), 0U);
  const auto cancels = guest.rig.packets();
  ASSERT_EQ(cancels.size(), 1U);
  EXPECT_EQ(cancels[0].type, PacketType::cancel_data_packet);
  EXPECT_EQ(cancels[0].id, sent[0].id);
  // QEMU's ids are addresses: the same again is another request.
  guest.qemu.bulk(30, 0x81, 64);
  sent = guest.asked();
  ASSERT_EQ(sent.size(), 1U);
  guest.rig.bulk_reply(cancels[0].id, 0x81, 0, status::cancelled);
  EXPECT_TRUE(guest.turn().empty());
  EXPECT_TRUE(guest.qemu.waits_for(30));
}

TEST(GuestLink, ACancelThatCrossesItsAnswerIsNothing) {
  GuestRig guest;
  guest.connect();
  guest.configure();
  guest.qemu.bulk(30, 0x81, 64);
  const auto sent = guest.asked();
  guest.rig.bulk_reply(sent.at(0).id, 0x81, 64);
  guest.link.turn(guest.rig.now);  // the answer is under way
  guest.qemu.cancel(30);
  EXPECT_EQ(guest.turn().size(), 1U);
  EXPECT_EQ(guest.qemu.cancelled(), 0U);
  EXPECT_TRUE(guest.rig.packets().empty());
}

TEST(GuestLink, EndsWhenAnOpenIdIsUsedAgain) {
  GuestRig guest;
  guest.connect();
  guest.configure();
  guest.qemu.bulk(40, 0x81, 64);
  guest.qemu.bulk(40, 0x02, 64);
  guest.turn();
  EXPECT_EQ(guest.rig.session.end()->reason, EndReason::kernel_violation);
  EXPECT_TRUE(guest.qemu.parted());
}

TEST(GuestLink, PollsOneInterruptPacketAtATime) {
  GuestRig guest;
  guest.connect();
  guest.configure();
  guest.qemu.start_interrupts(0x83);
  const auto sent = guest.asked();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].type, PacketType::start_interrupt_receiving);
  guest.rig.host(PacketType::interrupt_receiving_status, sent[0].id, redir::StreamStatus{0, 0x83});
  for (unsigned i = 1; i < 4; ++i) {
    guest.rig.host(PacketType::interrupt_packet, i, redir::DataPacket{0x83, 0, 8}, filled(8, i));
    const auto told = guest.turn();
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].id, i - 1U);
    EXPECT_EQ(told[0].data, filled(8, i));
  }
  guest.qemu.stop_interrupts(0x83);
  guest.turn();
  guest.rig.pass(300ms);
  const auto stopped = guest.asked();
  ASSERT_EQ(stopped.size(), 1U);
  EXPECT_EQ(stopped[0].type, PacketType::stop_interrupt_receiving);
}

TEST(GuestLink, StartsAndStopsInOneBreath) {
  GuestRig guest;
  guest.connect();
  guest.configure();
  for (int i = 0; i < 3; ++i) {
    guest.qemu.start_interrupts(0x83);
    guest.qemu.stop_interrupts(0x83);
  }
  guest.qemu.start_interrupts(0x83);
  guest.turn();
  guest.qemu.stop_interrupts(0x83);
  guest.qemu.start_interrupts(0x83);
  guest.qemu.stop_interrupts(0x83);
  guest.qemu.start_interrupts(0x83);
  guest.turn();
  guest.turn();
  EXPECT_FALSE(guest.rig.session.end()) << guest.rig.end_text();
  guest.rig.packets();
  guest.rig.host(PacketType::interrupt_packet, 0, redir::DataPacket{0x83, 0, 2}, filled(2));
  EXPECT_EQ(guest.turn().size(), 1U);
}

TEST(GuestLink, TellsTheEndOfAnInterruptStreamAsAStall) {
  GuestRig guest;
  guest.connect();
  guest.configure();
  guest.qemu.start_interrupts(0x83);
  guest.turn();
  guest.rig.packets();
  guest.rig.host(PacketType::interrupt_receiving_status, 0, redir::StreamStatus{4, 0x83});
  const auto told = guest.turn();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(body_of<redir::StreamStatus>(told[0]).status, status::stall);
  EXPECT_FALSE(guest.qemu.starts(0x83));
  guest.turn();
  EXPECT_TRUE(guest.rig.packets().empty());  // not before QEMU asks again
}

TEST(GuestLink, RefusesToStartWhatIsNoInterruptEndpointAndIsochronous) {
  GuestRig guest;
  guest.connect();
  guest.configure();
  guest.qemu.start_interrupts(0x81);
  guest.qemu.send(PacketType::start_iso_stream, 0, redir::StartIsoStream{0x85, 8, 4});
  const auto told = guest.turn();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(body_of<redir::StreamStatus>(told[0]).status, status::stall);
  EXPECT_EQ(told[1].type, PacketType::iso_stream_status);
  EXPECT_EQ(body_of<redir::StreamStatus>(told[1]).status, status::stall);
}

TEST(GuestLink, SendsInterruptPacketsOut) {
  GuestRig guest;
  guest.connect();
  guest.configure();
  guest.qemu.interrupt_out(50, 0x04, filled(8));
  const auto sent = guest.asked();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].data, filled(8));
  guest.rig.host(PacketType::interrupt_packet, sent[0].id, redir::DataPacket{0x04, 0, 8});
  const auto told = guest.turn();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].id, 50U);
}

TEST(GuestLink, FailsWhatWasOpenInOrderWhenThePortIsReset) {
  GuestRig guest;
  guest.connect();
  guest.configure();
  for (std::uint64_t id = 100; id < 116; ++id) guest.qemu.bulk(id, 0x81, 16);
  guest.turn();
  guest.rig.packets();
  guest.qemu.send(PacketType::reset, 0, redir::Empty{});
  const auto sent = guest.asked();
  EXPECT_EQ(guest.qemu.pending(), 0U);
  EXPECT_TRUE(std::any_of(sent.begin(), sent.end(),
                          [](const SentPacket& one) { return one.type == PacketType::reset; }));
  guest.rig.answer_question(sent.back());
  EXPECT_GT(guest.rig.answer_questions(), 3);  // the descriptors are compared
  EXPECT_FALSE(guest.rig.session.end()) << guest.rig.end_text();
}

TEST(GuestLink, ADeviceThatIsAnotherAfterAResetIsGone) {
  GuestRig guest;
  guest.connect();
  guest.configure();
  guest.qemu.send(PacketType::reset, 0, redir::Empty{});
  const auto sent = guest.asked();
  guest.rig.described.device[10] = std::byte{0x67};
  guest.rig.answer_question(sent.back());
  guest.rig.answer_questions();
  ASSERT_TRUE(guest.rig.session.end());
  guest.turn();
  EXPECT_TRUE(guest.qemu.parted());
}

TEST(GuestLink, LetsGoOfTheDeviceWhenTheBackendLies) {
  GuestRig guest;
  guest.connect();
  guest.configure();
  guest.qemu.bulk(60, 0x81, 64);
  const auto sent = guest.asked();
  guest.rig.bulk_reply(sent.at(0).id, 0x81, 65);
  const auto told = guest.turn();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].type, PacketType::device_disconnect);
  EXPECT_EQ(guest.rig.end_text(), "protocol violation: bulk reply longer than asked");
}

TEST(GuestLink, SaysWhyAQemuThatRejectsDoes) {
  GuestRig guest;
  guest.connect();
  guest.qemu.send(PacketType::filter_reject, 0, redir::Empty{});
  guest.turn();
  EXPECT_EQ(guest.rig.session.end()->reason, EndReason::refused);
  EXPECT_NE(guest.rig.end_text().find("-device qemu-xhci"), std::string::npos);
}

TEST(GuestLink, RefusesAnOldQemuAndAHostilesFirstWords) {
  {
    GuestRig guest;
    guest.rig.connect();
    Bytes out;
    redir::append_hello(out, redir::cap::connect_device_version);
    guest.qemu.raw(out);
    guest.turn();
    EXPECT_NE(guest.rig.end_text().find("too old"), std::string::npos);
  }
  GuestRig guest;
  guest.rig.connect();
  guest.qemu.raw(filled(64));
  guest.turn();
  EXPECT_EQ(guest.rig.session.end()->reason, EndReason::kernel_violation);
  EXPECT_FALSE(guest.qemu.attached());
}

TEST(GuestLink, EndsWhenMoreIsOpenThanAnyGuestNeeds) {
  GuestRig guest;
  guest.connect();
  guest.configure();
  for (std::uint64_t id = 0; id < guest::Link::max_requests; ++id) guest.qemu.bulk(id, 0x81, 16);
  guest.turn();
  EXPECT_FALSE(guest.rig.session.end());
  guest.qemu.bulk(guest::Link::max_requests, 0x81, 16);
  guest.turn();
  EXPECT_EQ(guest.rig.session.end()->reason, EndReason::kernel_violation);
}

TEST(GuestLink, FailsAWriteBeyondWhatMayWait) {
  GuestRig guest;
  guest.connect();
  guest.configure();
  constexpr std::uint32_t large = 4U << 20U;
  for (std::uint64_t id = 0; id < 5; ++id) guest.qemu.bulk(id, 0x02, large);
  EXPECT_TRUE(guest.turn().empty());  // the failed one waits for its turn
  auto sent = guest.rig.packets();
  ASSERT_EQ(sent.size(), 4U);
  for (const SentPacket& one : sent) guest.rig.bulk_reply(one.id, 0x02, large);
  const auto told = guest.turn();
  ASSERT_EQ(told.size(), 5U);
  EXPECT_EQ(body_of<BulkPacket>(told[3]).status, status::success);
  EXPECT_EQ(body_of<BulkPacket>(told[4]).status, status::ioerror);
}

TEST(GuestLink, StopsReadingFromAQemuThatDoesNot) {
  GuestRig guest;
  guest.connect();
  guest.configure();
  constexpr std::uint32_t large = 3U << 20U;
  for (std::uint64_t id = 0; id < 2; ++id) guest.qemu.bulk(id, 0x81, large);
  for (const SentPacket& one : guest.asked()) {
    EXPECT_TRUE(guest.link.reading());
    guest.rig.bulk_reply(one.id, 0x81, large);
    guest.link.turn(guest.rig.now);
  }
  EXPECT_FALSE(guest.link.reading());
  guest.turn();
  EXPECT_TRUE(guest.link.reading());
}

}  // namespace
}  // namespace usbproxy
