// SPDX-License-Identifier: GPL-2.0-or-later
// A stick on the emulated xHCI reaches work: read, written, given back, torn out.
#include "tests/one-vm/qubes.hpp"

namespace onevm {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class Attach : public Qubes {
 protected:
  static std::string attached_disk() {
    const auto done = attach();
    EXPECT_TRUE(done.ok()) << done << logs();
    return done.ok() ? wait_for_disk() : std::string();
  }
};

TEST_F(Attach, ReadsWhatIsOnTheStick) {
  const std::string disk = attached_disk();
  ASSERT_FALSE(disk.empty()) << logs();
  const auto sum = vm().run("head -c 64M " + disk + " | sha256sum", minutes(5));
  EXPECT_EQ(sum.out, stick_sha256(64)) << sum;
  const auto detached = detach();
  EXPECT_TRUE(detached.ok()) << detached;
  EXPECT_TRUE(wait_for_no_disk().ok());
}

TEST_F(Attach, WritesWhatSysUsbThenReads) {
  const std::string disk = attached_disk();
  ASSERT_FALSE(disk.empty()) << logs();
  const auto written = vm().run(
      "set -e; head -c 64M /dev/urandom > /run/random; sha256sum < /run/random; "
      "dd if=/run/random of=" +
          disk + " bs=1M conv=fsync status=none; rm /run/random",
      minutes(10));
  ASSERT_TRUE(written.ok()) << written;
  ASSERT_TRUE(detach().ok());
  const std::string direct = wait_for_stick();
  ASSERT_FALSE(direct.empty());
  const auto read = vm().run("head -c 64M " + direct + " | sha256sum", minutes(5));
  EXPECT_EQ(read.out, written.out);
  EXPECT_EQ(stick_sha256(64), written.out);
}

// Debian's module has eight controllers with fifteen ports of each kind.
TEST_F(Attach, TakesAPortOfTheNextControllerWhenTheFirstIsFull) {
  const std::string log = rig::Machine::background_log("filler");
  const long filler =
      vm().start_background("filler", "exec " + build + "/tests/bin/rig_vhci_fill 1");
  ASSERT_TRUE(vm().wait_until("grep -q full " + log).ok()) << vm().run("cat " + log);
  const std::string disk = attached_disk();
  ASSERT_FALSE(disk.empty()) << logs();
  const auto where = vm().run("cd -P /sys/block/" + disk.substr(disk.rfind('/') + 1) + " && pwd");
  EXPECT_NE(where.out.find("/vhci_hcd.1/"), std::string::npos) << where;
  const auto sum = vm().run("head -c 1M " + disk + " | sha256sum", minutes(5));
  EXPECT_EQ(sum.out, stick_sha256(1)) << sum;
  EXPECT_TRUE(detach().ok());
  vm().run("kill -9 " + std::to_string(filler));
  EXPECT_TRUE(vm().wait_until("! awk 'FNR > 1 && $3 != 4 { print }' "
                              "/sys/devices/platform/vhci_hcd.0/status* | grep .",
                              seconds(120))
                  .ok());
}

TEST_F(Attach, ManyRoundsLeaveNothingBehind) {
  ASSERT_FALSE(attached_disk().empty());
  ASSERT_TRUE(detach().ok());
  ASSERT_TRUE(wait_for_no_disk().ok());
  const Leftovers before = leftovers();
  for (int i = 0; i < rounds(200, 10); ++i) {
    const std::string disk = attached_disk();
    ASSERT_FALSE(disk.empty()) << "round " << i;
    const auto read = vm().run("dd if=" + disk + " of=/dev/null bs=64k count=4 status=none");
    ASSERT_TRUE(read.ok()) << "round " << i << ": " << read;
    const auto detached = detach();
    ASSERT_TRUE(detached.ok()) << "round " << i << ": " << detached;
    ASSERT_TRUE(wait_for_no_disk().ok()) << "round " << i;
  }
  EXPECT_TRUE(settles_to(before));
}

TEST_F(Attach, UnplugInTheMiddleOfATransferLeavesNothingBehind) {
  const Leftovers before = leftovers();
  const std::string log = rig::Machine::background_log("reader");
  const std::string whole = std::to_string(std::size_t{stick_mib} << 20U) + " bytes'";
  for (int i = 0; i < rounds(100, 5); ++i) {
    SCOPED_TRACE("round " + std::to_string(i));
    start_reader();
    ASSERT_FALSE(attached_disk().empty());
    // Bytes have flowed; the reader does not stop, so the unplug comes in the middle.
    const auto reads = vm().wait_until("grep -q '^read_bytes: [1-9]' /proc/$(pgrep -x dd)/io");
    ASSERT_TRUE(reads.ok()) << reads;
    vm().run("sleep 0." + std::to_string(1 + i * 7 % 9));
    const auto unplugged = unplug_stick();
    ASSERT_TRUE(unplugged) << unplugged.error().text;
    ASSERT_TRUE(wait_for_no_disk().ok());
    // An error, or the end of a disk that has no size any more: either way less than all of it.
    EXPECT_TRUE(
        vm().wait_until("grep ' bytes ' " + log + " | tail -n 1 | grep -qv '^" + whole).ok())
        << vm().run("cat " + log);
    EXPECT_TRUE(vm().wait_until("! pgrep -x dd", seconds(60)).ok());
    stop_reader();
    ASSERT_TRUE(settles_to(before));
    ASSERT_TRUE(plug_stick());
    ASSERT_FALSE(wait_for_stick().empty());
    ASSERT_TRUE(wait_for_listing().ok());
    const std::string reason = last_detach();
    EXPECT_NE(reason.find("unplugged"), std::string::npos) << reason;
  }
}

}  // namespace
}  // namespace onevm
