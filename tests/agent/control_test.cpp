// SPDX-License-Identifier: GPL-2.0-or-later
#include "agent/control.hpp"

#include <gtest/gtest.h>

namespace agent {
namespace {

base::wire::Token token_of(int seed) {
  base::wire::Token token{};
  for (std::size_t i = 0; i < token.size(); ++i)
    token[i] = static_cast<std::byte>(seed + static_cast<int>(i));
  return token;
}

std::vector<FromAgent> all_from_agent() {
  return {InventoryReset{},
          InventoryDevice{.record = {std::byte{'u'}, std::byte{1}}},
          InventoryRemove{.port_id = "2-1.4"},
          InventoryComplete{},
          CallRequest{.request = {7}, .target = "sys-usb", .service = "qubes.USB+2-1"},
          CallStarted{.call = {9}},
          CallExited{.call = {9}, .exit_code = -1, .reason = "device unplugged"},
          Pong{.number = 0x0123456789abcdefULL},
          CallStatus{.call = {7}, .word = "paired"}};
}

std::vector<FromDom0> all_from_dom0() {
  return {
      CallAccepted{.request = {7}, .token = token_of(1)},
      CallRefused{.request = {7}, .exit_code = 126, .reason = "denied by policy 30-user.policy:3"},
      CallStart{.call = {9},
                .token = token_of(3),
                .service = "qubes.USB+2-1",
                .source = "work",
                .requested_target = "sys-usb",
                .options = "pair=482193 keys=+vt"},
      CallCancel{.call = {9}},
      Ping{.number = 5},
      CallEnded{.request = {7}, .exit_code = -1, .reason = "no such file"}};
}

TEST(Control, EveryMessageSurvivesTheWire) {
  for (const FromAgent& message : all_from_agent()) {
    const auto back = parse_from_agent(encode(message));
    ASSERT_TRUE(back.has_value()) << message.index();
    EXPECT_EQ(*back, message);
  }
  for (const FromDom0& message : all_from_dom0()) {
    const auto back = parse_from_dom0(encode(message));
    ASSERT_TRUE(back.has_value()) << message.index();
    EXPECT_EQ(*back, message);
  }
}

TEST(Control, HasTheBytesOfTheProtocolPage) {
  const auto wire = encode(FromAgent{CallRequest{.request = {7}, .target = "ab", .service = "c"}});
  EXPECT_EQ(base::wire::as_text(wire), std::string_view("\x05\x07\0\0\0\x02"
                                                        "ab\x01"
                                                        "c",
                                                        10));
}

TEST(Control, RejectsEveryShorterInput) {
  for (const FromAgent& message : all_from_agent()) {
    if (std::holds_alternative<InventoryDevice>(message))
      continue;  // its record is checked elsewhere
    const auto wire = encode(message);
    for (std::size_t length = 0; length < wire.size(); ++length) {
      EXPECT_FALSE(parse_from_agent(std::span(wire).first(length)).has_value()) << message.index();
    }
  }
  for (const FromDom0& message : all_from_dom0()) {
    const auto wire = encode(message);
    for (std::size_t length = 0; length < wire.size(); ++length) {
      EXPECT_FALSE(parse_from_dom0(std::span(wire).first(length)).has_value()) << message.index();
    }
  }
}

TEST(Control, RejectsTrailingBytes) {
  for (const FromDom0& message : all_from_dom0()) {
    auto wire = encode(message);
    wire.push_back(std::byte{0});
    EXPECT_EQ(parse_from_dom0(wire).error(), ControlError::trailing_bytes);
  }
}

TEST(Control, NeitherEndTakesTheOthersMessages) {
  for (const FromAgent& message : all_from_agent()) {
    EXPECT_EQ(parse_from_dom0(encode(message)).error(), ControlError::unknown_type);
  }
  for (const FromDom0& message : all_from_dom0()) {
    EXPECT_EQ(parse_from_agent(encode(message)).error(), ControlError::unknown_type);
  }
}

TEST(Control, RejectsNamesThatAreTooLongOrNotText) {
  std::vector<std::byte> wire =
      encode(FromAgent{CallRequest{.request = {1}, .target = "a", .service = "b"}});
  wire[5] = std::byte{64};  // length of the target
  EXPECT_EQ(parse_from_agent(wire).error(), ControlError::field_too_long);
  wire[5] = std::byte{1};
  wire[6] = std::byte{0x1b};
  EXPECT_EQ(parse_from_agent(wire).error(), ControlError::bad_text);
  wire[6] = std::byte{' '};
  EXPECT_EQ(parse_from_agent(wire).error(), ControlError::bad_text);
}

TEST(Control, CutsItsOwnReasons) {
  const auto wire =
      encode(FromAgent{CallExited{.call = {1}, .exit_code = 1, .reason = std::string(5000, 'x')}});
  const auto back = parse_from_agent(wire);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(std::get<CallExited>(*back).reason.size(), max_reason);
}

}  // namespace
}  // namespace agent
