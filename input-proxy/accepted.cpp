// SPDX-License-Identifier: GPL-2.0-or-later
#include "input-proxy/accepted.hpp"

#include <linux/input-event-codes.h>

#include <algorithm>
#include <array>

namespace inputproxy {
namespace {

constexpr std::size_t max_name = 127;

constexpr std::array mouse_buttons{BTN_LEFT,  BTN_RIGHT,   BTN_MIDDLE, BTN_SIDE,
                                   BTN_EXTRA, BTN_FORWARD, BTN_BACK,   BTN_TASK};
constexpr std::array tablet_buttons{
    BTN_DIGI,         BTN_TOUCH,         BTN_LEFT,       BTN_RIGHT,          BTN_MIDDLE,
    BTN_TOOL_PEN,     BTN_TOOL_RUBBER,   BTN_TOOL_BRUSH, BTN_TOOL_PENCIL,    BTN_TOOL_AIRBRUSH,
    BTN_TOOL_FINGER,  BTN_TOOL_MOUSE,    BTN_TOOL_LENS,  BTN_TOOL_DOUBLETAP, BTN_TOOL_TRIPLETAP,
    BTN_TOOL_QUADTAP, BTN_TOOL_QUINTTAP, BTN_STYLUS,     BTN_STYLUS2,        BTN_STYLUS3};
// What tells a desktop how to treat an absolute device; an accelerometer is none of them.
constexpr std::array tablet_props{INPUT_PROP_POINTER,      INPUT_PROP_DIRECT,
                                  INPUT_PROP_BUTTONPAD,    INPUT_PROP_SEMI_MT,
                                  INPUT_PROP_TOPBUTTONPAD, INPUT_PROP_POINTING_STICK};

std::bitset<768> accepted_keys(Accepted accepted) {
  std::bitset<768> keys;
  if (accepted.keyboard) {
    for (std::size_t code = 1; code < keys.size(); ++code) {
      keys[code] = accepted.games || !is_game_button(code);
    }
  }
  if (accepted.mouse) {
    for (const int code : mouse_buttons) keys.set(static_cast<std::size_t>(code));
  }
  if (accepted.tablet) {
    for (const int code : tablet_buttons) keys.set(static_cast<std::size_t>(code));
  }
  return keys;
}

// Sticks, pedals, wheels and hats; nothing that a pen or a finger moves.
std::bitset<64> game_axes() {
  std::bitset<64> axes;
  for (std::size_t code = ABS_X; code <= ABS_BRAKE; ++code) axes.set(code);
  for (std::size_t code = ABS_HAT0X; code <= ABS_HAT3Y; ++code) axes.set(code);
  return axes;
}

// "axis 3: why", or nothing if it may stay.
std::string fault_of(std::size_t axis, const AbsRange& range) {
  const auto complain = [axis](const std::string& what) {
    return "absolute axis " + std::to_string(axis) + " has " + what;
  };
  const auto span = static_cast<std::int64_t>(range.maximum) - range.minimum;
  const std::string text =
      "the range " + std::to_string(range.minimum) + " to " + std::to_string(range.maximum);
  if (span <= 0) return complain(text);
  if (span > INT32_MAX) return complain(text + ", which the kernel cannot count");
  if (axis == ABS_MT_SLOT && (range.minimum != 0 || range.maximum > max_slot)) {
    return complain(text + "; there may be " + std::to_string(max_slot + 1) + " fingers");
  }
  return {};
}

void mend(AbsRange& range) {
  const std::int32_t span = range.maximum - range.minimum;
  if (range.fuzz < 0 || range.fuzz > span) range.fuzz = 0;
  if (range.flat < 0 || range.flat > span) range.flat = 0;
  if (range.resolution < 0) range.resolution = 0;
  range.value = std::clamp(range.value, range.minimum, range.maximum);
}

base::Status accept_axes(const Capabilities& untrusted, Capabilities& result) {
  for (std::size_t axis = 0; axis < abs_count; ++axis) {
    if (!result.axes[axis]) continue;
    AbsRange range = untrusted.ranges.at(axis);
    if (range.minimum == 0 && range.maximum == 0) {
      result.axes.reset(axis);
      continue;
    }
    if (auto fault = fault_of(axis, range); !fault.empty()) return base::fail(std::move(fault));
    mend(range);
    result.ranges.at(axis) = range;
  }
  return base::Ok{};
}

base::Result<std::string> accept_name(const std::string& untrusted) {
  const auto printable = [](char each) { return each >= 0x20 && each <= 0x7e; };
  if (!std::ranges::all_of(untrusted, printable)) {
    return base::fail("the device's name has characters that are not printable ASCII");
  }
  return untrusted.empty() ? std::string("Forwarded input device") : untrusted.substr(0, max_name);
}

// A type without a code is no type.
template <std::size_t bits>
void keep(Capabilities& result, std::size_t type, std::bitset<bits>& set, bool wanted) {
  if (!wanted) set.reset();
  result.types[type] = set.any();
}

}  // namespace

std::optional<Accepted> accepted_by(std::string_view service) {
  if (service == "qubes.InputMouse") return Accepted{.mouse = true};
  if (service == "qubes.InputKeyboard") return Accepted{.keyboard = true, .mouse = true};
  if (service == "qubes.InputTablet") return Accepted{.mouse = true, .tablet = true};
  return std::nullopt;
}

base::Result<Capabilities> accept(const Capabilities& untrusted, Accepted accepted,
                                  Features features) {
  auto name = accept_name(untrusted.name);
  if (!name) return base::fail(name.error().text);
  Capabilities result;
  result.name = *std::move(name);
  const auto& types = untrusted.types;
  result.keys = untrusted.keys & accepted_keys(accepted);
  result.rels = untrusted.rels;
  result.axes = untrusted.axes;
  result.leds = untrusted.leds;
  result.mscs[MSC_SCAN] = untrusted.mscs[MSC_SCAN];
  // What a kernel's input core has, whatever the set's width on the wire.
  result.rels &= (1ULL << REL_CNT) - 1;
  result.leds &= (1ULL << LED_CNT) - 1;
  result.types.set(EV_SYN);
  keep(result, EV_KEY, result.keys, types[EV_KEY]);
  keep(result, EV_REL, result.rels, types[EV_REL] && accepted.mouse);
  keep(result, EV_LED, result.leds, types[EV_LED] && accepted.keyboard);
  keep(result, EV_MSC, result.mscs,
       types[EV_MSC] && accepted.keyboard && has(features, Feature::scan_codes));
  // The sender leaves repeats out, so the kernel here makes them, where it did there.
  result.types[EV_REP] = types[EV_REP] && result.types[EV_KEY] && accepted.keyboard &&
                         has(features, Feature::no_repeats);
  if (!types[EV_ABS]) result.axes.reset();
  if (!accepted.tablet) {
    const bool plays = accepted.keyboard && accepted.games && is_game_controller(untrusted);
    result.axes &= plays ? game_axes() : std::bitset<64>();
  }
  if (auto good = accept_axes(untrusted, result); !good) return base::fail(good.error().text);
  result.types[EV_ABS] = result.axes.any();
  if (accepted.tablet) {
    for (const int prop : tablet_props) {
      const auto bit = static_cast<std::size_t>(prop);
      result.props[bit] = untrusted.props[bit];
    }
  }
  if (!result.types[EV_KEY] && !result.types[EV_REL] && !result.types[EV_ABS]) {
    return base::fail("nothing of what the device can do may pass this service");
  }
  return result;
}

bool is_game_button(std::size_t code) {
  return (code >= BTN_JOYSTICK && code < BTN_DIGI) ||
         (code >= BTN_DPAD_UP && code <= BTN_DPAD_RIGHT) ||
         (code >= BTN_TRIGGER_HAPPY && code <= BTN_TRIGGER_HAPPY40);
}

bool is_game_controller(const Capabilities& capabilities) {
  bool buttons = false;
  for (std::size_t code = 0; code < capabilities.keys.size(); ++code) {
    buttons = buttons || (is_game_button(code) && capabilities.keys[code]);
  }
  return buttons && (capabilities.axes & game_axes()).any();
}

bool can_type_digits(const Capabilities& capabilities) {
  constexpr std::array pad{KEY_KP0, KEY_KP1, KEY_KP2, KEY_KP3, KEY_KP4,
                           KEY_KP5, KEY_KP6, KEY_KP7, KEY_KP8, KEY_KP9};
  const auto there = [&capabilities](int code) {
    return capabilities.keys[static_cast<std::size_t>(code)];
  };
  bool row = true;
  for (int code = KEY_1; code <= KEY_0; ++code) row = row && there(code);
  return row || std::ranges::all_of(pad, there);
}

}  // namespace inputproxy
