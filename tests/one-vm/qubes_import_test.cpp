// SPDX-License-Identifier: GPL-2.0-or-later
// A target on Qubes OS: the services of dist/qubes-os against the kernel's own usbip-host, driven
// as Qubes' usb-export drives it; and against a sys-usb that is no such thing.
#include "tests/one-vm/qubes.hpp"

namespace onevm {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const std::string folder = "/run/qubes-os";
const std::string services = folder + "/rpc/";
const std::string input_tool = build + "/tests/bin/input_guest";
const std::string keyboard_name = "QEMU QEMU USB Keyboard";

class QubesImport : public Qubes {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(OneVm::SetUp());
    ASSERT_FALSE(wait_for_stick().empty());
    // qrexec without dom0: the other end is a script of the test, with the stream as descriptor 3.
    const auto prepared = vm().run(
        "set -e; modprobe -a vhci_hcd usbip_host; mkdir -p /run/qubes " + services + " " + folder +
            "/bin\n"
            "for n in qubes.USBAttach qubes.USBDetach; do sed "
            "'s|@CMAKE_INSTALL_FULL_LIBEXECDIR@/sallyport|" +
            build + "/bin|' " + source + "/dist/qubes-os/$n.in > " + services +
            "$n; done\n"
            "cat > " +
            folder +
            "/bin/qrexec-client-vm <<'END'\n"
            "#!/bin/sh\n"
            "[ ! -e " +
            folder +
            "/refuse ] || { echo 'Request refused' >&2; exit 126; }\n"
            "export port=${2#*+}; shift 2\n"
            "exec " +
            build + "/tests/bin/bench_guest pair /bin/sh " + folder +
            "/sys-usb -- /bin/sh -c 'exec \"$@\" <&3 >&3 3>&-' stream \"$@\"\n"
            "END\n"
            "chmod 755 " +
            services + "* " + folder + "/bin/*",
        minutes(2));
    ASSERT_TRUE(prepared.ok()) << prepared;
    sys_usb("exec sh " + source + "/tests/one-vm/usb_export.sh $port 2>>" + folder + "/export.log");
  }
  void TearDown() override {
    if (HasFailure()) {
      std::cerr << vm().run("cat /run/qubes/usb-import-* " + folder +
                            "/export.log; dmesg | tail -n 40")
                       .out;
    }
    vm().run("pkill -9 -x 'bench_guest|tail'; pkill -9 -f " + folder + "/sys-usb; pkill " +
             frontend);
    EXPECT_TRUE(vm().wait_until("! pgrep " + frontend).ok());
    give_back(port());
    vm().run("rm -rf " + folder + " /run/qubes/usb-import-*");
    EXPECT_TRUE(wait_for_no_disk().ok());
    EXPECT_FALSE(wait_for_stick().empty());
  }

