// SPDX-License-Identifier: GPL-2.0-or-later
// InjectionDetector: the edges of single rules.
#include "base/typing/injection.hpp"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>

#include "tests/base/typing/typing_traces.hpp"

namespace base::typing {
namespace {

using std::chrono::milliseconds;

constexpr std::uint16_t a_key = 30;

// Presses and releases by hand; the last finding is kept.
class Hand {
 public:
  bool press(std::uint16_t code, milliseconds at) { return give(code, 1, at); }
  bool release(std::uint16_t code, milliseconds at) { return give(code, 0, at); }
  bool give(std::uint16_t code, std::int32_t value, milliseconds at) {
    finding_ = detector_.key(code, value, at);
    return finding_.has_value();
  }
  // Strokes of different keys: how many presses were let through, if it was found.
  std::optional<std::size_t> strokes(int count, milliseconds start, milliseconds interval,
                                     milliseconds hold) {
    for (int i = 0; i < count; ++i) {
      const auto code = static_cast<std::uint16_t>(a_key + i % 9);
      const auto at = start + interval * i;
      if (press(code, at) || release(code, at + hold)) return finding_->presses_seen;
    }
    return std::nullopt;
  }
  const std::optional<InjectionDetector::Finding>& finding() const { return finding_; }

 private:
  InjectionDetector detector_;
  std::optional<InjectionDetector::Finding> finding_;
};

TEST(Injection, LetsFiveKeysAtOnceThroughAndStopsTheSixth) {
  Hand hand;
  for (std::uint16_t i = 0; i < 5; ++i) EXPECT_FALSE(hand.press(a_key + i, milliseconds(9000)));
  EXPECT_TRUE(hand.press(a_key + 5, milliseconds(9001)));
  EXPECT_EQ(hand.finding()->presses_seen, 5U);
}

TEST(Injection, TightensRightAfterTheStart) {
  Hand hand;
  for (std::uint16_t i = 0; i < 4; ++i) EXPECT_FALSE(hand.press(a_key + i, milliseconds(300)));
  EXPECT_TRUE(hand.press(a_key + 4, milliseconds(301)));
  EXPECT_EQ(Hand().strokes(50, milliseconds(100), milliseconds(300), milliseconds(10)), 3U);
  EXPECT_EQ(Hand().strokes(50, milliseconds(900), milliseconds(300), milliseconds(10)), 4U);
}

TEST(Injection, ConstantDelayIsFoundOnceAWindowIsFull) {
  const auto let_through =
      Hand().strokes(60, milliseconds(3000), milliseconds(700), milliseconds(90));
  EXPECT_EQ(let_through, 12U);
}

TEST(Injection, ATimerMayBeALittleOff) {
  constexpr std::array<int, 8> late{0, 3, 1, 2, 3, 0, 2, 1};
  constexpr std::array<int, 7> holds{60, 110, 85, 140, 70, 95, 125};  // a person's
  for (const int scale : {1, 9}) {
    Hand hand;
    bool found = false;
    for (int i = 0; i < 20 && !found; ++i) {
      const auto code = static_cast<std::uint16_t>(a_key + i % 9);
      const auto at = milliseconds(3000 + 200 * i + scale * late[static_cast<unsigned>(i) % 8]);
      found = hand.press(code, at) ||
              hand.release(code, at + milliseconds(holds[static_cast<unsigned>(i) % 7]));
    }
    EXPECT_EQ(found, scale == 1);
  }
}

TEST(Injection, OneKeyTappedEvenlyIsNoText) {
  Hand hand;
  std::uint64_t noise = 12345;
  for (int i = 0; i < 300; ++i) {
    noise = noise * 6364136223846793005U + 1442695040888963407U;
    const auto late = milliseconds((noise >> 60U) & 3U);  // hardly any variance between presses
    const auto hold = milliseconds(50 + ((noise >> 40U) & 31U));
    ASSERT_FALSE(hand.press(108, milliseconds(2000 + 150 * i) + late));
    ASSERT_FALSE(hand.release(108, milliseconds(2000 + 150 * i) + hold));
  }
}

TEST(Injection, TimeThatStepsBackIsNoTime) {
  Hand hand;
  for (std::uint16_t i = 0; i < 5; ++i)
    EXPECT_FALSE(hand.press(a_key + i, milliseconds(i % 2 == 0 ? 9000 : 1000)));
  EXPECT_TRUE(hand.press(a_key + 5, milliseconds(8999)));
}

TEST(Injection, ReleasesAloneSayNothing) {
  Hand hand;
  for (int i = 0; i < 500; ++i)
    ASSERT_FALSE(hand.release(static_cast<std::uint16_t>(i % 700), milliseconds(i)));
}

TEST(Injection, RepeatsAndUnknownValuesAreNoPresses) {
  Hand hand;
  EXPECT_FALSE(hand.press(a_key, milliseconds(1000)));
  for (int i = 0; i < 500; ++i) ASSERT_FALSE(hand.give(a_key, 2, milliseconds(1000 + i)));
  for (int i = 0; i < 500; ++i) ASSERT_FALSE(hand.give(a_key, 7 + i, milliseconds(1500)));
  for (int i = 0; i < 500; ++i) ASSERT_FALSE(hand.give(a_key, -1 - i, milliseconds(1500)));
  EXPECT_FALSE(hand.release(a_key, milliseconds(2000)));
}

TEST(Injection, UnknownCodesCountLikeAnyKey) {
  Hand hand;
  for (std::uint16_t i = 0; i < 5; ++i) EXPECT_FALSE(hand.press(0xfff0 + i, milliseconds(9000)));
  EXPECT_TRUE(hand.press(0xfff7, milliseconds(9000)));
}

TEST(Injection, AKnobIsNoKeyboardAndHidesNone) {
  Hand hand;
  for (int i = 0; i < 500; ++i) {
    ASSERT_FALSE(hand.press(115, milliseconds(1000 + 2 * i)));
    ASSERT_FALSE(hand.release(115, milliseconds(1001 + 2 * i)));
  }
  for (int i = 0; i < 4; ++i) {
    const auto code = static_cast<std::uint16_t>(a_key + i);
    const auto at = milliseconds(5000 + 10 * i);
    EXPECT_FALSE(hand.press(code, at));
    EXPECT_FALSE(hand.press(114, at + milliseconds(1)));
    EXPECT_FALSE(hand.release(114, at + milliseconds(2)));
    EXPECT_EQ(hand.release(code, at + milliseconds(3)), i == 3);
  }
  ASSERT_TRUE(hand.finding());
  EXPECT_EQ(hand.finding()->presses_seen, 4U);
}

TEST(Injection, AChordOfFourIsAChord) {
  constexpr std::array<std::uint16_t, 4> keys{29, 42, 56, 20};
  Hand hand;
  for (int round = 0; round < 100; ++round) {
    const auto at = milliseconds(1000 + 400 * round + 37 * (round % 5));
    for (const auto code : keys) ASSERT_FALSE(hand.press(code, at));
    for (const auto code : keys)
      ASSERT_FALSE(hand.release(code, at + milliseconds(70 + 20 * (round % 3))));
  }
}

// However a person might have held it, and however long ago: what follows at once counts with it.
TEST(Injection, AChordBeforeABurstIsAPartOfIt) {
  const auto let_through = [](std::initializer_list<std::uint16_t> chord) -> std::size_t {
    Hand hand;
    auto at = milliseconds(5000);
    for (const auto code : chord) {
      EXPECT_FALSE(hand.press(code, at));
      at += milliseconds(60);
    }
    for (const auto code : chord) {
      EXPECT_FALSE(hand.release(code, at));
      at += milliseconds(15);
    }
    at += milliseconds(800);
    for (std::uint16_t i = 0; i < 12; ++i, at += milliseconds(20)) {
      if (hand.press(a_key + i, at)) return hand.finding()->presses_seen;
    }
    return 99;
  };
  EXPECT_EQ(let_through({125, 19}), 5U);     // GUI r
  EXPECT_EQ(let_through({29, 56, 20}), 5U);  // Ctrl Alt t
  EXPECT_EQ(let_through({125}), 5U);         // GUI alone
  EXPECT_EQ(let_through({42, 20}), 7U) << "a capital is text";
  EXPECT_EQ(let_through({20}), 6U);
}

TEST(Injection, AFindingStays) {
  Hand hand;
  ASSERT_EQ(hand.strokes(20, milliseconds(3000), milliseconds(6), milliseconds(3)), 4U);
  const std::string reason = hand.finding()->reason;
  EXPECT_TRUE(hand.release(a_key, milliseconds(99000)));
  EXPECT_TRUE(hand.give(a_key, 2, milliseconds(99000)));
  EXPECT_TRUE(hand.press(a_key, milliseconds(199000)));
  EXPECT_EQ(hand.finding()->presses_seen, 4U);
  EXPECT_EQ(hand.finding()->reason, reason);
}

TEST(Injection, IsFoundLateAsWell) {  // after a person used the same keyboard
  InjectionDetector detector;
  std::chrono::nanoseconds end{0};
  for (const auto& trace : traces::human_traces()) {
    if (trace.name != "mean") continue;
    for (const auto& event : trace.events)
      ASSERT_FALSE(detector.key(event.code, event.value, event.at));
    end = trace.events.back().at;
    break;
  }
  std::size_t let_through = 0;
  for (int i = 0; i < 50; ++i) {
    const auto code = static_cast<std::uint16_t>(a_key + i % 9);
    const auto at = end + milliseconds(500 + 10 * i);
    if (detector.key(code, 1, at)) break;
    ++let_through;
    if (detector.key(code, 0, at + milliseconds(5))) break;
  }
  EXPECT_LE(let_through, 5U);
}

TEST(Injection, WindowsAreCutToTheMemory) {
  InjectionDetector::Limits limits;
  limits.burst_presses = limits.window = limits.long_window = 100000;
  limits.prompt_burst_presses = 0;
  limits.short_hold_window = limits.short_holds = 100000;
  InjectionDetector detector(limits);
  std::size_t let_through = 0;
  for (int i = 0; i < 200; ++i) {
    const auto code = static_cast<std::uint16_t>(a_key + i % 9);
    if (detector.key(code, 1, milliseconds(3000 + 100 * i))) break;
    ++let_through;
    if (detector.key(code, 0, milliseconds(3040 + 100 * i))) break;
  }
  EXPECT_LE(let_through, InjectionDetector::capacity);
}

}  // namespace
}  // namespace base::typing
