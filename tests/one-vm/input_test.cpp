// SPDX-License-Identifier: GPL-2.0-or-later
// Input devices of sys-usb in dom0: through real evdev and uinput, after policy, prompt and
// pairing.
#include <linux/input-event-codes.h>

#include <array>

#include "tests/one-vm/input_devices.hpp"
#include "tests/one-vm/inputs.hpp"

namespace onevm {
namespace {

using std::chrono::seconds;

constexpr const char* unpaired =
    "qubes.InputKeyboard * sys-usb dom0 allow pair=no\n"
    "qubes.InputMouse * sys-usb dom0 allow\n"
    "qubes.InputTablet * sys-usb dom0 allow\n";

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

TEST_F(Input, WrongDigitsDenyUntilItIsPluggedInAgain) {
  const std::string name = "QEMU QEMU USB Keyboard";
  watch("usb-0000");
  std::string digits = shown_digits(1);
  ASSERT_EQ(digits.size(), 6U) << input_logs();
  digits.back() = digits.back() == '9' ? '0' : static_cast<char>(digits.back() + 1);
  for (const char digit : digits) press(std::string(1, digit));
  const auto refused =
      vm().wait_until("grep -q 'input_call_ended.*code=126' /run/rig/watch.log", seconds(20));
  EXPECT_TRUE(refused.ok()) << input_logs();
  EXPECT_FALSE(forwarded(name));
  replug_keyboard();
  digits = shown_digits(2);
  vm().run("sleep 1");  // who answers at once has not read
  for (const char digit : digits) press(std::string(1, digit));
  EXPECT_TRUE(wait_forwarded(name).ok()) << input_logs();
}

TEST_F(Input, AKnownKeyboardNeedsNoDigitsIfPolicySaysSo) {
  const std::string name = "QEMU QEMU USB Keyboard";
  watch("usb-0000", "qubes.InputKeyboard * sys-usb dom0 allow pair=new\n");
  const std::string digits = shown_digits(1);
  ASSERT_EQ(digits.size(), 6U) << input_logs();
  vm().run("sleep 1");
  for (const char digit : digits) press(std::string(1, digit));
  ASSERT_TRUE(wait_forwarded(name).ok()) << input_logs();
  replug_keyboard();
  EXPECT_TRUE(wait_forwarded(name).ok()) << input_logs();
  EXPECT_EQ(vm().run("grep -c 'Type these digits' /run/rig/prompt.log").out, "1\n");
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

TEST_F(Input, EmulatedMouseAndPenTabletComeOutAsWhatTheyAre) {
  ASSERT_TRUE(vm().run("modprobe wacom", seconds(60)).ok());
  watch("usb-0000", unpaired);
  for (const auto& [driver, name] : {std::pair{"usb-mouse", "QEMU QEMU USB Mouse"},
                                     std::pair{"usb-wacom-tablet", "Wacom Penpartner Pen"}}) {
    SCOPED_TRACE(driver);
    ASSERT_TRUE(vm().qmp(
        "device_add", {{"driver", driver}, {"id", "pointer"}, {"bus", "xhci.0"}, {"port", "4"}}));
    EXPECT_TRUE(wait_forwarded(name).ok()) << input_logs();
    const auto same = vm().run(
        "caps() { for f in /sys/class/input/event*/device; do [ \"$(cat $f/name)\" = \"$1\" ] && "
        "cat $f/capabilities/rel $f/capabilities/key $f/properties; done; }; "
        "caps '" +
        std::string(name) + "' > /run/test-near; caps 'sys-usb: " + std::string(name) +
        "' > /run/test-far; test -s /run/test-far && diff /run/test-near /run/test-far");
    EXPECT_TRUE(same.ok()) << same;
    ASSERT_TRUE(vm().qmp("device_del", {{"id", "pointer"}}));
    EXPECT_TRUE(wait_not_forwarded(name).ok()) << input_logs();
  }
}

TEST_F(Input, AnInjectorIsStoppedAndComesBackOnlyByAPersonsWord) {
  plug("keyboard", "1");
  watch("usb-test", unpaired);
  ASSERT_TRUE(wait_forwarded("Test keyboard").ok()) << input_logs();
  start_reading("Test keyboard");
  std::string payload;
  for (const int code : {KEY_P, KEY_O, KEY_W, KEY_E, KEY_R, KEY_S, KEY_H, KEY_E, KEY_L, KEY_L}) {
    payload += stroke(code, 4, 4);
  }
  play("1", payload);
  const std::string keys = what_was_read();
  std::size_t presses = 0;
  for (std::size_t at = keys.find(" 1\n"); at != std::string::npos; at = keys.find(" 1\n", at + 1))
    ++presses;
  EXPECT_LE(presses, 5U) << keys;
  // The prompt that answers yes lets it in again; until then the rules' allow did not count.
  const auto asked = vm().wait_until("grep -q 'STOPPED before' /run/rig/prompt.log", seconds(20));
  EXPECT_TRUE(asked.ok()) << input_logs();
  EXPECT_TRUE(wait_forwarded("Test keyboard").ok()) << input_logs();
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
  plug("keyboard", "1");
  watch("usb-test", unpaired);
  ASSERT_TRUE(wait_forwarded("Test keyboard").ok()) << input_logs();
  start_reading("Test keyboard");
  play("1", "10 1 42 1\n0 0 0 0\n");
  vm().wait_until("grep -q '1 42 1' /run/rig/reader-input.log");
  unplug("1");
  const std::string keys = what_was_read();
  EXPECT_NE(keys.find("1 42 1\n0 0 0\n1 42 0\n"), std::string::npos) << keys;
  EXPECT_TRUE(wait_not_forwarded("Test keyboard").ok()) << input_logs();
}

TEST_F(Input, AKilledSenderOrReceiverLeavesNoKeyDown) {
  for (const char* victim : {"sallyport-input-sender", "sallyport-input-receiver"}) {
    SCOPED_TRACE(victim);
    plug("keyboard", "1");
    watch("usb-test", unpaired);
    ASSERT_TRUE(wait_forwarded("Test keyboard").ok()) << input_logs();
    start_reading("Test keyboard");
    play("1", "10 1 42 1\n0 0 0 0\n");
    vm().wait_until("grep -q '1 42 1' /run/rig/reader-input.log");
    // By the program that runs, not by a script that names it.
    vm().run("for p in /proc/[0-9]*; do case $(readlink $p/exe) in */" + std::string(victim) +
             ") kill -9 ${p#/proc/};; esac; done");
    const std::string keys = what_was_read();
    EXPECT_NE(keys.find("1 42 0"), std::string::npos) << keys;
    // It comes back by itself.
    EXPECT_TRUE(wait_forwarded("Test keyboard").ok()) << input_logs();
    stop_watch();
    unplug("1");
    ASSERT_TRUE(wait_not_forwarded("Test keyboard").ok());
  }
}

TEST_F(Input, PanicTakesEverythingAway) {
  plug("keyboard", "1");
  plug("mouse", "2");
  watch("usb-test", unpaired);
  ASSERT_TRUE(wait_forwarded("Test keyboard").ok()) << input_logs();
  ASSERT_TRUE(wait_forwarded("Test mouse").ok()) << input_logs();
  vm().run("kill $(cat /run/rig/prompt.process)");  // nobody will let them back in
  play("1", "300 1 29 1\n0 0 0 0\n80 1 56 1\n0 0 0 0\n80 1 119 1\n0 0 0 0\n");
  EXPECT_TRUE(wait_not_forwarded("Test keyboard").ok()) << input_logs();
  EXPECT_TRUE(wait_not_forwarded("Test mouse").ok()) << input_logs();
  vm().run("sleep 3");
  EXPECT_FALSE(forwarded("Test mouse"));
  EXPECT_TRUE(vm().run(bin + "sallyport log | grep -q 'panic keys'").ok());
}

TEST_F(Input, ARuleBoundsTheNumberOfKeyboards) {
  plug("keyboard", "1");
  plug("number pad", "2");
  watch("usb-test", "qubes.InputKeyboard * sys-usb dom0 allow pair=no max-keyboards=1\n");
  const auto refused = vm().wait_until("grep -q 'code=126' /run/rig/watch.log", seconds(20));
  EXPECT_TRUE(refused.ok()) << input_logs();
  EXPECT_NE(forwarded("Test keyboard"), forwarded("Test number pad"));
}

TEST_F(Input, TwentyKindsComeOutAsWhatTheyAre) {
  watch("usb-test", unpaired);
  for (const InputKind& kind : input_kinds()) {
    SCOPED_TRACE(kind.name);
    plug(kind.name, "1");
    const std::string name = "Test " + kind.name;
    if (kind.forwarded.empty() || kind.refused) {
      vm().run("sleep 1");
      EXPECT_FALSE(forwarded(name));
    } else {
      EXPECT_TRUE(wait_forwarded(name).ok()) << input_logs();
    }
    unplug("1");
    EXPECT_TRUE(wait_not_forwarded(name).ok());
  }
}

// What a desktop makes of the forwarded device.
struct Seen {
  const char* kind;
  const char* script;
  const char* event;  // of libinput debug-events, that must come
};
constexpr std::array seen_by_libinput{
    Seen{"keyboard", "10 1 30 1\n0 0 0 0\n90 1 30 0\n0 0 0 0\n", "KEYBOARD_KEY.*KEY_A .*pressed"},
    Seen{"mouse", "10 2 0 9\n0 2 1 3\n0 0 0 0\n", "POINTER_MOTION "},
    Seen{"mouse", "10 1 272 1\n0 0 0 0\n90 1 272 0\n0 0 0 0\n", "POINTER_BUTTON.*BTN_LEFT"},
    Seen{"high resolution mouse", "10 2 8 -1\n0 2 11 -120\n0 0 0 0\n", "POINTER_SCROLL_WHEEL.*120"},
    Seen{"absolute mouse", "10 3 0 9000\n0 3 1 3000\n0 0 0 0\n", "POINTER_MOTION_ABSOLUTE"},
    Seen{"multitouch screen",
         "10 3 47 0\n0 3 57 1\n0 3 53 900\n0 3 54 900\n0 3 0 900\n0 3 1 900\n0 1 330 1\n0 0 0 0\n"
         "5 3 47 1\n0 3 57 2\n0 3 53 1900\n0 3 54 1900\n0 0 0 0\n90 3 57 -1\n0 0 0 0\n",
         "TOUCH_DOWN.*1 \\(1\\)"},
    Seen{
        "touchpad",
        "10 3 47 0\n0 3 57 1\n0 3 53 900\n0 3 54 900\n0 3 24 90\n0 3 0 900\n0 3 1 900\n0 1 330 1\n"
        "0 1 325 1\n0 0 0 0\n20 3 53 1100\n0 3 0 1100\n0 0 0 0\n20 3 53 1400\n0 3 0 1400\n0 0 0 0\n"
        "20 3 53 1800\n0 3 0 1800\n0 0 0 0\n20 3 53 2300\n0 3 0 2300\n0 0 0 0\n",
        "POINTER_MOTION "},
    Seen{"pen tablet",
         "10 1 320 1\n0 3 0 5000\n0 3 1 5000\n0 0 0 0\n20 3 24 4000\n0 1 330 1\n0 3 0 5100\n0 0 0 "
         "0\n",
         "TABLET_TOOL_TIP"},
};

TEST_F(Input, LibinputSeesWhatWasPlayed) {
  ASSERT_TRUE(
      vm().run("/lib/systemd/systemd-udevd --daemon && udevadm control --ping", seconds(60)).ok());
  watch("usb-test", unpaired);
  std::string plugged;
  for (const Seen& seen : seen_by_libinput) {
    SCOPED_TRACE(std::string(seen.kind) + ": " + seen.event);
    if (plugged != seen.kind) {
      if (!plugged.empty()) unplug("1");
      plug(seen.kind, "1");
      plugged = seen.kind;
    }
    const std::string name = "Test " + plugged;
    ASSERT_TRUE(wait_forwarded(name).ok()) << input_logs();
    // The newest of the name is the forwarded one.
    const auto started = vm().run(
        "udevadm settle; n=$(grep -A4 -F 'Name=\"sys-usb: " + name +
        "\"' /proc/bus/input/devices | grep -o 'event[0-9]*' | head -1); echo $n > /run/test/node; "
        "rm -f /run/rig/libinput.log");
    ASSERT_TRUE(started.ok()) << started;
    start_process("libinput",
                  "exec stdbuf -oL libinput debug-events --show-keycodes --device /dev/input/$(cat "
                  "/run/test/node)");
    ASSERT_TRUE(vm().wait_until("grep -q DEVICE_ADDED /run/rig/libinput.log", seconds(20)).ok())
        << vm().run("cat /run/rig/libinput.log; udevadm info /dev/input/$(cat /run/test/node)");
    play("1", seen.script);
    EXPECT_TRUE(vm().wait_until("grep -qE '" + std::string(seen.event) + "' /run/rig/libinput.log",
                                seconds(10))
                    .ok())
        << vm().run("cat /run/rig/libinput.log");
    kill_process("libinput", "KILL");
  }
  vm().run("udevadm control --exit; rm -f /run/udev/control");
}

// A mouse that clicks, and a receiver that stands still for a fifth of each second: clicks in
// order, none lost, none invented, and the pointer ends where it should. A million of them at 8,000
// a second, which this machine has no time for, are a part of ./bench input.
TEST_F(Input, EventsArriveInOrderBehindASlowReceiver) {
  const int events = rounds(400'000, 40'000);
  const auto done = vm().run(build + "/tests/bin/bench_input_guest proxy " + build + "/bin flood " +
                                 std::to_string(events) + " 2000 200",
                             std::chrono::minutes(10));
  EXPECT_TRUE(done.ok()) << done;
  std::cout << done.out;
}

}  // namespace
}  // namespace onevm
