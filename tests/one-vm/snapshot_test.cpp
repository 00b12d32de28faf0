// SPDX-License-Identifier: GPL-2.0-or-later
// A stick's snapshot on work's kernel: qvm-block, dom0, the qube that stores snapshots, kernel nbd.
#include "tests/one-vm/block_qubes.hpp"

namespace onevm {
namespace {

using std::chrono::seconds;

class SnapshotAttach : public BlockQubes {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(OneVm::SetUp());
    const auto registered = vm().run(
        "set -e; getent passwd sallyport-snapshot || useradd -r sallyport-snapshot\n"
        "mkdir -p /etc/sallyport/qubes.d /run/snap/rpc /run/sallyport-snapshot "
        "/var/lib/sallyport-snapshot\n"
        "printf 'transport = local\\nuser = sallyport-snapshot\\nrole = storage\\n' "
        "> /etc/sallyport/qubes.d/sys-snapshot.conf\n"
        "for s in sallyport.Block sallyport.BlockAttach; do printf '#!/bin/sh\\nexec " +
        programs +
        "sallyport-snapshot-call --agent-socket /run/snap/agent.sock\\n' > /run/snap/rpc/$s; done\n"
        "chmod 755 /run/snap/rpc/*\n"
        "chown -R sallyport-snapshot: /run/snap /run/sallyport-snapshot "
        "/var/lib/sallyport-snapshot\n");
    ASSERT_TRUE(registered.ok()) << registered;
    ASSERT_NO_FATAL_FAILURE(BlockQubes::SetUp());
    set_policy(
        "sallyport.Block * sys-snapshot sys-usb allow\n"
        "sallyport.Block * work sys-snapshot allow\n");
    const std::string as_user =
        "exec setpriv --reuid sallyport-snapshot --regid sallyport-snapshot --clear-groups ";
    start_process("snapshots", as_user + programs + "sallyport-snapshots");
    ASSERT_TRUE(wait_for("test -e /run/sallyport-snapshot/devices").ok()) << logs();
    start_process("agent-sys-snapshot",
                  as_user + programs +
                      "sallyport-agent --dial unix:/run/sallyport/qubes/sys-snapshot.sock "
                      "--inventory file:/run/sallyport-snapshot/devices "
                      "--socket /run/snap/agent.sock --services /run/snap/rpc");
    ASSERT_TRUE(wait_for(programs + "sallyport status | grep -q 'sys-snapshot  *connected'").ok())
        << more_logs();
    const auto filled = vm().run(
        "set -e; mkfs.ext4 -q /dev/loop0p1; mount /dev/loop0p1 /run/block/mnt\n"
        "head -c 8M /dev/urandom > /run/block/mnt/letter; sha256sum < /run/block/mnt/letter "
        "| cut -d' ' -f1 > /run/block/letter; umount /run/block/mnt\n",
        seconds(120));
    ASSERT_TRUE(filled.ok()) << filled;
    ASSERT_TRUE(wait_for_listing_of("loop0").ok()) << logs();
  }
  void TearDown() override {
    vm().run("umount -l /run/block/mnt");
    kill_process("agent-sys-snapshot", "KILL");
    kill_process("snapshots", "KILL");
    BlockQubes::TearDown();
    vm().run(
        "rm -rf /etc/sallyport/qubes.d/sys-snapshot.conf /run/snap /run/sallyport-snapshot "
        "/var/lib/sallyport-snapshot");
  }
  static std::string more_logs() {
    return logs() +
           vm().run("tail -n 20 /run/rig/snapshots.log /run/rig/agent-sys-snapshot.log").out;
  }
  static rig::CommandResult snapshot(const std::string& words) {
    return vm().run(programs + "sallyport snapshot " + words, seconds(120));
  }
  static rig::CommandResult give_snapshot(const std::string& options = {}) {
    wait_for(programs + "qvm-block list | grep -q '^sys-snapshot:stick '");
    return vm().run(programs + "qvm-block attach work sys-snapshot:stick " + options, seconds(60));
  }
  static rig::CommandResult take_snapshot() {
    return vm().run(programs + "qvm-block detach work sys-snapshot:stick", seconds(60));
  }
  // The letter as a fresh mount of what work has shows it, nothing of it cached.
  static std::string letter_in_work() {
    wait_for("test -b /dev/xvdi1");
    const auto read = vm().run(
        "echo 3 > /proc/sys/vm/drop_caches; mount -o ro /dev/xvdi1 /run/block/mnt && "
        "sha256sum < /run/block/mnt/letter | cut -d' ' -f1; umount /run/block/mnt",
        seconds(60));
    return read.out;
  }
  static inline const std::string given_back =
      "! " + programs + "sallyport status | grep -Eq 'loop0 +sys-snapshot +(at|de)tach'";
  static void kill_snapshot() {
    vm().run(
        "for p in /proc/[0-9]*; do case $(readlink $p/exe) in */sallyport-snapshot) "
        "kill -9 ${p#/proc/};; esac; done");
  }
  static std::string letter() { return vm().run("cat /run/block/letter").out; }
};

TEST_F(SnapshotAttach, AStickThatAnswersDifferentlyLaterChangesNothing) {
  const auto made = snapshot("create sys-usb:loop0 stick");
  ASSERT_TRUE(made.ok()) << made << more_logs();
  const auto given = give_snapshot();
  ASSERT_TRUE(given.ok()) << given << more_logs();
  EXPECT_EQ(letter_in_work(), letter());
  const auto listed = vm().run(programs + "qvm-block list");
  EXPECT_NE(listed.out.find("work (attached: read-only=yes, frontend-dev=xvdi)"), std::string::npos)
      << listed;
  EXPECT_FALSE(vm().run("dd if=/dev/zero of=/dev/xvdi bs=4k count=1 oflag=direct").ok());
  // The stick shows something else from now on: all of it.
  const auto changed = vm().run(
      "head -c 32M /dev/urandom | dd of=" + medium + " conv=notrunc bs=1M status=none; sync",
      seconds(60));
  ASSERT_TRUE(changed.ok()) << changed;
  EXPECT_EQ(letter_in_work(), letter()) << more_logs();
  // Detached, attached again, to a process that was started anew.
  EXPECT_TRUE(take_snapshot().ok());
  EXPECT_TRUE(snapshot("show stick").ok()) << "and what was read is durable then";
  kill_snapshot();
  ASSERT_TRUE(vm().wait_until(programs + "sallyport snapshot verify stick", seconds(60)).ok())
      << more_logs();
  ASSERT_TRUE(give_snapshot().ok()) << more_logs();
  EXPECT_EQ(letter_in_work(), letter()) << more_logs();
  EXPECT_TRUE(take_snapshot().ok());
  expect_nothing_left();
}

TEST_F(SnapshotAttach, InOrderTheStickCanBePulledAndIsExposedIfItLied) {
  const auto made = snapshot("create --in-order --seal --wait sys-usb:loop0 stick");
  ASSERT_TRUE(made.ok()) << made << more_logs();
  ASSERT_TRUE(wait_for(given_back).ok()) << more_logs();
  vm().run("losetup -d /dev/loop0");
  ASSERT_TRUE(give_snapshot().ok()) << more_logs();
  EXPECT_EQ(letter_in_work(), letter()) << more_logs();
  const auto verified = snapshot("verify stick");
  EXPECT_NE(verified.out.find("verified and sealed; root "), std::string::npos) << verified;
  EXPECT_TRUE(take_snapshot().ok());
  const auto dropped = snapshot("drop stick");
  EXPECT_TRUE(dropped.ok()) << dropped;
  EXPECT_TRUE(wait_for("! " + programs + "qvm-block list | grep -q sys-snapshot:stick").ok());
  expect_nothing_left();
}

TEST_F(SnapshotAttach, WhatWorkWritesReachesTheStickOnlyByCommit) {
  ASSERT_TRUE(snapshot("create --in-order sys-usb:loop0 stick").ok()) << more_logs();
  ASSERT_TRUE(wait_for(given_back).ok());
  const std::string before = sum(medium);
  ASSERT_TRUE(give_snapshot("--option read-only=no").ok()) << more_logs();
  ASSERT_TRUE(wait_for("test -b /dev/xvdi1").ok());
  const auto written = vm().run(
      "set -e; mount /dev/xvdi1 /run/block/mnt; echo reply > /run/block/mnt/reply; sync; "
      "umount /run/block/mnt",
      seconds(60));
  EXPECT_TRUE(written.ok()) << written;
  EXPECT_TRUE(take_snapshot().ok());
  EXPECT_EQ(sum(medium), before);
  const auto committed = snapshot("commit stick sys-usb:loop0");
  EXPECT_TRUE(committed.ok()) << committed << more_logs();
  const auto there = vm().run(
      "mount -o ro /dev/loop0p1 /run/block/mnt; cat /run/block/mnt/reply; umount /run/block/mnt",
      seconds(60));
  EXPECT_EQ(there.out, "reply\n") << there;
  expect_nothing_left();
}

TEST_F(SnapshotAttach, AKilledSnapshotEndsTheAttachmentAndNothingElse) {
  ASSERT_TRUE(snapshot("create sys-usb:loop0 stick").ok()) << more_logs();
  ASSERT_TRUE(give_snapshot().ok()) << more_logs();
  ASSERT_TRUE(wait_for("test -b /dev/xvdi1").ok());
  vm().run("mount -o ro /dev/xvdi1 /run/block/mnt");
  kill_snapshot();
  ASSERT_TRUE(wait_for("! " + programs + "sallyport status | grep -q ' work  *att'").ok())
      << more_logs();
  EXPECT_FALSE(vm().run("cat /run/block/mnt/letter >/dev/null", seconds(60)).ok());
  vm().run("umount -l /run/block/mnt");
  ASSERT_TRUE(wait_for(given_back).ok());
  ASSERT_TRUE(snapshot("create sys-usb:loop0 stick").ok()) << more_logs();
  ASSERT_TRUE(give_snapshot().ok()) << more_logs();
  EXPECT_EQ(letter_in_work(), letter()) << more_logs();
  EXPECT_TRUE(take_snapshot().ok());
  expect_nothing_left();
}

}  // namespace
}  // namespace onevm
