// SPDX-License-Identifier: GPL-2.0-or-later
// A stick that leaves the bus while work has it, and what comes back to its port; and qubes and
// devices that stand still for a while.
#include <thread>

#include "tests/one-vm/qubes.hpp"

namespace onevm {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const std::string audit_log = "/var/log/sallyport/audit.log";
const std::string given_up = "times in a row";

class Replug : public Qubes {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(OneVm::SetUp());
    vm().run("rm -f " + audit_log + "*");
    ASSERT_NO_FATAL_FAILURE(Qubes::SetUp());
  }
  void TearDown() override {
    Qubes::TearDown();
    // A test may have ended with it unplugged, or with another.
    static_cast<void>(unplug_stick());
    EXPECT_TRUE(wait_for_no_stick().ok());
    const auto plugged = plug_stick();
    EXPECT_TRUE(plugged) << plugged.error().text;
    EXPECT_FALSE(wait_for_stick().empty());
  }
  // The attached stick's disk.
  static std::string attached_disk() {
    const auto done = attach();
    EXPECT_TRUE(done.ok()) << done << logs();
    return done.ok() ? wait_for_disk() : std::string();
  }
  // Succeeds if the log has it.
  static std::string in_log(const std::string& text) {
    return "grep '\"kind\":\"replug\"' " + audit_log + " | grep -q '" + text + "'";
  }
  static rig::CommandResult told(const std::string& text) {
    return vm().wait_until(in_log(text), seconds(60));
  }
  static rig::CommandResult listed_as_waiting() {
    return vm().wait_until(build + "/bin/qvm-usb list | grep -q 'work (waiting)'", seconds(30));
  }
  static void expect_readable(const std::string& disk) {
    ASSERT_FALSE(disk.empty()) << logs();
    const auto sum = vm().run(
        "dd if=" + disk + " bs=64k count=16 iflag=direct status=none | sha256sum", minutes(5));
    EXPECT_EQ(sum.out, stick_sha256(1)) << sum;
  }
  // SIGSTOP or SIGCONT for all that a qube runs.
  static void signal_sys_usb(const std::string& signal) {
    kill_process("agent-sys-usb", signal);
    kill_process("devices-sys-usb", signal);
    vm().run("pkill -" + signal + " -x sallyport-usb-b");
  }
};

TEST_F(Replug, TheSameStickIsReadAgainWithoutAQuestion) {
  expect_readable(attached_disk());
  ASSERT_TRUE(unplug_stick());
  EXPECT_TRUE(listed_as_waiting().ok()) << vm().run(build + "/bin/qvm-usb list") << logs();
  ASSERT_TRUE(wait_for_no_disk().ok());
  ASSERT_TRUE(plug_stick());
  expect_readable(wait_for_disk());
  EXPECT_TRUE(told("came back as the same device").ok()) << vm().run("cat " + audit_log);
  EXPECT_TRUE(detach().ok());
  EXPECT_TRUE(wait_for_no_disk().ok());
}

// While the kernel resets a port, sysfs shows a device without an address there. Whoever looks
// then, as the watcher does after each event, must not take it for another one.
TEST_F(Replug, AResetIsNoUnplug) {
  const std::string disk = wait_for_stick();
  ASSERT_FALSE(disk.empty());
  const std::string folder = "/sys/bus/usb/devices/" + port();
  const auto watched = vm().run(
      build +
          "/bin/qvm-usb watch > /run/watched & watching=$!; "
          "(while sleep 0.02; do echo change > " +
          folder +
          "/uevent; done) & looking=$!; "
          // SG_SCSI_RESET of the bus: usb-storage resets the port.
          "python3 -c 'import array, fcntl, os, sys\n"
          "disk = os.open(sys.argv[1], os.O_RDWR | os.O_NONBLOCK)\n"
          "for i in range(30): fcntl.ioctl(disk, 0x2284, array.array(\"i\", [2]))' " +
          disk +
          " 2>&1; done=$?; kill $looking; sleep 1; kill $watching; cat /run/watched; exit $done",
      minutes(5));
  EXPECT_TRUE(watched.ok()) << watched << vm().run("dmesg | tail");
  // The list that watching begins with, and nothing behind it.
  EXPECT_NE(watched.out.find(port()), std::string::npos) << watched;
  EXPECT_EQ(watched.out.find(port()), watched.out.rfind(port())) << watched;
  const auto resets = vm().run("dmesg | grep -c 'reset SuperSpeed.*USB device'");
  EXPECT_GE(std::atoi(resets.out.c_str()), 30) << resets;
}

