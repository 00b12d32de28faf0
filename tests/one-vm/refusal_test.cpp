// SPDX-License-Identifier: GPL-2.0-or-later
// What a user reads when an attachment is refused: the cause, and what to do about it.
#include "tests/one-vm/qubes.hpp"

namespace onevm {
namespace {

using std::chrono::seconds;

class Refusal : public Qubes {
 protected:
  // The attach command fails, says every one of `words`, and nothing is attached.
  static void expect_refused(const std::vector<std::string>& words) {
    const auto refused = attach();
    EXPECT_FALSE(refused.ok()) << refused;
    for (const std::string& word : words) {
      EXPECT_NE(refused.out.find(word), std::string::npos)
          << "no \"" << word << "\" in " << refused;
    }
    EXPECT_EQ(leftovers().leases, 0);
    EXPECT_FALSE(wait_for_stick().empty()) << "sys-usb has lost its stick";
  }
  static void kill_and_wait(const std::string& name) {
    kill_process(name, "KILL");
    ASSERT_TRUE(vm().wait_until("! test -d /proc/$(cat /run/rig/" + name + ".process)").ok());
    vm().run("sleep 1");
  }
};

TEST_F(Refusal, PolicyThatDeniesIsNamedByFileAndLine) {
  set_policy("# nothing for work\nqubes.USB * work @anyvm deny\n");
  vm().run("sleep 1");
  expect_refused({"30-test.policy:2"});
}

TEST_F(Refusal, NobodyToAsk) {
  kill_and_wait("prompt");
  expect_refused({"nobody to ask", "sallyport-prompt"});
}

TEST_F(Refusal, DeviceThatIsNotThere) {
  const auto refused = vm().run(build + "/bin/qvm-usb attach work sys-usb:9-9");
  EXPECT_FALSE(refused.ok());
  EXPECT_NE(refused.out.find("9-9"), std::string::npos) << refused;
}

TEST_F(Refusal, QubesThatDoNotRun) {
  kill_and_wait("agent-work");
  expect_refused({"VM not running", "sallyport-qube start work"});
  kill_and_wait("agent-sys-usb");
  expect_refused({"not running", "sallyport-qube start sys-usb"});
}

TEST_F(Refusal, DeviceThatIsAttachedAlready) {
  ASSERT_TRUE(attach().ok());
  ASSERT_FALSE(wait_for_disk().empty());
  const auto refused = attach();
  EXPECT_FALSE(refused.ok());
  EXPECT_NE(refused.out.find("already attached to work"), std::string::npos) << refused;
  EXPECT_NE(refused.out.find("qvm-usb detach work sys-usb:"), std::string::npos) << refused;
  EXPECT_TRUE(detach().ok());
  EXPECT_TRUE(wait_for_no_disk().ok());
}

TEST_F(Refusal, NoFreeVhciPort) {
  const std::string log = rig::Machine::background_log("filler");
  const long filler = vm().start_background("filler", "exec " + build + "/tests/bin/rig_vhci_fill");
  ASSERT_TRUE(vm().wait_until("grep -q full " + log).ok()) << vm().run("cat " + log);
  expect_refused({"no free vhci port", "detach a device first"});
  vm().run("kill -9 " + std::to_string(filler));
  EXPECT_TRUE(vm().wait_until("! awk 'FNR > 1 && $3 != 4 { print }' "
                              "/sys/devices/platform/vhci_hcd.0/status* | grep .",
                              seconds(120))
                  .ok());
}

TEST_F(Refusal, ModuleThatIsNotLoaded) {
  const auto removed = vm().run("rmmod vhci_hcd", seconds(60));
  ASSERT_TRUE(removed.ok()) << removed;
  expect_refused({"vhci_hcd is not loaded", "modprobe vhci_hcd"});
  EXPECT_TRUE(vm().run("modprobe vhci_hcd", seconds(60)).ok());
}

TEST_F(Refusal, HelperThatIsNotRunning) {
  kill_and_wait("devices-work");
  expect_refused({"sallyport-devices"});
}

TEST_F(Refusal, UserWithoutRights) {
  const auto refused =
      vm().run("setpriv --reuid=65534 --regid=65534 --clear-groups " + attach_command());
  EXPECT_FALSE(refused.ok());
  EXPECT_NE(refused.out.find("group sallyport"), std::string::npos) << refused;
}

}  // namespace
}  // namespace onevm
