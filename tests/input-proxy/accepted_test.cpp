// SPDX-License-Identifier: GPL-2.0-or-later
// What of a device a service lets through.
#include "input-proxy/accepted.hpp"

#include <gtest/gtest.h>
#include <linux/input-event-codes.h>

namespace inputproxy {
namespace {

constexpr Accepted keyboard{.keyboard = true, .mouse = true};
constexpr Accepted mouse{.mouse = true};
constexpr Accepted tablet{.mouse = true, .tablet = true};

// A device that claims everything.
Capabilities everything() {
  Capabilities all;
  all.types.set();
  all.props.set();
  all.keys.set();
  all.rels.set();
  all.axes.set();
  all.mscs.set();
  all.leds.set();
  all.sounds.set();
  all.forces.set();
  all.switches.set();
  for (auto& range : all.ranges) range.maximum = 31;
  return all;
}

Capabilities axis(std::size_t code, std::int32_t minimum, std::int32_t maximum) {
  Capabilities device;
  device.types.set(EV_ABS).set(EV_KEY);
  device.keys.set(BTN_TOUCH);
  device.axes.set(code);
  device.ranges.at(code) = {.minimum = minimum, .maximum = maximum};
  return device;
}

TEST(InputAccepted, ServicesHaveTheirClasses) {
  EXPECT_TRUE(accepted_by("qubes.InputKeyboard")->keyboard);
  EXPECT_TRUE(accepted_by("qubes.InputKeyboard")->mouse);
  EXPECT_FALSE(accepted_by("qubes.InputMouse")->keyboard);
  EXPECT_TRUE(accepted_by("qubes.InputTablet")->tablet);
  EXPECT_FALSE(accepted_by("qubes.InputTablet")->keyboard);
  EXPECT_FALSE(accepted_by("qubes.USB"));
  EXPECT_FALSE(accepted_by(""));
}

TEST(InputAccepted, AMouseHasNoKeys) {
  const auto device = *accept(everything(), mouse, all_features);
  EXPECT_EQ(device.keys.count(), 8U);
  EXPECT_TRUE(device.keys[BTN_LEFT]);
  EXPECT_FALSE(device.keys[KEY_A]);
  EXPECT_TRUE(device.rels[REL_WHEEL_HI_RES]);
  EXPECT_TRUE(device.axes.none());
  EXPECT_TRUE(device.leds.none());
  EXPECT_TRUE(device.props.none());
  EXPECT_FALSE(device.types[EV_MSC]);
  EXPECT_FALSE(device.types[EV_ABS]);
}

TEST(InputAccepted, AKeyboardHasKeysAndLightsButNoGameButtons) {
  const auto device = *accept(everything(), keyboard, all_features);
  EXPECT_TRUE(device.keys[KEY_A]);
  EXPECT_TRUE(device.keys[BTN_LEFT]);
  EXPECT_FALSE(device.keys[0]);
  EXPECT_FALSE(device.keys[BTN_SOUTH]);
  EXPECT_FALSE(device.keys[BTN_TRIGGER]);
  EXPECT_TRUE(device.leds[LED_CAPSL]);
  EXPECT_FALSE(device.leds[40]);  // beyond what kernels have
  EXPECT_TRUE(device.mscs[MSC_SCAN]);
  EXPECT_EQ(device.mscs.count(), 1U);
  EXPECT_TRUE(device.types[EV_REP]);
  EXPECT_FALSE(accept(everything(), keyboard, 0)->types[EV_REP]);
  EXPECT_FALSE(accept(everything(), mouse, all_features)->types[EV_REP]);
  EXPECT_FALSE(device.types[EV_SW]);
  EXPECT_FALSE(device.types[EV_FF]);
  Accepted with_games = keyboard;
  with_games.games = true;
  EXPECT_TRUE(accept(everything(), with_games, 0)->keys[BTN_SOUTH]);
}

TEST(InputAccepted, OldSendersGetWhatTheyAlwaysGot) {
  EXPECT_FALSE(accept(everything(), keyboard, 0)->types[EV_MSC]);
}

TEST(InputAccepted, ATabletHasAxesAndTheirProperties) {
  const auto device = *accept(everything(), tablet, all_features);
  EXPECT_TRUE(device.axes[ABS_X]);
  EXPECT_TRUE(device.keys[BTN_TOOL_QUINTTAP]);
  EXPECT_FALSE(device.keys[KEY_A]);
  EXPECT_TRUE(device.props[INPUT_PROP_DIRECT]);
  EXPECT_FALSE(device.props[INPUT_PROP_ACCELEROMETER]);
  EXPECT_FALSE(device.props[50]);
}

TEST(InputAccepted, ATypeThatIsOffTakesItsCodesAlong) {
  Capabilities all = everything();
  all.types.reset(EV_KEY);
  const auto device = *accept(all, keyboard, 0);
  EXPECT_TRUE(device.keys.none());
  EXPECT_TRUE(device.types[EV_REL]);
}

TEST(InputAccepted, AnAxisWithoutARangeIsLeftOut) {
  Capabilities two = axis(ABS_X, 0, 4095);
  two.axes.set(ABS_PRESSURE);
  const auto device = *accept(two, tablet, 0);
  EXPECT_TRUE(device.axes[ABS_X]);
  EXPECT_FALSE(device.axes[ABS_PRESSURE]);
}

TEST(InputAccepted, RefusesRangesThatAreLies) {
  EXPECT_NE(accept(axis(ABS_X, 5, 5), tablet, 0).error().text.find("range 5 to 5"),
            std::string::npos);
  EXPECT_FALSE(accept(axis(ABS_X, 10, -10), tablet, 0));
  EXPECT_FALSE(accept(axis(ABS_X, INT32_MIN, INT32_MAX), tablet, 0));
  EXPECT_FALSE(accept(axis(ABS_MT_SLOT, 0, 32), tablet, 0));
  EXPECT_FALSE(accept(axis(ABS_MT_SLOT, 1, 9), tablet, 0));
  EXPECT_TRUE(accept(axis(ABS_MT_SLOT, 0, 31), tablet, 0));
  // A mouse's service takes no axes, so they are not looked at.
  EXPECT_TRUE(accept(everything(), mouse, 0));
}

TEST(InputAccepted, MendsWhatMakesNoSense) {
  Capabilities pen = axis(ABS_X, 0, 100);
  pen.ranges[ABS_X].value = 900;
  pen.ranges[ABS_X].fuzz = 101;
  pen.ranges[ABS_X].flat = -1;
  pen.ranges[ABS_X].resolution = -7;
  EXPECT_EQ(
      accept(pen, tablet, 0)->ranges[ABS_X],
      (AbsRange{
          .value = 100, .minimum = 0, .maximum = 100, .fuzz = 0, .flat = 0, .resolution = 0}));
}

TEST(InputAccepted, RefusesNamesThatAreNoText) {
  Capabilities device = axis(ABS_X, 0, 9);
  for (const char* name : {"\x01", "caf\xc3\xa9", "a\nb", "\x7f"}) {
    device.name = name;
    EXPECT_FALSE(accept(device, tablet, 0)) << name;
  }
  device.name = "Pen & <b>";
  EXPECT_EQ(accept(device, tablet, 0)->name, "Pen & <b>");
  device.name.clear();
  EXPECT_EQ(accept(device, tablet, 0)->name, "Forwarded input device");
}

TEST(InputAccepted, RefusesADeviceOfWhichNothingIsLeft) {
  Capabilities pad;
  pad.types.set(EV_KEY).set(EV_ABS);
  pad.keys.set(BTN_SOUTH).set(BTN_EAST).set(BTN_TL);
  pad.axes.set(ABS_X);
  pad.ranges[ABS_X] = {.minimum = -128, .maximum = 127};
  EXPECT_NE(accept(pad, keyboard, 0).error().text.find("nothing"), std::string::npos);
  EXPECT_FALSE(accept(pad, mouse, 0));
}

TEST(InputAccepted, KnowsWhoCanTypeDigits) {
  Capabilities device;
  EXPECT_FALSE(can_type_digits(device));
  for (int code = KEY_1; code <= KEY_0; ++code) device.keys.set(static_cast<std::size_t>(code));
  EXPECT_TRUE(can_type_digits(device));
  device.keys.reset(KEY_5);
  EXPECT_FALSE(can_type_digits(device));
}

}  // namespace
}  // namespace inputproxy
