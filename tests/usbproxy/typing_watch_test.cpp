// SPDX-License-Identifier: GPL-2.0-or-later
// Devices that type: the traces of tests/base/typing as the reports of a USB keyboard.
#include "usbproxy/typing_watch.hpp"

#include <gtest/gtest.h>

#include <map>

#include "tests/base/typing/typing_traces.hpp"
#include "tests/usbproxy/described_device.hpp"

namespace usbproxy {
namespace {

using base::typing::traces::KeyEvent;
using base::typing::traces::Kind;
using base::typing::traces::Trace;
using test::Bytes;
using Protocol = TypingWatch::Protocol;
using namespace std::chrono_literals;

constexpr std::uint16_t nobody = 0x1209, logitech = 0x046d;
const TypingWatch::Time start = TypingWatch::Time(1h);

// A boot keyboard (HID 1.11, B.1) whose keys are those of a trace.
class BootKeyboard {
 public:
  Bytes report(const KeyEvent& event) {
    const std::uint8_t usage = usage_of(event.code);
    if (usage >= 0xe0) {
      const auto bit = static_cast<std::uint8_t>(1U << (usage - 0xe0U));
      modifiers_ = static_cast<std::uint8_t>(event.value != 0 ? modifiers_ | bit
                                                              : modifiers_ & ~unsigned{bit});
    } else if (event.value != 0) {
      down_.push_back(usage);
    } else {
      std::erase(down_, usage);
    }
    Bytes out{std::byte{modifiers_}, std::byte{0}};
    for (std::size_t i = 0; i < 6; ++i)
      out.push_back(std::byte{i < down_.size() ? down_[i] : std::uint8_t{0}});
    return out;
  }

 private:
  std::uint8_t usage_of(std::uint16_t code) {
    static const std::map<std::uint16_t, std::uint8_t> known{
        {29, 0xe0},  {42, 0xe1},  {56, 0xe2},  {125, 0xe3}, {97, 0xe4}, {54, 0xe5},
        {100, 0xe6}, {126, 0xe7}, {113, 0x7f}, {115, 0x80}, {114, 0x81}};
    if (const auto found = known.find(code); found != known.end()) return found->second;
    const auto [place, is_new] =
        usages_.try_emplace(code, static_cast<std::uint8_t>(4 + usages_.size()));
    return place->second;
  }

  std::map<std::uint16_t, std::uint8_t> usages_;
  std::vector<std::uint8_t> down_;
  std::uint8_t modifiers_ = 0;
};

struct Outcome {
  bool found = false;
  std::string why;
};

Outcome play(TypingWatch& watch, const Trace& trace, std::uint8_t interface_number = 1) {
  BootKeyboard keyboard;
  for (const KeyEvent& event : trace.events) {
    if (auto why = watch.report(interface_number, keyboard.report(event), start + event.at)) {
      return {true, *why};
    }
  }
  return {};
}

TypingWatch keyboard_watch(std::uint16_t vendor = nobody) {
  return {{{1, test::keyboard_report}}, vendor, start};
}

TEST(TypingWatch, FindsInReportsWhatTheDetectorFindsInEvents) {
  for (const Trace& trace : base::typing::traces::payload_traces()) {
    const auto alone = base::typing::traces::replay(trace);
    TypingWatch watch = keyboard_watch();
    const Outcome seen = play(watch, trace);
    EXPECT_EQ(seen.found, alone.found) << trace.name;
    if (!seen.found) continue;
    EXPECT_NE(seen.why.find("stopped after " + std::to_string(alone.presses_seen) +
                            " keys: " + alone.reason),
              std::string::npos)
        << trace.name << ": " << seen.why;
    if (trace.kind == Kind::fast) {
      EXPECT_LE(alone.presses_seen, 5U) << trace.name;
    }
  }
}

TEST(TypingWatch, LetsPeopleType) {
  for (const Trace& trace : base::typing::traces::human_traces()) {
    TypingWatch watch = keyboard_watch();
    const Outcome seen = play(watch, trace);
    EXPECT_FALSE(seen.found) << trace.name << ": " << seen.why;
  }
}

// "abc" with a key each 5 ms, from whatever keyboards.
template <class Send>
std::optional<std::string> burst(const Send& send) {
  auto now = start + 10s;
  for (std::uint8_t key = 4; key < 16; ++key, now += 5ms) {
    if (auto why = send(key, now)) return why;
  }
  return std::nullopt;
}

TEST(TypingWatch, KeyboardsOfOneDeviceAreOne) {
  TypingWatch watch(
      {{0, test::keyboard_report}, {1, test::keyboard_report}, {2, test::keyboard_report}}, nobody,
      start);
  const auto why = burst([&watch](std::uint8_t key, auto now) {
    return watch.report(key % 3, {{std::byte{0}, std::byte{0}, std::byte{key}}}, now);
  });
  ASSERT_TRUE(why);
  EXPECT_EQ(*why,
            "stopped after 5 keys: presses faster than fingers; the device types by "
            "itself (auto-typing=yes lets it)");
}

TEST(TypingWatch, BootProtocolAndBack) {
  // As described, no report has keys.
  const Bytes vendors =
      test::from_hex("06 00 ff 09 01 a1 01 09 01 15 00 25 01 75 08 95 08 81 02 c0");
  TypingWatch watch({{1, vendors}}, nobody, start);
  const auto send = [&watch](std::uint8_t key, auto now) {
    return watch.report(1, {{std::byte{0}, std::byte{0}, std::byte{key}}}, now);
  };
  EXPECT_FALSE(burst(send));
  watch.set_protocol(1, Protocol::boot);
  watch.set_protocol(1, Protocol::boot);
  watch.reset();
  EXPECT_FALSE(burst(send));
  watch.set_protocol(1, Protocol::boot);
  watch.set_protocol(7, Protocol::boot);  // there is none
  EXPECT_TRUE(burst(send));
}

TEST(TypingWatch, KeysFromBehindALogitechReceiver) {
  const Bytes vendors =
      test::from_hex("06 00 ff 09 01 a1 01 85 20 09 41 15 00 26 ff 00 75 08 95 0e 81 00 c0");
  const auto send = [](TypingWatch& watch) {
    return [&watch](std::uint8_t key, auto now) {
      return watch.report(
          2, {{std::byte{0x20}, std::byte{1}, std::byte{1}, std::byte{0}, std::byte{key}}}, now);
    };
  };
  TypingWatch receiver({{2, vendors}}, logitech, start);
  EXPECT_TRUE(burst(send(receiver)));
  TypingWatch other({{2, vendors}}, nobody, start);  // whose driver makes no keys of these
  EXPECT_FALSE(burst(send(other)));
}

TEST(TypingWatch, OnceFoundNothingPasses) {
  TypingWatch watch = keyboard_watch();
  const auto send = [&watch](std::uint8_t key, auto now) {
    return watch.report(1, {{std::byte{0}, std::byte{0}, std::byte{key}}}, now);
  };
  ASSERT_TRUE(burst(send));
  EXPECT_TRUE(send(40, start + 1h));
}

TEST(TypingWatch, OddReportsAreNoMatter) {
  TypingWatch watch = keyboard_watch();
  EXPECT_FALSE(watch.report(1, {}, start));
  EXPECT_FALSE(watch.report(9, {{std::byte{1}}}, start));
  EXPECT_FALSE(watch.report(1, Bytes(4096, std::byte{1}), start));
}

}  // namespace
}  // namespace usbproxy
