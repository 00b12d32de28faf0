// SPDX-License-Identifier: GPL-2.0-or-later
// The frontend's side of what an attachment may do: the target's kernel sees the part of a device
// that is given, and nothing else of it moves.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

#include "tests/usbproxy/session_rig.hpp"

namespace usbproxy {
namespace {

using redir::PacketType;
using test::Bytes;
using test::from_hex;
using test::Rig;

firewall::Rights rights(std::string_view words) { return *firewall::Rights::parse(words); }

Bytes configuration_of(Rig& rig) {
  rig.submit(Rig::control(1, {0x80, 0x06, 0x0200, 0, 255}));
  return rig.reply().data;
}

const Bytes stick_alone = from_hex(
    "09 02 20 00 01 01 00 80 32 "
    "09 04 00 00 02 08 06 50 00 07 05 81 02 00 02 00 07 05 02 02 00 02 00");

TEST(SessionRights, TheKernelSeesThePartThatIsGiven) {
  for (const char* words : {"interfaces=0", "interfaces=USB_Storage", "read-only=yes"}) {
    Rig rig(*Identity::parse("0951:1666:60A44C:u080650u030101"), rights(words));
    rig.connect();
    EXPECT_EQ(configuration_of(rig), stick_alone) << words;
  }
}

TEST(SessionRights, InterfacesKeepTheirNumbers) {
  Rig rig(std::nullopt, rights("interfaces=1"));
  rig.connect();
  const Bytes seen = configuration_of(rig);
  ASSERT_GT(seen.size(), 18U);
  EXPECT_EQ(seen[4], std::byte{1});      // bNumInterfaces
  EXPECT_EQ(seen[9 + 2], std::byte{1});  // bInterfaceNumber
  rig.submit(Rig::control(2, {0x81, 0x06, 0x2200, 1, 63}));
  EXPECT_EQ(rig.reply().data, test::keyboard_report);
}

// What was approved is the whole device, and so is what is compared.
TEST(SessionRights, TheWholeDeviceIsCompared) {
  Rig rig(*Identity::parse("0951:1666:60A44C:u080650"), rights("interfaces=0"));
  rig.introduce();
  ASSERT_TRUE(rig.session.end());
  EXPECT_NE(rig.end_text().find("u030101"), std::string::npos) << rig.end_text();

  Rig other(std::nullopt, rights("interfaces=0"));
  other.introduce();
  other.described.configurations[0][32 + 5] = std::byte{0x0e};  // the hidden interface's class
  other.answer_questions();
  EXPECT_FALSE(other.session.ready());
}

TEST(SessionRights, NothingMovesOfWhatIsNotGiven) {
  Rig rig(std::nullopt, rights("interfaces=0"));
  rig.connect();
  rig.submit(Rig::urb(1, 0x83, 8));  // the keyboard's
  EXPECT_EQ(rig.reply().status, -ENOENT);
  rig.submit(Rig::urb(2, 0x04, 8));
  EXPECT_EQ(rig.reply().status, -ENOENT);
  for (const usbip::Setup& setup :
       {usbip::Setup{0x21, 0x09, 0x0200, 1, 0}, usbip::Setup{0xa1, 0x01, 0x0100, 1, 8},
        usbip::Setup{0x01, 0x0b, 1, 1, 0}, usbip::Setup{0x81, 0x0a, 0, 1, 1},
        usbip::Setup{0x02, 0x01, 0, 0x83, 0}, usbip::Setup{0x81, 0x06, 0x2200, 1, 63}}) {
    rig.submit(Rig::control(3, setup));
    EXPECT_EQ(rig.reply().status, -EPIPE) << int{setup.request};
  }
  EXPECT_TRUE(rig.packets().empty());
  rig.submit(Rig::urb(4, 0x81, 512));
  EXPECT_EQ(rig.packet().type, PacketType::bulk_packet);
}

TEST(SessionRights, NothingToGiveIsARefusal) {
  Rig rig(std::nullopt, rights("interfaces=7"));
  rig.introduce();
  rig.answer_questions();
  ASSERT_TRUE(rig.session.end());
  EXPECT_EQ(rig.session.end()->reason, EndReason::refused);
  EXPECT_NE(rig.end_text().find("interfaces=7 chooses"), std::string::npos) << rig.end_text();
}

// A reset reads all of the device again.
TEST(SessionRights, AResetComparesTheWholeDevice) {
  Rig rig(std::nullopt, rights("interfaces=0"));
  rig.connect();
  rig.submit(Rig::control(1, {0x00, 0x09, 1, 0, 0}));
  rig.host(PacketType::configuration_status, rig.packet().id, redir::ConfigurationStatus{0, 1});
  EXPECT_EQ(rig.reply().status, 0);
  rig.submit(Rig::control(2, {0x80, 0x06, 0x0100, 0, 64}));
  EXPECT_EQ(rig.reply().status, 0);
  rig.described.reports[1][3] ^= std::byte{1};  // of the hidden keyboard
  rig.answer_questions();
  ASSERT_TRUE(rig.session.end());
  EXPECT_NE(rig.end_text().find("came back from a reset as another one"), std::string::npos);
}

// The keyboard's keys, one after the other, each for 2 ms: how many were let through.
unsigned typed(Rig& rig, std::uint8_t keys) {
  rig.submit(Rig::urb(1, 0x83, 8));
  rig.host(PacketType::interrupt_receiving_status, rig.packet().id, redir::StreamStatus{0, 0x83});
  unsigned passed = 0;
  for (std::uint32_t i = 0; i < 2U * keys && !rig.session.end(); ++i) {
    Bytes report(8);
    if (i % 2 == 0) report[2] = static_cast<std::byte>(4 + i / 2);
    rig.host(PacketType::interrupt_packet, i, redir::DataPacket{0x83, 0, 8}, report);
    if (rig.session.end()) break;
    EXPECT_EQ(rig.reply().data, report);
    if (i % 2 == 0) ++passed;
    rig.submit(Rig::urb(2 + i, 0x83, 8));
    rig.now += std::chrono::milliseconds(2);
  }
  return passed;
}

TEST(SessionRights, WhatTypesAsNoPersonDoesIsStopped) {
  Rig rig;
  rig.connect();
  EXPECT_LE(typed(rig, 12), 5U);
  ASSERT_TRUE(rig.session.end());
  EXPECT_EQ(rig.session.end()->reason, EndReason::injection);
  EXPECT_NE(rig.end_text().find("stopped after"), std::string::npos) << rig.end_text();
  EXPECT_NE(rig.end_text().find("auto-typing=yes"), std::string::npos) << rig.end_text();

  Rig trusted(std::nullopt, rights("auto-typing=yes"));
  trusted.connect();
  EXPECT_EQ(typed(trusted, 12), 12U);
  EXPECT_FALSE(trusted.session.end());
}

// GET_REPORT brings keys too, and SET_PROTOCOL changes what a report means.
TEST(SessionRights, KeysAreSeenOnWhateverWayTheyCome) {
  const auto ask = [](Rig& rig, std::uint32_t i) {
    rig.submit(Rig::control(i, {0xa1, 0x01, 0x0100, 1, 8}));
    const auto request = rig.packet();
    Bytes report(8);
    report[2] = static_cast<std::byte>(4 + i);
    auto body = std::get<redir::ControlPacket>(request.body);
    body.length = 8;
    rig.host(PacketType::control_packet, request.id, body, report);
  };
  Rig rig;
  rig.connect();
  for (std::uint32_t i = 0; i < 12 && !rig.session.end(); ++i) ask(rig, i);
  ASSERT_TRUE(rig.session.end());
  EXPECT_EQ(rig.session.end()->reason, EndReason::injection);

  Rig boot;
  Bytes& described = boot.described.reports[1];  // not a word of keys
  const std::size_t size = described.size();
  described = from_hex("06 00 ff 09 01 a1 01 09 01 15 00 25 01 75 08 95 08 81 02 c0");
  while (described.size() < size) described.push_back(std::byte{0x04});
  boot.connect();
  boot.submit(Rig::control(1, {0x21, 0x0b, 0, 1, 0}));
  boot.control_reply(boot.packet(), 0);
  EXPECT_EQ(boot.reply().status, 0);
  EXPECT_LE(typed(boot, 12), 5U);
  EXPECT_TRUE(boot.session.end());
}

}  // namespace
}  // namespace usbproxy
