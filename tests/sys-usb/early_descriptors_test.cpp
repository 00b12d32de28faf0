// SPDX-License-Identifier: GPL-2.0-or-later
// Descriptors of real devices, of liars, and every shorter and longer input.
#include "sys-usb/early/descriptors.hpp"

#include <gtest/gtest.h>

#include "tests/sys-usb/early_golden.hpp"

namespace sysusb::early {
namespace {

auto parse(const std::string& text) { return parse_descriptors(base::wire::as_bytes(text)); }

std::string with(std::string text, std::size_t at, int value) {
  text.at(at) = static_cast<char>(value);
  return text;
}

void expect_error(const std::string& text, DescriptorError error) {
  const auto parsed = parse(text);
  ASSERT_FALSE(parsed);
  EXPECT_STREQ(describe(parsed.error()), describe(error));
}

// Offsets in plain_keyboard.
constexpr std::size_t configurations = 17;
constexpr std::size_t total = 20;
constexpr std::size_t interfaces = 22;
constexpr std::size_t interface = 27;
constexpr std::size_t hid = 36;
constexpr std::size_t endpoint = 45;

TEST(EarlyDescriptors, ReadsAKeyboard) {
  const auto parsed = parse(test::plain_keyboard);
  ASSERT_TRUE(parsed) << describe(parsed.error());
  EXPECT_EQ(*parsed, (DescribedDevice{.vendor = 0x0627,
                                      .product = 1,
                                      .device_class = 0,
                                      .interfaces = {{.interface_class = 3,
                                                      .subclass = 1,
                                                      .protocol = 1,
                                                      .interrupt_endpoints = 1,
                                                      .hid_descriptors = 1}}}));
}

TEST(EarlyDescriptors, ReadsOthers) {
  EXPECT_EQ(parse(test::receiver)->interfaces.size(), 3U);
  EXPECT_EQ(parse(test::stick)->interfaces.at(0).other_endpoints, 2U);
  EXPECT_EQ(parse(test::keyboard_and_storage)->interfaces.at(1).interface_class, 8);
  EXPECT_EQ(parse(test::keyboard_or_storage)->interfaces.at(1).alternate, 1);
  for (const std::string& hub : {test::hub, test::multi_tt_hub, test::super_hub}) {
    const auto parsed = parse(hub);
    ASSERT_TRUE(parsed) << describe(parsed.error());
    EXPECT_EQ(parsed->device_class, hub_class);
  }
}

TEST(EarlyDescriptors, RefusesEveryShorterInput) {
  for (const std::string& whole :
       {test::plain_keyboard, test::receiver, test::keyboard_and_storage, test::super_hub}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      EXPECT_FALSE(parse(whole.substr(0, size))) << size;
    }
    EXPECT_FALSE(parse(whole + '\0'));
    EXPECT_FALSE(parse(whole + whole));
  }
}

TEST(EarlyDescriptors, RefusesLyingLengths) {
  const std::string& good = test::plain_keyboard;
  expect_error(with(good, 0, 17), DescriptorError::no_device);
  expect_error(with(good, total, 0x23), DescriptorError::truncated);
  expect_error(with(good, total, 0x21), DescriptorError::wrong_total_length);
  expect_error(with(good, total + 1, 1), DescriptorError::truncated);
  for (const std::size_t at : {interface, hid, endpoint}) {
    expect_error(with(good, at, 0), DescriptorError::wrong_length);
    expect_error(with(good, at, 1), DescriptorError::wrong_length);
    expect_error(with(good, at, 0xff), DescriptorError::truncated);
    for (int length = 0; length < 256; ++length) {
      if (length == good[at]) continue;
      EXPECT_FALSE(parse(with(good, at, length))) << at << " " << length;
    }
  }
  expect_error(with(good, hid + 5, 2), DescriptorError::wrong_length);
}

TEST(EarlyDescriptors, RefusesWhatIsOdd) {
  const std::string& good = test::plain_keyboard;
  expect_error(with(good, 1, 2), DescriptorError::no_device);
  expect_error(with(good, configurations, 0), DescriptorError::no_configuration);
  expect_error(with(good, configurations, 2), DescriptorError::several_configurations);
  expect_error(with(good, 19, 7), DescriptorError::no_configuration);
  expect_error(with(good, interfaces, 2), DescriptorError::wrong_interface_count);
  expect_error(with(good, interfaces, 0), DescriptorError::wrong_interface_count);
  expect_error(with(good, interface + 2, 1), DescriptorError::interfaces_out_of_order);
  expect_error(with(good, interface + 3, 1), DescriptorError::interfaces_out_of_order);
  expect_error(with(good, interface + 4, 2), DescriptorError::wrong_endpoint_count);
  expect_error(with(good, hid + 1, 0x24), DescriptorError::unexpected_descriptor);
  expect_error(with(good, interface + 1, 0x21), DescriptorError::unexpected_descriptor);
  expect_error(std::string(max_descriptors + 1, '\0'), DescriptorError::too_long);
}

TEST(EarlyDescriptors, BoundsTheInterfaces) {
  std::string many = test::plain_keyboard.substr(0, interface);
  const std::size_t count = max_described + 1;
  for (std::size_t i = 0; i < count; ++i) {
    many += test::bytes("09 04 00 00 00 03 01 01 00");
    many[many.size() - 7] = static_cast<char>(i);
  }
  const std::size_t size = many.size() - 18;
  many[total] = static_cast<char>(size & 0xffU);
  many[total + 1] = static_cast<char>(size >> 8U);
  many[interfaces] = static_cast<char>(count);
  expect_error(many, DescriptorError::too_many_interfaces);
}

}  // namespace
}  // namespace sysusb::early