TEST_F(Replug, AnotherStickInItsPlaceIsAskedAboutAndNotAttached) {
  expect_readable(attached_disk());
  kill_process("prompt", "KILL");
  start_process("prompt", "exec " + build + "/bin/sallyport-prompt --answer no");
  ASSERT_TRUE(unplug_stick());
  ASSERT_TRUE(listed_as_waiting().ok()) << logs();
  ASSERT_TRUE(plug_stick("OTHER"));
  EXPECT_TRUE(told("came back as 46f4:0001:OTHER.*judged again").ok())
      << vm().run("cat " + audit_log);
  EXPECT_TRUE(told("is not attached to work again").ok()) << vm().run("cat " + audit_log);
  std::this_thread::sleep_for(seconds(5));
  EXPECT_FALSE(vm().run("cat /sys/devices/platform/vhci_hcd.*/usb*/*-*/idVendor").ok());
  EXPECT_EQ(leftovers().leases, 0);
}

TEST_F(Replug, AStickThatFlapsIsLeftAlone) {
  const Leftovers before = leftovers();
  ASSERT_FALSE(attached_disk().empty());
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(unplug_stick());
    std::this_thread::sleep_for(milliseconds(250));
    ASSERT_TRUE(plug_stick());
    std::this_thread::sleep_for(milliseconds(250));
  }
  // However few of these the guest has seen: it is attached four times at the most.
  std::this_thread::sleep_for(seconds(15));
  const auto attached = vm().run("grep -c '\"kind\":\"lease_started\"' " + audit_log);
  EXPECT_LE(std::atoi(attached.out.c_str()), 4) << vm().run("cat " + audit_log);
  // An emulated port that was cut off in the middle of an enumeration may need longer for the next
  // than a port is held; then it is over, and nothing is left that could flap.
  if (leftovers().leases == 0 && !vm().run(in_log(given_up)).ok()) {
    ASSERT_FALSE(wait_for_stick().empty());
    ASSERT_FALSE(attached_disk().empty());
  }
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(unplug_stick());
    ASSERT_TRUE(wait_for_no_stick().ok());
    std::this_thread::sleep_for(seconds(1));
    ASSERT_TRUE(plug_stick());
    ASSERT_FALSE(wait_for_stick().empty() && wait_for_disk().empty());
    std::this_thread::sleep_for(seconds(1));
  }
  EXPECT_TRUE(told(given_up).ok()) << vm().run("cat " + audit_log);
  EXPECT_TRUE(settles_to(before));
  EXPECT_FALSE(attached_disk().empty()) << "by hand it is attached";
  EXPECT_TRUE(detach().ok());
}

// As a paused virtual machine does, for longer than two pings, the control requests' and the
// packets' time limits.
TEST_F(Replug, AQubeThatStandsStillKeepsItsDevice) {
  const std::string disk = attached_disk();
  expect_readable(disk);
  signal_sys_usb("STOP");
  std::this_thread::sleep_for(seconds(45));
  EXPECT_TRUE(vm().run(build + "/bin/sallyport status | grep -q '^sys-usb *silent'").ok())
      << vm().run(build + "/bin/sallyport status");
  signal_sys_usb("CONT");
  expect_readable(disk);
  EXPECT_TRUE(
      vm().wait_until(build + "/bin/sallyport status | grep -q '^sys-usb *connected'", seconds(30))
          .ok());
  EXPECT_TRUE(detach().ok());
}

TEST_F(Replug, ADeviceThatTheTargetSuspendsWorksAfterwards) {
  const std::string disk = attached_disk();
  expect_readable(disk);
  // The disk, its host and its interface let the device sleep; nothing of that reaches sys-usb.
  const auto slept = vm().run(
      "cd -P /sys/block/" + disk.substr(disk.rfind('/') + 1) +
          "/device && echo 100 > power/autosuspend_delay_ms && "
          "while [ ! -e idVendor ]; do echo auto > power/control; cd ..; done; "
          "echo 100 > power/autosuspend_delay_ms; echo auto > power/control; "
          "for i in $(seq 100); do read -r s < power/runtime_status; "
          "[ $s = suspended ] && exit 0; sleep 0.2; done; cat power/runtime_status; exit 1",
      seconds(60));
  EXPECT_TRUE(slept.ok()) << slept;
  expect_readable(disk);
  EXPECT_TRUE(detach().ok());
}

}  // namespace
}  // namespace onevm
