// SPDX-License-Identifier: GPL-2.0-or-later
// Isochronous transfers: in order, in time, and never more than was asked.
#include <cerrno>

#include "tests/usbproxy/iso_rig.hpp"

namespace usbproxy {
namespace {

using namespace test;
using redir::StartIsoStream;

class SessionIso : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NO_FATAL_FAILURE(rig.stream()); }
  // A started microphone with `requests` of 8 packets each, numbered from 1.
  void record(std::uint32_t requests) {
    for (std::uint32_t i = 1; i <= requests; ++i) rig.submit_iso(i, microphone, 8);
    rig.accept_start(microphone);
  }
  void arrive(std::uint64_t from, std::uint64_t count) {
    for (std::uint64_t id = from; id < from + count; ++id) {
      rig.iso_packet(id, filled(microphone_packet, static_cast<unsigned>(id % 251)));
    }
  }
  IsoRig rig;
};

TEST_F(SessionIso, TheFirstRequestStartsTheStream) {
  rig.submit_iso(1, microphone, 8);
  const auto start = rig.packet();
  ASSERT_EQ(start.type, PacketType::start_iso_stream);
  const auto& body = std::get<StartIsoStream>(start.body);
  EXPECT_EQ(body.endpoint, microphone);
  EXPECT_EQ(body.packets_per_urb, 10);
  EXPECT_EQ(body.urbs, 4);
  rig.submit_iso(2, microphone, 8);
  EXPECT_TRUE(rig.packets().empty());
  EXPECT_TRUE(rig.replies().empty());
}

TEST_F(SessionIso, PacketsFillRequestsInOrderWhenTheirTimeHasCome) {
  record(2);
  arrive(0, 8);
  rig.pass(57ms);  // 50 against jitter, then 8 intervals
  EXPECT_TRUE(rig.replies().empty());
  arrive(8, 50);
  rig.pass(1ms);
  const auto first = rig.reply();
  EXPECT_EQ(first.seqnum, 1U);
  EXPECT_EQ(first.status, 0);
  ASSERT_EQ(first.iso.size(), 8U);
  EXPECT_EQ(first.actual, 8U * microphone_packet);
  for (std::uint32_t i = 0; i < 8; ++i) {
    EXPECT_EQ(first.iso[i].offset, i * microphone_packet);
    EXPECT_EQ(first.iso[i].actual, microphone_packet);
    EXPECT_EQ(first.data[i * microphone_packet], static_cast<std::byte>(i));
  }
  rig.pass(8ms);
  const auto second = rig.reply();
  EXPECT_EQ(second.seqnum, 2U);
  EXPECT_EQ(second.data[0], std::byte{8});
  EXPECT_EQ(rig.session.counters().iso.served, 16U);
}

TEST_F(SessionIso, ABackendThatSendsNothingIsServedAroundInTime) {
  record(3);
  rig.pass(499ms);
  EXPECT_TRUE(rig.replies().empty());
  rig.pass(1ms);
  for (std::uint32_t i = 1; i <= 3; ++i) {
    rig.pass(7ms);
    EXPECT_TRUE(rig.replies().empty());
    rig.pass(1ms);
    const auto reply = rig.reply();
    EXPECT_EQ(reply.seqnum, i);
    EXPECT_EQ(reply.status, 0);
    EXPECT_EQ(reply.actual, 0U);
    for (const IsoPart& part : reply.iso) EXPECT_EQ(part.status, -EXDEV);
  }
  EXPECT_EQ(rig.session.counters().iso.late, 24U);
}

TEST_F(SessionIso, ErrorsAndGapsStayInTheirPlaces) {
  record(1);
  arrive(0, 2);
  rig.iso_packet(2, {}, redir::status::ioerror);
  arrive(4, 60);
  rig.pass(58ms);
  const auto reply = rig.reply();
  ASSERT_EQ(reply.iso.size(), 8U);
  EXPECT_EQ(reply.iso[1].status, 0);
  EXPECT_EQ(reply.iso[2].status, -EPROTO);
  EXPECT_EQ(reply.iso[3].status, -EXDEV);
  EXPECT_EQ(reply.iso[4].status, 0);
  EXPECT_EQ(reply.data[2 * microphone_packet], std::byte{4});
  EXPECT_EQ(rig.session.counters().iso.failed, 1U);
  EXPECT_EQ(rig.session.counters().iso.lost, 1U);
}

