// SPDX-License-Identifier: GPL-2.0-or-later
// The machine's qubes with input devices: dom0's agent starts receivers, sys-usb's watcher senders.
#pragma once

#include <string>

#include "tests/one-vm/qubes.hpp"

namespace onevm {

class Inputs : public Qubes {
 protected:
  static constexpr const char* unpaired =
      "qubes.InputKeyboard * sys-usb dom0 allow pair=no\n"
      "qubes.InputMouse * sys-usb dom0 allow\n"
      "qubes.InputTablet * sys-usb dom0 allow\n";
  static constexpr const char* usual_policy =
      "qubes.InputKeyboard * sys-usb dom0 allow\n"
      "qubes.InputMouse * sys-usb dom0 allow\n"
      "qubes.InputTablet * sys-usb dom0 allow\n";

  void SetUp() override;
  void TearDown() override;

  // With the watcher for these ports only (evdev's phys), under this policy.
  static void watch(const std::string& phys, const std::string& policy = usual_policy);
  static void stop_watch();
  // Plays a device of a kind of input_devices.hpp at usb-test-PORT; its script is play()ed.
  // `node`: for a device of several nodes, under which this one is played and unplugged.
  static void plug(const std::string& kind, const std::string& port, const std::string& node = "");
  static void unplug(const std::string& node);
  // Lines "MILLISECONDS TYPE CODE VALUE".
  static void play(const std::string& node, const std::string& script);
  // Whether a device of that name, as dom0 sees it, comes or goes within some seconds.
  static rig::CommandResult wait_forwarded(const std::string& name,
                                           std::chrono::seconds limit = std::chrono::seconds(20));
  static rig::CommandResult wait_not_forwarded(const std::string& name);
  static bool forwarded(const std::string& name);
  // The digits that the prompt shows; waits for the `count`th display since SetUp.
  static std::string shown_digits(int count);
  // Starts a reader of a forwarded device; what_was_read() ends it once it is silent.
  static void start_reading(const std::string& name, int silent_seconds = 3);
  static std::string what_was_read();
  static std::string input_logs();
  // SIGKILL for each process of that program of ours.
  static void kill_program(const std::string& program);

  // The machine's emulated USB keyboard.
  static void replug_keyboard(const std::string& port = "2", const std::string& serial = "");
  // A prompt at which nobody answers, in the place of the one that says yes.
  static void let_nobody_answer();
  // A key of the machine's emulated USB keyboard, by QEMU's name for it.
  static void press(const std::string& qcode);
  // Lines of a script: one stroke as a person makes it.
  static std::string stroke(int code, int gap_ms = 220, int hold_ms = 90);
  static std::string digits_script(const std::string& digits);
};

}  // namespace onevm
