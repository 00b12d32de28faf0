// SPDX-License-Identifier: GPL-2.0-or-later
// A block device of sys-usb on work's kernel: qvm-block, dom0, server, frontend, kernel nbd.
#include "tests/one-vm/qubes.hpp"

namespace onevm {
namespace {

using std::chrono::seconds;

const std::string programs = build + "/bin/";
const std::string medium = "/run/block/medium.img";
// Of all processes, those that wait for a device and cannot be killed.
const std::string stuck = "ps -eo stat=,comm= | grep -E '^D.*(dd|mount|umount|sha256sum|nbd|cat)$'";

class BlockAttach : public Qubes {
 protected:
  // loop0: 32 MiB with a partition of 24 MiB from 1 MiB on.
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(Qubes::SetUp());
    const auto prepared = vm().run(
        "set -e; modprobe -a loop nbd ext4; mkdir -p /run/block/mnt; cd /run/block\n"
        "head -c 32M /dev/urandom > medium.img\n"
        "printf '\\0\\0\\0\\0\\203\\0\\0\\0\\0\\010\\0\\0\\0\\300\\0\\0' | dd of=medium.img bs=1 "
        "seek=446 conv=notrunc status=none\n"
        "head -c 48 /dev/zero | dd of=medium.img bs=1 seek=462 conv=notrunc status=none\n"
        "printf '\\125\\252' | dd of=medium.img bs=1 seek=510 conv=notrunc status=none\n"
        "losetup -P /dev/loop0 medium.img\n"
        "printf '#!/bin/sh\\nexec " +
            programs +
            "sallyport-block-server --devices-socket /run/sys-usb/devices.sock\\n' "
            "> /run/sys-usb/rpc/sallyport.Block\n"
            "printf '#!/bin/sh\\nexec " +
            programs +
            "sallyport-block-frontend --agent-socket /run/work/agent.sock "
            "--devices-socket /run/work/devices.sock " +
            frontend_option() +
            "\\n' > /run/work/rpc/sallyport.BlockAttach\n"
            "chmod 755 /run/*/rpc/sallyport.Block*\n",
        seconds(120));
    ASSERT_TRUE(prepared.ok()) << prepared;
    set_policy("sallyport.Block * work sys-usb allow\n");
    for (const char* name : {"devices-sys-usb", "devices-work", "agent-sys-usb"}) {
      kill_process(name, "KILL");
    }
    start_with_blocks();
    ASSERT_TRUE(vm().wait_until(programs + "qvm-block list | grep -q '^sys-usb:loop0 '").ok())
        << logs();
  }
  virtual std::string frontend_option() const { return {}; }
  void TearDown() override {
    vm().run("umount -l /run/block/mnt");
    Qubes::TearDown();
    vm().run("pkill -9 -x sallyport-block; losetup -D; rm -rf /run/block");
  }
  static void start_with_blocks() {
    start_process("devices-sys-usb", "exec " + programs +
                                         "sallyport-devices --allow-usb --allow-block --group "
                                         "sallyport --socket /run/sys-usb/devices.sock");
    start_devices_of_work();
    start_process("agent-sys-usb", "exec " + programs +
                                       "sallyport-agent --user sallyport --dial "
                                       "unix:/run/sallyport/qubes/sys-usb.sock --inventory usb "
                                       "--block --socket /run/sys-usb/agent.sock "
                                       "--services /run/sys-usb/rpc");
  }
  static void start_devices_of_work() {
    start_process("devices-work", "exec " + programs +
                                      "sallyport-devices --allow-nbd --group sallyport --socket "
                                      "/run/work/devices.sock");
  }
  static rig::CommandResult give(const std::string& options = {}) {
    return vm().run(programs + "qvm-block attach work sys-usb:loop0 " + options, seconds(60));
  }
  static rig::CommandResult take() {
    return vm().run(programs + "qvm-block detach work sys-usb:loop0", seconds(60));
  }
  static rig::CommandResult wait_for(const std::string& condition) {
    return vm().wait_until(condition, seconds(60));
  }
  // Nothing is attached, no name and no connected device of nbd is left, nobody hangs.
  static void expect_nothing_left() {
    EXPECT_TRUE(wait_for("! " + programs + "sallyport status | grep -q 'loop0  *work  *att'").ok())
        << vm().run(programs + "sallyport status");
    EXPECT_TRUE(wait_for("! ls /dev/xvd* /sys/block/nbd*/pid 2>/dev/null | grep -q .").ok())
        << vm().run("ls -l /dev/xvd* /sys/block/nbd*/pid");
    EXPECT_FALSE(vm().run(stuck).ok()) << vm().run(stuck);
  }
  static std::string sum(const std::string& path) {
    return vm().run("sha256sum < " + path + " | cut -d' ' -f1", seconds(60)).out;
  }
};

// With --carry the bytes go through the frontend, as they must where the kernel's nbd does not take
// the stream's socket.
class BlockAttachEitherWay : public BlockAttach, public testing::WithParamInterface<const char*> {
 protected:
  std::string frontend_option() const override { return GetParam(); }
};

TEST_F(BlockAttach, IsReadAndWrittenByTheNameThatDom0Chose) {
  const auto attached = give();
  ASSERT_TRUE(attached.ok()) << attached << logs() << vm().run("dmesg | tail -n 5");
  EXPECT_TRUE(wait_for("test -b /dev/xvdi1").ok()) << vm().run("ls -l /dev/xvd* /dev/nbd0*");
  EXPECT_EQ(vm().run("blockdev --getsize64 /dev/xvdi /dev/xvdi1").out, "33554432\n25165824\n");
  EXPECT_EQ(sum("/dev/xvdi"), sum(medium));
  const auto listed = vm().run(programs + "qvm-block list");
  EXPECT_NE(listed.out.find("work (attached: read-only=no, frontend-dev=xvdi)"), std::string::npos)
      << listed;
  const auto written =
      vm().run("dd if=/dev/urandom of=/dev/xvdi bs=1M seek=3 count=4 conv=fsync oflag=direct 2>&1",
               seconds(60));
  EXPECT_TRUE(written.ok()) << written;
  EXPECT_TRUE(take().ok());
  expect_nothing_left();
  // Written behind the loop device's back or not: the medium has it.
  EXPECT_TRUE(give("-o frontend-dev=sdz").ok()) << logs();
  EXPECT_EQ(sum("/dev/sdz"), sum(medium));
  EXPECT_TRUE(take().ok());
  EXPECT_FALSE(vm().run("test -e /dev/sdz").ok());
}

TEST_F(BlockAttach, ReadOnlyHoldsAtTheServerWhateverTheTargetDoes) {
  const std::string before = sum(medium);
  ASSERT_TRUE(give("--ro").ok()) << logs();
  EXPECT_EQ(vm().run("blockdev --getro /dev/xvdi").out, "1\n");
  vm().run("blockdev --setrw /dev/xvdi");
  for (const char* attempt : {"dd if=/dev/zero of=/dev/xvdi bs=4k count=1 oflag=direct",
                              "dd if=/dev/zero of=/dev/xvdi bs=4k count=1 conv=fsync",
                              "blkdiscard /dev/xvdi", "blkdiscard -z /dev/xvdi"}) {
    EXPECT_FALSE(vm().run(attempt, seconds(60)).ok()) << attempt;
  }
  EXPECT_TRUE(take().ok());
  EXPECT_EQ(sum(medium), before);
  expect_nothing_left();
}

TEST_P(BlockAttachEitherWay, DetachWhileMountedIsASurpriseRemoval) {
  for (int round = 0; round < rounds(20, 3); ++round) {
    SCOPED_TRACE(round);
    ASSERT_TRUE(give().ok()) << logs();
    ASSERT_TRUE(wait_for("test -b /dev/xvdi1").ok());
    const auto mounted = vm().run(
        "set -e; mkfs.ext4 -q -F /dev/xvdi1; mount /dev/xvdi1 /run/block/mnt; "
        "head -c 4M /dev/urandom > /run/block/mnt/file; sync /run/block/mnt/file; "
        "(while :; do dd if=/dev/zero of=/run/block/mnt/more bs=64k count=64 conv=fsync || exit; "
        "done) > /run/block/dd.log 2>&1 &",
        seconds(120));
    ASSERT_TRUE(mounted.ok()) << mounted;
    const auto taken = take();
    EXPECT_TRUE(taken.ok()) << taken << logs();
    EXPECT_FALSE(vm().run("echo 3 > /proc/sys/vm/drop_caches; cat /run/block/mnt/file > /dev/null",
                          seconds(60))
                     .ok());
    EXPECT_TRUE(vm().run("umount /run/block/mnt || umount -l /run/block/mnt", seconds(60)).ok());
    expect_nothing_left();
  }
}

TEST_P(BlockAttachEitherWay, KilledProcessesEndTheAttachmentAndNothingElse) {
  const std::string server = "pkill -9 -f 'sallyport-block-[s]erver'";
  const std::string frontend = "pkill -9 -f 'sallyport-block-[f]rontend'";
  const std::string helper = "kill -9 $(cat /run/rig/devices-work.process)";
  for (const std::string& kill : {server, frontend, helper}) {
    SCOPED_TRACE(kill);
    ASSERT_TRUE(give().ok()) << logs();
    vm().run("(dd if=/dev/xvdi of=/dev/null bs=64k iflag=direct; true) > /run/block/dd.log 2>&1 &");
    EXPECT_TRUE(vm().run(kill).ok());
    EXPECT_TRUE(wait_for("! " + programs + "qvm-block list | grep -q 'loop0 .*work'").ok())
        << logs();
    if (kill == helper) start_devices_of_work();
    expect_nothing_left();
  }
  ASSERT_TRUE(give().ok()) << logs();
  EXPECT_EQ(sum("/dev/xvdi"), sum(medium));
  EXPECT_TRUE(take().ok());
}

INSTANTIATE_TEST_SUITE_P(Carry, BlockAttachEitherWay, testing::Values("", "--carry"));

}  // namespace
}  // namespace onevm