TEST_F(SessionIso, DataOfAFailedPacketIsNotPassedOn) {
  record(1);
  rig.iso_packet(0, filled(5), redir::status::babble);
  arrive(1, 60);
  rig.pass(58ms);
  const auto reply = rig.reply();
  EXPECT_EQ(reply.iso[0].status, -EOVERFLOW);
  EXPECT_EQ(reply.iso[0].actual, 0U);
}

TEST_F(SessionIso, APacketLongerThanItsPlaceIsCut) {
  auto request = Rig::urb(1, microphone, 20);
  request.iso_packets = 2;
  rig.submit(request, {}, IsoRig::places_of(request));
  rig.accept_start(microphone);
  arrive(0, 2);
  rig.pass(60ms);
  const auto reply = rig.reply();
  EXPECT_EQ(reply.actual, 20U);
  EXPECT_EQ(reply.iso[1].status, -EOVERFLOW);
}

// Whatever comes in, and however fast the driver asks again: eight packets take 8 ms, or a 64th
// less while the buffer is too full.
TEST_F(SessionIso, AFloodMakesNothingFasterThanTheBus) {
  record(4);
  std::uint32_t next = 5;
  std::uint32_t answered = 0;
  std::uint64_t id = 0;
  for (int i = 0; i < 1000; ++i) {
    arrive(id, 5);
    id += 5;
    rig.pass(1ms);
    for (const Reply& reply : rig.replies()) {
      ASSERT_EQ(reply.command, 3U);
      ++answered;
      rig.submit_iso(next++, microphone, 8);
    }
  }
  EXPECT_GE(answered, 115U);
  EXPECT_LE(answered, 1000U / 8 + 3);
  EXPECT_GT(rig.session.counters().iso.dropped, 3000U);
  EXPECT_EQ(rig.session.counters().iso.late, 0U);
}

// The device's clock is 0.1 % off ours, packets come in bursts of ten: nothing is lost or late.
TEST_F(SessionIso, FollowsTheDevicesClock) {
  for (const double rate : {0.999, 1.001}) {
    IsoRig own;
    ASSERT_NO_FATAL_FAILURE(own.stream());
    for (std::uint32_t i = 1; i <= 4; ++i) own.submit_iso(i, microphone, 8);
    own.accept_start(microphone);
    std::uint32_t next = 5;
    std::uint64_t sent = 0;
    for (int ms = 0; ms < 120000; ++ms) {
      for (const auto due = static_cast<std::uint64_t>(ms * rate / 10) * 10; sent < due; ++sent) {
        own.iso_packet(sent, filled(microphone_packet));
      }
      own.pass(1ms);
      for (std::size_t i = own.replies().size(); i > 0; --i) {
        own.submit_iso(next++, microphone, 8);
      }
    }
    const auto& counters = own.session.counters().iso;
    EXPECT_EQ(counters.late + counters.dropped + counters.lost, 0U) << rate;
    EXPECT_GT(counters.served, 119000U) << rate;
  }
}

TEST_F(SessionIso, OutLeavesAheadOfItsTimeAndIsDoneInTime) {
  for (std::uint32_t i = 1; i <= 12; ++i) {
    rig.submit_iso(i, speaker, 6, filled(6 * speaker_packet, i));
  }
  const auto start = rig.packet();
  EXPECT_EQ(std::get<StartIsoStream>(start.body).urbs, 8);
  rig.pass(1ms);
  EXPECT_TRUE(rig.replies().empty());  // its time runs from when the stream is on
  rig.status_of(start, speaker);
  auto sent = rig.packets();
  ASSERT_EQ(sent.size(), 36U);  // of the 40 that it takes to begin
  for (std::size_t i = 0; i < sent.size(); ++i) {
    EXPECT_EQ(sent[i].type, PacketType::iso_packet);
    EXPECT_EQ(sent[i].id, i);
    EXPECT_EQ(sent[i].data, filled(speaker_packet, static_cast<unsigned>(i / 6 + 1)));
  }
  rig.pass(5ms);
  EXPECT_TRUE(rig.replies().empty());
  for (std::uint32_t i = 1; i <= 12; ++i) {
    rig.pass(i == 1 ? 1ms : 6ms);
    const auto reply = rig.reply();
    EXPECT_EQ(reply.seqnum, i);
    EXPECT_EQ(reply.actual, 6U * speaker_packet);
    EXPECT_TRUE(reply.data.empty());
    for (const IsoPart& part : reply.iso) EXPECT_EQ(part.status, 0);
    EXPECT_EQ(rig.packets().size(), i <= 6 ? 6U : 0U);
  }
  EXPECT_EQ(rig.session.counters().iso.served, 72U);
}

