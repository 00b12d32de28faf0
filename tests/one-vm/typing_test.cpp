// SPDX-License-Identifier: GPL-2.0-or-later
// A keyboard that work has by USB: a person types on it, and a machine does not.
#include <thread>

#include "tests/one-vm/qubes.hpp"

namespace onevm {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr char listed[] = "qvm-usb list | grep -i keyboard | sed 's/ .*//'";

class Typing : public Qubes {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(Qubes::SetUp());
    const auto found = vm().wait_until(build + "/bin/" + listed + " | grep .", seconds(30));
    ASSERT_TRUE(found.ok()) << found << logs();
    keyboard_ = found.out.substr(0, found.out.find('\n'));
  }
  rig::CommandResult tool(const std::string& words) const {
    return vm().run(build + "/bin/qvm-usb " + words + " work " + keyboard_, seconds(60));
  }
  // Attached, and what it types in work is written down until it is gone.
  void attach_and_read(const std::string& options = {}) const {
    const auto done = tool("attach " + options);
    ASSERT_TRUE(done.ok()) << done << logs();
    const auto node = vm().wait_until(
        "ls -d /sys/devices/platform/vhci_hcd.*/usb*/*-*/*/*/input/input*/event* | grep .",
        seconds(60));
    ASSERT_TRUE(node.ok()) << vm().run("dmesg | tail");
    start_process("typed",
                  "exec " + build + "/tests/bin/input_guest read 'QEMU QEMU USB Keyboard' 60");
    ASSERT_TRUE(vm().wait_until("grep -q ready /run/rig/typed.log").ok());
  }
  static int typed() {
    return std::atoi(vm().run("grep -c '^1 [0-9]* 1$' /run/rig/typed.log").out.c_str());
  }
  // Q, W, E, ...: all at once for QEMU, whose keyboard then reports one after the other.
  static void play(int keys) {
    boost::json::array events;
    constexpr const char* names[] = {"q", "w", "e", "r", "t", "y", "u"};
    for (int i = 0; i < keys; ++i) {
      for (const bool down : {true, false}) {
        events.push_back(
            {{"type", "key"},
             {"data", {{"down", down}, {"key", {{"type", "qcode"}, {"data", names[i]}}}}}});
      }
    }
    const auto sent = vm().qmp("input-send-event", {{"events", std::move(events)}});
    ASSERT_TRUE(sent) << sent.error().text;
  }
  static void press(const std::string& qcode, int hold_ms) {
    const auto sent = vm().qmp(
        "send-key", {{"keys", {{{"type", "qcode"}, {"data", qcode}}}}, {"hold-time", hold_ms}});
    ASSERT_TRUE(sent) << sent.error().text;
  }
  std::string ended() const {
    return vm()
        .run(build + "/bin/qvm-usb info " + keyboard_ + " | sed -n 's/^last-detach: *//p'")
        .out;
  }
  void expect_stopped() const {
    const auto gone = vm().wait_until(
        "! ls -d /sys/devices/platform/vhci_hcd.*/usb*/*-*/idVendor 2>/dev/null | grep -q .",
        seconds(60));
    EXPECT_TRUE(gone.ok()) << logs();
    EXPECT_LE(typed(), 5) << vm().run("cat /run/rig/typed.log");
    const auto told = vm().wait_until(
        build + "/bin/qvm-usb info " + keyboard_ + " | grep -q 'types by itself'", seconds(30));
    EXPECT_TRUE(told.ok()) << ended() << logs();
    EXPECT_NE(ended().find("work: stopped after "), std::string::npos) << ended();
  }

  std::string keyboard_;  // "sys-usb:1-2"
};

TEST_F(Typing, APersonsKeysArrive) {
  ASSERT_NO_FATAL_FAILURE(attach_and_read());
  int wait = 180;
  for (const char* key : {"h", "e", "l", "o"}) {
    press(key, 60 + wait % 50);
    std::this_thread::sleep_for(milliseconds(wait += 87));
  }
  EXPECT_TRUE(vm().wait_until("test $(grep -c '^1 [0-9]* 1$' /run/rig/typed.log) = 4").ok())
      << vm().run("cat /run/rig/typed.log") << ended();
  EXPECT_TRUE(tool("detach").ok()) << logs();
}

TEST_F(Typing, AMachineIsStoppedAndAPersonAskedBeforeItComesBack) {
  set_policy("qubes.USB * work sys-usb allow\n");
  ASSERT_NO_FATAL_FAILURE(attach_and_read());
  ASSERT_NO_FATAL_FAILURE(play(7));
  expect_stopped();
  // The rule allows it, and yet somebody is asked.
  kill_process("prompt", "KILL");
  start_process("prompt", "exec " + build + "/bin/sallyport-prompt --answer no");
  ASSERT_TRUE(vm().wait_until("test -S /run/qubes/policy-agent.sock").ok());
  const auto refused = tool("attach");
  EXPECT_FALSE(refused.ok()) << refused;
  kill_process("prompt", "KILL");
  start("prompt");
  ASSERT_TRUE(vm().wait_until("test -S /run/qubes/policy-agent.sock").ok());
  const auto let_in = tool("attach");
  EXPECT_TRUE(let_in.ok()) << let_in << logs();
  EXPECT_TRUE(tool("detach").ok()) << logs();
}

TEST_F(Typing, WhoMayTypeByItselfDoes) {
  ASSERT_NO_FATAL_FAILURE(attach_and_read("-o auto-typing=yes"));
  ASSERT_NO_FATAL_FAILURE(play(7));
  EXPECT_TRUE(vm().wait_until("test $(grep -c '^1 [0-9]* 1$' /run/rig/typed.log) = 7").ok())
      << vm().run("cat /run/rig/typed.log") << ended();
  EXPECT_TRUE(tool("detach").ok()) << logs();
}

}  // namespace
}  // namespace onevm
