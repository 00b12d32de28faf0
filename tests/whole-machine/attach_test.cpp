// SPDX-License-Identifier: GPL-2.0-or-later
// The whole way, with nothing left out: sys-usb owns the xHCI by VFIO, work beside it, each from
// its image and each over AF_VSOCK; a stick is attached by policy, read in work by work's own
// drivers, and given back.
#include <iostream>

#include "tests/whole-machine/whole_machine.hpp"

namespace wholemachine {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const std::string root = "/run/whole";
// Everything below is said to the programs of the build, about the one root.
std::string tool(const std::string& words) {
  return "PATH=" + build + "/bin:$PATH SALLYPORT_ROOT=" + root + " " + words;
}

class Attach : public WholeMachine {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(WholeMachine::SetUp());
    const auto images = build_images();
    ASSERT_TRUE(images) << images.error().text;
    const auto given = give_to_vfio(xhci);
    ASSERT_TRUE(given.ok()) << given;
    start_dom0();
  }

  void TearDown() override {
    if (HasFailure()) std::cerr << logs();
    outer().run(tool("sh -c 'for q in sys-usb work; do sallyport-qube stop $q --root " + root +
                     "; done; kill -9 $(cat /run/rig/daemon.process); pkill -x sallyport-relay'"),
                minutes(2));
  }

  static void start_dom0() {
    const auto written = outer().run(
        "set -e; mkdir -p " + root + "/etc/sallyport/qubes.d " + root + "/etc/qubes/policy.d\n" +
        "cd " + root + "/etc\n" +
        "printf 'label = red\\ntransport = vsock\\ncid = 42\\nmemory = 256\\ncontrollers = " +
        xhci +
        "\\n' > sallyport/qubes.d/sys-usb.conf\n"
        "printf 'label = blue\\ntransport = vsock\\ncid = 43\\nmemory = 256\\n' > "
        "sallyport/qubes.d/work.conf\n"
        "printf 'qubes.USB * work sys-usb allow\nsallyport.Block * work sys-usb allow\n' > "
        "qubes/policy.d/30-test.policy\n");
    ASSERT_TRUE(written.ok()) << written;
    const long daemon = outer().start_background(
        "daemon", "exec " + build + "/bin/sallyportd --user 61184 --root " + root);
    ASSERT_GT(daemon, 0);
    outer().run("echo " + std::to_string(daemon) + " > /run/rig/daemon.process");
    const auto up = outer().wait_until(tool("sallyport status"), seconds(60));
    ASSERT_TRUE(up.ok()) << up;
  }

  // By the real launcher, under KVM (nested, in an emulated machine: it takes its time).
  static void start_qube(const std::string& name) {
    const std::string start = tool("sallyport-qube start " + name + " --accel kvm --wait 120" +
                                   " --images " + images_folder() + " --root " + root);
    auto started = outer().run(start, minutes(3));
    if (!started.ok()) {  // as for start_inner
      std::cerr << "once more: " << started << '\n';
      outer().run(tool("sallyport-qube stop " + name + " --root " + root), minutes(1));
      started = outer().run(start, minutes(3));
    }
    ASSERT_TRUE(started.ok()) << started;
  }
  static void wait_for_agents(int count) {
    const auto connected = outer().wait_until(
        "[ $(" + tool("sallyport status --json") +
            " | grep -o '\"connected\": *true' | wc -l) = " + std::to_string(count) + " ]",
        inner_boot_time);
    ASSERT_TRUE(connected.ok()) << outer().run(tool("sallyport status"));
  }
  static rig::CommandResult in_work(const std::string& service, const std::string& input = "") {
    return outer().run(tool("sallyport run " + (input.empty() ? "" : "--input " + input + " ") +
                            "work " + service),
                       minutes(4));
  }
  static std::string last_detach(const std::string& device) {
    return outer().run(tool("qvm-usb info " + device) + " | sed -n 's/^last-detach: *//p'").out;
  }
  static std::string logs() {
    return outer()
        .run("tail -n 20 " + rig::Machine::background_log("daemon") + "; cd " + root +
             "/run/sallyport/vm && tail -n 25 */console.log */qemu.log")
        .out;
  }
};

