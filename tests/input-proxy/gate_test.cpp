// SPDX-License-Identifier: GPL-2.0-or-later
// The gate: whatever comes in, what goes out could have come of the declared device.
#include "input-proxy/gate.hpp"

#include <gtest/gtest.h>
#include <linux/input-event-codes.h>

#include "input-proxy/accepted.hpp"
#include "tests/input-proxy/events.hpp"

namespace inputproxy {
namespace {

Capabilities device(Accepted accepted) {
  Capabilities all;
  all.types.set();
  all.keys.set();
  all.rels.set();
  all.leds.set();
  all.axes.set(ABS_X).set(ABS_MT_SLOT).set(ABS_MT_TRACKING_ID);
  all.ranges[ABS_X] = {.minimum = -10, .maximum = 4095};
  all.ranges[ABS_MT_SLOT] = {.minimum = 0, .maximum = 9};
  all.ranges[ABS_MT_TRACKING_ID] = {.minimum = 0, .maximum = 65535};
  return *accept(all, accepted, 0);
}

class InputGate : public testing::Test {
 protected:
  void make(Accepted accepted, std::string_view keys = "") {
    gate_.emplace(device(accepted), KeyRules(*base::device::parse_key_classes(keys)));
  }
  // The events of one frame, without its report; what came out, without its report.
  std::vector<Event> frame(std::initializer_list<Event> events) {
    std::vector<Event> out;
    for (const Event& event : events) EXPECT_TRUE(gate_->push(event, out));
    EXPECT_TRUE(out.empty()) << "before the end of the frame";
    EXPECT_TRUE(gate_->push(report, out));
    if (out.empty()) return out;
    EXPECT_EQ(out.back(), report);
    out.pop_back();
    return out;
  }
  using Frame = std::vector<Event>;
  std::optional<Gate> gate_;
};

constexpr Accepted keyboards{.keyboard = true, .mouse = true};
constexpr Accepted tablets{.mouse = true, .tablet = true};

TEST_F(InputGate, PassesWhatIsDeclaredAndDropsTheRest) {
  make(keyboards);
  const Event scan{.type = EV_MSC, .code = MSC_SCAN, .value = 458756};
  const Event repeat{.type = EV_REP, .code = 0, .value = 250};
  const Event move{.type = EV_REL, .code = REL_X, .value = -5};
  const Event bell{.type = EV_SND, .code = 0, .value = 1};
  EXPECT_EQ(frame({key(KEY_A, 1), scan, repeat, move, bell, abs(ABS_X, 5), key(60000, 1)}),
            (Frame{key(KEY_A, 1), move}));
}

TEST_F(InputGate, KeysHaveThreeValuesAndAnOrder) {
  make(keyboards);
  EXPECT_EQ(frame({key(KEY_A, 7), key(KEY_A, -1)}), Frame{});
  EXPECT_EQ(frame({key(KEY_A, 0), key(KEY_A, 2)}), Frame{});  // it is not down
  EXPECT_EQ(frame({key(KEY_A, 1)}), (Frame{key(KEY_A, 1)}));
  EXPECT_EQ(frame({key(KEY_A, 1)}), Frame{});
  EXPECT_EQ(frame({key(KEY_A, 2)}), (Frame{key(KEY_A, 2)}));
  EXPECT_EQ(frame({key(KEY_A, 0)}), (Frame{key(KEY_A, 0)}));
}

TEST_F(InputGate, AxesStayInTheirRange) {
  make(tablets);
  EXPECT_EQ(frame({abs(ABS_X, 99999999)}), (Frame{abs(ABS_X, 4095)}));
  EXPECT_EQ(frame({abs(ABS_X, -11)}), (Frame{abs(ABS_X, -10)}));
  EXPECT_EQ(frame({abs(ABS_MT_SLOT, 500)}), (Frame{abs(ABS_MT_SLOT, 9)}));
  EXPECT_EQ(frame({abs(ABS_MT_TRACKING_ID, -1)}), (Frame{abs(ABS_MT_TRACKING_ID, -1)}));
  EXPECT_EQ(frame({abs(ABS_MT_TRACKING_ID, -2)}), (Frame{abs(ABS_MT_TRACKING_ID, 0)}));
}

TEST_F(InputGate, MotionIsBounded) {
  make(keyboards);
  EXPECT_EQ(frame({{.type = EV_REL, .code = REL_Y, .value = INT32_MIN}}),
            (Frame{{.type = EV_REL, .code = REL_Y, .value = -Gate::max_relative}}));
}

TEST_F(InputGate, SynchronisationsAreKnownOrTheEnd) {
  make(tablets);
  std::vector<Event> out;
  EXPECT_TRUE(gate_->push({.type = EV_SYN, .code = SYN_DROPPED, .value = 0}, out));
  EXPECT_TRUE(gate_->push({.type = EV_SYN, .code = SYN_CONFIG, .value = 0}, out));
  EXPECT_TRUE(gate_->push({.type = EV_SYN, .code = 15, .value = 0}, out));
  EXPECT_TRUE(gate_->push({.type = EV_SYN, .code = SYN_REPORT, .value = 77}, out));
  EXPECT_TRUE(out.empty());  // an empty frame is none
  EXPECT_EQ(gate_->push({.type = EV_SYN, .code = 16, .value = 0}, out).error(),
            GateError::unknown_sync);
}

TEST_F(InputGate, OldTouchScreensKeepTheirSeparators) {
  make(tablets);
  const Event between{.type = EV_SYN, .code = SYN_MT_REPORT, .value = 0};
  EXPECT_EQ(frame({abs(ABS_X, 1), between, abs(ABS_X, 2), between}),
            (Frame{abs(ABS_X, 1), between, abs(ABS_X, 2), between}));
}

TEST_F(InputGate, AFrameWithoutAnEndIsTheEnd) {
  make(keyboards);
  std::vector<Event> out;
  for (std::size_t i = 0; i < Gate::max_frame; ++i) {
    ASSERT_TRUE(gate_->push({.type = EV_SW, .code = 0, .value = 1}, out));
  }
  EXPECT_EQ(gate_->push({.type = EV_SW, .code = 0, .value = 1}, out).error(),
            GateError::endless_frame);
  EXPECT_TRUE(out.empty());
}

TEST_F(InputGate, ReleasesEverythingAtTheEnd) {
  make(keyboards);
  frame({key(KEY_LEFTSHIFT, 1), key(KEY_A, 1)});
  frame({key(KEY_A, 0), key(BTN_LEFT, 1)});
  std::vector<Event> out;
  // This frame never ends: neither did B go down, nor Shift up.
  ASSERT_TRUE(gate_->push(key(KEY_B, 1), out));
  ASSERT_TRUE(gate_->push(key(KEY_LEFTSHIFT, 0), out));
  gate_->release_all(out);
  EXPECT_EQ(out, (Frame{key(KEY_LEFTSHIFT, 0), key(BTN_LEFT, 0), report}));
  out.clear();
  gate_->release_all(out);
  EXPECT_TRUE(out.empty());
}

TEST_F(InputGate, DeniedKeysNeverGoDownNorUp) {
  make(keyboards);
  EXPECT_EQ(frame({key(KEY_POWER, 1), key(KEY_SLEEP, 1), key(KEY_RESTART, 1)}), Frame{});
  EXPECT_EQ(frame({key(KEY_POWER, 0)}), Frame{});
  EXPECT_EQ(frame({key(KEY_SYSRQ, 1)}), (Frame{key(KEY_SYSRQ, 1)}));  // PrintScreen
  EXPECT_EQ(frame({key(KEY_SYSRQ, 0)}), (Frame{key(KEY_SYSRQ, 0)}));
  EXPECT_EQ(frame({key(KEY_LEFTALT, 1), key(KEY_SYSRQ, 1)}), (Frame{key(KEY_LEFTALT, 1)}));
  EXPECT_EQ(frame({key(KEY_F2, 1)}), (Frame{key(KEY_F2, 1)}));
  // Control goes down later: the repeats of F2 would be the chord.
  EXPECT_EQ(frame({key(KEY_RIGHTCTRL, 1), key(KEY_F2, 2)}), (Frame{key(KEY_RIGHTCTRL, 1)}));
  EXPECT_EQ(frame({key(KEY_F3, 1), key(KEY_DELETE, 1)}), Frame{});
  EXPECT_EQ(frame({key(KEY_F2, 0)}), (Frame{key(KEY_F2, 0)}));
}

TEST_F(InputGate, PolicyChangesWhatIsDenied) {
  make(keyboards, "+vt+power-media-console");
  EXPECT_EQ(frame({key(KEY_POWER, 1), key(KEY_MUTE, 1)}), (Frame{key(KEY_POWER, 1)}));
  frame({key(KEY_LEFTALT, 1)});
  EXPECT_EQ(frame({key(KEY_F1, 1), key(KEY_LEFT, 1)}), Frame{});
  frame({key(KEY_LEFTCTRL, 1)});
  EXPECT_EQ(frame({key(KEY_F1, 1)}), (Frame{key(KEY_F1, 1)}));
}

// The console adds up what all keyboards hold.
TEST_F(InputGate, AChordOverTwoKeyboardsIsAChord) {
  make(keyboards);
  gate_->set_elsewhere({.control = true, .alt = true});
  EXPECT_EQ(frame({key(KEY_F1, 1), key(KEY_DELETE, 1)}), Frame{});
  EXPECT_EQ(frame({key(KEY_A, 1)}), (Frame{key(KEY_A, 1)}));
  gate_->set_elsewhere({.control = true});
  EXPECT_EQ(frame({key(KEY_LEFTALT, 1)}), (Frame{key(KEY_LEFTALT, 1)}));
  EXPECT_EQ(frame({key(KEY_F1, 1)}), Frame{});
  frame({key(KEY_LEFTALT, 0)});
  // The other one holds F1, which repeats.
  gate_->set_elsewhere({.action = true});
  EXPECT_EQ(frame({key(KEY_LEFTCTRL, 1)}), (Frame{key(KEY_LEFTCTRL, 1)}));
  EXPECT_EQ(frame({key(KEY_LEFTALT, 1)}), Frame{});
  gate_->set_elsewhere({});
  EXPECT_EQ(frame({key(KEY_RIGHTALT, 1)}), (Frame{key(KEY_RIGHTALT, 1)}));
  make(keyboards, "+vt+reboot");
  gate_->set_elsewhere({.control = true, .alt = true});
  EXPECT_EQ(frame({key(KEY_F1, 1)}), (Frame{key(KEY_F1, 1)}));
}

TEST_F(InputGate, LightsDoNotGoRound) {
  make(keyboards);
  const Event caps{.type = EV_LED, .code = LED_CAPSL, .value = 1};
  EXPECT_TRUE(gate_->light_changed(caps));
  EXPECT_FALSE(gate_->light_changed(caps));
  EXPECT_EQ(frame({caps}), Frame{});
  const Event off{.type = EV_LED, .code = LED_CAPSL, .value = 0};
  EXPECT_EQ(frame({off}), (Frame{off}));
  EXPECT_FALSE(gate_->light_changed(off));
  EXPECT_FALSE(gate_->light_changed({.type = EV_SND, .code = 1, .value = 1}));
  EXPECT_FALSE(gate_->light_changed({.type = EV_LED, .code = 900, .value = 1}));
}

TEST(InputKeyRules, SaysWhatItDoesNotUnderstand) {
  using base::device::parse_key_classes;
  EXPECT_TRUE(parse_key_classes(""));
  for (const char* bad : {"vt", "+vt,", "+", "-", "+vt media", "+VT", "*vt", "+vt+"}) {
    EXPECT_FALSE(parse_key_classes(bad)) << bad;
  }
  const KeyRules rules(*parse_key_classes("+sysrq-sysrq+radio"));
  EXPECT_FALSE(rules.allows(KeyClass::sysrq));
  EXPECT_TRUE(rules.allows(KeyClass::radio));
}

}  // namespace
}  // namespace inputproxy
