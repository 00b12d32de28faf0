// SPDX-License-Identifier: GPL-2.0-or-later
// Pairing: the shown digits, typed by somebody who has read them.
#include "input-proxy/pairing.hpp"

#include <gtest/gtest.h>
#include <linux/input-event-codes.h>

#include <array>

namespace inputproxy {
namespace {

using std::chrono::milliseconds;
using State = Pairing::State;

std::uint16_t row(char digit) {
  return static_cast<std::uint16_t>(digit == '0' ? KEY_0 : KEY_1 + (digit - '1'));
}

// Types with `gap` between the keys; the first comes at `begin`.
State type(Pairing& pairing, std::string_view digits, milliseconds begin, milliseconds gap) {
  for (const char digit : digits) {
    pairing.key(row(digit), 1, begin);
    pairing.key(row(digit), 0, begin + milliseconds(20));
    begin += gap;
  }
  return pairing.state();
}

TEST(Pairing, PassesWhenTheDigitsAreTyped) {
  Pairing pairing("048192");
  EXPECT_EQ(type(pairing, "04819", milliseconds(1500), milliseconds(250)), State::waiting);
  EXPECT_EQ(pairing.key(KEY_2, 1, milliseconds(4000)), State::passed);
}

TEST(Pairing, TakesTheKeyPad) {
  Pairing pairing("012789");
  milliseconds now(1000);
  for (const std::uint16_t code :
       std::array<std::uint16_t, 6>{KEY_KP0, KEY_KP1, KEY_KP2, KEY_KP7, KEY_KP8, KEY_KP9}) {
    pairing.key(code, 1, now += milliseconds(200));
  }
  EXPECT_EQ(pairing.state(), State::passed);
}

TEST(Pairing, EveryDigitHasAKeyOfTheRow) {
  for (char digit = '0'; digit <= '9'; ++digit) EXPECT_EQ(digit_of(row(digit)), digit);
  EXPECT_FALSE(digit_of(KEY_MINUS));
  EXPECT_FALSE(digit_of(KEY_ESC));
  EXPECT_FALSE(digit_of(KEY_KPDOT));
}

TEST(Pairing, AWrongAnswerIsTheLast) {
  Pairing pairing("482193");
  EXPECT_EQ(type(pairing, "482194", milliseconds(1500), milliseconds(250)), State::failed);
  EXPECT_NE(pairing.reason().find("other digits"), std::string::npos);
  EXPECT_EQ(type(pairing, "482193", milliseconds(5000), milliseconds(250)), State::failed);
}

TEST(Pairing, ATypingMistakeCanBeTakenBack) {
  Pairing pairing("482193");
  type(pairing, "485", milliseconds(1500), milliseconds(250));
  pairing.key(KEY_BACKSPACE, 1, milliseconds(3000));
  EXPECT_EQ(type(pairing, "2193", milliseconds(3500), milliseconds(250)), State::passed);
}

TEST(Pairing, ADeviceThatTypesAtOnceFails) {
  Pairing early("111111");
  EXPECT_EQ(early.key(KEY_1, 1, milliseconds(399)), State::failed);
  Pairing fast("111111");
  EXPECT_EQ(type(fast, "111111", milliseconds(1000), milliseconds(99)), State::failed);
  EXPECT_NE(fast.reason().find("faster"), std::string::npos);
  Pairing human("111111");
  EXPECT_EQ(type(human, "111111", milliseconds(1000), milliseconds(101)), State::passed);
}

TEST(Pairing, NobodyAnswering) {
  Pairing pairing("482193");
  EXPECT_EQ(pairing.tick(Pairing::limit), State::waiting);
  EXPECT_EQ(pairing.tick(Pairing::limit + milliseconds(1)), State::failed);
}

TEST(Pairing, OtherKeysAreNotAnAnswer) {
  Pairing pairing("482193");
  for (std::size_t i = 0; i < Pairing::max_other_keys; ++i) {
    EXPECT_EQ(pairing.key(KEY_A, 1, milliseconds(1000 + 50 * static_cast<int>(i))), State::waiting);
  }
  EXPECT_EQ(pairing.key(KEY_A, 1, milliseconds(9000)), State::failed);
}

TEST(Pairing, RepeatsAndReleasesCountForNothing) {
  Pairing pairing("111111");
  for (int i = 0; i < 100; ++i) pairing.key(KEY_1, 2, milliseconds(1000 + i));
  EXPECT_EQ(pairing.state(), State::waiting);
}

}  // namespace
}  // namespace inputproxy