TEST_F(Attach, StickOfAVfioControllerIsReadInWorkAndGivenBack) {
  ASSERT_NO_FATAL_FAILURE(start_qube("sys-usb"));
  ASSERT_NO_FATAL_FAILURE(wait_for_agents(1));
  ASSERT_NO_FATAL_FAILURE(start_qube("work"));
  ASSERT_NO_FATAL_FAILURE(wait_for_agents(2));
  // dom0 has no USB at all.
  EXPECT_EQ(outer().run("ls /sys/bus/usb/devices 2>/dev/null | wc -l").out, "0\n");

  const auto listed = outer().wait_until(
      tool("qvm-usb list") + " | sed -n 's/^\\(sys-usb:[^ ]*\\).*/\\1/p' | grep .", minutes(3));
  ASSERT_TRUE(listed.ok()) << listed;
  const std::string device = listed.out.substr(0, listed.out.find('\n'));
  EXPECT_EQ(in_work("demo.Lsblk").out, "");

  const auto attached = outer().run(tool("qvm-usb attach work " + device), minutes(3));
  ASSERT_TRUE(attached.ok()) << attached;
  const auto sum = in_work("demo.Sha256", stick_file);
  ASSERT_TRUE(sum.ok()) << sum;
  EXPECT_EQ(sum.out, stick_file_sha256() + "\n");
  const auto seen = in_work("demo.Lsblk");
  EXPECT_NE(seen.out.find("block sd"), std::string::npos) << seen;
  EXPECT_NE(seen.out.find("usb "), std::string::npos) << seen;
  EXPECT_TRUE(outer().run(tool("qvm-usb list") + " | grep '^" + device + ".*work'").ok());

  const auto detached = outer().run(tool("qvm-usb detach work " + device), minutes(3));
  ASSERT_TRUE(detached.ok()) << detached;
  const auto gone =
      outer().wait_until("[ -z \"$(" + tool("sallyport run work demo.Lsblk") + ")\" ]", minutes(3));
  EXPECT_TRUE(gone.ok()) << in_work("demo.Lsblk");
  EXPECT_NE(last_detach(device).find("detached on request"), std::string::npos);

  // The same stick as blocks: back from the USB attachment, it is offered as a disk.
  const auto disk = outer().wait_until(
      tool("qvm-block list") + " | sed -n 's/^\\(sys-usb:sd[a-z]\\) .*/\\1/p' | grep .",
      minutes(3));
  ASSERT_TRUE(disk.ok()) << disk << outer().run(tool("qvm-block list"));
  const std::string block = disk.out.substr(0, disk.out.find('\n'));
  const auto lent = outer().run(tool("qvm-block attach --ro work " + block), minutes(3));
  ASSERT_TRUE(lent.ok()) << lent;
  const auto blocks = in_work("demo.Lsblk");
  EXPECT_NE(blocks.out.find("block nbd"), std::string::npos) << blocks;
  EXPECT_EQ(blocks.out.find("usb "), std::string::npos) << blocks;
  const auto same = in_work("demo.Sha256", stick_file);
  EXPECT_EQ(same.out, stick_file_sha256() + "\n") << same;
  // What is lent as a disk is not lent as a USB device as well.
  EXPECT_FALSE(outer().run(tool("qvm-usb attach work " + device), minutes(1)).ok());
  const auto returned = outer().run(tool("qvm-block detach work " + block), minutes(3));
  ASSERT_TRUE(returned.ok()) << returned;
  EXPECT_EQ(in_work("demo.Lsblk").out, "");

  // A target that is switched off gives back what it has, and says why.
  const auto again = outer().run(tool("qvm-usb attach work " + device), minutes(3));
  ASSERT_TRUE(again.ok()) << again;
  const auto stopped = outer().run(tool("sallyport-qube stop work --root " + root), minutes(2));
  ASSERT_TRUE(stopped.ok()) << stopped;
  const auto free = outer().wait_until(
      tool("qvm-usb list") + " | grep '^" + device + "' | grep -v work", minutes(3));
  EXPECT_TRUE(free.ok()) << outer().run(tool("qvm-usb list"));
  EXPECT_NE(last_detach(device).find("from work: "), std::string::npos) << last_detach(device);
  const auto refused = outer().run(tool("qvm-usb attach work " + device), minutes(1));
  EXPECT_FALSE(refused.ok());
  EXPECT_NE(refused.out.find("sallyport-qube start work"), std::string::npos) << refused;
}

}  // namespace
}  // namespace wholemachine
