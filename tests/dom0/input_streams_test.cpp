// SPDX-License-Identifier: GPL-2.0-or-later
// How many keyboards a qube has: devices, not their event nodes.
#include "dom0/input_streams.hpp"

#include <gtest/gtest.h>

namespace dom0 {
namespace {

policy::Request call(const std::string& service, const std::string& argument,
                     const std::string& source = "sys-usb") {
  return {.source = source, .target = "dom0", .service = service, .argument = argument};
}
constexpr const char* keyboard = "qubes.InputKeyboard";
constexpr const char* first_node = "+usb-0000_00_05.0-1+3-1-1-1+";
constexpr const char* second_node = "+usb-0000_00_05.0-2+3-1-1-1+";

TEST(InputStreams, CountsDevicesAndNotTheirNodes) {
  InputStreams streams;
  EXPECT_EQ(streams.keyboards_beside(call(keyboard, first_node)), 0U);
  streams.add({1}, call(keyboard, first_node));
  streams.add({2}, call(keyboard, first_node));
  streams.add({3}, call(keyboard, "+usb-0000_00_05.0-1+3-1-2-1+abc"));  // says something else
  streams.add({4}, call("qubes.InputMouse", second_node));
  streams.add({5}, call(keyboard, second_node, "sys-usb-2"));
  EXPECT_EQ(streams.keyboards_beside(call(keyboard, first_node)), 0U) << "its own nodes";
  EXPECT_EQ(streams.keyboards_beside(call(keyboard, second_node)), 1U);
  streams.add({6}, call(keyboard, second_node));
  EXPECT_EQ(streams.keyboards_beside(call(keyboard, first_node)), 1U);
  EXPECT_EQ(streams.keyboards_beside(call(keyboard, "+usb-0000_00_05.0-3+3-1-1-1+")), 2U);
  for (const std::uint32_t id : {1U, 2U, 3U}) streams.remove({id});
  EXPECT_EQ(streams.keyboards_beside(call(keyboard, second_node)), 0U);
}

TEST(InputStreams, KnowsWhatRuns) {
  InputStreams streams;
  EXPECT_EQ(streams.find({7}), nullptr);
  streams.add({7}, call(keyboard, first_node));
  ASSERT_NE(streams.find({7}), nullptr);
  EXPECT_EQ(streams.find({7})->argument, first_node);
  EXPECT_TRUE(streams.any_of("sys-usb", first_node));
  EXPECT_FALSE(streams.any_of("sys-usb", second_node));
  EXPECT_FALSE(streams.any_of("work", first_node));
  streams.remove({7});
  EXPECT_FALSE(streams.any_of("sys-usb", first_node));
}

}  // namespace
}  // namespace dom0
