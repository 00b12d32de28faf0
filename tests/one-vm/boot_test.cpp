// SPDX-License-Identifier: GPL-2.0-or-later
// What every other one-vm test rests on: the machine, its commands, its stick, its modules.
#include "tests/one-vm/one_vm.hpp"

namespace onevm {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Boot : public OneVm {};

TEST_F(Boot, AnswersWithExitCodeAndOutput) {
  const auto result = vm().run("id -un; echo problem >&2; exit 7");
  EXPECT_EQ(result.exit, 7);
  EXPECT_EQ(result.out, "root\nproblem\n");
  EXPECT_EQ(vm().run("uname -r").out, vm().kernel().version + "\n");
  EXPECT_EQ(vm().run("nproc").out, "1\n");
}

TEST_F(Boot, SeesTheBuildReadOnlyBelowATmpfs) {
  const auto seen = vm().run("test -x " + build + "/tests/bin/rig_guest");
  EXPECT_TRUE(seen.ok()) << seen;
  const auto written = vm().run("echo mine > /etc/one-vm-was-here && cat /etc/one-vm-was-here");
  EXPECT_EQ(written.out, "mine\n");
  EXPECT_FALSE(std::filesystem::exists("/etc/one-vm-was-here"));
}

TEST_F(Boot, KillsACommandAtItsTimeoutAndGoesOn) {
  EXPECT_EQ(vm().run("sleep 60", milliseconds(300)).exit, 124);
  EXPECT_EQ(vm().run("kill -TERM $$").exit, 143);
  EXPECT_TRUE(vm().run("true").ok());
}

TEST_F(Boot, CutsEndlessOutputAndGoesOn) {
  const auto much = vm().run("head -c 3000000 /dev/zero");
  EXPECT_TRUE(much.ok());
  EXPECT_EQ(much.out.size(), std::size_t{1024} * 1024);
  EXPECT_TRUE(vm().run("true").ok());
}

TEST_F(Boot, RunsCommandsInTheBackground) {
  const long pid = vm().start_background("loop", "echo started; sleep 600");
  ASSERT_GT(pid, 0);
  EXPECT_TRUE(vm().wait_until("grep -q started " + rig::Machine::background_log("loop")).ok());
  EXPECT_TRUE(vm().run("kill -9 -" + std::to_string(pid)).ok());
  EXPECT_TRUE(vm().wait_until("! test -d /proc/" + std::to_string(pid), seconds(5)).ok());
}

TEST_F(Boot, GuestKernelReadsTheStick) {
  const std::string disk = wait_for_stick();
  ASSERT_FALSE(disk.empty());
  EXPECT_EQ(vm().run("blockdev --getsize64 " + disk).out,
            std::to_string(std::size_t{stick_mib} << 20U) + "\n");
  const auto serial = vm().run("cat /sys/bus/usb/devices/*/serial");
  EXPECT_NE(serial.out.find(stick_serial), std::string::npos) << serial;
}

TEST_F(Boot, UnpluggedStickGoesAndComesBack) {
  ASSERT_FALSE(wait_for_stick().empty());
  const auto unplugged = unplug_stick();
  ASSERT_TRUE(unplugged) << unplugged.error().text;
  const auto gone = wait_for_no_stick();
  EXPECT_TRUE(gone.ok()) << gone;
  const auto plugged = plug_stick();
  ASSERT_TRUE(plugged) << plugged.error().text;
  EXPECT_FALSE(wait_for_stick().empty());
}

TEST_F(Boot, KeyboardAndTabletEnumerate) {
  const auto input = vm().wait_until(
      "grep -q 'USB Keyboard' /proc/bus/input/devices && grep -q 'USB Tablet' "
      "/proc/bus/input/devices");
  EXPECT_TRUE(input.ok()) << vm().run("cat /proc/bus/input/devices");
}

TEST_F(Boot, ModulesThatTheProductNeedsLoad) {
  const auto loaded = vm().run("modprobe -a vhci_hcd uinput nbd", seconds(60));
  ASSERT_TRUE(loaded.ok()) << loaded;
  const auto there = vm().run(
      "test -e /sys/devices/platform/vhci_hcd.0/status && test -c /dev/uinput && test -b "
      "/dev/nbd0");
  EXPECT_TRUE(there.ok()) << there;
}

}  // namespace
}  // namespace onevm
