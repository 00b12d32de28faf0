// SPDX-License-Identifier: GPL-2.0-or-later
// sys-usb on Qubes OS: the services of dist/qubes-os against the kernel's own vhci_hcd, to which
// the stream is given as Qubes' usb-import gives it; and against targets that are no such thing.
#include <map>

#include "tests/one-vm/qubes.hpp"

namespace onevm {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const std::string folder = "/run/qubes-os";
const std::string database = folder + "/database";
const std::string services = folder + "/rpc/";

class QubesWire : public Qubes {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(OneVm::SetUp());
    ASSERT_FALSE(wait_for_stick().empty());
    const auto prepared =
        vm().run("set -e; modprobe vhci_hcd; mkdir -p /run/qubes " + services + " " + folder +
                     "/bin\n"
                     "for n in qubes.USB qubes.USBDetach; do sed "
                     "'s|@CMAKE_INSTALL_FULL_LIBEXECDIR@/sallyport|" +
                     build + "/bin|' " + source + "/dist/qubes-os/$n.in > " + services +
                     "$n; done\n"
                     "for n in write rm; do printf '#!/bin/sh\\necho %s \"$@\" >> " +
                     database + "\\n' $n > " + folder +
                     "/bin/qubesdb-$n; done\n"
                     "chmod 755 " +
                     services + "* " + folder + "/bin/*; rm -f " + database,
                 seconds(60));
    ASSERT_TRUE(prepared.ok()) << prepared;
  }
  void TearDown() override {
    if (HasFailure()) std::cerr << log() << vm().run("dmesg | tail -n 20");
    // Not killed: they give the stick back.
    const std::string ours = "-f '^" + build + "/bin/sallyport-usb-'";
    vm().run("pkill -9 -x bench_guest; pkill " + ours);
    EXPECT_TRUE(vm().wait_until("! pgrep " + ours).ok());
    vm().run("rm -rf " + folder + " /run/qubes/usb-export-*");
    EXPECT_TRUE(wait_for_no_disk().ok());
    EXPECT_FALSE(wait_for_stick().empty());
  }

  // The service on one end of a stream, a target's shell command on the other, both with it as
  // descriptor 3.
  static void start_call(const std::string& argument, const std::string& target) {
    const long pid = vm().start_background(
        "wire",
        "PATH=" + folder +
            "/bin:$PATH QREXEC_REMOTE_DOMAIN=work-dm "
            "QREXEC_SERVICE_ARGUMENT=" +
            argument + " " + build + "/tests/bin/bench_guest pair /bin/sh -c '/bin/sh " + services +
            "qubes.USB <&3 >&3 3>&-; echo service ended with $?' -- /bin/sh -c '" + target + "'");
    ASSERT_GT(pid, 0);
  }
  static void import() {
    start_call(port(), "exec sh " + source + "/tests/one-vm/usb_import.sh");
    ASSERT_TRUE(vm().wait_until("grep -q '^imported' " + log_file(), minutes(1)).ok()) << log();
  }
  // The target's disk, once it has been read right.
  static std::string imported_disk() {
    import();
    const std::string disk = wait_for_disk();
    EXPECT_FALSE(disk.empty()) << log();
    const auto sum = vm().run("head -c 8M " + disk + " | sha256sum", minutes(5));
    EXPECT_EQ(sum.out, stick_sha256(8)) << sum;
    return disk;
  }
  static rig::CommandResult detach_by_dom0(const std::string& words) {
    return vm().run("printf '" + words + "\\n' | sh " + services + "qubes.USBDetach", seconds(60));
  }
  // The call has ended, everything of it is gone and sys-usb has its stick again.
  static void expect_end(int code) {
    const std::string text = "service ended with " + std::to_string(code);
    EXPECT_TRUE(vm().wait_until("grep -qx '" + text + "' " + log_file(), minutes(1)).ok()) << log();
    EXPECT_TRUE(wait_for_no_disk().ok());
    const auto left =
        vm().run("pgrep -af '^" + build + "/bin/sallyport-usb-'; ls /run/qubes | grep usb-export");
    EXPECT_EQ(left.out, "");
  }
  static std::string log_file() { return rig::Machine::background_log("wire"); }
  static std::string log() { return vm().run("cat " + log_file()).out; }
  static void expect_logged(const std::string& text) {
    EXPECT_NE(log().find(text), std::string::npos) << log();
  }
};

TEST_F(QubesWire, ReadsAndWritesTheStickAndDom0DetachesIt) {
  const std::string disk = imported_disk();
  ASSERT_FALSE(disk.empty());
  const auto written = vm().run(
      "set -e; head -c 4M /dev/urandom > /run/random; sha256sum < /run/random; dd if=/run/random "
      "of=" +
          disk + " bs=1M conv=fsync status=none; rm /run/random",
      minutes(5));
  ASSERT_TRUE(written.ok()) << written;
  const std::string key = "/qubes-usb-devices/" + port();  // no dots: it is on the root hub
  const auto told = vm().run("cat " + database + "; cat /run/qubes/usb-export-" + port() + ".pid");
  const std::string pid = told.out.substr(told.out.rfind('\n', told.out.size() - 2) + 1);
  EXPECT_EQ(told.out, "write " + key + "/connected-to work " + key + "/x-pid " + pid +
                          "write /qubes-usb-devices \n" + pid);
  vm().run("rm " + database);

  const auto detached = detach_by_dom0(port());
  EXPECT_TRUE(detached.ok()) << detached;
  expect_end(0);
  expect_logged("stopped");
  EXPECT_EQ(vm().run("cat " + database).out,
            "rm " + key + "/connected-to " + key + "/x-pid\nwrite /qubes-usb-devices \n");
  ASSERT_FALSE(wait_for_stick().empty());
  EXPECT_EQ(stick_sha256(4), written.out);
  const auto again = detach_by_dom0(port());
  EXPECT_EQ(again.exit, 1);
  EXPECT_EQ(again.out, "Device " + port() + " not found or not attached to any VM!\n");
}

