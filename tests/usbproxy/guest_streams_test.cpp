// SPDX-License-Identifier: GPL-2.0-or-later
// Bulk streams for a guest: QEMU throws a device out whose streams it does not get, so they are
// asked for, given and forgotten exactly as the backend's kernel has them.
#include "tests/usbproxy/guest_rig.hpp"

namespace usbproxy {
namespace {

using namespace test;
using redir::BulkPacket;
namespace status = redir::status;

constexpr std::uint32_t both = 1U << redir::slot_of(0x81) | 1U << redir::slot_of(0x02);

// Of the device_with_streams().
class GuestStreams : public testing::Test {
 protected:
  GuestStreams() {
    guest.rig.described = device_with_streams();
    guest.rig.tables = tables_of_device_with_streams();
  }
  void connect() {
    guest.connect();
    guest.configure();
  }
  // Asked for and given.
  void have_streams(std::uint32_t streams = 16) {
    guest.qemu.alloc_streams(both, streams);
    const SentPacket asked = one_asked();
    ASSERT_EQ(asked.type, PacketType::alloc_bulk_streams);
    answer(asked, both, streams);
    ASSERT_FALSE(guest.qemu.without_streams());
  }
  // What the backend is asked: one thing.
  SentPacket one_asked() {
    guest.turn();
    return guest.rig.packet();
  }
  std::vector<Qemu::Packet> answer(const SentPacket& asked, std::uint32_t endpoints,
                                   std::uint32_t streams, std::uint8_t code = status::success) {
    guest.rig.host(PacketType::bulk_streams_status, asked.id,
                   redir::BulkStreamsStatus{endpoints, streams, code});
    return guest.turn();
  }
  void reply(const SentPacket& asked, std::uint32_t stream, std::uint32_t length) {
    BulkPacket body = std::get<BulkPacket>(asked.body);
    body.stream_id = stream;
    body.length = length;
    guest.rig.host(PacketType::bulk_packet, asked.id, body, filled(length));
  }
  void reset() {
    guest.qemu.send(PacketType::reset, 0, redir::Empty{});
    guest.turn();
    guest.rig.answer_questions();
    guest.turn();
  }
  // The status of a request on a stream that must not reach the backend.
  std::uint8_t refused(std::uint32_t stream) {
    guest.qemu.bulk(0x9999, 0x81, 64, stream);
    const auto told = guest.turn();
    EXPECT_TRUE(guest.rig.packets().empty());
    if (told.size() != 1) return status::success;
    return body_of<BulkPacket>(told[0]).status;
  }

  GuestRig guest;
};

TEST_F(GuestStreams, AreShownAndAskedFor) {
  connect();
  EXPECT_EQ(guest.qemu.endpoints().max_streams[redir::slot_of(0x81)], 16U);
  EXPECT_EQ(guest.qemu.endpoints().max_streams[redir::slot_of(0x82)], 0U);
  guest.qemu.alloc_streams(both, 16);
  const SentPacket asked = one_asked();
  EXPECT_EQ(std::get<redir::AllocBulkStreams>(asked.body).endpoints, both);
  EXPECT_EQ(std::get<redir::AllocBulkStreams>(asked.body).streams, 16U);
  const auto told = answer(asked, both, 16);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(body_of<redir::BulkStreamsStatus>(told[0]).streams, 16U);
  EXPECT_FALSE(guest.qemu.without_streams());
}

// QEMU does not wait for the status, and takes answers of different streams as they come.
TEST_F(GuestStreams, AnswersComeInAnyOrder) {
  connect();
  guest.qemu.alloc_streams(both, 4);
  guest.qemu.bulk(0x100, 0x81, 64, 1);
  guest.qemu.bulk(0x200, 0x81, 64, 4);
  guest.qemu.bulk(0x300, 0x02, 64, 3);
  const auto asked = guest.asked();
  ASSERT_EQ(asked.size(), 4U);
  EXPECT_EQ(std::get<BulkPacket>(asked[1].body).stream_id, 1U);
  EXPECT_EQ(std::get<BulkPacket>(asked[2].body).stream_id, 4U);
  EXPECT_EQ(std::get<BulkPacket>(asked[3].body).stream_id, 3U);
  answer(asked[0], both, 4);
  reply(asked[2], 4, 13);
  const auto told = guest.turn();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].id, 0x200U);
  EXPECT_EQ(body_of<BulkPacket>(told[0]).stream_id, 4U);
  EXPECT_EQ(told[0].data, filled(13));
  reply(asked[1], 1, 64);
  EXPECT_EQ(guest.turn().size(), 1U);
  EXPECT_EQ(guest.qemu.pending(), 1U);
}

