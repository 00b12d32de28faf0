// SPDX-License-Identifier: GPL-2.0-or-later
// A stick on the emulated xHCI reaches work: read, written, given back, torn out, and killed off.
// SALLYPORT_SOAK=1 (./check soak) does every count in full.
#include <cstdlib>

#include "tests/one-vm/qubes.hpp"

namespace onevm {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

// 200 rounds and 100 of the others are a matter of an hour in an emulated machine.
int rounds(int full, int usual) { return std::getenv("SALLYPORT_SOAK") != nullptr ? full : usual; }

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

TEST_F(Attach, ManyRoundsLeaveNothingBehind) {
  ASSERT_FALSE(attached_disk().empty());
  ASSERT_TRUE(detach().ok());
  ASSERT_TRUE(wait_for_no_disk().ok());
  const Leftovers before = leftovers();
  for (int i = 0; i < rounds(200, 20); ++i) {
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
  for (int i = 0; i < rounds(100, 10); ++i) {
    const std::string disk = attached_disk();
    ASSERT_FALSE(disk.empty()) << "round " << i;
    vm().start_background("reader", "exec dd if=" + disk + " of=/dev/null bs=64k iflag=direct");
    vm().run("sleep 0." + std::to_string(1 + i % 9));
    const auto unplugged = unplug_stick();
    ASSERT_TRUE(unplugged) << unplugged.error().text;
    ASSERT_TRUE(wait_for_no_disk().ok()) << "round " << i;
    EXPECT_TRUE(vm().wait_until("! pgrep -x dd", seconds(60)).ok()) << "round " << i;
    ASSERT_TRUE(settles_to(before)) << "round " << i;
    ASSERT_TRUE(plug_stick());
    ASSERT_TRUE(vm().wait_until(build + "/bin/qvm-usb list | grep -q '^sys-usb:'").ok());
    ASSERT_FALSE(wait_for_stick().empty());
  }
}

TEST_F(Attach, KillingAnyProcessEndsInACleanDetach) {
  const std::vector<std::string> victims{"daemon",     "relay",        "agent-sys-usb",
                                         "agent-work", "devices-work", "devices-sys-usb",
                                         "frontend",   "backend"};
  const Leftovers before = leftovers();
  for (int i = 0; i < rounds(100, 16); ++i) {
    const std::string& victim = victims[static_cast<std::size_t>(i) % victims.size()];
    SCOPED_TRACE("round " + std::to_string(i) + ", killed: " + victim);
    const std::string disk = attached_disk();
    ASSERT_FALSE(disk.empty()) << logs();
    vm().start_background("reader", "exec dd if=" + disk + " of=/dev/null bs=64k iflag=direct");
    vm().run("sleep 0." + std::to_string(1 + i * 7 % 9));
    if (victim == "frontend" || victim == "backend") {
      vm().run("pkill -9 -x sallyport-usb-" + victim.substr(0, 1));
    } else if (victim == "relay") {
      vm().run("pkill -9 -x sallyport-relay");
    } else {
      kill_process(victim, "KILL");
    }
    vm().run("sleep 1");
    restart_dead();
    // Some deaths end the attachment, others (a helper's, the daemon's) need not: never half.
    vm().wait_until(build + "/bin/qvm-usb list | grep -q '^sys-usb:'");
    const auto detached = detach();
    EXPECT_TRUE(wait_for_no_disk().ok()) << detached << logs();
    ASSERT_TRUE(settles_to(before)) << detached << logs();
    ASSERT_FALSE(wait_for_stick().empty());
  }
}

TEST_F(Attach, PolicyThatDeniesIsNamedByFileAndLine) {
  set_policy("# nothing for work\nqubes.USB * work @anyvm deny\n");
  vm().run("sleep 1");
  const auto refused = attach();
  EXPECT_FALSE(refused.ok());
  EXPECT_NE(refused.out.find("30-test.policy:2"), std::string::npos) << refused;
  EXPECT_EQ(leftovers().vhci_ports, 0);
}

TEST_F(Attach, NobodyToAskIsARefusal) {
  kill_process("prompt", "KILL");
  const auto refused = attach();
  EXPECT_FALSE(refused.ok()) << refused;
  EXPECT_EQ(leftovers().leases, 0);
}

TEST_F(Attach, DeviceThatIsNotThereIsNamed) {
  const auto refused = vm().run(build + "/bin/qvm-usb attach work sys-usb:9-9");
  EXPECT_FALSE(refused.ok());
  EXPECT_NE(refused.out.find("9-9"), std::string::npos) << refused;
}

}  // namespace
}  // namespace onevm