// The ids of QEMU's stick. Its number is told as usbip-host would tell it.
TEST_F(QubesWire, AStickIsFoundByItsIdsAndResetFirst) {
  vm().run("mkdir -p /run/qubes-service; touch /run/qubes-service/usb-reset-on-attach; dmesg -C");
  start_call("0x46F4.0x0001", "exec sh " + source + "/tests/one-vm/usb_import.sh");
  ASSERT_TRUE(vm().wait_until("grep -q '^imported' " + log_file(), minutes(1)).ok()) << log();
  vm().run("rm -r /run/qubes-service");
  EXPECT_TRUE(vm().run("dmesg | grep -q 'usb " + port() + ": reset '").ok());
  EXPECT_TRUE(vm().run("[ -e /run/qubes/usb-export-" + port() + ".pid ]").ok());
  const auto devid = vm().run("cd /sys/bus/usb/devices/" + port() +
                              "; printf '%04x%04x\\n' $(cat busnum devnum); awk '$3 == 6 { print "
                              "$5 }' /sys/devices/platform/vhci_hcd.0/status");
  const std::size_t half = devid.out.size() / 2;
  EXPECT_EQ(devid.out.substr(0, half), devid.out.substr(half)) << devid;
  EXPECT_FALSE(wait_for_disk().empty()) << log();
  EXPECT_TRUE(detach_by_dom0(port()).ok());
  expect_end(0);
}

TEST_F(QubesWire, ATargetsKernelGivesTheStickBack) {
  ASSERT_FALSE(imported_disk().empty());
  vm().run("sed -n 's/^imported //p' " + log_file() + " > /sys/devices/platform/vhci_hcd.0/detach");
  expect_end(0);
  expect_logged("target detached the device");
}

TEST_F(QubesWire, AnUnpluggedStickLeavesTheTarget) {
  ASSERT_FALSE(imported_disk().empty());
  ASSERT_TRUE(unplug_stick());
  expect_end(0);
  expect_logged("unplugged");
  ASSERT_TRUE(plug_stick());
}

TEST_F(QubesWire, AKilledEndIsTheEnd) {
  for (const char* const victim : {"export", "backend"}) {
    SCOPED_TRACE(victim);
    ASSERT_FALSE(imported_disk().empty());
    const auto killed = vm().run("pkill -9 -f '^" + build + "/bin/sallyport-usb-" + victim + "'");
    ASSERT_TRUE(killed.ok());
    EXPECT_TRUE(vm().wait_until("grep -q 'service ended' " + log_file(), minutes(1)).ok()) << log();
    EXPECT_TRUE(wait_for_no_disk().ok());
    EXPECT_TRUE(vm().wait_until("! pgrep -f '^" + build + "/bin/sallyport-usb-'").ok());
    // A killed backend gives nothing back: what dom0 does to a port it does not know is a replug.
    ASSERT_TRUE(unplug_stick());
    ASSERT_TRUE(plug_stick());
    ASSERT_FALSE(wait_for_stick().empty());
  }
}

TEST_F(QubesWire, WhatIsNotThereIsRefusedWithoutAWord) {
  const std::map<std::string, std::string> reasons{{"9-9", "no such device"},
                                                   {"0x1234.0x5678", "no device matches"},
                                                   {"../etc", "is no USB port"},
                                                   {"", "is no USB port"}};
  for (const auto& [argument, reason] : reasons) {
    SCOPED_TRACE(argument);
    start_call(argument, "exec sh " + source + "/tests/one-vm/usb_import.sh");
    expect_end(1);
    expect_logged("no device info received");
    expect_logged(reason);
  }
  for (const char* const words : {"9-9", "sys-usb 2-1", "../../etc/passwd", ""}) {
    EXPECT_EQ(detach_by_dom0(words).exit, 1) << words;
  }
  EXPECT_FALSE(vm().run("cat " + database).ok()) << "dom0 was told of it";
}

TEST_F(QubesWire, ATargetThatSpeaksNoUsbipIsCutOff) {
  start_call(port(), "read -r line <&3; head -c 4096 /dev/zero >&3; cat <&3 >/dev/null");
  expect_end(0);
  expect_logged("malformed message: unknown command");
}

// Questions for descriptors without end, and no answer taken.
TEST_F(QubesWire, ATargetThatDoesNotReadCostsLittle) {
  start_call(port(),
             "read -r line <&3; echo begins; exec python3 -c \"import struct, os\nq = "
             "struct.pack(\\\">10I\\\", 1, 1, 65537, 1, 0, 0, 4096, 0, 0, 0) + "
             "bytes.fromhex(\\\"8006000200000010\\\")\nwhile True: os.write(3, q * 1000)\"");
  ASSERT_TRUE(vm().wait_until("grep -q '^begins' " + log_file(), minutes(1)).ok()) << log();
  // Its own socket is full, and stays so.
  vm().run("sleep 10");
  const auto memory = vm().run("awk '/^VmHWM:/ { print $2 }' /proc/$(pgrep -f '^" + build +
                               "/bin/sallyport-usb-export')/status");
  EXPECT_GT(std::atoi(memory.out.c_str()), 0) << memory << log();
  EXPECT_LT(std::atoi(memory.out.c_str()), 64 * 1024) << memory;
  vm().run("pkill -9 -x python3");
  expect_end(0);
}

}  // namespace
}  // namespace onevm
