// SPDX-License-Identifier: GPL-2.0-or-later
// A sys-usb that was taken over, behind USB/IP: what it says that is not so ends the attachment,
// and what it does not say costs no more than what it was asked for.
#include <cerrno>

#include "tests/usbproxy/exported_rig.hpp"

namespace usbproxy {
namespace {

using namespace test;

const std::string broke = "sys-usb broke the USB/IP protocol: ";

class ExportedLies : public ::testing::Test {
 protected:
  void SetUp() override { rig.connect(); }
  SentCommand asked(const usbip::Submit& request) {
    rig.submit(request);
    return rig.command();
  }
  void expect_violation(const std::string& what) {
    rig.expect_end(EndReason::violation, broke + what);
  }
  ExportedRig rig;
};

TEST_F(ExportedLies, AnAnswerToNoRequest) {
  rig.answer(3, 0x7777, 0, 0, {});
  expect_violation("an answer to no request");
}

TEST_F(ExportedLies, ASecondAnswer) {
  const auto one = asked(Rig::urb(1, 0x81, 512));
  rig.done(one, 0, filled(512));
  rig.done(one, 0, filled(512));
  EXPECT_EQ(rig.replies().size(), 1U);
  expect_violation("an answer to no request");
}

TEST_F(ExportedLies, AnUnlinkThatWasNotAskedFor) {
  rig.answer(4, 0x7777, -ECONNRESET, 0, {});
  expect_violation("an answer to no request");
}

TEST_F(ExportedLies, AnAnswerBehindTheUnlink) {
  const auto one = asked(Rig::urb(1, 0x81, 512));
  rig.unlink(2, 1);
  rig.unlinked(rig.command(), -ECONNRESET);
  rig.done(one, 0, filled(512));
  expect_violation("an answer to no request");
}

// Seen before it is waited for.
TEST_F(ExportedLies, AnAnswerLongerThanAsked) {
  const auto one = asked(Rig::urb(1, 0x81, 512));
  rig.answer(3, one.seqnum, 0, 513, {});
  expect_violation("an answer longer than asked");
  EXPECT_EQ(rig.reply().status, -ENODEV);
}

TEST_F(ExportedLies, MoreSentThanThereWas) {
  const auto one = asked(Rig::urb(1, 0x02, 512));
  rig.answer(3, one.seqnum, 0, 513, {});
  expect_violation("an answer longer than asked");
}

TEST_F(ExportedLies, AStatusThatIsNone) {
  for (const std::int32_t status : {1, -4096, std::numeric_limits<std::int32_t>::min()}) {
    ExportedRig other;
    other.connect();
    other.submit(Rig::urb(1, 0x81, 512));
    other.answer(3, other.command().seqnum, status, 0, {});
    other.expect_end(EndReason::violation, broke + "a status that is none");
  }
}

TEST_F(ExportedLies, AnotherMessage) {
  rig.write(filled(48, 0));
  expect_violation("unknown message");
}

TEST_F(ExportedLies, IsochronousPacketsWhereNoneWereAskedFor) {
  const auto one = asked(Rig::urb(1, 0x81, 512));
  rig.answer(3, one.seqnum, 0, 0, {}, 1);
  expect_violation("other isochronous packets than asked for");
}

TEST_F(ExportedLies, OtherServersNumberOfPacketsIsTaken) {
  const auto one = asked(Rig::urb(1, 0x81, 512));
  rig.answer(3, one.seqnum, 0, 0, {}, 0xffffffff);
  EXPECT_EQ(rig.reply().status, 0);
}

class ExportedIsoLies : public ExportedLies {
 protected:
  void SetUp() override {
    rig.connect();
    Bytes iso;
    const std::array places{usbip::IsoPlace{0, 512}};
    usbip::append_iso_places(iso, places);
    usbip::Submit request = Rig::urb(1, 0x85, 512);
    request.iso_packets = 1;
    rig.submit(request, {}, iso);
    one = rig.commands().front();
    packets = std::vector<IsoAnswer>(one.submit.iso_packets);
  }
  SentCommand one;
  std::vector<IsoAnswer> packets;
};

TEST_F(ExportedIsoLies, FewerPacketsThanAsked) {
  packets.pop_back();
  rig.done_iso(one, packets);
  expect_violation("other isochronous packets than asked for");
}

TEST_F(ExportedIsoLies, APacketLongerThanItsPlace) {
  packets[0].actual = 513;
  rig.done_iso(one, packets, filled(513));
  expect_violation("an answer longer than asked");
}

TEST_F(ExportedIsoLies, PacketsThatAreNotTheSum) {
  Bytes descriptors;
  base::wire::BigWriter writer(descriptors);
  for (std::size_t i = 0; i < packets.size(); ++i) {
    writer.u32(0).u32(512).u32(i == 0 ? 0xffffffffU : 2U).u32(0);
  }
  ExportedRig& r = rig;
  Bytes tail = filled(1);
  tail.insert(tail.end(), descriptors.begin(), descriptors.end());
  r.answer(3, one.seqnum, 0, 1, tail, one.submit.iso_packets);
  expect_violation("an answer longer than asked");
}

TEST_F(ExportedIsoLies, ASumThatIsNot) {
  packets[0].actual = 5;
  Bytes tail = filled(4);
  base::wire::BigWriter writer(tail);
  for (const auto& packet : packets) writer.u32(0).u32(512).u32(packet.actual).u32(0);
  rig.answer(3, one.seqnum, 0, 4, tail, one.submit.iso_packets);
  expect_violation("other isochronous packets than asked for");
}

TEST(ExportedDevice, WithoutRulesIsRefused) {
  ExportedRig rig;
  rig.described.device[17] = std::byte{0};
  rig.answer_questions();
  ASSERT_TRUE(rig.session.end());
  EXPECT_EQ(rig.session.end()->reason, EndReason::refused);
  EXPECT_EQ(
      rig.end_text().find("the device's descriptors break the rules: device descriptor, offset 17"),
      0U)
      << rig.end_text();
}

TEST(ExportedDevice, ThatTakesNoConfigurationIsRefused) {
  ExportedRig rig;
  while (!rig.session.end()) {
    const auto one = rig.command();
    if (one.submit.setup.request == 0x09) {
      rig.done(one, ExportedRig::stall);
    } else {
      rig.answer_control(one);
    }
  }
  rig.expect_end(EndReason::refused, "the device does not take its first configuration");
}

// What is shown was read first, what is pinned a second time: they have to be the same.
TEST(ExportedDevice, ThatIsAnotherOneOnceItIsShownIsRefused) {
  ExportedRig rig;
  bool shown = false;
  while (!rig.session.end() && !rig.session.ready()) {
    const auto one = rig.command();
    shown = shown || one.submit.setup.request == 0x09;
    if (shown) rig.described.device[10] = std::byte{0x67};
    rig.answer_control(one);
  }
  rig.expect_end(EndReason::refused,
                 "the backend introduced another device than its descriptors describe");
}

TEST(ExportedSilence, IsTheEndBeforeTheDeviceIsShown) {
  ExportedRig rig;
  EXPECT_EQ(rig.command().submit.setup, get_device);
  rig.pass(Session::connect_deadline);
  rig.expect_end(EndReason::silent,
                 "the backend did not introduce the device within 15 s; is sys-usb overloaded?");
}

TEST(ExportedSilence, InsideAnAnswerIsTheEnd) {
  ExportedRig rig;
  rig.connect();
  rig.submit(Rig::urb(1, 0x81, 512));
  const auto one = rig.command();
  EXPECT_EQ(rig.link.next_deadline(), Time::max());
  rig.answer(3, one.seqnum, 0, 512, filled(511));
  EXPECT_EQ(rig.link.next_deadline(), rig.now + Session::attached_packet_deadline);
  rig.pass(Session::attached_packet_deadline - 1ms);
  EXPECT_FALSE(rig.session.end());
  rig.pass(1ms);
  rig.expect_end(EndReason::silent, "sys-usb stopped in the middle of an answer for 40 s");
  EXPECT_EQ(rig.reply().status, -ENODEV);
}

// Control requests that run out of time, one after the other, for ever.
TEST(ExportedSilence, EndsWhenHundredsOfRequestsAreGivenUp) {
  ExportedRig rig;
  rig.connect();
  for (std::uint32_t seqnum = 1; seqnum < 2000 && !rig.session.end(); ++seqnum) {
    rig.submit(Rig::control(seqnum, get_report));
    rig.pass(Session::control_deadline);
    rig.replies();
  }
  rig.expect_end(EndReason::silent, "the backend leaves hundreds of requests unanswered");
}

// The polls of a stream that is started and stopped.
TEST(ExportedSilence, EndsWhenUnlinksAreNotAnswered) {
  ExportedRig rig;
  rig.connect();
  for (std::uint32_t seqnum = 1; seqnum < 10000 && !rig.session.end(); seqnum += 2) {
    rig.submit(Rig::urb(seqnum, 0x83, 8));
    rig.unlink(seqnum + 1, seqnum);
    rig.pass(Session::stream_idle);
    rig.replies();
    rig.commands();
  }
  rig.expect_end(EndReason::silent, "sys-usb leaves thousands of requests unanswered");
}

TEST(ExportedStream, MayEndAnywhere) {
  // All that usbip-host says until the device is there, byte by byte.
  Bytes transcript;
  {
    ExportedRig whole;
    while (!whole.session.ready()) {
      const auto one = whole.command();
      const usbip::Setup& setup = one.submit.setup;
      const bool in = (setup.request_type & 0x80U) != 0;
      auto bytes = setup.request == 0x08 ? from_hex("01")
                                         : whole.described.descriptor(setup).value_or(Bytes{});
      if (!in) bytes.clear();
      const bool there = !in || !bytes.empty();
      base::wire::BigWriter(transcript)
          .u32(3)
          .u32(one.seqnum)
          .zeros(12)
          .u32(there ? 0 : std::bit_cast<std::uint32_t>(ExportedRig::stall))
          .u32(static_cast<std::uint32_t>(bytes.size()))
          .zeros(20);
      transcript.insert(transcript.end(), bytes.begin(), bytes.end());
      whole.answer_control(one);
    }
  }
  for (std::size_t size = 0; size < transcript.size(); size += size < 200 ? 1 : 7) {
    ExportedRig rig;
    for (std::size_t i = 0; i < size; ++i) {
      rig.write(base::wire::Bytes(transcript).subspan(i, 1));
      rig.link.out().clear();
    }
    ASSERT_FALSE(rig.session.end()) << size << rig.end_text();
    EXPECT_FALSE(rig.session.ready());
    rig.link.closed(rig.now);
    rig.expect_end(EndReason::stream_closed, "stream closed by sys-usb or dom0");
  }
  ExportedRig rig;
  for (const std::byte& one : transcript) {
    rig.write(base::wire::Bytes(&one, 1));
    rig.link.out().clear();
  }
  EXPECT_TRUE(rig.session.ready()) << rig.end_text();
}

}  // namespace
}  // namespace usbproxy
