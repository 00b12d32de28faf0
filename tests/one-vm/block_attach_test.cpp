// SPDX-License-Identifier: GPL-2.0-or-later
// A block device of sys-usb on work's kernel: qvm-block, dom0, server, frontend, kernel nbd.
#include "tests/one-vm/block_qubes.hpp"

namespace onevm {
namespace {

using std::chrono::seconds;

using BlockAttach = BlockQubes;

// With --carry the bytes go through the frontend, as they must where the kernel's nbd does not take
// the stream's socket.
class BlockAttachEitherWay : public BlockQubes, public testing::WithParamInterface<const char*> {
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
