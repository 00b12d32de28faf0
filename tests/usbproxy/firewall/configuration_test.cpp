// SPDX-License-Identifier: GPL-2.0-or-later
// Device and configuration descriptors: real ones are copied byte for byte, broken ones refused
// with the byte that is broken.
#include <gtest/gtest.h>

#include <functional>

#include "tests/usbproxy/described_device.hpp"
#include "tests/usbproxy/firewall/golden.hpp"
#include "usbproxy/firewall/canonical.hpp"
#include "usbproxy/firewall/configuration_parser.hpp"
#include "usbproxy/firewall/device_descriptor.hpp"

namespace usbproxy::firewall {
namespace {

using test::Bytes;
using test::from_hex;

std::string wrong_with(const Bytes& bytes, Speed speed) {
  const auto parsed = ConfigurationParser(0, speed).parse(bytes);
  return parsed ? "" : parsed.error().text();
}

Bytes copy_of(const Bytes& bytes, Speed speed) {
  const auto parsed = ConfigurationParser(0, speed).parse(bytes);
  EXPECT_TRUE(parsed) << parsed.error().text();
  return parsed ? write_configuration(*parsed, speed) : Bytes();
}

TEST(FirewallConfiguration, RealDevicesAreCopiedByteForByte) {
  for (const test::Golden& one : test::golden_devices()) {
    const auto device = parse_device(one.device, one.speed);
    ASSERT_TRUE(device) << one.name << ": " << device.error().text();
    EXPECT_EQ(write_device(*device), one.device) << one.name;
    for (const Bytes& configuration : one.configurations) {
      EXPECT_EQ(copy_of(configuration, one.speed), configuration) << one.name;
    }
  }
}

TEST(FirewallConfiguration, EveryShorterInputIsRefused) {
  for (const test::Golden& one : test::golden_devices()) {
    for (const Bytes& whole : one.configurations) {
      for (std::size_t size = 0; size < whole.size(); ++size) {
        Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_NE(wrong_with(cut, one.speed), "") << one.name << ' ' << size;
        if (size < 4) continue;
        cut[2] = static_cast<std::byte>(size);  // and so when its total is that
        cut[3] = static_cast<std::byte>(size >> 8U);
        const auto parsed = ConfigurationParser(0, one.speed).parse(cut);
        if (!parsed) continue;
        // Only descriptors that nobody counts can be missing; the copy is whole all the same.
        EXPECT_EQ(write_configuration(*parsed, one.speed).size(), size) << one.name;
      }
    }
    for (std::size_t size = 0; size < one.device.size(); ++size) {
      const Bytes cut(one.device.begin(), one.device.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_FALSE(parse_device(cut, one.speed)) << one.name;
    }
  }
}

struct Malformed {
  std::size_t at;
  unsigned value;
  const char* text;  // behind "configuration 1, "
};

void expect_refused(const Bytes& good, Speed speed, const std::vector<Malformed>& table) {
  ASSERT_EQ(wrong_with(good, speed), "");
  for (const Malformed& one : table) {
    Bytes bytes = good;
    bytes[one.at] = static_cast<std::byte>(one.value);
    EXPECT_EQ(wrong_with(bytes, speed), std::string("configuration 1, ") + one.text) << one.at;
  }
}

// Offsets: configuration 0, interface 9, endpoints 18 and 25, interface 32, HID 41, endpoints 50,
// 57 and 64, interface 71, HID 80, endpoints 89 and 96.
TEST(FirewallConfiguration, HighSpeed) {
  expect_refused(
      test::stick_and_keyboard().configurations.front(), Speed::high,
      {
          {0, 8, "offset 0: no configuration descriptor of 9 bytes comes first (USB 2.0, 9.6.3)"},
          {1, 7, "offset 0: no configuration descriptor of 9 bytes comes first (USB 2.0, 9.6.3)"},
          {2, 0x66, "offset 2: wTotalLength 102, but 103 bytes came"},
          {3, 0x0f, "offset 2: wTotalLength 3943, but 103 bytes came"},
          {4, 0, "offset 4: bNumInterfaces 0 is not 1 to 16"},
          {4, 17, "offset 4: bNumInterfaces 17 is not 1 to 16"},
          {4, 3, "offset 4: bNumInterfaces 3, but 2 follow"},
          {4, 1, "offset 4: bNumInterfaces 1, but 2 follow"},
          {34, 16, "offset 34: interface 16 alternate 0: bInterfaceNumber is not below 16"},
          {5, 0, "offset 5: bConfigurationValue is 0"},
          {9, 0, "offset 9: bLength 0 is less than its own header's 2 bytes"},
          {9, 1, "offset 9: bLength 1 is less than its own header's 2 bytes"},
          {9, 255, "offset 9: bLength 255 goes beyond the end"},
          {10, 1, "offset 9: descriptor type 0x01 does not belong into a configuration"},
          {10, 0x41, "offset 18: endpoint: it stands before the first interface"},
          {11, 1, "offset 35: interface 1 alternate 0: bAlternateSetting is not 1, the next one"},
          {12, 1, "offset 12: interface 0 alternate 1: bAlternateSetting is not 0, the next one"},
          {13, 1, "offset 25: endpoint 0x02: more endpoints than bNumEndpoints 1"},
          {13, 3, "offset 13: interface 0 alternate 0: bNumEndpoints 3, but 2 follow"},
          {14, 0,
           "offset 14: interface 0 alternate 0: bInterfaceClass 0x00 is reserved (USB 2.0, "
           "9.6.5)"},
          {14, 9, "offset 14: interface 0 alternate 0: bInterfaceClass 0x09 is a hub's"},
          {18, 8,
           "offset 18: endpoint 0x81: bLength 8 is not an endpoint descriptor's 7 (USB 2.0, "
           "9.6.6)"},
          {20, 0x80, "offset 20: endpoint 0x80: endpoint 0 is not described"},
          {20, 0x91,
           "offset 20: endpoint 0x91: bEndpointAddress has reserved bits 6..4 (USB 2.0, "
           "9.6.6)"},
          {20, 0x02, "offset 27: endpoint 0x02: its setting has the address already"},
          {20, 0x83, "offset 0: endpoint 0x83: interfaces 0 and 1 share it (USB 2.0, 9.6.6)"},
          {21, 0, "offset 21: endpoint 0x81: a control endpoint other than 0 is not attached"},
          {21, 0x42,
           "offset 21: endpoint 0x81: bmAttributes 0x42 has reserved bits 7..6 (USB 2.0, 9.6.6)"},
          {21, 0x06,
           "offset 21: endpoint 0x81: bmAttributes 0x06 has reserved bits 5..2 of a bulk "
           "endpoint (USB 2.0, 9.6.6)"},
          {23, 0, "offset 22: endpoint 0x81: wMaxPacketSize is 0"},
          {23, 0x40,
           "offset 22: endpoint 0x81: wMaxPacketSize 16384 has reserved bits 15..13 (USB "
           "2.0, 9.6.6)"},
          {22, 64, "offset 22: endpoint 0x81: wMaxPacketSize 576 is not 512 (USB 2.0, 5.8.3)"},
          {34, 0, "offset 35: interface 0 alternate 0: bAlternateSetting is not 1, the next one"},
          {41, 8,
           "offset 41: class-specific descriptor 0x21: bLength 8 is too short for its kind "
           "and what it counts"},
          {46, 0,
           "offset 46: HID descriptor: it names no report descriptor first (HID 1.11, "
           "6.2.1)"},
          {46, 2,
           "offset 41: class-specific descriptor 0x21: bLength 9 is too short for its kind "
           "and what it counts"},
          {49, 0x20, "offset 48: HID descriptor: wDescriptorLength 8255 is not 1 to 4096"},
          {42, 0x41, "offset 32: HID interface: it has no HID descriptor (HID 1.11, 6.2.1)"},
          {55, 0x1c,
           "offset 54: endpoint 0x83: wMaxPacketSize has the reserved 3 in bits 12..11 "
           "(USB 2.0, 9.6.6)"},
          {55, 0x08,
           "offset 54: endpoint 0x83: wMaxPacketSize 8 with 1 further transactions is "
           "less than 513 (USB 2.0, table 9-14)"},
          {55, 0x04, "offset 54: endpoint 0x83: wMaxPacketSize 1032 exceeds 1024 (USB 2.0, 5.7.3)"},
          {56, 0, "offset 56: endpoint 0x83: bInterval 0 is not 1 to 16 (USB 2.0, 9.6.6)"},
          {56, 17, "offset 56: endpoint 0x83: bInterval 17 is not 1 to 16 (USB 2.0, 9.6.6)"},
          {58, 0x30,
           "offset 57: companion: it does not follow a SuperSpeed endpoint (USB 3.2, "
           "9.6.7)"},
          {74, 2, "offset 74: interface 1 alternate 2: bAlternateSetting is not 1, the next one"},
          {73, 0,
           "offset 73: interface 0 alternate 1: its alternate settings do not stand "
           "together"},
      });
}

Bytes with_endpoint(std::string_view endpoint) {
  return from_hex("09 02 19 00 01 01 00 80 32 09 04 00 00 01 ff 00 00 00 " + std::string(endpoint));
}

TEST(FirewallConfiguration, LowAndFullSpeed) {
  const std::string at = "configuration 1, offset ";
  EXPECT_EQ(wrong_with(with_endpoint("07 05 81 03 08 00 0a"), Speed::low), "");
  EXPECT_EQ(wrong_with(with_endpoint("07 05 81 03 40 00 ff"), Speed::full), "");
  EXPECT_EQ(wrong_with(with_endpoint("07 05 81 01 ff 03 01"), Speed::full), "");
  EXPECT_EQ(wrong_with(with_endpoint("07 05 81 02 08 00 00"), Speed::low),
            at + "22: endpoint 0x81: low speed has interrupt endpoints only");
  EXPECT_EQ(wrong_with(with_endpoint("07 05 81 03 09 00 0a"), Speed::low),
            at + "22: endpoint 0x81: wMaxPacketSize 9 exceeds 8 (USB 2.0, 5.7.3)");
  EXPECT_EQ(wrong_with(with_endpoint("07 05 81 03 41 00 0a"), Speed::full),
            at + "22: endpoint 0x81: wMaxPacketSize 65 exceeds 64 (USB 2.0, 5.7.3)");
  EXPECT_EQ(wrong_with(with_endpoint("07 05 81 02 00 02 00"), Speed::full),
            at + "22: endpoint 0x81: wMaxPacketSize 512 is not 8, 16, 32 or 64 (USB 2.0, 5.8.3)");
  EXPECT_EQ(wrong_with(with_endpoint("07 05 81 01 00 04 01"), Speed::full),
            at + "22: endpoint 0x81: wMaxPacketSize 1024 exceeds 1023 (USB 2.0, 5.6.3)");
  EXPECT_EQ(wrong_with(with_endpoint("07 05 81 03 08 00 00"), Speed::full),
            at + "24: endpoint 0x81: bInterval 0 is not 1 to 255 (USB 2.0, 9.6.6)");
}

TEST(FirewallConfiguration, SuperSpeed) {
  const Bytes good = test::golden("uas drive").configurations.front();
  // Interface 9, endpoint 18, companion 25, ...
  expect_refused(
      good, Speed::super,
      {
          {18 + 5, 2, "offset 22: endpoint 0x01: wMaxPacketSize 512 is not 1024 (USB 3.2, 9.6.6)"},
          {25 + 2, 16,
           "offset 27: companion of endpoint 0x01: bMaxBurst 16 exceeds 15 (USB 3.2, "
           "9.6.7)"},
          {25 + 3, 17,
           "offset 28: companion of endpoint 0x01: more than 2^16 streams (USB 3.2, "
           "9.6.7)"},
          {25 + 4, 1,
           "offset 29: companion of endpoint 0x01: wBytesPerInterval of a bulk endpoint "
           "is not 0 (USB 3.2, 9.6.7)"},
          {25 + 1, 0x41, "offset 18: endpoint 0x01: no companion follows it (USB 3.2, 9.6.7)"},
          {25 + 1, 0x31,
           "offset 25: second companion: it does not follow a companion (USB 3.2, "
           "9.6.8)"},
      });
}

// Linux says so and goes on, and so do they here.
TEST(FirewallConfiguration, WhatLinuxOnlyNotesIsCopied) {
  const Bytes gap = from_hex(
      "09 02 29 00 02 01 00 80 32 09 04 00 00 01 ff 00 00 00 07 05 81 03 08 00 04 "
      "09 04 02 00 01 ff 00 00 00 07 05 82 03 08 00 04");
  EXPECT_EQ(copy_of(gap, Speed::full), gap);
  for (const unsigned size : {8U, 16U, 32U, 64U}) {
    Bytes small = from_hex(
        "09 02 19 00 01 01 00 80 32 09 04 00 00 01 ff 00 00 00 07 05 81 02 08 "
        "00 00");
    small[22] = static_cast<std::byte>(size);
    EXPECT_EQ(copy_of(small, Speed::high), small) << size;
  }
}

TEST(FirewallConfiguration, WhatIsOnlyUntidyIsTidied) {
  Bytes bytes = test::stick_and_keyboard().configurations.front();
  const Bytes tidy = bytes;
  bytes[7] = std::byte{0x1f};
  bytes[8] = std::byte{0xff};
  Bytes copy = copy_of(bytes, Speed::high);
  EXPECT_EQ(copy[7], std::byte{0x80});
  EXPECT_EQ(copy[8], std::byte{250});
  copy[8] = tidy[8];
  EXPECT_EQ(copy, tidy);
}

TEST(FirewallConfiguration, WhatNobodyKnowsIsDropped) {
  const Bytes plain = from_hex(
      "09 02 20 00 01 01 00 80 32 09 04 00 00 02 08 06 50 00 07 05 81 02 00 02 00 "
      "07 05 02 02 00 02 00");
  // OTG before the interface, an unknown type behind it, class-specific ones where none belong.
  const Bytes more = from_hex(
      "09 02 31 00 01 01 00 80 32 03 09 03 09 04 00 00 02 08 06 50 00 05 41 01 02 03 "
      "05 24 00 10 01 07 05 81 02 00 02 00 04 25 01 00 07 05 02 02 00 02 00");
  EXPECT_EQ(copy_of(more, Speed::high), plain);
  EXPECT_EQ(ConfigurationParser(0, Speed::high).parse(more)->dropped, 4U);
}

TEST(FirewallConfiguration, AssociationsNameInterfacesThatExistOnce) {
  const auto with = [](std::string_view association) {
    return wrong_with(from_hex("09 02 42 00 02 01 00 80 32 " + std::string(association) +
                               " 08 0b 01 01 02 02 01 00 "
                               "09 04 00 00 01 03 00 00 00 09 21 11 01 00 01 22 3f 00 "
                               "07 05 81 03 08 00 04 "
                               "09 04 01 00 01 ff 00 00 00 07 05 82 03 08 00 04"),
                      Speed::high);
  };
  const std::string at = "configuration 1, offset ";
  EXPECT_EQ(with("08 0b 00 01 02 02 01 00"), "");
  EXPECT_EQ(with("08 0b 00 00 02 02 01 00"),
            at + "9: interface association: interfaces 0 and 0 in all do not exist");
  EXPECT_EQ(with("08 0b 02 03 02 02 01 00"),
            at + "0: interface association: interfaces 2 and 3 in all do not exist");
  EXPECT_EQ(with("08 0b 02 0f 02 02 01 00"),
            at + "9: interface association: interfaces 2 and 15 in all do not exist");
  EXPECT_EQ(with("08 0b 00 02 02 02 01 00"),
            at + "17: interface association: it shares an interface with another one (USB 3.2, "
                 "9.6.4)");
}

TEST(FirewallConfiguration, TotalLengthIsBounded) {
  EXPECT_EQ(*total_length(from_hex("09 02 20 00 01 01 00 80 32"), 0), 32);
  EXPECT_EQ(total_length(from_hex("09 02 08 00 01 01 00 80 32"), 0).error().text(),
            "configuration 1, offset 2: wTotalLength 8 is not 9 to 4096");
  EXPECT_EQ(total_length(from_hex("09 02 ff ff 01 01 00 80 32"), 1).error().text(),
            "configuration 2, offset 2: wTotalLength 65535 is not 9 to 4096");
  EXPECT_FALSE(total_length(from_hex("09 02 20 00 01 01 00 80"), 0));
  EXPECT_FALSE(total_length({}, 0));
}

TEST(FirewallDevice, EachFieldIsChecked) {
  const Bytes good = test::stick_and_keyboard().device;
  const std::vector<Malformed> table{
      {0, 17, "offset 0: bLength 17 of 18 bytes; a device descriptor has 18 (USB 2.0, 9.6.1)"},
      {1, 2, "offset 1: bDescriptorType 0x02 is not 0x01"},
      {3, 4, "offset 2: bcdUSB 0x0400 is no version of USB from 1.0 to 3.x"},
      {2, 0x0a, "offset 2: bcdUSB 0x020a is no version of USB from 1.0 to 3.x"},
      {4, 9, "offset 4: bDeviceClass 0x09 is a hub's; hubs are not attached"},
      {7, 8, "offset 7: bMaxPacketSize0 8 does not exist at this speed (USB 2.0, 5.5.3)"},
      {17, 0, "offset 17: bNumConfigurations 0 is not 1 to 4"},
      {17, 255, "offset 17: bNumConfigurations 255 is not 1 to 4"}};
  for (const Malformed& one : table) {
    Bytes bytes = good;
    bytes[one.at] = static_cast<std::byte>(one.value);
    const auto parsed = parse_device(bytes, Speed::high);
    ASSERT_FALSE(parsed) << one.text;
    EXPECT_EQ(parsed.error().text(), std::string("device descriptor, ") + one.text);
  }
}

}  // namespace
}  // namespace usbproxy::firewall