  // What stands for qubes.USB of the other qube.
  static void sys_usb(const std::string& script) {
    const auto written = vm().run("cat > " + folder + "/sys-usb <<'END'\n" + script + "\nEND");
    ASSERT_TRUE(written.ok()) << written;
  }
  static rig::CommandResult by_dom0(const std::string& service, const std::string& words) {
    return vm().run(
        "printf '" + words + "\\n' | PATH=" + folder + "/bin:$PATH sh " + services + service,
        minutes(2));
  }
  static rig::CommandResult attach(const std::string& device) {
    return by_dom0("qubes.USBAttach", "sys-usb " + device);
  }
  // The target's disk, once it has been read right.
  static std::string attached_disk() {
    const auto attached = attach(port());
    EXPECT_TRUE(attached.ok()) << attached;
    EXPECT_EQ(attached.out, "");
    if (!attached.ok()) return {};
    const std::string disk = wait_for_disk();
    EXPECT_FALSE(disk.empty());
    const auto sum = vm().run("head -c 8M " + disk + " | sha256sum", minutes(5));
    EXPECT_EQ(sum.out, stick_sha256(8)) << sum;
    return disk;
  }
  // As qubes.USBDetach of Qubes' sys-usb does it.
  static void give_back(const std::string& device) {
    vm().run("d=/sys/bus/usb/devices/" + device +
             " h=/sys/bus/usb/drivers/usbip-host\nif [ -e $d/usbip_status ]; then\n"
             "[ $(cat $d/usbip_status) != 2 ] || echo -1 > $d/usbip_sockfd\necho " +
             device + " > $h/unbind\nfi\nprintf 'del " + device +
             "' > $h/match_busid\n[ -e $d/driver ] || echo " + device +
             " > /sys/bus/usb/drivers_probe");
  }
  // Nothing of the attachment is left, in either kernel's part.
  static void expect_end() {
    EXPECT_TRUE(wait_for_no_disk().ok());
    EXPECT_TRUE(vm().wait_until("! pgrep " + frontend, minutes(1)).ok());
    EXPECT_TRUE(vm().wait_until("! ls /run/qubes | grep -q usb-import", minutes(1)).ok());
    EXPECT_EQ(vm().run("awk '$3 == 6' /sys/devices/platform/vhci_hcd.0/status").out, "");
  }
  static void expect_refusal(const std::string& device, int code, const std::string& text) {
    const auto attached = attach(device);
    EXPECT_EQ(attached.exit, code) << attached;
    EXPECT_NE(attached.out.find(text), std::string::npos) << attached;
    expect_end();
  }

  static const std::string frontend;
};
const std::string QubesImport::frontend = "-f '^" + build + "/bin/sallyport-usb-frontend'";

TEST_F(QubesImport, ReadsAndWritesTheStickAndDom0DetachesIt) {
  const std::string disk = attached_disk();
  ASSERT_FALSE(disk.empty());
  const auto written = vm().run(
      "set -e; head -c 4M /dev/urandom > /run/random; sha256sum < /run/random; dd if=/run/random "
      "of=" +
          disk + " bs=1M conv=fsync status=none; rm /run/random",
      minutes(5));
  ASSERT_TRUE(written.ok()) << written;

  const auto detached = by_dom0("qubes.USBDetach", "sys-usb " + port());
  EXPECT_TRUE(detached.ok()) << detached;
  expect_end();
  give_back(port());
  ASSERT_FALSE(wait_for_stick().empty());
  EXPECT_EQ(stick_sha256(4), written.out);
  const auto again = by_dom0("qubes.USBDetach", "sys-usb " + port());
  EXPECT_EQ(again.exit, 1);
  EXPECT_EQ(again.out, "Device " + port() + " from domain sys-usb not attached!\n");
}

TEST_F(QubesImport, IsAttachedAgainWhileSysUsbKeepsIt) {
  for (int i = 0; i < 2; ++i) {
    ASSERT_FALSE(attached_disk().empty());
    EXPECT_TRUE(by_dom0("qubes.USBDetach", "sys-usb " + port()).ok());
    expect_end();
    EXPECT_TRUE(
        vm().wait_until("grep -qx 1 /sys/bus/usb/devices/" + port() + "/usbip_status").ok());
  }
}

