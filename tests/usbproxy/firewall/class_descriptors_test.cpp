// SPDX-License-Identifier: GPL-2.0-or-later
// Class-specific descriptors: HID, CDC, audio and video; those that are known are held to their
// lengths, ids and links.
#include <gtest/gtest.h>

#include <set>

#include "tests/usbproxy/described_device.hpp"
#include "tests/usbproxy/firewall/golden.hpp"
#include "usbproxy/firewall/canonical.hpp"
#include "usbproxy/firewall/class_descriptors.hpp"
#include "usbproxy/firewall/configuration_parser.hpp"

namespace usbproxy::firewall {
namespace {

using test::Bytes;
using test::from_hex;

// A configuration of high speed around `body`, with `interfaces` interfaces.
Bytes around(std::string_view body, unsigned interfaces = 1) {
  Bytes bytes = from_hex("09 02 00 00 00 01 00 80 32");
  const Bytes more = from_hex(body);
  bytes.insert(bytes.end(), more.begin(), more.end());
  bytes[2] = static_cast<std::byte>(bytes.size());
  bytes[3] = static_cast<std::byte>(bytes.size() >> 8U);
  bytes[4] = static_cast<std::byte>(interfaces);
  return bytes;
}

std::string wrong_with(const Bytes& bytes) {
  const auto parsed = ConfigurationParser(0, Speed::high).parse(bytes);
  return parsed ? "" : parsed.error().text();
}

Bytes copy_of(const Bytes& bytes) {
  const auto parsed = ConfigurationParser(0, Speed::high).parse(bytes);
  EXPECT_TRUE(parsed) << parsed.error().text();
  return parsed ? write_configuration(*parsed, Speed::high) : Bytes();
}

constexpr const char* offset = "configuration 1, offset ";

TEST(FirewallClass, HidNamesOnlyItsReportDescriptor) {
  const std::string head = "09 04 00 00 01 03 00 00 00 ";
  const std::string tail = " 07 05 81 03 08 00 04";
  // A physical descriptor besides, and bytes behind what is counted.
  EXPECT_EQ(copy_of(around(head + "0e 21 11 01 00 02 22 3f 00 23 40 00 aa bb" + tail)),
            around(head + "09 21 11 01 00 01 22 3f 00" + tail));
  // The order of HID 1.0: behind the endpoint.
  const Bytes old = around(head + tail + " 09 21 00 01 00 01 22 3f 00");
  EXPECT_EQ(copy_of(old), old);
  EXPECT_EQ(
      wrong_with(around(head + "09 21 11 01 00 01 22 3f 00 09 21 11 01 00 01 22 3f 00" + tail)),
      std::string(offset) + "27: HID descriptor: the interface has two of them");
  EXPECT_EQ(wrong_with(around(head + "09 21 11 01 00 01 22 00 00" + tail)),
            std::string(offset) + "25: HID descriptor: wDescriptorLength 0 is not 1 to 4096");
}

// An Ethernet adapter (CDC ECM).
const std::string ethernet_head = "09 04 00 00 01 02 06 00 00 ";
const std::string ethernet_tail =
    " 07 05 83 03 10 00 09 09 04 01 00 00 0a 00 00 00 09 04 01 01 02 0a 00 00 00 "
    "07 05 81 02 00 02 00 07 05 02 02 00 02 00";
Bytes ethernet(std::string_view functional) {
  return around(ethernet_head + std::string(functional) + ethernet_tail, 2);
}

TEST(FirewallClass, Cdc) {
  const Bytes good =
      ethernet("05 24 00 10 01 05 24 06 00 01 0d 24 0f 03 00 00 00 00 ea 05 00 00 00");
  EXPECT_EQ(copy_of(good), good);
  const auto parsed = ConfigurationParser(0, Speed::high).parse(good);
  std::set<std::uint8_t> strings;
  add_named_strings(parsed->interfaces.front().alternates.front(), strings);
  EXPECT_EQ(strings, std::set<std::uint8_t>{3});  // the MAC address
  EXPECT_EQ(wrong_with(ethernet("05 24 06 00 01")),
            std::string(offset) +
                "18: CDC: the first functional descriptor is no header (CDC 1.2, "
                "5.2.3)");
  EXPECT_EQ(wrong_with(ethernet("05 24 00 10 01 05 24 06 00 07")),
            std::string(offset) +
                "27: class-specific descriptor: it names interface 7, which does not "
                "exist");
  EXPECT_EQ(wrong_with(ethernet("05 24 00 10 01 04 24 06 00")),
            std::string(offset) +
                "23: class-specific descriptor 0x24: bLength 4 is too short for its "
                "kind 0x06 and what it counts");
  EXPECT_EQ(wrong_with(ethernet("05 24 00 10 01 05 24 06 00 01 05 24 06 00 01")),
            std::string(offset) + "28: CDC: functional descriptor 0x06 is there twice");
  EXPECT_EQ(wrong_with(ethernet("05 24 00 10 01 0c 24 0f 03 00 00 00 00 ea 05 00 00")),
            std::string(offset) +
                "23: class-specific descriptor 0x24: bLength 12 is too short for its "
                "kind 0x0f and what it counts");
  EXPECT_EQ(wrong_with(around(ethernet_head + "05 24 00 10 01 07 05 83 03 10 00 09")),
            std::string(offset) +
                "0: interface 0: a CDC control interface without a data interface "
                "(CDC 1.2, 3.3)");
}

TEST(FirewallClass, VendorInterfacesKeepCdcAndNothingElse) {
  const std::string head = "09 04 00 00 01 ff 06 00 00 ";
  const std::string tail = " 07 05 81 03 08 00 04";
  const Bytes modem = around(head + "05 24 00 10 01 05 24 06 00 00" + tail);
  EXPECT_EQ(copy_of(modem), modem);
  EXPECT_EQ(copy_of(around(head + "07 24 01 00 01 41 00 06 24 02 01 01 00" + tail)),
            around(head + tail));
}

// A microphone with a volume (Audio 1.0): control interface 0 and streaming interface 1.
const std::string audio_head = "09 04 00 00 00 01 01 00 00 ";
const std::string audio_tail =
    " 09 04 01 00 00 01 02 00 00 09 04 01 01 01 01 02 00 00 07 24 01 03 01 01 00 "
    "0b 24 02 01 01 02 10 01 80 bb 00 09 05 81 05 64 00 04 00 00 07 25 01 01 00 00 00";
Bytes audio(std::string_view units) {
  return around(audio_head + std::string(units) + audio_tail, 2);
}

TEST(FirewallClass, Audio1) {
  const std::string header = "09 24 01 00 01 26 00 01 01 ";
  const std::string units =
      "0c 24 02 01 01 02 00 01 00 00 00 00 08 24 06 02 01 01 03 00 09 24 03 03 01 01 00 02 00";
  const Bytes good = audio(header + units);
  EXPECT_EQ(copy_of(good), good);
  // The total is ours, whatever the device says.
  EXPECT_EQ(copy_of(audio("09 24 01 00 01 ff ff 01 01 " + units)), good);
  EXPECT_EQ(wrong_with(audio("09 24 01 00 01 26 00 01 05 " + units)),
            std::string(offset) +
                "26: class-specific descriptor: it names interface 5, which does not "
                "exist");
  EXPECT_EQ(wrong_with(audio(header + "09 24 03 03 01 01 00 02 00")),
            std::string(offset) + "27: unit 3: its source 2 does not exist");
  EXPECT_EQ(wrong_with(audio(header + "08 24 06 02 03 01 03 00 08 24 06 03 02 01 03 00")),
            std::string(offset) + "27: unit 2: its sources lead back to it in a loop");
  EXPECT_EQ(wrong_with(audio(header + "08 24 06 02 02 01 03 00")),
            std::string(offset) + "27: unit 2: its sources lead back to it in a loop");
  EXPECT_EQ(wrong_with(audio(header + "0c 24 02 01 01 02 00 01 00 00 00 00 "
                                      "0c 24 02 01 01 02 00 01 00 00 00 00")),
            std::string(offset) + "39: unit 1: its id is taken");
  EXPECT_EQ(wrong_with(audio(header + "0c 24 02 00 01 02 00 01 00 00 00 00")),
            std::string(offset) + "27: unit 0: its id is the reserved 0");
  // Controls of no bytes (a division by it in the kernel's mixer), or not whole.
  EXPECT_EQ(wrong_with(audio(header + "08 24 06 02 01 00 03 00")),
            std::string(offset) +
                "27: feature unit 2: bLength 8 is no whole number of controls of 0 "
                "bytes (Audio 1.0, 4.3.2.5)");
  EXPECT_EQ(wrong_with(audio(header + "0a 24 06 02 01 02 03 00 01 00")),
            std::string(offset) +
                "27: feature unit 2: bLength 10 is no whole number of controls of 2 "
                "bytes (Audio 1.0, 4.3.2.5)");
  EXPECT_EQ(wrong_with(audio(header + "08 24 05 04 20 01 01 00")),
            std::string(offset) +
                "27: class-specific descriptor 0x24: bLength 8 is too short for its "
                "kind 0x05 and what it counts");
}

TEST(FirewallClass, Audio2) {
  const std::string head = "09 04 00 00 00 01 01 20 00 ";
  const std::string units =
      "09 24 01 00 02 08 25 00 00 08 24 0a 09 01 07 00 00 "
      "11 24 02 01 01 01 00 09 02 03 00 00 00 00 00 00 00 0c 24 03 03 01 03 00 01 09 00 00 00";
  Bytes good = around(head + units);
  good[23 + 1] = std::byte{0x2e};
  EXPECT_EQ(copy_of(good), good);
  Bytes bad = good;
  bad[9 + 9 + 9 + 8 + 7] = std::byte{5};
  EXPECT_EQ(wrong_with(bad), std::string(offset) + "35: unit 1: its source 5 does not exist");
}

TEST(FirewallClass, SamplingRatesAreCounted) {
  const auto format = [](std::string_view hex) {
    return wrong_with(
        around("09 04 00 00 00 01 02 00 00 07 24 01 03 01 01 00 " + std::string(hex)));
  };
  EXPECT_EQ(format("0b 24 02 01 01 02 10 01 80 bb 00"), "");
  EXPECT_EQ(format("0e 24 02 01 01 02 10 00 40 1f 00 80 bb 00"), "");
  EXPECT_EQ(format("0b 24 02 01 01 02 10 40 80 bb 00"),
            std::string(offset) +
                "25: class-specific descriptor 0x24: bLength 11 is too short for its "
                "kind 0x02 and what it counts");
}

TEST(FirewallClass, MidiJacksAreCounted) {
  const auto midi = [](std::string_view endpoint) {
    return around(
        "09 04 00 00 01 01 03 00 00 07 24 01 00 01 16 00 06 24 02 01 01 00 "
        "09 24 03 02 02 01 01 01 00 09 05 81 02 00 02 00 00 00 " +
        std::string(endpoint));
  };
  const Bytes good = midi("05 25 01 01 02");
  EXPECT_EQ(copy_of(good), good);
  EXPECT_EQ(wrong_with(midi("05 25 01 40 02")),
            std::string(offset) +
                "49: class-specific descriptor 0x25: bLength 5 is too short for its "
                "kind 0x01 and what it counts");
  EXPECT_EQ(wrong_with(midi("15 25 01 11 02 02 02 02 02 02 02 02 02 02 02 02 02 02 02 02 02")),
            std::string(offset) + "52: MIDI endpoint: bNumEmbMIDIJack 17 exceeds 16");
}

// A camera (Video 1.0): control interface 0, streaming interface 1 with one format and one frame.
const std::string camera_control =
    "09 04 00 00 00 0e 01 00 00 0d 24 01 00 01 34 00 00 6c dc 02 01 01 "
    "12 24 02 01 01 02 00 00 00 00 00 00 00 00 03 00 00 00 "
    "0c 24 05 02 01 00 00 02 01 00 00 00 09 24 03 03 01 01 00 02 00 ";
const std::string camera_header =
    "09 04 01 00 01 0e 02 00 00 0e 24 01 01 43 00 82 00 03 00 00 00 01 00 ";
const std::string camera_frame = "0b 24 06 01 01 01 01 00 00 00 00 ";
const std::string camera_size =
    "1e 24 07 01 00 80 02 e0 01 00 00 ca 08 00 00 ca 08 00 60 09 00 15 16 05 00 01 15 16 05 00 ";
const std::string camera_tail = "07 05 82 02 00 02 00";

TEST(FirewallClass, Video) {
  Bytes good = around(camera_control + camera_header + camera_frame + camera_size + camera_tail, 2);
  good[9 + 9 + 5] = std::byte{13 + 18 + 12 + 9};
  good[9 + 9 + 13 + 18 + 12 + 9 + 9 + 4] = std::byte{14 + 11 + 30};
  EXPECT_EQ(copy_of(good), good);
  EXPECT_EQ(wrong_with(around(camera_control + camera_header + camera_size + camera_tail, 2)),
            std::string(offset) +
                "93: video frame: it does not follow a format of its kind (Video "
                "1.5, 3.9.2)");
  // A frame of no defined kind (CVE-2024-53104) is not shown to the target.
  const std::string undefined = "1e 24 00" + camera_size.substr(8);
  EXPECT_EQ(copy_of(around(camera_control + camera_header + camera_frame + camera_size + undefined +
                               camera_tail,
                           2)),
            good);
  EXPECT_EQ(
      wrong_with(
          around(camera_control + camera_header + camera_frame + undefined + camera_tail, 2)),
      std::string(offset) +
          "93: video format: 0 frames of its kind follow it, not 1 to 255 (Video 1.5, 3.9.2)");
  Bytes many = good;
  many[9 + 9 + 13 + 18 + 12 + 9 + 9 + 14 + 4] = std::byte{200};  // bNumFrameDescriptors
  EXPECT_EQ(copy_of(many), good);
  Bytes liar = good;
  liar[9 + 9 + 13 + 18 + 12 + 9 + 9 + 14 + 11 + 25] = std::byte{9};  // frame intervals
  EXPECT_EQ(wrong_with(liar),
            std::string(offset) +
                "104: class-specific descriptor 0x24: bLength 30 is too short for "
                "its kind 0x07 and what it counts");
  Bytes loop = good;
  loop[9 + 9 + 13 + 18 + 4] = std::byte{2};  // the processing unit is its own source
  EXPECT_EQ(wrong_with(loop),
            std::string(offset) + "49: unit 2: its sources lead back to it in a loop");
}

TEST(FirewallClass, TheNumberOfThemIsBounded) {
  std::string many;
  for (unsigned i = 0; i <= max_class_descriptors; ++i) many += "06 24 02 01 01 00 ";
  const Bytes bytes = around("09 04 00 00 00 01 03 00 00 07 24 01 00 01 16 00 " + many);
  EXPECT_EQ(wrong_with(bytes).substr(0, 69),
            std::string(offset) + "787: class-specific descriptor: more than 128");
}

}  // namespace
}  // namespace usbproxy::firewall