TEST_F(GuestStreams, ACancelledOneHoldsNobodyUp) {
  connect();
  have_streams();
  guest.qemu.bulk(0x100, 0x81, 64, 1);
  guest.qemu.bulk(0x200, 0x81, 64, 2);
  const auto asked = guest.asked();
  ASSERT_EQ(asked.size(), 2U);
  guest.qemu.cancel(0x100);
  const auto cancels = guest.asked();
  ASSERT_EQ(cancels.size(), 1U);
  EXPECT_EQ(cancels[0].type, PacketType::cancel_data_packet);
  EXPECT_EQ(cancels[0].id, asked[0].id);
  reply(asked[1], 2, 1);
  EXPECT_EQ(guest.turn().size(), 1U);
  EXPECT_EQ(guest.qemu.pending(), 0U);
}

TEST_F(GuestStreams, NoMoreThanTheDeviceHas) {
  connect();
  guest.qemu.alloc_streams(both, 17);
  EXPECT_TRUE(guest.asked().empty());
  EXPECT_TRUE(guest.qemu.without_streams());
  EXPECT_EQ(refused(1), status::ioerror);
}

TEST_F(GuestStreams, NotOfAnEndpointThatHasNone) {
  connect();
  for (const std::uint32_t endpoints : {0U, 1U, 1U << 16U, both | 1U << 5U}) {
    guest.qemu.alloc_streams(endpoints, 4);
    const auto told = guest.turn();
    ASSERT_EQ(told.size(), 1U) << endpoints;
    EXPECT_EQ(body_of<redir::BulkStreamsStatus>(told[0]).status, status::ioerror);
    EXPECT_TRUE(guest.rig.packets().empty());
  }
}

TEST_F(GuestStreams, ARequestIsOfAStreamThatIsThere) {
  connect();
  EXPECT_EQ(refused(1), status::ioerror);
  have_streams(4);
  EXPECT_EQ(refused(5), status::ioerror);
  EXPECT_EQ(refused(0), status::ioerror);
  guest.qemu.free_streams(both);
  const SentPacket asked = one_asked();
  EXPECT_EQ(std::get<redir::FreeBulkStreams>(asked.body).endpoints, both);
  EXPECT_EQ(refused(1), status::ioerror);
  guest.qemu.bulk(0x100, 0x81, 64);
  EXPECT_EQ(guest.asked().size(), 1U);
}

// In the backend's kernel they are gone, too (usb_reset_and_verify_device in drivers/usb/core): to
// free them would be an error.
TEST_F(GuestStreams, AResetTakesThem) {
  connect();
  have_streams();
  reset();
  guest.qemu.free_streams(both);
  EXPECT_TRUE(guest.asked().empty());
  EXPECT_FALSE(guest.qemu.without_streams());
  EXPECT_EQ(refused(1), status::ioerror);
  guest.configure();
  have_streams();
}

// A driver of UAS frees them just before it resets the device (uas_pre_reset).
TEST_F(GuestStreams, AResetOvertakesWhatIsUnderWay) {
  connect();
  have_streams();
  guest.qemu.free_streams(both);
  reset();
  EXPECT_EQ(guest.qemu.streams_waiting(), 0U);
  EXPECT_FALSE(guest.qemu.without_streams());
  guest.configure();
  guest.qemu.alloc_streams(both, 16);
  reset();
  EXPECT_EQ(guest.qemu.streams_waiting(), 0U);
  EXPECT_FALSE(guest.qemu.without_streams());
  guest.configure();
  have_streams();
}

// Where the same is in use already, the backend's library sets nothing, and its kernel keeps them.
TEST_F(GuestStreams, AConfigurationTakesThem) {
  connect();
  have_streams();
  guest.qemu.set_configuration(1, 1);
  const auto asked = guest.asked();
  ASSERT_EQ(asked.size(), 2U);
  ASSERT_EQ(asked[0].type, PacketType::free_bulk_streams);
  EXPECT_EQ(std::get<redir::FreeBulkStreams>(asked[0].body).endpoints, both);
  EXPECT_EQ(asked[1].type, PacketType::set_configuration);
  answer(asked[0], both, 0);
  guest.rig.host(PacketType::configuration_status, asked[1].id, redir::ConfigurationStatus{0, 1});
  guest.turn();
  EXPECT_EQ(refused(1), status::ioerror);
  have_streams();
}

TEST_F(GuestStreams, WhatTheBackendDoesNotHaveIsTold) {
  connect();
  guest.qemu.alloc_streams(both, 16);
  const SentPacket asked = one_asked();
  answer(asked, both, 16, status::ioerror);
  EXPECT_TRUE(guest.qemu.without_streams());
  EXPECT_EQ(refused(1), status::ioerror);
  EXPECT_EQ(guest.rig.end_text(), "");
}

// For the target, whatever the backend says of it, and whenever.
TEST_F(GuestStreams, ThoseThatCouldNotBeFreedAreGone) {
  connect();
  have_streams();
  guest.qemu.free_streams(both);
  const SentPacket asked = one_asked();
  EXPECT_EQ(guest.qemu.streams_waiting(), 0U);
  answer(asked, both, 0, status::ioerror);
  EXPECT_FALSE(guest.qemu.without_streams());
  EXPECT_EQ(refused(1), status::ioerror);
  EXPECT_EQ(guest.rig.end_text(), "");
}

