// SPDX-License-Identifier: GPL-2.0-or-later
// What the relay keeps of a call without a device.
#include "dom0/call_record.hpp"

#include <gtest/gtest.h>

#include "dom0/lease.hpp"
#include "dom0/relay_protocol.hpp"

namespace dom0 {
namespace {

CallRecord example() {
  return {.input = true,
          .source = "sys-usb",
          .target = "dom0",
          .service = "qubes.InputKeyboard+usb-0000_00_05.0-2+3-46d-c52b-111+",
          .rule = "/etc/qubes/policy.d/30-user's.policy:3",
          .approver = "prompt",
          .who = {.requester = std::nullopt, .approver = 1000},
          .since = 1'700'000'000};
}

TEST(CallRecord, SurvivesTheRelay) {
  EXPECT_EQ(parse_call_record(encode_call_record(example())), example());
  CallRecord bare{.source = "a", .target = "b", .service = "c"};
  EXPECT_EQ(parse_call_record(encode_call_record(bare)), bare);
}

TEST(CallRecord, IsNoLeaseAndALeaseIsNoCall) {
  EXPECT_FALSE(parse_lease(encode_call_record(example())).has_value());
  Lease lease;
  lease.frontend = "work";
  EXPECT_FALSE(parse_call_record(encode_lease(lease)).has_value());
}

TEST(CallRecord, EveryShorterOneIsRefused) {
  const auto whole = encode_call_record(example());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(parse_call_record(std::span(whole).first(size)).has_value()) << size;
  }
}

TEST(CallRecord, OfTheLongestNamesFits) {
  CallRecord longest = example();
  longest.service = std::string(127, 's');
  longest.rule = std::string(4096, 'r');
  longest.approver = std::string(255, 'a');
  const auto bytes = encode_call_record(longest);
  EXPECT_LE(bytes.size(), max_relay_record);
  EXPECT_TRUE(parse_call_record(bytes).has_value());
}

}  // namespace
}  // namespace dom0
