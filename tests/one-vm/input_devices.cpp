// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/one-vm/input_devices.hpp"

#include <linux/input-event-codes.h>

#include <initializer_list>

namespace onevm {
namespace {

using inputproxy::AbsRange;
using inputproxy::Capabilities;

// Builds capabilities from codes.
class Device {
 public:
  Device& key_range(int first, int last) {
    device_.types.set(EV_KEY);
    for (int code = first; code <= last; ++code) device_.keys.set(static_cast<std::size_t>(code));
    return *this;
  }
  Device& keys(std::initializer_list<int> codes) {
    for (const int code : codes) key_range(code, code);
    return *this;
  }
  Device& rels(std::initializer_list<std::size_t> codes) {
    device_.types.set(EV_REL);
    for (const std::size_t code : codes) device_.rels.set(code);
    return *this;
  }
  Device& axis(std::size_t code, std::int32_t minimum, std::int32_t maximum,
               std::int32_t resolution = 0) {
    device_.types.set(EV_ABS);
    device_.axes.set(code);
    device_.ranges.at(code) = {.minimum = minimum, .maximum = maximum, .resolution = resolution};
    return *this;
  }
  Device& props(std::initializer_list<std::size_t> codes) {
    for (const std::size_t code : codes) device_.props.set(code);
    return *this;
  }
  Device& lights() {
    device_.types.set(EV_LED);
    device_.leds.set(LED_NUML).set(LED_CAPSL).set(LED_SCROLLL);
    return *this;
  }
  Device& scan_codes() {
    device_.types.set(EV_MSC);
    device_.mscs.set(MSC_SCAN);
    return *this;
  }
  Device& letters() {
    device_.types.set(EV_REP);
    return key_range(KEY_ESC, KEY_COMPOSE).lights().scan_codes();
  }
  Device& buttons() { return key_range(BTN_LEFT, BTN_TASK); }
  Device& position(std::int32_t maximum, std::int32_t resolution) {
    return axis(ABS_X, 0, maximum, resolution).axis(ABS_Y, 0, maximum, resolution);
  }
  Device& fingers(std::int32_t slots) {
    return axis(ABS_MT_SLOT, 0, slots)
        .axis(ABS_MT_TRACKING_ID, 0, 65535)
        .axis(ABS_MT_POSITION_X, 0, 4095, 40)
        .axis(ABS_MT_POSITION_Y, 0, 4095, 40);
  }
  Device& pen() {
    return keys({BTN_TOOL_PEN, BTN_TOOL_RUBBER, BTN_TOUCH, BTN_STYLUS, BTN_STYLUS2})
        .position(21600, 100)
        .axis(ABS_PRESSURE, 0, 8191)
        .axis(ABS_TILT_X, -64, 63)
        .axis(ABS_TILT_Y, -64, 63);
  }
  const Capabilities& done() const { return device_; }

