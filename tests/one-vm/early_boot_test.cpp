// SPDX-License-Identifier: GPL-2.0-or-later
// Before the disk is open: a kernel that binds nothing by itself, and the program that lets the
// keyboard in. The kernel's own descriptors, its switches, its input devices.
#include "tests/one-vm/one_vm.hpp"

namespace onevm {
namespace {

const std::string program = build + "/bin/sallyport-early-usb";
const std::string folder = "/run/early-boot-test";

// The sysfs names of QEMU's devices, by what the kernel read before it would have bound them:
// NAME_OF KEYBOARD prints it.
const std::string functions =
    "devices() { ls /sys/bus/usb/devices | grep -E '^[0-9]+-[0-9.]+$'; }\n"
    // Interface descriptors: class 03/01/01, 03/00/00, 08/06/50.
    "name_of() { for d in $(devices); do case "
    "$(readlink -f /sys/bus/usb/devices/$d) in *vhci*) continue ;; esac; "
    "od -An -v -tx1 /sys/bus/usb/devices/$d/descriptors | tr -d ' \\n' | grep -q \"$1\" && echo "
    "$d; "
    "done; }\n"
    "keyboard() { name_of 0904000001030101; }\n"
    "tablet() { name_of 0904000001030000; }\n"
    "stick() { name_of 09040000020806; }\n"
    "is() { test \"$(cat /sys/bus/usb/devices/$1/authorized)\" = $2; }\n"
    "keyboard_types() { grep -q 'USB Keyboard' /proc/bus/input/devices; }\n";

class EarlyBoot : public OneVm {
 protected:
  void SetUp() override {
    OneVm::SetUp();
    ASSERT_FALSE(wait_for_stick().empty());
    // As after a boot with usbcore.authorized_default=0: what is there is off, and what comes is.
    const auto off = shell(
        "mkdir -p " + folder +
        "; for r in /sys/bus/usb/devices/usb*/authorized_default; do echo 0 > $r; done; "
        "for d in $(keyboard) $(tablet) $(stick); do echo 0 > /sys/bus/usb/devices/$d/authorized; "
        "done; ! keyboard_types");
    ASSERT_TRUE(off.ok()) << off;
  }

  void TearDown() override {
    const auto on = shell(
        "for r in /sys/bus/usb/devices/usb*/authorized_default; do echo 1 > $r; done; "
        "for d in $(devices); do echo 1 > /sys/bus/usb/devices/$d/authorized; done; rm -rf " +
        folder);
    EXPECT_TRUE(on.ok()) << on;
    EXPECT_FALSE(wait_for_stick().empty());
    EXPECT_TRUE(vm().wait_until("grep -q 'USB Keyboard' /proc/bus/input/devices").ok());
  }

  static rig::CommandResult shell(const std::string& command) {
    return vm().run(functions + command, std::chrono::minutes(1));
  }
  static rig::CommandResult wait(const std::string& command) {
    return vm().wait_until(functions + command);
  }
  static void configure(const std::string& lines) {
    const auto written = shell("printf '" + lines + "' > " + folder + "/conf");
    ASSERT_TRUE(written.ok()) << written;
  }
  static std::string command(const std::string& action) {
    const std::string config = action.starts_with("allow") ? " --config " + folder + "/conf" : "";
    return program + " " + action + config + " --state " + folder + "/state 2>&1";
  }
};

TEST_F(EarlyBoot, TheKeyboardTypesAndNothingElseIsBound) {
  configure("port = any\\n");
  const auto allowed = shell(command("allow --once"));
  EXPECT_TRUE(allowed.ok()) << allowed;
  EXPECT_NE(allowed.out.find("allowed: a keyboard, 0627:0001"), std::string::npos) << allowed;
  EXPECT_NE(allowed.out.find("no boot keyboard, but has interface 0 (class 08/06/50)"),
            std::string::npos)
      << allowed;
  EXPECT_TRUE(shell("is $(keyboard) 1 && is $(stick) 0 && is $(tablet) 0").ok()) << allowed;
  EXPECT_TRUE(wait("keyboard_types").ok());

  const auto revoked = shell(command("revoke"));
  EXPECT_TRUE(revoked.ok()) << revoked;
  EXPECT_TRUE(shell("is $(keyboard) 0 && ! keyboard_types").ok()) << revoked;
  // Once early boot is over it stays over.
  EXPECT_TRUE(shell(command("allow --once")).ok());
  EXPECT_TRUE(shell("is $(keyboard) 0 && ! keyboard_types").ok());
}

TEST_F(EarlyBoot, OnlyTheListedPort) {
  // The port of the stick: no keyboard may be there, and the keyboard is elsewhere.
  const auto named = shell(
      "pci=$(readlink -f /sys/bus/usb/devices/$(keyboard) | grep -oE "
      "'[0-9a-f:]+[.][0-7]/usb' | tail -n 1); pci=${pci%/usb}; d=$(stick); "
      "echo \"port = $pci-${d#*-}\" > " +
      folder + "/conf; cat " + folder + "/conf");
  ASSERT_TRUE(named.ok()) << named;
  const auto refused = shell(command("allow --once"));
  EXPECT_TRUE(refused.ok()) << refused;
  EXPECT_TRUE(shell("is $(keyboard) 0 && is $(stick) 0 && is $(tablet) 0").ok()) << refused;

  const auto right = shell("d=$(keyboard); sed -i \"s/-[0-9.]*$/-${d#*-}/\" " + folder + "/conf; " +
                           command("allow --once"));
  EXPECT_TRUE(right.ok()) << right;
  EXPECT_TRUE(shell("is $(keyboard) 1 && is $(stick) 0 && is $(tablet) 0").ok()) << right << named;
}

// Plugged in while it watches; the watch ends by itself when it is revoked.
TEST_F(EarlyBoot, SeesWhatIsPluggedInLater) {
  configure("port = any\\n");
  const auto gone = vm().qmp("device_del", {{"id", "keyboard"}});
  ASSERT_TRUE(gone) << gone.error().text;
  ASSERT_TRUE(wait("test -z \"$(keyboard)\"").ok());
  const long pid = vm().start_background("early", command("allow"));
  ASSERT_GT(pid, 0);
  const auto plugged = vm().qmp(
      "device_add", {{"driver", "usb-kbd"}, {"id", "keyboard"}, {"bus", "xhci.0"}, {"port", "2"}});
  ASSERT_TRUE(plugged) << plugged.error().text;
  const auto log = rig::Machine::background_log("early");
  EXPECT_TRUE(wait("is $(keyboard) 1 && keyboard_types").ok()) << vm().run("cat " + log);
  EXPECT_TRUE(shell(command("revoke")).ok());
  EXPECT_TRUE(shell("is $(keyboard) 0 && ! keyboard_types").ok());
  EXPECT_TRUE(vm().wait_until("! test -d /proc/" + std::to_string(pid)).ok())
      << vm().run("cat " + log);
}

}  // namespace
}  // namespace onevm