TEST_F(SessionIso, OutToAStuckStreamIsGivenUpAndBounded) {
  rig.submit_iso(1, speaker, 6);
  rig.accept_start(speaker);
  std::uint32_t next = 2;
  for (int i = 0; i < 60000; ++i) {
    rig.pass(1ms);
    for (std::size_t n = rig.replies().size(); n > 0; --n) rig.submit_iso(next++, speaker, 6);
  }
  EXPECT_LE(rig.session.to_stream().size(), Session::max_iso_backlog + 6 * 300);
  EXPECT_GT(rig.session.counters().iso.dropped, 50000U);
  EXPECT_FALSE(rig.session.end());
}

TEST_F(SessionIso, MessagesOfOutErrorsAreCountedAndTheStreamGoesOn) {
  rig.submit_iso(1, speaker, 6);
  rig.accept_start(speaker);
  rig.host(PacketType::iso_stream_status, 3, redir::StreamStatus{3, speaker});
  EXPECT_EQ(rig.session.counters().iso.failed, 1U);
  rig.pass(6ms);
  EXPECT_EQ(rig.reply().iso[0].status, 0);
}

TEST_F(SessionIso, AStreamThatWillNotStartIsTriedOnceASecond) {
  rig.submit_iso(1, microphone, 8);
  unsigned starts = 0;
  std::uint32_t next = 2;
  for (int i = 0; i < 10000; ++i) {
    for (const SentPacket& one : rig.packets()) {
      ASSERT_EQ(one.type, PacketType::start_iso_stream);
      ++starts;
      rig.status_of(one, microphone, redir::status::stall);
    }
    rig.pass(1ms);
    for (const Reply& reply : rig.replies()) {
      for (const IsoPart& part : reply.iso) EXPECT_EQ(part.status, -EXDEV);
      rig.submit_iso(next++, microphone, 8);
    }
  }
  EXPECT_GE(starts, 9U);
  EXPECT_LE(starts, 11U);
  EXPECT_NEAR(next, 1250, 10);  // and the driver keeps its pace
}

TEST_F(SessionIso, UnlinkGivesBackAtOnceAndAnIdleStreamIsStopped) {
  record(3);
  rig.unlink(10, 2);
  auto reply = rig.reply();
  EXPECT_EQ(reply.command, 4U);
  EXPECT_EQ(reply.status, -ECONNRESET);
  rig.unlink(11, 1);
  rig.unlink(12, 3);
  EXPECT_EQ(rig.replies().size(), 2U);
  rig.pass(249ms);
  EXPECT_TRUE(rig.packets().empty());
  rig.pass(1ms);
  const auto stop = rig.packet();
  EXPECT_EQ(stop.type, PacketType::stop_iso_stream);
  arrive(0, 3);  // they crossed it
  rig.submit_iso(4, microphone, 8);
  EXPECT_TRUE(rig.packets().empty());
  rig.stopped(stop);
  EXPECT_EQ(rig.packet().type, PacketType::start_iso_stream);
  EXPECT_FALSE(rig.session.end());
}

TEST_F(SessionIso, SettingZeroStopsTheStreamsAndEndsWhatWaits) {
  record(1);
  rig.submit_iso(2, speaker, 6);
  rig.accept_start(speaker);
  rig.submit(Rig::control(3, {0x01, 0x0b, 0, 0, 0}));
  const auto sent = rig.packets();
  ASSERT_GE(sent.size(), 3U);
  EXPECT_EQ(sent[sent.size() - 3].type, PacketType::stop_iso_stream);
  EXPECT_EQ(sent[sent.size() - 2].type, PacketType::stop_iso_stream);
  rig.stopped(sent[sent.size() - 3]);
  rig.stopped(sent[sent.size() - 2]);
  EXPECT_TRUE(rig.packets().empty());  // nothing is started while it changes
  rig.tables(0);
  rig.host(PacketType::alt_setting_status, sent.back().id, redir::AltSettingStatus{0, 0, 0});
  rig.pass(1ms);
  unsigned failed = 0;
  for (const Reply& reply : rig.replies()) failed += reply.status == -EPIPE ? 1 : 0;
  EXPECT_EQ(failed, 2U);
  rig.submit_iso(4, microphone, 8);
  const auto refused = rig.reply();
  EXPECT_EQ(refused.status, -ENOENT);
  EXPECT_EQ(refused.iso.size(), 8U);
  EXPECT_TRUE(rig.packets().empty());
}

