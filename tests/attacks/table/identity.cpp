// SPDX-License-Identifier: GPL-2.0-or-later
// Devices that are not what was approved, or do not stay it, and strings that are no text.
#include "tests/attacks/attack.hpp"
#include "tests/attacks/emulator/honest.hpp"

namespace attacks {
namespace {

constexpr char approved_stick[] = "1209:0003:0123456789AB:u080650";
constexpr std::size_t class_at = 9 + 5;  // of the first interface, in a configuration

Attack row(const char* id, const char* what, const Device& device, Expected plug, Expected stream) {
  return {id, Class::identity, "BadUSB, TOCTOU", what, [device] { return device; }, plug, stream};
}

Attack as_stick(Attack attack) {
  attack.approved = approved_stick;
  attack.never_binds = "usbhid";
  return attack;
}

Device stick_with(Interface second) {
  Device device = disk();
  second.number = 1;
  if (second.code == 3) second.endpoints = {{0x83, interrupt, 8, 4, {}}};
  device.configurations[0] = configuration({disk_interface(), second});
  device.reports[1] = boot_keyboard_report();
  device.in[0x83] = keyboard().in.at(0x83);
  return device;
}

Interface ethernet() {
  Interface one;
  one.code = 2;
  one.subclass = 6;
  return one;
}

// A keyboard under the stick's ids.
Device keyboard_as_stick() {
  Device device = keyboard();
  device.descriptor = disk().descriptor;
  return device;
}

// Says it is a vendor's device, and a keyboard from the `from`-th read of all on.
Device becomes_keyboard(unsigned from) {
  Device device = keyboard();
  device.configurations[0] = patched(device.configurations[0], class_at, {0xff, 0, 0});
  return device.with({Step::configuration_whole, spoil(class_at, {3, 1, 1}), from});
}

std::vector<Attack> other_devices() {
  Attack vendor_read =
      row("second-read-class", "a keyboard at the second read of its configuration",
          becomes_keyboard(1), refused("LIBUSB_ERROR_NOT_FOUND"),
          refused("does not say the same twice"));
  vendor_read.never_binds = "usbhid";
  Attack later_read = row("third-read-class", "a keyboard at the third read of its configuration",
                          becomes_keyboard(2), refused("of one kind for the backend"), attached());
  later_read.never_binds = "usbhid";
  Attack told =
      row("tables-are-not-descriptors",
          "the backend tells of a vendor's interface, the descriptor of a keyboard",
          becomes_keyboard(0), harmless(), refused("which the approved identity does not have"));
  told.plugged.reset();
  told.never_binds = "usbhid";
  told.approved = "1209:0002:0123456789AB:uff0000";
  Attack ids = row("ids-are-not-descriptors",
                   "the backend introduces a stick, the descriptor is another device's", disk(),
                   harmless(), refused("introduced another device"));
  ids.plugged.reset();
  ids.approved = approved_stick;
  ids.device = [] { return disk().with({Step::device, spoil(8, {0x6d, 0x04, 0x2b, 0xc5})}); };
  return {
      as_stick(row("stick-and-keyboard", "a stick with a keyboard (BadUSB)",
                   stick_with(keyboard_interface()), refused("u030101"), refused("u030101"))),
      as_stick(row("stick-and-network", "a stick with a network adapter", stick_with(ethernet()),
                   refused("u020600"), refused("u020600"))),
      as_stick(row("keyboard-as-stick", "a keyboard with the ids of the approved stick",
                   keyboard_as_stick(), refused("u030101"), refused("u030101"))),
      as_stick(row(
          "other-ids", "the approved class with other ids",
          [] {
            Device device = disk();
            device.descriptor = patched(device.descriptor, 10, {0x99, 0x99});
            return device;
          }(),
          refused("1209:9999"), refused("1209:9999"))),
      vendor_read,
      later_read,
      told,
      ids,
  };
}

std::vector<Attack> changes() {
  Device reborn = disk().with({Step::data_in, unplug(), 3});
  reborn.reborn = keyboard_as_stick;
  Attack morph = as_stick(row("reborn-as-keyboard",
                              "unplugs itself while it is read, and comes back as a keyboard",
                              reborn, unplugged(), unplugged()));
  Device again = disk().with({Step::data_in, unplug(), 3});
  again.reborn = [] { return disk(); };
  return {
      row("serial-changes", "another serial number at every second read",
          keyboard().with({Step::string, instead(string_descriptor("another")), 2}),
          refused("serial number 'another'"), refused("serial number 'another'")),
      row("device-byte-changes", "another version at the second read of the device descriptor",
          keyboard().with({Step::device, spoil(12, {0x99}), 2}), refused("LIBUSB_ERROR_NOT_FOUND"),
          harmless()),
      row("length-changes", "the configuration is longer at its second read",
          keyboard().with({Step::configuration_whole, spoil(2, {0xff, 0x01}), 0}),
          refused("bLength 0 is less than its own header's 2 bytes"), refused("wTotalLength 511")),
      row("configurations-change", "255 configurations at the second read",
          keyboard().with({Step::device, spoil(17, {255}), 2}), refused("LIBUSB_ERROR_NOT_FOUND"),
          harmless()),
      row("report-changes", "another report descriptor at its second read",
          keyboard().with({Step::report, cut_to(4), 1}), refused("does not say the same twice"),
          refused("does not say the same twice")),
      morph,
      as_stick(row("reborn-as-itself", "unplugs itself and comes back as it was", again,
                   unplugged(), unplugged())),
  };
}

Attack named(const char* id, const char* what, const Memory& descriptor, Expected plug = harmless(),
             Expected stream = harmless()) {
  Device device = keyboard();
  device.strings[2] = descriptor;
  return {id,   Class::strings, "terminal and log injection", what, [device] { return device; },
          plug, stream};
}

std::vector<Attack> texts() {
  Device no_languages = keyboard();
  no_languages.strings[0] = bytes({2, 3});
  return {
      named("string-odd", "a string of an odd length", bytes({5, 3, 'a', 0, 'b'}),
            refused("is odd"), refused("is odd")),
      named("string-surrogate", "half of a surrogate pair", bytes({6, 3, 0x00, 0xd8, 'a', 0})),
      named("string-escape", "terminal escapes in the product's name",
            string_descriptor("\x1b[2J\x1b]0;owned\x07\x1b[31mroot#")),
      named("string-empty", "a string without characters", bytes({2, 3})),
      named("string-length-0", "bLength 0", bytes({0, 3}), refused("bLength 0 of 2 bytes"),
            refused("bLength 0 of 2 bytes")),
      named("string-length-255", "bLength 255, four bytes are there", bytes({255, 3, 'a', 0}),
            refused("bLength 255 of 4 bytes"), refused("bLength 255 of 4 bytes")),
      named("string-type", "a string that calls itself an interface", bytes({4, 4, 'a', 0}),
            refused("bDescriptorType 0x04 is not 0x03"),
            refused("bDescriptorType 0x04 is not 0x03")),
      named("string-markup", "markup and format characters",
            string_descriptor("<b>%n%s</b>'\"`;$(id)")),
      named("string-nul", "NULs within", bytes({8, 3, 'a', 0, 0, 0, 'b', 0})),
      {"string-languages", Class::strings, "USB 2.0, 9.6.7", "no language at all",
       [no_languages] { return no_languages; }, harmless(), harmless()},
  };
}

}  // namespace

std::vector<Attack> identity_attacks() {
  std::vector<Attack> all = other_devices();
  for (auto part : {changes, texts}) {
    const std::vector<Attack> some = part();
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

}  // namespace attacks