TEST_F(QubesImport, KeysArrive) {
  const auto found = vm().run(
      "grep -l '^QEMU USB Keyboard' /sys/bus/usb/devices/*/product | grep -v vhci | head -n 1");
  const std::string folder_of = found.out.substr(0, found.out.rfind('/'));
  const std::string keyboard = folder_of.substr(folder_of.rfind('/') + 1);
  ASSERT_FALSE(keyboard.empty()) << found;
  vm().run("modprobe -a usbhid hid_generic evdev");
  const auto attached = attach(keyboard);
  ASSERT_TRUE(attached.ok()) << attached;
  const auto there = vm().wait_until(
      "ls -d /sys/devices/platform/vhci_hcd.0/usb*/*/*/*/input/input*/event*", minutes(1));
  EXPECT_TRUE(there.ok()) << there;
  vm().start_background("keys", "exec " + input_tool + " read '" + keyboard_name + "' 5");
  EXPECT_TRUE(vm().wait_until("grep -q ready " + rig::Machine::background_log("keys")).ok());
  for (const char* const key : {"a", "b"}) {
    const auto sent =
        vm().qmp("send-key", {{"keys", {{{"type", "qcode"}, {"data", key}}}}, {"hold-time", 90}});
    ASSERT_TRUE(sent) << sent.error().text;
    vm().run("sleep 0.3");
  }
  const std::string log = "cat " + rig::Machine::background_log("keys");
  for (const char* const event : {"1 30 1", "1 30 0", "1 48 1", "1 48 0"}) {
    EXPECT_TRUE(vm().wait_until(log + " | grep -qx '" + event + "'").ok()) << vm().run(log);
  }
  EXPECT_TRUE(by_dom0("qubes.USBDetach", "sys-usb " + keyboard).ok());
  expect_end();
  give_back(keyboard);
  EXPECT_TRUE(vm().wait_until("grep -q '" + keyboard_name + "' /proc/bus/input/devices").ok());
}

TEST_F(QubesImport, ATargetsKernelGivesTheStickBack) {
  ASSERT_FALSE(attached_disk().empty());
  vm().run(
      "awk '$3 == 6 { print $2 }' /sys/devices/platform/vhci_hcd.0/status > "
      "/sys/devices/platform/vhci_hcd.0/detach");
  expect_end();
  EXPECT_TRUE(vm().wait_until("grep -qx 1 /sys/bus/usb/devices/" + port() + "/usbip_status").ok());
}

TEST_F(QubesImport, SysUsbTakesTheStickBack) {
  ASSERT_FALSE(attached_disk().empty());
  give_back(port());
  expect_end();
  ASSERT_FALSE(wait_for_stick().empty());
}

TEST_F(QubesImport, AnUnpluggedStickLeavesTheTarget) {
  const std::string old_port = port();
  ASSERT_FALSE(attached_disk().empty());
  ASSERT_TRUE(unplug_stick());
  expect_end();
  give_back(old_port);
  ASSERT_TRUE(plug_stick());
}

TEST_F(QubesImport, AKilledFrontendIsTheEnd) {
  ASSERT_FALSE(attached_disk().empty());
  ASSERT_TRUE(vm().run("pkill -9 " + frontend).ok());
  expect_end();
  EXPECT_TRUE(vm().wait_until("grep -qx 1 /sys/bus/usb/devices/" + port() + "/usbip_status").ok());
}

TEST_F(QubesImport, SaysWhyItIsRefused) {
  expect_refusal("9-9", 1, "the backend closed the stream before its line");
  vm().run("touch " + folder + "/refuse");
  expect_refusal(port(), 126, "Request refused");
  for (const char* const words :
       {"", "sys-usb", "sys-usb 2-1 more", "sys-usb ../etc", "../x 2-1"}) {
    const auto refused = by_dom0("qubes.USBAttach", words);
    EXPECT_EQ(refused.exit, 1) << words << refused;
    EXPECT_EQ(by_dom0("qubes.USBDetach", words).exit, 1) << words;
  }
}

TEST_F(QubesImport, ASysUsbThatLiesIsCutOff) {
  sys_usb("head -c 4096 /dev/zero >&3; cat <&3 >/dev/null");
  expect_refusal("1-1", 1, "is not 'DEVID SPEED' of Qubes' qubes.USB");
  sys_usb("echo '65538 480' >&3; head -c 4096 /dev/urandom >&3; cat <&3 >/dev/null");
  expect_refusal("1-1", 1, "sys-usb broke the USB/IP protocol");
}

TEST_F(QubesImport, ASysUsbThatDoesNotAnswerIsNotWaitedForLong) {
  sys_usb("exec tail -f /dev/null");
  expect_refusal("1-1", 1, "the backend does not answer");
  sys_usb("echo '65538 480' >&3; exec tail -f /dev/null");
  expect_refusal("1-1", 1, "did not introduce the device within 15 s");
}

}  // namespace
}  // namespace onevm
