// SPDX-License-Identifier: GPL-2.0-or-later
// Which input devices dom0 lets in: digits, quarantine, panic, how many, and nobody to ask.
#include <linux/input-event-codes.h>

#include "tests/one-vm/inputs.hpp"

namespace onevm {
namespace {

using std::chrono::seconds;

const std::string bin = build + "/bin/";
const std::string usb_keyboard = "QEMU QEMU USB Keyboard";

class InputTrust : public Inputs {
 protected:
  static std::string payload() {
    std::string script;
    for (const int code : {KEY_P, KEY_O, KEY_W, KEY_E, KEY_R, KEY_S, KEY_H, KEY_E, KEY_L, KEY_L}) {
      script += stroke(code, 4, 4);
    }
    return script;
  }
  static void type(const std::string& digits) {
    vm().run("sleep 1");  // who answers at once has not read
    for (const char digit : digits) press(std::string(1, digit));
  }
};

TEST_F(InputTrust, WrongDigitsDenyUntilItIsPluggedInAgain) {
  const std::string& name = usb_keyboard;
  watch("usb-0000");
  std::string digits = shown_digits(1);
  ASSERT_EQ(digits.size(), 6U) << input_logs();
  digits.back() = digits.back() == '9' ? '0' : static_cast<char>(digits.back() + 1);
  type(digits);
  const auto refused =
      vm().wait_until("grep -q 'input_call_ended.*code=126' /run/rig/watch.log", seconds(20));
  EXPECT_TRUE(refused.ok()) << input_logs();
  EXPECT_FALSE(forwarded(name));
  replug_keyboard();
  digits = shown_digits(2);
  type(digits);
  EXPECT_TRUE(wait_forwarded(name).ok()) << input_logs();
}

TEST_F(InputTrust, AProvenKeyboardNeedsNoDigitsAtItsPortIfPolicySaysSo) {
  watch("usb-0000", "qubes.InputKeyboard * sys-usb dom0 allow pair=new\n");
  ASSERT_EQ(shown_digits(1).size(), 6U) << input_logs();
  // With a serial number it is told again anywhere; its proof is not.
  replug_keyboard("2", "COPY1");
  const std::string digits = shown_digits(2);
  ASSERT_EQ(digits.size(), 6U) << input_logs();
  type(digits);
  ASSERT_TRUE(wait_forwarded(usb_keyboard).ok()) << input_logs();
  replug_keyboard("2", "COPY1");
  EXPECT_TRUE(wait_forwarded(usb_keyboard).ok()) << input_logs();
  EXPECT_EQ(vm().run("grep -c 'Type these digits' /run/rig/prompt.log").out, "2\n");
  replug_keyboard("4", "COPY1");
  EXPECT_EQ(shown_digits(3).size(), 6U) << input_logs();
  EXPECT_FALSE(forwarded(usb_keyboard));
  replug_keyboard();
}

// It was let in before, but nobody ever typed digits on it: as a stick whose mouse half was.
TEST_F(InputTrust, OnlyDigitsProveAKeyboard) {
  watch("usb-0000", "qubes.InputKeyboard * sys-usb dom0 allow pair=no\n");
  ASSERT_TRUE(wait_forwarded(usb_keyboard).ok()) << input_logs();
  set_policy("qubes.InputKeyboard * sys-usb dom0 allow pair=new\n");
  replug_keyboard();
  EXPECT_EQ(shown_digits(1).size(), 6U) << input_logs();
  EXPECT_FALSE(forwarded(usb_keyboard));
}

// The mouse of a stick that typed could click on yes.
TEST_F(InputTrust, AnInjectorTakesItsOtherNodesWithItAndStaysStoppedWhenPluggedInAgain) {
  plug("keyboard", "1");
  plug("mouse", "1", "second");
  plug("pen tablet", "2", "other");
  watch("usb-test", unpaired);
  for (const char* name : {"Test keyboard", "Test mouse", "Test pen tablet"}) {
    ASSERT_TRUE(wait_forwarded(name).ok()) << name << input_logs();
  }
  kill_process("prompt", "KILL");  // nobody will let it back in
  play("1", payload());
  EXPECT_TRUE(wait_not_forwarded("Test keyboard").ok()) << input_logs();
  EXPECT_TRUE(wait_not_forwarded("Test mouse").ok()) << input_logs();
  EXPECT_TRUE(forwarded("Test pen tablet")) << "another device";
  unplug("1");
  unplug("second");
  plug("mouse", "1", "second");
  plug("keyboard", "1");
  const auto asked = vm().wait_until(
      "[ $(grep -c 'input_call_ended.*InputMouse.*usb-test-1.*code=124' /run/rig/watch.log) -ge 2 "
      "]",
      seconds(30));
  EXPECT_TRUE(asked.ok()) << input_logs();
  EXPECT_FALSE(forwarded("Test mouse"));
  EXPECT_FALSE(forwarded("Test keyboard"));
  // Somebody is there again, and is told.
  start("prompt");
  EXPECT_TRUE(wait_forwarded("Test keyboard", seconds(40)).ok()) << input_logs();
  EXPECT_TRUE(wait_forwarded("Test mouse", seconds(40)).ok()) << input_logs();
  EXPECT_TRUE(vm().run("grep -q 'STOPPED before' /run/rig/prompt.log").ok()) << input_logs();
  unplug("second");
  unplug("other");
}

// A keyboard that is plugged in when the machine starts, and a login later.
TEST_F(InputTrust, WhatNobodyCouldBeAskedAboutIsAskedAboutLater) {
  kill_process("prompt", "KILL");
  plug("keyboard", "1");
  watch("usb-",
        "qubes.InputKeyboard +usb-test-1+3-1209-1-1+ sys-usb dom0 ask default_target=dom0 pair=no\n"
        "qubes.InputKeyboard * sys-usb dom0 allow\n");
  const auto asked = [](const std::string& what) {
    return vm().wait_until(
        "[ $(grep -c 'input_call_ended.*" + what + ".*code=124' /run/rig/watch.log) -ge 2 ]",
        seconds(40));
  };
  EXPECT_TRUE(asked("usb-test-1").ok()) << input_logs();
  EXPECT_TRUE(asked("usb-0000").ok()) << input_logs();  // the digits had no screen
  EXPECT_FALSE(forwarded("Test keyboard"));
  const auto denied = vm().run("grep -c 'audit.*usb-test-1.*nobody to ask' /run/rig/daemon.log");
  EXPECT_EQ(denied.out, "1\n") << "each time would fill the log";
  start("prompt");
  EXPECT_TRUE(wait_forwarded("Test keyboard", seconds(40)).ok()) << input_logs();
  const std::string digits = shown_digits(1);
  EXPECT_EQ(digits.size(), 6U) << input_logs();
  type(digits);
  EXPECT_TRUE(wait_forwarded(usb_keyboard).ok()) << input_logs();
}

TEST_F(InputTrust, AnInjectorIsStoppedAndComesBackOnlyByAPersonsWord) {
  plug("keyboard", "1");
  watch("usb-test", unpaired);
  ASSERT_TRUE(wait_forwarded("Test keyboard").ok()) << input_logs();
  start_reading("Test keyboard");
  play("1", payload());
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

TEST_F(InputTrust, PanicTakesEverythingAway) {
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

TEST_F(InputTrust, PanicWithdrawsQuestionsToo) {
  let_nobody_answer();
  plug("keyboard", "1");
  watch("usb-test", "qubes.InputKeyboard * sys-usb dom0 ask default_target=dom0 pair=no\n");
  const auto asking = vm().wait_until(bin + "sallyport status | grep -q 'qubes.Input.*asking'");
  ASSERT_TRUE(asking.ok()) << input_logs();
  EXPECT_TRUE(vm().run(bin + "sallyport panic").ok());
  const auto withdrawn = vm().wait_until("grep -q 'code=124' /run/rig/watch.log", seconds(20));
  EXPECT_TRUE(withdrawn.ok()) << input_logs();
  EXPECT_FALSE(forwarded("Test keyboard"));
}

// Devices, not event nodes.
TEST_F(InputTrust, ARuleBoundsTheNumberOfKeyboards) {
  plug("keyboard", "1");
  plug("number pad", "1", "second");
  watch("usb-test", "qubes.InputKeyboard * sys-usb dom0 allow pair=no max-keyboards=1\n");
  EXPECT_TRUE(wait_forwarded("Test keyboard").ok()) << input_logs();
  EXPECT_TRUE(wait_forwarded("Test number pad").ok()) << input_logs();
  plug("barcode reader", "2", "third");
  const auto refused = vm().wait_until("grep -q 'code=126' /run/rig/watch.log", seconds(20));
  EXPECT_TRUE(refused.ok()) << input_logs();
  EXPECT_FALSE(forwarded("Test barcode reader"));
  unplug("second");
  unplug("third");
}

}  // namespace
}  // namespace onevm