 private:
  Capabilities device_;
};

Device pad() {
  Device device;
  device.key_range(BTN_SOUTH, BTN_THUMBR);
  return device.axis(ABS_X, -32768, 32767)
      .axis(ABS_Y, -32768, 32767)
      .axis(ABS_HAT0X, -1, 1)
      .axis(ABS_HAT0Y, -1, 1);
}

std::vector<InputKind> make_kinds() {
  return {
      {"keyboard", Device().letters().done(), "keyboard"},
      {"media keyboard",
       Device().key_range(KEY_MUTE, KEY_POWER).keys({KEY_NEXTSONG, KEY_PLAYPAUSE, KEY_WWW}).done(),
       "keyboard"},
      {"number pad", Device().key_range(KEY_KP7, KEY_KPDOT).keys({KEY_NUMLOCK}).lights().done(),
       "keyboard"},
      {"remote control",
       Device().keys({KEY_UP, KEY_DOWN, KEY_OK, KEY_RED, KEY_GREEN, KEY_CHANNELUP}).done(),
       "keyboard"},
      {"barcode reader", Device().key_range(KEY_1, KEY_SPACE).done(), "keyboard"},
      {"keyboard with a trackpoint", Device().letters().buttons().rels({REL_X, REL_Y}).done(),
       "keyboard-mouse"},
      {"mouse", Device().buttons().rels({REL_X, REL_Y, REL_WHEEL}).done(), "mouse"},
      {"high resolution mouse",
       Device()
           .buttons()
           .rels({REL_X, REL_Y, REL_WHEEL, REL_HWHEEL, REL_WHEEL_HI_RES, REL_HWHEEL_HI_RES})
           .done(),
       "mouse"},
      {"pointing stick",
       Device()
           .buttons()
           .rels({REL_X, REL_Y})
           .props({INPUT_PROP_POINTER, INPUT_PROP_POINTING_STICK})
           .done(),
       "mouse"},
      {"absolute mouse", Device().buttons().position(32767, 0).done(), "tablet"},
      {"touch screen",
       Device().keys({BTN_TOUCH}).position(4095, 40).props({INPUT_PROP_DIRECT}).done(), "tablet"},
      {"multitouch screen",
       Device().keys({BTN_TOUCH}).position(4095, 40).fingers(9).props({INPUT_PROP_DIRECT}).done(),
       "tablet"},
      {"touchpad",
       Device()
           .keys({BTN_LEFT, BTN_TOUCH, BTN_TOOL_FINGER, BTN_TOOL_DOUBLETAP, BTN_TOOL_TRIPLETAP})
           .position(4095, 40)
           .axis(ABS_PRESSURE, 0, 255)
           .fingers(4)
           .props({INPUT_PROP_POINTER, INPUT_PROP_BUTTONPAD})
           .done(),
       "tablet"},
      {"old touchpad",
       Device()
           .keys({BTN_LEFT, BTN_RIGHT, BTN_TOUCH, BTN_TOOL_FINGER})
           .position(6000, 60)
           .props({INPUT_PROP_POINTER})
           .done(),
       "tablet"},
      {"pen tablet", Device().pen().props({INPUT_PROP_POINTER}).done(), "tablet"},
      {"pen display", Device().pen().props({INPUT_PROP_DIRECT}).done(), "tablet"},
      {"gamepad", pad().done(), "keyboard", true},
      {"joystick",
       Device()
           .key_range(BTN_TRIGGER, BTN_BASE6)
           .axis(ABS_X, -128, 127)
           .axis(ABS_Y, -128, 127)
           .axis(ABS_THROTTLE, 0, 255)
           .done(),
       "keyboard", true},
      {"steering wheel",
       Device()
           .key_range(BTN_GEAR_DOWN, BTN_GEAR_UP)
           .key_range(BTN_TRIGGER_HAPPY1, BTN_TRIGGER_HAPPY4)
           .axis(ABS_WHEEL, 0, 1023)
           .axis(ABS_GAS, 0, 255)
           .done(),
       "keyboard", true},
      {"accelerometer",
       Device()
           .axis(ABS_X, -512, 511)
           .axis(ABS_Y, -512, 511)
           .axis(ABS_Z, -512, 511)
           .props({INPUT_PROP_ACCELEROMETER})
           .done(),
       ""},
      // Devices that lie.
      {"gamepad that claims letters", pad().letters().done(), "keyboard", true},
      {"touch screen without an extent",
       Device()
           .keys({BTN_TOUCH})
           .axis(ABS_X, 7, 7)
           .axis(ABS_Y, 0, 100)
           .props({INPUT_PROP_DIRECT})
           .done(),
       "tablet", true},
      {"touch screen with 60 fingers",
       Device().keys({BTN_TOUCH}).position(4095, 40).fingers(59).props({INPUT_PROP_DIRECT}).done(),
       "tablet", true},
      {"tablet with an endless axis", Device().pen().axis(ABS_X, -2147483647, 2147483647).done(),
       "tablet", true},
  };
}

}  // namespace

std::string greeting_in_hex(inputproxy::Capabilities device) {
  device.name.clear();
  for (auto& range : device.ranges) range.value = 0;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  for (const std::byte each : inputproxy::encode_greeting(device, 0)) {
    const auto value = std::to_integer<unsigned>(each);
    hex += digits[value >> 4U];
    hex += digits[value & 15U];
  }
  return hex;
}

const std::vector<InputKind>& input_kinds() {
  static const std::vector<InputKind> kinds = make_kinds();
  return kinds;
}

}  // namespace onevm