TEST_F(GuestStreams, ABackendThatDoesNotAnswerHasNone) {
  connect();
  guest.qemu.alloc_streams(both, 16);
  const SentPacket asked = one_asked();
  guest.rig.pass(Session::control_deadline);
  guest.turn();
  EXPECT_EQ(guest.qemu.streams_waiting(), 0U);
  EXPECT_TRUE(guest.qemu.without_streams());
  answer(asked, both, 16);  // late
  EXPECT_EQ(refused(1), status::ioerror);
  EXPECT_EQ(guest.rig.end_text(), "");
}

// QEMU's xHCI aborts when the endpoints of one request have different numbers.
TEST_F(GuestStreams, AllEndpointsHaveAsManyAsTheLeast) {
  auto& bytes = guest.rig.described.configurations[0];
  bytes[bytes.size() - 3] = std::byte{5};  // 0x02's companion: 32
  connect();
  EXPECT_EQ(guest.qemu.endpoints().max_streams[redir::slot_of(0x81)], 16U);
  EXPECT_EQ(guest.qemu.endpoints().max_streams[redir::slot_of(0x02)], 16U);
  have_streams();
}

// In QEMU's queue of the endpoint they stand behind it.
TEST_F(GuestStreams, ARequestWithoutOneWaitsForThoseBefore) {
  connect();
  have_streams();
  guest.qemu.bulk(0x100, 0x81, 64, 1);
  const SentPacket asked = one_asked();
  guest.qemu.bulk(0x200, 0x81, 64);  // refused, but not yet
  EXPECT_TRUE(guest.turn().empty());
  reply(asked, 1, 64);
  const auto told = guest.turn();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].id, 0x100U);
  EXPECT_EQ(told[1].id, 0x200U);
}

// More than the backend takes at once wait here; they must not leave as something else.
TEST_F(GuestStreams, WhatWaitsEndsWithItsStream) {
  connect();
  have_streams();
  const std::size_t many = Session::max_endpoint_in_flight + 2;
  for (std::size_t i = 0; i < many; ++i) {
    guest.qemu.bulk(0x100 + i, 0x81, 64, static_cast<std::uint32_t>(i % 16 + 1));
  }
  const auto asked = guest.asked();
  ASSERT_EQ(asked.size(), Session::max_endpoint_in_flight);
  guest.qemu.free_streams(both);
  guest.turn();
  reply(asked[0], 1, 64);
  EXPECT_EQ(guest.turn().size(), 3U);  // with the two that waited
  EXPECT_EQ(guest.qemu.pending(), many - 3);
  const auto freed = guest.rig.packets();
  ASSERT_EQ(freed.size(), 1U);
  EXPECT_EQ(freed[0].type, PacketType::free_bulk_streams);
}

TEST_F(GuestStreams, TheBackendAnswersWhatItWasAsked) {
  connect();
  guest.qemu.alloc_streams(both, 16);
  const SentPacket asked = one_asked();
  answer(asked, both, 15);
  EXPECT_EQ(guest.rig.end_text(),
            "protocol violation: bulk streams of other endpoints, or others, than asked for");
}

TEST_F(GuestStreams, TheBackendTellsNothingUnasked) {
  connect();
  guest.rig.host(PacketType::bulk_streams_status, 7, redir::BulkStreamsStatus{both, 16, 0});
  EXPECT_EQ(guest.rig.end_text(),
            "protocol violation: status of bulk streams that answers no request");
}

TEST_F(GuestStreams, TheBackendAnswersOnTheSameStream) {
  connect();
  have_streams();
  guest.qemu.bulk(0x100, 0x81, 64, 1);
  const SentPacket asked = one_asked();
  reply(asked, 2, 8);
  EXPECT_EQ(guest.rig.end_text(), "protocol violation: bulk reply for another stream");
}

// An older sys-usb: QEMU asks for what the device has, and throws it out for the answer.
TEST_F(GuestStreams, ABackendWithoutThemGetsNoRequest) {
  guest.rig.offered_by_backend = redir::cap::frontend;
  guest.rig.caps = redir::cap::frontend;
  connect();
  EXPECT_EQ(guest.qemu.endpoints().max_streams[redir::slot_of(0x81)], 16U);
  guest.qemu.alloc_streams(both, 16);
  EXPECT_TRUE(guest.asked().empty());
  EXPECT_TRUE(guest.qemu.without_streams());
}

TEST_F(GuestStreams, ABackendThatAnswersNothingGetsNoMoreRequests) {
  connect();
  for (std::size_t i = 0; i <= guest::Link::max_stream_requests; ++i) {
    guest.qemu.alloc_streams(both, 4);
    guest.qemu.free_streams(both);
    guest.turn();
  }
  EXPECT_EQ(
      guest.rig.end_text(),
      "the guest's QEMU broke the usbredir protocol: more open requests for bulk streams than "
      "any guest needs");
}

}  // namespace
}  // namespace usbproxy
