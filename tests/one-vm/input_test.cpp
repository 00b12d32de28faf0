// SPDX-License-Identifier: GPL-2.0-or-later
// Input devices of sys-usb in dom0: through real evdev and uinput, after policy, prompt and
// pairing.
#include <linux/input-event-codes.h>

#include "tests/one-vm/inputs.hpp"

namespace onevm {
namespace {

using std::chrono::seconds;

const std::string bin = build + "/bin/";

class Input : public Inputs {};

TEST_F(Input, AUsbKeyboardTypesInDom0AfterItsDigits) {
  watch("usb-0000");
  const std::string name = "QEMU QEMU USB Keyboard";
  const std::string digits = shown_digits(1);
  ASSERT_EQ(digits.size(), 6U) << input_logs();
  EXPECT_FALSE(forwarded(name));
  press("x");  // goes nowhere
  for (const char digit : digits) press(std::string(1, digit));
  ASSERT_TRUE(wait_forwarded(name).ok()) << input_logs();
  start_reading(name);
  press("a");
  press("b");
  const std::string keys = what_was_read();
  EXPECT_NE(keys.find("1 30 1"), std::string::npos) << keys;
  EXPECT_NE(keys.find("1 30 0"), std::string::npos) << keys;
  EXPECT_NE(keys.find("1 48 1"), std::string::npos) << keys;
  EXPECT_EQ(keys.find("1 45"), std::string::npos) << keys;
  // Lights go back to the device.
  const std::string tool = build + "/tests/bin/input_guest lights 'sys-usb: " + name + "' 1 1";
  EXPECT_TRUE(vm().run(tool).ok());
  const auto lit = vm().wait_until(
      "for l in /sys/class/leds/*::capslock; do [ $(cat $l/brightness) = 1 ] && "
      "readlink -f $l; done | grep -q usb");
  EXPECT_TRUE(lit.ok()) << vm().run("grep . /sys/class/leds/*/brightness");
  const auto logged = vm().run(bin + "sallyport log | grep 'typed the digits'");
  EXPECT_TRUE(logged.ok()) << logged;
}

TEST_F(Input, TheTabletNeedsNoDigits) {
  watch("usb-0000");
  ASSERT_TRUE(wait_forwarded("QEMU QEMU USB Tablet").ok()) << input_logs();
  start_reading("QEMU QEMU USB Tablet");
  const auto moved = vm().qmp(
      "input-send-event", {{"events",
                            {{{"type", "abs"}, {"data", {{"axis", "x"}, {"value", 20000}}}},
                             {{"type", "abs"}, {"data", {{"axis", "y"}, {"value", 10000}}}},
                             {{"type", "btn"}, {"data", {{"button", "left"}, {"down", true}}}}}}});
  ASSERT_TRUE(moved) << moved.error().text;
  const std::string events = what_was_read();
  EXPECT_NE(events.find("3 0 20000"), std::string::npos) << events;
  EXPECT_NE(events.find("1 272 1"), std::string::npos) << events;
}

TEST_F(Input, OnePhysicalDeviceAsksOnce) {
  plug("keyboard", "1");
  plug("media keyboard", "1", "second");
  plug("mouse", "1", "third");
  watch("usb-test",
        "qubes.InputKeyboard * sys-usb dom0 ask default_target=dom0 pair=no\n"
        "qubes.InputMouse * sys-usb dom0 ask default_target=dom0\n");
  for (const char* name : {"Test keyboard", "Test media keyboard", "Test mouse"}) {
    EXPECT_TRUE(wait_forwarded(name).ok()) << name << input_logs();
  }
  EXPECT_EQ(vm().run(bin + "sallyport status | grep -c 'qubes.Input.* dom0 *forwarding'").out,
            "3\n")
      << vm().run(bin + "sallyport status");
  EXPECT_EQ(vm().run("grep -c 'may this happen' /run/rig/prompt.log").out, "1\n") << input_logs();
  unplug("second");
  unplug("third");
}

TEST_F(Input, ADeniedKeyboardIsStillAMouse) {
  plug("keyboard with a trackpoint", "1");
  watch("usb-test",
        "qubes.InputKeyboard * sys-usb dom0 deny\n"
        "qubes.InputMouse * sys-usb dom0 allow\n");
  ASSERT_TRUE(wait_forwarded("Test keyboard with a trackpoint").ok()) << input_logs();
  start_reading("Test keyboard with a trackpoint");
  play("1", stroke(KEY_A) + "10 2 0 5\n0 0 0 0\n10 1 272 1\n0 0 0 0\n");
  EXPECT_EQ(what_was_read(), "2 0 5\n0 0 0\n1 272 1\n0 0 0\n");
}

TEST_F(Input, UnplugLetsGoOfEveryKey) {
  plug("barcode reader", "1");
  watch("usb-test", unpaired);
  ASSERT_TRUE(wait_forwarded("Test barcode reader").ok()) << input_logs();
  start_reading("Test barcode reader", 60);
  play("1", "10 1 42 1\n0 0 0 0\n");
  vm().wait_until("grep -q '1 42 1' /run/rig/reader-input.log");
  unplug("1");
  const std::string keys = what_was_read();
  EXPECT_NE(keys.find("1 42 1\n0 0 0\n1 42 0\n"), std::string::npos) << keys;
  EXPECT_TRUE(wait_not_forwarded("Test barcode reader").ok()) << input_logs();
}

// A device that repeats no key: a held one would fill what is read with repeats.
// A killed receiver's kernel releases the keys; evdev tells a reader so only if it reads before the
// device is gone, which it then is told.
TEST_F(Input, AKilledSenderOrReceiverLeavesNoKeyDown) {
  for (const char* victim : {"sallyport-input-sender", "sallyport-input-receiver"}) {
    SCOPED_TRACE(victim);
    plug("barcode reader", "1");
    watch("usb-test", unpaired);
    ASSERT_TRUE(wait_forwarded("Test barcode reader").ok()) << input_logs();
    // Until the device goes, however long the kill takes.
    start_reading("Test barcode reader", 60);
    play("1", "10 1 42 1\n0 0 0 0\n");
    ASSERT_TRUE(vm().wait_until("grep -q '1 42 1' /run/rig/reader-input.log").ok()) << input_logs();
    kill_program(victim);
    const std::string keys = what_was_read();
    EXPECT_NE(keys.find("gone"), std::string::npos) << keys;
    if (victim == std::string_view("sallyport-input-sender")) {
      EXPECT_NE(keys.find("1 42 0"), std::string::npos) << keys;
    }
    // It comes back by itself.
    EXPECT_TRUE(wait_forwarded("Test barcode reader").ok()) << input_logs();
    stop_watch();
    unplug("1");
    ASSERT_TRUE(wait_not_forwarded("Test barcode reader").ok());
  }
}

TEST_F(Input, ScanCodesPassAndRepeatsAreMadeAtTheFarEnd) {
  plug("keyboard", "1");
  watch("usb-test", unpaired);
  ASSERT_TRUE(wait_forwarded("Test keyboard").ok()) << input_logs();
  start_reading("Test keyboard");
  play("1", "10 4 4 458756\n0 1 30 1\n0 0 0 0\n1000 4 4 458756\n0 1 30 0\n0 0 0 0\n");
  const std::string keys = what_was_read();
  EXPECT_EQ(keys.find("4 4 458756\n1 30 1\n0 0 0\n"), 0U) << keys;
  EXPECT_NE(keys.find("4 4 458756\n1 30 0\n0 0 0\n"), std::string::npos) << keys;
  std::size_t repeats = 0;
  for (std::size_t at = keys.find("1 30 2\n"); at != std::string::npos;
       at = keys.find("1 30 2\n", at + 1)) {
    ++repeats;
  }
  // After 250 ms one each 33 ms; twice as many if those of the near kernel came too.
  EXPECT_GE(repeats, 5U) << keys;
  EXPECT_LE(repeats, 30U) << keys;
}

// Ctrl-Alt on one keyboard and F1 on another is Ctrl-Alt-F1.
TEST_F(Input, AChordOverTwoKeyboardsIsAChord) {
  plug("keyboard", "1");
  plug("keyboard with a trackpoint", "2");
  watch("usb-test", unpaired);
  ASSERT_TRUE(wait_forwarded("Test keyboard").ok()) << input_logs();
  ASSERT_TRUE(wait_forwarded("Test keyboard with a trackpoint").ok()) << input_logs();
  start_reading("Test keyboard with a trackpoint", 20);
  play("1", "10 1 29 1\n0 0 0 0\n90 1 56 1\n0 0 0 0\n");
  vm().run("sleep 1");
  play("2", stroke(KEY_F1));
  vm().run("sleep 1");
  play("1", "10 1 56 0\n0 0 0 0\n90 1 29 0\n0 0 0 0\n");
  vm().run("sleep 1");
  play("2", stroke(KEY_F2));
  const std::string keys = what_was_read();
  EXPECT_EQ(keys.find("1 59 "), std::string::npos) << keys;
  EXPECT_NE(keys.find("1 60 1\n0 0 0\n1 60 0\n"), std::string::npos) << keys;
}

// What the desktop lights is told once, and does not come back as news.
TEST_F(Input, ALightIsToldOnce) {
  plug("keyboard", "1");
  watch("usb-test", unpaired);
  ASSERT_TRUE(wait_forwarded("Test keyboard").ok()) << input_logs();
  const std::string lights = build + "/tests/bin/input_guest lights 'sys-usb: Test keyboard' 1 ";
  for (const char* value : {"1", "1", "0"}) EXPECT_TRUE(vm().run(lights + value).ok());
  EXPECT_TRUE(vm().wait_until("grep -q 'light 1 0' /run/rig/device-1.log").ok());
  vm().run("sleep 1");
  EXPECT_EQ(vm().run("grep 'light 1' /run/rig/device-1.log").out, "light 1 1\nlight 1 0\n");
}

}  // namespace
}  // namespace onevm