TEST_F(SessionIso, RefusesWhatIsNoTransferOfTheEndpoint) {
  const auto status = [this](usbip::Submit request, const Bytes& places) {
    rig.submit(request, {}, places);
    const auto reply = rig.reply();
    EXPECT_EQ(reply.iso.size(), request.iso_packets);
    EXPECT_EQ(reply.actual, 0U);
    return reply.status;
  };
  auto request = IsoRig::iso_urb(1, speaker, 2);
  Bytes places;
  base::wire::BigWriter(places).u32(0).u32(193).u32(0).u32(0).u32(193).u32(1).u32(0).u32(0);
  EXPECT_EQ(status(request, places), -EINVAL);
  request = IsoRig::iso_urb(2, 0x85, 2);  // no such endpoint
  EXPECT_EQ(status(request, IsoRig::places_of(request)), -ENOENT);
  request = IsoRig::iso_urb(3, 0x80, 1);
  EXPECT_EQ(status(request, IsoRig::places_of(request)), -ENOENT);
  EXPECT_EQ(status(Rig::urb(4, microphone, 96), {}), -EINVAL);  // without packets
  EXPECT_TRUE(rig.packets().empty());
  for (std::uint32_t i = 0; i < IsoQueue::max_requests; ++i) rig.submit_iso(10 + i, microphone, 1);
  EXPECT_TRUE(rig.replies().empty());
  rig.submit_iso(9, microphone, 1);
  EXPECT_EQ(rig.reply().status, -ENOMEM);
}

TEST_F(SessionIso, ALyingBackendEndsTheSession) {
  const auto ends = [](const std::function<void(IsoRig&)>& act, const std::string& with) {
    IsoRig own;
    ASSERT_NO_FATAL_FAILURE(own.stream());
    own.submit_iso(1, microphone, 8);
    own.accept_start(microphone);
    act(own);
    ASSERT_TRUE(own.session.end()) << with;
    EXPECT_EQ(own.session.end()->reason, EndReason::violation);
    EXPECT_NE(own.end_text().find(with), std::string::npos) << own.end_text();
    const auto replies = own.replies();  // whole, though it failed
    ASSERT_EQ(replies.size(), 1U);
    EXPECT_EQ(replies[0].status, -ENODEV);
    EXPECT_EQ(replies[0].iso.size(), 8U);
  };
  ends([](IsoRig& own) { own.iso_packet(0, filled(microphone_packet + 1)); },
       "longer than the endpoint's packets");
  ends(
      [](IsoRig& own) {
        own.host(PacketType::iso_packet, 0, redir::DataPacket{0x85, 0, 8}, filled(8));
      },
      "nobody asked for");
  ends(
      [](IsoRig& own) {
        own.host(PacketType::iso_stream_status, 0, redir::StreamStatus{0, 0x80});
      },
      "status of no endpoint");
  ends(
      [](IsoRig& own) {
        own.host(PacketType::iso_stream_status, 0, redir::StreamStatus{0, speaker});
      },
      "status nobody asked for");
  ends(
      [](IsoRig& own) {
        own.host(PacketType::iso_stream_status, 0, redir::StreamStatus{4, microphone});
        own.iso_packet(0, filled(8));  // of a stream that it said had ended
      },
      "nobody asked for");
}

TEST_F(SessionIso, AResetEndsWhatWaitsAndStreamsBeginAnew) {
  rig.submit(Rig::control(900, set_config));
  const auto set = rig.packet();
  rig.tables(0);
  rig.host(PacketType::configuration_status, set.id, redir::ConfigurationStatus{0, 1});
  rig.set_alternate(901, 1);
  rig.replies();
  record(2);
  rig.submit(Rig::control(20, {0x80, 0x06, 0x0100, 0, 64}));
  const auto replies = rig.replies();
  ASSERT_EQ(replies.size(), 3U);
  unsigned failed = 0;
  for (const Reply& reply : replies) failed += reply.status == -EPROTO && reply.iso.size() == 8;
  EXPECT_EQ(failed, 2U);
  EXPECT_EQ(rig.packets().front().type, PacketType::stop_iso_stream);
}

TEST_F(SessionIso, TheEndTellsWhatBecameOfThePackets) {
  record(1);
  arrive(0, 5);
  arrive(7, 60);
  rig.pass(58ms);
  rig.replies();
  rig.session.kernel_closed(rig.now);
  EXPECT_EQ(rig.end_text(),
            "target detached the device (isochronous packets: 6 served, 2 lost, 0 late, 0 "
            "dropped, 0 failed)");
  EXPECT_EQ(rig.packets().front().type, PacketType::stop_iso_stream);
}

}  // namespace
}  // namespace usbproxy
